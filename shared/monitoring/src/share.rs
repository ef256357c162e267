//! Tests on one share: missing values, unseen categories, a value that suddenly repeats, values far outside.
//!
//! Bulk distances cannot see these, and they are what a broken pipeline looks like.

use tidegate_statistics::test::binomial_upper_tail;
use tidegate_statistics::{interval, normal};

use crate::contrast::Z_95;
use crate::reference::Reference;
use crate::variation::{Variation, largest_deviation};

/// Below so many expected values on either side, the exact conditional test replaces the normal one.
const EXACT_BELOW: f64 = 20.0;

/// A share in the window against the baseline's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ShareChange {
    /// Share in the baseline, `0..=1`.
    pub(crate) before: f64,
    /// Share in the window, `0..=1`.
    pub(crate) now: f64,
    /// 95 % interval of the difference.
    pub(crate) low: f64,
    /// Upper bound of that interval.
    pub(crate) high: f64,
    /// Two-sided p-value, ordinary variation included.
    pub(crate) p: f64,
    /// The largest deviation that a period of the baseline showed, as a window of this length would show it.
    pub(crate) ordinary: f64,
}

/// How many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that count.
    pub(crate) hits: u64,
    /// All.
    pub(crate) all: u64,
}

impl Tally {
    pub(crate) fn share(self) -> f64 {
        if self.all == 0 { 0.0 } else { self.hits as f64 / self.all as f64 }
    }
}

/// The share of both sides together.
pub(crate) fn pooled(before: Tally, now: Tally) -> f64 {
    Tally { hits: before.hits + now.hits, all: before.all + now.all }.share()
}

/// The variance that resemblance of the window's neighbouring records, by its design effect, adds to the difference of two shares.
pub(crate) fn resembling(before: Tally, now: Tally, design_effect: f64) -> f64 {
    let share = pooled(before, now);
    (design_effect - 1.0) * share * (1.0 - share) / now.all.max(1) as f64
}

/// How much a share differs between the baseline's periods anyway.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ordinary {
    /// Its variation.
    pub(crate) variation: Variation,
    /// The largest deviation that a period showed, where it is more than chance.
    largest: f64,
    /// How many periods long the window is.
    periods_in_window: f64,
    /// The least variance that it adds to a window's difference.
    least_added: f64,
}

impl Ordinary {
    /// Nothing is known: only sampling counts.
    pub(crate) const UNKNOWN: Self = Self { variation: Variation::UNKNOWN, largest: 0.0, periods_in_window: 1.0, least_added: 0.0 };

    /// Learned from deviations from what the reference's periods were measured around, in order of time; those were so many
    /// `expectations`.
    pub(crate) fn of(reference: &Reference, before: Tally, periods: &[Deviation], expectations: f64) -> Self {
        let learned = Self::learn(before, periods);
        let variation = learned.variation.before(reference.periods_behind, expectations);
        Self { variation, periods_in_window: reference.periods_in_window, ..learned }
    }

    /// The same, adding at least so much variance.
    pub(crate) fn at_least(self, least_added: f64) -> Self {
        Self { least_added, ..self }
    }

    fn learn(before: Tally, periods: &[Deviation]) -> Self {
        let p = before.share();
        let shares: Vec<f64> = periods.iter().map(|period| period.share).collect();
        let within: Vec<f64> = periods.iter().map(|period| p * (1.0 - p) / (period.all.max(1) as f64)).collect();
        let deviations: Vec<(f64, f64)> = shares.iter().copied().zip(within.iter().copied()).collect();
        Self { variation: Variation::learn(&shares, &within), largest: largest_deviation(&deviations, deviations.len()), ..Self::UNKNOWN }
    }
}

/// By how much a period's share differs from what was expected of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Deviation {
    /// The difference.
    pub(crate) share: f64,
    /// Number of values in the period.
    pub(crate) all: u64,
}

