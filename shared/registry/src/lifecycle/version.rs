//! What the registry knows of one model version: what it is, where it comes from, how good it was found, who decided what and when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ApprovalRequest, GateRecord, Recorded, Stage, VersionState};
use crate::audit::sha256;

/// One model version: a record of the registry, and an image in its audit chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelVersion {
    /// The model.
    pub model: String,
    /// Its number, counted from 1 in the order of submission.
    pub number: u32,
    /// What it is, whatever it is called: [`Artifact::id`].
    pub id: String,
    /// The stage whose registry this is.
    pub stage: Stage,
    /// Where it stands.
    pub state: VersionState,
    /// How often this record was written; 1 the first time.
    pub revision: u64,
    /// When it was submitted, milliseconds since 1970.
    pub submitted_at_ms: i64,
    /// When it last changed, milliseconds since 1970.
    pub changed_at_ms: i64,
    /// The files that it consists of.
    pub artifact: Artifact,
    /// Where it comes from.
    pub lineage: Lineage,
    /// What the gate said, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateRecord>,
    /// Who is or was asked, the last time. Without anybody to ask, the rule that nobody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ApprovalRequest>,
    /// What was decided on that request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Recorded>,
    /// When it was approved, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_at_ms: Option<i64>,
    /// Which version was champion before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<u32>,
    /// Which version took its place. Only that one's rollback brings it back, and a withdrawal ends even that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<u32>,
    /// When it was champion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reigns: Vec<Reign>,
    /// Why it is no candidate and no champion any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// A span of time in which a version was champion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reign {
    /// From then on, milliseconds since 1970.
    pub from_ms: i64,
    /// Up to but not including this moment; open while it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

impl Reign {
    /// Whether it covers a moment, milliseconds since 1970.
    #[must_use]
    pub fn covers(&self, at_ms: i64) -> bool {
        self.from_ms <= at_ms && self.until_ms.is_none_or(|until| at_ms < until)
    }
}

/// Why a version ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Why, in words.
    pub reason: String,
    /// Who ended it.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// The files of a model, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Artifact {
    files: Vec<ArtifactFile>,
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactFile {
    /// Its name, relative to the candidate's folder, with `/` between folders.
    pub name: String,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

impl Artifact {
    /// The artifact of these files, in whatever order. [`Submission`](super::Submission) says what names are good.
    #[must_use]
    pub fn new(mut files: Vec<ArtifactFile>) -> Self {
        files.sort();
        Self { files }
    }

    /// The files, sorted by name.
    #[must_use]
    pub fn files(&self) -> &[ArtifactFile] {
        &self.files
    }

    /// What names the artifact: the SHA-256 of its manifest *with names*, one line `<sha256>  <bytes>  <name>` for each file, sorted
    /// by name. Two models with the same bytes under exchanged names are two models.
    #[must_use]
    pub fn id(&self) -> String {
        let lines = self.files.iter().map(|file| format!("{}  {}  {}\n", file.sha256, file.bytes, file.name));
        sha256(&lines.collect::<String>())
    }
}

/// Where a version comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// The training run, as the team names it. One run is one version, however often it is submitted.
    pub run: String,
    /// Who submitted it.
    pub submitter: String,
    /// Who wrote the artifact's bytes, as the account saw it (a principal's ARN or identifier).
    pub artifact_writer: String,
    /// The dataset version that it was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_version: Option<String>,
    /// The dataset version that it was evaluated on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_version: Option<String>,
    /// Revision of the code that trained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_revision: Option<String>,
    /// What it was made with (`scikit-learn 1.9`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Parameters of the training, as texts: how a fraction is written is the team's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Where it was approved before it came to this account (`dev, account 111122223333, version 3`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_from: Option<String>,
    /// SHA-256 of the candidate's manifest as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
}

impl ModelVersion {
    /// `version 3 of flight-delay`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("version {} of {}", self.number, self.model)
    }

    /// Whether it was champion at a moment, milliseconds since 1970.
    #[must_use]
    pub fn reigned_at(&self, at_ms: i64) -> bool {
        self.reigns.iter().any(|reign| reign.covers(at_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, digit: char) -> ArtifactFile {
        ArtifactFile { name: name.to_owned(), sha256: digit.to_string().repeat(64), bytes: 5 }
    }

    #[test]
    fn an_artifact_is_its_bytes_under_their_names() {
        let id = |files: Vec<ArtifactFile>| Artifact::new(files).id();
        let both = id(vec![file("a", '1'), file("b", '2')]);
        assert_eq!(both, id(vec![file("b", '2'), file("a", '1')]), "whatever the order");
        assert_ne!(both, id(vec![file("a", '2'), file("b", '1')]), "exchanged names");
        assert_ne!(both, id(vec![file("a", '1')]));
        // `printf '%s  5  model.onnx\n' 1111…  | sha256sum`
        let line = format!("{}  5  model.onnx\n", "1".repeat(64));
        assert_eq!(id(vec![file("model.onnx", '1')]), sha256(&line));
    }

    #[test]
    fn a_reign_begins_with_its_first_moment_and_ends_before_its_last() {
        let reign = Reign { from_ms: 10, until_ms: Some(20) };
        assert_eq!([9, 10, 19, 20].map(|at| reign.covers(at)), [false, true, true, false]);
        assert!(Reign { from_ms: 10, until_ms: None }.covers(i64::MAX));
    }
}
