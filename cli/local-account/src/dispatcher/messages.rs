//! Messages of one queue: sent, received, shown again and deleted.

use aws_sdk_sqs::types::MessageSystemAttributeName;
use tidegate_runtime::MAX_BATCH_RECORDS;

use super::Dispatcher;
use crate::LocalAccountError;
use crate::account::Queue;
use crate::events::Message;

impl Dispatcher {
    pub(crate) async fn send(&self, queue: &Queue, body: &str) -> Result<(), LocalAccountError> {
        let sent = self.sqs.send_message().queue_url(&queue.url).message_body(body).send().await;
        sent.map_err(LocalAccountError::service("send a message"))?;
        Ok(())
    }

    pub(super) async fn receive(&self, url: &str) -> Result<Vec<Message>, LocalAccountError> {
        let reply = self
            .sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(i32::try_from(MAX_BATCH_RECORDS).unwrap_or(i32::MAX))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(LocalAccountError::service("receive messages"))?;
        let messages = reply.messages.unwrap_or_default().into_iter().map(|message| {
            let receives = message.attributes.as_ref().and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount));
            Message {
                receives: receives.cloned().unwrap_or_else(|| "1".to_owned()),
                id: message.message_id.unwrap_or_default(),
                receipt: message.receipt_handle.unwrap_or_default(),
                body: message.body.unwrap_or_default(),
            }
        });
        Ok(messages.collect())
    }

    pub(super) async fn show_again(&self, url: &str, receipt: &str) -> Result<(), LocalAccountError> {
        let shown = self.sqs.change_message_visibility().queue_url(url).receipt_handle(receipt).visibility_timeout(0).send().await;
        shown.map_err(LocalAccountError::service("show a failed message again"))?;
        Ok(())
    }

    pub(super) async fn delete(&self, url: &str, receipt: &str) -> Result<(), LocalAccountError> {
        let deleted = self.sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await;
        deleted.map_err(LocalAccountError::service("delete a message"))?;
        Ok(())
    }
}
