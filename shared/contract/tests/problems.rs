//! Contracts that are wrong, and what is said about each fault: where, what was found, what was expected.

use tidegate_contract::{Contract, MAX_CONTRACT_BYTES};

/// All problems of a text, one a line.
fn problems(text: &str) -> String {
    Contract::parse(text).map_or_else(|error| error.to_string(), |_| "nothing is wrong".to_owned())
}

/// The problems of a contract that is right but for this addition, which begins on line 6.
fn with(addition: &str) -> String {
    problems(&format!(
        "model: m\ntask: binary\nfeatures:\n  - {{ name: x, type: numeric }}\n  - {{ name: c, type: categorical }}\n{addition}"
    ))
}

#[test]
fn an_unknown_key_is_refused_with_what_was_probably_meant() {
    assert_eq!(
        with("monitoring:\n  windws: [1d]\n"),
        "7:3: monitoring: found unknown key \"windws\", expected one of: bad_lines, baselines, effect, false_discovery_rate, late, method, minimum_records, threshold, windows; did you mean \"windows\"?"
    );
}

#[test]
fn a_key_in_the_wrong_place_is_told_its_place() {
    let text = with("windows: [1d]\n");
    assert!(text.starts_with("6:1: found unknown key \"windows\", expected one of: "), "{text}");
    assert!(text.ends_with("; it belongs under monitoring"), "{text}");
    let text = with("service: { protected: true }\n");
    assert!(text.ends_with("; it belongs under features[]"), "{text}");
}

#[test]
fn every_fault_of_the_shape_is_told_in_the_order_of_the_text() {
    let text = "model: [m]\ntask: binry\nfeatures:\n  - { name: x, type: float }\n  - { nam: y, type: numeric, range: [1] }\n  - z\nservice: { latency_p99_ms: fast, silence_minutes: 1.5, error_rate: \"0.1\" }\nsegments: origin\nmonitoring: { windows: [40d, 7] }\n";
    assert_eq!(
        problems(text),
        "\
1:8: model: found a list of 1, expected text
2:7: task: found \"binry\", expected one of: binary, multiclass, regression; did you mean \"binary\"?
4:22: features[0].type: found \"float\", expected one of: numeric, categorical; did you mean \"numeric\"?
5:5: features[1]: found no \"name\", expected one: The feature's name: lower-case words joined by underscores, at most 63 characters (`dep_delay`).
5:7: features[1]: found unknown key \"nam\", expected one of: allowed, derived_from, importance, monitoring, name, path, protected, range, type; did you mean \"name\"?
5:37: features[1].range: found a list of 1, expected a list of 2
6:5: features[2]: found \"z\", expected settings (key: value)
7:28: service.latency_p99_ms: found \"fast\", expected a number
7:51: service.silence_minutes: found 1.5, expected a whole number from 0 to 4294967295
7:68: service.error_rate: found \"0.1\", expected a number
8:11: segments: found \"origin\", expected a list
9:25: monitoring.windows[0]: found \"40d\", expected a length from 1h to 30d, such as 6h or 7d
9:30: monitoring.windows[1]: found 7, expected a length from 1h to 30d, such as 6h or 7d"
    );
}

#[test]
fn a_missing_key_is_named_with_what_it_is_for() {
    assert_eq!(
        problems("task: binary\nfeatures: [{ name: x, type: numeric }]\n"),
        "1:1: found no \"model\", expected one: The model's name: lower-case words joined by hyphens, at most 63 characters (`flight-delay`)."
    );
}

