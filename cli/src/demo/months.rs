//! The months: their objects arrive day by day, as an application would have put them, and what was made of them is shown.

use std::path::PathBuf;

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use tidegate_lake::{Receipt, keys};
use tidegate_local_account::{LAKE, LOGS, LocalAccount};
use tidegate_monitoring::{State, Verdict};

use super::files::Object;
use super::lines::{WIDTH, wrapped};
use super::{Demo, MODEL, midnight_after, put, read, right};
use crate::error::CliError;
use crate::terminal::{self, counted, painted};

/// Objects that arrived in one stretch of time, and the days that they are about.
pub(super) struct Period {
    name: &'static str,
    pub(super) days: Vec<(NaiveDate, Vec<Object>)>,
}

impl Demo {
    /// Puts the objects of a period, day by day, as the application did. At the end the schedule fires, which plans every window
    /// that ended in the week before.
    pub(super) async fn play(&mut self, account: &LocalAccount, period: &Period) -> Result<(), CliError> {
        let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len} days").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(period.days.len() as u64).with_style(style).with_message(period.name);
        for (day, objects) in &period.days {
            for object in objects {
                put(account, LOGS, &object.key, object.bytes()?).await?;
            }
            right::night(account, *day).await?;
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
    pub(super) fn show(&mut self, account: &LocalAccount, period: &Period) -> Result<(Verdict, PathBuf), CliError> {
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
}

/// Cuts the objects into stretches of consecutive months, and these into days by the time at which they arrived.
pub(super) fn periods(objects: Vec<Object>) -> Result<Vec<Period>, CliError> {
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

/// What became of an object.
pub(super) fn receipt(account: &LocalAccount, bucket: &str, key: &str) -> Result<Receipt, CliError> {
    read(&account.bucket_folder(LAKE).join(keys::receipt(&keys::source_id(bucket, key))))
}

/// The verdict of the window of this length that ends after `day`, and where its report lies.
fn verdict(account: &LocalAccount, length: &str, day: NaiveDate) -> Result<(Verdict, PathBuf), CliError> {
    let end = midnight_after(day).and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    let place = |file: &str| account.bucket_folder(LAKE).join(keys::report(MODEL, length, end, file));
    Ok((read(&place("verdict.json"))?, place("index.html")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::files;

    #[test]
    fn the_months_are_played_day_by_day_and_a_late_object_on_the_day_of_its_arrival() {
        let periods = periods(files::objects().unwrap()).unwrap();
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
}
