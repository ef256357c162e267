//! One entry of a model's audit chain.

use serde::{Deserialize, Serialize};

use super::canonical::{NotCanonical, canonical, sha256};
use crate::lifecycle::{Change, Head, Record};

/// What was done, by whom, when, and every record as it was afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The shape of the entry: `tidegate.audit/1`.
    pub format: String,
    /// The model.
    pub model: String,
    /// Its number, counted from 1.
    pub seq: u64,
    /// Digest of the entry before; [`Head::GENESIS`] for the first.
    pub prev: String,
    /// When, milliseconds since 1970; never before the entry before.
    pub at_ms: i64,
    /// Who asked for it.
    pub by: String,
    /// What was asked ([`Command::name`](crate::Command::name)).
    pub command: String,
    /// What was done, in one sentence.
    pub says: String,
    /// The records that changed, as they are from then on.
    pub records: Vec<Record>,
}

/// An entry as it lies in the table: the very text that its digest is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The number under which it lies.
    pub seq: u64,
    /// Its canonical JSON.
    pub text: String,
    /// The digest that is written beside it.
    pub hash: String,
}

/// The shape of an entry.
pub(crate) const FORMAT: &str = "tidegate.audit/1";

impl Entry {
    /// The entry of a change, after this head.
    #[must_use]
    pub fn next(head: &Head, change: &Change) -> Self {
        Self {
            format: FORMAT.to_owned(),
            model: change.model.clone(),
            seq: head.seq + 1,
            prev: head.hash.clone(),
            at_ms: change.at_ms,
            by: change.by.clone(),
            command: change.command.to_owned(),
            says: change.says.clone(),
            records: change.records().cloned().collect(),
        }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`NotCanonical`] if it holds a number that JSON readers would round, which the bounds on records rule out.
    pub fn stored(&self) -> Result<StoredEntry, NotCanonical> {
        let text = canonical(self)?;
        Ok(StoredEntry { seq: self.seq, hash: sha256(&text), text })
    }

    /// Where the chain ends with this entry, when its digest is `hash`.
    #[must_use]
    pub fn head(&self, hash: String, versions: u32) -> Head {
        Head { seq: self.seq, hash, at_ms: self.at_ms, versions }
    }
}