#[test]
fn names_follow_the_convention_and_the_closest_good_name_is_told() {
    let text = "model: Flight_Delay\ntask: binary\nfeatures:\n  - { name: depDelay, type: numeric }\n  - { name: Carrier, path: carrier, type: categorical }\n  - { name: score, type: numeric }\n";
    assert_eq!(
        problems(text),
        "\
1:8: model: found \"Flight_Delay\", expected lower-case words joined by hyphens, at most 63 characters, such as flight-delay
4:13: features[0].name: found \"depDelay\", expected lower-case words joined by underscores, at most 63 characters, such as { name: dep_delay, path: \"depDelay\" }
5:13: features[1].name: found \"Carrier\", expected lower-case words joined by underscores, at most 63 characters, such as carrier
6:13: features[2].name: found score, a name that Tidegate uses itself, expected another, such as { name: feature_score, path: score }"
    );
    let long = "a".repeat(64);
    assert!(
        problems(&format!("model: {long}\ntask: binary\nfeatures: [{{ name: x, type: numeric }}]")).starts_with("1:8: model: found \"aaa")
    );
}

#[test]
fn features_have_names_and_places_of_their_own() {
    let text = "model: m\ntask: binary\nfeatures:\n  - { name: x, type: numeric }\n  - { name: y, path: x, type: numeric }\n  - { name: x, type: categorical }\n";
    assert_eq!(
        problems(text),
        "\
5:22: features[1].path: found \"x\", which x reads already, expected every feature to have a place of its own
6:13: features[2].name: found \"x\" a second time (the first is features[0]), expected names that differ"
    );
}

#[test]
fn a_feature_has_only_what_its_type_can_have() {
    let text = "model: m\ntask: binary\nfeatures:\n  - { name: a, type: numeric, range: [5, 1] }\n  - { name: b, type: numeric, allowed: [x] }\n  - { name: c, type: categorical, range: [0, 1] }\n  - { name: d, type: numeric, protected: true }\n  - { name: e, type: categorical, allowed: [] }\n  - { name: f, type: categorical, allowed: [x, y, x] }\n  - { name: g, type: numeric, importance: -1 }\n  - { name: h, type: numeric, monitoring: { effect: 0, missing: 2 } }\n";
    assert_eq!(
        problems(text),
        "\
4:38: features[0].range: found [5, 1], expected the least number before the greatest; one end may be open, as in [0, .inf]
5:40: features[1].allowed: found allowed values of a numeric feature, expected range: [least, greatest], or type: categorical
6:42: features[2].range: found a range of a categorical feature, expected allowed: [value, …], or type: numeric
7:42: features[3].protected: found a protected numeric feature, expected a categorical one, such as an age group: fairness compares groups
8:44: features[4].allowed: found 0 allowed values, expected 1 to 1000
9:51: features[5].allowed[2]: found \"x\" a second time, expected it once
10:43: features[6].importance: found -1, expected a number of at least 0
11:53: features[7].monitoring.effect: found 0, expected a number above 0
11:65: features[7].monitoring.missing: found 2, expected a share from 0 to 1"
    );
}

#[test]
fn numbers_are_finite_but_for_the_open_end_of_a_range() {
    assert_eq!(with("monitoring: { effect: .nan }"), "6:23: monitoring.effect: found NaN, expected a number");
    assert_eq!(with("monitoring: { effect: 1e999 }"), "6:23: monitoring.effect: found inf, expected a number");
    let range = |range: &str| problems(&format!("model: m\ntask: binary\nfeatures: [{{ name: x, type: numeric, range: {range} }}]"));
    assert_eq!(range("[0, .inf]"), "nothing is wrong");
    assert_eq!(range("[-.inf, 0]"), "nothing is wrong");
    for closed in ["[-.inf, .inf]", "[.inf, .inf]", "[0, -.inf]"] {
        assert!(range(closed).contains("one end may be open"), "{closed}");
    }
}

#[test]
fn derived_features_do_not_lead_back_to_themselves() {
    let text = "model: m\ntask: binary\nfeatures:\n  - { name: a, type: numeric, derived_from: [b, raw] }\n  - { name: b, type: numeric, derived_from: [a] }\n  - { name: c, type: numeric, derived_from: [c] }\n";
    assert_eq!(
        problems(text),
        "\
4:46: features[0].derived_from[0]: found \"b\", which is itself computed from a, expected no circle
5:46: features[1].derived_from[0]: found \"a\", which is itself computed from b, expected no circle
6:46: features[2].derived_from[0]: found \"c\", which is itself computed from c, expected no circle"
    );
}

