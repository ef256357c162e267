//! One piece of a batch: tried for itself, so that it never costs its neighbours.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use tracing::{error, warn};

use crate::batch::chain;
use crate::{Deadline, Failure};

/// Whether a piece of work was done. It is not started unless `least` is left before the deadline, and is dropped when the deadline comes:
/// to everything that it writes, that is a crash at that point. A failure, a panic or a lack of time is logged under `id`.
pub(crate) async fn attempt<F, E>(kind: &'static str, id: &str, deadline: Deadline, least: Duration, work: impl FnOnce() -> F) -> bool
where
    F: Future<Output = Result<(), E>>,
    E: Failure,
{
    if !deadline.leaves(least) {
        warn!(item.kind = kind, item.id = id, "left for later: not enough time to do it now");
        return false;
    }
    // A panic may begin before the first await, so the future is made inside the guarded one.
    let guarded = AssertUnwindSafe(async { Box::pin(work()).await }).catch_unwind();
    let outcome = match deadline.left() {
        Some(left) => tokio::time::timeout(left, guarded).await,
        None => Ok(guarded.await),
    };
    match outcome {
        Ok(Ok(Ok(()))) => return true,
        Ok(Ok(Err(failure))) => {
            error!(item.kind = kind, item.id = id, error.chain = chain(&failure), error.retryable = failure.is_retryable(), "failed");
        }
        Ok(Err(_panic)) => error!(item.kind = kind, item.id = id, "failed: the handler panicked, which is a defect of tidegate"),
        Err(_elapsed) => warn!(item.kind = kind, item.id = id, "cut off: the function's time was up"),
    }
    false
}
