//! The table, made again from the chain alone.

use std::collections::BTreeMap;

use super::entry::{Entry, StoredEntry};
use crate::lifecycle::{Alias, AliasName, DatasetRecord, Head, ModelVersion, Record, RefusedSubmission, Retraining};

/// Everything that the table says of one model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelRecords {
    /// Where the chain ends.
    pub head: Head,
    /// Versions, by number.
    pub versions: BTreeMap<u32, ModelVersion>,
    /// What the names mean.
    pub aliases: BTreeMap<AliasName, Alias>,
    /// Submissions that could not be read, by run and manifest.
    pub refused: BTreeMap<(String, String), RefusedSubmission>,
    /// Requests for retraining, by number.
    pub retrainings: BTreeMap<u32, Retraining>,
    /// Dataset versions.
    pub datasets: BTreeMap<String, DatasetRecord>,
}

impl Default for ModelRecords {
    fn default() -> Self {
        Self {
            head: Head::empty(),
            versions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            refused: BTreeMap::new(),
            retrainings: BTreeMap::new(),
            datasets: BTreeMap::new(),
        }
    }
}

impl ModelRecords {
    /// Takes a record in, in place of its older self.
    pub fn insert(&mut self, record: Record) {
        match record {
            Record::Version(version) => {
                self.versions.insert(version.number, *version);
            }
            Record::Alias(alias) => {
                self.aliases.insert(alias.name, alias);
            }
            Record::RefusedSubmission(refused) => {
                self.refused.insert((refused.run.clone(), refused.manifest.clone()), refused);
            }
            Record::Retraining(retraining) => {
                self.retrainings.insert(retraining.number, *retraining);
            }
            Record::Dataset(dataset) => {
                self.datasets.insert(dataset.version.clone(), dataset);
            }
        }
    }

    /// Where two accounts of a model differ, in words; `None` if they do not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let numbers = self.versions.keys().chain(other.versions.keys());
        if let Some(number) = numbers.copied().filter(|number| self.versions.get(number) != other.versions.get(number)).min() {
            return Some(format!("version {number}"));
        }
        let names = [(AliasName::Champion, "the champion's name"), (AliasName::Challenger, "the challenger's name")];
        if let Some((_, name)) = names.into_iter().find(|(name, _)| self.aliases.get(name) != other.aliases.get(name)) {
            return Some(name.to_owned());
        }
        let keys = self.refused.keys().chain(other.refused.keys());
        if let Some((run, _)) = keys.filter(|key| self.refused.get(*key) != other.refused.get(*key)).min() {
            return Some(format!("the refused submission of run {run}"));
        }
        let numbers = self.retrainings.keys().chain(other.retrainings.keys());
        if let Some(number) = numbers.copied().filter(|number| self.retrainings.get(number) != other.retrainings.get(number)).min() {
            return Some(format!("retraining {number}"));
        }
        let versions = self.datasets.keys().chain(other.datasets.keys());
        if let Some(version) = versions.filter(|version| self.datasets.get(*version) != other.datasets.get(*version)).min() {
            return Some(format!("dataset version {version}"));
        }
        (self.head != other.head).then(|| "the end of the chain".to_owned())
    }
}

/// The table as the chain tells it. [Verify](super::verify) the chain first.
///
/// # Errors
/// The number of the first entry that cannot be read, with the reason.
pub fn rebuild(entries: &[StoredEntry]) -> Result<ModelRecords, (u64, serde_json::Error)> {
    let mut records = ModelRecords::default();
    for stored in entries {
        let entry: Entry = serde_json::from_str(&stored.text).map_err(|error| (stored.seq, error))?;
        let versions = entry.records.iter().filter_map(|record| match record {
            Record::Version(version) => Some(version.number),
            _ => None,
        });
        let versions = versions.fold(records.head.versions, u32::max);
        records.head = entry.head(stored.hash.clone(), versions);
        entry.records.into_iter().for_each(|record| records.insert(record));
    }
    Ok(records)
}
