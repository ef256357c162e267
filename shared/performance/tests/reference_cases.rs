//! The shared reference cases, as a lake would have them: predictions in several files, their truth in others, cut, repeated and out of order. What is
//! measured of them after the join are the values of scikit-learn and Fairlearn, to the nine digits that `measured.json` has.
//!
//! The cases lie beside the repository; without them the test says so and passes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use serde_json::Value;
use tidegate_contract::{Contract, FairnessMetric};
use tidegate_monitoring::Window;
use tidegate_performance::{Join, Measured, Subject};

/// How far a value may be from the published one, as a share of it or, below 1, as it is: values are kept with nine significant digits.
const TOLERANCE: f64 = 5.1e-9;

const DAY_MS: i64 = 86_400_000;

fn case(name: &str) -> Option<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases").join(name);
    let Ok(expected) = std::fs::read_to_string(folder.join("expected.json")) else {
        eprintln!("skipped: no reference cases at {}", folder.display());
        return None;
    };
    Some((folder, serde_json::from_str(&expected).unwrap()))
}

fn rows(folder: &Path, side: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(format!("{side}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn subject(contract: &str) -> Subject {
    let contract =
        Contract::parse(&format!("model: m\nfeatures: [{{ name: group, type: categorical, protected: true }}]\n{contract}")).unwrap();
    Subject { minimum_group_rows: 1, ..Subject::of(&contract) }
}

/// A row's answer: its score, and where it has one its class.
struct Answers<'a> {
    score: &'a dyn Fn(&Value) -> f64,
    class: Option<&'a str>,
}

fn times(rows: &[&Value], later_ms: i64) -> ArrayRef {
    let times = rows.iter().map(|row| row["id"].as_i64().unwrap() + later_ms);
    Arc::new(TimestampMillisecondArray::from_iter_values(times).with_timezone("UTC"))
}

fn ids(rows: &[&Value]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row["id"].to_string())))
}

fn names(rows: &[&Value], column: &str) -> ArrayRef {
    let name = |row: &&Value| match &row[column] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Arc::new(rows.iter().map(name).collect::<Vec<_>>().iter().map(String::as_str).collect::<DictionaryArray<Int32Type>>())
}

/// Predictions in batches, truth in files of which every second comes twice and before that an outcome of each row that was corrected.
fn measured(subject: &Subject, rows: &[Value], answers: &Answers<'_>) -> Measured {
    let rows: Vec<&Value> = rows.iter().collect();
    let mut join = Join::in_turns_of(subject.clone(), Window { start_ms: 0, end_ms: DAY_MS }, 50);
    while join.is_open() {
        for rows in rows.chunks(64) {
            let score = Float64Array::from_iter_values(rows.iter().map(|row| (answers.score)(row)));
            let mut columns = vec![("timestamp", times(rows, 0)), ("inference_id", ids(rows)), ("score", Arc::new(score) as ArrayRef)];
            columns.extend(answers.class.map(|class| ("prediction", names(rows, class))));
            if rows[0]["group"].is_string() {
                columns.push(("group", names(rows, "group")));
            }
            join.predictions("1", &RecordBatch::try_from_iter(columns).unwrap());
        }
        for (place, rows) in rows.chunks(41).rev().enumerate() {
            let truth = |later_ms, actual| {
                RecordBatch::try_from_iter([("timestamp", times(rows, later_ms)), ("inference_id", ids(rows)), ("actual", actual)]).unwrap()
            };
            let right = truth(2 * DAY_MS, names(rows, "y_true"));
            for _ in 0..=place % 2 {
                join.truth(&right);
            }
            join.truth(&truth(DAY_MS, Arc::new(rows.iter().map(|_| "1").collect::<DictionaryArray<Int32Type>>())));
        }
        join.end_turn();
    }
    Measured::of(join.finish())
}

