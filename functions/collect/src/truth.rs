//! One file of ground truth, from its bytes to the lake.
//!
//! It goes the way of every object in the logs bucket (`log_object.rs`): receipt, intent, outputs, receipt. Its outcomes become one file for each day on which
//! some of them became known, in the order of the object; an outcome that does not say when it became known has the time at which the object was written.
//! Which prediction an outcome belongs to is not asked here: it may come before its prediction does, and stays until it is wanted.
//!
//! Memory: unfinished row groups take at most [`UNFINISHED_BYTES`]; encoded outcomes, about 20 bytes each, wait for their uploads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, TimestampMillisecondArray};
use tidegate_contract::Contract;
use tidegate_intake::{Plan, Summary};
use tidegate_lake::{Lake, Opened, Outcome, Receipt, RecordsWriter, Upload, day_start, keys};
use tidegate_profile::Lines;

use crate::{
    CollectError, Collector,
    reading::{Item, Reading, Take},
};

/// Memory of all unfinished row groups; beyond it, the largest is finished.
const UNFINISHED_BYTES: usize = 16 * 1024 * 1024;

/// Most days of one object: more than a year.
const MAX_DAYS: usize = 400;

/// Name of the reason of an object whose outcomes became known on too many days.
const SCATTERED: &str = "too-many-days";

/// The outputs of one file of truth in the making.
#[derive(Debug)]
pub(crate) struct Truth<'a> {
    lake: &'a Lake,
    model: String,
    source: String,
    location: String,
    last_modified_ms: i64,
    days: BTreeMap<i64, (RecordsWriter, Upload)>,
    quarantine: Option<Upload>,
    content: String,
    /// Too many days: the object is not collected.
    scattered: bool,
}

impl Take for Truth<'_> {
    async fn take(&mut self, item: Item) -> Result<(), CollectError> {
        match item {
            Item::Rejected(line) => {
                let quarantine = self.quarantine.get_or_insert_with(|| {
                    let key = keys::quarantine(&self.model, self.last_modified_ms, &self.source);
                    Upload::new(&self.lake.bucket, key, "application/x-ndjson")
                });
                quarantine.push(&line).await.map_err(CollectError::lake(&self.location))
            }
            Item::Batch(_, batch, _) => {
                let (batch, days) = dated(batch, self.last_modified_ms);
                let mut start = 0;
                for same in days.chunk_by(|one, next| one == next) {
                    if let Some(day_ms) = same.first() {
                        self.add(*day_ms, &batch.slice(start, same.len())).await?;
                    }
                    start += same.len();
                }
                Ok(())
            }
            // Truth is not logged as requests and responses.
            Item::Half(..) => Ok(()),
        }
    }
}

impl Truth<'_> {
    async fn add(&mut self, day_ms: i64, batch: &RecordBatch) -> Result<(), CollectError> {
        let lake = CollectError::lake(&self.location);
        self.scattered |= !self.days.contains_key(&day_ms) && self.days.len() >= MAX_DAYS;
        if self.scattered {
            return Ok(());
        }
        let (writer, _) = match self.days.entry(day_ms) {
            std::collections::btree_map::Entry::Occupied(day) => day.into_mut(),
            std::collections::btree_map::Entry::Vacant(room) => {
                let key = keys::truth(&self.model, day_ms, &self.source);
                let writer = RecordsWriter::new(&batch.schema(), &self.location).map_err(&lake)?;
                room.insert((writer, Upload::new(&self.lake.bucket, key, "application/vnd.apache.parquet")))
            }
        };
        writer.write(batch).map_err(&lake)?;
        let unfinished: usize = self.days.values().map(|(writer, _)| writer.unfinished_bytes()).sum();
        if unfinished > UNFINISHED_BYTES
            && let Some((writer, upload)) = self.days.values_mut().max_by_key(|(writer, _)| writer.unfinished_bytes())
        {
            writer.close_row_group().map_err(&lake)?;
            upload.push(&writer.take()).await.map_err(&lake)?;
        }
        Ok(())
    }

    /// Every key that will hold something.
    fn keys(&self) -> BTreeSet<String> {
        let uploads = self.days.values().map(|(_, upload)| upload).chain(&self.quarantine);
        uploads.map(|upload| upload.key().to_owned()).collect()
    }

    /// Writes what has not left yet. A failure leaves no upload begun.
    pub(crate) async fn write(mut self) -> Result<(), CollectError> {
        let location = self.location.clone();
        let mut written = Ok(());
        while let (Ok(()), Some((_, (writer, mut upload)))) = (&written, self.days.pop_first()) {
            let last = match writer.finish(&self.content) {
                Ok(last) => upload.push(&last).await,
                Err(error) => Err(error),
            };
            written = match last {
                Ok(()) => upload.finish().await,
                Err(error) => {
                    upload.abort().await;
                    Err(error)
                }
            };
        }
        if let (Ok(()), Some(quarantine)) = (&written, self.quarantine.take()) {
            written = quarantine.finish().await;
        }
        if written.is_err() {
            self.abort().await;
        }
        written.map_err(CollectError::lake(&location))
    }

    /// Takes back what has been sent.
    pub(crate) async fn abort(self) {
        for upload in self.days.into_values().map(|(_, upload)| upload).chain(self.quarantine) {
            upload.abort().await;
        }
    }
}

