//! The approver's page on this machine: an HTTP server that hands each request to `approve` as API Gateway would, and back.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tidegate_approve::HttpAnswer;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::warn;

use crate::events::Asked;
use crate::{LocalAccount, LocalAccountError};

/// Most bytes of a body that are read: the HTTP API takes ten megabytes, and no form is longer than a few kilobytes.
const MAX_BODY_BYTES: usize = 64 * 1_024;

/// How long a request's headers may take.
const HEADERS: Duration = Duration::from_secs(10);

/// Which times the functions see.
type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A server of the approver's page. It ends when it is dropped.
pub struct Server {
    /// Where it is, without a slash at the end: `http://127.0.0.1:8080`.
    pub url: String,
    serving: JoinHandle<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Server").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves the account's page on this machine alone, on this port (0: one that is free), until it is dropped.
    ///
    /// # Errors
    /// [`LocalAccountError::Service`] if the port is taken.
    pub async fn start(account: Arc<LocalAccount>, port: u16) -> Result<Self, LocalAccountError> {
        Self::start_at(account, port, Arc::new(now_ms)).await
    }

    /// As [`Server::start`], at times of one's own: in a world that is long past, links would be, too.
    ///
    /// # Errors
    /// As there.
    pub async fn start_at(account: Arc<LocalAccount>, port: u16, clock: Clock) -> Result<Self, LocalAccountError> {
        let what = || LocalAccountError::service(format!("open port {port} of this machine"));
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(what())?;
        let url = format!("http://{}", listener.local_addr().map_err(what())?);
        let serving = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (account, clock) = (Arc::clone(&account), Arc::clone(&clock));
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(&account, request, clock()));
                    let mut http = hyper::server::conn::http1::Builder::new();
                    let connection =
                        http.timer(TokioTimer::new()).header_read_timeout(HEADERS).serve_connection(TokioIo::new(stream), service);
                    if let Err(error) = connection.await {
                        warn!(error.message = %error, "a connection to the approver's page broke off");
                    }
                });
            }
        });
        Ok(Self { url, serving })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl LocalAccount {
    /// Hands a request to `approve`: method, path and query, headers, body, and when it came in.
    ///
    /// # Errors
    /// [`LocalAccountError::Example`] if the examples in `events/` changed their shape.
    pub async fn http(
        &self,
        method: &str,
        address: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        at_ms: i64,
    ) -> Result<HttpAnswer, LocalAccountError> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let asked = Asked { method, path, query, headers: in_small_letters(headers), body, at_ms };
        Ok(self.dispatcher.functions.approve().answer(&asked.event()?).await)
    }

    /// Hands a delivery of MLflow to `webhook`: headers, body, and when it came in.
    ///
    /// # Errors
    /// As [`LocalAccount::http`].
    pub async fn mlflow(&self, headers: &[(&str, &str)], body: &[u8], at_ms: i64) -> Result<tidegate_webhook::Answer, LocalAccountError> {
        let asked = Asked { method: "POST", path: "/webhooks/mlflow", query: "", headers: in_small_letters(headers), body, at_ms };
        Ok(self.dispatcher.functions.webhook().answer(&asked.event()?).await)
    }
}

fn in_small_letters(headers: &[(&str, &str)]) -> BTreeMap<String, String> {
    headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect()
}

async fn answer(account: &LocalAccount, request: Request<Incoming>, at_ms: i64) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // What is too long is no form of the page, which says so itself.
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let headers: Vec<(&str, &str)> = head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let address = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    match account.http(head.method.as_str(), address, &headers, &body, at_ms).await {
        Ok(answer) => Ok(response(answer)),
        Err(error) => {
            warn!(error.message = %error, "a request to the approver's page was not answered");
            Ok(failed(StatusCode::BAD_GATEWAY))
        }
    }
}

fn response(answer: HttpAnswer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status_code);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    response.body(Full::from(answer.body)).unwrap_or_else(|_| failed(StatusCode::BAD_GATEWAY))
}

fn failed(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[expect(clippy::disallowed_methods, reason = "a person looks now")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
