//! Which windows a schedule asks for: pure arithmetic on the scheduled time.
//!
//! Windows end at multiples of their length in UTC; windows of whole days end at every midnight. Every window that ended
//! within the contract's `late` is planned again, because late records may have changed it. The worker sees at once whether they
//! did. A window that did not change costs 4 LISTs (contracts, versions, and 2 for the parts of one version, one object an hour, with eight past
//! weeks; 10 for twelve objects an hour, and as many again for each other version), one GET, two HEADs and one read of the registry: 0.00002 USD, or 0.00006
//! with twelve objects an hour. With `late: 7d` a schedule plans 7 daily windows or 168 hourly ones: an hourly schedule then costs
//! 0.11 or 2.60 USD a month for each model, or 0.33 and 7.50 USD with twelve objects an hour. `tests/flows/history.rs` counts the calls.

use tidegate_contract::{Contract, WindowLength};
use tidegate_lake::{DAY_MS, HOUR_MS};

use crate::Job;

/// The windows to judge at a time (milliseconds since 1970), the newest first.
pub fn plan<'a>(contracts: impl Iterator<Item = &'a Contract>, scheduled_ms: i64) -> Vec<Job> {
    let mut jobs = Vec::new();
    for contract in contracts {
        for &length in &contract.monitoring.windows {
            let step = step_ms(length);
            let newest = scheduled_ms.div_euclid(step).saturating_mul(step);
            let oldest = scheduled_ms.saturating_sub(i64::from(contract.monitoring.late.as_hours()) * HOUR_MS);
            let ends = std::iter::successors(Some(newest), |end| end.checked_sub(step)).take_while(|end| *end == newest || *end >= oldest);
            jobs.extend(ends.map(|end_ms| Job { model: contract.model.clone(), length, end_ms }));
        }
    }
    jobs.sort_by(|a, b| b.end_ms.cmp(&a.end_ms).then_with(|| (&a.model, a.length).cmp(&(&b.model, b.length))));
    jobs
}

/// Ends of the windows of this length that end after `after_ms` and not later than `until_ms` (milliseconds since 1970), the oldest first: those
/// that [`plan`] plans as time goes by.
pub fn ends_between(length: WindowLength, after_ms: i64, until_ms: i64) -> impl Iterator<Item = i64> {
    let step = step_ms(length);
    let first = after_ms.div_euclid(step).saturating_add(1).saturating_mul(step);
    std::iter::successors(Some(first), move |end| end.checked_add(step)).take_while(move |end| *end <= until_ms)
}

/// Time from the end of one window to that of the next, milliseconds.
fn step_ms(length: WindowLength) -> i64 {
    let length_ms = i64::from(length.as_hours()) * HOUR_MS;
    if length_ms % DAY_MS == 0 { DAY_MS } else { length_ms }
}

#[cfg(test)]
mod tests {
    use tidegate_lake::{parse_time, rfc3339};

    use super::*;

    fn ends(windows: &str, late: &str, time: &str) -> Vec<String> {
        let text = format!(
            "model: m\ntask: binary\nfeatures:\n  - {{ name: distance, type: numeric }}\nmonitoring: {{ windows: [{windows}], late: {late} }}\n"
        );
        let contract = Contract::parse(&text).unwrap();
        plan(std::iter::once(&contract), parse_time(time).unwrap())
            .into_iter()
            .map(|job| format!("{} {}", job.length, rfc3339(job.end_ms)))
            .collect()
    }

    #[test]
    fn days_end_at_midnight_and_late_ones_are_planned_again() {
        let expected = ["1d 2013-07-02T00:00:00Z", "1d 2013-07-01T00:00:00Z", "1d 2013-06-30T00:00:00Z"];
        assert_eq!(ends("1d", "3d", "2013-07-02T00:05:00Z"), expected);
    }

    #[test]
    fn a_window_that_ends_at_the_scheduled_moment_is_planned() {
        assert_eq!(ends("1d", "1h", "2013-07-02T00:00:00Z"), ["1d 2013-07-02T00:00:00Z"]);
        assert_eq!(ends("1d", "1d", "2013-07-02T00:00:00Z"), ["1d 2013-07-02T00:00:00Z", "1d 2013-07-01T00:00:00Z"]);
    }

    #[test]
    fn the_newest_window_is_planned_however_long_ago_it_ended() {
        assert_eq!(ends("1d", "1h", "2013-07-02T23:05:00Z"), ["1d 2013-07-02T00:00:00Z"]);
    }

    #[test]
    fn hours_end_at_their_multiples_and_months_at_every_midnight() {
        assert_eq!(ends("6h", "8h", "2013-07-02T13:05:00Z"), ["6h 2013-07-02T12:00:00Z", "6h 2013-07-02T06:00:00Z"]);
        assert_eq!(ends("30d", "25h", "2013-07-02T00:05:00Z"), ["30d 2013-07-02T00:00:00Z", "30d 2013-07-01T00:00:00Z"]);
    }

    #[test]
    fn a_period_holds_the_windows_that_end_in_it() {
        let between = |hours, after, until| {
            let ends = ends_between(WindowLength::hours(hours), parse_time(after).unwrap(), parse_time(until).unwrap());
            ends.map(rfc3339).collect::<Vec<_>>()
        };
        let july = ("2013-07-01T00:00:00Z", "2013-08-01T00:00:00Z");
        assert_eq!(between(24, july.0, july.1).len(), 31);
        assert_eq!(between(24, july.0, july.1).first().map(String::as_str), Some("2013-07-02T00:00:00Z"));
        assert_eq!(between(720, july.0, july.1).len(), 31);
        assert_eq!(between(6, july.0, "2013-07-01T13:00:00Z"), ["2013-07-01T06:00:00Z", "2013-07-01T12:00:00Z"]);
        assert_eq!(between(24, july.0, "2013-07-01T23:00:00Z"), Vec::<String>::new());
    }

    #[test]
    fn the_newest_windows_of_all_lengths_come_first() {
        let planned = ends("1h, 1d", "1h", "2013-07-02T00:05:00Z");
        assert_eq!(planned, ["1h 2013-07-02T00:00:00Z", "1d 2013-07-02T00:00:00Z"]);
        assert_eq!(ends("1h", "7d", "2013-07-02T00:05:00Z").len(), 168);
    }
}
