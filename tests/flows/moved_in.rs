//! A team that comes from Model Monitor: its imported baseline counts in an account, and what read its old outputs finds them.

use serde_json::{Value, json};
use tidegate_interchange::Rules;
use tidegate_interchange::sagemaker::{Columns, Document, import};
use tidegate_lake::Outcome;
use tidegate_monitoring::State;
use tidegate_profile::{Baseline, decode, encode};
use tidegate_tests::{CONTRACT, MODEL, World, log, training_set};

/// What Model Monitor knew of the training set: amounts from 50 to 150, three plans.
fn imported() -> Baseline {
    let amounts: Vec<f64> = (0..480).map(|i| 50.0 + 100.0 * f64::from(i * 7 % 480) / 480.0).collect();
    let text = json!({ "version": 0.0, "dataset": { "item_count": 480 }, "features": [
        { "name": "amount", "inferred_type": "Fractional", "numerical_statistics": {
            "common": { "num_present": 480, "num_missing": 0 }, "mean": 100.0, "std_dev": 28.9, "min": 50.0, "max": 150.0,
            "distribution": { "kll": { "sketch": { "parameters": { "c": 0.64, "k": 2048.0 }, "data": [amounts] } } } } },
        { "name": "plan", "inferred_type": "String", "string_statistics": {
            "common": { "num_present": 480, "num_missing": 0 }, "distinct_count": 3.0,
            "distribution": { "categorical": { "buckets": [
                { "value": "basic", "count": 240 }, { "value": "family", "count": 120 }, { "value": "business", "count": 120 }] } } } },
    ]});
    let Document::Statistics(statistics) = Document::parse(&text.to_string()).unwrap() else { unreachable!("these are statistics") };
    let columns = Columns { model: MODEL.to_owned(), rules: Rules::Ours, ..Columns::default() };
    import(Some(&statistics), None, &columns).unwrap().baseline.unwrap()
}

const COMPATIBLE: &str = "compatibility: { sagemaker: { metrics: true, schedule: nightly, endpoint: churn-ep } }\n";

async fn a_day(world: &World, amount: f64) {
    for hour in 0..24 {
        world.log(&format!("{hour:02}.jsonl"), log("2013-07-01", hour, 60, amount, 7 + u64::from(hour))).await;
    }
    world.settle().await;
    world.tick("2013-07-02T00:30:00Z").await;
}

fn file(world: &World, name: &str) -> Value {
    let key = format!("reports/model={MODEL}/window=1d/end=2013-07-02T00/{name}");
    serde_json::from_slice(world.lake().get(&key).map_or(b"no such file".as_slice(), Vec::as_slice)).unwrap()
}

#[tokio::test]
async fn an_imported_baseline_counts_until_a_training_set_comes() {
    let world = World::new().await;
    world.train_bytes("baseline.profile", &encode(&imported()).unwrap()).await;
    world.settle().await;
    let receipt = world.receipts().pop().unwrap();
    assert_eq!((receipt.outcome, receipt.lines.accepted), (Outcome::Baseline, 480));
    let version = receipt.baseline.unwrap();
    let stored = &world.lake()[&format!("baselines/model={MODEL}/{version}.profile")];
    let baseline: Baseline = decode(stored).unwrap();
    baseline.check().unwrap();
    assert_eq!(baseline.id, version);

    a_day(&world, 100.0).await;
    let (verdict, _) = world.verdict("2013-07-02");
    assert_eq!(verdict.baselines[0].id, version);
    assert_eq!(verdict.state, State::Ok, "{}", verdict.headline);

    world.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    world.tick("2013-07-02T01:30:00Z").await;
    let (verdict, _) = world.verdict("2013-07-02");
    assert_ne!(verdict.baselines[0].id, version, "the training set is younger");
}

#[tokio::test]
async fn drift_against_an_imported_baseline_is_written_for_old_readers_too_and_once() {
    let world = World::empty().await;
    world.contract(&format!("{CONTRACT}{COMPATIBLE}")).await;
    world.train_bytes("baseline.profile", &encode(&imported()).unwrap()).await;
    a_day(&world, 160.0).await;
    let (verdict, _) = world.verdict("2013-07-02");
    assert_eq!(verdict.state, State::Drift, "{}", verdict.headline);
    let violations = file(&world, "constraint_violations.json");
    assert_eq!(violations["monitoring_execution_status"], "CompletedWithViolations");
    assert!(violations["violations"].as_array().unwrap().iter().any(|one| one["feature_name"] == "amount"), "{violations:#}");
    let statistics = file(&world, "statistics.json");
    assert_eq!(statistics["dataset"]["item_count"], 1440);

    let before = world.state().await;
    world.tick("2013-07-02T01:30:00Z").await;
    assert_eq!(before.difference(&world.state().await), "");

    // Late records change the window: the files follow.
    world.log("late.jsonl", log("2013-07-01", 5, 10, 160.0, 99)).await;
    world.settle().await;
    world.tick("2013-07-02T02:30:00Z").await;
    assert_eq!(file(&world, "statistics.json")["dataset"]["item_count"], 1450);
}

#[tokio::test]
async fn a_contract_that_asks_for_nothing_writes_nothing_beside_the_verdict() {
    let world = World::new().await;
    world.train_bytes("baseline.profile", &encode(&imported()).unwrap()).await;
    a_day(&world, 100.0).await;
    assert!(world.keys("reports/").iter().all(|key| key.ends_with("verdict.json") || key.ends_with("index.html")));
}

#[tokio::test]
async fn a_baseline_that_contradicts_itself_is_refused_and_the_old_one_stays() {
    let world = World::new().await;
    world.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    let mut broken = imported();
    broken.profile.fields[0].present += 1;
    world.train_bytes("broken.profile", &encode(&broken).unwrap()).await;
    world.train_bytes("noise.profile", b"no profile at all").await;
    world.settle().await;
    let refused: Vec<_> = world.receipts().into_iter().filter(|receipt| receipt.outcome == Outcome::Unreadable).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|receipt| receipt.reason.is_some() && receipt.baseline.is_none()));
    a_day(&world, 100.0).await;
    let (verdict, _) = world.verdict("2013-07-02");
    assert!(verdict.baselines[0].location.ends_with("june.jsonl"), "{}", verdict.baselines[0].location);
}
