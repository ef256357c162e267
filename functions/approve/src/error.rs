//! What can go wrong in `approve`: never the approver's fault, and never a decision.

use tidegate_lake::LakeError;
use tidegate_registry::RegistryError;

/// What can go wrong with one request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApproveError {
    /// The registry failed.
    #[error("{what} failed")]
    Registry {
        /// What was to be done.
        what: String,
        /// What failed.
        #[source]
        source: RegistryError,
    },
    /// A bucket failed.
    #[error("{what} failed")]
    Bucket {
        /// What was to be done.
        what: String,
        /// What failed.
        #[source]
        source: LakeError,
    },
    /// The key service did not say whether a MAC is right.
    #[error("a link could not be verified with key \"{key}\"")]
    Verify {
        /// The key.
        key: String,
        /// What the service or the network said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The report that people were asked about is not there, or is another one.
    #[error("\"{key}\": found {found}, expected the gate's report of {model} version {version} with digest {expected}")]
    Evidence {
        /// Its key.
        key: String,
        /// What is there.
        found: String,
        /// Its digest.
        expected: String,
        /// The model.
        model: String,
        /// The version.
        version: u32,
    },
    /// A link that needs a code was mailed without one.
    #[error("the link of a person who decides about version {version} of {model} has no code to check, and {stage} demands one")]
    NoCode {
        /// The model.
        model: String,
        /// The version.
        version: u32,
        /// The stage.
        stage: String,
    },
}

impl ApproveError {
    pub(crate) fn registry(what: impl Into<String>) -> impl FnOnce(RegistryError) -> Self {
        let what = what.into();
        |source| Self::Registry { what, source }
    }

    pub(crate) fn bucket(what: impl Into<String>) -> impl FnOnce(LakeError) -> Self {
        let what = what.into();
        |source| Self::Bucket { what, source }
    }

    /// Whether the same request may succeed later by itself.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Registry { source, .. } => source.is_retryable(),
            Self::Bucket { source, .. } => source.is_retryable(),
            Self::Verify { .. } => true,
            Self::Evidence { .. } | Self::NoCode { .. } => false,
        }
    }
}
