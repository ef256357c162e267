//! Other tools' files become contracts and baselines.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use tidegate_contract::{Contract, FeatureKind, Method, Task};
use tidegate_interchange::sagemaker::{Baselined, Columns, Constraints, Document, Statistics, import};
use tidegate_interchange::{Rules, azure};
use tidegate_profile::{Baseline, FieldAnchor};

const STATISTICS: &str = include_str!("data/statistics.json");
const CONSTRAINTS: &str = include_str!("data/constraints.json");

fn statistics(text: &str) -> Statistics {
    match Document::parse(text).unwrap() {
        Document::Statistics(statistics) => statistics,
        other => panic!("{}", other.name()),
    }
}

fn constraints(text: &str) -> Constraints {
    match Document::parse(text).unwrap() {
        Document::Constraints(constraints) => constraints,
        other => panic!("{}", other.name()),
    }
}

fn columns(rules: Rules) -> Columns {
    Columns {
        model: "churn".to_owned(),
        target: Some("Churn".to_owned()),
        rules,
        location: "statistics.json".to_owned(),
        ..Columns::default()
    }
}

fn imported(rules: Rules) -> Baselined {
    import(Some(&statistics(STATISTICS)), Some(&constraints(CONSTRAINTS)), &columns(rules)).unwrap()
}

/// The contract as it is written, read back.
fn written(contract: &Contract) -> Contract {
    Contract::parse(&contract.to_first_yaml(&BTreeMap::new())).unwrap()
}

fn left(made: &Baselined, thing: &str) -> bool {
    made.import.left.iter().any(|(what, _)| what.contains(thing))
}

#[test]
fn a_model_monitor_baseline_becomes_a_contract_with_its_rules() {
    let made = imported(Rules::Theirs);
    let contract = written(&made.import.contract);
    assert_eq!(contract, made.import.contract, "what is written is what was made");
    let names: Vec<&str> = contract.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["account_length", "charge", "state"], "in the order of the data set, which header-less captures have");
    let [length, charge, state] = contract.features.as_slice() else { panic!("three features") };
    assert_eq!(length.path(), "Account Length");
    assert_eq!(length.range, Some([0.0, f64::INFINITY]));
    assert_eq!(length.monitoring.as_ref().unwrap().missing, Some(0.1));
    assert_eq!(charge.range, None);
    let own = charge.monitoring.as_ref().unwrap();
    assert_eq!((own.method, own.threshold, own.missing), (Some(Method::Ks), Some(0.25), Some(0.0)));
    assert_eq!(state.kind, FeatureKind::Categorical);
    assert_eq!(state.allowed.as_deref(), Some(["NJ".to_owned(), "NY".to_owned()].as_slice()));
    assert!(state.monitoring.as_ref().unwrap().mute, "the SDK writes overrides inside the string constraints");
    assert_eq!((contract.monitoring.method, contract.monitoring.threshold), (Method::SagemakerRobust, Some(0.1)));
    assert_eq!(contract.task, Task::Binary);
    for thing in ["Churn", "fax", "the sketches of charge", "ordinary days", "datatype_check_threshold 1"] {
        assert!(left(&made, thing), "{thing} is not said: {:#?}", made.import.left);
    }
}

#[test]
fn by_our_rules_only_what_somebody_decided_is_carried_over() {
    let made = imported(Rules::Ours);
    let contract = written(&made.import.contract);
    assert_eq!(contract.monitoring, Contract::new("churn", Task::Binary).monitoring);
    let missing = |name: &str| {
        let feature = contract.features.iter().find(|feature| feature.name == name).unwrap();
        feature.monitoring.as_ref().and_then(|own| own.missing)
    };
    assert_eq!(missing("charge"), None, "the suggested completeness is what the baseline shows");
    assert_eq!(missing("account_length"), Some(0.1), "somebody allowed more than the baseline shows");
    assert!(left(&made, "the comparison by the Robust distance"));
}

