//! One file of ground truth, from its bytes to the lake.
//!
//! It goes the way of every object in the logs bucket (`log_object.rs`): receipt, intent, outputs, receipt. Its outcomes become one file, in the order of
//! the object; an outcome that does not say when it became known has the time at which the object was written. Which prediction an outcome belongs to
//! is not asked here: it may come before its prediction does, and stays until it is wanted.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{ArrayRef, RecordBatch, TimestampMillisecondArray};
use tidegate_contract::Contract;
use tidegate_intake::{Plan, Summary};
use tidegate_lake::{Lake, Opened, Outcome, Receipt, RecordsWriter, Upload, keys};

use crate::{
    CollectError, Collector,
    reading::{Item, Reading, Take},
};

/// Memory of an unfinished row group; beyond it, it is finished.
const UNFINISHED_BYTES: usize = 16 * 1024 * 1024;

/// The outputs of one file of truth in the making.
#[derive(Debug)]
pub(crate) struct Truth<'a> {
    lake: &'a Lake,
    model: String,
    source: String,
    location: String,
    last_modified_ms: i64,
    /// Begun with the first outcome.
    outcomes: Option<(RecordsWriter, Upload)>,
    quarantine: Option<Upload>,
    content: String,
}

impl Take for Truth<'_> {
    async fn take(&mut self, item: Item) -> Result<(), CollectError> {
        let lake = CollectError::lake(&self.location);
        match item {
            Item::Rejected(line) => {
                let quarantine = self.quarantine.get_or_insert_with(|| {
                    let key = keys::quarantine(&self.model, self.last_modified_ms, &self.source);
                    Upload::new(&self.lake.bucket, key, "application/x-ndjson")
                });
                quarantine.push(&line).await.map_err(lake)
            }
            Item::Batch(_, batch, _) => {
                let batch = dated(batch, self.last_modified_ms);
                let (writer, upload) = match &mut self.outcomes {
                    Some(outcomes) => outcomes,
                    none => {
                        let key = keys::truth(&self.model, self.last_modified_ms, &self.source);
                        let writer = RecordsWriter::new(&batch.schema(), &self.location).map_err(&lake)?;
                        none.insert((writer, Upload::new(&self.lake.bucket, key, "application/vnd.apache.parquet")))
                    }
                };
                writer.write(&batch).map_err(&lake)?;
                if writer.unfinished_bytes() > UNFINISHED_BYTES {
                    writer.close_row_group().map_err(&lake)?;
                }
                upload.push(&writer.take()).await.map_err(lake)
            }
            // Truth is not logged as requests and responses.
            Item::Half(..) => Ok(()),
        }
    }
}

impl Truth<'_> {
    /// Every key that will hold something.
    pub(crate) fn keys(&self) -> BTreeSet<String> {
        let uploads = self.outcomes.iter().map(|(_, upload)| upload).chain(&self.quarantine);
        uploads.map(|upload| upload.key().to_owned()).collect()
    }

    /// Writes what has not left yet. A failure leaves no upload begun.
    pub(crate) async fn write(self) -> Result<(), CollectError> {
        let lake = CollectError::lake(&self.location);
        let mut finished = Ok(());
        if let Some((writer, mut upload)) = self.outcomes {
            let last = match writer.finish(&self.content) {
                Ok(last) => upload.push(&last).await,
                Err(error) => Err(error),
            };
            finished = match last {
                Ok(()) => upload.finish().await,
                Err(error) => {
                    upload.abort().await;
                    Err(error)
                }
            };
        }
        match (self.quarantine, finished) {
            (Some(quarantine), Ok(())) => quarantine.finish().await.map_err(lake),
            (Some(quarantine), Err(error)) => {
                quarantine.abort().await;
                Err(lake(error))
            }
            (None, finished) => finished.map_err(lake),
        }
    }

    /// Takes back what has been sent.
    pub(crate) async fn abort(self) {
        for upload in self.outcomes.into_iter().map(|(_, upload)| upload).chain(self.quarantine) {
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
            outcomes: None,
            quarantine: None,
            content: String::new(),
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
        let Summary { lines, reasons, content_sha256, fault, .. } = finished.summary;
        receipt.outcome = match (lines.accepted, lines.quarantined) {
            (0, 0) => Outcome::Empty,
            (0, _) => Outcome::Unreadable,
            _ => Outcome::Truth,
        };
        receipt.reason = fault.map(|fault| fault.text);
        (receipt.bytes, receipt.lines, receipt.reasons) = (finished.bytes, lines, reasons);
        truth.content.clone_from(&content_sha256);
        receipt.content = content_sha256;
        receipt.keys = truth.keys();
        Ok((receipt, truth))
    }
}

/// The batch with a time in every row.
fn dated(batch: RecordBatch, last_modified_ms: i64) -> RecordBatch {
    let Some(times) = batch.columns().first().and_then(|times| times.as_primitive_opt::<TimestampMillisecondType>()) else { return batch };
    let filled: TimestampMillisecondArray = times.iter().map(|time| Some(time.unwrap_or(last_modified_ms))).collect();
    let mut columns = batch.columns().to_vec();
    if let Some(first) = columns.first_mut() {
        *first = Arc::new(filled.with_timezone("UTC")) as ArrayRef;
    }
    // The same columns under their own types: this cannot fail.
    RecordBatch::try_new(batch.schema(), columns).unwrap_or(batch)
}