fn compare(place: &str, expected: &Value, found: Option<f64>) {
    let (expected, found) = (expected.as_f64().unwrap(), found.unwrap_or(f64::NAN));
    assert!((found - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{place}: found {found}, expected {expected}");
}

fn metrics(place: &str, measured: &Measured, expected: &Value, names: &[(&str, &str)]) {
    let quality = measured.quality.as_ref().unwrap();
    assert_eq!((Some(quality.rows), measured.coverage.share), (expected["n"].as_u64(), Some(1.0)), "{place}");
    for (theirs, ours) in names {
        let found = quality.metrics.iter().find(|(metric, _)| metric.name() == *ours).unwrap();
        compare(&format!("{place}/{ours}"), &expected[theirs], found.1.value);
    }
}

#[test]
fn binary_quality_after_the_join_is_scikit_learns() {
    let Some((folder, expected)) = case("mq_breast_cancer") else { return };
    let subject = subject("task: binary\n");
    for side in ["reference", "current"] {
        let rows = rows(&folder, side);
        for (model, column) in [("champion", "score"), ("challenger", "score_b")] {
            let score = |row: &Value| row[column].as_f64().unwrap();
            let found = measured(&subject, &rows, &Answers { score: &score, class: None });
            let expected = &expected["model"][side][model];
            let same =
                ["roc_auc", "average_precision", "log_loss", "brier", "accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc"];
            metrics(&format!("{side}/{model}"), &found, expected, &same.map(|name| (name, name)));
            metrics(side, &found, expected, &[("ece_width10", "ece")]);
            for (actual, predicted, rows) in &found.quality.unwrap().confusion {
                let name = match (actual.as_str(), predicted.as_str()) {
                    ("positive", "positive") => "tp",
                    ("positive", _) => "fn",
                    (_, "positive") => "fp",
                    _ => "tn",
                };
                assert_eq!(expected[name].as_u64(), Some(*rows), "{side}/{model}/{name}");
            }
        }
    }
}

#[test]
fn multiclass_quality_after_the_join_is_scikit_learns() {
    let Some((folder, expected)) = case("mq_multiclass_digits") else { return };
    let subject = subject("task: multiclass\n");
    let most_probable = |row: &Value| (0..10).map(|class| row[format!("p{class}")].as_f64().unwrap()).fold(0.0, f64::max);
    for side in ["reference", "current"] {
        let found = measured(&subject, &rows(&folder, side), &Answers { score: &most_probable, class: Some("pred") });
        let names = [
            ("accuracy", "accuracy"),
            ("recall_macro", "balanced_accuracy"),
            ("precision_macro", "precision_macro"),
            ("recall_macro", "recall_macro"),
            ("f1_macro", "f1_macro"),
            ("precision_micro", "precision_micro"),
            ("recall_micro", "recall_micro"),
            ("f1_micro", "f1_micro"),
            ("precision_weighted", "precision_weighted"),
            ("recall_weighted", "recall_weighted"),
            ("f1_weighted", "f1_weighted"),
        ];
        metrics(side, &found, &expected["model"][side], &names);
    }
}

#[test]
fn regression_quality_after_the_join_is_scikit_learns() {
    let Some((folder, expected)) = case("reg_diabetes") else { return };
    let subject = subject("task: regression\n");
    for side in ["reference", "current"] {
        let rows = rows(&folder, side);
        for (model, column) in [("champion", "score"), ("challenger", "score_b")] {
            let score = |row: &Value| row[column].as_f64().unwrap();
            let found = measured(&subject, &rows, &Answers { score: &score, class: None });
            let names = [
                ("rmse", "rmse"),
                ("mse", "mse"),
                ("mae", "mae"),
                ("median_ae", "median_ae"),
                ("mape_nonzero_targets", "mape"),
                ("r2_raw", "r2"),
                ("bias_mean_error", "bias"),
            ];
            metrics(&format!("{side}/{model}"), &found, &expected["model"][side][model], &names);
        }
    }
}

#[test]
fn fairness_after_the_join_is_fairlearns_where_rates_are_defined() {
    let Some((folder, expected)) = case("fair_edge") else { return };
    let subject = subject("task: binary\n");
    let all = rows(&folder, "reference");
    let mut compared = 0;
    for (sub, expected) in expected["model"]["reference"].as_object().unwrap() {
        let rows: Vec<Value> = all.iter().filter(|row| row["sub"] == **sub).cloned().collect();
        let found = measured(&subject, &rows, &Answers { score: &|row| row["score"].as_f64().unwrap(), class: None });
        let groups = expected["by_group"].as_object().unwrap();
        let of = |group: &Value, name: &str| group[name].as_f64().unwrap();
        let is_defined = groups.values().all(|group| of(group, "positives") > 0.0 && of(group, "positives") < of(group, "count"));
        for line in &found.fairness {
            assert_eq!(line.groups.len(), groups.len(), "{sub}");
            let is_of_selection =
                matches!(line.metric, FairnessMetric::DemographicParityDifference | FairnessMetric::DemographicParityRatio);
            // A group without positives has no true positive rate, which Fairlearn calls 0; nothing selected has no ratio.
            if groups.len() >= 2 && (is_defined || is_of_selection) && !expected[line.metric.name()].is_null() {
                compare(&format!("{sub}/{}", line.metric.name()), &expected[line.metric.name()], line.value);
                compared += 1;
            }
        }
    }
    assert!(compared >= 15, "only {compared} values were compared");
}
