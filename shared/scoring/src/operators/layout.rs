//! Operators that move values and change shapes.

use super::{Call, Kernel, Settings};
use crate::error::Fault;
use crate::tensor::{Data, Tensor, around, axis_of, elements, joint_shape, spread};

pub(super) fn kernel(operator: &str, settings: &Settings<'_>) -> Result<Option<Kernel>, Fault> {
    Ok(Some(match operator {
        "Identity" | "Dropout" => Box::new(|call| Ok(vec![call.tensor(0)?.clone()])),
        "Constant" => constant(settings)?,
        "ConstantOfShape" => constant_of_shape(settings),
        "Shape" => Box::new(|call| {
            let sizes = call.tensor(0)?.shape().iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect::<Vec<_>>();
            Ok(vec![Tensor::new(vec![sizes.len()], Data::Int(sizes))?])
        }),
        "Reshape" => {
            let keeps_zero = settings.int("allowzero", 0) != 0;
            Box::new(move |call| reshape(call, keeps_zero))
        }
        "Flatten" => {
            let axis = settings.int("axis", 1);
            Box::new(move |call| {
                let tensor = call.tensor(0)?;
                let axis = if usize::try_from(axis) == Ok(tensor.shape().len()) { tensor.shape().len() } else { tensor.axis(axis)? };
                let (before, after) = tensor.shape().split_at(axis);
                Ok(vec![tensor.reshaped(vec![before.iter().product(), after.iter().product()])?])
            })
        }
        "Squeeze" => {
            let axes = settings.ints("axes").to_vec();
            Box::new(move |call| squeeze(call, &axes))
        }
        "Unsqueeze" => {
            let axes = settings.ints("axes").to_vec();
            Box::new(move |call| unsqueeze(call, &axes))
        }
        "Concat" => {
            let axis = settings.int("axis", 1);
            Box::new(move |call| Ok(vec![concat(&call.all()?, axis)?]))
        }
        "Gather" => {
            let axis = settings.int("axis", 0);
            Box::new(move |call| gather(call, axis))
        }
        "Split" => {
            let (axis, sizes, parts) = (settings.int("axis", 0), settings.ints("split").to_vec(), settings.outputs());
            Box::new(move |call| split(call, axis, &sizes, parts))
        }
        "Slice" => {
            let settings = [settings.ints("starts"), settings.ints("ends"), settings.ints("axes")].map(<[i64]>::to_vec);
            Box::new(move |call| slice(call, &settings))
        }
        "Transpose" => {
            let order = settings.ints("perm").to_vec();
            Box::new(move |call| transpose(call.tensor(0)?, &order))
        }
        "Expand" => Box::new(|call| {
            let tensor = call.tensor(0)?;
            let shape = joint_shape(tensor.shape(), &sizes(call.tensor(1)?)?)?;
            let data = take_with(tensor.data(), &Spreader { from: tensor.shape(), to: &shape });
            Ok(vec![Tensor::new(shape, data)?])
        }),
        _ => return Ok(None),
    }))
}

fn constant(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let value = if let Some(tensor) = settings.tensor("value") {
        tensor.clone()
    } else if settings.has("value_float") {
        Tensor::new(vec![], Data::of_numbers(crate::tensor::Kind::Float, std::iter::once(settings.float("value_float", 0.0))))?
    } else if settings.has("value_int") {
        Tensor::new(vec![], Data::Int(vec![settings.int("value_int", 0)]))?
    } else if settings.has("value_ints") {
        let values = settings.ints("value_ints").to_vec();
        Tensor::new(vec![values.len()], Data::Int(values))?
    } else if settings.has("value_floats") {
        let values = settings.numbers("value_floats")?;
        Tensor::new(vec![values.len()], Data::of_numbers(crate::tensor::Kind::Float, values.into_iter()))?
    } else if settings.has("value_strings") {
        let values = settings.texts("value_strings")?;
        Tensor::new(vec![values.len()], Data::Text(values))?
    } else {
        return Err(Fault::new("no value", "one"));
    };
    Ok(Box::new(move |_| Ok(vec![value.clone()])))
}

