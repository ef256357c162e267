//! A training set, from its bytes to a dataset version and the baseline that logs are compared with.
//!
//! It is one file, or all files of a folder, which is read when its marker is written. It is read twice: once to learn where the cells' edges lie,
//! once to count in them; the second reading is pinned to the entity tags of the first. Everything but the pointer is stored under the digest of
//! the manifest, so a repeat writes the same bytes, and the pointer moves only to a training set that was written later and whose checks did not fail:
//! any order of deliveries leaves the same one.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_contract::Contract;
use tidegate_intake::{Layout, Plan};
use tidegate_lake::{
    CurrentBaseline, LakeError, Manifest, ManifestFile, Opened, Outcome, Publication, Receipt, Upload, dataset_version, keys, source_id,
};
use tidegate_monitoring::{DatasetFacts, DatasetSource, check_dataset};
use tidegate_profile::{BaselineBuilder, Lines, Repeats, Sampler, Source};
use tracing::{error, info};

use crate::{
    CollectError, Collector,
    log_object::TRIES,
    outputs::dataset_quarantine,
    publication::NewVersion,
    reading::{Finished, Item, Reading, Take},
    stored_baseline::is_stored,
};

/// What a message names: the training set's only file, or the marker of its folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) key: &'a str,
    pub(crate) model: &'a str,
    /// The file or the folder.
    pub(crate) name: &'a str,
    pub(crate) is_folder: bool,
}

/// One file of a training set.
struct Piece {
    key: String,
    /// Its name below `datasets/<model>/`.
    name: String,
    location: String,
    etag: Option<String>,
}

/// First reading: learns the edges, and looks for copies.
struct Learning<'a> {
    sampler: Sampler,
    repeats: Repeats,
    location: &'a str,
}

