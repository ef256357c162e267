//! What one scoring log becomes: a file of records and a profile for each version and hour, and a file of rejected lines.
//!
//! Nothing can be seen in the lake before [`Outputs::write`]: large outputs leave earlier as parts of uploads that are not
//! completed yet. Memory is bounded whatever the object holds: unfinished row groups take at most [`UNFINISHED_BYTES`] and
//! encoded bytes at most [`WAITING_BYTES`] (what is beyond waits on disk) plus one part of an upload; what remains is one
//! profile for each of at most [`MAX_PARTS`] versions and hours, about 100 kB for 30 features.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow_schema::SchemaRef;
use futures::{StreamExt, TryStreamExt, stream};
use tidegate_intake::Summary;
use tidegate_lake::{Bucket, Condition, Lake, PART_BYTES, PartKey, RecordsWriter, Upload, hour_start, keys};
use tidegate_profile::{Lines, Part, Profile, Profiler, Source};

use crate::{
    CollectError,
    halves::Halves,
    reading::{Item, Take},
    spill::{Extent, Spill},
};

/// Most (version, hour) pairs of one object: 30 days of one version and some more. Each costs two writes.
pub(crate) const MAX_PARTS: usize = 1_000;

/// Memory of all unfinished row groups together; beyond it the largest is finished.
const UNFINISHED_BYTES: usize = 48 * 1024 * 1024;

/// Memory of encoded bytes that wait for their upload; beyond it the most waits on disk.
const WAITING_BYTES: usize = 32 * 1024 * 1024;

/// Writes at the same time.
const WRITES: usize = 8;

/// Which object, and how its records are counted.
#[derive(Debug, Clone)]
pub(crate) struct Subject<'a> {
    pub(crate) lake: &'a Lake,
    pub(crate) model: String,
    pub(crate) source: String,
    pub(crate) location: String,
    pub(crate) schema: SchemaRef,
    pub(crate) profiler: Arc<Profiler>,
    /// When the object was written: what has no time of its own lies there.
    pub(crate) last_modified_ms: i64,
    pub(crate) spool_mib: u64,
}

/// The outputs of one object in the making.
#[derive(Debug)]
pub(crate) struct Outputs<'a> {
    subject: Subject<'a>,
    parts: BTreeMap<(i64, String), Output>,
    quarantine: Option<Upload>,
    halves: Halves,
    spill: Spill,
    unfinished: usize,
    waiting: usize,
    /// Too many versions and hours: the object is not collected.
    scattered: bool,
}

#[derive(Debug)]
struct Output {
    profile: Profile,
    records: RecordsWriter,
    /// Memory of the row group, as last counted.
    unfinished: usize,
    waiting: Vec<u8>,
    spilled: Vec<Extent>,
    upload: Upload,
}

impl Output {
    /// Encoded bytes that have not left yet.
    fn kept(&self) -> usize {
        self.waiting.len() + self.spilled.iter().map(Extent::bytes).sum::<usize>()
    }
}

impl Take for Outputs<'_> {
    async fn take(&mut self, item: Item) -> Result<(), CollectError> {
        match item {
            Item::Rejected(line) => {
                let Subject { lake, model, source, location, last_modified_ms, .. } = &self.subject;
                let upload = self.quarantine.get_or_insert_with(|| {
                    Upload::new(&lake.bucket, keys::quarantine(model, *last_modified_ms, source), "application/x-ndjson")
                });
                upload.push(&line).await.map_err(CollectError::lake(location))
            }
            Item::Batch(..) | Item::Half(..) if self.scattered => Ok(()),
            Item::Half(time_ms, line) => {
                let hour_ms = hour_start(time_ms);
                self.scattered = !self.halves.knows(hour_ms) && self.halves.hours() >= MAX_PARTS;
                let subject = &self.subject;
                self.halves.push(hour_ms, &line, &mut self.spill, subject.spool_mib, &subject.location)
            }
            Item::Batch(partition, batch, facts) => {
                let subject = &self.subject;
                let hour_ms = partition.hour_ms.unwrap_or(subject.last_modified_ms);
                let at = (hour_ms, partition.version);
                if !self.parts.contains_key(&at) && self.parts.len() >= MAX_PARTS {
                    self.scattered = true;
                    return Ok(());
                }
                let part = match self.parts.entry(at.clone()) {
                    std::collections::btree_map::Entry::Occupied(part) => part.into_mut(),
                    std::collections::btree_map::Entry::Vacant(room) => room.insert(subject.output(&at)?),
                };
                subject.profiler.observe(&mut part.profile, &batch, &facts).map_err(CollectError::profile(&subject.location))?;
                part.records.write(&batch).map_err(CollectError::lake(&subject.location))?;
                let now = part.records.unfinished_bytes();
                self.unfinished = self.unfinished.saturating_sub(part.unfinished) + now;
                part.unfinished = now;
                if part.records.encoded_bytes() > 0 {
                    self.keep(&at).await?;
                }
                while self.unfinished > UNFINISHED_BYTES {
                    let Some(largest) = self.parts.iter().max_by_key(|(_, part)| part.unfinished).map(|(at, _)| at.clone()) else { break };
                    self.finish_row_group(&largest).await?;
                }
                Ok(())
            }
        }
    }
}

