//! Ordinary variation: how much a quantity differs between periods of one and the same baseline, beyond chance.
//!
//! Real records are not independent: days differ, users repeat, weather lasts. A test that knows only the number of
//! records calls every such difference drift. The excess variance between the baseline's own periods, estimated by the
//! method of moments, goes into every test's standard error.

use crate::reference::MIN_PERIODS;

/// Excess variance of a quantity between periods, and how well it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Variation {
    /// Variance between periods beyond sampling, in the quantity's unit squared; 0 when none was seen.
    excess: f64,
    /// Mean sampling variance within a period.
    sampling: f64,
    /// Number of periods it was learned from; 0 when it could not be.
    periods: f64,
    /// How many independent periods a window's worth of neighbouring periods stands for, per period: `(1 − ρ)/(1 + ρ)`.
    independence: f64,
}

/// A difference between window and baseline in units of its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standard {
    /// Standard error, ordinary variation included.
    pub(crate) error: f64,
    /// Degrees of freedom of that standard error (infinite when only sampling counts).
    pub(crate) freedom: f64,
}

impl Variation {
    /// Learns from one value per period, in order of time, and each value's sampling variance.
    ///
    /// `τ² = max(0, s² − mean sampling variance)`, with `s²` the sample variance of the values; neighbouring periods'
    /// correlation `ρ` (lag 1, clamped to `0..=0.9`) says how much less a run of periods tells than independent ones.
    pub(crate) fn learn(values: &[f64], sampling: &[f64]) -> Self {
        let count = values.len() as f64;
        if values.len() < MIN_PERIODS {
            return Self { independence: 1.0, ..Self::default() };
        }
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sampling = sampling.iter().sum::<f64>() / count;
        let excess = (squares / (count - 1.0) - sampling).max(0.0);
        let products: f64 = values.windows(2).map(|pair| if let [a, b] = pair { (a - mean) * (b - mean) } else { 0.0 }).sum();
        let correlation = if squares > 0.0 { (products / squares).clamp(0.0, 0.9) } else { 0.0 };
        Self { excess, sampling, periods: count, independence: (1.0 - correlation) / (1.0 + correlation) }
    }

    /// The standard error of a window's quantity against the baseline's.
    ///
    /// `sampling` is the variance that the numbers of values alone give; `periods_in_window` how many periods long the
    /// window is. Degrees of freedom by Satterthwaite: `V² / (B²/(K − 1))`, `B` the part of `V` that was learned from `K` periods.
    pub(crate) fn standard(&self, sampling: f64, periods_in_window: f64) -> Standard {
        if self.periods < 1.0 || self.excess <= 0.0 {
            return Standard { error: sampling.sqrt(), freedom: f64::INFINITY };
        }
        let independent = (periods_in_window * self.independence).max(1.0);
        let spread = 1.0 / independent + 1.0 / (self.periods * self.independence).max(1.0);
        let variance = sampling + self.excess * spread;
        let learned = (self.excess + self.sampling) * spread;
        let freedom = (self.periods - 1.0) * (variance / learned).powi(2);
        Standard { error: variance.sqrt(), freedom: freedom.max(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_that_differ_no_more_than_chance_add_nothing() {
        let variation = Variation::learn(&[0.1, -0.1, 0.1, -0.1, 0.1, -0.1], &[0.05; 6]);
        let standard = variation.standard(0.01, 1.0);
        assert_eq!(standard, Standard { error: 0.1, freedom: f64::INFINITY });
    }

    #[test]
    fn periods_that_differ_widen_the_error_and_a_longer_window_narrows_it() {
        let variation = Variation::learn(&[1.0, -1.0, 1.0, -1.0, 1.0, -1.0], &[0.01; 6]);
        let day = variation.standard(1e-6, 1.0);
        let month = variation.standard(1e-6, 30.0);
        // s² = 6/5, excess = 1.19; one window period plus the mean of six.
        assert!((day.error - (1e-6_f64 + 1.19 * (1.0 + 1.0 / 6.0)).sqrt()).abs() < 1e-12);
        assert!(month.error < day.error / 2.0);
        assert!(day.freedom < 6.0);
    }

    #[test]
    fn a_run_of_alike_periods_counts_as_fewer_independent_ones() {
        let alternating = Variation::learn(&[1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0], &[0.0; 8]);
        let lasting = Variation::learn(&[1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0], &[0.0; 8]);
        assert!(lasting.standard(0.0, 30.0).error > 1.5 * alternating.standard(0.0, 30.0).error);
    }

    #[test]
    fn too_few_periods_teach_nothing() {
        assert!((Variation::learn(&[5.0, -5.0], &[0.0; 2]).standard(0.04, 1.0).error - 0.2).abs() < 1e-12);
    }
}
