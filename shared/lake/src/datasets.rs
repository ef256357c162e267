//! Dataset versions and baselines: what a training set became, and which one counts now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tidegate_contract::{FeatureKind, FieldRole};
use tidegate_profile::{Baseline, decode, encode};
use tokio::sync::Mutex;
use tracing::warn;

use crate::{Condition, Lake, LakeError, keys};

/// Version of the manifest's shape.
const SCHEMA: &str = "tidegate.dataset/1";

/// Tries to replace the pointer to the current baseline before giving up for this delivery.
const POINTER_TRIES: usize = 8;

/// What a dataset version is made of. Its stored bytes are its canonical form, and their SHA-256 is the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    schema: String,
    /// The model.
    pub model: String,
    /// Its files.
    pub files: Vec<ManifestFile>,
    /// Rows that became records.
    pub rows: u64,
    /// Rows that were put aside.
    pub quarantined: u64,
    /// The columns that were read: name, role, kind.
    pub fields: Vec<(String, FieldRole, FeatureKind)>,
    /// The fields by whose values the records were also counted apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// The window of time that its records were collected in; `None` of a training set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<DatasetWindow>,
}

/// The window of time of collected records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetWindow {
    /// Its start, RFC 3339: a whole hour.
    pub from: String,
    /// Its end, RFC 3339, which is not in it.
    pub to: String,
}

/// Where the bytes of a dataset version's file lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// In the models bucket, where the team put it and may replace it: hold the bytes against the manifest's digest.
    Models(String),
    /// In the lake, under the digest of its bytes.
    Lake(String),
}

/// One file of a dataset version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name below `datasets/<model>/`; of collected records, below `records/model=M/` at the time.
    pub name: String,
    /// Its size as stored, bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes as stored, hex.
    pub sha256: String,
}

impl Manifest {
    /// A manifest of these files, in the order of their names.
    #[must_use]
    pub fn new(
        model: &str,
        mut files: Vec<ManifestFile>,
        rows: u64,
        quarantined: u64,
        fields: Vec<(String, FieldRole, FeatureKind)>,
    ) -> Self {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Self { schema: SCHEMA.to_owned(), model: model.to_owned(), files, rows, quarantined, fields, segments: Vec::new(), window: None }
    }

    /// Where a file's bytes lie.
    #[must_use]
    pub fn place_of(&self, file: &ManifestFile) -> FilePlace {
        match self.window {
            None => FilePlace::Models(keys::training_file(&self.model, &file.name)),
            Some(_) => FilePlace::Lake(keys::dataset_file(&self.model, &file.sha256)),
        }
    }
}

/// The dataset version that a manifest describes (64 hexadecimal digits), and the manifest's canonical bytes: JSON without
/// spaces, in the order of its fields.
///
/// # Errors
/// [`LakeError::Json`] never, as a manifest holds nothing that JSON cannot.
pub fn dataset_version(manifest: &Manifest) -> Result<(String, Vec<u8>), LakeError> {
    let bytes = serde_json::to_vec(manifest).map_err(|source| LakeError::Json { key: "datasets/".to_owned(), source })?;
    Ok((keys::sha256(&bytes), bytes))
}

/// Which dataset version is a model's baseline now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentBaseline {
    /// The dataset version.
    pub version: String,
    /// The key of the training set that it came from.
    pub key: String,
    /// When that object was written, milliseconds since 1970.
    pub last_modified_ms: i64,
}

impl CurrentBaseline {
    /// Whether this one replaces the other: the training set that was written later counts, by the object's own time (the
    /// greater key, when two were written in the same moment). The same object read again, by a changed contract, does too.
    #[must_use]
    pub fn replaces(&self, other: &Self) -> bool {
        let rank = |baseline: &Self| (baseline.last_modified_ms, baseline.key.clone());
        self != other && rank(self) >= rank(other)
    }
}

/// The baselines that models have now, each kept between invocations until another one counts: one for each model.
#[derive(Debug)]
pub struct Baselines {
    lake: Lake,
    kept: Mutex<BTreeMap<String, Arc<Baseline>>>,
}

impl Baselines {
    /// The baselines of this lake.
    #[must_use]
    pub fn new(lake: Lake) -> Self {
        Self { lake, kept: Mutex::default() }
    }

    /// The baseline that a model has now, or `None` if it has none yet: one GET, and another when it is a new one.
    ///
    /// # Errors
    /// As a call fails, or [`LakeError::Profile`] if something else lies there.
    pub async fn current(&self, model: &str) -> Result<Option<Arc<Baseline>>, LakeError> {
        let Some(current) = self.lake.current_baseline(model).await? else { return Ok(None) };
        let read = self.of_version(model, &current.version).await?;
        if read.is_none() {
            warn!(model = model, dataset.version = current.version, "the current baseline is not there: counting without cells");
        }
        Ok(read)
    }

