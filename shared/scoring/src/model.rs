//! A model that was read, checked against its contract, and can be asked.

use std::ops::Range;
use std::time::Duration;

use crate::error::ScoringError;
use crate::graph::Graph;
use crate::inputs::{self, Input};
use crate::limits::{BATCH_ROWS, MAX_MODEL_BYTES};
use crate::outputs::{self, Outputs};
use crate::proto::{ModelProto, ValueProto};
use crate::{Columns, Predictions, Signature, foreign};

/// A model that can be asked.
pub struct Model {
    graph: Graph,
    inputs: Vec<Input>,
    outputs: Outputs,
    producer: String,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Model")
            .field("producer", &self.producer)
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

impl Model {
    /// Reads an ONNX file and checks that it reads and answers what the signature says. Nothing but the bytes is looked at.
    ///
    /// # Errors
    /// Whatever keeps it from being asked: another format, a damaged file, values that lie in another file, an unknown operator, inputs or
    /// outputs that do not fit. A model that loads can only fail for the values of a row.
    pub fn load(bytes: &[u8], signature: &Signature) -> Result<Self, ScoringError> {
        if bytes.len() > MAX_MODEL_BYTES {
            return Err(ScoringError::TooLarge { found: bytes.len(), expected: MAX_MODEL_BYTES });
        }
        foreign::refuse(bytes)?;
        let proto = ModelProto::read(bytes)?;
        // Old files list initializers among the inputs.
        let initialized = proto.graph.initializers.iter().map(|(name, _)| *name).collect::<std::collections::HashSet<_>>();
        let asked = proto.graph.inputs.iter().filter(|input| !initialized.contains(input.name)).collect::<Vec<&ValueProto<'_>>>();
        let names = asked.iter().map(|input| input.name).collect::<Vec<_>>();
        let outputs = outputs::bind(&proto.graph, signature)?;
        let graph = Graph::build(&proto, &names, &outputs.names())?;
        let inputs = inputs::bind(&asked, signature)?;
        let model = Self { graph, inputs, outputs, producer: proto.producer.to_owned() };
        // No rows at all show whether types and widths fit, whatever values will come. A few exports need at least one.
        model.try_blank(0).or_else(|error| match error {
            ScoringError::Node { .. } => model.try_blank(1).map_err(|_| error),
            error => Err(error),
        })?;
        Ok(model)
    }

    /// The program that wrote the file (`skl2onnx`); empty if it does not say.
    #[must_use]
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// The features that the model reads, in the order of its inputs.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().flat_map(Input::features)
    }

    /// What the model answers to these rows. Memory does not grow with their number but for the answers; equal rows get equal answers,
    /// whatever stands beside them.
    ///
    /// # Errors
    /// [`ScoringError::Column`] if a column is missing or has a value that the model cannot read, [`ScoringError::Node`] if a node cannot
    /// compute a row (a category that an encoder does not know).
    pub fn score(&self, columns: &Columns<'_>) -> Result<Predictions, ScoringError> {
        let mut all = self.outputs.empty();
        let mut start = 0;
        while start < columns.rows() {
            let end = columns.rows().min(start + BATCH_ROWS);
            self.batch(columns, start..end, &mut all)?;
            start = end;
        }
        Ok(all)
    }

    /// How long the model takes for each of these rows when it is asked about one at a time. `clock` says how much time has passed since any
    /// fixed moment.
    ///
    /// # Errors
    /// As [`Model::score`].
    pub fn time_rows(
        &self,
        columns: &Columns<'_>,
        rows: Range<usize>,
        mut clock: impl FnMut() -> Duration,
    ) -> Result<Vec<Duration>, ScoringError> {
        let mut times = Vec::with_capacity(rows.len().min(columns.rows()));
        for row in rows.start..rows.end.min(columns.rows()) {
            let before = clock();
            self.batch(columns, row..row + 1, &mut self.outputs.empty())?;
            times.push(clock().saturating_sub(before));
        }
        Ok(times)
    }

    fn try_blank(&self, rows: usize) -> Result<(), ScoringError> {
        let tensors = self.inputs.iter().map(|input| input.blank(rows)).collect::<Result<Vec<_>, _>>()?;
        self.outputs.read(&self.graph.run(tensors)?, rows, &mut self.outputs.empty())
    }

    fn batch(&self, columns: &Columns<'_>, rows: Range<usize>, all: &mut Predictions) -> Result<(), ScoringError> {
        let tensors = self.inputs.iter().map(|input| input.tensor(columns, &rows)).collect::<Result<Vec<_>, _>>()?;
        let answers = self.graph.run(tensors)?;
        self.outputs.read(&answers, rows.len(), all)
    }
}
