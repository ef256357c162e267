//! `tidegate retrain`: a person asks for retraining.
//!
//! In an account the command goes to the queue of `registry` and what came of it is read from the table. In a demo's folder no function
//! is running: they are run here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tidegate_local_account::{AUDIT, LAKE, LocalAccount, MODELS, SIGNING_KEY, Services, Setup, TABLE};
use tidegate_registry::{Registry, Retraining, RetrainingState, Stage};
use tidegate_registry_function::{CommandMessage, RegistryFunction, Settings};

use super::{At, now_ms, time};
use crate::error::CliError;
use crate::reach;
use crate::terminal::{FOUND, Outcome, counted, line, series, short};

/// Ask for retraining: the data become a dataset version, and the pipeline that listens is told
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("place").required(true).args(["state", "registry_queue"]))]
pub(crate) struct Arguments {
    /// The model
    model: String,
    /// Why, for the audit trail and for everybody who is told
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// From when on records are to be trained on: a day, or a time [default: as many days back as the contract says]
    #[arg(long, value_name = "TIME")]
    from: Option<At>,
    /// Up to when; this moment is not in it [default: the last midnight]
    #[arg(long, value_name = "TIME")]
    to: Option<At>,
    /// Who asks [default: whom the account knows]
    #[arg(long, value_name = "ADDRESS", required_unless_present = "registry_queue")]
    by: Option<String>,

    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", help_heading = "A demo's registry")]
    state: Option<PathBuf>,
    /// The queue of the function `registry` (its URL)
    #[arg(long, value_name = "URL", requires = "registry_table", help_heading = "A registry in an account")]
    registry_queue: Option<String>,
    /// The registry's table
    #[arg(long, value_name = "NAME", requires = "registry_queue", help_heading = "A registry in an account")]
    registry_table: Option<String>,
}

/// How often the table is asked for the outcome, and how long between.
const LOOKS: (u32, Duration) = (30, Duration::from_secs(1));

pub(super) async fn retrain(arguments: &Arguments) -> Result<Outcome, CliError> {
    let message = CommandMessage::Retrain {
        model: arguments.model.clone(),
        reason: arguments.reason.clone(),
        from: arguments.from.map(|at| time(at.ms())),
        to: arguments.to.map(|at| time(at.ms())),
        by: arguments.by.clone(),
    };
    let asked = match (&arguments.state, &arguments.registry_queue) {
        (Some(folder), _) => Box::pin(in_folder(folder, &message, arguments.by.as_deref().unwrap_or_default())).await?,
        (None, queue) => by_message(queue.as_deref().unwrap_or_default(), arguments.registry_table.as_deref(), &message).await?,
    };
    let code = if asked.state == RetrainingState::Failed { FOUND } else { 0 };
    Ok(Outcome { text: format!("Retraining {} of {} {}\n", asked.number, line(&asked.model, 63), stands(&asked)), code })
}

async fn in_folder(folder: &Path, message: &CommandMessage, by: &str) -> Result<Retraining, CliError> {
    let missing = |source| CliError::NoState { path: folder.to_owned(), source };
    let services = Services::open_to_read(folder).map_err(missing)?;
    let registry = Registry::new(aws_sdk_dynamodb::Client::new(&services.sdk_config(None, 1)), TABLE);
    let champion = registry.champion(message.model()).await.map_err(CliError::registry)?;
    let stage = champion.map_or(Stage::Dev, |champion| champion.stage);
    let account = LocalAccount::start_with(folder, Setup { stage, ..Setup::default() }).await.map_err(missing)?;
    let settings = Settings::from_lookup(|name| match name {
        "STAGE" => Some(stage.name().to_owned()),
        "MODELS_BUCKET" => Some(MODELS.to_owned()),
        "REGISTRY_TABLE" => Some(TABLE.to_owned()),
        "AUDIT_BUCKET" => Some(AUDIT.to_owned()),
        "LAKE_BUCKET" => Some(LAKE.to_owned()),
        "SIGNING_KEY" => Some(SIGNING_KEY.to_owned()),
        _ => None,
    });
    let settings = settings.map_err(CliError::registry)?;
    let function = RegistryFunction::new(settings, account.s3.clone(), account.dynamodb.clone(), account.kms.clone());
    function.perform(message, by.to_owned(), now_ms()).await.map_err(CliError::registry)?;
    // `notify` asks `collect` for the data, and `registry` hears of them.
    account.settle().await.map_err(CliError::registry)?;
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    newest(&registry, message.model(), 0).await?.ok_or_else(|| not_done(message))
}

async fn by_message(queue: &str, table: Option<&str>, message: &CommandMessage) -> Result<Retraining, CliError> {
    let config = reach::account().await?;
    let registry = Registry::new(aws_sdk_dynamodb::Client::new(&config), table.unwrap_or_default());
    let before = newest(&registry, message.model(), 0).await?.map_or(0, |last| last.number);
    let body = serde_json::to_string(message).map_err(CliError::registry)?;
    let sqs = aws_sdk_sqs::Client::new(&config);
    sqs.send_message().queue_url(queue).message_body(body).send().await.map_err(CliError::registry)?;
    for _ in 0..LOOKS.0 {
        if let Some(asked) = newest(&registry, message.model(), before).await? {
            return Ok(asked);
        }
        tokio::time::sleep(LOOKS.1).await;
    }
    Err(not_done(message))
}

/// The model's newest retraining, if it came after that number.
async fn newest(registry: &Registry, model: &str, after: u32) -> Result<Option<Retraining>, CliError> {
    let all = registry.retrainings(model).await.map_err(CliError::registry)?;
    Ok(all.into_iter().next_back().filter(|last| last.number > after))
}

fn not_done(message: &CommandMessage) -> CliError {
    CliError::NotDone { what: format!("retraining of {}", message.model()) }
}

/// Where it stands, in words.
fn stands(asked: &Retraining) -> String {
    let data = line(&asked.call.data, 120);
    match (&asked.request, &asked.ending) {
        _ if asked.state == RetrainingState::Preparing => format!("waits for its data: {data} becomes a dataset version."),
        _ if asked.state == RetrainingState::Requested => {
            let records = asked.records.map_or_else(String::new, |records| format!(", {}", counted(records, "record")));
            let dataset = asked.dataset.as_deref().map_or_else(String::new, short);
            format!("is requested on {data}: dataset version {dataset}{records}. Pipelines that listen to RetrainingRequested are told.")
        }
        (Some(request), None) => format!("is {}: {} are asked.", asked.state, series(&request.approvers)),
        (_, Some(ending)) => format!("{}: {}", asked.state, line(&ending.reason, 400)),
        (None, None) => format!("is {}.", asked.state),
    }
}
