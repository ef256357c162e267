//! Lengths of windows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A length of time in whole hours, written `6h` or `7d`; 1 hour to 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowLength(u32);

impl WindowLength {
    /// The longest window: 30 days.
    pub const MAX_HOURS: u32 = 30 * 24;

    /// A window of that many hours.
    #[must_use]
    pub const fn hours(hours: u32) -> Self {
        Self(hours)
    }

    /// Its length in hours.
    #[must_use]
    pub const fn as_hours(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for WindowLength {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_multiple_of(24) { write!(out, "{}d", self.0 / 24) } else { write!(out, "{}h", self.0) }
    }
}

impl std::str::FromStr for WindowLength {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("found \"{text}\", expected a length from 1h to 30d, such as 6h or 7d");
        let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
        let count: u32 = digits.parse().map_err(|_| wrong())?;
        let hours = match unit {
            "h" => Some(count),
            "d" => count.checked_mul(24),
            _ => None,
        };
        match hours {
            Some(hours @ 1..=Self::MAX_HOURS) => Ok(Self(hours)),
            _ => Err(wrong()),
        }
    }
}

impl Serialize for WindowLength {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WindowLength {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for WindowLength {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WindowLength".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]+[hd]$",
            "description": "A length of time from 1h to 30d, in whole hours (h) or days (d)."
        })
    }
}