fn constant_of_shape(settings: &Settings<'_>) -> Kernel {
    let value = settings.tensor("value").map_or(Data::Float(vec![0.0]), |value| value.data().clone());
    Box::new(move |call| {
        let shape = sizes(call.tensor(0)?)?;
        elements(&shape)?;
        let data = take_with(&value, &Spreader { from: &[], to: &shape });
        Ok(vec![Tensor::new(shape, data)?])
    })
}

fn sizes(tensor: &Tensor) -> Result<Vec<usize>, Fault> {
    tensor.ints()?.iter().map(|size| usize::try_from(*size).map_err(|_| Fault::new(format!("size {size}"), "0 or more"))).collect()
}

fn reshape(call: &Call<'_>, keeps_zero: bool) -> Result<Vec<Tensor>, Fault> {
    let tensor = call.tensor(0)?;
    let wanted = call.tensor(1)?.ints()?;
    let mut shape = Vec::with_capacity(wanted.len());
    let mut open = None;
    for (place, size) in wanted.iter().enumerate() {
        shape.push(match *size {
            -1 if open.is_none() => {
                open = Some(place);
                1
            }
            0 if !keeps_zero => tensor
                .shape()
                .get(place)
                .copied()
                .ok_or_else(|| Fault::new(format!("size 0 at place {place}"), "an axis to take it from"))?,
            size => usize::try_from(size).map_err(|_| Fault::new(format!("size {size}"), "0 or more, or one -1"))?,
        });
    }
    if let Some(size) = open.and_then(|place| shape.get(place).map(|_| place)) {
        let others = elements(&shape)?;
        if let Some(open) = shape.get_mut(size) {
            *open = tensor.len().checked_div(others).unwrap_or(0);
        }
    }
    Ok(vec![tensor.reshaped(shape)?])
}

/// Axes from the settings (old operator sets) or from the second input.
fn axes_of(call: &Call<'_>, settings: &[i64]) -> Result<Option<Vec<i64>>, Fault> {
    match call.optional(1) {
        Some(tensor) => Ok(Some(tensor.ints()?.to_vec())),
        None => Ok((!settings.is_empty()).then(|| settings.to_vec())),
    }
}

fn squeeze(call: &Call<'_>, axes: &[i64]) -> Result<Vec<Tensor>, Fault> {
    let tensor = call.tensor(0)?;
    let drops = match axes_of(call, axes)? {
        Some(axes) => axes.iter().map(|axis| tensor.axis(*axis)).collect::<Result<Vec<_>, _>>()?,
        None => (0..tensor.shape().len()).filter(|place| tensor.shape().get(*place) == Some(&1)).collect(),
    };
    let kept = tensor.shape().iter().enumerate().filter(|(place, _)| !drops.contains(place));
    Ok(vec![tensor.reshaped(kept.map(|(_, size)| *size).collect())?])
}

fn unsqueeze(call: &Call<'_>, axes: &[i64]) -> Result<Vec<Tensor>, Fault> {
    let tensor = call.tensor(0)?;
    let axes = axes_of(call, axes)?.ok_or_else(|| Fault::new("no axes", "some"))?;
    let rank = tensor.shape().len().saturating_add(axes.len());
    elements(&vec![1; rank.min(64)])?;
    let new = axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>, _>>()?;
    let mut old = tensor.shape().iter();
    let shape = (0..rank).map(|place| if new.contains(&place) { 1 } else { old.next().copied().unwrap_or(1) });
    Ok(vec![tensor.reshaped(shape.collect())?])
}

/// Tensors side by side along an axis.
pub(super) fn concat(tensors: &[&Tensor], axis: i64) -> Result<Tensor, Fault> {
    let first = tensors.first().ok_or_else(|| Fault::new("no input", "one or more"))?;
    let axis = first.axis(axis)?;
    let mut shape = first.shape().to_vec();
    let mut width = 0_usize;
    for tensor in tensors {
        let fits = tensor.shape().len() == shape.len()
            && tensor.shape().iter().zip(&shape).enumerate().all(|(place, (one, other))| place == axis || one == other);
        if !fits || tensor.kind() != first.kind() {
            return Err(tensor.unexpected(&format!("{} that fit shape {:?} beside axis {axis}", first.kind().name(), first.shape())));
        }
        width = width.saturating_add(tensor.shape().get(axis).copied().unwrap_or(0));
    }
    if let Some(size) = shape.get_mut(axis) {
        *size = width;
    }
    elements(&shape)?;
    let (before, ..) = around(&shape, axis);
    macro_rules! join {
        ($kind:ident) => {{
            let parts = tensors
                .iter()
                .filter_map(|tensor| if let Data::$kind(values) = tensor.data() { Some(values.as_slice()) } else { None })
                .collect::<Vec<_>>();
            Data::$kind(interleave(&parts, before))
        }};
    }
    let data = match first.data() {
        Data::Float(_) => join!(Float),
        Data::Double(_) => join!(Double),
        Data::Int(_) => join!(Int),
        Data::Bool(_) => join!(Bool),
        Data::Text(_) => join!(Text),
    };
    Tensor::new(shape, data)
}

