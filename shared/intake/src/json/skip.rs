//! Values that nothing is read from: checked to the last byte, and passed over.

use super::{Fault, scan};
use crate::ReasonKind;
use crate::limits::MAX_DEPTH;

/// Passes over a value that begins at `at`, inside `depth` objects and arrays; returns where it ends.
pub(super) fn value(text: &[u8], at: usize, depth: usize) -> Result<usize, Fault> {
    match text.get(at) {
        Some(b'"') => scan::string(text, at + 1).map(|(end, _)| end),
        Some(b'-' | b'0'..=b'9') => scan::number(text, at).map(|(end, _)| end),
        Some(b'{') => object(text, at + 1, depth + 1),
        Some(b'[') => array(text, at + 1, depth + 1),
        Some(b't') => scan::literal(text, at, b"true"),
        Some(b'f') => scan::literal(text, at, b"false"),
        Some(b'n') => scan::literal(text, at, b"null"),
        Some(0xef) => Err(Fault::json(at, "found a byte order mark or another character, expected a value")),
        Some(_) => Err(Fault::json(at, "found another character, expected a value")),
        None => Err(Fault::json(at, "found the end of the line, expected a value")),
    }
}

/// Refuses to go deeper than may be; `at` is behind the bracket.
#[inline]
pub(super) fn check_depth(at: usize, depth: usize) -> Result<(), Fault> {
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(Fault { at: at - 1, kind: ReasonKind::TooDeep, text: "found a value nested too deep, expected at most 32 levels" })
}

/// Passes over the separator behind a value: the next value's place, or `Err` with the end.
#[inline]
pub(super) fn separator(text: &[u8], at: usize, closing: u8) -> Result<Result<usize, usize>, Fault> {
    let at = scan::white_space(text, at);
    match text.get(at) {
        Some(b',') => Ok(Ok(scan::white_space(text, at + 1))),
        Some(byte) if *byte == closing => Ok(Err(at + 1)),
        Some(_) => Err(Fault::json(at, "found another character, expected a comma or the closing bracket after a value")),
        None => Err(Fault::json(at, "found the end of the line, expected a comma or the closing bracket after a value")),
    }
}

/// Passes over a key and its colon, from its opening quote: where the key's text ends, whether it has escapes, and where the value begins.
#[inline]
pub(super) fn key(text: &[u8], at: usize) -> Result<(usize, bool, usize), Fault> {
    if text.get(at) != Some(&b'"') {
        return Err(Fault::json(at, "found no key, expected one in double quotes"));
    }
    let (end, has_escapes) = scan::string(text, at + 1)?;
    let colon = scan::white_space(text, end);
    if text.get(colon) != Some(&b':') {
        return Err(Fault::json(colon, "found no colon, expected one after a key"));
    }
    Ok((end - 1, has_escapes, scan::white_space(text, colon + 1)))
}

fn object(text: &[u8], at: usize, depth: usize) -> Result<usize, Fault> {
    check_depth(at, depth)?;
    let mut at = scan::white_space(text, at);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        let (_, _, start) = key(text, at)?;
        let end = value(text, start, depth)?;
        match separator(text, end, b'}')? {
            Ok(next) => at = next,
            Err(end) => return Ok(end),
        }
    }
}

fn array(text: &[u8], at: usize, depth: usize) -> Result<usize, Fault> {
    check_depth(at, depth)?;
    let mut at = scan::white_space(text, at);
    if text.get(at) == Some(&b']') {
        return Ok(at + 1);
    }
    loop {
        let end = value(text, at, depth)?;
        match separator(text, end, b']')? {
            Ok(next) => at = next,
            Err(end) => return Ok(end),
        }
    }
}
