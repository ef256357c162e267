//! Positive quadratic forms in normal variables, `Σ λᵢ·χ²₁`: what weighted squared distances between samples come to by chance.
//!
//! A form is told by its power sums `[Σ λ, Σ λ², Σ λ³]`: its mean is the first, its variance twice the second. One with `d` weights of 1
//! is chi-squared with `d` degrees of freedom, and its power sums are `[d, d, d]`.

use crate::chi_squared;

/// Probability that a quadratic form with these power sums exceeds `x`, `0..=1`; `None` unless all three are positive.
///
/// The form is matched by a chi-squared variable, moved and scaled, of the same mean, variance and skewness. It is exact where all weights
/// are alike; where one is as large as all others together, a probability of 0.001 is told a tenth and one of 1e-5 a third too small.
///
/// # Source
/// Pearson (1959), *Note on an approximation to the distribution of non-central χ²*; Imhof (1961), 5.
///
/// ```
/// use tidegate_statistics::{chi_squared, quadratic};
/// let alike = quadratic::sf(7.0, [3.0, 3.0, 3.0]).unwrap();
/// assert!((alike - chi_squared::sf(7.0, 3.0).unwrap()).abs() < 1e-14);
/// // Weights .6, .3 and .1: P(Q > 2) = .1240 (Imhof, 1961, table 1)
/// assert!((quadratic::sf(2.0, [1.0, 0.46, 0.244]).unwrap() - 0.1240).abs() < 3e-3);
/// ```
#[must_use]
pub fn sf(x: f64, [first, second, third]: [f64; 3]) -> Option<f64> {
    if !(first > 0.0 && second > 0.0 && third > 0.0) {
        return None;
    }
    let freedom = second.powi(3) / (third * third);
    chi_squared::sf((x - first) * (freedom / second).sqrt() + freedom, freedom)
}

/// The power sums of `Σ wᵢ·(qᵢ − pᵢ)²/s`, `p` and `q` the shares of two samples of sizes `m` and `n` from one distribution with these
/// `shares`, and `s = 1/m + 1/n`: those of `diag(w)·(diag(p) − p·pᵀ)`.
///
/// ```
/// // Pearson's weights, 1/p: as many degrees of freedom as categories less one.
/// let sums = tidegate_statistics::quadratic::of_shares(&[0.5, 0.3, 0.2], &[2.0, 1.0 / 0.3, 5.0]);
/// assert!(sums.iter().all(|sum| (sum - 2.0).abs() < 1e-12));
/// ```
#[must_use]
pub fn of_shares(shares: &[f64], weights: &[f64]) -> [f64; 3] {
    // Of diag(a) less the product of two vectors, whose powers follow from the inner products below.
    let sum = |of: &dyn Fn(f64, f64) -> f64| shares.iter().zip(weights).map(|(share, weight)| of(*share, *weight)).sum::<f64>();
    let diagonal = |power: i32| sum(&|share, weight| (share * weight).powi(power));
    let product = |power: i32| sum(&|share, weight| share * (share * weight).powi(power));
    let [one, two, three] = [1, 2, 3].map(product);
    [diagonal(1) - one, diagonal(2) - 2.0 * two + one * one, diagonal(3) - 3.0 * three + 3.0 * two * one - one.powi(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_meets_exact_values() {
        // Weights .6, .3 and .1, by numerical inversion of the characteristic function (Imhof, 1961).
        for (x, exact) in [(0.7, 0.506_44), (2.0, 0.123_96), (4.0, 0.016_862), (8.0, 0.000_423_8)] {
            let p = sf(x, [1.0, 0.46, 0.244]).unwrap();
            assert!((p / exact - 1.0).abs() < 0.2, "{x}: {p}");
        }
    }

    #[test]
    fn power_sums_are_those_of_the_matrix() {
        let (shares, weights) = ([0.6, 0.3, 0.1], [1.0, 2.0, 5.0]);
        let entry = |row: usize, column: usize| {
            let same = if row == column { shares[row] } else { 0.0 };
            weights[row] * (same - shares[row] * shares[column])
        };
        let times =
            |left: &dyn Fn(usize, usize) -> f64, row: usize, column: usize| (0..3).map(|k| left(row, k) * entry(k, column)).sum::<f64>();
        let squared = |row: usize, column: usize| times(&entry, row, column);
        let cubed = |row: usize, column: usize| times(&squared, row, column);
        let trace = |of: &dyn Fn(usize, usize) -> f64| (0..3).map(|k| of(k, k)).sum::<f64>();
        let expected = [trace(&entry), trace(&squared), trace(&cubed)];
        let sums = of_shares(&shares, &weights);
        assert!(sums.iter().zip(&expected).all(|(sum, expected)| (sum - expected).abs() < 1e-14), "{sums:?} {expected:?}");
    }

    #[test]
    fn what_has_no_spread_has_no_tail() {
        assert_eq!(sf(1.0, [0.0, 0.0, 0.0]), None);
        assert_eq!(sf(1.0, [f64::NAN, 1.0, 1.0]), None);
    }
}
