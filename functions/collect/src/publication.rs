//! From a data set that was read to a dataset version that others may name: its baseline, its checks, its manifest, and word of it to the registry.
//!
//! Baseline and manifest lie under the digest of the manifest, so a repeat writes the same bytes. The manifest comes last: whoever finds it
//! finds the rest. Of the checks, only that of drift depends on anything but the set: on which version comes before it. So whoever publishes a version
//! looks at all of them afterwards and makes those checks again that were made against another one. Each is written over the very one that was
//! read *before* the look: of two that publish at the same time, the one that writes later has seen both versions. Any order of
//! deliveries ends in the same checks.
//!
//! A publication that fails is kept and marked, and becomes no baseline by itself: the pointer stays where it is. `validate` says so of whoever was
//! trained on it.

use serde::Serialize;
use tidegate_contract::Contract;
use tidegate_lake::{LakeError, Publication};
use tidegate_monitoring::{DatasetSource, check_drift};
use tidegate_profile::Baseline;
use tracing::{info, warn};

use crate::{CollectError, Collector, log_object::TRIES};

/// A data set, read and checked.
pub(crate) struct NewVersion {
    pub(crate) manifest: Vec<u8>,
    pub(crate) baseline: Baseline,
    /// Its checks, without that of drift.
    pub(crate) publication: Publication,
}

/// What the registry is told: `{"command":"record-dataset",…}`.
#[derive(Debug, Serialize)]
struct RecordDataset<'a> {
    command: &'static str,
    model: &'a str,
    dataset: &'a str,
    source: DatasetSource,
    name: &'a str,
    records: u64,
    passed: bool,
    says: String,
}

/// What the registry is told of a window without records: `{"command":"record-no-data",…}`.
#[derive(Debug, Serialize)]
pub(crate) struct NoData<'a> {
    pub(crate) command: &'static str,
    pub(crate) model: &'a str,
    pub(crate) name: &'a str,
}

impl Collector {
    /// Publishes a dataset version, and returns what is known of it then.
    pub(crate) async fn publish(&self, location: &str, contract: &Contract, new: NewVersion) -> Result<Publication, CollectError> {
        let lake = CollectError::lake(location);
        let model = &contract.model;
        let NewVersion { manifest, baseline, publication } = new;
        let version = publication.version.clone();
        self.lake.put_baseline(model, &baseline).await.map_err(&lake)?;
        let known = self.lake.publication(model, &version).await.map_err(&lake)?;
        let publication = publication.over(known.as_ref().map(|(known, _)| known));
        if known.as_ref().is_none_or(|(known, _)| *known != publication) {
            let over = known.as_ref().map(|(_, etag)| etag.as_str());
            self.lake.put_publication(model, &publication, over).await.map_err(&lake)?;
        }
        self.lake.put_manifest(model, &version, manifest).await.map_err(&lake)?;
        let all = self.lake.publications(model).await.map_err(&lake)?;
        for stale in all.iter().filter(|publication| !publication.is_compared_among(&all)) {
            self.compare(location, contract, &stale.version).await?;
        }
        let gone = || lake(LakeError::Conflict { bucket: self.lake.bucket.name().to_owned(), key: version.clone() });
        let (publication, _) = self.lake.publication(model, &version).await.map_err(&lake)?.ok_or_else(gone)?;
        let message = RecordDataset {
            command: "record-dataset",
            model,
            dataset: &publication.version,
            source: publication.source,
            name: &publication.name,
            records: publication.records,
            passed: publication.has_passed(),
            says: publication.says(),
        };
        self.tell_registry(location, &message).await?;
        let says = publication.says();
        if publication.has_passed() {
            info!(object.location = location, dataset.version = version, "published: {says}");
        } else {
            warn!(object.location = location, dataset.version = version, "published, and no baseline by itself: {says}");
        }
        Ok(publication)
    }

    /// Compares a version with the one before it, unless it was.
    async fn compare(&self, location: &str, contract: &Contract, version: &str) -> Result<(), CollectError> {
        let lake = CollectError::lake(location);
        let model = &contract.model;
        for _ in 0..TRIES {
            // Read before the look at all: what is written over it has seen every version of which somebody wrote before.
            let Some((publication, etag)) = self.lake.publication(model, version).await.map_err(&lake)? else { return Ok(()) };
            let all = self.lake.publications(model).await.map_err(&lake)?;
            if publication.is_compared_among(&all) {
                return Ok(());
            }
            let before = publication.before(&all).map(|before| before.version.clone());
            let Some(baseline) = self.lake.baseline(model, version).await.map_err(&lake)? else { return Ok(()) };
            let previous = match &before {
                Some(before) => self.lake.baseline(model, before).await.map_err(&lake)?,
                None => None,
            };
            let check = check_drift(contract, previous.as_ref(), &baseline);
            match self.lake.put_publication(model, &publication.compared(before, check), Some(&etag)).await {
                Err(failure) if failure.is_conflict() => {}
                put => return put.map_err(&lake),
            }
        }
        Err(CollectError::Busy { location: location.to_owned(), tries: TRIES })
    }

    /// Tells the registry something. It is told again when the delivery is repeated, which changes nothing there.
    pub(crate) async fn tell_registry(&self, location: &str, message: &impl Serialize) -> Result<(), CollectError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| CollectError::Tell { location: location.to_owned(), source };
        let body = serde_json::to_string(message).map_err(|error| failed(Box::new(error)))?;
        let sent = self.sqs.send_message().queue_url(&self.settings.registry_queue_url).message_body(body).send().await;
        sent.map(drop).map_err(|error| failed(Box::new(error)))
    }
}
