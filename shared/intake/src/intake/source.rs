//! Reading of a whole source: of an object that is at hand, and of a sample for whoever watches its rows.

use std::io::Read as _;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::file::reader::ChunkReader;
use tidegate_profile::BatchFacts;

use super::{Flow, Intake};
use crate::rows::{Rows, Watcher};
use crate::{Half, IntakeError, Limits, Partition, Plan, Reason, ReasonKind, Rejected, Sink, SinkError, Summary, parquet_file};

/// Bytes of one read of a source.
const READ_BYTES: usize = 256 * 1024;

/// Reads an object that is at hand (a `File`, `Bytes`), whatever its format.
///
/// # Errors
/// [`IntakeError::Sink`] if the sink fails, [`IntakeError::Read`] or [`IntakeError::Open`] if the source does.
pub fn read<S>(plan: &Plan, limits: Limits, source: S, sink: &mut dyn Sink) -> Result<Summary, IntakeError>
where
    S: ChunkReader + 'static,
{
    read_into(Rows::new(plan, limits), source, sink)
}

fn read_into<S>(rows: Rows, source: S, sink: &mut dyn Sink) -> Result<Summary, IntakeError>
where
    S: ChunkReader + 'static,
{
    let mut intake = Intake::of(rows);
    let mut reader = source.get_read(0).map_err(IntakeError::Open)?;
    let mut block = vec![0; READ_BYTES];
    loop {
        let length = match reader.read(&mut block) {
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(IntakeError::Read(error)),
        };
        let Some(bytes) = block.get(..length).filter(|bytes| !bytes.is_empty()) else { return intake.finish(sink) };
        match intake.push(bytes, sink)? {
            Flow::More => {}
            Flow::Parquet => {
                drop(reader);
                return parquet_file::read_rows(intake.rows, source, sink);
            }
            Flow::Stop => return intake.finish(sink),
        }
    }
}

/// Shows a sample's rows to a watcher; why the first line that was put aside was, or that there is none.
pub(crate) fn watch(plan: &Plan, sample: &[u8], watcher: Box<dyn Watcher>) -> Result<Reason, IntakeError> {
    let mut reasons = Reasons(None);
    read_into(Rows::watched(plan, Limits::default(), watcher), Bytes::copy_from_slice(sample), &mut reasons)?;
    Ok(reasons.0.unwrap_or_else(|| Reason::new(ReasonKind::Format, "found no record, expected at least one")))
}

/// Keeps the first reason.
struct Reasons(Option<Reason>);

impl Sink for Reasons {
    fn batch(&mut self, _: Partition, _: RecordBatch, _: BatchFacts) -> Result<(), SinkError> {
        Ok(())
    }

    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError> {
        self.0.get_or_insert(rejected.reason);
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}
