//! The receipt of an object: what became of it, and every key that was ever written for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tidegate_profile::Lines;

use crate::{Condition, Lake, LakeError, keys, times::DAY_MS};

/// Version of the receipt's shape.
const SCHEMA: &str = "tidegate.receipt/1";

/// How long a key that is no longer written is remembered, in the time of the object's own uploads. A delivery that still
/// knows the older object lives at most as long as the queue and its dead letters keep it: 4 + 14 days.
const REMEMBERED_MS: i64 = 20 * DAY_MS;

/// What became of one object.
///
/// Written twice: as an *intent* before the first output and as *complete* after the last, each over the very receipt
/// that was read before, so that two deliveries at the same time notice each other. `collect` says why that converges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Version of this shape.
    pub schema: String,
    /// Identifier of the object ([`crate::source_id`]).
    pub source: String,
    /// Where it lies: `s3://bucket/key`.
    pub location: String,
    /// Whether the outputs are all written.
    pub state: ReceiptState,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, when that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The model that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Digest of the contract that it was read by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Identifier of the baseline in whose cells it was counted; of a training set, the baseline that it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Entity tag of the object as it was read.
    pub etag: String,
    /// When that object was written, milliseconds since 1970.
    pub last_modified_ms: i64,
    /// Its size, bytes.
    pub bytes: u64,
    /// SHA-256 of its decompressed content, hex.
    pub content: String,
    /// What became of its lines: `read = accepted + quarantined + blank`.
    pub lines: Lines,
    /// Quarantined lines by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Requests and responses without the other: of an object, those that have their other half in none of its own lines; of an hour's joined
    /// records, those that have it nowhere yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waiting: u64,
    /// The keys that hold its records, profiles and quarantined lines.
    pub keys: BTreeSet<String>,
    /// Keys that held an earlier content of the object and were deleted, with the time (milliseconds since 1970) of the
    /// object that no longer needed them. A late delivery of that content may write them once more; whoever comes after deletes
    /// them again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub retired: BTreeMap<String, i64>,
}

/// Whether an object's outputs are all written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptState {
    /// Outputs are being written; any of `keys` may or may not be there.
    Intent,
    /// All outputs are written.
    Complete,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was read; its records are in the lake.
    Collected,
    /// It had no content.
    Empty,
    /// Nothing of it could be read.
    Unreadable,
    /// No contract's prefix matches its key.
    Unmatched,
    /// It is a training set and became a baseline.
    Baseline,
    /// It is a training set whose checks failed: a dataset version that is kept and marked, and no baseline.
    Unfit,
    /// It is of a known kind that holds no records of predictions.
    NoRecords,
    /// It is ground truth; its outcomes are in the lake.
    Truth,
    /// It is an hour of requests and responses that were logged apart; those that belong together are records in the lake.
    Joined,
}

