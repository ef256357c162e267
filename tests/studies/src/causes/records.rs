//! Records as an application holds them, read from files and written as a scoring log by the product's own intake.

use std::collections::BTreeMap;

use anyhow::Context;
use arrow_array::types::{Float64Type, Int32Type, TimestampMillisecondType};
use arrow_array::{Array, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};
use serde_json::{Value, json};
use tidegate_contract::{Contract, FeatureKind, FieldRole};
use tidegate_intake::{Half, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError};
use tidegate_profile::BatchFacts;

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// When it was scored, milliseconds since 1970; 0 when it carries no time.
    pub(crate) time_ms: i64,
    /// Which version answered.
    pub(crate) version: &'static str,
    /// The features, in the contract's order, under the names that they are written by.
    pub(crate) features: Vec<(String, Value)>,
    /// The score, where the model gives one.
    pub(crate) score: Option<f64>,
    /// The prediction.
    pub(crate) prediction: Value,
}

impl Record {
    /// The number of a feature.
    pub(crate) fn number(&self, feature: usize) -> Option<f64> {
        self.features.get(feature).and_then(|(_, value)| value.as_f64())
    }

    /// The name of a feature.
    pub(crate) fn name(&self, feature: usize) -> Option<&str> {
        self.features.get(feature).and_then(|(_, value)| value.as_str())
    }

    /// Puts another value into a feature.
    pub(crate) fn set(&mut self, feature: usize, value: Value) {
        if let Some((_, slot)) = self.features.get_mut(feature) {
            *slot = value;
        }
    }

    /// The line of a scoring log.
    pub(crate) fn line(&self, with_time: bool) -> String {
        let features: serde_json::Map<String, Value> = self.features.iter().filter(|(_, value)| !value.is_null()).cloned().collect();
        let mut record = json!({ "version": self.version, "features": features, "prediction": self.prediction });
        if let (true, Some(record)) = (with_time, record.as_object_mut()) {
            record.insert("timestamp".to_owned(), json!(self.time_ms));
        }
        if let (Some(score), Some(record)) = (self.score, record.as_object_mut()) {
            record.insert("score".to_owned(), json!(score));
        }
        record.to_string()
    }
}

/// Records as the bytes of a log.
pub(crate) fn lines(records: &[&Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend(record.line(true).into_bytes());
        bytes.push(b'\n');
    }
    bytes
}

/// Reads files of this contract into records, in the order of their rows.
pub(crate) fn read(contract: &Contract, layout: Layout, files: &[Vec<u8>]) -> anyhow::Result<Vec<Record>> {
    let plan = Plan::new(contract, layout)?;
    let mut records = Vec::new();
    for file in files {
        let mut batches = Batches::default();
        tidegate_intake::read(&plan, Limits::default(), bytes::Bytes::copy_from_slice(file), &mut batches)?;
        for (_, batch, _) in batches.read {
            records.extend(of_batch(contract, &batch)?);
        }
    }
    Ok(records)
}

fn of_batch(contract: &Contract, batch: &RecordBatch) -> anyhow::Result<Vec<Record>> {
    let times: &PrimitiveArray<TimestampMillisecondType> = column(batch, "timestamp")?;
    let mut records: Vec<Record> = times
        .iter()
        .map(|time| Record { time_ms: time.unwrap_or(0), version: "1.0.0", features: Vec::new(), score: None, prediction: Value::Null })
        .collect();
    for field in contract.fields() {
        let values: Vec<Value> = match field.kind {
            FeatureKind::Numeric => {
                let numbers: &PrimitiveArray<Float64Type> = column(batch, &field.name)?;
                numbers.iter().map(|number| number.map_or(Value::Null, |number| json!(number))).collect()
            }
            FeatureKind::Categorical => {
                let names: &DictionaryArray<Int32Type> = column(batch, &field.name)?;
                let names = names.downcast_dict::<StringArray>().context("names are text")?;
                names.into_iter().map(|name| name.map_or(Value::Null, |name| json!(name))).collect()
            }
        };
        for (record, value) in records.iter_mut().zip(values) {
            match field.role {
                FieldRole::Feature => record.features.push((field.name.clone(), value)),
                FieldRole::Score => record.score = value.as_f64(),
                FieldRole::Prediction => record.prediction = value,
                FieldRole::Latency => {}
            }
        }
    }
    Ok(records)
}

fn column<'b, A: Array + 'static>(batch: &'b RecordBatch, name: &str) -> anyhow::Result<&'b A> {
    let found = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
    found.with_context(|| format!("no column {name} of the right type"))
}

/// Keeps what intake reads.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    pub(crate) read: Vec<(Partition, RecordBatch, BatchFacts)>,
}

impl Sink for Batches {
    fn batch(&mut self, partition: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        self.read.push((partition, batch, facts));
        Ok(())
    }

    fn rejected(&mut self, _: Rejected<'_>) -> Result<(), SinkError> {
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Err("a study writes whole records".into())
    }
}

/// Records by the hour in which they were scored.
pub(crate) fn by_hour(records: &[Record]) -> BTreeMap<i64, Vec<&Record>> {
    let mut hours: BTreeMap<i64, Vec<&Record>> = BTreeMap::new();
    for record in records {
        hours.entry(record.time_ms.div_euclid(HOUR_MS) * HOUR_MS).or_default().push(record);
    }
    hours
}

/// Milliseconds in an hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// Milliseconds in a day.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;
