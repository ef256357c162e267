//! Contracts that are right: short ones, full ones, and the ways to write them.

use tidegate_contract::{BaselineKind, Contract, FeatureKind, FieldRole, Method, Metric, RecordFormat, Replace, Task, WindowLength};

const SHORT: &str = "\
model: flight-delay
owners: { monitoring: ml-oncall@example.com }
task: binary
features:
  - { name: distance, type: numeric, range: [0, 6000] }
  - { name: carrier, type: categorical }
  - { name: origin, type: categorical, protected: true }
segments: [origin]
promotion:
  prod: { approvals: 1, approvers: [lead@example.com] }
";

const FULL: &str = r#"
# everything that can be said
model: flight-delay
owners: { business: ops@example.com, monitoring: ml-oncall@example.com }
consumption: real-time            # or batch
availability: { target: 0.999, hours: weekdays 06-22 }
sensitivity: internal             # public | internal | restricted
task: binary                      # binary | multiclass | regression
logs: { prefix: apps/flights/ }
record:
  format: jsonl
  timestamp: event.time
  inference_id: inference_id
  version: version
  prediction: prediction
  score: event.output.score
  latency_ms: took
  features: ""
features:
  - { name: distance, type: numeric, range: [0, 6000], path: "flight.distance (mi)" }
  - { name: carrier, type: categorical }
  - { name: origin, type: categorical, allowed: [EWR, JFK, LGA, NO, 1], protected: true }
  - name: speed
    type: numeric
    derived_from: [distance, air_time]
    importance: 0.5
    monitoring: { effect: 0.2, missing: 0.01, mute: true }
segments: [origin]
service: { latency_p99_ms: 100, error_rate: 0.001, silence_minutes: 90 }
monitoring:
  windows: [1h, 1d, 30d]
  baselines: [training, seasonal, previous]
  effect: 0.15
  false_discovery_rate: 0.05
  minimum_records: 100
  bad_lines: 0.1
  late: 36h
validation:
  primary: roc_auc
  minimum: 0.70
  non_inferiority: 0.005
  fairness: { metric: equalized_odds_difference, maximum: 0.10 }
  latency_p99_ms: 50
promotion:
  dev:  { approvals: 0 }          # autonomous
  test: { approvals: 1, approvers: [lead@example.com] }
  prod: { approvals: 2, approvers: [lead@example.com, risk@example.com], expires: 72h }
retraining: { mode: propose, minimum_records: 10000, cooldown: 24h, plan: "data science, monthly" }
"#;

#[test]
fn ten_lines_are_enough_and_the_rest_has_defaults() {
    assert_eq!(SHORT.lines().count(), 10);
    let contract = Contract::parse(SHORT).unwrap();
    assert_eq!(contract.task, Task::Binary);
    assert_eq!(contract.record.timestamp, "timestamp");
    assert_eq!(contract.monitoring.windows, [WindowLength::hours(24)]);
    assert_eq!(contract.monitoring.baselines, [BaselineKind::Training, BaselineKind::Seasonal, BaselineKind::Previous]);
    assert!((contract.monitoring.effect - 0.04).abs() < f64::EPSILON);
    assert_eq!(contract.retraining.minimum_records, 10_000);
    assert_eq!(contract.logs_prefix(), "flight-delay/");
}

