//! `drift`: a window's profile against its baselines; verdict and report out.
//!
//! Woken twice: by the schedule, to plan which windows to judge, and by its own queue, to judge one of them. See the README
//! beside this crate for what it reads and writes, and `judge.rs` for why any number of workers leaves the same report.

mod compatible;
mod error;
mod grains;
mod handler;
mod inputs;
mod job;
mod judge;
mod memory;
mod metrics;
mod plan;
mod profiles;
mod reference;
mod replay;
mod settings;

pub use error::DriftError;
pub use handler::{DriftAnswer, DriftEvent, DriftFunction};
pub use job::Job;
pub use memory::Gaps;
pub use metrics::NAMESPACE;
pub use plan::{ends_between, plan};
pub use reference::reference;
pub use replay::{Replay, Replayed};
pub use settings::Settings;
