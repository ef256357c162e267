//! The table's stream, from which `notify` is told what changed.

use std::collections::BTreeSet;

use tidegate_notify::{NotifyAnswer, NotifyEvent};
use tidegate_runtime::Deadline;

use super::Delivered;
use crate::LocalAccountError;
use crate::account::LocalAccount;

impl LocalAccount {
    /// Hands the next batch of the table's stream to `notify`; `None` when there is nothing new. As Lambda does it, the stream goes on after
    /// the batch, or comes again from the first record that failed.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the stream cannot be read.
    pub async fn run_notify_once(&self) -> Result<Option<Delivered>, LocalAccountError> {
        let Some(batch) = self.dispatcher.services.next_batch()? else { return Ok(None) };
        let event: NotifyEvent = serde_json::from_value(batch.event).map_err(LocalAccountError::service("read its own stream"))?;
        let answer = Box::pin(self.dispatcher.functions.notify().handle(event, Deadline::never())).await;
        let is_crashed = self.dispatcher.replace_crashed();
        let failed: BTreeSet<String> = match answer {
            Ok(NotifyAnswer::Told(answer)) if !is_crashed => {
                answer.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier).collect()
            }
            _ => batch.numbers.iter().cloned().collect(),
        };
        for number in batch.numbers.iter().take_while(|number| !failed.contains(*number)) {
            self.dispatcher.services.pass(number);
        }
        Ok(Some(Delivered { messages: batch.numbers.len(), failed: failed.len() }))
    }

    /// Hands a batch of a stream to `notify`, as it is: which records, by their sequence numbers, it reports as failed.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if it is no such batch.
    pub async fn hand_to_notify(&self, batch: serde_json::Value) -> Result<Vec<String>, LocalAccountError> {
        let event: NotifyEvent = serde_json::from_value(batch).map_err(LocalAccountError::service("read a batch of a stream"))?;
        match self.dispatcher.functions.notify().handle(event, Deadline::never()).await {
            Ok(NotifyAnswer::Told(told)) => Ok(told.batch_item_failures.into_iter().filter_map(|failed| failed.item_identifier).collect()),
            Ok(_) => Err(LocalAccountError::service("tell of a batch")(std::io::Error::other("it answered something else"))),
            Err(error) => Err(LocalAccountError::service("tell of a batch")(error)),
        }
    }

    /// Passes over the record of the stream that keeps failing, as Lambda does after its last attempt.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the stream cannot be read.
    pub fn skip_stream_record(&self) -> Result<(), LocalAccountError> {
        if let Some(number) = self.dispatcher.services.next_batch()?.and_then(|batch| batch.numbers.into_iter().next()) {
            self.dispatcher.services.pass(&number);
        }
        Ok(())
    }
}
