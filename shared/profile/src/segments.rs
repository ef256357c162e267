//! The same records counted apart by the values of segments: coarser, and only where contract and baseline name segments.
//!
//! A segment's most frequent values in the baseline are counted one by one, the others together, records without a value by
//! themselves. How many are counted one by one is bounded, and the more so the more fields there are: a profile holds at most about
//! [`SEGMENT_COUNTS`] counts by segment. Which values they are is frozen with the baseline, so that counts add up exactly.

use serde::{Deserialize, Serialize};

use crate::Profile;

/// At most so many values of a segment are counted one by one.
pub const SEGMENT_VALUES: usize = 50;

/// However many fields there are, so many values are.
pub const LEAST_SEGMENT_VALUES: usize = 3;

/// Counts that a profile's segments hold together, unless [`LEAST_SEGMENT_VALUES`] want more: 2 MiB of them.
pub const SEGMENT_COUNTS: usize = 262_144;

/// The same of a baseline's periods together: 64 MiB of them.
pub const SEGMENT_PERIOD_COUNTS: usize = 8_388_608;

/// The records counted apart by the values of one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentProfile {
    /// The segment's field.
    pub field: String,
    /// The values that are counted one by one, the baseline's most frequent first.
    pub values: Vec<String>,
    /// One group per value, then one for all other values, then one for records without a usable value.
    pub groups: Vec<SegmentGroup>,
}

/// The records of one group of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SegmentGroup {
    /// Records in it.
    pub records: u64,
    /// One entry per field, in the order of [`Profile::fields`]; empty without records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ShallowProfile>,
}

/// The summary of one field within a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShallowProfile {
    /// Usable values per coarse cell ([`crate::FieldAnchor::coarse`]); empty for the segment's own field, and for fields without an anchor.
    /// The group's other records have no usable value.
    pub cells: Vec<u64>,
    /// Sum of the usable values' offsets ([`crate::NumericAnchor::offset`]); 0 for a categorical field.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offsets: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl ShallowProfile {
    /// Usable values.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.cells.iter().sum()
    }

    pub(crate) fn add(&mut self, cells: impl IntoIterator<Item = u64>, offsets: i64) {
        for (cell, more) in self.cells.iter_mut().zip(cells) {
            *cell += more;
        }
        self.offsets = self.offsets.saturating_add(offsets);
    }
}

impl SegmentProfile {
    /// Position of the group of all values that are not counted one by one.
    #[must_use]
    pub fn others(&self) -> usize {
        self.values.len()
    }

    /// Position of the group of records without a usable value.
    #[must_use]
    pub fn without_value(&self) -> usize {
        self.values.len() + 1
    }

    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.field == other.field && self.values == other.values
    }

    fn merge(&mut self, other: &Self) {
        for (group, more) in self.groups.iter_mut().zip(&other.groups) {
            group.records += more.records;
            if group.fields.is_empty() {
                group.fields.clone_from(&more.fields);
            } else {
                for (field, more) in group.fields.iter_mut().zip(&more.fields) {
                    field.add(more.cells.iter().copied(), more.offsets);
                }
            }
        }
    }
}

impl Profile {
    /// Whether the two count the same segments the same way.
    pub(crate) fn is_segmented_like(&self, other: &Self) -> bool {
        let same_fields = || {
            let name = |profile: &Self| profile.fields.iter().map(|field| (field.name.clone(), field.kind)).collect::<Vec<_>>();
            self.segments.is_empty() || name(self) == name(other)
        };
        self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|(mine, theirs)| mine.is_like(theirs))
            && same_fields()
    }

    /// Adds groups up; the two must be segmented alike.
    pub(crate) fn merge_segments(&mut self, other: &Self) {
        for (segment, more) in self.segments.iter_mut().zip(&other.segments) {
            segment.merge(more);
        }
    }
}
