//! `tidegate demo`: the whole road on real data, in this process. The flights of 2013 are put into a bucket as an application
//! would have done, the real functions run on them, and the verdicts are read back from the lake.

mod decisions;
mod files;
mod lines;
mod months;
mod right;
mod team;
mod truth;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use clap::ValueEnum;
use tidegate_local_account::{DECISION_PORT, LocalAccount, MODELS, Server, Setup};
use tidegate_monitoring::Verdict;
use tidegate_registry::Stage;

use crate::error::CliError;
use crate::summary;
use crate::terminal::{self, Outcome, Say, counted};
use files::{CONTRACT, TRAINING_SET};
use months::{periods, receipt};
use team::Team;

/// Run everything on real data, in this process: logs in, verdicts and reports out
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the demo's buckets and table, to look into afterwards [default: target/tidegate-demo; without a folder target, tidegate-demo]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// Go on with what an earlier demo left in the folder, instead of starting afresh
    #[arg(long)]
    keep: bool,
    /// Let the demo itself press Approve on the approver's page, instead of waiting for a person; always so where nobody is at a terminal
    #[arg(long)]
    auto_approve: bool,
    /// Whether to open the report in a browser
    #[arg(long, value_enum, default_value_t = Open::No)]
    open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Open {
    Yes,
    No,
}

/// The demo's model.
const MODEL: &str = "flight-delay";

/// Runs the demo.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let started = Instant::now();
    let folder = folder(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::demo)?;
    let by_hand = !arguments.auto_approve && std::io::IsTerminal::is_terminal(&std::io::stdin());
    let mut demo = Demo { out: std::io::stdout(), colour: terminal::has_colour(), by_hand };
    let (verdict, report) = runtime.block_on(demo.tell(&folder))?;

    let mut text = format!("\nJuly in words\n\n{}", summary::of(&verdict, demo.colour));
    text.say(format_args!("Look      the report     {}\n", report.display()));
    text.say(format_args!("          every file     {}\n", folder.join("s3").display()));
    text.push_str("                         lake/records is Parquet, lake/quarantine the lines that could not be read, and why\n\n");
    text.push_str("Try next  the same verdict from files alone, with no account:\n");
    text.push_str("            tidegate drift --contract cli/demo/flight-delay.yaml --baseline cli/demo/training.parquet \\\n");
    text.push_str("              --current 'cli/demo/logs/flight-delay/2013/07/**/*.jsonl.gz' --report july.html\n");
    text.push_str("          how good the model was day by day, and what its scores had promised:\n");
    text.say(format_args!("            tidegate performance --state {} --model flight-delay\n", folder.display()));
    text.push_str("          which version serves, why, and whether the audit trail is whole:\n");
    text.say(format_args!("            tidegate versions flight-delay --state {}\n", folder.display()));
    text.say(format_args!("            tidegate show flight-delay champion --state {}\n", folder.display()));
    text.say(format_args!("            tidegate verify --state {}\n", folder.display()));
    text.push_str("          what a contract says, and what it would watch in a log of yours:\n");
    text.push_str("            tidegate check cli/demo/flight-delay.yaml\n");
    text.push_str("            tidegate init your-log.jsonl\n");
    text.push_str("          (from a clone, `cargo run --release -p tidegate --` stands for `tidegate`)\n\n");
    text.say(format_args!("Done in {:.1} s.\n", started.elapsed().as_secs_f64()));
    if arguments.open == Open::Yes {
        open(&report)?;
    }
    Ok(Outcome::good(text))
}

