//! The files of a version of another registry become a candidate's: read where they lie, written once, the manifest last.

use tidegate_lake::{Bucket, Condition, LakeError, Upload, keys};
use tidegate_registry::{MAX_FILES, is_file_name};
use tidegate_runtime::chain;
use tracing::info;

use super::address::Address;
use super::plan::{Evaluation, Plan, Taken};
use crate::RegistryFunctionError;
use crate::handler::RegistryFunction;
use crate::takeover::BYTES;

/// Most bytes that are taken over of one version: what passes through one invocation in good time.
const MAX_BYTES: u64 = 512 * 1_024 * 1_024;

/// Where in the candidate's folder the artifact's files lie, so that none of them is taken for what Tidegate puts there.
const ARTIFACT: &str = "model";

/// Why a version goes no further.
pub(super) enum Trouble {
    /// It is at fault, or its registry: in words for whoever registered it.
    Refused(String),
    /// We are, or the network.
    Failed(RegistryFunctionError),
}

/// An object that is to be taken over.
struct Source {
    bucket: Bucket,
    key: String,
    bytes: u64,
    /// Its name in the candidate's folder.
    name: String,
}

/// What is to be done, in which candidate's folder.
#[derive(Clone, Copy)]
pub(super) struct Folder<'f> {
    pub(super) what: &'f str,
    pub(super) model: &'f str,
    pub(super) run: &'f str,
}

impl Folder<'_> {
    pub(super) fn key(&self, file: &str) -> String {
        keys::candidate(self.model, self.run, file)
    }

    pub(super) fn failed(&self) -> impl Fn(LakeError) -> RegistryFunctionError + use<> {
        let what = self.what.to_owned();
        move |error| RegistryFunctionError::bucket(&what)(error)
    }

    /// What went wrong in somebody else's bucket: what will not pass by itself is told them.
    fn theirs(&self) -> impl Fn(LakeError) -> Trouble + use<> {
        let failed = self.failed();
        move |error| if error.is_retryable() { Trouble::Failed(failed(error)) } else { Trouble::Refused(chain(&error)) }
    }

    fn ours(&self) -> impl Fn(LakeError) -> Trouble + use<> {
        let failed = self.failed();
        move |error| Trouble::Failed(failed(error))
    }
}

impl RegistryFunction {
    /// Makes the candidate, over nothing or over the manifest that was refused.
    pub(super) async fn take(&self, folder: Folder<'_>, plan: &Plan, over: Condition<'_>) -> Result<(), Trouble> {
        let mut sources = Vec::new();
        for (index, address) in plan.files.iter().enumerate() {
            let below = if plan.files.len() > 1 { format!("{ARTIFACT}/{}", index + 1) } else { ARTIFACT.to_owned() };
            sources.extend(self.sources(folder, address, &below).await?);
        }
        let is_onnx = |source: &&Source| source.name.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"));
        if plan.predictions.is_none() && sources.iter().filter(is_onnx).count() != 1 {
            let found = sources.first().map_or("", |source| source.name.as_str());
            return Err(Trouble::Refused(format!(
                "found no single ONNX file among {} ({found} …), which could be asked here, and no tidegate.predictions, expected the address of its answers \
                 for the rows that it is judged by",
                sources.len()
            )));
        }
        let predictions = self.only(folder, plan.predictions.as_ref(), "predictions").await?;
        let evaluation = match &plan.evaluation {
            Evaluation::Here(_) => None,
            Evaluation::There(address) => self.only(folder, Some(address), "evaluation").await?,
        };
        let bytes: u64 = sources.iter().chain(&predictions).chain(&evaluation).map(|source| source.bytes).sum();
        if sources.len() > MAX_FILES || bytes > MAX_BYTES {
            return Err(Trouble::Refused(format!(
                "found {bytes} bytes in {} files, expected at most {MAX_BYTES} in {MAX_FILES}: submit it as a candidate's folder, whose files may have any size",
                sources.len()
            )));
        }
        let mut files = Vec::with_capacity(sources.len());
        for source in &sources {
            files.push(self.transfer(folder, source).await?);
        }
        let predictions = match &predictions {
            Some(source) => Some(self.transfer(folder, source).await?),
            None => None,
        };
        let evaluation = match &evaluation {
            Some(source) => Some((folder.key(&source.name), self.transfer(folder, source).await?)),
            None => None,
        };
        let evaluation = evaluation.as_ref().map(|(key, taken)| (key.clone(), taken));
        let manifest = plan.manifest(folder.model, folder.run, &files, predictions.as_ref(), evaluation);
        // Last, and once: that is what wakes `validate`. It holds the files to the digests of what was read here.
        match self.models.put(&folder.key("manifest.json"), format!("{manifest:#}\n"), "application/json", over).await {
            // Another delivery was quicker.
            Ok(_) | Err(LakeError::Conflict { .. }) => {}
            Err(error) => return Err(folder.ours()(error)),
        }
        info!(
            model = folder.model,
            run = folder.run,
            files = files.len(),
            bytes,
            "a version of another registry was taken over as a candidate"
        );
        Ok(())
    }

