//! Corrections of p-values for the number of tests that were made, in the conventions of statsmodels' `multipletests`.
//!
//! Each function returns one adjusted p-value per input, in the input's order, in `0..=1`: reject where it is at most the
//! level. A p-value that is not a number counts as 1 (no evidence); others are clamped to `0..=1`.

/// A p-value in `0..=1`.
fn clean(p: f64) -> f64 {
    if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) }
}

/// Indices of `p`, smallest p-value first (ties in input order), with the cleaned values.
fn ascending(p: &[f64]) -> Vec<(usize, f64)> {
    let mut order: Vec<(usize, f64)> = p.iter().map(|&value| clean(value)).enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    order
}

/// Puts values back at their indices.
fn in_input_order(adjusted: impl IntoIterator<Item = (usize, f64)>, length: usize) -> Vec<f64> {
    let mut result = vec![1.0; length];
    for (index, value) in adjusted {
        if let Some(slot) = result.get_mut(index) {
            *slot = value;
        }
    }
    result
}

/// Step-up adjustment: `min over j ≥ rank of factor · n/j · p₍ⱼ₎`, at most 1.
fn step_up(p: &[f64], factor: f64) -> Vec<f64> {
    let count = p.len() as f64;
    let mut smallest = 1.0_f64;
    let adjusted = ascending(p).into_iter().enumerate().rev().map(|(rank, (index, value))| {
        smallest = smallest.min(value * factor / ((rank + 1) as f64 / count));
        (index, smallest)
    });
    in_input_order(adjusted, p.len())
}

/// Benjamini-Hochberg: controls the expected share of false alarms among all alarms, for independent or positively
/// dependent tests.
///
/// `q₍ᵢ₎ = min over j ≥ i of n/j · p₍ⱼ₎`.
///
/// # Source
/// Benjamini & Hochberg (1995), *Controlling the False Discovery Rate*.
///
/// ```
/// use tidegate_statistics::correction::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[0.5, 0.01]), vec![0.5, 0.02]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, 1.0)
}

/// Benjamini-Yekutieli: like [`benjamini_hochberg`] under any dependence, at the price of a factor `Σ 1/i`.
///
/// # Source
/// Benjamini & Yekutieli (2001), *The Control of the False Discovery Rate in Multiple Testing under Dependency*.
///
/// ```
/// use tidegate_statistics::correction::benjamini_yekutieli;
/// assert_eq!(benjamini_yekutieli(&[0.5, 0.01]), vec![0.75, 0.03]);
/// ```
#[must_use]
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    step_up(p, (1..=p.len()).map(|rank| 1.0 / rank as f64).sum())
}

/// Bonferroni: `min(1, n·p)`; controls the chance of any false alarm, whatever the dependence.
///
/// ```
/// use tidegate_statistics::correction::bonferroni;
/// assert_eq!(bonferroni(&[0.5, 0.01]), vec![1.0, 0.02]);
/// ```
#[must_use]
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    let count = p.len() as f64;
    in_input_order(ascending(p).into_iter().map(|(index, value)| (index, (value * count).min(1.0))), p.len())
}

/// One p-value for several tests of one hypothesis, each `(weight, p)`: the weighted harmonic mean, `Σw / Σ(w/p)`.
///
/// It is never larger than the weighted Bonferroni's smallest `p·Σw/w`, and smaller where several tests speak together. Whatever their
/// dependence, small values are about as frequent by chance as they say: of five independent tests 6 % are below 0.05, and 0.10 % below 0.001.
/// Weights that are not positive are left out; 1 without a test.
///
/// # Source
/// Good (1958), *Significance Tests in Parallel and in Series*; Wilson (2019), *The Harmonic Mean p-Value for Combining Dependent Tests*.
///
/// ```
/// use tidegate_statistics::correction::harmonic_mean;
/// // 2 / (1/0.01 + 1/0.01), and one that says nothing beside it
/// assert!((harmonic_mean([(1.0, 0.01), (1.0, 0.01)]) - 0.01).abs() < 1e-15);
/// assert!((harmonic_mean([(1.0, 0.01), (1.0, 1.0)]) - 2.0 / 101.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn harmonic_mean(tests: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let usable = tests.into_iter().filter(|(weight, _)| *weight > 0.0);
    let (weights, reciprocals) =
        usable.fold((0.0, 0.0), |(weights, reciprocals), (weight, p)| (weights + weight, reciprocals + weight / clean(p)));
    if weights > 0.0 { weights / reciprocals } else { 1.0 }
}

/// Holm: step-down Bonferroni, never weaker than it.
///
/// `p̃₍ᵢ₎ = max over j ≤ i of (n − j + 1) · p₍ⱼ₎`, at most 1.
///
/// # Source
/// Holm (1979), *A Simple Sequentially Rejective Multiple Test Procedure*.
///
/// ```
/// use tidegate_statistics::correction::holm;
/// assert_eq!(holm(&[0.5, 0.01]), vec![0.5, 0.02]);
/// ```
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let count = p.len();
    let mut largest = 0.0_f64;
    let adjusted = ascending(p).into_iter().enumerate().map(|(rank, (index, value))| {
        largest = largest.max(value * (count - rank) as f64).min(1.0);
        (index, largest)
    });
    in_input_order(adjusted, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example_of_four_tests() {
        let p = [0.04, 0.01, 0.03, 0.02];
        let close = |actual: Vec<f64>, expected: [f64; 4]| {
            assert!(actual.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-15), "{actual:?}");
        };
        close(benjamini_hochberg(&p), [0.04; 4]);
        close(bonferroni(&p), [0.16, 0.04, 0.12, 0.08]);
        close(holm(&p), [0.06, 0.04, 0.06, 0.06]);
        let harmonic = 1.0 + 0.5 + 1.0 / 3.0 + 0.25;
        close(benjamini_yekutieli(&p), [0.04 * harmonic; 4]);
    }

    #[test]
    fn no_tests_give_no_answers_and_nonsense_counts_as_no_evidence() {
        assert!(benjamini_hochberg(&[]).is_empty());
        assert!(holm(&[]).is_empty());
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.01]), vec![1.0, 0.02]);
        assert_eq!(bonferroni(&[-1.0, 7.0]), vec![0.0, 1.0]);
        assert!((harmonic_mean([(1.0, f64::NAN), (1.0, 1.0)]) - 1.0).abs() < 1e-15 && harmonic_mean([(1.0, 0.0), (1.0, 1.0)]) <= 0.0);
        assert!((harmonic_mean([(0.0, 0.01)]) - 1.0).abs() < 1e-15);
    }
}
