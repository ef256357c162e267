//! `tidegate import sagemaker`: from a Model Monitor baseline.

use std::path::{Path, PathBuf};

use tidegate_contract::Task;
use tidegate_interchange::sagemaker::{Columns, Constraints, Document, Statistics, import};
use tidegate_interchange::{Import, Rules};
use tidegate_profile::{Baseline, encode};

use super::{Destination, RulesChoice, TaskChoice, account, blame, text};
use crate::error::CliError;
use crate::terminal::{Outcome, Say};
use crate::{desk, files};

/// Move in from SageMaker Model Monitor: its baseline becomes a contract and a baseline
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct Arguments {
    /// statistics.json of the data quality baseline
    #[arg(long, value_name = "FILE", required_unless_present = "constraints")]
    statistics: Option<PathBuf>,
    /// constraints.json of the data quality baseline
    #[arg(long, value_name = "FILE")]
    constraints: Option<PathBuf>,
    /// The model's name
    #[arg(long, default_value = "model")]
    model: String,
    /// What the model predicts [default: guessed from the column of --prediction or --target, otherwise binary]
    #[arg(long, value_enum)]
    task: Option<TaskChoice>,
    /// The column of the true outcome: it is no feature
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The column of the predicted class or number
    #[arg(long, value_name = "COLUMN")]
    prediction: Option<String>,
    /// The column of the score
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// Records of eight or more days that were fine: how much ordinary days differ is learned from them
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "statistics")]
    ordinary: Vec<String>,
    /// By whose rules distributions are judged from now on
    #[arg(long, value_enum, default_value_t = RulesChoice::Theirs)]
    rules: RulesChoice,
    #[command(flatten)]
    destination: Destination,
}

const AFTER: &str = "\
The files lie where the baseline job wrote them: s3://…/baselining/results/. Which column is the true outcome is in neither
file; where the training set began with it, say --target.";

/// Imports.
pub(super) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let mut says = String::new();
    let mut read = |path: &Path| {
        let document = Document::parse(&text(path)?).map_err(blame(path))?;
        says.say(format_args!("Read {}: {}\n", path.display(), document.name()));
        Ok::<Document, CliError>(document)
    };
    let statistics = arguments.statistics.as_deref().map(|path| statistics(path, read(path)?)).transpose()?;
    let constraints = arguments.constraints.as_deref().map(|path| constraints(path, read(path)?)).transpose()?;
    let first = arguments.statistics.as_deref().or(arguments.constraints.as_deref()).unwrap_or(Path::new(""));
    let columns = Columns {
        model: arguments.model.clone(),
        task: arguments.task.map(Task::from),
        target: arguments.target.clone(),
        prediction: arguments.prediction.clone(),
        score: arguments.score.clone(),
        rules: Rules::from(arguments.rules),
        location: first.display().to_string(),
    };
    let mut made = import(statistics.as_ref(), constraints.as_ref(), &columns).map_err(blame(first))?;
    if let (Some(baseline), false) = (&mut made.baseline, arguments.ordinary.is_empty()) {
        ordinary(baseline, &mut made.import, &files::expand(&arguments.ordinary)?)?;
    }

    let contract_path = arguments.destination.path("contract.yaml")?;
    let contract = account::contract(&made.import, &columns.location, &contract_path)?;
    files::write(&contract_path, &contract)?;
    says.say(format_args!("Wrote {}\n", contract_path.display()));
    let mut next = format!("tidegate check {} <a capture>\n", contract_path.display());
    if let Some(baseline) = &made.baseline {
        let path = arguments.destination.path("baseline.profile")?;
        let bytes = encode(baseline)?;
        std::fs::write(&path, bytes).map_err(|source| CliError::Write { path: path.clone(), source })?;
        says.say(format_args!("Wrote {}\n", path.display()));
        next = format!(
            "tidegate drift --contract {} --baseline {} --current <captures>\n  In an account, put them into the models bucket, the contract first: contracts/{model}.yaml and datasets/{model}/baseline.profile\n",
            contract_path.display(),
            path.display(),
            model = made.import.contract.model,
        );
    }
    says.push_str(&account::says(&made.import));
    says.say(format_args!("\nNext\n  {next}"));
    Ok(Outcome::good(says))
}

/// Learns how much ordinary days differ.
fn ordinary(baseline: &mut Baseline, import: &mut Import, paths: &[PathBuf]) -> Result<(), CliError> {
    let contract = &import.contract;
    let first = paths.first().cloned().unwrap_or_default();
    let mut timed = false;
    for path in paths.iter().take(1) {
        timed = desk::has_time(contract, path)?;
    }
    if !timed {
        return Err(CliError::NoTime { path: first, at: contract.record.timestamp.clone() });
    }
    let days = desk::current(contract, paths, timed, Some(baseline))?.days()?;
    if days.len() < FEWEST_DAYS {
        return Err(CliError::FewDays { path: first, found: days.len(), expected: FEWEST_DAYS });
    }
    baseline.learn_ordinary_days(&days)?;
    import.learned_days(days.len());
    Ok(())
}

/// Fewer days than this do not tell what is ordinary from chance.
const FEWEST_DAYS: usize = 8;

fn statistics(path: &Path, document: Document) -> Result<Statistics, CliError> {
    match document {
        Document::Statistics(statistics) => Ok(statistics),
        other => Err(another(path, &other, "statistics of a data quality baseline (--statistics)")),
    }
}

fn constraints(path: &Path, document: Document) -> Result<Constraints, CliError> {
    match document {
        Document::Constraints(constraints) => Ok(constraints),
        other => Err(another(path, &other, "constraints of a data quality baseline (--constraints)")),
    }
}

/// One of Model Monitor's files, and not the one that was asked for.
fn another(path: &Path, document: &Document, expected: &'static str) -> CliError {
    let more = match document {
        Document::ModelQuality(quality) => {
            let metric =
                |(name, value): (&String, &Option<f64>)| format!("{name} {}", value.map_or("NaN".to_owned(), |value| value.to_string()));
            let metrics: Vec<String> = quality.values.iter().map(metric).collect();
            format!(
                ". Model quality is not judged from such a file: name what a candidate must show in the contract (validation). It says: {}",
                metrics.join(", ")
            )
        }
        Document::Clarify(_) => ". Bias and attributions are not imported".to_owned(),
        _ => String::new(),
    };
    CliError::OtherDocument { path: path.to_owned(), found: format!("{}{more}", document.name()), expected }
}
