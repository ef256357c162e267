//! What a candidate must show, who decides, and when retraining is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FairnessMetric, Metric, Task, WindowLength};

/// What a candidate must show before it may be promoted.
///
/// A limit is met when the whole 95 % interval of what was measured lies on its right side, and failed when the whole interval lies on the
/// wrong one; between them the gate cannot tell, and says how many rows would.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Validation {
    /// The metric that decides. Default: `roc_auc` (binary), `accuracy` (multiclass), `rmse` (regression).
    pub primary: Option<Metric>,
    /// The least value of the primary metric.
    pub minimum: Option<f64>,
    /// The greatest value of the primary metric, for one of which less is better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// When a candidate replaces the champion. Default: `when-better`.
    #[serde(default, skip_serializing_if = "Replace::is_when_better")]
    pub replace: Replace,
    /// How much worse than the champion the candidate may be and still count as equal, in the primary metric's unit. Default: 0.01 for metrics
    /// that end at 1, otherwise a hundredth of the champion's value.
    pub non_inferiority: Option<f64>,
    /// Limits of further metrics, calibration (`brier`, `ece`) among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// How much worse than the champion the candidate may be in a segment, in the primary metric's unit. Default: twice `non_inferiority`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment_margin: Option<f64>,
    /// The fairness rule.
    pub fairness: Option<Fairness>,
    /// Further fairness rules, such as the four-fifths rule beside equalized odds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fairness_limits: Vec<Fairness>,
    /// Fewest rows that a candidate is judged by. Default: 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_rows: Option<u64>,
    /// Fewest rows of a segment or a protected group that is judged; smaller ones are named and left out. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_group_rows: Option<u64>,
    /// The outcome that counts as positive in a binary task. Default: whichever of `1`, `1.0`, `true`, `yes`, `positive` occurs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// From which score on a binary prediction is positive, where the model's predictions are scores only. Default: 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The rows that this account judges versions by which another account promotes to it, where the model can be asked here. Default: those that it was
    /// judged by there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<OwnEvaluation>,
    /// Median of the time that a prediction may take, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_p50_ms: Option<f64>,
    /// 99th percentile of the time that a prediction may take, milliseconds.
    pub latency_p99_ms: Option<f64>,
    /// Greatest size of the artifact's files together, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_bytes: Option<u64>,
}

impl Validation {
    /// Rows below which a candidate is not judged, where the contract does not say.
    pub const DEFAULT_MINIMUM_ROWS: u64 = 200;
    /// Rows below which a segment or group is not judged, where the contract does not say.
    pub const DEFAULT_MINIMUM_GROUP_ROWS: u64 = 100;
    /// Score from which on a prediction is positive, where the contract does not say.
    pub const DEFAULT_THRESHOLD: f64 = 0.5;

    /// The metric that decides.
    #[must_use]
    pub fn primary(&self, task: Task) -> Metric {
        self.primary.unwrap_or_else(|| Metric::default_of(task))
    }

    /// Every fairness rule.
    pub fn fairness_rules(&self) -> impl Iterator<Item = &Fairness> {
        self.fairness.iter().chain(&self.fairness_limits)
    }

    /// Fewest rows that a candidate is judged by.
    #[must_use]
    pub fn minimum_rows(&self) -> u64 {
        self.minimum_rows.unwrap_or(Self::DEFAULT_MINIMUM_ROWS)
    }

    /// Fewest rows of a segment or group that is judged.
    #[must_use]
    pub fn minimum_group_rows(&self) -> u64 {
        self.minimum_group_rows.unwrap_or(Self::DEFAULT_MINIMUM_GROUP_ROWS)
    }

    /// From which score on a binary prediction is positive.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold.unwrap_or(Self::DEFAULT_THRESHOLD)
    }
}

/// An evaluation set of this account: `{ key: evaluations/flight-delay/test.parquet, actual: outcome }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct OwnEvaluation {
    /// Its key in the models bucket.
    pub key: String,
    /// The column of what really was.
    pub actual: String,
    /// The column that names a row. Default: the contract's inference id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// When a candidate replaces the champion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replace {
    /// When it is shown to be better (the default). Of two equal models, 2.5 % at most are taken for better by chance.
    #[default]
    WhenBetter,
    /// When it is shown to be worse by no more than `non_inferiority`: for a candidate that is cheaper, faster or simpler. Equal models
    /// replace each other then, as asked.
    WhenNotWorse,
}

impl Replace {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
    fn is_when_better(&self) -> bool {
        *self == Self::WhenBetter
    }
}

