//! A batch of a table's stream: every record for itself, in the stream's order, and an answer that names those that failed.

use std::{future::Future, time::Duration};

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use tracing::error;

use crate::attempt::attempt;
use crate::{Deadline, Failure};

/// Handles one record after the other and reports the ones that failed. Those behind a bad one are handled all the same; the stream
/// brings them again with it.
pub async fn serve_stream<'a, F, Fut, E>(event: &'a Event, deadline: Deadline, least: Duration, handle: F) -> DynamoDbEventResponse
where
    F: Fn(&'a EventRecord) -> Fut,
    Fut: Future<Output = Result<(), E>> + 'a,
    E: Failure,
{
    let mut response = DynamoDbEventResponse::default();
    for record in &event.records {
        let number = record.change.sequence_number.as_deref().unwrap_or_default().trim();
        if attempt("record", number, deadline, least, || handle(record)).await {
            continue;
        }
        if number.is_empty() {
            // An empty identifier in the answer would fail the whole batch, for ever.
            error!("a failed record has no sequence number: it cannot be reported and will not come again");
            continue;
        }
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(number.to_owned());
        response.batch_item_failures.push(failure);
    }
    response
}
