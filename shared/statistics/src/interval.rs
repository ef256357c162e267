//! Confidence intervals: how large an effect may really be.

use crate::{normal, student_t};

/// A confidence interval, in the unit of what it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound, not below the lower one.
    pub high: f64,
}

impl Interval {
    /// The interval of the negated value.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }
}

/// What is known of a sample for an interval of its mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Number of values.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// Their sample variance (divided by `n − 1`), in squared units.
    pub variance: f64,
}

/// The normal quantile of a two-sided interval; `None` unless `0 < confidence < 1`.
fn critical(confidence: f64) -> Option<f64> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    normal::quantile(f64::midpoint(1.0, confidence))
}

/// Wilson's score interval of a proportion, within `0..=1`.
///
/// `(p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n)`. Unlike `p ± z·se` it never leaves `0..=1` and keeps its width at
/// `p = 0`. `None` without rows, with more hits than rows, or unless `0 < confidence < 1`.
///
/// # Source
/// Wilson (1927), *Probable Inference, the Law of Succession, and Statistical Inference*.
///
/// ```
/// use tidegate_statistics::interval::wilson;
/// let interval = wilson(5, 10, 0.95).unwrap();
/// assert!((interval.low - 0.236_593_090_512_564).abs() < 1e-12);
/// assert!((interval.high - 0.763_406_909_487_436).abs() < 1e-12);
/// ```
#[must_use]
pub fn wilson(hits: u64, rows: u64, confidence: f64) -> Option<Interval> {
    if rows == 0 || hits > rows {
        return None;
    }
    let z = critical(confidence)?;
    let n = rows as f64;
    let p = hits as f64 / n;
    let centre = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    let low = if hits == 0 { 0.0 } else { ((centre - half) / scale).clamp(0.0, 1.0) };
    let high = if hits == rows { 1.0 } else { ((centre + half) / scale).clamp(0.0, 1.0) };
    Some(Interval { low, high })
}

/// Interval of a value strictly between 0 and 1 whose variance is known, on the logit scale: within `0..=1`, and holding the value.
///
/// `logit v ± z·σ / (v(1−v))`, turned back. `None` unless `0 < value < 1`, for a variance that is negative or not finite, or unless
/// `0 < confidence < 1`.
///
/// # Source
/// Pepe (2003), *The Statistical Evaluation of Medical Tests for Classification and Prediction*, 5.2.5; the delta method.
///
/// ```
/// use tidegate_statistics::interval::logit;
/// let interval = logit(0.9, 0.0004, 0.95).unwrap();
/// assert!((interval.low - 0.853_42).abs() < 1e-5 && (interval.high - 0.932_94).abs() < 1e-5);
/// ```
#[must_use]
pub fn logit(value: f64, variance: f64, confidence: f64) -> Option<Interval> {
    let z = critical(confidence)?;
    if !(value > 0.0 && value < 1.0 && variance >= 0.0 && variance.is_finite()) {
        return None;
    }
    let centre = (value / (1.0 - value)).ln();
    let half = z * variance.sqrt() / (value * (1.0 - value));
    let back = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    Some(Interval { low: back(centre - half).min(value), high: back(centre + half).max(value) })
}

/// Newcombe's interval of the difference of two proportions, current less baseline, within `−1..=1`.
///
/// From the two Wilson intervals `(l, u)`: `d − √((c−l_c)² + (u_b−b)²)` to `d + √((u_c−c)² + (b−l_b)²)`. `None` where
/// [`wilson`] of a side is.
///
/// # Source
/// Newcombe (1998), *Interval Estimation for the Difference between Independent Proportions*, method 10.
///
/// ```
/// use tidegate_statistics::interval::newcombe_difference;
/// // Newcombe's own example (a): 56/70 less 48/80
/// let interval = newcombe_difference(48, 80, 56, 70, 0.95).unwrap();
/// assert!((interval.low - 0.0524).abs() < 1e-4 && (interval.high - 0.3339).abs() < 1e-4);
/// ```
#[must_use]
pub fn newcombe_difference(
    baseline_hits: u64,
    baseline_rows: u64,
    current_hits: u64,
    current_rows: u64,
    confidence: f64,
) -> Option<Interval> {
    let baseline = wilson(baseline_hits, baseline_rows, confidence)?;
    let current = wilson(current_hits, current_rows, confidence)?;
    let b = baseline_hits as f64 / baseline_rows as f64;
    let c = current_hits as f64 / current_rows as f64;
    Some(Interval {
        low: (c - b - (c - current.low).hypot(baseline.high - b)).max(-1.0),
        high: (c - b + (current.high - c).hypot(b - baseline.low)).min(1.0),
    })
}

