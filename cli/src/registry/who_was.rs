//! Which version was champion at a moment: the oldest question to every registry.

use serde_json::json;
use tidegate_registry::Registry;

use super::time;
use crate::error::CliError;
use crate::terminal::{self, Outcome, line, short};

/// A moment, milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(i64);

impl At {
    pub(crate) const fn ms(self) -> i64 {
        self.0
    }
}

impl std::str::FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let midnight = format!("{text}T00:00:00Z");
        let ms = tidegate_lake::parse_time(text).or_else(|| tidegate_lake::parse_time(&midnight));
        ms.map(Self).ok_or_else(|| format!("found \"{text}\", expected a day such as 2013-07-01 or a time such as 2013-07-01T06:30:00Z"))
    }
}

pub(super) async fn answer(registry: &Registry, model: &str, at: At, json: bool) -> Result<Outcome, CliError> {
    let champion = registry.champion_at(model, at.0).await.map_err(CliError::registry)?;
    if champion.is_none() && registry.head(model).await.map_err(CliError::registry)?.is_none() {
        let found = registry.models().await.map_err(CliError::registry)?;
        return Err(CliError::NoVersions { model: model.to_owned(), found });
    }
    let reign = champion.as_ref().and_then(|version| version.reigns.iter().find(|reign| reign.covers(at.0)));
    if json {
        return Ok(Outcome::good(terminal::json(&json!({
            "model": model,
            "at": time(at.0),
            "version": champion.as_ref().map(|version| version.number),
            "id": champion.as_ref().map(|version| &version.id),
            "run": champion.as_ref().map(|version| &version.lineage.run),
            "from": reign.map(|reign| time(reign.from_ms)),
            "until": reign.and_then(|reign| reign.until_ms).map(time),
        }))));
    }
    let Some((version, reign)) = champion.as_ref().zip(reign) else {
        return Ok(Outcome::good(format!("No version of {} was champion at {}.\n", line(model, 63), time(at.0))));
    };
    let until = reign.until_ms.map_or_else(|| "and is it still".to_owned(), |until| format!("to {}", time(until)));
    Ok(Outcome::good(format!(
        "Version {} of {} was champion at {}: from {} {until} (artifact {}, run {}).\n",
        version.number,
        line(model, 63),
        time(at.0),
        time(reign.from_ms),
        short(&version.id),
        line(&version.lineage.run, 80)
    )))
}
