//! What can go wrong in `validate`. A bad candidate is none of it: that is a refusal, kept in the registry.

use tidegate_intake::IntakeError;
use tidegate_lake::LakeError;
use tidegate_registry::RegistryError;
use tidegate_runtime::{Failure, NoObjectEvent};

/// What can go wrong with one message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValidateError {
    /// The message is no event. It ends in the dead-letter queue.
    #[error(transparent)]
    Message(#[from] NoObjectEvent),
    /// The lake or the models bucket failed.
    #[error("{candidate} could not be read or kept")]
    Lake {
        /// Which candidate.
        candidate: String,
        /// What failed.
        #[source]
        source: LakeError,
    },
    /// The registry failed.
    #[error("{candidate} could not be registered")]
    Registry {
        /// Which candidate.
        candidate: String,
        /// What failed.
        #[source]
        source: RegistryError,
    },
    /// No contract names the model. It may come yet: the message is tried again, and can be sent again after that.
    #[error("{candidate}: found no contract of \"{model}\", expected contracts/{model}.yaml in the models bucket")]
    NoContract {
        /// Which candidate.
        candidate: String,
        /// The model.
        model: String,
    },
    /// The contract's fields cannot be columns.
    #[error("{candidate}: the contract cannot be read by")]
    Plan {
        /// Which candidate.
        candidate: String,
        /// What is wrong.
        #[source]
        source: IntakeError,
    },
    /// What is kept of an earlier version is gone or is not what it was.
    #[error("{candidate}: found {found} at \"{key}\" in the lake, expected what was kept there")]
    Kept {
        /// Which candidate.
        candidate: String,
        /// Where.
        key: String,
        /// What is there.
        found: String,
    },
    /// Somebody else changed the model while the candidate was judged.
    #[error("{candidate} was judged beside a champion that is champion no longer, or was decided meanwhile: it is judged again")]
    Overtaken {
        /// Which candidate.
        candidate: String,
    },
    /// The system's random numbers failed.
    #[error("{candidate}: no random numbers")]
    Random {
        /// Which candidate.
        candidate: String,
        /// What failed.
        #[source]
        source: getrandom::Error,
    },
}

impl Failure for ValidateError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Lake { source, .. } => source.is_retryable(),
            Self::Registry { source, .. } => source.is_retryable(),
            Self::NoContract { .. } | Self::Overtaken { .. } | Self::Random { .. } => true,
            Self::Message(_) | Self::Plan { .. } | Self::Kept { .. } => false,
        }
    }
}
