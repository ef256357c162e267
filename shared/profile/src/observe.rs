//! Counting batches of records.

use std::borrow::{Borrow, Cow};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use arrow_array::types::{Float64Type, Int32Type, TimestampMillisecondType};
use arrow_array::{Array, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};
use hashbrown::{HashMap, HashSet};
use tidegate_contract::{FeatureKind, Field};

use crate::cells::CellIndex;
use crate::segmenter::Segmenter;
use crate::{
    Baseline, BatchFacts, CategoricalProfile, FieldAnchor, FieldProfile, MAX_OTHER_VALUES, MAX_UNEXPECTED, NumericProfile, Profile,
    ProfileError,
};

/// Counts batches of records into profiles.
#[derive(Debug, Clone)]
pub struct Profiler {
    anchor: Option<String>,
    counters: Vec<Counter>,
    segmenter: Segmenter,
}

/// How one field is counted.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    field: Field,
    allowed: Option<HashSet<String>>,
    cells: Cells,
}

#[derive(Debug, Clone)]
enum Cells {
    /// The field has no anchor.
    None,
    Numeric(CellIndex),
    Categorical(HashMap<String, usize>),
}

/// Marks a record without a usable value in [`Counter::cell_of_each`].
pub(crate) const ABSENT: usize = usize::MAX;

impl Profiler {
    /// A profiler of these fields (`Contract::fields`), counting in the baseline's cells where there is one.
    ///
    /// Fields and baseline are matched by name, so that a contract may gain a feature after its baseline was made.
    #[must_use]
    pub fn new(fields: &[Field], baseline: Option<&Baseline>) -> Self {
        let anchor_of = |field: &Field| baseline.and_then(|baseline| baseline.anchor_of(&field.name));
        Self {
            anchor: baseline.map(|baseline| baseline.id.clone()),
            counters: fields.iter().map(|field| Counter::new(field, anchor_of(field))).collect(),
            segmenter: Segmenter::of_baseline(fields, baseline),
        }
    }

    pub(crate) fn with_anchors(id: &str, fields: &[Field], anchors: &[Option<FieldAnchor>], periods: usize) -> Self {
        Self {
            anchor: Some(id.to_owned()),
            counters: fields.iter().zip(anchors).map(|(field, anchor)| Counter::new(field, anchor.as_ref())).collect(),
            segmenter: Segmenter::of_anchors(fields, anchors, periods),
        }
    }

    pub(crate) fn counters(&self) -> &[Counter] {
        &self.counters
    }

    pub(crate) fn segmenter(&self) -> &Segmenter {
        &self.segmenter
    }

    /// A profile of no records.
    #[must_use]
    pub fn start(&self) -> Profile {
        Profile {
            anchor: self.anchor.clone(),
            records: 0,
            span_ms: None,
            versions: BTreeMap::new(),
            fields: self.counters.iter().map(Counter::start).collect(),
            unexpected: BTreeMap::new(),
            segments: self.segmenter.start(),
        }
    }

    /// Whether a profile was counted as this profiler counts: in the cells of the same baseline, by the same segments.
    /// If not, [`Profiler::recount`] counts its records again.
    #[must_use]
    pub fn has_counted(&self, profile: &Profile) -> bool {
        profile.anchor == self.anchor && profile.is_segmented_like(&self.start())
    }

    /// Counts a batch into a profile that [`Profiler::start`] made. Columns are found by name; the crate's
    /// documentation gives their types.
    ///
    /// # Errors
    /// [`ProfileError::Column`] if a field's column is absent or of another type; the profile is then half counted and
    /// must be thrown away.
    pub fn observe(&self, profile: &mut Profile, batch: &RecordBatch, facts: &BatchFacts) -> Result<(), ProfileError> {
        let records = batch.num_rows() as u64;
        profile.records += records;
        if let Some((first, last)) = span(batch)? {
            let (low, high) = profile.span_ms.unwrap_or((first, last));
            profile.span_ms = Some((low.min(first), high.max(last)));
        }
        if records > 0 {
            *profile.versions.entry(facts.version.clone()).or_default() += records;
        }
        for (position, (counter, field)) in self.counters.iter().zip(&mut profile.fields).enumerate() {
            let wrong_type = facts.wrong_type.get(position).copied().unwrap_or(0);
            counter.observe(field, batch, wrong_type)?;
        }
        for (name, count) in &facts.unexpected {
            add_capped(&mut profile.unexpected, name, *count, MAX_UNEXPECTED);
        }
        self.segmenter.observe(&mut profile.segments, &self.counters, batch)
    }

