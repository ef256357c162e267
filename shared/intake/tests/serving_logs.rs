//! What serving systems log, as they log it: one sample for every format and shape, in `events/logs`, whose README names the sources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use proptest::prelude::*;
use support::{Kept, contract_of, read, read_in};
use tidegate_intake::{Flow, Intake, Layout, Limits, LogKind, Plan, Summary, join, read_parquet};

/// Two features, a score and a prediction: what every sample carries.
const CONTRACT: &str = r#"{"model": "churn", "task": "binary", "features": [
    {"name": "age", "type": "numeric"}, {"name": "plan", "type": "categorical"}]}"#;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../events/logs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn plan_of(contract: &str) -> Plan {
    Plan::new(&contract_of(contract), Layout::Logs).unwrap()
}

/// A contract with these settings of `record`.
fn with_record(task: &str, record: &str) -> Plan {
    plan_of(
        &CONTRACT
            .replace("\"binary\"", &format!("\"{task}\""))
            .replace("\"features\": [", &format!("\"record\": {record}, \"features\": [")),
    )
}

/// What became of every record: id, age, plan, score, prediction.
type Record = (Option<String>, Option<f64>, Option<String>, Option<f64>, Option<String>);

fn records(kept: &Kept) -> Vec<Record> {
    let (ids, ages, plans) = (kept.texts("inference_id"), kept.numbers("age"), kept.texts("plan"));
    let (scores, predictions) = (kept.numbers("score"), kept.texts("prediction"));
    (0..kept.rows()).map(|at| (ids[at].clone(), ages[at], plans[at].clone(), scores[at], predictions[at].clone())).collect()
}

fn record(id: &str, age: f64, plan: &str, score: f64) -> Record {
    (Some(id.into()), Some(age), Some(plan.into()), Some(score), None)
}

fn whole(plan: &Plan, name: &str, kind: LogKind) -> (Kept, Summary) {
    let (kept, summary) = read(plan, sample(name));
    assert_eq!(summary.log, Some(kind), "{name}");
    assert!(kept.rejected.is_empty(), "{name}: {:?}", kept.rejected);
    (kept, summary)
}

#[test]
fn sagemaker_captures_are_read_in_every_encoding_and_shape() {
    let (kept, summary) = whole(&plan_of(CONTRACT), "sagemaker-capture.jsonl", LogKind::SagemakerCapture);
    assert_eq!(
        records(&kept),
        [
            record("inf-csv", 41.0, "gold", 0.25),
            record("e2_0", 41.0, "gold", 0.5),
            record("e2_1", 7.0, "basic", 0.75),
            record("e3", 33.0, "gold", 0.125),
            record("e4", 34.0, "basic", 0.5),
            record("e5_0", 1.0, "gold", 0.1),
            record("e5_1", 2.0, "basic", 0.9),
            (Some("e6".into()), Some(35.0), Some("gold".into()), Some(0.5), Some("1".into())),
            record("e7_0", 51.0, "gold", 0.2),
            record("e7_1", 52.0, "basic", 0.3),
            (Some("e8".into()), Some(36.0), None, None, None),
            (Some("e9".into()), None, None, Some(0.5), None),
        ]
    );
    assert_eq!((summary.lines.read, summary.lines.blank), (13, 1), "an event of two records counts as two lines");
    assert_eq!(kept.times()[0], Some(1_574_292_792_000));
}

