//! What keeps a model from being scored.

/// What keeps a model from being scored. Each says what was found, what was expected, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoringError {
    /// More bytes than a model may have.
    #[error("found a model of {found} bytes, expected at most {expected}")]
    TooLarge {
        /// How many there are.
        found: usize,
        /// Most that are read.
        expected: usize,
    },
    /// A file of another format.
    #[error("found {found}, expected an ONNX file: {advice}")]
    Foreign {
        /// What it is.
        found: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Bytes that are no ONNX file, or not a whole one.
    #[error("not readable as ONNX: {place}: {fault}")]
    Malformed {
        /// Which part of the file.
        place: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A tensor whose values lie in another file.
    #[error("tensor {tensor:?} keeps its values in another file ({file:?}): export the model as a single file")]
    External {
        /// The tensor's name.
        tensor: String,
        /// The file that it names.
        file: String,
    },
    /// An operator that this room does not compute.
    #[error("node {node:?}: found operator {operator}, which is not computed here: {advice}")]
    Operator {
        /// The node's name.
        node: String,
        /// The operator, with its domain.
        operator: String,
        /// What to do.
        advice: &'static str,
    },
    /// A graph that cannot be followed from its inputs to its outputs.
    #[error("the graph: {0}")]
    Graph(Fault),
    /// A node whose settings or inputs make no sense.
    #[error("node {node:?} ({operator}): {fault}")]
    Node {
        /// The node's name.
        node: String,
        /// Its operator.
        operator: String,
        /// What is wrong.
        fault: Fault,
    },
    /// Inputs that do not fit the contract.
    #[error("the model's inputs: {0}")]
    Inputs(Fault),
    /// Outputs that do not fit the task.
    #[error("the model's outputs: {0}")]
    Outputs(Fault),
    /// A column that the model cannot be asked about.
    #[error("column {column:?}: {fault}")]
    Column {
        /// The feature's name.
        column: String,
        /// What is wrong.
        fault: Fault,
    },
}

/// What is wrong in one place: what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub(crate) String);

impl Fault {
    /// `found …, expected …`.
    pub(crate) fn new(found: impl std::fmt::Display, expected: impl std::fmt::Display) -> Self {
        Self(format!("found {found}, expected {expected}"))
    }
}
