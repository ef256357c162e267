//! The loop of a Lambda function.

use std::future::Future;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::Deadline;

/// Answers invocations until Lambda ends the process: each gets its event and the moment by which it must be done.
///
/// # Errors
/// What the Lambda runtime itself could not go on after.
pub async fn serve<Event, Answer, E, F, Fut>(handle: F) -> Result<(), Error>
where
    Event: DeserializeOwned,
    Answer: Serialize,
    E: std::error::Error + Send + Sync + 'static,
    F: Fn(Event, Deadline) -> Fut,
    Fut: Future<Output = Result<Answer, E>>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Event>| async move {
        let deadline = Deadline::of(&event.context);
        // Boxed, as are the futures of a batch: the compiler does not follow futures of any depth.
        Box::pin(handle(event.payload, deadline)).await.map_err(Error::from)
    }))
    .await
}
