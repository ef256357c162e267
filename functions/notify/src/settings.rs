//! What `notify` must be told: the only file that reads its environment.

use std::time::Duration;

use tidegate_registry::Stage;
use tidegate_runtime::{Variables, WrongSettings};

/// Settings of `notify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which of the accounts this is (`STAGE`: dev, test or prod).
    pub stage: Stage,
    /// The account's number (`ACCOUNT_ID`): it is part of what a decision's link is bound to.
    pub account: String,
    /// Bucket of contracts (`MODELS_BUCKET`).
    pub models_bucket: String,
    /// Bucket of reports, and of what serving reads (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// The registry's table (`REGISTRY_TABLE`).
    pub registry_table: String,
    /// Queue of the registry's commands (`REGISTRY_QUEUE_URL`).
    pub registry_queue: String,
    /// Queue of `collect` (`COLLECT_QUEUE_URL`): spans of records that are to become dataset versions.
    pub collect_queue: String,
    /// Topic of alerts, as mail (`ALERT_TOPIC_ARN`).
    pub alert_topic: String,
    /// Topic of alerts, as cards for Slack and Teams (`CHAT_TOPIC_ARN`).
    pub chat_topic: String,
    /// Topic of personal links; its subscriptions filter by `approver` (`DECISION_TOPIC_ARN`).
    pub decision_topic: String,
    /// The account's event bus (`EVENT_BUS`).
    pub event_bus: String,
    /// The key that makes links (`LINK_KEY`: its id, ARN or alias).
    pub link_key: String,
    /// The name of that key in links (`LINK_KEY_ID`): another key gets another name.
    pub link_key_id: String,
    /// Where links lead (`DECISION_URL`: `https://….execute-api.….amazonaws.com`).
    pub decision_url: String,
    /// Time that must be left to start a record (`NOTIFY_RESERVE_SECONDS`, 0 to 900, default 5).
    pub reserve: Duration,
}

impl Settings {
    /// Reads the settings through `lookup`, by the names above.
    ///
    /// # Errors
    /// [`WrongSettings`] naming every setting that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, WrongSettings> {
        let mut variables = Variables::new(&lookup);
        let settings = Self {
            stage: variables.parsed("STAGE", Stage::Prod),
            account: variables.text("ACCOUNT_ID"),
            models_bucket: variables.text("MODELS_BUCKET"),
            lake_bucket: variables.text("LAKE_BUCKET"),
            registry_table: variables.text("REGISTRY_TABLE"),
            registry_queue: variables.text("REGISTRY_QUEUE_URL"),
            collect_queue: variables.text("COLLECT_QUEUE_URL"),
            alert_topic: variables.text("ALERT_TOPIC_ARN"),
            chat_topic: variables.text("CHAT_TOPIC_ARN"),
            decision_topic: variables.text("DECISION_TOPIC_ARN"),
            event_bus: variables.text("EVENT_BUS"),
            link_key: variables.text("LINK_KEY"),
            link_key_id: variables.text("LINK_KEY_ID"),
            decision_url: variables.text("DECISION_URL").trim_end_matches('/').to_owned(),
            reserve: Duration::from_secs(variables.number("NOTIFY_RESERVE_SECONDS", 5, 0..=900)),
        };
        variables.finish()?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_name_is_reported() {
        let missing = Settings::from_lookup(|_| None).unwrap_err();
        assert_eq!(missing.problems.len(), 14);
        let settings = Settings::from_lookup(|name| Some(if name == "STAGE" { "test" } else { "7" }.to_owned())).unwrap();
        assert_eq!((settings.stage, settings.reserve.as_secs(), settings.decision_url.as_str()), (Stage::Test, 7, "7"));
    }
}
