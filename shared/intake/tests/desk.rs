//! What people at a desk ask of intake: explain this record, look at this sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fmt::Write as _;

use support::{dataset, good, logs};
use tidegate_intake::{Format, Found, FoundValue, InferredKind, IntakeError, explain, infer};

fn found<'a>(all: &'a [Found], name: &str) -> &'a Found {
    all.iter().find(|found| found.name == name).unwrap()
}

#[test]
fn a_record_is_explained_value_by_value() {
    let sample = format!(
        "not a record\n{}\n{}\n",
        r#"{"timestamp":"soon","version":3,"features":{"x":"12","k":[1]},"score":"inf","prediction":1.0}"#,
        good(1)
    );
    let all = explain(&logs(), sample.as_bytes()).unwrap();
    let names: Vec<&str> = all.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["timestamp", "inference_id", "version", "x", "k", "score", "prediction", "latency_ms"]);
    assert_eq!(found(&all, "timestamp").value, FoundValue::WrongType("a string that is no time from 1970 to 2199".into()));
    assert_eq!(found(&all, "timestamp").raw.as_deref(), Some("soon"));
    assert_eq!(
        found(&all, "inference_id"),
        &Found { name: "inference_id".into(), path: "inference_id".into(), raw: None, value: FoundValue::Missing }
    );
    assert_eq!(found(&all, "version").value, FoundValue::Text("3".into()));
    assert_eq!((found(&all, "x").path.as_str(), &found(&all, "x").value), ("features.x", &FoundValue::Number(12.0)));
    assert_eq!(found(&all, "k").value, FoundValue::WrongType("an array".into()));
    assert_eq!(found(&all, "score").value, FoundValue::Infinite(f64::INFINITY));
    assert_eq!((found(&all, "prediction").raw.as_deref(), &found(&all, "prediction").value), (Some("1.0"), &FoundValue::Text("1".into())));
}

#[test]
fn a_csv_is_explained_by_its_first_row() {
    let all = explain(&dataset(), b"k,x,timestamp\na,1,2013-07-01\nb,2,\n").unwrap();
    assert_eq!(found(&all, "x").value, FoundValue::Number(1.0));
    assert_eq!(found(&all, "timestamp").value, FoundValue::Time(1_372_636_800_000));
}

#[test]
fn a_sample_without_a_record_says_why() {
    for (sample, says) in [("", "found no record"), ("[1]", "expected a JSON object"), ("{\"a\":}\n", "expected a value")] {
        let error = explain(&logs(), sample.as_bytes()).unwrap_err();
        assert!(matches!(&error, IntakeError::Sample(_)) && error.to_string().contains(says), "{error}");
        assert!(matches!(infer(sample.as_bytes()), Err(IntakeError::Sample(_))), "{sample}");
    }
}

#[test]
fn a_sample_of_json_shows_its_leaves() {
    let mut sample = String::from("garbage\n");
    for at in 0..100 {
        let carrier = ["UA", "AA", "B6"][at % 3];
        writeln!(
            sample,
            r#"{{"timestamp":"2013-07-01T{:02}:00:00Z","inference_id":"req-{at}","ts":{},"features":{{"distance":{},"carrier":"{carrier}","late":{},"gone":null,"tags":[1,2]}},"score":0.{at}}}"#,
            at % 24,
            1_372_636_800 + at,
            at * 10,
            at % 2 == 0,
        )
        .unwrap();
    }
    for sample in [sample.clone().into_bytes(), zstd::stream::encode_all(sample.as_bytes(), 3).unwrap()] {
        let inferred = infer(&sample).unwrap();
        assert_eq!((inferred.format, inferred.records), (Format::Jsonl, 100));
        let kinds: Vec<(&str, InferredKind)> = inferred.fields.iter().map(|field| (field.path.as_str(), field.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("timestamp", InferredKind::Timestamp),
                ("inference_id", InferredKind::Identifier),
                ("ts", InferredKind::Timestamp),
                ("features.distance", InferredKind::Numeric),
                ("features.carrier", InferredKind::Categorical),
                ("features.late", InferredKind::Boolean),
                ("features.gone", InferredKind::Empty),
                ("features.tags", InferredKind::Nested),
                ("score", InferredKind::Numeric),
            ]
        );
        let distance = &inferred.fields[3];
        assert_eq!(
            (distance.min, distance.max, distance.distinct, distance.values.len(), distance.missing),
            (Some(0.0), Some(990.0), 100, 20, 0)
        );
        assert_eq!(
            (inferred.fields[4].values.as_slice(), inferred.fields[6].missing),
            (["UA", "AA", "B6"].map(String::from).as_slice(), 100)
        );
    }
}

#[test]
fn a_sample_of_csv_shows_its_columns() {
    let inferred = infer(b"id,when,x,k,flag,empty\n1,2013-07-01 10:00:00,1.5,a,true,\n2,2013-07-02 10:00:00,,b,false,\n").unwrap();
    let kinds: Vec<(&str, InferredKind, u64)> =
        inferred.fields.iter().map(|field| (field.path.as_str(), field.kind, field.missing)).collect();
    assert_eq!(
        kinds,
        [
            ("id", InferredKind::Identifier, 0),
            ("when", InferredKind::Timestamp, 0),
            ("x", InferredKind::Numeric, 1),
            ("k", InferredKind::Categorical, 0),
            ("flag", InferredKind::Boolean, 0),
            ("empty", InferredKind::Empty, 2),
        ]
    );
}
