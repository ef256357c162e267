//! What `performance` does with an event: the schedule's is planned, the queue's are judged.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use serde::{Deserialize, Serialize};
use tidegate_lake::{Bucket, ContractBook, Lake};
use tidegate_registry::Registry;
use tidegate_runtime::{Deadline, Schedule, send_all, serve_batch};
use tracing::{error, info};

use crate::{PerformanceError, Settings, message, plan};

/// An event of `performance`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum PerformanceEvent {
    /// The schedule asks for a plan.
    Schedule(Schedule),
    /// The queue brings planned windows.
    Windows(SqsEvent),
}

/// The answer to an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PerformanceAnswer {
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
pub struct PerformanceFunction {
    pub(crate) settings: Settings,
    pub(crate) lake: Lake,
    pub(crate) contracts: ContractBook,
    pub(crate) registry: Registry,
    sqs: aws_sdk_sqs::Client,
}

impl PerformanceFunction {
    /// The function with these settings, calling through these clients.
    #[must_use]
    pub fn new(settings: Settings, s3: aws_sdk_s3::Client, dynamodb: aws_sdk_dynamodb::Client, sqs: aws_sdk_sqs::Client) -> Self {
        Self {
            lake: Lake::new(s3.clone(), &settings.lake_bucket),
            contracts: ContractBook::new(Bucket::new(s3, &settings.models_bucket)),
            registry: Registry::new(dynamodb, &settings.registry_table),
            sqs,
            settings,
        }
    }

    /// Plans windows or judges them, as the event says.
    ///
    /// # Errors
    /// [`PerformanceError`] if planning failed; messages of the queue fail one by one, in the answer.
    pub async fn handle(&self, event: PerformanceEvent, deadline: Deadline) -> Result<PerformanceAnswer, PerformanceError> {
        match event {
            PerformanceEvent::Schedule(schedule) => self.plan(&schedule).await,
            PerformanceEvent::Windows(batch) => {
                let Settings { reserve, concurrency, .. } = self.settings;
                Ok(PerformanceAnswer::Judged(serve_batch(&batch, deadline, reserve, concurrency, |body| self.judge(body)).await))
            }
        }
    }

    /// Sends the windows of every model to the queue. A contract with faults costs its own model only.
    async fn plan(&self, schedule: &Schedule) -> Result<PerformanceAnswer, PerformanceError> {
        let scheduled_ms = schedule.time_of("plan")?;
        let contracts = self.contracts.load().await.map_err(PerformanceError::lake("the plan"))?;
        for unusable in contracts.unusable() {
            let failure = unusable.error();
            let says = std::error::Error::source(&failure).map(ToString::to_string).unwrap_or_default();
            error!(model = unusable.model, error.message = %failure, error.faults = says, "a model is not planned");
        }
        let windows = plan::plan(contracts.usable().map(AsRef::as_ref), scheduled_ms);
        let messages = windows.iter().map(message::of).collect::<Result<Vec<_>, _>>()?;
        // What was not taken is planned again with all the rest: a window that comes twice is judged twice, with the same result.
        send_all(&self.sqs, &self.settings.queue_url, &messages).await?;
        info!(schedule.time = schedule.scheduled_time, windows.planned = windows.len(), "planned");
        Ok(PerformanceAnswer::Planned { planned: windows.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_events_are_told_apart() {
        let event = |file: &str| {
            let text = std::fs::read_to_string(format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            serde_json::from_str::<PerformanceEvent>(&text).unwrap()
        };
        let PerformanceEvent::Schedule(schedule) = event("scheduler-plan.json") else { panic!("a schedule") };
        assert_eq!((schedule.schedule.as_str(), schedule.scheduled_time.as_str()), ("plan", "2013-07-02T00:05:00Z"));
        assert!(matches!(event("sqs-performance-batch.json"), PerformanceEvent::Windows(batch) if batch.records.len() == 2));
    }
}
