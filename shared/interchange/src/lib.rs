//! Monitoring files of other tools: read so that a team can move in, written so that what reads them goes on working.
//!
//! ```text
//! statistics.json + constraints.json ─▶ sagemaker::import ─▶ contract + baseline + what was carried over and what not
//! monitoring definition (YAML)       ─▶ azure::import     ─▶ contract + the same
//! verdict + profile                  ─▶ sagemaker::outputs ─▶ constraint_violations.json, statistics.json, metrics
//! ```
//!
//! This room is pure: text and values in, text and values out. Its input is hostile.

pub mod azure;
mod error;
mod import;
pub mod sagemaker;

pub use error::InterchangeError;
pub use import::{Import, MAX_DOCUMENT_BYTES, Rules};
