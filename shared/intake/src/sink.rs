//! What intake hands on: batches of typed columns, rejected lines, and a summary.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use tidegate_profile::{BatchFacts, Lines};

use crate::{Compression, Format, LogKind, Reason, SinkError};

/// Takes what intake reads, as it is read.
pub trait Sink {
    /// Takes a batch of at most [`Limits::batch_rows`](crate::Limits) rows of one partition. A partition may come in
    /// several batches; its rows keep the order of the object.
    ///
    /// The columns are those of [`Plan::schema`](crate::Plan::schema): `timestamp` (`Timestamp(Millisecond, "UTC")`),
    /// `inference_id` (`Utf8`), then one per field: numeric `Float64` (null = missing or of a wrong type, ±∞ kept, never
    /// NaN), categorical `Dictionary(Int32, Utf8)`. `facts.wrong_type` has one count per field, in the same order.
    ///
    /// # Errors
    /// Whatever keeps the sink from going on; intake stops with [`IntakeError::Sink`](crate::IntakeError::Sink).
    fn batch(&mut self, partition: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError>;

    /// Takes a line that could not become a record.
    ///
    /// # Errors
    /// As [`Sink::batch`].
    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError>;

    /// Takes half a record whose other half is not in this object: keep it, and [`join`](crate::join) it with those of other objects.
    ///
    /// # Errors
    /// As [`Sink::batch`].
    fn half(&mut self, half: Half<'_>) -> Result<(), SinkError>;
}

/// A request or a response that was logged without the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Half<'a> {
    /// What the two halves have in common, as it is stored (hashed when the contract says so).
    pub id: &'a str,
    /// When it was logged, milliseconds since 1970.
    pub time_ms: i64,
    /// The half as one line of JSON: only what the contract reads, personal data hashed or dropped.
    pub text: &'a str,
}

/// Which records a batch holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Partition {
    /// The model version; empty when the records do not say.
    pub version: String,
    /// Start of the hour (UTC) in which the predictions were made, milliseconds since 1970. Always there with
    /// [`Layout::Logs`](crate::Layout::Logs), never with [`Layout::Dataset`](crate::Layout::Dataset), whose rows stay in the order of the file.
    pub hour_ms: Option<i64>,
}

/// A line that could not become a record, or the rest of an object that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected<'a> {
    /// Number of the line in the decompressed object, from 1 (CSV: the line on which the row begins, the header being
    /// line 1; Parquet: the row).
    pub line: u64,
    /// Where the line begins in the decompressed object, bytes from 0; Parquet: 0.
    pub offset: u64,
    /// Where in the line the fault is, bytes from 1, when it is in one place.
    pub column: Option<u64>,
    /// Why.
    pub reason: Reason,
    /// The line without its line break, as it was (it may not be UTF-8). Parquet: the row as a JSON object. Empty for the rest of an
    /// object.
    pub text: &'a [u8],
    /// Whether `text` is only the beginning of the line.
    pub truncated: bool,
    /// SHA-256 of the line, lower-case hex, when the contract has personal data: `text` is then empty.
    pub withheld: Option<String>,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// The format that was told or forced; `None` for an object without content.
    pub format: Option<Format>,
    /// The compression.
    pub compression: Compression,
    /// The system that wrote it, when that was told or named.
    pub log: Option<LogKind>,
    /// Lines (CSV and Parquet: rows, the header not counted) read; `read = accepted + quarantined + blank`. The
    /// unreadable rest of an object is one quarantined line. An event that holds several records counts as that many lines; of the two
    /// lines that hold one record's halves, one counts.
    pub lines: Lines,
    /// Halves of records that wait for their other half: none of `lines`.
    pub waiting: u64,
    /// Quarantined lines by the name of their reason ([`ReasonKind::name`](crate::ReasonKind::name)).
    pub reasons: BTreeMap<String, u64>,
    /// SHA-256 of the decompressed bytes that were read, lower-case hex: two objects of equal content have equal ones,
    /// whatever their compression.
    pub content_sha256: String,
    /// Decompressed bytes that were read.
    pub content_bytes: u64,
    /// Time of the first and the last accepted record, milliseconds since 1970.
    pub span_ms: Option<(i64, i64)>,
    /// Why the rest of the object was not read, when it was not: what came before is kept and counted, the rest is one
    /// quarantined line.
    pub fault: Option<Reason>,
}
