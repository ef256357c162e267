//! A strict RFC 8259 parser that fills the slots of a plan: no document tree, no row objects, no second look.
//!
//! Keys cost one comparison of bytes each: see [`shape`]. A record is whole in the slots before anything is done with it.

mod parser;
mod scan;
mod shape;
mod skip;
mod walk;

pub(crate) use parser::{Parser, Record};
pub(crate) use walk::{Member, elements, first_value, leading_members, members, scalar};

use crate::{Reason, ReasonKind};

/// Where and why a text is not strict JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct JsonError {
    /// Byte of the fault, from 0.
    pub offset: usize,
    /// What was found and what was expected.
    pub reason: Reason,
}

/// A fault while it travels: a small copy of what becomes a [`JsonError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    at: usize,
    kind: ReasonKind,
    text: &'static str,
}

impl Fault {
    fn json(at: usize, text: &'static str) -> Self {
        Self { at, kind: ReasonKind::Json, text }
    }
}

impl From<Fault> for JsonError {
    fn from(fault: Fault) -> Self {
        Self { offset: fault.at, reason: Reason::new(fault.kind, fault.text) }
    }
}

/// Checks that a text is one JSON value of any type as RFC 8259 has it, nested at most
/// [`MAX_DEPTH`](crate::limits::MAX_DEPTH) levels: the very code that records go through, for the parts that nothing is read from.
///
/// Duplicate keys are within that grammar, and within parts that nothing is read from they change nothing. In a record itself, and in every
/// object of it that a plan looks into, they are refused ([`ReasonKind::DuplicateKey`]), whether the plan knows the key or not.
///
/// # Errors
/// [`JsonError`] with the place of the first fault.
pub fn validate(text: &[u8]) -> Result<(), JsonError> {
    let text = utf8(text)?.as_bytes();
    let value = skip::value(text, scan::white_space(text, 0), 0)?;
    Ok(end(text, value)?)
}

/// Checks that nothing but white space follows.
#[inline]
fn end(text: &[u8], at: usize) -> Result<(), Fault> {
    let end = scan::white_space(text, at);
    if end == text.len() { Ok(()) } else { Err(Fault::json(end, "found more text, expected the end of the line")) }
}

/// The text of a line that should be UTF-8.
pub(crate) fn utf8(line: &[u8]) -> Result<&str, JsonError> {
    simdutf8::compat::from_utf8(line).map_err(|error| JsonError {
        offset: error.valid_up_to(),
        reason: Reason::new(ReasonKind::Encoding, "found a byte that is not UTF-8, expected UTF-8 text"),
    })
}
