//! Ground truth over the whole road: it comes late, in pieces, repeated, corrected, early and broken, and the judgement is that of everything that came.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tidegate_lake::{Outcome, Receipt};
use tidegate_local_account::{Dice, LAKE, LOGS, LocalAccount, MODELS};
use tidegate_monitoring::State;
use tidegate_performance::{Measured, Performance};
use tidegate_tests::{CONTRACT, MODEL, World, log};

const DAYS: [&str; 3] = ["2013-07-01", "2013-07-02", "2013-07-03"];

/// A schedule after the last day, the first of its day: it looks at every window.
const TICK: &str = "2013-07-04T00:05:00Z";

fn contract() -> String {
    format!("{CONTRACT}validation: {{ positive: leaves }}\n")
}

/// One outcome as it is reported.
#[derive(Debug, Clone)]
struct Report {
    id: String,
    actual: &'static str,
    time: String,
}

impl Report {
    fn json(&self) -> String {
        let Self { id, actual, time } = self;
        format!("{{\"inference_id\":\"{id}\",\"actual\":\"{actual}\",\"time\":\"{time}\"}}\n")
    }

    fn csv(&self) -> String {
        let Self { id, actual, time } = self;
        format!("{id},{actual},{time}\n")
    }
}

/// What came of every prediction of a log: as often as its score says, six hours or more after it.
fn outcomes(log: &str, seed: u64) -> Vec<Report> {
    let mut dice = Dice::new(seed);
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .map(|record| {
            let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap();
            let actual = if dice.roll() < record.get("score").and_then(Value::as_f64).unwrap() { "leaves" } else { "stays" };
            let time = text("timestamp");
            let time = format!("{}T2{}:15:0{}Z", &time[..10], dice.below(4), dice.below(3));
            Report { id: text("inference_id").to_owned(), actual, time }
        })
        .collect()
}

/// Everything that was said of quality, without what tells how often and from which files it was made.
async fn said(world: &World) -> BTreeMap<String, Vec<u8>> {
    let state = world.state().await.0;
    let said = state
        .into_iter()
        .filter(|(key, _)| key.starts_with("performance/") && !key.ends_with("joined.json") || key.contains("PERFORMANCE#"));
    said.map(|(key, bytes)| match serde_json::from_slice::<BTreeMap<String, Value>>(&bytes) {
        Ok(mut item) if key.starts_with("table ") => {
            item.remove("inputs_digest");
            (key, serde_json::to_vec(&item).unwrap())
        }
        _ => (key, bytes),
    })
    .collect()
}

async fn judge(world: &World, time: &str) {
    world.account.tick_performance(time).await.unwrap();
    world.settle().await;
}

fn performance(world: &World, end: &str) -> (Performance, Measured) {
    let file = |name: &str| world.lake().remove(&format!("performance/model={MODEL}/window=1d/end={end}T00/{name}")).unwrap();
    (serde_json::from_slice(&file("performance.json")).unwrap(), serde_json::from_slice(&file("measured.json")).unwrap())
}

#[tokio::test]
async fn truth_that_comes_late_updates_the_window_that_it_belongs_to() {
    let world = World::empty().await;
    world.contract(&contract()).await;
    let logs: Vec<String> = DAYS.iter().zip(1..).map(|(day, seed)| log(day, 12, 200, 100.0, seed)).collect();
    for (day, log) in DAYS.iter().zip(&logs) {
        world.log(&format!("{day}.jsonl"), log).await;
    }
    world.settle().await;
    judge(&world, TICK).await;
    let (none, measured) = performance(&world, "2013-07-02");
    assert_eq!((none.state, none.predictions, none.labelled), (State::InsufficientData, 200, 0));
    assert!(none.estimated.is_some() && measured.quality.is_none());

    // The truth of the first day, told by its content, weeks later.
    let truth: String = outcomes(&logs[0], 7).iter().map(Report::json).collect();
    world.log("anywhere/labels.jsonl", truth).await;
    world.settle().await;
    let receipt = world.receipts().into_iter().find(|receipt| receipt.location.ends_with("labels.jsonl")).unwrap();
    assert_eq!((receipt.outcome, receipt.lines.accepted), (Outcome::Truth, 200));
    let before = said(&world).await;
    judge(&world, "2013-07-25T00:05:00Z").await;
    let after = said(&world).await;
    let (found, measured) = performance(&world, "2013-07-02");
    assert_eq!((found.labelled, measured.coverage.share), (200, Some(1.0)));
    let is_changed =
        |(key, bytes): &(&String, &Vec<u8>)| key.ends_with("measured.json") && before.get(*key).is_some_and(|before| before != *bytes);
    let changed: Vec<&String> = after.iter().filter(is_changed).map(|(key, _)| key).collect();
    assert_eq!(changed, [&format!("performance/model={MODEL}/window=1d/end=2013-07-02T00/measured.json")]);

    // A schedule that finds nothing new writes nothing.
    let state = world.state().await;
    judge(&world, "2013-07-25T01:05:00Z").await;
    judge(&world, "2013-07-25T00:05:00Z").await;
    assert_eq!(state.difference(&world.state().await), "");
}

