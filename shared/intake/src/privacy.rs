//! What must not be stored as it came: pseudonyms for some fields, and no raw lines for contracts that have personal data.
//!
//! A pseudonym is SHA-256 over the model's name and the value, each preceded by its length: equal values stay equal, so categories and joins still work, and the
//! pseudonyms of two models cannot be joined. There is no secret in it: whoever can list all values that there may be can try them.
//! A secret key would have to be kept by every desk and function alike and would still be one key for all time; data that
//! can be guessed is to be dropped, not hashed.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use tidegate_contract::{Contract, Field};

use crate::plan::{FIELDS, target_of};
use crate::row::Cell;

/// The rules of one contract.
#[derive(Debug, Clone, Default)]
pub(crate) struct Privacy {
    model: String,
    /// Whether a field is stored as a pseudonym, by its place.
    fields: Vec<bool>,
    hashes_id: bool,
    keeps_no_lines: bool,
}

impl Privacy {
    pub(crate) fn new(contract: &Contract, fields: &[Field]) -> Self {
        let record = &contract.record;
        let mut hashed = vec![false; if record.hash.is_empty() { 0 } else { fields.len() }];
        for name in &record.hash {
            if let Some(place) = target_of(fields, name).and_then(|target| target.checked_sub(FIELDS))
                && let Some(hashed) = hashed.get_mut(place)
            {
                *hashed = true;
            }
        }
        Self {
            model: contract.model.clone(),
            fields: hashed,
            hashes_id: record.hash.iter().any(|name| name == "inference_id"),
            keeps_no_lines: !record.hash.is_empty() || !record.drop.is_empty(),
        }
    }

    /// Whether a line that is put aside must not be kept as it was.
    pub(crate) fn keeps_no_lines(&self) -> bool {
        self.keeps_no_lines
    }

    /// Whether a field is stored as a pseudonym.
    #[inline]
    pub(crate) fn hides(&self, place: usize) -> bool {
        self.fields.get(place).copied().unwrap_or(false)
    }

    /// An inference id as it is stored.
    pub(crate) fn id<'a>(&self, id: Cow<'a, str>) -> Cow<'a, str> {
        if self.hashes_id { Cow::Owned(self.pseudonym(&id)) } else { id }
    }

    /// The pseudonym of a value: 128 bits in hex.
    pub(crate) fn pseudonym(&self, value: &str) -> String {
        let mut digest = Sha256::new();
        for piece in [self.model.as_bytes(), value.as_bytes()] {
            digest.update((piece.len() as u64).to_be_bytes());
            digest.update(piece);
        }
        crate::content::hex(digest.finalize().get(..16).unwrap_or_default())
    }

    /// A categorical value as it is stored: text, `None` when it is missing or none.
    pub(crate) fn hidden(&self, cell: Cell<'_>) -> Option<String> {
        match cell.category() {
            crate::row::Category::Value(value) => Some(self.pseudonym(&value)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_are_equal_within_a_model_and_differ_between_models() {
        let of = |model: &str| Privacy { model: model.to_owned(), ..Privacy::default() };
        assert_eq!(of("a").pseudonym("x"), of("a").pseudonym("x"));
        assert_ne!(of("a").pseudonym("x"), of("b").pseudonym("x"));
        assert_ne!(of("ab").pseudonym("c"), of("a").pseudonym("bc"), "where one ends and the other begins counts");
        assert_eq!(of("a").pseudonym("x").len(), 32);
    }
}
