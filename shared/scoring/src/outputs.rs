//! From what a graph answers to predictions: which output is which, and what the classes are called.

use std::collections::HashSet;
use std::sync::Arc;

use tidegate_contract::Task;

use crate::error::{Fault, ScoringError};
use crate::operators::class_names;
use crate::predictions::{ClassPredictions, Predictions};
use crate::proto::{GraphProto, NodeProto, ValueProto};
use crate::signature::Signature;
use crate::tensor::{Data, Kind, Tensor};

/// Which of a graph's outputs are asked for, and what they mean.
#[derive(Debug, Clone)]
pub(crate) enum Outputs {
    /// Output of the number.
    Value(String),
    /// Outputs of the label and of the probabilities, at least one of them, and the classes' names if the file gives them.
    Classes { label: Option<String>, probabilities: Option<String>, classes: Option<Vec<String>>, is_binary: bool },
}

pub(crate) fn bind(graph: &GraphProto<'_>, signature: &Signature) -> Result<Outputs, ScoringError> {
    bound(graph, signature).map_err(ScoringError::Outputs)
}

fn kind_of(output: &ValueProto<'_>) -> Option<Kind> {
    output.data_type.and_then(Kind::of)
}

fn bound(graph: &GraphProto<'_>, signature: &Signature) -> Result<Outputs, Fault> {
    let is_real = |output: &&ValueProto<'_>| matches!(kind_of(output), Some(Kind::Float | Kind::Double));
    if signature.task == Task::Regression {
        let is_classifier = graph.outputs.iter().any(|output| output.data_type.is_none() || kind_of(output) == Some(Kind::Text));
        let value = graph.outputs.iter().find(is_real).filter(|_| !is_classifier);
        let value = value.ok_or_else(|| Fault::new(described(graph), "a number for each row (the contract's task is regression)"))?;
        return Ok(Outputs::Value(value.name.to_owned()));
    }
    // A list of maps (`ZipMap`) has no element type.
    let shares = graph.outputs.iter().filter(|output| is_real(output) || output.data_type.is_none()).collect::<Vec<_>>();
    if shares.len() > 1 {
        return Err(Fault::new(described(graph), "one output of probabilities: export with zipmap=False"));
    }
    let label = graph.outputs.iter().find(|output| matches!(kind_of(output), Some(Kind::Int | Kind::Text)));
    let probabilities = shares.first().map(|output| output.name);
    if label.is_none() && probabilities.is_none() {
        return Err(Fault::new(described(graph), "a label, probabilities, or both"));
    }
    let classes = signature.classes.clone().or_else(|| names_of(graph, label.map(|output| output.name), probabilities));
    Ok(Outputs::Classes {
        label: label.map(|output| output.name.to_owned()),
        probabilities: probabilities.map(str::to_owned),
        classes,
        is_binary: signature.task == Task::Binary,
    })
}

