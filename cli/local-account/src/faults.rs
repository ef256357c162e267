//! Faults between a function and its services: calls that never arrive, answers that are lost or torn, throttling, and
//! the crash after which the process makes no further call.
//!
//! One [`Faults`] is shared with the account that it disturbs. Only the functions' clients feel it; the clients with which
//! a test looks at the account never do.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;

use crate::services::{Service, Services, respond};

/// Where in a call a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request never arrives: the call has no effect.
    Before,
    /// The call takes effect, its answer is lost.
    After,
    /// The call takes effect, its answer breaks off in the middle of the body.
    Midway,
}

/// One fault, at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which call, counted from 1 since [`Faults::reset`].
    pub call: u64,
    /// Where in the call.
    pub moment: Moment,
    /// Whether the process is gone afterwards: every later call fails too, until [`Faults::revive`].
    pub deadly: bool,
}

/// How probable faults are, per call, each `0..=1`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Odds {
    /// The request never arrives.
    pub lost_request: f64,
    /// The answer is lost, or breaks off.
    pub lost_reply: f64,
    /// The service says "slow down".
    pub throttle: f64,
    /// The process is gone, before or after the call took effect.
    pub crash: f64,
}

/// Decides for every call of a function what goes wrong with it, and keeps count.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    planned: Option<Fault>,
    blocked: Option<String>,
    odds: Option<(Dice, Odds)>,
    struck: u64,
    is_crashed: bool,
}

enum Fate {
    Fine,
    Fails(Moment),
    Throttled,
}

impl Faults {
    /// Forgets every fault and count.
    pub fn reset(&self) {
        *self.state() = State::default();
    }

    /// Plans one fault; it strikes once.
    pub fn plan(&self, fault: Fault) {
        self.state().planned = Some(fault);
    }

    /// From now on, every call whose name contains `text` fails before it takes effect.
    pub fn block(&self, text: &str) {
        self.state().blocked = Some(text.to_owned());
    }

    /// Rolls dice for every call from now on. The same seed and the same calls give the same faults.
    pub fn roll(&self, seed: u64, odds: Odds) {
        self.state().odds = Some((Dice(seed), odds));
    }

    /// No more faults; counts stay.
    pub fn heal(&self) {
        let mut state = self.state();
        state.odds = None;
        state.planned = None;
        state.blocked = None;
        state.is_crashed = false;
    }

    /// A new process takes over: calls arrive again.
    pub fn revive(&self) {
        self.state().is_crashed = false;
    }

    /// Whether the process is gone.
    #[must_use]
    pub fn is_crashed(&self) -> bool {
        self.state().is_crashed
    }

    /// Calls so far, in order: `PUT https://…`, `DynamoDB_20120810.GetItem`. A retry counts as a call.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Faults that struck so far.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.state().struck
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide(&self, request: &HttpRequest) -> Fate {
        let mut state = self.state();
        let name = match request.headers().get("x-amz-target") {
            Some(target) => target.to_owned(),
            None => format!("{} {}", request.method(), request.uri()),
        };
        let is_blocked = state.blocked.as_deref().is_some_and(|text| name.contains(text));
        state.calls.push(name);
        let number = state.calls.len() as u64;
        if state.is_crashed {
            return Fate::Fails(Moment::Before);
        }
        let fate = if is_blocked { Fate::Fails(Moment::Before) } else { state.fate(number) };
        if !matches!(fate, Fate::Fine) {
            state.struck += 1;
        }
        fate
    }
}

impl State {
    fn fate(&mut self, number: u64) -> Fate {
        if let Some(fault) = self.planned.take_if(|fault| fault.call == number) {
            self.is_crashed = fault.deadly;
            return Fate::Fails(fault.moment);
        }
        let Some((dice, odds)) = &mut self.odds else { return Fate::Fine };
        let roll = dice.roll();
        let side = if dice.roll() < 0.5 { Moment::After } else { Moment::Midway };
        let mut bound = odds.lost_request;
        if roll < bound {
            return Fate::Fails(Moment::Before);
        }
        bound += odds.lost_reply;
        if roll < bound {
            return Fate::Fails(side);
        }
        bound += odds.throttle;
        if roll < bound {
            return Fate::Throttled;
        }
        bound += odds.crash;
        if roll < bound {
            self.is_crashed = true;
            return Fate::Fails(if side == Moment::After { Moment::After } else { Moment::Before });
        }
        Fate::Fine
    }
}

/// Repeatable chance: `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number of `0..1`.
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An index below `count`; 0 when there is nothing to choose from.
    pub fn below(&mut self, count: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of 0..count")]
        let index = (self.roll() * count as f64) as usize;
        index
    }

    /// Puts things in another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end + 1));
        }
    }
}

/// The HTTP client of an SDK configuration: the account's services, disturbed or not.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) services: Services,
    pub(crate) faults: Option<Faults>,
}

impl HttpClient for Line {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let line = self.clone();
        HttpConnectorFuture::new(async move {
            let fate = line.faults.as_ref().map_or(Fate::Fine, |faults| faults.decide(&request));
            match fate {
                Fate::Fine => line.services.answer(request).await,
                Fate::Throttled => throttled(&request),
                Fate::Fails(Moment::Before) => Err(broken("the request was lost")),
                Fate::Fails(Moment::After) => {
                    // The whole answer is read first: what it stands for has then happened to the last byte.
                    let mut answer = line.services.answer(request).await?;
                    collect(answer.take_body()).await?;
                    Err(broken("the answer was lost"))
                }
                Fate::Fails(Moment::Midway) => {
                    let mut answer = line.services.answer(request).await?;
                    let whole = collect(answer.take_body()).await?;
                    let half = whole.slice(..whole.len() / 2);
                    *answer.body_mut() = SdkBody::from_body_1_x(Torn { half: Some(half), is_over: false });
                    Ok(answer)
                }
            }
        })
    }
}

fn broken(what: &'static str) -> ConnectorError {
    ConnectorError::io(what.into())
}

async fn collect(body: SdkBody) -> Result<Bytes, ConnectorError> {
    let collected = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
    Ok(collected.into_bytes())
}

/// What each service answers when it is asked too much.
fn throttled(request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let (status, kind, body) = match Service::of(request) {
        Some(Service::Storage) => {
            (503, "application/xml", "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
        }
        Some(Service::Database) => (
            400,
            "application/x-amz-json-1.0",
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#,
        ),
        _ => (403, "application/x-amz-json-1.0", r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}"#),
    };
    let mut answer = respond(status, kind, body)?;
    if Service::of(request) == Some(Service::Queues) {
        answer.headers_mut().insert("x-amzn-query-error", "RequestThrottled;Sender");
    }
    Ok(answer)
}

/// A body that breaks off.
struct Torn {
    half: Option<Bytes>,
    is_over: bool,
}

impl http_body::Body for Torn {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(http_body::Frame::data(half))));
        }
        if std::mem::replace(&mut self.is_over, true) {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))))
    }
}
