//! What can go wrong in `registry`.

use tidegate_lake::LakeError;
use tidegate_registry::RegistryError;
use tidegate_registry::audit::{CheckpointError, NotCanonical};
use tidegate_runtime::{Failure, WrongSchedule};

/// What can go wrong with one event or message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryFunctionError {
    /// The schedule's event asks for something else, or for no time.
    #[error(transparent)]
    Schedule(#[from] WrongSchedule),
    /// The message names no command. It ends in the dead-letter queue.
    #[error("found a message that names no command: {says}")]
    Message {
        /// What was found and what was expected.
        says: String,
        /// Why it could not be read.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// The registry failed, or refused what was asked.
    #[error("{what} could not be done")]
    Registry {
        /// What was to be done.
        what: String,
        /// What failed.
        #[source]
        source: RegistryError,
    },
    /// A bucket failed.
    #[error("{what} could not be done")]
    Bucket {
        /// What was to be done.
        what: String,
        /// What failed.
        #[source]
        source: LakeError,
    },
    /// The contract is needed to say who decides, and there is none.
    #[error("found no contract of {model} in the models bucket, expected one: it says who decides")]
    NoContract {
        /// The model.
        model: String,
    },
    /// A version of another account cannot be taken over.
    #[error("{what} cannot be done: {says}")]
    Takeover {
        /// What was to be done.
        what: String,
        /// What was found and what was expected.
        says: String,
    },
    /// Something else must happen first. The message comes again.
    #[error("{what} cannot be done yet: its candidate is not registered")]
    NotYet {
        /// What was to be done.
        what: String,
    },
    /// The key did not sign.
    #[error("the checkpoint of {at} could not be signed with key \"{key}\"")]
    Sign {
        /// The checkpoint's time.
        at: String,
        /// The key.
        key: String,
        /// Whether the same call may succeed later by itself.
        retryable: bool,
        /// What the service or the network said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A checkpoint that lies in the bucket already cannot be read.
    #[error("the checkpoint \"{key}\" is there already, and is none")]
    Checkpoint {
        /// Its key.
        key: String,
        /// What is wrong.
        #[source]
        source: CheckpointError,
    },
    /// A checkpoint cannot be written down, which is a defect of Tidegate.
    #[error("a checkpoint cannot be written down")]
    Canonical(#[from] NotCanonical),
}

impl RegistryFunctionError {
    pub(crate) fn registry(what: &str) -> impl Fn(RegistryError) -> Self {
        move |source| Self::Registry { what: what.to_owned(), source }
    }

    pub(crate) fn bucket(what: &str) -> impl Fn(LakeError) -> Self {
        move |source| Self::Bucket { what: what.to_owned(), source }
    }
}

impl Failure for RegistryFunctionError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Registry { source, .. } => source.is_retryable(),
            Self::Bucket { source, .. } => source.is_retryable(),
            Self::Sign { retryable, .. } => *retryable,
            Self::NotYet { .. } => true,
            Self::Takeover { .. }
            | Self::Schedule(_)
            | Self::Message { .. }
            | Self::NoContract { .. }
            | Self::Checkpoint { .. }
            | Self::Canonical(_) => false,
        }
    }
}