#[test]
fn segments_are_few() {
    let features: String = (0..9).map(|i| format!("  - {{ name: c{i}, type: categorical }}\n")).collect::<Vec<_>>().concat();
    let text = format!("model: m\ntask: binary\nfeatures:\n{features}segments: [c0, c1, c2, c3, c4, c5, c6, c7, c8]\n");
    let found = Contract::parse(&text).unwrap_err().to_string();
    assert!(found.contains("segments: found 9 segments, expected at most 8"), "{found}");
    assert!(Contract::parse(&text.replace(", c8]", "]")).is_ok());
}

#[test]
fn segments_are_categorical_features() {
    assert_eq!(
        with("segments: [x, cc, z, c, c]"),
        "\
6:12: segments[0]: found x, a numeric feature, expected a categorical one
6:15: segments[1]: found \"cc\", expected the name of a categorical feature; did you mean \"c\"?
6:19: segments[2]: found \"z\", expected the name of a categorical feature; did you mean \"c\"?
6:25: segments[4]: found \"c\" a second time, expected it once"
    );
}

#[test]
fn shares_and_promises_lie_where_they_can() {
    assert_eq!(
        with(
            "availability: { target: 99.9 }\nservice: { latency_p99_ms: 0, error_rate: -0.1, silence_minutes: 0 }\nmonitoring: { windows: [], baselines: [training, training], effect: -1, false_discovery_rate: 1, minimum_records: 0, bad_lines: 5 }\n"
        ),
        "\
6:25: availability.target: found 99.9, expected a share from 0 to 1
7:28: service.latency_p99_ms: found 0, expected a number above 0
7:43: service.error_rate: found -0.1, expected a share from 0 to 1
7:66: service.silence_minutes: found 0, expected a number above 0
8:24: monitoring.windows: found no windows, expected at least one, such as 1d
8:50: monitoring.baselines[1]: found this baseline a second time, expected it once
8:69: monitoring.effect: found -1, expected a number above 0
8:95: monitoring.false_discovery_rate: found 1, expected a share between 0 and 1
8:115: monitoring.minimum_records: found 0, expected at least 1
8:129: monitoring.bad_lines: found 5, expected a share from 0 to 1"
    );
}

#[test]
fn nobody_is_asked_for_more_approvals_than_there_are_approvers() {
    assert_eq!(
        with(
            "promotion:\n  test: { approvals: 1 }\n  prod: { approvals: 3, approvers: [a@example.com, A@example.com, \"b c@example.com\"] }\n"
        ),
        "\
7:22: promotion.test.approvals: found 1 approvals of 0 approvers, expected no more approvals than there are approvers
8:52: promotion.prod.approvers[1]: found \"A@example.com\" a second time, expected every approver once
8:67: promotion.prod.approvers[2]: found \"b c@example.com\", expected a mail address, such as lead@example.com"
    );
}

#[test]
fn a_name_means_one_person() {
    assert_eq!(
        with(
            "promotion:\n  people:\n    - { person: a@example.com, also: [\"arn:aws:iam::1:user/a\", \" \"] }\n    - { person: b, also: [\"ARN:aws:iam::1:user/A\"] }\n"
        ),
        "\
8:64: promotion.people[0].also[1]: found \" \", expected another name of a@example.com
9:17: promotion.people[1].person: found \"b\", expected a mail address, such as lead@example.com
9:27: promotion.people[1].also[0]: found \"ARN:aws:iam::1:user/A\", which is also a name of a@example.com, expected every name to mean one person"
    );
}

#[test]
fn rules_of_the_gate_have_what_they_need() {
    assert_eq!(
        with("validation: { minimum: 0.7, fairness: { metric: equalized_odds_difference, maximum: -1 } }\n"),
        "\
6:24: validation.minimum: found it without a primary metric, expected primary: roc_auc or another
6:39: validation.fairness: found a fairness rule without a protected feature, expected at least one feature with protected: true
6:85: validation.fairness.maximum: found -1, expected a number from 0 to 1"
    );
}

