//! What is written beside the verdict, in the shapes of tools that a team comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is written for the readers of other tools, so that their dashboards and alarms go on working. Default: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Compatibility {
    /// Outputs in the shape of SageMaker Model Monitor.
    pub sagemaker: Option<SageMakerOutputs>,
}

impl Compatibility {
    /// Whether nothing is written. Such a section is left out of the contract's digest.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Outputs in the shape of SageMaker Model Monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct SageMakerOutputs {
    /// Whether `constraint_violations.json` is written beside every verdict. Default: true.
    pub violations: bool,
    /// Whether `statistics.json` is written beside every verdict. Default: true.
    pub statistics: bool,
    /// Whether metrics are emitted under SageMaker's names; needs `schedule` or `quality_schedule`. Default: false.
    pub metrics: bool,
    /// The monitoring schedule that old alarms name (dimension `MonitoringSchedule`).
    pub schedule: Option<String>,
    /// The model quality schedule that old alarms name. Default: `schedule`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_schedule: Option<String>,
    /// The endpoint that old alarms name (dimension `Endpoint`). Without one the names of batch transform jobs are used.
    pub endpoint: Option<String>,
    /// How `constraint_violations.json` phrases a distance. Default: `numerical`.
    pub wording: ViolationWording,
}

impl Default for SageMakerOutputs {
    fn default() -> Self {
        Self {
            violations: true,
            statistics: true,
            metrics: false,
            schedule: None,
            quality_schedule: None,
            endpoint: None,
            wording: ViolationWording::Numerical,
        }
    }
}

/// How a distance is phrased in `constraint_violations.json`; readers that look for numbers in the text differ in what they expect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ViolationWording {
    /// `Numerical distance: 0.27 exceeds numerical threshold: 0.1`, as Model Monitor writes it (the default).
    #[default]
    Numerical,
    /// `Baseline drift distance: 0.27 exceeds threshold: 0.1`, as scripts expect it that look for `distance: … exceeds threshold: …`.
    Plain,
}
