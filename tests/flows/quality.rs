//! What quality leads to: a promise from the registered evaluation set before any truth is in, and a rollback by policy on the function's own verdict.

use std::fmt::Write as _;

use serde_json::json;
use tidegate_contract::Metric;
use tidegate_local_account::{Dice, LAKE, LOGS, LocalAccount, MODELS, Setup, TABLE};
use tidegate_monitoring::{ActionKind, CauseKind, State, Verdict};
use tidegate_performance::{Basis, Measured, Performance};
use tidegate_registry::{Command, Order, Registry, Stage, VersionState};

use crate::candidates::{Desk, people};
use crate::registry::{pending, policy};

fn read(account: &LocalAccount, key: &str) -> Vec<u8> {
    std::fs::read(account.bucket_folder(LAKE).join(key)).unwrap_or_else(|error| panic!("{key}: {error}"))
}

fn performance(account: &LocalAccount, model: &str) -> Performance {
    serde_json::from_slice(&read(account, &format!("performance/model={model}/window=1d/end=2013-07-02T00/performance.json"))).unwrap()
}

async fn put(account: &LocalAccount, bucket: &str, key: &str, text: String) {
    account.s3.put_object().bucket(bucket).key(key).body(text.into_bytes().into()).send().await.unwrap();
}

#[tokio::test]
async fn scores_promise_what_they_meant_when_the_champion_was_registered() {
    let desk = Desk::new().await;
    let version = desk.submit("weighs-right", (1.5, 1.5)).await;
    assert_eq!(version.state, VersionState::Champion, "{:?}", version.gate);
    let account = &desk.account;
    let (mut log, mut truth) = (String::new(), String::new());
    for (row, (id, amount, age, plan, leaves)) in people(20_000, 3).into_iter().enumerate() {
        let (hour, minute) = (row % 24, row % 60);
        let score = 1.0 / (1.0 + (-1.5 * amount - 1.5 * age).exp());
        writeln!(
            log,
            r#"{{"timestamp":"2013-07-01T{hour:02}:{minute:02}:00Z","inference_id":"{id}","version":"1","features":{{"amount":{amount},"age":{age},"plan":"{plan}"}},"score":{score:.6}}}"#
        )
        .unwrap();
        writeln!(truth, r#"{{"inference_id":"{id}","actual":{},"time":"2013-07-02T10:00:00Z"}}"#, u8::from(leaves)).unwrap();
    }
    put(account, LOGS, "churn/01.jsonl", log).await;
    let judge = async |time: &str| -> Performance {
        account.settle().await.unwrap();
        account.tick_performance(time).await.unwrap();
        account.settle().await.unwrap();
        performance(account, "churn")
    };
    let before = judge("2013-07-02T01:05:00Z").await;
    let estimated = before.estimated.unwrap();
    assert_eq!((before.state, &estimated.basis), (State::InsufficientData, &Basis::Registered { version: 1, rows: 4_000 }));
    let (value, [low, high]) = estimated.metric(Metric::RocAuc).unwrap();
    assert!((0.75..0.9).contains(&value) && high - low < 0.05, "{value} ({low} to {high})");

    put(account, LOGS, "churn/truth/01.jsonl", truth).await;
    let after = judge("2013-07-02T11:05:00Z").await;
    assert_eq!((after.state, after.labelled), (State::Ok, 4_000), "{}", after.headline);
    assert!(after.headline.contains("when version 1 was registered"), "{}", after.headline);
    let missed: Vec<_> = after.realised.iter().filter(|(.., is_within)| !is_within).collect();
    assert!(after.realised.len() == 8 && missed.is_empty(), "{missed:?}");
}

const MODEL: &str = "flight-delay";

const CONTRACT: &str = "
model: flight-delay
task: binary
features:
  - { name: distance, type: numeric }
monitoring: { windows: [1d], baselines: [training], late: 1d }
validation: { positive: late }
truth: { late_days: 15 }
promotion: { prod: { approvals: 1, approvers: [lead@example.com] } }
rollback: { mode: automatic, cooldown: 1d, most: 2 }
";

/// A day's predictions by a version, and what came of them; so many of its scores mean nothing.
fn day(date: &str, version: &str, meaningless: f64, seed: u64) -> (String, String) {
    let mut dice = Dice::new(seed);
    let (mut log, mut truth) = (String::new(), String::new());
    for row in 0..600 {
        let (distance, chance) = (500.0 + 1_500.0 * dice.roll(), 0.02 + 0.96 * dice.roll());
        let actual = if dice.roll() < chance { "late" } else { "on-time" };
        let score = if dice.roll() < meaningless { 0.02 + 0.96 * dice.roll() } else { chance };
        let (hour, minute, second) = (row / 25, row % 25 * 2, row % 60);
        let id = format!("{date}-{row}");
        let answer = json!({ "prediction": if score >= 0.5 { "late" } else { "on-time" }, "score": score });
        writeln!(
            log,
            r#"{{"timestamp":"{date}T{hour:02}:{minute:02}:{second:02}Z","inference_id":"{id}","version":"{version}","features":{{"distance":{distance}}},"prediction":{},"score":{}}}"#,
            answer["prediction"], answer["score"]
        )
        .unwrap();
        writeln!(truth, r#"{{"inference_id":"{id}","actual":"{actual}","time":"{date}T23:50:00Z"}}"#).unwrap();
    }
    (log, truth)
}

#[tokio::test]
async fn a_champion_that_is_worse_than_the_one_before_is_taken_back_on_the_functions_own_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let account = LocalAccount::start_with(folder.path(), Setup { stage: Stage::Prod, ..Setup::default() }).await.unwrap();
    put(&account, MODELS, "contracts/flight-delay.yaml", CONTRACT.to_owned()).await;
    let training: String = (1..=8).map(|number| day(&format!("2013-05-{number:02}"), "0", 0.0, 50 + number).0).collect();
    put(&account, MODELS, "datasets/flight-delay/may.jsonl", training).await;
    account.settle().await.unwrap();
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    // The queue of the local account stamps every message with 2 July 2013, 00:05.
    let now = 1_372_723_502_201;
    let nobody = policy(0);
    let promote = async |run: &str, at: i64| {
        let number = pending(&registry, run, &nobody, at).await;
        let order = Order { by: "function:registry".to_owned(), command: Command::Promote };
        registry.apply(MODEL, Some(number), &order, &nobody, at).await.unwrap();
        number
    };
    let (good, bad) = (promote("a", now - 20 * 86_400_000).await, promote("b", now - 24 * 3_600_000).await);

    // Eleven days of the one, then a day of the other. The inputs are what they always were.
    let dates = (20..=30).map(|number| format!("2013-06-{number}")).chain(["2013-07-01".to_owned()]);
    for (date, seed) in dates.zip(1..) {
        let is_last = date == "2013-07-01";
        let (log, truth) = day(&date, if is_last { "2" } else { "1" }, if is_last { 0.8 } else { 0.0 }, seed);
        put(&account, LOGS, &format!("flight-delay/{date}.jsonl"), log).await;
        put(&account, LOGS, &format!("flight-delay/truth/{date}.jsonl"), truth).await;
    }
    account.settle().await.unwrap();
    account.tick("2013-07-02T00:05:00Z").await.unwrap();
    account.settle().await.unwrap();
    let drift: Verdict =
        serde_json::from_slice(&read(&account, "reports/model=flight-delay/window=1d/end=2013-07-02T00/verdict.json")).unwrap();
    assert!(drift.cause.kind == CauseKind::None || drift.cause.kind == CauseKind::VersionChange, "the inputs hold: {}", drift.headline);
    assert_eq!(registry.champion(MODEL).await.unwrap().unwrap().number, bad);

    account.tick_performance("2013-07-02T00:05:00Z").await.unwrap();
    account.settle().await.unwrap();
    let found = performance(&account, MODEL);
    assert_eq!(
        (found.state, found.cause.kind, found.action.kind),
        (State::Drift, CauseKind::ModelFault, ActionKind::RollBack),
        "{} {}",
        found.headline,
        found.cause.evidence
    );
    assert_eq!(registry.champion(MODEL).await.unwrap().unwrap().number, good, "the version before serves again");
    let ended = registry.version(MODEL, bad).await.unwrap().unwrap().ending.unwrap();
    assert_eq!(ended.by, "function:registry");
    assert!(ended.reason.starts_with("By policy: ROC AUC is 0."), "{}", ended.reason);
    let told = |says: &str| account.mail().iter().filter(|mail| mail.topic.ends_with("-alerts") && mail.subject.contains(says)).count();
    assert_eq!(told("was rolled back"), 1, "{:?}", account.mail().iter().map(|mail| mail.subject.clone()).collect::<Vec<_>>());

    // The same windows once more take nothing back again.
    account.tick_performance("2013-07-02T00:05:00Z").await.unwrap();
    account.settle().await.unwrap();
    assert_eq!((registry.champion(MODEL).await.unwrap().unwrap().number, told("was rolled back")), (good, 1));
    for queue in [account.performance_queue(), account.registry_queue()] {
        assert_eq!(account.dead_letters(queue).await.unwrap(), Vec::<String>::new());
    }
}

/// What a version that is always wrong where another is right answers to the same requests.
fn turned(log: &str, version: &str) -> String {
    let turn = |line: &str| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        let score = 1.0 - record["score"].as_f64().unwrap();
        record["score"] = score.into();
        record["prediction"] = if score >= 0.5 { "late" } else { "on-time" }.into();
        record["version"] = version.into();
        format!("{record}\n")
    };
    log.lines().map(turn).collect()
}