#[test]
fn a_limit_bounds_a_metric_that_the_task_has_from_its_bad_side() {
    assert_eq!(
        with(
            "validation:\n  primary: rmse\n  maximum: 5\n  limits: [{ metric: recall, minimum: 1.5 }, { metric: ece, minimum: 0.1 }, { metric: recall }]\n  segment_margin: -1\n  minimum_rows: 0\n  fairness: { metric: demographic_parity_ratio, maximum: 0.8 }\n"
        ),
        "\
7:12: validation.primary: found rmse, which this task does not have, expected one of: roc_auc, average_precision, log_loss, brier, ece, accuracy, balanced_accuracy, precision, recall, specificity, f1, mcc
9:39: validation.limits[0].minimum: found 1.5, expected a value of recall, from 0 to 1
9:70: validation.limits[1].minimum: found a minimum of ece, of which less is better, expected maximum:
9:77: validation.limits[2]: found a limit without a value, expected minimum: or maximum:
9:87: validation.limits[2].metric: found recall a second time, expected one limit of a metric
10:19: validation.segment_margin: found -1, expected a number of at least 0
11:17: validation.minimum_rows: found 0, expected at least 1
12:13: validation.fairness: found a fairness rule without a protected feature, expected at least one feature with protected: true
12:58: validation.fairness.maximum: found a maximum of demographic_parity_ratio, of which 1 is perfect, expected minimum:"
    );
}

#[test]
fn fairness_is_a_matter_of_binary_tasks_and_one_rule_per_metric() {
    let text = "model: m\ntask: regression\nfeatures: [{ name: x, type: numeric }]\nvalidation:\n  fairness: { metric: equalized_odds_ratio, minimum: 0.8 }\n";
    assert_eq!(
        Contract::parse(text).unwrap_err().to_string(),
        "5:13: validation.fairness: found a fairness rule in a task that is not binary, expected none: it compares shares of positive predictions"
    );
    let rule = "{ metric: demographic_parity_ratio, minimum: 0.8 }";
    let text = format!(
        "model: m\ntask: binary\nfeatures: [{{ name: x, type: categorical, protected: true }}]\nvalidation:\n  fairness: {rule}\n  fairness_limits: [{rule}]\n"
    );
    assert_eq!(
        Contract::parse(&text).unwrap_err().to_string(),
        "6:31: validation.fairness_limits[0].metric: found demographic_parity_ratio a second time, expected one rule of a metric"
    );
}

#[test]
fn a_misspelt_metric_is_told_from_the_ones_there_are() {
    let found = with("validation: { primary: roc_ac, fairness: { metric: Equal Odds, maximum: 1 } }\n");
    assert!(found.contains("6:24: validation.primary: found \"roc_ac\", expected one of: roc_auc, average_precision,"), "{found}");
    assert!(found.contains("; did you mean \"roc_auc\"?"), "{found}");
    assert!(found.contains("validation.fairness.metric: found \"Equal Odds\", expected one of: demographic_parity_difference,"), "{found}");
}

#[test]
fn a_prefix_stays_inside_the_bucket_and_inside_its_model() {
    for (prefix, says) in [
        ("/a/", "without a slash in front"),
        ("a/../b/", "\"..\""),
        ("a", "cannot take in another model's logs"),
        ("", "found empty text"),
        ("a//b/", "\"//\""),
    ] {
        let text = with(&format!("logs: {{ prefix: \"{prefix}\" }}"));
        assert!(text.starts_with("6:17: logs.prefix: found ") && text.contains(says), "{text}");
    }
}

#[test]
fn paths_into_a_record_are_names_joined_by_dots() {
    assert_eq!(
        with("record: { timestamp: \"\", score: a..b, prediction: \"x\\u0007\" }"),
        "\
6:22: record.timestamp: found \"\", expected names joined by single dots, such as event.output.score
6:33: record.score: found \"a..b\", expected names joined by single dots, such as event.output.score
6:51: record.prediction: found \"x\\u{7}\", expected no control characters"
    );
}

