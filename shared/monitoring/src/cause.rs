//! Why the data moved, as far as the data tell, and what to do about it.

use tidegate_contract::{Contract, FieldRole, RetrainingMode};
use tidegate_profile::Profile;

use crate::words::{list, number};
use crate::{Action, ActionKind, Cause, CauseKind, Evidence, FieldVerdict, QualityFinding, QualityKind, State};

/// Two means whose ratio is this near to a power of ten hint at a change of unit.
const UNIT_TOLERANCE: f64 = 0.15;

/// A value that gained less than this share of the values may well be new business: new planes, a new price.
const STUCK: f64 = 0.05;

/// Confidence in a cause that the data show directly (values missing, of a wrong type).
const DIRECT: f64 = 0.95;

/// Confidence in a cause that the data suggest.
const LIKELY: f64 = 0.8;

/// Confidence in a cause that is one of several.
const POSSIBLE: f64 = 0.6;

/// Names the cause of what was found.
pub(crate) fn cause(fields: &[FieldVerdict], quality: &[QualityFinding], current: &Profile, previous: Option<&Profile>) -> Cause {
    let named = |kind, evidence: String, confidence| Cause { kind, evidence, confidence, fault: None };
    if let Some(fault) = quality.iter().find(|finding| finding.state == State::Drift) {
        return named(CauseKind::DataFault, fault.sentence.clone(), DIRECT);
    }
    let moved: Vec<&FieldVerdict> = fields.iter().filter(|field| !field.muted && field.state == State::Drift).collect();
    if let Some((field, factor)) = moved.iter().find_map(|field| Some((field, unit_change(field)?))) {
        let evidence = format!("the mean of {} changed by a factor of about {}, as when a unit changes", field.name, number(factor));
        return named(CauseKind::DataFault, evidence, LIKELY);
    }
    if let Some(field) = moved.iter().find(|field| field.role == FieldRole::Feature && field.decisive.as_ref().is_some_and(is_stuck)) {
        return named(
            CauseKind::DataFault,
            format!("{}: {}, as when a value is stuck, clipped or rounded", field.name, field.sentence),
            POSSIBLE,
        );
    }
    if moved.is_empty() {
        return match quality.first() {
            Some(finding) if finding.kind != QualityKind::UnseenCategory => named(CauseKind::DataFault, finding.sentence.clone(), POSSIBLE),
            _ => named(
                CauseKind::None,
                "nothing moved by more than the baseline's own periods differ and by as much as matters".to_owned(),
                1.0,
            ),
        };
    }
    if let Some(version) = new_version(current, previous) {
        return named(CauseKind::VersionChange, format!("version {version} answered for the first time in this window"), POSSIBLE);
    }
    let inputs: Vec<&str> = moved.iter().filter(|field| field.role == FieldRole::Feature).map(|field| field.name.as_str()).collect();
    let outputs: Vec<&str> = moved.iter().filter(|field| field.role != FieldRole::Feature).map(|field| field.name.as_str()).collect();
    if inputs.is_empty() {
        return named(CauseKind::PredictionDrift, format!("{} moved while no feature did by as much as matters", list(&outputs)), LIKELY);
    }
    let also = if outputs.is_empty() { String::new() } else { format!(", and with them the model's {}", list(&outputs)) };
    named(CauseKind::CovariateDrift, format!("{} moved and no fault of the data explains it{also}", list(&inputs)), LIKELY)
}

/// Whether one value holds so many more of the values that a stuck, clipped or rounded column is the likely reason.
fn is_stuck(test: &Evidence) -> bool {
    test.test == "spike" && test.effect >= STUCK
}

/// The factor between the means of window and baseline when it looks like a change of unit (×10, ×100, ×1000 or their inverse).
fn unit_change(field: &FieldVerdict) -> Option<f64> {
    let (before, now) = (field.mean_baseline?, field.mean_current?);
    if before == 0.0 || now == 0.0 || field.role != FieldRole::Feature {
        return None;
    }
    let factor = now / before;
    let digits = factor.abs().log10();
    (factor > 0.0 && digits.round().abs() >= 1.0 && (digits - digits.round()).abs() * std::f64::consts::LN_10 < UNIT_TOLERANCE)
        .then_some(factor)
}

fn new_version<'a>(current: &'a Profile, previous: Option<&Profile>) -> Option<&'a str> {
    let previous = previous.filter(|previous| previous.records > 0)?;
    current.versions.keys().find(|version| !version.is_empty() && !previous.versions.contains_key(*version)).map(String::as_str)
}

/// Says what to do.
pub(crate) fn action(state: State, cause: &Cause, contract: &Contract, has_baseline: bool, records: u64) -> Action {
    let owner = contract.owners.monitoring.as_deref().map_or_else(String::new, |owner| format!(" ({owner} is told)"));
    let (kind, sentence) = match (state, cause.kind) {
        (State::NoData, _) => (
            ActionKind::MendData,
            format!(
                "Find out whether the application still runs and still writes its scoring logs under {}{owner}.",
                contract.logs_prefix()
            ),
        ),
        (State::InsufficientData, _) if !has_baseline => {
            (ActionKind::Supply, format!("Put the model's training set into the models bucket under datasets/{}/.", contract.model))
        }
        (State::InsufficientData, _) => (ActionKind::Supply, "Judge a longer window, or wait for more records.".to_owned()),
        (_, CauseKind::DataFault) => (ActionKind::MendData, format!("Mend the data at their source{owner}; do not retrain on them.")),
        (State::Warning, _) => (ActionKind::Watch, "Look at the report and keep watching; nothing needs to be done yet.".to_owned()),
        (State::Ok, _) => (ActionKind::None, "Nothing needs to be done.".to_owned()),
        (_, CauseKind::VersionChange) => {
            (ActionKind::Investigate, "Compare the new version with the one before; roll back if its predictions are wrong.".to_owned())
        }
        (_, CauseKind::PredictionDrift | CauseKind::Unknown | CauseKind::None) => (
            ActionKind::Investigate,
            "Find out why the model's outputs moved although its inputs did not: serving code, feature pipeline, version.".to_owned(),
        ),
        (_, CauseKind::Season) => (ActionKind::Watch, "Note it; it moves like this every week.".to_owned()),
        (_, CauseKind::CovariateDrift | CauseKind::PopulationShift) => retrain(contract, records),
    };
    Action { kind, sentence }
}

fn retrain(contract: &Contract, records: u64) -> (ActionKind, String) {
    let policy = &contract.retraining;
    match policy.mode {
        RetrainingMode::Never => {
            (ActionKind::Watch, "Check the model's quality on these records; the contract says never to ask for retraining.".to_owned())
        }
        _ if records < policy.minimum_records => {
            let (records, minimum) = (number(records as f64), number(policy.minimum_records as f64));
            (
                ActionKind::Watch,
                format!(
                    "Check the model's quality on these records; with {records} of them retraining must wait (the contract wants {minimum})."
                ),
            )
        }
        RetrainingMode::Propose => (
            ActionKind::Retrain,
            "Consider retraining on records that include this window; the contract wants a person to decide.".to_owned(),
        ),
        RetrainingMode::Automatic => {
            (ActionKind::Retrain, "Retrain on records that include this window; the contract allows it without asking.".to_owned())
        }
    }
}
