//! The columns of a batch of records, by name; one that is missing or of another type holds nothing.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMillisecondType};
use arrow_array::{Array, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};

use crate::names::{NONE, Names};

/// Times, milliseconds since 1970.
pub(crate) struct Times<'a>(Option<&'a PrimitiveArray<TimestampMillisecondType>>);

/// Texts.
pub(crate) struct Texts<'a>(Option<&'a StringArray>);

/// Numbers.
pub(crate) struct Numbers<'a>(Option<&'a PrimitiveArray<Float64Type>>);

/// Names, as codes of [`Names`].
pub(crate) struct Codes<'a> {
    keys: Option<&'a DictionaryArray<Int32Type>>,
    codes: Vec<u32>,
}

impl<'a> Times<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_primitive_opt()))
    }

    pub(crate) fn at(&self, row: usize) -> Option<i64> {
        self.0.filter(|column| !column.is_null(row)).map(|column| column.value(row))
    }
}

impl<'a> Texts<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_string_opt()))
    }

    pub(crate) fn at(&self, row: usize) -> Option<&'a str> {
        self.0.filter(|column| !column.is_null(row)).map(|column| column.value(row))
    }
}

impl<'a> Numbers<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_primitive_opt()))
    }

    /// A finite number.
    pub(crate) fn at(&self, row: usize) -> Option<f64> {
        self.0.filter(|column| !column.is_null(row)).map(|column| column.value(row)).filter(|value| value.is_finite())
    }
}

impl<'a> Codes<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str, names: &mut Names) -> Self {
        let keys = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
        let texts = keys.and_then(|keys| keys.values().as_string_opt::<i32>());
        let codes = texts.map(|texts| texts.iter().map(|text| text.map_or(NONE, |text| names.code(text))).collect()).unwrap_or_default();
        Self { keys, codes }
    }

    /// The code of a row's name, or [`NONE`].
    pub(crate) fn at(&self, row: usize) -> u32 {
        let key = self.keys.filter(|keys| !keys.is_null(row)).map(|keys| keys.keys().value(row));
        key.and_then(|key| self.codes.get(usize::try_from(key).ok()?)).copied().unwrap_or(NONE)
    }

    /// The text of a row.
    pub(crate) fn text<'n>(&self, row: usize, names: &'n Names) -> Option<&'n str> {
        names.name(self.at(row))
    }
}
