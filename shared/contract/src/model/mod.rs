//! The shape of a contract. Every field that may be left out has a documented default.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod compatibility;
mod decisions;
mod feature;
mod metric;
mod monitoring;
mod record;
mod registered;
mod truth;
mod validation;

pub use compatibility::*;
pub use decisions::*;
pub use feature::*;
pub use metric::{Direction, FairnessMetric, Metric};
pub use monitoring::*;
pub use record::*;
pub use registered::*;
pub use truth::*;
pub use validation::*;

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
    /// Where the true outcomes come from.
    #[serde(default, skip_serializing_if = "Truth::is_default")]
    pub truth: Truth,
    /// The features that the model reads.
    pub features: Vec<Feature>,
    /// Categorical features by whose values records are also looked at apart, at most 8; in windows of a day and longer.
    #[serde(default)]
    pub segments: Vec<String>,
    /// What the serving side promises.
    #[serde(default)]
    pub service: Service,
    /// What is watched and how.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// What is written for the readers of other tools.
    #[serde(default, skip_serializing_if = "Compatibility::is_nothing")]
    pub compatibility: Compatibility,
    /// Other registries from which the model's versions come.
    #[serde(default, skip_serializing_if = "RegisteredIn::is_nowhere")]
    pub registered_in: RegisteredIn,
    /// What a candidate must show.
    #[serde(default)]
    pub validation: Validation,
    /// Who decides a promotion, per stage.
    #[serde(default)]
    pub promotion: Promotion,
    /// When retraining is asked for.
    #[serde(default)]
    pub retraining: Retraining,
    /// When a champion that turned out worse is taken back.
    #[serde(default, skip_serializing_if = "Rollback::is_default")]
    pub rollback: Rollback,
    /// When people are told that something is wrong.
    #[serde(default, skip_serializing_if = "Alerts::is_default")]
    pub alerts: Alerts,
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
            truth: Truth::default(),
            features: Vec::new(),
            segments: Vec::new(),
            service: Service::default(),
            monitoring: Monitoring::default(),
            compatibility: Compatibility::default(),
            registered_in: RegisteredIn::default(),
            validation: Validation::default(),
            promotion: Promotion::default(),
            retraining: Retraining::default(),
            rollback: Rollback::default(),
            alerts: Alerts::default(),
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
