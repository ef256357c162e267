//! The envelopes in which AWS wraps what happened, made from the examples in `events/`: the same files that the functions'
//! own tests and the documents use.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::SqsEvent;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tidegate_runtime::HttpRequest;

use crate::LocalAccountError;
use crate::storage::Created;

const OBJECT_CREATED: (&str, &str) = ("s3-object-created-put.json", include_str!("../../../events/s3-object-created-put.json"));
const TEST_EVENT: (&str, &str) = ("s3-test-event.json", include_str!("../../../events/s3-test-event.json"));
const BATCH: (&str, &str) = ("sqs-collect-batch.json", include_str!("../../../events/sqs-collect-batch.json"));
pub(crate) const PLAN: Example = ("scheduler-plan.json", include_str!("../../../events/scheduler-plan.json"));
pub(crate) const APPROVERS_DAY: Example = ("scheduler-approvers.json", include_str!("../../../events/scheduler-approvers.json"));
pub(crate) const REGISTRY_HOUR: Example = ("scheduler-registry.json", include_str!("../../../events/scheduler-registry.json"));

/// What stays as it is in the key of an S3 event; a space becomes `+`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

const DECISION: (&str, &str) = ("apigw-decision-get.json", include_str!("../../../events/apigw-decision-get.json"));

/// The account's digits, as in the examples.
pub const ACCOUNT: &str = "111122223333";

/// The name of an example in `events/`, and its text.
pub(crate) type Example = (&'static str, &'static str);

/// The body of the message that tells of a new object.
pub(crate) fn object_created(created: &Created, configuration: &str, sequence: u64) -> Result<String, LocalAccountError> {
    let mut event = example(OBJECT_CREATED)?;
    let mut set = |part: &str, value: Value| replace(OBJECT_CREATED, &mut event, part, value);
    set("/Records/0/eventName", json!(format!("ObjectCreated:{}", created.by)))?;
    set("/Records/0/s3/configurationId", json!(configuration))?;
    set("/Records/0/s3/bucket/name", json!(created.bucket))?;
    set("/Records/0/s3/bucket/arn", json!(format!("arn:aws:s3:::{}", created.bucket)))?;
    set("/Records/0/s3/object/key", json!(encoded(&created.key)))?;
    set("/Records/0/s3/object/size", json!(created.size))?;
    set("/Records/0/s3/object/eTag", json!(created.etag))?;
    set("/Records/0/s3/object/sequencer", json!(format!("{sequence:018X}")))?;
    Ok(event.to_string())
}

/// The body of the message that S3 sends once when a bucket's notifications are configured.
pub(crate) fn test_event(bucket: &str) -> Result<String, LocalAccountError> {
    let mut event = example(TEST_EVENT)?;
    replace(TEST_EVENT, &mut event, "/Bucket", json!(bucket))?;
    Ok(event.to_string())
}

/// A request, as the HTTP API hands it over.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: &'a [u8],
    pub(crate) at_ms: i64,
}

impl Asked<'_> {
    /// The event that it makes.
    pub(crate) fn event(&self) -> Result<HttpRequest, LocalAccountError> {
        let mut event = example(DECISION)?;
        let mut set = |part: &str, value: Value| replace(DECISION, &mut event, part, value);
        set("/rawPath", json!(self.path))?;
        set("/rawQueryString", json!(self.query))?;
        set("/headers", json!(self.headers))?;
        set("/requestContext/http/method", json!(self.method))?;
        set("/requestContext/http/path", json!(self.path))?;
        set("/requestContext/timeEpoch", json!(self.at_ms))?;
        set("/isBase64Encoded", json!(true))?;
        if let Some(event) = event.as_object_mut() {
            event.insert("body".to_owned(), json!(STANDARD.encode(self.body)));
        }
        serde_json::from_value(event).map_err(LocalAccountError::service("read its own request"))
    }
}

/// What a schedule sends, by its example, `scheduled_time` being RFC 3339.
pub(crate) fn scheduled(schedule: Example, scheduled_time: &str) -> Result<Value, LocalAccountError> {
    let mut event = example(schedule)?;
    replace(schedule, &mut event, "/scheduled_time", json!(scheduled_time))?;
    Ok(event)
}

/// A message of a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) receives: String,
}

/// A batch of messages as an SQS event source hands it to a function.
pub(crate) fn batch(messages: &[Message], queue_arn: &str) -> Result<SqsEvent, LocalAccountError> {
    let first = example(BATCH)?.pointer("/Records/0").cloned().unwrap_or_default();
    let mut records = Vec::with_capacity(messages.len());
    for message in messages {
        let mut record = first.clone();
        let mut set = |part: &str, value: &str| replace(BATCH, &mut record, part, json!(value));
        set("/messageId", &message.id)?;
        set("/receiptHandle", &message.receipt)?;
        set("/body", &message.body)?;
        set("/attributes/ApproximateReceiveCount", &message.receives)?;
        set("/eventSourceARN", queue_arn)?;
        if let Some(digest) = record.as_object_mut() {
            digest.remove("md5OfBody");
        }
        records.push(record);
    }
    serde_json::from_value(json!({ "Records": records })).map_err(LocalAccountError::service("read its own batch of messages"))
}

/// An object's key as an S3 event carries it: form-encoded, slashes kept.
fn encoded(key: &str) -> String {
    utf8_percent_encode(key, PLAIN).to_string().replace(' ', "+")
}

fn example((file, text): Example) -> Result<Value, LocalAccountError> {
    serde_json::from_str(text).map_err(|_| LocalAccountError::Example { file, part: "valid JSON".to_owned() })
}

fn replace((file, _): Example, event: &mut Value, part: &str, value: Value) -> Result<(), LocalAccountError> {
    let place = event.pointer_mut(part).ok_or_else(|| LocalAccountError::Example { file, part: part.to_owned() })?;
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_encoded_as_in_the_example() {
        let example = example(OBJECT_CREATED).unwrap();
        let key = example.pointer("/Records/0/s3/object/key").and_then(Value::as_str).unwrap();
        assert_eq!(encoded("flight-delay/dt=2013-07-01/hour=14/part 1 (late file) café+1.jsonl.gz"), key);
    }

    #[test]
    fn a_batch_is_read_back_with_every_message() {
        let message = |id: &str| Message { id: id.into(), receipt: "r".into(), body: "{}".into(), receives: "2".into() };
        let event = batch(&[message("a"), message("b")], "arn:aws:sqs:eu-central-1:123456789012:collect").unwrap();
        assert_eq!(event.records.iter().filter_map(|record| record.message_id.as_deref()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(event.records[0].event_source.as_deref(), Some("aws:sqs"));
    }
}
