//! Counting batches of records.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, PrimitiveArray, RecordBatch};
use tidegate_contract::Field;

use crate::counter::Counter;
use crate::room::add_capped;
use crate::segmenter::Segmenter;
use crate::{Baseline, BatchFacts, FieldAnchor, MAX_UNEXPECTED, Profile, ProfileError};

/// Counts batches of records into profiles.
#[derive(Debug, Clone)]
pub struct Profiler {
    anchor: Option<String>,
    counters: Vec<Counter>,
    segmenter: Segmenter,
}

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
