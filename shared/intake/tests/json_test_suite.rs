//! JSONTestSuite (Nicolas Seriot, "Parsing JSON is a Minefield") through intake.
//!
//! A file of the suite is one JSON text. It goes through [`validate`] as it is, and through intake as the value of a feature that
//! nothing is read from. A line break inside a text is a line break of JSONL: within the white space of a good text it is replaced
//! by a space, a bad text keeps it and breaks into several bad lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

mod support;

use support::{good, logs, read};
use tidegate_intake::validate;

/// What becomes of the texts that RFC 8259 leaves to the implementation: those that are refused, and why. All others are accepted.
const REFUSED: [(&str, &str); 23] = [
    ("i_object_key_lone_2nd_surrogate.json", "json"),
    ("i_string_1st_surrogate_but_2nd_missing.json", "json"),
    ("i_string_1st_valid_surrogate_2nd_invalid.json", "json"),
    ("i_string_UTF-16LE_with_BOM.json", "encoding"),
    ("i_string_UTF-8_invalid_sequence.json", "encoding"),
    ("i_string_UTF8_surrogate_U+D800.json", "encoding"),
    ("i_string_incomplete_surrogate_and_escape_valid.json", "json"),
    ("i_string_incomplete_surrogate_pair.json", "json"),
    ("i_string_incomplete_surrogates_escape_valid.json", "json"),
    ("i_string_invalid_lonely_surrogate.json", "json"),
    ("i_string_invalid_surrogate.json", "json"),
    ("i_string_invalid_utf-8.json", "encoding"),
    ("i_string_inverted_surrogates_U+1D11E.json", "json"),
    ("i_string_iso_latin_1.json", "encoding"),
    ("i_string_lone_second_surrogate.json", "json"),
    ("i_string_lone_utf8_continuation_byte.json", "encoding"),
    ("i_string_not_in_unicode_range.json", "encoding"),
    ("i_string_overlong_sequence_2_bytes.json", "encoding"),
    ("i_string_overlong_sequence_6_bytes.json", "encoding"),
    ("i_string_overlong_sequence_6_bytes_null.json", "encoding"),
    ("i_string_truncated-utf-8.json", "encoding"),
    ("i_string_utf16BE_no_BOM.json", "encoding"),
    ("i_string_utf16LE_no_BOM.json", "encoding"),
];
/// More of them: a byte order mark inside a file is no white space, and 500 levels are more than 32.
const REFUSED_ALSO: [(&str, &str); 2] =
    [("i_structure_500_nested_arrays.json", "too-deep"), ("i_structure_UTF-8_BOM_empty_object.json", "json")];

/// A record that carries the text where nothing is read.
fn record(text: &[u8]) -> Vec<u8> {
    [b"{\"timestamp\":0,\"features\":{\"x\":1,\"other\":" as &[u8], text, b"}}"].concat()
}

#[test]
fn every_file_alone_and_between_two_good_lines() {
    let Some(folder) = support::beside("corpora/JSONTestSuite/test_parsing") else { return };
    let (mut accepted, mut refused, mut free, mut good_lines) = (0, 0, 0, 0);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read(&path).unwrap();
        let result = validate(&text);
        let line = |text: &[u8]| text.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect::<Vec<u8>>();

        let is_accepted = match name.get(..2).unwrap() {
            "y_" => {
                assert!(result.is_ok(), "{name}: {result:?}");
                accepted += 1;
                true
            }
            "n_" => {
                let error = result.expect_err(&name);
                assert!(error.offset <= text.len() && !error.reason.text.is_empty(), "{name}: {error}");
                refused += 1;
                false
            }
            _ => {
                let expected = REFUSED.iter().chain(&REFUSED_ALSO).find(|(refused, _)| *refused == name);
                let found = result.as_ref().err().map(|error| error.reason.kind.name());
                assert_eq!(found, expected.map(|(_, kind)| *kind), "{name}");
                free += 1;
                expected.is_none()
            }
        };
        let bad = if is_accepted { record(&line(&text)) } else { record(&text) };

        let (alone, _) = read(&logs(), &bad);
        assert_eq!((alone.rows() == 1, alone.rejected.is_empty()), (is_accepted, is_accepted), "{name} alone");
        let between = [good(1).as_bytes(), &bad, good(2).as_bytes()].join(&b'\n');
        let (kept, _) = read(&logs(), &between);
        assert_eq!((kept.rows(), kept.rejected.is_empty()), (if is_accepted { 3 } else { 2 }, is_accepted), "{name} between");
        let ids: Vec<String> = kept.texts("inference_id").into_iter().flatten().collect();
        good_lines += ids.iter().filter(|id| ["i1", "i2"].contains(&id.as_str())).count();
    }
    assert_eq!((accepted, refused, free, good_lines), (95, 188, 35, 2 * 318));
}

#[test]
fn the_two_texts_with_duplicate_keys_are_refused_where_a_record_is_read() {
    for text in [r#"{"a":"b","a":"c"}"#, r#"{"a":"b","a":"b"}"#] {
        assert!(validate(text.as_bytes()).is_ok());
        assert_eq!(read(&logs(), text).0.kinds(), ["duplicate-key"]);
    }
}
