//! What a verdict says. It is written as `verdict.json`; its shape is versioned by [`SCHEMA`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_contract::{FeatureKind, FieldRole};
pub use tidegate_profile::IntakeSummary;

/// Version of the verdict's shape.
pub const SCHEMA: &str = "tidegate.verdict/1";

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
    /// What the window was compared with; `None` when the model has no baseline yet.
    pub baseline: Option<BaselineReference>,
    /// One entry per field, most important finding first.
    pub fields: Vec<FieldVerdict>,
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

/// Why the data moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Which kind of cause.
    pub kind: CauseKind,
    /// The evidence, in one sentence.
    pub evidence: String,
    /// How sure we are, `0..=1`.
    pub confidence: f64,
}

/// Kinds of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// There is nothing to explain.
    None,
    /// The data themselves are broken: missing, of the wrong type, out of range, in another unit, stuck.
    DataFault,
    /// The inputs moved.
    CovariateDrift,
    /// The predictions moved and the inputs did not.
    PredictionDrift,
    /// The move began with another model version.
    VersionChange,
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
    /// Find out why the model's outputs moved.
    Investigate,
    /// Supply what is missing: a baseline, or more records.
    Supply,
}

/// What the window was compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineReference {
    /// Identifier: the digest of the dataset version.
    pub id: String,
    /// Where it came from.
    pub location: String,
    /// Its number of records.
    pub records: u64,
    /// Over how many periods its ordinary variation was learned; 1 when it could not be.
    pub periods: u64,
}

/// The judgement of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldVerdict {
    /// The field's name.
    pub name: String,
    /// What it is to the model.
    pub role: FieldRole,
    /// What its values are.
    pub kind: FeatureKind,
    /// What it comes to.
    pub state: State,
    /// What happened to it, in one sentence.
    pub sentence: String,
    /// How much the feature matters to the model, relative to the others.
    pub importance: f64,
    /// Whether the contract keeps it out of the model's state.
    pub muted: bool,
    /// The test that decided; `None` when nothing could be tested.
    pub decisive: Option<Evidence>,
    /// Every test that was made, in a fixed order.
    pub tests: Vec<Evidence>,
    /// Distances between window and baseline by name (`psi`, `ks`, `jensen_shannon`, `wasserstein_normalised` …), for reading, not for deciding.
    pub distances: BTreeMap<String, f64>,
    /// The smallest shift that this window could have shown, in the unit of the decisive test's effect.
    pub smallest_visible: Option<f64>,
    /// Usable values in the window, and their share of missing ones in baseline and window.
    pub present: u64,
    /// Share of missing values in the baseline, `0..=1`.
    pub missing_baseline: Option<f64>,
    /// Share of missing values in the window, `0..=1`.
    pub missing_current: Option<f64>,
    /// Mean in the baseline and in the window (numeric).
    pub mean_baseline: Option<f64>,
    /// Mean in the window (numeric).
    pub mean_current: Option<f64>,
}

/// One test: how strong the evidence is, and how large the effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was tested: `location`, `spread`, `pattern`, `shape`, `spike`, `beyond`, `missing`, `unseen`, `mix`.
    pub test: String,
    /// p-value, two-sided, ordinary variation included; `0..=1`.
    pub p: f64,
    /// p-value after correction over all tests and fields of the window.
    pub p_adjusted: f64,
    /// Size of the effect. Signed where up and down differ (`sd`, `share`: positive = more than in the baseline); never negative for `w`.
    pub effect: f64,
    /// Lower bound of the effect's 95 % interval.
    pub effect_low: f64,
    /// Upper bound of the effect's 95 % interval.
    pub effect_high: f64,
    /// From where on the effect matters, in the same unit.
    pub threshold: f64,
    /// The largest size that an ordinary period of the baseline showed, as a window of this length would show it; what
    /// stays below it is never called drift. 0 where the baseline has no periods.
    #[serde(default)]
    pub ordinary: f64,
    /// The effect's unit: `sd` (standard deviations of the baseline), `w` (Cohen's w), `share`.
    pub unit: String,
    /// What was seen, in words.
    pub says: String,
}

/// A fault of the data themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityFinding {
    /// Which fault.
    pub kind: QualityKind,
    /// The field it is about; `None` when it is about the files.
    pub field: Option<String>,
    /// How bad it is: [`State::Warning`] or [`State::Drift`].
    pub state: State,
    /// Share of records or lines affected, `0..=1`.
    pub share: f64,
    /// The same share in the baseline, where there is one.
    pub share_baseline: Option<f64>,
    /// What was found and what was expected, in one sentence.
    pub sentence: String,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityKind {
    /// More values are missing.
    Missing,
    /// Values of another type than the contract says.
    WrongType,
    /// Values outside the contract's range or allowed set.
    OutOfRange,
    /// Category values that the baseline never showed.
    UnseenCategory,
    /// Infinite numbers.
    Infinite,
    /// A feature of the contract that no record carried.
    AbsentFeature,
    /// A feature that the contract does not know.
    UnexpectedFeature,
    /// Lines that could not be read.
    BadLines,
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
}

impl Evidence {
    /// The part of the effect that is sure: the bound of its interval nearer to no effect, as a size; 0 when the
    /// interval includes no effect.
    #[must_use]
    pub fn sure_effect(&self) -> f64 {
        if self.effect >= 0.0 { self.effect_low.max(0.0) } else { (-self.effect_high).max(0.0) }
    }

    /// The effect as a multiple of what matters, whatever its direction.
    #[must_use]
    pub fn severity(&self) -> f64 {
        if self.threshold > 0.0 { self.effect.abs() / self.threshold } else { 0.0 }
    }

    /// How much of the field's distribution the effect is about, in standard deviations, so that tests in different
    /// units compare: a share of values counts as moved by two standard deviations.
    #[must_use]
    pub fn size(&self) -> f64 {
        match self.unit.as_str() {
            "share" if self.test == "missing" => 5.0 * self.effect.abs(),
            "share" => 2.0 * self.effect.abs(),
            // Cohen's w weighs what is rare: a tenth of the values piled up on one in twenty-five is a w of one half.
            "w" => 0.35 * self.effect.abs(),
            // A large move up or down also changes these; the move is then what to say.
            _ if self.test != "location" => 0.35 * self.effect.abs(),
            _ => self.effect.abs(),
        }
    }
}