impl Collector {
    /// Reads a file of truth to its end: what to say of it, and what to write.
    pub(crate) async fn read_truth(
        &self,
        key: &str,
        location: &str,
        contract: &Contract,
        object: Opened,
    ) -> Result<(Receipt, Truth<'_>), CollectError> {
        let mut receipt = Receipt {
            model: Some(contract.model.clone()),
            contract: Some(contract.digest()),
            etag: object.etag.clone(),
            last_modified_ms: object.last_modified_ms,
            ..Receipt::new(self.logs.name(), key, Outcome::Truth)
        };
        let mut truth = Truth {
            lake: &self.lake,
            model: contract.model.clone(),
            source: receipt.source.clone(),
            location: location.to_owned(),
            last_modified_ms: object.last_modified_ms,
            days: BTreeMap::new(),
            quarantine: None,
            content: String::new(),
            scattered: false,
        };
        let plan = Plan::truth(contract);
        let reading = Reading { bucket: &self.logs, key, location, plan: &plan, spool_mib: self.settings.spool_mib, digests_stored: false };
        let finished = match reading.run(object, &mut truth).await {
            Ok(finished) => finished,
            Err(failure) => {
                truth.abort().await;
                return Err(failure);
            }
        };
        let Summary { mut lines, mut reasons, content_sha256, fault, .. } = finished.summary;
        receipt.reason = fault.map(|fault| fault.text);
        if truth.scattered {
            for (_, upload) in std::mem::take(&mut truth.days).into_values() {
                upload.abort().await;
            }
            lines = Lines { read: lines.read, quarantined: lines.read - lines.blank, accepted: 0, blank: lines.blank };
            let before: u64 = reasons.values().sum();
            reasons.insert(SCATTERED.to_owned(), lines.quarantined - before);
            receipt.reason = Some(format!(
                "found outcomes that became known on more than {MAX_DAYS} days, expected at most that many: write smaller objects"
            ));
        }
        receipt.outcome = match (lines.accepted, lines.quarantined) {
            (0, 0) => Outcome::Empty,
            (0, _) => Outcome::Unreadable,
            _ => Outcome::Truth,
        };
        (receipt.bytes, receipt.lines, receipt.reasons) = (finished.bytes, lines, reasons);
        truth.content.clone_from(&content_sha256);
        receipt.content = content_sha256;
        receipt.keys = truth.keys();
        Ok((receipt, truth))
    }
}

/// The batch with a time in every row, and the day of each.
fn dated(batch: RecordBatch, last_modified_ms: i64) -> (RecordBatch, Vec<i64>) {
    let times = batch.columns().first().and_then(|times| times.as_primitive_opt::<TimestampMillisecondType>());
    let Some(times) = times else {
        let days = vec![day_start(last_modified_ms); batch.num_rows()];
        return (batch, days);
    };
    let filled: Vec<i64> = times.iter().map(|time| time.unwrap_or(last_modified_ms)).collect();
    let days = filled.iter().map(|time| day_start(*time)).collect();
    if times.null_count() == 0 {
        return (batch, days);
    }
    let mut columns = batch.columns().to_vec();
    if let Some(first) = columns.first_mut() {
        *first = Arc::new(TimestampMillisecondArray::from(filled).with_timezone("UTC")) as ArrayRef;
    }
    // The same columns under their own types: this cannot fail.
    (RecordBatch::try_new(batch.schema(), columns).unwrap_or(batch), days)
}
