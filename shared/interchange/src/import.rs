//! What an import comes to: a contract, and an account of what was carried over and what was not.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_contract::{Contract, feature_name_from};

use crate::InterchangeError;

/// Largest document that is read, bytes: a thousand features with sketches of three thousand items need less than half.
pub const MAX_DOCUMENT_BYTES: usize = 128 << 20;

/// By whose rules a distribution is judged after the import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rules {
    /// By those of the tool that is left: its distance, its threshold.
    #[default]
    Theirs,
    /// By Tidegate's own: evidence that knows sample sizes, and an effect that matters.
    Ours,
}

/// A contract that was made from another tool's files.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The contract.
    pub contract: Contract,
    /// Remarks on features by name.
    pub notes: BTreeMap<String, String>,
    /// What was carried over, a sentence each.
    pub carried: Vec<String>,
    /// What was not, and what that means: thing and consequence.
    pub left: Vec<(String, String)>,
}

impl Import {
    pub(crate) fn new(contract: Contract) -> Self {
        Self { contract, notes: BTreeMap::new(), carried: Vec::new(), left: Vec::new() }
    }

    /// Says that how much ordinary days differ was learned after all.
    pub fn learned_days(&mut self, days: usize) {
        self.left.retain(|(what, _)| what != ORDINARY);
        self.carry(format!("{ORDINARY}, learned from {days} days that were fine"));
    }

    pub(crate) fn carry(&mut self, what: impl Into<String>) {
        self.carried.push(what.into());
    }

    pub(crate) fn leave(&mut self, what: impl Into<String>, meaning: impl Into<String>) {
        let entry = (what.into(), meaning.into());
        if !self.left.contains(&entry) {
            self.left.push(entry);
        }
    }
}

/// What statistics without days do not know.
pub(crate) const ORDINARY: &str = "how much ordinary days differ";

/// Names for features, each by the convention and each once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The feature name for a column.
    pub(crate) fn of(&mut self, column: &str) -> String {
        let first = feature_name_from(column);
        let mut name = first.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{}_{number}", first.get(..first.len().min(58)).unwrap_or(&first).trim_end_matches('_'));
            number += 1;
        }
        name
    }
}

/// A text that is not larger than documents are.
pub(crate) fn sized(text: &str) -> Result<&str, InterchangeError> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(InterchangeError::TooLarge { found: text.len(), expected: MAX_DOCUMENT_BYTES });
    }
    Ok(text.trim_start_matches('\u{FEFF}'))
}

/// Names in a row, the first few of them: `a, b, c and 4 more`.
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
