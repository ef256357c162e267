//! A strict RFC 8259 parser that fills the slots of a plan: no document tree, no row objects, no second look.

/// Where and why a text is not strict JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct JsonError {
    /// Byte of the fault, from 0.
    pub offset: usize,
    /// What was found and what was expected.
    pub reason: crate::Reason,
}

/// Checks that a text is one JSON value as RFC 8259 has it, of any type, with unique keys and at most
/// [`MAX_DEPTH`](crate::limits::MAX_DEPTH) levels: the very parser that records go through.
///
/// # Errors
/// [`JsonError`] with the place of the first fault.
pub fn validate(_text: &[u8]) -> Result<(), JsonError> {
    todo!()
}
