//! What is asked of the table. Every read sees every write before it.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Registry;
use super::items::{self, Attributes, Item};
use crate::RegistryError;
use crate::audit::{ModelRecords, StoredEntry};
use crate::lifecycle::{Alias, AliasName, DatasetRecord, Head, ModelVersion, Record, RefusedSubmission, Retraining, Snapshot};

/// How often a model is read again when it changed while it was read.
const TRIES: usize = 5;

/// Everything that the table and the chain say of one model at one moment.
#[derive(Debug, Clone)]
pub struct Audited {
    /// What the table says.
    pub records: ModelRecords,
    /// What the chain says, up to the end that the table names.
    pub entries: Vec<StoredEntry>,
}

/// Which version is meant before it is known.
pub(super) enum Target<'a> {
    Version(u32),
    Run(&'a str),
    Refused(&'a RefusedSubmission),
    Dataset(&'a str),
    Unknown,
}

impl Registry {
    /// Every model that has versions or refused submissions, sorted.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn models(&self) -> Result<Vec<String>, RegistryError> {
        let items = self.query(items::MODELS, "", None).await?;
        items.iter().map(|item| Attributes { name: items::MODELS, item }.text("sk")).collect()
    }

    /// Where a model's audit chain ends, or `None` if it has none.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Item`] if the item holds something else.
    pub async fn head(&self, model: &str) -> Result<Option<Head>, RegistryError> {
        let name = format!("{} {}", items::pk(model), items::HEAD);
        let Some(item) = self.get(&items::pk(model), items::HEAD).await? else { return Ok(None) };
        let attributes = Attributes { name: &name, item: &item };
        Ok(Some(Head {
            seq: attributes.number("audit_seq")?,
            hash: attributes.text("audit_hash")?,
            at_ms: attributes.number("changed_at_ms")?,
            versions: attributes.number("version_count")?,
        }))
    }

    /// A version, or `None` if there is no such.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Record`] if the item holds something else.
    pub async fn version(&self, model: &str, number: u32) -> Result<Option<ModelVersion>, RegistryError> {
        self.record(model, &items::version_sk(number)).await
    }

    /// Every version of a model, the oldest first.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn versions(&self, model: &str) -> Result<Vec<ModelVersion>, RegistryError> {
        self.records_of(model, items::VERSIONS).await
    }

    /// Submissions that could not be read as candidates.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn refused(&self, model: &str) -> Result<Vec<RefusedSubmission>, RegistryError> {
        self.records_of(model, items::REFUSED).await
    }

    /// Requests for retraining, the oldest first.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn retrainings(&self, model: &str) -> Result<Vec<Retraining>, RegistryError> {
        self.records_of(model, items::RETRAININGS).await
    }

    /// A request for retraining, or `None` if there is no such.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn retraining(&self, model: &str, number: u32) -> Result<Option<Retraining>, RegistryError> {
        self.record(model, &items::retraining_sk(number)).await
    }

    /// Dataset versions that were published, sorted by their names' digests.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn datasets(&self, model: &str) -> Result<Vec<DatasetRecord>, RegistryError> {
        self.records_of(model, items::DATASETS).await
    }

    /// Which version a name means.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn alias(&self, model: &str, name: AliasName) -> Result<Option<u32>, RegistryError> {
        Ok(self.record::<Alias>(model, items::alias_sk(name)).await?.and_then(|alias| alias.number))
    }

    /// The version that is champion.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn champion(&self, model: &str) -> Result<Option<ModelVersion>, RegistryError> {
        match self.alias(model, AliasName::Champion).await? {
            Some(number) => self.version(model, number).await,
            None => Ok(None),
        }
    }

    /// The version that was champion at a moment, milliseconds since 1970.
    ///
    /// # Errors
    /// As [`Registry::version`].
    pub async fn champion_at(&self, model: &str, at_ms: i64) -> Result<Option<ModelVersion>, RegistryError> {
        Ok(self.versions(model).await?.into_iter().find(|version| version.reigned_at(at_ms)))
    }

    /// Entries of a model's chain after a number, in their order.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Item`] if an item holds something else.
    pub async fn entries(&self, model: &str, after: u64) -> Result<Vec<StoredEntry>, RegistryError> {
        let first = items::entry_sk(after.saturating_add(1));
        let found = self.query(&items::pk(model), items::ENTRIES, Some(&first)).await?;
        let mut entries = Vec::with_capacity(found.len());
        for item in &found {
            entries.push(stored_entry(model, item)?);
        }
        Ok(entries)
    }

    /// Everything that table and chain say of a model at one moment: read again until nothing changed meanwhile.
    ///
    /// # Errors
    /// As [`Registry::version`], or [`RegistryError::Conflict`] if the model kept changing.
    pub async fn audited(&self, model: &str) -> Result<Audited, RegistryError> {
        for _ in 0..TRIES {
            let head = self.head(model).await?;
            let mut records = ModelRecords { head: head.clone().unwrap_or_else(Head::empty), ..ModelRecords::default() };
            for version in self.versions(model).await? {
                records.insert(Record::Version(Box::new(version)));
            }
            for name in [AliasName::Champion, AliasName::Challenger] {
                if let Some(alias) = self.record::<Alias>(model, items::alias_sk(name)).await? {
                    records.insert(Record::Alias(alias));
                }
            }
            for refused in self.refused(model).await? {
                records.insert(Record::RefusedSubmission(refused));
            }
            for retraining in self.retrainings(model).await? {
                records.insert(Record::Retraining(Box::new(retraining)));
            }
            for dataset in self.datasets(model).await? {
                records.insert(Record::Dataset(dataset));
            }
            let entries = self.entries(model, 0).await?;
            if self.head(model).await? == head {
                return Ok(Audited { records, entries });
            }
        }
        Err(RegistryError::Conflict { item: items::pk(model) })
    }

    /// Everything that a command is decided on. The head is read first: what is written over it was read after it.
    pub(super) async fn snapshot(&self, model: &str, target: Target<'_>) -> Result<Snapshot, RegistryError> {
        let mut snapshot = Snapshot::empty(model);
        let Some(head) = self.head(model).await? else { return Ok(snapshot) };
        snapshot.head = head;
        snapshot.champion_alias = self.record(model, items::alias_sk(AliasName::Champion)).await?;
        snapshot.challenger_alias = self.record(model, items::alias_sk(AliasName::Challenger)).await?;
        // What is asked of one version, or of a refused submission, has nothing to do with retraining.
        if matches!(target, Target::Run(_) | Target::Dataset(_) | Target::Unknown) {
            snapshot.retraining = self.last_retraining(model).await?;
        }
        let number = match target {
            Target::Version(number) => Some(number),
            Target::Run(run) => self.run(model, run).await?,
            Target::Refused(refused) => {
                snapshot.refused = self.record(model, &items::refused_sk(&refused.manifest, &refused.run)).await?;
                None
            }
            Target::Dataset(version) => {
                snapshot.dataset = self.record(model, &items::dataset_sk(version)).await?;
                None
            }
            Target::Unknown => None,
        };
        if let Some(number) = number {
            snapshot.version = self.version(model, number).await?;
        }
        if let Some(number) = snapshot.champion_alias.as_ref().and_then(|alias| alias.number) {
            snapshot.champion = match &snapshot.version {
                Some(version) if version.number == number => Some(version.clone()),
                _ => self.version(model, number).await?,
            };
        }
        if let Some(number) = snapshot.champion.as_ref().and_then(|champion| champion.replaced) {
            snapshot.previous = self.version(model, number).await?;
        }
        Ok(snapshot)
    }

    /// The retraining that was asked for last.
    async fn last_retraining(&self, model: &str) -> Result<Option<Retraining>, RegistryError> {
        let (first, last) = (items::RETRAININGS.to_owned(), format!("{}\u{ffff}", items::RETRAININGS));
        let call = self.dynamodb.query().table_name(&self.table).consistent_read(true).scan_index_forward(false).limit(1);
        let call = call.key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last");
        let values = [(":pk", items::pk(model)), (":first", first), (":last", last)];
        let call = values.into_iter().fold(call, |call, (name, value)| call.expression_attribute_values(name, AttributeValue::S(value)));
        let answer = call.send().await.map_err(|error| RegistryError::call("read", &self.table, &items::pk(model), error))?;
        let item = answer.items.unwrap_or_default().into_iter().next();
        item.map(|item| items::record(&format!("{} {}", items::pk(model), items::RETRAININGS), &item)).transpose()
    }

    /// Which version a run is.
    async fn run(&self, model: &str, run: &str) -> Result<Option<u32>, RegistryError> {
        let (pk, sk) = (items::pk(model), items::run_sk(run));
        let Some(item) = self.get(&pk, &sk).await? else { return Ok(None) };
        Attributes { name: &format!("{pk} {sk}"), item: &item }.number("version_number").map(Some)
    }

    /// An entry of a chain.
    pub(super) async fn entry(&self, model: &str, seq: u64) -> Result<Option<StoredEntry>, RegistryError> {
        let item = self.get(&items::pk(model), &items::entry_sk(seq)).await?;
        item.map(|item| stored_entry(model, &item)).transpose()
    }

    async fn record<T: serde::de::DeserializeOwned>(&self, model: &str, sk: &str) -> Result<Option<T>, RegistryError> {
        let item = self.get(&items::pk(model), sk).await?;
        item.map(|item| items::record(&format!("{} {sk}", items::pk(model)), &item)).transpose()
    }

    async fn records_of<T: serde::de::DeserializeOwned>(&self, model: &str, prefix: &str) -> Result<Vec<T>, RegistryError> {
        let found = self.query(&items::pk(model), prefix, None).await?;
        let name =
            |item: &Item| format!("{} {}", items::pk(model), item.get("sk").and_then(|sk| sk.as_s().ok()).map_or("", String::as_str));
        found.iter().map(|item| items::record(&name(item), item)).collect()
    }

    pub(super) async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, RegistryError> {
        let call = self.dynamodb.get_item().table_name(&self.table).consistent_read(true);
        let answer = call.key("pk", items::text(pk)).key("sk", items::text(sk)).send().await;
        Ok(answer.map_err(|error| RegistryError::call("read", &self.table, &format!("{pk} {sk}"), error))?.item)
    }

    /// Every item of a partition whose sort key begins so, page by page; only from `first` on, when it is given.
    async fn query(&self, pk: &str, prefix: &str, first: Option<&str>) -> Result<Vec<Item>, RegistryError> {
        let mut found = Vec::new();
        let mut after: Option<Item> = None;
        loop {
            let mut call = self.dynamodb.query().table_name(&self.table).consistent_read(true);
            call = call.expression_attribute_values(":pk", items::text(pk)).set_exclusive_start_key(after);
            // A sort key stands under one condition alone: what begins so lies between these two.
            call = if prefix.is_empty() {
                call.key_condition_expression("pk = :pk")
            } else {
                let values = [(":first", first.unwrap_or(prefix).to_owned()), (":last", format!("{prefix}\u{ffff}"))];
                call = call.key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last");
                values.into_iter().fold(call, |call, (name, value)| call.expression_attribute_values(name, AttributeValue::S(value)))
            };
            let answer = call.send().await.map_err(|error| RegistryError::call("read", &self.table, pk, error))?;
            found.extend(answer.items.unwrap_or_default());
            match answer.last_evaluated_key {
                Some(key) => after = Some(key),
                None => return Ok(found),
            }
        }
    }
}

fn stored_entry(model: &str, item: &Item) -> Result<StoredEntry, RegistryError> {
    let name = format!("{} {}", items::pk(model), item.get("sk").and_then(|sk| sk.as_s().ok()).map_or("", String::as_str));
    let attributes = Attributes { name: &name, item };
    Ok(StoredEntry { seq: attributes.number("audit_seq")?, text: attributes.text("audit_entry")?, hash: attributes.text("audit_hash")? })
}