/// A block of each part in turn, `blocks` times.
fn interleave<T: Clone>(parts: &[&[T]], blocks: usize) -> Vec<T> {
    let mut all = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for block in 0..blocks {
        for part in parts {
            let size = part.len() / blocks;
            all.extend_from_slice(part.get(block * size..(block + 1) * size).unwrap_or_default());
        }
    }
    all
}

/// A choice of a tensor's values, whatever their kind.
pub(super) trait Take {
    fn take<T: Clone>(&self, values: &[T]) -> Vec<T>;
}

pub(super) fn take_with(data: &Data, take: &impl Take) -> Data {
    match data {
        Data::Float(values) => Data::Float(take.take(values)),
        Data::Double(values) => Data::Double(take.take(values)),
        Data::Int(values) => Data::Int(take.take(values)),
        Data::Bool(values) => Data::Bool(take.take(values)),
        Data::Text(values) => Data::Text(take.take(values)),
    }
}

struct Spreader<'a> {
    from: &'a [usize],
    to: &'a [usize],
}

impl Take for Spreader<'_> {
    fn take<T: Clone>(&self, values: &[T]) -> Vec<T> {
        spread(values, self.from, self.to).into_owned()
    }
}

/// Places along one axis.
struct Places<'a> {
    wanted: &'a [usize],
    size: usize,
    after: usize,
}

impl Take for Places<'_> {
    fn take<T: Clone>(&self, values: &[T]) -> Vec<T> {
        let mut taken = Vec::new();
        for block in values.chunks(self.size.max(1) * self.after.max(1)) {
            for place in self.wanted {
                taken.extend_from_slice(block.get(place * self.after..(place + 1) * self.after).unwrap_or_default());
            }
        }
        taken
    }
}

/// The values at some places of an axis; the axis becomes `shape`.
pub(super) fn at_places(tensor: &Tensor, axis: usize, indices: &Tensor, inserted: &[usize]) -> Result<Tensor, Fault> {
    let (_, size, after) = around(tensor.shape(), axis);
    let places = indices.ints()?.iter().map(|index| axis_of(*index, size)).collect::<Result<Vec<_>, _>>()?;
    let mut shape = tensor.shape().to_vec();
    shape.splice(axis..=axis.min(shape.len().saturating_sub(1)), inserted.iter().copied());
    elements(&shape)?;
    let data = take_with(tensor.data(), &Places { wanted: &places, size, after });
    Tensor::new(shape, data)
}

fn gather(call: &Call<'_>, axis: i64) -> Result<Vec<Tensor>, Fault> {
    let (tensor, indices) = (call.tensor(0)?, call.tensor(1)?);
    let axis = tensor.axis(axis)?;
    Ok(vec![at_places(tensor, axis, indices, indices.shape())?])
}

