//! Why the data moved, and what to do.

use serde::{Deserialize, Serialize};

use super::State;

/// Why the data moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Which kind of cause.
    pub kind: CauseKind,
    /// The evidence, in one sentence.
    pub evidence: String,
    /// How sure we are, `0..=1`.
    pub confidence: f64,
    /// What is wrong with the data, when they are at fault and it can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// What is wrong with the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Values are missing.
    Missing,
    /// Values are of another type than the contract says.
    Type,
    /// Values lie outside what the contract or reason allows.
    Range,
    /// Values are in another unit.
    Unit,
    /// One value repeats: a stuck sensor, a clipped or rounded column, a default.
    Stuck,
    /// Texts are cut off.
    Truncated,
    /// Columns hold each other's values.
    ShiftedColumns,
    /// Texts are in another encoding, case or spelling.
    Encoding,
    /// A feature arrives under another name.
    Renamed,
    /// Files or lines could not be read.
    Unreadable,
}

/// Kinds of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// There is nothing to explain.
    None,
    /// The data themselves are broken: missing, of the wrong type, out of range, in another unit, stuck.
    DataFault,
    /// It moves like this every week.
    Season,
    /// The mix of a segment moved; within each segment nothing did.
    PopulationShift,
    /// The inputs moved.
    CovariateDrift,
    /// The predictions moved and the inputs did not.
    PredictionDrift,
    /// The move began with another model version.
    VersionChange,
    /// The inputs hold and the model is wrong more often: what it learned is no longer so.
    ConceptDrift,
    /// The inputs hold and the model is wrong more often since another version answers.
    ModelFault,
    /// The data do not tell.
    Unknown,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Which kind of action.
    pub kind: ActionKind,
    /// What to do, in one sentence.
    pub sentence: String,
}

/// Kinds of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Nothing.
    None,
    /// Look at the report and keep watching.
    Watch,
    /// Mend the data at their source; do not retrain on them.
    MendData,
    /// Consider retraining, by the contract's policy.
    Retrain,
    /// Go back to the version before, by the contract's policy.
    RollBack,
    /// Find out why the model's outputs moved.
    Investigate,
    /// Supply what is missing: a baseline, or more records.
    Supply,
}

/// What moved together: one cause, one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// [`State::Warning`] or [`State::Drift`].
    pub state: State,
    /// Why.
    pub cause: Cause,
    /// What to do.
    pub action: Action,
    /// The fields that moved together, the one that moved most first; empty for faults of whole files.
    pub fields: Vec<String>,
    /// When it began, where the hours or days before tell.
    pub began: Option<Onset>,
    /// The segment that carries it, when one does.
    pub segment: Option<CarriedBy>,
}

/// When a move began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onset {
    /// Start of the first hour or day that shows it, milliseconds since 1970.
    pub at_ms: i64,
    /// The earliest hour or day that it may have begun in.
    pub earliest_ms: i64,
    /// The latest.
    pub latest_ms: i64,
}

/// The segment that carries a move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarriedBy {
    /// The segment's field.
    pub segment: String,
    /// Its value.
    pub value: String,
    /// Share of the move that lies in it, `0..=1`.
    pub share: f64,
}