#[test]
fn what_the_contract_does_not_expect_in_a_capture_is_put_aside_with_its_reason() {
    let (kept, summary) = read(&plan_of(CONTRACT), sample("sagemaker-capture-faults.jsonl"));
    assert_eq!(summary.log, Some(LogKind::SagemakerCapture));
    let reasons: Vec<(&str, &str)> = kept.rejected.iter().map(|bad| (bad.kind, bad.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            ("field-count", "found 3 values in a row, expected the 2 that the list of features (or record.columns) names"),
            ("payload", "in the request: found what is no base64 of UTF-8 text, expected that by its encoding"),
            (
                "payload",
                "found 3 rows in the request and 2 in the response, expected as many: record.outputs names several values of one row"
            ),
            ("payload", "found an event without a request and without a response, expected one of them"),
            ("timestamp-missing", "found nothing at \"timestamp\", expected the time of the prediction"),
            ("json", "found a word, expected a value"),
        ]
    );
    assert_eq!(records(&kept), [record("good", 41.0, "gold", 0.25)]);
    let first = String::from_utf8(kept.rejected[0].text.clone()).unwrap();
    assert!(first.starts_with("{\"captureData\"") && first.ends_with('}'), "the whole line is kept: {first}");
}

#[test]
fn the_values_of_a_response_mean_what_the_task_or_the_contract_says() {
    let capture = |data: &str| {
        format!(
            r#"{{"captureData":{{"endpointInput":{{"data":"41,gold","encoding":"CSV"}},"endpointOutput":{{"data":"{data}","encoding":"CSV"}}}},"eventMetadata":{{"eventId":"e","inferenceTime":"2019-11-20T23:33:12Z"}}}}"#
        )
    };
    let answer = |plan: &Plan, data: &str| {
        let (kept, _) = read(plan, capture(data));
        (kept.numbers("score")[0], kept.texts("prediction").first().cloned().flatten())
    };
    let binary = plan_of(CONTRACT);
    assert_eq!(answer(&binary, "0.5"), (Some(0.5), None));
    assert_eq!(answer(&binary, "yes"), (None, Some("yes".into())), "a class is no score");
    assert_eq!(answer(&binary, "0.5,1"), (None, None), "nothing says which is which");
    assert_eq!(answer(&with_record("binary", r#"{"outputs": ["prediction", "score"]}"#), "1,0.5"), (Some(0.5), Some("1".into())));
    assert_eq!(answer(&with_record("binary", r#"{"outputs": ["_", "score"]}"#), "0.25,0.75"), (Some(0.75), None));
    assert_eq!(answer(&with_record("multiclass", "{}"), "0.1,0.7,0.2"), (Some(0.7), Some("1".into())));
    assert_eq!(answer(&with_record("multiclass", "{}"), "setosa"), (None, Some("setosa".into())));
}

#[test]
fn batch_transform_outputs_are_read_and_its_manifests_are_named() {
    let plan = with_record("binary", "{}");
    let (kept, _) = whole(&plan, "sagemaker-transform.csv", LogKind::SagemakerTransform);
    let ids = ["1f1d57b1-2e6f-488c-8c30-db4e6d757861", "5d1f2a04-0c0d-4a5f-93d7-3d3bb7a0a6d2"];
    assert_eq!(records(&kept), ids.map(|id| (Some(id.into()), None, None, Some(if id.starts_with('1') { 0.0 } else { 0.5 }), None)));
    let (kept, _) = whole(&plan, "sagemaker-transform.jsonl", LogKind::SagemakerTransform);
    assert_eq!(records(&kept), ids.map(|id| (Some(id.into()), None, None, Some(if id.starts_with('1') { 0.0 } else { 0.5 }), None)));
    for (name, kind) in
        [("sagemaker-manifest.json", LogKind::SagemakerManifest), ("sagemaker-ground-truth.jsonl", LogKind::SagemakerGroundTruth)]
    {
        let (kept, summary) = whole(&plan, name, kind);
        assert_eq!((kept.rows(), summary.lines.read, kind.holds_records()), (0, 0, false), "{name}");
        assert_eq!(summary.content_bytes, sample(name).len() as u64);
    }
}

/// What requests and responses become: those that meet within an object, and the rest joined.
fn joined(plan: &Plan, contents: &[Vec<u8>]) -> (Kept, Kept, Summary) {
    let mut kept = Kept::default();
    for content in contents {
        let mut intake = Intake::new(plan, Limits::default());
        assert_eq!(intake.push(content, &mut kept).unwrap(), Flow::More);
        intake.finish(&mut kept).unwrap();
    }
    assert!(kept.rejected.is_empty(), "{:?}", kept.rejected);
    let mut across = Kept::default();
    let summary = join(plan, kept.halves.clone(), None, &mut across).unwrap();
    (kept, across, summary)
}

#[test]
fn azure_inputs_and_outputs_are_joined_by_their_correlation_id() {
    let plan = plan_of(CONTRACT);
    let (inputs, outputs) = (sample("azureml-model-inputs.jsonl"), sample("azureml-model-outputs.jsonl"));
    let expected = [record("c1_0", 41.0, "gold", 0.25), record("c1_1", 7.0, "basic", 0.75), record("c2", 33.0, "gold", 0.5)];
    for contents in [vec![inputs.clone(), outputs.clone()], vec![outputs.clone(), inputs.clone()]] {
        let (apart, across, summary) = joined(&plan, &contents);
        assert_eq!((apart.rows(), records(&across).as_slice()), (0, expected.as_slice()));
        assert_eq!((summary.lines.accepted, summary.waiting), (3, 1), "c3 has no output yet");
        assert_eq!(across.batches[0].0.version, "7");
    }
    // In one object the halves meet there.
    let (together, across, _) = joined(&plan, &[[inputs.as_slice(), &outputs].concat()]);
    assert_eq!((records(&together).len(), together.halves.len(), across.rows()), (3, 1, 0));
    let (_, across, summary) = joined(&plan, &[inputs]);
    assert_eq!((across.rows(), summary.waiting), (0, 4));
}

#[test]
fn halves_are_records_of_their_own_when_the_contract_says_so() {
    let plan = with_record("binary", r#"{"pairs": "apart"}"#);
    let (kept, summary) = read(&plan, sample("azureml-model-inputs.jsonl"));
    assert_eq!((kept.rows(), summary.waiting), (4, 0));
    assert_eq!(kept.numbers("age"), [Some(41.0), Some(7.0), Some(33.0), Some(1.0)]);
}

#[test]
fn kserve_requests_and_responses_are_joined_by_their_id_in_every_file_format() {
    let expected = [record("k1_0", 41.0, "gold", 0.25), record("k1_1", 7.0, "basic", 0.75), record("k2", 33.0, "gold", 0.5)];
    let plan = plan_of(CONTRACT).of_object(None, Some(1_574_292_792_000));
    for name in ["kserve.json", "kserve.jsonl", "kserve.csv"] {
        let (kept, summary) = whole(&plan, name, LogKind::Kserve);
        let mut found = records(&kept);
        found.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!((found.as_slice(), summary.waiting), (expected.as_slice(), 0), "{name}");
    }
    let (kept, summary) = read(&plan, sample("kserve-bare-object.json"));
    assert_eq!((kept.rows(), summary.waiting, summary.log), (0, 2, Some(LogKind::Kserve)));

    let column = |name: &str, values: [&str; 2]| -> (String, ArrayRef) { (name.into(), Arc::new(StringArray::from(values.to_vec()))) };
    let batch = RecordBatch::try_from_iter([
        column("url", ["http://logger", "http://logger"]),
        column("bytes", ["eyJpbnN0YW5jZXMiOltbNDEsImdvbGQiXV19", "eyJwcmVkaWN0aW9ucyI6WzAuMjVdfQ=="]),
        column("reqType", ["org.kubeflow.serving.inference.request", "org.kubeflow.serving.inference.response"]),
        column("id", ["k1", "k1"]),
        column("inferenceService", ["churn", "churn"]),
    ])
    .unwrap();
    let mut file = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut kept = Kept::default();
    let summary = read_parquet(&plan, Limits::default(), bytes::Bytes::from(file.clone()), &mut kept).unwrap();
    assert_eq!((records(&kept), summary.log), (vec![record("k1", 41.0, "gold", 0.25)], Some(LogKind::Kserve)));
    let mut kept = Kept::default();
    read_parquet(&plan_of(CONTRACT), Limits::default(), bytes::Bytes::from(file), &mut kept).unwrap();
    assert_eq!(kept.kinds(), ["timestamp-missing"; 2], "nothing says when they were logged");
}

#[test]
fn inference_tables_hold_request_and_response_as_json_texts() {
    let (kept, _) = whole(&plan_of(CONTRACT), "inference-table.jsonl", LogKind::InferenceTable);
    let failed = (Some("t3".into()), Some(35.0), Some("gold".into()), None, None);
    assert_eq!(
        records(&kept),
        [record("t1_0", 41.0, "gold", 0.25), record("t1_1", 7.0, "basic", 0.75), record("t2", 33.0, "gold", 0.5), failed]
    );
    assert_eq!(kept.batches[0].0.version, "7");
    assert_eq!(kept.numbers("latency_ms")[0], Some(12.0));
}

#[test]
fn json_is_read_as_an_array_or_over_several_lines() {
    let plan = plan_of(CONTRACT);
    for name in ["plain-array.json", "plain-pretty.json"] {
        let (kept, summary) = read(&plan, sample(name));
        assert_eq!(records(&kept), [record("p1", 41.0, "gold", 0.25), record("p2", 7.0, "basic", 0.75)], "{name}");
        assert_eq!(kept.rejected.iter().map(|bad| (bad.line, bad.kind)).collect::<Vec<_>>(), [(14, "json")], "{name}");
        assert_eq!(summary.format.map(tidegate_intake::Format::name), Some("json"));
    }
    let (kept, summary) = read(&plan, r#"[{"timestamp":0,"features":{"age":1}}, 7, {"timestamp":0,"features":{"age":2}"#);
    assert_eq!(kept.kinds(), ["not-an-object", "json"], "an array that breaks off keeps what came before");
    assert_eq!((kept.rows(), summary.fault.is_some()), (1, true));
}

#[test]
fn a_mapping_names_the_places_of_arrays_and_fills_in_constants() {
    let plan = plan_of(
        r#"{"model": "churn", "task": "binary",
        "record": {"features": "in.values", "columns": ["age", "_", "plan"], "score": "out[1]", "version": "v", "constants": [{"name": "version", "value": "9"}]},
        "features": [{"name": "age", "type": "numeric"}, {"name": "plan", "type": "categorical"}]}"#,
    );
    let (kept, _) = read(&plan, r#"{"timestamp":0,"inference_id":"i","in":{"values":[41,0,"gold"]},"out":[0.75,0.25]}"#);
    assert_eq!(records(&kept), [record("i", 41.0, "gold", 0.25)]);
    assert_eq!(kept.batches[0].0.version, "9");
}

#[test]
fn csv_without_a_header_takes_its_names_from_the_contract() {
    let plan = with_record("binary", r#"{"columns": ["timestamp", "inference_id", "age", "plan", "score"]}"#);
    let (kept, summary) = read(&plan, "2019-11-20T23:33:12Z,i,41,gold,0.25\n2019-11-20T23:33:13Z,j,7,basic,0.75\n");
    assert_eq!(records(&kept), [record("i", 41.0, "gold", 0.25), record("j", 7.0, "basic", 0.75)]);
    assert_eq!(summary.lines.read, 2);
    let training = Plan::new(&contract_of(CONTRACT), Layout::Dataset).unwrap();
    assert_eq!(read(&training, "41,gold\n7,basic\n").0.numbers("age"), [Some(41.0), Some(7.0)]);
}

#[test]
fn the_folders_of_a_key_name_the_version_of_records_that_do_not() {
    let plan = plan_of(CONTRACT).of_object(Some("AllTraffic"), None);
    let (kept, _) = whole(&plan, "sagemaker-capture.jsonl", LogKind::SagemakerCapture);
    assert!(kept.batches.iter().all(|(partition, _, _)| partition.version == "AllTraffic"));
}

#[test]
fn personal_data_are_stored_as_pseudonyms_or_not_at_all() {
    let plan = with_record("binary", r#"{"hash": ["plan", "inference_id"], "drop": ["email"]}"#);
    let line = |id: &str, plan: &str| {
        format!(r#"{{"timestamp":0,"inference_id":"{id}","features":{{"age":41,"plan":"{plan}","email":"a@b.c"}},"score":0.5}}"#)
    };
    let (kept, _) = read(&plan, [line("i", "gold"), line("i", "gold"), line("j", "basic"), "{\"email\":\"a@b.c\"".to_owned()].join("\n"));
    let (plans, ids) = (kept.texts("plan"), kept.texts("inference_id"));
    assert!(plans[0] == plans[1] && plans[0] != plans[2] && ids[0] == ids[1] && ids[0] != ids[2]);
    assert!(plans.iter().chain(&ids).flatten().all(|text| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())));
    assert!(kept.batches.iter().all(|(_, _, facts)| facts.unexpected.is_empty()), "a dropped feature is not mentioned");
    assert_eq!(kept.rejected[0].text, b"");
    assert_eq!(kept.rejected[0].withheld.as_ref().unwrap().len(), 64);

    // Halves carry the same pseudonyms, and what is joined is not hashed again.
    let (inputs, outputs) = (sample("azureml-model-inputs.jsonl"), sample("azureml-model-outputs.jsonl"));
    let (apart, across, _) = joined(&plan, &[inputs.clone(), outputs]);
    assert!(apart.halves.iter().all(|half| !half.contains("gold") && !half.contains("\"c1_0\"")));
    assert!(across.texts("plan").contains(&plans[0]));
    let (direct, _) = read(&with_record("binary", r#"{"hash": ["plan", "inference_id"], "pairs": "apart"}"#), inputs);
    assert!(across.texts("inference_id").contains(&direct.texts("inference_id")[0]));
}

const SAMPLES: [&str; 14] = [
    "sagemaker-capture.jsonl",
    "sagemaker-capture-faults.jsonl",
    "sagemaker-transform.csv",
    "sagemaker-transform.jsonl",
    "sagemaker-manifest.json",
    "sagemaker-ground-truth.jsonl",
    "azureml-model-inputs.jsonl",
    "azureml-model-outputs.jsonl",
    "kserve.json",
    "kserve.jsonl",
    "kserve.csv",
    "inference-table.jsonl",
    "plain-array.json",
    "plain-pretty.json",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_result_does_not_depend_on_where_the_bytes_are_cut(name in prop::sample::select(&SAMPLES), chunk in 1_usize..400) {
        let plan = plan_of(CONTRACT).of_object(None, Some(0));
        let content = sample(name);
        let (kept, summary) = read(&plan, &content);
        let (cut, cut_summary) = read_in(&plan, Limits::default(), &content, chunk);
        prop_assert_eq!(kept, cut);
        prop_assert_eq!(summary, cut_summary);
    }

    #[test]
    fn damage_costs_no_neighbour_and_never_a_panic(name in prop::sample::select(&SAMPLES), at in 0_usize..4_000, byte in any::<u8>()) {
        let plan = plan_of(CONTRACT).of_object(None, Some(0));
        let mut content = sample(name);
        let at = at % content.len();
        content[at] = byte;
        // `read` itself checks that every line is accounted for.
        read(&plan, &content);
    }

    #[test]
    fn halves_join_in_any_order(order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()) {
        let plan = plan_of(CONTRACT);
        let (kept, _, _) = joined(&plan, &[sample("azureml-model-inputs.jsonl"), sample("azureml-model-outputs.jsonl")]);
        let mut halves = kept.halves.clone();
        halves.truncate(order.len());
        let join_all = |halves: Vec<String>| {
            let mut across = Kept::default();
            let summary = join(&plan, halves, None, &mut across).unwrap();
            (across, summary)
        };
        let shuffled: Vec<String> = order.iter().filter_map(|at| halves.get(*at).cloned()).collect();
        prop_assert_eq!(join_all(halves), join_all(shuffled));
    }
}
