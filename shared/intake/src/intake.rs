//! The push-based reader of one object: sniffs, inflates, tells the format, and hands lines to their reader.

use crate::{IntakeError, Limits, Plan, Sink, Summary};

/// What to do after a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Push the next bytes, or finish.
    More,
    /// The object is Parquet and nothing of it was used: keep the whole of it and call [`read_parquet`](crate::read_parquet).
    Parquet,
    /// The rest of the object will not be read (it was quarantined as one line, with its reason): finish.
    Stop,
}

/// Reads one object that arrives in pieces. The result does not depend on where the pieces are cut.
///
/// An object that ends badly (a truncated gzip, a bomb, UTF-16 …) is no error: the lines before are kept and counted, the
/// rest is one quarantined line, and [`Summary::fault`] says why.
#[derive(Debug)]
pub struct Intake {}

impl Intake {
    /// A reader of one object.
    #[must_use]
    pub fn new(_plan: &Plan, _limits: Limits) -> Self {
        todo!()
    }

    /// Takes the object's next bytes.
    ///
    /// # Errors
    /// [`IntakeError::Sink`] if the sink fails. Never because of the bytes.
    pub fn push(&mut self, _bytes: &[u8], _sink: &mut dyn Sink) -> Result<Flow, IntakeError> {
        todo!()
    }

    /// Says that the object has ended: the last line and all unfinished batches go to the sink.
    ///
    /// # Errors
    /// As [`Intake::push`].
    pub fn finish(self, _sink: &mut dyn Sink) -> Result<Summary, IntakeError> {
        todo!()
    }
}

/// Reads an object that is at hand (a `File`, `Bytes`), whatever its format.
///
/// # Errors
/// [`IntakeError::Sink`] if the sink fails, [`IntakeError::Read`] or [`IntakeError::Open`] if the source does.
pub fn read<S>(_plan: &Plan, _limits: Limits, _source: S, _sink: &mut dyn Sink) -> Result<Summary, IntakeError>
where
    S: parquet::file::reader::ChunkReader + 'static,
{
    todo!()
}
