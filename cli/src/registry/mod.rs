//! `tidegate submit`, `models`, `versions`, `show`, `explain`, `lineage`, `who-was`, `verify`, `rollback`, `retrain`: what the registry knows, and
//! the three things that a person may ask of it at a desk.

mod card;
mod explain;
mod lineage;
mod list;
mod place;
mod retrain;
mod rollback;
mod submit;
mod verify;
mod who_was;

use tidegate_registry::{AliasName, ModelVersion, Registry};

use crate::error::CliError;
use crate::terminal::Outcome;
use place::{Place, PlaceArguments};
pub(crate) use retrain::Arguments as RetrainArguments;
pub(crate) use rollback::Arguments as RollbackArguments;
pub(crate) use submit::Arguments as SubmitArguments;
pub(crate) use who_was::At;

/// List the models, and which version of each serves
#[derive(Debug, clap::Args)]
pub(crate) struct ModelsArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// List the versions of a model, and where each stands
#[derive(Debug, clap::Args)]
pub(crate) struct VersionsArguments {
    /// The model
    model: String,
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Which version to tell of.
#[derive(Debug, clap::Args)]
pub(crate) struct VersionArguments {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Say which version of a model was champion at a moment
#[derive(Debug, clap::Args)]
pub(crate) struct WhoWasArguments {
    /// The model
    model: String,
    /// The moment: a day such as 2013-07-01 (UTC midnight), or a time such as 2013-07-01T06:30:00Z
    #[arg(long, value_name = "TIME")]
    at: who_was::At,
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Verify the audit trail: every chain whole, the table what the chains tell, the signed checkpoints kept; the first bad entry is named
#[derive(Debug, clap::Args)]
#[command(after_help = verify::EXIT_CODES)]
pub(crate) struct VerifyArguments {
    /// The model [default: every model]
    model: Option<String>,
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Which version is meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// The model
    model: String,
    /// The version: its number, champion or challenger
    #[arg(id = "which", value_name = "VERSION")]
    version: VersionName,
}

/// A version by number or by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VersionName {
    Number(u32),
    Alias(AliasName),
}

impl std::str::FromStr for VersionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "champion" => Ok(Self::Alias(AliasName::Champion)),
            "challenger" => Ok(Self::Alias(AliasName::Challenger)),
            _ => text
                .strip_prefix('v')
                .unwrap_or(text)
                .parse()
                .map(Self::Number)
                .map_err(|_| format!("found \"{text}\", expected a version's number, champion or challenger")),
        }
    }
}

impl std::fmt::Display for VersionName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(out, "version {number}"),
            Self::Alias(AliasName::Champion) => out.write_str("champion"),
            Self::Alias(AliasName::Challenger) => out.write_str("challenger"),
        }
    }
}

pub(crate) fn models(arguments: &ModelsArguments) -> Result<Outcome, CliError> {
    block_on(async { list::models(&Place::open(&arguments.place).await?, arguments.json).await })
}

pub(crate) fn versions(arguments: &VersionsArguments) -> Result<Outcome, CliError> {
    block_on(async { list::versions(&Place::open(&arguments.place).await?, &arguments.model, arguments.json).await })
}

pub(crate) fn show(arguments: &VersionArguments) -> Result<Outcome, CliError> {
    block_on(async {
        let version = one(&Place::open(&arguments.place).await?.registry, &arguments.which).await?;
        Ok(Outcome::good(if arguments.json { crate::terminal::json(&version) } else { card::text(&version) }))
    })
}

pub(crate) fn explain(arguments: &VersionArguments) -> Result<Outcome, CliError> {
    block_on(async {
        let place = Place::open(&arguments.place).await?;
        explain::explain(&place.registry, &one(&place.registry, &arguments.which).await?, arguments.json).await
    })
}

pub(crate) fn lineage(arguments: &VersionArguments) -> Result<Outcome, CliError> {
    block_on(async {
        let version = one(&Place::open(&arguments.place).await?.registry, &arguments.which).await?;
        Ok(Outcome::good(if arguments.json { lineage::json(&version) } else { lineage::text(&version) }))
    })
}

pub(crate) fn who_was(arguments: &WhoWasArguments) -> Result<Outcome, CliError> {
    block_on(async {
        let place = Place::open(&arguments.place).await?;
        who_was::answer(&place.registry, &arguments.model, arguments.at, arguments.json).await
    })
}

pub(crate) fn verify(arguments: &VerifyArguments) -> Result<Outcome, CliError> {
    block_on(async { verify::verify(&Place::open(&arguments.place).await?, arguments.model.as_deref(), arguments.json).await })
}

pub(crate) fn submit(arguments: &SubmitArguments) -> Result<Outcome, CliError> {
    block_on(submit::submit(arguments))
}

pub(crate) fn rollback(arguments: &RollbackArguments) -> Result<Outcome, CliError> {
    block_on(rollback::roll_back(arguments))
}

pub(crate) fn retrain(arguments: &RetrainArguments) -> Result<Outcome, CliError> {
    block_on(retrain::retrain(arguments))
}

/// The version that is meant.
async fn one(registry: &Registry, which: &Which) -> Result<ModelVersion, CliError> {
    let number = match which.version {
        VersionName::Number(number) => Some(number),
        VersionName::Alias(name) => registry.alias(&which.model, name).await.map_err(CliError::registry)?,
    };
    let version = match number {
        Some(number) => registry.version(&which.model, number).await.map_err(CliError::registry)?,
        None => None,
    };
    if let Some(version) = version {
        return Ok(version);
    }
    let found = registry.versions(&which.model).await.map_err(CliError::registry)?;
    let found = found.iter().map(|version| version.number.to_string()).collect();
    Err(CliError::NoVersion { model: which.model.clone(), wanted: which.version.to_string(), found })
}

fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::registry)?;
    runtime.block_on(work)
}

#[expect(clippy::disallowed_methods, reason = "a person acts now")]
pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time as people read it: `2013-07-01T06:30:00Z`.
fn time(ms: i64) -> String {
    tidegate_lake::rfc3339(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_number_or_by_what_it_is() {
        assert_eq!("3".parse(), Ok(VersionName::Number(3)));
        assert_eq!("v3".parse(), Ok(VersionName::Number(3)));
        assert_eq!("champion".parse(), Ok(VersionName::Alias(AliasName::Champion)));
        assert!("newest".parse::<VersionName>().unwrap_err().starts_with("found \"newest\", expected a version's number"));
    }
}
