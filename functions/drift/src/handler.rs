//! What `drift` does with an event: plan windows, or judge them.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use serde::{Deserialize, Serialize};
use tidegate_runtime::Deadline;

use crate::{DriftError, Settings};

/// An event of `drift`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum DriftEvent {
    /// The schedule asks for a plan.
    Schedule(Schedule),
    /// The queue brings planned windows.
    Windows(SqsEvent),
}

/// What the schedule sends: `{"schedule": "plan", "scheduled_time": "2013-07-02T00:05:00Z"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// What is asked for: `plan`.
    pub schedule: String,
    /// For when it is asked, RFC 3339.
    pub scheduled_time: String,
}

/// The answer to an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DriftAnswer {
    /// How many windows were planned.
    Planned {
        /// Messages sent to the queue.
        planned: usize,
    },
    /// Which messages failed.
    Judged(SqsBatchResponse),
}

/// The function: built once per cold start, asked once per event.
#[derive(Debug)]
pub struct DriftFunction {}

impl DriftFunction {
    /// The function with these settings, calling through these clients.
    #[must_use]
    pub fn new(_settings: Settings, _s3: aws_sdk_s3::Client, _dynamodb: aws_sdk_dynamodb::Client, _sqs: aws_sdk_sqs::Client) -> Self {
        todo!()
    }

    /// Plans windows or judges them, as the event says.
    ///
    /// # Errors
    /// [`DriftError`] if planning failed; messages of the queue fail one by one, in the answer.
    pub async fn handle(&self, _event: DriftEvent, _deadline: Deadline) -> Result<DriftAnswer, DriftError> {
        todo!()
    }
}
