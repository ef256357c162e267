//! Tail probability of the chi-squared distribution.

use crate::special;

/// Probability that a chi-squared variable with `dof` degrees of freedom exceeds `x`: `Q(dof/2, x/2)`, in `0..=1`.
///
/// Zero degrees of freedom are a constant zero: 1 at `x ≤ 0`, 0 above. `None` if `dof` is negative or an input is not a number.
///
/// # Source
/// Abramowitz & Stegun 26.4.19.
///
/// ```
/// let p = tidegate_statistics::chi_squared::sf(3.841_458_820_694_124, 1.0).unwrap();
/// assert!((p - 0.05).abs() < 1e-14);
/// ```
#[must_use]
pub fn sf(x: f64, dof: f64) -> Option<f64> {
    if x.is_nan() || dof.is_nan() || dof < 0.0 || dof.is_infinite() {
        return None;
    }
    if x <= 0.0 {
        return Some(1.0);
    }
    if dof <= 0.0 || x.is_infinite() {
        return Some(0.0);
    }
    Some(special::upper_gamma(dof / 2.0, x / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_of_freedom_is_a_squared_normal() {
        for z in [0.1, 1.0, 3.0, 8.0, 36.0] {
            let p = sf(z * z, 1.0).unwrap();
            assert!((p / crate::normal::two_sided_p(z) - 1.0).abs() < 1e-11, "z = {z}: {p}");
        }
    }

    #[test]
    fn two_degrees_of_freedom_are_exponential() {
        for x in [0.2_f64, 3.0, 70.0, 1_380.0] {
            assert!((sf(x, 2.0).unwrap() / (-x / 2.0).exp() - 1.0).abs() < 1e-12, "x = {x}");
        }
    }

    #[test]
    fn many_degrees_of_freedom_are_computed() {
        let p = sf(1e6 + 2_000.0, 1e6).unwrap();
        assert!((0.078..0.080).contains(&p), "{p}");
    }

    #[test]
    fn edges_are_defined() {
        assert_eq!(sf(0.0, 0.0), Some(1.0));
        assert_eq!(sf(1.0, 0.0), Some(0.0));
        assert_eq!(sf(f64::NAN, 1.0), None);
        assert_eq!(sf(1.0, -1.0), None);
    }
}
