//! What CloudWatch is told of a judged window. The README lists names and units.

use tidegate_monitoring::{State, Verdict};
use tidegate_runtime::{Metric, MetricsError, Unit, metrics_line};

use crate::Job;

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Tidegate";

/// Fields that drifted and may raise the model's state.
pub(crate) fn drifted_fields(verdict: &Verdict) -> u64 {
    verdict.fields.iter().filter(|field| field.state == State::Drift && !field.muted).count() as u64
}

/// The line for a verdict, at the window's end.
pub(crate) fn line(job: &Job, verdict: &Verdict) -> Result<String, MetricsError> {
    let state = match verdict.state {
        State::Ok => 0.0,
        State::InsufficientData => 1.0,
        State::Warning => 2.0,
        State::Drift => 3.0,
        State::NoData => 4.0,
    };
    let effects = verdict.fields.iter().filter(|field| !field.muted).filter_map(|field| Some(field.decisive.as_ref()?.effect.abs()));
    let count = |name, value: u64| Metric { name, unit: Unit::Count, value: value as f64 };
    let metrics = [
        count("Records", verdict.records),
        count("DriftedFeatures", drifted_fields(verdict)),
        count("QuarantinedLines", verdict.intake.lines.quarantined),
        Metric { name: "State", unit: Unit::None, value: state },
        Metric { name: "LargestEffect", unit: Unit::None, value: effects.fold(0.0, f64::max) },
    ];
    metrics_line(NAMESPACE, job.end_ms, &[("Model", &job.model), ("Window", &job.length.to_string())], &metrics)
}
