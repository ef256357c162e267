//! What a verdict says. It is written as `verdict.json`; its shape is versioned by [`SCHEMA`].

use std::collections::BTreeMap;

mod cause;
mod field;
mod quality;

use serde::{Deserialize, Serialize};
use tidegate_contract::BaselineKind;
pub use tidegate_profile::IntakeSummary;

pub use self::cause::{Action, ActionKind, CarriedBy, Cause, CauseKind, Fault, Incident, Onset};
pub use self::field::{Evidence, FieldVerdict, Opinion, SegmentFinding};
pub use self::quality::{QualityFinding, QualityKind};

/// Version of the verdict's shape.
pub const SCHEMA: &str = "tidegate.verdict/2";

/// At most so many new versions are named per point of a trail.
pub const NEW_VERSIONS: usize = 4;

/// The judgement of one model over one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// [`SCHEMA`].
    pub schema: String,
    /// The model's name.
    pub model: String,
    /// The window that was judged.
    pub window: Window,
    /// What it comes to.
    pub state: State,
    /// What happened, in one sentence.
    pub headline: String,
    /// Why, as far as the data tell.
    pub cause: Cause,
    /// What to do.
    pub action: Action,
    /// Records judged.
    pub records: u64,
    /// Records per model version.
    pub versions: BTreeMap<String, u64>,
    /// What the window was compared with, in the contract's order; empty when the model has no baseline yet.
    pub baselines: Vec<BaselineReference>,
    /// One entry per field, most important finding first.
    pub fields: Vec<FieldVerdict>,
    /// Share of the model's importance that lies on features that drifted, `0..=1`.
    pub importance_moved: f64,
    /// Over how many windows the evidence is corrected: as many as fit into 30 days where the window is one of a series, otherwise 1.
    #[serde(default)]
    pub windows_corrected: f64,
    /// What moved together, the main incident first; [`Verdict::cause`] and [`Verdict::action`] are its.
    pub incidents: Vec<Incident>,
    /// What moved within segments, strongest first.
    pub segments: Vec<SegmentFinding>,
    /// Faults of the data themselves, worst first.
    pub quality: Vec<QualityFinding>,
    /// What intake made of the files behind the window.
    pub intake: IntakeSummary,
    /// How the strongest fields moved over the hours or days up to the end of the window.
    pub trail: Vec<TrailPoint>,
}

/// A span of time, `start` included, `end` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Start, milliseconds since 1970.
    pub start_ms: i64,
    /// End, milliseconds since 1970.
    pub end_ms: i64,
}

/// What a verdict comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing that matters moved.
    Ok,
    /// Too few records to see a shift of the size that matters.
    InsufficientData,
    /// Something moved, and by more than chance, but not surely by as much as matters; or a small data fault.
    Warning,
    /// Something moved by more than chance and by as much as matters; or a data fault that matters.
    Drift,
    /// No record arrived.
    NoData,
}

/// What the window was compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineReference {
    /// Which one.
    pub kind: BaselineKind,
    /// Training: the digest of the dataset version. Others: the span of time, such as `2013-07-01T00:00:00Z/2013-07-02T00:00:00Z`.
    pub id: String,
    /// Where it came from, in words or as a location.
    pub location: String,
    /// Its number of records.
    pub records: u64,
    /// Over how many periods its ordinary variation was learned; 1 when it could not be.
    pub periods: u64,
}

/// The strongest fields' effects in one hour or day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailPoint {
    /// The hour or day.
    pub window: Window,
    /// Records in it.
    pub records: u64,
    /// Location effect per field, in the field's unit; signed. A field is absent where too few values were present.
    pub effects: BTreeMap<String, f64>,
    /// Model versions that answered here for the first time in the trail, at most [`NEW_VERSIONS`]; none in its first hour or day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_versions: Vec<String>,
}
