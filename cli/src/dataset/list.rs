//! Dataset versions as a table.

use serde_json::json;
use tidegate_lake::{Publication, rfc3339};
use tidegate_monitoring::{CheckOutcome, DatasetCheck, DatasetSource};

use super::place::{Place, Standing};
use crate::error::CliError;
use crate::terminal::{self, Outcome, count, line, short, table};

pub(super) async fn list(place: &Place, model: &str, json: bool) -> Result<Outcome, CliError> {
    let publications = place.lake.publications(model).await.map_err(CliError::account)?;
    let standing = place.standing(model).await?;
    Ok(Outcome::good(if json { in_json(model, &publications, &standing) } else { in_words(model, &publications, &standing) }))
}

fn in_json(model: &str, publications: &[Publication], standing: &Standing) -> String {
    let version = |publication: &Publication| {
        json!({
            "version": publication.version,
            "source": publication.source,
            "name": publication.name,
            "at": rfc3339(publication.at_ms),
            "records": publication.records,
            "outcome": publication.outcome(),
            "says": publication.says(),
            "compared_with": publication.compared_with,
            "has_baseline": standing.with_baseline.contains(&publication.version),
            "is_baseline": standing.is_baseline(&publication.version),
            "is_champions": standing.of_champion.as_ref() == Some(&publication.version),
        })
    };
    terminal::json(&json!({ "model": model, "versions": publications.iter().map(version).collect::<Vec<_>>() }))
}

fn in_words(model: &str, publications: &[Publication], standing: &Standing) -> String {
    if publications.is_empty() {
        let model = line(model, 63);
        return format!("No dataset version of {model} was published: put a training set below datasets/{model}/ in the models bucket.\n");
    }
    let mut rows = vec![["version", "rows", "from", "date", "checks", "baseline"].map(str::to_owned)];
    for publication in publications.iter().rev() {
        let what = match publication.source {
            DatasetSource::TrainingSet => "",
            DatasetSource::Window => "window ",
        };
        let baseline = match standing.is_baseline(&publication.version) {
            true if standing.of_champion.as_ref() == Some(&publication.version) => "yes, the champion's",
            true => "yes",
            false if standing.of_champion.as_ref() == Some(&publication.version) => "the champion's, not in the lake",
            false => "–",
        };
        rows.push([
            short(&publication.version),
            count(publication.records),
            format!("{what}{}", line(&publication.name, 48)),
            rfc3339(publication.at_ms),
            outcome_words(&publication.checks),
            baseline.to_owned(),
        ]);
    }
    table(&rows)
}

/// `passed`, `2 warn: ids, drift`, `failed: types`.
fn outcome_words(checks: &[DatasetCheck]) -> String {
    let named = |outcome| checks.iter().filter(|check| check.outcome == outcome).map(|check| line(&check.name, 20)).collect::<Vec<_>>();
    let (failed, warned) = (named(CheckOutcome::Fail), named(CheckOutcome::Warn));
    match (failed.as_slice(), warned.as_slice()) {
        ([], []) => "passed".to_owned(),
        ([], warned) => format!("passed, {} warn: {}", warned.len(), warned.join(", ")),
        (failed, _) => format!("failed: {}", failed.join(", ")),
    }
}
