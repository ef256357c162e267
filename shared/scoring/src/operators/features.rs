//! Operators that prepare a table's columns.

use super::layout::{at_places, concat};
use super::{Kernel, Settings};
use crate::error::Fault;
use crate::tensor::{Data, Kind, Tensor};

pub(super) fn kernel(operator: &str, settings: &Settings<'_>) -> Result<Option<Kernel>, Fault> {
    Ok(Some(match operator {
        "Scaler" => scaler(settings)?,
        "Imputer" => imputer(settings)?,
        "Normalizer" => normalizer(settings)?,
        "Binarizer" => {
            let threshold = settings.float("threshold", 0.0);
            Box::new(move |call| Ok(vec![call.tensor(0)?.map(|value| f64::from(value > threshold))?]))
        }
        "ArrayFeatureExtractor" => Box::new(|call| {
            let (tensor, indices) = (call.tensor(0)?, call.tensor(1)?);
            let count = indices.len();
            match tensor.shape().len() {
                0 => Err(tensor.unexpected("at least one axis")),
                1 => Ok(vec![at_places(tensor, 0, indices, &[1, count])?]),
                rank => Ok(vec![at_places(tensor, rank - 1, indices, &[count])?]),
            }
        }),
        "FeatureVectorizer" => Box::new(|call| {
            let columns = call.all()?.into_iter().map(|tensor| {
                let (rows, width) = tensor.table()?;
                Tensor::new(vec![rows, width], Data::of_numbers(Kind::Float, tensor.numbers()?.iter().copied()))
            });
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            Ok(vec![concat(&columns.iter().collect::<Vec<_>>(), 1)?])
        }),
        // A list of maps from class to score: as a table of scores it is what goes in. The classes' names are read when the model is loaded.
        "ZipMap" => Box::new(|call| Ok(vec![call.tensor(0)?.clone()])),
        _ => return Ok(None),
    }))
}

/// The rows of a table of numbers; a tensor of one axis is one row, as ONNX has it for these operators.
fn columns_of(tensor: &Tensor) -> Result<usize, Fault> {
    match *tensor.shape() {
        [columns] => Ok(columns),
        _ => Ok(tensor.table()?.1),
    }
}

/// One value for every column, from one for all or one for each.
fn per_column(values: &[f64], columns: usize) -> Result<Vec<f64>, Fault> {
    match values {
        [value] => Ok(vec![*value; columns]),
        values if values.len() == columns => Ok(values.to_vec()),
        values => Err(Fault::new(format!("{columns} columns"), format!("{}, as many as settings", values.len()))),
    }
}

/// `(x − offset) · scale`.
fn scaler(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let (mut offset, mut scale) = (settings.numbers("offset")?, settings.numbers("scale")?);
    if offset.is_empty() {
        offset.push(0.0);
    }
    if scale.is_empty() {
        scale.push(1.0);
    }
    Ok(Box::new(move |call| {
        let tensor = call.tensor(0)?;
        let columns = columns_of(tensor)?;
        let (offset, scale) = (per_column(&offset, columns)?, per_column(&scale, columns)?);
        let settings = offset.iter().zip(&scale).cycle();
        let values = tensor.numbers()?;
        let values = values.iter().zip(settings).map(|(value, (offset, scale))| (value - offset) * scale);
        Ok(vec![Tensor::new(tensor.shape().to_vec(), Data::of_numbers(Kind::Float, values))?])
    }))
}

fn imputer(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let floats = settings.numbers("imputed_value_floats")?;
    if !floats.is_empty() {
        let missing = settings.float("replaced_value_float", 0.0);
        #[expect(clippy::float_cmp, reason = "the very value that stands for a missing one")]
        let is_missing = move |value: f64| value == missing || (missing.is_nan() && value.is_nan());
        return Ok(Box::new(move |call| {
            let tensor = call.tensor(0)?;
            let replacements = per_column(&floats, columns_of(tensor)?)?;
            let values = tensor.numbers()?;
            let values = values.iter().zip(replacements.iter().cycle()).map(|(value, new)| if is_missing(*value) { *new } else { *value });
            Ok(vec![Tensor::new(tensor.shape().to_vec(), Data::of_numbers(tensor.kind(), values))?])
        }));
    }
    let ints = settings.ints("imputed_value_int64s").to_vec();
    let missing = settings.int("replaced_value_int64", 0);
    if ints.is_empty() {
        return Err(Fault::new("no imputed values", "some"));
    }
    Ok(Box::new(move |call| {
        let tensor = call.tensor(0)?;
        let columns = columns_of(tensor)?;
        if ints.len() != 1 && ints.len() != columns {
            return Err(Fault::new(format!("{columns} columns"), format!("{}, as many as settings", ints.len())));
        }
        let data = Data::Int(
            tensor.ints()?.iter().zip(ints.iter().cycle()).map(|(value, new)| if *value == missing { *new } else { *value }).collect(),
        );
        Ok(vec![Tensor::new(tensor.shape().to_vec(), data)?])
    }))
}

fn normalizer(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let norm: fn(&[f64]) -> f64 = match settings.word("norm", "MAX")? {
        "MAX" => |row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "L1" => |row| row.iter().map(|value| value.abs()).sum(),
        "L2" => |row| row.iter().map(|value| value * value).sum::<f64>().sqrt(),
        other => return Err(Fault::new(format!("norm {other:?}"), "MAX, L1 or L2")),
    };
    Ok(Box::new(move |call| {
        let tensor = call.tensor(0)?;
        let columns = columns_of(tensor)?.max(1);
        let mut values = tensor.numbers()?.into_owned();
        for row in values.chunks_mut(columns) {
            let length = norm(row);
            if length != 0.0 {
                for value in row {
                    *value /= length;
                }
            }
        }
        Ok(vec![Tensor::new(tensor.shape().to_vec(), Data::of_numbers(Kind::Float, values.into_iter()))?])
    }))
}
