//! Messages that failed too often: looked at, and moved back.

use crate::LocalAccountError;
use crate::account::{LocalAccount, Queue};

impl LocalAccount {
    /// Bodies of the messages in a dead-letter queue, which keeps them.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue fails.
    pub async fn dead_letters(&self, queue: &Queue) -> Result<Vec<String>, LocalAccountError> {
        let mut bodies = Vec::new();
        let mut receipts = Vec::new();
        loop {
            let messages = self.dispatcher.receive(&queue.dead_letters).await?;
            if messages.is_empty() {
                break;
            }
            for message in messages {
                bodies.push(message.body);
                receipts.push(message.receipt);
            }
        }
        for receipt in receipts {
            self.dispatcher.show_again(&queue.dead_letters, &receipt).await?;
        }
        Ok(bodies)
    }

    /// Moves every dead letter back into its queue, as an operator does after the fix.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if a queue fails.
    pub async fn redrive(&self, queue: &Queue) -> Result<usize, LocalAccountError> {
        let mut moved = 0;
        loop {
            let messages = self.dispatcher.receive(&queue.dead_letters).await?;
            if messages.is_empty() {
                return Ok(moved);
            }
            for message in messages {
                self.dispatcher.send(queue, &message.body).await?;
                self.dispatcher.delete(&queue.dead_letters, &message.receipt).await?;
                moved += 1;
            }
        }
    }
}
