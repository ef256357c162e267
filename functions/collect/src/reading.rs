//! Reading one object through intake: as a stream where its format allows, through the function's disk where not.
//!
//! Memory does not grow with the object. Lines are pushed in pieces of [`PUSH_BYTES`] and what they became is handed on before
//! the next piece; Parquet is spooled to disk, and its reader waits when [`CHANNEL_ITEMS`] wait.

use std::io::{Seek, Write};

use arrow_array::RecordBatch;
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tidegate_intake::{
    Detected, Flow, Half, Intake, IntakeError, Limits, Partition, Plan, Rejected, SNIFF_BYTES, Sink, SinkError, Summary, column_names,
    parquet_column_names, read_parquet, sniff,
};
use tidegate_lake::{Bucket, LakeError, Opened, keys};
use tidegate_profile::BatchFacts;
use tokio::sync::mpsc;

use crate::CollectError;

/// Most bytes pushed into intake at once: a bomb inflates 200-fold before it is refused, and that much must fit.
const PUSH_BYTES: usize = 64 * 1024;

/// So much of a file of lines tells the names of its columns.
const BEGINNING_BYTES: usize = 64 * 1024;

/// Most batches and rejected lines that wait between the Parquet reader and what takes them.
const CHANNEL_ITEMS: usize = 4;

/// What intake made of a piece of an object.
#[derive(Debug)]
pub(crate) enum Item {
    /// Records of one partition.
    Batch(Partition, RecordBatch, BatchFacts),
    /// A line that could not become a record, as a line of the quarantine file.
    Rejected(Vec<u8>),
    /// Half a record whose other half is not in the object: when it was logged (milliseconds since 1970), and its line of the file of halves.
    Half(i64, Vec<u8>),
}

/// Takes what is read, piece by piece.
pub(crate) trait Take {
    /// Takes one item.
    async fn take(&mut self, item: Item) -> Result<(), CollectError>;
}

/// What is known of an object when it was read to its end.
#[derive(Debug)]
pub(crate) struct Finished {
    /// What became of its lines.
    pub(crate) summary: Summary,
    /// SHA-256 of its bytes as stored, hex; empty unless [`Reading::digests_stored`].
    pub(crate) sha256: String,
    /// Its size as stored, bytes.
    pub(crate) bytes: u64,
    /// The names of its columns, where they can be told; none unless [`Reading::digests_stored`].
    pub(crate) columns: Option<Vec<String>>,
}

/// How an object is read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) bucket: &'a Bucket,
    pub(crate) key: &'a str,
    pub(crate) location: &'a str,
    pub(crate) plan: &'a Plan,
    pub(crate) spool_mib: u64,
    /// Whether the bytes as stored are digested, and the columns named, too. Intake digests what the bytes inflate to; to do both costs a fifth of the time.
    pub(crate) digests_stored: bool,
}

