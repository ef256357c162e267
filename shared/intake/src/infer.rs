//! What a sample's fields look like, for a first contract. Looked at once, at a desk: nothing here is fast.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::file::reader::ChunkReader;

use crate::detect::{self, Detected};
use crate::inflate::Inflater;
use crate::leaves::{Leaves, read_document, read_json};
use crate::row::Row;
use crate::rows::Watcher;
use crate::{Format, IntakeError, Limits, Plan, Reason, ReasonKind, csv, intake, parquet_file, plan};

/// What a sample holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// The format of the sample.
    pub format: Format,
    /// Records that were looked at.
    pub records: u64,
    /// Every leaf, in the order in which the records name them.
    pub fields: Vec<InferredField>,
}

/// One leaf of the records of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct InferredField {
    /// Its path from the top of the record, dotted.
    pub path: String,
    /// What its values look like.
    pub kind: InferredKind,
    /// Records in which it is absent, null or empty.
    pub missing: u64,
    /// Up to [`INFERRED_VALUES`] distinct values, in order of appearance.
    pub values: Vec<String>,
    /// Distinct values; exact up to [`INFERRED_DISTINCT`].
    pub distinct: u64,
    /// Least number, when there are numbers.
    pub min: Option<f64>,
    /// Greatest number, when there are numbers.
    pub max: Option<f64>,
}

/// What a leaf's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InferredKind {
    /// Numbers.
    Numeric,
    /// Names.
    Categorical,
    /// `true` and `false`: a categorical feature.
    Boolean,
    /// Times.
    Timestamp,
    /// Nearly every record has its own value.
    Identifier,
    /// Always missing.
    Empty,
    /// Arrays: not read.
    Nested,
}

/// At most so many values of a field are listed.
pub const INFERRED_VALUES: usize = 20;
/// Distinct values are counted up to here.
pub const INFERRED_DISTINCT: usize = 10_000;
/// At most so many records of a sample are looked at.
pub const INFERRED_RECORDS: u64 = 10_000;
/// At most so many fields of a sample are looked at.
const INFERRED_FIELDS: usize = 2_000;
/// At most so many decompressed bytes of a sample are looked at.
const INFERRED_BYTES: usize = 64 * 1024 * 1024;

/// Looks at a sample: JSONL, CSV or Parquet, compressed or not. Bad lines are passed over.
///
/// # Errors
/// [`IntakeError::Sample`] if the sample has no record that can be read.
pub fn infer(sample: &[u8]) -> Result<Inferred, IntakeError> {
    let (format, leaves) = match detect::sniff(sample) {
        Detected::Parquet => {
            let names = parquet_file::leaf_names(&Bytes::copy_from_slice(sample)).map_err(IntakeError::Sample)?;
            (Format::Parquet, watch_columns(&names, sample)?)
        }
        Detected::Lines(compression) => {
            let content = inflate(sample, Inflater::new(compression).map_err(IntakeError::Sample)?).map_err(IntakeError::Sample)?;
            if let Some(reason) = detect::refuse(&content, compression) {
                return Err(IntakeError::Sample(reason));
            }
            let text = detect::without_bom(&content);
            match detect::format_of(text, true) {
                Some(Format::Csv) => {
                    let names = csv::header_names(text).map_err(IntakeError::Sample)?;
                    (Format::Csv, watch_columns(&names, text)?)
                }
                Some(Format::Json) => (Format::Json, read_document(text, INFERRED_RECORDS)),
                _ => (Format::Jsonl, read_json(text, INFERRED_RECORDS)),
            }
        }
    };
    if leaves.records() == 0 {
        let expected = "found no record, expected JSON objects on lines of their own, CSV with a header line, or Parquet";
        return Err(IntakeError::Sample(Reason::new(ReasonKind::Format, expected)));
    }
    Ok(Inferred { format, records: leaves.records(), fields: leaves.finish() })
}

/// The names of the columns in the beginning of a file of lines (of JSON, dotted paths), compressed or not; `None` if they cannot be told from it.
#[must_use]
pub fn column_names(beginning: &[u8]) -> Option<Vec<String>> {
    let inferred = infer(beginning).ok()?;
    Some(inferred.fields.into_iter().map(|field| field.path).collect())
}

/// The names of a Parquet file's columns that hold one value a row (of nested ones, dotted paths); `None` if it is no such file.
#[must_use]
pub fn parquet_column_names<S: ChunkReader + 'static>(file: &S) -> Option<Vec<String>> {
    parquet_file::leaf_names(file).ok()
}

/// As much of a sample as is looked at.
fn inflate(sample: &[u8], inflater: Option<Inflater>) -> Result<Vec<u8>, Reason> {
    let Some(mut inflater) = inflater else { return Ok(sample.get(..INFERRED_BYTES).unwrap_or(sample).to_vec()) };
    let (mut content, mut rest) = (Vec::new(), sample);
    while content.len() < INFERRED_BYTES {
        match inflater.step(rest, &Limits::default()) {
            Ok((0, [])) => break,
            Ok((used, block)) => {
                content.extend_from_slice(block);
                rest = rest.get(used..).unwrap_or_default();
            }
            // A sample may be the cut-off beginning of a file.
            Err(_) if !content.is_empty() => break,
            Err(reason) => return Err(reason),
        }
    }
    Ok(content)
}

/// Looks at the rows of a file with named columns.
fn watch_columns(names: &[String], sample: &[u8]) -> Result<Leaves, IntakeError> {
    let names: Vec<String> = names.iter().filter(|name| !name.is_empty()).take(INFERRED_FIELDS).cloned().collect();
    let leaves = Arc::new(Mutex::new(Leaves::default()));
    let watcher = Columns { names: names.clone(), leaves: Arc::clone(&leaves) };
    intake::watch(&Plan::of_columns(&names), sample, Box::new(watcher))?;
    Ok(std::mem::take(&mut *leaves.lock().unwrap_or_else(PoisonError::into_inner)))
}

#[derive(Debug)]
struct Columns {
    names: Vec<String>,
    leaves: Arc<Mutex<Leaves>>,
}

impl Watcher for Columns {
    fn row(&mut self, row: &dyn Row, _: &[u8]) {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if leaves.records() < INFERRED_RECORDS {
            leaves.begin_record();
            for (place, name) in self.names.iter().enumerate() {
                leaves.add(name, row.cell(plan::FIELDS + place));
            }
        }
    }
}
