//! How a window is cut into hours or days, which are loaded one by one and added up.

use tidegate_lake::{DAY_MS, HOUR_MS, day_start};
use tidegate_monitoring::Window;

use crate::Job;

/// Most points of the line that shows drift over time.
pub(crate) const TRAIL_POINTS: usize = 62;

/// Fewest days that a report looks back, so that a daily window is seen in its fortnight.
const LEAST_DAYS: i64 = 14;

/// Fewest hours that a report of a shorter window looks back.
const LEAST_HOURS: i64 = 24;

/// Whether a window is added up by days: it is some whole calendar days.
pub(crate) fn by_days(job: &Job) -> bool {
    job.length_ms() % DAY_MS == 0 && day_start(job.end_ms) == job.end_ms
}

/// Consecutive hours or days up to the window's end, oldest first: the window, as much again before it (what it is
/// compared with as the previous one), and at least a day of hours or a fortnight of days.
pub(crate) fn grains(job: &Job) -> Vec<Window> {
    let (grain_ms, least) = if by_days(job) { (DAY_MS, LEAST_DAYS) } else { (HOUR_MS, LEAST_HOURS) };
    let count = (2 * job.length_ms() / grain_ms).max(least);
    let start = |index: i64| job.end_ms.saturating_sub(index * grain_ms);
    (1..=count).rev().map(|index| Window { start_ms: start(index), end_ms: start(index - 1) }).collect()
}

#[cfg(test)]
mod tests {
    use tidegate_contract::WindowLength;
    use tidegate_lake::{parse_time, rfc3339};

    use super::*;

    fn of(hours: u32, end: &str) -> (usize, String, String) {
        let job = Job { model: "m".to_owned(), length: WindowLength::hours(hours), end_ms: parse_time(end).unwrap() };
        let grains = grains(&job);
        let (first, last) = (grains.first().unwrap(), grains.last().unwrap());
        assert!(grains.windows(2).all(|pair| matches!(pair, [a, b] if a.end_ms == b.start_ms)), "consecutive");
        assert_eq!(last.end_ms, job.end_ms);
        (grains.len(), rfc3339(first.start_ms), rfc3339(last.start_ms))
    }

    #[test]
    fn a_day_is_seen_in_its_fortnight() {
        assert_eq!(of(24, "2013-07-15T00:00:00Z"), (14, "2013-07-01T00:00:00Z".to_owned(), "2013-07-14T00:00:00Z".to_owned()));
    }

    #[test]
    fn a_month_is_seen_with_the_month_before() {
        assert_eq!(of(720, "2013-07-31T00:00:00Z").0, 60);
    }

    #[test]
    fn windows_that_are_no_calendar_days_are_added_up_by_hours() {
        assert_eq!(of(1, "2013-07-15T05:00:00Z").0, 24);
        assert_eq!(of(36, "2013-07-15T12:00:00Z").0, 72);
        assert_eq!(of(24, "2013-07-15T05:00:00Z"), (48, "2013-07-13T05:00:00Z".to_owned(), "2013-07-15T04:00:00Z".to_owned()));
    }
}
