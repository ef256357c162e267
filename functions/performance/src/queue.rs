//! Sending planned windows to the queue: ten at a time, every entry's answer read.

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use tidegate_registry::WindowKey;

use crate::{PerformanceError, message};

/// Most entries of one batch (SQS API reference, *`SendMessageBatch`*). A planned window is about 100 bytes, so the limit on
/// the batch's size (1 MiB) cannot be met.
const SEND_MESSAGE_BATCH_MAX_ENTRIES: usize = 10;

/// Tries to send an entry that the queue did not take for a reason of its own.
const TRIES: usize = 3;

/// Sends every window.
///
/// # Errors
/// [`PerformanceError::Queue`] if some were not taken. All are then planned again: a window that comes twice is judged twice,
/// with the same result.
pub(crate) async fn send(sqs: &Client, queue_url: &str, windows: &[WindowKey]) -> Result<(), PerformanceError> {
    let mut messages = Vec::with_capacity(windows.len());
    for window in windows {
        messages.push(message::of(window)?);
    }
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
        Some(source) if failed > 0 => Err(PerformanceError::Queue { failed, planned: windows.len(), source }),
        _ => Ok(()),
    }
}
