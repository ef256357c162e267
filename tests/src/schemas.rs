//! The schemas of the bus's events, as much of JSON Schema as they use.

use std::path::PathBuf;

use serde_json::Value;

/// What describes and demands nothing.
const ANNOTATIONS: [&str; 4] = ["$schema", "title", "description", "examples"];

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "events", "schemas"].iter().collect()
}

/// The kinds of event that have a schema, sorted.
#[must_use]
pub fn event_kinds() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut kinds: Vec<String> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    kinds.sort();
    kinds
}

/// The schema of an event's detail.
#[must_use]
pub fn event_schema(kind: &str) -> Value {
    let path = folder().join(format!("{kind}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// What is wrong with an event of the bus; empty if nothing is. It may hold nothing that its schema does not name.
#[must_use]
pub fn event_faults(event: &Value) -> Vec<String> {
    let kind = event["detail-type"].as_str().unwrap();
    let mut faults = Vec::new();
    if event["source"] != "tidegate" {
        faults.push(format!("{kind}: source {}", event["source"]));
    }
    check(&event_schema(kind), &event["detail"], kind, &mut faults);
    faults
}

/// Compares a value with a schema.
pub fn check(schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (keyword, says) in schema.as_object().unwrap() {
        let is_good = match keyword.as_str() {
            keyword if ANNOTATIONS.contains(&keyword) => true,
            "const" => value == says,
            "enum" => says.as_array().unwrap().contains(value),
            "type" => match says {
                Value::Array(kinds) => kinds.iter().any(|kind| is_of(value, kind)),
                kind => is_of(value, kind),
            },
            "minimum" => value.as_f64().is_none_or(|number| number >= says.as_f64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| matches(says.as_str().unwrap(), text)),
            "required" => says.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                let known = says.as_object().unwrap();
                for (name, value) in value.as_object().into_iter().flatten() {
                    match known.get(name) {
                        Some(schema) => check(schema, value, &format!("{at}.{name}"), faults),
                        None => faults.push(format!("{at}.{name}: no schema names it")),
                    }
                }
                true
            }
            "items" => {
                value.as_array().into_iter().flatten().for_each(|item| check(says, item, &format!("{at}[]"), faults));
                true
            }
            other => unreachable!("{at}: the schema says \"{other}\", which nothing checks"),
        };
        if !is_good {
            faults.push(format!("{at}: found {value}, expected {keyword} {says}"));
        }
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => unreachable!("type \"{other}\", which nothing checks"),
    }
}

/// `^[0-9a-f]{64}$`: so many digits, which is all that the schemas ask.
fn matches(pattern: &str, text: &str) -> bool {
    let (digits, count) = match pattern {
        "^[0-9a-f]{64}$" => ("0123456789abcdef", 64),
        "^[0-9]{12}$" => ("0123456789", 12),
        other => unreachable!("pattern \"{other}\", which nothing checks"),
    };
    text.len() == count && text.chars().all(|digit| digits.contains(digit))
}