impl Receipt {
    /// A receipt that says nothing yet, of this object.
    #[must_use]
    pub fn new(bucket: &str, key: &str, outcome: Outcome) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            source: keys::source_id(bucket, key),
            location: format!("s3://{bucket}/{key}"),
            state: ReceiptState::Complete,
            outcome,
            reason: None,
            model: None,
            contract: None,
            baseline: None,
            etag: String::new(),
            last_modified_ms: 0,
            bytes: 0,
            content: String::new(),
            lines: Lines::default(),
            reasons: BTreeMap::new(),
            waiting: 0,
            keys: BTreeSet::new(),
            retired: BTreeMap::new(),
        }
    }

    /// A receipt of the records of an hour that were joined from the halves that objects left.
    #[must_use]
    pub fn of_joined(bucket: &str, model: &str, hour_ms: i64) -> Self {
        Self {
            last_modified_ms: hour_ms,
            model: Some(model.to_owned()),
            ..Self::new(bucket, &keys::halves_of(model, hour_ms), Outcome::Joined)
        }
    }

    /// The same receipt before its outputs are written: with every key of the `previous` one, so that whatever happens
    /// from here on, no key that may hold something is forgotten.
    #[must_use]
    pub fn intent(&self, previous: Option<&Self>) -> Self {
        let mut intent = Self { state: ReceiptState::Intent, ..self.clone() };
        if let Some(previous) = previous {
            intent.keys.extend(previous.keys.iter().cloned());
            intent.retired.clone_from(&previous.retired);
        }
        for key in &intent.keys {
            intent.retired.remove(key);
        }
        intent
    }

    /// The same receipt after its outputs were written over `intent`: keys that are no longer used are retired, and
    /// long-retired ones are forgotten.
    #[must_use]
    pub fn complete(&self, intent: &Self) -> Self {
        let mut retired = intent.retired.clone();
        retired.extend(intent.keys.difference(&self.keys).map(|key| (key.clone(), self.last_modified_ms)));
        retired.retain(|_, since| self.last_modified_ms.saturating_sub(*since) <= REMEMBERED_MS);
        Self { state: ReceiptState::Complete, retired, ..self.clone() }
    }

    /// The keys that have to be deleted between `intent` and this receipt.
    #[must_use]
    pub fn obsolete(&self, intent: &Self) -> Vec<String> {
        intent.keys.iter().chain(intent.retired.keys()).filter(|key| !self.keys.contains(*key)).cloned().collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Lake {
    /// The receipt of an object and its entity tag, or `None` if it has none yet.
    ///
    /// # Errors
    /// As the call fails, or [`LakeError::Json`] if something else lies there.
    pub async fn receipt(&self, source: &str) -> Result<Option<(Receipt, String)>, LakeError> {
        self.bucket.get_json(&keys::receipt(source)).await
    }

    /// Writes a receipt over the one with this entity tag (over none, if there was none), and returns its own.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if another delivery wrote it in the meantime; others as the call fails.
    pub async fn put_receipt(&self, receipt: &Receipt, over: Option<&str>) -> Result<String, LakeError> {
        self.bucket.put_json(&keys::receipt(&receipt.source), receipt, Condition::over(over)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(keys: &[&str], last_modified_ms: i64) -> Receipt {
        Receipt {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            last_modified_ms,
            ..Receipt::new("logs", "a", Outcome::Collected)
        }
    }

    #[test]
    fn an_intent_forgets_no_key_that_may_hold_something() {
        let previous = Receipt { retired: [("c".to_owned(), 1), ("b".to_owned(), 1)].into(), ..receipt(&["a"], 1) };
        let intent = receipt(&["b"], 2).intent(Some(&previous));
        assert_eq!(intent.state, ReceiptState::Intent);
        assert_eq!(intent.keys.iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(intent.retired.keys().collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn keys_of_an_older_content_are_deleted_and_remembered() {
        let now = receipt(&["b"], 2);
        let intent = now.intent(Some(&Receipt { retired: [("c".to_owned(), 1)].into(), ..receipt(&["a"], 1) }));
        assert_eq!(now.obsolete(&intent), ["a", "c"]);
        let complete = now.complete(&intent);
        assert_eq!(complete.state, ReceiptState::Complete);
        assert_eq!(complete.keys.iter().collect::<Vec<_>>(), ["b"]);
        assert_eq!(complete.retired, [("a".to_owned(), 2), ("c".to_owned(), 1)].into());
    }

    #[test]
    fn a_repeat_ends_in_the_same_receipt() {
        let first = receipt(&["a", "b"], 1);
        let complete = first.complete(&first.intent(None));
        let again = first.complete(&first.intent(Some(&complete)));
        assert_eq!(again, complete);
        assert!(again.retired.is_empty());
    }

    #[test]
    fn long_retired_keys_are_forgotten() {
        let old = Receipt { retired: [("c".to_owned(), 1)].into(), ..receipt(&["a"], 1) };
        let now = receipt(&["a"], 2 + REMEMBERED_MS);
        let intent = now.intent(Some(&old));
        assert_eq!(now.obsolete(&intent), ["c"]);
        assert!(now.complete(&intent).retired.is_empty());
    }
}
