//! One dataset version: what its checks found in words, its files and its columns.

use serde_json::json;
use tidegate_contract::{FeatureKind, FieldRole};
use tidegate_lake::{FilePlace, Manifest, Publication, rfc3339};
use tidegate_monitoring::CheckOutcome;

use super::place::{Place, Standing};
use crate::error::CliError;
use crate::terminal::{self, Outcome, Say, count, counted, line, short, table};

/// At most so many files are listed.
const FILES: usize = 12;

pub(super) async fn show(place: &Place, model: &str, wanted: &str, json: bool) -> Result<Outcome, CliError> {
    let publications = place.lake.publications(model).await.map_err(CliError::account)?;
    let mut meant = publications.iter().filter(|publication| publication.version.starts_with(wanted));
    let (Some(publication), None) = (meant.next(), meant.next()) else {
        let found = publications.iter().map(|publication| short(&publication.version)).collect();
        return Err(CliError::NoVersion { model: model.to_owned(), wanted: format!("dataset version {wanted}"), found });
    };
    let manifest = place.lake.manifest(model, &publication.version).await.map_err(CliError::account)?;
    let standing = place.standing(model).await?;
    Ok(Outcome::good(if json {
        let is_baseline = standing.is_baseline(&publication.version);
        let has_baseline = standing.with_baseline.contains(&publication.version);
        terminal::json(
            &json!({ "publication": publication, "manifest": manifest, "has_baseline": has_baseline, "is_baseline": is_baseline }),
        )
    } else {
        in_words(model, publication, manifest.as_ref(), &standing)
    }))
}

fn in_words(model: &str, publication: &Publication, manifest: Option<&Manifest>, standing: &Standing) -> String {
    let mut text = String::new();
    text.say(format_args!("Dataset version {} of {}\n", line(&publication.version, 64), line(model, 63)));
    text.say(format_args!("  {}, {}, {}\n", line(&publication.name, 120), rfc3339(publication.at_ms), counted(publication.records, "row")));
    let baseline = if standing.is_baseline(&publication.version) {
        "windows are compared with it"
    } else if standing.with_baseline.contains(&publication.version) {
        "it has a baseline, and windows are compared with another one"
    } else {
        "it has no baseline"
    };
    text.say(format_args!("  {baseline}\n\n"));
    for check in &publication.checks {
        let mark = match check.outcome {
            CheckOutcome::Pass => "● pass",
            CheckOutcome::Warn => "▲ warn",
            CheckOutcome::Fail => "◆ FAIL",
        };
        text.say(format_args!("  {mark}  {:12} {}\n", line(&check.name, 20), line(&check.says, 400)));
    }
    let Some(manifest) = manifest else {
        text.push_str("\n  Its manifest is not there: the publication was not finished.\n");
        return text;
    };
    text.say(format_args!("\n  {}, {} unreadable\n", counted(manifest.rows, "row"), count(manifest.quarantined)));
    text.say(format_args!("  {}:\n", counted(manifest.files.len() as u64, "file")));
    for file in manifest.files.iter().take(FILES) {
        let bucket = match manifest.place_of(file) {
            FilePlace::Models(_) => "models",
            FilePlace::Lake(_) => "lake",
        };
        text.say(format_args!(
            "    {}  {} bytes, {} in the {bucket} bucket\n",
            line(&file.name, 160),
            count(file.bytes),
            short(&file.sha256)
        ));
    }
    if manifest.files.len() > FILES {
        text.say(format_args!("    and {} more\n", count((manifest.files.len() - FILES) as u64)));
    }
    let mut rows = vec![["column", "role", "type"].map(str::to_owned)];
    for (name, role, kind) in &manifest.fields {
        let role = match role {
            FieldRole::Feature => "feature",
            FieldRole::Score => "score",
            FieldRole::Prediction => "prediction",
            FieldRole::Latency => "latency",
        };
        let kind = if *kind == FeatureKind::Numeric { "numeric" } else { "categorical" };
        rows.push([line(name, 63), role.to_owned(), kind.to_owned()]);
    }
    text.push('\n');
    text.push_str(&table(&rows));
    text
}
