//! Decision links in the table: written once, and counted against when a wrong code is tried.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use tidegate_approval::{Demand, LinkId, Mac};

use super::Registry;
use super::items::{self, Attributes, Item};
use super::writes::is_lost;
use crate::{LinkRecord, RegistryError};

const SK: &str = "LINK";

fn pk(id: LinkId) -> String {
    format!("LINK#{}", id.hex())
}

impl Registry {
    /// Writes a link before it is mailed. The same link again changes nothing.
    ///
    /// # Errors
    /// [`RegistryError::Conflict`] if another link lies under its name; others as the call fails.
    pub async fn put_link(&self, record: &LinkRecord) -> Result<(), RegistryError> {
        let id = record.link.id();
        let name = pk(id);
        let put = self.put(record_item(record)?).condition_expression("attribute_not_exists(pk)");
        let put = put.build().map_err(|source| self.failed(&name, Box::new(source)))?;
        let call = self.dynamodb.transact_write_items().transact_items(TransactWriteItem::builder().put(put).build());
        let Err(error) = call.send().await else { return Ok(()) };
        if !error.as_service_error().is_some_and(is_lost) {
            return Err(RegistryError::call("write", &self.table, &name, error));
        }
        let is_same = |there: LinkRecord| there.link == record.link && there.code_check == record.code_check;
        if self.link(id).await?.is_some_and(is_same) { Ok(()) } else { Err(RegistryError::Conflict { item: name }) }
    }

    /// What is kept of a link, or `None` if none was mailed under this name.
    ///
    /// # Errors
    /// As the call fails, or [`RegistryError::Record`] if the item holds something else.
    pub async fn link(&self, id: LinkId) -> Result<Option<LinkRecord>, RegistryError> {
        let name = pk(id);
        self.get(&name, SK).await?.map(|item| record_of(&name, &item)).transpose()
    }

    /// Counts a wrong code, and says how many that makes. A link that is locked counts no further.
    ///
    /// # Errors
    /// [`RegistryError::Conflict`] if there is no such link; others as the call fails.
    pub async fn wrong_try(&self, id: LinkId) -> Result<u32, RegistryError> {
        let name = pk(id);
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", items::text(&name))
            .key("sk", items::text(SK))
            .update_expression("SET wrong_tries = wrong_tries + :one, revision = revision + :one")
            .condition_expression("wrong_tries < :most")
            .expression_attribute_values(":one", items::number(1))
            .expression_attribute_values(":most", items::number(Demand::MAX_WRONG_TRIES));
        let update = update.build().map_err(|source| self.failed(&name, Box::new(source)))?;
        let call = self.dynamodb.transact_write_items().transact_items(TransactWriteItem::builder().update(update).build());
        let lost = match call.send().await {
            Ok(_) => false,
            Err(error) if error.as_service_error().is_some_and(is_lost) => true,
            Err(error) => return Err(RegistryError::call("write", &self.table, &name, error)),
        };
        // Transactions that meet on the item lose against each other, too: only what lies there says whether the link is locked.
        match self.link(id).await? {
            Some(record) if !lost || record.is_locked() => Ok(record.wrong_tries),
            _ => Err(RegistryError::Conflict { item: name }),
        }
    }
}

fn record_item(record: &LinkRecord) -> Result<Item, RegistryError> {
    let attributes = [
        ("model_name", items::text(&record.link.model)),
        ("wrong_tries", items::number(record.wrong_tries)),
        ("revision", items::number(record.revision)),
        ("record_body", items::body(&record.link)?),
    ];
    let mut item = items::item(&pk(record.link.id()), SK, "decision-link", attributes);
    if let Some(check) = &record.code_check {
        item.insert("code_check".to_owned(), items::text(check.encoded()));
    }
    Ok(item)
}

fn record_of(name: &str, item: &Item) -> Result<LinkRecord, RegistryError> {
    let attributes = Attributes { name, item };
    let code_check = if item.contains_key("code_check") {
        let check = Mac::decoded(&attributes.text("code_check")?);
        Some(check.ok_or_else(|| attributes.wrong("code_check", "a MAC in base64url"))?)
    } else {
        None
    };
    Ok(LinkRecord {
        link: items::record(name, item)?,
        code_check,
        wrong_tries: attributes.number("wrong_tries")?,
        revision: attributes.number("revision")?,
    })
}

#[cfg(test)]
mod tests {
    use tidegate_approval::{Link, Subject};

    use super::*;

    fn record(code_check: Option<Mac>) -> LinkRecord {
        let subject =
            Subject::Promotion { version: 3, artifact: "a".repeat(64), evidence: "e".repeat(64), champion: None, policy: "d".repeat(64) };
        let link = Link {
            kid: "k1".to_owned(),
            request: "0".repeat(32),
            stage: "prod".to_owned(),
            account: "111122223333".to_owned(),
            model: "flight-delay".to_owned(),
            subject,
            approver: "lead@example.com".to_owned(),
            issued_at_ms: 1,
            expires_at_ms: 2,
        };
        LinkRecord { wrong_tries: 4, revision: 5, ..LinkRecord::new(link, code_check) }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        for check in [None, Some(Mac::from([0xfb; 32]))] {
            let record = record(check);
            let item = record_item(&record).unwrap();
            assert_eq!(record_of("l", &item).unwrap(), record);
            assert_eq!(item["pk"], items::text(format!("LINK#{}", record.link.id().hex())));
        }
    }

    #[test]
    fn a_check_that_is_none_is_said() {
        let mut item = record_item(&record(Some(Mac::from([1; 32])))).unwrap();
        item.insert("code_check".to_owned(), items::text("AAAA"));
        let error = record_of("LINK#1", &item).unwrap_err();
        assert!(error.to_string().contains("expected attribute \"code_check\" as a MAC"), "{error}");
    }
}