/// Parts of axes: starts, ends, axes and steps as inputs or, in old operator sets, as settings.
fn slice(call: &Call<'_>, settings: &[Vec<i64>; 3]) -> Result<Vec<Tensor>, Fault> {
    let mut tensor = call.tensor(0)?.clone();
    let list = |place: usize| match call.optional(place) {
        Some(given) => given.ints().map(<[i64]>::to_vec),
        None => Ok(settings.get(place - 1).cloned().unwrap_or_default()),
    };
    let (starts, ends, mut axes, mut steps) = (list(1)?, list(2)?, list(3)?, list(4)?);
    if axes.is_empty() {
        axes = (0..).take(starts.len()).collect();
    }
    if steps.is_empty() {
        steps = vec![1; starts.len()];
    }
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err(Fault::new("starts, ends, axes and steps of different numbers", "as many of each"));
    }
    for ((start, end), (axis, step)) in starts.iter().zip(&ends).zip(axes.iter().zip(&steps)) {
        let along = tensor.axis(*axis)?;
        let size = tensor.shape().get(along).and_then(|size| i64::try_from(*size).ok()).unwrap_or(0);
        let from_front = |place: i64| if place < 0 { place.saturating_add(size) } else { place };
        let places = match usize::try_from(step.unsigned_abs()) {
            Ok(stride) if *step > 0 => {
                (from_front(*start).clamp(0, size)..from_front(*end).clamp(0, size)).step_by(stride).collect::<Vec<_>>()
            }
            Ok(stride) if *step < 0 => {
                (from_front(*end).clamp(-1, size - 1) + 1..=from_front(*start).clamp(-1, size - 1)).rev().step_by(stride).collect()
            }
            _ => return Err(Fault::new(format!("step {step}"), "one other than 0")),
        };
        let count = places.len();
        tensor = at_places(&tensor, along, &Tensor::new(vec![count], Data::Int(places))?, &[count])?;
    }
    Ok(vec![tensor])
}

/// Neighbouring parts of an axis: sizes as an input or, in old operator sets, as a setting; without sizes as many equal parts as there are
/// outputs, the last one smaller where that does not go up.
fn split(call: &Call<'_>, axis: i64, sizes: &[i64], parts: usize) -> Result<Vec<Tensor>, Fault> {
    let tensor = call.tensor(0)?;
    let along = tensor.axis(axis)?;
    let all = tensor.shape().get(along).copied().unwrap_or(0);
    let given = match call.optional(1) {
        Some(given) => given.ints()?,
        None => sizes,
    };
    let sizes: Vec<usize> = if given.is_empty() {
        let size = all.div_ceil(parts.max(1));
        (0..parts).map(|part| size.min(all.saturating_sub(part * size))).collect()
    } else {
        given
            .iter()
            .map(|size| usize::try_from(*size).map_err(|_| Fault::new(format!("a part of {size}"), "0 or more")))
            .collect::<Result<_, _>>()?
    };
    if sizes.len() != parts || sizes.iter().try_fold(0, |sum: usize, size| sum.checked_add(*size)) != Some(all) {
        return Err(Fault::new(format!("parts of {sizes:?}"), format!("{parts} that are {all} together")));
    }
    let mut start = 0;
    let part = |size: &usize| {
        let places: Vec<i64> = (start..start + size).filter_map(|place| i64::try_from(place).ok()).collect();
        start += size;
        at_places(tensor, along, &Tensor::new(vec![*size], Data::Int(places))?, &[*size])
    };
    sizes.iter().map(part).collect()
}

struct Order {
    places: Vec<usize>,
}

impl Take for Order {
    fn take<T: Clone>(&self, values: &[T]) -> Vec<T> {
        self.places.iter().filter_map(|place| values.get(*place).cloned()).collect()
    }
}

fn transpose(tensor: &Tensor, order: &[i64]) -> Result<Vec<Tensor>, Fault> {
    let rank = tensor.shape().len();
    let order = match order {
        [] => (0..rank).rev().collect(),
        order => order.iter().map(|axis| tensor.axis(*axis)).collect::<Result<Vec<_>, _>>()?,
    };
    let shape = order.iter().map(|axis| tensor.shape().get(*axis).copied().unwrap_or(1)).collect::<Vec<_>>();
    if order.len() != rank || (0..rank).any(|axis| !order.contains(&axis)) {
        return Err(Fault::new(format!("order {order:?}"), format!("each of {rank} axes once")));
    }
    let strides = order.iter().map(|axis| around(tensor.shape(), *axis).2);
    // The places of the new tensor, axis by axis from the left.
    let mut places = vec![0];
    for (size, stride) in shape.iter().zip(strides) {
        places = places.iter().flat_map(|place| (0..*size).map(move |step| place + step * stride)).collect();
    }
    let data = take_with(tensor.data(), &Order { places });
    Ok(vec![Tensor::new(shape, data)?])
}
