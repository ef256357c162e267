//! What is read before a command is decided, and what is written when it is done.

use serde::{Deserialize, Serialize};

use super::{DatasetRecord, ModelVersion, RefusedSubmission, Retraining, VersionState};

/// Where a model's audit chain ends: the state that every change of the model is made over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Head {
    /// Number of the last entry; 0 before the first.
    pub seq: u64,
    /// Its digest; [`Head::GENESIS`] before the first.
    pub hash: String,
    /// When it was made, milliseconds since 1970.
    pub at_ms: i64,
    /// How many versions the model has.
    pub versions: u32,
}

impl Head {
    /// What the first entry is chained to.
    pub const GENESIS: &'static str = "0000000000000000000000000000000000000000000000000000000000000000";

    /// The end of a chain without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self { seq: 0, hash: Self::GENESIS.to_owned(), at_ms: 0, versions: 0 }
    }
}

/// A name that moves from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AliasName {
    /// The version that serves.
    Champion,
    /// The version that runs beside it.
    Challenger,
}

/// Which version a name means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The name.
    pub name: AliasName,
    /// The version's number; `None` if the name means no version now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Since when, milliseconds since 1970.
    pub since_ms: i64,
    /// How often this record was written; 1 the first time.
    pub revision: u64,
}

/// A record of the registry: an item of its table, and an image in the audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// A model version.
    Version(Box<ModelVersion>),
    /// A name.
    Alias(Alias),
    /// A submission that could not be read as a candidate.
    RefusedSubmission(RefusedSubmission),
    /// A request for retraining.
    Retraining(Box<Retraining>),
    /// A dataset version.
    Dataset(DatasetRecord),
}

/// Everything that a command is decided on. It is read after the head of the chain, and the change is written over that very head:
/// whatever else changed in between makes the write fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The model.
    pub model: String,
    /// Where its chain ends.
    pub head: Head,
    /// The version that is meant; for a submission, the version of the same run.
    pub version: Option<ModelVersion>,
    /// The version that is champion.
    pub champion: Option<ModelVersion>,
    /// The version that the champion replaced.
    pub previous: Option<ModelVersion>,
    /// The champion's name.
    pub champion_alias: Option<Alias>,
    /// The challenger's name.
    pub challenger_alias: Option<Alias>,
    /// For a submission that cannot be read: the same one, if it was refused before.
    pub refused: Option<RefusedSubmission>,
    /// The retraining that was asked for last; not looked at for what is asked of one version.
    pub retraining: Option<Retraining>,
    /// For a dataset version: the same one, if it is known.
    pub dataset: Option<DatasetRecord>,
}

impl Snapshot {
    /// A model that nothing is known of.
    #[must_use]
    pub fn empty(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            head: Head::empty(),
            version: None,
            champion: None,
            previous: None,
            champion_alias: None,
            challenger_alias: None,
            refused: None,
            retraining: None,
            dataset: None,
        }
    }
}

/// One record to write, and what it is written over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) record: Record,
    pub(crate) over: Option<Over>,
}

/// What a record is written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) revision: u64,
    /// For a version: its state.
    pub(crate) state: Option<VersionState>,
}

/// What is done when a command is. Only [`transition`](super::transition) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub(crate) model: String,
    pub(crate) by: String,
    pub(crate) at_ms: i64,
    pub(crate) command: &'static str,
    pub(crate) says: String,
    pub(crate) writes: Vec<Write>,
    pub(crate) version: Option<ModelVersion>,
    pub(crate) versions: u32,
}

impl Change {
    /// Whether there is nothing to write: all of it was done before.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.writes.is_empty()
    }

    /// What is done, or was, in one sentence.
    #[must_use]
    pub fn says(&self) -> &str {
        &self.says
    }

    /// When, milliseconds since 1970: the time that was given, or that of the last change if that is later. Times in a chain never run
    /// backwards, however clocks differ.
    #[must_use]
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// The version that is meant, as it is afterwards.
    #[must_use]
    pub fn version(&self) -> Option<&ModelVersion> {
        self.version.as_ref()
    }

    /// The records as they are afterwards.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.writes.iter().map(|write| &write.record)
    }
}
