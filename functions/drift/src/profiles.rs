//! Loading a window's profiles: parts by the hour, whole days from a cache, all counted in the cells of one baseline.
//!
//! A day that was added up is kept under the digest of what it was added up from, so that a 30-day window costs about 60 reads
//! however many objects its days came from. The cache is never asked for anything else: deleting it changes no result. At most one
//! hour's parts are in memory at the same time.

use std::sync::Arc;

use arrow_array::{RecordBatch, new_null_array};
use arrow_schema::{DataType, Field as ArrowField, Schema};
use futures::{StreamExt, TryStreamExt, stream};
use tidegate_contract::{Contract, FeatureKind, Field};
use tidegate_lake::{Condition, Lake, LakeError, ListedPart, read_records, rollup_digest};
use tidegate_monitoring::Window;
use tidegate_profile::{Baseline, Part, Profile, Profiler, WindowProfile};

use crate::DriftError;

/// What results depend on beside their inputs. Raise it when a change of the program changes results, so that windows
/// within `late` are judged again.
const ENGINE: &str = "tidegate-drift/2";

/// Loads the profiles of one window.
#[derive(Debug)]
pub(crate) struct Loader<'a> {
    lake: &'a Lake,
    contract: &'a Contract,
    what: String,
    fields: Vec<Field>,
    profiler: Profiler,
    /// Identifier of the baseline in whose cells everything is counted.
    anchor: Option<String>,
    reads: usize,
}

/// Hours or days with what was found in them, and the parts that they were added up from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Those in which something arrived, oldest first.
    pub(crate) grains: Vec<(Window, WindowProfile)>,
    /// The parts as they lie in the lake now.
    pub(crate) parts: Vec<ListedPart>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(lake: &'a Lake, contract: &'a Contract, baseline: Option<&Baseline>, what: String, reads: usize) -> Self {
        let fields = contract.fields();
        let profiler = Profiler::new(&fields, baseline);
        Self { lake, contract, what, fields, profiler, anchor: baseline.map(|baseline| baseline.id.clone()), reads }
    }

    /// Digest of everything that results depend on, given these parts.
    pub(crate) fn digest(&self, parts: &[ListedPart]) -> String {
        rollup_digest(parts, &[ENGINE, &self.contract.digest(), self.anchor.as_deref().unwrap_or("none")])
    }

    /// A profile of nothing.
    pub(crate) fn nothing(&self) -> Profile {
        self.profiler.start()
    }

    /// Adds up hours or days (`by_days`) from the listed parts.
    pub(crate) async fn load(&self, grains: &[Window], by_days: bool, parts: Vec<ListedPart>) -> Result<Loaded, DriftError> {
        let inside = |window: &Window| {
            let part = |part: &&ListedPart| (window.start_ms..window.end_ms).contains(&part.at.hour_ms);
            parts.iter().filter(part).cloned().collect::<Vec<_>>()
        };
        let grains: Vec<(Window, Vec<ListedPart>)> =
            grains.iter().map(|window| (*window, inside(window))).filter(|(_, parts)| !parts.is_empty()).collect();
        let kept: Vec<Option<WindowProfile>> = if by_days {
            stream::iter(&grains).map(|(day, parts)| self.kept_day(day, parts)).buffered(self.reads).try_collect().await?
        } else {
            grains.iter().map(|_| None).collect()
        };
        let mut loaded = Loaded { grains: Vec::new(), parts: Vec::new() };
        for ((window, listed), kept) in grains.into_iter().zip(kept) {
            if let Some(profile) = kept {
                loaded.grains.push((window, profile));
                loaded.parts.extend(listed);
                continue;
            }
            let (profile, now) = self.add_up(listed).await?;
            if by_days {
                let digest = self.digest(&now);
                self.lake
                    .put_rollup(&self.contract.model, window.start_ms, &digest, &profile)
                    .await
                    .map_err(DriftError::lake(&self.what))?;
            }
            loaded.grains.push((window, profile));
            loaded.parts.extend(now);
        }
        Ok(loaded)
    }

    async fn kept_day(&self, day: &Window, parts: &[ListedPart]) -> Result<Option<WindowProfile>, DriftError> {
        self.lake.rollup(&self.contract.model, day.start_ms, &self.digest(parts)).await.map_err(DriftError::lake(&self.what))
    }

    /// Adds up parts, hour by hour, and says how they lie in the lake now.
    async fn add_up(&self, listed: Vec<ListedPart>) -> Result<(WindowProfile, Vec<ListedPart>), DriftError> {
        let mut sum: Option<WindowProfile> = None;
        let mut now = Vec::with_capacity(listed.len());
        for hour in listed.chunk_by(|a, b| a.at.hour_ms == b.at.hour_ms) {
            let read: Vec<(ListedPart, Part)> = stream::iter(hour).map(|part| self.part(part)).buffered(self.reads).try_collect().await?;
            let (listed, parts): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            now.extend(listed);
            let profile = WindowProfile::combine(self.nothing(), parts, self.contract.monitoring.bad_lines)
                .map_err(DriftError::profile(&self.what))?;
            match &mut sum {
                Some(sum) => sum.merge(&profile).map_err(DriftError::profile(&self.what))?,
                none => *none = Some(profile),
            }
        }
        Ok((sum.unwrap_or_else(|| WindowProfile { profile: self.nothing(), intake: tidegate_profile::IntakeSummary::default() }), now))
    }

    /// Reads a part as it was listed, counted in the baseline's cells.
    async fn part(&self, listed: &ListedPart) -> Result<(ListedPart, Part), DriftError> {
        let model = &self.contract.model;
        let found = self.lake.part(model, &listed.at).await.map_err(DriftError::lake(&self.what))?;
        let Some((part, etag)) = found.filter(|(_, etag)| *etag == listed.etag) else {
            let conflict = LakeError::Conflict { bucket: self.lake.bucket.name().to_owned(), key: listed.at.profile(model) };
            return Err(DriftError::lake(&self.what)(conflict));
        };
        if self.profiler.has_counted(&part.profile) {
            return Ok((listed.clone(), part));
        }
        let part = self.recounted(listed, part).await?;
        // Only over the part that was read: `collect` may have written a newer one.
        let put = self.lake.put_part(model, &listed.at, &part, Condition::Matches(&etag));
        let etag = put.await.map_err(DriftError::lake(&self.what))?;
        Ok((ListedPart { at: listed.at.clone(), etag }, part))
    }

    /// Counts a part again, from its records, in the cells of the baseline that is current now.
    async fn recounted(&self, listed: &ListedPart, part: Part) -> Result<Part, DriftError> {
        let model = &self.contract.model;
        let unsettled = || DriftError::Unsettled { what: self.what.clone(), key: listed.at.profile(model) };
        if part.profile.records == 0 {
            let profile =
                self.profiler.recount(&part.profile, std::iter::empty::<RecordBatch>()).map_err(DriftError::profile(&self.what))?;
            return Ok(Part { profile, ..part });
        }
        let lake = DriftError::lake(&self.what);
        let records = self.lake.part_records(model, &listed.at).await.map_err(&lake)?.ok_or_else(unsettled)?;
        let (content, batches) = read_records(&listed.at.records(model), records).map_err(&lake)?;
        if content != part.source.content {
            return Err(unsettled());
        }
        let mut failure = None;
        let batches =
            batches.map_while(|batch| batch.map_err(|error| failure = Some(error)).ok()).map(|batch| adapted(batch, &self.fields));
        let profile = self.profiler.recount(&part.profile, batches).map_err(DriftError::profile(&self.what))?;
        if let Some(failure) = failure {
            return Err(lake(failure));
        }
        if profile.records == part.profile.records { Ok(Part { profile, ..part }) } else { Err(unsettled()) }
    }
}

