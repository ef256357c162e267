//! What is wrong with files for their contract, and the line of the contract that would mend it.

use serde::Serialize;
use tidegate_contract::{Contract, FeatureKind, FieldRole};
use tidegate_monitoring::reason_in_words;
use tidegate_profile::FieldProfile;

use super::examination::{Examination, named};
use crate::guess::Guess;
use crate::terminal::{count, counted, line, percent, series};

/// Shares below this are not worth a line.
const NEGLIGIBLE: f64 = 0.001;
/// From this share of values of another type on, the type is probably wrong.
const MOSTLY: f64 = 0.5;
/// At most so many features are named in one piece of advice.
const NAMED: usize = 8;

/// One thing that could be better.
#[derive(Debug, Serialize)]
pub(super) struct Advice {
    /// Whether verdicts suffer from it; otherwise it is good to know.
    pub(super) is_fault: bool,
    /// What was found.
    pub(super) problem: String,
    /// What would mend it: a line of the contract, or what to do.
    pub(super) mend: Option<String>,
}

impl Advice {
    fn fault(problem: String, mend: Option<String>) -> Self {
        Self { is_fault: true, problem, mend }
    }

    fn note(problem: String, mend: Option<String>) -> Self {
        Self { is_fault: false, problem, mend }
    }
}

/// Everything that could be better, faults first.
pub(super) fn of(contract: &Contract, is_given: bool, guess: Option<&Guess>, found: &Examination) -> Vec<Advice> {
    let mut advice = Vec::new();
    let nameless = nameless(is_given, found);
    if nameless.is_none() {
        advice.extend(unreadable(found));
    }
    advice.extend(nameless);
    advice.extend(waiting(found));
    if found.records() > 0 {
        advice.extend(time(contract, guess, found));
        advice.extend(features(contract, guess, found));
        advice.extend(outputs(contract, guess, found));
        advice.extend(identifier(contract, guess, found));
        advice.extend(unexpected(is_given, guess, found));
    }
    advice.extend(truth(found));
    if !found.repeated.is_empty() {
        let names = named(found.repeated.iter().map(|(file, other)| format!("{} = {}", line(file, 60), line(other, 60))));
        advice.push(Advice::note(format!("{} the content of another, and count once: {names}", repeat(found.repeated.len())), None));
    }
    advice.sort_by_key(|one| !one.is_fault);
    advice
}