impl<'a> Subject<'a> {
    fn output(&self, (hour_ms, version): &(i64, String)) -> Result<Output, CollectError> {
        let key = PartKey::new(*hour_ms, version, &self.source).records(&self.model);
        Ok(Output {
            profile: self.profiler.start(),
            records: RecordsWriter::new(&self.schema, &self.location).map_err(CollectError::lake(&self.location))?,
            unfinished: 0,
            waiting: Vec::new(),
            spilled: Vec::new(),
            upload: Upload::new(&self.lake.bucket, key, "application/vnd.apache.parquet"),
        })
    }

    pub(crate) fn outputs(self) -> Outputs<'a> {
        Outputs {
            subject: self,
            parts: BTreeMap::new(),
            quarantine: None,
            halves: Halves::default(),
            spill: Spill::default(),
            unfinished: 0,
            waiting: 0,
            scattered: false,
        }
    }
}

impl<'a> Outputs<'a> {
    async fn finish_row_group(&mut self, at: &(i64, String)) -> Result<(), CollectError> {
        let Some(part) = self.parts.get_mut(at) else { return Ok(()) };
        part.records.close_row_group().map_err(CollectError::lake(&self.subject.location))?;
        self.unfinished = self.unfinished.saturating_sub(part.unfinished);
        part.unfinished = 0;
        self.keep(at).await
    }

    /// Takes encoded bytes over: whole parts leave, the rest waits in memory while there is room, else on disk.
    async fn keep(&mut self, at: &(i64, String)) -> Result<(), CollectError> {
        let location = self.subject.location.as_str();
        let Some(part) = self.parts.get_mut(at) else { return Ok(()) };
        let encoded = part.records.take();
        self.waiting += encoded.len();
        part.waiting.extend(encoded);
        if part.kept() >= PART_BYTES {
            self.waiting = self.waiting.saturating_sub(part.waiting.len());
            let mut bytes = Vec::with_capacity(part.kept());
            for extent in part.spilled.drain(..) {
                bytes.extend(self.spill.read(&extent).map_err(CollectError::disk(location))?);
            }
            bytes.append(&mut part.waiting);
            let rest = bytes.split_off(bytes.len() - bytes.len() % PART_BYTES);
            part.upload.push(&bytes).await.map_err(CollectError::lake(location))?;
            self.waiting += rest.len();
            part.waiting = rest;
        }
        while self.waiting > WAITING_BYTES {
            let Some(largest) = self.parts.values_mut().max_by_key(|part| part.waiting.len()) else { break };
            if self.spill.bytes() + largest.waiting.len() as u64 > self.subject.spool_mib * 1024 * 1024 {
                return Err(CollectError::DiskLimit { location: location.to_owned(), limit_mib: self.subject.spool_mib });
            }
            self.waiting -= largest.waiting.len();
            largest.spilled.push(self.spill.write(&std::mem::take(&mut largest.waiting)).map_err(CollectError::disk(location))?);
        }
        Ok(())
    }

    /// Whether the object reaches into more versions and hours than one object may.
    pub(crate) fn is_scattered(&self) -> bool {
        self.scattered
    }

    /// What is written when the object was read to its end.
    pub(crate) fn ready(mut self, summary: &Summary) -> Ready<'a> {
        let content = summary.content_sha256.clone();
        let parts = std::mem::take(&mut self.parts);
        let first = parts.keys().next().cloned();
        let mut ready = Ready::new(self.subject, &content, summary.lines, self.quarantine.take(), std::mem::take(&mut self.spill));
        ready.halves = std::mem::take(&mut self.halves);
        for (at, output) in parts {
            let accepted = output.profile.records;
            let (lines, reasons) = if first.as_ref() == Some(&at) {
                let Lines { quarantined, blank, .. } = summary.lines;
                (Lines { read: accepted + quarantined + blank, accepted, quarantined, blank }, summary.reasons.clone())
            } else {
                (Lines { read: accepted, accepted, ..Lines::default() }, BTreeMap::new())
            };
            let Output { profile, records, waiting, spilled, upload, .. } = output;
            ready.add(at, lines, reasons, profile, Some(Records { writer: records, waiting, spilled, upload }));
        }
        ready
    }

    /// Takes back what has been sent.
    pub(crate) async fn abort(self) {
        for part in self.parts.into_values() {
            part.upload.abort().await;
        }
        if let Some(upload) = self.quarantine {
            upload.abort().await;
        }
    }
}

/// Outputs that are complete but for their last bytes, and the keys that they will have.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    subject: Subject<'a>,
    source: Source,
    parts: Vec<(PartKey, Part, Option<Records>)>,
    quarantine: Option<Upload>,
    halves: Halves,
    spill: Spill,
}

