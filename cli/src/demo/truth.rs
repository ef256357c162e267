//! The demo's ground truth: which flights really came late, as a nightly job reports it, one file for each day on which something became known.

use chrono::{Days, NaiveDate};

use super::{MODEL, files, midnight_after};

/// A file that comes so many days late, and one that comes a second time on the day after.
const LATE: (NaiveDate, Days) = (july(20), Days::new(3));
const AGAIN: NaiveDate = july(15);

/// A file of truth as it arrives in the logs bucket.
pub(super) struct Arrival {
    /// Its key.
    pub(super) key: String,
    /// Its bytes.
    pub(super) bytes: &'static [u8],
    /// What is special about it.
    pub(super) note: Option<&'static str>,
}

const fn july(day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(2013, 7, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

/// What arrives in the night after a day.
pub(super) fn after(day: NaiveDate) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    if day != LATE.0 {
        arrivals.extend(of(day, "", None));
    }
    if LATE.0.checked_add_days(LATE.1) == Some(day) {
        arrivals.extend(of(LATE.0, "", Some("comes three days late")));
    }
    if midnight_after(AGAIN) == day {
        arrivals.extend(of(AGAIN, "-again", Some("comes a second time")));
    }
    arrivals
}

/// The files of a day, under other names by `suffix`.
fn of(day: NaiveDate, suffix: &str, note: Option<&'static str>) -> Vec<Arrival> {
    let date = day.format("%Y/%m/%d");
    let named = files::below(&format!("truth/{MODEL}/{date}")).collect::<Vec<_>>();
    let arrival = |(name, bytes): (&'static str, &'static [u8])| {
        let file = name.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
        let note = note.or(file.contains("correction").then_some("corrects outcomes of the day before"));
        Arrival { key: format!("{MODEL}/truth/{}/{file}{suffix}.jsonl.gz", day.format("%Y/%m")), bytes, note }
    };
    named.into_iter().map(arrival).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_truth_arrives_one_of_them_late_one_twice() {
        let days = |first: NaiveDate, count| first.iter_days().take(count);
        let all: Vec<String> = days(NaiveDate::from_ymd_opt(2013, 2, 1).unwrap(), 200).flat_map(after).map(|arrival| arrival.key).collect();
        assert_eq!(all.len(), files::below("truth/").count() + 1);
        assert!(after(july(20)).is_empty());
        let keys = |day| after(day).into_iter().map(|arrival| arrival.key).collect::<Vec<_>>();
        assert_eq!(keys(july(23)), ["flight-delay/truth/2013/07/23.jsonl.gz", "flight-delay/truth/2013/07/20.jsonl.gz"]);
        assert_eq!(keys(july(16)), ["flight-delay/truth/2013/07/16.jsonl.gz", "flight-delay/truth/2013/07/15-again.jsonl.gz"]);
        assert_eq!(keys(july(26)).len(), 2, "a correction comes beside the day's own file");
    }
}