fn described(graph: &GraphProto<'_>) -> String {
    if graph.outputs.is_empty() {
        return "none".to_owned();
    }
    let one = |output: &ValueProto<'_>| format!("{:?} of {}", output.name, kind_of(output).map_or("another type", Kind::name));
    graph.outputs.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What the classes are called: by the `ZipMap`, or by what the label was looked up in, or by the classifier that gave the probabilities.
fn names_of(graph: &GraphProto<'_>, label: Option<&str>, probabilities: Option<&str>) -> Option<Vec<String>> {
    let zipped = probabilities.and_then(|name| graph.nodes.iter().find(|node| node.operator == "ZipMap" && node.outputs.contains(&name)));
    zipped.and_then(class_names).or_else(|| behind(graph, label?)).or_else(|| behind(graph, probabilities?))
}

/// The nearest names on the way back from an output.
fn behind(graph: &GraphProto<'_>, output: &str) -> Option<Vec<String>> {
    let mut writers = std::collections::HashMap::new();
    for node in &graph.nodes {
        node.outputs.iter().for_each(|name| _ = writers.insert(*name, node));
    }
    let mut seen = HashSet::new();
    let mut open = std::collections::VecDeque::from([output]);
    while let Some(name) = open.pop_front() {
        let Some(node) = writers.get(name).filter(|_| seen.insert(name)) else { continue };
        if let Some(names) = class_names(node).or_else(|| looked_up(graph, node)) {
            return Some(names);
        }
        open.extend(&node.inputs);
    }
    None
}

/// The list that a node looks a label up in.
fn looked_up(graph: &GraphProto<'_>, node: &NodeProto<'_>) -> Option<Vec<String>> {
    if !matches!(node.operator, "ArrayFeatureExtractor" | "Gather") {
        return None;
    }
    let list = node.inputs.first()?;
    let (_, tensor) = graph.initializers.iter().find(|(name, _)| name == list)?;
    texts(tensor).ok().map(|names| names.iter().map(ToString::to_string).collect())
}

/// Labels as text: `1` is `"1"`.
fn texts(tensor: &Tensor) -> Result<Vec<Arc<str>>, Fault> {
    match tensor.data() {
        Data::Text(values) => Ok(values.clone()),
        Data::Int(values) => Ok(values.iter().map(|value| value.to_string().into()).collect()),
        _ => Err(tensor.unexpected("whole numbers or text")),
    }
}

impl Outputs {
    /// The names of the outputs that are asked for.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::Value(name) => vec![name],
            Self::Classes { label, probabilities, .. } => label.iter().chain(probabilities).map(String::as_str).collect(),
        }
    }

    pub(crate) fn empty(&self) -> Predictions {
        match self {
            Self::Value(_) => Predictions::Values(Vec::new()),
            Self::Classes { classes, .. } => Predictions::Classes(ClassPredictions {
                classes: classes.clone().unwrap_or_default(),
                labels: Vec::new(),
                probabilities: None,
            }),
        }
    }

    /// Adds what the graph answered for `rows` rows.
    pub(crate) fn read(&self, answers: &[Arc<Tensor>], rows: usize, all: &mut Predictions) -> Result<(), ScoringError> {
        self.add(answers, rows, all).map_err(ScoringError::Outputs)
    }

    fn add(&self, answers: &[Arc<Tensor>], rows: usize, all: &mut Predictions) -> Result<(), Fault> {
        let mut answers = answers.iter();
        let mut next = || answers.next().ok_or_else(|| Fault::new("fewer outputs", "all of them"));
        match (self, all) {
            (Self::Value(name), Predictions::Values(values)) => {
                let tensor = next()?;
                if tensor.len() != rows {
                    return Err(Fault::new(
                        format!("{name:?} of shape {:?}", tensor.shape()),
                        format!("one number for each of {rows} rows"),
                    ));
                }
                values.extend(tensor.numbers()?.iter());
                Ok(())
            }
            (Self::Classes { label, probabilities, is_binary, .. }, Predictions::Classes(all)) => {
                let labels = label.as_ref().map(|name| labels(name, next()?, rows)).transpose()?;
                let table = probabilities.as_ref().map(|name| table(name, next()?, rows)).transpose()?;
                if let Some((values, width)) = table {
                    name_classes(&mut all.classes, width, *is_binary)?;
                    if labels.is_none() {
                        let best = values.chunks_exact(width).map(place_of_greatest);
                        let name = |place: usize| all.classes.get(place).map(|name| Arc::from(name.as_str()));
                        all.labels.extend(best.filter_map(name));
                    }
                    all.probabilities.get_or_insert_default().extend(values);
                }
                all.labels.extend(labels.unwrap_or_default());
                Ok(())
            }
            _ => Err(Fault::new("predictions of another task", "of the same")),
        }
    }
}

fn labels(name: &str, tensor: &Tensor, rows: usize) -> Result<Vec<Arc<str>>, Fault> {
    if tensor.len() != rows {
        return Err(Fault::new(format!("{name:?} of shape {:?}", tensor.shape()), format!("one label for each of {rows} rows")));
    }
    texts(tensor)
}

/// A table of probabilities, one column for each class. One column alone is the second class's of two.
fn table(name: &str, tensor: &Tensor, rows: usize) -> Result<(Vec<f64>, usize), Fault> {
    let (found, width) = tensor.table()?;
    if found != rows || width == 0 {
        return Err(Fault::new(format!("{name:?} of shape {:?}", tensor.shape()), format!("{rows} rows of probabilities")));
    }
    let values = tensor.numbers()?;
    if width == 1 {
        return Ok((values.iter().flat_map(|share| [1.0 - share, *share]).collect(), 2));
    }
    Ok((values.into_owned(), width))
}

fn name_classes(classes: &mut Vec<String>, width: usize, is_binary: bool) -> Result<(), Fault> {
    if is_binary && width != 2 {
        return Err(Fault::new(format!("probabilities of {width} classes"), "of 2 (the contract's task is binary)"));
    }
    if classes.is_empty() {
        classes.extend((0..width).map(|place| place.to_string()));
    }
    if classes.len() != width {
        return Err(Fault::new(format!("probabilities of {width} classes"), format!("of {} ({})", classes.len(), classes.join(", "))));
    }
    Ok(())
}

fn place_of_greatest(row: &[f64]) -> usize {
    let best = row.iter().enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(0, |(place, _)| place)
}
