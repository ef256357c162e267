//! The shape of a contract. Every field that may be left out has a documented default.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WindowLength;

/// What a team declares about one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Contract {
    /// The model's name: lower-case words joined by hyphens, at most 63 characters (`flight-delay`).
    pub model: String,
    /// Who answers for the model and for its monitoring.
    #[serde(default)]
    pub owners: Owners,
    /// How predictions are consumed.
    #[serde(default)]
    pub consumption: Consumption,
    /// What availability the model's consumers need.
    #[serde(default)]
    pub availability: Availability,
    /// How sensitive the records are.
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// What the model predicts.
    pub task: Task,
    /// Where the scoring logs lie.
    #[serde(default)]
    pub logs: Logs,
    /// Where to find things in a record.
    #[serde(default)]
    pub record: RecordMapping,
    /// The features that the model reads.
    pub features: Vec<Feature>,
    /// Categorical features by which results are also looked at apart.
    #[serde(default)]
    pub segments: Vec<String>,
    /// What the serving side promises.
    #[serde(default)]
    pub service: Service,
    /// What is watched and how.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// What a candidate must show.
    #[serde(default)]
    pub validation: Validation,
    /// Who decides a promotion, per stage.
    #[serde(default)]
    pub promotion: Promotion,
    /// When retraining is asked for.
    #[serde(default)]
    pub retraining: Retraining,
}

impl Contract {
    /// A contract that leaves everything to the defaults and has no features yet.
    #[must_use]
    pub fn new(model: &str, task: Task) -> Self {
        Self {
            model: model.to_owned(),
            owners: Owners::default(),
            consumption: Consumption::default(),
            availability: Availability::default(),
            sensitivity: Sensitivity::default(),
            task,
            logs: Logs::default(),
            record: RecordMapping::default(),
            features: Vec::new(),
            segments: Vec::new(),
            service: Service::default(),
            monitoring: Monitoring::default(),
            validation: Validation::default(),
            promotion: Promotion::default(),
            retraining: Retraining::default(),
        }
    }
}

/// Who answers for the model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Owners {
    /// Address of the person or team that owns the model's results.
    pub business: Option<String>,
    /// Address of the person or team that is told when something is wrong.
    pub monitoring: Option<String>,
}

/// How predictions are consumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consumption {
    /// One request at a time (the default).
    #[default]
    RealTime,
    /// Many records at once, on a schedule.
    Batch,
}

/// What availability the model's consumers need.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Availability {
    /// Share of the time in which the model must answer, `0..=1` (`0.999`).
    pub target: Option<f64>,
    /// When it is needed, in words (`24x7`, `weekdays 06-22`).
    pub hours: Option<String>,
}

/// How sensitive the records are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Anyone may read them.
    Public,
    /// Members of the organisation may read them (the default).
    #[default]
    Internal,
    /// Named people may read them; reports show no category values of these records.
    Restricted,
}

/// What the model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// One of two classes, usually with a score in `0..=1`.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

/// Where the scoring logs lie in the logs bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Logs {
    /// Key prefix of the logs of this model. Default: the model's name and a slash.
    pub prefix: Option<String>,
}

/// Where to find things in a record. A path names nested objects with dots: `event.output.score`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct RecordMapping {
    /// The format of the files; `auto` looks at the content.
    pub format: RecordFormat,
    /// Path of the time of the prediction: RFC 3339, `YYYY-MM-DD HH:MM:SS` (read as UTC), or seconds, milliseconds or microseconds since 1970.
    pub timestamp: String,
    /// Path of the identifier that ground truth will name.
    pub inference_id: String,
    /// Path of the model version that answered.
    pub version: String,
    /// Path of the predicted class or number.
    pub prediction: String,
    /// Path of the score.
    pub score: String,
    /// Path of the time that the prediction took, in milliseconds.
    pub latency_ms: String,
    /// Path of the object that holds the features; empty when they stand at the top.
    pub features: String,
}