#[test]
fn hidden_characters_are_refused_and_shown() {
    assert_eq!(with("owners: { business: \"a\\u202Eb\" }"), "6:21: owners.business: found \"a\\u{202e}b\", expected no control characters");
}

#[test]
fn a_model_has_features_and_not_too_many() {
    assert_eq!(problems("model: m\ntask: binary\nfeatures: []\n"), "3:11: features: found no features, expected at least one");
    let many: Vec<String> = (0..1_001).map(|index| format!("  - {{ name: x{index}, type: numeric }}")).collect();
    assert_eq!(
        problems(&format!("model: m\ntask: binary\nfeatures:\n{}", many.join("\n"))),
        "4:3: features: found 1001 features, expected at most 1000"
    );
}

#[test]
fn the_same_key_twice_is_refused() {
    assert_eq!(with("task: regression\n"), "6:1: found key \"task\" a second time, expected it once");
}

#[test]
fn what_is_not_yaml_is_refused_where_it_stops_being_yaml() {
    let text = with("segments: [c\nservice: {}\n");
    assert!(text.starts_with("7:") || text.starts_with("8:"), "{text}");
    assert!(text.contains("not readable as YAML: "), "{text}");
    let text = problems("model: m\n\ttask: binary\n");
    assert_eq!(text, "1:8: not readable as YAML: while scanning a plain scalar, found a tab");
    assert_eq!(problems(""), "1:1: found an empty file, expected a contract: at least model, task and features");
    assert_eq!(problems("flight-delay"), "1:1: found \"flight-delay\", expected settings (key: value)");
    assert!(problems("model: m\n---\nmodel: n\n").contains("found a second document, expected one contract in a file"));
    assert_eq!(problems("model: !!python/object:os.system m\n"), "1:34: not readable as YAML: unsupported tag `!!python/object:os.system`");
}

#[test]
fn values_that_repeat_themselves_without_end_are_refused() {
    let mut bomb = String::from("model: m\ntask: binary\na: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, before) in ('b'..='j').zip('a'..) {
        let again = format!("*{before}, ").repeat(9);
        bomb.extend([&format!("{name}: &{name} ["), again.trim_end_matches(", "), "]\n"]);
    }
    let text = problems(&bomb);
    assert!(text.ends_with("found deeper nesting, more values or more repetition by aliases than any contract needs"), "{text}");
    assert!(!text.starts_with("1:1:"), "{text}");
    let text = problems(&format!("features: {}{}", "[".repeat(10_000), "]".repeat(10_000)));
    assert!(text.starts_with("1:"), "{text}");
    let text = problems(&format!("features:\n{}", (0..50).map(|depth| " ".repeat(depth) + "-\n").collect::<String>()));
    assert!(text.ends_with("than any contract needs"), "{text}");
    let text = problems(&format!("model: &m [*m]\nfeatures: {}", "x".repeat(100)));
    assert!(text.starts_with("1:"), "{text}");
}

#[test]
fn a_contract_has_a_size_limit() {
    let text = problems(&"#".repeat(MAX_CONTRACT_BYTES + 1));
    assert_eq!(text, "1:1: found 1048577 bytes, expected a contract of at most 1048576");
}

#[test]
fn problems_can_be_read_by_programs() {
    let error = Contract::parse("model: M\ntask: binary\nfeatures: [{ name: x, type: numeric }]").unwrap_err();
    let json = serde_json::to_value(error.problems()).unwrap();
    assert_eq!(json[0]["line"], 1);
    assert_eq!(json[0]["column"], 8);
    assert_eq!(json[0]["path"], "model");
}

