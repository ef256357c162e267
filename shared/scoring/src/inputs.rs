//! From columns to the tensors that a model reads.

use std::ops::Range;
use std::sync::Arc;

use tidegate_contract::FeatureKind;

use crate::error::{Fault, ScoringError};
use crate::proto::ValueProto;
use crate::signature::Signature;
use crate::tensor::{Data, Kind, Tensor, single, whole};
use crate::{Column, Columns};

/// One tensor that a model reads.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    kind: Kind,
    has_one_axis: bool,
    /// The features that its columns are.
    features: Vec<(String, FeatureKind)>,
}

/// Which features go into which of the model's inputs.
pub(crate) fn bind(inputs: &[&ValueProto<'_>], signature: &Signature) -> Result<Vec<Input>, ScoringError> {
    bound(inputs, signature).map_err(ScoringError::Inputs)
}

fn bound(inputs: &[&ValueProto<'_>], signature: &Signature) -> Result<Vec<Input>, Fault> {
    if inputs.is_empty() {
        return Err(Fault::new("none", "at least one"));
    }
    let mut kinds = Vec::new();
    for input in inputs {
        let kind = input
            .data_type
            .and_then(Kind::of)
            .ok_or_else(|| Fault::new(format!("input {:?} of another type", input.name), "a tensor of numbers, text, or true and false"))?;
        let axes = input.sizes.as_ref().map_or(2, Vec::len);
        if !(1..=2).contains(&axes) {
            return Err(Fault::new(format!("input {:?} of {axes} axes", input.name), "rows and columns"));
        }
        if let Some(Some(rows)) = input.sizes.as_ref().and_then(|sizes| sizes.first()) {
            return Err(Fault::new(
                format!("input {:?} for exactly {rows} rows", input.name),
                "any number of rows: export the model with an open first axis",
            ));
        }
        kinds.push((kind, axes == 1));
    }
    let places = match by_name(inputs, signature) {
        Some(places) => places,
        None => by_order(inputs, signature)?,
    };
    let mut all = Vec::new();
    for ((input, (kind, has_one_axis)), places) in inputs.iter().zip(kinds).zip(places) {
        let features = places.iter().filter_map(|place| signature.features.get(*place));
        let features = features.map(|feature| (feature.name.clone(), feature.kind)).collect::<Vec<_>>();
        if kind == Kind::Text
            && let Some((name, _)) = features.iter().find(|(_, kind)| *kind == FeatureKind::Numeric)
        {
            return Err(Fault::new(
                format!("input {:?} of text", input.name),
                format!("numbers, since the contract has {name:?} as numeric"),
            ));
        }
        all.push(Input { kind, has_one_axis, features });
    }
    Ok(all)
}

/// The columns of an input, if its shape says how many.
fn width(input: &ValueProto<'_>) -> Option<usize> {
    match input.sizes.as_deref() {
        Some([_]) => Some(1),
        Some([_, size]) => size.and_then(|size| usize::try_from(size).ok()),
        _ => None,
    }
}

/// Inputs of one column each, every one named after a feature of its own.
fn by_name(inputs: &[&ValueProto<'_>], signature: &Signature) -> Option<Vec<Vec<usize>>> {
    let mut places = Vec::new();
    for input in inputs {
        let place = signature.find(input.name).filter(|_| width(input).is_none_or(|width| width == 1))?;
        if places.contains(&vec![place]) {
            return None;
        }
        places.push(vec![place]);
    }
    Some(places)
}

/// Inputs of several columns, which take the features in their order.
fn by_order(inputs: &[&ValueProto<'_>], signature: &Signature) -> Result<Vec<Vec<usize>>, Fault> {
    if let ([_, _, ..], Some(stranger)) =
        (inputs, inputs.iter().find(|input| width(input).is_none_or(|width| width == 1) && signature.find(input.name).is_none()))
    {
        return Err(Fault::new(format!("{:?}", stranger.name), format!("the name of a feature of the contract: {}", signature.names())));
    }
    let order = match &signature.order {
        None => (0..signature.features.len()).collect::<Vec<_>>(),
        Some(order) => {
            let find = |name: &String| {
                signature.find(name).ok_or_else(|| {
                    Fault::new(format!("{name:?} in the order of columns"), format!("a feature of the contract: {}", signature.names()))
                })
            };
            order.iter().map(find).collect::<Result<Vec<_>, _>>()?
        }
    };
    let known: usize = inputs.iter().filter_map(|input| width(input)).sum();
    let unknown = inputs.iter().filter(|input| width(input).is_none()).count();
    if unknown > 1 || (unknown == 0 && known != order.len()) || known > order.len() {
        let found = if unknown > 1 { format!("{unknown} inputs of any width") } else { format!("{known} columns") };
        let names =
            order.iter().filter_map(|place| signature.features.get(*place)).map(|feature| feature.name.as_str()).collect::<Vec<_>>();
        return Err(Fault::new(found, format!("{} columns ({})", order.len(), names.join(", "))));
    }
    let rest = order.len() - known;
    let mut order = order.into_iter();
    Ok(inputs.iter().map(|input| order.by_ref().take(width(input).unwrap_or(rest)).collect()).collect())
}

impl Input {
    pub(crate) fn features(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|(name, _)| name.as_str())
    }

    /// A tensor of rows without content: zeros, empty names.
    pub(crate) fn blank(&self, rows: usize) -> Result<Tensor, ScoringError> {
        let shape = if self.has_one_axis { vec![rows] } else { vec![rows, self.features.len()] };
        let count = shape.iter().product();
        let data = match self.kind {
            Kind::Text => Data::Text(vec!["".into(); count]),
            kind => Data::of_numbers(kind, std::iter::repeat_n(0.0, count)),
        };
        Tensor::new(shape, data).map_err(ScoringError::Inputs)
    }

    /// The tensor of some rows.
    pub(crate) fn tensor(&self, columns: &Columns<'_>, rows: &Range<usize>) -> Result<Tensor, ScoringError> {
        let count = rows.len();
        let mut parts = Vec::with_capacity(self.features.len());
        for (name, _) in &self.features {
            let column = columns.get(name);
            parts.push(part(name, column, self.kind, rows).map_err(|fault| ScoringError::Column { column: name.clone(), fault })?);
        }
        let shape = if self.has_one_axis { vec![count] } else { vec![count, parts.len()] };
        let data = match self.kind {
            Kind::Text => Data::Text(row_by_row(&parts, count, |part| if let Part::Names(names) = part { names } else { &[] })),
            kind => Data::of_numbers(
                kind,
                row_by_row(&parts, count, |part| if let Part::Numbers(numbers) = part { numbers } else { &[] }).into_iter(),
            ),
        };
        Tensor::new(shape, data).map_err(ScoringError::Inputs)
    }
}

enum Part {
    Numbers(Vec<f64>),
    Names(Vec<Arc<str>>),
}

fn row_by_row<T: Clone>(parts: &[Part], rows: usize, values: impl Fn(&Part) -> &[T]) -> Vec<T> {
    let mut lists = parts.iter().map(|part| values(part).iter()).collect::<Vec<_>>();
    let mut all = Vec::with_capacity(rows * parts.len());
    for _ in 0..rows {
        all.extend(lists.iter_mut().filter_map(|list| list.next().cloned()));
    }
    all
}

/// A column's values as the model's kind.
fn part(name: &str, column: Option<Column<'_>>, kind: Kind, rows: &Range<usize>) -> Result<Part, Fault> {
    let cut = |length: usize| rows.start.min(length)..rows.end.min(length);
    match column {
        None => Err(Fault::new("no such column", format!("one: the model reads {name:?}"))),
        Some(Column::Numbers(values)) => {
            let values = values.get(cut(values.len())).unwrap_or_default();
            match kind {
                Kind::Text => Err(Fault::new("numbers", "names: the model reads text")),
                Kind::Int | Kind::Bool => values
                    .iter()
                    .enumerate()
                    .map(|(row, value)| exact(*value, rows.start + row))
                    .collect::<Result<_, _>>()
                    .map(Part::Numbers),
                Kind::Float | Kind::Double => Ok(Part::Numbers(values.to_vec())),
            }
        }
        Some(Column::Names(values)) => {
            let values = values.get(cut(values.len())).unwrap_or_default();
            if kind == Kind::Text {
                return Ok(Part::Names(values.iter().map(|value| value.unwrap_or_default().into()).collect()));
            }
            // Categories that are numbers, as boosters read them.
            let number = |(row, value): (usize, Option<&str>)| match value {
                None if matches!(kind, Kind::Float | Kind::Double) => Ok(f64::NAN),
                None => Err(Fault::new(
                    format!("a missing value in row {}", rows.start + row),
                    "a whole number: the model knows no missing ones",
                )),
                Some("true") => Ok(1.0),
                Some("false") => Ok(0.0),
                Some(text) => {
                    let number = text.parse().map_err(|_| {
                        Fault::new(format!("{text:?} in row {}", rows.start + row), "a number: the model reads this category as one")
                    })?;
                    if matches!(kind, Kind::Float | Kind::Double) { Ok(number) } else { exact(number, rows.start + row) }
                }
            };
            values.iter().copied().enumerate().map(number).collect::<Result<_, _>>().map(Part::Numbers)
        }
    }
}

/// A number that has no fraction.
#[expect(clippy::float_cmp, reason = "a whole number is exactly its rounding")]
fn exact(value: f64, row: usize) -> Result<f64, Fault> {
    if value.is_finite() && value.trunc() == value && whole(value) as f64 == value {
        return Ok(value);
    }
    let found = if value.is_nan() { format!("a missing value in row {row}") } else { format!("{} in row {row}", single(value)) };
    Err(Fault::new(found, "a whole number: the model reads no others"))
}
