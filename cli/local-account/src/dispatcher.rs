//! What AWS does between services: tells of new objects, hands messages to functions in batches, brings failed ones again. It is the template's table of event sources, run by hand: nothing moves unless somebody calls it, so a test
//! decides what is delivered, when and how often.

use std::collections::BTreeSet;

use aws_lambda_events::sqs::SqsBatchResponse;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use tidegate_drift::{DriftAnswer, DriftEvent};
use tidegate_notify::{NotifyAnswer, NotifyEvent};
use tidegate_performance_function::{PerformanceAnswer, PerformanceEvent};
use tidegate_registry_function::{RegistryAnswer, RegistryEvent};
use tidegate_runtime::{Deadline, MAX_BATCH_RECORDS};

use crate::LocalAccountError;
use crate::account::{LOGS, LocalAccount, MODELS, Queue};
use crate::events::{self, Message};
use crate::faults::Faults;
use crate::functions::Functions;
use crate::services::Services;
use crate::storage::Created;

/// Which new objects wake whom, and the name of the notification. As in the template.
const NOTIFICATIONS: [Notification; 3] = [
    Notification { wakes: Function::Collect, bucket: LOGS, prefix: "", suffix: "", name: "collect-scoring-logs" },
    Notification { wakes: Function::Collect, bucket: MODELS, prefix: "datasets/", suffix: "", name: "collect-training-sets" },
    Notification { wakes: Function::Validate, bucket: MODELS, prefix: "candidates/", suffix: "manifest.json", name: "validate-candidates" },
];

/// A bucket's notification.
struct Notification {
    wakes: Function,
    bucket: &'static str,
    prefix: &'static str,
    suffix: &'static str,
    name: &'static str,
}

/// The functions, their queues, and what happened that they have not been told yet.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) services: Services,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) faults: Faults,
    pub(crate) functions: Functions,
    pub(crate) collect: Queue,
    pub(crate) drift: Queue,
    pub(crate) performance: Queue,
    pub(crate) registry: Queue,
    pub(crate) validate: Queue,
}

/// What became of one batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Messages handed to the function.
    pub messages: usize,
    /// Messages that it failed, or that its crash left undone: they come again.
    pub failed: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Collect,
    Drift,
    Performance,
    Registry,
    Validate,
}

impl LocalAccount {
    /// What S3 would now say about objects made since the last call: bodies of messages for `collect`, oldest first. They are
    /// only returned; [`LocalAccount::send_to_collect`] sends one.
    ///
    /// # Errors
    /// [`LocalAccountError::Example`] if the examples in `events/` changed their shape.
    pub fn take_notifications(&self) -> Result<Vec<String>, LocalAccountError> {
        self.dispatcher.take_notifications(Function::Collect)
    }

