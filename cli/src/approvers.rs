//! `tidegate approvers`: whether everybody who is asked for a decision would get a mail, and the subscriptions of those who would not.
//!
//! Each approver has a subscription of their own to the topic of decision links, with a filter that lets their links through and nobody
//! else's. Everybody confirms by themselves: nobody can do it for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};
use tidegate_lake::{Bucket, ContractBook, Contracts};
use tidegate_local_account::{MODELS, Services, decision_topic};
use tidegate_registry::{Policy, Stage, normalised};

use crate::error::CliError;
use crate::reach;
use crate::terminal::{self, FOUND, Outcome, Say, line, table};

/// What SNS writes in place of the ARN of a subscription that nobody has confirmed.
const PENDING: &str = "PendingConfirmation";

/// Look whether approvers would get their decision links, and subscribe those who would not
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("place").required(true).args(["state", "decision_topic"]))]
pub(crate) struct Arguments {
    /// Only say who is subscribed; subscribe nobody
    #[arg(long)]
    check: bool,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
    /// Which of the accounts it is: dev, test or prod [default: as the topic's name says]
    #[arg(long, value_name = "STAGE")]
    stage: Option<Stage>,

    /// The folder that `tidegate demo` left its buckets and table in; nobody is subscribed there
    #[arg(long, value_name = "FOLDER", requires = "check", help_heading = "A demo's account")]
    state: Option<PathBuf>,
    /// The topic of decision links (its ARN; the stack's output `DecisionTopicArn`)
    #[arg(long, value_name = "ARN", requires = "models_bucket", help_heading = "An account")]
    decision_topic: Option<String>,
    /// The bucket of contracts
    #[arg(long, value_name = "NAME", requires = "decision_topic", help_heading = "An account")]
    models_bucket: Option<String>,
}

/// Whether somebody would get a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Standing {
    Subscribed,
    /// Has not confirmed yet.
    Pending,
    Missing,
    /// Gets other people's links, or not their own.
    WrongFilter,
    /// The contract names no address.
    NoAddress,
}

impl Standing {
    const fn words(self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::Pending => "has not confirmed yet",
            Self::Missing => "is not subscribed",
            Self::WrongFilter => "is subscribed with another filter than their own address",
            Self::NoAddress => "has no address that a mail could go to",
        }
    }
}

/// The topic of one stage, and everybody who matters to it.
struct Topic {
    sns: aws_sdk_sns::Client,
    arn: String,
    stage: Stage,
}

/// Who is asked for which model, and who is subscribed.
struct Look {
    asked: BTreeMap<String, BTreeSet<String>>,
    subscribed: BTreeMap<String, Standing>,
    unread: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::account)?;
    runtime.block_on(async {
        let (config, models, topic, stage) = if let Some(folder) = &arguments.state {
            let services = Services::open_to_read(folder).map_err(|source| CliError::NoState { path: folder.clone(), source })?;
            let stage = arguments.stage.unwrap_or(Stage::Dev);
            (services.sdk_config(None, 1), MODELS.to_owned(), decision_topic(stage), stage)
        } else {
            let config = reach::account().await?;
            let topic = arguments.decision_topic.clone().unwrap_or_default();
            let stage = arguments.stage.or_else(|| stage_of(&topic)).ok_or_else(|| CliError::NoStage { topic: topic.clone() })?;
            (config, arguments.models_bucket.clone().unwrap_or_default(), topic, stage)
        };
        let contracts = ContractBook::new(Bucket::new(aws_sdk_s3::Client::new(&config), &models));
        let contracts = contracts.load().await.map_err(CliError::account)?;
        let topic = Topic { sns: aws_sdk_sns::Client::new(&config), arn: topic, stage };
        let look = topic.look(&contracts).await?;
        let new = if arguments.check { Vec::new() } else { topic.subscribe(&look).await? };
        Ok(if arguments.json { topic.for_programs(&look, &new) } else { topic.for_people(&look, &new, arguments.check) })
    })
}

/// `arn:aws:sns:eu-central-1:111122223333:tidegate-prod-decisions` is that of prod, and so is that of a stack with another prefix.
fn stage_of(topic: &str) -> Option<Stage> {
    topic.rsplit(':').next()?.strip_suffix("-decisions")?.rsplit('-').next()?.parse().ok()
}

/// The filter that lets a person's links through and nobody else's.
fn filter(person: &str) -> Value {
    json!({ "approver": [person] })
}

impl Look {
    fn standing(&self, person: &str) -> Standing {
        let missing = if person.contains('@') { Standing::Missing } else { Standing::NoAddress };
        self.subscribed.get(person).copied().unwrap_or(missing)
    }

    fn everybody(&self) -> BTreeSet<&String> {
        self.asked.values().flatten().collect()
    }

