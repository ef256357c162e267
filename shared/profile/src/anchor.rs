//! The frozen cells that a baseline gives to each field.

use serde::{Deserialize, Serialize};

/// The cells of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldAnchor {
    /// Cells of a numeric field.
    Numeric(NumericAnchor),
    /// Cells of a categorical field.
    Categorical(CategoricalAnchor),
}

/// Cells of a numeric field: intervals between frozen edges, in order of value.
///
/// `edges` is strictly increasing; value `v` belongs to cell `#{e ≤ v}`, so cell `i` is `[edges[i-1], edges[i])` and
/// there is one cell more than edges. The outermost cells are what lies *far* outside the baseline, the next ones what
/// lies outside it; a value that the baseline repeats often (an *atom*) has a cell of its own, `[a, next(a))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumericAnchor {
    /// Strictly increasing edges: far below, minimum, …, just above the maximum, far above.
    pub edges: Vec<f64>,
    /// Indices of the cells that hold one repeated value each.
    pub atoms: Vec<u32>,
}

/// Cells of a categorical field: one per value of the baseline, most frequent first (ties by bytes).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoricalAnchor {
    /// The values, at most [`crate::MAX_OTHER_VALUES`].
    pub values: Vec<String>,
    /// Whether the baseline had more values than are listed, so that a value not listed need not be new.
    pub open: bool,
}
