//! Incomplete beta and gamma functions that stay accurate for large counts and far tails; every exact p-value of this
//! crate rests on them.
//!
//! `statrs` stops its continued fraction for the beta function after 140 terms (too few beyond some 10⁴ rows) and takes
//! its prefactor from differences of `ln Γ`, which cancel; here the prefactor is Loader's saddle-point form.

use std::f64::consts::TAU;

use statrs::function::gamma::ln_gamma;

/// A continued fraction ends when a factor differs from one by less than this.
const CONVERGED: f64 = 1e-15;

/// Stands for zero in a denominator (Lentz's algorithm).
const TINY: f64 = 1e-300;

/// Upper bound of terms, so that no input loops for ever; about √max(a, b) terms are needed.
const MOST_TERMS: u32 = 1_000_000;

/// `ln Γ(n+1) − (½ ln 2πn + n ln n − n)`: what Stirling's formula leaves out, for `n > 0`.
fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square) / square) / n
}

/// `x ln(x/mean) + mean − x` without cancellation when the two are close.
fn deviance(x: f64, mean: f64) -> f64 {
    if (x - mean).abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() + mean - x;
    }
    let ratio = (x - mean) / (x + mean);
    let mut sum = (x - mean) * ratio;
    let mut term = 2.0 * x * ratio;
    let mut divisor = 1.0;
    loop {
        term *= ratio * ratio;
        divisor += 2.0;
        let next = sum + term / divisor;
        if next.total_cmp(&sum).is_eq() || !next.is_finite() {
            return next;
        }
        sum = next;
    }
}

/// Binomial density of `x` successes in `n`, for real `0 ≤ x ≤ n`, `p + q = 1`.
///
/// Loader (2000), *Fast and Accurate Computation of Binomial Probabilities*.
pub(crate) fn binomial_density(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if p <= 0.0 {
        return if x > 0.0 { 0.0 } else { 1.0 };
    }
    if q <= 0.0 {
        return if x < n { 0.0 } else { 1.0 };
    }
    if x <= 0.0 {
        return (n * if p < 0.5 { (-p).ln_1p() } else { q.ln() }).exp();
    }
    if x >= n {
        return (n * if q < 0.5 { (-q).ln_1p() } else { p.ln() }).exp();
    }
    let exponent = stirling_error(n) - stirling_error(x) - stirling_error(n - x) - deviance(x, n * p) - deviance(n - x, n * q);
    (n / (TAU * x * (n - x))).sqrt() * exponent.exp()
}

/// Poisson density of real `x ≥ 0` at mean `mean > 0`.
pub(crate) fn poisson_density(x: f64, mean: f64) -> f64 {
    if x <= 0.0 {
        return (-mean).exp();
    }
    (-stirling_error(x) - deviance(x, mean)).exp() / (TAU * x).sqrt()
}

/// Regularised incomplete beta function `I_x(a, b)` for `a, b > 0`; `y` is `1 − x`, given apart so that neither of a
/// small pair loses digits.
///
/// Continued fraction of DLMF 8.17.22 by Lentz's algorithm.
pub(crate) fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return (1.0 - beta_tail(b, a, y, x)).clamp(0.0, 1.0);
    }
    beta_tail(a, b, x, y).clamp(0.0, 1.0)
}

/// [`incomplete_beta`] where its continued fraction converges fast: `x` below about `a / (a + b)`.
#[expect(clippy::many_single_char_names, reason = "the names of the published algorithm")]
fn beta_tail(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let prefactor = a * b / (a + b) * binomial_density(a, a + b, x, y);
    if prefactor <= 0.0 {
        return 0.0;
    }
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for term in 1..=MOST_TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a - 1.0 + 2.0 * m) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 1.0 + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < CONVERGED {
            break;
        }
    }
    prefactor * fraction / a
}

/// Regularised upper incomplete gamma function `Q(a, x)` for `a > 0`, `x ≥ 0`.
///
/// Series of DLMF 8.11.4 below `a + 1`, continued fraction of DLMF 8.9.2 above it.
pub(crate) fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x < a + 1.0 { 1.0 - gamma_series(a, x) } else { gamma_fraction(a, x) }.clamp(0.0, 1.0)
}

/// Regularised lower incomplete gamma function `P(a, x)` for `a > 0`, `x ≥ 0`.
pub(crate) fn lower_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x < a + 1.0 { gamma_series(a, x) } else { 1.0 - gamma_fraction(a, x) }.clamp(0.0, 1.0)
}

fn gamma_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 1..=MOST_TERMS {
        term *= x / (a + f64::from(step));
        sum += term;
        if term < sum * CONVERGED {
            break;
        }
    }
    poisson_density(a, x) * sum
}

#[expect(clippy::many_single_char_names, reason = "the names of the published algorithm")]
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let prefactor = a * poisson_density(a, x);
    if prefactor <= 0.0 {
        return 0.0;
    }
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / away_from_zero(b);
    let mut fraction = d;
    for step in 1..=MOST_TERMS {
        let i = f64::from(step);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / away_from_zero(numerator * d + b);
        c = away_from_zero(b + numerator / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < CONVERGED {
            break;
        }
    }
    prefactor * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(actual: f64, expected: f64) -> f64 {
        (actual / expected - 1.0).abs()
    }

    #[test]
    fn densities_meet_their_closed_forms() {
        assert!(relative(binomial_density(3.0, 10.0, 0.2, 0.8), 120.0 * 0.2_f64.powi(3) * 0.8_f64.powi(7)) < 1e-13);
        assert!(relative(binomial_density(0.0, 10.0, 1e-12, 1.0 - 1e-12), 1.0 - 1e-11) < 1e-15);
        assert!(relative(poisson_density(2.0, 3.0), 4.5 * (-3.0_f64).exp()) < 1e-14);
        assert_eq!(binomial_density(0.0, 5.0, 0.0, 1.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(binomial_density(5.0, 5.0, 1.0, 0.0).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn a_hundred_million_rows_keep_eleven_digits() {
        // scipy 1.17.1 (Boost): binom.sf(50_059_999, 1e8, 0.5), poisson.sf(1_011_999, 1e6), chi2.sf(3_000, 1_000)
        assert!(relative(incomplete_beta(50_060_000.0, 49_940_001.0, 0.5, 0.5), 1.778_599_055_041_456_6e-33) < 1e-11);
        assert!(relative(lower_gamma(1_012_000.0, 1e6), 2.379_485_191_324_556_8e-33) < 1e-11);
        assert!(relative(upper_gamma(500.0, 1_500.0), 1.643_684_584_356_954_4e-198) < 1e-12);
    }

    #[test]
    fn the_two_tails_make_one() {
        for (a, b, x) in [(0.5, 0.5, 0.3), (2.0, 7.0, 0.9), (400.0, 30.0, 0.93), (1e6, 2e6, 0.333_4)] {
            let sum = incomplete_beta(a, b, x, 1.0 - x) + incomplete_beta(b, a, 1.0 - x, x);
            assert!((sum - 1.0).abs() < 1e-12, "a = {a}, b = {b}");
            assert!((upper_gamma(a, b) + lower_gamma(a, b) - 1.0).abs() < 1e-12, "a = {a}, x = {b}");
        }
    }
}
