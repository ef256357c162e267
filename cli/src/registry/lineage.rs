//! From data to code to model to decision.

use serde_json::json;
use tidegate_registry::ModelVersion;

use super::list::gate_words;
use super::{card, time};
use crate::terminal::{self, Say, line, short};

/// The steps as text.
pub(super) fn text(version: &ModelVersion) -> String {
    let lineage = &version.lineage;
    let said = |value: &Option<String>| value.as_deref().map_or_else(|| "not said".to_owned(), |value| line(value, 160));
    let mut text = String::new();
    let mut step = |name: &str, what: String| text.say(format_args!("{name:<14}{what}\n"));
    step("data", format!("dataset version {}", said(&lineage.dataset_version)));
    step("  └▶ code", format!("revision {}, run {}", said(&lineage.code_revision), line(&lineage.run, 120)));
    step("  └▶ model", format!("version {} of {}, artifact {}", version.number, version.model, version.id));
    step(
        "  └▶ gate",
        match &version.gate {
            Some(gate) => format!(
                "{} on dataset version {}, report {}",
                gate_words(gate.outcome),
                said(&lineage.evaluation_version),
                short(&gate.digest)
            ),
            None => "not yet".to_owned(),
        },
    );
    step("  └▶ decision", format!("{}, {}", version.state, time(version.changed_at_ms)));
    text.push_str(&card::decided(version));
    text
}

/// The same for programs.
pub(super) fn json(version: &ModelVersion) -> String {
    let lineage = &version.lineage;
    terminal::json(&json!({
        "model": version.model,
        "version": version.number,
        "data": { "dataset_version": lineage.dataset_version, "evaluation_version": lineage.evaluation_version },
        "code": { "revision": lineage.code_revision, "run": lineage.run, "framework": lineage.framework, "parameters": lineage.parameters },
        "artifact": { "id": version.id, "files": version.artifact, "written_by": lineage.artifact_writer, "submitted_by": lineage.submitter },
        "gate": version.gate,
        "request": version.request,
        "decisions": version.decisions,
        "state": version.state,
        "reigns": version.reigns,
    }))
}
