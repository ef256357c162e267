//! Of retraining, and of the data to train on.

use tidegate_registry::{DatasetRecord, Retraining, RetrainingState, Stage};

use super::phrases::{grouped, listed, sentence, titled};
use crate::message::{Message, NEXT, Severity};
use crate::news::Scene;

pub(crate) fn dataset_failed(model: &str, dataset: &DatasetRecord, stage: Stage) -> Message {
    let subject = titled(stage, model, &format!("the data set {} failed its checks", dataset.name));
    Message::new("dataset-failed", Severity::Warning, model, &subject, &sentence(&dataset.says))
        .with("Dataset version", &dataset.version)
        .with(NEXT, "The version is kept and marked; it becomes no baseline. Mend the data and put them again: that makes another version.")
}

pub(super) fn data(retraining: &Retraining) -> String {
    let records = retraining.records.map_or_else(String::new, |records| format!(", {} records", grouped(records)));
    let dataset = retraining.dataset.as_ref().map_or_else(String::new, |dataset| format!("\nDataset version {dataset}"));
    format!("{}{records}{dataset}", retraining.call.data.replace('_', " to "))
}

fn challenged(retraining: &Retraining) -> String {
    retraining.champion.map_or_else(|| "There is no champion yet".to_owned(), |number| format!("Version {number}"))
}

fn retraining_link(retraining: &Retraining, scene: &Scene) -> Option<String> {
    retraining.call.report.as_deref().map(|key| scene.console(&key.replace("verdict.json", "index.html")))
}

pub(crate) fn retraining_proposed(retraining: &Retraining, scene: &Scene) -> Message {
    let approvers = retraining.request.as_ref().map_or(&[][..], |request| request.approvers.as_slice());
    let subject = titled(scene.stage, &retraining.model, "retraining is proposed");
    let opening = format!("Tidegate proposes to retrain {}. {} asked.", retraining.model, are(approvers));
    let next = if approvers.is_empty() {
        "Nobody is named to decide. Name somebody in the contract (retraining.approvers), or ask for it by hand: `tidegate retrain`."
    } else {
        ""
    };
    Message::new("retraining-proposed", Severity::Info, &retraining.model, &subject, &opening)
        .with("Why", &retraining.call.why)
        .with("On which data", &data(retraining))
        .with("Champion to beat", &challenged(retraining))
        .with(NEXT, next)
        .linked(retraining_link(retraining, scene))
}

fn are(people: &[String]) -> String {
    format!("{} {}", listed(people), if people.len() > 1 { "are" } else { "is" })
}

pub(crate) fn retraining_requested(retraining: &Retraining, scene: &Scene) -> Message {
    let subject = titled(scene.stage, &retraining.model, "retraining is requested");
    let who = match retraining.decisions.first() {
        Some(said) => format!("{} approved it", said.person),
        None if retraining.call.by_hand => "it was asked for by hand".to_owned(),
        None => "the contract asks for it by itself (retraining.mode: automatic)".to_owned(),
    };
    let opening = format!("Retraining {} of {} is requested: {who}.", retraining.number, retraining.model);
    Message::new("retraining-requested", Severity::Info, &retraining.model, &subject, &opening)
        .with("Why", &retraining.call.why)
        .with("On which data", &data(retraining))
        .with("Champion to beat", &challenged(retraining))
        .with(
            NEXT,
            "The training job that listens for RetrainingRequested on the event bus starts now. A candidate that names this dataset version as its training_set answers the request.",
        )
        .linked(retraining_link(retraining, scene))
}

pub(crate) fn retraining_ended(retraining: &Retraining, scene: &Scene) -> Message {
    let says = match retraining.state {
        RetrainingState::Declined => "retraining was declined",
        RetrainingState::Failed => "retraining cannot begin",
        _ => "retraining expired",
    };
    let (reason, by) = retraining.ending.as_ref().map_or(("", ""), |ending| (ending.reason.as_str(), ending.by.as_str()));
    let opening = format!("Retraining {} of {} ends without a candidate.", retraining.number, retraining.model);
    Message::new("retraining-ended", Severity::Warning, &retraining.model, &titled(scene.stage, &retraining.model, says), &opening)
        .with("Reason", reason)
        .with("By", by)
}
