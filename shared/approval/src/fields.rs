//! Bytes that can be read in one way only: every field with its length before it.

/// A sequence of fields.
pub(crate) struct Fields(Vec<u8>);

impl Fields {
    /// A sequence for one purpose, which is its first field: what is made for one purpose is nothing for another.
    pub(crate) fn of(purpose: &str) -> Self {
        Self(Vec::new()).text(purpose)
    }

    pub(crate) fn bytes(mut self, field: &[u8]) -> Self {
        self.0.extend((field.len() as u64).to_be_bytes());
        self.0.extend(field);
        self
    }

    pub(crate) fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    #[expect(clippy::needless_pass_by_value, reason = "numbers are small, and come from expressions")]
    pub(crate) fn number(self, field: impl ToString) -> Self {
        self.text(&field.to_string())
    }

    /// A number that may be missing: the empty field, which no number is.
    pub(crate) fn optional(self, field: Option<u32>) -> Self {
        self.text(&field.map(|number| number.to_string()).unwrap_or_default())
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_from_one_field_to_the_next_is_seen() {
        let of = |one: &str, two: &str| Fields::of("p").text(one).text(two).finish();
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_ne!(of("", "abc"), of("abc", ""));
        assert_ne!(Fields::of("p").optional(None).finish(), Fields::of("p").optional(Some(0)).finish());
        // 1 | p | 2 | ab | 1 | 7, each length in eight bytes.
        let lengths = |length: u8| [0, 0, 0, 0, 0, 0, 0, length];
        let by_hand = [&lengths(1)[..], b"p", &lengths(2), b"ab", &lengths(1), b"7"].concat();
        assert_eq!(Fields::of("p").text("ab").number(7).finish(), by_hand);
    }
}
