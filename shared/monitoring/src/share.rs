//! Tests on one share: missing values, unseen categories, a value that suddenly repeats, values far outside.
//!
//! Bulk distances cannot see these, and they are what a broken pipeline looks like.

use tidegate_statistics::interval;
use tidegate_statistics::test::binomial_upper_tail;

use crate::contrast::{Z_95, two_sided};
use crate::reference::Reference;
use crate::variation::Variation;

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

/// Compares two shares, ordinary variation unknown.
///
/// `None` when either side is empty. The interval is Newcombe's (1998, method 10, from Wilson intervals), widened by
/// ordinary variation; the p-value is the pooled two-proportion z, or, where few hits are expected, the exact
/// conditional binomial (given all hits, each falls on the window's side with probability `n/(n + m)`).
pub(crate) fn compare(before: Tally, now: Tally) -> Option<ShareChange> {
    compare_differences(before, now, &Ordinary::UNKNOWN, 0.0)
}

/// What the baseline's periods say of a share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ordinary {
    /// Each period's deviation, in order of time.
    pub(crate) deviations: Vec<Deviation>,
    /// How many periods long the window is.
    pub(crate) periods_in_window: f64,
    /// How many periods long the reference is.
    pub(crate) periods_behind: f64,
    /// How many expectations the deviations were measured around.
    pub(crate) expectations: f64,
}

impl Ordinary {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self { deviations: Vec::new(), periods_in_window: 1.0, periods_behind: 1.0, expectations: 1.0 };

    /// Of deviations from what the reference's periods were measured around.
    pub(crate) fn of(reference: &Reference, deviations: Vec<Deviation>) -> Self {
        Self {
            deviations,
            periods_in_window: reference.periods_in_window,
            periods_behind: reference.periods_behind,
            expectations: reference.of_periods().expectations,
        }
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

/// As [`compare`], with what the periods say, and the least variance that ordinary variation adds.
pub(crate) fn compare_differences(before: Tally, now: Tally, ordinary: &Ordinary, least_added: f64) -> Option<ShareChange> {
    if before.all == 0 || now.all == 0 {
        return None;
    }
    let (p, q) = (before.share(), now.share());
    let (m, n) = (before.all as f64, now.all as f64);
    let pooled = (before.hits + now.hits) as f64 / (m + n);
    let sampling = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    let Ordinary { deviations: periods, periods_in_window, periods_behind, expectations } = ordinary;
    let shares: Vec<f64> = periods.iter().map(|period| period.share).collect();
    let within: Vec<f64> = periods.iter().map(|period| p * (1.0 - p) / (period.all.max(1) as f64)).collect();
    let variation = Variation::learn(&shares, &within).before(*periods_behind, *expectations);
    let learned = variation.standard(sampling, *periods_in_window);
    let error = learned.error.max((sampling + least_added).sqrt());
    let by_z = if error > 0.0 { two_sided((q - p) / error, learned.freedom) } else { 1.0 };
    let few = pooled.min(1.0 - pooled) * n.min(m) < EXACT_BELOW;
    let p_value = if few { by_z.max(conditional(before, now)) } else { by_z };
    let interval = interval::newcombe_difference(before.hits, before.all, now.hits, now.all, 0.95)?;
    let extra = Z_95 * (error * error - sampling).max(0.0).sqrt();
    let widen = |bound: f64, sign: f64| q - p + sign * ((bound - (q - p)).powi(2) + extra * extra).sqrt();
    let ordinary = periods.iter().map(|period| period.share.abs()).fold(0.0, f64::max) / periods_in_window.sqrt();
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
        let change = compare(tally(0, 20_000), tally(1, 500)).unwrap();
        assert!(change.p > 0.02, "{change:?}");
        assert!(change.low <= 0.0005, "{change:?}");
    }

    #[test]
    fn a_column_that_turns_null_is_overwhelming_evidence() {
        let change = compare(tally(20, 20_000), tally(450, 500)).unwrap();
        assert!(change.p < 1e-100 && change.low > 0.85, "{change:?}");
    }

    #[test]
    fn a_share_that_differs_between_periods_anyway_is_not_evidence() {
        let periods: Vec<Tally> = [100, 20, 90, 10, 110, 30, 95, 25].map(|hits| tally(hits, 1000)).to_vec();
        let calm: Vec<Tally> = [60; 8].map(|hits| tally(hits, 1000)).to_vec();
        let after = |periods: &[Tally]| {
            let deviations = periods.iter().map(|period| Deviation { share: period.share() - 0.06, all: period.all }).collect();
            let ordinary = Ordinary { deviations, periods_behind: 8.0, ..Ordinary::UNKNOWN };
            compare_differences(tally(480, 8000), tally(100, 1000), &ordinary, 0.0).unwrap()
        };
        let (wild, tame) = (after(&periods), after(&calm));
        assert!(wild.p > 0.2 && wild.low < 0.0, "{wild:?}");
        assert!(tame.p < 1e-4 && tame.low > 0.01, "{tame:?}");
    }

    #[test]
    fn equal_shares_are_no_change() {
        let change = compare(tally(50, 1000), tally(5, 100)).unwrap();
        assert!((change.p - 1.0).abs() < 1e-9);
        assert!(compare(tally(0, 0), tally(5, 100)).is_none());
        assert!((compare(tally(0, 1000), tally(0, 100)).unwrap().p - 1.0).abs() < 1e-9);
    }

    #[test]
    fn values_beyond_the_greatest_are_judged_by_how_many_there_are() {
        assert!((beyond_p(0, 100, 100) - 1.0).abs() < 1e-12);
        assert!((beyond_p(3, 100, 100) - 0.125).abs() < 1e-12);
    }
}
