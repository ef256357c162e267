//! Tail probabilities and quantiles of Student's t distribution, with real degrees of freedom as Welch and Satterthwaite
//! need them.

use crate::{normal, special};

/// Above so many degrees of freedom, Wallace's normal approximation is better than a beta function of huge arguments.
const NEARLY_NORMAL: f64 = 1e7;

/// Probability that a t variable with `dof` degrees of freedom lies farther from zero than `t` does; in `0..=1`.
///
/// `p = I_x(dof/2, ½)` with `x = dof / (dof + t²)`. Infinite degrees of freedom give the normal distribution.
/// `None` unless `dof > 0` and `t` is a number.
///
/// # Source
/// Abramowitz & Stegun 26.7.1 and 26.5.27; Wallace (1959), *Bounds on Normal Approximations to Student's t*, beyond 10⁷
/// degrees of freedom.
///
/// ```
/// let p = tidegate_statistics::student_t::two_sided_p(2.0, 10.0).unwrap();
/// assert!((p - 0.073_388_034_770_740).abs() < 1e-12);
/// ```
#[must_use]
pub fn two_sided_p(t: f64, dof: f64) -> Option<f64> {
    if t.is_nan() || dof.is_nan() || dof <= 0.0 {
        return None;
    }
    if dof.is_infinite() {
        return Some(normal::two_sided_p(t));
    }
    let square = t * t;
    if square.is_infinite() {
        return Some(0.0);
    }
    if dof > NEARLY_NORMAL {
        let z = (dof * (square / dof).ln_1p()).sqrt() * ((8.0 * dof + 1.0) / (8.0 * dof + 3.0));
        return Some(normal::two_sided_p(z));
    }
    let whole = dof + square;
    Some(special::incomplete_beta(dof / 2.0, 0.5, dof / whole, square / whole))
}

/// The value that a t variable with `dof` degrees of freedom stays below with probability `p`; `None` unless `0 < p < 1`
/// and `dof > 0`.
///
/// Found by bisection on [`two_sided_p`] to the last digit or two.
///
/// ```
/// let t = tidegate_statistics::student_t::quantile(0.975, 10.0).unwrap();
/// assert!((t - 2.228_138_851_964_939).abs() < 1e-9);
/// ```
#[must_use]
pub fn quantile(p: f64, dof: f64) -> Option<f64> {
    if dof.is_nan() || dof <= 0.0 {
        return None;
    }
    let near = normal::quantile(p)?;
    if dof.is_infinite() {
        return Some(near);
    }
    let both_tails = 2.0 * p.min(1.0 - p);
    if both_tails >= 1.0 {
        return Some(0.0);
    }
    // The t distribution has the heavier tails: its quantile lies at or beyond the normal one.
    let mut low = near.abs();
    let mut high = low.max(1.0);
    while two_sided_p(high, dof)? > both_tails && high < f64::MAX.sqrt() {
        low = high;
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if two_sided_p(middle, dof)? > both_tails {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(if p < 0.5 { -high } else { high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_agree_with_reference_values() {
        // scipy.stats.t.sf(t, dof) * 2, and mpmath for the far one
        for (t, dof, expected) in [
            (2.0, 10.0, 0.073_388_034_770_740_39),
            (1.0, 1.0, 0.5),
            (-3.5, 4.7, 0.019_129_593_500_276_43),
            (40.0, 50.0, 1.241_242_378_437_27e-39),
        ] {
            let p = two_sided_p(t, dof).unwrap();
            assert!((p / expected - 1.0).abs() < 1e-10, "t = {t}, dof = {dof}: {p}");
        }
    }

    #[test]
    fn many_degrees_of_freedom_approach_the_normal_distribution() {
        for t in [0.1, 1.0, 5.0, 30.0] {
            let p = two_sided_p(t, 1e12).unwrap();
            assert!((p / normal::two_sided_p(t) - 1.0).abs() < 1e-6, "t = {t}");
        }
    }

    #[test]
    fn undefined_input_has_no_answer() {
        assert_eq!(two_sided_p(1.0, 0.0), None);
        assert_eq!(two_sided_p(f64::NAN, 3.0), None);
        assert_eq!(quantile(0.5, -1.0), None);
        assert_eq!(two_sided_p(f64::INFINITY, 3.0), Some(0.0));
    }

    #[test]
    fn a_quantile_undoes_a_tail() {
        for dof in [1.0, 2.5, 19.0, 1e6] {
            for p in [0.001, 0.2, 0.5, 0.8, 0.999] {
                let t = quantile(p, dof).unwrap();
                let tail = two_sided_p(t, dof).unwrap();
                assert!((tail - 2.0 * f64::min(p, 1.0 - p)).abs() < 1e-12, "p = {p}, dof = {dof}");
            }
        }
        assert_eq!(quantile(0.5, 4.0), Some(0.0));
    }
}
