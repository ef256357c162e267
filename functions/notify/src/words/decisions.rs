//! Of versions: who is asked about them, what was decided, what serves.

use tidegate_registry::audit::Entry;
use tidegate_registry::{ApprovalRequest, ModelVersion, RefusedSubmission, Stage};

use super::phrases::{against, counted, gate, hours, listed, moment, origin, sentence, titled, until, versioned};
use super::retraining::data;
use crate::message::{Message, NEXT, Severity};
use crate::news::{LinkFor, Scene, Subject};

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
        .with(NEXT, "Mend the manifest or the files that it names, and write manifest.json again, last; or, where another registry told of it, say there what is missing. Nothing was lost: the files lie where they were put.")
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
