//! What to do, by cause and by the contract's policy. Retraining is never proposed on data at fault.

use tidegate_contract::{Contract, RetrainingMode};

use super::facts::Facts;
use crate::words::{list, number};
use crate::{Action, ActionKind, Cause, CauseKind, Fault, State};

fn owner(contract: &Contract) -> String {
    contract.owners.monitoring.as_deref().map_or_else(String::new, |owner| format!(" ({owner} is told)"))
}

/// What to do about a window in which nothing moved by as much as matters.
pub(crate) fn calm_action(facts: &Facts<'_>, cause: &Cause) -> Action {
    let contract = facts.contract;
    let (kind, sentence) = match facts.state {
        State::NoData => (
            ActionKind::MendData,
            format!(
                "Find out whether the application still runs and still writes its scoring logs under {}{}.",
                contract.logs_prefix(),
                owner(contract)
            ),
        ),
        State::InsufficientData if facts.baseline.is_none() => {
            (ActionKind::Supply, format!("Put the model's training set into the models bucket under datasets/{}/.", contract.model))
        }
        State::InsufficientData => (ActionKind::Supply, "Judge a longer window, or wait for more records.".to_owned()),
        _ if cause.kind == CauseKind::Season => (ActionKind::None, "Nothing needs to be done; it comes and goes with the week.".to_owned()),
        _ => (ActionKind::None, "Nothing needs to be done.".to_owned()),
    };
    Action { kind, sentence }
}

/// What to do about an incident. `mend_first` names the fields of a data fault that matters and still stands.
pub(crate) fn action(facts: &Facts<'_>, state: State, cause: &Cause, fields: &[String], mend_first: &[String]) -> Action {
    let contract = facts.contract;
    let names = |fields: &[String]| list(&fields.iter().map(String::as_str).collect::<Vec<_>>());
    let (kind, sentence) = match (state, cause.kind) {
        (_, CauseKind::DataFault) => (ActionKind::MendData, mend(contract, cause.fault, &names(fields), fields.len() > 1)),
        (State::Warning, CauseKind::Unknown) => {
            (ActionKind::Watch, "Name it in the contract if the model reads it, or stop writing it.".to_owned())
        }
        (State::Warning, _) => (ActionKind::Watch, "Look at the report and keep watching; nothing needs to be done yet.".to_owned()),
        (_, CauseKind::VersionChange) => {
            (ActionKind::Investigate, "Compare the new version with the one before; roll back if its predictions are wrong.".to_owned())
        }
        // The last two are told by the truth, not here.
        (_, CauseKind::PredictionDrift | CauseKind::Unknown | CauseKind::None | CauseKind::ConceptDrift | CauseKind::ModelFault) => (
            ActionKind::Investigate,
            "Find out why the model's outputs moved although its inputs did not: serving code, feature pipeline, version.".to_owned(),
        ),
        (_, CauseKind::Season) => (ActionKind::Watch, "Note it; it moves like this every week.".to_owned()),
        (_, CauseKind::CovariateDrift | CauseKind::PopulationShift) if !mend_first.is_empty() => (
            ActionKind::MendData,
            format!("First mend {}; then judge these records again before anyone retrains on them.", names(mend_first)),
        ),
        (_, CauseKind::CovariateDrift | CauseKind::PopulationShift) => retrain(contract, facts.profile().records),
    };
    Action { kind, sentence }
}

/// How each fault is mended.
fn mend(contract: &Contract, fault: Option<Fault>, fields: &str, several: bool) -> String {
    let told = owner(contract);
    let them = if several { "them" } else { "it" };
    let how = match fault {
        Some(Fault::Missing) => format!("Find out why {fields} stopped arriving{told} and have {them} written again"),
        Some(Fault::Type) => format!("Have {fields} written again as the contract says{told}"),
        Some(Fault::Range) => {
            format!("Find out where the impossible values of {fields} come from{told} and leave {them} empty where there is none")
        }
        Some(Fault::Unit) => format!("Have {fields} written in the old unit again, or converted where the model reads {them}{told}"),
        Some(Fault::Stuck) => format!("Look at the source of {fields}{told}: a sensor, a default or a limit that should not be there"),
        Some(Fault::Truncated) => format!("Find what cuts {fields} off{told}: a column's width, a limit of characters"),
        Some(Fault::ShiftedColumns) => {
            format!("Put {fields} back into their own columns{told}: a field may have been added to or lost from the row")
        }
        Some(Fault::Encoding) => format!("Have {fields} written again as in the training set{told}"),
        Some(Fault::Renamed) => format!("Have {fields} written under the old name again, or give the contract the new path{told}"),
        Some(Fault::Unreadable) => format!("Mend the program that writes the files{told}; the quarantined lines say what is wrong"),
        None => return format!("Mend the data at their source{told}; do not retrain on them."),
    };
    format!("{how}; do not retrain on these records.")
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
