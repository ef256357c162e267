//! `tidegate replay`: past windows judged again, beside what was said of them, to see what a change of the contract would have
//! meant. It never writes to a lake.

mod account;
mod compare;
mod files;
mod said;
mod tell;

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use tidegate_contract::{Contract, WindowLength};
use tidegate_monitoring::{State, Window};

use crate::drift::FailOn;
use crate::error::CliError;
use crate::files as named;
use crate::terminal::{self, Outcome};
use compare::Compared;

const HOUR_MS: i64 = 3_600_000;

/// Judge past windows again, under a changed contract, beside what was said of them; nothing is written to the lake
#[derive(Debug, clap::Args)]
#[command(after_help = terminal::EXIT_CODES, group = clap::ArgGroup::new("place").required(true).args(["state", "lake_bucket", "current"]))]
pub(crate) struct Arguments {
    /// Windows that end after this moment: a day such as 2013-07-01 (UTC midnight), or a whole hour such as 2013-07-01T06:00:00Z
    /// [default, for files: from where the records begin]
    #[arg(long, value_name = "TIME", required_unless_present = "current")]
    from: Option<Moment>,
    /// … and not later than this one [default, for files: where the records end]
    #[arg(long, value_name = "TIME", required_unless_present = "current")]
    to: Option<Moment>,
    /// The contract to judge under [default: the one in the models bucket, as `drift` would judge today]
    #[arg(long, value_name = "FILE", required_unless_present_any = ["state", "lake_bucket"])]
    contract: Option<PathBuf>,
    /// Compare with what this contract says today, instead of with what was recorded
    #[arg(long, value_name = "FILE")]
    recorded_contract: Option<PathBuf>,
    /// Lengths of the windows [default: those of the contract]
    #[arg(long = "window", value_name = "LENGTH")]
    windows: Vec<WindowLength>,
    /// The model [default: the contract's, or the only one]
    #[arg(long, value_name = "NAME", conflicts_with = "current")]
    model: Option<String>,

    /// The folder that `tidegate demo` left its buckets and table in
    #[arg(long, value_name = "FOLDER", help_heading = "A demo's lake")]
    state: Option<PathBuf>,

    /// The bucket of verdicts and profiles, read with the credentials of the environment, the profile (also with SSO) or the machine
    #[arg(long, value_name = "NAME", requires_all = ["models_bucket", "registry_table"], help_heading = "A lake in an account")]
    lake_bucket: Option<String>,
    /// The bucket of contracts
    #[arg(long, value_name = "NAME", requires = "lake_bucket", help_heading = "A lake in an account")]
    models_bucket: Option<String>,
    /// The table of judged windows
    #[arg(long, value_name = "NAME", requires = "lake_bucket", help_heading = "A lake in an account")]
    registry_table: Option<String>,

    /// The records: files, folders or patterns ('logs/**/*.jsonl.gz')
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "baseline", help_heading = "Plain files, without a lake")]
    current: Vec<String>,
    /// The data set to compare with, usually the training set
    #[arg(long, num_args = 1.., value_name = "FILE", requires = "current", help_heading = "Plain files, without a lake")]
    baseline: Vec<String>,

    /// Write verdict.json and index.html of every window below this folder, under the names that the lake gives them
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Print the comparison as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// From which state of any window, judged again, the exit code is 1
    #[arg(long, value_enum, default_value_t = FailOn::Drift)]
    fail_on: FailOn,
}

/// A whole hour, milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment(i64);

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let midnight = format!("{text}T00:00:00Z");
        let ms = tidegate_lake::parse_time(text).or_else(|| tidegate_lake::parse_time(&midnight));
        ms.filter(|ms| ms.rem_euclid(HOUR_MS) == 0)
            .map(Self)
            .ok_or_else(|| format!("found \"{text}\", expected a day such as 2013-07-01 or a whole hour such as 2013-07-01T06:00:00Z"))
    }
}

/// One window to judge again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Task {
    length: WindowLength,
    window: Window,
}