#[tokio::test]
async fn any_split_order_and_repetition_of_the_truth_gives_the_same_bytes() {
    const CASES: u64 = 12;
    let logs: Vec<String> = DAYS.iter().zip(1..).map(|(day, seed)| log(day, 12, 60, 100.0, seed)).collect();
    let mut expected = None;
    for case in 0..CASES {
        let mut dice = Dice::new(case + 1);
        let mut reports: Vec<Report> = logs.iter().zip(40..).flat_map(|(log, seed)| outcomes(log, seed)).collect();
        // Corrections, some at the very time of what they correct, and outcomes of predictions that nobody made.
        let mut corrections = Dice::new(99);
        for place in 0..reports.len() {
            if corrections.roll() < 0.3 {
                let first = reports[place].clone();
                let time = if corrections.roll() < 0.5 { first.time.clone() } else { format!("{}T23:59:59Z", &first.time[..10]) };
                reports.push(Report { actual: if corrections.roll() < 0.5 { "leaves" } else { "stays" }, time, ..first });
            }
        }
        reports.push(Report { id: "nobody".to_owned(), actual: "leaves", time: "2013-07-02T00:00:00Z".to_owned() });
        // The first case is one file in order; every other is cut, shuffled and repeated.
        let files = if case == 0 { 1 } else { 1 + dice.below(4) };
        let mut split: Vec<Vec<Report>> = vec![Vec::new(); files];
        while !reports.is_empty() {
            let report = reports.remove(if case == 0 { 0 } else { dice.below(reports.len()) });
            if case > 0 && dice.roll() < 0.1 {
                split[dice.below(files)].push(report.clone());
            }
            split[dice.below(files)].push(report);
        }
        let world = World::empty().await;
        // So few days are planned at once, since each case plans them several times.
        world.contract(&format!("{}truth: {{ late_days: 4 }}\n", contract())).await;
        // Logs and truth in any order: truth may come before its prediction does.
        let mut steps: Vec<usize> = (0..DAYS.len() + files).collect();
        for place in 0..steps.len() {
            let other = if case == 0 { place } else { dice.below(steps.len()) };
            steps.swap(place, other);
        }
        for step in steps {
            if let Some((day, log)) = DAYS.get(step).zip(logs.get(step)) {
                world.log(&format!("{day}.jsonl"), log).await;
            } else {
                let reports = &split[step - DAYS.len()];
                if step % 2 == 0 {
                    let text: String = reports.iter().map(Report::json).collect();
                    world.log(&format!("truth/{step}.jsonl"), text).await;
                } else {
                    let rows: String = reports.iter().map(Report::csv).collect();
                    world.log(&format!("truth/{step}.csv"), format!("inference_id,actual,time\n{rows}")).await;
                }
            }
            if case > 0 && dice.roll() < 0.4 {
                world.settle().await;
                judge(&world, TICK).await;
            }
        }
        world.settle().await;
        judge(&world, TICK).await;
        // What the first windows show may have changed after later ones were held against them: the next schedule sees it.
        judge(&world, TICK).await;
        let found = said(&world).await;
        assert_eq!(found.keys().filter(|key| key.ends_with("performance.json")).count(), DAYS.len());
        match &expected {
            None => expected = Some(found),
            Some(expected) => {
                let expected = tidegate_tests::State(expected.clone());
                assert_eq!(expected.difference(&tidegate_tests::State(found)), "", "case {case}");
            }
        }
    }
}

