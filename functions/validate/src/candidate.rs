//! A candidate as it was submitted: its manifest, and the bytes of everything that the manifest names, digested here.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tidegate_lake::{LakeError, Manifest, Opened, Publication, Upload, keys};
use tidegate_registry::{Artifact, ArtifactFile, Lineage, RefusedSubmission, RegistryError, Submission};

use crate::manifest::{CandidateManifest, MAX_MANIFEST_BYTES};
use crate::{ValidateError, Validator};

/// Why a candidate goes no further.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It is at fault: in words for whoever submitted it.
    Refused(String),
    /// We are, or the network.
    Failed(ValidateError),
}

impl From<ValidateError> for Trouble {
    fn from(error: ValidateError) -> Self {
        Self::Failed(error)
    }
}

/// Where a candidate lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'k> {
    pub(crate) key: &'k str,
    pub(crate) model: &'k str,
    pub(crate) run: &'k str,
}

impl Place<'_> {
    /// `candidate june of flight-delay`.
    pub(crate) fn name(&self) -> String {
        format!("candidate {} of {}", self.run, self.model)
    }

    fn folder(&self) -> String {
        format!("{}{}/{}/", keys::CANDIDATES, self.model, self.run)
    }

    pub(crate) fn registry(&self) -> impl Fn(RegistryError) -> ValidateError + use<> {
        let candidate = self.name();
        move |source| ValidateError::Registry { candidate: candidate.clone(), source }
    }

    pub(crate) fn lake(&self) -> impl Fn(LakeError) -> ValidateError {
        let candidate = self.name();
        move |source| ValidateError::Lake { candidate: candidate.clone(), source }
    }
}

/// A manifest as it was read.
#[derive(Debug)]
pub(crate) struct Submitted {
    /// Its bytes, or why they were not read.
    pub(crate) bytes: Result<Bytes, String>,
    /// SHA-256 of the bytes; of the entity tag, where they were not read.
    pub(crate) sha256: String,
    /// When it was written, milliseconds since 1970: the time of everything that comes of it.
    pub(crate) at_ms: i64,
}

/// Everything that a manifest names.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) manifest: CandidateManifest,
    /// The manifest as it was read.
    bytes: Bytes,
    pub(crate) artifact: Artifact,
    /// What the training set is made of.
    pub(crate) training_set: Manifest,
    /// What its checks found, if it was published with checks.
    pub(crate) publication: Option<Publication>,
    pub(crate) evaluation: Bytes,
    /// SHA-256 of the evaluation set's bytes: its name.
    pub(crate) evaluation_sha256: String,
    pub(crate) predictions: Option<Bytes>,
}

impl Submitted {
    pub(crate) fn refused(&self, run: &str, reason: String) -> RefusedSubmission {
        RefusedSubmission { run: run.to_owned(), manifest: self.sha256.clone(), reason }
    }
}

impl Candidate {
    pub(crate) fn submission(&self, submitted: &Submitted) -> Submission {
        let manifest = &self.manifest;
        let lineage = Lineage {
            run: manifest.run.clone(),
            submitter: manifest.submitted_by.clone(),
            artifact_writer: manifest.written_by.clone().unwrap_or_else(|| manifest.submitted_by.clone()),
            dataset_version: Some(manifest.training_set.clone()),
            evaluation_version: Some(self.evaluation_sha256.clone()),
            promoted_from: manifest.promoted_from.clone(),
            code_revision: manifest.code_revision.clone(),
            framework: manifest.framework.clone(),
            parameters: manifest.parameters.clone(),
            manifest: Some(submitted.sha256.clone()),
        };
        Submission { artifact: self.artifact.clone(), lineage }
    }

    /// Size of the artifact's files together.
    pub(crate) fn artifact_bytes(&self) -> u64 {
        self.artifact.files().iter().map(|file| file.bytes).sum()
    }
}

impl Validator {
    /// Reads the manifest, or `None` if it is gone.
    pub(crate) async fn submitted(&self, place: Place<'_>) -> Result<Option<Submitted>, ValidateError> {
        let Some(object) = self.models.open(place.key, None).await.map_err(place.lake())? else { return Ok(None) };
        let at_ms = object.last_modified_ms;
        if object.bytes > MAX_MANIFEST_BYTES {
            let reason = format!("manifest.json: found {} bytes, expected at most {MAX_MANIFEST_BYTES}", object.bytes);
            return Ok(Some(Submitted { bytes: Err(reason), sha256: keys::sha256(&object.etag), at_ms }));
        }
        let stored = self.models.whole(place.key, object).await.map_err(place.lake())?;
        Ok(Some(Submitted { sha256: keys::sha256(&stored.bytes), bytes: Ok(stored.bytes), at_ms }))
    }

