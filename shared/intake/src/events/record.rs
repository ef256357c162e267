//! One record of an event: what the contract asks for, and where in request, response and event it lies.

use std::sync::Arc;

use tidegate_contract::{FieldRole, Task};

use super::kind::place;
use super::payload::width;
use crate::Reason;
use crate::json::{Record, elements};
use crate::plan::{self, Plan, is_answer, target_of};
use crate::row::{Cell, Numeric, Row};
use crate::tree::Tree;

/// A name of a response for what a contract calls `prediction`: that of SageMaker's own algorithms.
const PREDICTED_LABEL: &str = "predicted_label";

/// Where a target may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Event(usize),
    Input(usize),
    Output(usize),
    /// The id of the event, numbered.
    Id,
}

/// Where everything lies that a contract reads.
#[derive(Debug)]
pub(super) struct Meanings {
    sources: Vec<Vec<Source>>,
    /// Paths into the event that the contract asks for, behind the places that are known.
    own: Vec<String>,
    input: Arc<Tree>,
    output: Arc<Tree>,
    /// Values of a row without names; `None` when the contract's paths say the places themselves.
    width: Option<usize>,
    /// Names of the response's values, when the contract has them.
    outputs: Option<usize>,
    task: Task,
    score: usize,
    prediction: usize,
    /// The target of a lone value of the response.
    answer: usize,
}

/// What the values of a response that have no names mean.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// What they are called, or the only one.
    AsNamed,
    /// It is the predicted class though the contract expects a score.
    Label,
    /// Probabilities: place and value of the greatest.
    Greatest(String, f64),
    /// Several, and nothing says which is which.
    Several,
}

/// A path of the contract that looks into one part of the record.
enum Part<'a> {
    Event(&'a str),
    Input(&'a str),
    Output(&'a str),
}

fn part(path: &str) -> Option<Part<'_>> {
    match path.split_once('.') {
        Some(("event", rest)) => Some(Part::Event(rest)),
        Some(("input", rest)) => Some(Part::Input(rest)),
        Some(("output", rest)) => Some(Part::Output(rest)),
        _ => None,
    }
}

impl Meanings {
    pub(super) fn new(plan: &Plan) -> Self {
        let contract = plan.contract();
        let record = &contract.record;
        let (mut input, mut output, mut own) = (Tree::default(), Tree::default(), Vec::new());
        let mut sources = Vec::with_capacity(plan.targets().len());
        let mut explicit = |path: &str, input: &mut Tree, output: &mut Tree| -> Option<Source> {
            match part(path)? {
                Part::Event(path) => {
                    own.push(path.to_owned());
                    Some(Source::Event(place::OWN + own.len() - 1))
                }
                Part::Input(path) => Some(Source::Input(input.slot(path))),
                Part::Output(path) => Some(Source::Output(output.slot(path))),
            }
        };
        for (path, usual, builtin) in [
            (&record.timestamp, "timestamp", Source::Event(place::TIME)),
            (&record.inference_id, "inference_id", Source::Id),
            (&record.version, "version", Source::Event(place::VERSION)),
        ] {
            sources.push(match explicit(path, &mut input, &mut output) {
                Some(source) => vec![source],
                None if path == usual => vec![builtin, Source::Input(input.slot(path)), Source::Output(output.slot(path))],
                None => vec![Source::Input(input.slot(path)), Source::Output(output.slot(path)), builtin],
            });
        }
        let features = contract.features.iter().map(|feature| (FieldRole::Feature, feature.path()));
        let others =
            [(FieldRole::Score, &record.score), (FieldRole::Prediction, &record.prediction), (FieldRole::Latency, &record.latency_ms)];
        for (role, path) in features.chain(others.into_iter().map(|(role, path)| (role, path.as_str()))) {
            let mut found = match (explicit(path, &mut input, &mut output), role) {
                (Some(source), _) => vec![source],
                (None, FieldRole::Feature) => vec![Source::Input(input.slot(path))],
                (None, _) => vec![Source::Output(output.slot(path)), Source::Input(input.slot(path))],
            };
            match role {
                FieldRole::Prediction if path == "prediction" => found.push(Source::Output(output.slot(PREDICTED_LABEL))),
                FieldRole::Latency => found.push(Source::Event(place::LATENCY)),
                _ => {}
            }
            sources.push(found);
        }
        let says_places = contract.features.iter().any(|feature| feature.path().starts_with('['));
        let columns = if says_places { Vec::new() } else { plan.columns() };
        for (at, target) in columns.iter().enumerate().filter_map(|(at, target)| Some((at, (*target)?))) {
            let slot = sources.get(target).into_iter().flatten().find_map(|source| match source {
                Source::Input(slot) => Some(*slot),
                _ => None,
            });
            match slot {
                Some(slot) => input.alias("", at, slot),
                None => add(&mut sources, target, Source::Input(input.item("", at))),
            }
        }
        let fields = plan.fields();
        let role = |wanted: FieldRole| plan::FIELDS + fields.iter().position(|field| field.role == wanted).unwrap_or_default();
        let answer = plan::FIELDS + fields.iter().position(|field| is_answer(contract, field)).unwrap_or_default();
        let outputs: Vec<Option<usize>> = if record.outputs.is_empty() {
            vec![Some(answer)]
        } else {
            record.outputs.iter().map(|name| target_of(fields, name)).collect()
        };
        for (at, target) in outputs.iter().enumerate().filter_map(|(at, target)| Some((at, (*target)?))) {
            let slot = output.item("", at);
            add(&mut sources, target, Source::Output(slot));
        }
        input.holds_features("");
        for path in &record.drop {
            input.drop_path(path);
        }
        Self {
            sources,
            own,
            input: Arc::new(input),
            output: Arc::new(output),
            width: (!says_places).then_some(columns.len()),
            outputs: (!record.outputs.is_empty()).then_some(record.outputs.len()),
            task: contract.task,
            score: role(FieldRole::Score),
            prediction: role(FieldRole::Prediction),
            answer,
        }
    }

    /// The trees of request and response.
    pub(super) fn trees(&self) -> [Arc<Tree>; 2] {
        [Arc::clone(&self.input), Arc::clone(&self.output)]
    }

    /// Paths into the event that the contract asks for.
    pub(super) fn own_paths(&self) -> &[String] {
        &self.own
    }

    /// Values of a row without names.
    pub(super) fn width(&self) -> Option<usize> {
        self.width
    }

    /// What the values without names mean; how many there are is checked against the names that the contract has.
    pub(super) fn answer(&self, input: Option<&str>, output: Option<&str>) -> Result<Answer, Reason> {
        if let (Some(expected), Some(found)) = (self.width, input.and_then(values))
            && found.len() != expected
        {
            return Err(width(found.len(), expected, "the list of features (or record.columns)"));
        }
        let Some(found) = output.and_then(values) else { return Ok(Answer::AsNamed) };
        if let Some(expected) = self.outputs {
            return if found.len() == expected { Ok(Answer::AsNamed) } else { Err(width(found.len(), expected, "record.outputs")) };
        }
        let number = |text: &&str| {
            let text = crate::json::scalar(text);
            match Cell::Text(&text).numeric() {
                Numeric::Value(value) => Some(value),
                _ => None,
            }
        };
        match found.as_slice() {
            [only] if self.task == Task::Binary && *only != "null" && number(only).is_none() => Ok(Answer::Label),
            [] | [_] => Ok(Answer::AsNamed),
            several if self.task == Task::Multiclass => {
                let numbers: Option<Vec<f64>> = several.iter().map(number).collect();
                let greatest =
                    numbers.iter().flatten().enumerate().fold(None, |greatest: Option<(usize, f64)>, (at, value)| match greatest {
                        Some((_, most)) if most >= *value => greatest,
                        _ => Some((at, *value)),
                    });
                Ok(greatest.map_or(Answer::Several, |(at, value)| Answer::Greatest(at.to_string(), value)))
            }
            _ => Ok(Answer::Several),
        }
    }
}

fn add(sources: &mut [Vec<Source>], target: usize, source: Source) {
    if let Some(found) = sources.get_mut(target) {
        found.push(source);
    }
}

/// The values of a row that is an array.
fn values(row: &str) -> Option<Vec<&str>> {
    row.starts_with('[').then(|| elements(row).unwrap_or_default())
}

/// One record of an event.
pub(super) struct EventRow<'a, R> {
    pub(super) meanings: &'a Meanings,
    pub(super) event: &'a R,
    pub(super) input: Option<Record<'a>>,
    pub(super) output: Option<Record<'a>>,
    pub(super) id: Option<&'a str>,
    pub(super) answer: Answer,
    /// When the object was written: the time of events that carry none.
    pub(super) written_ms: Option<i64>,
}

