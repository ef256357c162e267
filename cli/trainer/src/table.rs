//! Rows to learn from.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};

use crate::TrainError;

/// A feature's values.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; not a number where one is missing.
    Numbers(Vec<f64>),
    /// Names; `None` where one is missing.
    Names(Vec<Option<String>>),
}

/// Features in columns, and the outcome of each row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The features, by name.
    pub features: BTreeMap<String, Column>,
    /// Whether each row turned out positive.
    pub outcome: Vec<bool>,
}

impl Table {
    /// An empty table of these numeric and these categorical features.
    #[must_use]
    pub fn new<'a>(numbers: impl IntoIterator<Item = &'a str>, names: impl IntoIterator<Item = &'a str>) -> Self {
        let numbers = numbers.into_iter().map(|name| (name.to_owned(), Column::Numbers(Vec::new())));
        let names = names.into_iter().map(|name| (name.to_owned(), Column::Names(Vec::new())));
        Self { features: numbers.chain(names).collect(), outcome: Vec::new() }
    }

    /// Adds the records of a batch whose outcome is known, by their inference ids.
    ///
    /// # Errors
    /// [`TrainError::Column`] if a column is not there or of another type.
    pub fn add(&mut self, batch: &RecordBatch, outcome: impl Fn(&str) -> Option<bool>) -> Result<(), TrainError> {
        let wrong = |name: &str, expected| TrainError::Column {
            name: name.to_owned(),
            found: batch.column_by_name(name).map_or_else(|| "none".to_owned(), |column| column.data_type().to_string()),
            expected,
        };
        let ids = batch.column_by_name("inference_id").and_then(|column| column.as_string_opt::<i32>());
        let ids = ids.ok_or_else(|| wrong("inference_id", "text"))?;
        let known: Vec<(usize, bool)> = ids.iter().enumerate().filter_map(|(row, id)| Some((row, outcome(id?)?))).collect();
        for (name, column) in &mut self.features {
            match column {
                Column::Numbers(values) => {
                    let found = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Float64Type>());
                    let found = found.ok_or_else(|| wrong(name, "numbers"))?;
                    values.extend(known.iter().map(|(row, _)| if found.is_null(*row) { f64::NAN } else { found.value(*row) }));
                }
                Column::Names(values) => {
                    let found = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
                    let found = found.ok_or_else(|| wrong(name, "names"))?;
                    let names = found.values().as_string_opt::<i32>().ok_or_else(|| wrong(name, "names"))?;
                    let name_of = |row: usize| found.key(row).filter(|key| !names.is_null(*key)).map(|key| names.value(key).to_owned());
                    values.extend(known.iter().map(|(row, _)| name_of(*row)));
                }
            }
        }
        self.outcome.extend(known.iter().map(|(_, outcome)| *outcome));
        Ok(())
    }
}
