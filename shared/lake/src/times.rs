//! Hours and days (UTC) as they stand in keys. Times are milliseconds since 1970; none is read from a clock.

use chrono::{DateTime, SecondsFormat};

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The start of the hour that holds a time.
#[must_use]
pub const fn hour_start(ms: i64) -> i64 {
    ms.div_euclid(HOUR_MS).saturating_mul(HOUR_MS)
}

/// The start of the day that holds a time.
#[must_use]
pub const fn day_start(ms: i64) -> i64 {
    ms.div_euclid(DAY_MS).saturating_mul(DAY_MS)
}

/// `2013-07-01`.
pub(crate) fn day(ms: i64) -> String {
    format!("{}", time(ms).format("%Y-%m-%d"))
}

/// `14`.
pub(crate) fn hour(ms: i64) -> String {
    format!("{}", time(ms).format("%H"))
}

/// `2013-07-01T14`.
pub(crate) fn day_and_hour(ms: i64) -> String {
    format!("{}", time(ms).format("%Y-%m-%dT%H"))
}

/// `2013-07-01T14:00:00Z`.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    time(ms).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Milliseconds since 1970 of an RFC 3339 time; `None` if it is none.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.timestamp_millis())
}

/// The start of an hour from `2013-07-01` and `14`.
pub(crate) fn parse_hour(day: &str, hour: &str) -> Option<i64> {
    parse_time(&format!("{day}T{hour}:00:00Z"))
}

/// Times that no calendar holds (intake admits 1970 to 2199) count as 1970.
fn time(ms: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_in_a_key_comes_back() {
        let ms = 1_372_687_331_318; // 2013-07-01T14:02:11.318Z
        assert_eq!((day(ms).as_str(), hour(ms).as_str(), day_and_hour(ms).as_str()), ("2013-07-01", "14", "2013-07-01T14"));
        assert_eq!(parse_hour("2013-07-01", "14"), Some(hour_start(ms)));
        assert_eq!(rfc3339(hour_start(ms)), "2013-07-01T14:00:00Z");
        assert_eq!(parse_time("2013-07-01T16:00:00+02:00"), Some(hour_start(ms)));
        assert_eq!(parse_time("yesterday"), None);
    }

    #[test]
    fn days_start_at_midnight_even_before_1970() {
        assert_eq!(day_start(-1), -DAY_MS);
        assert_eq!(day_start(DAY_MS), DAY_MS);
        assert_eq!(hour_start(-1), -HOUR_MS);
    }
}
