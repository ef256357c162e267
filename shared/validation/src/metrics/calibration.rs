//! Calibration: whether of the rows that score 0.7, seven of ten are positive.

use crate::evaluation::{Binary, Multiclass};
use crate::{Outcomes, Undefined};

/// Bins of equal width over `0..=1`, each with its upper end: `(0, 0.1]`, and 0 in the first.
pub const CALIBRATION_BINS: usize = 10;

/// The rows whose scores lie in one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// Lower end of the bin, `0..1`.
    pub from: f64,
    /// Rows in it.
    pub rows: u64,
    /// Their mean score.
    pub mean_score: f64,
    /// The share of them that is positive (of several classes: predicted rightly).
    pub share_positive: f64,
}

/// The reliability diagram's bins that have rows; of several classes the score is that of the most probable one.
///
/// # Errors
/// [`Undefined`] without scores, or with scores that are no probabilities.
///
/// # Source
/// Guo et al. (2017), *On Calibration of Modern Neural Networks*, with ten bins instead of fifteen.
pub fn calibration(outcomes: &Outcomes) -> Result<Vec<CalibrationBin>, Undefined> {
    let mut sums = [(0_u64, 0.0, 0.0); CALIBRATION_BINS];
    for (score, right) in gaps(outcomes)? {
        if let Some(sum) = sums.get_mut(usize::from(bin_of(score))) {
            *sum = (sum.0 + 1, sum.1 + score, sum.2 + right);
        }
    }
    let bins = sums.iter().enumerate().filter(|(_, (rows, ..))| *rows > 0);
    Ok(bins
        .map(|(bin, &(rows, scores, right))| CalibrationBin {
            from: bin as f64 / CALIBRATION_BINS as f64,
            rows,
            mean_score: scores / rows as f64,
            share_positive: right / rows as f64,
        })
        .collect())
}

/// The bin of a score: how many inner edges lie below it. The edges are `NumPy`'s, `i · 0.1`.
pub(super) fn bin_of(score: f64) -> u8 {
    (1..10_u8).filter(|edge| f64::from(*edge) * 0.1 < score).count().try_into().unwrap_or(0)
}

/// Per row the score and 1 where it should have been 1, else 0.
pub(super) fn gaps(outcomes: &Outcomes) -> Result<Vec<(f64, f64)>, Undefined> {
    let truth = |is: bool| f64::from(u8::from(is));
    match outcomes {
        Outcomes::Binary(Binary { actual, score, .. }) => {
            let score = score.as_ref().ok_or(Undefined::NoScores)?;
            if score.iter().any(|score| !(0.0..=1.0).contains(score)) {
                return Err(Undefined::NotProbabilities);
            }
            Ok(score.iter().zip(actual).map(|(score, actual)| (*score, truth(*actual))).collect())
        }
        Outcomes::Multiclass(Multiclass { classes, actual, predicted, probabilities }) => {
            let table = probabilities.as_ref().ok_or(Undefined::NoProbabilities)?;
            let rows = table.chunks_exact(classes.len()).zip(actual.iter().zip(predicted));
            Ok(rows.map(|(row, (actual, predicted))| (row.iter().copied().fold(0.0, f64::max), truth(actual == predicted))).collect())
        }
        Outcomes::Regression(_) => Err(Undefined::OtherTask),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_holds_its_upper_end() {
        assert_eq!([0.0, 0.05, 0.1, 0.100_001, 0.5, 0.95, 1.0].map(bin_of), [0, 0, 0, 1, 4, 9, 9]);
    }
}