/// What came of it all.
#[derive(Debug)]
struct Replayed {
    model: String,
    compared: Vec<Compared>,
    /// What is to be known when the comparison is read, each a sentence.
    notes: Vec<String>,
}

/// Replays.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    if let (Some(from), Some(to)) = (arguments.from, arguments.to)
        && from.0 >= to.0
    {
        return Err(CliError::Period { from: moment(from.0), to: moment(to.0) });
    }
    let contract = arguments.contract.as_deref().map(named::contract).transpose()?;
    let recorded = arguments.recorded_contract.as_deref().map(named::contract).transpose()?;
    let replayed = match (arguments.current.is_empty(), contract) {
        (false, Some(contract)) => files::replay(arguments, &contract, recorded.as_ref())?,
        (_, contract) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::account)?;
            runtime.block_on(account::replay(arguments, contract, recorded))?
        }
    };
    if replayed.compared.is_empty() {
        let wrong = |moment: Option<Moment>| moment.map_or_else(|| "the records".to_owned(), |moment| self::moment(moment.0));
        return Err(CliError::NoWindow { from: wrong(arguments.from), to: wrong(arguments.to) });
    }
    let text =
        if arguments.json { tell::json(&replayed) } else { tell::text(&replayed, arguments.report.as_deref(), terminal::has_colour()) };
    Ok(Outcome { text, code: code(&replayed.compared, arguments.fail_on) })
}

fn moment(ms: i64) -> String {
    tidegate_lake::rfc3339(ms)
}

/// The windows of the period, the oldest first within each length.
fn tasks(lengths: &[WindowLength], after_ms: impl Fn(WindowLength) -> i64, until_ms: i64) -> Vec<Task> {
    let of = |&length: &WindowLength| {
        tidegate_drift::ends_between(length, after_ms(length), until_ms).map(move |end_ms| {
            let start_ms = end_ms - i64::from(length.as_hours()) * HOUR_MS;
            Task { length, window: Window { start_ms, end_ms } }
        })
    };
    lengths.iter().flat_map(of).collect()
}

/// The lengths that are asked for, or those of the contract.
fn lengths(arguments: &Arguments, contract: &Contract) -> Vec<WindowLength> {
    let mut lengths = if arguments.windows.is_empty() { contract.monitoring.windows.clone() } else { arguments.windows.clone() };
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// A bar that counts windows.
fn bar(doing: &'static str, windows: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:22} {wide_bar} {pos}/{len} windows {eta:>4}");
    ProgressBar::new(windows as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(doing)
}

/// Writes a window's verdict and page below the folder, where the lake would have them.
fn write(folder: &Path, model: &str, task: &Task, verdict: &[u8], page: &str) -> Result<(), CliError> {
    let key = |file: &str| folder.join(tidegate_lake::keys::report(model, &task.length.to_string(), task.window.end_ms, file));
    let (json, html) = (key("verdict.json"), key("index.html"));
    let parent = json.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(|source| CliError::Write { path: parent.to_owned(), source })?;
    std::fs::write(&json, verdict).map_err(|source| CliError::Write { path: json.clone(), source })?;
    named::write(&html, page)
}

fn code(compared: &[Compared], fail_on: FailOn) -> u8 {
    let any = |state| compared.iter().any(|compared| compared.now.state == state);
    let is_told = |compared: &Compared| !matches!(compared.now.state, State::InsufficientData | State::NoData);
    match fail_on {
        FailOn::Never => 0,
        _ if any(State::Drift) || (fail_on == FailOn::Warning && any(State::Warning)) => terminal::FOUND,
        _ if compared.iter().any(is_told) => 0,
        _ => terminal::TOO_FEW,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_or_a_whole_hour() {
        let july = 1_372_636_800_000;
        assert_eq!("2013-07-01".parse(), Ok(Moment(july)));
        assert_eq!("2013-07-01T02:00:00+02:00".parse(), Ok(Moment(july)));
        for wrong in ["2013-07-32", "2013-07-01T00:30:00Z", "yesterday", ""] {
            assert!(wrong.parse::<Moment>().unwrap_err().starts_with(&format!("found \"{wrong}\", expected a day such as")), "{wrong}");
        }
    }
}
