//! The operators that exports of a table's model use: from a node to a function of tensors.
//!
//! Numbers are computed in 64 bits and rounded once to the kind that ONNX gives the result, so that a sum of a thousand trees is closer to the
//! library that trained them than 32 bits would be.

mod arithmetic;
mod encode;
mod features;
mod layout;
mod linear;
mod matrix;
mod reduce;
mod trees;

use std::cell::Cell;
use std::sync::Arc;

use crate::error::Fault;
use crate::limits::MAX_WORK;
use crate::proto::{AttributeProto, NodeProto, text};
use crate::tensor::{Tensor, single};

/// What a node computes. It never fails for the size of a batch alone.
pub(crate) type Kernel = Box<dyn Fn(&Call<'_>) -> Result<Vec<Tensor>, Fault> + Send + Sync>;

/// What a node is asked: its inputs, some of which may be left out, and how much work the batch may still cost.
pub(crate) struct Call<'a> {
    inputs: Vec<Option<&'a Tensor>>,
    work: &'a Cell<u64>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(inputs: Vec<Option<&'a Tensor>>, work: &'a Cell<u64>) -> Self {
        Self { inputs, work }
    }

    fn tensor(&self, place: usize) -> Result<&'a Tensor, Fault> {
        self.optional(place).ok_or_else(|| Fault::new(format!("no input {place}"), "one"))
    }

    fn optional(&self, place: usize) -> Option<&'a Tensor> {
        self.inputs.get(place).copied().flatten()
    }

    fn all(&self) -> Result<Vec<&'a Tensor>, Fault> {
        (0..self.inputs.len()).map(|place| self.tensor(place)).collect()
    }

    /// Counts work before it is done.
    pub(crate) fn spend(&self, amount: u64) -> Result<(), Fault> {
        let spent = self.work.get().saturating_add(amount);
        if spent > MAX_WORK {
            return Err(Fault::new("a model that computes without end", format!("at most {MAX_WORK} products for a batch")));
        }
        self.work.set(spent);
        Ok(())
    }

    /// Counts the work of three nested loops.
    fn spend_product(&self, one: usize, two: usize, three: usize) -> Result<(), Fault> {
        self.spend((one as u64).saturating_mul(two as u64).saturating_mul(three as u64))
    }
}

/// A node's settings.
pub(crate) struct Settings<'n> {
    node: &'n NodeProto<'n>,
    /// Version of the set of operators that the node belongs to.
    pub(crate) version: i64,
}

impl<'n> Settings<'n> {
    fn get(&self, name: &str) -> Option<&'n AttributeProto<'n>> {
        self.node.attributes.iter().find(|attribute| attribute.name == name)
    }

    fn int(&self, name: &str, default: i64) -> i64 {
        self.get(name).map_or(default, |attribute| attribute.int)
    }

    fn float(&self, name: &str, default: f32) -> f64 {
        f64::from(self.get(name).map_or(default, |attribute| attribute.float))
    }

    fn ints(&self, name: &str) -> &'n [i64] {
        self.get(name).map_or(&[], |attribute| &attribute.ints)
    }

    /// How many outputs the node has.
    fn outputs(&self) -> usize {
        self.node.outputs.len()
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn tensor(&self, name: &str) -> Option<&'n Tensor> {
        self.get(name)?.tensor.as_ref()
    }

    /// Numbers under a name or, as 64 bits, under the same name with `_as_tensor`.
    fn numbers(&self, name: &str) -> Result<Vec<f64>, Fault> {
        let exact = format!("{name}_as_tensor");
        self.get(&exact).or_else(|| self.get(name)).map_or(Ok(Vec::new()), AttributeProto::numbers)
    }

    fn word(&self, name: &str, default: &'static str) -> Result<&'n str, Fault> {
        let Some(attribute) = self.get(name) else { return Ok(default) };
        std::str::from_utf8(attribute.bytes).map_err(|_| Fault::new(format!("a setting {name:?} that is not UTF-8"), "text"))
    }

    fn texts(&self, name: &str) -> Result<Vec<Arc<str>>, Fault> {
        self.get(name).map_or(&[][..], |attribute| &attribute.texts).iter().map(|bytes| text(bytes)).collect()
    }
}

/// A node as a function; `None` if its operator is not known.
pub(crate) fn kernel(node: &NodeProto<'_>, version: i64) -> Result<Option<Kernel>, Fault> {
    let settings = &Settings { node, version };
    match node.domain {
        "" | "ai.onnx" => {
            for family in [arithmetic::kernel, layout::kernel, reduce::kernel, matrix::kernel] {
                if let Some(kernel) = family(node.operator, settings)? {
                    return Ok(Some(kernel));
                }
            }
            Ok(None)
        }
        "ai.onnx.ml" => Ok(Some(match node.operator {
            "TreeEnsembleClassifier" => trees::classifier(settings)?,
            "TreeEnsembleRegressor" => trees::regressor(settings)?,
            "LinearClassifier" => linear::classifier(settings)?,
            "LinearRegressor" => linear::regressor(settings)?,
            "LabelEncoder" => encode::label_encoder(settings)?,
            "OneHotEncoder" => encode::one_hot_encoder(settings)?,
            "CategoryMapper" => encode::category_mapper(settings)?,
            other => return features::kernel(other, settings),
        })),
        _ => Ok(None),
    }
}

