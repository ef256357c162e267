//! The JSON Schema of a contract, for editors and for the check of a contract's shape.
//!
//! Editors that speak the YAML language server complete and check a contract whose first line is
//! `# yaml-language-server: $schema=contract.schema.json`.

use std::sync::LazyLock;

use serde_json::Value;

use crate::Contract;

/// The JSON Schema (draft 2020-12) of a contract, made from the types themselves.
#[must_use]
pub fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let mut schema = schemars::schema_for!(Contract);
        schema.insert("title".to_owned(), Value::from("Tidegate contract"));
        schema.to_value()
    });
    &SCHEMA
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/contract.schema.json");

    /// To write the file anew after a change of the types: `TIDEGATE_WRITE=1 cargo test -p tidegate-contract`.
    #[test]
    fn the_committed_schema_is_the_schema_of_the_types() {
        let now = schema();
        if option_env!("TIDEGATE_WRITE").is_some() {
            std::fs::write(COMMITTED, format!("{now:#}\n")).unwrap();
        }
        let committed: Value = serde_json::from_str(&std::fs::read_to_string(COMMITTED).unwrap()).unwrap();
        assert!(
            committed == *now,
            "shared/contract/contract.schema.json is out of date: run TIDEGATE_WRITE=1 cargo test -p tidegate-contract"
        );
    }

    #[test]
    fn every_setting_says_what_it_is() {
        fn look(at: &str, schema: &Value) {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                for (name, property) in properties {
                    assert!(property.get("description").is_some(), "{at}.{name} has no description");
                }
            }
        }
        let schema = schema();
        look("contract", schema);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            look(name, definition);
        }
    }
}
