//! The CloudWatch metrics of model quality monitors, under their names.
//!
//! Namespaces, dimensions and names are those of the dashboard that the SageMaker Python SDK draws (`AutomaticModelQualityDashboard`), and of the
//! statistics file of model quality jobs.

use tidegate_contract::{Metric, SageMakerOutputs};

use super::MetricLine;

/// Namespace of endpoints.
const ENDPOINTS: &str = "aws/sagemaker/Endpoints/model-metrics";
/// Namespace of batch transform jobs.
const BATCH: &str = "aws/sagemaker/ModelMonitoring/model-metrics";

/// The metrics of a window's quality, as far as they are known; `None` when the contract names no schedule.
#[must_use]
pub fn quality_metrics(known: &[(Metric, f64)], outputs: &SageMakerOutputs) -> Option<MetricLine> {
    let schedule = outputs.quality_schedule.clone().or_else(|| outputs.schedule.clone()).filter(|_| outputs.metrics)?;
    let schedule = ("MonitoringSchedule", schedule);
    let (namespace, dimensions, sets) = match &outputs.endpoint {
        Some(endpoint) => (ENDPOINTS, vec![("Endpoint", endpoint.clone()), schedule], vec![vec!["Endpoint", "MonitoringSchedule"]]),
        None => (BATCH, vec![schedule], vec![vec!["MonitoringSchedule"]]),
    };
    let of = |metric: Metric| known.iter().find(|(found, _)| *found == metric).map(|(_, value)| *value);
    let named = known.iter().filter_map(|(metric, value)| Some((name(*metric)?.to_owned(), *value, false)));
    let mut metrics: Vec<(String, f64, bool)> = named.collect();
    let derived = [
        ("true_positive_rate", of(Metric::Recall)),
        ("false_negative_rate", of(Metric::Recall).map(|rate| 1.0 - rate)),
        ("true_negative_rate", of(Metric::Specificity)),
        ("false_positive_rate", of(Metric::Specificity).map(|rate| 1.0 - rate)),
        ("f0_5", f_beta(of(Metric::Precision), of(Metric::Recall), 0.5)),
        ("f2", f_beta(of(Metric::Precision), of(Metric::Recall), 2.0)),
    ];
    metrics.extend(derived.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?, false))));
    Some(MetricLine { namespace, dimensions, sets, metrics })
}

/// Model Monitor's name of a metric that it has, too.
fn name(metric: Metric) -> Option<&'static str> {
    Some(match metric {
        Metric::Accuracy => "accuracy",
        Metric::Precision => "precision",
        Metric::Recall => "recall",
        Metric::F1 => "f1",
        Metric::RocAuc => "auc",
        Metric::PrecisionWeighted => "weighted_precision",
        Metric::RecallWeighted => "weighted_recall",
        Metric::F1Weighted => "weighted_f1",
        Metric::Mae => "mae",
        Metric::Mse => "mse",
        Metric::Rmse => "rmse",
        Metric::R2 => "r2",
        _ => return None,
    })
}

/// `(1 + β²) P R / (β² P + R)`.
fn f_beta(precision: Option<f64>, recall: Option<f64>, beta: f64) -> Option<f64> {
    let (precision, recall, square) = (precision?, recall?, beta * beta);
    let below = square * precision + recall;
    (below > 0.0).then(|| (1.0 + square) * precision * recall / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_has_the_names_and_dimensions_that_old_alarms_watch() {
        let known =
            [(Metric::RocAuc, 0.9), (Metric::Precision, 0.8), (Metric::Recall, 0.5), (Metric::Specificity, 0.75), (Metric::Mcc, 0.3)];
        let outputs = SageMakerOutputs {
            metrics: true,
            schedule: Some("data".to_owned()),
            quality_schedule: Some("quality".to_owned()),
            endpoint: Some("ep".to_owned()),
            ..SageMakerOutputs::default()
        };
        let told = quality_metrics(&known, &outputs).unwrap();
        assert_eq!((told.namespace, told.sets), (ENDPOINTS, vec![vec!["Endpoint", "MonitoringSchedule"]]));
        assert_eq!(told.dimensions, [("Endpoint", "ep".to_owned()), ("MonitoringSchedule", "quality".to_owned())]);
        let of = |name: &str| told.metrics.iter().find(|(found, ..)| found == name).map(|(_, value, _)| *value);
        assert_eq!(
            [of("auc"), of("recall"), of("true_positive_rate"), of("false_positive_rate"), of("mcc")],
            [Some(0.9), Some(0.5), Some(0.5), Some(0.25), None]
        );
        // sklearn.metrics.fbeta_score of eight hits, two false alarms and eight misses.
        assert!((of("f0_5").unwrap() - 0.714_285_714_286).abs() < 1e-9 && (of("f2").unwrap() - 0.540_540_540_541).abs() < 1e-9);
        let batch = SageMakerOutputs { endpoint: None, quality_schedule: None, ..outputs.clone() };
        let told = quality_metrics(&[(Metric::Rmse, 2.0)], &batch).unwrap();
        assert_eq!((told.namespace, told.metrics), (BATCH, vec![("rmse".to_owned(), 2.0, false)]));
        assert_eq!(quality_metrics(&known, &SageMakerOutputs { metrics: false, ..outputs }), None);
    }
}
