//! Dataset versions: what a training set and a window of collected records become, and what a set at fault becomes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tidegate_lake::{CurrentBaseline, Lake, Manifest, Outcome, Publication};
use tidegate_local_account::{LAKE, LOGS, Moment};
use tidegate_monitoring::{CheckOutcome, DRIFT_CHECK, DatasetSource, Verdict};
use tidegate_registry::{GateOutcome, VersionState};
use tidegate_tests::{MODEL, World, log, training_set};

use crate::candidates::Desk;
use crate::crash_points::check;
use crate::demo_data::two_weeks_of_july;

const JULY: (&str, &str) = ("2013-07-01T00:00:00Z", "2013-07-03T00:00:00Z");

fn below(world: &World, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    world.lake().into_iter().filter(|(key, _)| key.starts_with(prefix)).collect()
}

/// Every publication, the oldest first.
async fn publications(world: &World) -> Vec<Publication> {
    Lake::new(world.account.s3.clone(), LAKE).publications(MODEL).await.unwrap()
}

async fn named(world: &World, name: &str) -> Publication {
    publications(world).await.into_iter().find(|publication| publication.name == name).unwrap()
}

fn manifest(world: &World, version: &str) -> Manifest {
    serde_json::from_slice(world.lake().get(&tidegate_lake::keys::dataset(MODEL, version)).unwrap()).unwrap()
}

fn current(world: &World) -> CurrentBaseline {
    serde_json::from_slice(world.lake().get(&tidegate_lake::keys::current_baseline(MODEL)).unwrap()).unwrap()
}

fn outcome(publication: &Publication, check: &str) -> CheckOutcome {
    publication.checks.iter().find(|found| found.name == check).unwrap().outcome
}

/// A training set of June and logs of two days of July.
async fn collected() -> World {
    let world = World::new().await;
    world.train("june.jsonl", &training_set(100.0)).await;
    for (day, hour, seed) in [("2013-07-01", 5, 1), ("2013-07-01", 6, 2), ("2013-07-02", 5, 3)] {
        world.log(&format!("{day}-{hour}.jsonl"), log(day, hour, 60, 100.0, seed)).await;
    }
    world.settle().await;
    world
}

#[tokio::test]
async fn the_same_bytes_are_the_same_version_whoever_puts_them_and_when() {
    let (world, other) = (World::new().await, World::new().await);
    world.train("june.jsonl", &training_set(100.0)).await;
    other.train("may.jsonl", &training_set(80.0)).await;
    other.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    other.settle().await;
    let (ours, theirs) = (named(&world, "june.jsonl").await, named(&other, "june.jsonl").await);
    assert_eq!(ours.version, theirs.version, "what came before is no part of it");
    assert_eq!((ours.compared_with, theirs.compared_with), (None, Some(named(&other, "may.jsonl").await.version)));

    let before = world.keys("datasets/");
    world.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    assert_eq!(world.keys("datasets/"), before);
    assert_ne!(named(&world, "june.jsonl").await.at_ms, ours.at_ms, "it counts from the time at which it was put last");
}

#[tokio::test]
async fn a_moved_training_set_is_a_warning_whatever_order_the_two_come_in() {
    let mut found = BTreeSet::new();
    for later_first in [false, true] {
        let world = World::new().await;
        world.train("may.jsonl", &training_set(100.0)).await;
        world.train("june.jsonl", &training_set(180.0)).await;
        let mut bodies = world.account.take_notifications().unwrap();
        if later_first {
            bodies.reverse();
        }
        for body in bodies {
            world.account.send_to_collect(&body).await.unwrap();
            world.settle().await;
        }
        let june = named(&world, "june.jsonl").await;
        assert_eq!(outcome(&june, DRIFT_CHECK), CheckOutcome::Warn, "{:#?}", june.checks);
        assert_eq!(outcome(&named(&world, "may.jsonl").await, DRIFT_CHECK), CheckOutcome::Pass);
        assert!(june.has_passed());
        assert_eq!(current(&world).version, june.version);
        found.insert(below(&world, "datasets/").into_iter().chain(below(&world, "baselines/")).collect::<Vec<_>>());
    }
    assert_eq!(found.len(), 1, "the same checks, whatever came first");
}

