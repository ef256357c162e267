//! A version that was approved in the account before is taken over: its files are read there, digested here, and written once, as a
//! candidate of this account. `validate` judges it again on this account's data, and this account's people decide.
//!
//! Nothing of the event is believed but where to look: the manifest must have the digest that the event names, every file the digest that its
//! artifact names, and the artifact's own digest must come out of them. The manifest is written last, so a takeover that breaks off is
//! none; a repeat finds what is there and goes on.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_contract::Contract;
use tidegate_lake::{Bucket, CurrentBaseline, Lake, Publication, Upload, keys};
use tidegate_registry::{Artifact, ArtifactFile, Stage, is_digest, is_file_name};
use tracing::info;

use crate::RegistryFunctionError;
use crate::handler::RegistryFunction;

/// The type of what is copied as it is.
pub(crate) const BYTES: &str = "application/octet-stream";

/// An event of another account's bus, as its rule forwards it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Approved {
    #[serde(rename = "detail-type")]
    kind: String,
    source: String,
    detail: Detail,
}

#[derive(Debug, Clone, Deserialize)]
struct Detail {
    schema: String,
    model: String,
    stage: Stage,
    account: String,
    version: u32,
    run: String,
    artifact: String,
    files: Vec<ArtifactFile>,
    lake_bucket: String,
    manifest: Option<String>,
    dataset_version: Option<String>,
    evaluation_version: Option<String>,
}

const KIND: &str = "ModelApproved";
const SCHEMA: &str = "tidegate.event/ModelApproved/1";

impl Approved {
    /// The event in a message's body; `None` if it is no event at all.
    ///
    /// # Errors
    /// [`RegistryFunctionError::Message`] if it is another event, or not as it should be.
    pub(crate) fn read(body: &str) -> Result<Option<Self>, RegistryFunctionError> {
        let wrong = |says: String, source| RegistryFunctionError::Message { says, source };
        let is_event = serde_json::from_str::<Value>(body).is_ok_and(|body| body.get("detail-type").is_some());
        if !is_event {
            return Ok(None);
        }
        let expected = format!("expected an event {KIND} of tidegate, {SCHEMA}");
        let event: Self = serde_json::from_str(body).map_err(|source| wrong(expected.clone(), Some(source)))?;
        let found = (event.kind.as_str(), event.source.as_str(), event.detail.schema.as_str());
        if found != (KIND, "tidegate", SCHEMA) {
            return Err(wrong(format!("found {} of {} ({}), {expected}", found.0, found.1, found.2), None));
        }
        let detail = &event.detail;
        let digests =
            [Some(&detail.artifact), detail.manifest.as_ref(), detail.dataset_version.as_ref(), detail.evaluation_version.as_ref()];
        if let Some(found) = digests.into_iter().flatten().find(|digest| !is_digest(digest)) {
            return Err(wrong(format!("found \"{found}\", expected a SHA-256 of 64 hexadecimal digits"), None));
        }
        let names = detail.files.iter().map(|file| file.name.as_str());
        if let Some(found) = names.chain([detail.run.as_str()]).find(|name| !is_file_name(name)) {
            return Err(wrong(format!("found the name \"{}\", expected one inside its folder", found.escape_debug()), None));
        }
        if detail.run.contains('/') || Artifact::new(detail.files.clone()).id() != detail.artifact {
            return Err(wrong(format!("found files whose digest is not {}", detail.artifact), None));
        }
        Ok(Some(event))
    }

    pub(crate) fn model(&self) -> &str {
        &self.detail.model
    }

    fn what(&self) -> String {
        let Detail { model, version, stage, .. } = &self.detail;
        format!("the takeover of version {version} of {model} from {stage}")
    }
}

