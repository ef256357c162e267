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

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Put, TransactWriteItem},
};

use crate::{RegistryError, WindowKey, WindowRecord};

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
        let put = Put::builder().table_name(&self.table).set_item(Some(record.to_item()));
        let put = match record.revision.saturating_sub(1) {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            before => {
                put.condition_expression("revision = :before").expression_attribute_values(":before", AttributeValue::N(before.to_string()))
            }
        };
        let name = record.key.name();
        let put = put.build().map_err(|error| self.failed(&name, Box::new(error)))?;
        let call = self.dynamodb.transact_write_items().transact_items(TransactWriteItem::builder().put(put).build());
        let Err(error) = call.send().await else { return Ok(()) };
        let lost = error.as_service_error().is_some_and(writes::is_lost);
        if lost { Err(RegistryError::Conflict { item: name }) } else { Err(RegistryError::call("write", &self.table, &name, error)) }
    }
}