/// The folder of the demo's state, empty unless it is to be kept.
fn folder(arguments: &Arguments) -> Result<PathBuf, CliError> {
    let usual = || if Path::new("target").is_dir() { "target/tidegate-demo" } else { "tidegate-demo" };
    let folder = arguments.state.clone().unwrap_or_else(|| usual().into());
    let table = folder.join("dynamodb.sqlite");
    let is_empty = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none());
    if folder.exists() && !is_empty && !table.is_file() {
        return Err(CliError::NotADemo { path: folder });
    }
    if table.is_file() && !arguments.keep {
        let removed = |path: &Path, outcome: std::io::Result<()>| match outcome {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CliError::Write { path: path.to_owned(), source: error }),
            _ => Ok(()),
        };
        removed(&folder, std::fs::remove_dir_all(folder.join("s3")))?;
        for suffix in ["-wal", "-shm", ""] {
            removed(&table, std::fs::remove_file(folder.join(format!("dynamodb.sqlite{suffix}"))))?;
        }
    }
    Ok(folder)
}

struct Demo {
    out: std::io::Stdout,
    colour: bool,
    /// Whether a person decides.
    by_hand: bool,
}

impl Demo {
    /// Plays the months, telling what happens; returns the last 30 days' verdict and where its report lies.
    async fn tell(&mut self, folder: &Path) -> Result<(Verdict, PathBuf), CliError> {
        let periods = periods(files::objects()?)?;
        self.say("Tidegate's demo: will this flight leave New York and come late? 2013, real flights, one model.\nEverything runs in this process; nothing is sent anywhere.\n")?;

        let account = LocalAccount::start_with(folder, Setup { stage: Stage::Test, ..Setup::default() }).await.map_err(CliError::demo)?;
        let account = Arc::new(account);
        let _server =
            if self.by_hand { Some(Server::start(Arc::clone(&account), DECISION_PORT).await.map_err(CliError::demo)?) } else { None };
        put(&account, MODELS, CONTRACT.1, files::bytes(CONTRACT.0)?).await?;
        put(&account, MODELS, TRAINING_SET.1, files::bytes(TRAINING_SET.0)?).await?;
        account.settle().await.map_err(CliError::demo)?;
        let training = receipt(&account, MODELS, TRAINING_SET.1)?;
        self.say(&format!("January    the training set: {} become the baseline", counted(training.lines.accepted, "record")))?;
        let mut team = Team::of(Arc::clone(&account)).await?;
        let words = "a logistic regression on January's numbers";
        let january = team.january().await?;
        let first = self.candidate(&team, "plain", files::bytes("candidates/plain.onnx")?.to_vec(), words, &january).await?;

        let mut last = None;
        let mut end = NaiveDate::default();
        for (place, period) in periods.iter().enumerate() {
            self.play(&account, period).await?;
            end = period.days.last().map(|(day, _)| *day).unwrap_or_default();
            if place + 1 < periods.len() {
                right::rest(&account, end).await?;
            }
            last = Some(self.show(&account, period)?);
        }
        let last = last.ok_or_else(|| CliError::demo("it has no objects"))?;
        self.right(&account, end).await?;
        self.alerts(&mut team)?;
        self.close(&account, &team, &first).await?;
        Ok(last)
    }

    /// What people were told by mail, in subjects.
    fn alerts(&mut self, team: &mut Team) -> Result<(), CliError> {
        self.say("\nThe mail   what people were told (one message for an incident, however many windows show it)")?;
        for mail in team.new_mail().iter().filter(|mail| mail.topic.ends_with("-alerts")) {
            self.say(&format!("{:10} {}", "", mail.subject))?;
        }
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), CliError> {
        writeln!(self.out, "{text}").map_err(|source| CliError::Write { path: "standard output".into(), source })
    }
}

fn midnight_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

async fn put(account: &LocalAccount, bucket: &str, key: &str, bytes: &'static [u8]) -> Result<(), CliError> {
    account.s3.put_object().bucket(bucket).key(key).body(bytes::Bytes::from_static(bytes).into()).send().await.map_err(CliError::demo)?;
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    let bytes = std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(CliError::demo)
}

/// Opens a page with what the desk opens pages with.
fn open(page: &Path) -> Result<(), CliError> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    std::process::Command::new(program).arg(page).spawn().map_err(CliError::demo)?;
    Ok(())
}
