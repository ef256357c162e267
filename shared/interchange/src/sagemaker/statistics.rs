//! `statistics.json`: what Model Monitor knows of a data set.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::document::{any, count, kind, number};
use crate::InterchangeError;

/// Most columns that are read: more than a contract may have features.
const MAX_COLUMNS: usize = 5_000;
/// Deepest level of a sketch: items of this one stand for 2^52 values each.
const MAX_LEVEL: usize = 52;

/// Statistics of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Records.
    pub records: u64,
    /// The columns, in the order of the file, which is that of the data set.
    pub columns: Vec<Column>,
}

/// Statistics of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What Model Monitor took its values for.
    pub inferred: InferredType,
    /// Values that were present.
    pub present: u64,
    /// Values that were missing.
    pub missing: u64,
    /// Statistics of numbers.
    pub numbers: Option<Numbers>,
    /// Statistics of texts.
    pub names: Option<Names>,
}

/// What Model Monitor took the values of a column for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InferredType {
    /// Whole numbers.
    Integral,
    /// Numbers.
    Fractional,
    /// Texts.
    String,
    /// Anything else.
    Unknown,
}

/// Statistics of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation, divided by `n`.
    pub standard_deviation: Option<f64>,
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// How they are distributed.
    pub distribution: Distribution,
}

/// How numbers are distributed.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Nothing is known.
    None,
    /// The items of a KLL sketch, each with the number of values that it stands for, and the sketch's `k`.
    Sketch {
        /// Items of level `i` weigh `2^i`.
        items: Vec<(f64, u64)>,
        /// The sketch's parameter: the larger, the closer.
        k: f64,
    },
    /// Buckets: lower and upper bound, and count.
    Buckets(Vec<(f64, f64, u64)>),
}

/// Statistics of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Names {
    /// Values by name, as far as they are listed.
    pub counts: BTreeMap<String, u64>,
    /// Distinct values, an estimate.
    pub distinct: Option<f64>,
}

impl Statistics {
    pub(super) fn read(top: &Map<String, Value>) -> Result<Self, InterchangeError> {
        let features = match top.get("features") {
            Some(Value::Array(features)) => features,
            other => return Err(wrong("features", other, "a list of columns")),
        };
        if features.len() > MAX_COLUMNS {
            return Err(InterchangeError::TooLarge { found: features.len(), expected: MAX_COLUMNS });
        }
        let columns = features.iter().enumerate().map(|(place, value)| Column::read(place, value)).collect::<Result<Vec<_>, _>>()?;
        let counted = top.get("dataset").and_then(|dataset| any(dataset.as_object()?, &["item_count", "itemCount"])).and_then(count);
        let most = columns.iter().map(|column| column.present + column.missing).max().unwrap_or_default();
        Ok(Self { records: counted.unwrap_or(most).max(most), columns })
    }
}

impl Column {
    fn read(place: usize, value: &Value) -> Result<Self, InterchangeError> {
        let at = || format!("features[{place}]");
        let Value::Object(column) = value else { return Err(wrong(&at(), Some(value), "a column")) };
        let name = match any(column, &["name", "feature_name"]) {
            Some(Value::String(name)) if !name.is_empty() => name.clone(),
            Some(Value::Number(number)) => number.to_string(),
            other => return Err(wrong(&format!("{}.name", at()), other, "the name of a column")),
        };
        let numeric = any(column, &["numerical_statistics", "numeric_statistics"]).and_then(Value::as_object);
        let textual = any(column, &["string_statistics", "categorical_statistics"]).and_then(Value::as_object);
        let common = [numeric, textual].into_iter().flatten().find_map(|of| of.get("common").and_then(Value::as_object));
        let of_common = |key: &str| common.and_then(|common| common.get(key)).and_then(count).unwrap_or_default();
        let inferred = InferredType::read(any(column, &["inferred_type", "inferredType"]));
        Ok(Self {
            inferred,
            present: of_common("num_present"),
            missing: of_common("num_missing"),
            numbers: numeric.map(|of| Numbers::read(of, &name)).transpose()?,
            names: textual.map(Names::read),
            name,
        })
    }
}

