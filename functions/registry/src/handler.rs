//! What `registry` does with an event: the schedule's hour, or commands of the queue.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use serde::{Deserialize, Serialize};
use tidegate_contract::Contract;
use tidegate_lake::{Bucket, ContractBook};
use tidegate_registry::{Command, DatasetRecord, Order, Policy, Registry, VersionState};
use tidegate_runtime::{Deadline, Failure, Schedule, serve_messages};
use tracing::{error, info};

use crate::command::{CommandMessage, Received, sent_ms};
use crate::registered::{Heard, hear};
use crate::takeover::Approved;
use crate::waiting::look_after;
use crate::{RegistryFunctionError, Settings};

/// How `notify` calls itself in its commands.
const NOTIFY: &str = "function:notify";

/// Who acts, in the audit trail, where nobody asked.
pub(crate) const BY: &str = "function:registry";

/// An event of `registry`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum RegistryEvent {
    /// The schedule's hour.
    Schedule(Schedule),
    /// The queue brings commands.
    Commands(SqsEvent),
}

/// The answer to an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RegistryAnswer {
    /// The hour was done.
    Hour {
        /// Requests that were ended.
        expired: usize,
        /// Key of the checkpoint, if one was written.
        checkpoint: Option<String>,
    },
    /// The queue's commands were done, or not.
    Commands(SqsBatchResponse),
}

/// The function: built once per cold start, asked once per event.
#[derive(Debug)]
pub struct RegistryFunction {
    pub(crate) settings: Settings,
    pub(crate) registry: Registry,
    pub(crate) contracts: ContractBook,
    pub(crate) models: Bucket,
    pub(crate) lake: Bucket,
    pub(crate) audit: Bucket,
    pub(crate) kms: aws_sdk_kms::Client,
}

impl RegistryFunction {
    /// The function with these settings, calling through these clients.
    #[must_use]
    pub fn new(settings: Settings, s3: aws_sdk_s3::Client, dynamodb: aws_sdk_dynamodb::Client, kms: aws_sdk_kms::Client) -> Self {
        Self {
            registry: Registry::new(dynamodb, &settings.registry_table),
            contracts: ContractBook::new(Bucket::new(s3.clone(), &settings.models_bucket)),
            models: Bucket::new(s3.clone(), &settings.models_bucket),
            lake: Bucket::new(s3.clone(), &settings.lake_bucket),
            audit: Bucket::new(s3, &settings.audit_bucket),
            kms,
            settings,
        }
    }

    /// Does the hour's work or the queue's commands, as the event says.
    ///
    /// # Errors
    /// [`RegistryFunctionError`] if the hour's work failed; commands fail one by one, in the answer.
    pub async fn handle(&self, event: RegistryEvent, deadline: Deadline) -> Result<RegistryAnswer, RegistryFunctionError> {
        match event {
            RegistryEvent::Schedule(schedule) => Box::pin(self.hour(&schedule)).await,
            // One at a time: commands of one model would only get into each other's way.
            RegistryEvent::Commands(batch) => {
                let answer = serve_messages(&batch, deadline, self.settings.reserve, 1, |message| self.command(message)).await;
                Ok(RegistryAnswer::Commands(answer))
            }
        }
    }

    /// Does what is due, then signs where every chain ends. What fails for one model costs neither the others nor the checkpoint.
    async fn hour(&self, schedule: &Schedule) -> Result<RegistryAnswer, RegistryFunctionError> {
        let scheduled_ms = schedule.time_of("registry")?;
        let models = self.registry.models().await.map_err(RegistryFunctionError::registry("a look at the models"))?;
        let contracts = self.contracts.load().await.map_err(RegistryFunctionError::bucket("a look at the contracts"))?;
        let (mut expired, mut failed) = (0, None);
        for model in &models {
            // Without a contract that can be read nobody may decide, and what is over ends all the same.
            let contract = contracts.of_model(model).ok().flatten();
            let stage = self.settings.stage;
            let policy = contract.map_or_else(|| Policy::nobody(stage), |contract| Policy::of(&contract, stage));
            match look_after(&self.registry, model, &policy, scheduled_ms).await {
                Ok(ended) => expired += ended,
                Err(failure) => {
                    error!(model, error.message = %failure, error.retryable = failure.is_retryable(), "what was due was not done");
                    failed = Some(failure);
                }
            }
        }
        let checkpoint = self.checkpoint(&models, scheduled_ms).await?;
        if let Some(failure) = failed {
            return Err(failure);
        }
        info!(
            schedule.time = schedule.scheduled_time,
            requests.expired = expired,
            checkpoint.key = checkpoint.as_deref(),
            "the hour is done"
        );
        Ok(RegistryAnswer::Hour { expired, checkpoint })
    }

