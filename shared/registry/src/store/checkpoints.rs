//! What the table remembers of the last checkpoint, so that an hour in which nothing happened makes none.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::Registry;
use super::items::{self, Attributes};
use crate::RegistryError;

const PK: &str = "CHECKPOINTS";
const SK: &str = "LATEST";

/// The last signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestCheckpoint {
    /// Its key in the audit bucket.
    pub key: String,
    /// Digest of the ends that it holds ([`Checkpoint::heads_digest`](crate::audit::Checkpoint::heads_digest)).
    pub heads: String,
}

impl Registry {
    /// The last checkpoint that was written, or `None` before the first.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Item`] if the item holds something else.
    pub async fn latest_checkpoint(&self) -> Result<Option<LatestCheckpoint>, RegistryError> {
        let Some(item) = self.get(PK, SK).await? else { return Ok(None) };
        let attributes = Attributes { name: PK, item: &item };
        Ok(Some(LatestCheckpoint { key: attributes.text("checkpoint_key")?, heads: attributes.text("heads_digest")? }))
    }

    /// Remembers a checkpoint. It is a hint that saves an object and nothing else, so that the last one to write wins.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn remember_checkpoint(&self, latest: &LatestCheckpoint) -> Result<(), RegistryError> {
        let attributes = [("checkpoint_key", items::text(&latest.key)), ("heads_digest", items::text(&latest.heads))];
        let put = self.put(items::item(PK, SK, "checkpoint", attributes)).build();
        let put = put.map_err(|source| self.failed(PK, Box::new(source)))?;
        let call = self.dynamodb.transact_write_items().transact_items(TransactWriteItem::builder().put(put).build());
        call.send().await.map_err(|error| RegistryError::call("write", &self.table, PK, error))?;
        Ok(())
    }
}
