//! `tidegate demo`: the whole road on real data, in this process. The flights of 2013 are put into a bucket as an application
//! would have done, the real functions run on them, and the verdicts are read back from the lake.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use tidegate_lake::{Receipt, keys};
use tidegate_local_account::{DECISION_PORT, LAKE, LOGS, LocalAccount, MODELS, Server, Setup, TABLE};
use tidegate_monitoring::{State, Verdict};
use tidegate_registry::{GateOutcome, ModelVersion, Registry, RetrainingState, Stage, VersionState};

use crate::demo_files::{self, CONTRACT, Object, TRAINING_SET};
use crate::demo_loop::{self, Team};
use crate::demo_right;
use crate::error::CliError;
use crate::summary;
use crate::terminal::{self, Outcome, Say, counted, painted};

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
pub(crate) const MODEL: &str = "flight-delay";

/// When the registry's schedule fires, after everything.
const CHECKPOINT_AT: &str = "2013-09-01T00:05:00Z";

/// Widest line of running text, characters.
const WIDTH: usize = 100;

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

/// Objects that arrived in one stretch of time, and the days that they are about.
struct Period {
    name: &'static str,
    days: Vec<(NaiveDate, Vec<Object>)>,
}

pub(crate) struct Demo {
    out: std::io::Stdout,
    colour: bool,
    /// Whether a person decides.
    by_hand: bool,
}