impl<R: Row> EventRow<'_, R> {
    fn source(&self, source: Source) -> Cell<'_> {
        match source {
            Source::Event(at) => self.event.cell(at),
            Source::Input(slot) => self.input.as_ref().map_or(Cell::Absent, |record| record.slot(slot)),
            Source::Output(slot) => self.output.as_ref().map_or(Cell::Absent, |record| record.slot(slot)),
            Source::Id => self.id.map_or(Cell::Absent, Cell::Text),
        }
    }

    fn found(&self, target: usize) -> Cell<'_> {
        let sources = self.meanings.sources.get(target).map(Vec::as_slice).unwrap_or_default();
        sources.iter().map(|source| self.source(*source)).find(|cell| *cell != Cell::Absent).unwrap_or(Cell::Absent)
    }
}

impl<R: Row> Row for EventRow<'_, R> {
    fn cell(&self, target: usize) -> Cell<'_> {
        let meanings = self.meanings;
        match &self.answer {
            Answer::Label if target == meanings.score => Cell::Absent,
            Answer::Label if target == meanings.prediction => self.found(meanings.answer),
            Answer::Greatest(place, _) if target == meanings.prediction => Cell::Text(place),
            Answer::Greatest(_, value) if target == meanings.score => Cell::Float(*value),
            Answer::Several if target == meanings.answer => Cell::Nested("several values without names"),
            _ => match (self.found(target), self.written_ms) {
                (Cell::Absent | Cell::Null, Some(ms)) if target == plan::TIMESTAMP => Cell::Time(ms),
                (cell, _) => cell,
            },
        }
    }

    fn unexpected(&self, each: &mut dyn FnMut(&str)) {
        if let Some(input) = &self.input {
            input.unexpected(each);
        }
    }

    fn describe(&self) -> Vec<u8> {
        self.event.describe()
    }
}
