//! What is wrong with the rows of an evaluation.

/// Why rows cannot be evaluated: what was found, what was expected, and in which column and row.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// There are no rows.
    #[error("found no rows, expected at least one")]
    NoRows,
    /// A column is longer or shorter than the column of ids.
    #[error("column {column}: found {found} values, expected {expected}, as many as there are ids")]
    Length {
        /// The column.
        column: String,
        /// Its values.
        found: usize,
        /// The rows of the ids.
        expected: usize,
    },
    /// Two rows have the same id.
    #[error("found the id \"{id}\" a second time, expected every row once")]
    SecondId {
        /// The id.
        id: String,
    },
    /// A value is missing.
    #[error("column {column}, row \"{id}\": found nothing, expected a value")]
    Missing {
        /// The column.
        column: String,
        /// The row's id.
        id: String,
    },
    /// A number is infinite or not a number.
    #[error("column {column}, row \"{id}\": found {value}, expected a finite number")]
    NotFinite {
        /// The column.
        column: String,
        /// The row's id.
        id: String,
        /// What was found.
        value: f64,
    },
    /// A column of names stands where numbers are needed.
    #[error("column {column}, row \"{id}\": found \"{value}\", expected a number")]
    NotANumber {
        /// The column.
        column: String,
        /// The row's id.
        id: String,
        /// What was found.
        value: String,
    },
    /// A binary task has other than two outcomes.
    #[error("column {column}: found the outcomes {found}, expected two of them in a binary task")]
    Outcomes {
        /// The column.
        column: String,
        /// What was found.
        found: String,
    },
    /// It is not known which outcome is the positive one.
    #[error(
        "found the outcomes {found}, expected one of them to be 1, true, yes or positive; or name it in the contract: validation.positive"
    )]
    NoPositive {
        /// What was found.
        found: String,
    },
    /// There is nothing that the model answered.
    #[error("found no predictions, expected a column of {expected}")]
    NoPredictions {
        /// The columns that would do.
        expected: &'static str,
    },
    /// Class probabilities do not add up to one.
    #[error("row \"{id}\": found class probabilities that sum to {sum}, expected numbers from 0 to 1 that sum to 1")]
    Probabilities {
        /// The row's id.
        id: String,
        /// Their sum.
        sum: f64,
    },
}
