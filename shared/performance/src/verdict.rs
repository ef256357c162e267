//! What a window's quality comes to. It is written as `performance.json`; its shape is versioned by [`SCHEMA`].

use serde::{Deserialize, Serialize};
use tidegate_contract::Metric;
use tidegate_monitoring::{Action, Cause, State, Window};

use crate::calibration::Basis;
use crate::estimate::Estimated;

/// Version of the shape.
pub const SCHEMA: &str = "tidegate.performance/1";

/// The judgement of one model's quality over one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// [`SCHEMA`].
    pub schema: String,
    /// The model.
    pub model: String,
    /// The window.
    pub window: Window,
    /// What it comes to.
    pub state: State,
    /// What happened, in one sentence.
    pub headline: String,
    /// Why, as far as the data tell.
    pub cause: Cause,
    /// What to do.
    pub action: Action,
    /// The metric that decides.
    pub metric: Metric,
    /// Predictions that truth can name, each request once.
    pub predictions: u64,
    /// Those whose truth is in.
    pub labelled: u64,
    /// What quality is held against; absent while there is nothing yet.
    pub reference: Option<Reference>,
    /// The metric that decides, held against it; absent while too little truth is in.
    pub check: Option<Check>,
    /// What quality probably is, from scores alone: of binary models with probabilities as scores.
    pub estimated: Option<Estimated>,
    /// Of each metric that was estimated, what was realised, and whether it fell into the estimate's interval.
    pub realised: Vec<(Metric, f64, bool)>,
    /// Everything that was found, worst first.
    pub findings: Vec<Finding>,
    /// The windows up to this one, oldest first.
    pub trail: Vec<Point>,
}

/// What quality is held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Where it comes from: as of a calibration, never [`Basis::AsTheyAre`].
    pub basis: Basis,
    /// The metric's value there.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// How much windows differ anyway, beyond what their numbers of predictions explain: a standard deviation, learned from the first windows.
    pub variation: f64,
    /// From how many windows that was learned; below 3 it could not be.
    pub variation_windows: u64,
}

/// The two keys of a verdict: more than chance, and more than what matters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The metric's value in the window.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// By how much it is worse than the reference; negative where it is better.
    pub fall: f64,
    /// The fall's 95 % interval: chance in both, and how much windows differ anyway.
    pub fall_interval: [f64; 2],
    /// The fall that matters.
    pub margin: f64,
    /// One-sided chance of such a fall where nothing fell.
    pub p: f64,
    /// Below which it counts: 0.05, shared among as many windows as fit into 30 days.
    pub level: f64,
    /// The smallest fall that this window would have shown nine times of ten.
    pub visible_fall: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// About what.
    pub kind: FindingKind,
    /// How bad it is.
    pub state: State,
    /// The numbers in a sentence.
    pub sentence: String,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The metric that decides, against the truth.
    Quality,
    /// What the scores promise.
    Estimate,
    /// A segment's quality.
    Segment,
    /// How alike the groups of a protected feature are treated.
    Fairness,
    /// Truth that is missing, and not at random.
    Coverage,
    /// No records when some were expected, or none for too long.
    Silence,
    /// Many more or many fewer records than in past weeks.
    Volume,
    /// Answers take too long.
    Latency,
    /// Too many records hold no answer.
    Failures,
}

impl FindingKind {
    /// Its name, as `performance.json` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Estimate => "estimate",
            Self::Segment => "segment",
            Self::Fairness => "fairness",
            Self::Coverage => "coverage",
            Self::Silence => "silence",
            Self::Volume => "volume",
            Self::Latency => "latency",
            Self::Failures => "failures",
        }
    }
}

/// A window of the trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The window.
    pub window: Window,
    /// Its predictions.
    pub predictions: u64,
    /// Those whose truth is in.
    pub labelled: u64,
    /// The metric that decides; absent while no truth is in.
    pub value: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// What it was estimated to be, from scores alone.
    pub estimated: Option<f64>,
    /// The estimate's 95 % interval.
    pub estimated_interval: Option<[f64; 2]>,
    /// Versions that served here for the first time in the trail; none in its first window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_versions: Vec<String>,
}
