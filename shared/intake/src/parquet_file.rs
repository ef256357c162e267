//! Parquet files: random access, batches of rows, page checksums verified when the file has them.

use parquet::file::reader::ChunkReader;

use crate::{IntakeError, Limits, Plan, Sink, Summary};

/// Reads a Parquet file: anything of random access (`File`, `Bytes`). Only the columns that the plan wants are decoded.
///
/// A damaged file is no error: see [`crate::Intake`].
///
/// # Errors
/// [`IntakeError::Sink`] if the sink fails, [`IntakeError::Open`] or [`IntakeError::Read`] if the source cannot be read at all.
pub fn read_parquet<S>(_plan: &Plan, _limits: Limits, _source: S, _sink: &mut dyn Sink) -> Result<Summary, IntakeError>
where
    S: ChunkReader + 'static,
{
    todo!()
}
