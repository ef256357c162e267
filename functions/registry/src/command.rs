//! One command, as a message of the queue brings it, and who asks for it.

use aws_lambda_events::sqs::SqsMessage;
use serde::{Deserialize, Serialize};
use tidegate_registry::{Command, Order};

use crate::RegistryFunctionError;

/// What can be asked for by message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// Make an approved version champion.
    Promote,
    /// Take the champion back.
    RollBack,
    /// Withdraw a version.
    Retire,
}

/// A message: `{"command":"roll-back","model":"flight-delay","version":3,"reason":"…","by":"ops@example.com"}`.
///
/// It names the version, so that a message that comes twice cannot go back by two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandMessage {
    /// What is asked for.
    pub command: Asked,
    /// The model.
    pub model: String,
    /// The version's number.
    pub version: u32,
    /// Why; not needed for a promotion.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who asks, as they call themselves. The queue says who sent the message in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A command with who asked for it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) message: CommandMessage,
    pub(crate) order: Order,
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
        let expected = r#"expected {"command":"promote, roll-back or retire","model":…,"version":…,"reason":…}"#;
        let body = message.body.as_deref().unwrap_or_default();
        let read: CommandMessage = serde_json::from_str(body).map_err(|source| wrong(expected, Some(source)))?;
        let attribute = |name: &str| message.attributes.get(name).map(String::as_str);
        let sender = attribute("SenderId").ok_or_else(|| wrong("expected the attribute SenderId of the queue", None))?;
        let sent_ms = attribute("SentTimestamp").and_then(|sent| sent.parse().ok());
        let sent_ms = sent_ms.ok_or_else(|| wrong("expected the attribute SentTimestamp of the queue", None))?;
        // What a person calls themselves is told; who it really was, the account knows.
        let by = match read.by.as_deref().map(str::trim).filter(|by| !by.is_empty()) {
            Some(by) => format!("{by} (sent by {sender})"),
            None => sender.to_owned(),
        };
        let reason = read.reason.clone();
        let command = match read.command {
            Asked::Promote => Command::Promote,
            Asked::RollBack => Command::RollBack { reason },
            Asked::Retire => Command::Retire { reason },
        };
        Ok(Self { message: read, order: Order { by, command }, sent_ms })
    }
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
        assert_eq!(first.order.by, "ops@example.com (sent by AROAEXAMPLEOPERATORS:grace@example.com)");
        assert_eq!(first.order.command, Command::RollBack { reason: "ROC AUC fell to 0.61 after the promotion".to_owned() });
        assert_eq!((first.message.model.as_str(), first.message.version, first.sent_ms), ("flight-delay", 3, 1_372_723_502_201));
        assert!(matches!(read[1].as_ref().unwrap().order.command, Command::Retire { .. }));
        let poison = read[2].as_ref().unwrap_err().to_string();
        assert!(poison.starts_with("found a message that names no command: expected {\"command\":"), "{poison}");
    }
}
