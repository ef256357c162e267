//! A window's judged quality as an item of the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tidegate_monitoring::{ActionKind, CauseKind, State};

use crate::window::{name_of, named, rfc3339};
use crate::{RegistryError, WindowKey};

/// What is known of a window's judged quality. It lies beside the window's drift, under attributes of the same names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerformanceRecord {
    /// Which window.
    pub key: WindowKey,
    /// What the judgement comes to (`verdict_state`).
    pub state: State,
    /// The judgement in one sentence (`headline`).
    pub headline: String,
    /// Why (`verdict_cause`).
    pub cause: CauseKind,
    /// What to do (`verdict_action`).
    pub action: ActionKind,
    /// Predictions that truth can name (`prediction_count`).
    pub predictions: u64,
    /// Those whose truth is in (`labelled_count`).
    pub labelled: u64,
    /// Digest of everything that the judgement was computed from (`inputs_digest`).
    pub inputs: String,
    /// Key of `performance.json` in the lake (`report_key`).
    pub report_key: String,
    /// SHA-256 of `performance.json`, hex (`verdict_digest`): what was said, however often it was written.
    pub verdict_digest: String,
    /// Entity tags of `measured.json`, `performance.json` and `index.html` (`measured_etag`, `verdict_etag`, `page_etag`).
    pub etags: [String; 3],
    /// How often this record was written (`revision`); 1 the first time.
    pub revision: u64,
}

/// Attributes of [`PerformanceRecord::etags`].
const ETAGS: [&str; 3] = ["measured_etag", "verdict_etag", "page_etag"];

impl PerformanceRecord {
    /// `PERFORMANCE#1d#2013-07-02T00:00:00Z`.
    #[must_use]
    pub fn sk(key: &WindowKey) -> String {
        key.sk().replacen("WINDOW#", "PERFORMANCE#", 1)
    }

    pub(crate) fn name(key: &WindowKey) -> String {
        format!("{} {}", key.pk(), Self::sk(key))
    }

    pub(crate) fn to_item(&self) -> HashMap<String, AttributeValue> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: u64| AttributeValue::N(number.to_string());
        let attributes = [
            ("pk", text(&self.key.pk())),
            ("sk", text(&Self::sk(&self.key))),
            ("item_kind", text("performance")),
            ("model_name", text(&self.key.model)),
            ("window_length", text(&self.key.length.to_string())),
            ("window_end", text(&rfc3339(self.key.end_ms))),
            ("verdict_state", text(&name_of(self.state))),
            ("headline", text(&self.headline)),
            ("verdict_cause", text(&name_of(self.cause))),
            ("verdict_action", text(&name_of(self.action))),
            ("prediction_count", number(self.predictions)),
            ("labelled_count", number(self.labelled)),
            ("inputs_digest", text(&self.inputs)),
            ("report_key", text(&self.report_key)),
            ("verdict_digest", text(&self.verdict_digest)),
            ("revision", number(self.revision)),
        ];
        let etags = ETAGS.iter().zip(&self.etags).map(|(name, etag)| (*name, text(etag)));
        attributes.into_iter().chain(etags).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(crate) fn from_item(key: &WindowKey, item: &HashMap<String, AttributeValue>) -> Result<Self, RegistryError> {
        let wrong = |attribute: &'static str, expected: &'static str| RegistryError::Item {
            item: Self::name(key),
            attribute,
            found: item.get(attribute).map_or_else(|| "none".to_owned(), |value| format!("{value:?}")),
            expected,
        };
        let text = |name: &'static str| item.get(name).and_then(|value| value.as_s().ok()).cloned().ok_or_else(|| wrong(name, "a string"));
        let number = |name: &'static str| {
            let number = item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
            number.ok_or_else(|| wrong(name, "a whole number"))
        };
        let [measured, performance, page] = ETAGS;
        Ok(Self {
            key: key.clone(),
            state: named(text("verdict_state")?).ok_or_else(|| wrong("verdict_state", "a state"))?,
            headline: text("headline")?,
            cause: named(text("verdict_cause")?).ok_or_else(|| wrong("verdict_cause", "a cause"))?,
            action: named(text("verdict_action")?).ok_or_else(|| wrong("verdict_action", "an action"))?,
            predictions: number("prediction_count")?,
            labelled: number("labelled_count")?,
            inputs: text("inputs_digest")?,
            report_key: text("report_key")?,
            verdict_digest: text("verdict_digest")?,
            etags: [text(measured)?, text(performance)?, text(page)?],
            revision: number("revision")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use tidegate_contract::WindowLength;

    use super::*;

    #[test]
    fn a_record_comes_back_from_its_item() {
        let key = WindowKey { model: "flight-delay".to_owned(), length: WindowLength::hours(24), end_ms: 1_372_723_200_000 };
        let record = PerformanceRecord {
            key: key.clone(),
            state: State::Drift,
            headline: "worse".to_owned(),
            cause: CauseKind::ModelFault,
            action: ActionKind::RollBack,
            predictions: 500,
            labelled: 480,
            inputs: "ab".to_owned(),
            report_key: "performance/performance.json".to_owned(),
            verdict_digest: "cd".to_owned(),
            etags: ["\"1\"", "\"2\"", "\"3\""].map(str::to_owned),
            revision: 4,
        };
        let item = record.to_item();
        let text = |name: &str| item.get(name).unwrap().as_s().unwrap().as_str();
        assert_eq!((text("pk"), text("sk")), ("MODEL#flight-delay", "PERFORMANCE#1d#2013-07-02T00:00:00Z"));
        assert_eq!(
            (text("window_end"), text("verdict_cause"), text("verdict_action")),
            ("2013-07-02T00:00:00Z", "model-fault", "roll-back")
        );
        assert_eq!(PerformanceRecord::from_item(&key, &item).unwrap(), record);
    }
}
