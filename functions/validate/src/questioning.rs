//! An ONNX model asked here, on the evaluation set's rows.

use std::time::{Duration, Instant};

use tidegate_contract::{Contract, FeatureKind, Task};
use tidegate_scoring::{ClassPredictions, Column as Asked, Columns, Model, Predictions, Signature};
use tidegate_validation::{Column, Labels, Latency, Outcome, Rule, USUAL_POSITIVES};

use crate::evidence::{Answers, Questions};
use crate::manifest::OnnxReading;

/// Rows that are asked about one at a time, to see how long each takes.
const TIMED_ROWS: usize = 1_000;

/// How far scores of a file may be from those of the model itself: a file has fewer digits.
const SAME_SCORE: f64 = 1e-3;

/// What a model answered here, and how long it took.
pub(crate) struct Questioned {
    pub(crate) answers: Answers,
    /// Where the contract limits it: a report without such a limit is the same whenever it is made.
    pub(crate) latency: Option<Latency>,
}

/// Asks a model about every row.
pub(crate) fn ask(contract: &Contract, reading: Option<&OnnxReading>, model: &[u8], questions: &Questions) -> Result<Questioned, String> {
    let mut signature = Signature::of(contract);
    if let Some(order) = reading.and_then(|reading| reading.inputs.clone()) {
        signature = signature.with_order(order);
    }
    if let Some(classes) = reading.and_then(|reading| reading.classes.clone()) {
        signature = signature.with_classes(classes);
    }
    let model = Model::load(model, &signature).map_err(|error| error.to_string())?;
    let rows = &questions.rows;
    let numbers: Vec<_> = features(contract, FeatureKind::Numeric).filter_map(|name| Some((name, rows.numbers(name)?))).collect();
    let labels: Vec<_> = features(contract, FeatureKind::Categorical).filter_map(|name| Some((name, rows.labels(name)?))).collect();
    let names: Vec<(&str, Vec<Option<&str>>)> =
        labels.iter().map(|(name, labels)| (*name, (0..labels.len()).map(|row| labels.name(row)).collect())).collect();
    let mut columns = Columns::new();
    for (name, values) in &numbers {
        columns = columns.with(name, Asked::Numbers(values)).map_err(|error| error.to_string())?;
    }
    for (name, values) in &names {
        columns = columns.with(name, Asked::Names(values)).map_err(|error| error.to_string())?;
    }
    let predictions = model.score(&columns).map_err(|error| error.to_string())?;
    let validation = &contract.validation;
    let is_timed = validation.latency_p50_ms.is_some() || validation.latency_p99_ms.is_some();
    let latency = if is_timed { Some(time(&model, &columns)?) } else { None };
    Ok(Questioned { answers: answers(contract, questions, predictions)?, latency })
}

fn features(contract: &Contract, kind: FeatureKind) -> impl Iterator<Item = &str> {
    contract.features.iter().filter(move |feature| feature.kind == kind).map(|feature| feature.name.as_str())
}

fn answers(contract: &Contract, questions: &Questions, predictions: Predictions) -> Result<Answers, String> {
    let ids = questions.ids.clone();
    match (contract.task, predictions) {
        (Task::Regression, Predictions::Values(values)) => {
            Ok(Answers { ids, prediction: Some(Column::Numbers(values)), ..Answers::default() })
        }
        (Task::Binary, Predictions::Classes(classes)) => {
            let score = positive(contract, &classes).and_then(|class| classes.probabilities_of(&class));
            // With a score, the contract's threshold decides, not the model's own.
            let prediction = score.is_none().then(|| Column::Labels(labels_of(&classes)));
            Ok(Answers { ids, prediction, score, ..Answers::default() })
        }
        (Task::Multiclass, Predictions::Classes(classes)) => {
            let probabilities =
                classes.classes.iter().filter_map(|class| Some((class.clone(), classes.probabilities_of(class)?))).collect();
            Ok(Answers { ids, prediction: Some(Column::Labels(labels_of(&classes))), score: None, probabilities })
        }
        (Task::Regression, Predictions::Classes(_)) => Err("found a model that answers classes, expected numbers".to_owned()),
        (Task::Binary | Task::Multiclass, Predictions::Values(_)) => Err("found a model that answers numbers, expected classes".to_owned()),
    }
}

fn labels_of(classes: &ClassPredictions) -> Labels {
    classes.labels.iter().map(Some).collect()
}

/// The class whose probability is the score: as the contract says, the one with a usual name, or the second.
fn positive(contract: &Contract, classes: &ClassPredictions) -> Option<String> {
    let named = contract.validation.positive.as_ref().filter(|name| classes.classes.contains(name));
    let usual = || classes.classes.iter().find(|class| USUAL_POSITIVES.contains(&class.as_str()));
    named.or_else(usual).or_else(|| classes.classes.get(1)).cloned()
}

fn time(model: &Model, columns: &Columns<'_>) -> Result<Latency, String> {
    let started = Instant::now();
    let mut times = model.time_rows(columns, 0..TIMED_ROWS, || started.elapsed()).map_err(|error| error.to_string())?;
    times.sort_unstable();
    let quantile = |percent: usize| {
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(0.0, |time: &Duration| time.as_secs_f64() * 1e3)
    };
    Ok(Latency { p50_ms: quantile(50), p99_ms: quantile(99), rows: times.len() as u64 })
}

/// Whether a file of predictions says what the model itself says: a file that does not is of another model, or of other rows.
pub(crate) fn agreement(model: &Answers, file: &Answers) -> Rule {
    let places = model.places();
    let (mut compared, mut differ) = (0_u64, 0_u64);
    for row in 0..file.ids.len() {
        let same = places.get(file.ids.get(row)).and_then(|place| is_same(model, *place, file, row));
        compared += u64::from(same.is_some());
        differ += u64::from(same == Some(false));
    }
    let mut rule = if differ == 0 {
        Rule::new("predictions", Outcome::Pass, format!("The submitted predictions are those of the model: {compared} rows compared."))
    } else {
        let says = format!(
            "The submitted predictions are not those of the submitted model: {differ} of {compared} rows differ. What the model itself answers was judged."
        );
        Rule::new("predictions", Outcome::Fail, says)
    };
    rule.rows = Some(compared);
    rule
}

/// Whether a number is the one that the model answers, as near as files and endpoints round it.
pub(crate) fn is_near(found: f64, answered: f64) -> bool {
    (found - answered).abs() <= SAME_SCORE * answered.abs().max(1.0)
}

/// Whether two answers say the same of a row; `None` where they cannot be compared.
fn is_same(model: &Answers, place: usize, file: &Answers, row: usize) -> Option<bool> {
    if let (Some(a), Some(b)) = (&model.score, &file.score) {
        return Some((a.get(place)? - b.get(row)?).abs() <= SAME_SCORE);
    }
    match (model.prediction.as_ref()?, file.prediction.as_ref()?) {
        (Column::Numbers(a), Column::Numbers(b)) => Some(is_near(*b.get(row)?, *a.get(place)?)),
        (Column::Labels(a), Column::Labels(b)) => Some(a.name(place) == b.name(row)),
        _ => None,
    }
}
