//! Why a version was approved or not: in words, from what the audit chain recorded and from nothing else.

use serde_json::{Value, json};
use tidegate_registry::audit::{Entry, StoredEntry};
use tidegate_registry::{Answer, GateOutcome, ModelVersion, Record, Registry, VersionState};

use super::list::gate_words;
use super::time;
use crate::error::CliError;
use crate::terminal::{self, Outcome, Say, count, counted, line, series, short};

/// Longest foreign text on a line of its own.
const LINE: usize = 400;

/// One entry of the chain that tells of the version, and the version as it was afterwards.
struct Step {
    entry: Entry,
    version: ModelVersion,
}

pub(super) async fn explain(registry: &Registry, version: &ModelVersion, json: bool) -> Result<Outcome, CliError> {
    let entries = registry.entries(&version.model, 0).await.map_err(CliError::registry)?;
    let steps = steps(&entries, version.number)?;
    Ok(Outcome::good(if json { for_programs(version, &steps) } else { for_people(version, &steps) }))
}

fn steps(entries: &[StoredEntry], number: u32) -> Result<Vec<Step>, CliError> {
    let mut steps = Vec::new();
    for stored in entries {
        let entry: Entry = serde_json::from_str(&stored.text).map_err(CliError::registry)?;
        let version = entry.records.iter().find_map(|record| match record {
            Record::Version(version) if version.number == number => Some((**version).clone()),
            _ => None,
        });
        steps.extend(version.map(|version| Step { entry, version }));
    }
    Ok(steps)
}

fn for_people(version: &ModelVersion, steps: &[Step]) -> String {
    let mut text = format!("Version {} of {} {}\n\nWhat was recorded\n", version.number, line(&version.model, 63), why(version));
    for step in steps {
        let by = line(&step.entry.by, 120);
        text.say(format_args!("  {}  {}\n      asked by {by}\n", time(step.entry.at_ms), line(&step.entry.says, LINE)));
        for detail in details(step) {
            text.say(format_args!("      {detail}\n"));
        }
    }
    text
}

fn for_programs(version: &ModelVersion, steps: &[Step]) -> String {
    let told = |step: &Step| {
        let Step { entry, version } = step;
        json!({
            "seq": entry.seq,
            "at": time(entry.at_ms),
            "by": entry.by,
            "command": entry.command,
            "says": entry.says,
            "state": version.state,
            "details": details(step),
        })
    };
    let steps: Vec<Value> = steps.iter().map(told).collect();
    terminal::json(&json!({
        "model": version.model,
        "version": version.number,
        "state": version.state,
        "approved": version.approved_at_ms.is_some(),
        "why": why(version),
        "steps": steps,
    }))
}

/// The answer in one sentence, after the version's name.
fn why(version: &ModelVersion) -> String {
    let reason = version.ending.as_ref().map(|ending| line(&ending.reason, LINE)).unwrap_or_default();
    match version.approved_at_ms {
        Some(approved_ms) => {
            format!("was approved at {} {}{}.", time(approved_ms), approved_by(version), since(version, approved_ms, &reason))
        }
        None => not_approved(version, &reason),
    }
}

fn not_approved(version: &ModelVersion, reason: &str) -> String {
    match (version.state, &version.gate) {
        (VersionState::Rejected, _) => rejected(version, reason),
        (VersionState::Expired, _) => format!("was not approved: {reason}; silence is a no."),
        (VersionState::Retired, _) => format!("was withdrawn before it was approved: {reason}."),
        (VersionState::PendingApproval, _) => waiting(version),
        (_, Some(gate)) => format!("is not approved yet: its gate {}, and nobody has been asked.", gate_words(gate.outcome)),
        (_, None) => "is not approved yet: its gate has not said anything.".to_owned(),
    }
}

/// What became of it after its approval.
fn since(version: &ModelVersion, approved_ms: i64, reason: &str) -> String {
    let hold_ms = version.request.as_ref().map_or(0, |request| request.hold_ms);
    match (version.state, version.reigns.last(), version.successor) {
        (VersionState::Approved, ..) if hold_ms > 0 => format!("; it is held until {}", time(approved_ms.saturating_add(hold_ms))),
        (VersionState::Approved, ..) => "; it is not promoted yet".to_owned(),
        (VersionState::RolledBack, ..) => format!("; later it was rolled back: {reason}"),
        (VersionState::Retired, ..) if !reason.is_empty() => format!("; later it was withdrawn: {reason}"),
        (VersionState::Retired, _, Some(number)) => format!("; later version {number} took its place"),
        (VersionState::Champion, Some(reign), _) => format!("; it has been champion since {}", time(reign.from_ms)),
        _ => String::new(),
    }
}

