//! Faults of the data themselves.

use serde::{Deserialize, Serialize};

use super::State;

/// A fault of the data themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityFinding {
    /// Which fault.
    pub kind: QualityKind,
    /// The field it is about; `None` when it is about the files.
    pub field: Option<String>,
    /// How bad it is: [`State::Warning`] or [`State::Drift`].
    pub state: State,
    /// Share of records or lines affected, `0..=1`.
    pub share: f64,
    /// The same share in the baseline, where there is one.
    pub share_baseline: Option<f64>,
    /// What was found and what was expected, in one sentence.
    pub sentence: String,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityKind {
    /// More values are missing.
    Missing,
    /// Values of another type than the contract says.
    WrongType,
    /// Values outside the contract's range or allowed set.
    OutOfRange,
    /// Category values that the baseline never showed.
    UnseenCategory,
    /// Infinite numbers.
    Infinite,
    /// A feature of the contract that no record carried.
    AbsentFeature,
    /// A feature that the contract does not know.
    UnexpectedFeature,
    /// Lines that could not be read.
    BadLines,
}
