//! Schedules: they wake a function for a time, and Lambda tries again when it fails.

use serde::de::DeserializeOwned;
use tidegate_drift::DriftAnswer;
use tidegate_notify::NotifyAnswer;
use tidegate_performance_function::PerformanceAnswer;
use tidegate_registry_function::RegistryAnswer;
use tidegate_runtime::Deadline;

use crate::events::{self, APPROVERS_DAY, PLAN, REGISTRY_HOUR};
use crate::{LocalAccount, LocalAccountError};

/// Tries that Lambda makes with one tick of the schedule: the first and two more, as in the template.
const ATTEMPTS: u32 = 3;

impl LocalAccount {
    /// Wakes `drift` as the schedule does, for the time that it was scheduled for (RFC 3339), and again when it fails.
    /// Returns how many windows it planned; they lie in its queue.
    ///
    /// # Errors
    /// [`LocalAccountError::Plan`] if every try failed.
    pub async fn tick(&self, scheduled_time: &str) -> Result<usize, LocalAccountError> {
        let wake = async |event| self.dispatcher.functions.drift().handle(event, Deadline::never()).await;
        self.wake(PLAN, scheduled_time, wake, |answer| match answer {
            DriftAnswer::Planned { planned } => Some(planned),
            DriftAnswer::Judged(_) => None,
        })
        .await
    }

    /// As [`LocalAccount::tick`], for `performance`.
    ///
    /// # Errors
    /// As there.
    pub async fn tick_performance(&self, scheduled_time: &str) -> Result<usize, LocalAccountError> {
        let wake = async |event| self.dispatcher.functions.performance().handle(event, Deadline::never()).await;
        self.wake(PLAN, scheduled_time, wake, |answer| match answer {
            PerformanceAnswer::Planned { planned } => Some(planned),
            PerformanceAnswer::Judged(_) => None,
        })
        .await
    }

    /// As [`LocalAccount::tick`], for `registry`. Returns how many requests it ended, and the key of the checkpoint that it wrote.
    ///
    /// # Errors
    /// As there.
    pub async fn tick_registry(&self, scheduled_time: &str) -> Result<(usize, Option<String>), LocalAccountError> {
        let wake = async |event| self.dispatcher.functions.registry().handle(event, Deadline::never()).await;
        self.wake(REGISTRY_HOUR, scheduled_time, wake, |answer| match answer {
            RegistryAnswer::Hour { expired, checkpoint } => Some((expired, checkpoint)),
            RegistryAnswer::Commands(_) => None,
        })
        .await
    }

    /// As [`LocalAccount::tick`], for the daily look of `notify`. Returns how many approvers would get no mail.
    ///
    /// # Errors
    /// As there.
    pub async fn tick_notify(&self, scheduled_time: &str) -> Result<usize, LocalAccountError> {
        let wake = async |event| self.dispatcher.functions.notify().handle(event, Deadline::never()).await;
        self.wake(APPROVERS_DAY, scheduled_time, wake, |answer| match answer {
            NotifyAnswer::Looked { missing } => Some(missing),
            NotifyAnswer::Told(_) => None,
        })
        .await
    }

    async fn wake<Event, Answer, E, Done>(
        &self,
        schedule: events::Example,
        scheduled_time: &str,
        handle: impl AsyncFn(Event) -> Result<Answer, E>,
        done: impl Fn(Answer) -> Option<Done>,
    ) -> Result<Done, LocalAccountError>
    where
        Event: DeserializeOwned,
        E: std::error::Error + Send + Sync + 'static,
    {
        let event = events::scheduled(schedule, scheduled_time)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let event = serde_json::from_value(event.clone()).map_err(LocalAccountError::service("read its own schedule"))?;
            let answer = Box::pin(handle(event)).await;
            let is_crashed = self.dispatcher.replace_crashed();
            let source: Box<dyn std::error::Error + Send + Sync> = match answer.map(&done) {
                Ok(Some(done)) if !is_crashed => return Ok(done),
                Ok(_) => "the process crashed, or answered something else".into(),
                Err(error) => Box::new(error),
            };
            if attempts == ATTEMPTS {
                return Err(LocalAccountError::Plan { scheduled_time: scheduled_time.to_owned(), attempts, source });
            }
        }
    }
}
