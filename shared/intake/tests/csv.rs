//! CSV: RFC 4180, its bad rows, and the corpus of csv-spectrum.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fmt::Write as _;

use support::{contract_of, dataset, logs, read, read_in};
use tidegate_intake::{Format, Layout, Limits, Plan};

#[test]
fn columns_are_found_by_path_then_by_name() {
    let (kept, summary) =
        read(&logs(), "timestamp,inference_id,version,features.x,k,score,extra\n2013-07-01 12:30:05,i1,v1,1.5,a,0.25,z\n");
    assert_eq!((summary.format, summary.lines.accepted), (Some(Format::Csv), 1));
    assert_eq!((kept.times(), kept.numbers("x")), (vec![Some(1_372_681_805_000)], vec![Some(1.5)]));
    assert_eq!((kept.texts("k"), kept.numbers("score")), (vec![Some("a".to_owned())], vec![Some(0.25)]));
    assert_eq!(kept.batches[0].0.version, "v1");
}

#[test]
fn cells_follow_the_value_rules() {
    let (kept, _) = read(&dataset(), "x,k\n,\nNaN,NaN\ntrue,true\n 2 ,\"a,\"\"b\"\"\nc\"\n-inf,1.0\n");
    assert_eq!(kept.numbers("x"), [None, None, None, Some(2.0), Some(f64::NEG_INFINITY)]);
    let texts: Vec<Option<String>> =
        [None, Some("NaN"), Some("true"), Some("a,\"b\"\nc"), Some("1.0")].map(|text| text.map(str::to_owned)).to_vec();
    assert_eq!(kept.texts("k"), texts);
    assert_eq!(kept.wrong(0), 1);
}

#[test]
fn a_bad_row_costs_its_neighbours_nothing() {
    let content = b"x,k\r\n1,a\r\n2\r\n3,b,c\r\n\r\n4,\xff\r\n\"5\n5\",d\r\n6,e";
    let (kept, summary) = read(&dataset(), content);
    assert_eq!(kept.kinds(), ["field-count", "field-count", "encoding"]);
    assert_eq!((kept.rejected[0].line, kept.rejected[0].offset, kept.rejected[0].text.as_slice()), (3, 10, &b"2"[..]));
    assert!(kept.rejected[0].reason.contains("found 1 fields, expected 2"), "{}", kept.rejected[0].reason);
    assert_eq!((kept.rejected[2].line, kept.rejected[2].column), (6, Some(3)));
    assert_eq!((summary.lines.accepted, summary.lines.blank), (3, 1));
    assert_eq!(kept.numbers("x"), [Some(1.0), None, Some(6.0)]);
}

#[test]
fn an_unclosed_quote_costs_one_line() {
    let mut content = "x,k\n1,a\n2,\"b\n".to_owned();
    for row in 3..50_000 {
        writeln!(content, "{row},c").unwrap();
    }
    for chunk in [17, 65_536, usize::MAX] {
        let (kept, summary) = read_in(&dataset(), Limits::default(), content.as_bytes(), chunk);
        assert_eq!(kept.kinds(), ["quoting"]);
        assert_eq!((kept.rejected[0].line, kept.rejected[0].text.as_slice()), (3, &b"2,\"b"[..]));
        assert_eq!(summary.lines.accepted, 50_000 - 2);
    }
    // The quote seems to be closed by the next one, but text stands behind that.
    let (kept, summary) = read(&dataset(), "x,k\n1,\"a\n2,b\n3,\"c\n4,d");
    assert_eq!((kept.kinds(), summary.lines.accepted), (vec!["quoting"; 2], 2), "{:?}", kept.rejected);
    let (kept, _) = read(&dataset(), "x,k\n1,\"a\"b\n2,\"c\"\n3,d\"e\n");
    assert_eq!((kept.kinds(), kept.rejected[0].line, kept.numbers("x")), (vec!["quoting"], 2, vec![Some(2.0), Some(3.0)]));
}

#[test]
fn a_file_of_unclosed_quotes_ends() {
    let content = format!("x,k\n{}", format!("1,\"a\n{}", "2,b\n".repeat(70_000)).repeat(100));
    let (kept, summary) = read_in(&dataset(), Limits::default(), content.as_bytes(), 65_536);
    assert!(summary.lines.accepted > 64 * 70_000 && kept.rejected.len() <= 100, "{:?}, {}", summary.lines, kept.rejected.len());
}

#[test]
fn an_over_long_row_is_put_aside_and_reading_goes_on() {
    let content = format!("x,k\n1,a\n2,{}\n3,c\n", "b".repeat(300_000));
    for chunk in [1_000, usize::MAX] {
        let (kept, summary) = read_in(&dataset(), Limits::default(), content.as_bytes(), chunk);
        assert_eq!((kept.kinds(), kept.rejected[0].text.len(), kept.rejected[0].truncated), (vec!["line-too-long"], 256 * 1024, true));
        assert_eq!((summary.lines.accepted, kept.numbers("x")), (2, vec![Some(1.0), Some(3.0)]));
    }
}

#[test]
fn a_header_that_cannot_be_used_stops_the_object_with_its_reason() {
    for (content, says) in [
        ("timestamp,x,x\n0,1,2\n", "twice"),
        ("time,x,k\n0,1,a\n", "no column \"timestamp\""),
        ("timestamp,a\u{7}\n0,1\n", "control character"),
        ("timestamp,y\n0,1\n", "no column of any field"),
    ] {
        let (kept, summary) = read(&logs(), content);
        assert_eq!((kept.kinds(), summary.lines.accepted), (vec!["header"], 0));
        assert!(kept.rejected[0].reason.contains(says), "{}", kept.rejected[0].reason);
        assert_eq!(summary.fault.unwrap().text, kept.rejected[0].reason);
    }
    let (_, summary) = read(&logs(), "timestamp,x\n");
    assert_eq!((summary.lines.read, summary.fault), (0, None));
}

#[test]
fn csv_spectrum_reads_right() {
    let Some(folder) = support::beside("corpora/csv-spectrum") else { return };
    let mut files = 0;
    for entry in std::fs::read_dir(folder.join("csvs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut content = std::fs::read_to_string(&path).unwrap();
        if name.ends_with("_crlf") && !content.contains('\r') {
            // The repository's .gitattributes ask for this at checkout.
            content = content.replace('\n', "\r\n");
        }
        let answers: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(&std::fs::read(folder.join(format!("json/{name}.json"))).unwrap()).unwrap();
        let columns: Vec<&String> = answers[0].keys().collect();
        let features: Vec<String> = columns.iter().map(|name| format!("{{\"name\":\"{name}\",\"type\":\"categorical\"}}")).collect();
        let contract =
            contract_of(&format!(r#"{{"model":"m","task":"binary","record":{{"format":"csv"}},"features":[{}]}}"#, features.join(",")));
        for chunk in [1, usize::MAX] {
            let (kept, summary) = read_in(&Plan::new(&contract, Layout::Dataset).unwrap(), Limits::default(), content.as_bytes(), chunk);
            assert_eq!((summary.lines.accepted, kept.rejected.len()), (answers.len() as u64, 0), "{name}");
            for column in &columns {
                let expected: Vec<String> = answers.iter().map(|row| row[*column].as_str().unwrap().to_owned()).collect();
                let found: Vec<String> = kept.texts(column).into_iter().map(Option::unwrap_or_default).collect();
                assert_eq!(found, expected, "{name}.{column}");
            }
        }
        files += 1;
    }
    assert_eq!(files, 11);
}
