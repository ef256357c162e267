//! Why quality fell, and what to do: what drift says of the inputs, and whether it began with another version.

use tidegate_contract::{Contract, Metric, RetrainingMode};
use tidegate_monitoring::{Action, ActionKind, Cause, CauseKind, State};

use crate::judge::{Input, fall_of, margin};
use crate::reference::with_error;
use crate::verdict::{Check, Finding, FindingKind, Point, Reference};
use crate::words::{percent, value};

/// Share of a window's predictions from which on a version is one that answers, not one that is tried.
const SERVING: f64 = 0.05;

/// Cause and action of a window.
pub(crate) fn triage(
    input: &Input<'_>,
    metric: Metric,
    state: State,
    findings: &[Finding],
    check: Option<&Check>,
    reference: Option<&Reference>,
    trail: &[Point],
) -> (Cause, Action) {
    let cause = |kind, evidence: String, confidence| Cause { kind, evidence, confidence, fault: None };
    let action = |kind, sentence: &str| Action { kind, sentence: sentence.to_owned() };
    let nothing = |action| (cause(CauseKind::None, "There is nothing to explain.".to_owned(), 1.0), action);
    let quality_falls = check.is_some_and(Check::is_fall);
    match state {
        State::Ok => return nothing(action(ActionKind::None, "Nothing needs to be done.")),
        State::NoData => return nothing(action(ActionKind::Supply, "Find out why no prediction is logged.")),
        State::InsufficientData if input.measured.is_judged(input.contract) => {
            let sentence = "Register the model with an evaluation set, or wait for the truth of its first windows: then there is something to hold it against.";
            return nothing(action(ActionKind::Supply, sentence));
        }
        State::InsufficientData => return nothing(action(ActionKind::Supply, "Wait for the truth, or find out why it does not come.")),
        State::Warning | State::Drift if quality_falls => {}
        _ => {
            let is_service = findings.first().is_some_and(|worst| {
                matches!(worst.kind, FindingKind::Silence | FindingKind::Volume | FindingKind::Latency | FindingKind::Failures)
            });
            let sentence = if is_service { "Look at the service." } else { "Look at the report and keep watching." };
            let evidence = findings.first().map(|finding| finding.sentence.clone()).unwrap_or_default();
            let kind = if is_service { ActionKind::Investigate } else { ActionKind::Watch };
            return (cause(CauseKind::Unknown, evidence, 0.5), action(kind, sentence));
        }
    }
    let new = new_version(input, metric, reference, trail);
    match (input.inputs.drift, new) {
        (Some(drift), Some(evidence)) if inputs_hold(drift) => (
            cause(CauseKind::ModelFault, evidence, 0.9),
            action(ActionKind::RollBack, "Go back to the version before, by the contract's policy."),
        ),
        (Some(drift), None) if inputs_hold(drift) => {
            let evidence = "The inputs hold, and the model is wrong more often than it was: what it learned is no longer so.";
            (cause(CauseKind::ConceptDrift, evidence.to_owned(), 0.8), retrain(input.contract))
        }
        (Some((_, CauseKind::DataFault)), _) => (
            cause(CauseKind::DataFault, "The data are at fault in the same window.".to_owned(), 0.8),
            action(ActionKind::MendData, "Mend the data at their source first; the drift report says which."),
        ),
        (Some((State::Drift | State::Warning, kind)), None) if !matches!(kind, CauseKind::None | CauseKind::Unknown) => {
            (cause(kind, "The inputs moved in the same window; the drift report says how.".to_owned(), 0.7), retrain(input.contract))
        }
        (_, Some(evidence)) => (
            cause(CauseKind::VersionChange, format!("{evidence} Whether the inputs hold is not known."), 0.6),
            action(
                ActionKind::Investigate,
                "Compare the new version with the one before; roll back if it is worse on the same predictions.",
            ),
        ),
        _ => (
            cause(CauseKind::Unknown, "Whether the inputs hold is not known.".to_owned(), 0.3),
            action(ActionKind::Investigate, "Look at the drift report of the same window."),
        ),
    }
}

/// Whether the inputs hold, as far as drift says: that predictions moved, or moved with a version, is no move of the inputs.
fn inputs_hold((state, kind): (State, CauseKind)) -> bool {
    matches!((state, kind), (State::Ok, _) | (State::Warning | State::Drift, CauseKind::PredictionDrift | CauseKind::VersionChange))
}

fn retrain(contract: &Contract) -> Action {
    let (kind, sentence) = match contract.retraining.mode {
        RetrainingMode::Never => {
            (ActionKind::Watch, "The contract says never to ask for retraining: decide what the model is still good for.")
        }
        RetrainingMode::Propose => {
            (ActionKind::Retrain, "Consider retraining on predictions whose truth is in; the contract wants a person to decide.")
        }
        RetrainingMode::Automatic => {
            (ActionKind::Retrain, "Retrain on predictions whose truth is in; the contract allows it without asking.")
        }
    };
    Action { kind, sentence: sentence.to_owned() }
}

/// Whether the fall began with a version that did not answer before it; if so, the evidence.
fn new_version(input: &Input<'_>, metric: Metric, reference: Option<&Reference>, trail: &[Point]) -> Option<String> {
    let reference = reference?;
    let allowed = margin(input.contract, metric, reference.value);
    let is_fallen = |value: f64| fall_of(metric, value, reference.value) > allowed;
    // The fall's first window in an unbroken row up to this one. A window without truth breaks nothing.
    let before_it = trail.iter().rev().skip(1).find(|point| point.value.is_some_and(|value| !is_fallen(value)))?;
    let serving = |window: &crate::Measured| {
        let all = window.predictions.with_id.max(1) as f64;
        let is_serving = move |part: &&crate::Part| part.served() as f64 / all >= SERVING;
        window.versions.iter().filter(is_serving).map(|part| part.name.clone()).collect::<Vec<_>>()
    };
    let earlier = input.inputs.before.iter().filter(|window| window.window.end_ms <= before_it.window.end_ms);
    let known: Vec<String> = earlier.flat_map(serving).collect();
    let measured = input.measured;
    let all = measured.predictions.with_id.max(1) as f64;
    let (new, old): (Vec<_>, Vec<_>) = measured.versions.iter().partition(|part| !known.contains(&part.name));
    // A version that never served had no part in the fall. One that served before and is a shadow now still tells of the world.
    let new: Vec<_> = new.into_iter().filter(|part| part.served() > 0).collect();
    let share = new.iter().map(|part| part.served()).sum::<u64>() as f64 / all;
    let named = || new.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(", ");
    let own = |part: &&crate::Part| with_error(part.metrics.iter().find(|(found, _)| *found == metric).map(|(_, value)| value)?);
    // Both answer in this window: the old one tells whether it is the world that changed.
    let still_good = old.iter().filter_map(own).find(|(value, _)| !is_fallen(*value));
    let worse = new.iter().filter_map(own).find(|(value, _)| is_fallen(*value));
    if let (Some((old, _)), Some((new, _))) = (still_good, worse) {
        return Some(format!(
            "The inputs hold, and version {} is worse than the one before in the same window: {} is {}, and was {}.",
            named(),
            metric.title(),
            value(new),
            value(old)
        ));
    }
    let old_is_worse = old.iter().filter_map(own).any(|(value, _)| is_fallen(value));
    (share >= 0.5 && !old_is_worse)
        .then(|| format!("The fall began with version {}, which made {} of the predictions.", named(), percent(share)))
}
