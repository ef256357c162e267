//! Sending messages to a queue: ten at a time, every entry's answer read.

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};

/// Most entries of one batch (SQS API reference, *`SendMessageBatch`*). Messages that functions send each other are some hundred bytes, so the limit on
/// the batch's size (1 MiB) cannot be met.
const SEND_MESSAGE_BATCH_MAX_ENTRIES: usize = 10;

/// Tries to send an entry that the queue did not take for a reason of its own.
const TRIES: usize = 3;

/// A queue that did not take all messages.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {sent} messages were not taken by the queue")]
pub struct NotTaken {
    /// How many were not taken.
    pub failed: usize,
    /// How many there were.
    pub sent: usize,
    /// What the last failure said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Sends every message.
///
/// # Errors
/// [`NotTaken`] if some were not taken. Whoever sends all of them again sends some twice.
pub async fn send_all(sqs: &Client, queue_url: &str, messages: &[String]) -> Result<(), NotTaken> {
    let mut failed = 0;
    let mut last: Option<Box<dyn std::error::Error + Send + Sync>> = None;
    for batch in messages.chunks(SEND_MESSAGE_BATCH_MAX_ENTRIES) {
        let mut waiting: Vec<(String, &String)> = batch.iter().enumerate().map(|(number, body)| (number.to_string(), body)).collect();
        for _ in 0..TRIES {
            let entries = waiting.iter().map(|(id, body)| SendMessageBatchRequestEntry::builder().id(id).message_body(*body).build());
            let entries: Vec<_> = match entries.collect() {
                Ok(entries) => entries,
                Err(error) => {
                    last = Some(Box::new(error));
                    break;
                }
            };
            match sqs.send_message_batch().queue_url(queue_url).set_entries(Some(entries)).send().await {
                Ok(answer) => {
                    if let Some(entry) = answer.failed.first() {
                        last = Some(format!("{}: {}", entry.code, entry.message.as_deref().unwrap_or("no message")).into());
                    }
                    // What the sender did wrong will not pass by itself.
                    let hopeless = answer.failed.iter().any(|entry| entry.sender_fault);
                    waiting.retain(|(id, _)| answer.failed.iter().any(|entry| entry.id == *id));
                    if waiting.is_empty() || hopeless {
                        break;
                    }
                }
                // The client has tried again already.
                Err(error) => {
                    last = Some(Box::new(error));
                    break;
                }
            }
        }
        failed += waiting.len();
    }
    match last {
        Some(source) if failed > 0 => Err(NotTaken { failed, sent: messages.len(), source }),
        _ => Ok(()),
    }
}
