//! Of windows: what is wrong in one, and that it is over.

use tidegate_monitoring::{ActionKind, CauseKind, FieldVerdict, State, Verdict};

use super::phrases::{MOST_FIELDS, grouped, moment, titled};
use crate::committed::Judged;
use crate::incident::Told;
use crate::message::{Message, NEXT, Severity};
use crate::news::Scene;

/// A window in which something is wrong, or is no longer.
pub(crate) fn window(verdict: &Verdict, length: &str, told: Told, scene: &Scene, report: &str) -> Option<Message> {
    let model = &verdict.model;
    let link = Some(scene.console(&report.replace("verdict.json", "index.html")));
    let end = moment(verdict.window.end_ms);
    let (since_ms, again) = match told {
        Told::Nothing => return None,
        Told::Recovered { since_ms } => {
            let subject = titled(scene.stage, model, &format!("{length} window is back to normal"));
            let opening = format!("The {length} window that ended on {end} is fine again: {}", verdict.headline);
            let message = Message::new("recovered", Severity::Info, model, &subject, &opening);
            return Some(message.with("Lasted", &format!("since the window that ended on {}", moment(since_ms))).linked(link));
        }
        Told::Alarm { since_ms, again } => (since_ms, again),
    };
    let fault = verdict.cause.kind == CauseKind::DataFault;
    let (kind, severity, what) = match (verdict.state, fault) {
        (State::NoData, _) => ("no-data", Severity::Critical, "no data".to_owned()),
        (_, true) => ("data-fault", Severity::Critical, "data fault".to_owned()),
        (State::Warning, _) => ("warning", Severity::Warning, "warning".to_owned()),
        _ => ("drift", Severity::Warning, "drift".to_owned()),
    };
    let moved: Vec<&FieldVerdict> = verdict.fields.iter().filter(|field| field.state == verdict.state && !field.muted).collect();
    let names: Vec<&str> = moved.iter().take(MOST_FIELDS.0).map(|field| field.name.as_str()).collect();
    let more = if moved.len() > names.len() { format!(" and {} more", moved.len() - names.len()) } else { String::new() };
    let where_to = if names.is_empty() { String::new() } else { format!(" in {}{more}", names.join(", ")) };
    let still = if again { "still " } else { "" };
    let subject = titled(scene.stage, model, &format!("{still}{what}{where_to} ({length})"));
    let sentences: Vec<String> = moved.iter().take(MOST_FIELDS.1).map(|field| format!("{}: {}", field.name, field.sentence)).collect();
    let began = verdict.incidents.first().and_then(|incident| incident.began);
    let since = match began {
        Some(onset) => format!("About {}; first told of the window that ended on {}", moment(onset.at_ms), moment(since_ms)),
        None => format!("The window that ended on {}", moment(since_ms)),
    };
    let cause = if verdict.cause.kind == CauseKind::None {
        String::new()
    } else {
        format!("{} ({:.0} % sure)", verdict.cause.evidence, verdict.cause.confidence * 100.0)
    };
    let did = match verdict.action.kind {
        ActionKind::Retrain => "It looks whether retraining is due, by the contract's policy, and tells you if it is.",
        ActionKind::MendData => "It holds retraining back: a model that is trained on broken data learns the fault.",
        _ => "It keeps watching, and tells you when it is over.",
    };
    let message = Message::new(kind, severity, model, &subject, &verdict.headline)
        .with("Which window", &format!("{length} up to {end}, {} records", grouped(verdict.records)))
        .with("How bad", &sentences.join("\n"))
        .with("Since when", &since)
        .with("Most likely cause", &cause)
        .with("What Tidegate did", did)
        .with(NEXT, &verdict.action.sentence)
        .linked(link);
    Some(message)
}

/// The same of a window whose report is of another kind: what the registry knows of it.
pub(crate) fn judged(judged: &Judged, told: Told, scene: &Scene) -> Option<Message> {
    let Judged { model_name: model, window_length: length, headline, report_key, .. } = judged;
    let link = Some(scene.console(&report_key.replace(".json", ".html").replace("performance.html", "index.html")));
    let is_quality = judged.item_kind == "performance";
    let what = if is_quality { "quality" } else { "window" };
    let (kind, severity, says, since_ms) = match told {
        Told::Nothing => return None,
        Told::Recovered { since_ms } => ("recovered", Severity::Info, format!("{what} is back to normal ({length})"), since_ms),
        Told::Alarm { since_ms, again } => {
            let still = if again { "still: " } else { "" };
            let (kind, severity, says) = match (judged.verdict_state, is_quality) {
                (State::NoData, _) => ("no-data", Severity::Critical, "no data"),
                (State::Warning, true) => ("warning", Severity::Warning, "quality may be falling"),
                (State::Warning, false) => ("warning", Severity::Warning, "warning"),
                (_, true) => ("quality-drop", Severity::Critical, "quality dropped"),
                (_, false) => ("drift", Severity::Warning, "drift"),
            };
            (kind, severity, format!("{still}{says} ({length})"), since_ms)
        }
    };
    let did = match judged.verdict_action {
        ActionKind::Retrain => "It looks whether retraining is due, by the contract's policy, and tells you if it is.",
        ActionKind::RollBack => {
            "It takes the champion back if the contract lets that happen by itself (rollback.mode: automatic), and tells you if it did."
        }
        _ => "It keeps watching, and tells you when it is over.",
    };
    let next = match judged.verdict_action {
        ActionKind::RollBack => format!("Read the report; `tidegate rollback {model} --reason …` brings the version before it back."),
        _ => String::new(),
    };
    let message = Message::new(kind, severity, model, &titled(scene.stage, model, &says), headline)
        .with("Since when", &format!("The window that ended on {}", moment(since_ms)))
        .with("What Tidegate did", did)
        .with(NEXT, &next)
        .linked(link);
    Some(message)
}
