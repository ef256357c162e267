//! Odd inputs: what a team or an application gets wrong, and what it sees then.

use tidegate_lake::Outcome;
use tidegate_monitoring::{ActionKind, State};
use tidegate_tests::{CONTRACT, World, log, training_set};

async fn trained() -> World {
    let world = World::new().await;
    world.train("june.jsonl", &training_set(100.0)).await;
    world.settle().await;
    world
}

#[tokio::test]
async fn a_bad_line_is_quarantined_with_its_place_and_the_good_ones_are_kept() {
    let world = trained().await;
    let good = log("2013-07-01", 5, 20, 100.0, 1);
    let (first, rest) = good.split_once('\n').unwrap();
    world.log("05.jsonl", format!("{first}\n{{\"cut\": \n{rest}")).await;
    world.settle().await;
    let receipt = world.receipts().into_iter().find(|receipt| receipt.location.ends_with("05.jsonl")).unwrap();
    assert_eq!((receipt.lines.read, receipt.lines.accepted, receipt.lines.quarantined), (21, 20, 1));
    let quarantine = world.keys("quarantine/");
    assert_eq!(quarantine.len(), 1, "{quarantine:?}");
    let line: serde_json::Value = serde_json::from_slice(&world.lake()[&quarantine[0]]).unwrap();
    assert_eq!(line["line"], 2, "{line}");
}

#[tokio::test]
async fn every_line_of_every_object_is_accounted_for() {
    let world = trained().await;
    world.log("a.jsonl", format!("{}\n\nnot json\n", log("2013-07-01", 5, 20, 100.0, 1))).await;
    world.log("b.jsonl", "only\nbad\nlines\n").await;
    world.log("c.jsonl", log("2013-07-01", 6, 1, 100.0, 2).trim_end()).await;
    world.settle().await;
    assert_eq!(world.receipts().len(), 4);
    for receipt in world.receipts() {
        let lines = receipt.lines;
        assert_eq!(lines.read, lines.accepted + lines.quarantined + lines.blank, "{}", receipt.location);
    }
}

#[tokio::test]
async fn an_empty_object_leaves_a_receipt_and_nothing_else() {
    let world = trained().await;
    let before = world.lake().len();
    world.log("empty.jsonl", "").await;
    world.settle().await;
    assert_eq!(world.lake().len(), before + 1);
    assert!(world.receipts().iter().any(|receipt| receipt.outcome == Outcome::Empty));
    assert!(world.account.dead_letters(world.account.collect_queue()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_object_that_no_contract_knows_is_noted_and_left_alone() {
    let world = trained().await;
    world.account.s3.put_object().bucket("logs").key("other-app/x.jsonl").body(b"{}\n".to_vec().into()).send().await.unwrap();
    world.settle().await;
    assert!(world.receipts().iter().any(|receipt| receipt.outcome == Outcome::Unmatched));
    assert!(world.keys("records/").is_empty());
}

#[tokio::test]
async fn a_key_with_spaces_signs_and_accents_is_read_as_it_is() {
    let world = trained().await;
    world.log("dt=2013-07-01/part 1 (late) café+1%20.jsonl", log("2013-07-01", 5, 20, 100.0, 1)).await;
    world.settle().await;
    assert_eq!(world.keys("records/").len(), 1);
}

#[tokio::test]
async fn a_wrong_contract_keeps_the_logs_waiting_until_it_is_mended() {
    let world = World::empty().await;
    world.contract("model: churn\ntask: binary\nfeaturess: []\n").await;
    world.log("05.jsonl", log("2013-07-01", 5, 20, 100.0, 1)).await;
    world.settle().await;
    assert!(world.keys("records/").is_empty());
    world.contract(CONTRACT).await;
    world.recover().await;
    assert_eq!(world.keys("records/").len(), 1, "{:?}", world.receipts());
}

#[tokio::test]
async fn without_a_baseline_a_window_is_counted_and_the_verdict_says_what_is_missing() {
    let world = World::new().await;
    world.log("05.jsonl", log("2013-07-01", 5, 80, 100.0, 1)).await;
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    let (verdict, _) = world.verdict("2013-07-02");
    assert_eq!((verdict.records, verdict.baselines.len()), (80, 0));
    assert_eq!(verdict.action.kind, ActionKind::Supply);
    assert_ne!(verdict.state, State::Drift);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_loses_nothing() {
    let world = trained().await;
    let lake = world.account.bucket_folder("lake");
    let away = lake.with_extension("away");
    std::fs::rename(&lake, &away).unwrap();
    world.log("05.jsonl", log("2013-07-01", 5, 20, 100.0, 1)).await;
    world.settle().await;
    assert!(!lake.exists(), "a missing bucket is not made by writing into it");
    assert_eq!(world.account.dead_letters(world.account.collect_queue()).await.unwrap().len(), 1);
    std::fs::rename(&away, &lake).unwrap();
    world.recover().await;
    assert_eq!(world.keys("records/").len(), 1);
}

#[tokio::test]
async fn a_real_shift_is_called_drift_and_an_ordinary_day_is_not() {
    let world = trained().await;
    for hour in 5..9 {
        world.log(&format!("1-{hour}.jsonl"), log("2013-07-01", hour, 80, 100.0, u64::from(hour))).await;
        world.log(&format!("2-{hour}.jsonl"), log("2013-07-02", hour, 80, 300.0, 50 + u64::from(hour))).await;
    }
    world.settle().await;
    world.tick("2013-07-02T00:05:00Z").await;
    world.tick("2013-07-03T00:05:00Z").await;
    let (ordinary, _) = world.verdict("2013-07-02");
    assert_ne!(ordinary.state, State::Drift, "{}", ordinary.headline);
    let (shifted, _) = world.verdict("2013-07-03");
    assert_eq!(shifted.state, State::Drift, "{}", shifted.headline);
    assert_eq!(shifted.fields[0].name, "amount");
    let page = world.keys("reports/model=churn/window=1d/end=2013-07-03T00/index.html");
    assert_eq!(page.len(), 1);
}

#[tokio::test]
async fn gzip_and_zstd_are_told_by_their_content_whatever_the_name() {
    let world = trained().await;
    let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/demo/logs/flight-delay/2013/02/01/12/scoring-1.jsonl.gz");
    let zipped = std::fs::read(demo).unwrap();
    world.log("misnamed.jsonl", zipped).await;
    world.settle().await;
    let receipt = world.receipts().into_iter().find(|receipt| receipt.location.ends_with("misnamed.jsonl")).unwrap();
    assert!(receipt.lines.accepted > 5, "{receipt:?}");
}
