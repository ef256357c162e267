//! `tidegate redrive`: what lies in a stage's dead-letter queues, and its way back.
//!
//! The queues are found beside that of the function `registry`, by their names. SQS itself moves what came out of a queue back into it;
//! what never was in one (events, hours, records of a table's stream) has another way back, which its runbook tells.

mod letters;
mod moves;

use crate::error::CliError;
use crate::reach;
use crate::terminal::{FOUND, Outcome, Say, counted, json, line, series, table};
use letters::{Letters, Peek};
use moves::Moved;

/// List what lies in the dead-letter queues, or move it back once its cause is mended
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Whose dead letters go back [default: nobody's, only look]
    #[arg(value_enum)]
    queue: Option<Letters>,
    /// Move back whatever can be moved
    #[arg(long, conflicts_with = "queue")]
    all: bool,
    /// Print JSON instead of a table, where nothing is moved
    #[arg(long, conflicts_with_all = ["queue", "all"])]
    json: bool,
    /// The queue of the function `registry` (its URL; the stack's output `RegistryQueueUrl`): the others are beside it
    #[arg(long, value_name = "URL", help_heading = "An account")]
    registry_queue: String,
}

/// The dead-letter queues of one stage.
struct Stage {
    sqs: aws_sdk_sqs::Client,
    /// What their URLs begin with: that of the queue of `registry` without its own name.
    beginning: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::queues)?;
    runtime.block_on(async {
        let config = reach::account().await?;
        let stage = Stage { sqs: aws_sdk_sqs::Client::new(&config), beginning: beginning(&arguments.registry_queue)? };
        match arguments.queue {
            Some(letters) => stage.one_back(letters).await,
            None if arguments.all => stage.all_back().await,
            None => Ok(shown(&stage.look().await?, arguments.json)),
        }
    })
}

/// `https://sqs.eu-central-1.amazonaws.com/111122223333/tidegate-prod-` of the queue of `registry` in prod.
fn beginning(registry_queue: &str) -> Result<String, CliError> {
    let found = registry_queue.trim().strip_suffix("registry").filter(|beginning| beginning.ends_with('-') && beginning.contains("://"));
    found.map(str::to_owned).ok_or_else(|| CliError::OtherQueue { found: registry_queue.to_owned() })
}

impl Stage {
    fn url(&self, letters: Letters) -> String {
        format!("{}{}-dead-letters", self.beginning, letters.name())
    }

    /// What lies in each of the queues.
    async fn look(&self) -> Result<Vec<Peek>, CliError> {
        let mut found = Vec::new();
        for letters in Letters::EVERY {
            found.push(self.peek(letters).await?);
        }
        Ok(found)
    }

    async fn one_back(&self, letters: Letters) -> Result<Outcome, CliError> {
        if !letters.can_move() {
            return Err(CliError::NoWayBack { queue: letters.name(), runbook: letters.runbook() });
        }
        let moved = self.back(letters).await?;
        Ok(Outcome::good(sentence(letters, &moved)))
    }

    /// Every queue that can be moved, one after the other; says which of the others hold something.
    async fn all_back(&self) -> Result<Outcome, CliError> {
        let (mut text, mut left) = (String::new(), Vec::new());
        for found in self.look().await?.into_iter().filter(|found| found.messages > 0) {
            if found.queue.can_move() {
                text.push_str(&sentence(found.queue, &self.back(found.queue).await?));
            } else {
                left.push(found.queue);
            }
        }
        if text.is_empty() {
            text.push_str("Nothing is there that could be moved back.\n");
        }
        text.push_str(&ways(&left));
        Ok(Outcome { text, code: if left.is_empty() { 0 } else { FOUND } })
    }
}

fn sentence(letters: Letters, moved: &Moved) -> String {
    match moved {
        Moved::Nothing => format!("Nothing lies in {}-dead-letters.\n", letters.name()),
        Moved::Back(1) => format!("1 message is back in the queue of {}.\n", letters.name()),
        Moved::Back(count) => format!("{} are back in the queue of {}.\n", counted(*count, "message"), letters.name()),
    }
}