    /// Addresses that get mail and that no contract names.
    fn others(&self) -> Vec<&String> {
        let everybody = self.everybody();
        self.subscribed.keys().filter(|address| !everybody.contains(address)).collect()
    }

    fn is_fine(&self) -> bool {
        self.unread.is_empty() && self.everybody().into_iter().all(|person| self.standing(person) == Standing::Subscribed)
    }
}

impl Topic {
    async fn look(&self, contracts: &Contracts) -> Result<Look, CliError> {
        let asked = contracts.usable().map(|contract| (contract.model.clone(), Policy::of(contract, self.stage).asked())).collect();
        let unread = contracts.unusable().iter().map(|unusable| unusable.key.clone()).collect();
        Ok(Look { asked, subscribed: self.subscriptions().await?, unread })
    }

    /// Everybody who is subscribed, and how.
    async fn subscriptions(&self) -> Result<BTreeMap<String, Standing>, CliError> {
        let mut found = BTreeMap::new();
        let mut page = None;
        loop {
            let call = self.sns.list_subscriptions_by_topic().topic_arn(&self.arn).set_next_token(page);
            let answer = call.send().await.map_err(CliError::account)?;
            for subscription in answer.subscriptions() {
                let (Some(address), Some(arn)) = (subscription.endpoint(), subscription.subscription_arn()) else { continue };
                let person = normalised(address);
                let standing = if arn == PENDING { Standing::Pending } else { self.filtered(arn, &person).await? };
                // An address may be subscribed twice: the worse counts, but for a confirmation that is not needed any more.
                let worse = |before: Standing| match (before, standing) {
                    (Standing::Pending, other) | (other, Standing::Pending) => other,
                    (one, other) => one.max(other),
                };
                let standing = found.get(&person).copied().map_or(standing, worse);
                found.insert(person, standing);
            }
            page = answer.next_token;
            if page.is_none() {
                return Ok(found);
            }
        }
    }

    async fn filtered(&self, arn: &str, person: &str) -> Result<Standing, CliError> {
        let answer = self.sns.get_subscription_attributes().subscription_arn(arn).send().await.map_err(CliError::account)?;
        let attribute = |name: &str| answer.attributes().and_then(|all| all.get(name));
        let policy = attribute("FilterPolicy").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let by_attributes = attribute("FilterPolicyScope").is_none_or(|scope| scope == "MessageAttributes");
        Ok(if by_attributes && policy == Some(filter(person)) { Standing::Subscribed } else { Standing::WrongFilter })
    }

    /// Subscribes everybody who is missing, each with their own filter.
    async fn subscribe(&self, look: &Look) -> Result<Vec<String>, CliError> {
        let mut new = Vec::new();
        for person in look.everybody() {
            if look.standing(person) != Standing::Missing {
                continue;
            }
            let call = self.sns.subscribe().topic_arn(&self.arn).protocol("email").endpoint(person);
            let call = call.attributes("FilterPolicy", filter(person).to_string()).attributes("FilterPolicyScope", "MessageAttributes");
            call.send().await.map_err(CliError::account)?;
            new.push(person.clone());
        }
        Ok(new)
    }

    fn for_people(&self, look: &Look, new: &[String], check: bool) -> Outcome {
        let mut text = format!("Decision links of {}, by {}\n", self.stage, line(&self.arn, 200));
        let mut rows = vec![["model", "who is asked", ""].map(str::to_owned)];
        for (model, people) in &look.asked {
            if people.is_empty() {
                rows.push([line(model, 63), "nobody".to_owned(), String::new()]);
            }
            for person in people {
                let says = if new.contains(person) { "was subscribed now, and must confirm" } else { look.standing(person).words() };
                rows.push([line(model, 63), line(person, 120), says.to_owned()]);
            }
        }
        text.push_str(&table(&rows));
        for key in &look.unread {
            text.say(format_args!("{} cannot be used: whom it names is not known. `tidegate check` says what is wrong.\n", line(key, 200)));
        }
        for other in look.others() {
            text.say(format_args!("{} is subscribed, and no contract names them: let them unsubscribe.\n", line(other, 120)));
        }
        let waiting: Vec<&String> =
            look.everybody().into_iter().filter(|person| new.contains(person) || look.standing(person) == Standing::Pending).collect();
        if !waiting.is_empty() {
            text.push_str("\nWho has to confirm finds a mail \"AWS Notification - Subscription Confirmation\". Its link confirms, but then a program that\n");
            text.push_str("follows the links of mails can end the subscription, too. Better, with the Token of that link and credentials of the account:\n");
            text.say(format_args!(
                "  aws sns confirm-subscription --authenticate-on-unsubscribe true --topic-arn {} --token TOKEN\n",
                line(&self.arn, 200)
            ));
        }
        let wrong = look.everybody().into_iter().any(|person| look.standing(person) == Standing::WrongFilter);
        if wrong {
            text.push_str("\nA subscription without a filter gets everybody's links: end it (aws sns unsubscribe) and run this again.\n");
        }
        if check && look.everybody().into_iter().any(|person| look.standing(person) == Standing::Missing) {
            text.push_str("\nWithout --check this command subscribes who is missing.\n");
        }
        Outcome { text, code: if look.is_fine() || !check && !wrong && look.unread.is_empty() { 0 } else { FOUND } }
    }

