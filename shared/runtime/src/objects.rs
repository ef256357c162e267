//! From a queue message to the objects that it names.
//!
//! An event is a hint that an object changed: only bucket and key are taken from it, and the object is read as it is now.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// An object that an event names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// Its bucket.
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
}

/// What a message may look like: a classic S3 notification, the test message that S3 sends first, or an `EventBridge` event.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    #[serde(rename = "Event")]
    event: Option<String>,
    detail: Option<Entity>,
}

#[derive(Deserialize)]
struct Record {
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

/// A message that names no objects.
#[derive(Debug, thiserror::Error)]
#[error("found a message that is no event of S3: {says}")]
pub struct NoObjectEvent {
    /// What was found and what was expected.
    pub says: String,
    /// Why it could not be read.
    #[source]
    pub source: Option<serde_json::Error>,
}

/// The objects that a message names, each once, in the order of the message.
///
/// # Errors
/// [`NoObjectEvent`] if the text is no event of S3.
pub fn objects_of(body: &str) -> Result<Vec<ObjectName>, NoObjectEvent> {
    let wrong = |says: &str, source| NoObjectEvent { says: says.to_owned(), source };
    let body: Body = serde_json::from_str(body).map_err(|source| wrong("expected JSON with bucket and key", Some(source)))?;
    let mut objects: Vec<ObjectName> = Vec::new();
    match (body.records, body.detail, body.event.as_deref()) {
        (Some(records), _, _) => {
            for Record { s3 } in records {
                let key = form_decoded(&s3.object.key).ok_or_else(|| wrong("the key is not UTF-8 after decoding", None))?;
                objects.push(ObjectName { bucket: s3.bucket.name, key });
            }
        }
        // EventBridge sends the key as it is.
        (None, Some(detail), _) => objects.push(ObjectName { bucket: detail.bucket.name, key: detail.object.key }),
        (None, None, Some("s3:TestEvent")) => {}
        _ => return Err(wrong("expected \"Records\", \"detail\" or the s3:TestEvent", None)),
    }
    if objects.iter().any(|object| object.bucket.is_empty() || object.key.is_empty()) {
        return Err(wrong("found an empty bucket name or key", None));
    }
    let mut seen = Vec::with_capacity(objects.len());
    objects.retain(|object| {
        !seen.contains(object) && {
            seen.push(object.clone());
            true
        }
    });
    Ok(objects)
}

/// Decodes a key of a classic event, once: `+` is a space there, and everything else unusual is percent-encoded.
fn form_decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(file: &str) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        objects_of(&text).unwrap().into_iter().map(|object| (object.bucket, object.key)).collect()
    }

    #[test]
    fn a_classic_key_is_form_decoded_once() {
        let key = "flight-delay/dt=2013-07-01/hour=14/part 1 (late file) café+1.jsonl.gz";
        assert_eq!(objects("s3-object-created-put.json"), [("tidegate-dev-logs".to_owned(), key.to_owned())]);
        assert_eq!(form_decoded("a%252Bb").as_deref(), Some("a%2Bb"));
    }

    #[test]
    fn an_eventbridge_key_is_taken_as_it_is() {
        let key = "flight-delay/dt=2013-07-01/hour=15/part 2 café+1.jsonl.gz";
        assert_eq!(objects("eventbridge-object-created.json"), [("tidegate-dev-logs".to_owned(), key.to_owned())]);
    }

    #[test]
    fn an_old_object_is_told_of_by_its_bare_key() {
        let key = "flight-delay/dt=2013-01-01/hour=15/part 2 café+1.jsonl.gz";
        assert_eq!(objects("backfill-object.json"), [("tidegate-dev-logs".to_owned(), key.to_owned())]);
    }

    #[test]
    fn the_test_event_names_no_object() {
        assert_eq!(objects("s3-test-event.json"), []);
    }

    #[test]
    fn a_training_set_uploaded_in_parts_is_one_object() {
        let key = "datasets/flight-delay/2013-spring.parquet";
        assert_eq!(objects("s3-complete-multipart.json"), [("tidegate-dev-models".to_owned(), key.to_owned())]);
    }

    #[test]
    fn an_object_named_twice_in_one_message_is_worked_on_once() {
        let record = r#"{"s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#;
        assert_eq!(objects_of(&format!(r#"{{"Records":[{record},{record}]}}"#)).unwrap().len(), 1);
    }

    #[test]
    fn anything_else_is_poison() {
        for body in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"Event":"other"}"#,
            r#"{"Records":[{}]}"#,
            r#"{"Records":[{"s3":{"bucket":{"name":""},"object":{"key":"k"}}}]}"#,
            r#"{"Records":[{"s3":{"bucket":{"name":"b"},"object":{"key":"%ff"}}}]}"#,
        ] {
            assert!(objects_of(body).is_err(), "{body}");
        }
    }
}
