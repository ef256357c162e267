//! What a sample's fields look like, for a first contract.

use crate::{Format, IntakeError};

/// What a sample holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// The format of the sample.
    pub format: Format,
    /// Records that were looked at.
    pub records: u64,
    /// Every leaf, in the order in which the records name them.
    pub fields: Vec<InferredField>,
}

/// One leaf of the records of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct InferredField {
    /// Its path from the top of the record, dotted.
    pub path: String,
    /// What its values look like.
    pub kind: InferredKind,
    /// Records in which it is absent, null or empty.
    pub missing: u64,
    /// Up to [`INFERRED_VALUES`] distinct values, in order of appearance.
    pub values: Vec<String>,
    /// Distinct values; exact up to [`INFERRED_DISTINCT`].
    pub distinct: u64,
    /// Least number, when there are numbers.
    pub min: Option<f64>,
    /// Greatest number, when there are numbers.
    pub max: Option<f64>,
}

/// What a leaf's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InferredKind {
    /// Numbers.
    Numeric,
    /// A few names.
    Categorical,
    /// `true` and `false`: a categorical feature.
    Boolean,
    /// Times.
    Timestamp,
    /// Nearly every record has its own value.
    Identifier,
    /// Always missing.
    Empty,
    /// Arrays: not read.
    Nested,
}

/// At most so many values of a field are listed.
pub const INFERRED_VALUES: usize = 20;
/// Distinct values are counted up to here.
pub const INFERRED_DISTINCT: usize = 10_000;
/// At most so many records of a sample are looked at.
pub const INFERRED_RECORDS: u64 = 10_000;

/// Looks at a sample: JSONL, CSV or Parquet, compressed or not. Bad lines are passed over.
///
/// # Errors
/// [`IntakeError::Sample`] if the sample has no record that can be read.
pub fn infer(_sample: &[u8]) -> Result<Inferred, IntakeError> {
    todo!()
}
