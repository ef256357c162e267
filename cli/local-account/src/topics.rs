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
    subscriptions: Vec<Subscription>,
    events: Vec<Value>,
}

/// A subscription by mail. As for SNS, it is pending until its owner confirms it.
#[derive(Debug)]
struct Subscription {
    topic: String,
    endpoint: String,
    attributes: BTreeMap<String, String>,
    is_confirmed: bool,
}

impl Subscription {
    /// What SNS shows as its ARN.
    fn arn(&self, place: usize) -> String {
        if self.is_confirmed { format!("{}:{place}", self.topic) } else { "PendingConfirmation".to_owned() }
    }
}

impl Topics {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was published so far, the oldest first.
    pub(crate) fn mail(&self) -> Vec<Mail> {
        self.state().sent.clone()
    }

    /// Confirms every subscription of an address, as its owner does by the mail of SNS.
    pub(crate) fn confirm(&self, address: &str) {
        self.state().subscriptions.iter_mut().filter(|of| of.endpoint == address).for_each(|of| of.is_confirmed = true);
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
                let attributes = entries(&form, "MessageAttributes.entry", "Name", "Value.StringValue");
                let name = topic.rsplit(':').next().unwrap_or_default().to_owned();
                state.sent.push(Mail { topic: name, subject: field("Subject"), text: field("Message"), attributes });
                ("Publish", format!("<MessageId>{}</MessageId>", state.sent.len()))
            }
            "Subscribe" => {
                let attributes = entries(&form, "Attributes.entry", "key", "value");
                state.subscriptions.push(Subscription { topic, endpoint: field("Endpoint"), attributes, is_confirmed: false });
                ("Subscribe", "<SubscriptionArn>pending confirmation</SubscriptionArn>".to_owned())
            }
            "ListSubscriptionsByTopic" => {
                let of_topic = state.subscriptions.iter().enumerate().filter(|(_, of)| of.topic == topic);
                let members = of_topic.map(|(place, of)| {
                    format!(
                        "<member><TopicArn>{topic}</TopicArn><Protocol>email</Protocol><SubscriptionArn>{}</SubscriptionArn>\
                         <Owner>{ACCOUNT}</Owner><Endpoint>{}</Endpoint></member>",
                        of.arn(place),
                        escaped(&of.endpoint)
                    )
                });
                ("ListSubscriptionsByTopic", format!("<Subscriptions>{}</Subscriptions>", members.collect::<String>()))
            }
            "GetSubscriptionAttributes" => {
                let arn = field("SubscriptionArn");
                let found = state.subscriptions.iter().enumerate().find(|(place, of)| of.is_confirmed && of.arn(*place) == arn);
                let Some((_, found)) = found else { return refused("NotFound", "Subscription does not exist") };
                let all = found.attributes.iter();
                let all = all.map(|(name, value)| format!("<entry><key>{name}</key><value>{}</value></entry>", escaped(value)));
                ("GetSubscriptionAttributes", format!("<Attributes>{}</Attributes>", all.collect::<String>()))
            }
            other => return refused("InvalidAction", &format!("the local account cannot {}", escaped(other))),
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

/// A map as such a form carries it.
fn entries(form: &BTreeMap<String, String>, list: &str, name: &str, value: &str) -> BTreeMap<String, String> {
    let entries = (1..).map_while(|place| {
        let value = form.get(&format!("{list}.{place}.{value}")).cloned().unwrap_or_default();
        Some((form.get(&format!("{list}.{place}.{name}"))?.clone(), value))
    });
    entries.collect()
}

fn refused(code: &str, says: &str) -> (u16, String) {
    (400, format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{says}</Message></Error></ErrorResponse>"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