#[tokio::test]
async fn truth_that_is_garbage_is_put_aside_with_its_reasons() {
    let world = World::empty().await;
    world.contract(&contract()).await;
    let mut text = String::from("{\"inference_id\":\"a\",\"actual\":\"leaves\"}\n\nnonsense\n");
    writeln!(
        text,
        "{{\"inference_id\":\"b\"}}\n{{\"actual\":\"stays\"}}\n{{\"inference_id\":\"c\",\"actual\":\"stays\",\"time\":\"soon\"}}"
    )
    .unwrap();
    world.log("truth/mixed.jsonl", text).await;
    world.log("truth/rubbish.jsonl", vec![0xff_u8; 40]).await;
    world.settle().await;
    let receipts = world.receipts();
    let of = |name: &str| -> &Receipt { receipts.iter().find(|receipt| receipt.location.ends_with(name)).unwrap() };
    let mixed = of("mixed.jsonl");
    assert_eq!(
        (mixed.outcome, mixed.lines.read, mixed.lines.accepted, mixed.lines.quarantined, mixed.lines.blank),
        (Outcome::Truth, 6, 1, 4, 1)
    );
    assert_eq!(mixed.reasons.keys().collect::<Vec<_>>(), ["actual", "identity", "json", "timestamp"]);
    assert_eq!(of("rubbish.jsonl").outcome, Outcome::Unreadable);
    assert_eq!(world.keys(&format!("quarantine/model={MODEL}")).len(), 2);
    assert_eq!(world.keys(&format!("truth/model={MODEL}")).len(), 1);
}

#[tokio::test]
async fn a_file_of_truth_that_is_replaced_takes_its_outcomes_along_and_a_message_by_hand_changes_nothing() {
    let world = World::empty().await;
    world.contract(&contract()).await;
    let scored = log(DAYS[0], 12, 80, 100.0, 1);
    world.log("a.jsonl", &scored).await;
    world.log("truth/a.jsonl", outcomes(&scored, 7).iter().map(Report::json).collect::<String>()).await;
    // Another content under the same key, whose outcomes became known on another day: what the first left is gone.
    world.log("truth/b.jsonl", "{\"inference_id\":\"x\",\"actual\":\"stays\",\"time\":\"2013-07-09T00:00:00Z\"}\n").await;
    world.settle().await;
    assert_eq!(world.keys(&format!("truth/model={MODEL}/dt=2013-07-09")).len(), 1);
    world.log("truth/b.jsonl", "{\"inference_id\":\"x\",\"actual\":\"stays\",\"time\":\"2013-07-05T00:00:00Z\"}\n").await;
    world.settle().await;
    assert_eq!(world.keys(&format!("truth/model={MODEL}/dt=2013-07-09")).len(), 0);
    assert_eq!(world.keys(&format!("truth/model={MODEL}/dt=2013-07-05")).len(), 1);
    judge(&world, "2013-07-02T00:05:00Z").await;
    let expected = world.state().await;
    world
        .account
        .send_to_performance(&format!("{{\"model\":\"{MODEL}\",\"window\":\"1d\",\"end\":\"2013-07-02T00:00:00Z\"}}"))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(expected.difference(&world.state().await), "", "a message by hand changes nothing");
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/demo")
}

/// The demo's account with its scoring logs of 6 to 17 July.
async fn flights(folder: &Path) -> LocalAccount {
    let account = LocalAccount::start(folder).await.unwrap();
    // Days are enough here: longer windows read the same records again.
    let contract = std::fs::read_to_string(demo().join("flight-delay.yaml")).unwrap().replace("[1d, 7d, 30d]", "[1d]")
        + "\ntruth: { late_days: 20 }\n";
    account.s3.put_object().bucket(MODELS).key("contracts/flight-delay.yaml").body(contract.into_bytes().into()).send().await.unwrap();
    for day in 6..18 {
        for hour in 0..24 {
            let key = format!("flight-delay/2013/07/{day:02}/{hour:02}/scoring-1.jsonl.gz");
            let file = demo().join("logs").join(&key);
            if file.exists() {
                account.s3.put_object().bucket(LOGS).key(&key).body(std::fs::read(file).unwrap().into()).send().await.unwrap();
            }
        }
    }
    account.settle().await.unwrap();
    account
}

