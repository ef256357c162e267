//! Area under the ROC curve, its variance, and the covariance of two of them on the same rows, by DeLong's method.
//!
//! # Source
//! DeLong, DeLong & Clarke-Pearson (1988), *Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves*;
//! by midranks as in Sun & Xu (2014), *Fast Implementation of DeLong's Algorithm*, in `O(n log n)`.

use crate::interval::{self, Interval};
use crate::normal;

/// An area under the ROC curve with what its rows contribute to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Auc {
    area: f64,
    /// Per row: of a positive the share of negatives that score lower (ties count half), of a negative the share of positives that score higher.
    placements: Vec<f64>,
    positives: usize,
}

impl Auc {
    /// The area of `scores` for the rows that are `positive`; `None` without a positive or without a negative, for lengths that differ, or
    /// for a score that is not a number.
    ///
    /// `A = Σ ψ(xᵢ, yⱼ) / mn` over the `m` positives and `n` negatives, `ψ` 1 where the positive scores higher, ½ for a tie: in `0..=1`.
    ///
    /// ```
    /// use tidegate_statistics::auc::Auc;
    /// let auc = Auc::new(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]).unwrap();
    /// assert!((auc.area() - 0.75).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn new(positive: &[bool], scores: &[f64]) -> Option<Self> {
        if positive.len() != scores.len() || scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let positives = positive.iter().filter(|positive| **positive).count();
        let negatives = positive.len() - positives;
        if positives == 0 || negatives == 0 {
            return None;
        }
        let mut order: Vec<(f64, usize)> = scores.iter().copied().zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal).then(a.1.cmp(&b.1)));
        let (m, n) = (positives as f64, negatives as f64);
        let mut placements = vec![0.0; scores.len()];
        let (mut positives_below, mut negatives_below) = (0.0, 0.0);
        for ties in order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq() || a.0 - b.0 == 0.0) {
            let is_positive = |row: usize| positive.get(row).copied().unwrap_or(false);
            let tied_positives = ties.iter().filter(|(_, row)| is_positive(*row)).count() as f64;
            let tied_negatives = ties.len() as f64 - tied_positives;
            for &(_, row) in ties {
                let share = if is_positive(row) {
                    (negatives_below + tied_negatives / 2.0) / n
                } else {
                    (m - positives_below - tied_positives / 2.0) / m
                };
                if let Some(slot) = placements.get_mut(row) {
                    *slot = share;
                }
            }
            positives_below += tied_positives;
            negatives_below += tied_negatives;
        }
        let area = positive.iter().zip(&placements).filter(|(positive, _)| **positive).map(|(_, share)| share).sum::<f64>() / m;
        Some(Self { area, placements, positives })
    }

    /// The area, in `0..=1`.
    #[must_use]
    pub fn area(&self) -> f64 {
        self.area
    }

    /// DeLong's variance of the area; `None` below two positives or two negatives.
    #[must_use]
    pub fn variance(&self, positive: &[bool]) -> Option<f64> {
        self.covariance(self, positive)
    }

    /// DeLong's covariance with another area on the same rows: `S₁₀/m + S₀₁/n`, the sample covariances of the placements of positives and
    /// of negatives. `None` below two of either, or for other rows.
    #[must_use]
    pub fn covariance(&self, other: &Self, positive: &[bool]) -> Option<f64> {
        let negatives = positive.len().checked_sub(self.positives)?;
        if self.placements.len() != positive.len() || other.placements.len() != positive.len() || self.positives < 2 || negatives < 2 {
            return None;
        }
        let of = |class: bool, count: usize| {
            let sum = positive
                .iter()
                .zip(self.placements.iter().zip(&other.placements))
                .filter(|(positive, _)| **positive == class)
                .map(|(_, (a, b))| (a - self.area) * (b - other.area))
                .sum::<f64>();
            sum / (count - 1) as f64 / count as f64
        };
        Some(of(true, self.positives) + of(false, negatives))
    }

    /// How much each row moves the area: its placement less the area, divided by the rows of its class; sums to 0.
    ///
    /// The squares sum to DeLong's variance but for the factors `m/(m−1)`, `n/(n−1)`; of several areas on the same rows, influences add.
    pub fn influence<'a>(&'a self, positive: &'a [bool]) -> impl Iterator<Item = f64> + 'a {
        let (m, n) = (self.positives as f64, (positive.len() - self.positives) as f64);
        positive.iter().zip(&self.placements).map(move |(positive, share)| (share - self.area) / if *positive { m } else { n })
    }

    /// Interval of the area by DeLong's variance on the logit scale, so that it stays within `0..=1`; always holds the area.
    ///
    /// `logit A ± z·σ / (A(1−A))`. At an area of 0 or 1 the variance says nothing: then Wilson's interval with the rows of the smaller
    /// class as trials. `None` as for [`Auc::variance`].
    ///
    /// # Source
    /// Pepe (2003), *The Statistical Evaluation of Medical Tests for Classification and Prediction*, 5.2.5; the edge is ours.
    #[must_use]
    pub fn interval(&self, positive: &[bool], confidence: f64) -> Option<Interval> {
        let variance = self.variance(positive)?;
        let smaller = self.positives.min(positive.len() - self.positives) as u64;
        if self.area <= 0.0 || self.area >= 1.0 {
            return interval::wilson(if self.area > 0.5 { smaller } else { 0 }, smaller, confidence);
        }
        interval::logit(self.area, variance, confidence)
    }
}

