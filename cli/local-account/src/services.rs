//! S3, DynamoDB, SQS, KMS and Secrets Manager of the account, and the wire to them: a function call, no socket. Requests carry the real host
//! names of AWS, are signed by the SDK and checked by the S3 side, so clients need no special settings.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use s3s::auth::SimpleAuth;
use s3s::host::SingleDomain;
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::LocalAccountError;
use crate::faults::{Faults, Line};
use crate::keys::Keys;
use crate::queues::Queues;
use crate::secrets::Secrets;
use crate::storage::{Created, Folder, News};
use crate::stream::{Batch, Stream};
use crate::topics::Topics;

/// The region of the local account, as in `events/`.
pub const REGION: &str = "eu-central-1";

/// Access key of the local account; it opens nothing else.
const ACCESS_KEY: &str = "LOCALACCOUNT";

/// Secret key of the local account.
const SECRET_KEY: &str = "nothing-to-hide";

/// The services, each reached by its host name.
#[derive(Clone)]
pub struct Services {
    storage: S3Service,
    database: Database,
    queues: Arc<Queues>,
    keys: Arc<Keys>,
    topics: Arc<Topics>,
    secrets: Arc<Secrets>,
    stream: Arc<Stream>,
    news: News,
    access: Access,
}

/// What the services let a client do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    All,
    Read,
}

/// Operations of `DynamoDB` that change nothing.
const READS: [&str; 6] = ["GetItem", "BatchGetItem", "Query", "Scan", "DescribeTable", "TransactGetItems"];

impl Services {
    /// Opens the services on their files: `<folder>/s3`, `<folder>/dynamodb.sqlite` and `<folder>/kms-audit.key`. Queues live in memory.
    ///
    /// # Errors
    /// [`LocalAccountError::Open`] if the folder cannot be written or holds something else.
    pub fn open(folder: &Path) -> Result<Self, LocalAccountError> {
        std::fs::create_dir_all(folder.join("s3")).map_err(|source| LocalAccountError::open(folder, source))?;
        Self::over(folder, Access::All)
    }

    /// Opens the services on the files that an account left in `folder`, to be read only: whoever writes is refused as without
    /// a permission, and an account that is at work in the same folder is not disturbed.
    ///
    /// # Errors
    /// [`LocalAccountError::Open`] if no account left its files there.
    pub fn open_to_read(folder: &Path) -> Result<Self, LocalAccountError> {
        for part in [folder.join("s3"), folder.join("dynamodb.sqlite")] {
            std::fs::metadata(&part).map_err(|source| LocalAccountError::open(folder, source))?;
        }
        Self::over(folder, Access::Read)
    }

    fn over(folder: &Path, access: Access) -> Result<Self, LocalAccountError> {
        let buckets = folder.join("s3");
        let open = |source: Box<dyn std::error::Error + Send + Sync>| LocalAccountError::open(folder, source);
        let news = News::default();
        let objects = match access {
            Access::All => Folder::open(&buckets, news.clone()).map_err(|source| open(source.into()))?,
            Access::Read => Folder::open_to_read(&buckets),
        };
        let keys = match access {
            Access::All => Keys::open(folder),
            Access::Read => Keys::open_to_read(folder),
        };
        let mut builder = S3ServiceBuilder::new(objects);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        builder.set_host(SingleDomain::new(&format!("s3.{REGION}.amazonaws.com")).map_err(|source| open(source.into()))?);
        let tables = folder.join("dynamodb.sqlite");
        Ok(Self {
            storage: builder.build(),
            database: Database::new(&tables.to_string_lossy()).map_err(|source| open(source.into()))?,
            queues: Arc::new(Queues::new(REGION)),
            keys: Arc::new(keys.map_err(|source| open(source.into()))?),
            topics: Arc::default(),
            secrets: Arc::default(),
            stream: Arc::default(),
            news,
            access,
        })
    }

