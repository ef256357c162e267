//! Operators that go along an axis.

use super::{Call, Kernel, Settings, greatest, softmax};
use crate::error::Fault;
use crate::tensor::{Data, Tensor, around, elements};

pub(super) fn kernel(operator: &str, settings: &Settings<'_>) -> Result<Option<Kernel>, Fault> {
    Ok(Some(match operator {
        "ReduceSum" => reduce(settings, |lane| lane.iter().sum()),
        "ReduceMean" => reduce(settings, |lane| lane.iter().sum::<f64>() / lane.len() as f64),
        "ReduceMax" => reduce(settings, |lane| lane.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        "ReduceMin" => reduce(settings, |lane| lane.iter().copied().fold(f64::INFINITY, f64::min)),
        "ReduceProd" => reduce(settings, |lane| lane.iter().product()),
        "ReduceSumSquare" => reduce(settings, |lane| lane.iter().map(|value| value * value).sum()),
        "ReduceL1" => reduce(settings, |lane| lane.iter().map(|value| value.abs()).sum()),
        "ReduceL2" => reduce(settings, |lane| lane.iter().map(|value| value * value).sum::<f64>().sqrt()),
        "ReduceLogSumExp" => reduce(settings, log_sum_exp),
        "ReduceLogSum" => reduce(settings, |lane| lane.iter().sum::<f64>().ln()),
        "Softmax" => along(settings, |lane| softmax(lane, |_| true)),
        "LogSoftmax" => along(settings, |lane| {
            let all = log_sum_exp(lane);
            for value in lane {
                *value -= all;
            }
        }),
        "LpNormalization" => {
            let norm: fn(&mut [f64]) = match settings.int("p", 2) {
                1 => |lane| divide(lane, lane.iter().map(|value| value.abs()).sum()),
                2 => |lane| divide(lane, lane.iter().map(|value| value * value).sum::<f64>().sqrt()),
                other => return Err(Fault::new(format!("norm {other}"), "1 or 2")),
            };
            // Its lanes are single from the first version on.
            along(&Settings { node: settings.node, version: i64::MAX }, norm)
        }
        "ArgMax" => place_of(settings, greatest),
        "ArgMin" => place_of(settings, |lane| greatest(&lane.iter().map(|value| -value).collect::<Vec<_>>())),
        _ => return Ok(None),
    }))
}

/// Divides by a length, unless it is 0.
fn divide(lane: &mut [f64], length: f64) {
    if length != 0.0 {
        for value in lane {
            *value /= length;
        }
    }
}

fn log_sum_exp(lane: &[f64]) -> f64 {
    let greatest = lane.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if greatest.is_infinite() {
        return greatest;
    }
    greatest + lane.iter().map(|value| (value - greatest).exp()).sum::<f64>().ln()
}

/// Every lane along an axis, in the order of the other axes.
fn lanes(values: &[f64], size: usize, after: usize) -> impl Iterator<Item = Vec<f64>> + '_ {
    let blocks = values.chunks(size.max(1) * after.max(1));
    blocks.flat_map(move |block| (0..after).map(move |place| block.iter().skip(place).step_by(after).copied().collect()))
}

/// One value for each lane. Several axes are brought together at the end first, so that each lane is seen whole.
fn reduce(settings: &Settings<'_>, of: fn(&[f64]) -> f64) -> Kernel {
    let axes = settings.ints("axes").to_vec();
    let keeps_axes = settings.int("keepdims", 1) != 0;
    let does_nothing = settings.int("noop_with_empty_axes", 0) != 0;
    Box::new(move |call| {
        let tensor = call.tensor(0)?;
        let axes = match call.optional(1) {
            Some(axes) => axes.ints()?.to_vec(),
            None => axes.clone(),
        };
        if axes.is_empty() && does_nothing {
            return Ok(vec![tensor.clone()]);
        }
        let rank = tensor.shape().len();
        let mut chosen = axes.iter().map(|axis| tensor.axis(*axis)).collect::<Result<Vec<_>, _>>()?;
        if chosen.is_empty() {
            chosen = (0..rank).collect();
        }
        chosen.sort_unstable();
        chosen.dedup();
        let shape = tensor.shape().iter().enumerate();
        let kept = shape.clone().filter(|(place, _)| !chosen.contains(place)).map(|(_, size)| *size).collect::<Vec<_>>();
        let outer = shape.map(|(place, size)| if chosen.contains(&place) { 1 } else { *size });
        let outer = outer.collect::<Vec<_>>();
        let count = elements(&outer)?;
        // Where each value goes: its place when the chosen axes have size 1.
        let mut goes_to = vec![0_usize];
        for (place, size) in tensor.shape().iter().enumerate() {
            let stride = if chosen.contains(&place) { 0 } else { around(&outer, place).2 };
            goes_to = goes_to.iter().flat_map(|start| (0..*size).map(move |step| start + step * stride)).collect();
        }
        let mut groups = vec![Vec::new(); count];
        for (value, place) in tensor.numbers()?.iter().zip(goes_to) {
            if let Some(group) = groups.get_mut(place) {
                group.push(*value);
            }
        }
        let data = Data::of_numbers(tensor.kind(), groups.iter().map(|group| of(group)));
        Ok(vec![Tensor::new(if keeps_axes { outer } else { kept }, data)?])
    })
}

/// Every lane changed as a whole.
fn along(settings: &Settings<'_>, change: fn(&mut [f64])) -> Kernel {
    // Before operator set 13 everything from the axis on was one lane.
    let is_flat = settings.version < 13;
    let axis = settings.int("axis", if is_flat { 1 } else { -1 });
    Box::new(move |call: &Call<'_>| {
        let tensor = call.tensor(0)?;
        let axis = tensor.axis(axis)?;
        let (_, mut size, mut after) = around(tensor.shape(), axis);
        if is_flat {
            (size, after) = (size * after, 1);
        }
        let mut values = tensor.numbers()?.into_owned();
        for block in values.chunks_mut(size.max(1) * after.max(1)) {
            for place in 0..after {
                let mut lane = block.iter().skip(place).step_by(after).copied().collect::<Vec<_>>();
                change(&mut lane);
                for (value, new) in block.iter_mut().skip(place).step_by(after).zip(lane) {
                    *value = new;
                }
            }
        }
        Ok(vec![Tensor::new(tensor.shape().to_vec(), Data::of_numbers(tensor.kind(), values.into_iter()))?])
    })
}

fn place_of(settings: &Settings<'_>, of: fn(&[f64]) -> usize) -> Kernel {
    let axis = settings.int("axis", 0);
    let keeps_axis = settings.int("keepdims", 1) != 0;
    let takes_last = settings.int("select_last_index", 0) != 0;
    Box::new(move |call| {
        let tensor = call.tensor(0)?;
        let axis = tensor.axis(axis)?;
        let (_, size, after) = around(tensor.shape(), axis);
        let place = |mut lane: Vec<f64>| {
            if takes_last {
                lane.reverse();
                return lane.len().saturating_sub(1).saturating_sub(of(&lane));
            }
            of(&lane)
        };
        let places = lanes(&tensor.numbers()?, size, after).map(|lane| i64::try_from(place(lane)).unwrap_or(i64::MAX)).collect();
        let mut shape = tensor.shape().to_vec();
        if keeps_axis {
            shape.splice(axis..=axis, [1]);
        } else {
            shape.remove(axis);
        }
        Ok(vec![Tensor::new(shape, Data::Int(places))?])
    })
}
