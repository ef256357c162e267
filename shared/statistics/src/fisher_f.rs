//! The F distribution: a ratio of two mean squares.

use crate::special::incomplete_beta;

/// Probability that `F(numerator, denominator)` exceeds `f`, in `0..=1`.
///
/// `I_x(d₂/2, d₁/2)` with `x = d₂/(d₂ + d₁·f)`; an infinite denominator is chi-square over its degrees of freedom.
/// `None` unless both degrees of freedom are positive and `f` is a number.
///
/// # Source
/// Abramowitz and Stegun (1964), 26.6.2.
///
/// ```
/// use tidegate_statistics::fisher_f::sf;
/// // F(1, d) is the square of Student's t with d degrees of freedom: t = 2.228139 at 10 and 5 %.
/// assert!((sf(2.228_138_851_964_94_f64.powi(2), 1.0, 10.0).unwrap() - 0.05).abs() < 1e-9);
/// ```
#[must_use]
pub fn sf(f: f64, numerator: f64, denominator: f64) -> Option<f64> {
    if !(numerator > 0.0 && denominator > 0.0) || f.is_nan() {
        return None;
    }
    if f <= 0.0 {
        return Some(1.0);
    }
    if denominator.is_infinite() {
        return crate::chi_squared::sf(f * numerator, numerator);
    }
    let total = denominator + numerator * f;
    let tail = incomplete_beta(denominator / 2.0, numerator / 2.0, denominator / total, numerator * f / total);
    // An f so large that its product overflows leaves nothing above it.
    Some(if total.is_finite() { tail } else { 0.0 })
}
