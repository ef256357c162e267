//! Models and versions as tables.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tidegate_registry::{AliasName, GateOutcome, ModelVersion, RefusedSubmission, VersionState};

use super::place::Place;
use super::time;
use crate::error::CliError;
use crate::terminal::{self, Outcome, Say, count, counted, line, series, short, table};

/// What the list says of a model.
#[derive(Debug, Serialize)]
struct Listed {
    model: String,
    champion: Option<u32>,
    champion_since: Option<String>,
    challenger: Option<u32>,
    versions: usize,
    candidates: BTreeMap<VersionState, usize>,
    last_change: Option<String>,
}

pub(super) async fn models(place: &Place, json: bool) -> Result<Outcome, CliError> {
    let registry = &place.registry;
    let mut names: BTreeSet<String> = registry.models().await.map_err(CliError::registry)?.into_iter().collect();
    if let Some(contracts) = &place.contracts {
        let contracts = contracts.load().await.map_err(CliError::registry)?;
        names.extend(contracts.usable().map(|contract| contract.model.clone()));
        names.extend(contracts.unusable().iter().map(|unusable| unusable.model.clone()));
    }
    let mut listed = Vec::with_capacity(names.len());
    for model in names {
        let versions = registry.versions(&model).await.map_err(CliError::registry)?;
        let champion = versions.iter().find(|version| version.state == VersionState::Champion);
        let mut candidates = BTreeMap::new();
        for version in versions.iter().filter(|version| version.state.is_candidate()) {
            *candidates.entry(version.state).or_insert(0) += 1;
        }
        listed.push(Listed {
            champion: champion.map(|champion| champion.number),
            champion_since: champion.and_then(|champion| champion.reigns.last()).map(|reign| time(reign.from_ms)),
            challenger: registry.alias(&model, AliasName::Challenger).await.map_err(CliError::registry)?,
            versions: versions.len(),
            candidates,
            last_change: registry.head(&model).await.map_err(CliError::registry)?.map(|head| time(head.at_ms)),
            model,
        });
    }
    Ok(Outcome::good(if json { terminal::json(&listed) } else { models_text(&listed) }))
}

fn models_text(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "No model is known: put a contract into the models bucket (contracts/<model>.yaml).\n".to_owned();
    }
    let mut rows = vec![["model", "champion", "since", "versions", "candidates", "last change"].map(str::to_owned)];
    for model in listed {
        let candidates: Vec<String> = model.candidates.iter().map(|(state, number)| format!("{number} {state}")).collect();
        let none = || "–".to_owned();
        rows.push([
            line(&model.model, 63),
            model.champion.map_or_else(none, |number| format!("version {number}")),
            model.champion_since.clone().unwrap_or_else(none),
            count(model.versions as u64),
            if candidates.is_empty() { none() } else { candidates.join(", ") },
            model.last_change.clone().unwrap_or_else(none),
        ]);
    }
    table(&rows)
}

/// What the list says of a model's versions.
#[derive(Debug, Serialize)]
struct OfModel<'a> {
    model: &'a str,
    champion: Option<u32>,
    challenger: Option<u32>,
    versions: &'a [ModelVersion],
    refused: &'a [RefusedSubmission],
}

pub(super) async fn versions(place: &Place, model: &str, json: bool) -> Result<Outcome, CliError> {
    let registry = &place.registry;
    let versions = registry.versions(model).await.map_err(CliError::registry)?;
    let refused = registry.refused(model).await.map_err(CliError::registry)?;
    if versions.is_empty() && refused.is_empty() {
        let found = registry.models().await.map_err(CliError::registry)?;
        return Err(CliError::NoVersions { model: model.to_owned(), found });
    }
    let alias = async |name| registry.alias(model, name).await.map_err(CliError::registry);
    let (champion, challenger) = (alias(AliasName::Champion).await?, alias(AliasName::Challenger).await?);
    let listed = OfModel { model, champion, challenger, versions: &versions, refused: &refused };
    Ok(Outcome::good(if json { terminal::json(&listed) } else { versions_text(&listed) }))
}

fn versions_text(listed: &OfModel<'_>) -> String {
    let mut text = String::new();
    if !listed.versions.is_empty() {
        let mut rows = vec![["version", "state", "gate", "submitted", "run", "id", "why"].map(str::to_owned)];
        for version in listed.versions.iter().rev() {
            let mark = if listed.challenger == Some(version.number) { " (challenger)" } else { "" };
            rows.push([
                format!("{}{mark}", version.number),
                version.state.name().to_owned(),
                version.gate.as_ref().map_or("–", |gate| gate_words(gate.outcome)).to_owned(),
                time(version.submitted_at_ms),
                line(&version.lineage.run, 32),
                short(&version.id),
                line(&why(version), 120),
            ]);
        }
        text.push_str(&table(&rows));
    }
    if !listed.refused.is_empty() {
        text.say(format_args!("\n{} could not be read as a candidate:\n", counted(listed.refused.len() as u64, "submission")));
        for refused in listed.refused {
            text.say(format_args!("  run {}: {}\n", line(&refused.run, 60), line(&refused.reason, 160)));
        }
    }
    text
}

/// What a gate came to, in a word or two.
pub(super) fn gate_words(outcome: GateOutcome) -> &'static str {
    match outcome {
        GateOutcome::Pass => "passed",
        GateOutcome::Fail => "failed",
        GateOutcome::CannotTell => "cannot tell",
    }
}

/// Why a version stands where it stands, in a few words.
fn why(version: &ModelVersion) -> String {
    match (&version.ending, &version.request, version.state) {
        (Some(ending), _, _) => ending.reason.clone(),
        (None, _, VersionState::Retired) => {
            version.successor.map_or_else(String::new, |successor| format!("version {successor} took its place"))
        }
        (None, Some(request), VersionState::PendingApproval) => {
            let approved = version.decisions.len() as u64;
            format!("{approved} of {} approvals; {} are asked", request.needed, series(&request.approvers))
        }
        _ => String::new(),
    }
}
