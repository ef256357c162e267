//! `tidegate dataset publish`: a window of collected records becomes a dataset version, by the function `collect`.
//!
//! In an account the wish goes to the queue of `collect`. In a demo's folder no function is running: it is run here.

use std::path::{Path, PathBuf};

use tidegate_collect::{Collector, PublishRequest, Settings};
use tidegate_lake::{HOUR_MS, hour_start, parse_time};
use tidegate_local_account::{LAKE, LOGS, LocalAccount, MODELS, Services};

use crate::error::CliError;
use crate::reach;
use crate::terminal::{FOUND, Outcome, TOO_FEW, counted, line, short};

/// Publish the collected records of a window as a dataset version
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("place").required(true).args(["state", "queue_url"]))]
pub(super) struct Arguments {
    /// The model
    model: String,
    /// Where the window begins: a day such as 2013-07-01 (UTC midnight), or a whole hour such as 2013-07-01T06:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Hour,
    /// Where it ends; this moment is not in it
    #[arg(long, value_name = "TIME")]
    to: Hour,

    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", help_heading = "A demo's lake")]
    state: Option<PathBuf>,
    /// The queue of the function `collect` (its URL)
    #[arg(long, value_name = "URL", help_heading = "A lake in an account")]
    queue_url: Option<String>,
}

/// A whole hour, milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hour(i64);

impl std::str::FromStr for Hour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ms = parse_time(text).or_else(|| parse_time(&format!("{text}T00:00:00Z"))).filter(|ms| hour_start(*ms) == *ms);
        let expected = "a day such as 2013-07-01 or a whole hour such as 2013-07-01T06:00:00Z";
        ms.map(Self).ok_or_else(|| format!("found \"{text}\", expected {expected}"))
    }
}

pub(super) async fn publish(arguments: &Arguments) -> Result<Outcome, CliError> {
    let Arguments { from, to, .. } = arguments;
    if to.0 < from.0 + HOUR_MS {
        return Err(CliError::Period { from: tidegate_lake::rfc3339(from.0), to: tidegate_lake::rfc3339(to.0) });
    }
    let request = PublishRequest { model: arguments.model.clone(), from_ms: from.0, to_ms: to.0 };
    match (&arguments.state, &arguments.queue_url) {
        (Some(folder), _) => in_folder(folder, &request).await,
        (None, queue) => by_message(queue.as_deref().unwrap_or_default(), &request).await,
    }
}

async fn by_message(queue: &str, request: &PublishRequest) -> Result<Outcome, CliError> {
    let config = reach::account().await?;
    let body = request.to_message().map_err(CliError::account)?;
    aws_sdk_sqs::Client::new(&config).send_message().queue_url(queue).message_body(body).send().await.map_err(CliError::account)?;
    let (name, model) = (request.name(), line(&request.model, 63));
    Ok(Outcome::good(format!(
        "The window {name} of {model} is asked for: `tidegate dataset list {model}` shows it when it is published.\n"
    )))
}

async fn in_folder(folder: &Path, request: &PublishRequest) -> Result<Outcome, CliError> {
    let missing = |source| CliError::NoState { path: folder.to_owned(), source };
    Services::open_to_read(folder).map_err(missing)?;
    let account = LocalAccount::start(folder).await.map_err(missing)?;
    let settings = Settings::from_lookup(|name| match name {
        "LOGS_BUCKET" => Some(LOGS.to_owned()),
        "MODELS_BUCKET" => Some(MODELS.to_owned()),
        "LAKE_BUCKET" => Some(LAKE.to_owned()),
        "REGISTRY_QUEUE_URL" => Some(account.registry_queue().url.clone()),
        _ => None,
    });
    let collector = Collector::new(settings.map_err(CliError::account)?, account.s3.clone(), account.sqs.clone());
    let published = collector.publish_window(request).await.map_err(CliError::account)?;
    while account.run_registry_once().await.map_err(CliError::account)?.is_some() {}
    let (name, model) = (request.name(), line(&request.model, 63));
    let Some(made) = published else {
        return Ok(Outcome { text: format!("No record of {model} from {name} was collected.\n"), code: TOO_FEW });
    };
    let (records, version, says) = (counted(made.records, "record"), short(&made.version), line(&made.says(), 1_000));
    let text = format!("{records} of {model} from {name} are dataset version {version}. {says}\n");
    Ok(Outcome { text, code: if made.has_passed() { 0 } else { FOUND } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_and_ends_with_whole_hours() {
        assert_eq!("2013-07-01".parse(), Ok(Hour(1_372_636_800_000)));
        assert_eq!("2013-07-01T06:00:00Z".parse(), Ok(Hour(1_372_636_800_000 + 6 * HOUR_MS)));
        assert!("2013-07-01T06:30:00Z".parse::<Hour>().unwrap_err().starts_with("found \"2013-07-01T06:30:00Z\", expected a day"));
    }
}
