//! What is watched, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FeatureKind, WindowLength};

/// Settings of one feature that replace the model's, one by one: what is not said here is as [`Monitoring`] says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "snake_case")]
pub struct FeatureMonitoring {
    /// How large a change is measured, instead of the model's method.
    pub method: Option<Method>,
    /// From which distance on a named method calls a change large. Default: the model's where it names the same method, otherwise 0.1.
    pub threshold: Option<f64>,
    /// What a window is compared with, in order of authority, instead of the model's baselines.
    pub baselines: Option<Vec<BaselineKind>>,
    /// The smallest shift worth acting on, instead of the model's effect.
    pub effect: Option<f64>,
    /// Greatest share of missing values that is still normal, `0..=1`. Default: what the baseline shows.
    pub missing: Option<f64>,
    /// Watch and show, but never raise the model's state.
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
    /// What a window is compared with, in order of authority: the first that can tell decides. Default: `[training, seasonal, previous]`.
    pub baselines: Vec<BaselineKind>,
    /// How large a change is measured. Features that the method cannot compare are judged by `auto`. Default: `auto`.
    pub method: Method,
    /// From which distance on a named method calls a change large. Default: 0.1.
    pub threshold: Option<f64>,
    /// The smallest shift worth acting on, in standard deviations of the baseline (categorical: Cohen's w); a tenth of it is the smallest share of records worth acting on. Within a segment that holds a share s of the records it is divided by √s. Default: 0.04.
    pub effect: f64,
    /// Share of false discoveries among the features called drifted, `0..1`. Default: 0.015.
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
            baselines: vec![BaselineKind::Training, BaselineKind::Seasonal, BaselineKind::Previous],
            method: Method::Auto,
            threshold: None,
            effect: 0.04,
            false_discovery_rate: 0.015,
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

/// How large a change is measured. Whatever the method, a change must also be more than chance and ordinary variation explain;
/// only `sagemaker-robust` is another tool's rule as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Tests of location, spread, shape, mix, repeated, missing and unseen values, each with its own effect (the default).
    #[default]
    Auto,
    /// Population stability index, over tenths of the baseline or over the values.
    Psi,
    /// Kolmogorov-Smirnov distance (numeric features).
    Ks,
    /// Jensen-Shannon distance, base 2.
    JensenShannon,
    /// Hellinger distance.
    Hellinger,
    /// Wasserstein-1 distance in standard deviations of the baseline (numeric features).
    Wasserstein,
    /// Total variation distance: the share of records that would have to move.
    TotalVariation,
    /// Largest change of any share.
    LInfinity,
    /// `SageMaker`'s robust distance: the largest difference less what it takes for chance. No p-value is asked.
    SagemakerRobust,
    /// Cohen's w of the chi-squared test of homogeneity.
    ChiSquared,
}

/// From which distance on a named method calls a change large, where the contract does not say: what its users know it by
/// (Evidently, `NannyML`, Azure and `SageMaker` alert from 0.1 on; a Cohen's w of 0.1 is small).
pub const DEFAULT_THRESHOLD: f64 = 0.1;

impl Method {
    /// The method as a contract names it (`jensen-shannon`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Psi => "psi",
            Self::Ks => "ks",
            Self::JensenShannon => "jensen-shannon",
            Self::Hellinger => "hellinger",
            Self::Wasserstein => "wasserstein",
            Self::TotalVariation => "total-variation",
            Self::LInfinity => "l-infinity",
            Self::SagemakerRobust => "sagemaker-robust",
            Self::ChiSquared => "chi-squared",
        }
    }

    /// Whether the method can compare features of this kind: distances between values need numbers.
    #[must_use]
    pub fn compares(self, kind: FeatureKind) -> bool {
        kind == FeatureKind::Numeric || !matches!(self, Self::Ks | Self::Wasserstein)
    }
}

impl Monitoring {
    /// The named method that measures a feature of this kind, and from which distance on a change is large; `None` for `auto`.
    #[must_use]
    pub fn named_method(&self, own: Option<&FeatureMonitoring>, kind: FeatureKind) -> Option<(Method, f64)> {
        let method = own.and_then(|own| own.method).unwrap_or(self.method);
        let inherited = self.threshold.filter(|_| method == self.method);
        let threshold = own.and_then(|own| own.threshold).or(inherited).unwrap_or(DEFAULT_THRESHOLD);
        (method != Method::Auto && method.compares(kind)).then_some((method, threshold))
    }
}