    /// As [`LocalAccount::take_notifications`], for `validate`: candidates that were submitted since the last call.
    ///
    /// # Errors
    /// As there.
    pub fn take_submissions(&self) -> Result<Vec<String>, LocalAccountError> {
        self.dispatcher.take_notifications(Function::Validate)
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

    /// Hands one batch of at most ten messages to `performance`; `None` when its queue is empty.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue itself fails.
    pub async fn run_performance_once(&self) -> Result<Option<Delivered>, LocalAccountError> {
        Box::pin(self.dispatcher.deliver(&Function::Performance)).await
    }

    /// Puts a message into the queue of `performance`.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the queue refuses it.
    pub async fn send_to_performance(&self, body: &str) -> Result<(), LocalAccountError> {
        self.dispatcher.send(&self.dispatcher.performance, body).await
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

impl Dispatcher {
    fn take_notifications(&self, function: Function) -> Result<Vec<String>, LocalAccountError> {
        let is_for = |created: &Created| notification(created).is_some_and(|notification| notification.wakes == function);
        let created = self.services.take_created(is_for, |created| notification(created).is_some());
        let told = |(sequence, created): &(u64, Created)| Some(events::object_created(created, notification(created)?.name, *sequence));
        created.iter().filter_map(told).collect()
    }

    /// One batch from a queue to its function and back, as an SQS event source with partial batch responses does it.
    async fn deliver(&self, function: &Function) -> Result<Option<Delivered>, LocalAccountError> {
        let queue = match function {
            Function::Collect => &self.collect,
            Function::Drift => &self.drift,
            Function::Performance => &self.performance,
            Function::Registry => &self.registry,
            Function::Validate => &self.validate,
        };
        let messages = self.receive(&queue.url).await?;
        if messages.is_empty() {
            return Ok(None);
        }
        let event = events::batch(&messages, &queue.arn)?;
        let answer = match function {
            Function::Collect => Some(self.functions.collect().handle(event, Deadline::never()).await),
            Function::Drift => match self.functions.drift().handle(DriftEvent::Windows(event), Deadline::never()).await {
                Ok(DriftAnswer::Judged(answer)) => Some(answer),
                _ => None,
            },
            Function::Performance => match self.functions.performance().handle(PerformanceEvent::Windows(event), Deadline::never()).await {
                Ok(PerformanceAnswer::Judged(answer)) => Some(answer),
                _ => None,
            },
            Function::Registry => match self.functions.registry().handle(RegistryEvent::Commands(event), Deadline::never()).await {
                Ok(RegistryAnswer::Commands(answer)) => Some(answer),
                _ => None,
            },
            Function::Validate => Some(self.functions.validate().handle(event, Deadline::never()).await),
        };
        let is_crashed = self.replace_crashed();
        let failed = failures(&messages, answer.filter(|_| !is_crashed).as_ref());
        for message in &messages {
            if failed.contains(message.id.as_str()) {
                self.show_again(&queue.url, &message.receipt).await?;
            } else {
                self.delete(&queue.url, &message.receipt).await?;
            }
        }
        Ok(Some(Delivered { messages: messages.len(), failed: failed.len() }))
    }

    /// If the process crashed: another one takes its place, cold, knowing nothing. Says whether it crashed.
    pub(crate) fn replace_crashed(&self) -> bool {
        let is_crashed = self.faults.is_crashed();
        if is_crashed {
            self.functions.end();
            self.faults.revive();
        }
        is_crashed
    }

    pub(crate) async fn send(&self, queue: &Queue, body: &str) -> Result<(), LocalAccountError> {
        let sent = self.sqs.send_message().queue_url(&queue.url).message_body(body).send().await;
        sent.map_err(LocalAccountError::service("send a message"))?;
        Ok(())
    }

    async fn receive(&self, url: &str) -> Result<Vec<Message>, LocalAccountError> {
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

    async fn show_again(&self, url: &str, receipt: &str) -> Result<(), LocalAccountError> {
        let shown = self.sqs.change_message_visibility().queue_url(url).receipt_handle(receipt).visibility_timeout(0).send().await;
        shown.map_err(LocalAccountError::service("show a failed message again"))?;
        Ok(())
    }

    async fn delete(&self, url: &str, receipt: &str) -> Result<(), LocalAccountError> {
        let deleted = self.sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await;
        deleted.map_err(LocalAccountError::service("delete a message"))?;
        Ok(())
    }
}

/// The notification that a new object sets off, if any.
fn notification(created: &Created) -> Option<&'static Notification> {
    let is_of = |of: &&Notification| created.bucket == of.bucket && created.key.starts_with(of.prefix) && created.key.ends_with(of.suffix);
    NOTIFICATIONS.iter().find(is_of)
}

/// Which messages of a batch failed. As SQS event sources do it, an answer that is missing, or that names a message which was
/// not in the batch, fails all of them.
fn failures<'a>(messages: &'a [Message], answer: Option<&SqsBatchResponse>) -> BTreeSet<&'a str> {
    let all: BTreeSet<&str> = messages.iter().map(|message| message.id.as_str()).collect();
    let Some(answer) = answer else { return all };
    let named: BTreeSet<&str> = answer.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    if named.is_subset(&all) { all.into_iter().filter(|id| named.contains(id)).collect() } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Message> {
        ["a", "b"].map(|id| Message { id: id.into(), receipt: String::new(), body: String::new(), receives: "1".into() }).into()
    }

    fn answer(ids: &[&str]) -> SqsBatchResponse {
        let mut answer = SqsBatchResponse::default();
        for id in ids {
            answer.add_failure(*id);
        }
        answer
    }

    #[test]
    fn only_the_named_messages_failed() {
        assert_eq!(failures(&messages(), Some(&answer(&["b"]))).into_iter().collect::<Vec<_>>(), ["b"]);
        assert!(failures(&messages(), Some(&answer(&[]))).is_empty());
    }

    #[test]
    fn an_empty_or_unknown_identifier_or_no_answer_fails_the_whole_batch() {
        assert_eq!(failures(&messages(), Some(&answer(&[""]))).len(), 2);
        assert_eq!(failures(&messages(), Some(&answer(&["c"]))).len(), 2);
        assert_eq!(failures(&messages(), None).len(), 2);
    }

    #[test]
    fn only_objects_below_a_watched_prefix_set_off_a_notification() {
        let notification = |created: &Created| notification(created).map(|notification| notification.name);
        let created = |bucket: &str, key: &str| Created { bucket: bucket.into(), key: key.into(), ..Created::default() };
        assert_eq!(notification(&created(MODELS, "candidates/m/june/manifest.json")), Some("validate-candidates"));
        assert_eq!(notification(&created(MODELS, "candidates/m/june/model.onnx")), None);
        assert_eq!(notification(&created(LOGS, "any/thing.jsonl")), Some("collect-scoring-logs"));
        assert_eq!(notification(&created(MODELS, "datasets/m/2013.parquet")), Some("collect-training-sets"));
        assert_eq!(notification(&created(MODELS, "contracts/m.yaml")), None);
        assert_eq!(notification(&created("lake", "records/x.parquet")), None);
    }
}