    /// Counts a part's cells again in this profiler's cells, from the records it was made of. What records do not
    /// carry (values of a wrong type, unexpected features) is taken over from `counted`, and so are the moments: cells do
    /// not change them, but batches of another size would, in their last bits.
    ///
    /// # Errors
    /// As [`Profiler::observe`].
    pub fn recount<B: Borrow<RecordBatch>>(
        &self,
        counted: &Profile,
        batches: impl IntoIterator<Item = B>,
    ) -> Result<Profile, ProfileError> {
        let mut profile = self.start();
        for batch in batches {
            self.observe(&mut profile, batch.borrow(), &BatchFacts::default())?;
        }
        profile.versions.clone_from(&counted.versions);
        profile.unexpected.clone_from(&counted.unexpected);
        for field in &mut profile.fields {
            if let Some(before) = counted.fields.iter().find(|before| before.name == field.name) {
                field.wrong_type = before.wrong_type;
                field.missing = field.missing.saturating_sub(before.wrong_type);
                if let (Some(now), Some(then)) = (&mut field.numeric, &before.numeric) {
                    (now.mean, now.m2) = (then.mean, then.m2);
                }
            }
        }
        Ok(profile)
    }
}

/// Adds to a map of counts that holds at most `room` names; returns what found no room.
pub(crate) fn add_capped(counts: &mut BTreeMap<String, u64>, name: &str, count: u64, room: usize) -> u64 {
    if let Some(known) = counts.get_mut(name) {
        *known += count;
    } else if counts.len() < room {
        counts.insert(name.to_owned(), count);
    } else {
        return count;
    }
    0
}