#[tokio::test]
async fn a_window_is_one_version_however_often_and_in_what_order_it_is_asked_for() {
    let (once, often) = (collected().await, collected().await);
    once.publish(JULY.0, JULY.1).await;
    once.publish(JULY.0, "2013-07-02T00:00:00Z").await;
    once.settle().await;
    for to in ["2013-07-02T00:00:00Z", JULY.1, JULY.1, "2013-07-02T00:00:00Z", JULY.1] {
        often.publish(JULY.0, to).await;
        often.settle().await;
    }
    assert_eq!(below(&once, "datasets/"), below(&often, "datasets/"));
    assert_eq!(below(&once, "baselines/"), below(&often, "baselines/"));

    let july = named(&once, "2013-07-01_2013-07-03").await;
    assert_eq!((july.source, july.records), (DatasetSource::Window, 180));
    let manifest = manifest(&once, &july.version);
    assert_eq!((manifest.files.len(), manifest.rows, manifest.quarantined), (3, 180, 0));
    assert!(manifest.files[0].name.starts_with("version=1/dt=2013-07-01/hour=05/"), "{}", manifest.files[0].name);
    assert!(july.has_passed(), "{:#?}", july.checks);
    assert_eq!(current(&once).key, "datasets/churn/june.jsonl", "a window is no baseline by itself");
    assert!(once.lake().contains_key(&tidegate_lake::keys::baseline(MODEL, &july.version)));
}

#[tokio::test]
async fn a_log_that_comes_again_changes_no_published_window() {
    let world = collected().await;
    world.publish(JULY.0, JULY.1).await;
    world.settle().await;
    let published = below(&world, "datasets/");
    world.log("2013-07-01-5.jsonl", log("2013-07-01", 5, 10, 500.0, 9)).await;
    world.settle().await;
    assert_eq!(below(&world, "datasets/"), published);

    // Asked for again, the window is another version beside the first.
    world.publish(JULY.0, JULY.1).await;
    world.settle().await;
    let now = below(&world, "datasets/");
    let first = publications(&world).await.into_iter().find(|publication| publication.records == 180).unwrap();
    for (key, bytes) in published.iter().filter(|(key, _)| !key.ends_with(".checks.json")) {
        assert_eq!(now.get(key), Some(bytes), "{key}");
    }
    let of_window: Vec<u64> =
        publications(&world).await.iter().filter(|found| found.name == first.name).map(|found| found.records).collect();
    assert_eq!(of_window.iter().sum::<u64>(), 180 + 130);
}

#[tokio::test]
async fn an_upload_that_was_repeated_and_one_that_cannot_be_read_are_counted_as_drift_counts_them() {
    let world = collected().await;
    world.log("again.jsonl", log("2013-07-01", 5, 60, 100.0, 1)).await;
    world.log("broken.jsonl", log("2013-07-01", 7, 2, 100.0, 7) + "not\na\nrecord\n").await;
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    world.publish(JULY.0, "2013-07-02T00:00:00Z").await;
    world.settle().await;
    let day = named(&world, "2013-07-01_2013-07-02").await;
    assert_eq!(day.records, 120);
    assert_eq!(day.records, world.verdict("2013-07-02").0.records);
    assert_eq!(outcome(&day, "duplicates"), CheckOutcome::Pass);
    assert_eq!(outcome(&day, "unreadable"), CheckOutcome::Warn);
}

#[tokio::test]
async fn an_empty_window_and_one_that_is_none_publish_nothing() {
    let world = collected().await;
    let before = world.keys("datasets/");
    world.publish("2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z").await;
    world.publish("2013-07-02T00:00:00Z", "2013-07-01T00:00:00Z").await;
    world.settle().await;
    assert_eq!(world.keys("datasets/"), before);
    let dead = world.account.dead_letters(world.account.collect_queue()).await.unwrap();
    assert_eq!(dead.len(), 1, "the one that ends before it begins: {dead:?}");
}

/// A training set whose amounts are words in one row of so many.
fn words_for_amounts(every: usize) -> String {
    let mut text = String::new();
    for (at, line) in training_set(100.0).lines().enumerate() {
        let (before, rest) = line.split_once("\"amount\":").unwrap();
        let (amount, after) = rest.split_once(',').unwrap();
        let amount = if at % every == 0 { "\"lots\"" } else { amount };
        writeln!(text, "{before}\"amount\":{amount},{after}").unwrap();
    }
    text
}

