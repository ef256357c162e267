//! Real moves: what no fault of the data explains.

use tidegate_contract::FieldRole;

use super::facts::{Facts, share};
use super::suspicion::{LIKELY, POSSIBLE};
use crate::onset::{Course, When, began};
use crate::segments::population_shift;
use crate::words::list;
use crate::{Cause, CauseKind, FieldVerdict, Onset, QualityKind, State};

/// A version that answers less than this share of the window's records explains nothing.
const ANSWERS: f64 = 0.02;

/// Confidence in a swing that the past weeks and the training set agree on.
const SURE_OF_THE_SEASON: f64 = 0.9;

/// Fields that moved together, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved<'a> {
    pub(crate) inputs: &'a [String],
    pub(crate) outputs: &'a [String],
    pub(crate) began: When,
    pub(crate) step_ms: i64,
}

fn named(kind: CauseKind, evidence: String, confidence: f64) -> Cause {
    Cause { kind, evidence, confidence, fault: None }
}

/// Why these fields moved.
pub(crate) fn of_move(facts: &Facts<'_>, moved: &Moved<'_>) -> Cause {
    let names = |names: &[String]| list(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let version = new_version(facts);
    let is_told = |version: &&NewVersion| version.began.is_some_and(|switch| moved.began.agrees_with(When::At(switch), moved.step_ms));
    let at_once = version.as_ref().filter(|version| moved.began.onset().is_some() && is_told(version));
    // Where one of the two has no beginning that is told, the other's may be its.
    let first = version.as_ref().filter(|version| version.began.is_none() || is_told(version));
    match (moved.inputs, at_once, first) {
        ([], Some(version), _) => {
            let evidence = format!("{} moved when version {} began to answer, and no feature did", names(moved.outputs), version.name);
            named(CauseKind::VersionChange, evidence, super::suspicion::DIRECT)
        }
        ([], None, Some(version)) => {
            let evidence = format!(
                "{} moved while no feature did by as much as matters, and version {} began to answer in this time",
                names(moved.outputs),
                version.name
            );
            named(CauseKind::VersionChange, evidence, LIKELY)
        }
        ([], None, None) => {
            named(CauseKind::PredictionDrift, format!("{} moved while no feature did by as much as matters", names(moved.outputs)), LIKELY)
        }
        (inputs, Some(version), _) => {
            let evidence = format!(
                "{} moved when version {} began to answer: it may read or prepare its features in another way",
                names(inputs),
                version.name
            );
            named(CauseKind::VersionChange, evidence, POSSIBLE)
        }
        (inputs, None, _) => mix(facts, inputs, moved.outputs).unwrap_or_else(|| covariate(facts, inputs, moved.outputs)),
    }
}

/// Another mix of a segment, when that explains every input.
fn mix(facts: &Facts<'_>, inputs: &[String], outputs: &[String]) -> Option<Cause> {
    let mut inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    // The segment itself may be nothing that the model listens to.
    for segment in &facts.contract.segments {
        let moved = facts.verdict(segment).is_some_and(|field| field.state == State::Drift);
        if moved && !inputs.contains(&segment.as_str()) {
            inputs.push(segment);
        }
    }
    let mut cause = population_shift(&inputs, facts.segments, facts.profile(), facts.baseline)?;
    if !outputs.is_empty() {
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        cause.evidence = format!("{}; the model's {} followed", cause.evidence, list(&outputs));
    }
    Some(cause)
}

fn covariate(facts: &Facts<'_>, inputs: &[String], outputs: &[String]) -> Cause {
    let names = |names: &[String]| list(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let also = if outputs.is_empty() {
        String::new()
    } else {
        format!(", and with {} the model's {}", if inputs.len() == 1 { "it" } else { "them" }, names(outputs))
    };
    let verb = if facts.state == State::Drift { "moved" } else { "may have moved" };
    named(CauseKind::CovariateDrift, format!("{} {verb} and no fault of the data explains it{also}", names(inputs)), LIKELY)
}

/// Why a window is calm: nothing moved, or what did moves like this every week.
pub(crate) fn calm(facts: &Facts<'_>) -> Cause {
    let seasonal = facts.fields.iter().filter(|field| field.season && !field.muted).map(|field| field.name.as_str());
    let seasonal: Vec<&str> = seasonal.filter(|_| facts.state == State::Ok).collect();
    if !seasonal.is_empty() {
        let (verb, does) = if seasonal.len() == 1 { ("differs", "it does") } else { ("differ", "they do") };
        let evidence =
            format!("{} {verb} from the training set as at this time of every week, and over the whole week {does} not", list(&seasonal));
        return named(CauseKind::Season, evidence, SURE_OF_THE_SEASON);
    }
    let evidence = match facts.state {
        State::NoData => "no record arrived in this window",
        State::InsufficientData if facts.baseline.is_none() => "there is nothing yet to compare with",
        State::InsufficientData => "there are too few records to tell",
        _ => "nothing moved by more than the baseline's own periods differ and by as much as matters",
    };
    named(CauseKind::None, evidence.to_owned(), 1.0)
}

/// What new values and unknown features come to when nothing moved.
pub(crate) fn novelty(facts: &Facts<'_>) -> Option<(Cause, Vec<String>)> {
    let finding =
        facts.quality.iter().find(|finding| matches!(finding.kind, QualityKind::UnseenCategory | QualityKind::UnexpectedFeature))?;
    let kind = if finding.kind == QualityKind::UnseenCategory { CauseKind::CovariateDrift } else { CauseKind::Unknown };
    Some((named(kind, finding.sentence.clone(), POSSIBLE), finding.field.iter().cloned().collect()))
}

/// A version that began to answer.
struct NewVersion {
    name: String,
    /// When, where the trail tells.
    began: Option<Onset>,
}

/// The version that gained most of the records; `None` when none did.
fn new_version(facts: &Facts<'_>) -> Option<NewVersion> {
    let profile = facts.profile();
    let answers =
        |name: &str, records: u64, of: &std::collections::BTreeMap<String, u64>| share(of.get(name).copied().unwrap_or(0), records);
    let versions = profile.versions.keys().filter(|name| !name.is_empty() && answers(name, profile.records, &profile.versions) >= ANSWERS);
    let trail = facts.history.trail;
    let began_in = |name: &String| {
        let whole = answers(name, profile.records, &profile.versions);
        let course = Course::of_share(trail, whole, |profile| answers(name, profile.records, &profile.versions));
        began(&[&course], trail).onset().map(|began| NewVersion { name: name.clone(), began: Some(began) })
    };
    let latest = |a: NewVersion, b: NewVersion| if b.began.map(|onset| onset.at_ms) > a.began.map(|onset| onset.at_ms) { b } else { a };
    versions.clone().filter_map(began_in).reduce(latest).or_else(|| {
        let previous = facts.history.previous.filter(|previous| previous.records > 0)?;
        let name = versions.clone().find(|name| !previous.versions.contains_key(*name))?;
        Some(NewVersion { name: name.clone(), began: None })
    })
}

/// Names of the fields of one side of the model.
pub(crate) fn of_side<'f>(fields: impl Iterator<Item = &'f FieldVerdict>, inputs: bool) -> Vec<String> {
    fields.filter(|field| (field.role == FieldRole::Feature) == inputs).map(|field| field.name.clone()).collect()
}