/// Adds to the counts of the most frequent names, at most `room` of them; returns how much those come to that found none. Of equally
/// frequent names those first in order stay, so that of names that do not repeat it is the same ones whatever the order they came in.
///
/// A name counts from when it last found room: what repeats soon has one, and keeps it.
pub(crate) fn add_frequent<'n>(counts: &mut BTreeMap<String, u64>, more: impl Iterator<Item = (&'n str, u64)>, room: usize) -> u64 {
    let mut new: HashMap<&str, u64> = HashMap::new();
    for (name, count) in more {
        match counts.get_mut(name) {
            Some(known) => *known += count,
            None => *new.entry(name).or_default() += count,
        }
    }
    if counts.len() + new.len() <= room {
        counts.extend(new.into_iter().map(|(name, count)| (name.to_owned(), count)));
        return 0;
    }
    let known = std::mem::take(counts).into_iter().map(|(name, count)| (Reverse(count), Cow::Owned(name)));
    let new = new.into_iter().map(|(name, count)| (Reverse(count), Cow::Borrowed(name)));
    let mut all: Vec<(Reverse<u64>, Cow<'_, str>)> = known.chain(new).collect();
    all.select_nth_unstable(room);
    let left_out = all.split_off(room);
    counts.extend(all.into_iter().map(|(Reverse(count), name)| (name.into_owned(), count)));
    left_out.into_iter().map(|(Reverse(count), _)| count).sum()
}

pub(crate) fn column<'b, A: Array + 'static>(batch: &'b RecordBatch, name: &str, expected: &str) -> Result<&'b A, ProfileError> {
    let found = batch.column_by_name(name);
    found.and_then(|array| array.as_any().downcast_ref()).ok_or_else(|| ProfileError::Column {
        column: name.to_owned(),
        found: found.map_or_else(|| "no such column".to_owned(), |array| array.data_type().to_string()),
        expected: expected.to_owned(),
    })
}

/// The column of times.
pub(crate) fn timestamps(batch: &RecordBatch) -> Result<&PrimitiveArray<TimestampMillisecondType>, ProfileError> {
    column(batch, "timestamp", "Timestamp(Millisecond)")
}

fn span(batch: &RecordBatch) -> Result<Option<(i64, i64)>, ProfileError> {
    Ok(timestamps(batch)?.iter().flatten().fold(None, |span: Option<(i64, i64)>, ms| {
        let (low, high) = span.unwrap_or((ms, ms));
        Some((low.min(ms), high.max(ms)))
    }))
}

impl Counter {
    fn new(field: &Field, anchor: Option<&FieldAnchor>) -> Self {
        let cells = match (field.kind, anchor) {
            (FeatureKind::Numeric, Some(FieldAnchor::Numeric(anchor))) => Cells::Numeric(CellIndex::new(anchor)),
            (FeatureKind::Categorical, Some(FieldAnchor::Categorical(anchor))) => {
                Cells::Categorical(anchor.values.iter().enumerate().map(|(cell, value)| (value.clone(), cell)).collect())
            }
            // A feature that changed its type since the baseline was made has no cells to count in.
            _ => Cells::None,
        };
        Self { field: field.clone(), allowed: field.allowed.as_ref().map(|values| values.iter().cloned().collect()), cells }
    }

    pub(crate) fn name(&self) -> &str {
        &self.field.name
    }

    fn start(&self) -> FieldProfile {
        let cells = match &self.cells {
            Cells::None => 0,
            Cells::Numeric(index) => index.len(),
            Cells::Categorical(values) => values.len(),
        };
        let numeric = NumericProfile { mean: 0.0, m2: 0.0, min: None, max: None, cells: vec![0; cells] };
        let categorical = CategoricalProfile { cells: vec![0; cells], ..CategoricalProfile::default() };
        let is_numeric = self.field.kind == FeatureKind::Numeric;
        FieldProfile {
            name: self.field.name.clone(),
            role: self.field.role,
            kind: self.field.kind,
            present: 0,
            missing: 0,
            wrong_type: 0,
            infinite: 0,
            out_of_range: 0,
            numeric: is_numeric.then_some(numeric),
            categorical: (!is_numeric).then_some(categorical),
        }
    }

    fn observe(&self, field: &mut FieldProfile, batch: &RecordBatch, wrong_type: u64) -> Result<(), ProfileError> {
        let absent = match self.field.kind {
            FeatureKind::Numeric => self.observe_numbers(field, column(batch, &self.field.name, "Float64")?),
            FeatureKind::Categorical => {
                let values: &DictionaryArray<Int32Type> = column(batch, &self.field.name, "Dictionary(Int32, Utf8)")?;
                self.observe_names(field, values, names_of(values, &self.field.name)?)
            }
        };
        field.wrong_type += wrong_type;
        field.missing += absent.saturating_sub(wrong_type);
        Ok(())
    }

    /// Counts numbers; returns how many records had none.
    fn observe_numbers(&self, field: &mut FieldProfile, values: &PrimitiveArray<Float64Type>) -> u64 {
        let Some(numeric) = &mut field.numeric else { return 0 };
        let (low, high) = self.field.range.map_or((f64::NEG_INFINITY, f64::INFINITY), |[low, high]| (low, high));
        let (mut count, mut infinite, mut out_of_range) = (0_u64, 0_u64, 0_u64);
        let (mut sum, mut least, mut greatest) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        let mut count_one = |value: f64| {
            if value.is_infinite() {
                infinite += 1;
                return;
            }
            count += 1;
            sum += value;
            least = least.min(value);
            greatest = greatest.max(value);
            out_of_range += u64::from(value < low || value > high);
            if let Cells::Numeric(index) = &self.cells
                && let Some(cell) = numeric.cells.get_mut(index.locate(value))
            {
                *cell += 1;
            }
        };
        each_number(values, &mut count_one);
        let absent = values.null_count() as u64;
        if count > 0 {
            let mean = if f64::is_finite(sum) { sum / count as f64 } else { mean_of_huge(values, count) };
            let mut m2 = 0.0;
            each_number(values, &mut |value: f64| {
                if value.is_finite() {
                    m2 += (value - mean) * (value - mean);
                }
            });
            numeric.add_moments(field.present, count, mean, m2);
            numeric.min = Some(numeric.min.map_or(least, |min| min.min(least)));
            numeric.max = Some(numeric.max.map_or(greatest, |max| max.max(greatest)));
        }
        field.present += count;
        field.infinite += infinite;
        field.out_of_range += out_of_range;
        absent
    }

    /// Counts category values; returns how many records had none.
    fn observe_names(&self, field: &mut FieldProfile, values: &DictionaryArray<Int32Type>, names: &StringArray) -> u64 {
        let Some(categorical) = &mut field.categorical else { return 0 };
        let mut counts = vec![0_u64; names.len()];
        for key in values.keys().iter().flatten() {
            if let Some(count) = usize::try_from(key).ok().and_then(|key| counts.get_mut(key)) {
                *count += 1;
            }
        }
        let mut others: Vec<(&str, u64)> = Vec::new();
        for (name, &count) in names.iter().zip(&counts) {
            let (Some(name), true) = (name, count > 0) else { continue };
            field.present += count;
            if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(name)) {
                field.out_of_range += count;
            }
            match self.cell_of_name(name).and_then(|cell| categorical.cells.get_mut(cell)) {
                Some(cell) => *cell += count,
                None => others.push((name, count)),
            }
        }
        categorical.remainder += add_frequent(&mut categorical.other, others.into_iter(), MAX_OTHER_VALUES);
        values.len() as u64 - counts.iter().sum::<u64>()
    }

    fn cell_of_name(&self, name: &str) -> Option<usize> {
        match &self.cells {
            Cells::Categorical(cells) => cells.get(name).copied(),
            _ => None,
        }
    }

    /// The cell of each record's value, [`ABSENT`] where there is none; a category value that the anchor does not list
    /// is in the cell after the last.
    pub(crate) fn cell_of_each(&self, batch: &RecordBatch) -> Result<Vec<usize>, ProfileError> {
        match &self.cells {
            Cells::None => Ok(vec![ABSENT; batch.num_rows()]),
            Cells::Numeric(index) => {
                let values: &PrimitiveArray<Float64Type> = column(batch, &self.field.name, "Float64")?;
                Ok(values.iter().map(|value| value.filter(|value| value.is_finite()).map_or(ABSENT, |value| index.locate(value))).collect())
            }
            Cells::Categorical(cells) => {
                let values: &DictionaryArray<Int32Type> = column(batch, &self.field.name, "Dictionary(Int32, Utf8)")?;
                let names = names_of(values, &self.field.name)?;
                let of_code: Vec<usize> =
                    names.iter().map(|name| name.and_then(|name| cells.get(name).copied()).unwrap_or(cells.len())).collect();
                let cell = |key: i32| usize::try_from(key).ok().and_then(|key| of_code.get(key).copied()).unwrap_or(ABSENT);
                Ok(values.keys().iter().map(|key| key.map_or(ABSENT, cell)).collect())
            }
        }
    }

    /// The cell of a finite number; 0 when the field has no numeric cells.
    pub(crate) fn cell_of_number(&self, value: f64) -> usize {
        match &self.cells {
            Cells::Numeric(index) => index.locate(value),
            _ => 0,
        }
    }

    /// Number of cells that [`Counter::cell_of_each`] can name.
    pub(crate) fn cells(&self) -> usize {
        match &self.cells {
            Cells::None => 0,
            Cells::Numeric(index) => index.len(),
            Cells::Categorical(cells) => cells.len() + 1,
        }
    }
}

/// The mean of numbers whose sum overflows.
fn mean_of_huge(values: &PrimitiveArray<Float64Type>, count: u64) -> f64 {
    let mut mean = 0.0;
    each_number(values, &mut |value: f64| {
        if value.is_finite() {
            mean += value / count as f64;
        }
    });
    mean
}

/// The dictionary of a categorical column.
pub(crate) fn names_of<'b>(values: &'b DictionaryArray<Int32Type>, column: &str) -> Result<&'b StringArray, ProfileError> {
    values.values().as_any().downcast_ref().ok_or_else(|| ProfileError::Column {
        column: column.to_owned(),
        found: values.data_type().to_string(),
        expected: "Dictionary(Int32, Utf8)".to_owned(),
    })
}

/// Calls `each` with every number of a column, in order.
pub(crate) fn each_number(values: &PrimitiveArray<Float64Type>, each: &mut impl FnMut(f64)) {
    if values.null_count() == 0 {
        values.values().iter().for_each(|&value| each(value));
    } else {
        values.iter().flatten().for_each(each);
    }
}
