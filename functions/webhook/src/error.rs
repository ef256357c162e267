//! What can go wrong in `webhook` that is not the caller's fault.

use tidegate_runtime::NotTaken;

/// What can go wrong with one request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The secret cannot be read.
    #[error("the secret \"{secret}\" that MLflow signs with could not be read")]
    Secret {
        /// Its name or ARN.
        secret: String,
        /// What the service or the network said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The secret is there, and is none.
    #[error("the secret \"{secret}\" {says}")]
    NoSecret {
        /// Its name or ARN.
        secret: String,
        /// What was found and what was expected.
        says: &'static str,
    },
    /// The queue did not take the message.
    #[error("a verified delivery could not be handed to registry")]
    Queue(#[from] NotTaken),
}
