//! A candidate that is served somewhere is asked there, under load, before people are.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tidegate_local_account::Setup;
use tidegate_registry::{ModelVersion, Stage};
use tokio::net::TcpListener;

use crate::candidates::{CONTRACT, Desk};

/// How a served model behaves.
#[derive(Debug, Clone, Copy, Default)]
struct Manners {
    /// Weights of amount and age.
    weights: (f64, f64),
    /// How long an answer takes, milliseconds.
    takes_ms: u64,
    /// One request in so many is answered with an error.
    fails_every: Option<u64>,
}

/// A served model at an address of this machine, and how many requests it had.
async fn serve(manners: Manners) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let asked = Arc::clone(&counted);
            tokio::spawn(async move {
                let service = service_fn(|request| answer(manners, request, asked.fetch_add(1, Ordering::Relaxed) + 1));
                drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    (origin, asked)
}

async fn answer(manners: Manners, request: Request<Incoming>, number: u64) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    tokio::time::sleep(Duration::from_millis(manners.takes_ms)).await;
    let is_error = path != "/v1/models/first:predict" || manners.fails_every.is_some_and(|every| number.is_multiple_of(every));
    if is_error {
        let busy = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(Full::new("busy".into()));
        return Ok(busy.unwrap());
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let row = &body["instances"][0];
    let sum = manners.weights.0 * row["amount"].as_f64().unwrap() + manners.weights.1 * row["age"].as_f64().unwrap();
    let score = 1.0 / (1.0 + (-sum).exp());
    Ok(Response::new(Full::new(serde_json::json!({ "predictions": [score] }).to_string().into())))
}

/// Submits a model where the contract has its endpoint tested, and returns what was registered.
async fn judged(origin: &str, allowed: &str, further: &str) -> (Desk, ModelVersion) {
    let setup = Setup { stage: Stage::Test, endpoint_origins: allowed.to_owned(), ..Setup::default() };
    let desk = Box::pin(Desk::set_up(setup)).await;
    let endpoint = format!("endpoint: {{ url: '{origin}/v1/models/{{run}}:predict', rate: 400, requests: 400, concurrency: 8{further} }}");
    let contract = CONTRACT.replace("minimum: 0.60 }", &format!("minimum: 0.60, {endpoint} }}"));
    desk.put("contracts/churn.yaml", contract.as_bytes()).await;
    let version = desk.submit("first", (1.5, 1.5)).await;
    (desk, version)
}

fn rules(version: &ModelVersion) -> Vec<(String, String)> {
    let rules = &version.gate.as_ref().unwrap().rules;
    let endpoint = rules.iter().filter_map(|rule| Some((rule.name.strip_prefix("endpoint:")?.to_owned(), rule.outcome.name().to_owned())));
    endpoint.collect()
}

fn expected(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, outcome)| ((*name).to_owned(), (*outcome).to_owned())).collect()
}

#[tokio::test]
async fn a_served_candidate_that_keeps_up_and_answers_as_it_was_submitted_passes() {
    let (origin, asked) = serve(Manners { weights: (1.5, 1.5), ..Manners::default() }).await;
    let (_, version) = judged(&origin, &origin, ", latency_p99_ms: 4000").await;
    assert_eq!(rules(&version), expected(&[("errors", "pass"), ("latency_p99_ms", "pass"), ("answers", "pass")]), "{:?}", version.gate);
    assert_eq!(asked.load(Ordering::Relaxed), 400);
}

#[tokio::test]
async fn errors_slowness_and_another_model_each_fail_their_rule() {
    let (origin, _) = serve(Manners { weights: (1.5, 1.5), fails_every: Some(10), ..Manners::default() }).await;
    assert_eq!(rules(&judged(&origin, &origin, "").await.1), expected(&[("errors", "fail"), ("answers", "pass")]));
    let (origin, _) = serve(Manners { weights: (1.5, 1.5), takes_ms: 40, ..Manners::default() }).await;
    let slow = judged(&origin, &origin, ", latency_p50_ms: 20").await.1;
    assert_eq!(rules(&slow), expected(&[("errors", "pass"), ("latency_p50_ms", "fail"), ("answers", "pass")]));
    let (origin, _) = serve(Manners { weights: (1.5, 1.0), ..Manners::default() }).await;
    let other = judged(&origin, &origin, "").await.1;
    assert_eq!(rules(&other), expected(&[("errors", "pass"), ("answers", "fail")]));
    let says = other.gate.unwrap().rules.into_iter().find(|rule| rule.name == "endpoint:answers").unwrap().says;
    assert!(says.contains("of 400 answers of the endpoint are not the candidate's"), "{says}");
}

#[tokio::test]
async fn an_address_that_the_account_does_not_allow_is_never_asked() {
    let (origin, asked) = serve(Manners::default()).await;
    let (_, version) = judged(&origin, "https://model.example.com", "").await;
    assert_eq!(rules(&version), expected(&[("errors", "cannot-tell")]));
    let says = &version.gate.as_ref().unwrap().rules.iter().find(|rule| rule.name == "endpoint:errors").unwrap().says;
    assert!(says.contains("none of the origins that this account allows"), "{says}");
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}
