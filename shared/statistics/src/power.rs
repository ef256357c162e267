//! What a window of a given size can show: minimum detectable shifts, power and sample sizes of z-type tests.
//!
//! The formulas leave out the chance of rejecting on the wrong side, which is below `alpha/2`.

use crate::normal;

/// Effective number of rows when `baseline_rows` are compared with `current_rows`: `m·n/(m+n)`; 0 if one is empty.
///
/// ```
/// assert_eq!(tidegate_statistics::power::effective_rows(1_000, 1_000), 500.0);
/// ```
#[must_use]
pub fn effective_rows(baseline_rows: u64, current_rows: u64) -> f64 {
    let (m, n) = (baseline_rows as f64, current_rows as f64);
    if m + n > 0.0 { m * (n / (m + n)) } else { 0.0 }
}

/// Smallest shift, in standard deviations, that a two-sided z-test at level `alpha` shows with probability `power`.
///
/// `δ = (z₁₋α/₂ + z_power) / √n_eff`. `None` unless `n_eff > 0`, `0 < alpha < 1` and `alpha ≤ power < 1`.
///
/// # Source
/// Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, 2.2.
///
/// ```
/// use tidegate_statistics::power::minimum_detectable_shift;
/// // a p-value of 0.01 shared by 20 features, 90 % power, 2,300 effective rows: a tenth of a standard deviation
/// let shift = minimum_detectable_shift(2_300.0, 0.01 / 20.0, 0.9).unwrap();
/// assert!((shift - 0.0993).abs() < 1e-4);
/// ```
#[must_use]
pub fn minimum_detectable_shift(effective_rows: f64, alpha: f64, power: f64) -> Option<f64> {
    Some(noncentrality(alpha, power)? / positive(effective_rows)?.sqrt())
}

/// Effective rows that a two-sided z-test at level `alpha` needs to show a `shift` (standard deviations) with probability
/// `power`: `((z₁₋α/₂ + z_power)/δ)²`, not rounded. `None` as for [`minimum_detectable_shift`], and for a shift of zero.
///
/// ```
/// use tidegate_statistics::power::required_effective_rows;
/// assert!((required_effective_rows(0.5, 0.05, 0.8).unwrap() - 31.395).abs() < 1e-3);
/// ```
#[must_use]
pub fn required_effective_rows(shift: f64, alpha: f64, power: f64) -> Option<f64> {
    Some((noncentrality(alpha, power)? / positive(shift.abs())?).powi(2))
}

/// Probability that a two-sided z-test at level `alpha` shows a `shift` (standard deviations): `Φ(δ√n_eff − z₁₋α/₂)`.
///
/// ```
/// use tidegate_statistics::power::power_of_shift;
/// assert!((power_of_shift(0.5, 31.395, 0.05).unwrap() - 0.8).abs() < 1e-4);
/// ```
#[must_use]
pub fn power_of_shift(shift: f64, effective_rows: f64, alpha: f64) -> Option<f64> {
    if shift.is_nan() {
        return None;
    }
    let critical = normal::quantile(1.0 - alpha / 2.0)?;
    Some(normal::sf(critical - shift.abs() * positive(effective_rows)?.sqrt()))
}

/// `z₁₋α/₂ + z_power`.
fn noncentrality(alpha: f64, power: f64) -> Option<f64> {
    if !(alpha > 0.0 && alpha < 1.0 && power >= alpha && power < 1.0) {
        return None;
    }
    // By symmetry −quantile(α/2), which keeps its digits for the tiniest levels.
    Some((normal::quantile(power)? - normal::quantile(alpha / 2.0)?).max(0.0))
}

fn positive(value: f64) -> Option<f64> {
    (value > 0.0 && value.is_finite()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_a_deviation_cannot_be_seen_in_five_hundred_rows() {
        // The shared statistics notes say: ideal power about 10 % at n = 500 and a 1 %-per-window error of 20 features.
        let power = power_of_shift(0.1, effective_rows(20_000, 500), 0.01 / 20.0).unwrap();
        assert!(power < 0.12, "{power}");
        let rows = required_effective_rows(0.1, 0.01 / 20.0, 0.9).unwrap();
        assert!((2_200.0..2_350.0).contains(&rows), "{rows}");
    }

    #[test]
    fn size_and_shift_undo_each_other() {
        let shift = minimum_detectable_shift(730.0, 0.01, 0.9).unwrap();
        assert!((required_effective_rows(shift, 0.01, 0.9).unwrap() - 730.0).abs() < 1e-9);
    }

    #[test]
    fn impossible_questions_have_no_answer() {
        assert_eq!(minimum_detectable_shift(0.0, 0.05, 0.8), None);
        assert_eq!(minimum_detectable_shift(10.0, 0.0, 0.8), None);
        assert_eq!(minimum_detectable_shift(10.0, 0.05, 1.0), None);
        assert_eq!(required_effective_rows(0.0, 0.05, 0.8), None);
        assert_eq!(effective_rows(0, 0).to_bits(), 0.0_f64.to_bits());
    }
}
