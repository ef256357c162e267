//! From one account to the next: what dev approved is taken over by test, judged again and decided by test's own people; whatever was
//! changed on the way is not.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_lake::Lake;
use tidegate_local_account::{DECISION_URL, LAKE, LocalAccount, MODELS, Setup, TABLE};
use tidegate_registry::{ModelVersion, Registry, Stage, VersionState};

use crate::demo_data::demo;

const MODEL: &str = "flight-delay";

/// How test's account calls dev's lake.
const DEV_LAKE: &str = "dev-lake";

async fn put(account: &LocalAccount, key: &str, bytes: Vec<u8>) {
    account.s3.put_object().bucket(MODELS).key(key).body(bytes.into()).send().await.unwrap();
}

async fn account(folder: &Path, stage: Stage) -> LocalAccount {
    let account = LocalAccount::start_with(folder, Setup { stage, ..Setup::default() }).await.unwrap();
    put(&account, "contracts/flight-delay.yaml", std::fs::read(demo().join("flight-delay.yaml")).unwrap()).await;
    account
}

/// Dev, in which `plain` was approved by its gate, and the event that tells of it.
async fn dev() -> (TempDir, LocalAccount, Value) {
    let folder = tempfile::tempdir().unwrap();
    let dev = account(folder.path(), Stage::Dev).await;
    put(&dev, "datasets/flight-delay/2013-january.parquet", std::fs::read(demo().join("training.parquet")).unwrap()).await;
    put(&dev, "evaluations/flight-delay/august.parquet", std::fs::read(demo().join("candidates/august.parquet")).unwrap()).await;
    dev.settle().await.unwrap();
    let registry = Registry::new(dev.dynamodb.clone(), TABLE);
    let dataset = registry.datasets(MODEL).await.unwrap().remove(0).version;
    let manifest = json!({
        "format": "tidegate.candidate/1",
        "model": MODEL,
        "run": "plain",
        "submitted_by": "ana@example.com",
        "artifact": [{ "file": "model.onnx" }],
        "training_set": dataset,
        "evaluation": { "key": "evaluations/flight-delay/august.parquet", "actual": "outcome" },
    });
    put(&dev, "candidates/flight-delay/plain/model.onnx", std::fs::read(demo().join("candidates/plain.onnx")).unwrap()).await;
    put(&dev, "candidates/flight-delay/plain/manifest.json", manifest.to_string().into_bytes()).await;
    dev.settle().await.unwrap();
    let is_approval = |event: &Value| event.get("detail-type").is_some_and(|kind| kind == "ModelApproved");
    let mut approved = dev.take_events().into_iter().find(is_approval).unwrap();
    assert_eq!(registry.champion(MODEL).await.unwrap().unwrap().number, 1, "dev asks nobody");
    *approved.pointer_mut("/detail/lake_bucket").unwrap() = json!(DEV_LAKE);
    (folder, dev, approved)
}

/// An account beside dev, which can read dev's lake.
async fn beside(dev: &LocalAccount, stage: Stage) -> (TempDir, LocalAccount) {
    let folder = tempfile::tempdir().unwrap();
    let next = account(folder.path(), stage).await;
    symlink(dev.bucket_folder(LAKE), next.bucket_folder(DEV_LAKE)).unwrap();
    next.settle().await.unwrap();
    (folder, next)
}

async fn versions(account: &LocalAccount) -> Vec<ModelVersion> {
    Registry::new(account.dynamodb.clone(), TABLE).versions(MODEL).await.unwrap()
}

#[tokio::test]
async fn what_dev_approved_is_judged_again_and_decided_by_tests_own_people() {
    let (_dev_folder, dev, approved) = dev().await;
    let (_folder, test) = beside(&dev, Stage::Test).await;
    // Buses deliver at least once.
    for _ in 0..2 {
        test.send_to_registry(&approved.to_string()).await.unwrap();
        test.settle().await.unwrap();
    }
    let [version] = versions(&test).await.try_into().expect("one version");
    let original = versions(&dev).await.remove(0);
    assert_eq!((version.id.as_str(), version.lineage.run.as_str()), (original.id.as_str(), "plain"));
    assert_eq!(version.lineage.submitter, "ana@example.com");
    assert_eq!(version.lineage.dataset_version, original.lineage.dataset_version);
    assert_eq!(version.lineage.promoted_from.as_deref(), Some("dev, account 111122223333, version 1"));
    assert_eq!(version.state, VersionState::PendingApproval, "{:?}", version.ending);
    // The training set's rows stay where they are: whether the candidate has seen its evaluation set cannot be told here, so somebody must look.
    assert_eq!(version.gate.as_ref().unwrap().outcome.name(), "cannot-tell");

    let mails = test.mail();
    let link = mails.iter().find(|mail| mail.topic.ends_with("-decisions")).expect("lead is asked");
    let address = link.link().unwrap().strip_prefix(DECISION_URL).unwrap();
    let at_ms = version.request.unwrap().asked_at_ms + 1_000;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = test.http("POST", address, &form, b"choice=approve&name=flight-delay+1&reason=ok", at_ms).await.unwrap();
    assert_eq!(answer.status_code, 200, "{}", answer.body);
    test.settle().await.unwrap();
    assert_eq!(versions(&test).await[0].state, VersionState::Champion);
    let onwards = test.take_events().into_iter().find(|event| event["detail-type"] == "ModelApproved").unwrap();
    assert_eq!(onwards["detail"]["stage"], "test", "prod's turn");
    // The baseline came along: test watches the model's inputs by what it was trained on.
    let baseline = tidegate_lake::keys::baseline(MODEL, original.lineage.dataset_version.as_ref().unwrap());
    assert!(test.bucket_folder(LAKE).join(baseline).exists());
    let current = Lake::new(test.s3.clone(), LAKE).current_baseline(MODEL).await.unwrap();
    assert_eq!(current.map(|current| current.version), original.lineage.dataset_version, "its logs are counted in those cells");
    assert!(test.dead_letters(test.registry_queue()).await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_taken_over_that_is_not_what_was_approved() {
    let (_dev_folder, dev, approved) = dev().await;
    let id = approved["detail"]["artifact"].as_str().unwrap().to_owned();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = approved.clone();
        change(&mut event["detail"]);
        event.to_string()
    };
    let skipped = with(&|detail| detail["stage"] = json!("prod"));
    let renamed = with(&|detail| detail["files"][0]["name"] = json!("../../contracts/flight-delay.yaml"));
    let exchanged = with(&|detail| detail["files"][0]["sha256"] = json!("0".repeat(64)));
    let other = with(&|detail| detail["manifest"] = json!("0".repeat(64)));
    for event in [&skipped, &renamed, &exchanged, &other] {
        let (_folder, test) = beside(&dev, Stage::Test).await;
        test.send_to_registry(event).await.unwrap();
        test.settle().await.unwrap();
        assert_eq!(versions(&test).await, []);
        assert_eq!(test.dead_letters(test.registry_queue()).await.unwrap(), std::slice::from_ref(event));
        assert!(!test.bucket_folder(MODELS).join("candidates/flight-delay/plain/manifest.json").exists());
    }

    // One byte of the model changes in dev's lake after the approval.
    let file = dev.bucket_folder(LAKE).join(tidegate_lake::keys::artifact(MODEL, &id, "model.onnx"));
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (_folder, test) = beside(&dev, Stage::Test).await;
    test.send_to_registry(&approved.to_string()).await.unwrap();
    test.settle().await.unwrap();
    assert_eq!(versions(&test).await, []);
    assert_eq!(test.dead_letters(test.registry_queue()).await.unwrap().len(), 1);
}
