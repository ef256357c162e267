//! The table: reads that see every write before them, writes that lose when something changed.

mod checkpoints;
mod items;
mod links;
mod notices;
mod reads;
mod windows;
mod writes;

pub use checkpoints::LatestCheckpoint;
pub use reads::Audited;
pub use writes::{Applied, Meanwhile};

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Put, TransactWriteItem},
};

use crate::{PerformanceRecord, RegistryError, WindowKey, WindowRecord};

/// The registry's table, and the client to reach it.
#[derive(Debug, Clone)]
pub struct Registry {
    dynamodb: Client,
    table: String,
}

impl Registry {
    /// The registry in this table.
    #[must_use]
    pub fn new(dynamodb: Client, table: &str) -> Self {
        Self { dynamodb, table: table.to_owned() }
    }

    /// What is known of a window, or `None` if it was never judged.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Item`] if the item holds something else.
    pub async fn window(&self, key: &WindowKey) -> Result<Option<WindowRecord>, RegistryError> {
        let item = self.get(&key.pk(), &key.sk()).await?;
        item.map(|item| WindowRecord::from_item(key, &item)).transpose()
    }

    /// Writes a window's record over the revision that was read (over none, when there was none): `record.revision` must be
    /// the next one.
    ///
    /// # Errors
    /// [`RegistryError::Conflict`] if the revision is no longer the one before; others as the call fails.
    pub async fn put_window(&self, record: &WindowRecord) -> Result<(), RegistryError> {
        self.put_over(&record.key.name(), record.to_item(), record.revision).await
    }

    /// What is known of a window's judged quality, or `None` if it was never judged.
    ///
    /// # Errors
    /// As [`Registry::window`].
    pub async fn performance(&self, key: &WindowKey) -> Result<Option<PerformanceRecord>, RegistryError> {
        let item = self.get(&key.pk(), &PerformanceRecord::sk(key)).await?;
        item.map(|item| PerformanceRecord::from_item(key, &item)).transpose()
    }

    /// Writes the record of a window's judged quality over the revision that was read, as [`Registry::put_window`] does.
    ///
    /// # Errors
    /// As there.
    pub async fn put_performance(&self, record: &PerformanceRecord) -> Result<(), RegistryError> {
        self.put_over(&PerformanceRecord::name(&record.key), record.to_item(), record.revision).await
    }

    /// Writes an item of this revision over the revision before.
    async fn put_over(&self, name: &str, item: HashMap<String, AttributeValue>, revision: u64) -> Result<(), RegistryError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = match revision.saturating_sub(1) {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            before => {
                put.condition_expression("revision = :before").expression_attribute_values(":before", AttributeValue::N(before.to_string()))
            }
        };
        let put = put.build().map_err(|error| self.failed(name, Box::new(error)))?;
        let call = self.dynamodb.transact_write_items().transact_items(TransactWriteItem::builder().put(put).build());
        let Err(error) = call.send().await else { return Ok(()) };
        let lost = error.as_service_error().is_some_and(writes::is_lost);
        if lost {
            Err(RegistryError::Conflict { item: name.to_owned() })
        } else {
            Err(RegistryError::call("write", &self.table, name, error))
        }
    }
}
