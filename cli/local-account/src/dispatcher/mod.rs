//! What AWS does between services: tells of new objects, hands messages to functions in batches, brings failed ones again. It is the template's table of event sources, run by hand: nothing moves unless somebody calls it, so a test
//! decides what is delivered, when and how often.

mod calls;
mod dead_letters;
mod messages;
mod notifications;
mod stream;

use std::collections::BTreeSet;

use aws_lambda_events::sqs::SqsBatchResponse;
use tidegate_drift::{DriftAnswer, DriftEvent};
use tidegate_performance_function::{PerformanceAnswer, PerformanceEvent};
use tidegate_registry_function::{RegistryAnswer, RegistryEvent};
use tidegate_runtime::Deadline;

use crate::LocalAccountError;
use crate::account::Queue;
use crate::events::{self, Message};
use crate::faults::Faults;
use crate::functions::Functions;
use crate::services::Services;

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

impl Dispatcher {
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
}
