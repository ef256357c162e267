//! One window of one model: what a message of the queue names.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_contract::WindowLength;
use tidegate_lake::{HOUR_MS, hour_start, parse_time, rfc3339};
use tidegate_monitoring::Window;

use crate::DriftError;

/// One window of one model. As JSON: `{"model":"flight-delay","window":"1d","end":"2013-07-02T00:00:00Z"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The model.
    pub model: String,
    /// The window's length.
    pub length: WindowLength,
    /// Its end, milliseconds since 1970: a whole hour (UTC).
    pub end_ms: i64,
}

/// As it stands in a message.
#[derive(Serialize, Deserialize)]
struct Message {
    model: String,
    window: WindowLength,
    end: String,
}

impl Job {
    /// Reads a message.
    ///
    /// # Errors
    /// [`DriftError::Message`] if it names no window.
    pub fn parse(body: &str) -> Result<Self, DriftError> {
        let wrong = |says: String, source| DriftError::Message { says, source };
        let expected = r#"expected {"model":…,"window":"1d","end":"2013-07-02T00:00:00Z"}"#;
        let Message { model, window, end } = serde_json::from_str(body).map_err(|source| wrong(expected.to_owned(), Some(source)))?;
        match parse_time(&end) {
            Some(end_ms) if hour_start(end_ms) == end_ms => Ok(Self { model, length: window, end_ms }),
            _ => Err(wrong(format!("found end \"{end}\", expected a whole hour such as 2013-07-02T00:00:00Z"), None)),
        }
    }

    /// The message that names this window.
    ///
    /// # Errors
    /// [`DriftError::Message`] never, as a window holds nothing that JSON cannot.
    pub fn to_message(&self) -> Result<String, DriftError> {
        let message = Message { model: self.model.clone(), window: self.length, end: rfc3339(self.end_ms) };
        serde_json::to_string(&message).map_err(|source| DriftError::Message { says: self.to_string(), source: Some(source) })
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn length_ms(&self) -> i64 {
        i64::from(self.length.as_hours()) * HOUR_MS
    }

    /// The span of time that it covers.
    #[must_use]
    pub fn window(&self) -> Window {
        Window { start_ms: self.end_ms.saturating_sub(self.length_ms()), end_ms: self.end_ms }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the {} of {} that ended at {}", self.length, self.model, rfc3339(self.end_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_of_the_example_name_their_windows() {
        let text = std::fs::read_to_string(format!("{}/../../events/sqs-drift-batch.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let batch: aws_lambda_events::sqs::SqsEvent = serde_json::from_str(&text).unwrap();
        let jobs: Vec<Job> = batch.records.iter().map(|record| Job::parse(record.body.as_deref().unwrap()).unwrap()).collect();
        let job = jobs.first().unwrap();
        assert_eq!((job.model.as_str(), job.length.as_hours(), rfc3339(job.end_ms).as_str()), ("flight-delay", 24, "2013-07-02T00:00:00Z"));
        assert_eq!(job.to_message().unwrap(), batch.records.first().unwrap().body.clone().unwrap());
        assert_eq!(job.to_string(), "the 1d of flight-delay that ended at 2013-07-02T00:00:00Z");
    }

    #[test]
    fn a_message_without_a_whole_hour_is_poison() {
        for body in [
            "",
            "{}",
            r#"{"model":"m","window":"1w","end":"2013-07-02T00:00:00Z"}"#,
            r#"{"model":"m","window":"1d","end":"2013-07-02T00:30:00Z"}"#,
            r#"{"model":"m","window":"1d","end":"soon"}"#,
        ] {
            assert!(matches!(Job::parse(body), Err(DriftError::Message { .. })), "{body}");
        }
    }
}
