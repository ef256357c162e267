//! Exact tests of a count of rare events against a known rate.

use crate::special;

/// Probability of at least `events` where `expected` are expected: exact Poisson upper tail, in `0..=1`.
///
/// `P(X ≥ k) = P(k, λ)`, the regularised lower incomplete gamma function. `None` if `expected` is negative or not finite.
///
/// # Source
/// Abramowitz & Stegun 26.4.21.
///
/// ```
/// use tidegate_statistics::test::poisson_upper_tail;
/// let p = poisson_upper_tail(1, 0.5).unwrap();
/// assert!((p - (1.0 - (-0.5_f64).exp())).abs() < 1e-15);
/// assert_eq!(poisson_upper_tail(0, 3.0), Some(1.0));
/// ```
#[must_use]
pub fn poisson_upper_tail(events: u64, expected: f64) -> Option<f64> {
    if !expected.is_finite() || expected < 0.0 {
        return None;
    }
    if events == 0 {
        return Some(1.0);
    }
    Some(special::lower_gamma(events as f64, expected))
}

/// Probability of at least `hits` in `rows` trials of success probability `rate`: exact binomial upper tail, in `0..=1`.
///
/// `P(X ≥ k) = I_p(k, n − k + 1)`, the regularised incomplete beta function; 0 for more hits than rows. `None` unless
/// `rate` lies in `0..=1`.
///
/// # Source
/// Abramowitz & Stegun 26.5.24.
///
/// ```
/// use tidegate_statistics::test::binomial_upper_tail;
/// assert!((binomial_upper_tail(2, 3, 0.5).unwrap() - 0.5).abs() < 1e-14);
/// assert_eq!(binomial_upper_tail(0, 3, 0.5), Some(1.0));
/// assert_eq!(binomial_upper_tail(4, 3, 0.5), Some(0.0));
/// ```
#[must_use]
pub fn binomial_upper_tail(hits: u64, rows: u64, rate: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&rate) {
        return None;
    }
    if hits == 0 {
        return Some(1.0);
    }
    if hits > rows {
        return Some(0.0);
    }
    Some(special::incomplete_beta(hits as f64, (rows - hits + 1) as f64, rate, 1.0 - rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_sum_their_densities() {
        // 1 − e⁻² (1 + 2 + 2) and 1 − 0.9¹⁰ − 10 · 0.1 · 0.9⁹
        assert!((poisson_upper_tail(3, 2.0).unwrap() - (1.0 - 5.0 * (-2.0_f64).exp())).abs() < 1e-14);
        assert!((binomial_upper_tail(2, 10, 0.1).unwrap() - (1.0 - 0.9_f64.powi(10) - 0.9_f64.powi(9))).abs() < 1e-14);
    }

    #[test]
    fn certain_and_impossible_rates_are_defined() {
        assert_eq!(poisson_upper_tail(1, 0.0), Some(0.0));
        assert_eq!(poisson_upper_tail(1, -1.0), None);
        assert_eq!(binomial_upper_tail(1, 5, 0.0), Some(0.0));
        assert_eq!(binomial_upper_tail(5, 5, 1.0), Some(1.0));
        assert_eq!(binomial_upper_tail(1, 5, f64::NAN), None);
    }

    #[test]
    fn a_far_tail_keeps_its_digits() {
        // 1e-6 expected, three seen: λ³/6 to first order
        let p = poisson_upper_tail(3, 1e-6).unwrap();
        assert!((p / (1e-18 / 6.0) - 1.0).abs() < 1e-6, "{p}");
        assert!((binomial_upper_tail(100, 100, 1e-3).unwrap() / 1e-300 - 1.0).abs() < 1e-10);
    }
}
