//! Fixed cells of scores: the same for every window and model, so that windows can be compared and added up.
//!
//! Scores are cut by their logit in steps of 0.05 from −10 to 10: fine where scores are near 0 or 1, and 0.0125 wide at 0.5.

use serde::{Deserialize, Serialize};

/// Number of cells.
pub const CELLS: u16 = 400;

/// Logit at which the first cell ends that is not open.
const LEAST: f64 = -10.0;

/// Cells per unit of the logit.
const PER_UNIT: f64 = 20.0;

/// The predictions of a window whose scores lie in one cell and that were predicted alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreCell {
    /// The cell ([`cell_of`]).
    pub cell: u16,
    /// Whether they were predicted positive.
    pub predicted: bool,
    /// Predictions.
    pub rows: u64,
    /// Those whose truth is in.
    pub labelled: u64,
    /// Those that turned out positive.
    pub positives: u64,
    /// Sum of the scores.
    pub sum: f64,
    /// Sum of the squared scores.
    pub sum_of_squares: f64,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_rise_with_the_score_and_end_at_the_ends() {
        let cells: Vec<u16> = [0.0, 1e-9, 0.01, 0.4999, 0.5, 0.99, 1.0].into_iter().map(|score| cell_of(score).unwrap()).collect();
        assert_eq!(cells, [0, 0, 108, 199, 200, 291, 399]);
        assert_eq!((cell_of(1.1), cell_of(-0.1), cell_of(f64::NAN)), (None, None, None));
    }
}