#[test]
fn everything_that_can_be_said_is_understood() {
    let contract = Contract::parse(FULL).unwrap();
    assert_eq!(contract.record.format, RecordFormat::Jsonl);
    assert_eq!(contract.logs_prefix(), "apps/flights/");
    assert_eq!(contract.monitoring.windows.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1h", "1d", "30d"]);
    assert_eq!(contract.monitoring.late, WindowLength::hours(36));
    assert_eq!(
        contract.features[2].allowed.as_deref().unwrap(),
        ["EWR", "JFK", "LGA", "NO", "1"],
        "a country is not a flag, a digit may be a name"
    );
    assert_eq!(contract.features[3].monitoring.as_ref().unwrap().effect, Some(0.2));
    let fields = contract.fields();
    assert_eq!(
        fields.iter().map(|field| field.path.as_str()).collect::<Vec<_>>(),
        ["flight.distance (mi)", "carrier", "origin", "speed", "event.output.score", "prediction", "took"]
    );
    assert_eq!(fields[5].role, FieldRole::Prediction);
    assert_eq!(fields[5].kind, FeatureKind::Categorical);
}

#[test]
fn what_several_settings_share_may_be_written_once() {
    let text = SHORT.replace("lead@example.com", "&lead lead@example.com") + "  test: { approvals: 1, approvers: [*lead] }\n";
    assert_eq!(Contract::parse(&text).unwrap().promotion.test.unwrap().approvers, ["lead@example.com"]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_no_obstacle() {
    let text = format!("\u{FEFF}{}", SHORT.replace('\n', "\r\n"));
    assert_eq!(Contract::parse(&text).unwrap(), Contract::parse(SHORT).unwrap());
}

#[test]
fn json_is_a_way_to_write_a_contract() {
    let contract = Contract::parse(FULL).unwrap();
    let json = serde_json::to_string_pretty(&contract).unwrap();
    assert_eq!(Contract::parse(&json).unwrap(), contract);
}

#[test]
fn everything_that_the_gate_asks_for_can_be_said() {
    let gate = "validation:
  primary: f1
  minimum: 0.6
  replace: when-not-worse
  non_inferiority: 0.02
  limits: [{ metric: brier, maximum: 0.2 }, { metric: recall, minimum: 0.5 }]
  segment_margin: 0.05
  fairness: { metric: demographic_parity_ratio, minimum: 0.8 }
  fairness_limits: [{ metric: equal_opportunity_difference, maximum: 0.1 }]
  minimum_rows: 500
  minimum_group_rows: 50
  positive: late
  threshold: 0.4
  latency_p50_ms: 5
  latency_p99_ms: 50
  artifact_bytes: 50000000
";
    let text = format!("model: m\ntask: binary\nfeatures: [{{ name: origin, type: categorical, protected: true }}]\n{gate}");
    let contract = Contract::parse(&text).unwrap();
    let validation = &contract.validation;
    assert_eq!((validation.primary(Task::Binary), validation.replace), (Metric::F1, Replace::WhenNotWorse));
    assert_eq!(validation.limits.iter().map(|limit| limit.metric).collect::<Vec<_>>(), [Metric::Brier, Metric::Recall]);
    assert_eq!(validation.fairness_rules().count(), 2);
    assert_eq!((validation.minimum_rows(), validation.minimum_group_rows(), validation.artifact_bytes), (500, 50, Some(50_000_000)));
    assert_eq!(Contract::parse(&serde_json::to_string(&contract).unwrap()).unwrap(), contract);
    let unsaid = Contract::parse("model: m\ntask: regression\nfeatures: [{ name: x, type: numeric }]").unwrap().validation;
    assert_eq!((unsaid.primary(Task::Regression), unsaid.replace, unsaid.minimum_rows()), (Metric::Rmse, Replace::WhenBetter, 200));
}

#[test]
fn a_digest_names_the_content_and_not_the_way_it_is_written() {
    let contract = Contract::parse(SHORT).unwrap();
    let digest = contract.digest();
    assert_eq!(digest.len(), 64);
    assert!(digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let otherwise = SHORT
        .replace("task: binary\n", "")
        .replace("segments: [origin]", "segments:\n  - origin # by airport\ntask: binary\nmonitoring: { effect: 0.040 }");
    assert_eq!(Contract::parse(&otherwise).unwrap().digest(), digest);
    assert_ne!(Contract::parse(&SHORT.replace("6000", "6001")).unwrap().digest(), digest);
}

/// The digest goes into lineage, so it changes only when a contract comes to mean something else: another value, another
/// default, a new setting. This one was computed by another program (Python: `json.dumps` with sorted keys, `hashlib`).
#[test]
fn the_digest_of_a_content_is_the_same_everywhere() {
    let contract = Contract::parse("model: m\ntask: binary\nfeatures: [{ name: x, type: numeric }]\nmonitoring: { effect: 0.1 }").unwrap();
    assert_eq!(contract.digest(), "9dc7af3be615222d5ce1bbd227dab455e716b8ded4d61b31805f4fe453fa4b65");
}

#[test]
fn the_contract_of_the_demo_is_right() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cli/demo/flight-delay.yaml");
    let contract = Contract::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(contract.model, "flight-delay");
}

#[test]
fn no_damage_to_a_contract_does_more_than_make_it_wrong() {
    let lines = FULL.lines().count() as u64;
    for at in (0..FULL.len()).filter(|at| FULL.is_char_boundary(*at)).step_by(23) {
        for damage in ["", "\u{0}", "- ", "{", "]", ": ", "&a ", "*a ", "\"", "\t", "\n", "é", "<<: *a\n", "!!float "] {
            let (before, after) = FULL.split_at(at);
            let text = format!("{before}{damage}{}", after.get(1..).unwrap_or_default());
            if let Err(error) = Contract::parse(&text) {
                assert!(!error.problems().is_empty(), "{text}");
                for problem in error.problems() {
                    assert!((1..=lines + 3).contains(&problem.line) && problem.column >= 1, "{problem}\n{text}");
                    assert!(!problem.message.is_empty(), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_features_method_and_threshold_replace_the_models_one_by_one() {
    let monitoring = |text: &str| Contract::parse(text).unwrap();
    let contract = monitoring(
        "model: m\ntask: binary\nfeatures:\n  - { name: plain, type: numeric }\n  - { name: own, type: numeric, monitoring: { method: ks } }\n  - { name: wide, type: numeric, monitoring: { threshold: 0.3 } }\n  - { name: auto, type: numeric, monitoring: { method: auto } }\nmonitoring: { method: psi, threshold: 0.2 }\n",
    );
    let named: Vec<Option<(Method, f64)>> =
        contract.features.iter().map(|feature| contract.monitoring.named_method(feature.monitoring.as_ref(), feature.kind)).collect();
    assert_eq!(named, [Some((Method::Psi, 0.2)), Some((Method::Ks, 0.1)), Some((Method::Psi, 0.3)), None]);
    let ks = monitoring("model: m\ntask: binary\nfeatures: [{ name: x, type: numeric }]\nmonitoring: { method: ks }\n").monitoring;
    assert_eq!(ks.named_method(None, FeatureKind::Categorical), None, "names have no order");
}
