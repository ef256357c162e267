//! How true outcomes match predictions: by the identifier that both carry.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;

/// At most so many identifiers are kept of each side; beyond it the match is told of these.
const KEPT: usize = 5_000_000;
/// So many lines of a file are looked at before it is taken for no labels.
const LOOKED_AT: usize = 5;
/// Longest line that is looked at, bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// How labels match predictions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Truth {
    /// Labels that carry an identifier.
    pub(super) labels: u64,
    /// Labels that name a prediction.
    pub(super) matched: u64,
    /// Labels that came more than once for one prediction.
    pub(super) repeated: u64,
    /// A label's identifier that no prediction has.
    pub(super) unmatched: Option<String>,
    /// A prediction's identifier, for comparison.
    pub(super) prediction: Option<String>,
}

/// Identifiers of labels and of predictions. Digests are kept in place of texts: at this size two are equal with a chance of one in a million.
#[derive(Debug, Default)]
pub(super) struct Labels {
    named: Vec<(u64, Option<String>)>,
    predictions: HashSet<u64>,
    prediction: Option<String>,
}

fn digest(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

impl Labels {
    /// Keeps what predictions are called.
    pub(super) fn predictions(&mut self, ids: Vec<String>) {
        for id in ids {
            if self.predictions.len() < KEPT {
                self.predictions.insert(digest(&id));
                self.prediction.get_or_insert(id);
            }
        }
    }

    /// Reads a file of SageMaker ground truth; false if it is none.
    pub(super) fn read(&mut self, path: &Path) -> Result<bool, CliError> {
        let unreadable = |source| CliError::Read { path: path.to_owned(), source };
        let mut lines = BufReader::new(std::fs::File::open(path).map_err(unreadable)?);
        let (mut is_labels, mut looked_at) = (false, 0);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
                return Ok(is_labels);
            }
            let line = bytes.trim_ascii();
            if line.is_empty() {
                continue;
            }
            looked_at += 1;
            let value: Option<Value> = line.starts_with(b"{").then(|| serde_json::from_slice(line).ok()).flatten();
            let label = value.as_ref().filter(|value| value.get("groundTruthData").is_some());
            is_labels |= label.is_some();
            if !is_labels && looked_at >= LOOKED_AT {
                return Ok(false);
            }
            let id = label.and_then(|label| label.get("eventMetadata")?.get("eventId")?.as_str());
            if let Some(id) = id.filter(|_| self.named.len() < KEPT) {
                // Few are kept as text, for an example of one that matches nothing.
                let text = (self.named.len() < 1_000).then(|| id.to_owned());
                self.named.push((digest(id), text));
            }
        }
    }

    /// How they match; `None` without labels.
    pub(super) fn matched(&self) -> Option<Truth> {
        if self.named.is_empty() {
            return None;
        }
        let mut seen = HashSet::new();
        let (mut matched, mut repeated, mut unmatched) = (0, 0, None);
        for (digest, text) in &self.named {
            repeated += u64::from(!seen.insert(*digest));
            if self.predictions.contains(digest) {
                matched += 1;
            } else if unmatched.is_none() {
                unmatched.clone_from(text);
            }
        }
        Some(Truth { labels: self.named.len() as u64, matched, repeated, unmatched, prediction: self.prediction.clone() })
    }
}
