//! Parquet: types, nested columns, damage; and the corpus of parquet-testing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Fields};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use support::{Kept, contract_of, dataset, logs};
use tidegate_intake::{Format, Layout, Limits, Plan, Summary, infer, read, read_parquet};

fn written(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

fn read_file(plan: &Plan, file: Vec<u8>) -> (Kept, Summary) {
    let mut kept = Kept::default();
    let summary = read(plan, Limits::default(), Bytes::from(file), &mut kept).unwrap();
    let lines = summary.lines;
    assert_eq!(lines.read, lines.accepted + lines.quarantined + lines.blank);
    assert_eq!((kept.rows() as u64, kept.rejected.len() as u64), (lines.accepted, lines.quarantined));
    (kept, summary)
}

fn text(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn rows_of_a_log_are_read_by_dotted_path() {
    let features = StructArray::new(
        Fields::from(vec![
            Field::new("x", DataType::Float64, true),
            Field::new("k", DataType::Utf8, true),
            Field::new("new", DataType::Int64, true),
        ]),
        vec![
            Arc::new(Float64Array::from(vec![1.0, f64::NAN, f64::INFINITY, 4.0])),
            text(&[Some("a"), None, Some(""), Some("d")]),
            Arc::new(Int64Array::from(vec![0; 4])),
        ],
        Some(vec![true, true, true, false].into()),
    );
    let second = 1_372_681_805_000_000;
    let file = written(vec![
        ("timestamp", Arc::new(TimestampMicrosecondArray::from(vec![Some(second), Some(second), None, Some(second)]))),
        ("inference_id", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ("version", text(&[Some("v1"); 4])),
        ("features", Arc::new(features)),
        ("score", Arc::new(Float32Array::from(vec![0.5; 4]))),
        ("prediction", Arc::new(BooleanArray::from(vec![true, false, true, true]))),
    ]);
    let (kept, summary) = read_file(&logs(), file.clone());
    assert_eq!((summary.format, summary.content_bytes), (Some(Format::Parquet), file.len() as u64));
    assert_eq!(kept.numbers("x"), [Some(1.0), None, None], "the third row has no time; the last one's struct is null");
    assert_eq!(kept.texts("k"), [Some("a".to_owned()), None, None]);
    assert_eq!(kept.texts("inference_id"), ["1", "2", "4"].map(|id| Some(id.to_owned())));
    assert_eq!(kept.texts("prediction"), ["true", "false", "true"].map(|id| Some(id.to_owned())));
    assert_eq!(kept.times(), [Some(1_372_681_805_000); 3]);
    assert_eq!(kept.batches[0].0.version, "v1");
    assert_eq!(kept.batches[0].2.unexpected, [("new".to_owned(), 3)]);
    let bad = &kept.rejected[0];
    assert_eq!((bad.line, bad.kind), (3, "timestamp-missing"));
    let row: serde_json::Value = serde_json::from_slice(&bad.text).unwrap();
    assert_eq!((&row["inference_id"], &row["features.x"]), (&3.into(), &"inf".into()));
}

#[test]
fn every_type_of_column_reads_as_the_field_needs_it() {
    let numeric: [(&str, ArrayRef, Option<f64>); 7] = [
        ("int", Arc::new(Int64Array::from(vec![-3])), Some(-3.0)),
        ("unsigned", Arc::new(UInt64Array::from(vec![u64::MAX])), Some(1.844_674_407_370_955_2e19)),
        ("float", Arc::new(Float32Array::from(vec![0.5])), Some(0.5)),
        ("decimal", Arc::new(Decimal128Array::from(vec![12_345]).with_precision_and_scale(10, 2).unwrap()), Some(123.45)),
        ("numeric string", text(&[Some("2.5")]), Some(2.5)),
        ("bool", Arc::new(BooleanArray::from(vec![true])), None),
        ("date", Arc::new(Date32Array::from(vec![15_887])), None),
    ];
    for (name, column, expected) in numeric {
        assert_eq!(read_file(&dataset(), written(vec![("x", column)])).0.numbers("x"), [expected], "{name}");
    }
    let dictionary: DictionaryArray<Int32Type> = vec![Some("a"), None].into_iter().collect();
    let categorical: [(&str, ArrayRef, Option<&str>); 5] = [
        ("int", Arc::new(Int64Array::from(vec![1])), Some("1")),
        ("float", Arc::new(Float64Array::from(vec![1.0])), Some("1")),
        ("bool", Arc::new(BooleanArray::from(vec![true])), Some("true")),
        ("dictionary", Arc::new(dictionary), Some("a")),
        ("date", Arc::new(Date32Array::from(vec![15_887])), Some("2013-07-01T00:00:00.000Z")),
    ];
    for (name, column, expected) in categorical {
        assert_eq!(read_file(&dataset(), written(vec![("k", column)])).0.texts("k")[0].as_deref(), expected, "{name}");
    }
}

#[test]
fn a_file_without_what_the_contract_names_says_so() {
    let (kept, _) = read_file(&dataset(), written(vec![("y", Arc::new(Int64Array::from(vec![1])))]));
    assert_eq!(kept.kinds(), ["header"]);
    let (kept, _) = read_file(&logs(), written(vec![("x", Arc::new(Int64Array::from(vec![1])))]));
    assert_eq!(kept.kinds(), ["header"]);
    assert!(kept.rejected[0].reason.contains("timestamp"));
    let jsonl =
        contract_of(r#"{"model": "m", "task": "binary", "record": {"format": "jsonl"}, "features": [{"name": "x", "type": "numeric"}]}"#);
    let (kept, _) = read_file(&Plan::new(&jsonl, Layout::Dataset).unwrap(), written(vec![("x", Arc::new(Int64Array::from(vec![1])))]));
    assert_eq!(kept.kinds(), ["format"]);
}

#[test]
fn too_many_rows_and_too_large_files_are_refused_before_they_are_read() {
    let file = written(vec![("x", Arc::new(Int64Array::from(vec![1; 100])))]);
    for limits in [Limits { lines: 99, ..Limits::default() }, Limits { content_bytes: 10, ..Limits::default() }] {
        let mut kept = Kept::default();
        read_parquet(&dataset(), limits, Bytes::from(file.clone()), &mut kept).unwrap();
        assert_eq!((kept.kinds(), kept.rows()), (vec!["too-large"], 0));
    }
}

#[test]
fn every_damaged_byte_gives_rows_or_a_reason_and_never_a_panic() {
    let values: Vec<i64> = (0..200).collect();
    let names: Vec<String> = values.iter().map(|value| format!("name {}", value % 7)).collect();
    let file = written(vec![("x", Arc::new(Int64Array::from(values))), ("k", Arc::new(StringArray::from(names)))]);
    for at in 0..file.len() {
        for bit in [0x01, 0x80] {
            let mut damaged = file.clone();
            damaged[at] ^= bit;
            read_file(&dataset(), damaged);
        }
    }
    for cut in (4..file.len()).step_by(7) {
        assert_eq!(read_file(&dataset(), file[..cut].to_vec()).0.kinds(), ["parquet"]);
    }
}

/// Reads a file of the corpus with a contract that names all its columns.
fn read_corpus(file: &[u8]) -> Option<(Kept, Summary)> {
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(file)).ok()?;
    let leaves = metadata.file_metadata().schema_descr().columns().iter().filter(|leaf| leaf.max_rep_level() == 0);
    let fields: Vec<serde_json::Value> = leaves
        .enumerate()
        .map(|(at, leaf)| serde_json::json!({"name": format!("f{at}"), "path": leaf.path().string(), "type": if at % 2 == 0 { "numeric" } else { "categorical" }}))
        .collect();
    if fields.is_empty() {
        return None;
    }
    let contract = serde_json::json!({"model": "m", "task": "binary", "record": {"features": "", "timestamp": "none"}, "features": fields});
    let plan = Plan::new(&serde_json::from_value(contract).unwrap(), Layout::Dataset).unwrap();
    Some(read_file(&plan, file.to_vec()))
}

#[test]
fn the_bad_files_of_parquet_testing_give_reasons_and_the_odd_ones_rows() {
    let Some(folder) = support::beside("corpora/parquet-testing") else { return };
    let mut seen = 0;
    for (part, is_bad) in [("bad_data", true), ("data", false)] {
        let mut paths: Vec<_> = std::fs::read_dir(folder.join(part)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "parquet")) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let file = std::fs::read(path).unwrap();
            assert!(infer(&file).is_ok_and(|inferred| inferred.records > 0) || infer(&file).is_err());
            let kinds = read_corpus(&file).map(|(kept, summary)| (kept.kinds(), summary.lines.accepted));
            eprintln!("{part}/{name}: {kinds:?}");
            let (_, summary) = read_file(&dataset(), file);
            assert!(!is_bad || summary.fault.is_some() || summary.lines.accepted > 0, "{name}");
            if name.contains("corrupt-checksum") {
                assert_eq!(kinds.unwrap().0, ["parquet"], "{name}: checksums are verified");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 25);
}
