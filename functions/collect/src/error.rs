//! What can go wrong in `collect`.

use tidegate_intake::IntakeError;
use tidegate_lake::LakeError;
use tidegate_profile::ProfileError;
use tidegate_runtime::{Failure, NoObjectEvent};

/// What can go wrong with one message. Bad *content* of an object is none of it: that is quarantined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// The message is no event. It ends in the dead-letter queue.
    #[error(transparent)]
    Message(#[from] NoObjectEvent),
    /// The lake or one of the other buckets failed.
    #[error("{location} could not be collected")]
    Lake {
        /// The object.
        location: String,
        /// What failed.
        #[source]
        source: LakeError,
    },
    /// The object's bytes or its contract could not be worked with.
    #[error("{location} could not be read")]
    Intake {
        /// The object.
        location: String,
        /// What failed.
        #[source]
        source: IntakeError,
    },
    /// Records could not be counted, which is a defect of Tidegate.
    #[error("records of {location} could not be counted")]
    Profile {
        /// The object.
        location: String,
        /// What failed.
        #[source]
        source: ProfileError,
    },
    /// The function's disk failed.
    #[error("{location} needs the function's disk, which failed")]
    Disk {
        /// The object.
        location: String,
        /// What failed.
        #[source]
        source: std::io::Error,
    },
    /// The object needs more of the function's disk than it may have.
    #[error(
        "{location} needs more than {limit_mib} MiB of disk: raise COLLECT_SPOOL_MIB and the function's ephemeral storage, then redrive"
    )]
    DiskLimit {
        /// The object.
        location: String,
        /// The limit, MiB.
        limit_mib: u64,
    },
    /// A data set came before its model's contract.
    #[error("{location}: found no contracts/{model}.yaml, by which a data set is read: put the contract, then redrive")]
    NoContract {
        /// The object.
        location: String,
        /// The model.
        model: String,
    },
    /// The message asks for a window that is none. It ends in the dead-letter queue.
    #[error("found a message that asks for no window of records: {says}")]
    Request {
        /// What was found and what was expected.
        says: String,
        /// Why it could not be read.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// The registry could not be told of a dataset version.
    #[error("the registry could not be told of {location}")]
    Tell {
        /// The data set.
        location: String,
        /// What failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Others kept changing the object or its receipt.
    #[error("{location} was being collected by others at the same time, {tries} times in a row")]
    Busy {
        /// The object.
        location: String,
        /// How often it was tried.
        tries: usize,
    },
    /// The thread that reads Parquet died, which is a defect of Tidegate.
    #[error("reading {location} ended unexpectedly")]
    Reader {
        /// The object.
        location: String,
        /// What happened.
        #[source]
        source: tokio::task::JoinError,
    },
}

impl CollectError {
    pub(crate) fn lake(location: &str) -> impl Fn(LakeError) -> Self {
        move |source| Self::Lake { location: location.to_owned(), source }
    }

    pub(crate) fn profile(location: &str) -> impl Fn(ProfileError) -> Self {
        move |source| Self::Profile { location: location.to_owned(), source }
    }

    pub(crate) fn disk(location: &str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Disk { location: location.to_owned(), source }
    }

    /// Whether another delivery got in between.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Lake { source, .. } if source.is_conflict())
    }
}

impl Failure for CollectError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Lake { source, .. } => source.is_retryable(),
            Self::Intake { source, .. } => source.is_retryable(),
            Self::Busy { .. } | Self::NoContract { .. } | Self::Disk { .. } | Self::Tell { .. } => true,
            Self::Message(_) | Self::Request { .. } | Self::Profile { .. } | Self::DiskLimit { .. } | Self::Reader { .. } => false,
        }
    }
}