    /// Reads and digests what the manifest names.
    pub(crate) async fn candidate(&self, place: Place<'_>, submitted: &Submitted) -> Result<Candidate, Trouble> {
        let bytes = submitted.bytes.clone().map_err(Trouble::Refused)?;
        let manifest = CandidateManifest::parse(&bytes, place.model, place.run).map_err(|fault| Trouble::Refused(fault.to_string()))?;
        let mut files = Vec::with_capacity(manifest.artifact.len());
        for named in &manifest.artifact {
            let (sha256, bytes) = self.digest(place, &named.file).await?;
            holds(&named.file, named.sha256.as_ref(), &sha256)?;
            files.push(ArtifactFile { name: named.file.clone(), sha256, bytes });
        }
        let training_set = self.lake.manifest(place.model, &manifest.training_set).await.map_err(place.lake())?;
        let training_set = training_set.ok_or_else(|| {
            Trouble::Refused(format!(
                "training_set: found {}, expected a dataset version of {}: put the training set below datasets/{}/ first, or publish the window",
                manifest.training_set, place.model, place.model
            ))
        })?;
        let publication = self.lake.publication(place.model, &manifest.training_set).await.map_err(place.lake())?;
        let publication = publication.map(|(publication, _)| publication);
        let evaluation = self.whole(place, &manifest.evaluation.key).await?;
        let evaluation_sha256 = keys::sha256(&evaluation);
        holds(&manifest.evaluation.key, manifest.evaluation.sha256.as_ref(), &evaluation_sha256)?;
        let predictions = match &manifest.predictions {
            Some(predictions) => Some(self.whole(place, &format!("{}{}", place.folder(), predictions.file)).await?),
            None => None,
        };
        Ok(Candidate {
            manifest,
            bytes,
            artifact: Artifact::new(files),
            training_set,
            publication,
            evaluation,
            evaluation_sha256,
            predictions,
        })
    }

    /// Keeps everything in the lake, each thing under a digest of itself.
    pub(crate) async fn keep(&self, place: Place<'_>, submitted: &Submitted, candidate: &Candidate) -> Result<(), Trouble> {
        let id = candidate.artifact.id();
        for file in candidate.artifact.files() {
            self.copy(place, file, keys::artifact(place.model, &id, &file.name)).await?;
        }
        let kept = |name: &str| keys::submitted(place.model, &submitted.sha256, name);
        let mut small = vec![(keys::evaluation(place.model, &candidate.evaluation_sha256), candidate.evaluation.clone())];
        small.push((kept("manifest.json"), candidate.bytes.clone()));
        small.extend(candidate.predictions.clone().map(|predictions| (kept("predictions"), predictions)));
        for (key, bytes) in small {
            self.put_once(place, &key, bytes, "application/octet-stream").await?;
        }
        Ok(())
    }

    /// Writes what nothing ever writes otherwise under this key.
    pub(crate) async fn put_once(&self, place: Place<'_>, key: &str, bytes: Bytes, content_type: &str) -> Result<(), ValidateError> {
        self.lake.bucket.put_once(key, bytes, content_type).await.map_err(place.lake())
    }

    /// SHA-256 and size of a candidate's file, however large.
    async fn digest(&self, place: Place<'_>, file: &str) -> Result<(String, u64), Trouble> {
        let (key, object) = self.opened(place, file).await?;
        let (mut digest, mut count) = (Sha256::new(), 0);
        let take = async |chunk: &[u8]| {
            digest.update(chunk);
            count += chunk.len() as u64;
            Ok(())
        };
        self.models.stream(&key, object, take).await.map_err(place.lake())?;
        Ok((keys::hex(&digest.finalize()), count))
    }

    /// Copies a file into the lake; what arrives is digested again, because it may have been replaced since.
    async fn copy(&self, place: Place<'_>, file: &ArtifactFile, to: String) -> Result<(), Trouble> {
        if self.lake.bucket.etag(&to).await.map_err(place.lake())?.is_some() {
            return Ok(());
        }
        let (key, object) = self.opened(place, &file.name).await?;
        let mut upload = Upload::new(&self.lake.bucket, to, "application/octet-stream");
        let poured = upload.pour(&self.models, &key, object).await.map_err(|error| place.lake()(error).into());
        match poured.and_then(|found| holds(&file.name, Some(&file.sha256), &found)) {
            Ok(()) => Ok(upload.finish().await.map_err(place.lake())?),
            Err(trouble) => {
                upload.abort().await;
                Err(trouble)
            }
        }
    }

    /// A file of the candidate's folder, its key first.
    async fn opened(&self, place: Place<'_>, file: &str) -> Result<(String, Opened), Trouble> {
        let key = format!("{}{file}", place.folder());
        match self.models.open(&key, None).await.map_err(place.lake())? {
            Some(object) => Ok((key, object)),
            None => Err(missing(&key)),
        }
    }

    /// A file of rows, which is read into memory.
    async fn whole(&self, place: Place<'_>, key: &str) -> Result<Bytes, Trouble> {
        match self.models.get(key).await {
            Ok(Some(stored)) => Ok(stored.bytes),
            Ok(None) => Err(missing(key)),
            Err(error @ LakeError::TooLarge { .. }) => Err(Trouble::Refused(error.to_string())),
            Err(error) => Err(place.lake()(error).into()),
        }
    }

    /// What is kept in the lake under a digest.
    pub(crate) async fn kept(&self, place: Place<'_>, key: String) -> Result<Bytes, ValidateError> {
        let stored = self.lake.bucket.get(&key).await.map_err(place.lake())?;
        stored.map(|stored| stored.bytes).ok_or_else(|| ValidateError::Kept { candidate: place.name(), key, found: "nothing".to_owned() })
    }
}

fn missing(key: &str) -> Trouble {
    Trouble::Refused(format!(
        "found nothing at \"{key}\" in the models bucket, expected a file that the manifest names; write the manifest last"
    ))
}

fn holds(file: &str, expected: Option<&String>, found: &str) -> Result<(), Trouble> {
    match expected {
        Some(expected) if expected != found => {
            Err(Trouble::Refused(format!("{file}: found bytes with SHA-256 {found}, expected {expected}, as the manifest says")))
        }
        _ => Ok(()),
    }
}
