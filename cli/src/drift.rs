//! `tidegate drift`: current records against a baseline, with a verdict and a report, from files alone.

use std::path::PathBuf;

use clap::ValueEnum;
use tidegate_contract::WindowLength;
use tidegate_intake::{Inferred, infer};
use tidegate_monitoring::State;
use tidegate_report::{Page, render};

use crate::error::CliError;
use crate::guess::Guess;
use crate::terminal::{self, Outcome, Say};
use crate::{desk, files, stored, summary};

/// Compare current records with a baseline: a verdict, its cause, what to do, and a report
#[derive(Debug, clap::Args)]
#[command(after_help = terminal::EXIT_CODES)]
pub(crate) struct Arguments {
    /// The data set to compare with, usually the training set: files, folders or patterns
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    baseline: Vec<String>,
    /// The records to judge: files, folders or patterns ('logs/**/*.jsonl.gz')
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    current: Vec<String>,
    /// The model's contract [default: guessed from the files; what both sides have is compared]
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// Judge the newest window of this length (1h to 30d), or all records
    #[arg(long, default_value = "all")]
    window: WindowChoice,
    /// Write the report, one HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the verdict, JSON
    #[arg(long, value_name = "FILE")]
    verdict: Option<PathBuf>,
    /// Print the verdict as JSON instead of a summary
    #[arg(long)]
    json: bool,
    /// From which state on the exit code is 1
    #[arg(long, value_enum, default_value_t = FailOn::Drift)]
    fail_on: FailOn,
}

/// Which records are judged together.
#[derive(Debug, Clone, Copy)]
enum WindowChoice {
    All,
    Newest(WindowLength),
}

impl std::str::FromStr for WindowChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::Newest).map_err(|error: String| format!("{error}, or all")) }
    }
}

/// From which state on the exit code is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Warning,
    Drift,
    Never,
}

/// Judges.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let baseline_files = files::expand(&arguments.baseline)?;
    let current_files = files::expand(&arguments.current)?;
    let (contract, left_out) = if let Some(path) = &arguments.contract {
        (files::contract(path)?, None)
    } else {
        let guess = guess(&baseline_files, &current_files)?;
        (guess.contract, Some(guess.left_out))
    };
    let timed = desk::any_has_time(&contract, &current_files)?;
    let window_hours = match (arguments.window, timed) {
        (WindowChoice::All, _) => None,
        (WindowChoice::Newest(length), true) => Some(length.as_hours()),
        (WindowChoice::Newest(_), false) => {
            let path = current_files.first().cloned().unwrap_or_default();
            return Err(CliError::NoTime { path, at: contract.record.timestamp });
        }
    };
    let baseline = desk::baseline(&contract, &baseline_files)?;
    let hours = desk::current(&contract, &current_files, timed, Some(&baseline))?;
    let judged = hours.judge(&contract, &baseline, window_hours)?;

    let json = terminal::json(&judged.verdict);
    if let Some(path) = &arguments.verdict {
        files::write(path, &json)?;
    }
    if let Some(path) = &arguments.report {
        let page = Page { contract: &contract, verdict: &judged.verdict, current: &judged.current.profile, baseline: Some(&baseline) };
        files::write(path, &render(&page))?;
    }
    let text = if arguments.json {
        json
    } else {
        let mut text = summary::of(&judged.verdict, terminal::has_colour());
        text.extend(left_out.map(|left_out| summary::guessed(&left_out)));
        for (what, path) in [("Report", &arguments.report), ("Verdict", &arguments.verdict)] {
            if let Some(path) = path {
                text.say(format_args!("{what}: {}\n", path.display()));
            }
        }
        text
    };
    Ok(Outcome { text, code: code(judged.verdict.state, arguments.fail_on) })
}

fn code(state: State, fail_on: FailOn) -> u8 {
    match state {
        State::Drift if fail_on != FailOn::Never => terminal::FOUND,
        State::Warning if fail_on == FailOn::Warning => terminal::FOUND,
        State::InsufficientData | State::NoData if fail_on != FailOn::Never => terminal::TOO_FEW,
        _ => 0,
    }
}

/// A contract from the files themselves, and what it leaves out.
fn guess(baseline: &[PathBuf], current: &[PathBuf]) -> Result<Guess, CliError> {
    let mut guess = Guess::new("model", &first_inferred(current)?);
    let known = match baseline {
        [path] if stored::is_stored(path) => Guess::of_baseline("model", &stored::read(path)?),
        files => Guess::new("model", &first_inferred(files)?),
    };
    guess.restrict_to(&known);
    if guess.contract.features.is_empty() {
        return Err(CliError::NothingInCommon);
    }
    Ok(guess)
}

/// What the first file that has records looks like.
fn first_inferred(paths: &[PathBuf]) -> Result<Inferred, CliError> {
    let mut failed = Err(CliError::NothingInCommon);
    for path in paths {
        match infer(&files::sample(path)?) {
            Ok(inferred) => return Ok(inferred),
            Err(source) if failed.is_err() => failed = Err(CliError::Intake { path: path.clone(), source }),
            Err(_) => {}
        }
    }
    failed
}