fn repeat(files: usize) -> String {
    if files == 1 { "1 file repeats".to_owned() } else { format!("{} files repeat", count(files as u64)) }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A serving system's log has names for its values only where its payloads do: without a contract, the others cannot be read.
fn nameless(is_given: bool, found: &Examination) -> Option<Advice> {
    let log = found.logs.first().filter(|_| !is_given && found.records() == 0 && found.lines.quarantined > 0)?;
    let problem = format!("{log} of {}: their values have no names of their own", counted(found.lines.read - found.lines.blank, "line"));
    let mend = "say --contract with a contract whose features stand in the order of the values; tidegate import makes one of a baseline";
    Some(Advice::fault(problem, Some(mend.to_owned())))
}

fn waiting(found: &Examination) -> Option<Advice> {
    let problem = format!(
        "{} without the other (requests and responses that were logged apart), in none of these files",
        counted(found.waiting, "half record")
    );
    let mend = "examine inputs and outputs together; record: { pairs: apart } takes each as a record of its own";
    (found.waiting > 0).then(|| Advice::note(problem, Some(mend.to_owned())))
}

fn unreadable(found: &Examination) -> Vec<Advice> {
    let mut advice = Vec::new();
    if !found.unreadable.is_empty() {
        let names = named(found.unreadable.iter().map(|(file, why)| format!("{} ({})", line(file, 80), line(why, 160))));
        advice.push(Advice::fault(format!("{} could not be read: {names}", counted(found.unreadable.len() as u64, "file")), None));
    }
    if found.lines.quarantined > 0 {
        let mut reasons: Vec<(&String, &u64)> = found.reasons.iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let reasons: Vec<String> =
            reasons.into_iter().map(|(reason, lines)| format!("{} ({})", reason_in_words(reason), count(*lines))).collect();
        let first = found.first_rejected.as_deref().map(|first| format!("; the first is {}", line(first, 200))).unwrap_or_default();
        let problem = format!(
            "{} of {} would be put aside: {}{first}",
            count(found.lines.quarantined),
            counted(found.lines.read - found.lines.blank, "line"),
            series(&reasons)
        );
        advice.push(Advice::fault(problem, None));
    }
    advice
}

fn time(contract: &Contract, guess: Option<&Guess>, found: &Examination) -> Option<Advice> {
    let without = found.records().saturating_sub(found.timed);
    if without == 0 {
        return None;
    }
    let at = &contract.record.timestamp;
    let mend = other_path(at, guess.map(|guess| guess.contract.record.timestamp.as_str()), "timestamp");
    let mend = mend.or_else(|| Some("log the time of each prediction: without it a log falls into no window".to_owned()));
    Some(Advice::fault(format!("{} carry no time at \"{}\"", of_records(without, found.records()), line(at, 60)), mend))
}

/// `record: { key: path }`, when the guess found another path than the contract says.
fn other_path(at: &str, guessed: Option<&str>, key: &str) -> Option<String> {
    let guessed = guessed.filter(|guessed| *guessed != at && *guessed != key)?;
    Some(format!("record: {{ {key}: {} }}", line(guessed, 200)))
}

fn of_records(part: u64, whole: u64) -> String {
    if part == whole { format!("all {} records", count(whole)) } else { format!("{} of {} records", count(part), count(whole)) }
}

fn features(contract: &Contract, guess: Option<&Guess>, found: &Examination) -> Vec<Advice> {
    let mut advice = Vec::new();
    let fields = || found.profile.fields.iter().filter(|field| field.role == FieldRole::Feature);
    let absent: Vec<&str> = fields().filter(|field| field.present == 0 && field.wrong_type == 0).map(|field| field.name.as_str()).collect();
    if !absent.is_empty() {
        let shown: Vec<String> = absent.iter().take(NAMED).map(|name| line(name, 63)).collect();
        let more = if absent.len() > NAMED { format!(" and {} more", absent.len() - NAMED) } else { String::new() };
        advice.push(Advice::fault(format!("not one usable value of {}{more}", shown.join(", ")), elsewhere(contract, guess, &absent)));
    }
    for field in fields() {
        advice.extend(types(field, found.records()));
        if field.out_of_range > 0 && share(field.out_of_range, found.records()) > NEGLIGIBLE {
            let problem =
                format!("{} lies outside its range or allowed values in {} records", line(&field.name, 63), count(field.out_of_range));
            let seen = field.numeric.as_ref().and_then(|numeric| numeric.min.zip(numeric.max));
            let mend = seen.map(|(min, max)| format!("these files hold {min} to {max}: widen range if that makes sense"));
            advice.push(Advice::fault(problem, mend));
        }
        if field.infinite > 0 {
            advice.push(Advice::fault(format!("{} is infinite in {} records", line(&field.name, 63), count(field.infinite)), None));
        }
    }
    advice
}

/// Where the guess found the features that the contract looks for in vain.
fn elsewhere(contract: &Contract, guess: Option<&Guess>, absent: &[&str]) -> Option<String> {
    let guess = guess?;
    let guessed = |name: &str| guess.contract.features.iter().find(|feature| feature.name == name);
    let place = absent.iter().find_map(|name| guessed(name))?;
    if guess.contract.record.features != contract.record.features {
        return Some(format!("record: {{ features: \"{}\" }}", line(&guess.contract.record.features, 200)));
    }
    Some(format!("{{ name: {}, …, path: {} }}", place.name, line(place.path(), 200)))
}

fn types(field: &FieldProfile, records: u64) -> Option<Advice> {
    let wrong = share(field.wrong_type, records);
    if wrong <= NEGLIGIBLE {
        return None;
    }
    let (is, other) = match field.kind {
        FeatureKind::Numeric => ("no number", "categorical"),
        FeatureKind::Categorical => ("no name", "numeric"),
    };
    let name = line(&field.name, 63);
    let mend = (wrong > MOSTLY).then(|| format!("{{ name: {name}, type: {other} }}"));
    Some(Advice::fault(format!("{name} is {is} in {} of the records", percent(wrong)), mend))
}

fn outputs(contract: &Contract, guess: Option<&Guess>, found: &Examination) -> Option<Advice> {
    let present = |role: FieldRole| found.profile.fields.iter().any(|field| field.role == role && field.present > 0);
    if present(FieldRole::Prediction) || present(FieldRole::Score) {
        return None;
    }
    let record = &contract.record;
    let guessed = guess.map(|guess| &guess.contract.record);
    let mend = other_path(&record.prediction, guessed.map(|record| record.prediction.as_str()), "prediction")
        .or_else(|| other_path(&record.score, guessed.map(|record| record.score.as_str()), "score"));
    let problem = format!(
        "no prediction at \"{}\" and no score at \"{}\": only what goes in can be watched",
        line(&record.prediction, 60),
        line(&record.score, 60)
    );
    Some(Advice::note(problem, mend))
}

fn identifier(contract: &Contract, guess: Option<&Guess>, found: &Examination) -> Option<Advice> {
    let without = found.records().saturating_sub(found.identified);
    if without == 0 {
        return None;
    }
    let at = &contract.record.inference_id;
    let mend = other_path(at, guess.map(|guess| guess.contract.record.inference_id.as_str()), "inference_id");
    let problem = format!(
        "{} carry no identifier at \"{}\": true outcomes cannot be matched with them",
        of_records(without, found.records()),
        line(at, 60)
    );
    Some(Advice::note(problem, mend))
}

fn unexpected(is_given: bool, guess: Option<&Guess>, found: &Examination) -> Option<Advice> {
    let names: Vec<&String> =
        found.profile.unexpected.iter().filter(|(_, count)| share(**count, found.records()) >= 0.01).map(|(name, _)| name).collect();
    let first = names.first().filter(|_| is_given)?;
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| line(name, 63)).collect();
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    let feature = guess.and_then(|guess| guess.contract.features.iter().find(|feature| feature.path() == first.as_str()));
    let mend = feature.map(|feature| format!("features: [{}]", feature.to_yaml()));
    Some(Advice::note(format!("the records carry what the contract does not know: {}{more}", shown.join(", ")), mend))
}

fn truth(found: &Examination) -> Option<Advice> {
    let truth = found.truth.as_ref()?;
    let lost = truth.labels - truth.matched;
    if lost == 0 {
        return None;
    }
    let example = truth.unmatched.as_deref().map(|id| format!(", such as {}", line(id, 60))).unwrap_or_default();
    let mend = match (&truth.prediction, truth.matched) {
        (Some(id), 0) => Some(format!(
            "predictions here are called like {}: ground truth must name the inference id where there is one, otherwise the event id",
            line(id, 60)
        )),
        (None, _) => Some("examine labels and predictions together, as in: tidegate doctor captures/ labels/".to_owned()),
        _ => None,
    };
    Some(Advice::fault(format!("{} of {} name no prediction in these files{example}", count(lost), counted(truth.labels, "label")), mend))
}
