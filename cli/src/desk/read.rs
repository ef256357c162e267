//! Files through a plan, batch by batch.

use std::path::Path;

use arrow_array::RecordBatch;
use tidegate_contract::Contract;
use tidegate_intake::{Half, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError, Summary};
use tidegate_profile::BatchFacts;

use crate::error::CliError;
use crate::files::Progress;

/// Gives every batch to a function, and keeps the first rejected line.
pub(crate) struct Batches<F> {
    each: F,
    /// What is wrong with the first line that was put aside.
    pub(crate) first_rejected: Option<String>,
    /// Requests and responses that have their other half in no line of the files so far.
    pub(crate) halves: Vec<String>,
}

impl<F: FnMut(Partition, &RecordBatch, &BatchFacts) -> Result<(), SinkError>> Batches<F> {
    pub(crate) fn new(each: F) -> Self {
        Self { each, first_rejected: None, halves: Vec::new() }
    }
}

impl<F: FnMut(Partition, &RecordBatch, &BatchFacts) -> Result<(), SinkError>> Sink for Batches<F> {
    fn batch(&mut self, partition: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        (self.each)(partition, &batch, &facts)
    }

    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError> {
        self.first_rejected.get_or_insert_with(|| {
            let column = rejected.column.map(|column| format!(", column {column}")).unwrap_or_default();
            format!("line {}{column}: {}", rejected.line, rejected.reason.text)
        });
        Ok(())
    }

    fn half(&mut self, half: Half<'_>) -> Result<(), SinkError> {
        self.halves.push(half.text.to_owned());
        Ok(())
    }
}

/// A desk's own files are trusted with their size; what a single line or a compression may do stays limited.
fn limits() -> Limits {
    Limits { lines: u64::MAX, content_bytes: u64::MAX, ..Limits::default() }
}

/// Reads one file through a plan.
pub(crate) fn read(plan: &Plan, path: &Path, progress: &Progress, sink: &mut dyn Sink) -> Result<Summary, CliError> {
    let file = progress.open(path)?;
    tidegate_intake::read(plan, limits(), file, sink).map_err(|source| CliError::Intake { path: path.to_owned(), source })
}

/// Joins the requests and responses of several files; `at` is the file that is blamed.
pub(crate) fn join(plan: &Plan, halves: Vec<String>, at: &Path, sink: &mut dyn Sink) -> Result<Summary, CliError> {
    tidegate_intake::join(plan, halves, None, sink).map_err(|source| CliError::Intake { path: at.to_owned(), source })
}

/// A plan of a contract; `at` is the file that is blamed.
pub(crate) fn plan(contract: &Contract, layout: Layout, at: &Path) -> Result<Plan, CliError> {
    Plan::new(contract, layout).map_err(|source| CliError::Intake { path: at.to_owned(), source })
}
