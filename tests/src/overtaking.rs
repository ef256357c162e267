//! A connection that is overtaken: just before its first call of one operation, something else happens.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A configuration whose clients are overtaken once.
pub struct Overtaking<T> {
    config: SdkConfig,
    outcome: Arc<Mutex<Option<T>>>,
}

impl<T> fmt::Debug for Overtaking<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Overtaking").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Overtaking<T> {
    /// As `config`, with `work` done before the first call of `operation` is made.
    pub fn new(config: &SdkConfig, operation: &'static str, work: impl Future<Output = T> + Send + 'static) -> Self {
        let outcome = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&outcome);
        let work: Work = Box::pin(async move {
            let done = work.await;
            *kept.lock().unwrap() = Some(done);
        });
        let client = Client { inner: config.http_client().unwrap(), operation, work: Arc::new(Mutex::new(Some(work))) };
        Self { config: config.to_builder().http_client(client).build(), outcome }
    }

    /// What clients are made from.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// What came of the work; `None` if the operation was never called.
    #[must_use]
    pub fn outcome(&self) -> Option<T> {
        self.outcome.lock().unwrap().take()
    }
}

#[derive(Clone)]
struct Client {
    inner: SharedHttpClient,
    operation: &'static str,
    work: Arc<Mutex<Option<Work>>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("operation", &self.operation).finish_non_exhaustive()
    }
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, client: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    client: Client,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_meant = request.headers().get("x-amz-target").is_some_and(|target| target.ends_with(self.client.operation));
        let work = if is_meant { self.client.work.lock().unwrap().take() } else { None };
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            if let Some(work) = work {
                work.await;
            }
            inner.call(request).await
        })
    }
}
