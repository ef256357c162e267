//! Counting the same records apart by the values of segments: coarser, and only where contract and baseline name segments.
//!
//! A segment's most frequent values in the baseline are counted one by one, the others together, records without a value by
//! themselves. How many are counted one by one is bounded, and the more so the more fields there are: a profile holds at most about
//! [`SEGMENT_COUNTS`] counts by segment. Which values they are is frozen with the baseline, so that counts add up exactly.

use arrow_array::types::Float64Type;
use arrow_array::{Array, PrimitiveArray, RecordBatch};
use serde::{Deserialize, Serialize};
use tidegate_contract::Field;

use crate::coarse::Ruler;
use crate::observe::{ABSENT, Counter, column};
use crate::{Baseline, FieldAnchor, Profile, ProfileError};

/// At most so many values of a segment are counted one by one.
pub const SEGMENT_VALUES: usize = 50;

/// However many fields there are, so many values are.
pub const LEAST_SEGMENT_VALUES: usize = 3;

/// Counts that a profile's segments hold together, unless [`LEAST_SEGMENT_VALUES`] want more: 2 MiB of them.
pub const SEGMENT_COUNTS: usize = 262_144;

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
    /// Usable values per coarse cell ([`FieldAnchor::coarse`]); empty for the segment's own field, and for fields without an anchor.
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

    fn add(&mut self, cells: impl IntoIterator<Item = u64>, offsets: i64) {
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

    fn is_like(&self, other: &Self) -> bool {
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

/// How records are counted by segment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Segmenter {
    segments: Vec<Segment>,
    /// How each field is counted within a group.
    fields: Vec<Shallow>,
}

#[derive(Debug, Clone)]
struct Segment {
    /// Position of its field.
    position: usize,
    field: String,
    values: Vec<String>,
}

#[derive(Debug, Clone)]
struct Shallow {
    /// Coarse cell of each cell; empty when the field has no anchor.
    coarse: Vec<u8>,
    /// Number of coarse cells.
    cells: usize,
    ruler: Option<Ruler>,
}

/// Marks a record without a usable value among coarse cells.
const NO_CELL: u8 = u8::MAX;

impl Segmenter {
    /// For a baseline that is being made: the fields that the contract calls segments, with the values of their anchors.
    pub(crate) fn of_anchors(fields: &[Field], anchors: &[Option<FieldAnchor>]) -> Self {
        let shallow: Vec<Shallow> = anchors.iter().map(|anchor| Shallow::new(anchor.as_ref())).collect();
        let count = fields.iter().filter(|field| field.is_segment).count();
        let a_value = count * shallow.iter().map(|field| field.cells).sum::<usize>();
        let room = (SEGMENT_COUNTS / a_value.max(1)).saturating_sub(2).clamp(LEAST_SEGMENT_VALUES, SEGMENT_VALUES);
        let segments = fields.iter().zip(anchors).enumerate().filter(|(_, (field, _))| field.is_segment);
        let segments = segments.filter_map(|(position, (field, anchor))| match anchor {
            Some(FieldAnchor::Categorical(anchor)) => {
                Some(Segment { position, field: field.name.clone(), values: anchor.values.iter().take(room).cloned().collect() })
            }
            _ => None,
        });
        Self { segments: segments.collect(), fields: shallow }
    }

    /// For windows: the contract's segments that the baseline was counted by.
    pub(crate) fn of_baseline(fields: &[Field], baseline: Option<&Baseline>) -> Self {
        let Some(baseline) = baseline else { return Self::default() };
        let segments = baseline.profile.segments.iter().filter_map(|segment| {
            let position = fields.iter().position(|field| field.is_segment && field.name == segment.field)?;
            Some(Segment { position, field: segment.field.clone(), values: segment.values.clone() })
        });
        let segments: Vec<Segment> = segments.collect();
        if segments.is_empty() {
            return Self::default();
        }
        Self { segments, fields: fields.iter().map(|field| Shallow::new(baseline.anchor_of(&field.name))).collect() }
    }

    /// Segments of no records.
    pub(crate) fn start(&self) -> Vec<SegmentProfile> {
        let start = |segment: &Segment| SegmentProfile {
            field: segment.field.clone(),
            values: segment.values.clone(),
            groups: vec![SegmentGroup::default(); segment.values.len() + 2],
        };
        self.segments.iter().map(start).collect()
    }

    /// Counts a batch into segments that [`Segmenter::start`] made.
    pub(crate) fn observe(&self, segments: &mut [SegmentProfile], counters: &[Counter], batch: &RecordBatch) -> Result<(), ProfileError> {
        if self.segments.is_empty() || batch.num_rows() == 0 {
            return Ok(());
        }
        let mut group_of_each = Vec::with_capacity(self.segments.len());
        for (segment, profile) in self.segments.iter().zip(segments.iter_mut()) {
            let Some(counter) = counters.get(segment.position) else { continue };
            let groups = segment.group_of_each(counter, batch)?;
            self.count_records(segment, profile, &groups);
            group_of_each.push(groups);
        }
        for (position, (counter, shallow)) in counters.iter().zip(&self.fields).enumerate() {
            if shallow.cells == 0 {
                continue;
            }
            let cells = shallow.cell_of_each(counter, batch)?;
            let offsets = shallow.offset_of_each(counter, batch)?;
            for ((segment, profile), groups) in self.segments.iter().zip(segments.iter_mut()).zip(&group_of_each) {
                if segment.position != position {
                    count_field(profile, position, shallow.cells, groups, &cells, &offsets);
                }
            }
        }
        Ok(())
    }

    fn count_records(&self, segment: &Segment, profile: &mut SegmentProfile, groups: &[usize]) {
        for &group in groups {
            if let Some(group) = profile.groups.get_mut(group) {
                group.records += 1;
            }
        }
        for group in profile.groups.iter_mut().filter(|group| group.records > 0 && group.fields.is_empty()) {
            let cells = |(position, field): (usize, &Shallow)| if position == segment.position { 0 } else { field.cells };
            let shallow = self.fields.iter().enumerate().map(cells).map(|cells| ShallowProfile { cells: vec![0; cells], offsets: 0 });
            group.fields = shallow.collect();
        }
    }
}

/// Counts one field's values in every group of a segment.
fn count_field(profile: &mut SegmentProfile, position: usize, width: usize, groups: &[usize], cells: &[u8], offsets: &[i64]) {
    let mut table = vec![0_u64; profile.groups.len() * width];
    for (&group, &cell) in groups.iter().zip(cells) {
        if cell != NO_CELL
            && let Some(count) = table.get_mut(group * width + usize::from(cell))
        {
            *count += 1;
        }
    }
    let mut sums = vec![0_i64; profile.groups.len()];
    for (&group, &offset) in groups.iter().zip(offsets) {
        if let Some(sum) = sums.get_mut(group) {
            *sum = sum.saturating_add(offset);
        }
    }
    for ((group, counts), sum) in profile.groups.iter_mut().zip(table.chunks(width)).zip(sums) {
        if let Some(field) = group.fields.get_mut(position) {
            field.add(counts.iter().copied(), sum);
        }
    }
}

impl Segment {
    fn group_of_each(&self, counter: &Counter, batch: &RecordBatch) -> Result<Vec<usize>, ProfileError> {
        // The values are the first of the anchor's, whose cells are in the same order.
        let others = self.values.len();
        let group = |cell: usize| if cell == ABSENT { others + 1 } else { cell.min(others) };
        Ok(counter.cell_of_each(batch)?.into_iter().map(group).collect())
    }
}

impl Shallow {
    fn new(anchor: Option<&FieldAnchor>) -> Self {
        let coarse = anchor.map(FieldAnchor::coarse).unwrap_or_default();
        let ruler = match anchor {
            Some(FieldAnchor::Numeric(anchor)) => Some(anchor.ruler()),
            _ => None,
        };
        Self { cells: anchor.map_or(0, FieldAnchor::coarse_cells), coarse, ruler }
    }

    fn cell_of_each(&self, counter: &Counter, batch: &RecordBatch) -> Result<Vec<u8>, ProfileError> {
        let coarse = |cell: usize| self.coarse.get(cell).copied().unwrap_or(NO_CELL);
        Ok(counter.cell_of_each(batch)?.into_iter().map(coarse).collect())
    }

    /// Offsets of a numeric field's values, 0 where there is none; empty for a categorical one.
    fn offset_of_each(&self, counter: &Counter, batch: &RecordBatch) -> Result<Vec<i64>, ProfileError> {
        let Some(ruler) = self.ruler else { return Ok(Vec::new()) };
        let values: &PrimitiveArray<Float64Type> = column(batch, counter.name(), "Float64")?;
        let offset = |value: f64| if value.is_finite() { ruler.offset(value) } else { 0 };
        if values.null_count() == 0 {
            return Ok(values.values().iter().map(|&value| offset(value)).collect());
        }
        Ok(values.iter().map(|value| value.map_or(0, offset)).collect())
    }
}
