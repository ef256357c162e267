//! A training set, from its bytes to a dataset version and the baseline that logs are compared with.
//!
//! It is read twice: once to learn where the cells' edges lie, once to count in them; the second reading is pinned to the entity
//! tag of the first. Everything but the pointer is stored under the digest of the manifest, so a repeat writes the same bytes, and the
//! pointer moves only to a training set that was written later: any order of deliveries leaves the same one.

use tidegate_contract::Contract;
use tidegate_intake::{Layout, Plan};
use tidegate_lake::{CurrentBaseline, LakeError, Manifest, ManifestFile, Outcome, Receipt, Upload, dataset_version, keys, source_id};
use tidegate_profile::{BaselineBuilder, Sampler, Source};
use tracing::{error, info};

use crate::{
    CollectError, Collector,
    log_object::TRIES,
    outputs::dataset_quarantine,
    reading::{Item, Reading, Take},
    stored_baseline::is_stored,
};

/// First reading: learns the edges.
struct Learning<'a> {
    sampler: Sampler,
    location: &'a str,
}

impl Take for Learning<'_> {
    async fn take(&mut self, item: Item) -> Result<(), CollectError> {
        match item {
            Item::Batch(_, batch, _) => self.sampler.observe(&batch).map_err(CollectError::profile(self.location)),
            Item::Rejected(_) | Item::Half(..) => Ok(()),
        }
    }
}

/// Second reading: counts, and keeps the rejected rows.
struct Counting<'a> {
    builder: BaselineBuilder,
    quarantine: Upload,
    rejected: bool,
    location: &'a str,
}

impl Take for Counting<'_> {
    async fn take(&mut self, item: Item) -> Result<(), CollectError> {
        match item {
            Item::Batch(_, batch, facts) => self.builder.observe(&batch, &facts).map_err(CollectError::profile(self.location)),
            // Half a record is none of a training set's; how many there are is said.
            Item::Half(..) => Ok(()),
            Item::Rejected(line) => {
                self.rejected = true;
                self.quarantine.push(&line).await.map_err(CollectError::lake(self.location))
            }
        }
    }
}

impl Collector {
    /// Makes a training set the baseline of its model, as the object is now.
    pub(crate) async fn collect_training_set(&self, key: &str, model: &str) -> Result<(), CollectError> {
        let location = format!("s3://{}/{key}", self.models.name());
        for _ in 0..TRIES {
            match Box::pin(self.training_pass(key, model, &location)).await {
                Err(failure) if failure.is_conflict() => {
                    info!(object.location = location, "the training set or its receipt changed: starting over");
                }
                done => return done,
            }
        }
        Err(CollectError::Busy { location, tries: TRIES })
    }

    async fn training_pass(&self, key: &str, model: &str, location: &str) -> Result<(), CollectError> {
        let lake = CollectError::lake(location);
        let previous = self.lake.receipt(&source_id(self.models.name(), key)).await.map_err(&lake)?;
        let contract = self.contracts.load().await.and_then(|contracts| contracts.of_model(model)).map_err(&lake)?;
        let contract = contract.ok_or_else(|| CollectError::NoContract { location: location.to_owned(), model: model.to_owned() })?;
        let Some(receipt) = self.make_baseline(key, location, &contract).await? else {
            info!(object.location = location, "the training set is gone; the baseline that it became stays");
            return Ok(());
        };
        self.lake.put_receipt(&receipt, previous.as_ref().map(|(_, etag)| etag.as_str())).await.map_err(&lake)?;
        info!(
            object.location = location,
            lines.accepted = receipt.lines.accepted,
            dataset.version = receipt.baseline,
            "training set collected"
        );
        Ok(())
    }

    /// Reads the set twice and writes everything but the receipt; `None` if the object is gone.
    async fn make_baseline(&self, key: &str, location: &str, contract: &Contract) -> Result<Option<Receipt>, CollectError> {
        if is_stored(key) {
            return self.take_baseline(key, location, contract).await;
        }
        let lake = CollectError::lake(location);
        let model = &contract.model;
        let plan = Plan::new(contract, Layout::Dataset).map_err(|source| CollectError::Intake { location: location.to_owned(), source })?;
        let Some(object) = self.models.open(key, None).await.map_err(&lake)? else { return Ok(None) };
        let (etag, last_modified_ms) = (object.etag.clone(), object.last_modified_ms);
        let reading =
            Reading { bucket: &self.models, key, location, plan: &plan, spool_mib: self.settings.spool_mib, digests_stored: true };
        let mut learning = Learning { sampler: Sampler::new(plan.fields()), location };
        let first = reading.run(object, &mut learning).await?;
        let summary = first.summary;
        let mut receipt = Receipt {
            model: Some(model.clone()),
            contract: Some(contract.digest()),
            reason: summary.fault.as_ref().map(|fault| fault.text.clone()),
            etag: etag.clone(),
            last_modified_ms,
            bytes: first.bytes,
            content: summary.content_sha256.clone(),
            lines: summary.lines,
            reasons: summary.reasons,
            waiting: summary.waiting,
            ..Receipt::new(self.models.name(), key, Outcome::Baseline)
        };
        if summary.lines.accepted == 0 {
            error!(object.location = location, "the training set has no readable row: the model keeps the baseline that it had");
            receipt.outcome = if summary.lines.quarantined > 0 { Outcome::Unreadable } else { Outcome::Empty };
            return Ok(Some(receipt));
        }

        let name = key.strip_prefix(keys::TRAINING).and_then(|rest| rest.split_once('/')).map_or(key, |(_, name)| name);
        let file = ManifestFile { name: name.to_owned(), bytes: first.bytes, sha256: first.sha256 };
        let fields = plan.fields().iter().map(|field| (field.name.clone(), field.role, field.kind)).collect();
        let segments = plan.fields().iter().filter(|field| field.is_segment).map(|field| field.name.clone()).collect();
        let mut manifest = Manifest::new(model, file, summary.lines.accepted, summary.lines.quarantined, fields);
        manifest.segments = segments;
        let (version, manifest) = dataset_version(&manifest).map_err(&lake)?;
        let source =
            Source { id: receipt.source.clone(), location: location.to_owned(), content: receipt.content.clone(), lines: receipt.lines };

        let changed = || lake(LakeError::Conflict { bucket: self.models.name().to_owned(), key: key.to_owned() });
        let object = self.models.open(key, Some(&etag)).await.map_err(&lake)?.ok_or_else(changed)?;
        let quarantine = dataset_quarantine(&self.lake.bucket, model, &version);
        let mut counting = Counting { builder: learning.sampler.freeze(&version, source), quarantine, rejected: false, location };
        if let Err(failure) = reading.run(object, &mut counting).await {
            counting.quarantine.abort().await;
            return Err(failure);
        }
        receipt.keys = [keys::dataset(model, &version), keys::baseline(model, &version)].into();
        if counting.rejected {
            receipt.keys.insert(counting.quarantine.key().to_owned());
            counting.quarantine.finish().await.map_err(&lake)?;
        }
        self.lake.put_manifest(model, &version, manifest).await.map_err(&lake)?;
        self.lake.put_baseline(model, &counting.builder.finish()).await.map_err(&lake)?;
        let next = CurrentBaseline { version: version.clone(), key: key.to_owned(), last_modified_ms };
        self.lake.point_at_baseline(model, &next).await.map_err(&lake)?;
        receipt.baseline = Some(version);
        Ok(Some(receipt))
    }
}