impl Take for Learning<'_> {
    async fn take(&mut self, item: Item) -> Result<(), CollectError> {
        match item {
            Item::Batch(_, batch, facts) => {
                self.repeats.observe(&batch, &facts.version);
                self.sampler.observe(&batch).map_err(CollectError::profile(self.location))
            }
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

/// What the first reading found, over all files.
#[derive(Debug, Default)]
struct Found {
    files: Vec<ManifestFile>,
    contents: Vec<String>,
    lines: Lines,
    reasons: BTreeMap<String, u64>,
    waiting: u64,
    fault: Option<String>,
    /// The columns that the contract does not read, while those of every file are known.
    others: Option<BTreeSet<String>>,
}

impl Found {
    fn add(&mut self, name: &str, plan: &Plan, read: Finished) {
        let summary = read.summary;
        self.files.push(ManifestFile { name: name.to_owned(), bytes: read.bytes, sha256: read.sha256 });
        self.contents.push(summary.content_sha256);
        self.lines.add(&summary.lines);
        for (reason, lines) in summary.reasons {
            *self.reasons.entry(reason).or_default() += lines;
        }
        self.waiting += summary.waiting;
        if let Some(fault) = summary.fault {
            self.fault.get_or_insert(fault.text);
        }
        match (&mut self.others, read.columns) {
            (Some(others), Some(columns)) => others.extend(columns.into_iter().filter(|column| !plan.knows_column(column))),
            (others, _) => *others = None,
        }
    }

    /// Digest of the content: that of the only file, or of the list of all.
    fn content(&self) -> String {
        match self.contents.as_slice() {
            [one] => one.clone(),
            several => keys::sha256(several.join("\n")),
        }
    }
}

impl Collector {
    /// Makes a training set a dataset version of its model, as its files are now.
    pub(crate) async fn collect_training_set(&self, named: Named<'_>) -> Result<(), CollectError> {
        let location = format!("s3://{}/{}", self.models.name(), named.key);
        for _ in 0..TRIES {
            match Box::pin(self.training_pass(named, &location)).await {
                Err(failure) if failure.is_conflict() => {
                    info!(object.location = location, "the training set or its receipt changed: starting over");
                }
                done => return done,
            }
        }
        Err(CollectError::Busy { location, tries: TRIES })
    }

    async fn training_pass(&self, named: Named<'_>, location: &str) -> Result<(), CollectError> {
        let lake = CollectError::lake(location);
        let previous = self.lake.receipt(&source_id(self.models.name(), named.key)).await.map_err(&lake)?;
        let contract = self.contract_of(named.model, location).await?;
        let receipt = if is_stored(named.key) && !named.is_folder {
            Box::pin(self.take_baseline(named, location, &contract)).await?
        } else {
            Box::pin(self.make_baseline(named, location, &contract)).await?
        };
        let Some(receipt) = receipt else {
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

    /// The contract that a model's data are read by.
    pub(crate) async fn contract_of(&self, model: &str, location: &str) -> Result<std::sync::Arc<Contract>, CollectError> {
        let contract = self.contracts.load().await.and_then(|contracts| contracts.of_model(model)).map_err(CollectError::lake(location))?;
        contract.ok_or_else(|| CollectError::NoContract { location: location.to_owned(), model: model.to_owned() })
    }

    /// Reads the set twice and writes everything but the receipt; `None` if the object is gone.
    async fn make_baseline(&self, named: Named<'_>, location: &str, contract: &Contract) -> Result<Option<Receipt>, CollectError> {
        let lake = CollectError::lake(location);
        let model = &contract.model;
        let plan = Plan::new(contract, Layout::Dataset).map_err(|source| CollectError::Intake { location: location.to_owned(), source })?;
        let Some(object) = self.models.open(named.key, None).await.map_err(&lake)? else { return Ok(None) };
        let mut receipt = Receipt {
            model: Some(model.clone()),
            contract: Some(contract.digest()),
            etag: object.etag.clone(),
            last_modified_ms: object.last_modified_ms,
            ..Receipt::new(self.models.name(), named.key, Outcome::Baseline)
        };
        let mut pieces = self.pieces(named, &object).await.map_err(&lake)?;
        let mut opened = Some(object).filter(|_| !named.is_folder);

        let mut learning = Learning { sampler: Sampler::new(plan.fields()), repeats: Repeats::default(), location };
        // Where the contract names the columns, a file has no line of names: its first line holds values, which are nothing to tell.
        let others = contract.record.columns.is_empty().then(BTreeSet::new);
        let mut found = Found { others, ..Found::default() };
        for piece in &mut pieces {
            let object = match opened.take() {
                Some(object) => object,
                None => self.open_piece(piece).await?,
            };
            piece.etag = Some(object.etag.clone());
            let read = self.reading(piece, &plan).run(object, &mut learning).await?;
            found.add(&piece.name, &plan, read);
        }
        receipt.bytes = found.files.iter().map(|file| file.bytes).sum();
        receipt.content = found.content();
        receipt.lines = found.lines;
        receipt.reason.clone_from(&found.fault);
        receipt.reasons = std::mem::take(&mut found.reasons);
        receipt.waiting = found.waiting;
        if found.lines.accepted == 0 {
            error!(object.location = location, "the training set has no readable row: the model keeps the baseline that it had");
            receipt.outcome = if found.lines.quarantined > 0 { Outcome::Unreadable } else { Outcome::Empty };
            return Ok(Some(receipt));
        }

        let (version, manifest) = version_of(contract, &plan, &mut found).map_err(&lake)?;
        let source =
            Source { id: receipt.source.clone(), location: location.to_owned(), content: receipt.content.clone(), lines: receipt.lines };
        let Learning { sampler, repeats, .. } = learning;
        let quarantine = dataset_quarantine(&self.lake.bucket, model, &version);
        let mut counting = Counting { builder: sampler.freeze(&version, source), quarantine, rejected: false, location };
        for piece in &pieces {
            let counted = async { self.reading(piece, &plan).run(self.open_piece(piece).await?, &mut counting).await.map(drop) };
            if let Err(failure) = counted.await {
                counting.quarantine.abort().await;
                return Err(failure);
            }
        }
        receipt.keys = [keys::dataset(model, &version), keys::publication(model, &version), keys::baseline(model, &version)].into();
        if counting.rejected {
            receipt.keys.insert(counting.quarantine.key().to_owned());
            counting.quarantine.finish().await.map_err(&lake)?;
        }
        let baseline = counting.builder.finish();
        let checks = check_dataset(&DatasetFacts {
            contract,
            baseline: &baseline,
            lines: receipt.lines,
            repeats: Some(repeats.counts()),
            others: found.others.as_ref(),
            wants_outcomes: true,
        });
        let at_ms = receipt.last_modified_ms;
        let publication = Publication::new(&version, DatasetSource::TrainingSet, named.name, at_ms, receipt.lines.accepted, checks);
        self.publish_training_set(named, location, contract, NewVersion { manifest, baseline, publication }, &mut receipt).await?;
        Ok(Some(receipt))
    }

    /// Publishes a training set, and makes it the baseline if its checks did not fail and no later one is; the receipt says what became of it.
    pub(crate) async fn publish_training_set(
        &self,
        named: Named<'_>,
        location: &str,
        contract: &Contract,
        new: NewVersion,
        receipt: &mut Receipt,
    ) -> Result<(), CollectError> {
        let published = self.publish(location, contract, new).await?;
        if published.has_passed() {
            let next = CurrentBaseline {
                version: published.version.clone(),
                key: named.key.to_owned(),
                last_modified_ms: receipt.last_modified_ms,
            };
            self.lake.point_at_baseline(&contract.model, &next).await.map_err(CollectError::lake(location))?;
        } else {
            receipt.outcome = Outcome::Unfit;
            receipt.reason.get_or_insert_with(|| published.says());
        }
        receipt.baseline = Some(published.version);
        Ok(())
    }

    /// The files of a training set, in the order of their names.
    async fn pieces(&self, named: Named<'_>, object: &Opened) -> Result<Vec<Piece>, LakeError> {
        let piece = |key: String, etag: String| {
            let name = key.strip_prefix(&keys::training_file(named.model, "")).unwrap_or(&key).to_owned();
            Piece { location: format!("s3://{}/{key}", self.models.name()), name, etag: Some(etag), key }
        };
        if !named.is_folder {
            return Ok(vec![piece(named.key.to_owned(), object.etag.clone())]);
        }
        let folder = format!("{}/", keys::training_file(named.model, named.name));
        let listed = self.models.list(&folder).await?;
        let is_of_set = |key: &str| key.strip_prefix(&folder).is_some_and(keys::is_of_training_set);
        Ok(listed.into_iter().filter(|object| is_of_set(&object.key)).map(|object| piece(object.key, object.etag)).collect())
    }

    /// Opens a file as it was listed or read before. One that is gone is a conflict: the pass starts over.
    async fn open_piece(&self, piece: &Piece) -> Result<Opened, CollectError> {
        let opened = self.models.open(&piece.key, piece.etag.as_deref()).await.map_err(CollectError::lake(&piece.location))?;
        let gone = || LakeError::Conflict { bucket: self.models.name().to_owned(), key: piece.key.clone() };
        opened.ok_or_else(|| CollectError::lake(&piece.location)(gone()))
    }

    fn reading<'a>(&'a self, piece: &'a Piece, plan: &'a Plan) -> Reading<'a> {
        Reading {
            bucket: &self.models,
            key: &piece.key,
            location: &piece.location,
            plan,
            spool_mib: self.settings.spool_mib,
            digests_stored: true,
        }
    }
}

/// The set's version and manifest.
fn version_of(contract: &Contract, plan: &Plan, found: &mut Found) -> Result<(String, Vec<u8>), LakeError> {
    let fields = plan.fields().iter().map(|field| (field.name.clone(), field.role, field.kind)).collect();
    let files = std::mem::take(&mut found.files);
    let mut manifest = Manifest::new(&contract.model, files, found.lines.accepted, found.lines.quarantined, fields);
    manifest.segments = plan.fields().iter().filter(|field| field.is_segment).map(|field| field.name.clone()).collect();
    dataset_version(&manifest)
}
