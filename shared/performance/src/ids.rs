//! How predictions and outcomes are told apart: by digests, whose parts are also what a turn takes.

use sha2::{Digest, Sha256};

/// Parts of the ids.
pub const PARTITIONS: u32 = 64;

/// Names a request: the first 128 bits of SHA-256 over its id as it is stored.
pub(crate) fn hash(id: &str) -> u128 {
    Sha256::digest(id.as_bytes()).first_chunk().map_or(0, |first| u128::from_be_bytes(*first))
}

/// The part of an id: the first six bits of its hash.
pub(crate) fn partition(id: u128) -> u32 {
    u32::try_from(id >> (u128::BITS - PARTITIONS.trailing_zeros())).unwrap_or(0)
}

/// Tells outcomes apart that became known at the same time. It covers the id, so that no outcome wins everywhere.
pub(crate) fn digest(id: &str, actual: &str) -> u64 {
    let mut digest = Sha256::new();
    digest.update((id.len() as u64).to_be_bytes());
    digest.update(id.as_bytes());
    digest.update(actual.trim_ascii().as_bytes());
    digest.finalize().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
