//! One record as every format shows it, and how its values are read: the value rules of `STATISTICS`.
//!
//! | found | numeric field | categorical field |
//! |---|---|---|
//! | absent, null, empty CSV cell | missing | missing |
//! | number | used; beyond the range of a double: infinite | its shortest form: `1.0` is `1`, `1.50` is `1.5` |
//! | string | a number in it is used; `""` and `NaN` (any case) missing; `inf`, `-Infinity` infinite; else wrong type | itself, byte by byte, `""` and `"NaN"` too |
//! | `true`, `false` | wrong type | `true`, `false` |
//! | object, array | wrong type | wrong type |

use std::borrow::Cow;

/// A value of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Not there.
    Absent,
    /// There, without a value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number as written, and as a double (infinite when it is too large for one).
    Number { text: &'a str, value: f64 },
    /// A whole number of a typed file.
    Int(i64),
    /// A number of a typed file; may be NaN.
    Float(f64),
    /// A string, escapes resolved.
    Text(&'a str),
    /// A time of a typed file, milliseconds since 1970.
    Time(i64),
    /// Something that is no single value: what it is.
    Nested(&'static str),
}

/// One record, by the targets of a plan.
pub(crate) trait Row {
    /// The value of a target.
    fn cell(&self, target: usize) -> Cell<'_>;
    /// The JSON text of a target that is an object or an array, where the format has one.
    fn nested(&self, _target: usize) -> Option<&str> {
        None
    }
    /// Calls back with the name of every unexpected feature that the record carries.
    fn unexpected(&self, each: &mut dyn FnMut(&str));
    /// The row as text, for a format that has no text of its own.
    fn describe(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// What a numeric field reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Numeric {
    /// A number, perhaps infinite, never NaN.
    Value(f64),
    Missing,
    WrongType,
}

/// What a categorical field reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Category<'a> {
    Value(Cow<'a, str>),
    Missing,
    WrongType,
}

impl<'a> Cell<'a> {
    #[inline]
    pub(crate) fn numeric(self) -> Numeric {
        match self {
            Self::Absent | Self::Null => Numeric::Missing,
            Self::Float(value) if value.is_nan() => Numeric::Missing,
            Self::Number { value, .. } | Self::Float(value) => Numeric::Value(value),
            Self::Int(value) => Numeric::Value(value as f64),
            Self::Text(text) => numeric_text(text),
            Self::Bool(_) | Self::Time(_) | Self::Nested(_) => Numeric::WrongType,
        }
    }

    #[inline]
    pub(crate) fn category(self) -> Category<'a> {
        match self {
            Self::Text(text) => Category::Value(crate::category(text)),
            Self::Absent | Self::Null => Category::Missing,
            Self::Bool(value) => Category::Value(Cow::Borrowed(if value { "true" } else { "false" })),
            Self::Number { text, value } => Category::Value(number_text(text, value)),
            Self::Int(value) => Category::Value(Cow::Owned(value.to_string())),
            Self::Float(value) if value.is_nan() => Category::Missing,
            Self::Float(value) => Category::Value(Cow::Owned(float_text(value))),
            Self::Time(ms) => Category::Value(Cow::Owned(crate::timestamp::to_text(ms))),
            Self::Nested(_) => Category::WrongType,
        }
    }

    /// The value as an inference id or a version: a category of any length, `""` counting as missing.
    pub(crate) fn identity(self) -> Category<'a> {
        match self {
            Self::Text("") => Category::Missing,
            // Identifiers are no quantities: numbers stay as they were written.
            Self::Text(text) | Self::Number { text, .. } => Category::Value(Cow::Borrowed(text)),
            other => other.category(),
        }
    }

    /// The value as JSON; numbers that JSON does not have are strings.
    pub(crate) fn to_json(self) -> serde_json::Value {
        match self {
            Self::Absent | Self::Null => serde_json::Value::Null,
            Self::Bool(value) => value.into(),
            Self::Number { text, .. } | Self::Text(text) | Self::Nested(text) => text.into(),
            Self::Int(value) => value.into(),
            Self::Float(value) => serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), serde_json::Value::Number),
            Self::Time(ms) => crate::timestamp::to_text(ms).into(),
        }
    }

    /// What the value is, for people.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number { .. } | Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::Time(_) => "a time",
            Self::Nested(what) => what,
        }
    }
}

/// A number that is written as a string.
fn numeric_text(text: &str) -> Numeric {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Numeric::Missing;
    }
    match fast_float2::parse::<f64, _>(text) {
        Ok(value) if value.is_nan() => Numeric::Missing,
        Ok(value) => Numeric::Value(value),
        Err(_) => Numeric::WrongType,
    }
}

/// The category of a JSON number.
fn number_text(text: &str, value: f64) -> Cow<'_, str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole && text != "-0" || value.is_infinite() { crate::category(text) } else { Cow::Owned(float_text(value)) }
}

/// The shortest text that reads as this double, `-0` as `0`.
fn float_text(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Cell<'_> {
        Cell::Number { text, value: text.parse().unwrap_or(f64::NAN) }
    }

    #[test]
    fn numeric_fields_follow_the_value_rules() {
        for (text, expected) in [
            ("", Numeric::Missing),
            ("  ", Numeric::Missing),
            (" NaN ", Numeric::Missing),
            ("nan", Numeric::Missing),
            ("inf", Numeric::Value(f64::INFINITY)),
            ("-Infinity", Numeric::Value(f64::NEG_INFINITY)),
            ("1e400", Numeric::Value(f64::INFINITY)),
            ("1.5", Numeric::Value(1.5)),
            ("-0.083931", Numeric::Value(-0.083_931)),
            ("null", Numeric::WrongType),
            ("0x1F", Numeric::WrongType),
            ("1,5", Numeric::WrongType),
            ("N/A", Numeric::WrongType),
        ] {
            assert_eq!(Cell::Text(text).numeric(), expected, "{text:?}");
        }
        assert_eq!(Cell::Bool(true).numeric(), Numeric::WrongType);
        assert_eq!(Cell::Nested("an object").numeric(), Numeric::WrongType);
        assert_eq!(Cell::Null.numeric(), Numeric::Missing);
        assert_eq!(Cell::Float(f64::NAN).numeric(), Numeric::Missing);
    }

    #[test]
    fn categories_are_exact_and_numbers_take_their_shortest_form() {
        for (cell, expected) in [
            (Cell::Bool(true), "true"),
            (number("1"), "1"),
            (number("1.0"), "1"),
            (number("1.50"), "1.5"),
            (number("-0"), "0"),
            (number("12345678901234567890"), "12345678901234567890"),
            (Cell::Float(1.0), "1"),
            (Cell::Int(-3), "-3"),
            (Cell::Text(""), ""),
            (Cell::Text("NaN"), "NaN"),
            (Cell::Text("null"), "null"),
        ] {
            assert_eq!(cell.category(), Category::Value(expected.into()));
        }
        assert_eq!(Cell::Null.category(), Category::Missing);
        assert_eq!(Cell::Nested("an array").category(), Category::WrongType);
    }

    #[test]
    fn long_categories_stay_different_and_short() {
        let (one, two) = ("é".repeat(1_000), "é".repeat(1_001));
        let (Category::Value(one), Category::Value(two)) = (Cell::Text(&one).category(), Cell::Text(&two).category()) else { return };
        assert_ne!(one, two);
        assert!(one.len() <= crate::limits::MAX_CATEGORY_BYTES && one.starts_with("ééé"));
    }
}