impl InferredType {
    pub(super) fn read(value: Option<&Value>) -> Self {
        match value.and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("integral" | "integer") => Self::Integral,
            Some("fractional" | "decimal") => Self::Fractional,
            Some("string" | "text") => Self::String,
            _ => Self::Unknown,
        }
    }

    /// Its name, as SageMaker writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Integral => "Integral",
            Self::Fractional => "Fractional",
            Self::String => "String",
            Self::Unknown => "Unknown",
        }
    }
}

impl Numbers {
    fn read(of: &Map<String, Value>, column: &str) -> Result<Self, InterchangeError> {
        let plain = |names: &[&str]| any(of, names).and_then(number);
        let kll = of.get("distribution").and_then(|distribution| distribution.get("kll"));
        let sketch = kll.and_then(|kll| kll.get("sketch")).filter(|sketch| !sketch.is_null());
        let distribution = match sketch.map(|sketch| read_sketch(sketch, column)).transpose()? {
            Some(sketch) if !matches!(&sketch, Distribution::Sketch { items, .. } if items.is_empty()) => sketch,
            _ => kll.and_then(|kll| kll.get("buckets")).map_or(Distribution::None, read_buckets),
        };
        Ok(Self {
            mean: plain(&["mean"]),
            standard_deviation: plain(&["std_dev", "stdDev", "standard_deviation"]),
            min: plain(&["min", "minimum"]),
            max: plain(&["max", "maximum"]),
            distribution,
        })
    }
}

fn read_sketch(sketch: &Value, column: &str) -> Result<Distribution, InterchangeError> {
    let place = || format!("{column}: distribution.kll.sketch");
    let Some(Value::Array(levels)) = sketch.get("data") else { return Ok(Distribution::None) };
    if levels.len() > MAX_LEVEL {
        let found = format!("{} levels", levels.len());
        return Err(InterchangeError::Value { place: place(), found, expected: "at most 52 levels of items" });
    }
    let mut items = Vec::new();
    for (level, values) in levels.iter().enumerate() {
        let Value::Array(values) = values else { return Err(wrong(&place(), Some(values), "a list of items per level")) };
        // An item that is no number stands for values that were none.
        items.extend(values.iter().filter_map(number).map(|value| (value, 1_u64 << level)));
    }
    let k = sketch.get("parameters").and_then(|parameters| parameters.get("k")).and_then(number).unwrap_or(2_048.0);
    Ok(Distribution::Sketch { items, k })
}

fn read_buckets(buckets: &Value) -> Distribution {
    let read = |bucket: &Value| {
        let of = |key: &str| bucket.get(key).and_then(number);
        Some((of("lower_bound")?, of("upper_bound")?, bucket.get("count").and_then(count)?))
    };
    let mut read: Vec<(f64, f64, u64)> = buckets.as_array().into_iter().flatten().filter_map(read).collect();
    read.sort_by(|a, b| a.0.total_cmp(&b.0));
    if read.is_empty() { Distribution::None } else { Distribution::Buckets(read) }
}

impl Names {
    fn read(of: &Map<String, Value>) -> Self {
        let buckets = of.get("distribution").and_then(|distribution| distribution.get("categorical")?.get("buckets")?.as_array());
        let mut counts = BTreeMap::new();
        for bucket in buckets.into_iter().flatten() {
            let value = match bucket.get("value") {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => continue,
                Some(other) => other.to_string(),
            };
            let counted: &mut u64 = counts.entry(value).or_default();
            *counted = counted.saturating_add(bucket.get("count").and_then(count).unwrap_or_default());
        }
        Self { counts, distinct: any(of, &["distinct_count", "distinctCount"]).and_then(number) }
    }
}

pub(super) fn wrong(place: &str, found: Option<&Value>, expected: &'static str) -> InterchangeError {
    InterchangeError::Value { place: place.to_owned(), found: found.map_or("nothing", kind).to_owned(), expected }
}
