//! What lies directly in an object or an array, as pieces of its text.

use super::{Fault, JsonError, scan, skip};
use crate::ReasonKind;

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// Its key, escapes resolved.
    pub(crate) key: String,
    /// The text of its value.
    pub(crate) value: &'a str,
}

/// The elements of an array, each as its text.
pub(crate) fn elements(text: &str) -> Result<Vec<&str>, JsonError> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = open(bytes, b'[', "found another value, expected an array")?;
    if bytes.get(at) == Some(&b']') {
        super::end(bytes, at + 1)?;
        return Ok(found);
    }
    loop {
        let end = skip::value(bytes, at, 1)?;
        found.push(text.get(at..end).unwrap_or_default());
        match skip::separator(bytes, end, b']')? {
            Ok(next) => at = next,
            Err(end) => {
                super::end(bytes, end)?;
                return Ok(found);
            }
        }
    }
}

/// The members of an object, in their order; a key that comes twice is refused.
pub(crate) fn members(text: &str) -> Result<Vec<Member<'_>>, JsonError> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut seen = hashbrown::HashSet::new();
    let mut at = open(bytes, b'{', "found another value, expected an object")?;
    if bytes.get(at) == Some(&b'}') {
        super::end(bytes, at + 1)?;
        return Ok(found);
    }
    loop {
        let (key_end, has_escapes, start) = skip::key(bytes, at)?;
        let written = text.get(at + 1..key_end).unwrap_or_default();
        let mut key = String::new();
        if has_escapes {
            scan::unescape(written, &mut key);
        } else {
            key.push_str(written);
        }
        if !seen.insert(key.clone()) {
            let text = "found a key for the second time, expected every key once";
            return Err(Fault { at, kind: ReasonKind::DuplicateKey, text }.into());
        }
        let end = skip::value(bytes, start, 1)?;
        found.push(Member { key, value: text.get(start..end).unwrap_or_default() });
        match skip::separator(bytes, end, b'}')? {
            Ok(next) => at = next,
            Err(end) => {
                super::end(bytes, end)?;
                return Ok(found);
            }
        }
    }
}

/// The first value of a text, when it is all there.
pub(crate) fn first_value(text: &[u8]) -> Option<&[u8]> {
    let start = scan::white_space(text, 0);
    let end = skip::value(text, start, 0).ok()?;
    text.get(start..end)
}

/// The members of an object up to its end or to the first fault, values that are strings without their quotes, other values empty; and whether its
/// end was found. A value that is cut off is empty, and its key counts.
pub(crate) fn leading_members(text: &[u8]) -> (Vec<(String, String)>, bool) {
    let mut found = Vec::new();
    let Ok(mut at) = open(text, b'{', "") else { return (found, false) };
    if text.get(at) == Some(&b'}') {
        return (found, true);
    }
    loop {
        let Ok((key_end, _, start)) = skip::key(text, at) else { return (found, false) };
        let key = String::from_utf8_lossy(text.get(at + 1..key_end).unwrap_or_default()).into_owned();
        let end = skip::value(text, start, 1);
        let value = end.as_ref().ok().and_then(|end| text.get(start..*end)).and_then(|value| value.strip_prefix(b"\""));
        let value = value.and_then(|value| value.strip_suffix(b"\"")).unwrap_or_default();
        found.push((key, String::from_utf8_lossy(value).into_owned()));
        match end.and_then(|end| skip::separator(text, end, b'}')) {
            Ok(Ok(next)) => at = next,
            Ok(Err(_)) => return (found, true),
            Err(_) => return (found, false),
        }
    }
}

/// The text of a value that is a string, escapes resolved; any other value as it is written.
pub(crate) fn scalar(value: &str) -> String {
    match value.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(text) if text.contains('\\') => {
            let mut plain = String::new();
            scan::unescape(text, &mut plain);
            plain
        }
        Some(text) => text.to_owned(),
        None => value.to_owned(),
    }
}

/// Passes over white space, a bracket and white space.
fn open(bytes: &[u8], bracket: u8, expected: &'static str) -> Result<usize, JsonError> {
    let start = scan::white_space(bytes, 0);
    if bytes.get(start) == Some(&bracket) {
        Ok(scan::white_space(bytes, start + 1))
    } else {
        Err(Fault { at: start, kind: ReasonKind::NotAnObject, text: expected }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_elements_are_pieces_of_the_text() {
        assert_eq!(elements("[1, [2,3] ,\"a,b\"]").unwrap(), ["1", "[2,3]", "\"a,b\""]);
        assert_eq!(elements(" [ ] ").unwrap(), [""; 0]);
        let found = members(r#"{"a" : 1, "b\u0063":{"d":2}}"#).unwrap();
        assert_eq!(found, [Member { key: "a".into(), value: "1" }, Member { key: "bc".into(), value: r#"{"d":2}"# }]);
        assert!(members(r#"{"a":1,"a":2}"#).is_err());
        assert!(elements("[1,").is_err() && members("[1]").is_err() && elements("[1] 2").is_err());
        assert_eq!(scalar(r#""a\"b""#), "a\"b");
    }
}
