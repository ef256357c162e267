//! Scoring: an ONNX file and columns in, predictions out. This room is pure: no files, no clock, no threads, no code that a model brings along.
//!
//! The engine computes the operators that exports of tables' models use (`operators`), and nothing else: every operator is a bounded function of
//! tensors, so a stranger's file can neither read another file, nor run for ever, nor take memory without end.
//!
//! | exported by | what works |
//! |---|---|
//! | scikit-learn (`skl2onnx`) | linear and logistic models, trees, forests, boosting (also `HistGradientBoosting`, with missing values), naive Bayes, perceptrons, calibrated, voting; scalers, imputers, one-hot and ordinal encoders, polynomials, `ColumnTransformer` |
//! | XGBoost, LightGBM (`onnxmltools`) | binary, multiclass and regression, with missing values; also `XGBClassifier` without `ZipMap` |
//! | PyTorch and others | perceptrons: `Gemm`, `MatMul`, batch normalisation and the usual activations |
//! | not | kernel machines other than linear ones, nearest neighbours, `AdaBoostRegressor`, Gaussian processes, text vectorizers, convolutions, recurrent networks, attention, control flow, 16-bit numbers, several files |
//!
//! Some exports are wrong before they reach us, and every runtime answers as wrongly: `LightGBM`'s random forests and `multiclassova`, and
//! `XGBRegressor` with `reg:logistic` (onnxmltools 1.16 leaves the last step out).
//!
//! One input for each feature, named after it, or tensors whose columns are the features in the contract's order (or another, see
//! [`Signature::with_order`]). A missing number is NaN, a missing name the empty text.
//!
//! ```
//! use tidegate_contract::{Contract, Feature, FeatureKind, Task};
//! use tidegate_scoring::export::{LogisticRegression, NumberTerm};
//! use tidegate_scoring::{Column, Columns, Model, Predictions, Signature};
//!
//! let mut contract = Contract::new("flight-delay", Task::Binary);
//! contract.features.push(Feature::new("distance", FeatureKind::Numeric));
//! let distance = NumberTerm { feature: "distance".into(), fill: 700.0, mean: 700.0, scale: 500.0, weights: vec![2.0] };
//! let file = LogisticRegression { numbers: vec![distance], names: vec![], intercepts: vec![0.0], classes: vec!["0".into(), "1".into()] }.to_onnx()?;
//!
//! let model = Model::load(&file, &Signature::of(&contract))?;
//! let answers = model.score(&Columns::new().with("distance", Column::Numbers(&[700.0, 2200.0]))?)?;
//! let Predictions::Classes(classes) = answers else { unreachable!() };
//! let late = classes.probabilities_of("1").unwrap();
//! assert!((late[0] - 0.5).abs() < 1e-6 && (late[1] - 0.997_527).abs() < 1e-6);
//! # Ok::<(), tidegate_scoring::ScoringError>(())
//! ```

mod columns;
mod error;
pub mod export;
mod foreign;
mod graph;
mod inputs;
mod limits;
mod model;
mod operators;
mod outputs;
mod predictions;
mod proto;
mod signature;
mod tensor;
mod wire;

pub use columns::{Column, Columns};
pub use error::{Fault, ScoringError};
pub use limits::{BATCH_ROWS, MAX_MODEL_BYTES, MAX_NODES};
pub use model::Model;
pub use predictions::{ClassPredictions, Predictions};
pub use signature::Signature;

#[cfg(test)]
mod hostile;