fn cells(baseline: &Baseline, name: &str) -> Vec<(f64, u64)> {
    let Some(FieldAnchor::Numeric(anchor)) = baseline.anchor_of(name) else { panic!("{name} has no cells") };
    let field = &baseline.profile.fields[baseline.position(name).unwrap()];
    let counted = anchor.edges.iter().copied().zip(field.numeric.as_ref().unwrap().cells.iter().copied().skip(1));
    counted.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_sketchs_items_weigh_by_their_level_and_buckets_stand_in_where_there_is_no_sketch() {
    let baseline = imported(Rules::Theirs).baseline.unwrap();
    baseline.check().unwrap();
    assert_eq!(baseline.profile.records, 12);
    // 119, 100 and 243 once, 3 and 60 for two each, 101 for four: eleven values.
    let length = cells(&baseline, "account_length");
    assert_eq!(length.iter().map(|(_, count)| count).sum::<u64>(), 11);
    let below = |value: f64| length.iter().filter(|(low, _)| *low <= value).map(|(_, count)| count).sum::<u64>();
    assert_eq!([3.0, 60.0, 100.0, 101.0, 119.0, 243.0].map(below), [2, 4, 5, 9, 10, 11]);
    assert_eq!(cells(&baseline, "charge"), [(0.5, 8), (10.5, 4)]);
    let state = &baseline.profile.fields[baseline.position("state").unwrap()].categorical.as_ref().unwrap();
    assert_eq!((state.cells.as_slice(), state.remainder), ([7, 3].as_slice(), 2), "two values are not listed by name");
}

#[test]
fn the_distribution_comes_back_from_a_sketch_as_close_as_its_k_allows() {
    // A sketch as Deequ makes one: full levels are sorted, and every second item moves up.
    let values: Vec<f64> = (0..200_000_u32).map(|i| (f64::from(i * 7_919 % 200_000) / 30_000.0).exp()).collect();
    let mut levels: Vec<Vec<f64>> = vec![Vec::new()];
    for (number, value) in values.iter().enumerate() {
        levels[0].push(*value);
        let mut level = 0;
        while levels[level].len() > 2_048 {
            let mut full = std::mem::take(&mut levels[level]);
            full.sort_by(f64::total_cmp);
            let odd = (full.len() % 2 == 1).then(|| full.pop().unwrap());
            levels[level].extend(odd);
            if levels.len() == level + 1 {
                levels.push(Vec::new());
            }
            levels[level + 1].extend(full.into_iter().skip(number / 2_048 % 2).step_by(2));
            level += 1;
        }
    }
    let text = serde_json::json!({ "version": 0.0, "dataset": { "item_count": values.len() }, "features": [{
        "name": "x", "inferred_type": "Fractional", "numerical_statistics": {
            "common": { "num_present": values.len(), "num_missing": 0 }, "mean": 1.0, "std_dev": 1.0, "min": 1.0, "max": (199_999.0_f64 / 30_000.0).exp(),
            "distribution": { "kll": { "sketch": { "parameters": { "c": 0.64, "k": 2048.0 }, "data": levels } } } } }] });
    let made = import(Some(&statistics(&text.to_string())), None, &Columns { model: "m".to_owned(), ..Columns::default() }).unwrap();
    let cells = cells(&made.baseline.unwrap(), "x");
    assert_eq!(cells.iter().map(|(_, count)| count).sum::<u64>(), 200_000, "counts are scaled to what was present");
    assert!(cells.len() >= 200, "{} cells", cells.len());
    let mut counted = 0;
    for pair in cells.windows(2) {
        counted += pair[0].1;
        let truth = values.iter().filter(|value| **value < pair[1].0).count();
        let error = (counted as f64 - truth as f64).abs() / 200_000.0;
        assert!(error < 0.0019, "the share below {} is off by {error}", pair[1].0);
    }
}

#[test]
fn every_spelling_of_the_rules_says_the_same() {
    let plain = r#"{"version":0.0,"features":[{"name":"a","inferred_type":"String","completeness":1.0,"string_constraints":{"domains":["x"]},
        "monitoring_config_overrides":{"evaluate_constraints":"Disabled","distribution_constraints":{"comparison_threshold":0.3}}}],
        "monitoring_config":{"evaluate_constraints":"Enabled","domain_content_threshold":0.1,
        "distribution_constraints":{"perform_comparison":"Enabled","comparison_threshold":0.1,"comparison_method":"Robust"}}}"#;
    let expected = constraints(plain);
    assert_eq!(expected.features[0].is_evaluated, Some(false));
    assert_eq!(expected.features[0].comparison.threshold, Some(0.3));
    let variants = [
        plain.replace("\"version\":0.0", "\"version\":0"),
        plain.replace("monitoring_config_overrides", "monitoringConfigOverrides"),
        plain.replace("\"perform_comparison\":\"Enabled\"", "\"enable_comparisons\":true"),
        plain.replace("\"domain_content_threshold\":0.1", "\"min_domain_mass\":0.9"),
        plain.replace("\"Robust\"", "\"robust\""),
        plain.replace("\"comparison_threshold\":0.3", "\"comparison_threshold\":\"0.3\""),
        // The SDK's own defect: inside the string constraints.
        plain
            .replace(
                "\"domains\":[\"x\"]},\n        \"monitoring_config_overrides\"",
                "\"domains\":[\"x\"],\n        \"monitoringConfigOverrides\"",
            )
            .replace("0.3}}}],", "0.3}}}}],"),
        format!("\u{FEFF}{plain}"),
    ];
    for variant in variants {
        let read = constraints(&variant);
        let close = read.domain_threshold.zip(expected.domain_threshold).is_some_and(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close, "{variant}");
        assert_eq!(Constraints { domain_threshold: expected.domain_threshold, ..read }, expected, "{variant}");
    }
}

