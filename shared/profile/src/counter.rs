//! Counting the values of one field.

use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};
use hashbrown::{HashMap, HashSet};
use tidegate_contract::{FeatureKind, Field};

use crate::cells::CellIndex;
use crate::observe::column;
use crate::room::add_frequent;
use crate::{CategoricalProfile, FieldAnchor, FieldProfile, MAX_OTHER_VALUES, NumericProfile, ProfileError};

/// How one field is counted.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    field: Field,
    allowed: Option<HashSet<String>>,
    cells: Cells,
}

#[derive(Debug, Clone)]
enum Cells {
    /// The field has no anchor.
    None,
    Numeric(CellIndex),
    Categorical(HashMap<String, usize>),
}

/// Marks a record without a usable value in [`Counter::cell_of_each`].
pub(crate) const ABSENT: usize = usize::MAX;

impl Counter {
    pub(crate) fn new(field: &Field, anchor: Option<&FieldAnchor>) -> Self {
        let cells = match (field.kind, anchor) {
            (FeatureKind::Numeric, Some(FieldAnchor::Numeric(anchor))) => Cells::Numeric(CellIndex::new(anchor)),
            (FeatureKind::Categorical, Some(FieldAnchor::Categorical(anchor))) => {
                Cells::Categorical(anchor.values.iter().enumerate().map(|(cell, value)| (value.clone(), cell)).collect())
            }
            // A feature that changed its type since the baseline was made has no cells to count in.
            _ => Cells::None,
        };
        Self { field: field.clone(), allowed: field.allowed.as_ref().map(|values| values.iter().cloned().collect()), cells }
    }

    pub(crate) fn name(&self) -> &str {
        &self.field.name
    }

    pub(crate) fn start(&self) -> FieldProfile {
        let cells = match &self.cells {
            Cells::None => 0,
            Cells::Numeric(index) => index.len(),
            Cells::Categorical(values) => values.len(),
        };
        let numeric = NumericProfile { mean: 0.0, m2: 0.0, min: None, max: None, cells: vec![0; cells] };
        let categorical = CategoricalProfile { cells: vec![0; cells], ..CategoricalProfile::default() };
        let is_numeric = self.field.kind == FeatureKind::Numeric;
        FieldProfile {
            name: self.field.name.clone(),
            role: self.field.role,
            kind: self.field.kind,
            present: 0,
            missing: 0,
            wrong_type: 0,
            infinite: 0,
            out_of_range: 0,
            numeric: is_numeric.then_some(numeric),
            categorical: (!is_numeric).then_some(categorical),
        }
    }

    pub(crate) fn observe(&self, field: &mut FieldProfile, batch: &RecordBatch, wrong_type: u64) -> Result<(), ProfileError> {
        let absent = match self.field.kind {
            FeatureKind::Numeric => self.observe_numbers(field, column(batch, &self.field.name, "Float64")?),
            FeatureKind::Categorical => {
                let values: &DictionaryArray<Int32Type> = column(batch, &self.field.name, "Dictionary(Int32, Utf8)")?;
                self.observe_names(field, values, names_of(values, &self.field.name)?)
            }
        };
        field.wrong_type += wrong_type;
        field.missing += absent.saturating_sub(wrong_type);
        Ok(())
    }

    /// Counts numbers; returns how many records had none.
    fn observe_numbers(&self, field: &mut FieldProfile, values: &PrimitiveArray<Float64Type>) -> u64 {
        let Some(numeric) = &mut field.numeric else { return 0 };
        let (low, high) = self.field.range.map_or((f64::NEG_INFINITY, f64::INFINITY), |[low, high]| (low, high));
        let (mut count, mut infinite, mut out_of_range) = (0_u64, 0_u64, 0_u64);
        let (mut sum, mut least, mut greatest) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        let mut count_one = |value: f64| {
            if value.is_infinite() {
                infinite += 1;
                return;
            }
            count += 1;
            sum += value;
            least = least.min(value);
            greatest = greatest.max(value);
            out_of_range += u64::from(value < low || value > high);
            if let Cells::Numeric(index) = &self.cells
                && let Some(cell) = numeric.cells.get_mut(index.locate(value))
            {
                *cell += 1;
            }
        };
        each_number(values, &mut count_one);
        let absent = values.null_count() as u64;
        if count > 0 {
            let mean = if f64::is_finite(sum) { sum / count as f64 } else { mean_of_huge(values, count) };
            let mut m2 = 0.0;
            each_number(values, &mut |value: f64| {
                if value.is_finite() {
                    m2 += (value - mean) * (value - mean);
                }
            });
            numeric.add_moments(field.present, count, mean, m2);
            numeric.min = Some(numeric.min.map_or(least, |min| min.min(least)));
            numeric.max = Some(numeric.max.map_or(greatest, |max| max.max(greatest)));
        }
        field.present += count;
        field.infinite += infinite;
        field.out_of_range += out_of_range;
        absent
    }

