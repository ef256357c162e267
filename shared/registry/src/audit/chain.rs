//! Whether a chain is whole: every entry there, none changed, none added, the end where it is said to be.

use std::fmt;

use serde::Deserialize;

use super::canonical::sha256;
use super::entry::{FORMAT, StoredEntry};
use crate::lifecycle::Head;

/// Somewhere along a chain whose digest is known from elsewhere: its head in the table, or a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Number of an entry.
    pub seq: u64,
    /// Its digest.
    pub hash: String,
    /// Where that is known from, in words (`the checkpoint of 2013-07-02T00:05:00Z`).
    pub from: String,
}

/// The first thing that is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainFault {
    /// The model.
    pub model: String,
    /// The entry.
    pub seq: u64,
    /// What is wrong with it.
    pub what: Fault,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not there.
    Missing,
    /// Another one lies in its place.
    InItsPlace {
        /// The number that the other one bears.
        found: u64,
    },
    /// There is more than one of it.
    Twice,
    /// Its text is not the one that its digest was made of.
    Changed,
    /// It is not what the entry after it, or the end of the chain, was made after.
    NotChained {
        /// Who knows it otherwise, in words.
        by: String,
    },
    /// It does not name the entry before it.
    Unlinked,
    /// It cannot be read.
    Unreadable {
        /// Why.
        says: String,
    },
    /// It is of another model.
    OtherModel {
        /// Which.
        found: String,
    },
    /// It was made before the one before it.
    Backwards,
    /// It comes after the end of the chain.
    AfterTheEnd {
        /// Number of the last entry.
        end: u64,
    },
}

/// What of an entry the chain hangs on.
#[derive(Deserialize)]
struct Link<'a> {
    #[serde(borrow)]
    format: &'a str,
    #[serde(borrow)]
    model: &'a str,
    seq: u64,
    #[serde(borrow)]
    prev: &'a str,
    at_ms: i64,
}

/// Checks a whole chain, entries in the order of their numbers, and returns where it ends.
///
/// The entry that is named is the bad one: an entry that fits to the one after it and not to the one before it accuses the one before.
///
/// # Errors
/// [`ChainFault`], the first of them.
pub fn verify(model: &str, entries: &[StoredEntry], anchors: &[Anchor]) -> Result<Head, ChainFault> {
    verify_after(model, Head::empty(), entries, anchors)
}

/// As [`verify`], for the entries that come after a part of the chain that was verified before and ended in `end`.
///
/// # Errors
/// [`ChainFault`], the first of them.
pub fn verify_after(model: &str, mut end: Head, entries: &[StoredEntry], anchors: &[Anchor]) -> Result<Head, ChainFault> {
    let fault = |seq: u64, what: Fault| ChainFault { model: model.to_owned(), seq, what };
    // Digests are computed once: of each entry and, below, of the one after it.
    let mut after = entries.first().map(|entry| sha256(&entry.text));
    for (index, entry) in entries.iter().enumerate() {
        let expected = end.seq + 1;
        let hash = after.take().unwrap_or_default();
        let next = entries.get(index + 1);
        after = next.map(|next| sha256(&next.text));
        let link: Link<'_> = match serde_json::from_str(&entry.text) {
            Ok(link) => link,
            Err(error) => return Err(fault(expected, Fault::Unreadable { says: error.to_string() })),
        };
        if entry.seq != expected || link.seq != expected {
            return Err(displaced(model, entries, expected, if entry.seq == expected { link.seq } else { entry.seq }));
        }
        if next.is_some_and(|next| next.seq == expected) {
            return Err(fault(expected, Fault::Twice));
        }
        if hash != entry.hash {
            return Err(fault(expected, Fault::Changed));
        }
        if link.format != FORMAT {
            return Err(fault(expected, Fault::Unreadable { says: format!("found the format \"{}\", expected {FORMAT}", link.format) }));
        }
        if link.model != model {
            return Err(fault(expected, Fault::OtherModel { found: link.model.to_owned() }));
        }
        if link.prev != end.hash {
            // If what comes after vouches for this one, then the one before is not what it was.
            let vouched = next.map_or_else(
                || anchors.iter().any(|anchor| anchor.seq == expected && anchor.hash == hash),
                |next| serde_json::from_str::<Link<'_>>(&next.text).is_ok_and(|after| after.prev == hash),
            );
            return Err(if vouched && expected > 1 {
                fault(expected - 1, Fault::NotChained { by: format!("entry {expected}") })
            } else {
                fault(expected, Fault::Unlinked)
            });
        }
        if link.at_ms < end.at_ms {
            return Err(fault(expected, Fault::Backwards));
        }
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.seq == expected && anchor.hash != hash) {
            return Err(fault(expected, Fault::NotChained { by: anchor.from.clone() }));
        }
        end = Head { seq: expected, hash, at_ms: link.at_ms, versions: 0 };
    }
    match anchors.iter().max_by_key(|anchor| anchor.seq).filter(|anchor| anchor.seq > end.seq) {
        Some(_) => Err(fault(end.seq + 1, Fault::Missing)),
        None => Ok(end),
    }
}

/// Entry `expected` is not where it should be; `found` is.
fn displaced(model: &str, entries: &[StoredEntry], expected: u64, found: u64) -> ChainFault {
    let fault = |seq: u64, what: Fault| ChainFault { model: model.to_owned(), seq, what };
    if found < expected {
        return fault(found, Fault::Twice);
    }
    // Canonical keys are sorted, and `seq` is the last of an entry's.
    let ending = format!(",\"seq\":{expected}}}");
    let is_elsewhere = entries.iter().any(|entry| entry.text.ends_with(&ending));
    fault(expected, if is_elsewhere { Fault::InItsPlace { found } } else { Fault::Missing })
}

/// Checks a chain against the end that the table names, and against checkpoints.
///
/// # Errors
/// [`ChainFault`], the first of them.
pub fn verify_to(model: &str, entries: &[StoredEntry], head: &Head, checkpoints: &[Anchor]) -> Result<(), ChainFault> {
    let mut anchors = checkpoints.to_vec();
    if head.seq > 0 {
        anchors.push(Anchor { seq: head.seq, hash: head.hash.clone(), from: "the end of the chain".to_owned() });
    }
    let end = verify(model, entries, &anchors)?;
    let fault = |seq: u64, what: Fault| Err(ChainFault { model: model.to_owned(), seq, what });
    if end.seq > head.seq {
        return fault(head.seq + 1, Fault::AfterTheEnd { end: head.seq });
    }
    Ok(())
}

impl std::error::Error for ChainFault {}

impl fmt::Display for ChainFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "entry {} of {}: {}", self.seq, self.model, self.what)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("it is missing"),
            Self::InItsPlace { found } => write!(out, "entry {found} lies in its place"),
            Self::Twice => out.write_str("it is there more than once"),
            Self::Changed => out.write_str("its text was changed: its digest is another one"),
            Self::NotChained { by } => write!(out, "it was replaced: {by} was made after another one"),
            Self::Unlinked => out.write_str("it was replaced: it does not follow the entry before it"),
            Self::Unreadable { says } => write!(out, "it cannot be read: {says}"),
            Self::OtherModel { found } => write!(out, "it is an entry of {found}"),
            Self::Backwards => out.write_str("it was made before the entry before it"),
            Self::AfterTheEnd { end } => write!(out, "it comes after the end of the chain, entry {end}"),
        }
    }
}
