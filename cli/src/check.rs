//! `tidegate check`: what is wrong with a contract, or what it says and what a sample record maps to.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tidegate_contract::{Contract, Problem};

use crate::error::CliError;
use crate::sample::{Sample, SampleFindings};
use crate::says::says;
use crate::terminal::{self, Outcome, Say, counted, line};

/// Check a contract, and what a sample record maps to
#[derive(Debug, clap::Args)]
#[command(after_help = terminal::EXIT_CODES)]
pub(crate) struct Arguments {
    /// The contract, YAML
    contract: PathBuf,
    /// A scoring log: JSON, CSV or Parquet, or what SageMaker, Azure ML, KServe or an inference table logs; plain, gzip or zstd
    sample: Option<PathBuf>,
    /// Show one record of the sample before and after: as it was logged, and as it is stored
    #[arg(long, requires = "sample")]
    explain: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Checks.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let path = &arguments.contract;
    let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.clone(), source })?;
    let contract = match Contract::parse(&text) {
        Ok(contract) => contract,
        Err(error) if arguments.json => {
            let text = terminal::json(&Findings { problems: error.problems(), digest: None, sample: None });
            return Ok(Outcome { text, code: terminal::WRONG_INPUT });
        }
        Err(error) => return Err(CliError::Contract { shown: show(path, &text, error.problems()) }),
    };
    let sample = arguments.sample.as_deref().map(|sample| Sample::read(&contract, sample)).transpose()?;
    let code = if sample.as_ref().is_some_and(Sample::has_faults) { terminal::FOUND } else { 0 };
    let text = if arguments.json {
        terminal::json(&Findings { problems: &[], digest: Some(contract.digest()), sample: sample.as_ref().map(SampleFindings::of) })
    } else {
        let mut text = format!("{} is right.\n\n{}", path.display(), says(&contract));
        if let Some(sample) = &sample {
            text.push_str(&sample.says(&contract));
            if arguments.explain {
                text.push_str(&sample.before_and_after());
            }
        }
        text
    };
    Ok(Outcome { text, code })
}

/// The faults of a contract, each with the line that it is in.
pub(crate) fn show(path: &Path, text: &str, problems: &[Problem]) -> String {
    let text = text.trim_start_matches('\u{FEFF}');
    let mut shown = String::new();
    for problem in problems {
        shown.say(format_args!("{}:{problem}\n", path.display()));
        let source = usize::try_from(problem.line).ok().and_then(|number| text.lines().nth(number.saturating_sub(1)));
        if let (Some(source), Ok(column)) = (source, usize::try_from(problem.column)) {
            let number = problem.line.to_string();
            let before = " ".repeat(column.saturating_sub(1));
            if column <= SHOWN_COLUMNS {
                let margin = " ".repeat(number.len());
                shown.say(format_args!("  {number} | {}\n  {margin} | {before}^\n", line(source, SHOWN_COLUMNS)));
            }
        }
    }
    shown.say(format_args!("{}: {}\n", path.display(), counted(problems.len() as u64, "fault")));
    shown
}

/// Longest line of a contract that is shown with a fault.
const SHOWN_COLUMNS: usize = 160;

/// The findings for programs.
#[derive(Debug, Serialize)]
struct Findings<'a> {
    problems: &'a [Problem],
    digest: Option<String>,
    sample: Option<SampleFindings<'a>>,
}