/// What is to be done about queues from which nothing can be moved.
fn ways(left: &[Letters]) -> String {
    let mut text = String::new();
    for letters in left {
        text.say(format_args!("What lies in {}-dead-letters never was in a queue: {}.\n", letters.name(), letters.runbook()));
    }
    text
}

fn shown(found: &[Peek], as_json: bool) -> Outcome {
    let full: Vec<&Peek> = found.iter().filter(|queue| queue.messages > 0).collect();
    let code = if full.is_empty() { 0 } else { FOUND };
    if as_json {
        return Outcome { text: json(&found), code };
    }
    let mut rows = vec![["dead letters of", "messages", "oldest seen", "about"].map(str::to_owned)];
    rows.extend(found.iter().map(|queue| {
        let oldest = queue.oldest_ms.map_or_else(|| "-".to_owned(), tidegate_lake::rfc3339);
        let about = if queue.about.is_empty() { "-".to_owned() } else { line(&series(&queue.about), 100) };
        [queue.queue.name().to_owned(), queue.messages.to_string(), oldest, about]
    }));
    let mut text = table(&rows);
    let (back, left): (Vec<Letters>, Vec<Letters>) = full.iter().map(|queue| queue.queue).partition(|letters| letters.can_move());
    if full.is_empty() {
        text.push_str("\nNothing was left behind.\n");
    }
    if !back.is_empty() {
        let names: Vec<&str> = back.iter().map(|letters| letters.name()).collect();
        text.say(format_args!("\nMend the cause, then send back what waits: `tidegate redrive {}`, or --all.\n", names.join("|")));
    }
    text.push_str(&ways(&left));
    Outcome { text, code }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peek(queue: Letters, messages: u64) -> Peek {
        let about = if messages > 0 { vec!["flight-delay, window 1d".to_owned()] } else { Vec::new() };
        Peek { queue, messages, oldest_ms: (messages > 0).then_some(1_372_660_200_000), about }
    }

    #[test]
    fn the_other_queues_are_beside_that_of_the_registry() {
        let url = "https://sqs.eu-central-1.amazonaws.com/111122223333/tidegate-prod-registry";
        assert_eq!(beginning(url).unwrap(), "https://sqs.eu-central-1.amazonaws.com/111122223333/tidegate-prod-");
        let refused = beginning("https://sqs.eu-central-1.amazonaws.com/111122223333/tidegate-prod-collect").unwrap_err().to_string();
        assert!(refused.contains("tidegate-prod-collect") && refused.contains("RegistryQueueUrl"), "{refused}");
        assert!(beginning("tidegate-prod-registry").is_err(), "a name is no URL");
    }

    #[test]
    fn a_list_says_what_lies_where_and_how_it_comes_back() {
        let said = shown(&[peek(Letters::Collect, 0), peek(Letters::Drift, 12), peek(Letters::Plan, 1)], false);
        assert_eq!(said.code, FOUND);
        for part in ["12", "2013-07-01T06:30:00Z", "flight-delay, window 1d", "`tidegate redrive drift`", "plan-dead-letters.md"] {
            assert!(said.text.contains(part), "{part}: {}", said.text);
        }
        let said = shown(&[peek(Letters::Collect, 0)], false);
        assert_eq!((said.code, said.text.contains("Nothing was left behind.")), (0, true));
    }

    #[test]
    fn programs_read_the_same_list() {
        let said = shown(&[peek(Letters::Drift, 12)], true);
        let read: serde_json::Value = serde_json::from_str(&said.text).unwrap();
        assert_eq!(read[0]["queue"], "drift");
        assert_eq!(read[0]["messages"], 12);
        assert_eq!(read[0]["oldest_ms"], 1_372_660_200_000_i64);
    }

    #[test]
    fn the_last_sentence_counts() {
        assert_eq!(sentence(Letters::Collect, &Moved::Nothing), "Nothing lies in collect-dead-letters.\n");
        assert_eq!(sentence(Letters::Collect, &Moved::Back(1)), "1 message is back in the queue of collect.\n");
        assert_eq!(sentence(Letters::Collect, &Moved::Back(1200)), "1,200 messages are back in the queue of collect.\n");
    }
}
