//! What `approve` does with a request: which page, and under which status.

use tidegate_lake::{Bucket, ContractBook};
use tidegate_registry::{Registry, Stage};
use tidegate_runtime::{HttpRequest, chain};
use tracing::{error, info, warn};

use crate::http::{is_from_elsewhere, token};
use crate::opened::{Opened, Opening, Standing};
use crate::{ApproveError, HttpAnswer, Settings, pages};

/// Where a decision is shown and made.
const DECISION: &str = "/decision";
/// Where the gate's complete report is shown.
const REPORT: &str = "/decision/report";
/// What may be done there.
const METHODS: &str = "GET, HEAD, OPTIONS, POST";

/// The metric that counts locked links, in namespace `Tidegate` by `Stage`. An alarm watches it.
pub const LOCKED_METRIC: &str = "LinksLocked";

/// The function: built once per cold start, asked once per request.
#[derive(Debug)]
pub struct Approver {
    pub(crate) settings: Settings,
    pub(crate) registry: Registry,
    pub(crate) contracts: ContractBook,
    pub(crate) lake: Bucket,
    pub(crate) kms: aws_sdk_kms::Client,
}

impl Approver {
    /// The function with these settings, calling through these clients.
    #[must_use]
    pub fn new(settings: Settings, s3: aws_sdk_s3::Client, dynamodb: aws_sdk_dynamodb::Client, kms: aws_sdk_kms::Client) -> Self {
        Self {
            registry: Registry::new(dynamodb, &settings.registry_table),
            contracts: ContractBook::new(Bucket::new(s3.clone(), &settings.models_bucket)),
            lake: Bucket::new(s3, &settings.lake_bucket),
            kms,
            settings,
        }
    }

    /// Answers a request. Whatever happens, somebody waits in front of a page.
    ///
    /// Of an address, a body and a page nothing is logged: they carry the link.
    pub async fn answer(&self, request: &HttpRequest) -> HttpAnswer {
        let answer = match Box::pin(self.route(request)).await {
            Ok(answer) => answer,
            Err(failure) => {
                error!(error.message = chain(&failure), error.retryable = failure.is_retryable(), "a request was not answered");
                pages::unavailable(failure.is_retryable())
            }
        };
        info!(http.method = method_name(request.method()), http.status = answer.status_code, "answered");
        if request.method() == "HEAD" { answer.head() } else { answer }
    }

    async fn route(&self, request: &HttpRequest) -> Result<HttpAnswer, ApproveError> {
        match (request.path(), request.method()) {
            (DECISION | REPORT, "OPTIONS") => Ok(HttpAnswer::new(204, String::new()).with("allow", METHODS)),
            (DECISION, "GET" | "HEAD") => self.with_link(request, async |opened| self.show(&opened, request.at_ms()).await).await,
            (REPORT, "GET" | "HEAD") => self.with_link(request, async |opened| self.report(&opened).await).await,
            (DECISION, "POST") if is_from_elsewhere(request) => {
                warn!(http.fetch_site = request.header("sec-fetch-site").map(|_| "another site"), "a form of another site was refused");
                Ok(pages::from_elsewhere())
            }
            (DECISION, "POST") => self.with_link(request, async |opened| Box::pin(self.decide(opened, request)).await).await,
            _ => Ok(pages::not_found()),
        }
    }

    /// Does something with the request's link, or says what is said to everything that is none.
    async fn with_link(
        &self,
        request: &HttpRequest,
        work: impl AsyncFnOnce(Opened) -> Result<HttpAnswer, ApproveError>,
    ) -> Result<HttpAnswer, ApproveError> {
        let Some(token) = token(request.query()) else { return Ok(pages::not_found()) };
        match self.open(&token).await? {
            Some(Opening::Promotion(opened)) => work(*opened).await,
            Some(Opening::Retraining(proposed)) if request.path() == DECISION => self.proposal(&proposed, request).await,
            Some(Opening::Retraining(_)) | None => Ok(pages::not_found()),
        }
    }

    /// Shows what is asked, or why nothing is any more. Writes nothing.
    async fn show(&self, opened: &Opened, now_ms: i64) -> Result<HttpAnswer, ApproveError> {
        match opened.standing(now_ms) {
            Standing::Open => self.ask(opened, now_ms, pages::Sent::default()).await,
            standing => Ok(pages::closed(opened, &standing, now_ms)),
        }
    }

    /// The page with the form.
    pub(crate) async fn ask(&self, opened: &Opened, now_ms: i64, sent: pages::Sent) -> Result<HttpAnswer, ApproveError> {
        let report = self.evidence(opened).await?;
        let drift = self.drift_before(opened).await;
        Ok(pages::asked(opened, &report, drift.as_ref(), &sent, now_ms))
    }

    /// The gate's complete report, made again from the very bytes that the link is bound to.
    async fn report(&self, opened: &Opened) -> Result<HttpAnswer, ApproveError> {
        let report = self.evidence(opened).await?;
        Ok(pages::report(opened, &report))
    }

    pub(crate) const fn stage(&self) -> Stage {
        self.settings.stage
    }
}

/// A method by its name, where it has one: a method is a stranger's text, too.
fn method_name(method: &str) -> &'static str {
    ["GET", "HEAD", "OPTIONS", "POST"].into_iter().find(|known| *known == method).unwrap_or("another")
}
