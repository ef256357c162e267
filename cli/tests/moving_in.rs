//! Moving in from another monitoring tool, and looking at what is there, by the built binary.

mod desk;

use desk::{CONTRACT, Desk, gzip, log};

const STATISTICS: &str = include_str!("../../shared/interchange/tests/data/statistics.json");
const CONSTRAINTS: &str = include_str!("../../shared/interchange/tests/data/constraints.json");
const MONITOR: &str = include_str!("../../shared/interchange/tests/data/monitor.yaml");

/// Statistics of 2,000 loads as Model Monitor would have them: a sketch of two levels.
fn statistics() -> String {
    let level = |weight: u32| -> Vec<f64> {
        (0..1_000 / weight).map(|i| f64::from(i * 97 % (1_000 / weight)) * f64::from(weight) / 10.0).collect()
    };
    serde_json::json!({ "version": 0, "dataset": { "item_count": 2_000 }, "features": [
        { "name": "load", "inferred_type": "Fractional", "numerical_statistics": {
            "common": { "num_present": 2_000, "num_missing": 0 }, "mean": 50.0, "std_dev": 28.9, "min": 0.0, "max": 100.0,
            "distribution": { "kll": { "sketch": { "parameters": { "c": 0.64, "k": 2048.0 }, "data": [level(1), level(2)] } } } } },
        { "name": "line", "inferred_type": "String", "string_statistics": {
            "common": { "num_present": 2_000, "num_missing": 0 }, "distinct_count": 2.0,
            "distribution": { "categorical": { "buckets": [{ "value": "red", "count": 1_000 }, { "value": "blue", "count": 1_000 }] } } } },
    ] })
    .to_string()
}

/// Twelve days of records like those statistics, moved by `shift`.
fn records(shift: f64) -> String {
    let record = |i: u32| {
        let (day, hour) = (1 + i / 200, i % 24);
        let load = f64::from(i * 7919 % 1_000) / 10.0 + shift;
        let line = if i * 31 % 97 < 48 { "red" } else { "blue" };
        format!("{{\"timestamp\":\"2026-07-{day:02}T{hour:02}:00:00Z\",\"inference_id\":\"r{i}\",\"load\":{load},\"line\":\"{line}\"}}\n")
    };
    (0..2_400).map(record).collect()
}

#[test]
fn an_imported_baseline_can_be_judged_against_and_says_what_it_does_not_know() {
    let desk = Desk::new();
    desk.write("statistics.json", statistics());
    let answer = desk.tidegate(&["import", "sagemaker", "--statistics", "statistics.json", "--model", "late-trains", "--out", "moved"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{answer:?}");
    for said in ["Read statistics.json: statistics of a data quality baseline (2 columns, 2000 records)", "how much ordinary days differ"] {
        assert!(answer.out.contains(said), "{said}\nin\n{}", answer.out);
    }
    assert_eq!(desk.tidegate(&["check", "moved/contract.yaml"]).code, Some(0));
    let again = desk.tidegate(&["import", "sagemaker", "--statistics", "statistics.json", "--out", "moved"]);
    assert_eq!(again.code, Some(2), "an import writes over nothing: {again:?}");

    desk.write("same.jsonl", records(0.0));
    desk.write("moved.jsonl", records(20.0));
    let drift = |current: &str| {
        desk.tidegate(&["drift", "--contract", "moved/contract.yaml", "--baseline", "moved/baseline.profile", "--current", current])
    };
    assert_eq!(drift("same.jsonl").code, Some(0), "{:?}", drift("same.jsonl"));
    let answer = drift("moved.jsonl");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.contains("2,000 of statistics.json"), "{}", answer.out);
    let without = desk.tidegate(&["drift", "--baseline", "moved/baseline.profile", "--current", "same.jsonl"]);
    assert_eq!(without.code, Some(0), "a stored baseline needs no contract: {without:?}");
}

#[test]
fn days_that_were_fine_teach_an_imported_baseline_what_is_ordinary() {
    let desk = Desk::new();
    desk.write("statistics.json", statistics());
    desk.write("fine.jsonl", records(0.0));
    let import =
        |ordinary: &str| desk.tidegate(&["import", "sagemaker", "--statistics", "statistics.json", "--ordinary", ordinary, "--force"]);
    let answer = import("fine.jsonl");
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("how much ordinary days differ, learned from 12 days that were fine"), "{}", answer.out);
    assert!(!answer.out.contains("the statistics know no days"), "{}", answer.out);
    let all = records(0.0);
    let first: String = all.split_inclusive('\n').take(300).collect();
    desk.write("few.jsonl", first);
    let answer = import("few.jsonl");
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("found records of 2 days in few.jsonl"), "{answer:?}");
}

