//! Operators that work value by value.

use super::{Call, Kernel, Settings, logistic};
use crate::error::Fault;
use crate::tensor::{Data, Kind, Tensor, joint_shape, spread};

pub(super) fn kernel(operator: &str, settings: &Settings<'_>) -> Result<Option<Kernel>, Fault> {
    if let Some(function) = function_of_one(operator, settings) {
        return Ok(Some(Box::new(move |call| Ok(vec![call.tensor(0)?.map(&function)?]))));
    }
    Ok(Some(match operator {
        "Add" => numeric(|a, b| a + b, i64::wrapping_add),
        "Sub" => numeric(|a, b| a - b, i64::wrapping_sub),
        "Mul" => numeric(|a, b| a * b, i64::wrapping_mul),
        "Div" => numeric(|a, b| a / b, |a, b| a.checked_div(b).unwrap_or(0)),
        "Pow" => numeric(f64::powf, |a, b| u32::try_from(b).map_or(0, |b| a.wrapping_pow(b))),
        "Sum" => numeric(|a, b| a + b, i64::wrapping_add),
        "Max" => numeric(|a, b| if a.is_nan() || a > b { a } else { b }, i64::max),
        "Min" => numeric(|a, b| if a.is_nan() || a < b { a } else { b }, i64::min),
        "Mean" => mean(),
        "Less" => compare(|a, b| a < b),
        "LessOrEqual" => compare(|a, b| a <= b),
        "Greater" => compare(|a, b| a > b),
        "GreaterOrEqual" => compare(|a, b| a >= b),
        "Equal" => equal(),
        "And" => logical(|a, b| a && b),
        "Or" => logical(|a, b| a || b),
        "Xor" => logical(|a, b| a ^ b),
        "Not" => Box::new(|call| {
            let tensor = call.tensor(0)?;
            let data = Data::Bool(tensor.bools()?.iter().map(|value| !value).collect());
            Ok(vec![Tensor::new(tensor.shape().to_vec(), data)?])
        }),
        "IsNaN" => Box::new(|call| {
            let tensor = call.tensor(0)?;
            let data = Data::Bool(tensor.numbers()?.iter().map(|value| value.is_nan()).collect());
            Ok(vec![Tensor::new(tensor.shape().to_vec(), data)?])
        }),
        "Clip" => clip(settings),
        "Where" => Box::new(choose),
        "Cast" => cast(settings)?,
        _ => return Ok(None),
    }))
}

type Function = Box<dyn Fn(f64) -> f64 + Send + Sync>;

fn function_of_one(operator: &str, settings: &Settings<'_>) -> Option<Function> {
    let plain: fn(f64) -> f64 = match operator {
        "Neg" => |x| -x,
        "Abs" => f64::abs,
        "Exp" => f64::exp,
        "Log" => f64::ln,
        "Sqrt" => f64::sqrt,
        "Reciprocal" => f64::recip,
        "Floor" => f64::floor,
        "Ceil" => f64::ceil,
        "Round" => f64::round_ties_even,
        "Sign" => |x| if x == 0.0 { 0.0 } else { x.signum() },
        "Sigmoid" => logistic,
        "Tanh" => f64::tanh,
        "Relu" => |x| if x < 0.0 { 0.0 } else { x },
        "Softplus" => |x| if x > 30.0 { x } else { x.exp().ln_1p() },
        "Softsign" => |x| x / (1.0 + x.abs()),
        "LeakyRelu" => {
            let slope = settings.float("alpha", 0.01);
            return Some(Box::new(move |x| if x < 0.0 { slope * x } else { x }));
        }
        "Elu" => {
            let alpha = settings.float("alpha", 1.0);
            return Some(Box::new(move |x| if x < 0.0 { alpha * x.exp_m1() } else { x }));
        }
        _ => return None,
    };
    Some(Box::new(plain))
}

/// An operator of two or more numeric tensors, from left to right.
fn numeric(real: fn(f64, f64) -> f64, whole: fn(i64, i64) -> i64) -> Kernel {
    Box::new(move |call| {
        let mut tensors = call.all()?.into_iter();
        let mut result = tensors.next().ok_or_else(|| Fault::new("no input", "one or more"))?.clone();
        for next in tensors {
            result = pair(call, &result, next, real, whole)?;
        }
        Ok(vec![result])
    })
}

fn pair(call: &Call<'_>, left: &Tensor, right: &Tensor, real: fn(f64, f64) -> f64, whole: fn(i64, i64) -> i64) -> Result<Tensor, Fault> {
    let shape = joint_shape(left.shape(), right.shape())?;
    call.spend(shape.iter().product::<usize>() as u64)?;
    let data = if let (Data::Int(a), Data::Int(b)) = (left.data(), right.data()) {
        let (a, b) = (spread(a, left.shape(), &shape), spread(b, right.shape(), &shape));
        Data::Int(a.iter().zip(b.iter()).map(|(a, b)| whole(*a, *b)).collect())
    } else {
        let (a, b) = (left.numbers()?, right.numbers()?);
        let (a, b) = (spread(&a, left.shape(), &shape), spread(&b, right.shape(), &shape));
        let kind = if left.kind() == Kind::Double || right.kind() == Kind::Double { Kind::Double } else { Kind::Float };
        Data::of_numbers(kind, a.iter().zip(b.iter()).map(|(a, b)| real(*a, *b)))
    };
    Tensor::new(shape, data)
}

fn mean() -> Kernel {
    let sum = numeric(|a, b| a + b, i64::wrapping_add);
    Box::new(move |call| {
        let count = call.all()?.len() as f64;
        sum(call)?.iter().map(|sum| sum.map(|value| value / count)).collect()
    })
}

