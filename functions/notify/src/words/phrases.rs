//! How things are said, wherever they are said.

use chrono::DateTime;
use tidegate_registry::{GateOutcome, ModelVersion, Stage};

/// Most fields that are named in a subject, and most of which it is said how far they moved.
pub(super) const MOST_FIELDS: (usize, usize) = (3, 5);

/// A moment, as people read it.
pub(super) fn moment(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| format!("{ms} ms"), |at| at.format("%a %-d %B %Y, %H:%M UTC").to_string())
}

/// Up to when, short enough for a subject.
pub(super) fn until(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(String::new, |at| at.format("%-d %b %H:%M UTC").to_string())
}

pub(super) fn hours(ms: i64) -> String {
    let hours = ms / 3_600_000;
    if hours % 24 == 0 && hours > 0 { counted(hours / 24, "day") } else { counted(hours, "hour") }
}

pub(super) fn counted(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A count with its thousands apart: `17,168`.
pub(super) fn grouped(count: u64) -> String {
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

pub(super) fn titled(stage: Stage, model: &str, says: &str) -> String {
    format!("[{stage}] {model}: {says}")
}

pub(super) fn versioned(stage: Stage, version: &ModelVersion, says: &str) -> String {
    format!("[{stage}] {} v{}: {says}", version.model, version.number)
}

/// `ada@example.com, risk@example.com and lead@example.com`.
pub(super) fn listed(people: &[impl AsRef<str>]) -> String {
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
pub(super) fn against(champion: Option<u32>) -> String {
    champion.map_or_else(|| "There is no champion yet".to_owned(), |number| format!("It would replace version {number}"))
}

/// Where a version comes from.
pub(super) fn origin(version: &ModelVersion) -> String {
    let lineage = &version.lineage;
    let run = format!("Run {}, submitted by {} on {}", lineage.run, lineage.submitter, moment(version.submitted_at_ms));
    let dataset = lineage.dataset_version.iter().map(|dataset| format!("Trained on dataset version {}", short(dataset)));
    let code = lineage.code_revision.iter().map(|revision| format!("Code {revision}"));
    std::iter::once(run).chain(dataset).chain(code).collect::<Vec<_>>().join("\n")
}

pub(super) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// The gate in a few lines: its sentence, and each rule that did not pass.
pub(super) fn gate(version: &ModelVersion) -> String {
    let Some(gate) = &version.gate else { return String::new() };
    let open = gate.rules.iter().filter(|rule| rule.outcome != GateOutcome::Pass).take(MOST_FIELDS.1);
    let open = open.map(|rule| format!("- {}: {}", if rule.outcome == GateOutcome::Fail { "fails" } else { "cannot tell" }, rule.says));
    std::iter::once(gate.headline.clone()).chain(open).collect::<Vec<_>>().join("\n")
}

/// A sentence as a sentence stands: with a capital and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map_or_else(String::new, |first| first.to_uppercase().to_string());
    let mut sentence = format!("{first}{}", characters.as_str());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