/// Welch's interval of the difference of two means, current less baseline, in the values' unit.
///
/// `d ± t·√(s_b²/m + s_c²/n)`, `t` with Satterthwaite's degrees of freedom. `None` below two values on a side, for
/// a variance that is negative or not finite, or unless `0 < confidence < 1`. Two constant samples give a point.
///
/// # Source
/// Welch (1947), *The Generalization of 'Student's' Problem when Several Different Population Variances are Involved*.
///
/// ```
/// use tidegate_statistics::interval::{mean_difference, Sample};
/// let sample = |mean| Sample { count: 10, mean, variance: 1.0 };
/// let interval = mean_difference(sample(0.0), sample(1.0), 0.95).unwrap();
/// // t(18) = 2.100 922, standard error √0.2
/// assert!((interval.low - (1.0 - 2.100_922_040_240_960 * 0.2_f64.sqrt())).abs() < 1e-9);
/// ```
#[must_use]
pub fn mean_difference(baseline: Sample, current: Sample, confidence: f64) -> Option<Interval> {
    let (b, c) = (squared_error(baseline)?, squared_error(current)?);
    critical(confidence)?;
    let difference = current.mean - baseline.mean;
    if b + c <= 0.0 {
        return Some(Interval { low: difference, high: difference });
    }
    let dof = (b + c).powi(2) / (b * b / (baseline.count - 1) as f64 + c * c / (current.count - 1) as f64);
    let half = student_t::quantile(f64::midpoint(1.0, confidence), dof)? * (b + c).sqrt();
    Some(Interval { low: difference - half, high: difference + half })
}

/// Interval of the standardised mean difference (Glass' Δ, Cohen's d in the baseline's standard deviations).
///
/// `Δ = (c̄ − b̄)/s_b`, with the large-sample variance `1/m + s_c²/(n·s_b²) + Δ²/(2(m−1))`; dimensionless. `None` as for
/// [`mean_difference`], and for a constant baseline, which has no standard deviation to measure by.
///
/// # Source
/// Bonett (2008), *Confidence Intervals for Standardized Linear Contrasts of Means*; Glass (1976).
///
/// ```
/// use tidegate_statistics::interval::{standardised_mean_difference, Sample};
/// let baseline = Sample { count: 101, mean: 5.0, variance: 4.0 };
/// let current = Sample { count: 100, mean: 6.0, variance: 4.0 };
/// let interval = standardised_mean_difference(baseline, current, 0.95).unwrap();
/// let error = (1.0_f64 / 101.0 + 0.01 + 0.25 / 200.0).sqrt();
/// assert!((interval.high - (0.5 + 1.959_963_984_540_054 * error)).abs() < 1e-9);
/// ```
#[must_use]
pub fn standardised_mean_difference(baseline: Sample, current: Sample, confidence: f64) -> Option<Interval> {
    let (b, c) = (squared_error(baseline)?, squared_error(current)?);
    let z = critical(confidence)?;
    if baseline.variance <= 0.0 {
        return None;
    }
    let effect = (current.mean - baseline.mean) / baseline.variance.sqrt();
    let variance = (b + c) / baseline.variance + effect * effect / (2.0 * (baseline.count - 1) as f64);
    let half = z * variance.sqrt();
    Some(Interval { low: effect - half, high: effect + half })
}

/// Squared standard error of a mean; `None` if it is not defined.
fn squared_error(sample: Sample) -> Option<f64> {
    let defined = sample.count >= 2 && sample.mean.is_finite() && sample.variance.is_finite() && sample.variance >= 0.0;
    defined.then(|| sample.variance / sample.count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hits_still_have_an_upper_bound() {
        let interval = wilson(0, 10, 0.95).unwrap();
        assert_eq!(interval.low.to_bits(), 0.0_f64.to_bits());
        // z² / (n + z²)
        assert!((interval.high - 3.841_458_820_694_124 / 13.841_458_820_694_124).abs() < 1e-12);
    }

    #[test]
    fn newcombes_examples_of_extreme_tables_are_met() {
        // Newcombe (1998), table II, method 10, examples (f) 10/10 less 0/20 and (h) 10/10 less 0/10.
        let f = newcombe_difference(0, 20, 10, 10, 0.95).unwrap();
        assert!((f.low - 0.6791).abs() < 1e-4 && (f.high - 1.0).abs() < 1e-12, "{f:?}");
        let h = newcombe_difference(0, 10, 10, 10, 0.95).unwrap();
        assert!((h.low - 0.6075).abs() < 1e-4, "{h:?}");
    }

    #[test]
    fn constants_and_single_values_are_defined() {
        let constant = |mean| Sample { count: 5, mean, variance: 0.0 };
        assert_eq!(mean_difference(constant(1.0), constant(3.0), 0.9), Some(Interval { low: 2.0, high: 2.0 }));
        assert_eq!(standardised_mean_difference(constant(1.0), constant(3.0), 0.9), None);
        let single = Sample { count: 1, mean: 1.0, variance: 0.0 };
        assert_eq!(mean_difference(single, constant(1.0), 0.9), None);
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(wilson(1, 2, 1.0), None);
    }
}
