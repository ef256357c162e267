//! A window of collected records as a dataset version: `the data of 3 to 9 November`, whatever happens to the logs later.
//!
//! The window is what `drift` would count: every part of every version and hour, an upload that was repeated once, objects of which too
//! much could not be read not at all. A pass lists the parts, reads each file of records that belongs to one of them (in which the digest of the object's
//! content must be the part's), and keeps its bytes under their own SHA-256. The manifest names these; the second reading, and everybody's after it, is of the
//! kept bytes, so an object that comes again changes nothing. If `collect` is at work on a part at the same moment, the pass starts over.
//!
//! Everything lies under a digest of itself, so a repeat writes the same bytes, and a crash leaves files that the next delivery finds. Records that
//! came in after a window was published are in the version of whoever asks for it again: another one, with the same name.
//!
//! Memory: [`FILES_AT_ONCE`] files of records, each of which is read whole, as `drift` does; and a line about each part.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tidegate_contract::{Contract, Field};
use tidegate_lake::{
    Condition, LakeError, ListedPart, Manifest, ManifestFile, PartKey, Publication, dataset_version, fitted, keys, read_records,
};
use tidegate_monitoring::{DatasetFacts, DatasetSource, check_dataset};
use tidegate_profile::{Baseline, BaselineBuilder, BatchFacts, Contents, Lines, Repeats, Sampler, Source, Standing};
use tracing::{info, warn};

use crate::{CollectError, Collector, PublishRequest, log_object::TRIES, publication::NewVersion, publication::NoData};

/// Files of records that are read and held at the same time.
const FILES_AT_ONCE: usize = 3;

/// Profiles that are read at the same time; of each only a line is kept.
const PARTS_AT_ONCE: usize = 16;

/// What is known of a part, without its counts.
struct PartFacts {
    at: PartKey,
    source: Source,
    span_ms: Option<(i64, i64)>,
    lines: Lines,
    records: u64,
    version: String,
    wrong_type: Vec<(String, u64)>,
    unexpected: Vec<(String, u64)>,
}

/// What of a window counts.
#[derive(Default)]
struct Counted {
    /// The parts with records, by hour and source.
    parts: Vec<PartFacts>,
    /// Their lines, and the unreadable ones of the objects that are left out.
    lines: Lines,
}

impl Collector {
    /// Publishes a window of collected records as they are now, and returns what is known of the version; `None` if there are no records.
    ///
    /// # Errors
    /// [`CollectError`] as a call fails, or if the model has no contract.
    pub async fn publish_window(&self, request: &PublishRequest) -> Result<Option<Publication>, CollectError> {
        let location = format!("records of {} in {}", request.model, request.name());
        for _ in 0..TRIES {
            match Box::pin(self.window_pass(request, &location)).await {
                Err(failure) if failure.is_conflict() => info!(object.location = location, "the window changed: starting over"),
                done => return done,
            }
        }
        Err(CollectError::Busy { location, tries: TRIES })
    }

    async fn window_pass(&self, request: &PublishRequest, location: &str) -> Result<Option<Publication>, CollectError> {
        let lake = CollectError::lake(location);
        let contract = &self.contract_of(&request.model, location).await?;
        let fields = contract.fields();
        let listed = self.lake.list_parts(&request.model, &[(request.from_ms, request.to_ms)]).await.map_err(&lake)?;
        let counted = self.counted(contract, &listed).await.map_err(&lake)?;
        if counted.parts.is_empty() {
            warn!(object.location = location, "nothing is published: no record was collected");
            self.tell_registry(location, &NoData { command: "record-no-data", model: &request.model, name: &request.name() }).await?;
            return Ok(None);
        }

        let mut sampler = Sampler::new(&fields);
        let mut repeats = Repeats::default();
        let mut files = Vec::with_capacity(counted.parts.len());
        let mut kept = stream::iter(&counted.parts).map(async |part| Ok((part, self.keep(contract, part).await?))).buffered(FILES_AT_ONCE);
        while let Some((part, (file, bytes))) = kept.try_next().await.map_err(&lake)? {
            for batch in batches(&file, bytes, &fields).map_err(&lake)? {
                let batch = batch.map_err(&lake)?;
                repeats.observe(&batch, &part.version);
                sampler.observe(&batch).map_err(CollectError::profile(location))?;
            }
            files.push(file);
        }
        drop(kept);

        let columns = fields.iter().map(|field| (field.name.clone(), field.role, field.kind)).collect();
        let Lines { accepted, quarantined, .. } = counted.lines;
        let mut manifest = Manifest::new(&contract.model, files.clone(), accepted, quarantined, columns);
        manifest.segments = fields.iter().filter(|field| field.is_segment).map(|field| field.name.clone()).collect();
        manifest.window = Some(request.window());
        let (version, manifest) = dataset_version(&manifest).map_err(&lake)?;
        let source = Source {
            id: version.get(..32).unwrap_or(&version).to_owned(),
            location: location.to_owned(),
            content: version.clone(),
            lines: counted.lines,
        };
        let baseline = self.count(contract, counted.parts.iter().zip(&files), sampler.freeze(&version, source), location).await?;
        let checks = check_dataset(&DatasetFacts {
            contract,
            baseline: &baseline,
            lines: counted.lines,
            repeats: Some(repeats.counts()),
            others: None,
            wants_outcomes: false,
        });
        let publication = Publication::new(&version, DatasetSource::Window, &request.name(), request.to_ms, accepted, checks);
        self.publish(location, contract, NewVersion { manifest, baseline, publication }).await.map(Some)
    }

