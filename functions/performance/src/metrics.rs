//! What CloudWatch is told of a judged window. The README lists names and units.

use tidegate_contract::Contract;
use tidegate_interchange::sagemaker::quality_metrics;
use tidegate_monitoring::State;
use tidegate_performance::{FindingKind, Measured, Performance};
use tidegate_registry::{Stage, WindowKey};
use tidegate_runtime::{Metric, MetricsError, Unit, metrics_line, metrics_lines};

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Tidegate";

/// The lines for a judgement, at the window's end: everything by model and window, what is wrong with services by stage too, and what the contract wants
/// under the names of SageMaker.
pub(crate) fn lines(
    key: &WindowKey,
    stage: Stage,
    contract: &Contract,
    measured: &Measured,
    performance: &Performance,
) -> Result<Vec<String>, MetricsError> {
    let code = match performance.state {
        State::Ok => 0.0,
        State::InsufficientData => 1.0,
        State::Warning => 2.0,
        State::Drift => 3.0,
        State::NoData => 4.0,
    };
    let found = |kind: FindingKind| f64::from(u8::from(performance.findings.iter().any(|finding| finding.kind == kind)));
    let count = |name, value: f64| Metric { name, unit: Unit::Count, value };
    // What is not known is NaN, and left out of the line.
    let number = |name, value: Option<f64>| Metric { name, unit: Unit::None, value: value.unwrap_or(f64::NAN) };
    let health = &measured.health;
    let hours = (measured.window.end_ms - measured.window.start_ms) as f64 / 3_600_000.0;
    let mut metrics = vec![
        count("Predictions", performance.predictions as f64),
        count("LabelledPredictions", performance.labelled as f64),
        number("PerformanceState", Some(code)),
        number("LabelCoverage", measured.coverage.share),
        number("LabelLagP50Hours", measured.coverage.lag.map(|lag| lag.p50_hours)),
        number("LabelLagP90Hours", measured.coverage.lag.map(|lag| lag.p90_hours)),
        number("PrimaryMetric", performance.check.map(|check| check.value)),
        number("PrimaryMetricFall", performance.check.map(|check| check.fall)),
        number(
            "EstimatedPrimaryMetric",
            performance.estimated.as_ref().and_then(|estimated| Some(estimated.metric(performance.metric)?.0)),
        ),
        count("RecordsPerHour", health.records as f64 / hours),
        count("SilentMinutes", health.silent_minutes as f64),
        count("FailedRecords", health.failed as f64),
        number("ErrorRate", (health.records > 0).then(|| health.failed as f64 / health.records as f64)),
        number("LatencyP50Ms", health.latency_p50_ms),
        number("LatencyP90Ms", health.latency_p90_ms),
        number("LatencyP99Ms", health.latency_p99_ms),
    ];
    let quality = || measured.quality.iter().flat_map(|quality| &quality.metrics);
    metrics.extend(quality().map(|(metric, value)| number(metric.name(), value.value)));
    let length = key.length.to_string();
    let of_model = [("Model", key.model.as_str()), ("Window", length.as_str())];
    let mut lines = vec![metrics_line(NAMESPACE, key.end_ms, &of_model, &metrics)?];

    let alarms = [
        count("Silent", found(FindingKind::Silence)),
        count("VolumeChanged", found(FindingKind::Volume)),
        count("TooManyFailures", found(FindingKind::Failures)),
        count("TooSlow", found(FindingKind::Latency)),
    ];
    let [model, window] = of_model;
    let of_stage = [model, window, ("Stage", stage.name())];
    lines.extend(metrics_lines(NAMESPACE, key.end_ms, &of_stage, &[vec!["Model", "Window"], vec!["Stage"]], &alarms)?);

    let known: Vec<_> = quality().filter_map(|(metric, value)| Some((*metric, value.value?))).collect();
    let outputs = contract.compatibility.sagemaker.as_ref();
    if let Some(told) = outputs.and_then(|outputs| quality_metrics(&known, outputs)).filter(|told| !told.metrics.is_empty()) {
        let dimensions: Vec<(&str, &str)> = told.dimensions.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let metrics: Vec<Metric<'_>> =
            told.metrics.iter().map(|(name, value, _)| Metric { name, unit: Unit::None, value: *value }).collect();
        lines.extend(metrics_lines(told.namespace, key.end_ms, &dimensions, &told.sets, &metrics)?);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tidegate_monitoring::{Action, ActionKind, Cause, CauseKind, Window};
    use tidegate_performance::{Finding, Join, Subject};

    use super::*;

    #[test]
    fn what_is_wrong_with_a_service_is_told_by_stage_too_and_old_alarms_hear_their_names() {
        let contract = "model: m\ntask: binary\nfeatures: [{ name: x, type: numeric }]\ncompatibility: { sagemaker: { metrics: true, endpoint: ep, schedule: s } }\n";
        let contract = Contract::parse(contract).unwrap();
        let window = Window { start_ms: 0, end_ms: 86_400_000 };
        let mut join = Join::new(Subject::of(&contract), window);
        join.end_turn();
        let measured = Measured::of(join.finish());
        let performance = Performance {
            schema: String::new(),
            model: "m".to_owned(),
            window,
            state: State::NoData,
            headline: String::new(),
            cause: Cause { kind: CauseKind::None, evidence: String::new(), confidence: 1.0, fault: None },
            action: Action { kind: ActionKind::Supply, sentence: String::new() },
            metric: tidegate_contract::Metric::RocAuc,
            predictions: 0,
            labelled: 0,
            reference: None,
            check: None,
            estimated: None,
            realised: Vec::new(),
            findings: vec![Finding { kind: FindingKind::Silence, state: State::NoData, sentence: String::new() }],
            trail: Vec::new(),
        };
        let key = WindowKey { model: "m".to_owned(), length: tidegate_contract::WindowLength::hours(24), end_ms: window.end_ms };
        let lines = lines(&key, Stage::Test, &contract, &measured, &performance).unwrap();
        let parsed: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(parsed.len(), 2, "without truth there is nothing that old alarms could hear");
        assert_eq!(
            (&parsed[0]["FailedRecords"], &parsed[0]["PerformanceState"], parsed[0].get("ErrorRate")),
            (&Value::from(0.0), &Value::from(4.0), None)
        );
        let alarms = &parsed[1];
        assert_eq!(
            (&alarms["Silent"], &alarms["VolumeChanged"], &alarms["Stage"]),
            (&Value::from(1.0), &Value::from(0.0), &Value::from("test"))
        );
        assert_eq!(alarms["_aws"]["CloudWatchMetrics"][0]["Dimensions"], serde_json::json!([["Model", "Window"], ["Stage"]]));
    }
}
