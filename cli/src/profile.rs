//! `tidegate profile`: the summary of files, for other programs.

use std::path::PathBuf;

use tidegate_intake::infer;

use crate::error::CliError;
use crate::guess::Guess;
use crate::terminal::Outcome;
use crate::{desk, files};

/// Print the profile of files as JSON: counts, moments, categories, and what became of the lines
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, folders or patterns: JSONL, CSV or Parquet, plain, gzip or zstd
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The model's contract [default: guessed from the first file]
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// A data set whose cells the values are counted in
    #[arg(long, value_name = "FILE")]
    baseline: Vec<String>,
}

/// Prints the profile.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let paths = files::expand(&arguments.files)?;
    let contract = match (&arguments.contract, paths.first()) {
        (Some(path), _) => files::contract(path)?,
        (None, Some(first)) => {
            let inferred = infer(&files::sample(first)?).map_err(|source| CliError::Intake { path: first.clone(), source })?;
            Guess::new("model", &inferred).contract
        }
        (None, None) => return Ok(Outcome::good(String::new())),
    };
    let baseline = match arguments.baseline.as_slice() {
        [] => None,
        patterns => Some(desk::baseline(&contract, &files::expand(patterns)?)?),
    };
    let mut timed = true;
    for path in paths.iter().take(1) {
        timed = desk::has_time(&contract, path)?;
    }
    let profile = desk::current(&contract, &paths, timed, baseline.as_ref())?.all()?;
    Ok(Outcome::good(crate::terminal::json(&profile)))
}