impl Demo {
    /// Plays the months, telling what happens; returns the last 30 days' verdict and where its report lies.
    async fn tell(&mut self, folder: &Path) -> Result<(Verdict, PathBuf), CliError> {
        let periods = periods(demo_files::objects()?)?;
        self.say("Tidegate's demo: will this flight leave New York and come late? 2013, real flights, one model.\nEverything runs in this process; nothing is sent anywhere.\n")?;

        let account = LocalAccount::start_with(folder, Setup { stage: Stage::Test, ..Setup::default() }).await.map_err(CliError::demo)?;
        let account = Arc::new(account);
        let _server =
            if self.by_hand { Some(Server::start(Arc::clone(&account), DECISION_PORT).await.map_err(CliError::demo)?) } else { None };
        put(&account, MODELS, CONTRACT.1, demo_files::bytes(CONTRACT.0)?).await?;
        put(&account, MODELS, TRAINING_SET.1, demo_files::bytes(TRAINING_SET.0)?).await?;
        account.settle().await.map_err(CliError::demo)?;
        let training = receipt(&account, MODELS, TRAINING_SET.1)?;
        self.say(&format!("January    the training set: {} become the baseline", counted(training.lines.accepted, "record")))?;
        let mut team = Team::of(Arc::clone(&account)).await?;
        let words = "a logistic regression on January's numbers";
        let january = team.january().await?;
        let first = self.candidate(&team, "plain", demo_files::bytes("candidates/plain.onnx")?.to_vec(), words, &january).await?;

        let mut last = None;
        let mut end = NaiveDate::default();
        for (place, period) in periods.iter().enumerate() {
            self.play(&account, period).await?;
            end = period.days.last().map(|(day, _)| *day).unwrap_or_default();
            if place + 1 < periods.len() {
                demo_right::rest(&account, end).await?;
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

    /// The loop closes: retraining, gate, decision, promotion, and whether it was right.
    async fn close(&mut self, account: &LocalAccount, team: &Team, first: &ModelVersion) -> Result<(), CliError> {
        let Some(proposed) = team.retraining().await? else { return self.say("\nRetraining nothing asked for it") };
        self.say(&format!("\nRetraining {}", wrapped(&format!("proposed, because: {}", proposed.call.why), WIDTH, 11, 11)))?;
        if proposed.state == RetrainingState::Proposed {
            let asked = team.asked("Your decision on retraining").ok_or_else(|| CliError::demo("nobody was asked about retraining"))?;
            self.ask(&asked.mail.attributes, asked.mail.link(), None)?;
            if self.by_hand { team.wait_for_retraining().await? } else { team.answer(&asked, None, None).await? }
        }
        let requested = team.retraining().await?.filter(|retraining| retraining.state == RetrainingState::Requested);
        let Some((requested, dataset)) = requested.and_then(|requested| Some((requested.clone(), requested.dataset?))) else {
            return self.say(&format!("{:10} it goes no further", ""));
        };
        let name = requested.call.data.replace('_', " to ");
        let (model, rows) = team.train(&dataset, |_| true).await?;
        self.say(&format!("{:10} requested on {name}, dataset version {}…", "", dataset.get(..12).unwrap_or_default()))?;
        self.say(&format!("{:10} the training job learned from {} whose truth has arrived", "", counted(rows as u64, "flight")))?;

        self.say("\nThe gate   every candidate is asked about the same flights of August, beside the champion")?;
        let january = team.january().await?;
        let words = "a logistic regression on July's records and their truth";
        let second = self.candidate(team, "retrained", model, words, &dataset).await?;
        let (half, _) = team.train(&dataset, |flight| flight.bytes().fold(0, u8::wrapping_add).is_multiple_of(2)).await?;
        self.candidate(team, "retrained-half", half, "the same, learned from every other flight", &dataset).await?;
        for (run, words) in
            [("trees", "gradient-boosted trees that know January only"), ("no-delay", "the trees, without the departure delay")]
        {
            let file = demo_files::bytes(&format!("candidates/{run}.onnx"))?.to_vec();
            self.candidate(team, run, file, words, &january).await?;
        }
        self.say(&format!("{:10} the winner's page  {}", "", team.page(&second).display()))?;

        self.say("\nSeptember  the month after, on flights that neither model has seen")?;
        for (version, name) in [(first, "the old champion"), (&second, "the new one")] {
            let [auc, loss] = team.afterwards(&team.file_of(version).await?)?;
            let interval =
                auc.interval.map_or_else(String::new, |interval| format!(" (95 %: {:.3} to {:.3})", interval.low, interval.high));
            self.say(&format!("{:10} v{} {name:17} ROC AUC {:.3}{interval}, log loss {:.3}", "", version.number, auc.value, loss.value))?;
        }
        let (_, checkpoint) = account.tick_registry(CHECKPOINT_AT).await.map_err(CliError::demo)?;
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        let entries = registry.head(MODEL).await.map_err(CliError::demo)?.map_or(0, |head| head.seq);
        let signed = if checkpoint.is_some() { ", its end signed" } else { "" };
        let entries = counted(entries, "entry").replace("entrys", "entries");
        self.say(&format!("\nProof      the audit trail: {entries} in a chain{signed}; `tidegate verify` recomputes it"))
    }

    /// A candidate is submitted, judged and, where it comes to that, decided about.
    async fn candidate(&mut self, team: &Team, run: &str, model: Vec<u8>, words: &str, dataset: &str) -> Result<ModelVersion, CliError> {
        let mut version = team.submit(run, model, words, dataset).await?;
        self.say(&format!("{:10} v{} {run}: {words}", "", version.number))?;
        if version.state == VersionState::PendingApproval {
            self.judged(&version)?;
            let about = format!("Your decision on version {} ", version.number);
            let asked = team.asked(&about).ok_or_else(|| CliError::demo("nobody was asked"))?;
            // Nobody lets in what is not shown to be better.
            let passes = version.gate.as_ref().is_some_and(|gate| gate.outcome == GateOutcome::Pass);
            let against = (!passes).then_some("the gate does not show that it is better");
            self.ask(&asked.mail.attributes, asked.mail.link(), against)?;
            version = if self.by_hand {
                team.wait_for_version(run).await?
            } else {
                team.answer(&asked, Some(version.number), against).await?;
                team.version(run).await?
            };
            let became = format!(
                "{} by {}",
                version.state,
                version.decisions.iter().map(|said| said.person.as_str()).collect::<Vec<_>>().join(", ")
            );
            self.say(&format!(
                "{:10}    {}  {became}",
                "",
                painted(demo_loop::mark(&version).0, demo_loop::mark(&version).1, self.colour)
            ))?;
            return Ok(version);
        }
        self.judged(&version)?;
        Ok(version)
    }

    fn judged(&mut self, version: &ModelVersion) -> Result<(), CliError> {
        let (mark, state) = demo_loop::mark(version);
        let head = format!("{:10}    {}  ", "", painted(mark, state, self.colour));
        self.say(&format!("{head}{}", wrapped(demo_loop::headline(version), WIDTH, mark.chars().count() + 15, 14)))
    }

    /// Says who is asked, and where.
    fn ask(
        &mut self,
        attributes: &std::collections::BTreeMap<String, String>,
        link: Option<&str>,
        against: Option<&str>,
    ) -> Result<(), CliError> {
        let who = attributes.get("approver").map_or("somebody", String::as_str);
        match link.filter(|_| self.by_hand) {
            Some(link) => self.say(&format!("{:10}    {who} got this link; open it, read, and decide:\n{:14}{link}", "", "")),
            None => match against {
                None => self.say(&format!("{:10}    {who} got a link, and approves (--auto-approve)", "")),
                Some(reason) => self.say(&format!("{:10}    {who} got a link, and rejects: {reason} (--auto-approve)", "")),
            },
        }
    }

    /// Puts the objects of a period, day by day, as the application did. At the end the schedule fires, which plans every window
    /// that ended in the week before.
    async fn play(&mut self, account: &LocalAccount, period: &Period) -> Result<(), CliError> {
        let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len} days").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(period.days.len() as u64).with_style(style).with_message(period.name);
        for (day, objects) in &period.days {
            for object in objects {
                put(account, LOGS, &object.key, object.bytes()?).await?;
            }
            demo_right::night(account, *day).await?;
            account.settle().await.map_err(CliError::demo)?;
            bar.inc(1);
        }
        if let Some((day, _)) = period.days.last() {
            account.tick(&format!("{}T00:05:00Z", midnight_after(*day))).await.map_err(CliError::demo)?;
            account.settle().await.map_err(CliError::demo)?;
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Shows what was made of a period; returns the verdict of its last 30 days, and where the report lies.
    fn show(&mut self, account: &LocalAccount, period: &Period) -> Result<(Verdict, PathBuf), CliError> {
        let objects = || period.days.iter().flat_map(|(_, objects)| objects);
        let (mut accepted, mut quarantined, mut blank) = (0, 0, 0);
        for object in objects() {
            let lines = receipt(account, LOGS, &object.key)?.lines;
            accepted += lines.accepted;
            quarantined += lines.quarantined;
            blank += lines.blank;
        }
        let files = counted(objects().count() as u64, "log");
        self.say(&format!("\n{:10} {files} in → {}, {quarantined} quarantined, {blank} blank", period.name, counted(accepted, "record")))?;
        for object in objects() {
            if let Some(note) = &object.note {
                let name = object.key.strip_prefix("flight-delay/").unwrap_or(&object.key);
                self.say(&format!("{:10} {name}: {note}", ""))?;
            }
        }
        let mut strip = String::new();
        for (day, _) in period.days.iter().skip(period.days.len().saturating_sub(7)) {
            let state = verdict(account, "1d", *day)?.0.state;
            strip.push_str(&painted(symbol(state), state, self.colour));
        }
        self.say(&format!("{:10} day by day {strip}  the last seven", ""))?;
        let last = period.days.last().map(|(day, _)| *day).unwrap_or_default();
        for length in ["7d", "30d"] {
            let (verdict, _) = verdict(account, length, last)?;
            let mark = format!("{} {}", symbol(verdict.state), terminal::state_name(verdict.state));
            let head = format!("{:10} last {length:3}   {}  ", "", painted(&mark, verdict.state, self.colour));
            let indent = 10 + " last 30d   ".len();
            self.say(&format!("{head}{}", wrapped(&verdict.headline, WIDTH, mark.chars().count() + indent + 2, indent)))?;
        }
        verdict(account, "30d", last)
    }

    pub(crate) fn say(&mut self, text: &str) -> Result<(), CliError> {
        writeln!(self.out, "{text}").map_err(|source| CliError::Write { path: "standard output".into(), source })
    }
}

/// Cuts the objects into stretches of consecutive months, and these into days by the time at which they arrived.
fn periods(objects: Vec<Object>) -> Result<Vec<Period>, CliError> {
    let mut periods: Vec<Period> = Vec::new();
    let mut now = NaiveDate::MIN;
    for object in objects {
        let date = object.key.strip_prefix("flight-delay/").and_then(|rest| rest.get(..10));
        let date = date.and_then(|text| NaiveDate::parse_from_str(text, "%Y/%m/%d").ok());
        let date = date.ok_or_else(|| CliError::demo(format!("{} does not say its day", object.key)))?;
        // A late object arrives on the day of its neighbours.
        let is_next_month = date > now && (now == NaiveDate::MIN || date.signed_duration_since(now).num_days() > 2);
        let is_next_day = date > now;
        now = now.max(date);
        if is_next_month {
            periods.push(Period { name: month(now), days: Vec::new() });
        }
        let Some(period) = periods.last_mut() else { continue };
        match period.days.last_mut() {
            Some((_, objects)) if !is_next_day => objects.push(object),
            _ => period.days.push((now, vec![object])),
        }
    }
    Ok(periods)
}

fn month(day: NaiveDate) -> &'static str {
    use chrono::Datelike;
    let names = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    names.get(day.month0() as usize).copied().unwrap_or_default()
}

pub(crate) fn midnight_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

pub(crate) async fn put(account: &LocalAccount, bucket: &str, key: &str, bytes: &'static [u8]) -> Result<(), CliError> {
    account.s3.put_object().bucket(bucket).key(key).body(bytes::Bytes::from_static(bytes).into()).send().await.map_err(CliError::demo)?;
    Ok(())
}

/// What became of an object.
fn receipt(account: &LocalAccount, bucket: &str, key: &str) -> Result<Receipt, CliError> {
    read(&account.bucket_folder(LAKE).join(keys::receipt(&keys::source_id(bucket, key))))
}

/// The verdict of the window of this length that ends after `day`, and where its report lies.
fn verdict(account: &LocalAccount, length: &str, day: NaiveDate) -> Result<(Verdict, PathBuf), CliError> {
    let end = midnight_after(day).and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    let place = |file: &str| account.bucket_folder(LAKE).join(keys::report(MODEL, length, end, file));
    Ok((read(&place("verdict.json"))?, place("index.html")))
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    let bytes = std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(CliError::demo)
}

fn symbol(state: State) -> &'static str {
    match state {
        State::Ok => "●",
        State::InsufficientData => "○",
        State::NoData => "∅",
        State::Warning => "▲",
        State::Drift => "◆",
    }
}

/// Running text in lines of at most `width` characters: the first begins at column `first`, the others are indented.
fn wrapped(text: &str, width: usize, first: usize, indent: usize) -> String {
    let mut wrapped = String::new();
    let mut column = first;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column + length > width && column > indent {
            wrapped.say(format_args!("\n{:indent$}", ""));
            column = indent;
        } else if !wrapped.is_empty() {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_are_played_day_by_day_and_a_late_object_on_the_day_of_its_arrival() {
        let periods = periods(demo_files::objects().unwrap()).unwrap();
        assert_eq!(
            periods.iter().map(|period| (period.name, period.days.len())).collect::<Vec<_>>(),
            [("February", 28), ("April", 7), ("July", 31)]
        );
        let july = &periods.last().unwrap().days;
        assert!(
            july.iter()
                .any(|(day, objects)| day.to_string() == "2013-07-10" && objects.iter().any(|object| object.key.contains("07/09/23")))
        );
    }

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 9, 0, 2), "one two\n  three");
        assert_eq!(wrapped("", 9, 0, 2), "");
    }
}