#[derive(Debug)]
struct Records {
    writer: RecordsWriter,
    waiting: Vec<u8>,
    spilled: Vec<Extent>,
    upload: Upload,
}

impl<'a> Ready<'a> {
    fn new(subject: Subject<'a>, content: &str, lines: Lines, quarantine: Option<Upload>, spill: Spill) -> Self {
        let (id, location) = (subject.source.clone(), subject.location.clone());
        let source = Source { id, location, content: content.to_owned(), lines };
        Self { subject, source, parts: Vec::new(), quarantine, halves: Halves::default(), spill }
    }

    fn add(
        &mut self,
        (hour_ms, version): (i64, String),
        lines: Lines,
        reasons: BTreeMap<String, u64>,
        profile: Profile,
        records: Option<Records>,
    ) {
        let key = PartKey::new(hour_ms, &version, &self.subject.source);
        self.parts.push((key, Part { source: self.source.clone(), lines, reasons, profile }, records));
    }

    /// Lets an object of which nothing became a record be seen in the hour in which it was written.
    pub(crate) fn show_unreadable(&mut self, lines: Lines, reasons: BTreeMap<String, u64>) {
        self.add((self.subject.last_modified_ms, String::new()), lines, reasons, self.subject.profiler.start(), None);
    }

    /// Every key that will hold something.
    pub(crate) fn keys(&self) -> BTreeSet<String> {
        let model = self.subject.model.as_str();
        let mut keys: BTreeSet<String> = self.parts.iter().map(|(at, ..)| at.profile(model)).collect();
        keys.extend(self.parts.iter().filter(|(_, _, records)| records.is_some()).map(|(at, ..)| at.records(model)));
        keys.extend(self.quarantine.iter().map(|upload| upload.key().to_owned()));
        keys.extend(self.halves.each_hour().map(|hour_ms| keys::halves(model, hour_ms, &self.subject.source)));
        keys
    }

    /// Writes everything. Records come before the profile that speaks of them.
    pub(crate) async fn write(self) -> Result<(), CollectError> {
        let Self { subject, source, parts, quarantine, halves, mut spill } = self;
        let mut uploads: Vec<Upload> = quarantine.into_iter().collect();
        halves.write(&subject, &mut spill).await?;
        let mut profiles = Vec::with_capacity(parts.len());
        let mut failure = None;
        for (at, part, records) in parts {
            profiles.push((at, part));
            let Some(records) = records else { continue };
            let (upload, ended) = records.end(&source.content, &mut spill, &subject.location).await;
            uploads.push(upload);
            if let Err(error) = ended {
                failure.get_or_insert(error);
            }
            // What fits into one PUT is in memory now: write it before the next is added.
            if failure.is_none() && uploads.len() >= WRITES {
                failure = finish(&mut uploads, &subject.location).await.err();
            }
        }
        if failure.is_none() {
            failure = finish(&mut uploads, &subject.location).await.err();
        }
        if let Some(failure) = failure {
            for upload in uploads {
                upload.abort().await;
            }
            return Err(failure);
        }
        stream::iter(profiles.iter().map(|(at, part)| subject.lake.put_part(&subject.model, at, part, Condition::Always)))
            .buffer_unordered(WRITES)
            .try_for_each(async |_| Ok(()))
            .await
            .map_err(CollectError::lake(&subject.location))
    }

    /// Takes back what has been sent.
    pub(crate) async fn abort(self) {
        for (_, _, records) in self.parts {
            if let Some(records) = records {
                records.upload.abort().await;
            }
        }
        if let Some(upload) = self.quarantine {
            upload.abort().await;
        }
    }
}

/// Completes uploads, several at the same time. A failure leaves none of them begun.
async fn finish(uploads: &mut Vec<Upload>, location: &str) -> Result<(), CollectError> {
    let finished: Vec<_> = stream::iter(uploads.drain(..).map(Upload::finish)).buffer_unordered(WRITES).collect().await;
    finished.into_iter().collect::<Result<(), _>>().map_err(CollectError::lake(location))
}

impl Records {
    /// Hands the last bytes to the upload, which comes back even when that fails.
    async fn end(mut self, content: &str, spill: &mut Spill, location: &str) -> (Upload, Result<(), CollectError>) {
        let lake = CollectError::lake(location);
        let ended = async {
            for extent in &self.spilled {
                let bytes = spill.read(extent).map_err(CollectError::disk(location))?;
                self.upload.push(&bytes).await.map_err(&lake)?;
            }
            self.upload.push(&self.waiting).await.map_err(&lake)?;
            let last = self.writer.finish(content).map_err(&lake)?;
            self.upload.push(&last).await.map_err(&lake)
        };
        let ended = ended.await;
        (self.upload, ended)
    }
}

/// A bucket's rejected lines of a training set: like those of a log, under the dataset version.
pub(crate) fn dataset_quarantine(lake: &Bucket, model: &str, version: &str) -> Upload {
    Upload::new(lake, keys::dataset_quarantine(model, version), "application/x-ndjson")
}