impl Reading<'_> {
    /// Reads the object to its end.
    pub(crate) async fn run(&self, object: Opened, taker: &mut impl Take) -> Result<Finished, CollectError> {
        let mut source =
            Chunks { object, digest: self.digests_stored.then(Sha256::new), beginning: BytesMut::new(), bytes: 0, reading: self };
        let mut head = BytesMut::new();
        while head.len() < SNIFF_BYTES {
            match source.next().await? {
                Some(chunk) => head.extend_from_slice(&chunk),
                None => break,
            }
        }
        let head = head.freeze();
        let (summary, columns) = match sniff(&head) {
            Detected::Lines(_) => {
                let summary = self.lines(head, &mut source, taker).await?;
                (summary, Some(source.beginning).filter(|beginning| !beginning.is_empty()).and_then(|beginning| column_names(&beginning)))
            }
            Detected::Parquet => self.parquet(head, &mut source, taker).await?,
        };
        let sha256 = source.digest.map(|digest| keys::hex(&digest.finalize())).unwrap_or_default();
        // The columns of a serving system's log are not those of its records.
        let columns = columns.filter(|_| summary.log.is_none() && self.digests_stored);
        Ok(Finished { summary, sha256, bytes: source.bytes, columns })
    }

    async fn lines(&self, head: Bytes, source: &mut Chunks<'_>, taker: &mut impl Take) -> Result<Summary, CollectError> {
        let mut intake = Intake::new(self.plan, Limits::default());
        let mut made = Made { location: self.location.to_owned(), items: Vec::new() };
        let mut next = Some(head);
        'object: while let Some(chunk) = next {
            for piece in chunk.chunks(PUSH_BYTES) {
                let flow = intake.push(piece, &mut made).map_err(|source| self.failed(source))?;
                made.hand_on(taker).await?;
                // Others of the batch get their turn, and the deadline is looked at.
                tokio::task::yield_now().await;
                if flow != Flow::More {
                    break 'object;
                }
            }
            next = source.next().await?;
        }
        let summary = intake.finish(&mut made).map_err(|source| self.failed(source))?;
        made.hand_on(taker).await?;
        Ok(summary)
    }

    async fn parquet(
        &self,
        head: Bytes,
        source: &mut Chunks<'_>,
        taker: &mut impl Take,
    ) -> Result<(Summary, Option<Vec<String>>), CollectError> {
        let limit = self.spool_mib * 1024 * 1024;
        let too_large = || CollectError::DiskLimit { location: self.location.to_owned(), limit_mib: self.spool_mib };
        if source.object.bytes > limit {
            return Err(too_large());
        }
        let disk = CollectError::disk(self.location);
        let mut file = tempfile::tempfile().map_err(&disk)?;
        let mut next = Some(head);
        while let Some(chunk) = next {
            file.write_all(&chunk).map_err(&disk)?;
            if source.bytes > limit {
                return Err(too_large());
            }
            next = source.next().await?;
        }
        file.rewind().map_err(&disk)?;
        let columns = if self.digests_stored { parquet_column_names(&file) } else { None };
        let (sender, mut items) = mpsc::channel(CHANNEL_ITEMS);
        let (plan, location) = (self.plan.clone(), self.location.to_owned());
        // Ends by itself when `items` is dropped: the next send fails.
        let reader = tokio::task::spawn_blocking(move || read_parquet(&plan, Limits::default(), file, &mut Sent { location, sender }));
        while let Some(item) = items.recv().await {
            taker.take(item).await?;
        }
        let read = reader.await.map_err(|source| CollectError::Reader { location: self.location.to_owned(), source })?;
        read.map(|summary| (summary, columns)).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: IntakeError) -> CollectError {
        CollectError::Intake { location: self.location.to_owned(), source }
    }
}

/// An object's bytes, counted, and digested where that is wanted, as they arrive.
struct Chunks<'a> {
    object: Opened,
    digest: Option<Sha256>,
    /// The first bytes, by which columns are told, where the bytes are digested.
    beginning: BytesMut,
    bytes: u64,
    reading: &'a Reading<'a>,
}

impl Chunks<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, CollectError> {
        let chunk = self.object.body.try_next().await.map_err(|source| {
            let (bucket, key) = (self.reading.bucket.name().to_owned(), self.reading.key.to_owned());
            let broken = LakeError::Call { operation: "read", bucket, key, retryable: true, source: Box::new(source) };
            CollectError::lake(self.reading.location)(broken)
        })?;
        if let Some(chunk) = &chunk {
            if let Some(digest) = &mut self.digest {
                digest.update(chunk);
                let room = BEGINNING_BYTES.saturating_sub(self.beginning.len());
                self.beginning.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
            }
            self.bytes += chunk.len() as u64;
        }
        Ok(chunk)
    }
}

/// What one push made.
pub(crate) struct Made {
    pub(crate) location: String,
    pub(crate) items: Vec<Item>,
}

impl Made {
    pub(crate) async fn hand_on(&mut self, taker: &mut impl Take) -> Result<(), CollectError> {
        for item in self.items.drain(..) {
            taker.take(item).await?;
        }
        Ok(())
    }
}