/// The difference of two areas on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AucDifference {
    /// First less second, in `−1..=1`.
    pub difference: f64,
    /// DeLong's variance of the difference.
    pub variance: f64,
}

impl AucDifference {
    /// The difference of `first` and `second`; `None` as for [`Auc::covariance`].
    ///
    /// `Var(A − B) = Var A + Var B − 2 Cov(A, B)`.
    #[must_use]
    pub fn new(first: &Auc, second: &Auc, positive: &[bool]) -> Option<Self> {
        let both = first.variance(positive)? + second.variance(positive)?;
        let variance = (both - 2.0 * first.covariance(second, positive)?).max(0.0);
        // What is left of two areas that agree is rounding.
        let variance = if variance <= 1e-14 * both { 0.0 } else { variance };
        Some(Self { difference: first.area - second.area, variance })
    }

    /// `z` of the difference against `shift`: 0 where neither differs nor varies.
    #[must_use]
    pub fn z(&self, shift: f64) -> f64 {
        let distance = self.difference - shift;
        if self.variance > 0.0 {
            distance / self.variance.sqrt()
        } else if distance.abs() < 1e-12 {
            0.0
        } else {
            distance.signum() * f64::INFINITY
        }
    }

    /// Two-sided p-value against no difference.
    #[must_use]
    pub fn p(&self) -> f64 {
        normal::two_sided_p(self.z(0.0))
    }

    /// `difference ± z·σ`; `None` unless `0 < confidence < 1`.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        let half = normal::quantile(f64::midpoint(1.0, confidence))? * self.variance.sqrt();
        Some(Interval { low: self.difference - half, high: self.difference + half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_and_one_class_has_no_area() {
        let auc = Auc::new(&[true, false, true, false], &[0.5; 4]).unwrap();
        assert!((auc.area() - 0.5).abs() < 1e-15);
        assert_eq!(Auc::new(&[true, true], &[0.1, 0.2]), None);
        assert_eq!(Auc::new(&[true, false], &[f64::NAN, 0.2]), None);
    }

    #[test]
    fn a_perfect_area_is_not_certain() {
        let positive: Vec<bool> = (0..40).map(|row| row >= 20).collect();
        let scores: Vec<f64> = (0..40).map(f64::from).collect();
        let auc = Auc::new(&positive, &scores).unwrap();
        let interval = auc.interval(&positive, 0.95).unwrap();
        assert!((interval.high - 1.0).abs() < 1e-15 && interval.low < 0.9, "{interval:?}");
    }

    #[test]
    fn equal_models_do_not_differ() {
        let positive: Vec<bool> = (0..30).map(|row| row % 3 == 0).collect();
        let scores: Vec<f64> = (0..30).map(|row| f64::from((row * 11) % 17)).collect();
        let auc = Auc::new(&positive, &scores).unwrap();
        let difference = AucDifference::new(&auc, &auc, &positive).unwrap();
        assert!((difference.p() - 1.0).abs() < 1e-15 && difference.variance.abs() < 1e-15);
    }
}