/// Compares two shares.
///
/// `None` when either side is empty. The interval is Newcombe's (1998, method 10, from Wilson intervals), widened by
/// ordinary variation; the p-value is the pooled two-proportion z, or, where few hits are expected, the exact
/// conditional binomial (given all hits, each falls on the window's side with probability `n/(n + m)`).
pub(crate) fn compare(before: Tally, now: Tally, ordinary: &Ordinary) -> Option<ShareChange> {
    if before.all == 0 || now.all == 0 {
        return None;
    }
    let (p, q) = (before.share(), now.share());
    let (m, n) = (before.all as f64, now.all as f64);
    let pooled = pooled(before, now);
    let sampling = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    let Ordinary { variation, largest, periods_in_window, least_added } = *ordinary;
    let with = |added: f64| sampling + added.max(least_added);
    let tail = |added: f64| if with(added) > 0.0 { normal::two_sided_p((q - p) / with(added).sqrt()) } else { 1.0 };
    let by_z = variation.average_tail(periods_in_window, tail);
    let few = pooled.min(1.0 - pooled) * n.min(m) < EXACT_BELOW;
    let p_value = if few { by_z.max(conditional(before, now)) } else { by_z };
    let interval = interval::newcombe_difference(before.hits, before.all, now.hits, now.all, 0.95)?;
    let extra = Z_95 * (with(variation.added(periods_in_window)) - sampling).max(0.0).sqrt();
    let widen = |bound: f64, sign: f64| q - p + sign * ((bound - (q - p)).powi(2) + extra * extra).sqrt();
    let ordinary = largest / periods_in_window.sqrt();
    Some(ShareChange { before: p, now: q, low: widen(interval.low, -1.0), high: widen(interval.high, 1.0), p: p_value, ordinary })
}

/// Exact two-sided p-value of the window's hits given all hits (twice the smaller tail, at most 1). Whichever of hits
/// and misses is rarer is looked at.
fn conditional(before: Tally, now: Tally) -> f64 {
    let misses = |tally: Tally| tally.all - tally.hits;
    let (b, w) =
        if before.hits + now.hits <= misses(before) + misses(now) { (before.hits, now.hits) } else { (misses(before), misses(now)) };
    let on_window = now.all as f64 / (now.all + before.all) as f64;
    let upper = binomial_upper_tail(w, b + w, on_window).unwrap_or(1.0);
    let lower = binomial_upper_tail(b, b + w, 1.0 - on_window).unwrap_or(1.0);
    (2.0 * upper.min(lower)).min(1.0)
}

/// p-value of `beyond` window values above the greatest (or below the least) of the baseline's.
///
/// With exchangeable values, the chance that the `k` greatest of all `m + n` are all the window's is at most
/// `(n/(m + n))^k`, however heavy the tail.
pub(crate) fn beyond_p(beyond: u64, baseline: u64, window: u64) -> f64 {
    let on_window = window as f64 / (window + baseline).max(1) as f64;
    on_window.powf(beyond as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(hits: u64, all: u64) -> Tally {
        Tally { hits, all }
    }

    #[test]
    fn one_odd_record_among_many_is_not_evidence() {
        let change = compare(tally(0, 20_000), tally(1, 500), &Ordinary::UNKNOWN).unwrap();
        assert!(change.p > 0.02, "{change:?}");
        assert!(change.low <= 0.0005, "{change:?}");
    }

    #[test]
    fn a_column_that_turns_null_is_overwhelming_evidence() {
        let change = compare(tally(20, 20_000), tally(450, 500), &Ordinary::UNKNOWN).unwrap();
        assert!(change.p < 1e-100 && change.low > 0.85, "{change:?}");
    }

    #[test]
    fn a_share_that_differs_between_periods_anyway_is_not_evidence() {
        let periods: Vec<Tally> = [100, 20, 90, 10, 110, 30, 95, 25].map(|hits| tally(hits, 1000)).to_vec();
        let calm: Vec<Tally> = [60; 8].map(|hits| tally(hits, 1000)).to_vec();
        let after = |periods: &[Tally]| {
            let deviation = |period: &Tally| Deviation { share: period.share() - 0.06, all: period.all };
            let ordinary = Ordinary::learn(tally(480, 8000), &periods.iter().map(deviation).collect::<Vec<_>>());
            compare(tally(480, 8000), tally(100, 1000), &ordinary).unwrap()
        };
        let (wild, tame) = (after(&periods), after(&calm));
        assert!(wild.p > 0.2 && wild.low < 0.0, "{wild:?}");
        assert!(tame.p < 1e-4 && tame.low > 0.01, "{tame:?}");
    }

    #[test]
    fn equal_shares_are_no_change() {
        let change = compare(tally(50, 1000), tally(5, 100), &Ordinary::UNKNOWN).unwrap();
        assert!((change.p - 1.0).abs() < 1e-9);
        assert!(compare(tally(0, 0), tally(5, 100), &Ordinary::UNKNOWN).is_none());
        assert!((compare(tally(0, 1000), tally(0, 100), &Ordinary::UNKNOWN).unwrap().p - 1.0).abs() < 1e-9);
    }

    #[test]
    fn values_beyond_the_greatest_are_judged_by_how_many_there_are() {
        assert!((beyond_p(0, 100, 100) - 1.0).abs() < 1e-12);
        assert!((beyond_p(3, 100, 100) - 0.125).abs() < 1e-12);
    }
}