    /// The parts that count.
    async fn counted(&self, contract: &Contract, listed: &[ListedPart]) -> Result<Counted, LakeError> {
        let read = stream::iter(listed).map(|listed| self.part_facts(&contract.model, listed)).buffered(PARTS_AT_ONCE);
        let mut parts: Vec<PartFacts> = read.try_collect().await?;
        parts.sort_by(|a, b| (a.at.hour_ms, &a.source.id, a.span_ms).cmp(&(b.at.hour_ms, &b.source.id, b.span_ms)));
        let mut counted = Counted::default();
        let (mut hour_ms, mut contents) = (i64::MIN, Contents::default());
        for part in parts {
            if part.at.hour_ms != hour_ms {
                (hour_ms, contents) = (part.at.hour_ms, Contents::default());
            }
            match contents.standing(&part.source, contract.monitoring.bad_lines) {
                Standing::Repeated => {}
                Standing::Refused => {
                    let quarantined = part.lines.quarantined;
                    counted.lines.add(&Lines { read: quarantined, quarantined, ..Lines::default() });
                }
                Standing::Counted => {
                    counted.lines.add(&part.lines);
                    if part.records > 0 {
                        counted.parts.push(part);
                    }
                }
            }
        }
        Ok(counted)
    }

    async fn part_facts(&self, model: &str, listed: &ListedPart) -> Result<PartFacts, LakeError> {
        let found = self.lake.part(model, &listed.at).await?.filter(|(_, etag)| *etag == listed.etag);
        let (part, _) = found.ok_or_else(|| self.changed(listed.at.profile(model)))?;
        let wrong_type = part.profile.fields.iter().filter(|field| field.wrong_type > 0);
        Ok(PartFacts {
            at: listed.at.clone(),
            span_ms: part.profile.span_ms,
            lines: part.lines,
            records: part.profile.records,
            version: part.profile.versions.keys().next().cloned().unwrap_or_default(),
            wrong_type: wrong_type.map(|field| (field.name.clone(), field.wrong_type)).collect(),
            unexpected: part.profile.unexpected.into_iter().collect(),
            source: part.source,
        })
    }

    /// Keeps a part's records under the digest of their bytes.
    async fn keep(&self, contract: &Contract, part: &PartFacts) -> Result<(ManifestFile, Bytes), LakeError> {
        let model = &contract.model;
        let key = part.at.records(model);
        let bytes = self.lake.part_records(model, &part.at).await?.ok_or_else(|| self.changed(key.clone()))?;
        let (content, _) = read_records(&key, bytes.clone())?;
        if content != part.source.content {
            return Err(self.changed(key));
        }
        let name = key.strip_prefix(&keys::records_of(model)).unwrap_or(&key).to_owned();
        let file = ManifestFile { name, bytes: bytes.len() as u64, sha256: keys::sha256(&bytes) };
        let kept = keys::dataset_file(model, &file.sha256);
        match self.lake.bucket.put(&kept, bytes.clone(), "application/vnd.apache.parquet", Condition::Absent).await {
            // Kept before.
            Ok(_) | Err(LakeError::Conflict { .. }) => Ok((file, bytes)),
            Err(failure) => Err(failure),
        }
    }

    /// Second reading: counts the kept files.
    async fn count<'a>(
        &self,
        contract: &Contract,
        files: impl Iterator<Item = (&'a PartFacts, &'a ManifestFile)>,
        mut builder: BaselineBuilder,
        location: &str,
    ) -> Result<Baseline, CollectError> {
        let lake = CollectError::lake(location);
        let fields = contract.fields();
        let mut wrong_type: BTreeMap<&str, u64> = BTreeMap::new();
        let mut read =
            stream::iter(files).map(async |(part, file)| Ok((part, file, self.kept(contract, file).await?))).buffered(FILES_AT_ONCE);
        while let Some((part, file, bytes)) = read.try_next().await.map_err(&lake)? {
            let mut unexpected = part.unexpected.clone();
            for batch in batches(file, bytes, &fields).map_err(&lake)? {
                let facts =
                    BatchFacts { version: part.version.clone(), unexpected: std::mem::take(&mut unexpected), ..BatchFacts::default() };
                builder.observe(&batch.map_err(&lake)?, &facts).map_err(CollectError::profile(location))?;
            }
            for (field, count) in &part.wrong_type {
                *wrong_type.entry(field).or_default() += count;
            }
        }
        let mut baseline = builder.finish();
        // Records carry nothing where a value was of a wrong type: how many there were, the parts know.
        for field in &mut baseline.profile.fields {
            let count = wrong_type.get(field.name.as_str()).copied().unwrap_or(0).min(field.missing);
            field.wrong_type += count;
            field.missing -= count;
        }
        Ok(baseline)
    }

    async fn kept(&self, contract: &Contract, file: &ManifestFile) -> Result<Bytes, LakeError> {
        let key = keys::dataset_file(&contract.model, &file.sha256);
        let stored = self.lake.bucket.get(&key).await?;
        stored.map(|stored| stored.bytes).ok_or_else(|| self.changed(key))
    }

    fn changed(&self, key: String) -> LakeError {
        LakeError::Conflict { bucket: self.lake.bucket.name().to_owned(), key }
    }
}

/// The records of a file, with a column for each field of the contract.
fn batches<'a>(
    file: &ManifestFile,
    bytes: Bytes,
    fields: &'a [Field],
) -> Result<impl Iterator<Item = Result<RecordBatch, LakeError>> + use<'a>, LakeError> {
    let (_, batches) = read_records(&file.name, bytes)?;
    Ok(batches.map(|batch| batch.map(|batch| fitted(batch, fields))))
}
