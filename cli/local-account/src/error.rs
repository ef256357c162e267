//! What can go wrong in the local account itself, as opposed to in a function that runs in it.

use std::path::PathBuf;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong in the local account itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalAccountError {
    /// The folder cannot be used.
    #[error("the local account could not be opened in {}", folder.display())]
    Open {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: Source,
    },
    /// One of its services refused something that the account itself asked for.
    #[error("the local account could not {what}")]
    Service {
        /// What was asked for.
        what: String,
        /// Why it was refused.
        source: Source,
    },
    /// A function's settings were refused.
    #[error("the local account's settings for a function were refused")]
    Settings(#[from] tidegate_runtime::WrongSettings),
    /// An example of `events/` has another shape than expected.
    #[error("the example events/{file} lacks {part}")]
    Example {
        /// The file's name.
        file: &'static str,
        /// A JSON pointer into it.
        part: String,
    },
    /// The schedule's plan failed at every try.
    #[error("planning for {scheduled_time} failed {attempts} times")]
    Plan {
        /// For when it was asked.
        scheduled_time: String,
        /// Tries made.
        attempts: u32,
        /// Why the last one failed.
        source: Source,
    },
}

impl LocalAccountError {
    pub(crate) fn open(folder: &std::path::Path, source: impl Into<Source>) -> Self {
        Self::Open { folder: folder.to_owned(), source: source.into() }
    }

    pub(crate) fn service<E: std::error::Error + Send + Sync + 'static>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |source| Self::Service { what, source: Box::new(source) }
    }
}
