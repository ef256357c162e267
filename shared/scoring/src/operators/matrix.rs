//! Products of matrices.

use super::{Call, Kernel, Settings};
use crate::error::Fault;
use crate::tensor::{Data, Kind, Tensor, elements, joint_shape, spread};

pub(super) fn kernel(operator: &str, settings: &Settings<'_>) -> Result<Option<Kernel>, Fault> {
    Ok(Some(match operator {
        "MatMul" => Box::new(matmul),
        "Gemm" => gemm(settings),
        "BatchNormalization" => batch_normalization(settings),
        _ => return Ok(None),
    }))
}

/// A matrix: its rows, its columns, its values row by row.
struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    fn read(tensor: &Tensor, is_transposed: bool) -> Result<Self, Fault> {
        let [rows, columns] = *tensor.shape() else { return Err(tensor.unexpected("a matrix")) };
        let values = tensor.numbers()?.into_owned();
        if !is_transposed {
            return Ok(Self { rows, columns, values });
        }
        let values = (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns.max(1)).copied().take(rows)).collect();
        Ok(Self { rows: columns, columns: rows, values })
    }

    fn times(&self, right: &Self, call: &Call<'_>) -> Result<Self, Fault> {
        if self.columns != right.rows {
            return Err(Fault::new(format!("{} columns times {} rows", self.columns, right.rows), "as many of both"));
        }
        call.spend_product(self.rows, self.columns, right.columns)?;
        let mut values = vec![0.0; elements(&[self.rows, right.columns])?];
        if self.columns > 0 && right.columns > 0 {
            for (sums, row) in values.chunks_exact_mut(right.columns).zip(self.values.chunks_exact(self.columns)) {
                for (factor, line) in row.iter().zip(right.values.chunks_exact(right.columns)) {
                    sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += factor * value);
                }
            }
        }
        Ok(Self { rows: self.rows, columns: right.columns, values })
    }
}

fn kind_of(left: &Tensor, right: &Tensor) -> Kind {
    match (left.kind(), right.kind()) {
        (Kind::Double, _) | (_, Kind::Double) => Kind::Double,
        (Kind::Int, Kind::Int) => Kind::Int,
        _ => Kind::Float,
    }
}

fn matmul(call: &Call<'_>) -> Result<Vec<Tensor>, Fault> {
    let (left, right) = (call.tensor(0)?, call.tensor(1)?);
    // A vector on the left is a row, on the right a column; several leading axes on the left are rows.
    let columns = left.shape().last().copied().unwrap_or(0);
    let rows = left.len().checked_div(columns).unwrap_or(left.shape().iter().rev().skip(1).product());
    let right_matrix = match right.shape() {
        [size] => Matrix::read(&right.reshaped(vec![*size, 1])?, false)?,
        _ => Matrix::read(right, false)?,
    };
    let product = Matrix::read(&left.reshaped(vec![rows, columns])?, false)?.times(&right_matrix, call)?;
    let mut shape = left.shape().to_vec();
    shape.pop();
    if right.shape().len() > 1 {
        shape.push(product.columns);
    }
    Ok(vec![Tensor::new(shape, Data::of_numbers(kind_of(left, right), product.values.into_iter()))?])
}

/// `alpha · A · B + beta · C`.
fn gemm(settings: &Settings<'_>) -> Kernel {
    let (alpha, beta) = (settings.float("alpha", 1.0), settings.float("beta", 1.0));
    let (turns_left, turns_right) = (settings.int("transA", 0) != 0, settings.int("transB", 0) != 0);
    Box::new(move |call| {
        let (left, right) = (call.tensor(0)?, call.tensor(1)?);
        let product = Matrix::read(left, turns_left)?.times(&Matrix::read(right, turns_right)?, call)?;
        let shape = vec![product.rows, product.columns];
        let mut values = product.values;
        for value in &mut values {
            *value *= alpha;
        }
        if let Some(added) = call.optional(2) {
            if joint_shape(added.shape(), &shape)? != shape {
                return Err(added.unexpected(&format!("what fits shape {shape:?}")));
            }
            let numbers = added.numbers()?;
            values.iter_mut().zip(spread(&numbers, added.shape(), &shape).iter()).for_each(|(value, added)| *value += beta * added);
        }
        Ok(vec![Tensor::new(shape, Data::of_numbers(kind_of(left, right), values.into_iter()))?])
    })
}

/// `(x − mean) / √(variance + ε) · scale + shift`, column by column.
fn batch_normalization(settings: &Settings<'_>) -> Kernel {
    let epsilon = settings.float("epsilon", 1e-5);
    Box::new(move |call| {
        let tensor = call.tensor(0)?;
        let (_, columns) = tensor.table()?;
        let parts = (1..5).map(|place| call.tensor(place)?.numbers()).collect::<Result<Vec<_>, _>>()?;
        let [scale, shift, mean, variance] = parts.as_slice() else { return Err(Fault::new("fewer inputs", "five")) };
        if parts.iter().any(|part| part.len() != columns) {
            return Err(Fault::new("statistics of other columns", format!("{columns} of each")));
        }
        let columns = scale.iter().zip(shift.iter()).zip(mean.iter().zip(variance.iter())).cycle();
        let values = tensor.numbers()?;
        let values = values
            .iter()
            .zip(columns)
            .map(|(x, ((scale, shift), (mean, variance)))| (x - mean) / (variance + epsilon).sqrt() * scale + shift);
        Ok(vec![Tensor::new(tensor.shape().to_vec(), Data::of_numbers(tensor.kind(), values))?])
    })
}
