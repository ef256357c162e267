//! SQS in memory, as much of it as functions and the dispatcher call. It has no clock: a received message stays hidden until
//! it is deleted or shown again, so a test never waits. `maxReceiveCount` and dead-letter queues work as in SQS.
//!
//! A ready crate (`winterbaume-sqs`) was tried: it links a second TLS library and two more SDKs, which cost each new
//! desk minutes of building.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// Account in queue URLs and names, as in `events/`.
const ACCOUNT: &str = "111122223333";

/// Most messages in one call (SQS quotas: messages per batch).
const BATCH_MAX_ENTRIES: usize = 10;

/// Most bytes in one message, and in all messages of one call (SQS quotas: message size).
const BATCH_MAX_BYTES: usize = 1024 * 1024;

/// Every queue of the account.
#[derive(Debug)]
pub(crate) struct Queues {
    region: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    issued: u64,
    queues: BTreeMap<String, Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    attributes: BTreeMap<String, Value>,
    messages: VecDeque<Message>,
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: String,
    receives: u64,
    /// Set while somebody works on the message.
    receipt: Option<String>,
}

/// Code and text of an error.
type Refusal = (&'static str, String);

impl Queues {
    pub(crate) fn new(region: &'static str) -> Self {
        Self { region, state: Mutex::default() }
    }

    /// Answers one request: `target` is the `x-amz-target` header (`AmazonSQS.SendMessage`), `body` its JSON.
    /// Returns the HTTP status and the JSON of the answer.
    pub(crate) fn answer(&self, target: &str, body: &[u8]) -> (u16, String) {
        let request = serde_json::from_slice(body).unwrap_or_default();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = match target.rsplit('.').next().unwrap_or_default() {
            "CreateQueue" => Ok(self.create(&mut state, &request)),
            "GetQueueAttributes" => self.attributes(&mut state, &request),
            "SendMessage" => state.send(&request).map(|id| json!({ "MessageId": id })),
            "SendMessageBatch" => state.send_batch(&request),
            "ReceiveMessage" => self.receive(&mut state, &request),
            "DeleteMessage" => state.with_message(&request, |queue, index| drop(queue.messages.remove(index))),
            "ChangeMessageVisibility" => {
                let shows = field(&request, "VisibilityTimeout") == 0;
                state.with_message(&request, |queue, index| {
                    if let Some(message) = queue.messages.get_mut(index).filter(|_| shows) {
                        message.receipt = None;
                    }
                })
            }
            other => Err(("UnsupportedOperation", format!("the local account cannot {other}"))),
        };
        match answered {
            Ok(answer) => (200, answer.to_string()),
            Err((code, message)) => (400, json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": message }).to_string()),
        }
    }

    fn url(&self, name: &str) -> String {
        format!("https://sqs.{}.amazonaws.com/{ACCOUNT}/{name}", self.region)
    }

    fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", self.region)
    }

    fn create(&self, state: &mut State, request: &Value) -> Value {
        let name = text(request, "QueueName").unwrap_or_default();
        let queue = state.queues.entry(name.to_owned()).or_default();
        if let Some(attributes) = field(request, "Attributes").as_object() {
            queue.attributes.extend(attributes.clone());
        }
        json!({ "QueueUrl": self.url(name) })
    }

    fn attributes(&self, state: &mut State, request: &Value) -> Result<Value, Refusal> {
        let (name, queue) = state.queue(request)?;
        let hidden = queue.messages.iter().filter(|message| message.receipt.is_some()).count();
        let mut attributes = queue.attributes.clone();
        attributes.insert("QueueArn".to_owned(), json!(self.arn(&name)));
        attributes.insert("ApproximateNumberOfMessages".to_owned(), json!((queue.messages.len() - hidden).to_string()));
        attributes.insert("ApproximateNumberOfMessagesNotVisible".to_owned(), json!(hidden.to_string()));
        Ok(json!({ "Attributes": attributes }))
    }

    fn receive(&self, state: &mut State, request: &Value) -> Result<Value, Refusal> {
        let most = field(request, "MaxNumberOfMessages").as_u64().unwrap_or(1);
        let mut issued = state.issued;
        let (_, queue) = state.queue(request)?;
        let policy: Value = queue
            .attributes
            .get("RedrivePolicy")
            .and_then(Value::as_str)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let most_receives = field(&policy, "maxReceiveCount").as_u64().unwrap_or(u64::MAX);
        let mut received = Vec::new();
        let mut given_up = Vec::new();
        queue.messages.retain_mut(|message| {
            if message.receipt.is_some() || received.len() as u64 >= most {
                return true;
            }
            if message.receives >= most_receives {
                given_up.push(Message { receives: 0, ..message.clone() });
                return false;
            }
            issued += 1;
            message.receives += 1;
            let receipt = format!("receipt-{issued}");
            received.push(json!({
                "MessageId": message.id,
                "ReceiptHandle": receipt,
                "Body": message.body,
                "Attributes": { "ApproximateReceiveCount": message.receives.to_string() },
            }));
            message.receipt = Some(receipt);
            true
        });
        state.issued = issued;
        let target = text(&policy, "deadLetterTargetArn").unwrap_or_default();
        if let Some(queue) = state.queues.iter_mut().find(|(name, _)| self.arn(name) == target) {
            queue.1.messages.extend(given_up);
        }
        Ok(json!({ "Messages": received }))
    }
}

fn field<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.get(name).unwrap_or(&Value::Null)
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    field(object, name).as_str()
}

