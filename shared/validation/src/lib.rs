//! Whether a candidate may replace the champion: metrics with intervals, paired comparison, segments, fairness, and the gate's report.
//!
//! Pure: predictions and a contract in, a report out. Seeds come in as arguments, so the same inputs give the same bytes.
//!
//! - [`Table::read`] makes an [`Evaluation`] from plain columns: one model's predictions on one evaluation set.
//! - [`metrics`] measures it, [`mod@comparison`] compares two on the same rows, [`fairness`] compares groups: each usable apart from the gate.
//! - [`gate()`] holds a candidate against its contract and writes a [`GateReport`].
//!
//! ```
//! use tidegate_contract::Contract;
//! use tidegate_validation::{Column, Contender, Facts, GateInput, Outcome, Reading, Table, gate, seed_of};
//!
//! let contract = Contract::parse("
//! model: flight-delay
//! task: binary
//! features: [{ name: distance, type: numeric }]
//! validation: { primary: accuracy, minimum: 0.7 }
//! ")?;
//! // A champion that is wrong on every fourth row, and a candidate that is wrong on every tenth.
//! let model = |wrong: usize| {
//!     let late = |row: usize| row % 3 == 0;
//!     let number = |is: bool| f64::from(u8::from(is));
//!     Table {
//!         ids: (0..1_000).map(|row| format!("flight-{row}")).collect(),
//!         actual: Some(Column::Numbers((0..1_000).map(|row| number(late(row))).collect())),
//!         prediction: Some(Column::Numbers((0..1_000).map(|row| number(late(row) != (row % wrong == 1))).collect())),
//!         ..Table::default()
//!     }
//!     .read(&Reading::of(&contract))
//! };
//! let (candidate, champion) = (model(10)?, model(4)?);
//! let contender = |version, evaluation| Contender { version, digest: version, evaluation_digest: "9b74c9", evaluation };
//! let report = gate(&GateInput {
//!     contract: &contract,
//!     candidate: contender("v8", &candidate),
//!     champion: Some(contender("v7", &champion)),
//!     facts: Facts { training_overlap: Some(0), ..Facts::default() },
//!     seed: seed_of("9b74c9"),
//! });
//! assert_eq!(report.outcome, Outcome::Pass);
//! assert_eq!(report.rules[3].sentence, "Accuracy is 0.900 (0.880–0.917) on 1,000 rows; at least 0.70 was asked.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod comparison;
mod error;
mod evaluation;
pub mod fairness;
pub mod gate;
mod ids;
mod labels;
pub mod metrics;
pub mod report;
mod scores;
mod share;
mod table;
mod undefined;
mod words;

pub use error::EvaluationError;
pub use evaluation::{Evaluation, Outcomes};
pub use gate::{Contender, Facts, GateInput, Latency, Live, gate, live, seed_of};
pub use ids::Ids;
pub use labels::Labels;
pub use report::{Finding, GateReport, Outcome, Rule};
pub use scores::{CELLS, ScoreRows, cell_of, score_rows};
pub use share::share_rule;
pub use table::{Column, Reading, Table, USUAL_POSITIVES};
pub use undefined::Undefined;
