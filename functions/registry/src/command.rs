//! One command, as a message of the queue brings it, and who asks for it.

use aws_lambda_events::sqs::SqsMessage;
use serde::{Deserialize, Serialize};
use tidegate_monitoring::{ActionKind, CauseKind, DatasetSource};

use crate::RegistryFunctionError;

/// A message: `{"command":"roll-back","model":"flight-delay","version":3,"reason":"…","by":"ops@example.com"}`.
///
/// Whatever changes a version names it, so that a message that comes twice cannot go back by two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum CommandMessage {
    /// Make an approved version champion.
    Promote {
        /// The model.
        model: String,
        /// The version's number.
        version: u32,
        /// Who asks, as they call themselves. The queue says who sent the message in any case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Take the champion back.
    RollBack {
        /// The model.
        model: String,
        /// The version's number.
        version: u32,
        /// Why.
        reason: String,
        /// Who asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Withdraw a version.
    Retire {
        /// The model.
        model: String,
        /// The version's number.
        version: u32,
        /// Why.
        reason: String,
        /// Who asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Ask for retraining, by hand.
    Retrain {
        /// The model.
        model: String,
        /// Why.
        reason: String,
        /// From when on records are to be trained on, RFC 3339, a midnight. Default: as many days back as the contract says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Up to when. Default: the last midnight before the message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Who asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Keep a dataset version; `collect` sends it.
    RecordDataset {
        /// The model.
        model: String,
        /// The version: SHA-256 of its manifest.
        dataset: String,
        /// Where it comes from.
        source: DatasetSource,
        /// What it is called.
        name: String,
        /// Its number of records.
        records: u64,
        /// Whether its checks passed.
        passed: bool,
        /// What they found, in one sentence.
        says: String,
    },
    /// There was no record to publish as a dataset version; `collect` sends it.
    RecordNoData {
        /// The model.
        model: String,
        /// What the version would be called.
        name: String,
    },
    /// Do what the contract's policies say about a window that was judged; `notify` sends it.
    ActOnWindow {
        /// `window` (drift) or `performance` (quality).
        kind: String,
        /// The model.
        model: String,
        /// The window's length, as a contract writes it.
        length: String,
        /// Its end, RFC 3339.
        end: String,
        /// What was found.
        cause: CauseKind,
        /// What to do.
        action: ActionKind,
        /// The verdict in one sentence.
        headline: String,
        /// Key of the report in the lake.
        report: String,
        /// SHA-256 of the verdict.
        digest: String,
    },
}

impl CommandMessage {
    /// The model that it is about.
    #[must_use]
    pub fn model(&self) -> &str {
        match self {
            Self::Promote { model, .. }
            | Self::RollBack { model, .. }
            | Self::Retire { model, .. }
            | Self::Retrain { model, .. }
            | Self::RecordDataset { model, .. }
            | Self::RecordNoData { model, .. }
            | Self::ActOnWindow { model, .. } => model,
        }
    }

    fn by(&self) -> Option<&str> {
        match self {
            Self::Promote { by, .. } | Self::RollBack { by, .. } | Self::Retire { by, .. } | Self::Retrain { by, .. } => by.as_deref(),
            Self::RecordDataset { .. } | Self::RecordNoData { .. } => Some("function:collect"),
            Self::ActOnWindow { .. } => Some("function:notify"),
        }
    }
}

/// A command with who asked for it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) message: CommandMessage,
    /// Who asks: as they call themselves, and as the account knows the sender.
    pub(crate) by: String,
    /// When the message was sent, milliseconds since 1970: the same however often it is delivered.
    pub(crate) sent_ms: i64,
}

impl Received {
    /// Reads a message.
    ///
    /// # Errors
    /// [`RegistryFunctionError::Message`] if it names no command, or the queue does not say who sent it and when.
    pub(crate) fn read(message: &SqsMessage) -> Result<Self, RegistryFunctionError> {
        let wrong = |says: &str, source| RegistryFunctionError::Message { says: says.to_owned(), source };
        let expected = r#"expected {"command":"promote, roll-back, retire or retrain","model":…,"version":…,"reason":…}"#;
        let body = message.body.as_deref().unwrap_or_default();
        let read: CommandMessage = serde_json::from_str(body).map_err(|source| wrong(expected, Some(source)))?;
        let attribute = |name: &str| message.attributes.get(name).map(String::as_str);
        let sender = attribute("SenderId").ok_or_else(|| wrong("expected the attribute SenderId of the queue", None))?;
        let sent_ms = sent_ms(message)?;
        // What a person calls themselves is told; who it really was, the account knows.
        let by = match read.by().map(str::trim).filter(|by| !by.is_empty()) {
            Some(by) => format!("{by} (sent by {sender})"),
            None => sender.to_owned(),
        };
        Ok(Self { message: read, by, sent_ms })
    }
}

/// When a message was sent, milliseconds since 1970.
///
/// # Errors
/// [`RegistryFunctionError::Message`] if the queue does not say so.
pub(crate) fn sent_ms(message: &SqsMessage) -> Result<i64, RegistryFunctionError> {
    let sent_ms = message.attributes.get("SentTimestamp").and_then(|sent| sent.parse().ok());
    let says = || "expected the attribute SentTimestamp of the queue".to_owned();
    sent_ms.ok_or_else(|| RegistryFunctionError::Message { says: says(), source: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_of_the_example_are_commands() {
        let text = std::fs::read_to_string(format!("{}/../../events/sqs-registry-batch.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let batch: aws_lambda_events::sqs::SqsEvent = serde_json::from_str(&text).unwrap();
        let read: Vec<_> = batch.records.iter().map(Received::read).collect();
        let first = read[0].as_ref().unwrap();
        assert_eq!(first.by, "ops@example.com (sent by AROAEXAMPLEOPERATORS:grace@example.com)");
        assert_eq!(first.sent_ms, 1_372_723_502_201);
        let reason = "ROC AUC fell to 0.61 after the promotion".to_owned();
        let by = Some("ops@example.com".to_owned());
        assert_eq!(first.message, CommandMessage::RollBack { model: "flight-delay".to_owned(), version: 3, reason, by });
        assert!(matches!(read[1].as_ref().unwrap().message, CommandMessage::Retire { .. }));
        let poison = read[2].as_ref().unwrap_err().to_string();
        assert!(poison.starts_with("found a message that names no command: expected {\"command\":"), "{poison}");
        assert!(matches!(read[3].as_ref().unwrap().message, CommandMessage::RecordDataset { passed: true, .. }));
        assert!(matches!(read[4].as_ref().unwrap().message, CommandMessage::ActOnWindow { action: ActionKind::Retrain, .. }));
    }
}