    /// The baseline of a dataset version, or `None` if it has none: no call while it is the one that was asked for last.
    ///
    /// # Errors
    /// As [`Baselines::current`].
    pub async fn of_version(&self, model: &str, version: &str) -> Result<Option<Arc<Baseline>>, LakeError> {
        let mut kept = self.kept.lock().await;
        if let Some(baseline) = kept.get(model).filter(|baseline| baseline.id == version) {
            return Ok(Some(Arc::clone(baseline)));
        }
        let read = self.lake.baseline(model, version).await?.map(Arc::new);
        if let Some(baseline) = &read {
            kept.insert(model.to_owned(), Arc::clone(baseline));
        }
        Ok(read)
    }
}

impl Lake {
    /// Writes a dataset version's manifest. The key is the digest of the bytes, so a repeat writes the same.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn put_manifest(&self, model: &str, version: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        self.bucket.put(&keys::dataset(model, version), bytes, "application/json", Condition::Always).await.map(drop)
    }

    /// Reads a dataset version's manifest, or `None` if there is no such version.
    ///
    /// # Errors
    /// As the call fails, or [`LakeError::Json`] if something else lies there.
    pub async fn manifest(&self, model: &str, version: &str) -> Result<Option<Manifest>, LakeError> {
        let key = keys::dataset(model, version);
        let Some(stored) = self.bucket.get(&key).await? else { return Ok(None) };
        serde_json::from_slice(&stored.bytes).map(Some).map_err(|source| LakeError::Json { key, source })
    }

    /// Writes a baseline. Its key is the dataset version, so a repeat writes the same.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn put_baseline(&self, model: &str, baseline: &Baseline) -> Result<(), LakeError> {
        let key = keys::baseline(model, &baseline.id);
        let bytes = encode(baseline).map_err(|source| LakeError::Profile { key: key.clone(), source })?;
        self.bucket.put(&key, bytes, "application/zstd", Condition::Always).await.map(drop)
    }

    /// Which baseline a model has now, or `None` if it has none yet.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn current_baseline(&self, model: &str) -> Result<Option<CurrentBaseline>, LakeError> {
        Ok(self.bucket.get_json(&keys::current_baseline(model)).await?.map(|(current, _)| current))
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// As the call fails, or [`LakeError::Profile`] if something else lies there. An absent baseline is `None`.
    pub async fn baseline(&self, model: &str, version: &str) -> Result<Option<Baseline>, LakeError> {
        let key = keys::baseline(model, version);
        let Some(stored) = self.bucket.get(&key).await? else { return Ok(None) };
        decode(&stored.bytes).map(Some).map_err(|source| LakeError::Profile { key, source })
    }

    /// The dataset versions of a model that have a baseline.
    ///
    /// # Errors
    /// As a call fails.
    pub async fn versions_with_baseline(&self, model: &str) -> Result<BTreeSet<String>, LakeError> {
        let listed = self.bucket.list(&keys::baselines_of(model)).await?;
        let version = |key: &str| Some(key.rsplit('/').next()?.strip_suffix(keys::PROFILE)?.to_owned());
        Ok(listed.iter().filter_map(|object| version(&object.key)).collect())
    }

    /// Makes a baseline the current one unless a later one is. Whatever order the calls come in, the latest stays.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if others kept changing the pointer; others as a call fails.
    pub async fn point_at_baseline(&self, model: &str, next: &CurrentBaseline) -> Result<bool, LakeError> {
        let key = keys::current_baseline(model);
        for _ in 0..POINTER_TRIES {
            let found: Option<(CurrentBaseline, String)> = self.bucket.get_json(&key).await?;
            if found.as_ref().is_some_and(|(current, _)| !next.replaces(current)) {
                return Ok(false);
            }
            match self.bucket.put_json(&key, next, Condition::over(found.as_ref().map(|(_, etag)| etag.as_str()))).await {
                Err(failure) if failure.is_conflict() => {}
                written => return written.map(|_| true),
            }
        }
        Err(LakeError::Conflict { bucket: self.bucket.name().to_owned(), key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str) -> Manifest {
        let file = ManifestFile { name: name.to_owned(), bytes: 3, sha256: "00".to_owned() };
        Manifest::new("m", vec![file], 2, 1, vec![("distance".to_owned(), FieldRole::Feature, FeatureKind::Numeric)])
    }

    #[test]
    fn a_version_is_the_digest_of_the_stored_manifest() {
        let (version, bytes) = dataset_version(&manifest("a.csv")).unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"schema":"tidegate.dataset/1","model":"m","files":[{"name":"a.csv","bytes":3,"sha256":"00"}],"rows":2,"quarantined":1,"fields":[["distance","feature","numeric"]]}"#
        );
        assert_eq!(version, keys::sha256(&bytes));
        assert_ne!(version, dataset_version(&manifest("b.csv")).unwrap().0);
    }

    #[test]
    fn the_training_set_that_was_written_later_is_the_baseline_in_any_order() {
        let baseline = |version: &str, key: &str, last_modified_ms| CurrentBaseline {
            version: version.to_owned(),
            key: key.to_owned(),
            last_modified_ms,
        };
        let (old, new, twin) = (baseline("1", "b", 1), baseline("2", "a", 2), baseline("3", "b", 2));
        assert!(new.replaces(&old) && !old.replaces(&new));
        assert!(twin.replaces(&new) && !new.replaces(&twin));
        assert!(!new.replaces(&new));
        assert!(baseline("4", "a", 2).replaces(&new), "the same object read by a changed contract");
    }
}