impl Sink for Made {
    fn batch(&mut self, partition: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        self.items.push(Item::Batch(partition, batch, facts));
        Ok(())
    }

    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError> {
        self.items.push(Item::Rejected(quarantine_line(&self.location, &rejected)?));
        Ok(())
    }

    fn half(&mut self, half: Half<'_>) -> Result<(), SinkError> {
        self.items.push(half_item(half));
        Ok(())
    }
}

/// Sends what the Parquet reader makes to the other side, and waits while that is busy.
struct Sent {
    location: String,
    sender: mpsc::Sender<Item>,
}

impl Sink for Sent {
    fn batch(&mut self, partition: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        Ok(self.sender.blocking_send(Item::Batch(partition, batch, facts))?)
    }

    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError> {
        Ok(self.sender.blocking_send(Item::Rejected(quarantine_line(&self.location, &rejected)?))?)
    }

    fn half(&mut self, half: Half<'_>) -> Result<(), SinkError> {
        Ok(self.sender.blocking_send(half_item(half))?)
    }
}

fn half_item(half: Half<'_>) -> Item {
    Item::Half(half.time_ms, [half.text.as_bytes(), b"\n"].concat())
}

/// A rejected line as it is kept in the quarantine: one JSON object, the line itself whole.
#[derive(Serialize)]
struct QuarantineLine<'a> {
    object: &'a str,
    line: u64,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u64>,
    reason: &'a str,
    says: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// Instead of `text`, when the line is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// Instead of `text`, when the contract has personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
    /// Whether only the beginning of the line is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

pub(crate) fn quarantine_line(location: &str, rejected: &Rejected<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let withheld = rejected.withheld.as_deref();
    let text = std::str::from_utf8(rejected.text).ok();
    let mut bytes = serde_json::to_vec(&QuarantineLine {
        object: location,
        line: rejected.line,
        offset: rejected.offset,
        column: rejected.column,
        reason: rejected.reason.kind.name(),
        says: &rejected.reason.text,
        text: text.filter(|_| withheld.is_none()),
        sha256: withheld,
        base64: text.is_none().then(|| aws_smithy_types::base64::encode(rejected.text)),
        truncated: rejected.truncated,
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use tidegate_intake::{Reason, ReasonKind};

    use super::*;

    #[test]
    fn a_line_with_personal_data_is_told_by_its_digest() {
        let reason = Reason { kind: ReasonKind::Json, text: "found a comma".to_owned() };
        let withheld = Some("ab".to_owned());
        let line =
            quarantine_line("s3://logs/a", &Rejected { line: 3, offset: 40, column: None, reason, text: b"", truncated: false, withheld });
        let line: serde_json::Value = serde_json::from_slice(&line.unwrap()).unwrap();
        assert_eq!((line.get("text"), line.get("sha256").unwrap()), (None, &"ab".into()));
    }

    fn kept(text: &[u8], truncated: bool) -> serde_json::Value {
        let reason = Reason { kind: ReasonKind::Json, text: "found a comma".to_owned() };
        let line =
            quarantine_line("s3://logs/a", &Rejected { line: 3, offset: 40, column: Some(7), reason, text, truncated, withheld: None })
                .unwrap();
        assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1), "one line, whatever the text holds");
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn a_rejected_line_is_kept_whole_with_its_place_and_reason() {
        assert_eq!(
            kept(b"{\"a\":1,\r\n,}", false),
            serde_json::json!({"object": "s3://logs/a", "line": 3, "offset": 40, "column": 7, "reason": "json", "says": "found a comma", "text": "{\"a\":1,\r\n,}"})
        );
    }

    #[test]
    fn bytes_that_are_not_text_are_kept_as_base64() {
        let line = kept(b"\xff\xfe", true);
        assert_eq!((line.get("base64").unwrap(), line.get("truncated").unwrap()), (&"//4=".into(), &true.into()));
        assert_eq!(line.get("text"), None);
    }
}
