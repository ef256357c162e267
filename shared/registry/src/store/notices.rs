//! What `notify` remembers: which news went out, and which incidents people know of.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `NOTICES#<model>` | `TOLD#<news>` | that a piece of news went out; `expires_at_s` lets the table forget it |
//! | | `INCIDENT#<length>` | what is known of the model's windows of one length |

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::Registry;
use super::items::{self, Attributes, Item};
use super::writes::is_lost;
use crate::RegistryError;

fn pk(model: &str) -> String {
    format!("NOTICES#{model}")
}

impl Registry {
    /// Whether a piece of news went out.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn is_told(&self, model: &str, news: &str) -> Result<bool, RegistryError> {
        Ok(self.get(&pk(model), &format!("TOLD#{news}")).await?.is_some())
    }

    /// Keeps that a piece of news went out, until a moment (seconds since 1970) after which the table may forget it.
    ///
    /// # Errors
    /// As the call fails.
    pub async fn mark_told(&self, model: &str, news: &str, expires_at_s: i64) -> Result<(), RegistryError> {
        let attributes = [("model_name", items::text(model)), ("expires_at_s", items::number(expires_at_s))];
        let item = items::item(&pk(model), &format!("TOLD#{news}"), "notice", attributes);
        self.write_notice(item, None).await
    }

    /// What is known of a model's windows of one length, as it was written, and how often it was; `None` if nothing is.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Item`] if the item holds something else.
    pub async fn incident(&self, model: &str, length: &str) -> Result<Option<(String, u64)>, RegistryError> {
        let (pk, sk) = (pk(model), format!("INCIDENT#{length}"));
        let Some(item) = self.get(&pk, &sk).await? else { return Ok(None) };
        let name = format!("{pk} {sk}");
        let attributes = Attributes { name: &name, item: &item };
        Ok(Some((attributes.text("incident")?, attributes.number("revision")?)))
    }

    /// Writes it over the revision that was read; 0 if there was none.
    ///
    /// # Errors
    /// [`RegistryError::Conflict`] if it was written meanwhile; others as the call fails.
    pub async fn put_incident(&self, model: &str, length: &str, incident: &str, over: u64) -> Result<(), RegistryError> {
        let attributes = [("model_name", items::text(model)), ("incident", items::text(incident)), ("revision", items::number(over + 1))];
        self.write_notice(items::item(&pk(model), &format!("INCIDENT#{length}"), "incident", attributes), Some(over)).await
    }

    async fn write_notice(&self, item: Item, over: Option<u64>) -> Result<(), RegistryError> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let name = format!("{} {}", text("pk"), text("sk"));
        let put = self.put(item);
        let put = match over {
            None => put,
            Some(0) => put.condition_expression("attribute_not_exists(pk)"),
            Some(over) => put.condition_expression("revision = :over").expression_attribute_values(":over", items::number(over)),
        };
        let put = put.build().map_err(|source| self.failed(&name, Box::new(source)))?;
        let call = self.dynamodb.transact_write_items().transact_items(TransactWriteItem::builder().put(put).build());
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(is_lost) => Err(RegistryError::Conflict { item: name }),
            Err(error) => Err(RegistryError::call("write", &self.table, &name, error)),
        }
    }
}
