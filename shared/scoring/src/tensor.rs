//! Values of one type in rows and columns, and how small tensors spread over large ones.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::Fault;
use crate::limits::{MAX_ELEMENTS, MAX_RANK};

/// A tensor. Whole numbers of every width are held as 64 bits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

/// A tensor's values, the last axis running fastest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    Float(Vec<f32>),
    Double(Vec<f64>),
    Int(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<Arc<str>>),
}

/// What a tensor's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    Double,
    Int,
    Bool,
    Text,
}

impl Kind {
    /// The kind of an ONNX `TensorProto.DataType`; `None` for those that no export of a table's model uses.
    pub(crate) fn of(data_type: i64) -> Option<Self> {
        match data_type {
            1 => Some(Self::Float),
            2 | 3 | 4 | 5 | 6 | 7 | 12 => Some(Self::Int),
            8 => Some(Self::Text),
            9 => Some(Self::Bool),
            11 => Some(Self::Double),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Float => "32-bit numbers",
            Self::Double => "64-bit numbers",
            Self::Int => "whole numbers",
            Self::Bool => "true and false",
            Self::Text => "text",
        }
    }
}

impl Data {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Double(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Float(_) => Kind::Float,
            Self::Double(_) => Kind::Double,
            Self::Int(_) => Kind::Int,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
        }
    }

    /// Numbers as a tensor of that kind: rounded to 32 bits, or cut to whole numbers, where the kind has no more.
    pub(crate) fn of_numbers(kind: Kind, values: impl Iterator<Item = f64>) -> Self {
        match kind {
            Kind::Double => Self::Double(values.collect()),
            Kind::Int => Self::Int(values.map(whole).collect()),
            Kind::Bool => Self::Bool(values.map(|value| value != 0.0).collect()),
            Kind::Float | Kind::Text => Self::Float(values.map(single).collect()),
        }
    }
}

/// The nearest 32-bit number.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
pub(crate) fn single(value: f64) -> f32 {
    value as f32
}

/// The whole number that is left when the fraction is cut off, the nearest there is.
#[expect(clippy::cast_possible_truncation, reason = "cutting off is what ONNX's Cast does")]
pub(crate) fn whole(value: f64) -> i64 {
    value as i64
}

/// How many values a tensor of this shape has. An axis of size 0 does not excuse the others: [2⁴⁰, 0] is refused.
pub(crate) fn elements(shape: &[usize]) -> Result<usize, Fault> {
    let room = shape.iter().try_fold(1_usize, |room, size| room.checked_mul((*size).max(1)));
    match room {
        _ if shape.len() > MAX_RANK => Err(Fault::new(format!("a tensor of {} axes", shape.len()), format!("at most {MAX_RANK}"))),
        Some(room) if room <= MAX_ELEMENTS => Ok(if shape.contains(&0) { 0 } else { room }),
        _ => Err(Fault::new(format!("a tensor of shape {shape:?}"), format!("at most {MAX_ELEMENTS} values"))),
    }
}

