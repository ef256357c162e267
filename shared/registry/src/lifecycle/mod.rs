//! What may happen to a model version: pure, without a table, a clock or randomness.
//!
//! [`transition`] is the only code that decides it. Everything that it reads lies in a [`Snapshot`], everything that comes of it in a
//! [`Change`]; the store writes a change together with its audit entry, or not at all.

mod approval;
mod approving;
mod bounds;
mod change;
mod command;
mod gate;
mod people;
mod policy;
mod refusal;
mod reminding;
mod retraining;
mod retraining_steps;
mod serving;
mod state;
mod transition;
mod version;

pub use approval::{Answer, ApprovalRequest, Bound, Recorded};
pub use bounds::{
    MAX_FILES, MAX_NAME_BYTES, MAX_PARAMETER_BYTES, MAX_PARAMETERS, MAX_RULES, MAX_TEXT_BYTES, OutOfBounds, is_digest, is_file_name,
};
pub(crate) use change::Write;
pub use change::{Alias, AliasName, Change, Head, Record, Snapshot};
pub use command::{Command, Order, RefusedSubmission, Submission};
pub use gate::{GateOutcome, GateRecord, GateRule};
pub use people::{People, normalised};
pub use policy::{DEFAULT_EXPIRES, Escalate, Policy, RetrainingPolicy};
pub use refusal::{Reason, Refusal};
pub use retraining::{DatasetRecord, Retraining, RetrainingCall, RetrainingState};
pub use state::VersionState;
pub use tidegate_contract::Stage;
pub use transition::transition;
pub use version::{Artifact, ArtifactFile, Ending, Lineage, ModelVersion, Reign};
