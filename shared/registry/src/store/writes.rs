//! A change of the registry: read, decided, and written in one transaction with its audit entry; or lost, and decided again.
//!
//! Why a change is made over exactly what it was decided on: every change of a model moves its `HEAD`, and is written under the
//! condition that `HEAD` still is what was read *before* everything else. So nothing that was read after it has changed, or the write
//! fails. The conditions on each version's state and revision say the same again, item by item, and the table of legal moves
//! ([`VersionState::may_become`]) is looked at once more: a caller that decided wrongly still cannot write an illegal move.

use std::fmt;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, builders::PutBuilder};

use super::Registry;
use super::items::{self, Item};
use super::reads::Target;
use crate::RegistryError;
use crate::audit::{Entry, StoredEntry};
use crate::lifecycle::{Change, Command, Head, ModelVersion, Order, Policy, Record, Snapshot, Write, transition};

/// How often a change is decided again because somebody else was faster.
const TRIES: usize = 8;

/// Most characters of a client request token (`DynamoDB` API reference, *`TransactWriteItems`*).
const MAX_TOKEN: usize = 36;

/// What came of a command that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What was done, or had been done before, in one sentence.
    pub says: String,
    /// Number of the audit entry; `None` if there was nothing to do.
    pub entry: Option<u64>,
    /// The version that is meant, as it is now.
    pub version: Option<ModelVersion>,
    /// What others did between the first look and the last.
    pub meanwhile: Vec<Meanwhile>,
}

/// Something that somebody else did meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meanwhile {
    /// Number of the audit entry.
    pub entry: u64,
    /// Who.
    pub by: String,
    /// What, in one sentence.
    pub says: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

impl fmt::Display for Meanwhile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (entry {}, by {})", self.says, self.entry, self.by)
    }
}

enum Written {
    Yes,
    Lost,
}

impl Registry {
    /// Does what is asked, once, however often it is asked and whoever else is at work on the model.
    ///
    /// `number` is the version that is meant; a submission finds its own by its run. `now_ms` is the time of the event that asks, milliseconds
    /// since 1970.
    ///
    /// # Errors
    /// [`RegistryError::Refused`] with what was done meanwhile, if a race was lost; [`RegistryError::Conflict`] if others kept being
    /// faster; others as a call fails.
    pub async fn apply(
        &self,
        model: &str,
        number: Option<u32>,
        order: &Order,
        policy: &Policy,
        now_ms: i64,
    ) -> Result<Applied, RegistryError> {
        let mut first = None;
        for _ in 0..TRIES {
            let target = match (&order.command, number) {
                (Command::Submit(submission), _) => Target::Run(&submission.lineage.run),
                (Command::Refuse(refused), _) => Target::Refused(refused),
                (Command::RecordDataset(dataset), _) => Target::Dataset(&dataset.version),
                (_, Some(number)) => Target::Version(number),
                (_, None) => Target::Unknown,
            };
            // Boxed: it holds whole records, and every caller's future would hold them too.
            let snapshot = Box::new(Box::pin(self.snapshot(model, target)).await?);
            let seen = *first.get_or_insert(snapshot.head.seq);
            let change = match transition(&snapshot, order, policy, now_ms) {
                Ok(change) => change,
                Err(refusal) => {
                    let meanwhile = self.meanwhile(model, seen, snapshot.head.seq).await?;
                    return Err(RegistryError::Refused { refusal: Box::new(refusal), meanwhile });
                }
            };
            let entry = if change.is_nothing() {
                None
            } else {
                match self.commit(&snapshot, &change).await? {
                    Written::Yes => Some(snapshot.head.seq + 1),
                    Written::Lost => continue,
                }
            };
            let meanwhile = self.meanwhile(model, seen, snapshot.head.seq).await?;
            return Ok(Applied { says: change.says().to_owned(), entry, version: change.version().cloned(), meanwhile });
        }
        Err(RegistryError::Conflict { item: items::pk(model) })
    }

    /// What was done after one entry, up to and with another.
    async fn meanwhile(&self, model: &str, after: u64, until: u64) -> Result<Vec<Meanwhile>, RegistryError> {
        let mut done = Vec::new();
        if after < until {
            for stored in self.entries(model, after).await?.into_iter().filter(|entry| entry.seq <= until) {
                let entry: Entry = serde_json::from_str(&stored.text).map_err(|source| RegistryError::Record {
                    item: format!("{} {}", items::pk(model), items::entry_sk(stored.seq)),
                    source,
                })?;
                done.push(Meanwhile { entry: entry.seq, by: entry.by, says: entry.says, at_ms: entry.at_ms });
            }
        }
        Ok(done)
    }

