//! Reads the reference cases: rows as tolerant as the cases demand, and each feature's side as the statistics want it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tidegate_statistics::raw::{CategoricalSide, NumericSide};

/// One row of a file.
pub(crate) type Row = Map<String, Value>;

/// What a feature's values are.
pub(crate) enum FeatureKind {
    /// Numbers.
    Numeric,
    /// Names.
    Categorical,
}

/// One folder of the cases.
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) name: String,
    /// `expected.json`.
    pub(crate) expected: Value,
    folder: PathBuf,
}

impl Case {
    /// All cases, by name; `None` if they are not there.
    pub(crate) fn all() -> Option<Vec<Self>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?.join("shared/cases");
        let mut folders: Vec<PathBuf> = fs::read_dir(root).ok()?.map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        let cases = folders.into_iter().filter(|folder| folder.join("expected.json").is_file()).map(|folder| Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            expected: serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap(),
            folder,
        });
        Some(cases.collect())
    }

    /// The features to compare.
    pub(crate) fn features(&self) -> Vec<(String, FeatureKind)> {
        let Some(features) = self.expected["features"].as_object() else { return Vec::new() };
        let kind = |feature: &Value| match feature["type"].as_str().unwrap() {
            "numeric" => FeatureKind::Numeric,
            "categorical" => FeatureKind::Categorical,
            other => unreachable!("a feature's type is numeric or categorical, found {other}"),
        };
        features.iter().map(|(name, feature)| (name.clone(), kind(feature))).collect()
    }

    /// The good rows of one side, `reference` or `current`.
    pub(crate) fn rows(&self, side: &str) -> Vec<Row> {
        let Some(file) = self.expected["files"][side].as_str() else { return Vec::new() };
        let bytes = fs::read(self.folder.join(file)).unwrap();
        let mut text = String::new();
        if Path::new(file).extension().is_some_and(|extension| extension == "gz") {
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        text.split('\n').filter_map(row).collect()
    }
}

/// The row of a line; `None` for a blank or bad one. Bare `NaN` and `Infinity` are read as the strings of the same name, which the
/// cases' value policy treats alike.
fn row(line: &str) -> Option<Row> {
    let value = serde_json::from_str(line).or_else(|_| serde_json::from_str(&quote_bare_tokens(line))).ok()?;
    match value {
        Value::Object(row) => Some(row),
        _ => None,
    }
}

fn quote_bare_tokens(line: &str) -> String {
    let mut quoted = String::with_capacity(line.len());
    let mut within_string = false;
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let token = ["-Infinity", "Infinity", "NaN"].into_iter().find(|token| !within_string && rest.starts_with(token));
        let length = match token {
            Some(token) => {
                quoted.extend(["\"", token, "\""]);
                token.len()
            }
            None if within_string && next == '\\' => {
                let length = rest.chars().take(2).map(char::len_utf8).sum();
                quoted.push_str(&rest[..length]);
                length
            }
            None => {
                within_string ^= next == '"';
                quoted.push(next);
                next.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    quoted
}

/// A numeric feature's side: numbers and numeric strings are used; null, absent, empty and NaN are missing; the rest is neither.
pub(crate) fn numeric_side(rows: &[Row], feature: &str) -> NumericSide {
    let mut missing = 0;
    let mut values = Vec::new();
    for row in rows {
        let number = match row.get(feature) {
            None | Some(Value::Null) => Some(f64::NAN),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) if text.is_empty() => Some(f64::NAN),
            Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
            Some(_) => None,
        };
        match number {
            Some(number) if number.is_nan() => missing += 1,
            Some(number) => values.push(number),
            None => {}
        }
    }
    NumericSide::new(rows.len() as u64, missing, values)
}

/// A categorical feature's side: only null and absent are missing; every other value is its text.
pub(crate) fn categorical_side(rows: &[Row], feature: &str) -> CategoricalSide {
    let mut missing = 0;
    let mut counts = BTreeMap::new();
    for row in rows {
        match row.get(feature) {
            None | Some(Value::Null) => missing += 1,
            Some(Value::String(text)) => *counts.entry(text.clone()).or_insert(0) += 1,
            Some(other) => *counts.entry(other.to_string()).or_insert(0) += 1,
        }
    }
    CategoricalSide::new(rows.len() as u64, missing, counts)
}