/// The names of the classes that a classifier's or a `ZipMap`'s settings give.
pub(crate) fn class_names(node: &NodeProto<'_>) -> Option<Vec<String>> {
    let settings = Settings { node, version: 0 };
    Classes::read(&settings).ok().map(|classes| classes.names())
}

/// The classes of a classifier: whole numbers or names.
#[derive(Debug, Clone)]
enum Classes {
    Ints(Vec<i64>),
    Texts(Vec<Arc<str>>),
}

impl Classes {
    fn read(settings: &Settings<'_>) -> Result<Self, Fault> {
        let texts = settings.texts("classlabels_strings")?;
        let ints = [settings.ints("classlabels_int64s"), settings.ints("classlabels_ints")].concat();
        match (texts.is_empty(), ints.is_empty()) {
            (false, true) => Ok(Self::Texts(texts)),
            (true, false) => Ok(Self::Ints(ints)),
            (true, true) => Err(Fault::new("no class labels", "whole numbers or names")),
            (false, false) => Err(Fault::new("class labels of two kinds", "one kind")),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Ints(labels) => labels.len(),
            Self::Texts(labels) => labels.len(),
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Ints(labels) => labels.iter().map(ToString::to_string).collect(),
            Self::Texts(labels) => labels.iter().map(ToString::to_string).collect(),
        }
    }

    /// The labels at these places.
    fn pick(&self, places: &[usize]) -> Result<Tensor, Fault> {
        use crate::tensor::Data;
        let missing = || Fault::new("a class beyond the last", format!("one of {}", self.len()));
        let data = match self {
            Self::Ints(labels) => {
                Data::Int(places.iter().map(|place| labels.get(*place).copied().ok_or_else(missing)).collect::<Result<_, _>>()?)
            }
            Self::Texts(labels) => {
                Data::Text(places.iter().map(|place| labels.get(*place).cloned().ok_or_else(missing)).collect::<Result<_, _>>()?)
            }
        };
        Tensor::new(vec![places.len()], data)
    }
}

/// How raw scores become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PostTransform {
    None,
    Logistic,
    Softmax,
    SoftmaxZero,
}

impl PostTransform {
    fn read(settings: &Settings<'_>) -> Result<Self, Fault> {
        match settings.word("post_transform", "NONE")? {
            "NONE" => Ok(Self::None),
            "LOGISTIC" => Ok(Self::Logistic),
            "SOFTMAX" => Ok(Self::Softmax),
            "SOFTMAX_ZERO" => Ok(Self::SoftmaxZero),
            other => Err(Fault::new(format!("post_transform {other:?}"), "NONE, LOGISTIC, SOFTMAX or SOFTMAX_ZERO")),
        }
    }

    fn apply(self, row: &mut [f64]) {
        match self {
            Self::None => {}
            Self::Logistic => row.iter_mut().for_each(|score| *score = logistic(*score)),
            Self::Softmax => softmax(row, |_| true),
            Self::SoftmaxZero => softmax(row, |score| score != 0.0),
        }
    }
}

fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

/// Softmax over the scores that take part; the others are 0.
fn softmax(row: &mut [f64], takes_part: impl Fn(f64) -> bool) {
    let greatest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for score in row.iter_mut() {
        *score = if takes_part(*score) { (*score - greatest).exp() } else { 0.0 };
    }
    let sum: f64 = row.iter().sum();
    for score in row.iter_mut() {
        *score /= sum;
    }
}

/// The place of the greatest score, the first of equals.
fn greatest(row: &[f64]) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (place, score) in row.iter().enumerate() {
        if *score > best.1 {
            best = (place, *score);
        }
    }
    best.0
}

/// What a classifier answers: labels and a table of scores.
///
/// A single score of two classes is the second one's: a probability after [`PostTransform::Logistic`] or if `is_share`, otherwise a margin around 0.
fn classified(classes: &Classes, transform: PostTransform, raw: &[f64], width: usize, is_share: bool) -> Result<Vec<Tensor>, Fault> {
    use crate::tensor::Data;
    let rows = raw.len() / width.max(1);
    let mut places = Vec::with_capacity(rows);
    let mut scores = Vec::with_capacity(rows * classes.len());
    let mut row = Vec::with_capacity(width);
    for given in raw.chunks_exact(width.max(1)) {
        if let ([score], 2) = (given, classes.len()) {
            let is_share = is_share && transform == PostTransform::None;
            places.push(usize::from(*score > if is_share { 0.5 } else { 0.0 }));
            scores.extend(match transform {
                PostTransform::Logistic => [single(logistic(-score)), single(logistic(*score))],
                _ if is_share => [single(1.0 - score), single(*score)],
                _ => [single(-score), single(*score)],
            });
        } else {
            places.push(greatest(given));
            row.clear();
            row.extend_from_slice(given);
            transform.apply(&mut row);
            scores.extend(row.iter().map(|score| single(*score)));
        }
    }
    let columns = if width == 1 && classes.len() == 2 { 2 } else { width };
    Ok(vec![classes.pick(&places)?, Tensor::new(vec![rows, columns], Data::Float(scores))?])
}
