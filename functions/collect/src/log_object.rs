//! One scoring log, from its bytes to the lake, whatever else is delivered at the same time.
//!
//! # Why the last one to finish leaves the newest object
//!
//! A *pass* over an object is: (1) read its receipt; (2) read the object; (3) write an *intent* over the very receipt
//! that was read, with the keys of that receipt and the new ones; (4) write the outputs; (5) delete the keys of the
//! intent that are no longer used; (6) write the complete receipt over that very intent. A refused write at 3 or 6 means
//! that another pass got in between: the pass starts again. A crash or a failure anywhere brings the message back, and with it
//! another pass. There is no shortcut for an object that was collected before: a repeat writes the same bytes again.
//!
//! Let `P` be the pass whose complete receipt is the last one.
//!
//! - *No other pass writes after `P`'s intent.* Whoever did is either followed, in its own delivery, by a pass that completes before
//!   `P` does – its receipts would lie between `P`'s intent and `P`'s end, and `P` would have been refused at 6 – or has not
//!   completed yet, and then its last pass completes after `P`, which was the last.
//! - *`P` leaves nothing behind.* A key is in the receipt before anything is written to it, and stays there – first among the keys,
//!   then among the retired ones – so `P` knows every key that was ever written, writes its own and deletes all others.
//! - *`P` read the newest object.* The event of the newest object led to a pass `N` that completed. If `N` is not `P`, its receipts lie
//!   before `P` read the receipt (else `P` would have been refused), so `N` had read the newest object before `P` read the object at all.
//!
//! Receipts that are equal byte for byte are written by passes over the same object and contract, which write the same
//! outputs; to take one for the other does no harm. No stored byte depends on the clock, on a message or on a try. (A profile
//! depends on which baseline was current; `drift` counts again what was counted in other cells.)

use std::collections::BTreeMap;

use tidegate_contract::Contract;
use tidegate_intake::{Layout, LogKind, Plan, Summary};
use tidegate_lake::{LakeError, Opened, Outcome, Receipt, source_id};
use tidegate_profile::{Lines, Profiler};
use tracing::{info, warn};

use crate::{
    CollectError, Collector,
    outputs::{MAX_PARTS, Ready, Subject},
    reading::Reading,
    truth::Truth,
};

/// Passes over one object before the delivery is given back to the queue.
pub(crate) const TRIES: usize = 6;

/// Name of the reason of an object that reaches into too many versions and hours.
const SCATTERED: &str = "too-many-hours";

/// What an object becomes.
#[derive(Debug)]
enum Made<'a> {
    Records(Box<Ready<'a>>),
    Truth(Box<Truth<'a>>),
}

impl Made<'_> {
    async fn write(self) -> Result<(), CollectError> {
        match self {
            Self::Records(ready) => ready.write().await,
            Self::Truth(truth) => truth.write().await,
        }
    }

    async fn abort(self) {
        match self {
            Self::Records(ready) => ready.abort().await,
            Self::Truth(truth) => truth.abort().await,
        }
    }
}

impl Collector {
    /// Collects a scoring log, or a file of ground truth, as it is now.
    pub(crate) async fn collect_log(&self, key: &str) -> Result<(), CollectError> {
        let location = format!("s3://{}/{key}", self.logs.name());
        for _ in 0..TRIES {
            match Box::pin(self.log_pass(key, &location)).await {
                Err(failure) if failure.is_conflict() => {
                    info!(object.location = location, "another delivery is at work on the object: starting over");
                }
                done => return done,
            }
        }
        Err(CollectError::Busy { location, tries: TRIES })
    }

    async fn log_pass(&self, key: &str, location: &str) -> Result<(), CollectError> {
        let lake = CollectError::lake(location);
        let source = source_id(self.logs.name(), key);
        let previous = self.lake.receipt(&source).await.map_err(&lake)?;
        let Some(contract) = self.contracts.load().await.and_then(|contracts| contracts.of_log(key)).map_err(&lake)? else {
            return self.unmatched(key, location, previous).await;
        };
        let Some(object) = self.logs.open(key, None).await.map_err(&lake)? else {
            info!(object.location = location, "the object is gone; what it became stays");
            return Ok(());
        };
        let (receipt, ready) = self.read_object(key, location, &contract, object).await?;
        let over = previous.as_ref().map(|(_, etag)| etag.as_str());
        let intent = receipt.intent(previous.as_ref().map(|(receipt, _)| receipt));
        let etag = match self.lake.put_receipt(&intent, over).await {
            Ok(etag) => etag,
            Err(failure) => {
                ready.abort().await;
                return Err(lake(failure));
            }
        };
        ready.write().await?;
        self.lake.bucket.delete(&receipt.obsolete(&intent)).await.map_err(&lake)?;
        self.lake.put_receipt(&receipt.complete(&intent), Some(&etag)).await.map_err(&lake)?;
        // Hours that only an older content of the object reached into lose its halves.
        self.join_hours(&contract, intent.keys.iter().chain(intent.retired.keys())).await?;
        let Lines { read, accepted, quarantined, .. } = receipt.lines;
        info!(object.location = location, lines.read = read, lines.accepted = accepted, lines.quarantined = quarantined, "collected");
        Ok(())
    }