#[tokio::test]
async fn what_the_registry_calls_champion_served_and_a_later_promotion_changes_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let account = LocalAccount::start_with(folder.path(), Setup { stage: Stage::Prod, ..Setup::default() }).await.unwrap();
    put(&account, MODELS, "contracts/flight-delay.yaml", CONTRACT.to_owned()).await;
    account.settle().await.unwrap();
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    let now = 1_372_723_502_201;
    let nobody = policy(0);
    let order = Order { by: "function:registry".to_owned(), command: Command::Promote };
    let champion = pending(&registry, "a", &nobody, now - 20 * 86_400_000).await;
    registry.apply(MODEL, Some(champion), &order, &nobody, now - 20 * 86_400_000).await.unwrap();
    let shadow = pending(&registry, "b", &nobody, now - 2 * 86_400_000).await;

    // Of ten requests only the shadow's record came, so that it has more records than the champion.
    let (log, truth) = day("2013-07-01", &champion.to_string(), 0.0, 5);
    put(&account, LOGS, "flight-delay/shadow.jsonl", turned(&log, &shadow.to_string())).await;
    put(&account, LOGS, "flight-delay/served.jsonl", log.split_inclusive('\n').skip(10).collect()).await;
    put(&account, LOGS, "flight-delay/truth/2013-07-01.jsonl", truth).await;
    let judged = async || {
        account.settle().await.unwrap();
        account.tick_performance("2013-07-02T00:05:00Z").await.unwrap();
        account.settle().await.unwrap();
        read(&account, "performance/model=flight-delay/window=1d/end=2013-07-02T00/measured.json")
    };
    let bytes = judged().await;
    let measured: Measured = serde_json::from_slice(&bytes).unwrap();
    let parts: Vec<_> = measured.versions.iter().map(|part| (part.name.as_str(), part.predictions, part.shadows, part.labelled)).collect();
    assert_eq!(parts, [("1", 590, 0, 590), ("2", 600, 590, 600)]);
    assert_eq!((measured.predictions.with_id, measured.predictions.shadows, measured.predictions.repeated), (600, 590, 0));
    let auc = measured.metric(Metric::RocAuc).unwrap().value.unwrap();
    assert!(auc > 0.75, "that of what served: {auc}");
    let page = String::from_utf8(read(&account, "performance/model=flight-delay/window=1d/end=2013-07-02T00/index.html")).unwrap();
    assert!(page.contains("Shadow predictions") && page.contains("600 predictions, 590 as a shadow"), "the page tells of shadows");

    registry.apply(MODEL, Some(shadow), &order, &nobody, now).await.unwrap();
    assert_eq!(registry.champion(MODEL).await.unwrap().unwrap().number, shadow);
    assert_eq!(judged().await, bytes);
}
