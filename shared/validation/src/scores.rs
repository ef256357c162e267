//! Fixed cells of scores: the same for every window, evaluation set and model, so that they can be compared and added up.
//!
//! Scores are cut by their logit in steps of 0.05 from −10 to 10: fine where scores are near 0 or 1, and 0.0125 wide at 0.5.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Outcomes;
use crate::evaluation::{Binary, Multiclass};

/// Number of cells.
pub const CELLS: u16 = 400;

/// Logit at which the first cell ends that is not open.
const LEAST: f64 = -10.0;

/// Cells per unit of the logit.
const PER_UNIT: f64 = 20.0;

/// What became of rows whose scores lie in one cell: from many of these is learned what a score means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreRows {
    /// The cell ([`cell_of`]).
    pub cell: u16,
    /// Rows whose outcome is known.
    pub rows: u64,
    /// Those that came true: of a binary task the positive ones, of a multiclass task those whose class was predicted.
    pub positives: u64,
}

/// The cell of a score; `None` for one that is no probability.
#[must_use]
pub fn cell_of(score: f64) -> Option<u16> {
    if !(0.0..=1.0).contains(&score) {
        return None;
    }
    let logit = libm::log(score) - libm::log1p(-score);
    let place = ((logit - LEAST) * PER_UNIT).floor().clamp(0.0, f64::from(CELLS - 1));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the number of cells")]
    Some(place as u16)
}

/// The rows of an evaluation by the cells of their scores; of a multiclass task the score is the probability of the class that was predicted. Empty where
/// a score is missing or is no probability.
#[must_use]
pub fn score_rows(outcomes: &Outcomes) -> Vec<ScoreRows> {
    let scored: Option<Vec<(u16, bool)>> = match outcomes {
        Outcomes::Binary(Binary { actual, score: Some(score), .. }) => {
            score.iter().zip(actual).map(|(score, actual)| Some((cell_of(*score)?, *actual))).collect()
        }
        Outcomes::Multiclass(Multiclass { classes, actual, predicted, probabilities: Some(table) }) => {
            let rows = table.chunks_exact(classes.len().max(1)).zip(actual.iter().zip(predicted));
            let of = |(table, (actual, predicted)): (&[f64], (&u32, &u32))| {
                Some((cell_of(*table.get(usize::try_from(*predicted).ok()?)?)?, actual == predicted))
            };
            rows.map(of).collect()
        }
        _ => None,
    };
    let mut cells: BTreeMap<u16, [u64; 2]> = BTreeMap::new();
    for (cell, came_true) in scored.unwrap_or_default() {
        let [rows, positives] = cells.entry(cell).or_default();
        *rows += 1;
        *positives += u64::from(came_true);
    }
    cells.into_iter().map(|(cell, [rows, positives])| ScoreRows { cell, rows, positives }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_rise_with_the_score_and_end_at_the_ends() {
        let cells: Vec<u16> = [0.0, 1e-9, 0.01, 0.4999, 0.5, 0.99, 1.0].into_iter().map(|score| cell_of(score).unwrap()).collect();
        assert_eq!(cells, [0, 0, 108, 199, 200, 291, 399]);
        assert_eq!((cell_of(1.1), cell_of(-0.1), cell_of(f64::NAN)), (None, None, None));
    }

    #[test]
    fn rows_are_counted_by_their_score_and_of_several_classes_by_that_of_the_predicted_one() {
        let rows = |cell, rows, positives| ScoreRows { cell, rows, positives };
        let binary = |score| Outcomes::binary(vec![true, false, true], vec![true, false, true], Some(score)).unwrap();
        assert_eq!(score_rows(&binary(vec![0.5, 0.5, 1.0])), [rows(200, 2, 1), rows(399, 1, 1)]);
        assert!(score_rows(&binary(vec![0.5, 0.5, 1.5])).is_empty(), "what is no probability means nothing");
        let several = Multiclass {
            classes: ["a", "b"].map(str::to_owned).to_vec(),
            actual: vec![0, 1, 1],
            predicted: vec![0, 0, 1],
            probabilities: Some(vec![0.5, 0.5, 0.5, 0.5, 0.0, 1.0]),
        };
        assert_eq!(score_rows(&Outcomes::Multiclass(several)), [rows(200, 2, 1), rows(399, 1, 1)]);
    }
}
