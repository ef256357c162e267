//! Counting batches of records.

use arrow_array::RecordBatch;
use tidegate_contract::Field;

use crate::{Baseline, BatchFacts, Profile, ProfileError};

/// Counts batches of records into profiles.
#[derive(Debug)]
pub struct Profiler {}

impl Profiler {
    /// A profiler of these fields (`Contract::fields`), counting in the baseline's cells where there is one.
    #[must_use]
    pub fn new(_fields: &[Field], _baseline: Option<&Baseline>) -> Self {
        todo!()
    }

    /// A profile of no records.
    #[must_use]
    pub fn start(&self) -> Profile {
        todo!()
    }

    /// Counts a batch. Columns are found by name; see the crate's `README`-like notes in `lib.rs` for their types.
    ///
    /// # Errors
    /// [`ProfileError::Column`] if a field's column is absent or of another type.
    pub fn observe(&mut self, _profile: &mut Profile, _batch: &RecordBatch, _facts: &BatchFacts) -> Result<(), ProfileError> {
        todo!()
    }
}
