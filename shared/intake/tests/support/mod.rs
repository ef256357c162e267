//! A sink that keeps everything, and contracts to read with.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use tidegate_contract::Contract;
use tidegate_intake::{Flow, Half, Intake, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError, Summary};
use tidegate_profile::BatchFacts;

#[derive(Debug, Default, PartialEq)]
pub struct Kept {
    pub batches: Vec<(Partition, RecordBatch, BatchFacts)>,
    pub rejected: Vec<Bad>,
    pub halves: Vec<String>,
}

#[derive(Debug, PartialEq, Clone)]
pub struct Bad {
    pub line: u64,
    pub offset: u64,
    pub column: Option<u64>,
    pub kind: &'static str,
    pub reason: String,
    pub text: Vec<u8>,
    pub truncated: bool,
    pub withheld: Option<String>,
}

impl Sink for Kept {
    fn batch(&mut self, partition: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        assert_eq!(facts.version, partition.version);
        self.batches.push((partition, batch, facts));
        Ok(())
    }

    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError> {
        let Rejected { line, offset, column, reason, text, truncated, withheld } = rejected;
        let (kind, text) = (reason.kind.name(), text.to_vec());
        self.rejected.push(Bad { line, offset, column, kind, reason: reason.text, text, truncated, withheld });
        Ok(())
    }

    fn half(&mut self, half: Half<'_>) -> Result<(), SinkError> {
        self.halves.push(half.text.to_owned());
        Ok(())
    }
}

impl Kept {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(|(_, batch, _)| batch.num_rows()).sum()
    }

    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        let columns = self.batches.iter().map(|(_, batch, _)| batch.column_by_name(column).unwrap().as_primitive::<Float64Type>().clone());
        columns.flat_map(|column| column.iter().collect::<Vec<_>>()).collect()
    }

    pub fn texts(&self, column: &str) -> Vec<Option<String>> {
        let mut texts = Vec::new();
        for (_, batch, _) in &self.batches {
            let column = batch.column_by_name(column).unwrap();
            match column.as_dictionary_opt::<Int32Type>() {
                Some(dictionary) => {
                    let values = dictionary.values().as_string::<i32>();
                    texts.extend((0..column.len()).map(|at| dictionary.key(at).map(|key| values.value(key).to_owned())));
                }
                None => texts.extend(column.as_string::<i32>().iter().map(|text| text.map(str::to_owned))),
            }
        }
        texts
    }

    pub fn times(&self) -> Vec<Option<i64>> {
        let columns = self
            .batches
            .iter()
            .map(|(_, batch, _)| batch.column_by_name("timestamp").unwrap().as_primitive::<TimestampMillisecondType>().clone());
        columns.flat_map(|column| column.iter().collect::<Vec<_>>()).collect()
    }

    pub fn kinds(&self) -> Vec<&'static str> {
        self.rejected.iter().map(|bad| bad.kind).collect()
    }

    /// Wrong types of a field, all batches together.
    pub fn wrong(&self, field: usize) -> u64 {
        self.batches.iter().map(|(_, _, facts)| facts.wrong_type[field]).sum()
    }
}

/// The contract that most tests read with: numeric `x`, categorical `k`.
pub fn contract() -> Contract {
    contract_of(r#"{"model": "m", "task": "binary", "features": [{"name": "x", "type": "numeric"}, {"name": "k", "type": "categorical"}]}"#)
}

pub fn contract_of(json: &str) -> Contract {
    serde_json::from_str(json).unwrap()
}

pub fn logs() -> Plan {
    Plan::new(&contract(), Layout::Logs).unwrap()
}

pub fn dataset() -> Plan {
    Plan::new(&contract(), Layout::Dataset).unwrap()
}

/// Reads content in chunks of a size.
pub fn read_in(plan: &Plan, limits: Limits, content: &[u8], chunk: usize) -> (Kept, Summary) {
    let mut kept = Kept::default();
    let mut intake = Intake::new(plan, limits);
    for chunk in content.chunks(chunk) {
        match intake.push(chunk, &mut kept).unwrap() {
            Flow::More => {}
            Flow::Stop => break,
            Flow::Parquet => panic!("Parquet is not pushed"),
        }
    }
    let summary = intake.finish(&mut kept).unwrap();
    let lines = summary.lines;
    assert_eq!(lines.read, lines.accepted + lines.quarantined + lines.blank);
    assert_eq!(kept.rows() as u64, lines.accepted);
    assert_eq!(kept.rejected.len() as u64, lines.quarantined);
    assert_eq!(summary.waiting, kept.halves.len() as u64);
    assert_eq!(summary.reasons.values().sum::<u64>(), lines.quarantined);
    (kept, summary)
}

pub fn read(plan: &Plan, content: impl AsRef<[u8]>) -> (Kept, Summary) {
    read_in(plan, Limits::default(), content.as_ref(), usize::MAX)
}

/// A good scoring log line.
pub fn good(number: u64) -> String {
    format!(
        r#"{{"timestamp":"2013-07-01T12:30:05.250Z","inference_id":"i{number}","version":"v1","features":{{"x":{number},"k":"a"}},"score":0.5,"prediction":1}}"#
    )
}

/// A folder beside the repository; `None`, said, when it is not there.
pub fn beside(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {folder} is not beside the repository");
    None
}
