//! What keeps a file of another tool from being read.

/// What keeps a file of another tool from being read. Each says what was found, what was expected, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InterchangeError {
    /// More bytes than any such file needs.
    #[error("found {found} bytes, expected at most {expected}")]
    TooLarge {
        /// How many there are.
        found: usize,
        /// Most that are read.
        expected: usize,
    },
    /// Not JSON.
    #[error("not readable as JSON")]
    Json(#[source] serde_json::Error),
    /// Not YAML.
    #[error("not readable as YAML: {fault}")]
    Yaml {
        /// What is wrong, with line and column.
        fault: String,
    },
    /// Another document than the one that was asked for.
    #[error("found {found}, expected {expected}")]
    Document {
        /// What it is.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// A value that makes no sense where it stands.
    #[error("{place}: found {found}, expected {expected}")]
    Value {
        /// Where it stands.
        place: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The summary's parts do not make a baseline.
    #[error("the statistics do not make a baseline")]
    Baseline(#[from] tidegate_profile::ProfileError),
}
