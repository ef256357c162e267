//! Which of Model Monitor's files a text is: told from its content, because all of them are called `statistics.json` or `constraints.json`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Constraints, Statistics};
use crate::InterchangeError;
use crate::import::{listed, sized};

/// One of Model Monitor's files.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// Statistics of a data quality baseline or of a monitoring run.
    Statistics(Statistics),
    /// Constraints of a data quality baseline.
    Constraints(Constraints),
    /// Metrics or thresholds of model quality.
    ModelQuality(ModelQuality),
    /// Results or constraints of Clarify: bias, or feature attribution.
    Clarify(&'static str),
    /// Violations that a monitoring run found, how many.
    Violations(usize),
}

/// Metrics or thresholds of model quality, by metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelQuality {
    /// What the model predicts, in SageMaker's words: `binary_classification`, `multiclass_classification`, `regression`.
    pub problem: String,
    /// Whether these are thresholds; otherwise they are metrics.
    pub are_thresholds: bool,
    /// Value or threshold by metric; `None` where the file says `"NaN"`.
    pub values: BTreeMap<String, Option<f64>>,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// [`InterchangeError`] if it is none of Model Monitor's, or a value in it makes no sense.
    pub fn parse(text: &str) -> Result<Self, InterchangeError> {
        let value: Value = serde_json::from_str(sized(text)?).map_err(InterchangeError::Json)?;
        let Value::Object(top) = value else {
            return Err(InterchangeError::Document { found: kind(&value).to_owned(), expected: EXPECTED });
        };
        if let Some(violations) = top.get("violations") {
            return Ok(Self::Violations(violations.as_array().map_or(0, Vec::len)));
        }
        if let Some(quality) = model_quality(&top) {
            return Ok(Self::ModelQuality(quality));
        }
        if top.contains_key("monitoring_config") || top.contains_key("features") && !has_statistics(&top) {
            return Constraints::read(&top).map(Self::Constraints);
        }
        if top.contains_key("features") {
            return Statistics::read(&top).map(Self::Statistics);
        }
        if ["pre_training_bias_metrics", "post_training_bias_metrics"].iter().any(|key| top.contains_key(*key)) {
            return Ok(Self::Clarify("bias metrics of Clarify"));
        }
        if ["explanations", "feature_attribution", "shap"].iter().any(|key| top.contains_key(*key)) {
            return Ok(Self::Clarify("feature attributions of Clarify"));
        }
        let keys: Vec<&String> = top.keys().collect();
        Err(InterchangeError::Document { found: format!("an object with the keys {}", listed(&keys)), expected: EXPECTED })
    }

    /// What it is, in words.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Statistics(statistics) => {
                format!("statistics of a data quality baseline ({} columns, {} records)", statistics.columns.len(), statistics.records)
            }
            Self::Constraints(constraints) => format!("constraints of a data quality baseline ({} columns)", constraints.features.len()),
            Self::ModelQuality(quality) => {
                let what = if quality.are_thresholds { "constraints" } else { "statistics" };
                format!("model quality {what} ({}: {})", quality.problem, listed(&quality.values.keys().collect::<Vec<_>>()))
            }
            Self::Clarify(what) => (*what).to_owned(),
            Self::Violations(count) => format!("{count} violations that a monitoring run found"),
        }
    }
}

const EXPECTED: &str = "statistics.json or constraints.json of a Model Monitor baseline";

/// Whether the columns carry statistics: those of constraints do not.
fn has_statistics(top: &Map<String, Value>) -> bool {
    let is_statistic = |key: &String| key.ends_with("_statistics") || key.ends_with("Statistics");
    let features = top.get("features").and_then(Value::as_array);
    top.contains_key("dataset")
        || features.is_some_and(|all| all.iter().filter_map(Value::as_object).any(|one| one.keys().any(is_statistic)))
}

fn model_quality(top: &Map<String, Value>) -> Option<ModelQuality> {
    let (key, metrics) = top.iter().find(|(key, _)| problem_of(key).is_some())?;
    let (problem, are_thresholds) = problem_of(key)?;
    let read = |metric: &Value| {
        let metric = if are_thresholds { metric.get("threshold") } else { metric.get("value") };
        metric.and_then(number)
    };
    let is_metric = |value: &&Value| value.get("value").or_else(|| value.get("threshold")).is_some();
    let values = metrics.as_object().into_iter().flatten().filter(|(_, value)| is_metric(value));
    Some(ModelQuality {
        problem: problem.to_owned(),
        are_thresholds,
        values: values.map(|(name, value)| (name.clone(), read(value))).collect(),
    })
}

fn problem_of(key: &str) -> Option<(&str, bool)> {
    let (problem, are_thresholds) = match (key.strip_suffix("_metrics"), key.strip_suffix("_constraints")) {
        (Some(problem), _) => (problem, false),
        (None, Some(problem)) => (problem, true),
        (None, None) => return None,
    };
    matches!(problem, "binary_classification" | "multiclass_classification" | "regression").then_some((problem, are_thresholds))
}

/// A finite number; numbers are written as text too (`"NaN"`, `"418"`).
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A count: a whole number from 0 on, however it is written (`418`, `418.0`, `"418"`).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a whole number below 2^53 first")]
pub(super) fn count(value: &Value) -> Option<u64> {
    let number = number(value)?;
    (0.0..=9_007_199_254_740_992.0).contains(&number).then_some(number.round() as u64)
}

/// The first of several names that an object knows a thing by.
pub(super) fn any<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| object.get(*name)).filter(|value| !value.is_null())
}

/// What a JSON value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
