//! Operators that turn names into numbers and numbers into names.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Kernel, Settings};
use crate::error::Fault;
use crate::tensor::{Data, Kind, Tensor, elements, single};

/// A value as something to look up: numbers by their bits, every NaN as one, both zeros as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Text(Arc<str>),
    Number(u64),
}

fn number_key(value: f64) -> Key {
    Key::Number(if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() })
}

fn keys(data: &Data) -> Vec<Key> {
    match data {
        Data::Text(values) => values.iter().cloned().map(Key::Text).collect(),
        Data::Float(values) => values.iter().map(|value| number_key(f64::from(*value))).collect(),
        Data::Double(values) => values.iter().copied().map(number_key).collect(),
        Data::Int(values) => values.iter().map(|value| Key::Number(value.cast_unsigned())).collect(),
        Data::Bool(values) => values.iter().map(|value| Key::Number(u64::from(*value))).collect(),
    }
}

/// `keys_…` or `values_…` of a label encoder.
fn list(settings: &Settings<'_>, prefix: &str) -> Result<Data, Fault> {
    let name = |suffix: &str| format!("{prefix}_{suffix}");
    if let Some(tensor) = settings.tensor(&name("tensor")) {
        return Ok(tensor.data().clone());
    }
    if settings.has(&name("strings")) {
        return Ok(Data::Text(settings.texts(&name("strings"))?));
    }
    if settings.has(&name("int64s")) {
        return Ok(Data::Int(settings.ints(&name("int64s")).to_vec()));
    }
    if settings.has(&name("floats")) {
        return Ok(Data::Float(settings.numbers(&name("floats"))?.into_iter().map(single).collect()));
    }
    Err(Fault::new(format!("no {prefix}"), "a list of them"))
}

pub(super) fn label_encoder(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let (from, to) = if settings.has("classes_strings") {
        // Version 1: names by their places.
        let names = settings.texts("classes_strings")?;
        let places = (0..).take(names.len()).collect();
        (Data::Text(names), Data::Int(places))
    } else {
        (list(settings, "keys")?, list(settings, "values")?)
    };
    let default_text: Arc<str> = settings.word("default_string", "_Unused")?.into();
    let default_int = settings.int("default_int64", -1);
    let default_float = settings
        .tensor("default_tensor")
        .and_then(|tensor| tensor.numbers().ok()?.first().copied())
        .unwrap_or(settings.float("default_float", -0.0));
    let default_int = settings.tensor("default_tensor").and_then(|tensor| tensor.ints().ok()?.first().copied()).unwrap_or(default_int);
    Lookup::build(&from, to, default_text, default_int, default_float).map(Lookup::kernel)
}

pub(super) fn category_mapper(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let names = Data::Text(settings.texts("cats_strings")?);
    let numbers = Data::Int(settings.ints("cats_int64s").to_vec());
    let text: Arc<str> = settings.word("default_string", "_Unused")?.into();
    let int = settings.int("default_int64", -1);
    let forth = Lookup::build(&names, numbers.clone(), text.clone(), int, 0.0)?.kernel();
    let back = Lookup::build(&numbers, names, text, int, 0.0)?.kernel();
    Ok(Box::new(move |call| if call.tensor(0)?.kind() == Kind::Text { forth(call) } else { back(call) }))
}

/// A table from keys to values, and the value of an unknown key.
struct Lookup {
    from: Kind,
    places: HashMap<Key, usize>,
    to: Data,
    default: (Arc<str>, i64, f64),
}

impl Lookup {
    fn build(from: &Data, to: Data, text: Arc<str>, int: i64, float: f64) -> Result<Self, Fault> {
        if from.len() != to.len() {
            return Err(Fault::new(format!("{} keys and {} values", from.len(), to.len()), "as many of both"));
        }
        let places = keys(from).into_iter().enumerate().rev().map(|(place, key)| (key, place)).collect();
        Ok(Self { from: from.kind(), places, to, default: (text, int, float) })
    }

    fn kernel(self) -> Kernel {
        Box::new(move |call| {
            let tensor = call.tensor(0)?;
            if tensor.kind() != self.from && !(tensor.kind() == Kind::Double && self.from == Kind::Float) {
                return Err(tensor.unexpected(self.from.name()));
            }
            let found = keys(tensor.data()).into_iter().map(|key| self.places.get(&key).copied());
            let (text, int, float) = &self.default;
            let data = match &self.to {
                Data::Text(to) => Data::Text(found.map(|place| place.and_then(|place| to.get(place)).unwrap_or(text).clone()).collect()),
                Data::Int(to) => Data::Int(found.map(|place| place.and_then(|place| to.get(place)).copied().unwrap_or(*int)).collect()),
                Data::Float(to) => {
                    Data::Float(found.map(|place| place.and_then(|place| to.get(place)).copied().unwrap_or(single(*float))).collect())
                }
                Data::Double(to) => {
                    Data::Double(found.map(|place| place.and_then(|place| to.get(place)).copied().unwrap_or(*float)).collect())
                }
                Data::Bool(_) => return Err(Fault::new("values of true and false", "numbers or text")),
            };
            Ok(vec![Tensor::new(tensor.shape().to_vec(), data)?])
        })
    }
}

pub(super) fn one_hot_encoder(settings: &Settings<'_>) -> Result<Kernel, Fault> {
    let categories = if settings.has("cats_strings") {
        Data::Text(settings.texts("cats_strings")?)
    } else {
        Data::Int(settings.ints("cats_int64s").to_vec())
    };
    let width = categories.len();
    let takes_unknown = settings.int("zeros", 1) != 0;
    let places: HashMap<Key, usize> = keys(&categories).into_iter().enumerate().rev().map(|(place, key)| (key, place)).collect();
    let kind = categories.kind();
    Ok(Box::new(move |call| {
        let tensor = call.tensor(0)?;
        if (tensor.kind() == Kind::Text) != (kind == Kind::Text) {
            return Err(tensor.unexpected(kind.name()));
        }
        let mut shape = tensor.shape().to_vec();
        shape.push(width);
        let mut hot = vec![0.0_f32; elements(&shape)?];
        let asked = match tensor.data() {
            data @ (Data::Text(_) | Data::Int(_)) => keys(data),
            // Whole numbers that came as floats.
            _ => tensor.numbers()?.iter().map(|value| Key::Number(crate::tensor::whole(*value).cast_unsigned())).collect(),
        };
        for (row, key) in hot.chunks_exact_mut(width.max(1)).zip(asked) {
            match places.get(&key).and_then(|place| row.get_mut(*place)) {
                Some(cell) => *cell = 1.0,
                None if takes_unknown => {}
                None => return Err(Fault::new(format!("category {}", name_of(&key)), "one that the model was trained on")),
            }
        }
        Ok(vec![Tensor::new(shape, Data::Float(hot))?])
    }))
}

fn name_of(key: &Key) -> String {
    match key {
        Key::Text(text) => format!("{text:?}"),
        Key::Number(bits) => bits.cast_signed().to_string(),
    }
}
