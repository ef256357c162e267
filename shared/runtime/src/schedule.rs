//! What a schedule sends.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

/// What a schedule sends: `{"schedule": "plan", "scheduled_time": "2013-07-02T00:05:00Z"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// What is asked for.
    pub schedule: String,
    /// For when it is asked, RFC 3339. It is the same when the schedule fires twice.
    pub scheduled_time: String,
}

/// A schedule's event that asks for something else, or for no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("schedule: found {found}, expected {expected}")]
pub struct WrongSchedule {
    /// What the event says.
    pub found: String,
    /// What it should say.
    pub expected: String,
}

impl Schedule {
    /// For when this is asked, milliseconds since 1970.
    ///
    /// # Errors
    /// [`WrongSchedule`] if something else is asked for, or for no time.
    pub fn time_of(&self, asked: &str) -> Result<i64, WrongSchedule> {
        let Self { schedule, scheduled_time } = self;
        if schedule != asked {
            return Err(WrongSchedule { found: format!("schedule \"{schedule}\""), expected: format!("\"{asked}\"") });
        }
        let wrong = || WrongSchedule {
            found: format!("scheduled_time \"{scheduled_time}\""),
            expected: "a time such as 2013-07-02T00:05:00Z".to_owned(),
        };
        DateTime::parse_from_rfc3339(scheduled_time.trim()).map(|time| time.timestamp_millis()).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schedule_and_no_time_are_told() {
        let of = |schedule: &str, time: &str| Schedule { schedule: schedule.to_owned(), scheduled_time: time.to_owned() }.time_of("plan");
        assert_eq!(of("plan", "2013-07-02T00:05:00Z"), Ok(1_372_723_500_000));
        assert_eq!(of("other", "2013-07-02T00:05:00Z").unwrap_err().to_string(), "schedule: found schedule \"other\", expected \"plan\"");
        assert_eq!(
            of("plan", "noon").unwrap_err().to_string(),
            "schedule: found scheduled_time \"noon\", expected a time such as 2013-07-02T00:05:00Z"
        );
    }
}
