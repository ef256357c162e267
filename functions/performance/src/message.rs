//! The queue's messages: each names one window of one model.

use serde::{Deserialize, Serialize};
use tidegate_contract::WindowLength;
use tidegate_lake::{HOUR_MS, hour_start, parse_time, rfc3339};
use tidegate_monitoring::Window;
use tidegate_registry::WindowKey;

use crate::PerformanceError;

/// As it stands in a message: `{"model":"flight-delay","window":"1d","end":"2013-07-02T00:00:00Z"}`.
#[derive(Serialize, Deserialize)]
struct Message {
    model: String,
    window: WindowLength,
    end: String,
}

/// Reads a message.
///
/// # Errors
/// [`PerformanceError::Message`] if it names no window.
pub(crate) fn parse(body: &str) -> Result<WindowKey, PerformanceError> {
    let wrong = |says: String, source| PerformanceError::Message { says, source };
    let expected = r#"expected {"model":…,"window":"1d","end":"2013-07-02T00:00:00Z"}"#;
    let Message { model, window, end } = serde_json::from_str(body).map_err(|source| wrong(expected.to_owned(), Some(source)))?;
    match parse_time(&end) {
        Some(end_ms) if hour_start(end_ms) == end_ms => Ok(WindowKey { model, length: window, end_ms }),
        _ => Err(wrong(format!("found end \"{end}\", expected a whole hour such as 2013-07-02T00:00:00Z"), None)),
    }
}

/// The message that names a window.
///
/// # Errors
/// [`PerformanceError::Message`] never, as a window holds nothing that JSON cannot.
pub(crate) fn of(key: &WindowKey) -> Result<String, PerformanceError> {
    let message = Message { model: key.model.clone(), window: key.length, end: rfc3339(key.end_ms) };
    serde_json::to_string(&message).map_err(|source| PerformanceError::Message { says: name(key), source: Some(source) })
}

/// The window, for people.
pub(crate) fn name(key: &WindowKey) -> String {
    format!("the quality of the {} of {} that ended at {}", key.length, key.model, rfc3339(key.end_ms))
}

/// The span of time that a window covers.
pub(crate) fn span(key: &WindowKey) -> Window {
    Window { start_ms: key.end_ms.saturating_sub(i64::from(key.length.as_hours()) * HOUR_MS), end_ms: key.end_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_of_the_example_name_their_windows() {
        let text = std::fs::read_to_string(format!("{}/../../events/sqs-performance-batch.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let batch: aws_lambda_events::sqs::SqsEvent = serde_json::from_str(&text).unwrap();
        let first = batch.records.first().and_then(|record| record.body.clone()).unwrap();
        let key = parse(&first).unwrap();
        assert_eq!((key.model.as_str(), key.length.as_hours(), rfc3339(key.end_ms).as_str()), ("flight-delay", 24, "2013-07-02T00:00:00Z"));
        assert_eq!(of(&key).unwrap(), first);
        assert_eq!(rfc3339(span(&key).start_ms), "2013-07-01T00:00:00Z");
    }

    #[test]
    fn a_message_without_a_whole_hour_is_poison() {
        for body in ["", "{}", r#"{"model":"m","window":"1d","end":"2013-07-02T00:30:00Z"}"#, r#"{"model":"m","window":"1d","end":"soon"}"#]
        {
            assert!(matches!(parse(body), Err(PerformanceError::Message { .. })), "{body}");
        }
    }
}
