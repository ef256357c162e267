//! What happens by itself, on the table and through the queues: reminders, a promotion after its hold, rollbacks with their guard rails.

use serde_json::json;
use tidegate_local_account::{LocalAccount, MODELS, Setup, TABLE};
use tidegate_registry::{Answer, Command, Order, Policy, Registry, RetrainingState, Stage, VersionState};

use crate::registry::{pending, policy};

const MODEL: &str = "flight-delay";
const LEAD: &str = "lead@example.com";
const RISK: &str = "risk@example.com";
const HEAD: &str = "head@example.com";

const CONTRACT: &str = "
model: flight-delay
task: binary
features:
  - { name: distance, type: numeric }
promotion:
  prod: { approvals: 1, approvers: [lead@example.com, risk@example.com], expires: 4d, hold: 2h, remind: 1d, escalate: { after: 2d, to: [head@example.com] } }
rollback: { mode: automatic, cooldown: 1d, most: 2 }
";

async fn prod() -> (tempfile::TempDir, LocalAccount, Registry, Policy) {
    let folder = tempfile::tempdir().unwrap();
    let account = LocalAccount::start_with(folder.path(), Setup { stage: Stage::Prod, ..Setup::default() }).await.unwrap();
    account
        .s3
        .put_object()
        .bucket(MODELS)
        .key("contracts/flight-delay.yaml")
        .body(CONTRACT.as_bytes().to_vec().into())
        .send()
        .await
        .unwrap();
    account.settle().await.unwrap();
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    let policy = Policy::of(&tidegate_contract::Contract::parse(CONTRACT).unwrap(), Stage::Prod);
    (folder, account, registry, policy)
}

fn ms(time: &str) -> i64 {
    tidegate_lake::parse_time(time).unwrap()
}

fn links(account: &LocalAccount) -> Vec<String> {
    let mails = account.mail().into_iter().filter(|mail| mail.topic.ends_with("-decisions"));
    mails.map(|mail| format!("{} {}", mail.attributes.get("approver").unwrap(), mail.subject.contains("Reminder"))).collect()
}

#[tokio::test]
async fn who_does_not_answer_is_reminded_others_are_asked_and_a_hold_ends_by_itself() {
    let (_folder, account, registry, policy) = prod().await;
    let number = pending(&registry, "run-1", &policy, ms("2013-08-01T09:00:00Z")).await;
    account.settle().await.unwrap();
    assert_eq!(links(&account), [format!("{LEAD} false"), format!("{RISK} false")]);
    let hour = async |time: &str| {
        account.tick_registry(time).await.unwrap();
        account.settle().await.unwrap();
    };
    hour("2013-08-02T08:05:00Z").await;
    assert_eq!(links(&account).len(), 2, "not yet");
    for _ in 0..2 {
        hour("2013-08-02T09:05:00Z").await;
    }
    assert_eq!(links(&account)[2..], [format!("{LEAD} true"), format!("{RISK} true")], "once, though the hour came twice");
    hour("2013-08-03T09:05:00Z").await;
    assert_eq!(links(&account).iter().filter(|link| link.starts_with(HEAD)).count(), 1);

    let request = registry.version(MODEL, number).await.unwrap().unwrap().request.unwrap().id;
    let decide = Order { by: HEAD.to_owned(), command: Command::Decide { request, answer: Answer::Approve, reason: String::new() } };
    registry.apply(MODEL, Some(number), &decide, &policy, ms("2013-08-03T10:00:00Z")).await.unwrap();
    account.settle().await.unwrap();
    let state = async || registry.version(MODEL, number).await.unwrap().unwrap().state;
    hour("2013-08-03T11:05:00Z").await;
    assert_eq!(state().await, VersionState::Approved, "held back for two hours");
    hour("2013-08-03T12:05:00Z").await;
    assert_eq!(state().await, VersionState::Champion);
    assert!(account.dead_letters(account.registry_queue()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_worse_champion_is_taken_back_by_itself_once_and_never_twice_in_a_day() {
    let (_folder, account, registry, _) = prod().await;
    let nobody = policy(0);
    let promote = async |run: &str, at: i64| {
        let number = pending(&registry, run, &nobody, at).await;
        let order = Order { by: "function:registry".to_owned(), command: Command::Promote };
        registry.apply(MODEL, Some(number), &order, &nobody, at).await.unwrap();
        number
    };
    // The queue of the local account stamps every message with 2 July 2013, 00:05.
    let now = 1_372_723_502_201;
    let (one, two, three) = (promote("a", now - 3_000).await, promote("b", now - 2_000).await, promote("c", now - 1_000).await);
    let act = async |action: &str| {
        let command = json!({
            "command": "act-on-window", "kind": "performance", "model": MODEL, "length": "1d", "end": "2013-07-02T00:00:00Z",
            "cause": "model-fault", "action": action, "headline": "ROC AUC fell to 0.61", "report": "performance/x.json", "digest": "d".repeat(64),
        });
        account.send_to_registry(&command.to_string()).await.unwrap();
        account.settle().await.unwrap();
    };
    let champion = async || registry.champion(MODEL).await.unwrap().map(|version| version.number);
    act("mend-data").await;
    assert_eq!(champion().await, Some(three), "never on a data fault");
    act("roll-back").await;
    assert_eq!(champion().await, Some(two));
    let ended = registry.version(MODEL, three).await.unwrap().unwrap().ending.unwrap();
    assert_eq!((ended.by.as_str(), ended.reason.as_str()), ("function:registry", "By policy: ROC AUC fell to 0.61"));
    act("roll-back").await;
    assert_eq!(champion().await, Some(two), "no second one within the cooldown");
    assert_ne!(one, two);
    let told =
        account.mail().into_iter().filter(|mail| mail.topic.ends_with("-alerts") && mail.subject.contains("was rolled back")).count();
    assert_eq!(told, 1);
    assert!(account.dead_letters(account.registry_queue()).await.unwrap().is_empty(), "held back is no failure");
}

#[tokio::test]
async fn a_retraining_on_days_without_records_ends_at_once_and_says_so() {
    let (_folder, account, registry, _) = prod().await;
    let command = json!({ "command": "retrain", "model": MODEL, "reason": "new routes", "from": "2013-07-01T00:00:00Z", "to": "2013-07-08T00:00:00Z" });
    account.send_to_registry(&command.to_string()).await.unwrap();
    account.settle().await.unwrap();
    let last = registry.retrainings(MODEL).await.unwrap().pop().unwrap();
    assert_eq!(last.state, RetrainingState::Failed);
    assert_eq!(last.ending.unwrap().reason, "no record was collected in 2013-07-01_2013-07-08");
    let told =
        account.mail().into_iter().filter(|mail| mail.topic.ends_with("-alerts") && mail.subject.contains("retraining cannot begin"));
    assert_eq!(told.count(), 1);
}
