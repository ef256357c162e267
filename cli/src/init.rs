//! `tidegate init`: a first contract from a sample of a scoring log.

use std::path::PathBuf;

use tidegate_contract::model_name_from;
use tidegate_intake::infer;

use crate::error::CliError;
use crate::files;
use crate::guess::Guess;
use crate::terminal::{Outcome, counted, line};

/// Write a first contract from a sample of a scoring log
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A scoring log: JSONL, CSV or Parquet, plain, gzip or zstd
    sample: PathBuf,
    /// The model's name [default: made from the name of the sample]
    #[arg(long)]
    model: Option<String>,
    /// Where to write the contract [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a contract that exists
    #[arg(long)]
    force: bool,
}

/// Writes the contract.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let sample = files::sample(&arguments.sample)?;
    let inferred = infer(&sample).map_err(|source| CliError::Intake { path: arguments.sample.clone(), source })?;
    let name = arguments.model.clone().unwrap_or_else(|| {
        let stem = arguments.sample.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        model_name_from(stem.split('.').next().unwrap_or_default())
    });
    let guess = Guess::new(&name, &inferred);
    let mut text = guess.contract.to_first_yaml(&guess.notes);
    text.insert_str(0, &format!("# Guessed from {}.\n", counted(inferred.records, "record")));
    if !guess.left_out.is_empty() {
        text.push_str("\n# Found in the sample, and not taken for a feature:\n");
        for (path, reason) in &guess.left_out {
            text.extend(["#   ", &line(path, 100), ": ", reason, "\n"]);
        }
    }
    // Whatever the sample held, what we write is right: a name that is not (--model) is told like any other fault.
    tidegate_contract::Contract::parse(&text).map_err(|error| CliError::Contract {
        shown: crate::check::show(arguments.out.as_deref().unwrap_or("contract.yaml".as_ref()), &text, error.problems()),
    })?;
    let Some(out) = &arguments.out else { return Ok(Outcome::good(text)) };
    if out.exists() && !arguments.force {
        return Err(CliError::Exists { path: out.clone() });
    }
    files::write(out, &text)?;
    Ok(Outcome::good(format!(
        "Wrote {out}: {features}, guessed from {records}. Read it, then: tidegate check {out} {sample}\n",
        out = out.display(),
        features = counted(guess.contract.features.len() as u64, "feature"),
        records = counted(inferred.records, "record"),
        sample = arguments.sample.display(),
    )))
}