    /// Writes a change, its entry and the new head, or nothing.
    async fn commit(&self, snapshot: &Snapshot, change: &Change) -> Result<Written, RegistryError> {
        let model = &snapshot.model;
        let entry = Entry::next(&snapshot.head, change);
        let stored = entry.stored().map_err(|source| RegistryError::Canonical { model: model.clone(), source })?;
        let head = entry.head(stored.hash.clone(), change.versions);
        let mut puts = vec![self.head_put(model, &snapshot.head, &head), self.new_put(items::entry_item(model, &stored))];
        if snapshot.head.seq == 0 {
            puts.push(self.put(items::item(items::MODELS, model, "model", [("model_name", items::text(model))])));
        }
        for write in &change.writes {
            puts.push(self.record_put(model, write)?);
            if let (Record::Version(version), None) = (&write.record, write.over) {
                let number = [("model_name", items::text(model)), ("version_number", items::number(version.number))];
                puts.push(self.new_put(items::item(&items::pk(model), &items::run_sk(&version.lineage.run), "run", number)));
            }
        }
        self.write(model, puts, &stored).await
    }

    async fn write(&self, model: &str, puts: Vec<PutBuilder>, entry: &StoredEntry) -> Result<Written, RegistryError> {
        let name = format!("{} {}", items::pk(model), items::entry_sk(entry.seq));
        let token: String = entry.hash.chars().take(MAX_TOKEN).collect();
        let mut call = self.dynamodb.transact_write_items().client_request_token(token);
        for put in puts {
            let put = put.build().map_err(|source| self.failed(&name, Box::new(source)))?;
            call = call.transact_items(TransactWriteItem::builder().put(put).build());
        }
        let Err(error) = call.send().await else { return Ok(Written::Yes) };
        let is_lost = error.as_service_error().is_some_and(is_lost);
        let failure = RegistryError::call("write", &self.table, &name, error);
        // An answer may be lost after the transaction took effect, and a repeat of it then fails on its own traces: what lies there
        // says whether it was this one. Equal entries are equal changes, down to who asked, for what, and when.
        if (is_lost || failure.is_retryable()) && self.entry(model, entry.seq).await?.is_some_and(|landed| landed.hash == entry.hash) {
            return Ok(Written::Yes);
        }
        if is_lost { Ok(Written::Lost) } else { Err(failure) }
    }

    fn record_put(&self, model: &str, write: &Write) -> Result<PutBuilder, RegistryError> {
        let (item, sk) = items::record_item(model, &write.record)?;
        let Some(over) = write.over else { return Ok(self.new_put(item)) };
        let put = self.put(item).expression_attribute_values(":revision", items::number(over.revision));
        let (Record::Version(version), Some(from)) = (&write.record, over.state) else {
            return Ok(put.condition_expression("revision = :revision"));
        };
        if !from.may_become(version.state) {
            return Err(RegistryError::Illegal { item: format!("{} {sk}", items::pk(model)), from, to: version.state });
        }
        Ok(put
            .condition_expression("revision = :revision AND version_state = :state")
            .expression_attribute_values(":state", items::text(from.name())))
    }

    fn head_put(&self, model: &str, old: &Head, new: &Head) -> PutBuilder {
        let item = items::head_item(model, new);
        if old.seq == 0 {
            return self.new_put(item);
        }
        self.put(item)
            .condition_expression("audit_seq = :seq AND audit_hash = :hash")
            .expression_attribute_values(":seq", items::number(old.seq))
            .expression_attribute_values(":hash", items::text(&old.hash))
    }

    fn new_put(&self, item: Item) -> PutBuilder {
        self.put(item).condition_expression("attribute_not_exists(pk)")
    }

    pub(super) fn put(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(item))
    }

    pub(super) fn failed(&self, name: &str, source: Box<dyn std::error::Error + Send + Sync>) -> RegistryError {
        RegistryError::Call { operation: "write", table: self.table.clone(), item: name.to_owned(), retryable: false, source }
    }
}

/// Whether a transaction was cancelled because something else changed. It says why, item by item; one that met another transaction on
/// the same item has lost just as well.
pub(super) fn is_lost(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else { return false };
    cancelled.cancellation_reasons().iter().any(|reason| matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict")))
}