impl Default for RecordMapping {
    fn default() -> Self {
        Self {
            format: RecordFormat::Auto,
            timestamp: "timestamp".into(),
            inference_id: "inference_id".into(),
            version: "version".into(),
            prediction: "prediction".into(),
            score: "score".into(),
            latency_ms: "latency_ms".into(),
            features: "features".into(),
        }
    }
}

/// The format of the files that hold records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordFormat {
    /// Told from the content (the default).
    #[default]
    Auto,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// One feature that the model reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Feature {
    /// The feature's name: lower-case words joined by underscores, at most 63 characters (`dep_delay`).
    pub name: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: FeatureKind,
    /// Path of the value inside the object of features. Default: the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it was computed from: other features, or fields that the model itself does not read. Absent for a core feature,
    /// which the application supplies as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived_from: Vec<String>,
    /// Least and greatest value that make sense (numeric features).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// The only values that make sense (categorical features).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// Whether fairness is measured by this feature.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// How much the feature matters to the model, relative to the others. Default: 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub importance: f64,
    /// Settings of this feature that replace the model's, one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<FeatureMonitoring>,
}

impl Feature {
    /// A feature about which no more is known than its name and type.
    #[must_use]
    pub fn new(name: &str, kind: FeatureKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            path: None,
            derived_from: Vec::new(),
            range: None,
            allowed: None,
            protected: false,
            importance: one(),
            monitoring: None,
        }
    }

    /// Path of the value inside the object of features.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.name)
    }
}

fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
#[expect(clippy::float_cmp, reason = "exactly the default, or worth writing")]
fn is_one(value: &f64) -> bool {
    *value == 1.0
}

/// What a feature's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureKind {
    /// Numbers, compared by size.
    Numeric,
    /// Names, compared byte by byte. `true` counts as `"true"`, `1` as `"1"`.
    Categorical,
}

/// Settings of one feature that replace the model's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct FeatureMonitoring {
    /// The smallest shift worth acting on, instead of [`Monitoring::effect`].
    pub effect: Option<f64>,
    /// Greatest share of missing values that is still normal, `0..=1`. Default: what the baseline shows.
    pub missing: Option<f64>,
    /// Watch and show, but never raise the model's state.
    #[serde(default)]
    pub mute: bool,
}

/// What the serving side promises.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Service {
    /// 99th percentile of the time that a prediction takes, milliseconds.
    pub latency_p99_ms: Option<f64>,
    /// Share of requests that may fail, `0..=1`.
    pub error_rate: Option<f64>,
    /// After how many minutes without a record silence is an alarm.
    pub silence_minutes: Option<u32>,
}

/// What is watched and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct Monitoring {
    /// Lengths of the windows that are judged: `1h` to `30d`. Default: `[1d]`.
    pub windows: Vec<WindowLength>,
    /// What a window is compared with, in order of authority. Default: `[training, previous]`.
    pub baselines: Vec<BaselineKind>,
    /// The smallest shift worth acting on, in standard deviations of the baseline (categorical: Cohen's w); a tenth of it is the smallest share of records worth acting on. Default: 0.05.
    pub effect: f64,
    /// Share of false discoveries among the features called drifted, `0..1`. Default: 0.01.
    pub false_discovery_rate: f64,
    /// Fewer records than this are not judged. Default: 50.
    pub minimum_records: u64,
    /// Share of bad lines above which an object's numbers are not merged, `0..=1`. Default: 0.05.
    pub bad_lines: f64,
    /// How long after its end a window is still computed again when late records arrive. Default: `7d`.
    pub late: WindowLength,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            windows: vec![WindowLength::hours(24)],
            baselines: vec![BaselineKind::Training, BaselineKind::Previous],
            effect: 0.05,
            false_discovery_rate: 0.01,
            minimum_records: 50,
            bad_lines: 0.05,
            late: WindowLength::hours(7 * 24),
        }
    }
}

/// What a window is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineKind {
    /// The training set.
    Training,
    /// The window before.
    Previous,
    /// The same hours of the past weeks.
    Seasonal,
}

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
