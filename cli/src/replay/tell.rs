//! A replay for people, as tables, and for programs, as JSON.

use std::path::Path;

use chrono::DateTime;
use serde::Serialize;
use tidegate_contract::WindowLength;
use tidegate_monitoring::Window;

use super::compare::{Change, Compared, is_alarm};
use super::said::Said;
use super::{HOUR_MS, Replayed};
use crate::terminal::{self, Say, count, counted, line, painted, series, state_name, table};

const DAY_MS: i64 = 24 * HOUR_MS;

/// At least so many quiet windows in a row stand in one row of the table.
const QUIET_RUN: usize = 3;

/// Most windows that a sentence names.
const NAMED: usize = 6;

/// Most characters of a phrase.
const LONGEST: usize = 200;

/// How many windows there are of each kind.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Sums {
    windows: usize,
    alarmed_before: usize,
    alarm_now: usize,
    newly_alarming: usize,
    no_longer_alarming: usize,
    changed_otherwise: usize,
    identical: usize,
    never_judged: usize,
}

impl Sums {
    fn of(compared: &[&Compared]) -> Self {
        let count = |is: &dyn Fn(&Compared) -> bool| compared.iter().filter(|compared| is(compared)).count();
        Self {
            windows: compared.len(),
            alarmed_before: count(&|compared| compared.before.as_ref().is_some_and(is_alarm)),
            alarm_now: count(&|compared| is_alarm(&compared.now)),
            newly_alarming: count(&|compared| is_newly_alarming(compared)),
            no_longer_alarming: count(&|compared| compared.change == Change::AlarmsNoMore),
            changed_otherwise: count(&|compared| compared.change == Change::Otherwise),
            identical: count(&|compared| compared.change == Change::Identical),
            never_judged: count(&|compared| compared.change == Change::New),
        }
    }
}

/// It alarms now, and did not before although it was judged.
fn is_newly_alarming(compared: &Compared) -> bool {
    compared.change == Change::AlarmsNow
}

/// The windows of each length, in their order.
fn by_length(compared: &[Compared]) -> impl Iterator<Item = (WindowLength, Vec<&Compared>)> {
    let alike = |a: &Compared, b: &Compared| a.task.length == b.task.length;
    compared.chunk_by(alike).filter_map(|group| Some((group.first()?.task.length, group.iter().collect())))
}

/// For people.
pub(super) fn text(replayed: &Replayed, reports: Option<&Path>, colour: bool) -> String {
    let mut text = format!("{}\n", line(&replayed.model, LONGEST));
    for (length, windows) in by_length(&replayed.compared) {
        let is_compared = windows.iter().any(|compared| compared.before.is_some());
        text.say(format_args!("\nWindows of {length}\n"));
        text.push_str(&rows(&windows, is_compared, colour));
        text.say(format_args!("{}\n", sentence(&windows, is_compared)));
    }
    if !replayed.notes.is_empty() {
        text.push('\n');
    }
    for note in &replayed.notes {
        text.say(format_args!("{note}\n"));
    }
    if let Some(folder) = reports {
        text.say(format_args!("\nReports: {}\n", folder.display()));
    }
    text
}

fn rows(windows: &[&Compared], is_compared: bool, colour: bool) -> String {
    let state = |said: &Said| painted(state_name(said.state), said.state, colour);
    let before = |compared: &Compared| compared.before.as_ref().map_or_else(|| "-".to_owned(), state);
    let mut rows = vec![["window", "before", "now", if is_compared { "what changed" } else { "what it says" }].map(str::to_owned)];
    for run in windows.chunk_by(|a, b| is_quiet_alike(a, b)) {
        let shown =
            if run.len() >= QUIET_RUN && run.iter().all(|compared| !compared.is_telling()) { run.get(..1).unwrap_or(run) } else { run };
        for compared in shown {
            let window = match (run, shown.len() < run.len()) {
                ([first, .., last], true) => format!("{} … {}", name(first.task.window), name(last.task.window)),
                _ => name(compared.task.window),
            };
            let words = match (shown.len() < run.len(), is_compared) {
                (true, true) if compared.change == Change::Identical => format!("{} windows, all the same", run.len()),
                (true, true) => format!("{} windows, the same findings, other numbers", run.len()),
                (true, false) => format!("{} windows", run.len()),
                (false, true) if compared.before.is_some() => compared.phrase.clone(),
                (false, _) => compared.now.headline.clone(),
            };
            rows.push([window, before(compared), state(&compared.now), line(&words, LONGEST)]);
        }
    }
    table(&rows)
}

fn is_quiet_alike(a: &Compared, b: &Compared) -> bool {
    let state = |compared: &Compared| (compared.before.as_ref().map(|before| before.state), compared.now.state, compared.change);
    !a.is_telling() && !b.is_telling() && state(a) == state(b)
}

