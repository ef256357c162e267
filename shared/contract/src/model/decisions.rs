//! What a candidate must show, who decides, and when retraining is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WindowLength;

/// What a candidate must show before it may be promoted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Validation {
    /// The metric that decides (`roc_auc`, `f1`, `rmse` …).
    pub primary: Option<String>,
    /// The least value of the primary metric.
    pub minimum: Option<f64>,
    /// How much worse than the champion the candidate may be and still count as equal.
    pub non_inferiority: Option<f64>,
    /// The fairness rule.
    pub fairness: Option<Fairness>,
    /// 99th percentile of the time that a prediction may take, milliseconds.
    pub latency_p99_ms: Option<f64>,
}

/// A fairness rule of the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Fairness {
    /// The fairness metric (`equalized_odds_difference`, `demographic_parity_difference` …).
    pub metric: String,
    /// Its greatest value.
    pub maximum: f64,
}

/// Who decides a promotion, per stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Promotion {
    /// Into dev. Default: nobody is asked.
    pub dev: Option<Approvals>,
    /// Into test.
    pub test: Option<Approvals>,
    /// Into prod.
    pub prod: Option<Approvals>,
}

/// How many approvals a stage needs, and whose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Approvals {
    /// How many approvals are needed.
    pub approvals: u32,
    /// Who may approve.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// After how long an unanswered request counts as rejected.
    pub expires: Option<WindowLength>,
}

/// When retraining is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Retraining {
    /// Whether Tidegate asks for retraining. Default: `propose`.
    pub mode: RetrainingMode,
    /// Fewest new records that make retraining worth while. Default: 10,000.
    pub minimum_records: u64,
    /// Shortest time between two requests. Default: `1d`.
    pub cooldown: WindowLength,
    /// Who retrains and how often it is planned anyway, in words (`data-science, monthly`).
    pub plan: Option<String>,
}

impl Default for Retraining {
    fn default() -> Self {
        Self { mode: RetrainingMode::Propose, minimum_records: 10_000, cooldown: WindowLength::hours(24), plan: None }
    }
}

/// Whether Tidegate asks for retraining.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetrainingMode {
    /// Never.
    Never,
    /// A person is asked first (the default).
    #[default]
    Propose,
    /// At once.
    Automatic,
}
