//! `tidegate dataset list`, `show`, `publish`: the dataset versions of a model, what their checks found, and a window of collected records as one.

mod list;
mod place;
mod publish;
mod show;

use crate::error::CliError;
use crate::terminal::Outcome;
use place::{Place, PlaceArguments};

/// Dataset versions: list them, show one with what its checks found, publish a window of collected records
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(ListArguments),
    Show(ShowArguments),
    Publish(publish::Arguments),
}

/// List the dataset versions of a model: rows, date, what the checks came to, which one is the baseline
#[derive(Debug, clap::Args)]
struct ListArguments {
    /// The model
    model: String,
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Show a dataset version: what its checks found, its files and its columns
#[derive(Debug, clap::Args)]
struct ShowArguments {
    /// The model
    model: String,
    /// The version, or the beginning of it that tells it from the others
    #[arg(id = "dataset", value_name = "VERSION")]
    version: String,
    #[command(flatten)]
    place: PlaceArguments,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::account)?;
    runtime.block_on(async {
        match &arguments.command {
            Command::List(arguments) => list::list(&Place::open(&arguments.place).await?, &arguments.model, arguments.json).await,
            Command::Show(arguments) => {
                show::show(&Place::open(&arguments.place).await?, &arguments.model, &arguments.version, arguments.json).await
            }
            Command::Publish(arguments) => publish::publish(arguments).await,
        }
    })
}
