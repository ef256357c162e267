//! The items of the table.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `MODEL#<model>` | `HEAD` | where the audit chain ends; how many versions there are |
//! | | `VERSION#00000001` | a model version |
//! | | `ALIAS#champion`, `ALIAS#challenger` | which version a name means |
//! | | `RUN#<run>` | which version a training run is: a run is submitted once |
//! | | `REFUSED#<manifest digest>#<run>` | a submission that could not be read as a candidate |
//! | | `RETRAINING#00000001` | a request for retraining |
//! | | `DATASET#<version>` | a dataset version |
//! | | `AUDIT#000000000001` | an entry of the audit chain: its canonical JSON, and the digest of that |
//! | | `WINDOW#1d#<end>` | a window that was judged |
//! | | `PERFORMANCE#1d#<end>` | the quality of a window that was judged |
//! | `LINK#<id>` | `LINK` | a decision link that was mailed, without its secrets |
//! | `NOTICES#<model>` | `TOLD#…`, `INCIDENT#…` | what people were told (`notices.rs`) |
//! | `MODELS` | `<model>` | that the model has a collection |
//! | `CHECKPOINTS` | `LATEST` | the last signed checkpoint |
//!
//! Attribute names are none of `DynamoDB`'s reserved words, so that they may stand in an expression as they are. Items of a chain and
//! of a version are never deleted; a name that means no version is an item that says so.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::RegistryError;
use crate::audit::StoredEntry;
use crate::lifecycle::{AliasName, Head, Record};

pub(super) type Item = HashMap<String, AttributeValue>;

/// Partition of the list of models.
pub(super) const MODELS: &str = "MODELS";
/// Sort key of a chain's end.
pub(super) const HEAD: &str = "HEAD";
/// Beginning of the sort keys of versions.
pub(super) const VERSIONS: &str = "VERSION#";
/// Beginning of the sort keys of entries.
pub(super) const ENTRIES: &str = "AUDIT#";
/// Beginning of the sort keys of refused submissions.
pub(super) const REFUSED: &str = "REFUSED#";
/// Beginning of the sort keys of requests for retraining.
pub(super) const RETRAININGS: &str = "RETRAINING#";
/// Beginning of the sort keys of dataset versions.
pub(super) const DATASETS: &str = "DATASET#";

pub(super) fn pk(model: &str) -> String {
    format!("MODEL#{model}")
}

pub(super) fn version_sk(number: u32) -> String {
    format!("{VERSIONS}{number:08}")
}

pub(super) fn entry_sk(seq: u64) -> String {
    format!("{ENTRIES}{seq:012}")
}

pub(super) fn run_sk(run: &str) -> String {
    format!("RUN#{run}")
}

pub(super) fn refused_sk(manifest: &str, run: &str) -> String {
    format!("{REFUSED}{manifest}#{run}")
}

pub(super) fn retraining_sk(number: u32) -> String {
    format!("{RETRAININGS}{number:08}")
}

pub(super) fn dataset_sk(version: &str) -> String {
    format!("{DATASETS}{version}")
}

pub(super) fn alias_sk(name: AliasName) -> &'static str {
    match name {
        AliasName::Champion => "ALIAS#champion",
        AliasName::Challenger => "ALIAS#challenger",
    }
}

pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