impl RegistryFunction {
    /// Takes a version over as a candidate of this account.
    pub(crate) async fn take_over(&self, event: &Approved, contract: &Contract) -> Result<(), RegistryFunctionError> {
        let detail = &event.detail;
        let before = match self.settings.stage {
            Stage::Dev => None,
            Stage::Test => Some(Stage::Dev),
            Stage::Prod => Some(Stage::Test),
        };
        if before != Some(detail.stage) {
            let says = format!("found a version of {}, expected one of the stage before {}", detail.stage, self.settings.stage);
            return Err(RegistryFunctionError::Message { says, source: None });
        }
        let there = self.models.beside(&detail.lake_bucket);
        let what = event.what();
        let missing = |name: &str| RegistryFunctionError::Takeover { what: event.what(), says: format!("it names no {name}") };
        let (model, run) = (&detail.model, &detail.run);
        let folder = format!("{}{model}/{run}/", keys::CANDIDATES);

        let sha256 = detail.manifest.as_ref().ok_or_else(|| missing("manifest"))?;
        let manifest = self.held(&there, &keys::submitted(model, sha256, "manifest.json"), sha256, &what).await?;
        let mut manifest: Value = serde_json::from_slice(&manifest)
            .map_err(|error| RegistryFunctionError::Takeover { what: what.clone(), says: format!("its manifest is no JSON: {error}") })?;
        for file in &detail.files {
            let from = keys::artifact(model, &detail.artifact, &file.name);
            self.copy(&there, &from, &format!("{folder}{}", file.name), Some(&file.sha256), &what).await?;
        }
        self.take_training_set(&there, detail, &what).await?;
        let evaluation = self.take_evaluation(&there, detail, contract, &manifest, &what).await?;
        if manifest.get("predictions").is_some_and(|predictions| !predictions.is_null()) {
            let name = "predictions";
            self.copy(&there, &keys::submitted(model, sha256, name), &format!("{folder}{name}"), None, &what).await?;
            set(&mut manifest, "/predictions/file", json!(name));
        }
        if let Some(whole) = manifest.as_object_mut() {
            let files: Vec<Value> = detail.files.iter().map(|file| json!({ "file": file.name, "sha256": file.sha256 })).collect();
            whole.insert("artifact".to_owned(), Value::Array(files));
            whole.insert("evaluation".to_owned(), evaluation);
            let from = format!("{}, account {}, version {}", detail.stage, detail.account, detail.version);
            whole.insert("promoted_from".to_owned(), json!(from));
        }
        let bytes = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| RegistryFunctionError::Takeover { what: what.clone(), says: error.to_string() })?;
        // Last, and once: that is what wakes `validate`.
        self.models.put_once(&format!("{folder}manifest.json"), bytes, BYTES).await.map_err(RegistryFunctionError::bucket(&what))?;
        info!(model, run, "a version of {} was taken over as a candidate", detail.stage);
        Ok(())
    }

    /// The training set's manifest, what its checks found, and the baseline that this account watches the model's inputs by. Its rows stay where they are.
    async fn take_training_set(&self, there: &Bucket, detail: &Detail, what: &str) -> Result<(), RegistryFunctionError> {
        let Some(version) = &detail.dataset_version else { return Ok(()) };
        let manifest = keys::dataset(&detail.model, version);
        let bytes = self.held(there, &manifest, version, what).await?;
        self.lake.put_once(&manifest, bytes, BYTES).await.map_err(RegistryFunctionError::bucket(what))?;
        let publication = self.take_if_there(there, &keys::publication(&detail.model, version), what).await?;
        let baseline = self.take_if_there(there, &keys::baseline(&detail.model, version), what).await?;
        let (Some(publication), Some(_)) = (publication, baseline) else { return Ok(()) };
        // From now on `collect` counts in its cells, and `drift` need not count everything again.
        let published: Publication = serde_json::from_slice(&publication).map_err(|error| RegistryFunctionError::Takeover {
            what: what.to_owned(),
            says: format!("what the checks of dataset version {version} found cannot be read: {error}"),
        })?;
        let current = CurrentBaseline { version: version.clone(), key: published.name, last_modified_ms: published.at_ms };
        let lake = Lake { bucket: self.lake.clone() };
        lake.point_at_baseline(&detail.model, &current).await.map_err(RegistryFunctionError::bucket(what))?;
        Ok(())
    }

    /// An object of the other account's lake, and its copy in this one's, where there is one.
    async fn take_if_there(&self, there: &Bucket, key: &str, what: &str) -> Result<Option<Bytes>, RegistryFunctionError> {
        let stored = there.get(key).await.map_err(RegistryFunctionError::bucket(what))?;
        if let Some(stored) = &stored {
            self.lake.put_once(key, stored.bytes.clone(), BYTES).await.map_err(RegistryFunctionError::bucket(what))?;
        }
        Ok(stored.map(|stored| stored.bytes))
    }

    /// The rows that the candidate is judged by here: this account's own, where the contract names some and the model can be asked; otherwise those that
    /// it was judged by before.
    async fn take_evaluation(
        &self,
        there: &Bucket,
        detail: &Detail,
        contract: &Contract,
        manifest: &Value,
        what: &str,
    ) -> Result<Value, RegistryFunctionError> {
        let is_onnx = |file: &&ArtifactFile| file.name.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"));
        let can_be_asked = detail.files.iter().filter(is_onnx).count() == 1;
        if let Some(own) = contract.validation.evaluation.as_ref().filter(|_| can_be_asked) {
            return Ok(json!({ "key": own.key, "actual": own.actual, "id": own.id }));
        }
        let missing = || RegistryFunctionError::Takeover { what: what.to_owned(), says: "it names no evaluation set".to_owned() };
        let sha256 = detail.evaluation_version.as_ref().ok_or_else(missing)?;
        let mut evaluation = manifest.get("evaluation").cloned().ok_or_else(missing)?;
        let key = format!("evaluations/{}/{sha256}", detail.model);
        self.copy(there, &keys::evaluation(&detail.model, sha256), &key, Some(sha256), what).await?;
        set(&mut evaluation, "/key", json!(key));
        if let Some(evaluation) = evaluation.as_object_mut() {
            evaluation.insert("sha256".to_owned(), json!(sha256));
        }
        Ok(evaluation)
    }

    /// A small object of the other account, whose bytes must have this digest.
    async fn held(&self, there: &Bucket, key: &str, sha256: &str, what: &str) -> Result<Vec<u8>, RegistryFunctionError> {
        let stored = there.get(key).await.map_err(RegistryFunctionError::bucket(what))?;
        let found = stored.as_ref().map_or_else(|| "nothing".to_owned(), |stored| keys::sha256(&stored.bytes));
        match stored {
            Some(stored) if found == sha256 => Ok(stored.bytes.to_vec()),
            _ => Err(digest_differs(what, key, &found, sha256)),
        }
    }

    /// Copies an object of the other account into the models bucket, unless it is there; what arrives must have this digest.
    async fn copy(&self, there: &Bucket, from: &str, to: &str, sha256: Option<&str>, what: &str) -> Result<(), RegistryFunctionError> {
        let failed = RegistryFunctionError::bucket(what);
        if self.models.etag(to).await.map_err(&failed)?.is_some() {
            return Ok(());
        }
        let Some(object) = there.open(from, None).await.map_err(&failed)? else {
            return Err(digest_differs(what, from, "nothing", sha256.unwrap_or("a file")));
        };
        let mut upload = Upload::new(&self.models, to.to_owned(), BYTES);
        let found = match upload.pour(there, from, object).await {
            Ok(found) => found,
            Err(error) => {
                upload.abort().await;
                return Err(failed(error));
            }
        };
        if sha256.is_some_and(|sha256| sha256 != found) {
            upload.abort().await;
            return Err(digest_differs(what, from, &found, sha256.unwrap_or_default()));
        }
        upload.finish().await.map_err(failed)
    }
}

fn digest_differs(what: &str, key: &str, found: &str, expected: &str) -> RegistryFunctionError {
    RegistryFunctionError::Takeover { what: what.to_owned(), says: format!("\"{key}\": found {found}, expected {expected}") }
}

fn set(whole: &mut Value, part: &str, value: Value) {
    if let Some(place) = whole.pointer_mut(part) {
        *place = value;
    }
}
