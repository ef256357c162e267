//! An hour of requests and responses that were logged apart, from the halves in the lake to records.
//!
//! Azure's collector and `KServe`'s logger write requests and responses as lines of their own, often into files of their own, which come in any order, late, and
//! more than once. What an object has both halves of is a record at once. The rest of it lies in the lake, one file for each object
//! and hour, and is as much a function of the object as its records are: `log_object.rs` says why the newest object wins.
//!
//! # Why any order of objects ends in the same records
//!
//! The joined records of an hour are a function of the *set* of files of halves of that hour and its two neighbours (`tidegate_intake::join`
//! takes no notice of their order), of the contract and of the baseline. So an hour is treated as an object of its own, whose content is that
//! set as it is listed now, and goes the very same way: (1) read its receipt; (2) list and read the halves; (3) intent; (4) outputs; (5) delete what is no longer used; (6)
//! complete. The proof in `log_object.rs` holds word by word when "the event of the newest object" is the delivery that wrote the last file of halves:
//! it makes its pass over the hour after that, and listings of S3 are consistent. There is no shortcut for an hour that looks joined: a pass that
//! stalled after its intent may still write what it read.
//!
//! Every delivery of an object with halves joins its hours again, so an hour of `n` files is read `n` times; loggers write one file per instance and
//! hour, or one every few minutes. Passes over the same hour that meet start over, as those over the same object do. A crash anywhere brings the message back, and
//! with it the pass over the object and then over its hours, among them those that only its older self touched.
//!
//! Memory: the halves are read in as many turns as keep one below [`TURN_BYTES`], each for a share of the ids.

use std::collections::BTreeSet;

use bytes::{Buf, BytesMut};
use sha2::{Digest, Sha256};
use tidegate_contract::Contract;
use tidegate_intake::{Layout, Plan, Summary, join};
use tidegate_lake::{HOUR_MS, KeyRange, LakeError, Listed, Receipt, keys};
use tidegate_profile::Profiler;
use tracing::info;

use crate::{CollectError, Collector, log_object::TRIES, outputs::Subject, reading::Made};

/// Most bytes of halves that are looked at together. They are held about three times while they are joined.
const TURN_BYTES: u64 = 16 * 1024 * 1024;

impl Collector {
    /// Joins the hours that these files of halves reach into.
    pub(crate) async fn join_hours(&self, contract: &Contract, keys: impl Iterator<Item = &String>) -> Result<(), CollectError> {
        let own: BTreeSet<i64> = keys.filter_map(|key| keys::hour_of_halves(key)).collect();
        let hours: BTreeSet<i64> = own.iter().flat_map(|hour_ms| [hour_ms - HOUR_MS, *hour_ms, hour_ms + HOUR_MS]).collect();
        for hour_ms in hours {
            self.join_hour(contract, hour_ms).await?;
        }
        Ok(())
    }

    async fn join_hour(&self, contract: &Contract, hour_ms: i64) -> Result<(), CollectError> {
        let location = format!("s3://{}/{}", self.lake.bucket.name(), keys::halves_of(&contract.model, hour_ms));
        for _ in 0..TRIES {
            match Box::pin(self.join_pass(contract, hour_ms, &location)).await {
                Err(failure) if failure.is_conflict() => {
                    info!(object.location = location, "another delivery is at work on the hour: starting over");
                }
                done => return done,
            }
        }
        Err(CollectError::Busy { location, tries: TRIES })
    }