    /// The one object at an address, if there is an address.
    async fn only(&self, folder: Folder<'_>, address: Option<&Address>, name: &str) -> Result<Option<Source>, Trouble> {
        let Some(address) = address else { return Ok(None) };
        let mut found = self.sources(folder, address, name).await?;
        match (found.pop(), found.is_empty()) {
            (Some(source), true) if source.key == address.key => Ok(Some(Source { name: name.to_owned(), ..source })),
            _ => Err(Trouble::Refused(format!("found a folder at {address}, expected one file for tidegate.{name}"))),
        }
    }

    /// The objects at an address: the one that it names, or those of the folder that it names.
    async fn sources(&self, folder: Folder<'_>, address: &Address, below: &str) -> Result<Vec<Source>, Trouble> {
        if !self.settings.artifact_buckets.contains(&address.bucket) {
            return Err(Trouble::Refused(format!(
                "found {address} in a bucket that nothing is taken from, expected one of those that this account's template names (ArtifactBuckets)"
            )));
        }
        let bucket = self.models.beside(&address.bucket);
        let theirs = folder.theirs();
        // In the order of keys an object comes before everything that its key is the beginning of.
        let exact = bucket.first(&address.key, 1).await.map_err(&theirs)?.into_iter().find(|object| object.key == address.key);
        if let Some(object) = exact {
            let name = address.key.rsplit('/').next().unwrap_or_default();
            return Ok(vec![Source { name: named(below, name)?, bucket, key: object.key, bytes: object.bytes }]);
        }
        let prefix = format!("{}/", address.key);
        // One more than may be, so that too many are seen to be too many.
        let most = u16::try_from(MAX_FILES).unwrap_or(u16::MAX).saturating_add(1);
        let listed = bucket.first(&prefix, most).await.map_err(&theirs)?;
        let mut sources = Vec::with_capacity(listed.len());
        for object in listed.into_iter().filter(|object| !object.key.ends_with('/')) {
            let name = named(below, object.key.strip_prefix(&prefix).unwrap_or_default())?;
            sources.push(Source { name, bucket: bucket.clone(), key: object.key, bytes: object.bytes });
        }
        if sources.is_empty() {
            Err(Trouble::Refused(format!("found nothing at {address}, expected the files of a model")))
        } else {
            Ok(sources)
        }
    }

    /// Writes one object into the candidate's folder. What lies there of an attempt that broke off is written again: it may have been another's.
    async fn transfer(&self, folder: Folder<'_>, source: &Source) -> Result<Taken, Trouble> {
        let Some(object) = source.bucket.open(&source.key, None).await.map_err(folder.theirs())? else {
            return Err(Trouble::Refused(format!("found nothing at s3://{}/{} any more", source.bucket.name(), source.key)));
        };
        let mut upload = Upload::new(&self.models, folder.key(&source.name), BYTES);
        match upload.pour(&source.bucket, &source.key, object).await {
            Ok(sha256) => {
                upload.finish().await.map_err(folder.ours())?;
                Ok(Taken { name: source.name.clone(), sha256 })
            }
            Err(error) => {
                upload.abort().await;
                Err(folder.ours()(error))
            }
        }
    }
}

/// A name in a folder of the candidate's.
fn named(below: &str, name: &str) -> Result<String, Trouble> {
    let whole = format!("{below}/{name}");
    if is_file_name(&whole) {
        Ok(whole)
    } else {
        Err(Trouble::Refused(format!("found a file named \"{}\", expected a name that stays inside its folder", name.escape_debug())))
    }
}
