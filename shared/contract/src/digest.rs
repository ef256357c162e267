//! The digest that names a contract's content.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::Contract;

impl Contract {
    /// SHA-256 of the contract's content, 64 hexadecimal digits.
    ///
    /// The content is the parsed value with its defaults, written as JSON without spaces and with sorted keys: comments,
    /// the order of keys and the way a value is written in YAML do not count.
    #[must_use]
    pub fn digest(&self) -> String {
        // Contracts hold nothing that JSON cannot: text keys, and numbers of which only the open end of a range is not finite;
        // it becomes null, and which end it is tells which infinity.
        let value = serde_json::to_value(self).unwrap_or(Value::Null);
        let mut text = String::new();
        write_sorted(&value, &mut text);
        Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
            for digit in [byte >> 4, byte & 15] {
                hex.extend(char::from_digit(u32::from(digit), 16));
            }
            hex
        })
    }
}

/// Written by hand because `serde_json` keeps the order of keys as soon as any crate of the build asks it to.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_sorted(item, text);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_sorted(item, text);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}
