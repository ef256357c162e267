//! The demo's own data through the same road: what its README promises about its dirt.

use std::path::{Path, PathBuf};

use tidegate_lake::Receipt;
use tidegate_local_account::{LAKE, LOGS, LocalAccount, MODELS};
use tidegate_monitoring::State;

pub(crate) fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/demo")
}

/// The account after the objects of 6 to 19 July, in the manifest's order.
pub(crate) async fn two_weeks_of_july(folder: &Path) -> LocalAccount {
    let account = LocalAccount::start(folder).await.unwrap();
    let put = async |bucket: &str, key: &str, file: PathBuf| {
        let body = std::fs::read(file).unwrap();
        account.s3.put_object().bucket(bucket).key(key).body(body.into()).send().await.unwrap();
    };
    put(MODELS, "contracts/flight-delay.yaml", demo().join("flight-delay.yaml")).await;
    put(MODELS, "datasets/flight-delay/2013-01.parquet", demo().join("training.parquet")).await;
    account.settle().await.unwrap();
    put_july(&account, 6..20).await;
    account
}

/// Puts the objects of these days of July, in the manifest's order.
pub(crate) async fn put_july(account: &LocalAccount, days: std::ops::Range<u32>) {
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(demo().join("manifest.json")).unwrap()).unwrap();
    for object in manifest.get("objects").and_then(serde_json::Value::as_array).unwrap() {
        let key = object["key"].as_str().unwrap();
        let day = key.strip_prefix("flight-delay/2013/07/").and_then(|rest| rest.get(..2)).and_then(|day| day.parse::<u32>().ok());
        if day.is_some_and(|day| days.contains(&day)) {
            let file = object["path"].as_str().map_or_else(|| demo().join("logs").join(key), |path| demo().join(path));
            let body = std::fs::read(file).unwrap();
            account.s3.put_object().bucket(LOGS).key(key).body(body.into()).send().await.unwrap();
        }
    }
    account.settle().await.unwrap();
}

#[tokio::test]
async fn a_stormy_week_of_july_is_drift_and_the_dirt_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let account = two_weeks_of_july(folder.path()).await;
    account.tick("2013-07-15T00:05:00Z").await.unwrap();
    account.settle().await.unwrap();
    assert!(account.dead_letters(account.collect_queue()).await.unwrap().is_empty());
    assert!(account.dead_letters(account.drift_queue()).await.unwrap().is_empty());

    let receipts: Vec<Receipt> = std::fs::read_dir(account.bucket_folder(LAKE).join("receipts"))
        .unwrap()
        .map(|entry| serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap())
        .collect();
    let of = |part: &str| receipts.iter().find(|receipt| receipt.location.contains(part)).unwrap();
    assert_eq!(of("07/12/21/scoring-1").lines.quarantined, 1);
    assert_eq!(of("07/12/22/scoring-1").lines.blank, 1);
    assert_eq!(of("07/18/15/scoring-1.jsonl").content, of("07/18/15/scoring-1-retry").content);

    let report = account.bucket_folder(LAKE).join("reports/model=flight-delay/window=7d/end=2013-07-15T00");
    let verdict: tidegate_monitoring::Verdict = serde_json::from_slice(&std::fs::read(report.join("verdict.json")).unwrap()).unwrap();
    assert_eq!(verdict.state, State::Drift, "{}", verdict.headline);
    // January knows no summer. Whether planes leave later than its days differ takes more than a week to tell.
    assert!(verdict.fields.iter().any(|field| field.name == "temp" && field.state == State::Drift), "{}", verdict.headline);
    let page = std::fs::read(report.join("index.html")).unwrap();
    assert!(page.len() < 200_000, "{} bytes", page.len());
}