fn compare(holds: fn(f64, f64) -> bool) -> Kernel {
    Box::new(move |call| {
        let (left, right) = (call.tensor(0)?, call.tensor(1)?);
        let shape = joint_shape(left.shape(), right.shape())?;
        let (a, b) = (left.numbers()?, right.numbers()?);
        let (a, b) = (spread(&a, left.shape(), &shape), spread(&b, right.shape(), &shape));
        let data = Data::Bool(a.iter().zip(b.iter()).map(|(a, b)| holds(*a, *b)).collect());
        Ok(vec![Tensor::new(shape, data)?])
    })
}

#[expect(clippy::float_cmp, reason = "Equal means equal")]
fn equal() -> Kernel {
    let numbers = compare(|a, b| a == b);
    Box::new(move |call| {
        let (left, right) = (call.tensor(0)?, call.tensor(1)?);
        let (Data::Text(a), Data::Text(b)) = (left.data(), right.data()) else { return numbers(call) };
        let shape = joint_shape(left.shape(), right.shape())?;
        let (a, b) = (spread(a, left.shape(), &shape), spread(b, right.shape(), &shape));
        let data = Data::Bool(a.iter().zip(b.iter()).map(|(a, b)| a == b).collect());
        Ok(vec![Tensor::new(shape, data)?])
    })
}

fn logical(holds: fn(bool, bool) -> bool) -> Kernel {
    Box::new(move |call| {
        let (left, right) = (call.tensor(0)?, call.tensor(1)?);
        let shape = joint_shape(left.shape(), right.shape())?;
        let (a, b) = (spread(left.bools()?, left.shape(), &shape), spread(right.bools()?, right.shape(), &shape));
        let data = Data::Bool(a.iter().zip(b.iter()).map(|(a, b)| holds(*a, *b)).collect());
        Ok(vec![Tensor::new(shape, data)?])
    })
}

fn clip(settings: &Settings<'_>) -> Kernel {
    let (least, greatest) = (settings.float("min", f32::MIN), settings.float("max", f32::MAX));
    let has_settings = settings.version < 11;
    Box::new(move |call| {
        let bound = |place: usize, open: f64| -> Result<f64, Fault> {
            Ok(call.optional(place).map(Tensor::numbers).transpose()?.and_then(|bound| bound.first().copied()).unwrap_or(open))
        };
        let (least, greatest) = if has_settings { (least, greatest) } else { (bound(1, f64::NEG_INFINITY)?, bound(2, f64::INFINITY)?) };
        Ok(vec![call.tensor(0)?.map(|value| {
            if value < least {
                least
            } else if value > greatest {
                greatest
            } else {
                value
            }
        })?])
    })
}

fn choose(call: &Call<'_>) -> Result<Vec<Tensor>, Fault> {
    let (condition, yes, no) = (call.tensor(0)?, call.tensor(1)?, call.tensor(2)?);
    let shape = joint_shape(&joint_shape(yes.shape(), no.shape())?, condition.shape())?;
    let picks = spread(condition.bools()?, condition.shape(), &shape);
    macro_rules! pick {
        ($kind:ident, $yes:expr, $no:expr) => {{
            let (yes, no) = (spread($yes, yes.shape(), &shape), spread($no, no.shape(), &shape));
            Data::$kind(
                picks.iter().zip(yes.iter().zip(no.iter())).map(|(pick, (yes, no))| if *pick { yes.clone() } else { no.clone() }).collect(),
            )
        }};
    }
    let data = match (yes.data(), no.data()) {
        (Data::Float(a), Data::Float(b)) => pick!(Float, a, b),
        (Data::Double(a), Data::Double(b)) => pick!(Double, a, b),
        (Data::Int(a), Data::Int(b)) => pick!(Int, a, b),
        (Data::Bool(a), Data::Bool(b)) => pick!(Bool, a, b),
        (Data::Text(a), Data::Text(b)) => pick!(Text, a, b),
        _ => return Err(no.unexpected(yes.kind().name())),
    };
    Ok(vec![Tensor::new(shape, data)?])
}

fn cast(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let to = settings.int("to", 0);
    let kind = Kind::of(to).ok_or_else(|| Fault::new(format!("element type {to}"), "float, double, a whole number, bool or string"))?;
    Ok(Box::new(move |call| {
        let tensor = call.tensor(0)?;
        let data = match (tensor.data(), kind) {
            (data, kind) if data.kind() == kind => data.clone(),
            (Data::Text(values), Kind::Float | Kind::Double | Kind::Int) => {
                let numbers =
                    values.iter().map(|value| value.trim().parse::<f64>().map_err(|_| Fault::new(format!("text {value:?}"), "a number")));
                Data::of_numbers(kind, numbers.collect::<Result<Vec<_>, _>>()?.into_iter())
            }
            (Data::Int(values), Kind::Text) => Data::Text(values.iter().map(|value| value.to_string().into()).collect()),
            (Data::Float(values), Kind::Text) => Data::Text(values.iter().map(|value| value.to_string().into()).collect()),
            (Data::Double(values), Kind::Text) => Data::Text(values.iter().map(|value| value.to_string().into()).collect()),
            (Data::Bool(values), Kind::Text) => {
                Data::Text(values.iter().map(|value| if *value { "1".into() } else { "0".into() }).collect())
            }
            _ => Data::of_numbers(kind, tensor.numbers()?.iter().copied()),
        };
        Ok(vec![Tensor::new(tensor.shape().to_vec(), data)?])
    }))
}
