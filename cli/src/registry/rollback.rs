//! `tidegate rollback`: the champion goes back, the version before it serves again. One command, by hand.
//!
//! In an account nobody writes the registry but its functions, so the command goes to the queue of `registry` and its outcome is read
//! from the table. In a demo's folder no function is running: the same transition is made here.

use std::time::Duration;

use tidegate_local_account::{Services, TABLE};
use tidegate_registry::{AliasName, Command, ModelVersion, Order, Policy, Registry, VersionState};
use tidegate_registry_function::CommandMessage;

use super::now_ms;
use crate::error::CliError;
use crate::reach;
use crate::terminal::{Outcome, line};

/// Take the champion back: the version that it replaced is champion again
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("place").required(true).args(["state", "registry_queue"]))]
pub(crate) struct Arguments {
    /// The model
    model: String,
    /// Why, for the audit trail and for everybody who is told
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Only if this version is champion [default: the one that is]
    #[arg(long, value_name = "NUMBER")]
    if_version: Option<u32>,
    /// Who asks [default: whom the account knows]
    #[arg(long, value_name = "ADDRESS", required_unless_present = "registry_queue")]
    by: Option<String>,

    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", help_heading = "A demo's registry")]
    state: Option<std::path::PathBuf>,
    /// The queue of the function `registry` (its URL)
    #[arg(long, value_name = "URL", requires = "registry_table", help_heading = "A registry in an account")]
    registry_queue: Option<String>,
    /// The registry's table
    #[arg(long, value_name = "NAME", requires = "registry_queue", help_heading = "A registry in an account")]
    registry_table: Option<String>,
}

/// How often the table is asked for the outcome, and how long between.
const LOOKS: (u32, Duration) = (30, Duration::from_secs(1));

pub(super) async fn roll_back(arguments: &Arguments) -> Result<Outcome, CliError> {
    match (&arguments.state, &arguments.registry_queue) {
        (Some(folder), _) => {
            Services::open_to_read(folder).map_err(|source| CliError::NoState { path: folder.clone(), source })?;
            let services = Services::open(folder).map_err(|source| CliError::NoState { path: folder.clone(), source })?;
            let registry = Registry::new(aws_sdk_dynamodb::Client::new(&services.sdk_config(None, 1)), TABLE);
            in_folder(&registry, arguments).await
        }
        (None, queue) => {
            let config = reach::account().await?;
            let table = arguments.registry_table.as_deref().unwrap_or_default();
            let registry = Registry::new(aws_sdk_dynamodb::Client::new(&config), table);
            let sqs = aws_sdk_sqs::Client::new(&config);
            by_message(&registry, &sqs, queue.as_deref().unwrap_or_default(), arguments).await
        }
    }
}

async fn in_folder(registry: &Registry, arguments: &Arguments) -> Result<Outcome, CliError> {
    let champion = champion(registry, arguments).await?;
    let by = arguments.by.clone().unwrap_or_default();
    let order = Order { by, command: Command::RollBack { reason: arguments.reason.clone() } };
    let policy = Policy::nobody(champion.stage);
    let applied = registry.apply(&champion.model, Some(champion.number), &order, &policy, now_ms()).await;
    Ok(Outcome::good(sentence(&applied.map_err(CliError::registry)?.says)))
}

async fn by_message(registry: &Registry, sqs: &aws_sdk_sqs::Client, queue: &str, arguments: &Arguments) -> Result<Outcome, CliError> {
    let champion = champion(registry, arguments).await?;
    let message = CommandMessage::RollBack {
        model: champion.model.clone(),
        version: champion.number,
        reason: arguments.reason.clone(),
        by: arguments.by.clone(),
    };
    let body = serde_json::to_string(&message).map_err(CliError::registry)?;
    sqs.send_message().queue_url(queue).message_body(body).send().await.map_err(CliError::registry)?;
    for _ in 0..LOOKS.0 {
        let now = registry.version(&champion.model, champion.number).await.map_err(CliError::registry)?;
        if let Some(now) = now.filter(|now| now.state != VersionState::Champion) {
            let serves = match registry.alias(&now.model, AliasName::Champion).await.map_err(CliError::registry)? {
                Some(number) => format!("version {number} is champion"),
                None => "there is no champion".to_owned(),
            };
            return Ok(Outcome::good(format!("Version {} of {} is {}; {serves}.\n", now.number, line(&now.model, 63), now.state)));
        }
        tokio::time::sleep(LOOKS.1).await;
    }
    Err(CliError::NotDone { what: format!("the rollback of version {} of {}", champion.number, champion.model) })
}

/// The version that is to go back: the champion, if it is the one that was meant.
async fn champion(registry: &Registry, arguments: &Arguments) -> Result<ModelVersion, CliError> {
    let champion = registry.champion(&arguments.model).await.map_err(CliError::registry)?;
    let wanted = arguments.if_version.map_or_else(|| "champion".to_owned(), |number| format!("champion version {number}"));
    if let Some(champion) = champion.filter(|champion| arguments.if_version.is_none_or(|number| number == champion.number)) {
        Ok(champion)
    } else {
        let found = registry.versions(&arguments.model).await.map_err(CliError::registry)?;
        let found = found.iter().map(|version| format!("{} ({})", version.number, version.state)).collect();
        Err(CliError::NoVersion { model: arguments.model.clone(), wanted, found })
    }
}

/// A sentence with its capital and its full stop.
fn sentence(says: &str) -> String {
    let mut characters = says.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.\n", line(characters.as_str(), 400))
}