/// The name of an error by which SDKs know it, from the body of an answer.
pub(crate) fn error_name(body: &[u8]) -> String {
    let error: Value = serde_json::from_slice(body).unwrap_or_default();
    match text(&error, "__type").and_then(|kind| kind.rsplit('#').next()).unwrap_or_default() {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        plain @ ("InvalidParameterValue" | "RequestThrottled") => plain.to_owned(),
        other => format!("AWS.SimpleQueueService.{other}"),
    }
}

impl State {
    fn queue(&mut self, request: &Value) -> Result<(String, &mut Queue), Refusal> {
        let url = text(request, "QueueUrl").unwrap_or_default();
        let name = url.rsplit('/').next().unwrap_or_default();
        match self.queues.get_mut(name) {
            Some(queue) => Ok((name.to_owned(), queue)),
            None => Err(("QueueDoesNotExist", format!("the queue {url} does not exist"))),
        }
    }

    fn send(&mut self, request: &Value) -> Result<String, Refusal> {
        let body = text(request, "MessageBody").unwrap_or_default().to_owned();
        if body.is_empty() || body.len() > BATCH_MAX_BYTES {
            return Err(("InvalidParameterValue", format!("found a message of {} bytes, expected 1 to {BATCH_MAX_BYTES}", body.len())));
        }
        self.issued += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", self.issued);
        let (_, queue) = self.queue(request)?;
        queue.messages.push_back(Message { id: id.clone(), body, receives: 0, receipt: None });
        Ok(id)
    }

    fn send_batch(&mut self, request: &Value) -> Result<Value, Refusal> {
        self.queue(request)?;
        let entries = field(request, "Entries").as_array().cloned().unwrap_or_default();
        let bytes: usize = entries.iter().filter_map(|entry| text(entry, "MessageBody")).map(str::len).sum();
        let ids: BTreeSet<_> = entries.iter().filter_map(|entry| text(entry, "Id")).collect();
        if entries.is_empty() {
            return Err(("EmptyBatchRequest", "found no message, expected at least one".to_owned()));
        }
        if entries.len() > BATCH_MAX_ENTRIES {
            return Err((
                "TooManyEntriesInBatchRequest",
                format!("found {} messages, expected at most {BATCH_MAX_ENTRIES}", entries.len()),
            ));
        }
        if bytes > BATCH_MAX_BYTES {
            return Err(("BatchRequestTooLong", format!("found {bytes} bytes, expected at most {BATCH_MAX_BYTES}")));
        }
        if ids.len() < entries.len() {
            return Err(("BatchEntryIdsNotDistinct", "two messages of the batch have the same Id, or none".to_owned()));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in &entries {
            match self.send(&json!({ "QueueUrl": field(request, "QueueUrl"), "MessageBody": field(entry, "MessageBody") })) {
                Ok(id) => successful.push(json!({ "Id": field(entry, "Id"), "MessageId": id, "MD5OfMessageBody": "" })),
                Err((code, message)) => {
                    failed.push(json!({ "Id": field(entry, "Id"), "SenderFault": true, "Code": code, "Message": message }));
                }
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }

    /// Does something to the message that a receipt stands for; a receipt of the past stands for nothing, and that is no error.
    fn with_message(&mut self, request: &Value, act: impl FnOnce(&mut Queue, usize)) -> Result<Value, Refusal> {
        let receipt = text(request, "ReceiptHandle");
        let (_, queue) = self.queue(request)?;
        if let Some(index) = queue.messages.iter().position(|message| message.receipt.as_deref() == receipt && receipt.is_some()) {
            act(queue, index);
        }
        Ok(json!({}))
    }
}
