//! What the registry knows of a request for retraining, and of the data that models are trained on.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_monitoring::DatasetSource;

use super::{ApprovalRequest, Ending, Recorded, Stage};

/// Where a request for retraining stands.
///
/// ```text
/// preparing ─▶ proposed ─▶ requested ─▶ answered
///     │            │            │
///     ▼            ▼            ▼
///   failed  declined, expired  expired
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetrainingState {
    /// The data to train on are being made a dataset version.
    Preparing,
    /// A person is asked.
    Proposed,
    /// The team's training job is told.
    Requested,
    /// A candidate came of it.
    Answered,
    /// A person said no.
    Declined,
    /// Nobody answered in time, or no candidate came.
    Expired,
    /// The data to train on did not pass their checks.
    Failed,
}

impl RetrainingState {
    /// As it is written: `proposed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Proposed => "proposed",
            Self::Requested => "requested",
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// Whether something is still to come: while it is, no other retraining of the model is asked for.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Preparing | Self::Proposed | Self::Requested)
    }
}

impl fmt::Display for RetrainingState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// How long a request waits for its data, and for its candidate, milliseconds: 14 days.
const MAX_TRAINING_MS: i64 = 14 * 24 * 3_600_000;

/// What asks for retraining, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrainingCall {
    /// What asks: `window 1d 2013-08-01T00:00:00Z`, `dataset <version>`, or a person. The same one asks once.
    pub trigger: String,
    /// Why, in one sentence.
    pub why: String,
    /// The cause that was found (`covariate-drift`), as verdicts name it. On a data fault nothing is retrained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Key of the report that says so, in the lake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// SHA-256 of what it was decided on: the verdict, or the dataset version.
    pub evidence: String,
    /// What the data to train on are called: `2013-07-02_2013-08-01`, or the name of a training set.
    pub data: String,
    /// The dataset version of that name, where there is one already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// How many records these are, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Whether a person asks: mode, cooldown and the fewest records are for requests that come by themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
}

/// A request for retraining: a record of the registry, and an image in its audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retraining {
    /// The model.
    pub model: String,
    /// Its number, counted from 1.
    pub number: u32,
    /// The stage whose registry this is.
    pub stage: Stage,
    /// Where it stands.
    pub state: RetrainingState,
    /// How often this record was written; 1 the first time.
    pub revision: u64,
    /// When it was asked for, milliseconds since 1970.
    pub asked_at_ms: i64,
    /// When it last changed, milliseconds since 1970.
    pub changed_at_ms: i64,
    /// What asked for it, and why.
    pub call: RetrainingCall,
    /// Whether nobody is asked first.
    pub automatic: bool,
    /// The champion that a candidate would challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion: Option<u32>,
    /// The dataset version to train on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Its number of records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Who is or was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ApprovalRequest>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Recorded>,
    /// The version that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<u32>,
    /// Why it ended without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

impl Retraining {
    /// `retraining 2 of flight-delay`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("retraining {} of {}", self.number, self.model)
    }

    /// From when on it is over if nothing comes of it, milliseconds since 1970, and why; `None` if it is over already.
    #[must_use]
    pub fn over(&self) -> Option<(i64, &'static str)> {
        let waited_ms = self.changed_at_ms.saturating_add(MAX_TRAINING_MS);
        match (self.state, &self.request) {
            (RetrainingState::Proposed, Some(request)) => Some((request.expires_at_ms, "nobody answered in time")),
            (RetrainingState::Requested, _) => Some((waited_ms, "no candidate came in time")),
            (RetrainingState::Preparing, _) => Some((waited_ms, "the data to train on were not there in time")),
            _ => None,
        }
    }
}

/// A dataset version, as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRecord {
    /// The version: SHA-256 of its manifest.
    pub version: String,
    /// What it is called: a file's name, or `2013-07-02_2013-08-01`.
    pub name: String,
    /// Where it comes from.
    pub source: DatasetSource,
    /// Its number of records.
    pub records: u64,
    /// Whether its checks passed.
    pub passed: bool,
    /// What the checks found, in one sentence.
    pub says: String,
    /// When it was told of first, milliseconds since 1970.
    pub at_ms: i64,
}