#[expect(clippy::needless_pass_by_value, reason = "numbers are small, and come from expressions")]
pub(super) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// An item of these attributes.
pub(super) fn item<const N: usize>(pk: &str, sk: &str, kind: &str, attributes: [(&str, AttributeValue); N]) -> Item {
    let keys = [("pk", text(pk)), ("sk", text(sk)), ("item_kind", text(kind))];
    keys.into_iter().chain(attributes).map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn head_item(model: &str, head: &Head) -> Item {
    item(
        &pk(model),
        HEAD,
        "head",
        [
            ("model_name", text(model)),
            ("audit_seq", number(head.seq)),
            ("audit_hash", text(&head.hash)),
            ("changed_at_ms", number(head.at_ms)),
            ("version_count", number(head.versions)),
        ],
    )
}

pub(super) fn entry_item(model: &str, entry: &StoredEntry) -> Item {
    item(
        &pk(model),
        &entry_sk(entry.seq),
        "audit",
        [
            ("model_name", text(model)),
            ("audit_seq", number(entry.seq)),
            ("audit_hash", text(&entry.hash)),
            ("audit_entry", text(&entry.text)),
        ],
    )
}

/// A record's item, and the sort key that it lies under.
pub(super) fn record_item(model: &str, record: &Record) -> Result<(Item, String), RegistryError> {
    let pk = pk(model);
    let (item, sk) = match record {
        Record::Version(version) => {
            let sk = version_sk(version.number);
            let attributes = [
                ("model_name", text(model)),
                ("version_number", number(version.number)),
                ("version_id", text(&version.id)),
                ("version_state", text(version.state.name())),
                ("revision", number(version.revision)),
                ("record_body", body(version)?),
            ];
            (item(&pk, &sk, "version", attributes), sk)
        }
        Record::Alias(alias) => {
            let sk = alias_sk(alias.name).to_owned();
            let attributes = [("model_name", text(model)), ("revision", number(alias.revision)), ("record_body", body(alias)?)];
            (item(&pk, &sk, "alias", attributes), sk)
        }
        Record::RefusedSubmission(refused) => {
            let sk = refused_sk(&refused.manifest, &refused.run);
            (item(&pk, &sk, "refused-submission", [("model_name", text(model)), ("record_body", body(refused)?)]), sk)
        }
        Record::Retraining(retraining) => {
            let sk = retraining_sk(retraining.number);
            let attributes = [
                ("model_name", text(model)),
                ("retraining_state", text(retraining.state.name())),
                ("revision", number(retraining.revision)),
                ("record_body", body(retraining)?),
            ];
            (item(&pk, &sk, "retraining", attributes), sk)
        }
        Record::Dataset(dataset) => {
            let sk = dataset_sk(&dataset.version);
            (item(&pk, &sk, "dataset", [("model_name", text(model)), ("record_body", body(dataset)?)]), sk)
        }
    };
    Ok((item, sk))
}

/// The record in an item.
pub(super) fn record<T: DeserializeOwned>(name: &str, item: &Item) -> Result<T, RegistryError> {
    let body = item.get("record_body").map(to_json).unwrap_or_default();
    serde_json::from_value(body).map_err(|source| RegistryError::Record { item: name.to_owned(), source })
}

/// Reads attributes of one item.
pub(super) struct Attributes<'a> {
    pub(super) name: &'a str,
    pub(super) item: &'a Item,
}

impl Attributes<'_> {
    pub(super) fn wrong(&self, attribute: &'static str, expected: &'static str) -> RegistryError {
        let found = self.item.get(attribute).map_or_else(|| "none".to_owned(), |value| format!("{value:?}"));
        RegistryError::Item { item: self.name.to_owned(), attribute, found, expected }
    }

    pub(super) fn text(&self, attribute: &'static str) -> Result<String, RegistryError> {
        let value = self.item.get(attribute).and_then(|value| value.as_s().ok()).cloned();
        value.ok_or_else(|| self.wrong(attribute, "a string"))
    }

    pub(super) fn number<T: std::str::FromStr>(&self, attribute: &'static str) -> Result<T, RegistryError> {
        let value = self.item.get(attribute).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
        value.ok_or_else(|| self.wrong(attribute, "a whole number"))
    }
}

pub(super) fn body<T: Serialize>(record: &T) -> Result<AttributeValue, RegistryError> {
    let value = serde_json::to_value(record).map_err(|source| RegistryError::Record { item: "a record".to_owned(), source })?;
    Ok(from_json(value))
}

fn from_json(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(yes) => AttributeValue::Bool(yes),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text),
        Value::Array(items) => AttributeValue::L(items.into_iter().map(from_json).collect()),
        Value::Object(entries) => AttributeValue::M(entries.into_iter().map(|(key, value)| (key, from_json(value))).collect()),
    }
}

fn to_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Bool(yes) => Value::Bool(*yes),
        // Records hold whole numbers only.
        AttributeValue::N(number) => number.parse::<i64>().map_or(Value::Null, Value::from),
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::L(items) => items.iter().map(to_json).collect(),
        AttributeValue::M(entries) => entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect::<Map<_, _>>().into(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_comes_back_as_it_was() {
        let value = json!({ "a": [1, -5, true], "b": { "c": "", "d": "ä\n" }, "e": 9_007_199_254_740_991_i64 });
        assert_eq!(to_json(&from_json(value.clone())), value);
    }

    #[test]
    fn keys_sort_as_numbers_do() {
        assert!(version_sk(9) < version_sk(10) && version_sk(99) < version_sk(u32::MAX / 100));
        assert!(entry_sk(99_999) < entry_sk(100_000));
    }
}
