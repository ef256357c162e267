//! Verdicts and profiles in SageMaker's shapes, made by the engine itself and read back by our own importer.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../monitoring/tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use serde_json::{Value, json};
use support::{learned, noise};
use tidegate_contract::{Contract, SageMakerOutputs, ViolationWording};
use tidegate_interchange::sagemaker::{
    Distribution, Document, ExecutionStatus, execution_status, metrics, statistics_json, violations_json,
};
use tidegate_monitoring::{History, Input, State, Verdict, Window, assess};
use tidegate_profile::{Baseline, BatchFacts, Profile, Profiler, WindowProfile};

const DAY_MS: i64 = 86_400_000;

fn contract() -> Contract {
    Contract::parse("model: churn\ntask: binary\nfeatures:\n  - { name: amount, type: numeric }\n  - { name: channel, type: categorical, allowed: [web, shop, phone] }\n  - { name: age, type: numeric }\n")
        .unwrap()
}

/// Records of some days: amounts about 100, moved by `shift`; a share of `missing` ages.
fn records(first_day: i64, days: i64, shift: f64, missing: f64, channel: &'static str) -> RecordBatch {
    let rows = 0..days * 500;
    let seed = |row: i64| u64::try_from(row + first_day * 1_000_003).unwrap() * 11;
    let bell = |row: i64| (0..12).map(|k| noise(seed(row) * 31 + k)).sum::<f64>() - 6.0;
    let times: TimestampMillisecondArray = rows.clone().map(|row| Some(first_day * DAY_MS + row * DAY_MS / 500)).collect();
    let channels: DictionaryArray<Int32Type> =
        rows.clone().map(|row| Some(if noise(seed(row) + 3) < 0.6 { "web" } else { channel })).collect();
    let amounts: Float64Array = rows.clone().map(|row| Some(100.0 + shift + 15.0 * bell(row))).collect();
    let ages: Float64Array = rows.clone().map(|row| (noise(seed(row) + 5) >= missing).then(|| 40.0 + bell(row + 1))).collect();
    let none: ArrayRef = Arc::new(rows.clone().map(|_| None::<f64>).collect::<Float64Array>());
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new(rows.clone().map(|_| None::<&str>).collect::<StringArray>())),
        ("amount", Arc::new(amounts)),
        ("channel", Arc::new(channels)),
        ("age", Arc::new(ages)),
        ("score", Arc::clone(&none)),
        ("prediction", Arc::new(rows.map(|_| None::<&str>).collect::<DictionaryArray<Int32Type>>())),
        ("latency_ms", none),
    ];
    support::batch(columns)
}

fn baseline() -> Baseline {
    learned(&contract(), &[records(0, 28, 0.0, 0.0, "shop")])
}

fn window(baseline: &Baseline, batch: &RecordBatch) -> (Verdict, Profile) {
    let profiler = Profiler::new(&contract().fields(), Some(baseline));
    let mut profile = profiler.start();
    let facts = BatchFacts { unexpected: vec![("fax".to_owned(), 400)], ..BatchFacts::default() };
    profiler.observe(&mut profile, batch, &facts).unwrap();
    let current = WindowProfile::new(profile.clone());
    let window = Window { start_ms: 40 * DAY_MS, end_ms: 41 * DAY_MS };
    let history = History::default();
    let input = Input { contract: &contract(), window, baseline: Some(baseline), current: &current, history, in_series: false };
    (assess(&input), profile)
}

fn outputs() -> SageMakerOutputs {
    SageMakerOutputs {
        metrics: true,
        schedule: Some("nightly".to_owned()),
        endpoint: Some("churn-ep".to_owned()),
        ..SageMakerOutputs::default()
    }
}

fn violations(verdict: &Verdict, profile: &Profile, outputs: &SageMakerOutputs) -> Value {
    serde_json::from_str(&violations_json(verdict, profile, outputs)).unwrap()
}

