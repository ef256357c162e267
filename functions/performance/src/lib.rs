//! `performance`: predictions and the truth about them; quality, fairness and service health out.
//!
//! Woken twice, like `drift`: by the schedule, to plan which windows to look at, and by its own queue, to judge one of them. See the README beside
//! this crate for what it reads and writes, and `judge.rs` for why any number of workers leaves the same judgement.

mod champions;
mod error;
mod handler;
mod judge;
mod measuring;
mod message;
mod metrics;
mod neighbours;
mod plan;
mod settings;

pub use error::PerformanceError;
pub use handler::{PerformanceAnswer, PerformanceEvent, PerformanceFunction};
pub use metrics::NAMESPACE;
pub use plan::plan;
pub use settings::Settings;