#[tokio::test]
async fn a_publication_that_fails_is_kept_and_marked_and_is_no_baseline() {
    let world = World::new().await;
    world.train("june.jsonl", &training_set(100.0)).await;
    world.train("july.jsonl", &words_for_amounts(10)).await;
    world.train("august.jsonl", &(training_set(100.0) + &training_set(100.0))).await;
    world.settle().await;
    let (june, july, august) = (named(&world, "june.jsonl").await, named(&world, "july.jsonl").await, named(&world, "august.jsonl").await);
    assert_eq!((outcome(&july, "types"), july.outcome()), (CheckOutcome::Fail, CheckOutcome::Fail));
    assert!(july.says().contains("amount is infinite or not of the contract's type in 48 of 480 rows (10 %)"), "{}", july.says());
    assert_eq!((outcome(&august, "duplicates"), outcome(&august, "ids")), (CheckOutcome::Fail, CheckOutcome::Fail));
    assert_eq!(current(&world).version, june.version);
    assert_eq!(august.compared_with, Some(june.version), "a set that failed is nothing to compare with");

    for failed in [july, august] {
        assert_eq!(manifest(&world, &failed.version).files.len(), 1);
        let receipt = world.receipts().into_iter().find(|receipt| receipt.baseline.as_ref() == Some(&failed.version)).unwrap();
        assert_eq!((receipt.outcome, receipt.reason), (Outcome::Unfit, Some(failed.says())));
    }
    assert!(world.account.dead_letters(world.account.registry_queue()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_training_set_of_several_files_is_one_version_when_its_marker_is_written() {
    let lines: Vec<String> = training_set(100.0).lines().map(str::to_owned).collect();
    let parts = [lines[..200].join("\n"), lines[200..].join("\n")];
    let mut versions = BTreeSet::new();
    for (marker, order) in [("_SUCCESS", [0, 1]), ("manifest.json", [1, 0])] {
        let world = World::new().await;
        for at in order {
            world.train(&format!("spring/part-{at}.jsonl"), &parts[at]).await;
        }
        world.train("spring/_temporary/part-0.jsonl", "not of the set\n").await;
        world.settle().await;
        assert_eq!(world.keys("datasets/"), Vec::<String>::new(), "it is not complete");
        world.train(&format!("spring/{marker}"), "").await;
        world.settle().await;
        let spring = named(&world, "spring").await;
        let manifest = manifest(&world, &spring.version);
        let names: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((names.as_slice(), manifest.rows), (["spring/part-0.jsonl", "spring/part-1.jsonl"].as_slice(), 480));
        assert_eq!(current(&world).version, spring.version);
        versions.insert(spring.version);
    }
    assert_eq!(versions.len(), 1);
}

#[tokio::test]
async fn a_window_recovers_whatever_call_fails() {
    let start = collected().await;
    for moment in [Moment::Before, Moment::After, Moment::Midway] {
        let points = check(moment, &start, async |world| {
            world.publish(JULY.0, JULY.1).await;
            world.settle().await;
        })
        .await;
        eprintln!("window, {moment:?}: {points} points");
        assert!(points > 40, "only {points} points");
    }
}

#[tokio::test]
async fn a_training_set_of_several_files_recovers_whatever_call_fails() {
    let start = World::new().await;
    start.train("may.jsonl", &training_set(80.0)).await;
    start.settle().await;
    for moment in [Moment::Before, Moment::After, Moment::Midway] {
        let points = check(moment, &start, async |world| {
            for (name, text) in [("june/a.jsonl", training_set(100.0)), ("june/b.jsonl", log("2013-06-09", 5, 60, 100.0, 1))] {
                world.train(name, &text).await;
            }
            world.train("june/_SUCCESS", "").await;
            world.settle().await;
        })
        .await;
        eprintln!("folder, {moment:?}: {points} points");
        assert!(points > 40, "only {points} points");
    }
}

#[tokio::test]
async fn a_candidate_that_was_trained_on_a_failed_set_does_not_pass() {
    let mut desk = Desk::new().await;
    let good = desk.training_set.clone();
    // Ages are words in a tenth of the rows.
    let rows = crate::candidates::csv(&crate::candidates::people(20_000, 3));
    let bad: Vec<String> = rows
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut values: Vec<&str> = line.split(',').collect();
            if at > 0 && at % 10 == 0 {
                values[2] = "old";
            }
            values.join(",")
        })
        .collect();
    desk.put("datasets/churn/bad.csv", bad.join("\n").as_bytes()).await;
    desk.account.settle().await.unwrap();
    let published = Lake::new(desk.account.s3.clone(), LAKE).publications(MODEL).await.unwrap();
    let bad = published.iter().find(|publication| publication.name == "bad.csv").unwrap();
    assert_eq!(outcome(bad, "types"), CheckOutcome::Fail, "{:#?}", bad.checks);
    assert_eq!(outcome(bad, "outcome"), CheckOutcome::Pass, "there is a column left");

    desk.training_set.clone_from(&bad.version);
    let version = desk.submit("on-bad", (1.5, 1.5)).await;
    let gate = version.gate.unwrap();
    let rule = gate.rules.iter().find(|rule| rule.name == "training_set").unwrap();
    assert_eq!((rule.outcome, gate.outcome, version.state), (GateOutcome::Fail, GateOutcome::Fail, VersionState::Rejected));
    assert!(rule.says.starts_with("The training set bad.csv failed its checks: age is infinite or not"), "{}", rule.says);

    desk.training_set = good;
    assert_eq!(desk.submit("on-good", (1.5, 1.5)).await.state, VersionState::Champion);
}

#[tokio::test]
async fn a_candidate_may_be_trained_on_a_window_and_its_rows_are_told_from_the_evaluation_set() {
    let mut desk = Desk::new().await;
    // What was collected are the very people that the model is judged by, with their ids.
    let mut lines = String::new();
    for (at, (id, amount, age, plan, _)) in crate::candidates::people(10_000, 2).into_iter().take(300).enumerate() {
        let (hour, minute) = (at / 60, at % 60);
        writeln!(
            lines,
            r#"{{"timestamp":"2013-07-01T{hour:02}:{minute:02}:00Z","inference_id":"{id}","version":"1","features":{{"amount":{amount:.6},"age":{age:.6},"plan":"{plan}"}},"score":0.5}}"#
        )
        .unwrap();
    }
    desk.account.s3.put_object().bucket(LOGS).key("churn/all.jsonl").body(lines.into_bytes().into()).send().await.unwrap();
    desk.account.settle().await.unwrap();
    let window = r#"{"publish":{"model":"churn","from":"2013-07-01T00:00:00Z","to":"2013-07-02T00:00:00Z"}}"#;
    desk.account.send_to_collect(window).await.unwrap();
    desk.account.settle().await.unwrap();
    let published = Lake::new(desk.account.s3.clone(), LAKE).publications(MODEL).await.unwrap();
    let window = published.iter().find(|publication| publication.source == DatasetSource::Window).unwrap();
    desk.training_set.clone_from(&window.version);
    let gate = desk.submit("leak", (1.5, 1.5)).await.gate.unwrap();
    let rule = gate.rules.iter().find(|rule| rule.name == "training_overlap").unwrap();
    assert!(rule.says.starts_with("300 of 4,000 rows"), "{}", rule.says);
}

#[tokio::test]
async fn windows_are_held_against_what_the_champion_was_trained_on() {
    let desk = Desk::new().await;
    let may = desk.training_set.clone();
    // Written in the same second as May, the greater key counts.
    desk.put("datasets/churn/summer.csv", crate::candidates::csv(&crate::candidates::people(30_000, 4)).as_bytes()).await;
    let mut lines = String::new();
    for (at, (id, amount, age, plan, _)) in crate::candidates::people(40_000, 5).into_iter().take(300).enumerate() {
        let (hour, minute) = (at / 60, at % 60);
        writeln!(
            lines,
            r#"{{"timestamp":"2013-07-01T{hour:02}:{minute:02}:00Z","inference_id":"{id}","version":"1","features":{{"amount":{amount:.6},"age":{age:.6},"plan":"{plan}"}},"score":0.5}}"#
        )
        .unwrap();
    }
    desk.account.s3.put_object().bucket(LOGS).key("churn/all.jsonl").body(lines.into_bytes().into()).send().await.unwrap();
    desk.account.settle().await.unwrap();
    let judged_against = async || {
        desk.account.tick("2013-07-02T00:05:00Z").await.unwrap();
        desk.account.settle().await.unwrap();
        let path = desk.account.bucket_folder(LAKE).join("reports/model=churn/window=1d/end=2013-07-02T00/verdict.json");
        let verdict: Verdict = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        (verdict.records, verdict.baselines[0].id.clone())
    };
    let (records, newest) = judged_against().await;
    assert_eq!(records, 300);
    assert_ne!(newest, may, "without a champion, the newest set counts");
    assert_eq!(desk.submit("on-may", (1.5, 1.5)).await.state, VersionState::Champion);
    assert_eq!(judged_against().await, (300, may));
}

#[tokio::test]
async fn the_demo_s_january_passes_and_its_july_becomes_what_drift_counted() {
    let folder = tempfile::tempdir().unwrap();
    let account = two_weeks_of_july(folder.path()).await;
    account.tick("2013-07-15T00:05:00Z").await.unwrap();
    let window = r#"{"publish":{"model":"flight-delay","from":"2013-07-08T00:00:00Z","to":"2013-07-15T00:00:00Z"}}"#;
    account.send_to_collect(window).await.unwrap();
    account.settle().await.unwrap();
    assert!(account.dead_letters(account.collect_queue()).await.unwrap().is_empty());
    assert!(account.dead_letters(account.registry_queue()).await.unwrap().is_empty());
    let published = Lake::new(account.s3.clone(), LAKE).publications("flight-delay").await.unwrap();
    let [january, july] = published.as_slice() else { panic!("{published:#?}") };
    for check in january.checks.iter().chain(&july.checks) {
        eprintln!("{:12} {:?} {}", check.name, check.outcome, check.says);
    }
    assert!(january.has_passed() || july.has_passed());
    let (window, training) = if january.source == DatasetSource::Window { (january, july) } else { (july, january) };
    assert!(training.has_passed(), "{}", training.says());
    assert!(window.has_passed(), "{}", window.says());
    let path = account.bucket_folder(LAKE).join("reports/model=flight-delay/window=7d/end=2013-07-15T00/verdict.json");
    let verdict: Verdict = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(window.records, verdict.records);
}
