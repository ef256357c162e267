//! How many independent records a window of neighbouring ones is worth.
//!
//! Periods tell how much days (or long blocks of rows) differ. A window shorter than a period may consist of a few users' or a few
//! uploads' records, which periods average away; neighbouring runs of the baseline's rows show it ([`RunVariation`]). A window as
//! long as a period or longer needs no more than what periods tell.

use tidegate_profile::RunVariation;

use crate::variation::SURE;

/// By how much a window's variances exceed those of as many independent records, each at least 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DesignEffect {
    /// Along the order of the values.
    pub(crate) location: f64,
    /// In the shares of values.
    pub(crate) shares: f64,
    /// In the share of records without a usable value.
    pub(crate) absent: f64,
}

impl DesignEffect {
    /// Independent records.
    pub(crate) const NONE: Self = Self { location: 1.0, shares: 1.0, absent: 1.0 };
}

/// What a field's baseline says of neighbouring records.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Resemblance {
    /// Lengths of runs, shortest first, with what is believed of them.
    runs: Vec<(f64, DesignEffect)>,
    /// Values in a period.
    period: f64,
}

impl Resemblance {
    /// From the baseline's runs, and the number of values in one of its periods.
    ///
    /// A ratio has the standard error `√(3/pairs)` of it (the squares of neighbouring differences overlap). One that chance hardly makes is
    /// believed; any other less its standard error, so that chance alone seldom looks like resemblance.
    pub(crate) fn new(runs: &[RunVariation], period: f64) -> Self {
        let believed = |run: &RunVariation| {
            let error = (3.0 / run.pairs.max(1) as f64).sqrt();
            let ratio = |ratio: f64| if ratio > 1.0 + SURE * error { ratio } else { (ratio * (1.0 - error)).max(1.0) };
            (f64::from(run.rows), DesignEffect { location: ratio(run.location), shares: ratio(run.shares), absent: ratio(run.absent) })
        };
        Self { runs: runs.iter().map(believed).collect(), period }
    }

    /// The design effect of a window of so many values: between the lengths of runs that were looked at, in proportion to the logarithm.
    pub(crate) fn of(&self, values: f64) -> DesignEffect {
        if values >= self.period {
            return DesignEffect::NONE;
        }
        let mut before = (1.0, DesignEffect::NONE);
        for &(rows, effect) in &self.runs {
            if values < rows {
                let part = (values.max(1.0) / before.0).ln() / (rows / before.0).ln();
                let between = |low: f64, high: f64| low + (high - low) * part;
                return DesignEffect {
                    location: between(before.1.location, effect.location),
                    shares: between(before.1.shares, effect.shares),
                    absent: between(before.1.absent, effect.absent),
                };
            }
            before = (rows, effect);
        }
        before.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rows: u32, ratio: f64) -> RunVariation {
        RunVariation { rows, pairs: 30_000, location: ratio, shares: 1.0, absent: ratio }
    }

    #[test]
    fn a_window_between_two_runs_lies_between_them() {
        let resemblance = Resemblance::new(&[run(16, 4.0), run(64, 5.0)], 500.0);
        let effect = resemblance.of(32.0);
        assert!((effect.location - 4.5).abs() < 1e-9, "{effect:?}");
        assert!((effect.shares - 1.0).abs() < 1e-12);
        assert!((resemblance.of(300.0).location - 5.0).abs() < 1e-9, "beyond the longest run as in it");
        assert_eq!(resemblance.of(1.0), DesignEffect::NONE);
    }

    #[test]
    fn what_may_be_chance_is_believed_less_its_error() {
        let few = |location: f64| RunVariation { rows: 256, pairs: 27, location, shares: 1.0, absent: 1.0 };
        let at = |ratio: f64| Resemblance::new(&[few(ratio)], 500.0).of(256.0).location;
        assert!((at(1.2) - 1.0).abs() < 1e-12 && (at(1.6) - 1.6 * 2.0 / 3.0).abs() < 1e-12);
        assert!((at(1.7) - 1.7).abs() < 1e-12, "two standard errors of a third each");
    }

    #[test]
    fn a_window_as_long_as_a_period_and_a_baseline_without_runs_know_nothing_more() {
        assert_eq!(Resemblance::new(&[run(16, 4.0)], 500.0).of(500.0), DesignEffect::NONE);
        assert_eq!(Resemblance::default().of(10.0), DesignEffect::NONE);
    }
}
