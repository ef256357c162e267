//! Category values of bounded length.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::limits::MAX_CATEGORY_BYTES;

/// So many bytes of a long value stay readable.
const READABLE_BYTES: usize = 160;

/// A category value as columns carry it: one of more than [`MAX_CATEGORY_BYTES`] bytes becomes its first 160 or so, `…#`,
/// and the first 128 bits of its SHA-256 in hex. Different long values stay different, equal ones equal, and a column of
/// hostile values stays small.
#[must_use]
pub fn category(value: &str) -> Cow<'_, str> {
    if value.len() <= MAX_CATEGORY_BYTES {
        return Cow::Borrowed(value);
    }
    let head = value.get(..value.floor_char_boundary(READABLE_BYTES)).unwrap_or_default();
    let digest = crate::content::hex(Sha256::digest(value.as_bytes()).get(..16).unwrap_or_default());
    Cow::Owned(format!("{head}…#{digest}"))
}
