//! The configuration that every AWS client is made from, once per cold start.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

/// Tries of one call, the first included. The queue tries again in minutes; these are for seconds.
const ATTEMPTS: u32 = 4;

/// Longest time to reach a service of the same region.
const CONNECT: Duration = Duration::from_secs(3);

/// Longest wait for the first byte of an answer.
const READ: Duration = Duration::from_secs(20);

/// Region, credentials, HTTP client, retries and time limits, from the environment that Lambda sets.
pub async fn aws_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).build())
        .load()
        .await
}