#[test]
fn a_threshold_belongs_to_a_named_method_and_a_method_to_features_that_it_can_compare() {
    let no_method = "found a threshold without a named method, expected method: psi or another (auto has effect: instead)";
    assert_eq!(with("monitoring: { threshold: 0.2 }\n"), format!("6:26: monitoring.threshold: {no_method}"));
    assert_eq!(with("monitoring: { method: psi, threshold: 0 }\n"), "6:39: monitoring.threshold: found 0, expected a number above 0");
    assert_eq!(with("monitoring: { method: ks, threshold: 0.2 }\n"), "nothing is wrong", "names are then judged by auto");
    let of_features = |x: &str, c: &str| {
        problems(&format!(
            "model: m\ntask: binary\nfeatures:\n  - {{ name: x, type: numeric, monitoring: {x} }}\n  - {{ name: c, type: categorical, monitoring: {c} }}\n"
        ))
    };
    assert_eq!(of_features("{ method: wasserstein, threshold: 0.2 }", "{ method: psi }"), "nothing is wrong");
    assert_eq!(
        of_features("{ threshold: 0.2 }", "{ method: wasserstein }"),
        format!(
            "4:56: features[0].monitoring.threshold: {no_method}\n\
             5:57: features[1].monitoring.method: found wasserstein for a categorical feature, expected a method that compares names, such as psi"
        )
    );
    assert_eq!(
        of_features("{ method: pis }", "{ baselines: [seasonal, seasonal] }"),
        "4:53: features[0].monitoring.method: found \"pis\", expected one of: auto, psi, ks, jensen-shannon, hellinger, wasserstein, total-variation, l-infinity, sagemaker-robust, chi-squared; did you mean \"psi\"?"
    );
    assert_eq!(
        of_features("{ baselines: [] }", "{ baselines: [seasonal, seasonal] }"),
        "4:56: features[0].monitoring.baselines: found no baselines, expected at least one of: training, seasonal, previous\n\
         5:71: features[1].monitoring.baselines[1]: found this baseline a second time, expected it once"
    );
}

#[test]
fn a_method_that_compares_numbers_needs_a_number() {
    assert_eq!(
        problems("model: m\ntask: binary\nfeatures: [{ name: c, type: categorical }]\nmonitoring: { method: ks }\n"),
        "4:23: monitoring.method: found ks, which compares numbers, and no numeric feature, expected another method"
    );
}

#[test]
fn what_a_mapping_cannot_mean_is_told_with_its_place() {
    for (addition, says) in [
        (
            "record: { columns: [x, y] }",
            "6:24: record.columns[1]: found \"y\", expected the name of a feature, one of timestamp, inference_id, version, score, prediction, latency_ms, or _ to pass over a value; did you mean \"x\"?",
        ),
        ("record: { columns: [x, _, _, x] }", "6:30: record.columns[3]: found \"x\" a second time, expected every name once"),
        ("record: { outputs: [x] }", ""),
        (
            "record: { outputs: [timestamp] }",
            "6:21: record.outputs[0]: found \"timestamp\", expected the name of a feature, one of score, prediction, latency_ms, inference_id, version, or _ to pass over a value",
        ),
        (
            "record: { hash: [x] }",
            "6:18: record.hash[0]: found \"x\", a numeric feature, expected a categorical one: a pseudonym is no number; drop it",
        ),
        ("record: { hash: [c, inference_id] }", ""),
        ("record: { drop: [c] }", "6:18: record.drop[0]: found \"c\", which the feature c reads, expected to drop it or to read it"),
        ("record: { drop: [customer.name] }", ""),
        (
            "record: { constants: [{ name: x, value: many }] }",
            "6:41: record.constants[0].value: found \"many\", expected a number: x is numeric",
        ),
        ("record: { constants: [{ name: version, value: 7 }] }", ""),
        ("record: { score: \"out[10000]\" }", "6:18: record.score: found the place 10000 of an array, expected at most 9999"),
        ("record: { score: \"out[1]\" }", ""),
        (
            "record: { format: sagemaker }",
            "6:19: record.format: found \"sagemaker\", expected one of: auto, jsonl, json, csv, parquet, sagemaker-capture, sagemaker-transform, azureml, kserve, inference-table",
        ),
        ("logs: { layout: \"{endpoint}/{version}\" }", ""),
        (
            "logs: { layout: endpoint/variant }",
            "6:17: logs.layout: found \"endpoint/variant\", expected folders with one that is {version}, such as {endpoint}/{version}",
        ),
    ] {
        let expected = if says.is_empty() { "nothing is wrong" } else { says };
        assert_eq!(with(&format!("{addition}\n")), expected, "{addition}");
    }
}

