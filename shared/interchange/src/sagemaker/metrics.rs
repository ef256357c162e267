//! The CloudWatch metrics that Model Monitor's dashboards and alarms watch, under its names.
//!
//! Names, namespaces and dimensions are those of the dashboard that the SageMaker Python SDK draws (`AutomaticDataQualityDashboard`);
//! older alarms leave the dimension `Feature` out, so both sets are given.

use tidegate_contract::{FieldRole, SageMakerOutputs};
use tidegate_profile::{Baseline, FieldProfile, Profile};
use tidegate_statistics::distance::{kolmogorov_smirnov_cells, l_infinity, robust};

/// Namespace of endpoints.
const ENDPOINTS: &str = "aws/sagemaker/Endpoints/data-metrics";
/// Namespace of batch transform jobs.
const BATCH: &str = "aws/sagemaker/ModelMonitoring/data-metrics";
/// What the dimension `Feature` says; the feature's name is part of the metric's.
const ANY_FEATURE: &str = "_";
/// Metrics with their dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricLine {
    /// The namespace.
    pub namespace: &'static str,
    /// Names and values of all dimensions.
    pub dimensions: Vec<(&'static str, String)>,
    /// The sets of dimensions under which each metric is found.
    pub sets: DimensionSets,
    /// Name and value of each metric; whether it is a count.
    pub metrics: Vec<(String, f64, bool)>,
}

/// Sets of dimensions, by name.
pub type DimensionSets = Vec<Vec<&'static str>>;

/// The metrics of a window; `None` when the contract names no schedule.
#[must_use]
pub fn metrics(profile: &Profile, baseline: Option<&Baseline>, outputs: &SageMakerOutputs) -> Option<MetricLine> {
    let schedule = outputs.schedule.clone().filter(|_| outputs.metrics)?;
    let feature = ("Feature", ANY_FEATURE.to_owned());
    let schedule = ("MonitoringSchedule", schedule);
    let (namespace, dimensions, sets) = match &outputs.endpoint {
        Some(endpoint) => (
            ENDPOINTS,
            vec![("Endpoint", endpoint.clone()), feature, schedule],
            vec![vec!["Endpoint", "Feature", "MonitoringSchedule"], vec!["Endpoint", "MonitoringSchedule"]],
        ),
        None => (BATCH, vec![feature, schedule], vec![vec!["Feature", "MonitoringSchedule"], vec!["MonitoringSchedule"]]),
    };
    let baseline = baseline.filter(|baseline| profile.anchor.as_ref() == Some(&baseline.id));
    let features = profile.fields.iter().filter(|field| field.role == FieldRole::Feature || field.present > 0);
    let metrics = features.flat_map(|field| of_field(field, baseline)).collect();
    Some(MetricLine { namespace, dimensions, sets, metrics })
}

fn of_field(field: &FieldProfile, baseline: Option<&Baseline>) -> Vec<(String, f64, bool)> {
    let name = &field.name;
    let absent = field.missing + field.wrong_type + field.infinite;
    let all = field.present + absent;
    let counted = |family: &str, count: u64| (format!("feature_{family}_{name}"), count as f64, true);
    let mut metrics = vec![counted("null", absent), counted("non_null", field.present)];
    if all > 0 {
        metrics.push((format!("feature_completeness_{name}"), field.present as f64 / all as f64, false));
    }
    if let Some(distance) = baseline.and_then(|baseline| robust_distance(field, baseline)) {
        metrics.push((format!("feature_baseline_drift_{name}"), distance, false));
    }
    let is_number = field.numeric.is_some();
    metrics.push(counted(if is_number { "fractional_counts" } else { "string_counts" }, field.present));
    metrics.push(counted("unknown_counts", field.wrong_type));
    if let Some(categorical) = &field.categorical {
        let distinct = categorical.cells.iter().filter(|count| **count > 0).count() + categorical.other.len();
        metrics.push(counted("estimated_unique_values", distinct as u64));
    }
    metrics
}

/// Deequ's robust distance between a window and the baseline ([`robust`]), over the baseline's cells.
fn robust_distance(field: &FieldProfile, baseline: &Baseline) -> Option<f64> {
    baseline.anchor_of(&field.name)?;
    let before = baseline.profile.fields.get(baseline.position(&field.name)?)?;
    let distance = if let (Some(before), Some(now)) = (&before.numeric, &field.numeric) {
        kolmogorov_smirnov_cells(&before.cells, &now.cells)?
    } else {
        let (before, now) = (before.categorical.as_ref()?, field.categorical.as_ref()?);
        // Values that only the window has are categories of their own.
        let new: Vec<u64> = now.other.values().copied().chain([now.remainder]).collect();
        let left: Vec<u64> = before.cells.iter().copied().chain([before.outside()]).chain(new.iter().map(|_| 0)).collect();
        let right: Vec<u64> = now.cells.iter().copied().chain([0]).chain(new).collect();
        l_infinity(&left, &right)?
    };
    robust(distance, before.present, field.present)
}
