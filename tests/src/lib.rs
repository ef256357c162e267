//! What the whole-flow tests stand on: a [`World`] with one account and one model, and logs that are made as they are needed.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test stops at the first surprise")]

mod decisions;
mod logs;
mod overtaking;
mod schemas;
mod world;

pub use decisions::{ASKED_MS, DECIDED, Decisions, LEAD, LOOKED_MS, Mailed, RISK, SUBMITTER, missing_header, request, request_id};
pub use logs::{CONTRACT, MODEL, log, training_set};
pub use overtaking::Overtaking;
pub use schemas::{check, event_faults, event_kinds, event_schema};
pub use world::{State, World};
