//! SNS and EventBridge in memory, as much of them as `notify` calls: what is published is kept, and nothing is delivered but to whoever
//! asks the account. SNS still speaks its form of 2010: fields in, XML out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::events::ACCOUNT;

/// A message that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The topic's name.
    pub topic: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Attributes that subscriptions filter by.
    pub attributes: BTreeMap<String, String>,
}

impl Mail {
    /// The link that the text holds, if any.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.text.split_whitespace().find(|word| word.contains("/decision?t="))
    }

    /// The code that the text holds, if any: six characters, in two halves.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let (_, rest) = self.text.split_once("Your code\n")?;
        Some(rest.trim_start().lines().next()?.replace(' ', ""))
    }
}

/// Topics, their subscriptions, and the account's bus.
#[derive(Debug, Default)]
pub(crate) struct Topics(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<Mail>,
    subscriptions: Vec<(String, String)>,
    events: Vec<Value>,
}

impl Topics {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was published so far, the oldest first.
    pub(crate) fn mail(&self) -> Vec<Mail> {
        self.state().sent.clone()
    }

    /// Events that the bus took since the last call, as rules see them.
    pub(crate) fn take_events(&self) -> Vec<Value> {
        std::mem::take(&mut self.state().events)
    }

    /// Answers a request to SNS: its body is a form. Returns status and XML.
    pub(crate) fn answer(&self, body: &[u8]) -> (u16, String) {
        let form = form(body);
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let topic = field("TopicArn");
        let mut state = self.state();
        let (action, result) = match field("Action").as_str() {
            "Publish" => {
                let attributes = (1..).map_while(|place| {
                    let name = form.get(&format!("MessageAttributes.entry.{place}.Name"))?;
                    let value = form.get(&format!("MessageAttributes.entry.{place}.Value.StringValue")).cloned().unwrap_or_default();
                    Some((name.clone(), value))
                });
                let attributes = attributes.collect();
                let name = topic.rsplit(':').next().unwrap_or_default().to_owned();
                state.sent.push(Mail { topic: name, subject: field("Subject"), text: field("Message"), attributes });
                ("Publish", format!("<MessageId>{}</MessageId>", state.sent.len()))
            }
            "Subscribe" => {
                state.subscriptions.push((topic, field("Endpoint")));
                ("Subscribe", "<SubscriptionArn>pending confirmation</SubscriptionArn>".to_owned())
            }
            "ListSubscriptionsByTopic" => {
                let of_topic = state.subscriptions.iter().enumerate().filter(|(_, (of, _))| *of == topic);
                let members = of_topic.map(|(place, (of, endpoint))| {
                    format!(
                        "<member><TopicArn>{of}</TopicArn><Protocol>email</Protocol><SubscriptionArn>{of}:{place}</SubscriptionArn>\
                         <Owner>{ACCOUNT}</Owner><Endpoint>{}</Endpoint></member>",
                        escaped(endpoint)
                    )
                });
                ("ListSubscriptionsByTopic", format!("<Subscriptions>{}</Subscriptions>", members.collect::<String>()))
            }
            other => {
                let says = format!("the local account cannot {}", escaped(other));
                let error = format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>{says}</Message></Error></ErrorResponse>"
                );
                return (400, error);
            }
        };
        let id = "<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>";
        (
            200,
            format!(
                r#"<{action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><{action}Result>{result}</{action}Result>{id}</{action}Response>"#
            ),
        )
    }

    /// Answers a request to `EventBridge`: `target` is the `x-amz-target` header (`AWSEvents.PutEvents`), `body` its JSON.
    pub(crate) fn answer_bus(&self, target: &str, body: &[u8], region: &str) -> (u16, String) {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        if target.rsplit('.').next() != Some("PutEvents") {
            return (
                400,
                json!({ "__type": "UnknownOperationException", "message": format!("the local account cannot {target}") }).to_string(),
            );
        }
        let entries = request.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut state = self.state();
        let mut taken = Vec::new();
        for entry in &entries {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
            let Ok(detail) = serde_json::from_str::<Value>(text("Detail")) else {
                taken.push(json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." }));
                continue;
            };
            let id = format!("{:08x}-0000-4000-8000-000000000000", state.events.len() + taken.len());
            let at_s = entry.get("Time").and_then(Value::as_f64).unwrap_or_default();
            state.events.push(json!({
                "version": "0",
                "id": id,
                "detail-type": text("DetailType"),
                "source": text("Source"),
                "account": ACCOUNT,
                "time": at_s,
                "region": region,
                "resources": [],
                "detail": detail,
            }));
            taken.push(json!({ "EventId": id }));
        }
        (200, json!({ "FailedEntryCount": 0, "Entries": taken }).to_string())
    }
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body).into_owned();
    let decoded = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