fn sentence(windows: &[&Compared], is_compared: bool) -> String {
    let sums = Sums::of(windows);
    let names = |is: &dyn Fn(&Compared) -> bool| {
        let found: Vec<String> = windows.iter().filter(|compared| is(compared)).map(|compared| name(compared.task.window)).collect();
        let mut listed: Vec<String> = found.iter().take(NAMED).cloned().collect();
        if found.len() > NAMED {
            listed.push(format!("{} more", found.len() - NAMED));
        }
        series(&listed)
    };
    let judged = sums.windows - sums.never_judged;
    let windows_of = |number: usize| counted(number as u64, "window");
    if !is_compared {
        return format!("Of {}: {} would alarm.", windows_of(sums.windows), sums.alarm_now);
    }
    let of = if sums.never_judged == 0 { format!("Of {}", windows_of(judged)) } else { format!("Of {} judged before", windows_of(judged)) };
    let alarm_now = windows.iter().filter(|compared| compared.before.is_some() && is_alarm(&compared.now)).count();
    let mut text = format!("{of}: {} alarmed before, {alarm_now} would now.", sums.alarmed_before);
    if sums.newly_alarming > 0 {
        text.say(format_args!(" Newly alarming: {}.", names(&is_newly_alarming)));
    }
    if sums.no_longer_alarming > 0 {
        text.say(format_args!(" No longer alarming: {}.", names(&|compared| compared.change == Change::AlarmsNoMore)));
    }
    if sums.changed_otherwise > 0 {
        text.say(format_args!(" Changed without an alarm coming or going: {}.", count(sums.changed_otherwise as u64)));
    }
    text.say(format_args!(" The same to the last byte: {}.", count(sums.identical as u64)));
    if sums.never_judged > 0 {
        let alarms = sums.alarm_now - alarm_now;
        text.say(format_args!(" Of {} never judged before: {alarms} would alarm.", windows_of(sums.never_judged)));
    }
    text
}

/// A window by the days or hours that it covers: `2013-07-01`, `2013-06-25 to 2013-07-01`, `2013-07-01 05:00 to 06:00`.
fn name(window: Window) -> String {
    let show = |ms: i64, format: &str| DateTime::from_timestamp_millis(ms).map(|time| time.format(format).to_string()).unwrap_or_default();
    let day = |ms| show(ms, "%Y-%m-%d");
    let Window { start_ms, end_ms } = window;
    let last_day = day(end_ms - 1);
    if start_ms % DAY_MS == 0 && end_ms % DAY_MS == 0 {
        if day(start_ms) == last_day { last_day } else { format!("{} to {last_day}", day(start_ms)) }
    } else if day(start_ms) == last_day {
        format!("{} to {}", show(start_ms, "%Y-%m-%d %H:%M"), if end_ms % DAY_MS == 0 { "24:00".to_owned() } else { show(end_ms, "%H:%M") })
    } else {
        format!("{} to {}", show(start_ms, "%Y-%m-%d %H:%M"), show(end_ms, "%Y-%m-%d %H:%M"))
    }
}

/// For programs.
pub(super) fn json(replayed: &Replayed) -> String {
    #[derive(Serialize)]
    struct Replay<'a> {
        schema: &'static str,
        model: &'a str,
        lengths: Vec<Length>,
        windows: Vec<Row<'a>>,
        notes: &'a [String],
    }
    #[derive(Serialize)]
    struct Length {
        window: WindowLength,
        #[serde(flatten)]
        sums: Sums,
    }
    #[derive(Serialize)]
    struct Row<'a> {
        window: WindowLength,
        start: String,
        end: String,
        change: Change,
        phrase: &'a str,
        before: Option<&'a Said>,
        now: &'a Said,
    }
    fn row(compared: &Compared) -> Row<'_> {
        Row {
            window: compared.task.length,
            start: super::moment(compared.task.window.start_ms),
            end: super::moment(compared.task.window.end_ms),
            change: compared.change,
            phrase: &compared.phrase,
            before: compared.before.as_ref(),
            now: &compared.now,
        }
    }
    terminal::json(&Replay {
        schema: "tidegate.replay/1",
        model: &replayed.model,
        lengths: by_length(&replayed.compared).map(|(window, windows)| Length { window, sums: Sums::of(&windows) }).collect(),
        windows: replayed.compared.iter().map(row).collect(),
        notes: &replayed.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(start: &str, end: &str) -> String {
        let ms = |text| tidegate_lake::parse_time(text).unwrap();
        name(Window { start_ms: ms(start), end_ms: ms(end) })
    }

    #[test]
    fn a_window_is_named_by_the_time_that_it_covers() {
        assert_eq!(named("2013-07-01T00:00:00Z", "2013-07-02T00:00:00Z"), "2013-07-01");
        assert_eq!(named("2013-07-01T00:00:00Z", "2013-07-08T00:00:00Z"), "2013-07-01 to 2013-07-07");
        assert_eq!(named("2013-07-01T23:00:00Z", "2013-07-02T00:00:00Z"), "2013-07-01 23:00 to 24:00");
        assert_eq!(named("2013-07-01T12:00:00Z", "2013-07-03T00:00:00Z"), "2013-07-01 12:00 to 2013-07-03 00:00");
    }
}
