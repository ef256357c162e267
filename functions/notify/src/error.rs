//! What can go wrong in `notify`.

use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use tidegate_lake::LakeError;
use tidegate_registry::RegistryError;
use tidegate_runtime::{Failure, WrongSchedule};

/// What can go wrong with one record of the stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// The record is none of the registry's. It ends in the dead-letter queue.
    #[error("stream record: found {found}, expected {expected}")]
    Record {
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The schedule's event asks for something else, or for no time.
    #[error(transparent)]
    Schedule(#[from] WrongSchedule),
    /// The registry failed.
    #[error("the registry failed at {what}")]
    Registry {
        /// What was to be done.
        what: String,
        /// What failed.
        #[source]
        source: RegistryError,
    },
    /// A bucket failed.
    #[error("a bucket failed at {what}")]
    Bucket {
        /// What was to be done.
        what: String,
        /// What failed.
        #[source]
        source: LakeError,
    },
    /// A channel did not take a piece of news.
    #[error("{channel} did not take the news")]
    Channel {
        /// Which one, and its name.
        channel: String,
        /// Whether the same call may succeed later by itself.
        retryable: bool,
        /// What the service or the network said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The key made no MAC of the expected length.
    #[error("key \"{key}\": found a MAC of {found} bytes, expected 32: the key must be an HMAC key for SHA-256")]
    Mac {
        /// The key.
        key: String,
        /// How long the MAC is.
        found: usize,
    },
    /// Something cannot be written as JSON, which is a defect of Tidegate.
    #[error("{what} cannot be written as JSON")]
    Json {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl NotifyError {
    pub(crate) fn registry(what: &str) -> impl Fn(RegistryError) -> Self {
        move |source| Self::Registry { what: what.to_owned(), source }
    }

    pub(crate) fn bucket(what: &str) -> impl Fn(LakeError) -> Self {
        move |source| Self::Bucket { what: what.to_owned(), source }
    }

    /// A call that a channel did not answer well.
    pub(crate) fn channel<E, R>(channel: &str) -> impl Fn(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| {
            let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
            // What the service refuses for good: no such topic, no permission, a message that it does not take.
            let is_final = [
                "AuthorizationError",
                "AccessDenied",
                "AccessDeniedException",
                "NotFound",
                "NotFoundException",
                "InvalidParameter",
                "ValidationException",
            ];
            Self::Channel { channel: channel.to_owned(), retryable: !is_final.contains(&code), source: Box::new(error) }
        }
    }
}

impl Failure for NotifyError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Registry { source, .. } => source.is_retryable(),
            Self::Bucket { source, .. } => source.is_retryable(),
            Self::Channel { retryable, .. } => *retryable,
            Self::Record { .. } | Self::Schedule(_) | Self::Mac { .. } | Self::Json { .. } => false,
        }
    }
}
