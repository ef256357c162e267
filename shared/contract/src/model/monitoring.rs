//! What is watched, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WindowLength;

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
