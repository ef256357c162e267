//! The noncentral chi-squared distribution: what a chi-squared statistic does when there is something to find.

use crate::special::{poisson_density, upper_gamma};
use crate::{critical, normal};

/// Beyond so large a noncentrality or statistic the normal limit is good to three digits and better.
const NEARLY_NORMAL: f64 = 1e6;

/// Terms of the mixture smaller than this add nothing.
const NEGLIGIBLE: f64 = 1e-18;

/// Probability that a chi-squared variable with `dof` degrees of freedom and this noncentrality exceeds `x`, in `0..=1`.
///
/// `Σⱼ Poisson(j; λ/2) · Q(dof/2 + j, x/2)`; beyond 10⁶ by the normal distribution of the same mean `dof + λ` and variance
/// `2(dof + 2λ)`. `None` unless `dof > 0`, `λ ≥ 0` and both are finite.
///
/// # Source
/// Johnson, Kotz & Balakrishnan (1995), *Continuous Univariate Distributions*, volume 2, 29.4.
///
/// ```
/// use tidegate_statistics::noncentral::sf;
/// // a squared normal about 1: Φ(−1) + Φ(−3)
/// assert!((sf(4.0, 1.0, 1.0).unwrap() - (0.158_655_253_931_457 + 0.001_349_898_031_630)).abs() < 1e-12);
/// ```
#[must_use]
pub fn sf(x: f64, dof: f64, noncentrality: f64) -> Option<f64> {
    if x.is_nan() || !(dof > 0.0 && dof.is_finite() && noncentrality >= 0.0 && noncentrality.is_finite()) {
        return None;
    }
    if x <= 0.0 {
        return Some(1.0);
    }
    if x.max(noncentrality) > NEARLY_NORMAL {
        return Some(normal::sf((x - dof - noncentrality) / (2.0 * (dof + 2.0 * noncentrality)).sqrt()));
    }
    let (half, at) = (noncentrality / 2.0, x / 2.0);
    let centre = half.floor();
    let weight = |term: f64| if half > 0.0 { poisson_density(term, half) } else { 1.0 };
    // Q(a + 1, y) = Q(a, y) + y^a e^−y / Γ(a + 1): from the likeliest term outwards.
    let (mut sum, mut term, mut tail) = (0.0, centre, upper_gamma(dof / 2.0 + centre, at));
    let first = tail;
    loop {
        let share = weight(term);
        sum += share * tail;
        if share < NEGLIGIBLE || half <= 0.0 {
            break;
        }
        tail = (tail + poisson_density(dof / 2.0 + term, at)).min(1.0);
        term += 1.0;
    }
    (term, tail) = (centre, first);
    while term >= 1.0 {
        term -= 1.0;
        tail = (tail - poisson_density(dof / 2.0 + term, at)).max(0.0);
        let share = weight(term);
        sum += share * tail;
        if share < NEGLIGIBLE {
            break;
        }
    }
    Some(sum.clamp(0.0, 1.0))
}

/// The noncentrality at which a statistic as large as `x` has probability `p` of being exceeded; 0 where it has a larger one
/// without any. `None` unless `0 < p < 1` and as for [`sf`].
///
/// Taken at both ends this inverts the test into a confidence interval.
///
/// # Source
/// Steiger (2004), *Beyond the F Test: Effect Size Confidence Intervals and Tests of Close Fit*.
///
/// ```
/// use tidegate_statistics::noncentral::{noncentrality, sf};
/// let lambda = noncentrality(30.0, 4.0, 0.025).unwrap();
/// assert!((sf(30.0, 4.0, lambda).unwrap() - 0.025).abs() < 1e-9);
/// assert_eq!(noncentrality(3.0, 4.0, 0.025), Some(0.0)); // nothing to see
/// ```
#[must_use]
pub fn noncentrality(x: f64, dof: f64, p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0 && x.is_finite()) {
        return None;
    }
    if sf(x, dof, 0.0)? >= p {
        return Some(0.0);
    }
    // What is still missing of the tail falls as λ grows.
    critical::bisect(0.0, x.max(1.0), |lambda| Some(p - sf(x, dof, lambda)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_meet_their_closed_form() {
        // One degree of freedom: a squared normal about √λ.
        for (x, lambda) in [(0.5_f64, 0.1_f64), (9.0, 4.0), (2_000.0, 1_800.0), (90_000.0, 88_000.0)] {
            let (root, mean) = (x.sqrt(), lambda.sqrt());
            let expected = normal::sf(root - mean) + normal::sf(root + mean);
            let found = sf(x, 1.0, lambda).unwrap();
            assert!((found - expected).abs() < 1e-10, "x = {x}, λ = {lambda}: {found}, not {expected}");
        }
    }

    #[test]
    fn without_noncentrality_it_is_the_central_distribution() {
        assert_eq!(sf(7.0, 3.0, 0.0), crate::chi_squared::sf(7.0, 3.0));
        assert_eq!(sf(-1.0, 3.0, 2.0), Some(1.0));
        assert_eq!(sf(1.0, 0.0, 2.0), None);
    }

    #[test]
    fn the_normal_limit_takes_over_smoothly() {
        let below = sf(999_000.0, 10.0, 999_500.0).unwrap();
        let above = sf(1_000_500.0 + 10.0, 10.0, 1_001_000.0 + 10.0).unwrap();
        assert!((below - above).abs() < 2e-3, "{below} {above}");
    }
}
