//! Ground truth: told from scoring logs by its content, read in every format, and put aside where it says too little.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, Float64Array, RecordBatch, StringArray};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use tidegate_contract::Contract;
use tidegate_intake::{ACTUAL, Half, Layout, Limits, LogKind, Partition, Plan, Rejected, Sink, SinkError, Summary, read};
use tidegate_profile::BatchFacts;

#[derive(Default)]
struct Kept {
    rows: Vec<(Option<i64>, String, String)>,
    reasons: Vec<String>,
    withheld: Vec<bool>,
    partitions: Vec<Partition>,
}

impl Sink for Kept {
    fn batch(&mut self, partition: Partition, batch: RecordBatch, _: BatchFacts) -> Result<(), SinkError> {
        self.partitions.push(partition);
        let times = batch.column(0).as_primitive::<TimestampMillisecondType>();
        let ids = batch.column(1).as_string::<i32>();
        // Records of predictions have none.
        let Some(actual) = batch.column_by_name(ACTUAL) else { return Ok(()) };
        let actual = actual.as_dictionary::<arrow_array::types::Int32Type>();
        let names = actual.values().as_string::<i32>();
        for row in 0..batch.num_rows() {
            let code = usize::try_from(actual.keys().value(row)).unwrap();
            let time = (!times.is_null(row)).then(|| times.value(row));
            self.rows.push((time, ids.value(row).to_owned(), names.value(code).to_owned()));
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError> {
        self.reasons.push(rejected.reason.text);
        self.withheld.push(rejected.withheld.is_some());
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}

fn contract(more: &str) -> Contract {
    Contract::parse(&format!("model: m\ntask: binary\nfeatures: [{{ name: x, type: numeric }}]\n{more}\n")).unwrap()
}

fn run(contract: &Contract, bytes: impl Into<Bytes>) -> (Kept, Summary) {
    let mut kept = Kept::default();
    let summary = read(&Plan::truth(contract), Limits::default(), bytes.into(), &mut kept).unwrap();
    let lines = summary.lines;
    assert!(kept.partitions.iter().all(|partition| *partition == Partition::default()), "truth is not parted");
    assert_eq!(lines.read, lines.accepted + lines.quarantined + lines.blank);
    (kept, summary)
}

fn told(contract: &Contract, bytes: impl Into<Bytes>) -> Option<LogKind> {
    let plan = Plan::new(contract, Layout::Logs).unwrap();
    read(&plan, Limits::default(), bytes.into(), &mut Kept::default()).unwrap().log
}

fn parquet(columns: &[&str]) -> Bytes {
    let columns = columns.iter().map(|name| {
        let array: Arc<dyn Array> =
            if *name == "score" { Arc::new(Float64Array::from(vec![0.5])) } else { Arc::new(StringArray::from(vec!["a"])) };
        (*name, array)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes.into()
}

#[test]
fn truth_is_told_from_scoring_logs_in_every_format() {
    let plain = contract("");
    for (text, is_truth) in [
        ("{\"inference_id\":\"a\",\"actual\":1}\n", true),
        ("{\"inference_id\":\"a\",\"label\":\"late\",\"timestamp\":\"2013-07-01T00:00:00Z\"}\n", true),
        ("[{\"inference_id\":\"a\",\"actual\":1}]", true),
        ("inference_id,actual\na,1\n", true),
        ("inference_id,actual,score\na,1,0.5\n", false),
        ("{\"timestamp\":1372636800,\"inference_id\":\"a\",\"actual\":1,\"prediction\":1}\n", false),
        ("{\"timestamp\":1372636800,\"inference_id\":\"a\",\"actual\":1,\"features\":{\"x\":1}}\n", false),
        ("{\"actual\":1}\n", false),
    ] {
        assert_eq!(told(&plain, text) == Some(LogKind::GroundTruth), is_truth, "{text}");
    }
    assert_eq!(told(&plain, parquet(&["inference_id", "outcome"])), Some(LogKind::GroundTruth));
    assert_eq!(told(&plain, parquet(&["inference_id", "outcome", "score"])), None);
    let own = contract("truth: { actual: result.code, inference_id: request }");
    assert_eq!(told(&own, "{\"request\":\"a\",\"result\":{\"code\":4}}\n"), Some(LogKind::GroundTruth));
    assert_eq!(told(&own, "{\"inference_id\":\"a\",\"actual\":1}\n"), None);
}

#[test]
fn what_says_too_little_is_put_aside_and_the_rest_is_kept() {
    let text = "{\"inference_id\":\"a\",\"actual\":1,\"time\":\"2013-07-02T00:00:00Z\"}\n\n\
        {\"inference_id\":7,\"actual\":true}\n{\"actual\":1}\n{\"inference_id\":\"b\"}\n{\"inference_id\":\"c\",\"actual\":\" \"}\n\
        {\"inference_id\":\"d\",\"actual\":[1]}\n{\"inference_id\":\"e\",\"actual\":1,\"time\":\"soon\"}\nrubbish\n";
    let (kept, summary) = run(&contract(""), text);
    let row = |time, id: &str, actual: &str| (time, id.to_owned(), actual.to_owned());
    assert_eq!(kept.rows, [row(Some(1_372_723_200_000), "a", "1"), row(None, "7", "true")]);
    assert_eq!((summary.lines.read, summary.lines.accepted, summary.lines.quarantined, summary.lines.blank), (9, 2, 6, 1));
    assert_eq!(
        summary.reasons.iter().map(|(reason, lines)| (reason.as_str(), *lines)).collect::<Vec<_>>(),
        [("actual", 3), ("identity", 1), ("json", 1), ("timestamp", 1)]
    );
    assert_eq!(kept.reasons[0], "found nothing at \"inference_id\", expected the id of a prediction");
}

#[test]
fn the_truth_of_a_serving_system_names_its_event() {
    let line = r#"{"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":"e-1"},"eventVersion":"0"}"#;
    assert_eq!(told(&contract(""), line), Some(LogKind::SagemakerGroundTruth));
    assert_eq!(run(&contract(""), line).0.rows, [(None, "e-1".to_owned(), "1".to_owned())]);
}

#[test]
fn an_id_that_is_hashed_for_predictions_is_hashed_for_truth_and_lines_are_withheld() {
    let hashed = contract("record: { hash: [inference_id] }");
    let (kept, _) = run(&hashed, "{\"inference_id\":\"a\",\"actual\":1}\n{\"inference_id\":\"a\"}\n");
    assert_eq!((kept.rows[0].1.len(), kept.withheld), (32, vec![true]));
}
