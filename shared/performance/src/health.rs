//! Service health from the records themselves: how many came, when none came, and how long an answer took.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_monitoring::Window;

use crate::turn::{NO_TIME, Row};

const MINUTE_MS: i64 = 60_000;

/// Cells of latency per doubling: a quantile read from them is within 1.1 % of the value.
const PER_DOUBLING: f64 = 32.0;

/// Health of the service in one window. Counts add up, so that windows can be merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Records in the logs, repeated ones included, those of shadows not: what a shadow does nobody waits for.
    pub records: u64,
    /// Records that hold no answer, neither a prediction nor a score: requests that failed.
    #[serde(default)]
    pub failed: u64,
    /// Longest time without a record in the window, minutes; the whole window where there was none.
    pub silent_minutes: u64,
    /// Predictions whose record says how long the answer took.
    pub timed: u64,
    /// Those predictions by latency: cell `c` holds latencies from `2^(c/32)` to `2^((c+1)/32)` milliseconds.
    pub latency_cells: BTreeMap<i32, u64>,
    /// Half of the answers took no longer, milliseconds.
    pub latency_p50_ms: Option<f64>,
    /// Nine of ten answers took no longer, milliseconds.
    pub latency_p90_ms: Option<f64>,
    /// 99 of a hundred answers took no longer, milliseconds.
    pub latency_p99_ms: Option<f64>,
}

/// Counts the records of what served.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    window: Window,
    records: u64,
    failed: u64,
    minutes: Vec<bool>,
    timed: u64,
    latency: BTreeMap<i32, u64>,
}

impl Counter {
    pub(crate) fn new(window: Window) -> Self {
        let minutes = usize::try_from((window.end_ms - window.start_ms) / MINUTE_MS).unwrap_or(0);
        Self { window, records: 0, failed: 0, minutes: vec![false; minutes], timed: 0, latency: BTreeMap::new() }
    }

    /// Counts the records of one prediction.
    pub(crate) fn count(&mut self, row: &Row) {
        self.records += u64::from(row.records);
        self.failed += u64::from(row.failed);
        let minute =
            Some(row.time_ms).filter(|time_ms| *time_ms != NO_TIME).map(|time_ms| (time_ms - self.window.start_ms).div_euclid(MINUTE_MS));
        if let Some(slot) = minute.and_then(|minute| self.minutes.get_mut(usize::try_from(minute).ok()?)) {
            *slot = true;
        }
        if row.latency_ms > 0.0 {
            self.timed += 1;
            #[expect(clippy::cast_possible_truncation, reason = "a logarithm of a double is small")]
            let cell = (libm::log2(f64::from(row.latency_ms)) * PER_DOUBLING).floor() as i32;
            *self.latency.entry(cell).or_insert(0) += 1;
        }
    }

    pub(crate) fn finish(self) -> Health {
        let (mut longest, mut open) = (0_u64, 0_u64);
        for is_there in &self.minutes {
            open = if *is_there { 0 } else { open + 1 };
            longest = longest.max(open);
        }
        let quantile = |share: f64| quantile(&self.latency, self.timed, share);
        Health {
            latency_p50_ms: quantile(0.5),
            latency_p90_ms: quantile(0.9),
            latency_p99_ms: quantile(0.99),
            records: self.records,
            failed: self.failed,
            silent_minutes: longest,
            timed: self.timed,
            latency_cells: self.latency,
        }
    }
}

/// The geometric middle of the cell in which the quantile lies.
fn quantile(cells: &BTreeMap<i32, u64>, rows: u64, share: f64) -> Option<f64> {
    let rank = (share * rows as f64).ceil().max(1.0);
    let mut below = 0;
    let cell = cells.iter().find(|(_, rows)| {
        below += **rows;
        below as f64 >= rank
    });
    cell.and_then(|(cell, _)| crate::measured::rounded(libm::exp2((f64::from(*cell) + 0.5) / PER_DOUBLING)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::NONE;

    fn row(time_ms: i64, latency_ms: f32, failed: u32) -> Row {
        Row { id: 0, time_ms, score: f64::NAN, number: f64::NAN, latency_ms, label: NONE, version: 0, records: 1, failed, at: 0 }
    }

    #[test]
    fn silence_is_the_longest_time_without_a_record_and_latencies_are_within_a_percent() {
        let mut counter = Counter::new(Window { start_ms: 0, end_ms: 60 * MINUTE_MS });
        for minute in (0..20).chain(45..60) {
            counter.count(&row(minute * MINUTE_MS + 5, 10.0 + minute as f32, u32::from(minute == 3)));
        }
        counter.count(&row(NO_TIME, f32::NAN, 1));
        // Logged three times: the second and third time without an answer.
        counter.count(&Row { records: 3, ..row(NO_TIME, f32::NAN, 2) });
        let health = counter.finish();
        assert_eq!((health.records, health.failed, health.silent_minutes, health.timed), (39, 4, 25, 35));
        let p50 = health.latency_p50_ms.unwrap();
        assert!((p50 / 27.0 - 1.0).abs() < 0.011, "{p50}");
        assert!((health.latency_p99_ms.unwrap() / 69.0 - 1.0).abs() < 0.011);
    }

    #[test]
    fn a_window_without_records_is_silent_from_end_to_end() {
        let health = Counter::new(Window { start_ms: 0, end_ms: 60 * MINUTE_MS }).finish();
        assert_eq!((health.silent_minutes, health.latency_p50_ms), (60, None));
    }
}
