//! JSONL: what becomes of values, keys and lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::float_cmp, reason = "tests")]

mod support;

use support::{Kept, contract_of, dataset, good, logs, read, read_in};
use tidegate_intake::{Compression, Format, Layout, Limits, Partition, Plan};

#[test]
fn a_record_becomes_a_row_of_typed_columns() {
    let (kept, summary) = read(&logs(), good(7) + "\n");
    assert_eq!(kept.times(), [Some(1_372_681_805_250)]);
    assert_eq!(kept.texts("inference_id"), [Some("i7".to_owned())]);
    assert_eq!(kept.numbers("x"), [Some(7.0)]);
    assert_eq!(kept.texts("k"), [Some("a".to_owned())]);
    assert_eq!(kept.numbers("score"), [Some(0.5)]);
    assert_eq!(kept.texts("prediction"), [Some("1".to_owned())]);
    assert_eq!(kept.numbers("latency_ms"), [None]);
    assert_eq!(kept.batches[0].0, Partition { version: "v1".into(), hour_ms: Some(1_372_680_000_000) });
    assert_eq!((summary.format, summary.compression), (Some(Format::Jsonl), Compression::Plain));
    assert_eq!(summary.span_ms, Some((1_372_681_805_250, 1_372_681_805_250)));
    assert_eq!(summary.content_bytes, good(7).len() as u64 + 1);
    assert!(summary.fault.is_none());
}

