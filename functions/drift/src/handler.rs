//! What `drift` does with an event: the schedule's is planned, the queue's are judged.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use serde::{Deserialize, Serialize};
use tidegate_lake::{Baselines, Bucket, ContractBook, Lake};
use tidegate_registry::Registry;
use tidegate_runtime::{Deadline, Schedule, send_all, serve_batch};
use tracing::{error, info};

use crate::{DriftError, Job, Settings, plan};

/// An event of `drift`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum DriftEvent {
    /// The schedule asks for a plan.
    Schedule(Schedule),
    /// The queue brings planned windows.
    Windows(SqsEvent),
}

/// The answer to an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DriftAnswer {
    /// The schedule was planned.
    Planned {
        /// Windows sent to the queue.
        planned: usize,
    },
    /// The queue's windows were judged.
    Judged(SqsBatchResponse),
}

/// The function: built once per cold start, asked once per event.
#[derive(Debug)]
pub struct DriftFunction {
    pub(crate) settings: Settings,
    pub(crate) lake: Lake,
    pub(crate) contracts: ContractBook,
    pub(crate) baselines: Baselines,
    pub(crate) registry: Registry,
    sqs: aws_sdk_sqs::Client,
}

impl DriftFunction {
    /// The function with these settings, calling through these clients.
    #[must_use]
    pub fn new(settings: Settings, s3: aws_sdk_s3::Client, dynamodb: aws_sdk_dynamodb::Client, sqs: aws_sdk_sqs::Client) -> Self {
        let lake = Lake::new(s3.clone(), &settings.lake_bucket);
        Self {
            contracts: ContractBook::new(Bucket::new(s3, &settings.models_bucket)),
            baselines: Baselines::new(lake.clone()),
            lake,
            registry: Registry::new(dynamodb, &settings.registry_table),
            sqs,
            settings,
        }
    }

    /// Plans windows or judges them, as the event says.
    ///
    /// # Errors
    /// [`DriftError`] if planning failed; messages of the queue fail one by one, in the answer.
    pub async fn handle(&self, event: DriftEvent, deadline: Deadline) -> Result<DriftAnswer, DriftError> {
        match event {
            DriftEvent::Schedule(schedule) => self.plan(&schedule).await,
            DriftEvent::Windows(batch) => {
                let Settings { reserve, concurrency, .. } = self.settings;
                Ok(DriftAnswer::Judged(serve_batch(&batch, deadline, reserve, concurrency, |body| self.judge(body)).await))
            }
        }
    }

    /// Sends the windows of every model to the queue. A contract with faults costs its own model only.
    async fn plan(&self, schedule: &Schedule) -> Result<DriftAnswer, DriftError> {
        let scheduled_ms = schedule.time_of("plan")?;
        let contracts = self.contracts.load().await.map_err(DriftError::lake("the plan"))?;
        for unusable in contracts.unusable() {
            let failure = unusable.error();
            let says = std::error::Error::source(&failure).map(ToString::to_string).unwrap_or_default();
            error!(model = unusable.model, error.message = %failure, error.faults = says, "a model is not planned");
        }
        let jobs = plan::plan(contracts.usable().map(AsRef::as_ref), scheduled_ms);
        let messages = jobs.iter().map(Job::to_message).collect::<Result<Vec<_>, _>>()?;
        // What was not taken is planned again with all the rest: a window that comes twice is judged twice, with the same result.
        send_all(&self.sqs, &self.settings.queue_url, &messages).await?;
        info!(schedule.time = schedule.scheduled_time, windows.planned = jobs.len(), "planned");
        Ok(DriftAnswer::Planned { planned: jobs.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(file: &str) -> DriftEvent {
        let text = std::fs::read_to_string(format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_two_events_are_told_apart() {
        let DriftEvent::Schedule(schedule) = event("scheduler-plan.json") else { panic!("a schedule") };
        assert_eq!((schedule.schedule.as_str(), schedule.scheduled_time.as_str()), ("plan", "2013-07-02T00:05:00Z"));
        assert!(matches!(event("sqs-drift-batch.json"), DriftEvent::Windows(batch) if batch.records.len() == 3));
    }

    #[test]
    fn the_answer_to_the_queue_is_what_lambda_reads() {
        let mut response = SqsBatchResponse::default();
        response.add_failure("a");
        assert_eq!(serde_json::to_string(&DriftAnswer::Judged(response)).unwrap(), r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#);
        assert_eq!(serde_json::to_string(&DriftAnswer::Planned { planned: 2 }).unwrap(), r#"{"planned":2}"#);
    }
}
