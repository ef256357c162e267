//! Where news goes.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::Value;

use crate::NotifyError;
use crate::handler::Notifier;
use crate::message::Message;
use crate::news::EVENT_SOURCE;

impl Notifier {
    /// To everybody who listens.
    pub(crate) async fn alert(&self, message: &Message, thread: &str) -> Result<(), NotifyError> {
        self.publish(&self.settings.alert_topic, message, message.body(), None).await?;
        self.publish(&self.settings.chat_topic, message, message.card(thread).to_string(), None).await
    }

    /// To one person: the subscription of that address alone lets it through.
    pub(crate) async fn personal(&self, message: &Message, approver: &str) -> Result<(), NotifyError> {
        self.publish(&self.settings.decision_topic, message, message.body(), Some(approver)).await
    }

    async fn publish(&self, topic: &str, message: &Message, text: String, approver: Option<&str>) -> Result<(), NotifyError> {
        let mut call = self.sns.publish().topic_arn(topic).subject(message.subject()).message(text);
        let attributes = [
            ("model", Some(message.model.as_str())),
            ("kind", Some(message.kind)),
            ("severity", Some(message.severity.name())),
            ("stage", Some(self.settings.stage.name())),
            ("approver", approver),
        ];
        for (name, value) in attributes {
            let Some(value) = value else { continue };
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            call = call.message_attributes(name, value.map_err(|error| refused(topic, error))?);
        }
        call.send().await.map_err(NotifyError::channel(topic))?;
        Ok(())
    }

    /// To the account's bus. The time is that of the entry, so that a repeat is the same event.
    pub(crate) async fn event(&self, kind: &str, detail: &Value) -> Result<(), NotifyError> {
        let bus = &self.settings.event_bus;
        let at_s = detail.get("at_ms").and_then(Value::as_i64).unwrap_or_default().div_euclid(1_000);
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(EVENT_SOURCE)
            .detail_type(kind)
            .detail(detail.to_string())
            .time(aws_sdk_eventbridge::primitives::DateTime::from_secs(at_s))
            .build();
        let answer = self.events.put_events().entries(entry).send().await.map_err(NotifyError::channel(bus))?;
        // The call succeeds even when the bus takes none of the entries.
        match answer.entries().iter().find_map(|entry| Some((entry.error_code()?, entry.error_message().unwrap_or_default()))) {
            Some((code, says)) => Err(refused(bus, format!("{code}: {says}"))),
            None => Ok(()),
        }
    }

    /// To a queue of another function.
    pub(crate) async fn send(&self, queue: &str, body: &Value) -> Result<(), NotifyError> {
        self.sqs.send_message().queue_url(queue).message_body(body.to_string()).send().await.map_err(NotifyError::channel(queue))?;
        Ok(())
    }
}

fn refused(channel: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> NotifyError {
    NotifyError::Channel { channel: channel.to_owned(), retryable: true, source: source.into() }
}