    async fn join_pass(&self, contract: &Contract, hour_ms: i64, location: &str) -> Result<(), CollectError> {
        let lake = CollectError::lake(location);
        let mut receipt = Receipt::of_joined(self.lake.bucket.name(), &contract.model, hour_ms);
        let previous = self.lake.receipt(&receipt.source).await.map_err(&lake)?;
        let mut halves = self.halves_of_hour(&contract.model, hour_ms).await.map_err(&lake)?;
        if previous.is_none() && halves.is_empty() {
            return Ok(());
        }
        for near_ms in [hour_ms - HOUR_MS, hour_ms + HOUR_MS] {
            halves.extend(self.halves_of_hour(&contract.model, near_ms).await.map_err(&lake)?);
        }

        let plan = Plan::new(contract, Layout::Logs).map_err(|source| CollectError::Intake { location: location.to_owned(), source })?;
        let baseline = self.baselines.current(&contract.model).await.map_err(&lake)?;
        let subject = Subject {
            lake: &self.lake,
            model: contract.model.clone(),
            source: receipt.source.clone(),
            location: location.to_owned(),
            schema: plan.schema().clone(),
            profiler: Profiler::new(plan.fields(), baseline.as_deref()).into(),
            last_modified_ms: hour_ms,
            spool_mib: self.settings.spool_mib,
        };
        let mut outputs = subject.outputs();
        let mut summary = Summary { content_sha256: set_digest(hour_ms, &halves), ..Summary::default() };
        let bytes: u64 = halves.iter().map(|half| half.bytes).sum();
        let turns = bytes.div_ceil(TURN_BYTES).max(1);
        for turn in 0..turns {
            let mut made = Made { location: location.to_owned(), items: Vec::new() };
            let joined = async {
                let lines = self.halves_of_turn(&halves, turn, turns, location).await?;
                let joined = join(&plan, lines, Some(hour_ms), &mut made);
                let joined = joined.map_err(|source| CollectError::Intake { location: location.to_owned(), source })?;
                made.hand_on(&mut outputs).await.map(|()| joined)
            };
            match joined.await {
                Ok(joined) => add(&mut summary, joined),
                Err(failure) => {
                    outputs.abort().await;
                    return Err(failure);
                }
            }
        }

        let ready = outputs.ready(&summary);
        receipt.contract = Some(contract.digest());
        receipt.etag.clone_from(&summary.content_sha256);
        receipt.bytes = bytes;
        receipt.content = summary.content_sha256;
        receipt.lines = summary.lines;
        receipt.reasons = summary.reasons;
        receipt.waiting = summary.waiting;
        receipt.keys = ready.keys();
        let intent = receipt.intent(previous.as_ref().map(|(receipt, _)| receipt));
        let etag = match self.lake.put_receipt(&intent, previous.as_ref().map(|(_, etag)| etag.as_str())).await {
            Ok(etag) => etag,
            Err(failure) => {
                ready.abort().await;
                return Err(lake(failure));
            }
        };
        ready.write().await?;
        self.lake.bucket.delete(&receipt.obsolete(&intent)).await.map_err(&lake)?;
        self.lake.put_receipt(&receipt.complete(&intent), Some(&etag)).await.map_err(&lake)?;
        info!(object.location = location, lines.accepted = receipt.lines.accepted, halves.waiting = receipt.waiting, "hour joined");
        Ok(())
    }

    async fn halves_of_hour(&self, model: &str, hour_ms: i64) -> Result<Vec<Listed>, LakeError> {
        let prefix = keys::halves_of(model, hour_ms);
        self.lake.bucket.list_ranges(&prefix, &[KeyRange { after: prefix.clone(), until: None }]).await
    }

    /// The halves whose ids belong to a turn. One that changed or went since it was listed is a conflict: the pass starts over.
    async fn halves_of_turn(&self, halves: &[Listed], turn: u64, turns: u64, location: &str) -> Result<Vec<String>, CollectError> {
        let lake = CollectError::lake(location);
        let mut lines = Vec::new();
        for half in halves {
            let changed = || LakeError::Conflict { bucket: self.lake.bucket.name().to_owned(), key: half.key.clone() };
            let opened = self.lake.bucket.open(&half.key, Some(&half.etag)).await.map_err(&lake)?;
            let mut body = opened.ok_or_else(|| lake(changed()))?.body;
            let mut open = BytesMut::new();
            while let Some(chunk) = body.try_next().await.map_err(|source| {
                let (bucket, key) = (self.lake.bucket.name().to_owned(), half.key.clone());
                lake(LakeError::Call { operation: "read", bucket, key, retryable: true, source: Box::new(source) })
            })? {
                open.extend_from_slice(&chunk);
                while let Some(end) = open.iter().position(|byte| *byte == b'\n') {
                    let line = String::from_utf8_lossy(&open.split_to(end)).into_owned();
                    open.advance(1);
                    if turn_of(&line, turns) == turn {
                        lines.push(line);
                    }
                }
            }
        }
        Ok(lines)
    }
}

/// The turn that a half belongs to, by its id.
fn turn_of(line: &str, turns: u64) -> u64 {
    if turns == 1 {
        return 0;
    }
    let id = line.split_once(",\"side\":").map_or(line, |(id, _)| id);
    let digest = Sha256::digest(id.as_bytes());
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first) % turns)
}

/// What tells the content of an hour from that of any other: neighbouring hours may be joined from the same files.
fn set_digest(hour_ms: i64, halves: &[Listed]) -> String {
    let mut digest = Sha256::new();
    digest.update(hour_ms.to_be_bytes());
    for half in halves {
        for piece in [&half.key, &half.etag] {
            digest.update((piece.len() as u64).to_be_bytes());
            digest.update(piece.as_bytes());
        }
    }
    keys::hex(&digest.finalize())
}

fn add(sum: &mut Summary, turn: Summary) {
    sum.lines.read += turn.lines.read;
    sum.lines.accepted += turn.lines.accepted;
    sum.lines.quarantined += turn.lines.quarantined;
    sum.waiting += turn.waiting;
    for (reason, lines) in turn.reasons {
        *sum.reasons.entry(reason).or_insert(0) += lines;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_an_id_belong_to_the_same_turn() {
        let (request, response) = (r#"{"id":"a","side":"request","time":1}"#, r#"{"id":"a","side":"response","time":2}"#);
        assert_eq!(turn_of(request, 7), turn_of(response, 7));
        let turns: BTreeSet<u64> = (0..100).map(|id| turn_of(&format!(r#"{{"id":"{id}","side":"request"}}"#), 7)).collect();
        assert_eq!(turns.len(), 7);
    }
}
