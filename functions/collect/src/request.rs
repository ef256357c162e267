//! What the queue brings beside news of objects: the wish that a window of collected records becomes a dataset version.

use serde::{Deserialize, Serialize};
use tidegate_lake::{DatasetWindow, hour_start, parse_time, rfc3339};

use crate::CollectError;

/// A window of collected records that is to be published: `{"publish":{"model":"flight-delay","from":"2013-07-01T00:00:00Z","to":"2013-08-01T00:00:00Z"}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRequest {
    /// The model.
    pub model: String,
    /// Start, milliseconds since 1970: a whole hour.
    pub from_ms: i64,
    /// End, which is not in it: a whole hour.
    pub to_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Message {
    publish: Asked,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    model: String,
    from: String,
    to: String,
}

impl PublishRequest {
    /// Reads a message; `None` if it is none that asks for a window.
    ///
    /// # Errors
    /// [`CollectError::Request`] if it asks for something that is no window.
    pub(crate) fn read(body: &str) -> Option<Result<Self, CollectError>> {
        let value: serde_json::Value = serde_json::from_str(body).ok()?;
        value.get("publish")?;
        let wrong = |says: String, source| CollectError::Request { says, source };
        let expected = r#"expected {"publish":{"model":…,"from":"2013-07-01T00:00:00Z","to":"2013-08-01T00:00:00Z"}}"#;
        let asked = serde_json::from_value(value).map_err(|source| wrong(expected.to_owned(), Some(source)));
        Some(asked.and_then(|Message { publish }| {
            let hour = |name: &str, text: &str| {
                let expected = || wrong(format!("found {name} \"{text}\", expected a whole hour such as 2013-07-01T00:00:00Z"), None);
                parse_time(text).filter(|ms| hour_start(*ms) == *ms).ok_or_else(expected)
            };
            let (from_ms, to_ms) = (hour("from", &publish.from)?, hour("to", &publish.to)?);
            if from_ms >= to_ms {
                return Err(wrong(
                    format!("found a window from {} to {}, expected it to end after it begins", publish.from, publish.to),
                    None,
                ));
            }
            Ok(Self { model: publish.model, from_ms, to_ms })
        }))
    }

    /// The message that asks for it.
    ///
    /// # Errors
    /// [`serde_json::Error`] never, as a window holds nothing that JSON cannot.
    pub fn to_message(&self) -> Result<String, serde_json::Error> {
        let DatasetWindow { from, to } = self.window();
        serde_json::to_string(&Message { publish: Asked { model: self.model.clone(), from, to } })
    }

    pub(crate) fn window(&self) -> DatasetWindow {
        DatasetWindow { from: rfc3339(self.from_ms), to: rfc3339(self.to_ms) }
    }

    /// What the window is called: `2013-07-01_2013-08-01`, with the hours where it does not begin and end at midnight.
    #[must_use]
    pub fn name(&self) -> String {
        let shown = |time: String| match time.strip_suffix("T00:00:00Z") {
            Some(day) => day.to_owned(),
            None => time.strip_suffix(":00:00Z").unwrap_or(&time).to_owned(),
        };
        format!("{}_{}", shown(rfc3339(self.from_ms)), shown(rfc3339(self.to_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_the_example_asks_for_july() {
        let text = std::fs::read_to_string(format!("{}/../../events/publish-window.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let request = PublishRequest::read(&text).unwrap().unwrap();
        assert_eq!((request.model.as_str(), request.name().as_str()), ("flight-delay", "2013-07-01_2013-08-01"));
        let message: serde_json::Value = serde_json::from_str(&request.to_message().unwrap()).unwrap();
        assert_eq!(message, serde_json::from_str::<serde_json::Value>(&text).unwrap());
        let until_six = PublishRequest { to_ms: request.from_ms + 6 * tidegate_lake::HOUR_MS, ..request };
        assert_eq!(until_six.name(), "2013-07-01_2013-07-01T06");
    }

    #[test]
    fn other_messages_are_none_of_its_own_and_bad_windows_are_poison() {
        for body in ["", "{", r#"{"Records":[]}"#, r#"{"Event":"s3:TestEvent"}"#] {
            assert!(PublishRequest::read(body).is_none(), "{body}");
        }
        for window in [
            r#"{"model":"m","from":"2013-07-01T00:00:00Z"}"#,
            r#"{"model":"m","from":"2013-07-01T00:30:00Z","to":"2013-08-01T00:00:00Z"}"#,
            r#"{"model":"m","from":"2013-08-01T00:00:00Z","to":"2013-08-01T00:00:00Z"}"#,
            r#"{"model":"m","from":"July","to":"2013-08-01T00:00:00Z"}"#,
            r#"{"model":"m","from":"2013-07-01T00:00:00Z","to":"2013-08-01T00:00:00Z","by":"me"}"#,
        ] {
            let read = PublishRequest::read(&format!(r#"{{"publish":{window}}}"#)).unwrap();
            assert!(matches!(read, Err(CollectError::Request { .. })), "{window}");
        }
    }
}
