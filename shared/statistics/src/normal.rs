//! Tail probabilities and quantiles of the standard normal distribution.

use std::f64::consts::SQRT_2;

use libm::erfc;
use statrs::function::erf::erfc_inv;

/// Probability that a standard normal variable exceeds `z`: `½ erfc(z/√2)`, dimensionless, in `0..=1`.
///
/// Computed as a tail, never as `1 − cdf`, so it keeps its digits down to about 1e-300 (`z` of 37).
///
/// # Source
/// Abramowitz & Stegun 26.2.29; `erfc` is FreeBSD's, by way of `libm` (that of `statrs` is
/// good to ten digits only).
///
/// ```
/// let p = tidegate_statistics::normal::sf(1.959_963_984_540_054);
/// assert!((p - 0.025).abs() < 1e-15);
/// ```
#[must_use]
pub fn sf(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

/// Probability that a standard normal variable lies farther from zero than `z` does: `erfc(|z|/√2)`, in `0..=1`.
///
/// ```
/// assert_eq!(tidegate_statistics::normal::two_sided_p(0.0), 1.0);
/// assert!(tidegate_statistics::normal::two_sided_p(-37.0) > 0.0);
/// ```
#[must_use]
pub fn two_sided_p(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}

/// The value that a standard normal variable stays below with probability `p`; `None` unless `0 < p < 1`.
///
/// ```
/// let z = tidegate_statistics::normal::quantile(0.975).unwrap();
/// assert!((z - 1.959_963_984_540_054).abs() < 1e-12);
/// assert_eq!(tidegate_statistics::normal::quantile(1.0), None);
/// ```
#[must_use]
pub fn quantile(p: f64) -> Option<f64> {
    (p > 0.0 && p < 1.0).then(|| -SQRT_2 * erfc_inv(2.0 * p))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(actual: f64, expected: f64) -> f64 {
        (actual / expected - 1.0).abs()
    }

    #[test]
    fn far_tails_keep_their_digits() {
        // mpmath: erfc(z/√2)/2
        assert!(relative(sf(3.0), 0.001_349_898_031_630_094_5) < 1e-13);
        assert!(relative(sf(8.3), 5.205_569_744_890_254e-17) < 1e-12);
        assert!(relative(sf(20.0), 2.753_624_118_606_233_7e-89) < 1e-12);
        assert!(relative(sf(37.0), 5.725_571_222_524_577e-300) < 1e-12);
        assert!(relative(two_sided_p(-37.0), 2.0 * 5.725_571_222_524_577e-300) < 1e-12);
    }

    #[test]
    fn a_quantile_undoes_a_tail() {
        for p in [1e-300, 1e-12, 0.01, 0.3, 0.5, 0.9, 0.999_999] {
            let z = quantile(p).unwrap();
            assert!(relative(sf(-z), p) < 1e-11, "p = {p}");
        }
        assert_eq!(quantile(0.0), None);
        assert_eq!(quantile(f64::NAN), None);
    }
}