    /// A log that no contract claims: said in its receipt, and done. What it became under an earlier contract stays.
    async fn unmatched(&self, key: &str, location: &str, previous: Option<(Receipt, String)>) -> Result<(), CollectError> {
        warn!(object.location = location, "no contract's logs prefix matches the object");
        let reason = "no contract's logs prefix matches the key: put the contract, then copy the object over itself".to_owned();
        let receipt = Receipt { reason: Some(reason), ..Receipt::new(self.logs.name(), key, Outcome::Unmatched) };
        if previous.is_some_and(|(previous, _)| previous.outcome != Outcome::Unmatched) {
            return Ok(());
        }
        match self.lake.put_receipt(&receipt, None).await {
            // Said before.
            Err(failure) if failure.is_conflict() => Ok(()),
            put => put.map(drop).map_err(CollectError::lake(location)),
        }
    }

    /// Reads an object to its end, as truth if its key or its content says so.
    async fn read_object(
        &self,
        key: &str,
        location: &str,
        contract: &Contract,
        object: Opened,
    ) -> Result<(Receipt, Made<'_>), CollectError> {
        let mut object = object;
        if !key.starts_with(&contract.truth_prefix()) {
            let etag = object.etag.clone();
            let (receipt, ready, kind) = self.read_log(key, location, contract, object).await?;
            if !kind.is_some_and(LogKind::is_truth) {
                return Ok((receipt, Made::Records(Box::new(ready))));
            }
            ready.abort().await;
            let lake = CollectError::lake(location);
            let changed = || LakeError::Conflict { bucket: self.logs.name().to_owned(), key: key.to_owned() };
            object = self.logs.open(key, Some(&etag)).await.map_err(&lake)?.ok_or_else(|| lake(changed()))?;
        }
        let (receipt, truth) = self.read_truth(key, location, contract, object).await?;
        Ok((receipt, Made::Truth(Box::new(truth))))
    }

    /// Reads a log to its end: what to say of it, what to write, and which system wrote it.
    async fn read_log(
        &self,
        key: &str,
        location: &str,
        contract: &Contract,
        object: Opened,
    ) -> Result<(Receipt, Ready<'_>, Option<LogKind>), CollectError> {
        let version = key.strip_prefix(&contract.logs_prefix()).and_then(|below| contract.logs.version_of(below));
        let plan = Plan::new(contract, Layout::Logs)
            .map_err(|source| CollectError::Intake { location: location.to_owned(), source })?
            .of_object(version, Some(object.last_modified_ms));
        let baseline = self.baselines.current(&contract.model).await.map_err(CollectError::lake(location))?;
        let profiler = Profiler::new(plan.fields(), baseline.as_deref());
        let mut receipt = Receipt {
            model: Some(contract.model.clone()),
            contract: Some(contract.digest()),
            etag: object.etag.clone(),
            last_modified_ms: object.last_modified_ms,
            ..Receipt::new(self.logs.name(), key, Outcome::Collected)
        };
        let subject = Subject {
            lake: &self.lake,
            model: contract.model.clone(),
            source: receipt.source.clone(),
            location: location.to_owned(),
            schema: plan.schema().clone(),
            profiler: profiler.into(),
            last_modified_ms: object.last_modified_ms,
            spool_mib: self.settings.spool_mib,
        };
        let reading = Reading { bucket: &self.logs, key, location, plan: &plan, spool_mib: self.settings.spool_mib, digests_stored: false };
        let mut outputs = subject.clone().outputs();
        let finished = match reading.run(object, &mut outputs).await {
            Ok(finished) => finished,
            Err(failure) => {
                outputs.abort().await;
                return Err(failure);
            }
        };
        let mut summary = finished.summary;
        let mut ready = if outputs.is_scattered() {
            outputs.abort().await;
            let reasons = BTreeMap::from([(SCATTERED.to_owned(), 1)]);
            // Its content is told from all others by where it lies.
            let lines = Lines { read: 1, quarantined: 1, ..Lines::default() };
            summary = Summary { lines, reasons, content_sha256: receipt.source.clone(), ..Summary::default() };
            receipt.reason = Some(format!(
                "found records of more than {MAX_PARTS} versions and hours, expected at most that many: write smaller objects"
            ));
            subject.outputs().ready(&summary)
        } else {
            outputs.ready(&summary)
        };
        if summary.lines.accepted == 0 && summary.lines.quarantined > 0 {
            ready.show_unreadable(summary.lines, summary.reasons.clone());
        }
        match summary.log.filter(|log| !log.holds_records()) {
            Some(log) => {
                receipt.outcome = Outcome::NoRecords;
                receipt.reason = Some(log.says().to_owned());
            }
            None if summary.lines.accepted > 0 || summary.waiting > 0 => {}
            None if summary.lines.quarantined > 0 => receipt.outcome = Outcome::Unreadable,
            None => receipt.outcome = Outcome::Empty,
        }
        if let Some(fault) = summary.fault {
            receipt.reason.get_or_insert(fault.text);
        }
        receipt.bytes = finished.bytes;
        receipt.content = summary.content_sha256;
        receipt.lines = summary.lines;
        receipt.reasons = summary.reasons;
        receipt.waiting = summary.waiting;
        receipt.keys = ready.keys();
        Ok((receipt, ready, summary.log))
    }
}
