//! How profiles are stored: JSON under zstd, so that `zstdcat x.profile | jq` reads them.

use serde::{Serialize, de::DeserializeOwned};

/// Compression level: profiles are written often and are small.
const ZSTD_LEVEL: i32 = 3;

/// Largest profile that is read, decompressed: a thousand features of a thousand cells with sixty periods, and room to spare.
const MAX_DECODED_BYTES: u64 = 512 * 1024 * 1024;

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
    /// A stored baseline contradicts itself.
    #[error("stored baseline contradicts itself: {fault}")]
    Contradiction {
        /// What was found and what was expected, where.
        fault: String,
    },
    /// Two profiles were counted by different segments, by different values of them, or of different fields.
    #[error("profile was counted by segments [{found}], expected [{expected}], by the same values and of the same fields")]
    Segments {
        /// The fields that it was counted by.
        found: String,
        /// Those that it should be counted by.
        expected: String,
    },
    /// A profile could not be turned into bytes.
    #[error("profile could not be stored")]
    Encode(#[source] std::io::Error),
    /// Stored bytes are not a profile.
    #[error("stored profile could not be read: expected JSON under zstd")]
    Decode(#[source] std::io::Error),
}

/// The stored form of a [`crate::Part`], [`crate::WindowProfile`] or [`crate::Baseline`]. Equal values give equal bytes.
///
/// # Errors
/// [`ProfileError::Encode`] if memory runs out.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, ProfileError> {
    let json = serde_json::to_vec(value).map_err(|error| ProfileError::Encode(error.into()))?;
    zstd::bulk::compress(&json, ZSTD_LEVEL).map_err(ProfileError::Encode)
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// [`ProfileError::Decode`] if the bytes are not such a form, or decompress to more than 512 MiB.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProfileError> {
    use std::io::Read;
    let mut json = Vec::new();
    let inflated = zstd::stream::read::Decoder::new(bytes).map_err(ProfileError::Decode)?;
    inflated.take(MAX_DECODED_BYTES).read_to_end(&mut json).map_err(ProfileError::Decode)?;
    serde_json::from_slice(&json).map_err(|error| ProfileError::Decode(error.into()))
}