fn approved_by(version: &ModelVersion) -> String {
    let by: Vec<String> =
        version.decisions.iter().filter(|said| said.answer == Answer::Approve).map(|said| line(&said.person, 120)).collect();
    if by.is_empty() { format!("by its gate alone: in {} nobody is asked", version.stage) } else { format!("by {}", series(&by)) }
}

fn rejected(version: &ModelVersion, reason: &str) -> String {
    if let Some(said) = version.decisions.iter().find(|said| said.answer == Answer::Reject) {
        return format!("was not approved: {} rejected it at {}: {reason}", line(&said.person, 120), time(said.at_ms));
    }
    match &version.gate {
        Some(gate) if gate.outcome == GateOutcome::Fail => {
            let failed = gate.rules.iter().filter(|rule| rule.outcome == GateOutcome::Fail).count();
            format!("was not approved: its gate failed ({failed} of {} rules did not hold): {reason}", gate.rules.len())
        }
        Some(_) => format!("was not approved: {reason}"),
        None => format!("was not approved: it could not be validated: {reason}"),
    }
}

fn waiting(version: &ModelVersion) -> String {
    let Some(request) = &version.request else { return "waits for answers, and nobody is asked.".to_owned() };
    let came = version.decisions.iter().filter(|said| said.request == request.id && said.answer == Answer::Approve).count();
    let silent: Vec<String> = request.silent(&version.decisions).into_iter().map(|person| line(person, 120)).collect();
    format!(
        "is not approved yet: {came} of {} came; {} can still answer, until {}.",
        counted(u64::from(request.needed), "needed approval"),
        series(&silent),
        time(request.expires_at_ms)
    )
}

/// What an entry's sentence leaves out.
fn details(step: &Step) -> Vec<String> {
    let Step { entry, version } = step;
    match entry.command.as_str() {
        "submit" => {
            let lineage = &version.lineage;
            let mut said =
                vec![format!("submitted by {}, files written by {}", line(&lineage.submitter, 120), line(&lineage.artifact_writer, 160))];
            said.extend(lineage.dataset_version.as_ref().map(|dataset| format!("trained on dataset version {}", short(dataset))));
            said
        }
        "record-gate" => version.gate.iter().flat_map(gate_details).collect(),
        "request-approvals" | "escalate" => version.request.iter().flat_map(asked).collect(),
        "remind" => version.request.iter().map(|request| format!("{} so far", counted(u64::from(request.reminders), "reminder"))).collect(),
        "approve" | "reject" => {
            let said = version.decisions.last().filter(|said| !said.reason.is_empty());
            said.map(|said| format!("reason: {}", line(&said.reason, LINE))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn gate_details(gate: &tidegate_registry::GateRecord) -> Vec<String> {
    let against =
        gate.champion.map_or_else(|| "no champion to compare with".to_owned(), |number| format!("compared with version {number}"));
    let mut said = vec![format!("{against}; report {} ({})", line(&gate.key, LINE), short(&gate.digest))];
    said.extend(
        gate.rules.iter().map(|rule| format!("{}: {}: {}", gate_words(rule.outcome), line(&rule.name, 60), line(&rule.says, LINE))),
    );
    said
}

fn asked(request: &tidegate_registry::ApprovalRequest) -> Vec<String> {
    let people: Vec<String> = request.approvers.iter().map(|person| line(person, 120)).collect();
    let about = &request.about;
    let champion = about.champion.map_or_else(|| "as the first champion".to_owned(), |number| format!("in place of version {number}"));
    let mut said = vec![format!("about artifact {} by report {}, {champion}", short(&about.artifact), short(&about.evidence))];
    if request.needed > 0 {
        said.push(format!(
            "policy {}: {} of {}, until {}",
            short(&about.policy),
            count(u64::from(request.needed)),
            series(&people),
            time(request.expires_at_ms)
        ));
    }
    if request.hold_ms > 0 {
        said.push(format!("held for {} after the approval", counted((request.hold_ms / 3_600_000).unsigned_abs(), "hour")));
    }
    said
}
