//! The dead-letter queues of a stage, and a look into them.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use serde::Serialize;
use serde_json::Value;
use tidegate_runtime::objects_of;

use super::Stage;
use crate::error::CliError;
use crate::terminal::line;

/// Whose dead letters: the function that could do nothing with them, or what did not reach one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Letters {
    /// Objects, and requests for dataset versions.
    Collect,
    /// Windows to be judged.
    Drift,
    /// Windows whose quality is to be measured.
    Performance,
    /// Candidates.
    Validate,
    /// Commands.
    Registry,
    /// Records of the registry's stream; not moved: their runbook tells the way.
    Notify,
    /// Hours of schedules; not moved: their runbook tells the way.
    Plan,
    /// Events between accounts; not moved: their runbook tells the way.
    Event,
}

/// What lies in a dead-letter queue.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Peek {
    pub(super) queue: Letters,
    /// About so many messages.
    pub(super) messages: u64,
    /// When the oldest of those that were looked at was first sent, in milliseconds since 1970. There may be older ones among many.
    pub(super) oldest_ms: Option<i64>,
    /// What those are about, each once.
    pub(super) about: Vec<String>,
}

/// The most messages that SQS hands out at once (quotas of SQS): so many are looked at.
const LOOKED_AT: i32 = 10;
/// The longest that one message's subject is shown, in characters.
const LONGEST: usize = 80;

impl Letters {
    pub(super) const EVERY: [Self; 8] =
        [Self::Collect, Self::Drift, Self::Performance, Self::Validate, Self::Registry, Self::Notify, Self::Plan, Self::Event];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Drift => "drift",
            Self::Performance => "performance",
            Self::Validate => "validate",
            Self::Registry => "registry",
            Self::Notify => "notify",
            Self::Plan => "plan",
            Self::Event => "event",
        }
    }

    /// Whether they came out of a queue of SQS, into which SQS moves them back.
    pub(super) const fn can_move(self) -> bool {
        !matches!(self, Self::Notify | Self::Plan | Self::Event)
    }

    /// Where it stands what is to be done.
    pub(super) fn runbook(self) -> String {
        format!("infra/runbooks/{}-dead-letters.md", self.name())
    }
}

impl Stage {
    /// Counts a queue's messages and looks at the first of them, which stay where they are.
    pub(super) async fn peek(&self, queue: Letters) -> Result<Peek, CliError> {
        let messages = self.attribute(queue, QueueAttributeName::ApproximateNumberOfMessages).await?.parse().unwrap_or_default();
        let looked_at = if messages == 0 { Vec::new() } else { self.first(queue).await? };
        let mut about: Vec<String> = Vec::new();
        for subject in looked_at.iter().filter_map(Message::body).map(subject) {
            if !about.contains(&subject) {
                about.push(subject);
            }
        }
        Ok(Peek { queue, messages, oldest_ms: looked_at.iter().filter_map(sent_ms).min(), about })
    }

    /// An attribute of a dead-letter queue, as SQS writes it.
    pub(super) async fn attribute(&self, queue: Letters, name: QueueAttributeName) -> Result<String, CliError> {
        let asked = self.sqs.get_queue_attributes().queue_url(self.url(queue)).attribute_names(name.clone()).send().await;
        let said = asked.map_err(|refused| match refused.as_service_error() {
            Some(error) if error.is_queue_does_not_exist() => CliError::NoQueue { url: self.url(queue) },
            _ => CliError::queues(refused),
        })?;
        Ok(said.attributes.and_then(|mut said| said.remove(&name)).unwrap_or_default())
    }

    async fn first(&self, queue: Letters) -> Result<Vec<Message>, CliError> {
        let asked = self.sqs.receive_message().queue_url(self.url(queue)).max_number_of_messages(LOOKED_AT).visibility_timeout(0);
        let asked = asked.message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        Ok(asked.send().await.map_err(CliError::queues)?.messages.unwrap_or_default())
    }
}

fn sent_ms(message: &Message) -> Option<i64> {
    message.attributes()?.get(&MessageSystemAttributeName::SentTimestamp)?.parse().ok()
}

/// What a message is about, in a few words: an object's key, or the model and what is asked of it, or how it begins.
fn subject(body: &str) -> String {
    let said: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let object = objects_of(body).ok().and_then(|objects| objects.into_iter().next());
    let words = match (object, text("model"), text("command")) {
        (Some(object), _, _) => object.key,
        (None, Some(model), Some(command)) => format!("{command} of {model}"),
        (None, Some(model), None) => match (text("window"), text("end")) {
            (Some(window), Some(end)) => format!("{model}, window {window} to {end}"),
            _ => model.to_owned(),
        },
        (None, None, _) => body.to_owned(),
    };
    line(&words, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_it_is_about() {
        let event = |name: &str| std::fs::read_to_string(format!("{}/../events/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!(subject(&event("s3-object-created-put.json")), "flight-delay/dt=2013-07-01/hour=14/part 1 (late file) café+1.jsonl.gz");
        assert_eq!(subject(&event("eventbridge-object-created.json")), "flight-delay/dt=2013-07-01/hour=15/part 2 café+1.jsonl.gz");
        assert_eq!(
            subject(r#"{"model":"flight-delay","window":"1d","end":"2013-07-15T00:00:00Z"}"#),
            "flight-delay, window 1d to 2013-07-15T00:00:00Z"
        );
        assert_eq!(subject(r#"{"command":"roll-back","model":"flight-delay","version":3}"#), "roll-back of flight-delay");
        assert_eq!(subject("\u{1b}[31mno JSON"), "·[31mno JSON");
        assert_eq!(subject(&"x".repeat(200)).chars().count(), LONGEST);
    }

    #[test]
    fn every_queue_is_known_by_the_name_that_is_typed() {
        use clap::ValueEnum;

        let typed: Vec<String> =
            Letters::value_variants().iter().map(|one| one.to_possible_value().unwrap().get_name().to_owned()).collect();
        assert_eq!(typed, Letters::EVERY.map(|one| one.name().to_owned()));
    }

    #[test]
    fn they_are_those_of_the_stack_and_what_came_out_of_a_queue_moves() {
        let template = std::fs::read_to_string(format!("{}/../infra/template.yaml", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let named = template
            .lines()
            .filter_map(|line| line.trim().strip_prefix("QueueName: !Sub ${NamePrefix}-${Stage}-")?.strip_suffix("-dead-letters"));
        assert_eq!(named.collect::<std::collections::BTreeSet<_>>(), Letters::EVERY.iter().map(|one| one.name()).collect());
        for letters in Letters::EVERY {
            let (first, rest) = letters.name().split_at(1);
            let of_a_queue = format!("deadLetterTargetArn: !GetAtt {}{rest}DeadLetters.Arn", first.to_uppercase());
            assert_eq!(letters.can_move(), template.contains(&of_a_queue), "{of_a_queue}");
        }
    }

    #[test]
    fn there_is_a_page_for_every_queue() {
        for letters in Letters::EVERY {
            let page = format!("{}/../{}", env!("CARGO_MANIFEST_DIR"), letters.runbook());
            assert!(std::path::Path::new(&page).is_file(), "{page}");
        }
    }
}
