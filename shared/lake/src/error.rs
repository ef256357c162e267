//! What can go wrong with the lake.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use tidegate_contract::ContractError;
use tidegate_profile::ProfileError;

/// What can go wrong with the lake, and with the two buckets that it is filled from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// A bucket of the settings does not exist.
    #[error("found no bucket \"{bucket}\" while trying to {operation} \"{key}\": check the function's bucket settings")]
    MissingBucket {
        /// The bucket.
        bucket: String,
        /// What was tried.
        operation: &'static str,
        /// The key.
        key: String,
    },
    /// The object was changed by somebody else since it was read.
    #[error("\"{key}\" in bucket \"{bucket}\" was changed by another delivery in the meantime")]
    Conflict {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// A call failed.
    #[error("could not {operation} \"{key}\" in bucket \"{bucket}\"")]
    Call {
        /// What was tried.
        operation: &'static str,
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Whether the same call may succeed later by itself.
        retryable: bool,
        /// What the service or the network said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An object is larger than what is read into memory.
    #[error("\"{key}\" in bucket \"{bucket}\" has {found} bytes, expected at most {expected}")]
    TooLarge {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Its size, bytes.
        found: u64,
        /// The limit, bytes.
        expected: u64,
    },
    /// A stored profile could not be read.
    #[error("\"{key}\" is not a stored profile")]
    Profile {
        /// The key.
        key: String,
        /// Why not.
        #[source]
        source: ProfileError,
    },
    /// Stored JSON could not be read, or a value could not be written as JSON.
    #[error("\"{key}\" does not hold the JSON that was expected")]
    Json {
        /// The key.
        key: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// Records could not be written as or read from Parquet.
    #[error("records of \"{key}\" could not be written or read as Parquet")]
    Parquet {
        /// The key or the object's location.
        key: String,
        /// Why not.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// A contract has faults.
    #[error("contract \"{key}\" has faults; nothing of its model is collected or judged until they are mended")]
    Contract {
        /// The contract's key.
        key: String,
        /// The faults, each with line and column.
        #[source]
        source: std::sync::Arc<ContractError>,
    },
    /// A contract cannot be used as it is.
    #[error("contract \"{key}\" cannot be used: {says}")]
    ContractUse {
        /// The contract's key.
        key: String,
        /// What was found and what was expected.
        says: String,
    },
}

impl LakeError {
    /// Whether the same work may succeed later without anybody mending anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Conflict { .. } => true,
            Self::Call { retryable, .. } => *retryable,
            _ => false,
        }
    }

    /// Whether somebody else changed the object in the meantime.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Sorts a failed call: missing bucket, lost race, or a failure that may or may not pass.
    pub(crate) fn call<E>(operation: &'static str, bucket: &str, key: &str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().map(str::to_owned);
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        match (code.as_deref(), status) {
            (Some("NoSuchBucket"), _) => Self::MissingBucket { bucket, operation, key },
            // 409: two conditional writes at the same time; S3's user guide says to upload again.
            (Some("PreconditionFailed" | "ConditionalRequestConflict"), _) | (_, Some(412)) => Self::Conflict { bucket, key },
            _ => {
                // No answer, or one that broke off, says nothing; the service's own word does.
                let retryable = match &error {
                    SdkError::ServiceError(_) => status.is_none_or(|status| status >= 500 || matches!(status, 408 | 409 | 429)),
                    SdkError::ConstructionFailure(_) => false,
                    _ => true,
                };
                Self::Call { operation, bucket, key, retryable, source: Box::new(error) }
            }
        }
    }

    pub(crate) fn body(bucket: &str, key: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Call { operation: "read", bucket: bucket.to_owned(), key: key.to_owned(), retryable: true, source: Box::new(source) }
    }
}
