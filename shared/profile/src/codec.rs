//! How profiles are stored: JSON under zstd, so that `zstdcat x.profile | jq` reads them.

use serde::{Serialize, de::DeserializeOwned};

/// What can go wrong with a profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A batch does not have the column that a field needs.
    #[error("column {column}: found {found}, expected {expected}")]
    Column {
        /// The column.
        column: String,
        /// What the batch has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// Two profiles were counted against different baselines.
    #[error("profile was counted against baseline {found}, expected {expected}")]
    Anchor {
        /// What the profile says.
        found: String,
        /// What it should say.
        expected: String,
    },
    /// Stored bytes could not be read.
    #[error("stored profile could not be read")]
    Decode(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The stored form of a [`crate::Part`], [`crate::WindowProfile`] or [`crate::Baseline`]. Equal values give equal bytes.
///
/// # Errors
/// [`ProfileError::Decode`] never; the type is shared with [`decode`].
pub fn encode<T: Serialize>(_value: &T) -> Result<Vec<u8>, ProfileError> {
    todo!()
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`ProfileError::Decode`] if the bytes are not such a form.
pub fn decode<T: DeserializeOwned>(_bytes: &[u8]) -> Result<T, ProfileError> {
    todo!()
}
