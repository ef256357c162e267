//! Which windows a schedule asks for: pure arithmetic on the scheduled time.
//!
//! Windows end at multiples of their length in UTC; windows of whole days end at every midnight. Every window that ended
//! within the contract's `late` is planned again, because late records may have changed it. The worker sees at once whether they
//! did. A window that did not change costs it three LISTs (and more with several versions, or beyond a thousand profiles), one or two
//! GETs, two HEADs and one read of the registry, about 0.00002 USD. With `late: 7d` a schedule plans 7 daily windows or 168 hourly
//! ones: an hourly schedule then costs 0.10 or 2.40 USD a month for each model.

use tidegate_contract::Contract;
use tidegate_lake::{DAY_MS, HOUR_MS};

use crate::Job;

/// The windows to judge at a time (milliseconds since 1970), the newest first.
pub fn plan<'a>(contracts: impl Iterator<Item = &'a Contract>, scheduled_ms: i64) -> Vec<Job> {
    let mut jobs = Vec::new();
    for contract in contracts {
        for &length in &contract.monitoring.windows {
            let length_ms = i64::from(length.as_hours()) * HOUR_MS;
            let step = if length_ms % DAY_MS == 0 { DAY_MS } else { length_ms };
            let newest = scheduled_ms.div_euclid(step).saturating_mul(step);
            let oldest = scheduled_ms.saturating_sub(i64::from(contract.monitoring.late.as_hours()) * HOUR_MS);
            let ends = std::iter::successors(Some(newest), |end| end.checked_sub(step)).take_while(|end| *end == newest || *end >= oldest);
            jobs.extend(ends.map(|end_ms| Job { model: contract.model.clone(), length, end_ms }));
        }
    }
    jobs.sort_by(|a, b| b.end_ms.cmp(&a.end_ms).then_with(|| (&a.model, a.length).cmp(&(&b.model, b.length))));
    jobs
}

#[cfg(test)]
mod tests {
    use tidegate_lake::{parse_time, rfc3339};

    use super::*;

    fn ends(windows: &str, late: &str, time: &str) -> Vec<String> {
        let text = format!(
            "model: m\ntask: binary\nfeatures:\n  - {{ name: distance, type: numeric }}\nmonitoring: {{ windows: [{windows}], late: {late} }}\n"
        );
        let contract = Contract::parse(&text).unwrap();
        plan(std::iter::once(&contract), parse_time(time).unwrap())
            .into_iter()
            .map(|job| format!("{} {}", job.length, rfc3339(job.end_ms)))
            .collect()
    }

    #[test]
    fn days_end_at_midnight_and_late_ones_are_planned_again() {
        let expected = ["1d 2013-07-02T00:00:00Z", "1d 2013-07-01T00:00:00Z", "1d 2013-06-30T00:00:00Z"];
        assert_eq!(ends("1d", "3d", "2013-07-02T00:05:00Z"), expected);
    }

    #[test]
    fn a_window_that_ends_at_the_scheduled_moment_is_planned() {
        assert_eq!(ends("1d", "1h", "2013-07-02T00:00:00Z"), ["1d 2013-07-02T00:00:00Z"]);
        assert_eq!(ends("1d", "1d", "2013-07-02T00:00:00Z"), ["1d 2013-07-02T00:00:00Z", "1d 2013-07-01T00:00:00Z"]);
    }

    #[test]
    fn the_newest_window_is_planned_however_long_ago_it_ended() {
        assert_eq!(ends("1d", "1h", "2013-07-02T23:05:00Z"), ["1d 2013-07-02T00:00:00Z"]);
    }

    #[test]
    fn hours_end_at_their_multiples_and_months_at_every_midnight() {
        assert_eq!(ends("6h", "8h", "2013-07-02T13:05:00Z"), ["6h 2013-07-02T12:00:00Z", "6h 2013-07-02T06:00:00Z"]);
        assert_eq!(ends("30d", "25h", "2013-07-02T00:05:00Z"), ["30d 2013-07-02T00:00:00Z", "30d 2013-07-01T00:00:00Z"]);
    }

    #[test]
    fn the_newest_windows_of_all_lengths_come_first() {
        let planned = ends("1h, 1d", "1h", "2013-07-02T00:05:00Z");
        assert_eq!(planned, ["1h 2013-07-02T00:00:00Z", "1d 2013-07-02T00:00:00Z"]);
        assert_eq!(ends("1h", "7d", "2013-07-02T00:05:00Z").len(), 168);
    }
}
