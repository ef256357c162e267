//! A batch of queue messages: every message for itself, and an answer that names those that failed.
//!
//! One bad message never costs its neighbours: an error, a panic or a lack of time fails that message alone, and the
//! queue delivers it again. Messages that were not started in time are reported as failed too, so nothing is lost.

use std::{future::Future, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::{StreamExt, stream};
use tracing::error;

use crate::Deadline;
use crate::attempt::attempt;

/// Most messages that the functions' queues put into one batch (the default of SQS event sources).
pub const MAX_BATCH_RECORDS: usize = 10;

/// An error that knows what the queue should do with its message.
pub trait Failure: std::error::Error {
    /// Whether the same message may succeed later without anybody mending anything. Either way the message is
    /// reported as failed, and ends in the dead-letter queue when it keeps failing; the log says which kind it was.
    fn is_retryable(&self) -> bool;
}

/// Handles the body of each message of a batch, as [`serve_messages`] does.
pub async fn serve_batch<'a, F, Fut, E>(
    event: &'a SqsEvent,
    deadline: Deadline,
    least: Duration,
    concurrency: usize,
    handle: F,
) -> SqsBatchResponse
where
    F: Fn(&'a str) -> Fut,
    Fut: Future<Output = Result<(), E>> + 'a,
    E: Failure,
{
    serve_messages(event, deadline, least, concurrency, |message| handle(message.body.as_deref().unwrap_or_default())).await
}

/// Handles each message of a batch, at most `concurrency` at a time, and reports the ones that failed.
///
/// A message is not started unless `least` is left before the deadline, and is dropped when the deadline comes: to
/// everything that `handle` writes, that is a crash at that point.
pub async fn serve_messages<'a, F, Fut, E>(
    event: &'a SqsEvent,
    deadline: Deadline,
    least: Duration,
    concurrency: usize,
    handle: F,
) -> SqsBatchResponse
where
    F: Fn(&'a SqsMessage) -> Fut,
    Fut: Future<Output = Result<(), E>> + 'a,
    E: Failure,
{
    let handle = &handle;
    let failed: Vec<bool> = stream::iter(&event.records)
        .map(|message| async move { !attempt("message", id(message), deadline, least, || handle(message)).await })
        .buffered(concurrency.max(1))
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    for (message, _) in event.records.iter().zip(failed).filter(|(_, failed)| *failed) {
        match message.message_id.as_deref() {
            Some(id) if !id.trim().is_empty() => response.add_failure(id),
            // An empty identifier in the answer would fail the whole batch, for ever.
            _ => error!("a failed message has no identifier: it cannot be reported and will not come again"),
        }
    }
    response
}

fn id(message: &SqsMessage) -> &str {
    message.message_id.as_deref().unwrap_or_default()
}

/// An error and its sources in one line, outermost first.
#[must_use]
pub fn chain(failure: &dyn std::error::Error) -> String {
    let mut text = failure.to_string();
    let mut next = failure.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("poison")]
    struct Poison;

    impl Failure for Poison {
        fn is_retryable(&self) -> bool {
            false
        }
    }

    fn batch(messages: &[(&str, &str)]) -> SqsEvent {
        let records: Vec<_> = messages.iter().map(|(id, body)| serde_json::json!({"messageId": id, "body": body})).collect();
        serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
    }

    async fn handle(body: &str) -> Result<(), Poison> {
        match body {
            "panic" => panic!("on purpose"),
            "poison" => Err(Poison),
            _ => Ok(()),
        }
    }

    async fn answer(event: &SqsEvent, deadline: Deadline) -> String {
        serde_json::to_string(&serve_batch(event, deadline, Duration::from_secs(1), 4, handle).await).unwrap()
    }

    #[tokio::test]
    async fn a_poison_message_fails_alone() {
        let event = batch(&[("a", "fine"), ("b", "poison"), ("c", "fine")]);
        assert_eq!(answer(&event, Deadline::never()).await, r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#);
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_message_alone() {
        let event = batch(&[("a", "panic"), ("b", "fine"), ("c", "poison")]);
        assert_eq!(answer(&event, Deadline::never()).await, r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}"#);
    }

    #[tokio::test]
    async fn a_message_without_identifier_never_reaches_the_answer() {
        let event = batch(&[("", "poison"), ("b", "poison"), (" ", "poison")]);
        assert_eq!(answer(&event, Deadline::never()).await, r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#);
    }

    #[tokio::test]
    async fn messages_that_cannot_be_started_in_time_are_reported() {
        let event = batch(&[("a", "fine"), ("b", "fine")]);
        let response = answer(&event, Deadline::within(Duration::from_millis(500))).await;
        assert_eq!(response, r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}"#);
    }

    #[tokio::test]
    async fn an_empty_batch_reports_nothing() {
        assert_eq!(answer(&batch(&[]), Deadline::never()).await, r#"{"batchItemFailures":[]}"#);
    }

    #[tokio::test]
    async fn a_message_that_outlasts_the_deadline_is_cut_off_and_reported() {
        let event = batch(&[("slow", "")]);
        let response = serve_batch(&event, Deadline::within(Duration::from_millis(20)), Duration::ZERO, 1, |_| {
            std::future::pending::<Result<(), Poison>>()
        })
        .await;
        assert_eq!(response.batch_item_failures.len(), 1);
    }
}
