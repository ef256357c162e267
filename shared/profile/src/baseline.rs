//! A complete data set that windows are compared with: its frozen cells, and what it counts in them.

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use tidegate_contract::Field;

use crate::{BatchFacts, FieldAnchor, Profile, ProfileError, Source};

/// A complete data set that windows are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Identifier: the digest of the dataset version.
    pub id: String,
    /// Where it came from.
    pub source: Source,
    /// The whole baseline, counted in its own cells.
    pub profile: Profile,
    /// Labels of the consecutive periods (`2013-01-01`, or `block 1`) by which ordinary variation was learned.
    pub periods: Vec<String>,
    /// One entry per field, in the order of `profile.fields`.
    pub fields: Vec<FieldBaseline>,
}

/// The cells of one field, and how its counts vary within the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldBaseline {
    /// The field's cells; `None` when the baseline had no usable value of it.
    pub anchor: Option<FieldAnchor>,
    /// Counts per period, in the order of [`Baseline::periods`].
    pub periods: Vec<Counts>,
    /// Counts per hour of the day (UTC), 24 of them; empty when the records carried no time.
    pub hours: Vec<Counts>,
}

/// Counts of one field in a part of the records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Values that were not usable.
    pub absent: u64,
    /// Usable values per cell; categorical: one cell more than the anchor has values, for all others together.
    pub cells: Vec<u64>,
}

/// First pass over a data set: learns where the cells' edges lie, from a sample that is the same for the same rows.
#[derive(Debug)]
pub struct Sampler {}

impl Sampler {
    /// A first pass over these fields (`Contract::fields`).
    #[must_use]
    pub fn new(_fields: &[Field]) -> Self {
        todo!()
    }

    /// Looks at a batch.
    ///
    /// # Errors
    /// [`ProfileError::Column`] if a field's column is absent or of another type.
    pub fn observe(&mut self, _batch: &RecordBatch) -> Result<(), ProfileError> {
        todo!()
    }

    /// Freezes the cells and starts the second pass.
    #[must_use]
    pub fn freeze(self, _id: &str, _source: Source) -> BaselineBuilder {
        todo!()
    }
}

/// Second pass over the same rows in the same order: counts them in the frozen cells.
#[derive(Debug)]
pub struct BaselineBuilder {}

impl BaselineBuilder {
    /// Counts a batch.
    ///
    /// # Errors
    /// As [`Sampler::observe`].
    pub fn observe(&mut self, _batch: &RecordBatch, _facts: &BatchFacts) -> Result<(), ProfileError> {
        todo!()
    }

    /// The finished baseline.
    #[must_use]
    pub fn finish(self) -> Baseline {
        todo!()
    }
}
