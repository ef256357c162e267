//! Moving dead letters back, which SQS does by itself once it is told; here it is watched.

use std::time::Duration;

use aws_sdk_sqs::types::{ListMessageMoveTasksResultEntry as Task, QueueAttributeName};
use indicatif::{ProgressBar, ProgressStyle};

use super::Stage;
use super::letters::Letters;
use crate::error::CliError;

/// What came of a move.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// There was nothing to move.
    Nothing,
    /// So many messages are back.
    Back(u64),
}

/// How long between two looks at a move.
const PAUSE: Duration = Duration::from_secs(1);

/// What SQS calls a move that is under way, and one that is over and done.
const RUNNING: &str = "RUNNING";
const COMPLETED: &str = "COMPLETED";

impl Stage {
    /// Moves everything back into the queue that it came from, and waits for the end.
    pub(super) async fn back(&self, letters: Letters) -> Result<Moved, CliError> {
        let waiting = self.attribute(letters, QueueAttributeName::ApproximateNumberOfMessages).await?.parse().unwrap_or(0);
        let arn = self.attribute(letters, QueueAttributeName::QueueArn).await?;
        let before = self.newest(&arn).await?;
        is_free(letters, before.as_ref())?;
        if waiting == 0 {
            return Ok(Moved::Nothing);
        }
        self.sqs.start_message_move_task().source_arn(&arn).send().await.map_err(CliError::queues)?;
        let bar = bar(letters, waiting);
        let since = before.map_or(0, |task| task.started_timestamp());
        loop {
            // The list may be a moment behind: an older move says nothing about this one.
            if let Some(task) = self.newest(&arn).await?.filter(|task| task.started_timestamp() > since) {
                bar.set_position(moved(&task));
                if task.status() != Some(RUNNING) {
                    bar.finish_and_clear();
                    return ended(letters, &task);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The newest move of a dead-letter queue, if there ever was one.
    async fn newest(&self, arn: &str) -> Result<Option<Task>, CliError> {
        let listed = self.sqs.list_message_move_tasks().source_arn(arn).max_results(1).send().await.map_err(CliError::queues)?;
        Ok(listed.results.unwrap_or_default().into_iter().next())
    }
}

/// Refuses a queue whose newest move is still under way: SQS does one at a time.
fn is_free(letters: Letters, newest: Option<&Task>) -> Result<(), CliError> {
    match newest.filter(|task| task.status() == Some(RUNNING)) {
        Some(task) => Err(CliError::IsMoving { queue: letters.name(), moved: moved(task), of: of(task) }),
        None => Ok(()),
    }
}

/// How a move ended.
fn ended(letters: Letters, task: &Task) -> Result<Moved, CliError> {
    if task.status() == Some(COMPLETED) {
        return Ok(Moved::Back(moved(task)));
    }
    let status = task.status().unwrap_or("without a word").to_lowercase();
    let reason = task.failure_reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
    Err(CliError::NotMoved { queue: letters.name(), ending: status + &reason, moved: moved(task), of: of(task) })
}

fn moved(task: &Task) -> u64 {
    u64::try_from(task.approximate_number_of_messages_moved()).unwrap_or(0)
}

fn of(task: &Task) -> u64 {
    task.approximate_number_of_messages_to_move().and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

/// A bar on the terminal's standard error; nothing where there is no terminal.
fn bar(letters: Letters, messages: u64) -> ProgressBar {
    let bar = ProgressBar::new(messages);
    if let Ok(style) = ProgressStyle::with_template("{msg:22} {wide_bar} {pos} of {len}") {
        bar.set_style(style);
    }
    bar.with_message(letters.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(status: &str, moved: i64) -> aws_sdk_sqs::types::builders::ListMessageMoveTasksResultEntryBuilder {
        Task::builder().status(status).approximate_number_of_messages_moved(moved).approximate_number_of_messages_to_move(12)
    }

    #[test]
    fn a_move_that_is_done_says_how_many_are_back() {
        assert_eq!(ended(Letters::Drift, &task(COMPLETED, 12).build()).unwrap(), Moved::Back(12));
    }

    #[test]
    fn a_queue_is_moved_once_at_a_time() {
        assert!(is_free(Letters::Drift, None).is_ok());
        assert!(is_free(Letters::Drift, Some(&task(COMPLETED, 12).build())).is_ok());
        let refused = is_free(Letters::Drift, Some(&task(RUNNING, 3).build())).unwrap_err().to_string();
        assert!(refused.starts_with("the dead letters of drift are being moved back already (3 of 12)"), "{refused}");
    }

    #[test]
    fn a_move_that_failed_says_how_far_it_came_and_why() {
        let failed = task("FAILED", 3).failure_reason("AWS.SimpleQueueService.NonExistentQueue").build();
        assert_eq!(
            ended(Letters::Drift, &failed).unwrap_err().to_string(),
            "the dead letters of drift were not moved back: the move ended as failed (AWS.SimpleQueueService.NonExistentQueue), after 3 of 12 messages"
        );
    }
}