#[test]
fn each_of_model_monitors_files_is_told_by_its_content() {
    let name = |text: &str| Document::parse(text).unwrap().name();
    assert_eq!(name(STATISTICS), "statistics of a data quality baseline (5 columns, 12 records)");
    assert_eq!(name(CONSTRAINTS), "constraints of a data quality baseline (5 columns)");
    let quality = r#"{"version":0.0,"dataset":{"item_count":12},"binary_classification_metrics":{"confusion_matrix":{"0":{"0":1}},
        "auc":{"value":0.9,"standard_deviation":"NaN"},"f1":{"value":"NaN","standard_deviation":"NaN"}}}"#;
    let Document::ModelQuality(read) = Document::parse(quality).unwrap() else { panic!("model quality") };
    assert_eq!(read.values, BTreeMap::from([("auc".to_owned(), Some(0.9)), ("f1".to_owned(), None)]));
    let thresholds = r#"{"version":0.0,"regression_constraints":{"rmse":{"threshold":3.5,"comparison_operator":"GreaterThanThreshold"}}}"#;
    assert_eq!(name(thresholds), "model quality constraints (regression: rmse)");
    assert_eq!(name(r#"{"violations":[{"feature_name":"a"}]}"#), "1 violations that a monitoring run found");
    assert_eq!(name(r#"{"version":"1.0","post_training_bias_metrics":{}}"#), "bias metrics of Clarify");
    let other = Document::parse(r#"{"Records":[]}"#).unwrap_err().to_string();
    assert!(other.starts_with("found an object with the keys Records, expected statistics.json"), "{other}");
    assert!(Document::parse("not json").is_err());
}

#[test]
fn what_makes_no_sense_is_said_with_its_place() {
    let said = |text: &str| Document::parse(text).unwrap_err().to_string();
    assert_eq!(said(r#"{"dataset":{},"features":7}"#), "features: found a number, expected a list of columns");
    assert_eq!(said(r#"{"dataset":{},"features":[{"name":null}]}"#), "features[0].name: found nothing, expected the name of a column");
    let levels = format!(
        r#"{{"dataset":{{}},"features":[{{"name":"a","numerical_statistics":{{"distribution":{{"kll":{{"sketch":{{"data":[{}[1]]}}}}}}}}}}]}}"#,
        "[],".repeat(64)
    );
    assert!(said(&levels).contains("a: distribution.kll.sketch: found 65 levels"));
    // A sketch that counts beyond any number of records is refused before anything is added up.
    let heavy = format!(
        r#"{{"dataset":{{}},"features":[{{"name":"a","inferred_type":"Integral","numerical_statistics":{{"common":{{"num_present":5}},"min":1,"max":2,"distribution":{{"kll":{{"sketch":{{"data":[{}[1,2,1,2,1]]}}}}}}}}}}]}}"#,
        "[],".repeat(51)
    );
    let columns = Columns { model: "m".to_owned(), ..Columns::default() };
    assert!(import(Some(&statistics(&heavy)), None, &columns).is_err());
    let unknown = Columns { target: Some("Chrun".to_owned()), ..columns };
    let failure = import(Some(&statistics(STATISTICS)), None, &unknown).unwrap_err().to_string();
    assert!(failure.starts_with("features: found no column \"Chrun\"; there are Churn, Account Length"), "{failure}");
}

#[test]
fn a_column_may_be_the_prediction_or_the_score() {
    let columns = Columns { prediction: Some("Churn".to_owned()), target: None, ..columns(Rules::Theirs) };
    let made = import(Some(&statistics(STATISTICS)), None, &columns).unwrap();
    assert_eq!(made.import.contract.task, Task::Binary);
    let baseline = made.baseline.unwrap();
    let prediction = &baseline.profile.fields[baseline.position("prediction").unwrap()];
    assert_eq!(prediction.present, 12);
    assert!(matches!(baseline.anchor_of("prediction"), Some(FieldAnchor::Categorical(anchor)) if anchor.values == ["0", "1"]));
    assert_eq!(prediction.categorical.as_ref().unwrap().cells, [9, 3]);
}

#[test]
fn equal_files_give_equal_baselines_and_other_files_others() {
    let one = imported(Rules::Theirs).baseline.unwrap();
    assert_eq!(one, imported(Rules::Theirs).baseline.unwrap());
    let other = statistics(&STATISTICS.replace("\"count\": 7", "\"count\": 8"));
    let other = import(Some(&other), Some(&constraints(CONSTRAINTS)), &columns(Rules::Theirs)).unwrap();
    assert_ne!(one.id, other.baseline.unwrap().id);
}

#[test]
fn an_azure_definition_becomes_a_contract_that_a_sample_completes() {
    let definition = include_str!("data/monitor.yaml");
    let made = azure::import(definition, None, None, Rules::Theirs).unwrap();
    let contract = written(&made.contract);
    assert_eq!(contract, made.contract);
    assert_eq!(contract.model, "credit-default-monitoring");
    assert_eq!(contract.owners.monitoring.as_deref(), Some("abc@example.com"));
    assert_eq!((contract.monitoring.method, contract.monitoring.threshold), (Method::JensenShannon, Some(0.01)));
    assert_eq!(contract.features.iter().map(tidegate_contract::Feature::path).collect::<Vec<_>>(), ["SEX", "EDUCATION"]);
    assert_eq!(contract.features[0].monitoring.as_ref().unwrap().missing, Some(0.05));
    for thing in
        ["pearsons_chi_squared_test", "DEFAULT_NEXT_MONTH", "credit-reference", "attribution", "def@example.com", "out_of_bounds_rate"]
    {
        assert!(made.left.iter().any(|(what, _)| what.contains(thing)), "{thing} is not said: {:#?}", made.left);
    }

    let sample = Contract::parse(
        "model: s\ntask: binary\nfeatures:\n  - { name: sex, type: categorical, path: SEX }\n  - { name: limit, type: numeric }\n",
    )
    .unwrap();
    let made = azure::import(definition, Some("credit"), Some(&sample), Rules::Theirs).unwrap();
    let own = made.contract.features[0].monitoring.as_ref().unwrap();
    assert_eq!((own.method, own.threshold, own.missing), (Some(Method::JensenShannon), Some(0.05), Some(0.05)));
    assert!(made.left.iter().any(|(what, _)| what == "the feature EDUCATION"));
    assert_eq!(made.contract.model, "credit");

    let other = azure::import("name: x\njobs: {}\n", None, None, Rules::Theirs).unwrap_err().to_string();
    assert!(other.starts_with("found a document with the keys"), "{other}");
    assert!(azure::import("a: [", None, None, Rules::Theirs).is_err());
}
