//! What a window's quality is held against: the champion's registration, or the first windows whose truth is in; and how much windows differ anyway.

use tidegate_contract::{Contract, Metric};
use tidegate_monitoring::Window;
use tidegate_validation::report::MetricValue;

use crate::calibration::Basis;
use crate::judge::Inputs;
use crate::measured::{Measured, rounded};
use crate::verdict::Reference;

/// So many windows, the first ones whose truth is in, show how good the model was and how much its windows differ.
pub const FIRST_WINDOWS: usize = 7;

/// Least share of its truth that must be in for a window to be one of them.
pub const LEAST_SHARE: f64 = 0.5;

/// So many windows before it are shown beside a window.
pub const BEFORE: usize = 30;

/// Past weeks whose same hours a window is compared with.
pub const WEEKS: i64 = 8;

const WEEK_MS: i64 = 7 * 24 * 3_600_000;

/// Whether a window that ends then covers the same hours of one of the past weeks. A window of a week or more is its own past week.
#[must_use]
pub fn same_hours(window: Window, end_ms: i64) -> bool {
    window.end_ms - window.start_ms < WEEK_MS && (1..=WEEKS).any(|week| end_ms == window.end_ms - week * WEEK_MS)
}

/// Half the width of a 95 % interval, in standard errors.
pub(crate) const HALF_WIDTH: f64 = 1.959_963_984_540_054;

impl Measured {
    /// Whether enough truth is in for the window to be one of the first that others are held against.
    #[must_use]
    pub fn is_reference(&self, contract: &Contract) -> bool {
        self.coverage.share.is_some_and(|share| share >= LEAST_SHARE) && self.is_judged(contract)
    }

    /// Whether enough truth is in for a judgement.
    pub(crate) fn is_judged(&self, contract: &Contract) -> bool {
        self.coverage.labelled >= contract.monitoring.minimum_records
    }
}

/// A value and its standard error.
pub(crate) fn with_error(value: &MetricValue) -> Option<(f64, f64)> {
    let [low, high] = value.interval?;
    Some((value.value?, (high - low) / (2.0 * HALF_WIDTH)))
}

/// What this metric is held against.
pub(crate) fn reference(metric: Metric, inputs: &Inputs<'_>) -> Option<Reference> {
    let firsts: Vec<(f64, f64)> = inputs.first.iter().filter_map(|window| with_error(window.metric(metric)?)).collect();
    let variation = variation(&firsts);
    let registered = inputs.registered.and_then(|registered| {
        let (_, value) = registered.metrics.iter().find(|(found, _)| *found == metric)?;
        let (value, error) = with_error(value)?;
        Some((registered.basis(), value, error))
    });
    let (basis, value, error) = registered.or_else(|| {
        let (value, error) = pooled(&firsts, variation)?;
        let rows = inputs.first.iter().map(|window| window.coverage.labelled).sum();
        Some((Basis::FirstWindows { windows: firsts.len() as u64, rows }, value, error))
    })?;
    Some(Reference {
        basis,
        value: rounded(value)?,
        error: rounded(error)?,
        variation: rounded(variation)?,
        variation_windows: firsts.len() as u64,
    })
}

/// How much windows differ beyond their own errors: `τ` of `DerSimonian` & Laird (1986), *Meta-analysis in clinical trials*; 0 below three windows.
///
/// `τ² = max(0, (Q − (k − 1)) / (Σw − Σw² / Σw))` with `w = 1 / s²` and `Q = Σ w (x − x̄)²`.
fn variation(values: &[(f64, f64)]) -> f64 {
    let known: Vec<(f64, f64)> = values.iter().filter(|(_, error)| *error > 0.0).map(|(value, error)| (*value, error.powi(-2))).collect();
    if known.len() < 3 {
        return 0.0;
    }
    let weights: f64 = known.iter().map(|(_, weight)| weight).sum();
    let squares: f64 = known.iter().map(|(_, weight)| weight * weight).sum();
    let mean = known.iter().map(|(value, weight)| value * weight).sum::<f64>() / weights;
    let q: f64 = known.iter().map(|(value, weight)| weight * (value - mean).powi(2)).sum();
    ((q - (known.len() - 1) as f64) / (weights - squares / weights)).max(0.0).sqrt()
}

/// The mean of windows that differ so much anyway, and its standard error.
fn pooled(values: &[(f64, f64)], variation: f64) -> Option<(f64, f64)> {
    let weight = |error: f64| 1.0 / (error * error + variation * variation).max(f64::MIN_POSITIVE);
    let weights: f64 = values.iter().map(|(_, error)| weight(*error)).sum();
    let mean = values.iter().map(|(value, error)| value * weight(*error)).sum::<f64>() / weights;
    (!values.is_empty() && mean.is_finite()).then_some((mean, weights.recip().sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_differ_by_chance_only_have_no_variation_of_their_own() {
        assert!(variation(&[(0.80, 0.02), (0.81, 0.02), (0.79, 0.02), (0.80, 0.02)]) <= 0.0);
        // metafor::rma(c(.7,.8,.9), c(.0004,.0004,.0004), method="DL"): tau^2 = 0.0096.
        assert!((variation(&[(0.7, 0.02), (0.8, 0.02), (0.9, 0.02)]).powi(2) - 0.0096).abs() < 1e-12);
        assert!(variation(&[(0.7, 0.02), (0.9, 0.02)]) <= 0.0, "two windows do not tell");
    }

    #[test]
    fn surer_windows_weigh_more_unless_windows_differ() {
        let (mean, error) = pooled(&[(0.8, 0.01), (0.9, 0.02)], 0.0).unwrap();
        assert!((mean - 0.82).abs() < 1e-12 && (error - (1.0_f64 / 12_500.0).sqrt()).abs() < 1e-12);
        let (mean, _) = pooled(&[(0.8, 0.01), (0.9, 0.02)], 10.0).unwrap();
        assert!((mean - 0.85).abs() < 1e-4);
        assert_eq!(pooled(&[], 0.0), None);
    }
}
