//! Addresses in S3, as other registries write them.

use std::fmt;
use std::str::FromStr;

use super::said::clean;

/// Longest key of an object, bytes (S3 user guide, *Object key naming*).
const MAX_KEY_BYTES: usize = 1_024;

/// An object, or a folder of objects: `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) bucket: String,
    /// Without a slash at its end, and never empty: no address is a whole bucket.
    pub(super) key: String,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        let parts = parts.map(|(bucket, key)| (bucket, key.trim_end_matches('/')));
        match parts {
            Some((bucket, key)) if is_bucket(bucket) && (1..=MAX_KEY_BYTES).contains(&key.len()) && clean(key) == key => {
                Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
            }
            _ => Err(format!("found \"{}\", expected an address in S3 such as s3://bucket/folder/file", clean(text))),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "s3://{}/{}", self.bucket, self.key)
    }
}

/// As S3 names buckets (user guide, *General purpose bucket naming rules*).
pub(super) fn is_bucket(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    (3..=63).contains(&text.len()) && text.bytes().all(is_known) && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_object_or_a_folder_and_never_a_bucket() {
        let read = |text: &str| text.parse::<Address>().map(|address| (address.bucket, address.key));
        assert_eq!(read("s3://models/a/b c.tar.gz").unwrap(), ("models".to_owned(), "a/b c.tar.gz".to_owned()));
        assert_eq!(read("s3://models/a//").unwrap().1, "a");
        for wrong in [
            "",
            "s3://",
            "s3://models",
            "s3://models/",
            "s3://models///",
            "s3:///a",
            "s3://MODELS/a",
            "s3://a..b/c",
            "s3://m@h/a",
            "S3://models/a",
            "https://models.s3.amazonaws.com/a",
            "models:/m-1",
            "mlflow-artifacts:/1/a",
            "file:///etc/passwd",
            "s3://models/a\nb",
            " s3://models/a",
        ] {
            assert!(read(wrong).unwrap_err().contains("expected an address in S3"), "{wrong}");
        }
        assert!(read(&format!("s3://models/{}", "a".repeat(1_025))).is_err());
    }
}
