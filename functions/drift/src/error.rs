//! What can go wrong in `drift`.

use tidegate_lake::LakeError;
use tidegate_profile::ProfileError;
use tidegate_registry::RegistryError;
use tidegate_runtime::{Failure, MetricsError, NotTaken, WrongSchedule};

/// What can go wrong with one event or message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriftError {
    /// The schedule's event asks for something else, or for no time.
    #[error(transparent)]
    Schedule(#[from] WrongSchedule),
    /// The message names no window. It ends in the dead-letter queue.
    #[error("found a message that names no window: {says}")]
    Message {
        /// What was found and what was expected.
        says: String,
        /// Why it could not be read.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// The lake or the models bucket failed.
    #[error("{what} could not be worked on")]
    Lake {
        /// The window, or the plan.
        what: String,
        /// What failed.
        #[source]
        source: LakeError,
    },
    /// The registry failed.
    #[error("{what} could not be recorded")]
    Registry {
        /// The window.
        what: String,
        /// What failed.
        #[source]
        source: RegistryError,
    },
    /// Profiles could not be added up, which is a defect of Tidegate.
    #[error("profiles of {what} could not be added up")]
    Profile {
        /// The window.
        what: String,
        /// What failed.
        #[source]
        source: ProfileError,
    },
    /// A profile and its records do not belong together: `collect` is writing them at this moment.
    #[error("{what}: records and profile at \"{key}\" do not belong together yet; collect is at work on them")]
    Unsettled {
        /// The window.
        what: String,
        /// The profile.
        key: String,
    },
    /// The verdict could not be written as JSON, which is a defect of Tidegate.
    #[error("the verdict of {what} could not be written")]
    Verdict {
        /// The window.
        what: String,
        /// What failed.
        #[source]
        source: serde_json::Error,
    },
    /// The metrics could not be written, which is a defect of Tidegate.
    #[error("metrics of {what} could not be written")]
    Metrics {
        /// The window.
        what: String,
        /// What failed.
        #[source]
        source: MetricsError,
    },
    /// The queue did not take all planned windows.
    #[error("the plan was not sent")]
    Queue(#[from] NotTaken),
    /// Others kept changing the window's inputs or its record.
    #[error("{what} was being changed by others at the same time, {tries} times in a row")]
    Busy {
        /// The window.
        what: String,
        /// How often it was tried.
        tries: usize,
    },
}

impl DriftError {
    pub(crate) fn lake(what: &str) -> impl Fn(LakeError) -> Self {
        move |source| Self::Lake { what: what.to_owned(), source }
    }

    pub(crate) fn profile(what: &str) -> impl Fn(ProfileError) -> Self {
        move |source| Self::Profile { what: what.to_owned(), source }
    }

    pub(crate) fn registry(what: &str) -> impl Fn(RegistryError) -> Self {
        move |source| Self::Registry { what: what.to_owned(), source }
    }

    /// Whether somebody else changed something in between, so that starting over may help at once.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Lake { source, .. } => source.is_conflict(),
            Self::Registry { source, .. } => source.is_conflict(),
            Self::Unsettled { .. } => true,
            _ => false,
        }
    }
}

impl Failure for DriftError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Lake { source, .. } => source.is_retryable(),
            Self::Registry { source, .. } => source.is_retryable(),
            Self::Unsettled { .. } | Self::Queue(_) | Self::Busy { .. } => true,
            Self::Schedule(_) | Self::Message { .. } | Self::Profile { .. } | Self::Verdict { .. } | Self::Metrics { .. } => false,
        }
    }
}
