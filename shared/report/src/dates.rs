//! Times as people read them. All of them UTC.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use tidegate_monitoring::Window;

/// An hour, milliseconds.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// A day, milliseconds.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;
/// An axis carries at most so many labels: more do not fit on a phone.
const MAX_TICKS: usize = 5;

fn time(ms: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms)
}

/// A window in words: `Tue 2 July 2013`, `1–31 July 2013`, `Tue 2 July 2013, 13:00–14:00`; UTC, which the page says beside it.
pub(crate) fn window(window: Window) -> String {
    let Window { start_ms, end_ms } = window;
    let (Some(start), Some(last)) = (time(start_ms), time(end_ms.saturating_sub(1).max(start_ms))) else {
        return format!("{start_ms} to {end_ms} ms since 1970");
    };
    let whole_days = end_ms > start_ms && start_ms.rem_euclid(DAY_MS) == 0 && end_ms.rem_euclid(DAY_MS) == 0;
    let (first_day, last_day) = (start.date_naive(), last.date_naive());
    if whole_days {
        return if first_day == last_day { weekday(first_day) } else { span(first_day, last_day) };
    }
    let Some(end) = time(end_ms) else { return instant(start_ms) };
    if end_ms <= start_ms {
        instant(start_ms)
    } else if first_day == last_day {
        let until = if end.date_naive() == first_day { end.format("%H:%M").to_string() } else { "24:00".into() };
        format!("{}, {}–{until}", weekday(first_day), start.format("%H:%M"))
    } else {
        format!("{} – {}", instant(start_ms), instant(end_ms))
    }
}

/// A moment: `Tue 2 July 2013, 13:05`.
pub(crate) fn instant(ms: i64) -> String {
    time(ms).map_or_else(|| format!("{ms} ms since 1970"), |time| format!("{}, {}", weekday(time.date_naive()), time.format("%H:%M")))
}

/// A day or hour within what the page is about: `9 July`, `9 July, 14:00`; with its year where that is not the year of `about_ms`.
pub(crate) fn onset(ms: i64, in_days: bool, about_ms: i64) -> String {
    let Some(at) = time(ms) else { return format!("{ms} ms since 1970") };
    let year = if time(about_ms).is_some_and(|about| about.year() == at.year()) { "" } else { " %Y" };
    let hour = if in_days { "" } else { ", %H:%M" };
    at.format(&format!("%-d %B{year}{hour}")).to_string()
}

/// A moment for programs: `2013-07-02T13:05:00Z`.
pub(crate) fn exact(ms: i64) -> String {
    time(ms).map_or_else(|| format!("{ms} ms"), |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn weekday(day: NaiveDate) -> String {
    day.format("%a %-d %B %Y").to_string()
}

/// Days from the first to the last, both included, saying month and year once where they are the same.
fn span(first: NaiveDate, last: NaiveDate) -> String {
    let end = last.format("%-d %B %Y");
    if first.year() != last.year() {
        format!("{} – {end}", first.format("%-d %B %Y"))
    } else if first.month() != last.month() {
        format!("{} – {end}", first.format("%-d %B"))
    } else {
        format!("{}–{end}", first.day())
    }
}

/// Labelled moments between two times, evenly apart, at most [`MAX_TICKS`].
pub(crate) fn ticks(start_ms: i64, end_ms: i64) -> Vec<(i64, String)> {
    let span = end_ms.saturating_sub(start_ms);
    if span <= 0 {
        return Vec::new();
    }
    let hours = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336];
    let fits = |step: i64| span / step < i64::try_from(MAX_TICKS).unwrap_or(5);
    match hours.iter().map(|hours| hours * HOUR_MS).find(|&step| fits(step)) {
        Some(step) => even_ticks(start_ms, end_ms, step),
        None => month_ticks(start_ms, end_ms),
    }
}

fn even_ticks(start_ms: i64, end_ms: i64, step: i64) -> Vec<(i64, String)> {
    // Weeks begin on Monday; 1 January 1970 was a Thursday.
    let offset = if step % (7 * DAY_MS) == 0 { 4 * DAY_MS } else { 0 };
    let behind = start_ms.saturating_sub(offset).rem_euclid(step);
    let first = if behind == 0 { start_ms } else { start_ms.saturating_add(step - behind) };
    (0..)
        .map_while(|index: i64| first.checked_add(index.checked_mul(step)?))
        .take_while(|&at| at <= end_ms)
        .take(MAX_TICKS + 2)
        .filter_map(|at| {
            let time = time(at)?;
            let label = if at.rem_euclid(DAY_MS) == 0 { time.format("%-d %b") } else { time.format("%H:%M") };
            Some((at, label.to_string()))
        })
        .collect()
}

fn month_ticks(start_ms: i64, end_ms: i64) -> Vec<(i64, String)> {
    let months = (end_ms.saturating_sub(start_ms) / (30 * DAY_MS)).unsigned_abs();
    let step =
        [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 12_000].into_iter().find(|step| months / step < MAX_TICKS as u64).unwrap_or(120_000);
    let Some(start) = time(start_ms) else { return Vec::new() };
    let january = NaiveDate::from_ymd_opt(start.year(), 1, 1);
    let mut day = january;
    let mut ticks = Vec::new();
    // From the January before the start on: at most a year of steps lies before it.
    for _ in 0..MAX_TICKS + 14 {
        let Some(at) = day.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|time| time.and_utc().timestamp_millis()) else { break };
        if at > end_ms {
            break;
        }
        if at >= start_ms {
            let with_year = ticks.is_empty() || day.is_some_and(|day| day.month() == 1);
            let label = day.map(|day| day.format(if with_year { "%b %Y" } else { "%b" }).to_string());
            ticks.push((at, label.unwrap_or_default()));
        }
        day = day.and_then(|day| day.checked_add_months(Months::new(u32::try_from(step).unwrap_or(u32::MAX))));
    }
    ticks.truncate(MAX_TICKS + 2);
    ticks
}

