//! A judged window as an item of the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_contract::WindowLength;
use tidegate_monitoring::{ActionKind, CauseKind, State};

use crate::RegistryError;

/// Which window: one model, one length, one end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowKey {
    /// The model.
    pub model: String,
    /// The window's length.
    pub length: WindowLength,
    /// The window's end, milliseconds since 1970, a whole hour.
    pub end_ms: i64,
}

/// What is known of a judged window.
///
/// Attribute names are none of `DynamoDB`'s reserved words, so that they may stand in an expression as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRecord {
    /// Which window.
    pub key: WindowKey,
    /// What the verdict comes to (`verdict_state`).
    pub state: State,
    /// The verdict in one sentence (`headline`).
    pub headline: String,
    /// Why (`verdict_cause`).
    pub cause: CauseKind,
    /// What to do (`verdict_action`).
    pub action: ActionKind,
    /// Records judged (`record_count`).
    pub records: u64,
    /// Fields in state `drift` that are not muted (`drifted_fields`).
    pub drifted_fields: u64,
    /// Lines that were put aside (`quarantined_lines`).
    pub quarantined_lines: u64,
    /// Digest of everything that the verdict was computed from (`inputs_digest`).
    pub inputs: String,
    /// Key of `verdict.json` in the lake (`report_key`).
    pub report_key: String,
    /// SHA-256 of `verdict.json`, hex (`verdict_digest`): what was said, however often it was written.
    pub verdict_digest: String,
    /// Entity tag of `verdict.json` (`verdict_etag`).
    pub verdict_etag: String,
    /// Entity tag of `index.html` (`page_etag`).
    pub page_etag: String,
    /// How often this record was written (`revision`); 1 the first time.
    pub revision: u64,
}

impl WindowKey {
    /// `MODEL#flight-delay`.
    #[must_use]
    pub fn pk(&self) -> String {
        format!("MODEL#{}", self.model)
    }

    /// `WINDOW#1d#2013-07-02T00:00:00Z`.
    #[must_use]
    pub fn sk(&self) -> String {
        format!("WINDOW#{}#{}", self.length, rfc3339(self.end_ms))
    }

    /// Both keys, for people.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.pk(), self.sk())
    }
}

impl WindowRecord {
    pub(crate) fn to_item(&self) -> HashMap<String, AttributeValue> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: u64| AttributeValue::N(number.to_string());
        let attributes = [
            ("pk", text(&self.key.pk())),
            ("sk", text(&self.key.sk())),
            ("item_kind", text("window")),
            ("model_name", text(&self.key.model)),
            ("window_length", text(&self.key.length.to_string())),
            ("window_end", text(&rfc3339(self.key.end_ms))),
            ("verdict_state", text(&name_of(self.state))),
            ("verdict_cause", text(&name_of(self.cause))),
            ("verdict_action", text(&name_of(self.action))),
            ("headline", text(&self.headline)),
            ("record_count", number(self.records)),
            ("drifted_fields", number(self.drifted_fields)),
            ("quarantined_lines", number(self.quarantined_lines)),
            ("inputs_digest", text(&self.inputs)),
            ("report_key", text(&self.report_key)),
            ("verdict_digest", text(&self.verdict_digest)),
            ("verdict_etag", text(&self.verdict_etag)),
            ("page_etag", text(&self.page_etag)),
            ("revision", number(self.revision)),
        ];
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(crate) fn from_item(key: &WindowKey, item: &HashMap<String, AttributeValue>) -> Result<Self, RegistryError> {
        let wrong = |attribute: &'static str, expected: &'static str| RegistryError::Item {
            item: key.name(),
            attribute,
            found: item.get(attribute).map_or_else(|| "none".to_owned(), |value| format!("{value:?}")),
            expected,
        };
        let text = |name: &'static str| item.get(name).and_then(|value| value.as_s().ok()).cloned().ok_or_else(|| wrong(name, "a string"));
        let number = |name: &'static str| {
            let number = item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
            number.ok_or_else(|| wrong(name, "a whole number"))
        };
        let state = named(text("verdict_state")?).ok_or_else(|| wrong("verdict_state", "a state"))?;
        let cause = named(text("verdict_cause")?).ok_or_else(|| wrong("verdict_cause", "a cause"))?;
        let action = named(text("verdict_action")?).ok_or_else(|| wrong("verdict_action", "an action"))?;
        Ok(Self {
            key: key.clone(),
            state,
            cause,
            action,
            headline: text("headline")?,
            records: number("record_count")?,
            drifted_fields: number("drifted_fields")?,
            quarantined_lines: number("quarantined_lines")?,
            inputs: text("inputs_digest")?,
            report_key: text("report_key")?,
            verdict_digest: text("verdict_digest")?,
            verdict_etag: text("verdict_etag")?,
            page_etag: text("page_etag")?,
            revision: number("revision")?,
        })
    }
}

/// As the verdict writes it: `insufficient-data`.
pub(crate) fn name_of(named: impl Serialize) -> String {
    serde_json::to_value(named).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What [`name_of`] wrote.
pub(crate) fn named<T: DeserializeOwned>(name: String) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

pub(crate) fn rfc3339(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> WindowRecord {
        WindowRecord {
            key: WindowKey { model: "flight-delay".to_owned(), length: WindowLength::hours(24), end_ms: 1_372_723_200_000 },
            state: State::InsufficientData,
            cause: CauseKind::None,
            action: ActionKind::Supply,
            headline: "too few".to_owned(),
            records: 12,
            drifted_fields: 0,
            quarantined_lines: 3,
            inputs: "ab".to_owned(),
            report_key: "reports/verdict.json".to_owned(),
            verdict_digest: "cd".to_owned(),
            verdict_etag: "\"1\"".to_owned(),
            page_etag: "\"2\"".to_owned(),
            revision: 4,
        }
    }

    #[test]
    fn a_record_comes_back_from_its_item() {
        let record = record();
        let item = record.to_item();
        assert_eq!(item.get("pk").unwrap().as_s().unwrap(), "MODEL#flight-delay");
        assert_eq!(item.get("sk").unwrap().as_s().unwrap(), "WINDOW#1d#2013-07-02T00:00:00Z");
        assert_eq!(item.get("verdict_state").unwrap().as_s().unwrap(), "insufficient-data");
        assert_eq!(WindowRecord::from_item(&record.key, &item).unwrap(), record);
    }

    #[test]
    fn an_item_that_holds_something_else_is_named_with_its_attribute() {
        let record = record();
        let mut item = record.to_item();
        item.insert("revision".to_owned(), AttributeValue::S("four".to_owned()));
        let says = WindowRecord::from_item(&record.key, &item).unwrap_err().to_string();
        assert_eq!(
            says,
            "\"MODEL#flight-delay WINDOW#1d#2013-07-02T00:00:00Z\": found S(\"four\"), expected attribute \"revision\" as a whole number"
        );
    }
}
