//! What one record maps to, said for people.

use crate::{IntakeError, Plan};

/// What was found for one thing that the plan reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its name: `timestamp`, `inference_id`, `version` or a field's.
    pub name: String,
    /// Where it was looked for: the mapped path.
    pub path: String,
    /// The value as written in the record; `None` when nothing lies there.
    pub raw: Option<String>,
    /// What it is read as.
    pub value: FoundValue,
}

/// What a value is read as.
#[derive(Debug, Clone, PartialEq)]
pub enum FoundValue {
    /// A usable number.
    Number(f64),
    /// An infinite number: counted, not used.
    Infinite(f64),
    /// A category, an identifier or a version.
    Text(String),
    /// A time, milliseconds since 1970.
    Time(i64),
    /// Missing: null, absent, empty or not a number.
    Missing,
    /// Of another type than the contract says: what was found.
    WrongType(String),
}

/// Says what the first record of a sample maps to: JSONL, CSV or Parquet, compressed or not.
///
/// # Errors
/// [`IntakeError::Sample`] if the sample has no record that can be read.
pub fn explain(_plan: &Plan, _sample: &[u8]) -> Result<Vec<Found>, IntakeError> {
    todo!()
}
