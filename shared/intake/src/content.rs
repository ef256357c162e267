//! The digest of what was read.

use sha2::{Digest, Sha256};

/// Counts and digests decompressed bytes.
#[derive(Debug, Default, Clone)]
pub(crate) struct Content {
    digest: Sha256,
    bytes: u64,
}

impl Content {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn hex(self) -> String {
        hex(&self.digest.finalize())
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