impl Tensor {
    pub(crate) fn new(shape: Vec<usize>, data: Data) -> Result<Self, Fault> {
        let expected = elements(&shape)?;
        if expected != data.len() {
            return Err(Fault::new(format!("{} values", data.len()), format!("{expected} (shape {shape:?})")));
        }
        Ok(Self { shape, data })
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    pub(crate) fn kind(&self) -> Kind {
        self.data.kind()
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    pub(crate) fn reshaped(&self, shape: Vec<usize>) -> Result<Self, Fault> {
        Self::new(shape, self.data.clone())
    }

    /// Rows and columns. A tensor of one axis is one column, as the exporters of scikit-learn mean it.
    pub(crate) fn table(&self) -> Result<(usize, usize), Fault> {
        match *self.shape.as_slice() {
            [rows] => Ok((rows, 1)),
            [rows, columns] => Ok((rows, columns)),
            _ => Err(Fault::new(format!("shape {:?}", self.shape), "rows and columns")),
        }
    }

    /// All values as numbers.
    pub(crate) fn numbers(&self) -> Result<Cow<'_, [f64]>, Fault> {
        match &self.data {
            Data::Double(values) => Ok(Cow::Borrowed(values)),
            Data::Float(values) => Ok(Cow::Owned(values.iter().map(|value| f64::from(*value)).collect())),
            Data::Int(values) => Ok(Cow::Owned(values.iter().map(|value| *value as f64).collect())),
            Data::Bool(values) => Ok(Cow::Owned(values.iter().map(|value| f64::from(*value)).collect())),
            Data::Text(_) => Err(self.unexpected("numbers")),
        }
    }

    pub(crate) fn ints(&self) -> Result<&[i64], Fault> {
        match &self.data {
            Data::Int(values) => Ok(values),
            _ => Err(self.unexpected("whole numbers")),
        }
    }

    pub(crate) fn bools(&self) -> Result<&[bool], Fault> {
        match &self.data {
            Data::Bool(values) => Ok(values),
            _ => Err(self.unexpected("true and false")),
        }
    }

    /// Every number through a function, the kind kept.
    pub(crate) fn map(&self, function: impl Fn(f64) -> f64) -> Result<Self, Fault> {
        let data = match &self.data {
            Data::Float(values) => Data::Float(values.iter().map(|value| single(function(f64::from(*value)))).collect()),
            _ => Data::of_numbers(self.kind(), self.numbers()?.iter().map(|value| function(*value))),
        };
        Ok(Self { shape: self.shape.clone(), data })
    }

    pub(crate) fn unexpected(&self, expected: &str) -> Fault {
        Fault::new(format!("{} (shape {:?})", self.kind().name(), self.shape), expected)
    }

    /// The place of an axis, which may be counted from the end.
    pub(crate) fn axis(&self, axis: i64) -> Result<usize, Fault> {
        axis_of(axis, self.shape.len())
    }
}

/// The place of an axis among `rank`, which may be counted from the end.
pub(crate) fn axis_of(axis: i64, rank: usize) -> Result<usize, Fault> {
    let signed = i64::try_from(rank).unwrap_or(0);
    let place = if axis < 0 { axis.saturating_add(signed) } else { axis };
    usize::try_from(place).ok().filter(|place| *place < rank).ok_or_else(|| Fault::new(format!("axis {axis}"), format!("one of {rank}")))
}

/// How a shape lies around an axis: repetitions before it, its size, and how many values lie between two of its places.
pub(crate) fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    let before = shape.iter().take(axis).product();
    let after = shape.iter().skip(axis + 1).product();
    (before, shape.get(axis).copied().unwrap_or(1), after)
}

/// The shape that two shapes spread to (NumPy's broadcasting).
pub(crate) fn joint_shape(left: &[usize], right: &[usize]) -> Result<Vec<usize>, Fault> {
    let rank = left.len().max(right.len());
    let size =
        |shape: &[usize], place: usize| (place + shape.len()).checked_sub(rank).and_then(|place| shape.get(place)).copied().unwrap_or(1);
    let shape = (0..rank).map(|place| match (size(left, place), size(right, place)) {
        (one, other) if one == other => Ok(one),
        (1, other) => Ok(other),
        (one, 1) => Ok(one),
        _ => Err(Fault::new(format!("shapes {left:?} and {right:?}"), "shapes that fit each other")),
    });
    let shape = shape.collect::<Result<Vec<_>, _>>()?;
    elements(&shape)?;
    Ok(shape)
}

/// The values of a tensor of shape `from`, repeated to fill shape `to`, which [`joint_shape`] gave.
pub(crate) fn spread<'v, T: Clone>(values: &'v [T], from: &[usize], to: &[usize]) -> Cow<'v, [T]> {
    if from == to {
        return Cow::Borrowed(values);
    }
    let total: usize = to.iter().product();
    if let [value] = values {
        return Cow::Owned(vec![value.clone(); total]);
    }
    let mut spread = Cow::Borrowed(values);
    let mut block = 1;
    for (place, size) in to.iter().enumerate().rev() {
        let had = (place + from.len()).checked_sub(to.len()).and_then(|place| from.get(place)).copied().unwrap_or(1);
        if had == 1 && *size != 1 {
            let mut wider = Vec::with_capacity(spread.len() * size);
            for part in spread.chunks(block.max(1)) {
                for _ in 0..*size {
                    wider.extend_from_slice(part);
                }
            }
            spread = Cow::Owned(wider);
        }
        block *= size;
    }
    spread
}
