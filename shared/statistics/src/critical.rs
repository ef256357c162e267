//! Critical values by sample size: how large a distance must be before chance no longer explains it.
//!
//! A fixed threshold measures noise in small windows and is blind in large ones; these move with the sizes. `level` is the
//! probability of exceeding the value when nothing changed; `n_eff = mn/(m + n)` ([`crate::power::effective_rows`]).

use crate::{chi_squared, kolmogorov_smirnov, normal};

/// Critical value of the Kolmogorov-Smirnov distance: `K⁻¹(1 − level)/√n_eff`, at most 1.
///
/// By Kolmogorov's limit, which is too large for few rows and so errs on the side of silence. `None` unless `n_eff > 0` and
/// `0 < level < 1`.
///
/// # Source
/// Smirnov (1948), *Table for Estimating the Goodness of Fit of Empirical Distributions*.
///
/// ```
/// use tidegate_statistics::critical::kolmogorov_smirnov;
/// assert!((kolmogorov_smirnov(2_500.0, 0.05).unwrap() - 1.358_1 / 50.0).abs() < 1e-6);
/// assert!((kolmogorov_smirnov(2_500.0, 0.01).unwrap() - 1.627_6 / 50.0).abs() < 1e-6);
/// ```
#[must_use]
pub fn kolmogorov_smirnov(effective_rows: f64, level: f64) -> Option<f64> {
    if !(effective_rows > 0.0 && effective_rows.is_finite() && level > 0.0 && level < 1.0) {
        return None;
    }
    let exceeded = |value: f64| kolmogorov_smirnov::p_limit(value, 1.0);
    let value = bisect(level, 4.0, exceeded)?;
    Some((value / effective_rows.sqrt()).min(1.0))
}

/// Critical value of a chi-squared statistic; `None` unless `dof > 0` and `0 < level < 1`.
///
/// ```
/// assert!((tidegate_statistics::critical::chi_squared(9.0, 0.01).unwrap() - 21.665_994_333_461_92).abs() < 1e-9);
/// ```
#[must_use]
pub fn chi_squared(dof: f64, level: f64) -> Option<f64> {
    if !(dof > 0.0 && dof.is_finite() && level > 0.0 && level < 1.0) {
        return None;
    }
    bisect(level, dof + 10.0, |value| chi_squared::sf(value, dof))
}

/// Critical value of the population stability index over `cells` cells: `χ²_{1−level}(cells − 1)/n_eff`.
///
/// # Source
/// Yurdakul (2018), *Statistical Properties of Population Stability Index*.
///
/// ```
/// use tidegate_statistics::critical::psi;
/// // ten cells, 500 rows against 500: the customary 0.1 is hardly more than noise; 5,000: it is far above
/// assert!((psi(10, 250.0, 0.01).unwrap() - 0.0867).abs() < 1e-4);
/// assert!((psi(10, 2_500.0, 0.01).unwrap() - 0.00867).abs() < 1e-5);
/// ```
#[must_use]
pub fn psi(cells: usize, effective_rows: f64, level: f64) -> Option<f64> {
    quadratic(cells, effective_rows, level)
}

/// Critical value of Cohen's w over `cells` cells: `√(χ²_{1−level}(cells − 1)/n_eff)`.
///
/// ```
/// assert!((tidegate_statistics::critical::cohens_w(2, 384.146, 0.05).unwrap() - 0.1).abs() < 1e-6);
/// ```
#[must_use]
pub fn cohens_w(cells: usize, effective_rows: f64, level: f64) -> Option<f64> {
    quadratic(cells, effective_rows, level).map(f64::sqrt)
}

/// Critical value of the Hellinger distance, and in nats of the Jensen-Shannon distance, over `cells` cells:
/// `√(χ²_{1−level}(cells − 1)/(8·n_eff))`, at most 1.
///
/// # Source
/// Both are an eighth of chi-squared to second order: Menéndez, Pardo, Pardo & Pardo (1997), *The Jensen-Shannon Divergence*.
///
/// ```
/// let value = tidegate_statistics::critical::hellinger(10, 250.0, 0.01).unwrap();
/// assert!((value - (21.665_994_333_461_92_f64 / 2_000.0).sqrt()).abs() < 1e-12); // 0.104
/// ```
#[must_use]
pub fn hellinger(cells: usize, effective_rows: f64, level: f64) -> Option<f64> {
    quadratic(cells, effective_rows, level).map(|value| (value / 8.0).sqrt().min(1.0))
}

/// Critical value of the difference of two shares near `share`: `z_{1−level/2}·√(share·(1 − share)/n_eff)`, at most 1. `None` unless
/// `0 ≤ share ≤ 1` and as for [`kolmogorov_smirnov()`].
///
/// ```
/// // one value in twenty missing, 10,000 rows against 1,000
/// let value = tidegate_statistics::critical::share(0.05, 909.09, 0.05).unwrap();
/// assert!((value - 0.01417).abs() < 1e-5);
/// ```
#[must_use]
pub fn share(share: f64, effective_rows: f64, level: f64) -> Option<f64> {
    if !((0.0..=1.0).contains(&share) && effective_rows > 0.0 && level > 0.0 && level < 1.0) {
        return None;
    }
    let z = -normal::quantile(level / 2.0)?;
    Some((z * (share * (1.0 - share) / effective_rows).sqrt()).min(1.0))
}

fn quadratic(cells: usize, effective_rows: f64, level: f64) -> Option<f64> {
    if !(effective_rows > 0.0 && effective_rows.is_finite()) {
        return None;
    }
    Some(chi_squared(cells.checked_sub(1)? as f64, level)? / effective_rows)
}

/// Where a falling tail reaches `level`, from 0 on; `from` is a first guess of what lies beyond.
pub(crate) fn bisect(level: f64, from: f64, tail: impl Fn(f64) -> Option<f64>) -> Option<f64> {
    let (mut low, mut high) = (0.0, from);
    while tail(high)? > level {
        low = high;
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if tail(middle)? > level {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_give_back_their_level() {
        let ks = kolmogorov_smirnov(400.0, 0.001).unwrap();
        assert!((kolmogorov_smirnov::p_limit(ks, 400.0).unwrap() - 0.001).abs() < 1e-12);
        let value = chi_squared(3.5, 1e-12).unwrap();
        assert!((chi_squared::sf(value, 3.5).unwrap() / 1e-12 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn impossible_questions_have_no_answer_and_nothing_exceeds_one() {
        assert_eq!(kolmogorov_smirnov(0.0, 0.05), None);
        assert_eq!(psi(1, 100.0, 0.05), None);
        assert_eq!(psi(0, 100.0, 0.05), None);
        assert_eq!(chi_squared(2.0, 1.0), None);
        assert_eq!(share(1.5, 10.0, 0.05), None);
        assert_eq!(kolmogorov_smirnov(0.5, 0.05), Some(1.0));
    }
}
