//! A model version's card: what, who, from which data, how good, who approved.

use tidegate_registry::{Answer, ModelVersion, VersionState};

use super::list::gate_words;
use super::time;
use crate::terminal::{Say, count, counted, line, series, short, table};

/// Longest foreign text on a line of its own.
const LINE: usize = 160;

/// The card as text.
pub(super) fn text(version: &ModelVersion) -> String {
    let mut text = format!("Version {} of {}: {}\n", version.number, line(&version.model, 63), standing(version));
    let bytes: u64 = version.artifact.files().iter().map(|file| file.bytes).sum();
    text.push_str("\nWhat it is\n");
    let lineage = &version.lineage;
    let unknown = || "not said".to_owned();
    let said = |value: &Option<String>| value.as_deref().map_or_else(unknown, |value| line(value, LINE));
    let mut rows = vec![
        ["id".to_owned(), version.id.clone()],
        ["files".to_owned(), format!("{}, {} bytes", counted(version.artifact.files().len() as u64, "file"), count(bytes))],
        ["framework".to_owned(), said(&lineage.framework)],
        ["stage".to_owned(), version.stage.name().to_owned()],
    ];
    rows.extend(
        version
            .artifact
            .files()
            .iter()
            .map(|file| [String::new(), format!("{}  {}  {} bytes", short(&file.sha256), line(&file.name, 80), count(file.bytes))]),
    );
    text.push_str(&plain(&rows));

    text.push_str("\nWho made it, from what\n");
    let mut rows = vec![
        ["submitted".to_owned(), format!("{} by {}", time(version.submitted_at_ms), line(&lineage.submitter, 80))],
        ["files written by".to_owned(), line(&lineage.artifact_writer, LINE)],
        ["training run".to_owned(), line(&lineage.run, LINE)],
        ["trained on".to_owned(), said(&lineage.dataset_version)],
        ["evaluated on".to_owned(), said(&lineage.evaluation_version)],
        ["code".to_owned(), said(&lineage.code_revision)],
    ];
    rows.extend(lineage.parameters.iter().map(|(name, value)| ["parameter".to_owned(), line(&format!("{name} = {value}"), LINE)]));
    text.push_str(&plain(&rows));

    text.push_str("\nHow good it was found\n");
    match &version.gate {
        None => text.push_str("  No gate has looked at it yet.\n"),
        Some(gate) => {
            let against =
                gate.champion.map_or_else(|| "no champion to compare with".to_owned(), |number| format!("against version {number}"));
            text.say(format_args!("  The gate {}, {against}: {}\n", gate_words(gate.outcome), line(&gate.headline, 300)));
            let rows: Vec<_> = gate
                .rules
                .iter()
                .map(|rule| [String::new(), gate_words(rule.outcome).to_owned(), line(&rule.name, 60), line(&rule.says, 200)])
                .collect();
            text.push_str(&table(&rows));
            text.say(format_args!("  Report: {} ({})\n", line(&gate.key, LINE), short(&gate.digest)));
        }
    }

    text.push_str("\nWho decided\n");
    text.push_str(&decided(version));
    if !version.reigns.is_empty() {
        text.push_str("\nWhen it served\n");
        for reign in &version.reigns {
            let until = reign.until_ms.map_or_else(|| "now".to_owned(), time);
            text.say(format_args!("  from {} to {until}\n", time(reign.from_ms)));
        }
    }
    text
}

/// Where it stands, in a sentence.
fn standing(version: &ModelVersion) -> String {
    let because = version
        .ending
        .as_ref()
        .map(|ending| format!(" since {}, by {}: {}", time(ending.at_ms), line(&ending.by, 80), line(&ending.reason, 200)));
    match (version.state, because, version.successor) {
        (VersionState::Retired, None, Some(successor)) => format!("retired, version {successor} took its place"),
        (VersionState::Champion, None, _) => {
            let since = version.reigns.last().map_or_else(String::new, |reign| format!(" since {}", time(reign.from_ms)));
            let replaced = version.replaced.map_or_else(String::new, |number| format!(", in place of version {number}"));
            format!("champion{since}{replaced}")
        }
        (state, because, _) => format!("{state}{}", because.unwrap_or_default()),
    }
}

/// Who was asked and what they said.
pub(super) fn decided(version: &ModelVersion) -> String {
    let Some(request) = &version.request else { return "  Nobody has been asked yet.\n".to_owned() };
    if request.needed == 0 {
        return format!("  Nobody: a passed gate is enough in {} (promotion.{0}.approvals: 0).\n", version.stage);
    }
    let mut text =
        format!("  {} of {} had to approve, until {}.\n", request.needed, series(&request.approvers), time(request.expires_at_ms));
    for said in &version.decisions {
        let reason = if said.reason.is_empty() { String::new() } else { format!(": {}", line(&said.reason, 200)) };
        let did = match said.answer {
            Answer::Approve => "approved",
            Answer::Reject => "rejected",
        };
        text.say(format_args!("  {} {} {did}{reason}\n", time(said.at_ms), line(&said.person, 80)));
    }
    text
}

/// Two columns without a head.
fn plain(rows: &[[String; 2]]) -> String {
    table(rows)
}