/// What one point of the trail stands for.
pub(crate) fn grain(window: Window) -> &'static str {
    match window.end_ms.saturating_sub(window.start_ms) {
        HOUR_MS => "hour",
        DAY_MS => "day",
        length if length == 7 * DAY_MS => "week",
        _ => "window",
    }
}

/// The day that a window ends with, short: `31 July 2013`.
pub(crate) fn last_day(window: Window) -> String {
    time(window.end_ms.saturating_sub(1)).map_or_else(|| "an unknown day".into(), |time| time.format("%-d %B %Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Midnight of a day, milliseconds.
    fn day(year: i32, month: u32, day: u32) -> i64 {
        NaiveDate::from_ymd_opt(year, month, day)
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .map_or(0, |time| time.and_utc().timestamp_millis())
    }

    fn shown(start_ms: i64, end_ms: i64) -> String {
        window(Window { start_ms, end_ms })
    }

    #[test]
    fn windows_read_like_dates_in_a_letter() {
        assert_eq!(shown(day(2013, 7, 2), day(2013, 7, 3)), "Tue 2 July 2013");
        assert_eq!(shown(day(2013, 7, 1), day(2013, 8, 1)), "1–31 July 2013");
        assert_eq!(shown(day(2013, 6, 28), day(2013, 7, 5)), "28 June – 4 July 2013");
        assert_eq!(shown(day(2013, 12, 30), day(2014, 1, 3)), "30 December 2013 – 2 January 2014");
        assert_eq!(shown(day(2013, 7, 2) + 13 * HOUR_MS, day(2013, 7, 2) + 14 * HOUR_MS), "Tue 2 July 2013, 13:00–14:00");
        assert_eq!(shown(day(2013, 7, 2) + 23 * HOUR_MS, day(2013, 7, 3)), "Tue 2 July 2013, 23:00–24:00");
        assert_eq!(shown(day(2013, 7, 2) + HOUR_MS, day(2013, 7, 3) + HOUR_MS), "Tue 2 July 2013, 01:00 – Wed 3 July 2013, 01:00");
    }

    #[test]
    fn impossible_windows_are_still_said() {
        assert_eq!(shown(i64::MIN, i64::MAX), format!("{} to {} ms since 1970", i64::MIN, i64::MAX));
        assert_eq!(shown(0, 0), "Thu 1 January 1970, 00:00");
        assert!(ticks(i64::MIN, i64::MAX).len() <= MAX_TICKS + 2);
        assert!(ticks(5, 5).is_empty());
    }

    #[test]
    fn ticks_are_few_and_fall_on_round_dates() {
        let labels = |start, end| ticks(start, end).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(day(2013, 7, 1), day(2013, 8, 1)), ["1 Jul", "8 Jul", "15 Jul", "22 Jul", "29 Jul"]);
        assert_eq!(labels(day(2013, 1, 1), day(2014, 1, 1)), ["Jan 2013", "Apr", "Jul", "Oct", "Jan 2014"]);
        assert_eq!(labels(day(2013, 7, 2), day(2013, 7, 3)), ["2 Jul", "06:00", "12:00", "18:00", "3 Jul"]);
    }
}
