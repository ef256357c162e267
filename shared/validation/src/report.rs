//! What the gate found: `tidegate.gate/1`, the same bytes for the same inputs.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidegate_contract::{FairnessMetric, Metric};
use tidegate_statistics::interval::Interval;

use crate::metrics::{Measured, Method};
use crate::{ScoreRows, Undefined};

/// The format of a report.
pub const FORMAT: &str = "tidegate.gate/1";

/// What the gate found about one candidate.
///
/// Numbers are rounded to nine significant digits, so that the last bits of another machine's logarithm do not make another report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// `tidegate.gate/1`.
    pub format: String,
    /// The model.
    pub model: String,
    /// What the rules come to together: fail if any fails, otherwise cannot-tell if any cannot tell, otherwise pass.
    pub outcome: Outcome,
    /// How the candidate stands against the champion.
    pub finding: Finding,
    /// The report in a sentence or two.
    pub headline: String,
    /// Every rule that applied.
    pub rules: Vec<Rule>,
    /// Every metric of both models, on all rows that each has.
    pub metrics: Vec<MetricLine>,
    /// How alike the candidate treats the groups of each protected feature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fairness: Vec<FairnessLine>,
    /// The rows.
    pub rows: RowCounts,
    /// What the candidate's scores came to on them: from these is told what its scores mean when it serves and the truth is not in yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoreRows>,
    /// What all this was computed from.
    pub computed_from: ComputedFrom,
}

/// What a rule, or all of them, come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Shown not to hold.
    Fail,
    /// The rows cannot tell: never a pass.
    CannotTell,
    /// Shown to hold.
    Pass,
}

/// How the candidate stands against the champion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// There is no champion yet.
    NoChampion,
    /// The candidate is shown to be better.
    Better,
    /// No more than the margin worse, and not shown to be better.
    AsGood,
    /// Shown to be worse.
    Worse,
    /// The rows cannot tell.
    CannotTell,
    /// The two cannot be compared.
    Refused,
}

/// One rule of the gate and what it comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The rule's name: `rows`, `limit:roc_auc`, `champion`, `segments:origin`,
    /// `fairness:sex:equalized_odds_difference`, `latency_p99_ms` …
    pub name: String,
    /// What it comes to.
    pub outcome: Outcome,
    /// The numbers in a sentence.
    pub sentence: String,
    /// What was measured, in the measure's unit; of the champion rule the improvement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Its 95 % interval: low, high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// The least value that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The greatest value that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The rows it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// One-sided p-value of the test that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// What it comes to in each part, such as a segment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

impl Rule {
    /// A rule of which no more is known than what it comes to.
    #[must_use]
    pub fn new(name: impl Into<String>, outcome: Outcome, sentence: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            outcome,
            sentence: sentence.into(),
            value: None,
            interval: None,
            minimum: None,
            maximum: None,
            rows: None,
            p: None,
            parts: Vec::new(),
        }
    }

    pub(crate) fn measured(mut self, value: f64, interval: Option<Interval>, rows: u64) -> Self {
        self.value = finite(value);
        self.interval = interval.and_then(ends);
        self.rows = Some(rows);
        self
    }
}

/// A part of a rule: a segment's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The part's name.
    pub name: String,
    /// What it comes to; `cannot-tell` of one that is too small does not hold the rule up.
    pub outcome: Outcome,
    /// The candidate's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<f64>,
    /// The champion's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion: Option<f64>,
    /// By how much the candidate is better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub improvement: Option<f64>,
    /// The improvement's 95 % interval, not corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// Its rows.
    pub rows: u64,
    /// One-sided p-value against "no more than the margin worse", corrected for the number of parts (Holm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<f64>,
    /// Why it was not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A metric of candidate and champion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricLine {
    /// The metric.
    pub metric: Metric,
    /// The candidate's.
    pub candidate: MetricValue,
    /// The champion's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion: Option<MetricValue>,
}

/// A metric's value, or why it has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricValue {
    /// The value; absent where it is undefined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How the interval was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The rows it rests on.
    pub rows: u64,
    /// Why it is undefined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

impl MetricValue {
    /// What was measured on so many rows, or why nothing was.
    #[must_use]
    pub fn of(measured: &Result<Measured, Undefined>, rows: u64) -> Self {
        match measured {
            Ok(measured) => Self {
                value: finite(measured.value),
                interval: measured.interval.and_then(ends),
                method: measured.interval.map(|_| measured.method),
                rows: measured.rows,
                undefined: None,
            },
            Err(reason) => Self { value: None, interval: None, method: None, rows, undefined: Some(reason.to_string()) },
        }
    }
}

/// A fairness metric of one protected feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FairnessLine {
    /// The protected feature.
    pub feature: String,
    /// The metric.
    pub metric: FairnessMetric,
    /// The value; absent where it is undefined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// Groups that are compared.
    pub groups: u64,
    /// Their rows.
    pub rows: u64,
}

/// The rows of the evaluation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// The candidate's.
    pub candidate: u64,
    /// The champion's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion: Option<u64>,
    /// Those that both have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common: Option<u64>,
    /// Ids of the first rows that the candidate lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidate_lacks: Vec<String>,
    /// Ids of the first rows that the champion lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub champion_lacks: Vec<String>,
}

/// What a report was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputedFrom {
    /// The candidate's version.
    pub candidate: String,
    /// Digest of the candidate's manifest.
    pub candidate_digest: String,
    /// The champion's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion: Option<String>,
    /// Digest of the champion's manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion_digest: Option<String>,
    /// Digest of the evaluation set.
    pub evaluation_digest: String,
    /// Digest of the whole contract.
    pub contract_digest: String,
    /// Digest of what of the contract the gate reads: task, segments, protected features and `validation`.
    pub policy_digest: String,
    /// Resamples of every bootstrap.
    pub resamples: u32,
    /// Their seed.
    pub seed: u64,
}

impl GateReport {
    /// The report as JSON, two spaces deep, with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Every number is finite and every key a text, so nothing can fail.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// SHA-256 of [`GateReport::to_json`], 64 hexadecimal digits: what an approval is bound to.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(self.to_json().as_bytes())
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        for digit in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(digit), 16));
        }
        hex
    })
}

/// A finite number with nine significant digits.
pub(crate) fn finite(value: f64) -> Option<f64> {
    format!("{value:.8e}").parse().ok().filter(|value: &f64| value.is_finite()).map(|value| value + 0.0)
}

pub(crate) fn ends(interval: Interval) -> Option<[f64; 2]> {
    Some([finite(interval.low)?, finite(interval.high)?])
}
