//! Canonical JSON (RFC 8785) of what the audit chain holds: objects, lists, texts, truth values and whole numbers.
//!
//! Fractions and `null` are refused, so that nobody who recomputes a digest, in whatever language, meets the one hard part of the
//! standard: how a floating-point number is written. What is a fraction elsewhere is a text here.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Largest whole number that every JSON reader keeps exactly (RFC 8785, 3.2.2.3; RFC 7493, 2.2).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// What has no place in a canonical text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found} at \"{at}\", expected objects, lists, texts, truth values and whole numbers up to 2^53 − 1")]
pub struct NotCanonical {
    /// Where, as a JSON pointer.
    pub at: String,
    /// What is there.
    pub found: String,
}

/// A value as canonical JSON.
///
/// # Errors
/// [`NotCanonical`] if it holds a fraction, a whole number beyond [`MAX_INTEGER`], or `null`.
pub fn canonical<T: Serialize>(value: &T) -> Result<String, NotCanonical> {
    let value = serde_json::to_value(value).map_err(|error| NotCanonical { at: String::new(), found: error.to_string() })?;
    let mut text = String::new();
    write(&value, &mut String::new(), &mut text)?;
    Ok(text)
}

/// SHA-256 of a text, 64 hexadecimal digits.
#[must_use]
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}

fn write(value: &Value, at: &mut String, text: &mut String) -> Result<(), NotCanonical> {
    let refused = |at: &str, found: String| Err(NotCanonical { at: at.to_owned(), found });
    match value {
        Value::Null => return refused(at, "null".to_owned()),
        Value::Bool(yes) => text.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => match number.as_i64() {
            Some(whole) if whole.abs() <= MAX_INTEGER => text.push_str(&whole.to_string()),
            _ => return refused(at, format!("the number {number}")),
        },
        // `serde_json` escapes exactly what the standard escapes, in the same way: `"`, `\`, and what is below a space.
        Value::String(_) => text.push_str(&value.to_string()),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                below(item, &index.to_string(), at, text)?;
            }
            text.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            // By UTF-16 code units (3.2.3), which differs from the order of bytes beyond the basic plane.
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                below(item, key, at, text)?;
            }
            text.push('}');
        }
    }
    Ok(())
}

fn below(item: &Value, name: &str, at: &mut String, text: &mut String) -> Result<(), NotCanonical> {
    let length = at.len();
    at.push('/');
    at.push_str(name);
    write(item, at, text)?;
    at.truncate(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_as_the_standard_sorts_them_and_texts_escaped_as_it_escapes_them() {
        // RFC 8785, 3.2.3: the example of sorting, and the escapes of 3.2.2.2.
        let value: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro","\r":"Return","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Smiley","\u0080":"Control","\u00f6":"o"}"#,
        )
        .unwrap();
        let sorted =
            "{\"\\r\":\"Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"o\",\"€\":\"Euro\",\"😀\":\"Smiley\",\"\u{fb33}\":\"Dalet\"}";
        assert_eq!(canonical(&value).unwrap(), sorted);
        let text = "€$\u{f}\nA'B\"\\\\\"/\u{7f}";
        assert_eq!(canonical(&json!({ "string": text })).unwrap(), "{\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u{7f}\"}");
    }

    #[test]
    fn spaces_and_order_of_writing_do_not_count() {
        let one: Value = serde_json::from_str(r#"{ "b": [1, -2, true], "a": { "d": "", "c": 0 } }"#).unwrap();
        assert_eq!(canonical(&one).unwrap(), r#"{"a":{"c":0,"d":""},"b":[1,-2,true]}"#);
    }

    #[test]
    fn fractions_null_and_numbers_that_readers_round_are_refused_where_they_lie() {
        for (value, says) in [
            (json!({ "a": [1, 0.5] }), "found the number 0.5 at \"/a/1\""),
            (json!({ "a": { "b": null } }), "found null at \"/a/b\""),
            (json!([9_007_199_254_740_992_i64]), "found the number 9007199254740992 at \"/0\""),
            (json!(u64::MAX), "found the number 18446744073709551615 at \"\""),
        ] {
            assert!(canonical(&value).unwrap_err().to_string().starts_with(says), "{value}");
        }
        assert_eq!(canonical(&json!(-MAX_INTEGER)).unwrap(), "-9007199254740991");
    }

    #[test]
    fn the_digest_is_that_of_everybody_else() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
