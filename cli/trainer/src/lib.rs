//! A stand-in for a team's training job: a logistic regression over collected records and what really was, as an ONNX file that
//! `validate` can ask. It is small and honest: what it learns, it learns from the rows that it is given.

mod fit;
mod table;

pub use fit::{Classes, fit};
pub use table::{Column, Table};

/// Why nothing was learned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A column is not there, or of another type.
    #[error("column \"{name}\": found {found}, expected {expected}")]
    Column {
        /// The column.
        name: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The rows do not show both outcomes, or are too few.
    #[error("found {rows} rows with an outcome, {positive} of them positive, expected at least {least} of each kind")]
    Rows {
        /// How many there are.
        rows: usize,
        /// How many are positive.
        positive: usize,
        /// How many of each kind are needed.
        least: usize,
    },
    /// The optimiser failed.
    #[error("the regression was not found")]
    Fit(#[source] smartcore::error::Failed),
    /// The model cannot be written as an ONNX file.
    #[error("the model cannot be written")]
    Export(#[from] tidegate_scoring::ScoringError),
}
