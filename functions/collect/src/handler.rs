//! What `collect` does with a batch of messages.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use tidegate_runtime::Deadline;

use crate::Settings;

/// The function: built once per cold start, asked once per batch.
#[derive(Debug)]
pub struct Collector {}

impl Collector {
    /// A collector with these settings, reading and writing through this client.
    #[must_use]
    pub fn new(_settings: Settings, _s3: aws_sdk_s3::Client) -> Self {
        todo!()
    }

    /// Collects the objects that a batch of messages names; the answer names the messages that failed.
    pub async fn handle(&self, _event: SqsEvent, _deadline: Deadline) -> SqsBatchResponse {
        todo!()
    }
}
