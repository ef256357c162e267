//! What people are told, in words.

use chrono::DateTime;
use tidegate_monitoring::{ActionKind, CauseKind, FieldVerdict, State, Verdict};
use tidegate_registry::audit::Entry;
use tidegate_registry::{ApprovalRequest, DatasetRecord, GateOutcome, ModelVersion, RefusedSubmission, Retraining, RetrainingState, Stage};

use crate::committed::Judged;
use crate::incident::Told;
use crate::message::{Message, NEXT, Severity};
use crate::news::{LinkFor, Scene, Subject};

/// Most fields that are named in a subject, and most of which it is said how far they moved.
const MOST_FIELDS: (usize, usize) = (3, 5);

/// A moment, as people read it.
pub(crate) fn moment(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| format!("{ms} ms"), |at| at.format("%a %-d %B %Y, %H:%M UTC").to_string())
}

/// Up to when, short enough for a subject.
fn until(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(String::new, |at| at.format("%-d %b %H:%M UTC").to_string())
}

fn hours(ms: i64) -> String {
    let hours = ms / 3_600_000;
    if hours % 24 == 0 && hours > 0 { counted(hours / 24, "day") } else { counted(hours, "hour") }
}

fn counted(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A count with its thousands apart: `17,168`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn titled(stage: Stage, model: &str, says: &str) -> String {
    format!("[{stage}] {model}: {says}")
}

fn versioned(stage: Stage, version: &ModelVersion, says: &str) -> String {
    format!("[{stage}] {} v{}: {says}", version.model, version.number)
}

/// `ada@example.com, risk@example.com and lead@example.com`.
fn listed(people: &[impl AsRef<str>]) -> String {
    match people {
        [] => "nobody".to_owned(),
        [one] => one.as_ref().to_owned(),
        [some @ .., last] => {
            let some: Vec<&str> = some.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", some.join(", "), last.as_ref())
        }
    }
}

/// What stands in for the champion.
fn against(champion: Option<u32>) -> String {
    champion.map_or_else(|| "There is no champion yet".to_owned(), |number| format!("It would replace version {number}"))
}

/// Where a version comes from.
fn origin(version: &ModelVersion) -> String {
    let lineage = &version.lineage;
    let run = format!("Run {}, submitted by {} on {}", lineage.run, lineage.submitter, moment(version.submitted_at_ms));
    let dataset = lineage.dataset_version.iter().map(|dataset| format!("Trained on dataset version {}", short(dataset)));
    let code = lineage.code_revision.iter().map(|revision| format!("Code {revision}"));
    std::iter::once(run).chain(dataset).chain(code).collect::<Vec<_>>().join("\n")
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// The gate in a few lines: its sentence, and each rule that did not pass.
fn gate(version: &ModelVersion) -> String {
    let Some(gate) = &version.gate else { return String::new() };
    let open = gate.rules.iter().filter(|rule| rule.outcome != GateOutcome::Pass).take(MOST_FIELDS.1);
    let open = open.map(|rule| format!("- {}: {}", if rule.outcome == GateOutcome::Fail { "fails" } else { "cannot tell" }, rule.says));
    std::iter::once(gate.headline.clone()).chain(open).collect::<Vec<_>>().join("\n")
}

/// To one approver: what is decided, until when, and how. The link stands below, and in prod the code.
pub(crate) fn decision(link: &LinkFor, code: Option<&str>, stage: Stage) -> Message {
    let (model, request, what, about, decisions) = match &link.subject {
        Subject::Promotion(version) => (
            &version.model,
            version.request.as_ref(),
            format!("version {}", version.number),
            format!("Version {} of {} asks to become champion in {stage}.", version.number, version.model),
            &version.decisions,
        ),
        Subject::Retraining(retraining) => (
            &retraining.model,
            retraining.request.as_ref(),
            "retraining".to_owned(),
            format!("Tidegate proposes to retrain {} ({stage}).", retraining.model),
            &retraining.decisions,
        ),
    };
    let expires_ms = request.map_or(0, |request| request.expires_at_ms);
    let head = if link.again { "Reminder: your decision on" } else { "Your decision on" };
    let subject = titled(stage, model, &format!("{head} {what} (until {})", until(expires_ms)));
    let opening = format!("{about} You are asked as {}.", link.approver);
    let mut message = Message::new("decision-link", Severity::Warning, model, &subject, &opening);
    match &link.subject {
        Subject::Promotion(version) => {
            let replaces = request.map_or_else(String::new, |request| against(request.about.champion));
            message = message
                .with("What the gate says", &gate(version))
                .with("What it replaces", &replaces)
                .with("Where it comes from", &origin(version));
        }
        Subject::Retraining(retraining) => {
            message = message.with("Why", &retraining.call.why).with("On which data", &data(retraining));
        }
    }
    if let Some(request) = request {
        let others: Vec<&String> = request.approvers.iter().filter(|other| **other != link.approver).collect();
        let mut who = vec![format!("{} needed", counted(i64::from(request.needed), "approval"))];
        if !others.is_empty() {
            who.push(format!("also asked: {}", listed(&others)));
        }
        let said: Vec<String> = decisions.iter().map(|said| format!("{} {}", said.person, said.answer.done())).collect();
        if !said.is_empty() {
            who.push(format!("so far {}", listed(&said)));
        }
        message = message.with("Who decides", &who.join("; "));
        message = message.with("Until", &format!("{}. Silence until then counts as a no.", moment(expires_ms)));
    }
    if let Some(code) = code {
        message = message.with("Your code", &format!("{code}\nThe page asks for it. It stands in this mail only."));
    }
    message.with(NEXT, "Open the link, read the page, and approve or reject there. Opening it decides nothing. The link is yours alone: do not forward it.")
}

pub(crate) fn decision_needed(version: &ModelVersion, request: &ApprovalRequest, stage: Stage) -> Message {
    let subject = versioned(stage, version, &format!("waits for {}", counted(i64::from(request.needed), "approval")));
    let were = if request.approvers.len() == 1 { "was" } else { "were" };
    let asked = listed(&request.approvers);
    let opening = format!("Version {} of {} waits for a decision: {asked} {were} asked by mail.", version.number, version.model);
    Message::new("decision-needed", Severity::Info, &version.model, &subject, &opening)
        .with("What the gate says", &gate(version))
        .with("What it replaces", &against(request.about.champion))
        .with("Until", &moment(request.expires_at_ms))
}

pub(crate) fn approved_in_part(version: &ModelVersion, entry: &Entry, stage: Stage) -> Message {
    let request = version.request.as_ref();
    let open = request.map_or_else(Vec::new, |request| request.silent(&version.decisions));
    let subject = versioned(stage, version, &format!("approved by {}, more are needed", entry.by));
    Message::new("decision-taken", Severity::Info, &version.model, &subject, &sentence(&entry.says)).with("Still asked", &listed(&open))
}

pub(crate) fn approved(version: &ModelVersion, stage: Stage) -> Message {
    let by: Vec<&str> = version.decisions.iter().map(|said| said.person.as_str()).collect();
    let subject = versioned(stage, version, &format!("approved by {}", listed(&by)));
    let request = version.request.as_ref();
    let opening = format!("Version {} of {} was approved by {}.", version.number, version.model, listed(&by));
    let hold_ms = request.map_or(0, |request| request.hold_ms);
    let next = if hold_ms > 0 {
        let at_ms = version.approved_at_ms.unwrap_or_default().saturating_add(hold_ms);
        format!(
            "It becomes champion on {}, {} from now. Until then, `tidegate retire {} {} --reason …` stops it.",
            moment(at_ms),
            hours(hold_ms),
            version.model,
            version.number
        )
    } else {
        "It becomes champion now, and the next stage is told.".to_owned()
    };
    let reasons: Vec<String> =
        version.decisions.iter().filter(|said| !said.reason.is_empty()).map(|said| format!("{}: {}", said.person, said.reason)).collect();
    Message::new("decision-taken", Severity::Info, &version.model, &subject, &opening)
        .with("What they said", &reasons.join("\n"))
        .with("What happens next", &next)
}

pub(crate) fn turned_down(version: &ModelVersion, entry: &Entry, stage: Stage) -> Message {
    let expired = entry.command == "expire";
    let says = if expired { "expired, nobody answered in time".to_owned() } else { format!("rejected by {}", entry.by) };
    let severity = if expired { Severity::Warning } else { Severity::Info };
    let reason = version.ending.as_ref().map_or("", |ending| ending.reason.as_str());
    let next = if expired {
        "To ask again, submit the candidate as a new run."
    } else {
        "The champion stays. Another candidate needs another run."
    };
    Message::new("decision-taken", severity, &version.model, &versioned(stage, version, &says), &sentence(&entry.says))
        .with("Reason", reason)
        .with(NEXT, next)
}

pub(crate) fn asked_again(version: &ModelVersion, entry: &Entry, stage: Stage) -> Message {
    let subject = versioned(stage, version, "is validated again, links that were sent are void");
    Message::new("decision-void", Severity::Info, &version.model, &subject, &sentence(&entry.says))
}

pub(crate) fn gate_failed(version: &ModelVersion, stage: Stage, scene: &Scene) -> Message {
    let subject = versioned(stage, version, "failed the gate");
    let reason = version.ending.as_ref().map_or("", |ending| ending.reason.as_str());
    let opening = format!("Version {} of {} was rejected: {reason}", version.number, version.model);
    Message::new("gate-failed", Severity::Warning, &version.model, &subject, &opening)
        .with("What the gate says", &gate(version))
        .with("Where it comes from", &origin(version))
        .with(NEXT, "The champion stays. Read the report, mend the model or its data, and submit it as a new run.")
        .linked(version.gate.as_ref().map(|gate| scene.console(&gate.key.replace("gate.json", "index.html"))))
}

pub(crate) fn refused(model: &str, refused: &RefusedSubmission, stage: Stage) -> Message {
    let subject = titled(stage, model, &format!("the submission of run {} was refused", refused.run));
    Message::new("submission-refused", Severity::Warning, model, &subject, &format!("A candidate could not be read: {}", refused.reason))
        .with("Run", &refused.run)
        .with(NEXT, "Mend the manifest or the files that it names, and write manifest.json again, last. Nothing was lost: the files lie where they were put.")
}

pub(crate) fn promoted(version: &ModelVersion, stage: Stage) -> Message {
    let instead = version.replaced.map_or_else(|| "the first".to_owned(), |number| format!("in place of v{number}"));
    let subject = versioned(stage, version, &format!("is champion, {instead}"));
    let opening =
        format!("Version {} of {} is champion in {stage} since {}.", version.number, version.model, moment(version.changed_at_ms));
    let back = version.replaced.map_or_else(String::new, |number| {
        format!("If it turns out worse, `tidegate rollback {} --reason …` brings version {number} back.", version.model)
    });
    Message::new("promoted", Severity::Info, &version.model, &subject, &opening)
        .with("Where it comes from", &origin(version))
        .with(NEXT, &back)
}

pub(crate) fn rolled_back(version: &ModelVersion, stage: Stage) -> Message {
    let now = version.replaced.map_or_else(|| "nothing".to_owned(), |number| format!("v{number}"));
    let subject = versioned(stage, version, &format!("was rolled back, {now} serves again"));
    let ending = version.ending.as_ref();
    let opening = format!(
        "Version {} of {} was rolled back by {}. {now} is champion again.",
        version.number,
        version.model,
        ending.map_or("somebody", |ending| ending.by.as_str())
    );
    Message::new("rolled-back", Severity::Critical, &version.model, &subject, &opening)
        .with("Why", ending.map_or("", |ending| ending.reason.as_str()))
        .with(NEXT, "Make sure that serving has loaded the older version. The one that was rolled back cannot come back; a better one needs a new run.")
}

pub(crate) fn retired(version: &ModelVersion, entry: &Entry, stage: Stage) -> Message {
    let was_champion = entry.says.contains("there is no champion now");
    let (severity, says) =
        if was_champion { (Severity::Critical, "was retired, there is no champion now") } else { (Severity::Info, "was withdrawn") };
    Message::new("retired", severity, &version.model, &versioned(stage, version, says), &sentence(&entry.says))
}

pub(crate) fn dataset_failed(model: &str, dataset: &DatasetRecord, stage: Stage) -> Message {
    let subject = titled(stage, model, &format!("the data set {} failed its checks", dataset.name));
    Message::new("dataset-failed", Severity::Warning, model, &subject, &sentence(&dataset.says))
        .with("Dataset version", &dataset.version)
        .with(NEXT, "The version is kept and marked; it becomes no baseline. Mend the data and put them again: that makes another version.")
}

fn data(retraining: &Retraining) -> String {
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
        RetrainingState::Failed => "retraining failed, its data did not pass",
        _ => "retraining expired",
    };
    let (reason, by) = retraining.ending.as_ref().map_or(("", ""), |ending| (ending.reason.as_str(), ending.by.as_str()));
    let opening = format!("Retraining {} of {} ends without a candidate.", retraining.number, retraining.model);
    Message::new("retraining-ended", Severity::Warning, &retraining.model, &titled(scene.stage, &retraining.model, says), &opening)
        .with("Reason", reason)
        .with("By", by)
}

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

/// A sentence as a sentence stands: with a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map_or_else(String::new, |first| first.to_uppercase().to_string());
    let mut sentence = format!("{first}{}", characters.as_str());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
