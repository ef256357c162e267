//! Whether a candidate may replace the champion: metrics with intervals, paired comparison, segments, fairness, and the gate's report.
//!
//! Pure: predictions and a contract in, a report out. Seeds come in as arguments, so the same inputs give the same bytes.

pub mod comparison;
mod error;
mod evaluation;
pub mod fairness;
pub mod gate;
mod ids;
mod labels;
pub mod metrics;
pub mod report;
mod table;
mod undefined;
mod words;

pub use error::EvaluationError;
pub use evaluation::{Evaluation, Outcomes};
pub use gate::{Contender, Facts, GateInput, Latency, gate, seed_of};
pub use ids::Ids;
pub use labels::Labels;
pub use report::{Finding, GateReport, Outcome, Rule};
pub use table::{Column, Reading, Table};
pub use undefined::Undefined;
