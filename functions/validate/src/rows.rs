//! Rows of an evaluation set, a file of predictions or a training set, read by the product's own intake.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use tidegate_contract::{Contract, Feature, FeatureKind};
use tidegate_intake::{Half, IntakeError, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError, read};
use tidegate_profile::BatchFacts;
use tidegate_validation::{Ids, Labels};

/// Rows in columns.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    batches: Vec<RecordBatch>,
    /// Number of rows.
    pub(crate) count: usize,
    /// The first line that could not be read, and how many there are.
    rejected: Option<(String, u64)>,
}

/// A contract like this one with other columns besides; the prediction and score of a dataset are no columns of it unless they are named.
pub(crate) fn with_columns(contract: &Contract, id: Option<&String>, columns: &[(&str, FeatureKind)]) -> Contract {
    let mut contract = contract.clone();
    if let Some(id) = id {
        contract.record.inference_id.clone_from(id);
    }
    for (name, kind) in columns {
        if !contract.features.iter().any(|feature| feature.name == *name) {
            contract.features.push(Feature::new(name, *kind));
        }
    }
    contract
}

impl Rows {
    /// Reads a file of any supported format by a contract.
    pub(crate) fn read(contract: &Contract, file: Bytes) -> Result<Self, IntakeError> {
        Self::read_by(&Plan::new(contract, Layout::Dataset)?, file)
    }

    /// Reads a file of collected records, as the lake keeps them.
    pub(crate) fn read_stored(contract: &Contract, file: Bytes) -> Result<Self, IntakeError> {
        Self::read_by(&Plan::new(contract, Layout::Dataset)?.of_stored(), file)
    }

    fn read_by(plan: &Plan, file: Bytes) -> Result<Self, IntakeError> {
        let mut rows = Self::default();
        read(plan, Limits::default(), file, &mut rows)?;
        Ok(rows)
    }

    /// Why the rows cannot be used as they are: a set in which a line could not be read is another set.
    pub(crate) fn fault(&self) -> Option<String> {
        match &self.rejected {
            Some((first, count)) => Some(format!("{count} of {} rows cannot be read; {first}", self.count as u64 + count)),
            None if self.count == 0 => Some("found no rows, expected at least one".to_owned()),
            None => None,
        }
    }

    pub(crate) fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// What names each row: its id or, where no row has one, its place.
    pub(crate) fn ids(&self) -> Result<Ids, String> {
        let columns = || self.batches.iter().filter_map(|batch| batch.column_by_name("inference_id")?.as_string_opt::<i32>());
        let missing: usize = columns().map(arrow_array::Array::null_count).sum();
        if missing == self.count {
            return Ok((1..=self.count).map(|row| row.to_string()).collect());
        }
        if missing > 0 {
            return Err(format!("found {missing} of {} rows without an id, expected one in every row or none at all", self.count));
        }
        Ok(columns().flatten().flatten().collect())
    }

    /// A column of names; `None` where a row has nothing readable.
    pub(crate) fn labels(&self, name: &str) -> Option<Labels> {
        let mut found = Vec::with_capacity(self.count);
        for batch in &self.batches {
            let column = batch.column_by_name(name)?.as_dictionary_opt::<Int32Type>()?;
            let values = column.values().as_string_opt::<i32>()?;
            for key in column.keys() {
                found.push(key.and_then(|key| usize::try_from(key).ok()).map(|key| values.value(key).to_owned()));
            }
        }
        Some(found.into_iter().collect())
    }

    /// A column of numbers; not a number where a row has nothing readable.
    pub(crate) fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        let mut found = Vec::with_capacity(self.count);
        for batch in &self.batches {
            let column = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
            found.extend(column.iter().map(|value| value.unwrap_or(f64::NAN)));
        }
        Some(found)
    }

    /// A column as names, whatever it holds: of numbers, their shortest decimal form.
    pub(crate) fn shown(&self, name: &str) -> Option<Labels> {
        self.labels(name).or_else(|| {
            let numbers = self.numbers(name)?;
            Some(numbers.into_iter().map(|number| number.is_finite().then(|| number.to_string())).collect())
        })
    }

    /// Whether any row has something readable in this column.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.batches.iter().any(|batch| batch.column_by_name(name).is_some_and(|column| column.null_count() < column.len()))
    }
}

impl Sink for Rows {
    fn batch(&mut self, _: Partition, batch: RecordBatch, _: BatchFacts) -> Result<(), SinkError> {
        self.count += batch.num_rows();
        self.batches.push(batch);
        Ok(())
    }

    fn rejected(&mut self, rejected: Rejected<'_>) -> Result<(), SinkError> {
        let first = self.rejected.get_or_insert_with(|| (format!("line {}: {}", rejected.line, rejected.reason.text), 0));
        first.1 += 1;
        Ok(())
    }

    /// Half a record is no row.
    fn half(&mut self, half: Half<'_>) -> Result<(), SinkError> {
        let first = self.rejected.get_or_insert_with(|| (format!("found half a record of {}", half.time_ms), 0));
        first.1 += 1;
        Ok(())
    }
}