    fn for_programs(&self, look: &Look, new: &[String]) -> Outcome {
        let models: Vec<Value> = look
            .asked
            .iter()
            .map(|(model, people)| {
                let people: Vec<Value> = people
                    .iter()
                    .map(|person| json!({ "approver": person, "standing": look.standing(person), "subscribed_now": new.contains(person) }))
                    .collect();
                json!({ "model": model, "stage": self.stage, "approvers": people })
            })
            .collect();
        let text = terminal::json(&json!({
            "topic": self.arn,
            "stage": self.stage,
            "models": models,
            "others": look.others(),
            "contracts_not_usable": look.unread,
        }));
        Outcome { text, code: if look.is_fine() { 0 } else { FOUND } }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_contract::Contract;

    use super::*;

    fn contracts() -> Contracts {
        let text = |model: &str, prod: &str| {
            format!("model: {model}\ntask: binary\nfeatures:\n  - {{ name: a, type: numeric }}\npromotion:\n  prod: {{ {prod} }}\n")
        };
        let of = |model: &str, prod: &str| Contract::parse(&text(model, prod)).unwrap();
        Contracts::of([
            of("flights", "approvals: 1, approvers: [Ada@example.com, lin@example.com], escalate: { after: 24h, to: [boss@example.com] }"),
            of("trains", "approvals: 1, approvers: [ada@example.com]"),
        ])
    }

    #[tokio::test]
    async fn who_is_missing_is_subscribed_once_with_a_filter_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let services = Services::open(folder.path()).unwrap();
        let sns = aws_sdk_sns::Client::new(&services.sdk_config(None, 1));
        let topic = Topic { sns: sns.clone(), arn: decision_topic(Stage::Prod), stage: Stage::Prod };
        // One whose subscription gets everybody's links.
        sns.subscribe().topic_arn(&topic.arn).protocol("email").endpoint("boss@example.com").send().await.unwrap();
        services.confirm("boss@example.com");

        let look = topic.look(&contracts()).await.unwrap();
        assert_eq!(look.standing("ada@example.com"), Standing::Missing);
        assert_eq!(look.standing("boss@example.com"), Standing::WrongFilter);
        let said = topic.for_people(&look, &[], true);
        assert_eq!(said.code, FOUND);
        assert!(said.text.contains("is not subscribed") && said.text.contains("another filter"), "{}", said.text);

        assert_eq!(topic.subscribe(&look).await.unwrap(), ["ada@example.com", "lin@example.com"]);
        services.confirm("ada@example.com");
        let look = topic.look(&contracts()).await.unwrap();
        assert_eq!(look.standing("ada@example.com"), Standing::Subscribed);
        assert_eq!(look.standing("lin@example.com"), Standing::Pending);
        assert!(topic.subscribe(&look).await.unwrap().is_empty(), "nobody twice");
        assert!(topic.for_people(&look, &[], true).text.contains("--authenticate-on-unsubscribe true"));
        let json: Value = serde_json::from_str(&topic.for_programs(&look, &[]).text).unwrap();
        assert_eq!(json["models"][1]["model"], "trains");
        assert_eq!(json["models"][1]["approvers"][0]["standing"], "subscribed");
    }

    #[test]
    fn a_topic_is_of_its_stage_whatever_its_prefix() {
        let of = |name: &str| stage_of(&format!("arn:aws:sns:eu-central-1:111122223333:{name}"));
        assert_eq!(of("tidegate-prod-decisions"), Some(Stage::Prod));
        assert_eq!(of("credit-risk-dev-decisions"), Some(Stage::Dev));
        assert_eq!(of("tidegate-prod-alerts"), None);
        assert_eq!(of("decisions"), None);
    }

    #[test]
    fn the_topic_says_of_which_stage_it_is() {
        assert_eq!(stage_of("arn:aws:sns:eu-central-1:111122223333:tidegate-test-decisions"), Some(Stage::Test));
        assert_eq!(stage_of("arn:aws:sns:eu-central-1:111122223333:tidegate-prod-alerts"), None);
    }
}
