//! What CloudWatch is told of a judged window. The README lists names and units.

use tidegate_monitoring::State;
use tidegate_performance::{FindingKind, Measured, Performance};
use tidegate_registry::WindowKey;
use tidegate_runtime::{Metric, MetricsError, Unit, metrics_line};

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Tidegate";

/// The line for a judgement, at the window's end.
pub(crate) fn line(key: &WindowKey, measured: &Measured, performance: &Performance) -> Result<String, MetricsError> {
    let state = match performance.state {
        State::Ok => 0.0,
        State::InsufficientData => 1.0,
        State::Warning => 2.0,
        State::Drift => 3.0,
        State::NoData => 4.0,
    };
    let silent = performance.findings.iter().any(|finding| finding.kind == FindingKind::Silence);
    let count = |name, value: f64| Metric { name, unit: Unit::Count, value };
    // What is not known is NaN, and left out of the line.
    let number = |name, value: Option<f64>| Metric { name, unit: Unit::None, value: value.unwrap_or(f64::NAN) };
    let health = &measured.health;
    let hours = (measured.window.end_ms - measured.window.start_ms) as f64 / 3_600_000.0;
    let mut metrics = vec![
        count("Predictions", performance.predictions as f64),
        count("LabelledPredictions", performance.labelled as f64),
        number("PerformanceState", Some(state)),
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
        count("Silent", f64::from(u8::from(silent))),
        count("SilentMinutes", health.silent_minutes as f64),
        number("LatencyP50Ms", health.latency_p50_ms),
        number("LatencyP90Ms", health.latency_p90_ms),
        number("LatencyP99Ms", health.latency_p99_ms),
    ];
    let quality = measured.quality.iter().flat_map(|quality| &quality.metrics);
    metrics.extend(quality.map(|(metric, value)| number(metric.name(), value.value)));
    metrics_line(NAMESPACE, key.end_ms, &[("Model", &key.model), ("Window", &key.length.to_string())], &metrics)
}
