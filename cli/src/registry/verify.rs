//! Whether the audit trail is whole: each chain, the table beside it, and the signed checkpoints.

use serde::Serialize;
use tidegate_registry::audit::{Anchor, Checkpoint, SignedCheckpoint, rebuild, verify_to};

use super::place::{Audit, Place};
use crate::error::CliError;
use crate::terminal::{self, Outcome, Say, count, counted, line};

/// The exit codes, for `--help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  everything is whole
  1  something was changed: the first bad entry is named
  2  wrong input, or a call that failed";

/// Where checkpoints lie in their bucket.
const CHECKPOINTS: &str = "checkpoints/";

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Found {
    whole: bool,
    models: Vec<Chain>,
    checkpoints: usize,
    /// Whether there were checkpoints to look at.
    checked_checkpoints: bool,
    faults: Vec<Trouble>,
}

/// A chain that is whole.
#[derive(Debug, Serialize)]
struct Chain {
    model: String,
    entries: u64,
    hash: String,
    checkpoints: usize,
}

/// Something that is not as it was.
#[derive(Debug, Serialize)]
struct Trouble {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The first bad entry, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    says: String,
}

pub(super) async fn verify(place: &Place, model: Option<&str>, json: bool) -> Result<Outcome, CliError> {
    let mut found = Found { checked_checkpoints: place.audit.is_some(), ..Found::default() };
    let checkpoints = match &place.audit {
        Some(audit) => checkpoints(audit, &mut found.faults).await?,
        None => Vec::new(),
    };
    found.checkpoints = checkpoints.len();
    let mut models = place.registry.models().await.map_err(CliError::registry)?;
    // A model that a checkpoint knows and the table does not has been wiped out.
    models.extend(checkpoints.iter().flat_map(|checkpoint| checkpoint.heads.iter().map(|end| end.model.clone())));
    models.sort();
    models.dedup();
    if let Some(model) = model {
        if !models.iter().any(|known| known == model) {
            return Err(CliError::NoVersions { model: model.to_owned(), found: models });
        }
        models.retain(|known| known == model);
    }
    for model in models {
        let anchors: Vec<Anchor> = checkpoints.iter().filter_map(|checkpoint| checkpoint.anchor(&model)).collect();
        let audited = place.registry.audited(&model).await.map_err(CliError::registry)?;
        if let Err(fault) = verify_to(&model, &audited.entries, &audited.records.head, &anchors) {
            found.faults.push(Trouble { says: fault.to_string(), entry: Some(fault.seq), model: Some(model) });
            continue;
        }
        match rebuild(&audited.entries).map(|again| again.difference(&audited.records)) {
            Ok(None) => found.models.push(Chain {
                entries: audited.records.head.seq,
                hash: audited.records.head.hash,
                checkpoints: anchors.len(),
                model,
            }),
            Ok(Some(what)) => {
                let says = format!("{what} of {model} is not in the table as the audit chain recorded it");
                found.faults.push(Trouble { says, entry: None, model: Some(model) });
            }
            Err((entry, error)) => {
                let says = format!("entry {entry} of {model} cannot be read: {error}");
                found.faults.push(Trouble { says, entry: Some(entry), model: Some(model) });
            }
        }
    }
    found.whole = found.faults.is_empty();
    let code = if found.whole { 0 } else { terminal::FOUND };
    Ok(Outcome { text: if json { terminal::json(&found) } else { text(&found) }, code })
}

/// Every checkpoint that its key signed; the others are told.
async fn checkpoints(audit: &Audit, faults: &mut Vec<Trouble>) -> Result<Vec<Checkpoint>, CliError> {
    let listed = audit.bucket.list(CHECKPOINTS).await.map_err(CliError::registry)?;
    let mut checkpoints = Vec::with_capacity(listed.len());
    for object in listed {
        let Some(stored) = audit.bucket.get(&object.key).await.map_err(CliError::registry)? else { continue };
        match SignedCheckpoint::read(&stored.bytes).and_then(|signed| signed.verified(&audit.key)) {
            Ok(checkpoint) => checkpoints.push(checkpoint),
            Err(error) => {
                faults.push(Trouble { model: None, entry: None, says: format!("the checkpoint {}: {error}", line(&object.key, 160)) });
            }
        }
    }
    Ok(checkpoints)
}

fn text(found: &Found) -> String {
    let mut text = String::new();
    for chain in &found.models {
        let agree = match (found.checked_checkpoints, chain.checkpoints) {
            (false, _) => String::new(),
            (true, 0) => "; no checkpoint knows it yet".to_owned(),
            (true, 1) => "; 1 checkpoint agrees".to_owned(),
            (true, checkpoints) => format!("; {} agree", counted(checkpoints as u64, "checkpoint")),
        };
        text.say(format_args!(
            "● {}: {} entries, whole; the table is what they tell{agree}\n",
            line(&chain.model, 63),
            count(chain.entries)
        ));
    }
    for fault in &found.faults {
        text.say(format_args!("◆ {}\n", line(&fault.says, 400)));
    }
    if !found.checked_checkpoints {
        text.push_str(
            "No checkpoint was looked at: whoever may write the whole table could have made a chain anew. Name --audit-bucket and --public-key.\n",
        );
    }
    if found.models.is_empty() && found.faults.is_empty() {
        text.push_str("No model has an audit trail yet.\n");
    }
    text
}
