//! Metrics as CloudWatch's embedded metric format: a log line that CloudWatch turns into metrics, without a call.
//!
//! Source: *Specification: Embedded metric format*, Amazon CloudWatch user guide.

use serde_json::{Map, Value, json};

/// Events of this target carry a metrics line, which [`crate::start_logs`] writes as it is.
pub const METRICS_TARGET: &str = "tidegate::metrics";

/// Most dimensions that CloudWatch takes in one set (user guide, *Embedded metric format specification*).
const MAX_DIMENSIONS: usize = 30;

/// Most metrics that CloudWatch takes in one directive (user guide, as above).
const MAX_METRICS: usize = 100;

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its unit.
    pub unit: Unit,
    /// Its value. A value that is not finite is left out of the line.
    pub value: f64,
}

/// Units that CloudWatch knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A number without a unit.
    None,
}

/// A line that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// Too many dimensions.
    #[error("found {found} dimensions, expected at most {MAX_DIMENSIONS}")]
    Dimensions {
        /// How many there are.
        found: usize,
    },
    /// Too many metrics.
    #[error("found {found} metrics, expected at most {MAX_METRICS}")]
    Metrics {
        /// How many there are.
        found: usize,
    },
}

/// The line for these metrics, measured at `time_ms` (milliseconds since 1970; CloudWatch takes up to 14 days back).
///
/// # Errors
/// [`MetricsError`] if there are more dimensions or metrics than CloudWatch takes.
pub fn metrics_line(namespace: &str, time_ms: i64, dimensions: &[(&str, &str)], metrics: &[Metric<'_>]) -> Result<String, MetricsError> {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    line(namespace, time_ms, dimensions, &[names], metrics)
}

/// As [`metrics_line`], for metrics that are found under several sets of the dimensions, as many lines as they need.
///
/// # Errors
/// [`MetricsError::Dimensions`] if there are more dimensions than CloudWatch takes.
pub fn metrics_lines(
    namespace: &str,
    time_ms: i64,
    dimensions: &[(&str, &str)],
    sets: &[Vec<&str>],
    metrics: &[Metric<'_>],
) -> Result<Vec<String>, MetricsError> {
    metrics.chunks(MAX_METRICS).map(|metrics| line(namespace, time_ms, dimensions, sets, metrics)).collect()
}

fn line(
    namespace: &str,
    time_ms: i64,
    dimensions: &[(&str, &str)],
    sets: &[Vec<&str>],
    metrics: &[Metric<'_>],
) -> Result<String, MetricsError> {
    if dimensions.len() > MAX_DIMENSIONS {
        return Err(MetricsError::Dimensions { found: dimensions.len() });
    }
    if metrics.len() > MAX_METRICS {
        return Err(MetricsError::Metrics { found: metrics.len() });
    }
    let metrics: Vec<&Metric<'_>> = metrics.iter().filter(|metric| metric.value.is_finite()).collect();
    let declared: Vec<Value> = metrics
        .iter()
        .map(|metric| {
            let unit = match metric.unit {
                Unit::Count => "Count",
                Unit::None => "None",
            };
            json!({"Name": metric.name, "Unit": unit})
        })
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({"Timestamp": time_ms, "CloudWatchMetrics": [{"Namespace": namespace, "Dimensions": sets, "Metrics": declared}]}),
    );
    for (name, value) in dimensions {
        line.insert((*name).to_owned(), Value::from(*value));
    }
    for metric in metrics {
        line.insert(metric.name.to_owned(), json!(metric.value));
    }
    Ok(Value::Object(line).to_string())
}

/// Writes a metrics line to the log.
pub fn emit(line: &str) {
    tracing::info!(target: METRICS_TARGET, line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_declares_its_metrics_and_carries_their_values() {
        let metrics = [
            Metric { name: "Records", unit: Unit::Count, value: 12.0 },
            Metric { name: "LargestEffect", unit: Unit::None, value: f64::NAN },
        ];
        let line = metrics_line("Tidegate", 1_372_723_200_000, &[("Model", "flight-delay"), ("Window", "1d")], &metrics).unwrap();
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            value,
            json!({
                "_aws": {"Timestamp": 1_372_723_200_000_i64, "CloudWatchMetrics": [{"Namespace": "Tidegate", "Dimensions": [["Model", "Window"]], "Metrics": [{"Name": "Records", "Unit": "Count"}]}]},
                "Model": "flight-delay", "Window": "1d", "Records": 12.0
            })
        );
        assert!(!line.contains('\n'));
    }

    #[test]
    fn one_metric_more_than_cloudwatch_takes_is_refused() {
        let metric = Metric { name: "Records", unit: Unit::Count, value: 1.0 };
        assert!(metrics_line("Tidegate", 0, &[], &vec![metric.clone(); MAX_METRICS]).is_ok());
        assert_eq!(metrics_line("Tidegate", 0, &[], &vec![metric; MAX_METRICS + 1]), Err(MetricsError::Metrics { found: 101 }));
    }

    #[test]
    fn more_metrics_than_a_line_takes_go_on_in_the_next_under_the_same_sets() {
        let names: Vec<String> = (0..=MAX_METRICS).map(|number| format!("m{number}")).collect();
        let metrics: Vec<Metric<'_>> = names.iter().map(|name| Metric { name, unit: Unit::None, value: 1.0 }).collect();
        let sets = [vec!["A", "B"], vec!["A"]];
        let lines = metrics_lines("n", 0, &[("A", "a"), ("B", "b")], &sets, &metrics).unwrap();
        let declared: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = |line: &Value| line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len();
        assert_eq!(declared.iter().map(count).collect::<Vec<_>>(), [MAX_METRICS, 1]);
        assert!(declared.iter().all(|line| line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == json!([["A", "B"], ["A"]])));
    }
}