#[test]
fn what_drifted_is_a_violation_in_the_documented_shape() {
    let baseline = baseline();
    let (verdict, profile) = window(&baseline, &records(40, 1, 30.0, 0.4, "kiosk"));
    assert_eq!(verdict.state, State::Drift);
    let file = violations(&verdict, &profile, &outputs());
    let all = file["violations"].as_array().unwrap();
    let of = |name: &str, check: &str| {
        let is = |one: &&Value| one["feature_name"] == name && one["constraint_check_type"] == check;
        all.iter().find(is).unwrap_or_else(|| panic!("no {check} of {name} in {file:#}"))
    };
    let drift = of("amount", "baseline_drift_check");
    let test = verdict.fields.iter().find(|field| field.name == "amount").unwrap().decisive.clone().unwrap();
    let said = format!("Numerical distance: {} exceeds numerical threshold: {}", test.effect.abs(), test.threshold);
    assert_eq!(drift["description"], said);
    assert_eq!(drift["value"], json!(test.effect.abs()));
    assert_eq!((&drift["threshold"], &drift["p_value"], &drift["n"]), (&json!(test.threshold), &json!(test.p_adjusted), &json!(500)));
    let missing = of("age", "completeness_check");
    assert!(
        missing["description"].as_str().unwrap().starts_with("Value: 0.5")
            || missing["description"].as_str().unwrap().starts_with("Value: 0.6"),
        "{missing}"
    );
    assert!(missing["description"].as_str().unwrap().ends_with(" does not meet the constraint requirement! "));
    of("channel", "categorical_values_check");
    assert_eq!(file["monitoring_execution_status"], "CompletedWithViolations");
    assert_eq!(execution_status(&verdict, &profile), ExecutionStatus::CompletedWithViolations);
    let warned = file["warnings"].as_array().unwrap();
    assert!(warned.iter().any(|one| one["feature_name"] == "fax" && one["constraint_check_type"] == "extra_column_check"), "{file:#}");
    // Every violation has what readers of the old shape look for, and nothing of it is anything but text.
    for one in all.iter().chain(warned) {
        for key in ["feature_name", "constraint_check_type", "description"] {
            assert!(one[key].is_string(), "{one}");
        }
    }
    assert!(matches!(Document::parse(&file.to_string()).unwrap(), Document::Violations(count) if count == all.len()));
}

#[test]
fn the_wording_can_be_the_one_that_scripts_parse() {
    let baseline = baseline();
    let (verdict, profile) = window(&baseline, &records(40, 1, 30.0, 0.0, "shop"));
    let plain = SageMakerOutputs { wording: ViolationWording::Plain, ..outputs() };
    let file = violations(&verdict, &profile, &plain);
    let description = file["violations"][0]["description"].as_str().unwrap();
    let (_, rest) = description.split_once("distance: ").unwrap();
    let (distance, threshold) = rest.split_once(" exceeds threshold: ").unwrap();
    assert!(distance.parse::<f64>().unwrap() >= threshold.parse::<f64>().unwrap());
}

#[test]
fn a_window_like_its_baseline_completes_and_one_without_records_fails() {
    let baseline = baseline();
    let (verdict, profile) = window(&baseline, &records(40, 1, 0.0, 0.0, "shop"));
    let file = violations(&verdict, &profile, &outputs());
    assert_eq!((file["violations"].as_array().unwrap().len(), &file["monitoring_execution_status"]), (0, &json!("Completed")), "{file:#}");
    let nothing = records(40, 0, 0.0, 0.0, "shop");
    let (verdict, profile) = window(&baseline, &nothing);
    assert_eq!(violations(&verdict, &profile, &outputs())["monitoring_execution_status"], "Failed");
}

