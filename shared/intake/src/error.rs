//! What stops intake, and why a line is put aside.

/// What a [`crate::Sink`] may fail with.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// What stops intake. Bad *content* never does: it is quarantined ([`crate::Rejected`]) and counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// The sink did not take a batch or a rejected line.
    #[error("the rows that were read could not be passed on")]
    Sink(#[source] SinkError),
    /// The source's bytes could not be read.
    #[error("the source could not be read")]
    Read(#[source] std::io::Error),
    /// The source could not be opened as a file of random access.
    #[error("the source could not be opened")]
    Open(#[source] parquet::errors::ParquetError),
    /// The contract asks for more fields than intake reads.
    #[error("found {found} features, expected at most {expected}")]
    TooManyFields {
        /// Features of the contract.
        found: usize,
        /// [`crate::limits::MAX_FEATURES`].
        expected: usize,
    },
    /// Two columns would have the same name.
    #[error("found two fields named \"{name}\", expected every name once (timestamp and inference_id are taken)")]
    DuplicateField {
        /// The name.
        name: String,
    },
    /// A name or a path has control characters, is empty or is too long.
    #[error("found the name or path {name:?}, expected 1 to {expected} bytes without control characters")]
    Name {
        /// The name.
        name: String,
        /// Most bytes.
        expected: usize,
    },
    /// A batch could not be built: a fault of intake itself.
    #[error("a batch could not be built")]
    Batch(#[source] arrow_schema::ArrowError),
    /// A sample had nothing that could be read.
    #[error("the sample could not be read: {}", .0.text)]
    Sample(Reason),
}

impl IntakeError {
    /// Whether trying again may help: only what the sink or the source said can pass.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Sink(_) | Self::Read(_) | Self::Open(_))
    }
}

/// Why a line was put aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Reason {
    /// The kind, by which reasons are counted.
    pub kind: ReasonKind,
    /// What was found and what was expected, in words. Names no value of the record.
    pub text: String,
}

impl Reason {
    pub(crate) fn new(kind: ReasonKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// The kind of a [`Reason`]. [`ReasonKind::name`] is what summaries count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ReasonKind {
    /// Not strict JSON (RFC 8259).
    Json,
    /// JSON, but not an object.
    NotAnObject,
    /// The same key twice in one object.
    DuplicateKey,
    /// Nested deeper than [`crate::limits::MAX_DEPTH`].
    TooDeep,
    /// What a serving system logged as request or response cannot be read as rows.
    Payload,
    /// Longer than [`Limits::line_bytes`](crate::Limits); only its beginning is kept.
    LineTooLong,
    /// Not UTF-8.
    Encoding,
    /// A control character in a feature's name or in the version.
    ControlCharacter,
    /// The timestamp is absent or null.
    TimestampMissing,
    /// The timestamp is not one that is understood, or outside 1970 to 2199.
    Timestamp,
    /// The inference id or the version is an object, an array or too long.
    Identity,
    /// A record of ground truth does not say what really was.
    Actual,
    /// A CSV row with more or fewer fields than the header.
    FieldCount,
    /// A CSV quote that is never closed, or has text behind its other half.
    Quoting,
    /// The rest of the object: compressed data that ends too early or does not decode.
    Compression,
    /// The rest of the object: it inflates beyond the limits.
    Bomb,
    /// The rest of the object: a format that is not read, or not the one that the contract names.
    Format,
    /// The rest of the object: a header line that cannot be used.
    Header,
    /// The rest of the object: a damaged Parquet file.
    Parquet,
    /// The rest of the object: more lines or bytes than the limits.
    TooLarge,
}

impl ReasonKind {
    /// The stable name by which reasons are counted (`duplicate-key`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::NotAnObject => "not-an-object",
            Self::DuplicateKey => "duplicate-key",
            Self::TooDeep => "too-deep",
            Self::Payload => "payload",
            Self::LineTooLong => "line-too-long",
            Self::Encoding => "encoding",
            Self::ControlCharacter => "control-character",
            Self::TimestampMissing => "timestamp-missing",
            Self::Timestamp => "timestamp",
            Self::Identity => "identity",
            Self::Actual => "actual",
            Self::FieldCount => "field-count",
            Self::Quoting => "quoting",
            Self::Compression => "compression",
            Self::Bomb => "bomb",
            Self::Format => "format",
            Self::Header => "header",
            Self::Parquet => "parquet",
            Self::TooLarge => "too-large",
        }
    }
}
