//! Why a metric has no value. Undefined is undefined: never 0, never NaN.

use std::fmt;

/// Why something that was asked for has no value on these rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undefined {
    /// There are no rows.
    NoRows,
    /// No row is positive.
    NoPositives,
    /// No row is negative.
    NoNegatives,
    /// No row is predicted to be positive.
    NothingPredicted,
    /// Outcomes or predictions are all the same, so there is nothing to correlate.
    Constant,
    /// The model gave no scores.
    NoScores,
    /// The scores are not probabilities.
    NotProbabilities,
    /// The model gave no class probabilities.
    NoProbabilities,
    /// A class has no row, or every row.
    Class(String),
    /// Every outcome is zero, so no error is a share of one.
    OnlyZeros,
    /// The metric belongs to another task.
    OtherTask,
    /// Too few rows of a class to tell two models apart.
    TooFewOfAClass {
        /// The rows of the smaller class.
        found: u64,
        /// The rows that are needed.
        needed: u64,
    },
    /// The statistic is undefined in too many resamples.
    Resamples,
}

impl fmt::Display for Undefined {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRows => out.write_str("there are no rows"),
            Self::NoPositives => out.write_str("no row is positive"),
            Self::NoNegatives => out.write_str("no row is negative"),
            Self::NothingPredicted => out.write_str("no row is predicted to be positive"),
            Self::Constant => out.write_str("outcomes or predictions are all the same"),
            Self::NoScores => out.write_str("the model gave no scores"),
            Self::NotProbabilities => out.write_str("the scores are not all between 0 and 1"),
            Self::NoProbabilities => out.write_str("the model gave no class probabilities"),
            Self::Class(name) => write!(out, "the class \"{name}\" has no row, or every row"),
            Self::OnlyZeros => out.write_str("every outcome is zero"),
            Self::OtherTask => out.write_str("it belongs to another task"),
            Self::TooFewOfAClass { found, needed } => write!(out, "a class has {found} rows, and {needed} are needed"),
            Self::Resamples => out.write_str("it is undefined in many resamples of the rows"),
        }
    }
}
