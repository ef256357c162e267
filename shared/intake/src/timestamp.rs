//! Times as logs write them: RFC 3339, date and time with a space, or a number since 1970.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};

use crate::row::Cell;

/// Times from here on are refused: 2200-01-01, milliseconds since 1970. A time beyond it is a mistaken unit.
pub(crate) const END_MS: i64 = 7_258_118_400_000;
/// One hour, milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// The time that a value says, milliseconds since 1970; `None` if it says none between 1970 and 2199.
pub(crate) fn read(cell: Cell<'_>) -> Option<i64> {
    let ms = match cell {
        Cell::Text(text) => fixed(text.as_bytes()).or_else(|| parse(text.trim_ascii()))?,
        Cell::Number { text, value } => epoch(text, value)?,
        Cell::Int(value) => scale(value)?,
        Cell::Float(value) => epoch("", value)?,
        Cell::Time(ms) => ms,
        Cell::Absent | Cell::Null | Cell::Bool(_) | Cell::Nested(_) => return None,
    };
    (0..END_MS).contains(&ms).then_some(ms)
}

/// The start of the hour.
pub(crate) fn hour(ms: i64) -> i64 {
    ms - ms.rem_euclid(HOUR_MS)
}

/// RFC 3339 with milliseconds.
pub(crate) fn to_text(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(|| ms.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// `YYYY-MM-DDTHH:MM:SS[.f…]Z`, the form that nearly every log has. Anything else is left to [`parse`].
#[inline]
fn fixed(text: &[u8]) -> Option<i64> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *head else { return None };
    let two = |tens: u8, ones: u8| -> Option<i64> {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    let millis = match tail {
        b"Z" | b"" => 0,
        [b'.', fraction @ ..] => {
            let fraction = fraction.strip_suffix(b"Z").unwrap_or(fraction);
            let mut millis = 0;
            let mut unit = 100;
            if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            for digit in fraction.iter().take(3) {
                millis += i64::from(digit - b'0') * unit;
                unit /= 10;
            }
            millis
        }
        _ => return None,
    };
    if !(1970..2200).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    Some((days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000 + millis)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar from 1970 to 2199; `None` if there is no such date.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const LENGTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month - 1).ok()?;
    let (before, length) = (BEFORE.get(index)?, LENGTH.get(index)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if day < 1 || day > length + i64::from(is_leap && month == 2) {
        return None;
    }
    let past = year - 1; // leap days up to the end of the year before
    let leap_days = past / 4 - past / 100 + past / 400 - 477 + i64::from(is_leap && month > 2);
    Some((year - 1970) * 365 + leap_days + before + day - 1)
}

/// Every other form.
fn parse(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return epoch(text, fast_float2::parse(text).ok()?);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z"];
    if let Some(time) = zoned.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()) {
        return Some(time.timestamp_millis());
    }
    let plain = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    if let Some(time) = plain.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
        return Some(time.and_utc().timestamp_millis());
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

/// A number since 1970, in the unit that its magnitude tells.
fn epoch(text: &str, value: f64) -> Option<i64> {
    if let Ok(whole) = text.parse::<i64>() {
        return scale(whole);
    }
    // Below 10^11 the number is in seconds; f64 holds them to the microsecond.
    if !(0.0..1e20).contains(&value) {
        return None;
    }
    let ms = match value {
        seconds if seconds < 1e11 => seconds * 1e3,
        millis if millis < 1e14 => millis,
        micros if micros < 1e17 => micros / 1e3,
        nanos => nanos / 1e6,
    };
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1e14")]
    let ms = ms.round() as i64;
    Some(ms)
}

fn scale(value: i64) -> Option<i64> {
    match value {
        ..0 => None,
        0..100_000_000_000 => Some(value * 1_000),
        100_000_000_000..100_000_000_000_000 => Some(value),
        100_000_000_000_000..100_000_000_000_000_000 => Some(value / 1_000),
        _ => Some(value / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<i64> {
        read(Cell::Text(text))
    }

    #[test]
    fn every_form_of_one_moment_reads_alike() {
        let moment = 1_372_681_805_250;
        for form in [
            "2013-07-01T12:30:05.25Z",
            "2013-07-01T12:30:05.250Z",
            "2013-07-01T12:30:05.250999Z",
            "2013-07-01T12:30:05.250",
            "2013-07-01 12:30:05.25",
            "2013-07-01T14:30:05.250+02:00",
            "2013-07-01T14:30:05.250+0200",
            "2013-07-01 07:30:05.250-05:00",
            "2013-07-01 12:30:05.250 UTC",
            "2013-07-01t12:30:05.250z",
            " 2013-07-01T12:30:05.250Z ",
            "1372681805.25",
            "1372681805250",
            "1372681805250000",
            "1372681805250000000",
        ] {
            assert_eq!(text(form), Some(moment), "{form}");
        }
        assert_eq!(read(Cell::Int(1_372_681_805_250_000)), Some(moment));
        assert_eq!(read(Cell::Number { text: "1372681805.25", value: 1_372_681_805.25 }), Some(moment));
        assert_eq!(text("2013-07-01"), Some(1_372_636_800_000));
        assert_eq!(text("2013-07-01T12:30"), Some(1_372_681_800_000));
    }

    #[test]
    fn what_is_no_time_between_1970_and_2199_is_none() {
        for form in [
            "",
            "now",
            "2013-02-29T00:00:00Z",
            "2013-13-01T00:00:00Z",
            "2013-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "-1",
            "1e9x",
        ] {
            assert_eq!(text(form), None, "{form}");
        }
        assert_eq!(read(Cell::Number { text: "7258118400", value: 7_258_118_400.0 }), None);
        assert_eq!(read(Cell::Number { text: "1e400", value: f64::INFINITY }), None);
        assert_eq!(read(Cell::Bool(true)), None);
        assert_eq!(text("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(text("2199-12-31T23:59:59.999Z"), Some(END_MS - 1));
    }

    #[test]
    fn the_fast_path_agrees_with_the_library_on_every_day() {
        let mut day = NaiveDate::from_ymd_opt(1970, 1, 1);
        let mut days = 0;
        while let Some(date) = day.filter(|date| date < &NaiveDate::from_ymd_opt(2200, 1, 1).unwrap_or_default()) {
            assert_eq!(fixed(format!("{date}T00:00:00Z").as_bytes()), Some(days * 86_400_000), "{date}");
            days += 1;
            day = date.succ_opt();
        }
        assert_eq!(days * 86_400_000, END_MS);
    }

    #[test]
    fn an_hour_begins_on_the_hour() {
        assert_eq!(hour(1_372_681_805_250), 1_372_680_000_000);
        assert_eq!(hour(0), 0);
    }
}
