//! Counting records by segment.

use arrow_array::types::Float64Type;
use arrow_array::{Array, PrimitiveArray, RecordBatch};
use tidegate_contract::Field;

use crate::coarse::Ruler;
use crate::counter::{ABSENT, Counter};
use crate::observe::column;
use crate::segments::{LEAST_SEGMENT_VALUES, SEGMENT_COUNTS, SEGMENT_PERIOD_COUNTS, SEGMENT_VALUES};
use crate::{Baseline, FieldAnchor, ProfileError, SegmentGroup, SegmentProfile, ShallowProfile};

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
    /// For a baseline of so many periods that is being made: the fields that the contract calls segments, with the values of their anchors.
    pub(crate) fn of_anchors(fields: &[Field], anchors: &[Option<FieldAnchor>], periods: usize) -> Self {
        if !fields.iter().any(|field| field.is_segment) {
            return Self::default();
        }
        let shallow: Vec<Shallow> = anchors.iter().map(|anchor| Shallow::new(anchor.as_ref())).collect();
        let count = fields.iter().filter(|field| field.is_segment).count();
        let a_value = (count * shallow.iter().map(|field| field.cells).sum::<usize>()).max(1);
        let room = (SEGMENT_COUNTS / a_value).min(SEGMENT_PERIOD_COUNTS / (a_value * periods.max(1)));
        let room = room.saturating_sub(2).clamp(LEAST_SEGMENT_VALUES, SEGMENT_VALUES);
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
        self.observe_spans(&mut [segments], |_| Some(0), counters, batch)
    }

    /// As [`Segmenter::observe`], with the segments of several spans of time: `span_of` says which one each record of the batch is in.
    pub(crate) fn observe_spans(
        &self,
        spans: &mut [&mut [SegmentProfile]],
        span_of: impl Fn(usize) -> Option<usize>,
        counters: &[Counter],
        batch: &RecordBatch,
    ) -> Result<(), ProfileError> {
        if self.segments.is_empty() || batch.num_rows() == 0 {
            return Ok(());
        }
        let span_of_each: Vec<Option<usize>> = (0..batch.num_rows()).map(span_of).collect();
        let mut group_of_each = Vec::with_capacity(self.segments.len());
        for (index, segment) in self.segments.iter().enumerate() {
            let Some(counter) = counters.get(segment.position) else { continue };
            let mut groups = groups_of(spans, index);
            let each = segment.group_of_each(counter, batch, &span_of_each, groups.len())?;
            self.count_records(segment, &mut groups, &each);
            group_of_each.push(each);
        }
        for (position, (counter, shallow)) in counters.iter().zip(&self.fields).enumerate() {
            if shallow.cells == 0 {
                continue;
            }
            let measured = shallow.measure(counter, batch)?;
            for (index, (segment, each)) in self.segments.iter().zip(&group_of_each).enumerate() {
                if segment.position != position {
                    count_field(&mut groups_of(spans, index), position, shallow.cells, each, &measured);
                }
            }
        }
        Ok(())
    }

    fn count_records(&self, segment: &Segment, groups: &mut [&mut SegmentGroup], group_of_each: &[usize]) {
        for &group in group_of_each {
            if let Some(group) = groups.get_mut(group) {
                group.records += 1;
            }
        }
        for group in groups.iter_mut().filter(|group| group.records > 0 && group.fields.is_empty()) {
            let cells = |(position, field): (usize, &Shallow)| if position == segment.position { 0 } else { field.cells };
            let shallow = self.fields.iter().enumerate().map(cells).map(|cells| ShallowProfile { cells: vec![0; cells], offsets: 0 });
            group.fields = shallow.collect();
        }
    }
}

/// The groups of one segment, span after span.
fn groups_of<'s>(spans: &'s mut [&mut [SegmentProfile]], segment: usize) -> Vec<&'s mut SegmentGroup> {
    spans.iter_mut().filter_map(|span| span.get_mut(segment)).flat_map(|segment| segment.groups.iter_mut()).collect()
}

/// Counts one field's values in every group of a segment. Records whose group is the one after the last are in none.
fn count_field(groups: &mut [&mut SegmentGroup], position: usize, width: usize, group_of_each: &[usize], measured: &[(u8, i64)]) {
    let mut table = vec![0_u64; (groups.len() + 1) * width];
    let mut sums = vec![0_i64; groups.len() + 1];
    for (&group, &(cell, offset)) in group_of_each.iter().zip(measured) {
        if cell != NO_CELL
            && let (Some(count), Some(sum)) = (table.get_mut(group * width + usize::from(cell)), sums.get_mut(group))
        {
            *count += 1;
            *sum = sum.saturating_add(offset);
        }
    }
    for ((group, counts), sum) in groups.iter_mut().zip(table.chunks(width)).zip(sums) {
        if let Some(field) = group.fields.get_mut(position) {
            field.add(counts.iter().copied(), sum);
        }
    }
}

impl Segment {
    /// The group of each record among the groups of all spans; the one after the last for records that are in no span.
    fn group_of_each(
        &self,
        counter: &Counter,
        batch: &RecordBatch,
        spans: &[Option<usize>],
        none: usize,
    ) -> Result<Vec<usize>, ProfileError> {
        // The values are the first of the anchor's, whose cells are in the same order.
        let others = self.values.len();
        let within = |cell: usize| if cell == ABSENT { others + 1 } else { cell.min(others) };
        let group = |(cell, span): (usize, &Option<usize>)| span.map_or(none, |span| span * (others + 2) + within(cell));
        Ok(counter.cell_of_each(batch)?.into_iter().zip(spans).map(group).collect())
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

    /// The coarse cell of each record's value, and its offset; [`NO_CELL`] and 0 where there is none.
    fn measure(&self, counter: &Counter, batch: &RecordBatch) -> Result<Vec<(u8, i64)>, ProfileError> {
        let coarse = |cell: usize| self.coarse.get(cell).copied().unwrap_or(NO_CELL);
        let Some(ruler) = self.ruler else {
            return Ok(counter.cell_of_each(batch)?.into_iter().map(|cell| (coarse(cell), 0)).collect());
        };
        let values: &PrimitiveArray<Float64Type> = column(batch, counter.name(), "Float64")?;
        let measure = |value: f64| {
            if value.is_finite() { (coarse(counter.cell_of_number(value)), ruler.offset(value)) } else { (NO_CELL, 0) }
        };
        if values.null_count() == 0 {
            return Ok(values.values().iter().map(|&value| measure(value)).collect());
        }
        Ok(values.iter().map(|value| value.map_or((NO_CELL, 0), measure)).collect())
    }
}