    /// What SDK clients are made from. Calls go through `faults` where there are any; `attempts` is how often a client tries
    /// one call, the first included, and 1 switches retries off.
    #[must_use]
    pub fn sdk_config(&self, faults: Option<Faults>, attempts: u32) -> SdkConfig {
        let retries = if attempts > 1 {
            // In memory nothing is gained by waiting: the pauses between tries are as short as they can be.
            RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1))
        } else {
            RetryConfig::disabled()
        };
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(ACCESS_KEY, SECRET_KEY, None)))
            .http_client(Line { services: self.clone(), faults })
            .retry_config(retries)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build()
    }

    /// Every object made since the last call that is `wanted`, oldest first. Those that somebody else is `told` of wait for their own call.
    pub(crate) fn take_created(&self, wanted: impl Fn(&Created) -> bool, told: impl Fn(&Created) -> bool) -> Vec<(u64, Created)> {
        self.news.take(wanted, told)
    }

    /// Confirms every subscription of an address, as its owner does by the mail of SNS.
    pub fn confirm(&self, address: &str) {
        self.topics.confirm(address);
    }

    /// Secrets.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Topics and the bus.
    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// The next batch of the table's stream.
    pub(crate) fn next_batch(&self) -> Result<Option<Batch>, LocalAccountError> {
        self.stream.next(&self.database)
    }

    /// Goes on after a record of the stream.
    pub(crate) fn pass(&self, number: &str) {
        self.stream.pass(number);
    }

    /// Answers one request of an SDK client.
    pub(crate) async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let service = Service::of(&request);
        if self.access == Access::Read && service.is_some_and(|service| is_write(service, &request)) {
            let refused =
                r#"<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>the account was opened to be read only</Message></Error>"#;
            return respond(403, "application/xml", refused);
        }
        match service {
            Some(Service::Storage) => self.ask_storage(request).await,
            Some(Service::Database) => ask(&request, |target, body| crate::table::answer(&self.database, target, body)),
            Some(Service::Queues) => {
                let mut answer = ask(&request, |target, body| self.queues.answer(target, body))?;
                if !answer.status().is_success() {
                    // SQS still names its errors as it did when it spoke XML, and SDKs go by that name.
                    let body = answer.body().bytes().unwrap_or_default();
                    let name = crate::queues::error_name(body);
                    answer.headers_mut().insert("x-amzn-query-error", format!("{name};Sender"));
                }
                Ok(answer)
            }
            Some(Service::Topics) => {
                let (status, xml) = self.topics.answer(request.body().bytes().unwrap_or_default());
                respond(status, "text/xml", xml)
            }
            Some(Service::Bus) => ask(&request, |target, body| self.topics.answer_bus(target, body, REGION)),
            Some(Service::Keys) => ask(&request, |target, body| self.keys.answer(target, body)),
            Some(Service::Secrets) => ask(&request, |target, body| self.secrets.answer(target, body)),
            None => Err(ConnectorError::user(format!("the local account has no service at {}", request.uri()).into())),
        }
    }

    async fn ask_storage(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        if let Some(host) = request.uri().host().map(str::to_owned) {
            let host = http::HeaderValue::from_str(&host).map_err(|error| ConnectorError::user(error.into()))?;
            request.headers_mut().insert(http::header::HOST, host);
        }
        let is_head = request.method() == http::Method::HEAD;
        let answer = self.storage.call(request.map(s3s::Body::http_body_unsync)).await;
        let answer = answer.map_err(|error| ConnectorError::io(format!("{error:?}").into()))?;
        // HTTP lets no body through here, not even an error's, and the SDK goes by that.
        let body = |body| if is_head { SdkBody::empty() } else { SdkBody::from_body_1_x(body) };
        HttpResponse::try_from(answer.map(body)).map_err(|error| ConnectorError::user(error.into()))
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Services").finish_non_exhaustive()
    }
}

/// Whether a request would change something. Queues, topics and the bus are memory of this process alone: whatever happens in them changes
/// nothing that stays.
fn is_write(service: Service, request: &HttpRequest) -> bool {
    match service {
        Service::Storage => !matches!(request.method(), "GET" | "HEAD"),
        Service::Database => {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            !READS.contains(&target.rsplit('.').next().unwrap_or_default())
        }
        Service::Queues | Service::Topics | Service::Bus | Service::Secrets => false,
        Service::Keys => !request.headers().get("x-amz-target").unwrap_or_default().ends_with(".GetPublicKey"),
    }
}

/// Asks a service that speaks JSON: its operation stands in a header, its error in the status and the body.
fn ask(request: &HttpRequest, answer: impl FnOnce(&str, &[u8]) -> (u16, String)) -> Result<HttpResponse, ConnectorError> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let (status, json) = answer(target, request.body().bytes().unwrap_or_default());
    respond(status, "application/x-amz-json-1.0", json)
}

/// An answer with a body in memory.
pub(crate) fn respond(status: u16, content_type: &str, body: impl Into<SdkBody>) -> Result<HttpResponse, ConnectorError> {
    let answer = http::Response::builder().status(status).header(http::header::CONTENT_TYPE, content_type).body(body.into());
    let answer = answer.map_err(|error| ConnectorError::user(error.into()))?;
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::user(error.into()))
}

/// The services of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// S3.
    Storage,
    /// DynamoDB.
    Database,
    /// SQS.
    Queues,
    /// KMS.
    Keys,
    /// SNS.
    Topics,
    /// EventBridge.
    Bus,
    /// Secrets Manager.
    Secrets,
}

impl Service {
    /// Which service a request is for, told from its host (`bucket.s3.eu-central-1.amazonaws.com`).
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        let rest = request.uri().strip_prefix("https://")?;
        let host = rest.split(['/', '?']).next()?;
        host.split('.').rev().find_map(|part| match part {
            "s3" => Some(Self::Storage),
            "dynamodb" => Some(Self::Database),
            "sqs" => Some(Self::Queues),
            "kms" => Some(Self::Keys),
            "sns" => Some(Self::Topics),
            "events" => Some(Self::Bus),
            "secretsmanager" => Some(Self::Secrets),
            _ => None,
        })
    }
}