#[test]
fn written_statistics_read_back_as_they_were_counted() {
    let baseline = baseline();
    let (_, profile) = window(&baseline, &records(40, 1, 5.0, 0.1, "shop"));
    let text = statistics_json(&profile, Some(&baseline));
    let Document::Statistics(read) = Document::parse(&text).unwrap() else { panic!("statistics") };
    assert_eq!(read.records, 500);
    assert_eq!(read.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["amount", "channel", "age"]);
    let [amount, channel, age] = read.columns.as_slice() else { panic!("three columns") };
    let counted = profile.fields[0].numeric.as_ref().unwrap();
    let Distribution::Sketch { items, .. } = &amount.numbers.as_ref().unwrap().distribution else { panic!("a sketch") };
    let mut by_value: BTreeMap<u64, u64> = BTreeMap::new();
    for (value, weight) in items {
        *by_value.entry(value.to_bits()).or_default() += weight;
    }
    let mut weights: Vec<u64> = by_value.into_values().collect();
    let mut cells: Vec<u64> = counted.cells.iter().copied().filter(|count| *count > 0).collect();
    weights.sort_unstable();
    cells.sort_unstable();
    // Values outside the baseline may share the least or the greatest value; their counts then add up.
    assert_eq!(weights.iter().sum::<u64>(), cells.iter().sum::<u64>());
    assert!(weights.len() + 4 >= cells.len());
    let numbers = amount.numbers.as_ref().unwrap();
    assert_eq!((numbers.mean, numbers.min, numbers.max), (Some(counted.mean), counted.min, counted.max));
    assert_eq!(channel.names.as_ref().unwrap().counts.values().sum::<u64>(), 500);
    assert_eq!((age.present + age.missing, age.missing), (500, profile.fields[2].missing));
    assert_eq!(text, statistics_json(&profile, Some(&baseline)));
    let raw: Value = serde_json::from_str(&text).unwrap();
    let buckets = raw["features"][0]["numerical_statistics"]["distribution"]["kll"]["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 10);
    assert!((buckets.iter().map(|bucket| bucket["count"].as_f64().unwrap()).sum::<f64>() - 500.0).abs() < 1e-9);
}

#[test]
fn metrics_have_the_names_and_dimensions_that_old_alarms_watch() {
    let baseline = baseline();
    let (_, profile) = window(&baseline, &records(40, 1, 30.0, 0.4, "shop"));
    let told = metrics(&profile, Some(&baseline), &outputs()).unwrap();
    assert_eq!(told.namespace, "aws/sagemaker/Endpoints/data-metrics");
    assert_eq!(told.sets, [vec!["Endpoint", "Feature", "MonitoringSchedule"], vec!["Endpoint", "MonitoringSchedule"]]);
    assert_eq!(told.dimensions[1], ("Feature", "_".to_owned()));
    let of = |name: &str| told.metrics.iter().find(|(found, ..)| found == name).unwrap_or_else(|| panic!("no {name} in {told:?}")).1;
    assert!((of("feature_null_age") + of("feature_non_null_age") - 500.0).abs() < 1e-9);
    assert!((of("feature_completeness_amount") - 1.0).abs() < 1e-9);
    assert!((of("feature_estimated_unique_values_channel") - 2.0).abs() < 1e-9);
    // Two standard deviations up: the distance is that of the normal distribution, less Deequ's allowance for 14,000 and 500 values.
    let allowance = 1.8 * (14_500.0_f64 / (14_000.0 * 500.0)).sqrt();
    assert!((of("feature_baseline_drift_amount") - (0.6827 - allowance)).abs() < 0.04, "{}", of("feature_baseline_drift_amount"));
    assert!(of("feature_baseline_drift_channel") < 0.01);

    let batch = SageMakerOutputs { endpoint: None, ..outputs() };
    let told = metrics(&profile, Some(&baseline), &batch).unwrap();
    assert_eq!(told.namespace, "aws/sagemaker/ModelMonitoring/data-metrics");
    assert_eq!(told.sets, [vec!["Feature", "MonitoringSchedule"], vec!["MonitoringSchedule"]]);
    assert!(metrics(&profile, Some(&baseline), &SageMakerOutputs::default()).is_none());
}
