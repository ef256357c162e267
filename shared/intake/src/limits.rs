//! How much of anything one object may ask of intake. Hostile input ends at these numbers.

/// Longest line (CSV: row), bytes. 256 KiB holds the largest message an SQS queue takes, so every log line that
/// went through a queue fits.
pub const MAX_LINE_BYTES: usize = 256 * 1024;
/// Most lines of one object that are read; what follows is quarantined as one entry.
pub const MAX_LINES: u64 = 5_000_000;
/// Most bytes of one object after decompression.
pub const MAX_CONTENT_BYTES: u64 = 1024 * 1024 * 1024;
/// Greatest ratio of decompressed to compressed bytes, looked at beyond [`RATIO_FREE_BYTES`]. Real logs reach 40.
pub const MAX_RATIO: u64 = 200;
/// So many decompressed bytes are free of the ratio rule: short repetitive logs compress better than 200 to 1.
pub const RATIO_FREE_BYTES: u64 = 16 * 1024 * 1024;
/// Deepest nesting of objects and arrays in a JSON record; the record itself is level 1.
pub const MAX_DEPTH: usize = 32;
/// Most features of a contract.
pub const MAX_FEATURES: usize = 1_000;
/// Longest category value, bytes. A longer one is shortened to its beginning and a digest: see [`crate::category`].
pub const MAX_CATEGORY_BYTES: usize = 200;
/// Longest inference id, bytes: the longest S3 key. A record with a longer one is quarantined.
pub const MAX_ID_BYTES: usize = 1_024;
/// Most rows of a batch.
pub const BATCH_ROWS: usize = 8_192;
/// Most (version, hour) partitions that are built at the same time; one more flushes the least recently used.
pub const OPEN_PARTITIONS: usize = 64;
/// About so many bytes are held in unfinished batches; beyond it the largest is flushed.
pub const HELD_BYTES: usize = 32 * 1024 * 1024;

/// The limits of one object. [`Default`] gives the constants of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest line, bytes. Default: [`MAX_LINE_BYTES`].
    pub line_bytes: usize,
    /// Most lines. Default: [`MAX_LINES`].
    pub lines: u64,
    /// Most bytes after decompression. Default: [`MAX_CONTENT_BYTES`].
    pub content_bytes: u64,
    /// Greatest compression ratio. Default: [`MAX_RATIO`].
    pub ratio: u64,
    /// Decompressed bytes that are free of the ratio rule. Default: [`RATIO_FREE_BYTES`].
    pub ratio_free_bytes: u64,
    /// Most rows of a batch. Default: [`BATCH_ROWS`].
    pub batch_rows: usize,
    /// Most partitions built at the same time. Default: [`OPEN_PARTITIONS`].
    pub open_partitions: usize,
    /// Bytes held in unfinished batches. Default: [`HELD_BYTES`].
    pub held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes: MAX_LINE_BYTES,
            lines: MAX_LINES,
            content_bytes: MAX_CONTENT_BYTES,
            ratio: MAX_RATIO,
            ratio_free_bytes: RATIO_FREE_BYTES,
            batch_rows: BATCH_ROWS,
            open_partitions: OPEN_PARTITIONS,
            held_bytes: HELD_BYTES,
        }
    }
}
