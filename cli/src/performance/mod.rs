//! `tidegate performance`: whether a model is still right, from files of predictions and truth, or as a lake recorded it.

mod files;
mod lake;
mod tell;

use std::path::PathBuf;

use tidegate_contract::WindowLength;
use tidegate_monitoring::State;
use tidegate_performance::Performance;
use tidegate_report::{PerformancePage, performance_page};

use crate::drift::FailOn;
use crate::error::CliError;
use crate::files as named;
use crate::terminal::{self, Outcome, Say};

/// Say whether a model is still right: quality against the truth, with intervals, beside what it was and what the scores promise
#[derive(Debug, clap::Args)]
#[command(after_help = terminal::EXIT_CODES, group = clap::ArgGroup::new("from").required(true).args(["state", "lake_bucket", "predictions"]))]
pub(crate) struct Arguments {
    /// The records of predictions: files, folders or patterns ('logs/**/*.jsonl.gz')
    #[arg(long, num_args = 1.., value_name = "FILE", requires_all = ["truth", "contract"], help_heading = "Plain files, without a lake")]
    predictions: Vec<String>,
    /// What really was, each record with a prediction's inference id: files, folders or patterns; late, repeated and corrected ones too, in any order. May
    /// be the files of predictions themselves
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "predictions", help_heading = "Plain files, without a lake")]
    truth: Vec<String>,
    /// The model's contract: what is positive, which metric decides, by how much it may fall
    #[arg(long, value_name = "FILE", requires = "predictions", help_heading = "Plain files, without a lake")]
    contract: Option<PathBuf>,
    /// The evaluation set that quality is held against and scores are calibrated on: files with predictions and what really was, in one record
    /// [default: the first windows whose truth is in]
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "predictions", help_heading = "Plain files, without a lake")]
    evaluation: Vec<String>,

    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", requires = "model", help_heading = "A demo's lake")]
    state: Option<PathBuf>,
    /// The bucket of judged windows, read with the credentials of the environment, the profile (also with SSO) or the machine
    #[arg(long, value_name = "NAME", requires = "model", help_heading = "A lake in an account")]
    lake_bucket: Option<String>,
    /// The model whose recorded windows are shown
    #[arg(long, value_name = "NAME", conflicts_with = "predictions")]
    model: Option<String>,

    /// The length of the windows (1h to 30d): of files the newest is judged, beside those before it; of a lake all that were recorded are shown
    /// [default: all records of files as one window; 1d of a lake]
    #[arg(long, value_name = "LENGTH")]
    window: Option<WindowLength>,
    /// Write the newest window's report, one HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print the judgement as JSON instead of a summary; of a lake, the array of all windows' judgements
    #[arg(long)]
    json: bool,
    /// From which state of the newest window on the exit code is 1; of a lake, of the newest that could be judged
    #[arg(long, value_enum, default_value_t = FailOn::Drift)]
    fail_on: FailOn,
}

/// Judges, or shows what was judged.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let Some(path) = &arguments.contract else {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::account)?;
        return runtime.block_on(recorded(arguments));
    };
    let contract = named::contract(path)?;
    let judged = files::judge(arguments, &contract)?;
    if let Some(path) = &arguments.report {
        let page = PerformancePage { contract: &contract, measured: &judged.measured, performance: &judged.performance };
        named::write(path, &performance_page(&page))?;
    }
    let text = if arguments.json {
        terminal::json(&judged.performance)
    } else {
        let mut text = tell::judged(&judged, &contract, terminal::has_colour());
        text.extend(arguments.report.as_ref().map(|path| format!("Report: {}\n", path.display())));
        text
    };
    Ok(Outcome { text, code: code(judged.performance.state, arguments.fail_on) })
}

/// What a lake has of a model's windows.
async fn recorded(arguments: &Arguments) -> Result<Outcome, CliError> {
    let recorded = lake::recorded(arguments).await?;
    if let (Some(path), Some(page)) = (&arguments.report, &recorded.page) {
        named::write(path, page)?;
    }
    let told = |performance: &&Performance| !matches!(performance.state, State::InsufficientData | State::NoData);
    let newest = recorded.windows.iter().rev().find(told).or(recorded.windows.last());
    let code = newest.map_or(terminal::TOO_FEW, |performance| code(performance.state, arguments.fail_on));
    let text = if arguments.json {
        terminal::json(&recorded.windows)
    } else {
        let mut text = tell::recorded(&recorded, terminal::has_colour());
        match (&arguments.report, &recorded.page) {
            (Some(path), Some(_)) => text.say(format_args!("Report: {}\n", path.display())),
            (Some(_), None) => text.push_str("The newest window has no report in the lake.\n"),
            (None, _) => {}
        }
        text
    };
    Ok(Outcome { text, code })
}

fn code(state: State, fail_on: FailOn) -> u8 {
    match state {
        State::Drift if fail_on != FailOn::Never => terminal::FOUND,
        State::Warning if fail_on == FailOn::Warning => terminal::FOUND,
        State::InsufficientData | State::NoData if fail_on != FailOn::Never => terminal::TOO_FEW,
        _ => 0,
    }
}

/// What came of files.
struct Judged {
    measured: tidegate_performance::Measured,
    performance: Performance,
    /// What is to be known of the files, each a sentence.
    notes: Vec<String>,
}

/// A model's windows of one length in a lake, oldest first.
struct Recorded {
    model: String,
    length: WindowLength,
    windows: Vec<Performance>,
    /// The newest window's report.
    page: Option<String>,
}
