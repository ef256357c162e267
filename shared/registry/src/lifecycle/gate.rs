//! What the registry keeps of a gate's report: enough to say how good a version was found and to prove which report that was.

use serde::{Deserialize, Serialize};

/// What a gate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateOutcome {
    /// Every rule passed.
    Pass,
    /// A rule failed.
    Fail,
    /// No rule failed, and of some too little is known. It never passes by itself: people may decide it, where people are asked.
    CannotTell,
}

impl GateOutcome {
    /// `pass`, `fail` or `cannot-tell`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::CannotTell => "cannot-tell",
        }
    }
}

/// A gate's report, as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRecord {
    /// What it came to.
    pub outcome: GateOutcome,
    /// In one sentence.
    pub headline: String,
    /// SHA-256 of the report's bytes: the evidence that people decide on.
    pub digest: String,
    /// Key of the report in the lake.
    pub key: String,
    /// The champion that the candidate was compared with; `None` when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion: Option<u32>,
    /// The rules, in the report's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<GateRule>,
}

/// One rule of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRule {
    /// Its name (`roc_auc.minimum`).
    pub name: String,
    /// What it came to.
    pub outcome: GateOutcome,
    /// In one sentence, with its numbers.
    pub says: String,
}