/// A limit of one metric: `{ metric: recall, minimum: 0.6 }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Limit {
    /// The metric.
    pub metric: Metric,
    /// Its least value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Its greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
}

/// A fairness rule of the gate, held to for every protected feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Fairness {
    /// The fairness metric.
    pub metric: FairnessMetric,
    /// Its greatest value, of a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// Its least value, of a ratio (the four-fifths rule: 0.8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
}

/// Who decides a promotion, per stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Promotion {
    /// Into dev. Default: nobody is asked.
    pub dev: Option<Approvals>,
    /// Into test. Default: nobody may decide, so nothing is promoted.
    pub test: Option<Approvals>,
    /// Into prod. Default: nobody may decide, so nothing is promoted.
    pub prod: Option<Approvals>,
    /// Other names of people who submit or approve, so that nobody approves their own model under another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
}

/// A person and the names that are also theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Person {
    /// The person's mail address.
    pub person: String,
    /// What else the same person is called: other addresses, the ARN of an IAM user, a name in a training system. Case and what stands
    /// after a `+` in an address do not count anyway.
    pub also: Vec<String>,
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
    /// After how long an unanswered request counts as rejected. Default: `7d`.
    pub expires: Option<WindowLength>,
    /// How long an approved version waits before it is promoted, so that somebody may still stop it. Default: it does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<WindowLength>,
    /// How often those who have not answered are reminded. Default: `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<WindowLength>,
    /// Who else is asked when nobody answers. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate: Option<Escalation>,
}

/// Who else may decide when a request stays unanswered: `{ after: 48h, to: [head@example.com] }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Escalation {
    /// After how long.
    pub after: WindowLength,
    /// Who is asked then, beside the approvers.
    pub to: Vec<String>,
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
    /// How much of the newest data a request names to train on. Default: `30d`.
    #[serde(skip_serializing_if = "is_a_month")]
    pub window: WindowLength,
    /// Who is asked about a proposed retraining; one of them is enough. Default: the owner of the monitoring, or else the stage's approvers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Whether a newly published training set asks for retraining too. Default: it does not.
    #[serde(skip_serializing_if = "is_no")]
    pub on_new_dataset: bool,
    /// Who retrains and how often it is planned anyway, in words (`data-science, monthly`).
    pub plan: Option<String>,
}

impl Default for Retraining {
    fn default() -> Self {
        Self {
            mode: RetrainingMode::Propose,
            minimum_records: 10_000,
            cooldown: WindowLength::hours(24),
            window: A_MONTH,
            approvers: Vec::new(),
            on_new_dataset: false,
            plan: None,
        }
    }
}

const A_MONTH: WindowLength = WindowLength::hours(30 * 24);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_a_month(length: &WindowLength) -> bool {
    *length == A_MONTH
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_no(yes: &bool) -> bool {
    !yes
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

/// When a champion that turned out worse is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Rollback {
    /// Whether Tidegate takes it back. Default: `propose`.
    pub mode: RollbackMode,
    /// For how long after its promotion a champion is taken back by itself; later a person must. Default: `14d`.
    pub within: WindowLength,
    /// Shortest time between two rollbacks. Default: `1d`.
    pub cooldown: WindowLength,
    /// Most rollbacks by itself in 30 days: models that take turns are a question for people. Default: 2.
    pub most: u32,
}

impl Default for Rollback {
    fn default() -> Self {
        Self { mode: RollbackMode::Propose, within: WindowLength::hours(14 * 24), cooldown: WindowLength::hours(24), most: 2 }
    }
}

impl Rollback {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a champion is taken back by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackMode {
    /// Never, and nobody is told to.
    Never,
    /// People are told to, with the command that does it (the default).
    #[default]
    Propose,
    /// At once.
    Automatic,
}

/// When people are told that something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Alerts {
    /// In how many windows something must be wrong before people are told. Default: 1.
    pub after: u32,
    /// Among how many windows in a row. Default: as many as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    /// How long the same incident is not told again. Default: `7d`.
    pub cooldown: WindowLength,
    /// Whether warnings are told as well. Default: they are not.
    #[serde(skip_serializing_if = "is_no")]
    pub warnings: bool,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { after: 1, of: None, cooldown: WindowLength::hours(7 * 24), warnings: false }
    }
}

impl Alerts {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Among how many windows in a row something must be wrong [`Alerts::after`] times.
    #[must_use]
    pub fn of(&self) -> u32 {
        self.of.unwrap_or(self.after).max(self.after)
    }
}
