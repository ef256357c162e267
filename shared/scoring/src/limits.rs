//! How much a model file may ask for. All of these are ours.

/// Most bytes of a model file. What is read from it takes at most about ten times as much memory (packed whole numbers of one byte become eight).
pub const MAX_MODEL_BYTES: usize = 128 << 20;

/// Most nodes of a graph; exports of pipelines have tens, of ensembles of ensembles hundreds.
pub const MAX_NODES: usize = 10_000;

/// Most attributes of one node; the richest operator has about thirty.
pub(crate) const MAX_ATTRIBUTES: usize = 64;

/// Most inputs and outputs of a graph, of a node, and most initializers.
pub(crate) const MAX_NAMES: usize = 100_000;

/// Most dimensions of a tensor.
pub(crate) const MAX_RANK: usize = 8;

/// Most values of one tensor while a batch is scored.
pub(crate) const MAX_ELEMENTS: usize = 1 << 24;

/// Most values that are held at the same time while a batch is scored.
pub(crate) const MAX_HELD_ELEMENTS: usize = 1 << 26;

/// Most values and products that scoring one batch may compute.
pub(crate) const MAX_WORK: u64 = 1 << 36;

/// Rows that are scored at a time, so that memory does not grow with the number of rows.
pub const BATCH_ROWS: usize = 1024;
