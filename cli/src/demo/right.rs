//! The demo's truth comes in: how much of it is known when, and whether the model was as right as its scores had promised.

use std::path::PathBuf;

use chrono::{Days, NaiveDate, NaiveTime};
use tidegate_lake::PerformanceFile;
use tidegate_local_account::{LAKE, LOGS, LocalAccount};
use tidegate_performance::{Measured, Performance, in_words};

use super::{Demo, MODEL, midnight_after, put, read, truth};
use crate::error::CliError;
use crate::terminal::{Say, counted, percent};

/// Days after a period's last in which the rest of its truth becomes known.
const REST: u64 = 3;

/// What a nightly job reports after a day.
pub(super) async fn night(account: &LocalAccount, day: NaiveDate) -> Result<(), CliError> {
    for arrival in truth::after(day) {
        put(account, LOGS, &arrival.key, arrival.bytes).await?;
    }
    Ok(())
}

/// The rest of the truth about a period that ended with this day.
pub(super) async fn rest(account: &LocalAccount, last: NaiveDate) -> Result<(), CliError> {
    for day in days_after(last) {
        night(account, day).await?;
    }
    account.settle().await.map_err(CliError::demo)
}

fn days_after(last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    (1..=REST).filter_map(move |later| last.checked_add_days(Days::new(later)))
}

/// Judges days, the oldest first. The schedule would send the weeks and months that end with them, too, which takes a desk a minute.
async fn judge(account: &LocalAccount, days: impl Iterator<Item = NaiveDate>) -> Result<(), CliError> {
    for day in days {
        let message = format!("{{\"model\":\"{MODEL}\",\"window\":\"1d\",\"end\":\"{}T00:00:00Z\"}}", midnight_after(day));
        account.send_to_performance(&message).await.map_err(CliError::demo)?;
    }
    account.settle().await.map_err(CliError::demo)
}

/// What is known of the day that was judged last, and where its page lies.
struct Day {
    measured: Measured,
    performance: Performance,
    page: PathBuf,
}

impl Day {
    fn of(account: &LocalAccount, day: NaiveDate) -> Result<Self, CliError> {
        let end_ms = midnight_after(day).and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let place = |file: PerformanceFile| account.bucket_folder(LAKE).join(file.key(MODEL, "1d", end_ms));
        Ok(Self {
            measured: read(&place(PerformanceFile::Measured))?,
            performance: read(&place(PerformanceFile::Performance))?,
            page: place(PerformanceFile::Page),
        })
    }

    fn covered(&self) -> String {
        let lag = self.measured.coverage.lag;
        let lag = lag.map_or_else(String::new, |lag| format!(", nine of ten within {:.1} hours of their prediction", lag.p90_hours));
        format!("{} of its truth is in{lag}", percent(self.measured.coverage.share.unwrap_or_default()))
    }
}

impl Demo {
    /// The truth about the last days comes in; what the model was worth, and what its scores had promised.
    pub(super) async fn right(&mut self, account: &LocalAccount, last: NaiveDate) -> Result<(), CliError> {
        let first = last.checked_sub_days(Days::new(30)).unwrap_or(last);
        let days = || first.iter_days().take_while(|day| *day <= last);
        let notes: Vec<String> = days()
            .flat_map(truth::after)
            .filter_map(|arrival| Some(format!("{} {}", arrival.key.strip_prefix("flight-delay/")?, arrival.note?)))
            .collect();
        self.say("\nTruth      whether a flight came late is known when it has landed, and arrives night by night as files of its own")?;
        for note in notes {
            self.say(&format!("{:10} {note}", ""))?;
        }
        judge(account, days()).await?;
        let early = Day::of(account, last)?;
        let date = last.format("%-d %B");
        self.say(&format!("{:10} at midnight of {date}: {}", "", early.covered()))?;
        rest(account, last).await?;
        judge(account, days()).await?;
        let late = Day::of(account, last)?;
        self.say(&format!("{:10} three days later:      {}", "", late.covered()))?;

        // Each day by its own judgement, which knows nothing of the days after it.
        let mut kept = Vec::new();
        for day in days() {
            let judged = Day::of(account, day)?.performance;
            kept.extend(judged.realised.iter().find(|(metric, ..)| *metric == judged.metric).map(|(_, _, is_within)| *is_within));
        }
        let promised = early.performance.estimated.as_ref().and_then(|estimated| estimated.metric(early.performance.metric));
        let realised = late.measured.metric(late.performance.metric).and_then(|found| Some((found.value?, found.interval?)));
        let mut text = format!("{:10} {} of {date}:", "", late.performance.metric.title());
        for (what, value) in [("promised by the scores", promised), ("realised", realised)] {
            if let Some((value, [low, high])) = value {
                text.say(format_args!(" {what} {} ({} to {});", in_words(value), in_words(low), in_words(high)));
            }
        }
        let within = kept.iter().filter(|is_within| **is_within).count();
        self.say(text.trim_end_matches(';'))?;
        self.say(&format!("{:10} {within} of {} were as good as their scores had promised", "", counted(kept.len() as u64, "day")))?;
        self.say(&format!("{:10} the page   {}", "", late.page.display()))
    }
}