#[test]
fn the_digest_is_that_of_the_content() {
    let (_, summary) = read(&logs(), "{\"a\":1}");
    assert_eq!(summary.content_sha256, "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
    let (_, empty) = read(&logs(), "");
    assert_eq!(empty.content_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!((empty.format, empty.lines.read), (None, 0));
}

/// One record with a value at `x` and `k`.
fn values(value: &str) -> Kept {
    let line = format!(r#"{{"timestamp":0,"features":{{"x":{value},"k":{value}}}}}"#);
    let (kept, _) = read(&logs(), line);
    assert!(kept.rejected.is_empty(), "{value}: {:?}", kept.rejected);
    kept
}

#[test]
fn values_follow_the_rules_of_their_kind() {
    let number = |value| values(value).numbers("x")[0];
    let category = |value| values(value).texts("k").remove(0);
    for (value, expected_number, expected_category, wrong) in [
        ("1", Some(1.0), Some("1"), [0, 0]),
        ("-1.50", Some(-1.5), Some("-1.5"), [0, 0]),
        ("1e400", Some(f64::INFINITY), Some("1e400"), [0, 0]),
        ("\"1.5\"", Some(1.5), Some("1.5"), [0, 0]),
        ("\"-Infinity\"", Some(f64::NEG_INFINITY), Some("-Infinity"), [0, 0]),
        ("\"NaN\"", None, Some("NaN"), [0, 0]),
        ("\"\"", None, Some(""), [0, 0]),
        ("null", None, None, [0, 0]),
        ("true", None, Some("true"), [1, 0]),
        ("\"abc\"", None, Some("abc"), [1, 0]),
        ("\"\\u0000\\ud83d\\ude00\\n\"", None, Some("\u{0}😀\n"), [1, 0]),
        ("{}", None, None, [1, 1]),
        ("[1]", None, None, [1, 1]),
    ] {
        assert_eq!(number(value), expected_number, "{value}");
        assert_eq!(category(value).as_deref(), expected_category, "{value}");
        let kept = values(value);
        assert_eq!([kept.wrong(0), kept.wrong(1)], wrong, "{value}");
    }
}

#[test]
fn a_bad_line_is_put_aside_whole_and_costs_its_neighbours_nothing() {
    for (line, kind, column) in [
        ("not json", "json", Some(1)),
        ("{\"x\": 1.0, \"k\": \"a\"", "json", Some(20)),
        ("{\"x\":1} trailing", "json", Some(9)),
        ("[1,2,3]", "not-an-object", Some(1)),
        ("\"just a string\"", "not-an-object", Some(1)),
        ("{'x': 1}", "json", Some(2)),
        ("\u{feff}", "json", Some(1)),
        ("{\"a\":NaN}", "json", Some(6)),
        ("{\"a\":1,\"a\":2}", "duplicate-key", Some(8)),
        ("{\"a\":1,\"\\u0061\":2}", "duplicate-key", Some(8)),
        ("{\"features\":{\"x\":1,\"x\":2}}", "duplicate-key", Some(20)),
        ("{\"features\":{\"new\":1,\"new\":2}}", "duplicate-key", Some(22)),
        ("{\"features\":{},\"features\":{}}", "duplicate-key", Some(16)),
        ("{\"features\":{\"x\":1}}", "timestamp-missing", None),
        ("{\"timestamp\":null,\"features\":{\"x\":1}}", "timestamp-missing", None),
        ("{\"timestamp\":\"yesterday\"}", "timestamp", None),
        ("{\"timestamp\":9e12}", "timestamp", None),
        ("{\"timestamp\":0,\"inference_id\":{}}", "identity", None),
        ("{\"timestamp\":0,\"version\":[1]}", "identity", None),
        ("{\"timestamp\":0,\"version\":\"a\\nb\"}", "control-character", None),
        ("{\"timestamp\":0,\"features\":{\"a\\u0007\":1}}", "control-character", None),
    ] {
        let content = format!("{}\n{line}\n{}\n", good(1), good(2));
        let (kept, summary) = read(&logs(), &content);
        assert_eq!((summary.lines.read, summary.lines.accepted), (3, 2), "{line}");
        let bad = &kept.rejected[0];
        assert_eq!((bad.kind, bad.line, bad.offset, bad.column), (kind, 2, good(1).len() as u64 + 1, column), "{line}: {}", bad.reason);
        assert_eq!(bad.text, line.as_bytes());
        assert!(!bad.truncated && summary.reasons[kind] == 1);
    }
}

#[test]
fn lines_may_end_as_windows_ends_them_or_not_at_all_and_blank_ones_are_counted() {
    let content = format!("\u{feff}\r\n{}\r\n \t\n\n{}", good(1), good(2));
    let (kept, summary) = read(&logs(), &content);
    assert_eq!((summary.lines.accepted, summary.lines.blank, summary.lines.quarantined), (2, 3, 0));
    assert_eq!(kept.rows(), 2);
}

#[test]
fn keys_may_come_in_any_order_and_be_written_in_any_way() {
    let lines = [
        r#"{"timestamp":1,"features":{"x":1,"k":"a"},"score":0.1}"#,
        r#"{"timestamp":1,"features":{"x":2,"k":"b"},"score":0.2}"#,
        r#"{"score":0.3,"features":{"k":"c","x":3},"timestamp":1}"#,
        r#"{"features":{"x":4},"timestamp":1}"#,
        r#" { "timestamp" : 1 , "features" : { "x" : 5 , "k" : "e" } , "score" : 0.5 } "#,
        r#"{"time\u0073tamp":1,"f\u0065atures":{"\u0078":6,"k":"\u0066"},"score":0.6}"#,
        r#"{"timestamp":1,"other":{"x":[1,{"x":2}],"timestamp":"no"},"features":{"x":7,"k":"g"},"score":0.7}"#,
        r#"{"timestamp":1,"features":[{"x":8}],"score":0.8}"#,
        r#"{"timestamp":1,"features":{"x":9,"k":"i"},"score":0.9}"#,
    ];
    let (kept, _) = read(&logs(), lines.join("\n"));
    assert!(kept.rejected.is_empty(), "{:?}", kept.rejected);
    assert_eq!(kept.numbers("x"), [Some(1.0), Some(2.0), Some(3.0), Some(4.0), Some(5.0), Some(6.0), Some(7.0), None, Some(9.0)]);
    assert_eq!(kept.texts("k").into_iter().map(Option::unwrap_or_default).collect::<String>(), "abcefgi");
    assert_eq!(kept.numbers("score")[1..4], [Some(0.2), Some(0.3), None]);
}

#[test]
fn unexpected_features_are_counted_by_name() {
    let lines = [
        r#"{"timestamp":1,"extra":1,"features":{"x":1,"new":1,"k":"a","n\u0065w2":{"a":1}}}"#,
        r#"{"timestamp":1,"features":{"x":1,"new":null,"k":"a"}}"#,
    ];
    let (kept, _) = read(&logs(), lines.join("\n"));
    assert_eq!(kept.batches[0].2.unexpected, [("new".to_owned(), 2), ("new2".to_owned(), 1)]);

    let flat =
        contract_of(r#"{"model": "m", "task": "binary", "record": {"features": ""}, "features": [{"name": "x", "type": "numeric"}]}"#);
    let (kept, _) = read(&Plan::new(&flat, Layout::Logs).unwrap(), r#"{"timestamp":1,"x":5,"score":1,"extra":1}"#);
    assert_eq!(kept.numbers("x"), [Some(5.0)]);
    assert_eq!(kept.batches[0].2.unexpected, [("extra".to_owned(), 1)]);
}

#[test]
fn paths_reach_into_nested_objects_and_may_share_a_value() {
    let contract = contract_of(
        r#"{"model": "m", "task": "regression", "record": {"timestamp": "meta.at", "version": "meta.model.version", "features": "event.input", "score": "event.output", "prediction": "event.output"},
            "features": [{"name": "x", "type": "numeric", "path": "deep.x"}, {"name": "y", "type": "numeric", "path": "deep"}]}"#,
    );
    let (kept, _) = read(
        &Plan::new(&contract, Layout::Logs).unwrap(),
        r#"{"meta":{"at":"2013-07-01T00:00:00Z","model":{"version":3}},"event":{"input":{"deep":{"x":1}},"output":2.5}}"#,
    );
    assert_eq!((kept.numbers("x"), kept.numbers("score"), kept.numbers("prediction")), (vec![Some(1.0)], vec![Some(2.5)], vec![Some(2.5)]));
    assert_eq!(kept.batches[0].0.version, "3");
    assert_eq!(kept.wrong(1), 1, "an object stands where a number should");
}

#[test]
fn a_data_set_needs_no_time_and_may_be_flat() {
    let lines = [
        r#"{"x":1,"k":"a"}"#,
        r#"{"features":{"x":2},"k":"b","timestamp":"nonsense"}"#,
        r#"{"features":{"x":3},"x":9,"timestamp":"2013-07-01T12:30:05.25Z"}"#,
    ];
    let (kept, summary) = read(&dataset(), lines.join("\n"));
    assert_eq!(summary.lines.accepted, 3);
    assert_eq!(kept.numbers("x"), [Some(1.0), Some(2.0), Some(3.0)]);
    assert_eq!(kept.texts("k"), [Some("a".to_owned()), Some("b".to_owned()), None]);
    assert_eq!(kept.times(), [None, None, Some(1_372_681_805_250)]);
    assert_eq!(kept.batches[0].0, Partition { version: String::new(), hour_ms: None });
}

#[test]
fn records_are_parted_by_version_and_hour() {
    let line =
        |version: &str, hour: u64| format!(r#"{{"timestamp":{},"version":"{version}","features":{{"x":{hour}}}}}"#, hour * 3_600 + 5);
    let lines: Vec<String> = (0..40).map(|at| line(if at % 2 == 0 { "a" } else { "b" }, at % 4)).collect();
    let (kept, _) = read(&logs(), lines.join("\n"));
    let parts: Vec<(String, i64, usize)> =
        kept.batches.iter().map(|(part, batch, _)| (part.version.clone(), part.hour_ms.unwrap(), batch.num_rows())).collect();
    assert_eq!(parts, [("a".into(), 0, 10), ("a".into(), 7_200_000, 10), ("b".into(), 3_600_000, 10), ("b".into(), 10_800_000, 10)]);
}

#[test]
fn many_partitions_at_once_are_flushed_and_never_an_error() {
    let lines: Vec<String> = (0..500).map(|at| format!(r#"{{"timestamp":{},"features":{{"x":{at}}}}}"#, (at * 37 % 100) * 3_600)).collect();
    let limits = Limits { open_partitions: 8, ..Limits::default() };
    let (kept, summary) = read_in(&logs(), limits, lines.join("\n").as_bytes(), 4_096);
    assert_eq!(summary.lines.accepted, 500);
    let mut seen: Vec<f64> = kept.numbers("x").into_iter().flatten().collect();
    seen.sort_by(f64::total_cmp);
    assert!(seen.iter().enumerate().all(|(at, x)| *x == at as f64));
}

#[test]
fn a_batch_has_at_most_8192_rows() {
    let lines: Vec<String> = (0..20_000).map(good).collect();
    let (kept, _) = read(&logs(), lines.join("\n"));
    assert_eq!(kept.batches.iter().map(|(_, batch, _)| batch.num_rows()).collect::<Vec<_>>(), [8_192, 8_192, 3_616]);
    assert!(kept.numbers("x").into_iter().flatten().enumerate().all(|(at, x)| x == at as f64));
}

#[test]
fn a_damaged_first_line_does_not_make_a_csv_of_a_log() {
    for first in ["x\":1}}", "not json", "[1,2,3]", "\"text\"", "12"] {
        let (kept, summary) = read(&logs(), format!("{first}\n{}\n{}\n", good(1), good(2)));
        assert_eq!((summary.format, summary.lines.accepted, kept.rejected[0].line), (Some(Format::Jsonl), 2, 1), "{first}");
    }
}

#[test]
fn a_forced_format_is_read_as_that_format() {
    let csv =
        contract_of(r#"{"model": "m", "task": "binary", "record": {"format": "csv"}, "features": [{"name": "x", "type": "numeric"}]}"#);
    let (kept, summary) = read(&Plan::new(&csv, Layout::Logs).unwrap(), good(1));
    assert_eq!((summary.format, kept.kinds()), (Some(Format::Csv), vec!["header"]));
    let jsonl =
        contract_of(r#"{"model": "m", "task": "binary", "record": {"format": "jsonl"}, "features": [{"name": "x", "type": "numeric"}]}"#);
    let (kept, _) = read(&Plan::new(&jsonl, Layout::Logs).unwrap(), "timestamp,x\n0,1\n");
    assert_eq!(kept.kinds(), ["json", "json"]);
    let (kept, _) = read(&Plan::new(&jsonl, Layout::Logs).unwrap(), "PAR1....");
    assert_eq!(kept.kinds(), ["format"]);
}

#[test]
fn white_space_may_differ_from_record_to_record() {
    let tight = r#"{"timestamp":"2013-07-01T12:30:05Z","features":{"x":1,"k":"a"},"score":0.5}"#;
    let loose = r#"{"timestamp": "2013-07-01T12:30:05Z", "features": { "x": 1, "k": "a" }, "score": 0.5}"#;
    for lines in [[tight, loose, tight], [loose, tight, loose]] {
        let (kept, _) = support::read(&support::logs(), lines.join("\n"));
        assert_eq!(kept.numbers("x"), [Some(1.0); 3], "{:?}", kept.rejected);
    }
}