/// A batch with a column for each field: records that are older than a feature, or than its type, carry none of it.
fn adapted(batch: RecordBatch, fields: &[Field]) -> RecordBatch {
    let kind = |field: &Field| match field.kind {
        FeatureKind::Numeric => DataType::Float64,
        FeatureKind::Categorical => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    };
    let fits = |field: &Field| batch.column_by_name(&field.name).is_some_and(|column| *column.data_type() == kind(field));
    if fields.iter().all(fits) {
        return batch;
    }
    let mut columns: Vec<(ArrowField, _)> = Vec::new();
    for (column, array) in batch.schema().fields().iter().zip(batch.columns()) {
        if !fields.iter().any(|field| field.name == *column.name()) {
            columns.push((column.as_ref().clone(), Arc::clone(array)));
        }
    }
    for field in fields {
        let array = batch.column_by_name(&field.name).filter(|_| fits(field)).cloned();
        let array = array.unwrap_or_else(|| new_null_array(&kind(field), batch.num_rows()));
        columns.push((ArrowField::new(&field.name, kind(field), true), array));
    }
    let (schema, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    // Columns of one length under their own types: this cannot fail, and if it did, counting would say which column.
    RecordBatch::try_new(Arc::new(Schema::new(schema)), arrays).unwrap_or(batch)
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, ArrayRef, Float64Array};
    use tidegate_contract::FieldRole;

    use super::*;

    #[test]
    fn records_older_than_a_feature_carry_none_of_it() {
        let schema =
            Schema::new(vec![ArrowField::new("distance", DataType::Float64, true), ArrowField::new("carrier", DataType::Float64, true)]);
        let column = Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef;
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::clone(&column), column]).unwrap();
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            role: FieldRole::Feature,
            kind,
            path: name.to_owned(),
            range: None,
            allowed: None,
            is_segment: false,
        };
        let fields =
            [field("distance", FeatureKind::Numeric), field("carrier", FeatureKind::Categorical), field("age", FeatureKind::Numeric)];
        let adapted = adapted(batch, &fields);
        assert_eq!(adapted.column_by_name("distance").unwrap().null_count(), 0);
        assert_eq!(adapted.column_by_name("carrier").unwrap().null_count(), 2, "it was of another type");
        assert_eq!(adapted.column_by_name("age").unwrap().null_count(), 2);
        assert_eq!(adapted.num_columns(), 3);
    }
}
