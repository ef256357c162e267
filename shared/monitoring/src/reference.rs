//! What a window's counts are compared with: the baseline's, restricted to the window's hours of the day when the
//! window is shorter than a day, and the ordinary variation between the baseline's own periods.

use tidegate_profile::{Baseline, Counts};

use crate::Window;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Fewer baseline values than this in the window's hours of the day, and the whole day is taken instead.
const MIN_VALUES_IN_HOURS: u64 = 200;

/// A period with fewer usable values than this says nothing about ordinary variation.
const MIN_VALUES_IN_PERIOD: u64 = 20;

/// Fewer periods than this do not tell ordinary variation from chance.
pub(crate) const MIN_PERIODS: usize = 5;

/// A field's counts on the baseline's side.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// Usable values per cell.
    pub(crate) cells: Vec<u64>,
    /// Values that were not usable.
    pub(crate) absent: u64,
    /// The baseline's periods that hold enough values; empty when there are fewer than [`MIN_PERIODS`].
    pub(crate) periods: Vec<Counts>,
    /// How many of the baseline's periods a window of this length spans, at least 1.
    pub(crate) periods_in_window: f64,
}

impl Reference {
    /// The counts of the baseline's field at `position`, with its periods; `None` when the baseline has no usable value of it.
    pub(crate) fn new(baseline: &Baseline, position: usize, window: Window) -> Option<Self> {
        let field = baseline.fields.get(position)?;
        let enough = |counts: &&Counts| counts.cells.iter().sum::<u64>() >= MIN_VALUES_IN_PERIOD;
        let periods: Vec<Counts> = field.periods.iter().filter(enough).cloned().collect();
        let periods = if periods.len() < MIN_PERIODS { Vec::new() } else { periods };
        let days = (window.end_ms - window.start_ms) as f64 / DAY_MS as f64;
        // Blocks of rows have no length in time: a window then counts as one period, the cautious choice.
        let periods_in_window = if field.hours.is_empty() { 1.0 } else { days.max(1.0) };
        Some(Self { periods, periods_in_window, ..Self::without_periods(baseline, position, window)? })
    }

    /// As [`Reference::new`], but knowing nothing of ordinary variation: enough to tell how far, not whether by chance.
    pub(crate) fn without_periods(baseline: &Baseline, position: usize, window: Window) -> Option<Self> {
        let field = baseline.fields.get(position)?;
        field.anchor.as_ref()?;
        let counts = match hours_counts(&field.hours, window) {
            Some(counts) => counts,
            None => whole_counts(baseline, position)?,
        };
        Some(Self { cells: counts.cells, absent: counts.absent, periods: Vec::new(), periods_in_window: 1.0 })
    }

    /// Number of usable values.
    pub(crate) fn present(&self) -> u64 {
        self.cells.iter().sum()
    }
}

/// A field's counts over the whole baseline, with one cell more than the anchor lists for a categorical field.
fn whole_counts(baseline: &Baseline, position: usize) -> Option<Counts> {
    let profile = baseline.profile.fields.get(position)?;
    let absent = profile.missing + profile.wrong_type + profile.infinite;
    if let Some(numeric) = &profile.numeric {
        return Some(Counts { absent, cells: numeric.cells.clone() });
    }
    let categorical = profile.categorical.as_ref()?;
    let mut cells = categorical.cells.clone();
    cells.push(categorical.outside());
    Some(Counts { absent, cells })
}

/// The counts of the window's hours of the day; `None` for windows of a day or more, or when there are too few.
fn hours_counts(hours: &[Counts], window: Window) -> Option<Counts> {
    let length = window.end_ms - window.start_ms;
    if length >= DAY_MS || hours.is_empty() {
        return None;
    }
    let first = window.start_ms.rem_euclid(DAY_MS) / HOUR_MS;
    let mut sum = Counts { absent: 0, cells: vec![0; hours.first()?.cells.len()] };
    for hour in first..first + (length / HOUR_MS).max(1) {
        let counts = hours.get(usize::try_from(hour % 24).ok()?)?;
        sum.absent += counts.absent;
        for (cell, more) in sum.cells.iter_mut().zip(&counts.cells) {
            *cell += more;
        }
    }
    (sum.cells.iter().sum::<u64>() >= MIN_VALUES_IN_HOURS).then_some(sum)
}
