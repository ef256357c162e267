//! Requests at a rate, so many at once, and how long each took.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::iter;
use tidegate_contract::EndpointTest;
use tokio::time::{Instant, sleep_until, timeout};

use super::body::Expected;
use super::{Came, Request};

/// What came of one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// From when it was due to the last byte of the answer.
    pub(crate) took: Duration,
    pub(crate) came: Came,
}

/// Asks as the test says, and judges each answer.
pub(crate) async fn run<'a>(
    test: &EndpointTest,
    requests: &[Request<'a>],
    ask: impl AsyncFn(Bytes) -> Result<Bytes, String>,
    judge: impl Fn(&[u8], Option<Expected<'a>>) -> Came,
) -> Vec<Asked> {
    let (started, longest) = (Instant::now(), Duration::from_millis(test.timeout_ms.into()));
    let (ask, judge) = (&ask, &judge);
    let ask_one = async |place: usize, request: &Request<'a>| {
        let due = started + Duration::from_secs_f64(place as f64 / test.rate);
        sleep_until(due).await;
        let came = match timeout(longest, ask(request.body.clone())).await {
            Ok(Ok(answer)) => judge(&answer, request.expected),
            Ok(Err(reason)) => Came::Failed(reason),
            Err(_) => Came::Failed(format!("no answer within {} ms", test.timeout_ms)),
        };
        Asked { took: due.elapsed(), came }
    };
    let at_once = usize::try_from(test.concurrency).unwrap_or(usize::MAX);
    let (asks, ask_one) = (requests.iter().enumerate(), &ask_one);
    iter(asks.map(|(place, request)| ask_one(place, request))).buffered(at_once).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(count: usize) -> Vec<Request<'static>> {
        (0..count).map(|_| Request { body: Bytes::from_static(b"x"), expected: None }).collect()
    }

    #[tokio::test]
    async fn requests_leave_at_the_rate_and_waiting_for_a_place_is_part_of_the_time() {
        let test = EndpointTest { rate: 100.0, concurrency: 1, ..EndpointTest::default() };
        let slow = async |body: Bytes| {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok(body)
        };
        let asked = run(&test, &requests(5), slow, |_, _| Came::Right).await;
        // The fifth was due after 40 ms, and over after the 150 ms of all five.
        let least = [30, 50, 70, 90, 110].map(Duration::from_millis);
        assert!(asked.iter().zip(least).all(|(asked, least)| asked.took >= least), "{asked:?}");
        let (quick, started) = (async |body: Bytes| Ok(body), Instant::now());
        run(&test, &requests(5), quick, |_, _| Came::Right).await;
        assert!(started.elapsed() >= Duration::from_millis(40), "the last request left before it was due");
    }

    #[tokio::test]
    async fn what_takes_too_long_is_a_failure() {
        let test = EndpointTest { timeout_ms: 20, ..EndpointTest::default() };
        let never = async |_| std::future::pending::<Result<Bytes, String>>().await;
        let asked = run(&test, &requests(2), never, |_, _| Came::Right).await;
        assert!(asked.iter().all(|asked| asked.came == Came::Failed("no answer within 20 ms".to_owned())), "{asked:?}");
    }
}
