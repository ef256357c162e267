//! Quantiles, means and standard deviations of raw values.
//!
//! An answer that is not finite (an infinite value or NaN among the values, or an overflow) is no answer: `None`.

/// Sum with Neumaier's compensation: the error does not grow with the number of values.
pub(crate) fn exact_sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    if lost.is_finite() { sum + lost } else { sum }
}

/// `value` if it is finite.
pub(crate) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Arithmetic mean; `None` without values.
///
/// ```
/// assert_eq!(tidegate_statistics::moments::mean(&[1.0, 2.0, 6.0]), Some(3.0));
/// assert_eq!(tidegate_statistics::moments::mean(&[]), None);
/// ```
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    finite(exact_sum(values.iter().copied()) / values.len() as f64)
}

/// Sum of squared differences from the mean, by two passes with the correction term of Chan, Golub & `LeVeque` (1983).
fn squares_about_mean(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares = exact_sum(values.iter().map(|value| (value - mean).powi(2)));
    let rest = exact_sum(values.iter().map(|value| value - mean));
    finite(squares - rest * rest / values.len() as f64).map(|squares| squares.max(0.0))
}

/// Population standard deviation (divided by `n`), in the values' unit; `None` without values.
///
/// ```
/// assert_eq!(tidegate_statistics::moments::standard_deviation_population(&[1.0, 3.0]), Some(1.0));
/// ```
#[must_use]
pub fn standard_deviation_population(values: &[f64]) -> Option<f64> {
    squares_about_mean(values).map(|squares| (squares / values.len() as f64).sqrt())
}

/// Sample standard deviation (divided by `n − 1`), in the values' unit; `None` below two values.
///
/// ```
/// assert_eq!(tidegate_statistics::moments::standard_deviation_sample(&[1.0, 3.0]), Some(2.0_f64.sqrt()));
/// assert_eq!(tidegate_statistics::moments::standard_deviation_sample(&[1.0]), None);
/// ```
#[must_use]
pub fn standard_deviation_sample(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    squares_about_mean(values).map(|squares| (squares / (values.len() - 1) as f64).sqrt())
}

/// Type-7 (linear) quantile of values in ascending order; `None` without values or unless `0 ≤ q ≤ 1`.
///
/// With `h = (n−1)·q`, `a` and `b` the values at `⌊h⌋` and the next, `t = h − ⌊h⌋`: `a + (b−a)·t`, and `b − (b−a)·(1−t)`
/// from `t = ½` on, bit for bit as numpy does.
///
/// # Source
/// Hyndman & Fan (1996), *Sample Quantiles in Statistical Packages*, definition 7.
///
/// ```
/// use tidegate_statistics::moments::quantile_type7;
/// assert_eq!(quantile_type7(&[1.0, 2.0, 4.0], 0.25), Some(1.5));
/// ```
#[must_use]
pub fn quantile_type7(sorted: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let position = sorted.len().checked_sub(1)? as f64 * q;
    let index = whole(position.floor());
    let here = *sorted.get(index)?;
    let next = sorted.get(index + 1).copied().unwrap_or(here);
    let fraction = position - position.floor();
    finite(if fraction >= 0.5 { next - (next - here) * (1.0 - fraction) } else { here + (next - here) * fraction })
}

/// Type-1 (inverted distribution function) quantile of values in ascending order: always one of the values; `None` without
/// values or unless `0 ≤ q ≤ 1`.
///
/// The smallest value that at least a share `q` of the values does not exceed.
///
/// # Source
/// Hyndman & Fan (1996), definition 1.
///
/// ```
/// use tidegate_statistics::moments::quantile_type1;
/// assert_eq!(quantile_type1(&[1.0, 2.0, 4.0, 8.0], 0.5), Some(2.0));
/// ```
#[must_use]
pub fn quantile_type1(sorted: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let position = (sorted.len() as f64 * q - 1.0).ceil().max(0.0);
    sorted.get(whole(position)).copied()
}

/// A whole, non-negative number as an index.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "floored or ceiled, not negative, below a slice's length")]
fn whole(position: f64) -> usize {
    position as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_offset_does_not_blur_the_spread() {
        let values = [1e15, 1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0];
        assert_eq!(standard_deviation_population(&values), Some(1.25_f64.sqrt()));
    }

    #[test]
    fn compensation_keeps_what_plain_summation_loses() {
        assert_eq!(mean(&[1e100, 1.0, -1e100, 1.0]), Some(0.5));
    }

    #[test]
    fn one_value_is_every_quantile() {
        for q in [0.0, 0.3, 1.0] {
            assert_eq!(quantile_type7(&[7.0], q), Some(7.0));
            assert_eq!(quantile_type1(&[7.0], q), Some(7.0));
        }
        assert_eq!(standard_deviation_population(&[7.0]), Some(0.0));
    }

    #[test]
    fn undefined_quantiles_have_no_answer() {
        assert_eq!(quantile_type7(&[], 0.5), None);
        assert_eq!(quantile_type1(&[], 0.5), None);
        assert_eq!(quantile_type7(&[1.0], 1.5), None);
        assert_eq!(quantile_type7(&[1.0], f64::NAN), None);
    }

    #[test]
    fn infinite_values_have_no_mean_and_no_spread() {
        assert_eq!(mean(&[1.0, f64::INFINITY]), None);
        assert_eq!(mean(&[f64::NAN]), None);
        assert_eq!(standard_deviation_population(&[f64::MAX, -f64::MAX]), None);
        assert_eq!(quantile_type7(&[1.0, f64::INFINITY], 0.5), None);
    }
}