#[tokio::test]
async fn flights_are_judged_as_they_land() {
    let folder = tempfile::tempdir().unwrap();
    let account = flights(folder.path()).await;
    let day = |end: u32| -> (Performance, Measured) {
        let folder = account.bucket_folder(LAKE).join(format!("performance/model=flight-delay/window=1d/end=2013-07-{end:02}T00"));
        let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
        assert!(file("index.html").len() < 200_000);
        (serde_json::from_slice(&file("performance.json")).unwrap(), serde_json::from_slice(&file("measured.json")).unwrap())
    };
    let judge = async |time: &str| {
        account.tick_performance(time).await.unwrap();
        account.settle().await.unwrap();
    };
    // Night by night, as a job would write what landed on a day.
    let mut shares = Vec::new();
    for night in 6..19 {
        let key = format!("flight-delay/2013/07/{night:02}.jsonl.gz");
        let body = std::fs::read(demo().join("truth").join(&key)).unwrap();
        account
            .s3
            .put_object()
            .bucket(LOGS)
            .key(format!("flight-delay/truth/2013/07/{night:02}.jsonl.gz"))
            .body(body.into())
            .send()
            .await
            .unwrap();
        account.settle().await.unwrap();
        if matches!(night, 6 | 7 | 9) {
            judge(&format!("2013-07-{:02}T00:05:00Z", night + 1)).await;
            shares.push(day(7).1.coverage.share.unwrap());
        }
    }
    // Flights that leave in the evening land after midnight; cancelled ones are known a day later.
    assert!(shares[0] > 0.5 && shares[0] < shares[1] && shares[1] <= shares[2] && shares[2] > 0.99, "{shares:?}");
    judge("2013-07-20T00:05:00Z").await;
    judge("2013-07-20T00:05:00Z").await;
    assert!(account.dead_letters(account.performance_queue()).await.unwrap().is_empty());

    // scikit-learn 1.9.1 on the predictions of 14 July and the truth of the flights.
    let (_, measured) = day(15);
    for (metric, expected) in EXPECTED {
        let found = measured.quality.as_ref().unwrap().metrics.iter().find(|(found, _)| found.name() == metric).unwrap().1.value.unwrap();
        assert!((found - expected).abs() < 1e-6, "{metric}: found {found}, expected {expected}");
    }
    // Estimated beside realised, on days that the first seven, whose truth is in, are not of.
    let (mut within, mut all) = (0, 0);
    for end in 14..19 {
        let (performance, _) = day(end);
        let point = performance.trail.last().unwrap();
        let ([low, high], realised) = (point.estimated_interval.unwrap(), point.value.unwrap());
        println!(
            "{end}: realised {realised:.4}, estimated {:.4} ({low:.4} to {high:.4}), {:?} {}",
            point.estimated.unwrap(),
            performance.state,
            performance.headline
        );
        (within, all) = (within + usize::from((low..=high).contains(&realised)), all + 1);
    }
    assert!(within * 5 >= all * 4, "{within} of {all} days lie within what their scores promised");
}

/// Of the 14th of July.
const EXPECTED: [(&str, f64); 10] = [
    ("roc_auc", 0.967_323_175_703),
    ("average_precision", 0.893_178_876_936),
    ("log_loss", 0.188_421_322_859),
    ("brier", 0.051_385_264_944),
    ("accuracy", 0.936_329_588_015),
    ("balanced_accuracy", 0.902_593_762_740),
    ("precision", 0.781_25),
    ("recall", 0.852_272_727_273),
    ("f1", 0.815_217_391_304),
    ("mcc", 0.777_916_765_722),
];
