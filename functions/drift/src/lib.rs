//! `drift`: a window's profile against its baselines, a verdict and a report out.

mod error;
mod handler;
mod settings;

pub use error::DriftError;
pub use handler::{DriftAnswer, DriftEvent, DriftFunction, Schedule};
pub use settings::Settings;
