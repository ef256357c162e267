//! What can go wrong in `performance`.

use tidegate_lake::LakeError;
use tidegate_registry::RegistryError;
use tidegate_runtime::{Failure, MetricsError, NotTaken, WrongSchedule};

/// What can go wrong with one event or message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PerformanceError {
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
    /// A file that Tidegate itself wrote could not be read, or could not be written as JSON.
    #[error("{what}: \"{file}\" is not what Tidegate writes there")]
    File {
        /// The window.
        what: String,
        /// The file.
        file: String,
        /// What failed.
        #[source]
        source: serde_json::Error,
    },
    /// A file was replaced while the window was being worked on.
    #[error("{what}: \"{file}\" was replaced in the meantime")]
    Replaced {
        /// The window.
        what: String,
        /// The file.
        file: String,
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

impl PerformanceError {
    pub(crate) fn lake(what: &str) -> impl Fn(LakeError) -> Self {
        move |source| Self::Lake { what: what.to_owned(), source }
    }

    pub(crate) fn registry(what: &str) -> impl Fn(RegistryError) -> Self {
        move |source| Self::Registry { what: what.to_owned(), source }
    }

    pub(crate) fn file(what: &str, file: &str) -> impl Fn(serde_json::Error) -> Self {
        move |source| Self::File { what: what.to_owned(), file: file.to_owned(), source }
    }

    /// Whether somebody else changed something in between, so that starting over may help at once.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Lake { source, .. } => source.is_conflict(),
            Self::Registry { source, .. } => source.is_conflict(),
            Self::Replaced { .. } => true,
            _ => false,
        }
    }
}

impl Failure for PerformanceError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Lake { source, .. } => source.is_retryable(),
            Self::Registry { source, .. } => source.is_retryable(),
            Self::Replaced { .. } | Self::Queue(_) | Self::Busy { .. } => true,
            Self::Schedule(_) | Self::Message { .. } | Self::File { .. } | Self::Metrics { .. } => false,
        }
    }
}