#[test]
fn metrics_under_old_names_need_the_schedule_that_old_alarms_name() {
    assert_eq!(with("compatibility: { sagemaker: {} }"), "nothing is wrong");
    assert_eq!(
        with("compatibility: { sagemaker: { metrics: true } }"),
        "6:40: compatibility.sagemaker.metrics: found metrics without a schedule, expected schedule: the MonitoringSchedule that the alarms name"
    );
    let name = with("compatibility: { sagemaker: { metrics: true, schedule: nightly, endpoint: \"a b\" } }");
    assert!(name.ends_with("found \"a b\", expected a SageMaker name: letters, digits and hyphens"), "{name}");
}

#[test]
fn another_registry_is_named_as_that_registry_names_things() {
    assert_eq!(with("registered_in: { sagemaker: Flight-delay2, mlflow: flight_delay }"), "nothing is wrong");
    assert_eq!(with("registered_in: { mlflow: team a/Flight delay }"), "nothing is wrong");
    for wrong in ["flight_delay", "-flight", "flight-", "arn:aws:sagemaker:eu-central-1:1:model-package-group/flight"] {
        let says = with(&format!("registered_in: {{ sagemaker: \"{wrong}\" }}"));
        assert!(says.starts_with("6:29: registered_in.sagemaker: found") && says.contains("a model package group"), "{says}");
    }
    for wrong in ["models:/flight/3", "a/b/c", "/flight", "flight/"] {
        let says = with(&format!("registered_in: {{ mlflow: \"{wrong}\" }}"));
        assert!(says.starts_with("6:26: registered_in.mlflow: found") && says.contains("workspace/name"), "{says}");
    }
}

#[test]
fn truth_has_a_prefix_of_its_own_and_is_waited_for_so_many_days() {
    assert_eq!(with("truth: { prefix: outcomes/, actual: result.code, late_days: 90 }"), "nothing is wrong");
    let clash = with("truth: { prefix: m/ }\nlogs: { prefix: m/2013/ }");
    assert!(
        clash.ends_with("found the prefix of the scoring logs, expected one of its own: every log would be taken for truth"),
        "{clash}"
    );
    assert_eq!(with("truth: { late_days: 0 }"), "6:21: truth.late_days: found 0, expected 1 to 366 days");
}

#[test]
fn an_endpoint_that_cannot_be_tested_is_told() {
    let endpoint = |settings: &str| with(&format!("validation:\n  endpoint: {{ {settings} }}\n"));
    assert_eq!(endpoint("rate: 5, requests: 100"), "7:13: validation.endpoint: found no endpoint to test, expected url: or sagemaker:");
    assert_eq!(
        endpoint("url: 'https://a.example.com', sagemaker: a, rate: 1, errors: 2"),
        "\
7:13: validation.endpoint.requests: found a test of 1000 seconds (1000 at 1 a second), expected at most 300
7:56: validation.endpoint.sagemaker: found it beside url, expected one of them
7:76: validation.endpoint.errors: found 2, expected a share from 0 to 1"
    );
    assert_eq!(
        endpoint("url: a.example.com, variant: blue, requests: 0"),
        "\
7:20: validation.endpoint.url: found \"a.example.com\", expected an address that begins with https://
7:44: validation.endpoint.variant: found it without sagemaker, expected none: only SageMaker's endpoints have variants
7:60: validation.endpoint.requests: found 0, expected at least 1"
    );
    assert_eq!(endpoint("url: 'https://a.example.com/{run}', latency_p99_ms: 250"), "nothing is wrong");
}
