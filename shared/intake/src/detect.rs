//! What an object is, told from its first bytes and never from its name.

use tidegate_contract::RecordFormat;

use crate::{Reason, ReasonKind};

/// The format of an object's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// A JSON array of objects, or objects one after the other over any number of lines.
    Json,
    /// Comma-separated values with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Its name, lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// The compression around an object's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// None (the default).
    #[default]
    Plain,
    /// gzip, any number of members.
    Gzip,
    /// Zstandard, any number of frames.
    Zstd,
}

impl Compression {
    /// Its name, lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// What an object's first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detected {
    /// Lines, compressed or not: push them to an [`Intake`](crate::Intake).
    Lines(Compression),
    /// Parquet: keep the whole object somewhere and call [`read_parquet`](crate::read_parquet).
    Parquet,
}

/// How many bytes [`sniff`] looks at.
pub const SNIFF_BYTES: usize = 4;

/// Tells what an object is from its first [`SNIFF_BYTES`] bytes (fewer when it has no more).
#[must_use]
pub fn sniff(head: &[u8]) -> Detected {
    match head {
        [0x1f, 0x8b, ..] => Detected::Lines(Compression::Gzip),
        // A Zstandard frame, or a skippable frame before one (RFC 8878, 3.1).
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Detected::Lines(Compression::Zstd),
        [b'P', b'A', b'R', b'1', ..] => Detected::Parquet,
        _ => Detected::Lines(Compression::Plain),
    }
}

/// Whether a format is one of text alone: the others come as Parquet too.
pub(crate) fn is_text(format: RecordFormat) -> bool {
    !matches!(format, RecordFormat::Auto | RecordFormat::Parquet | RecordFormat::Kserve | RecordFormat::InferenceTable)
}

/// The UTF-8 byte order mark, dropped once at the beginning of the content.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Refuses content that is no text of lines, from its first bytes after decompression (at least four, or all).
pub(crate) fn refuse(head: &[u8], compression: Compression) -> Option<Reason> {
    let refused = |found: &str| Some(Reason::new(ReasonKind::Format, format!("found {found}, expected lines of UTF-8 text")));
    match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => refused("a UTF-16 byte order mark"),
        [b'{' | b'[' | b'"', 0, ..] | [0, b'{' | b'[' | b'"', ..] => refused("UTF-16 text without a byte order mark"),
        _ if compression != Compression::Plain => match sniff(head) {
            Detected::Parquet => refused(&format!("Parquet inside {}: store the Parquet file as it is", compression.name())),
            Detected::Lines(Compression::Plain) => None,
            Detected::Lines(inner) => refused(&format!("{} inside {}: one layer of compression is read", inner.name(), compression.name())),
        },
        _ => None,
    }
}

/// The content without a byte order mark before it.
pub(crate) fn without_bom(head: &[u8]) -> &[u8] {
    head.strip_prefix(BOM).unwrap_or(head)
}

/// Tells the format of text from its beginning; `None` when more is needed (never when `is_enough`).
///
/// A first record tells JSONL. A first line that is none may still be a damaged one: where most lines begin with a
/// brace, it is JSONL with a bad first line and not CSV with a strange header.
pub(crate) fn format_of(sample: &[u8], is_enough: bool) -> Option<Format> {
    let start = sample.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).unwrap_or(sample.len());
    let text = sample.get(start..).unwrap_or_default();
    match text.first() {
        // An object that goes on in the next line is no line of its own.
        Some(b'{') => match text.iter().skip(1).find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) {
            Some(b'\n') => return Some(Format::Json),
            None if !is_enough => return None,
            _ => return Some(Format::Jsonl),
        },
        _ if !is_enough => return None,
        None => return (!sample.is_empty()).then_some(Format::Jsonl),
        Some(_) => {}
    }
    let lines = || sample.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let records = lines().filter(|line| line.first() == Some(&b'{') && line.last() == Some(&b'}')).count();
    if records * 2 > lines().count() {
        return Some(Format::Jsonl);
    }
    if text.first() == Some(&b'[') {
        return Some(Format::Json);
    }
    Some(Format::Csv)
}