    /// Does one command. What is refused is refused again and lies in the dead-letter queue, where an alarm tells of it.
    async fn command(&self, message: &SqsMessage) -> Result<(), RegistryFunctionError> {
        let body = message.body.as_deref().unwrap_or_default();
        match hear(body).map_err(|says| RegistryFunctionError::Message { says, source: None })? {
            Heard::Said(said) => return Box::pin(self.heed(&said, sent_ms(message)?)).await,
            Heard::Nothing(why) => {
                info!("{why}: nothing follows");
                return Ok(());
            }
            Heard::Else => {}
        }
        if let Some(approved) = Approved::read(body)? {
            return self.take_over(&approved, &*self.contract(approved.model()).await?).await;
        }
        let Received { message, by, sent_ms } = Received::read(message)?;
        Box::pin(self.perform(&message, by, sent_ms)).await
    }

    /// Does what a message asks, for whoever asks for it, at the time when it was sent (milliseconds since 1970).
    ///
    /// # Errors
    /// [`RegistryFunctionError`] as the registry refuses or fails.
    pub async fn perform(&self, message: &CommandMessage, by: String, sent_ms: i64) -> Result<(), RegistryFunctionError> {
        let model = message.model();
        let nobody = Policy::nobody(self.settings.stage);
        match message {
            // Who decides is looked at once more.
            CommandMessage::Promote { version, by: asked, .. } => {
                // What notify asks for follows from an approval that it saw; if the version has gone on since, there is nothing to do.
                if asked.as_deref() == Some(NOTIFY) {
                    let now =
                        self.registry.version(model, *version).await.map_err(RegistryFunctionError::registry("a look at a version"))?;
                    if now.is_none_or(|now| now.state != VersionState::Approved) {
                        info!(model, model.version = version, "the version is approved no more, or serves already: nothing is promoted");
                        return Ok(());
                    }
                }
                let policy = Policy::of(&*self.contract(model).await?, self.settings.stage);
                self.order(model, Some(*version), Order { by, command: Command::Promote }, &policy, sent_ms).await
            }
            CommandMessage::RollBack { version, reason, .. } => {
                let command = Command::RollBack { reason: reason.clone() };
                self.order(model, Some(*version), Order { by, command }, &nobody, sent_ms).await
            }
            CommandMessage::Retire { version, reason, .. } => {
                let command = Command::Retire { reason: reason.clone() };
                self.order(model, Some(*version), Order { by, command }, &nobody, sent_ms).await
            }
            CommandMessage::Retrain { .. } => self.retrain_by_hand(message, &*self.contract(model).await?, &by, sent_ms).await,
            CommandMessage::ActOnWindow { .. } => self.act(message, &*self.contract(model).await?, sent_ms).await,
            CommandMessage::RecordNoData { name, .. } => {
                let command = Command::RecordNoData { name: name.clone() };
                self.order(model, None, Order { by, command }, &nobody, sent_ms).await
            }
            CommandMessage::RecordDataset { dataset, source, name, records, passed, says, .. } => {
                let record = DatasetRecord {
                    version: dataset.clone(),
                    name: name.clone(),
                    source: *source,
                    records: *records,
                    passed: *passed,
                    says: says.clone(),
                    at_ms: sent_ms,
                };
                self.record_dataset(record, &*self.contract(model).await?, &by, sent_ms).await
            }
        }
    }

    async fn contract(&self, model: &str) -> Result<Arc<Contract>, RegistryFunctionError> {
        let what = format!("a look at the contract of {model}");
        let contracts = self.contracts.load().await.map_err(RegistryFunctionError::bucket(&what))?;
        let contract = contracts.of_model(model).map_err(RegistryFunctionError::bucket(&what))?;
        contract.ok_or_else(|| RegistryFunctionError::NoContract { model: model.to_owned() })
    }

    /// Asks the registry for something.
    pub(crate) async fn order(
        &self,
        model: &str,
        number: Option<u32>,
        order: Order,
        policy: &Policy,
        at_ms: i64,
    ) -> Result<(), RegistryFunctionError> {
        let what = match number {
            Some(number) => format!("{} of version {number} of {model}", order.command.name()),
            None => format!("{} of {model}", order.command.name()),
        };
        let applied = self.registry.apply(model, number, &order, policy, at_ms).await.map_err(RegistryFunctionError::registry(&what))?;
        info!(model, model.version = number, audit.entry = applied.entry, "{}", applied.says);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(file: &str) -> RegistryEvent {
        let text = std::fs::read_to_string(format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_two_events_are_told_apart() {
        let RegistryEvent::Schedule(schedule) = event("scheduler-registry.json") else { panic!("a schedule") };
        assert_eq!((schedule.schedule.as_str(), schedule.scheduled_time.as_str()), ("registry", "2013-07-02T00:05:00Z"));
        assert!(matches!(event("sqs-registry-batch.json"), RegistryEvent::Commands(batch) if batch.records.len() == 5));
    }

    #[test]
    fn the_answer_to_the_queue_is_what_lambda_reads() {
        let mut response = SqsBatchResponse::default();
        response.add_failure("a");
        assert_eq!(
            serde_json::to_string(&RegistryAnswer::Commands(response)).unwrap(),
            r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#
        );
    }
}
