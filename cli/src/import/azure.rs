//! `tidegate import azure`: from a monitoring definition of Azure Machine Learning.

use std::path::PathBuf;

use tidegate_intake::infer;
use tidegate_interchange::Rules;
use tidegate_interchange::azure::import;

use super::{Destination, RulesChoice, account, blame, text};
use crate::error::CliError;
use crate::files;
use crate::guess::Guess;
use crate::terminal::{Outcome, Say};

/// Move in from Azure Machine Learning: a monitoring definition becomes a contract
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The monitoring definition, YAML, as az ml schedule create takes it
    #[arg(long, value_name = "FILE")]
    definition: PathBuf,
    /// A file of the reference data or of the records: the definition knows neither features nor types for sure
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// The model's name [default: made from the definition's]
    #[arg(long)]
    model: Option<String>,
    /// By whose rules distributions are judged from now on
    #[arg(long, value_enum, default_value_t = RulesChoice::Theirs)]
    rules: RulesChoice,
    #[command(flatten)]
    destination: Destination,
}

/// Imports.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let path = &arguments.definition;
    let sample = match &arguments.sample {
        Some(sample) => {
            let inferred = infer(&files::sample(sample)?).map_err(|source| CliError::Intake { path: sample.clone(), source })?;
            Some(Guess::new("model", &inferred))
        }
        None => None,
    };
    let contract = sample.as_ref().map(|guess| &guess.contract);
    let mut made = import(&text(path)?, arguments.model.as_deref(), contract, Rules::from(arguments.rules)).map_err(blame(path))?;
    if let Some(guess) = sample {
        made.notes = guess.notes;
    }
    let contract_path = arguments.destination.path("contract.yaml")?;
    let contract = account::contract(&made, &path.display().to_string(), &contract_path)?;
    files::write(&contract_path, &contract)?;
    let mut says = format!("Wrote {}\n", contract_path.display());
    says.push_str(&account::says(&made));
    says.say(format_args!(
        "\nNext\n  tidegate drift --contract {} --baseline <reference data> --current <collected data>\n",
        contract_path.display()
    ));
    Ok(Outcome::good(says))
}
