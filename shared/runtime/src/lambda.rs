//! The loop of a Lambda function.

use std::future::Future;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::Deadline;
use crate::batch::chain;

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
        Box::pin(handle(event.payload, deadline)).await.map_err(|failure| diagnostic(&failure))
    }))
    .await
}

/// A failure as Lambda shows it: its type's own name, and its text with those of its sources.
fn diagnostic<E: std::error::Error>(failure: &E) -> Diagnostic {
    let name = std::any::type_name::<E>();
    Diagnostic { error_type: name.rsplit("::").next().unwrap_or(name).to_owned(), error_message: chain(failure) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn a_failure_is_shown_by_its_name_and_with_its_sources() {
        let shown = diagnostic(&Outer(std::fmt::Error));
        assert_eq!(shown.error_type, "Outer");
        assert!(shown.error_message.starts_with("outer: an error"), "{}", shown.error_message);
    }
}
