//! What a candidate must show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FairnessMetric, Metric, Stage, Task};

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
    /// A test of the served candidate under load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointTest>,
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

/// A test of a served candidate under load: rows of the evaluation set are sent to its endpoint at a stated rate, and its response times, its errors and
/// whether it answers as the candidate did are rules of the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct EndpointTest {
    /// In which stage the endpoint is tested: `dev`, `test` or `prod`. Default: `test`.
    pub stage: Stage,
    /// Its address; `{run}` stands for the candidate's run. The account must allow its origin (`ENDPOINT_ORIGINS` of `validate`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Or the name of a SageMaker endpoint of the account; `{run}` stands for the candidate's run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sagemaker: Option<String>,
    /// The production variant of the SageMaker endpoint that is asked. Default: whichever SageMaker chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How a row is sent. Default: `instances`.
    pub body: EndpointBody,
    /// Where its answer holds the score, or the prediction of a model without one: names joined by dots, places of arrays in brackets (`predictions[0].score`).
    /// Default: the contract's own names for them, or the first number or text of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Requests a second. Default: 20.
    pub rate: f64,
    /// Requests that may be under way at once. Default: 4.
    pub concurrency: u32,
    /// Requests in all. Default: 1000.
    pub requests: u32,
    /// How long a request may take, milliseconds; what takes longer is an error. Default: 5000.
    pub timeout_ms: u32,
    /// Median response time, milliseconds, waiting for a free place included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p50_ms: Option<f64>,
    /// 99th percentile of the response time, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p99_ms: Option<f64>,
    /// Greatest share of requests without a readable answer. Default: 0.01.
    pub errors: f64,
    /// Greatest share of answers that are not the candidate's. Default: 0.
    pub wrong: f64,
}

impl EndpointTest {
    /// Longest test, seconds: it runs within the candidate's own judging.
    pub const MAX_SECONDS: f64 = 300.0;

    /// How long the test takes if the endpoint keeps up, seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        f64::from(self.requests) / self.rate
    }
}

impl Default for EndpointTest {
    fn default() -> Self {
        Self {
            stage: Stage::Test,
            url: None,
            sagemaker: None,
            variant: None,
            body: EndpointBody::default(),
            answer: None,
            rate: 20.0,
            concurrency: 4,
            requests: 1_000,
            timeout_ms: 5_000,
            latency_p50_ms: None,
            latency_p99_ms: None,
            errors: 0.01,
            wrong: 0.0,
        }
    }
}

/// How a row is sent to an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointBody {
    /// `{"instances": [{"dep_delay": 3, "carrier": "AA"}]}`, as TensorFlow Serving and KServe's first protocol take it (the default).
    #[default]
    Instances,
    /// `{"dep_delay": 3, "carrier": "AA"}`
    Row,
    /// `3,AA`: the features in the contract's order, as SageMaker's built-in algorithms take it.
    Csv,
}