    /// Counts category values; returns how many records had none.
    fn observe_names(&self, field: &mut FieldProfile, values: &DictionaryArray<Int32Type>, names: &StringArray) -> u64 {
        let Some(categorical) = &mut field.categorical else { return 0 };
        let mut counts = vec![0_u64; names.len()];
        for key in values.keys().iter().flatten() {
            if let Some(count) = usize::try_from(key).ok().and_then(|key| counts.get_mut(key)) {
                *count += 1;
            }
        }
        let mut others: Vec<(&str, u64)> = Vec::new();
        for (name, &count) in names.iter().zip(&counts) {
            let (Some(name), true) = (name, count > 0) else { continue };
            field.present += count;
            if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(name)) {
                field.out_of_range += count;
            }
            match self.cell_of_name(name).and_then(|cell| categorical.cells.get_mut(cell)) {
                Some(cell) => *cell += count,
                None => others.push((name, count)),
            }
        }
        categorical.remainder += add_frequent(&mut categorical.other, others.into_iter(), MAX_OTHER_VALUES);
        values.len() as u64 - counts.iter().sum::<u64>()
    }

    fn cell_of_name(&self, name: &str) -> Option<usize> {
        match &self.cells {
            Cells::Categorical(cells) => cells.get(name).copied(),
            _ => None,
        }
    }

    /// The cell of each record's value, [`ABSENT`] where there is none; a category value that the anchor does not list
    /// is in the cell after the last.
    pub(crate) fn cell_of_each(&self, batch: &RecordBatch) -> Result<Vec<usize>, ProfileError> {
        match &self.cells {
            Cells::None => Ok(vec![ABSENT; batch.num_rows()]),
            Cells::Numeric(index) => {
                let values: &PrimitiveArray<Float64Type> = column(batch, &self.field.name, "Float64")?;
                Ok(values.iter().map(|value| value.filter(|value| value.is_finite()).map_or(ABSENT, |value| index.locate(value))).collect())
            }
            Cells::Categorical(cells) => {
                let values: &DictionaryArray<Int32Type> = column(batch, &self.field.name, "Dictionary(Int32, Utf8)")?;
                let names = names_of(values, &self.field.name)?;
                let of_code: Vec<usize> =
                    names.iter().map(|name| name.and_then(|name| cells.get(name).copied()).unwrap_or(cells.len())).collect();
                let cell = |key: i32| usize::try_from(key).ok().and_then(|key| of_code.get(key).copied()).unwrap_or(ABSENT);
                Ok(values.keys().iter().map(|key| key.map_or(ABSENT, cell)).collect())
            }
        }
    }

    /// The cell of a finite number; 0 when the field has no numeric cells.
    pub(crate) fn cell_of_number(&self, value: f64) -> usize {
        match &self.cells {
            Cells::Numeric(index) => index.locate(value),
            _ => 0,
        }
    }

    /// Number of cells that [`Counter::cell_of_each`] can name.
    pub(crate) fn cells(&self) -> usize {
        match &self.cells {
            Cells::None => 0,
            Cells::Numeric(index) => index.len(),
            Cells::Categorical(cells) => cells.len() + 1,
        }
    }
}

/// The mean of numbers whose sum overflows.
fn mean_of_huge(values: &PrimitiveArray<Float64Type>, count: u64) -> f64 {
    let mut mean = 0.0;
    each_number(values, &mut |value: f64| {
        if value.is_finite() {
            mean += value / count as f64;
        }
    });
    mean
}

/// The dictionary of a categorical column.
pub(crate) fn names_of<'b>(values: &'b DictionaryArray<Int32Type>, column: &str) -> Result<&'b StringArray, ProfileError> {
    values.values().as_any().downcast_ref().ok_or_else(|| ProfileError::Column {
        column: column.to_owned(),
        found: values.data_type().to_string(),
        expected: "Dictionary(Int32, Utf8)".to_owned(),
    })
}

/// Calls `each` with every number of a column, in order.
pub(crate) fn each_number(values: &PrimitiveArray<Float64Type>, each: &mut impl FnMut(f64)) {
    if values.null_count() == 0 {
        values.values().iter().for_each(|&value| each(value));
    } else {
        values.iter().flatten().for_each(each);
    }
}