#[test]
fn another_of_model_monitors_files_is_named_as_what_it_is() {
    let desk = Desk::new();
    desk.write("statistics.json", STATISTICS);
    desk.write("constraints.json", CONSTRAINTS);
    desk.write(
        "quality.json",
        r#"{"version":0.0,"binary_classification_constraints":{"auc":{"threshold":0.78,"comparison_operator":"LessThanThreshold"}}}"#,
    );
    let import = |statistics: &str, constraints: &str| {
        desk.tidegate(&["import", "sagemaker", "--statistics", statistics, "--constraints", constraints, "--force", "--target", "Churn"])
    };
    assert_eq!(import("statistics.json", "constraints.json").code, Some(0));
    let swapped = import("constraints.json", "statistics.json");
    assert_eq!(swapped.code, Some(2));
    assert!(
        swapped.err.contains("found in constraints.json: constraints of a data quality baseline (5 columns); expected statistics"),
        "{swapped:?}"
    );
    let quality = import("statistics.json", "quality.json");
    assert!(
        quality.err.contains("model quality constraints (binary_classification: auc)") && quality.err.contains("auc 0.78"),
        "{quality:?}"
    );
}

#[test]
fn an_azure_definition_is_completed_by_a_sample() {
    let desk = Desk::new();
    desk.write("monitor.yaml", MONITOR);
    desk.write("reference.csv", "SEX,EDUCATION,LIMIT_BAL\nf,1,20000\nm,2,30000\nf,3,50000.5\n");
    let answer = desk.tidegate(&["import", "azure", "--definition", "monitor.yaml", "--sample", "reference.csv"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.out.contains("3 features with their types, from the sample"), "{}", answer.out);
    assert!(desk.read("contract.yaml").contains("method: jensen-shannon"), "{}", desk.read("contract.yaml"));
    assert_eq!(desk.tidegate(&["check", "contract.yaml", "reference.csv"]).code, Some(1), "reference data carry no time");
}

#[test]
fn a_stored_baseline_that_is_none_is_refused() {
    let desk = Desk::new();
    desk.write("noise.profile", "noise");
    desk.write("same.jsonl", records(0.0));
    let answer = desk.tidegate(&["drift", "--baseline", "noise.profile", "--current", "same.jsonl"]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("noise.profile is no baseline that can be used"), "{answer:?}");
}

#[test]
fn the_doctor_says_what_is_there_and_finds_nothing_wrong_with_a_good_log() {
    let desk = Desk::new();
    desk.write("c.yaml", CONTRACT);
    desk.write("logs/a.jsonl", log(1, 0.0));
    desk.write("logs/b.jsonl.gz", gzip(&log(2, 0.0)));
    desk.write("logs/c.jsonl", log(1, 0.0));
    let answer = desk.tidegate(&["doctor", "logs", "--contract", "c.yaml"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    for said in [
        "3 files, ",
        "JSON lines, plain",
        "JSON lines, gzip",
        "Nothing is in the way of verdicts.",
        "1 file repeats the content of another",
    ] {
        assert!(answer.out.contains(said), "{said}\nin\n{}", answer.out);
    }
    let json = desk.tidegate(&["doctor", "logs", "--contract", "c.yaml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["files"], &json["repeated"][0][0]), (&serde_json::json!(3), &serde_json::json!("logs/c.jsonl")));
}

#[test]
fn the_doctor_names_the_line_that_would_mend_a_contract() {
    let desk = Desk::new();
    desk.write("c.yaml", "model: m\ntask: binary\nfeatures:\n  - { name: load, type: numeric }\n  - { name: line, type: numeric }\n");
    desk.write(
        "log.jsonl",
        records(0.0).replace("timestamp", "made_at").replace("\"load\":", "\"in\":{\"load\":").replace("\"}\n", "\"}}\n"),
    );
    let answer = desk.tidegate(&["doctor", "log.jsonl", "--contract", "c.yaml"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    for said in [
        "all 2,400 records carry no time at \"timestamp\"",
        "record: { timestamp: made_at }",
        "not one usable value of load, line",
        "record: { features: \"in\" }",
    ] {
        assert!(answer.out.contains(said), "{said}\nin\n{}", answer.out);
    }
    desk.write("c.yaml", "model: m\ntask: binary\nrecord: { timestamp: made_at, features: in }\nfeatures:\n  - { name: load, type: numeric }\n  - { name: line, type: numeric }\n");
    let answer = desk.tidegate(&["doctor", "log.jsonl", "--contract", "c.yaml"]);
    assert!(answer.out.contains("line is no number in 100 % of the records\n      → { name: line, type: categorical }"), "{}", answer.out);
}

#[test]
fn the_doctor_tells_how_labels_match_predictions_and_what_other_files_are() {
    let desk = Desk::new();
    desk.write("all/records.jsonl", records(0.0));
    let label = |id: String| {
        format!(
            "{{\"groundTruthData\":{{\"data\":\"1\",\"encoding\":\"CSV\"}},\"eventMetadata\":{{\"eventId\":\"{id}\"}},\"eventVersion\":\"0\"}}\n"
        )
    };
    desk.write("all/labels.jsonl", (2_000..2_500).map(|i| label(format!("r{i}"))).collect::<String>());
    desk.write("all/statistics.json", STATISTICS);
    let answer = desk.tidegate(&["doctor", "all"]);
    for said in [
        "Ground truth  400 of 500 labels name a prediction (80 %)",
        "100 of 500 labels name no prediction in these files, such as r2400",
        "all/statistics.json: statistics of a data quality baseline (5 columns, 12 records): tidegate import sagemaker --statistics all/statistics.json",
        "No contract was given, so all of this is guessed.",
    ] {
        assert!(answer.out.contains(said), "{said}\nin\n{}", answer.out);
    }
    assert!(answer.out.lines().count() < 60, "two screens at most:\n{}", answer.out);
}

/// Captures of an endpoint that answers header-less CSV, as Model Monitor's users have them.
fn captures(shift: f64) -> String {
    let capture = |i: u32| {
        let load = f64::from(i * 7919 % 1_000) / 10.0 + shift;
        let line = if i * 31 % 97 < 48 { "red" } else { "blue" };
        format!(
            r#"{{"captureData":{{"endpointInput":{{"observedContentType":"text/csv","mode":"INPUT","data":"{load},{line}","encoding":"CSV"}},"endpointOutput":{{"observedContentType":"text/csv; charset=utf-8","mode":"OUTPUT","data":"0.{i}","encoding":"CSV"}}}},"eventMetadata":{{"eventId":"e{i}","inferenceTime":"2026-07-{:02}T{:02}:00:00Z"}},"eventVersion":"0"}}"#,
            1 + i / 200,
            i % 24
        ) + "\n"
    };
    (0..2_400).map(capture).collect()
}

#[test]
fn captures_are_judged_as_they_are_against_the_baseline_that_model_monitor_had() {
    let desk = Desk::new();
    desk.write("statistics.json", statistics());
    desk.write("captures/ep/AllTraffic/2026/07/same.jsonl", captures(0.0));
    desk.write("moved.jsonl", captures(20.0));
    let nameless = desk.tidegate(&["doctor", "captures"]);
    assert_eq!(nameless.code, Some(1), "{nameless:?}");
    assert!(nameless.out.contains("their values have no names of their own"), "{}", nameless.out);
    assert_eq!(desk.tidegate(&["import", "sagemaker", "--statistics", "statistics.json"]).code, Some(0));
    let named = desk.tidegate(&["doctor", "captures", "--contract", "contract.yaml"]);
    assert_eq!(named.code, Some(0), "{named:?}");
    assert!(named.out.contains("SageMaker data capture, JSON lines, plain"), "{}", named.out);
    let drift =
        |current: &str| desk.tidegate(&["drift", "--contract", "contract.yaml", "--baseline", "baseline.profile", "--current", current]);
    assert_eq!(drift("captures").code, Some(0), "{:?}", drift("captures"));
    let moved = drift("moved.jsonl");
    assert_eq!(moved.code, Some(1), "{moved:?}");
    assert!(moved.out.contains("load"), "{}", moved.out);
}
