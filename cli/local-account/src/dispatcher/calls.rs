//! What a test or the demo may ask for: messages put into queues, batches handed to functions, or everything until nothing moves.

use super::{Delivered, Function};
use crate::LocalAccountError;
use crate::account::LocalAccount;

impl LocalAccount {
    /// Puts a message into the queue of `collect`.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue refuses it.
    pub async fn send_to_collect(&self, body: &str) -> Result<(), LocalAccountError> {
        self.dispatcher.send(&self.dispatcher.collect, body).await
    }

    /// Hands one batch of at most ten messages to `collect`; `None` when its queue is empty.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue itself fails.
    pub async fn run_collect_once(&self) -> Result<Option<Delivered>, LocalAccountError> {
        Box::pin(self.dispatcher.deliver(&Function::Collect)).await
    }

    /// Hands one batch of at most ten messages to `drift`; `None` when its queue is empty.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue itself fails.
    pub async fn run_drift_once(&self) -> Result<Option<Delivered>, LocalAccountError> {
        Box::pin(self.dispatcher.deliver(&Function::Drift)).await
    }

    /// Puts a message into the queue of `performance`.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue refuses it.
    pub async fn send_to_performance(&self, body: &str) -> Result<(), LocalAccountError> {
        self.dispatcher.send(&self.dispatcher.performance, body).await
    }

    /// Hands one batch of at most ten messages to `performance`; `None` when its queue is empty.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue itself fails.
    pub async fn run_performance_once(&self) -> Result<Option<Delivered>, LocalAccountError> {
        Box::pin(self.dispatcher.deliver(&Function::Performance)).await
    }

    /// Puts a message into the queue of `validate`.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue refuses it.
    pub async fn send_to_validate(&self, body: &str) -> Result<(), LocalAccountError> {
        self.dispatcher.send(&self.dispatcher.validate, body).await
    }

    /// Hands one batch of messages to `validate`; `None` when its queue is empty.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue itself fails.
    pub async fn run_validate_once(&self) -> Result<Option<Delivered>, LocalAccountError> {
        Box::pin(self.dispatcher.deliver(&Function::Validate)).await
    }

    /// Puts a command into the queue of `registry`.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue refuses it.
    pub async fn send_to_registry(&self, body: &str) -> Result<(), LocalAccountError> {
        self.dispatcher.send(&self.dispatcher.registry, body).await
    }

    /// Hands one batch of at most ten commands to `registry`; `None` when its queue is empty.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue itself fails.
    pub async fn run_registry_once(&self) -> Result<Option<Delivered>, LocalAccountError> {
        Box::pin(self.dispatcher.deliver(&Function::Registry)).await
    }

    /// Tells the functions of everything that is new, and runs them until nothing moves any more.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if a queue itself fails.
    pub async fn settle(&self) -> Result<(), LocalAccountError> {
        Box::pin(self.run_all()).await
    }

    async fn run_all(&self) -> Result<(), LocalAccountError> {
        loop {
            let mut moved = false;
            for body in self.take_notifications()? {
                self.send_to_collect(&body).await?;
            }
            for body in self.take_submissions()? {
                self.send_to_validate(&body).await?;
            }
            while self.run_collect_once().await?.is_some() {
                moved = true;
            }
            while self.run_drift_once().await?.is_some() {
                moved = true;
            }
            // It asks what drift says of the inputs.
            while self.run_performance_once().await?.is_some() {
                moved = true;
            }
            // A candidate names a training set, which is collected first.
            while self.run_validate_once().await?.is_some() {
                moved = true;
            }
            while self.run_registry_once().await?.is_some() {
                moved = true;
            }
            // A record that keeps failing is left for a call of its own: the stream waits, as it does for Lambda.
            while let Some(told) = self.run_notify_once().await? {
                moved |= told.failed == 0;
                if told.failed > 0 {
                    break;
                }
            }
            if !moved {
                return Ok(());
            }
        }
    }
}
