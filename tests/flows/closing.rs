//! The loop closes: drift is found on real flights, retraining asked for on a named dataset version, a candidate trained on it and
//! what really was, gated, approved by a person with the link of the mail, promoted; and it is better on the month after.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tidegate_lake::{Lake, keys, read_records};
use tidegate_local_account::{DECISION_URL, LAKE, LocalAccount, MODELS, Mail, Setup, TABLE};
use tidegate_registry::{ModelVersion, Registry, RetrainingState, Stage, VersionState};
use tidegate_trainer::{Classes, Table, fit};

use crate::demo_data::{demo, put_july};

const MODEL: &str = "flight-delay";
const LEAD: &str = "lead@example.com";

/// The demo's contract, for fewer records than it asks for.
fn contract() -> String {
    let text = std::fs::read_to_string(demo().join("flight-delay.yaml")).unwrap();
    let changed = text.replace("mode: propose, minimum_records: 10000", "mode: propose, minimum_records: 1000");
    assert_ne!(changed, text);
    changed
}

async fn put(account: &LocalAccount, bucket: &str, key: &str, bytes: Vec<u8>) {
    account.s3.put_object().bucket(bucket).key(key).body(bytes.into()).send().await.unwrap();
}

/// What really was, by inference id.
fn truth() -> BTreeMap<String, bool> {
    fn files(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, all) } else { all.push(path) }
        }
    }
    let mut all = Vec::new();
    files(&demo().join("truth"), &mut all);
    let mut known = BTreeMap::new();
    for path in all {
        let bytes = std::fs::read(&path).unwrap();
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let outcome: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| outcome.get(name).and_then(Value::as_str).unwrap().to_owned();
            known.insert(text("inference_id"), text("actual") == "late");
        }
    }
    known
}

/// What a team's training job does with the event.
async fn train(account: &LocalAccount, dataset: &str) -> Vec<u8> {
    let lake = Lake::new(account.s3.clone(), LAKE);
    let manifest = lake.manifest(MODEL, dataset).await.unwrap().unwrap();
    let numbers = ["dep_delay", "distance", "sched_duration", "sched_hour", "plane_age", "temp", "wind_speed", "precip", "visibility"];
    let mut table = Table::new(numbers, ["carrier", "origin", "dest"]);
    let known = truth();
    for file in &manifest.files {
        let key = keys::dataset_file(MODEL, &file.sha256);
        let stored = lake.bucket.get(&key).await.unwrap().unwrap();
        for batch in read_records(&key, stored.bytes).unwrap().1 {
            table.add(&batch.unwrap(), |id| known.get(id).copied()).unwrap();
        }
    }
    fit(&table, Classes { negative: "on-time", positive: "late" }).unwrap().to_onnx().unwrap()
}

async fn submit(account: &LocalAccount, run: &str, model: Vec<u8>, dataset: &str) {
    let folder = format!("candidates/{MODEL}/{run}");
    let manifest = json!({
        "format": "tidegate.candidate/1",
        "model": MODEL,
        "run": run,
        "submitted_by": "training@example.com",
        "artifact": [{ "file": "model.onnx" }],
        "training_set": dataset,
        "evaluation": { "key": "evaluations/flight-delay/august.parquet", "actual": "outcome" },
    });
    put(account, MODELS, &format!("{folder}/model.onnx"), model).await;
    put(account, MODELS, &format!("{folder}/manifest.json"), manifest.to_string().into_bytes()).await;
    account.settle().await.unwrap();
}

async fn version(account: &LocalAccount, run: &str) -> ModelVersion {
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    registry.versions(MODEL).await.unwrap().into_iter().find(|version| version.lineage.run == run).unwrap()
}

fn mails<'a>(all: &'a [Mail], topic: &str, says: &str) -> Vec<&'a Mail> {
    all.iter().filter(|mail| mail.topic.ends_with(topic) && mail.subject.contains(says)).collect()
}

fn address(mail: &Mail) -> &str {
    mail.link().unwrap().strip_prefix(DECISION_URL).unwrap()
}

/// The person's answer, with what the stage demands.
async fn approve(account: &LocalAccount, mail: &Mail, version: u32) -> u16 {
    let address = address(mail);
    let at_ms = version_time(account, version).await + 3_600_000;
    let form = format!("choice=approve&name={MODEL}+{version}&reason=looks+right");
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    account.http("POST", address, &headers, form.as_bytes(), at_ms).await.unwrap().status_code
}

async fn version_time(account: &LocalAccount, number: u32) -> i64 {
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    registry.version(MODEL, number).await.unwrap().unwrap().request.unwrap().asked_at_ms
}

#[tokio::test]
async fn drift_leads_to_a_new_champion_that_is_better_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let account = LocalAccount::start_with(folder.path(), Setup { stage: Stage::Test, ..Setup::default() }).await.unwrap();
    put(&account, MODELS, "contracts/flight-delay.yaml", contract().into_bytes()).await;
    put(&account, MODELS, "datasets/flight-delay/2013-january.parquet", std::fs::read(demo().join("training.parquet")).unwrap()).await;
    put(&account, MODELS, "evaluations/flight-delay/august.parquet", std::fs::read(demo().join("candidates/august.parquet")).unwrap())
        .await;
    account.settle().await.unwrap();
    let registry = Registry::new(account.dynamodb.clone(), TABLE);
    let january = registry.datasets(MODEL).await.unwrap().remove(0);
    assert!(january.passed, "{}", january.says);

    // The first champion: nobody to compare with, and a person lets it in.
    submit(&account, "plain", std::fs::read(demo().join("candidates/plain.onnx")).unwrap(), &january.version).await;
    assert_eq!(version(&account, "plain").await.state, VersionState::PendingApproval);
    let all = account.mail();
    let links = mails(&all, "-decisions", "Your decision on version 1");
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].attributes["approver"], LEAD);
    assert_eq!(approve(&account, links[0], 1).await, 200);
    account.settle().await.unwrap();
    assert_eq!(version(&account, "plain").await.state, VersionState::Champion);
    let champion = || -> Value {
        serde_json::from_slice(&std::fs::read(account.bucket_folder(LAKE).join("models/flight-delay/champion.json")).unwrap()).unwrap()
    };
    assert_eq!(champion()["version"], 1);
    let events: Vec<String> = account.take_events().iter().map(|event| event["detail-type"].as_str().unwrap().to_owned()).collect();
    for kind in ["DatasetPublished", "CandidateSubmitted", "ModelApproved", "ModelPromoted"] {
        assert!(events.iter().any(|event| event == kind), "{kind} in {events:?}");
    }

    // July: it drifts, and retraining is requested on exactly these records.
    put_july(&account, 1..32).await;
    account.tick("2013-08-01T00:05:00Z").await.unwrap();
    account.settle().await.unwrap();
    let proposed = registry.retrainings(MODEL).await.unwrap().pop().expect("retraining was asked for");
    assert_eq!(proposed.state, RetrainingState::Proposed, "{:?}", proposed.ending);
    let all = account.mail();
    let links = mails(&all, "-decisions", "Your decision on retraining");
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].attributes["approver"], "ml-oncall@example.com");
    let asked_ms = proposed.request.unwrap().asked_at_ms;
    let page = account.http("GET", address(links[0]), &[], b"", asked_ms + 1).await.unwrap();
    assert!(
        page.status_code == 200 && page.body.contains("Shall the model be retrained?") && page.body.contains("2013-07-02 to 2013-08-01")
    );
    assert_eq!(registry.retrainings(MODEL).await.unwrap().pop().unwrap().state, RetrainingState::Proposed, "looking decides nothing");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (body, status) in [("choice=reject", 422), ("choice=approve", 200), ("choice=approve", 200), ("choice=reject&reason=no", 200)] {
        let answer = account.http("POST", address(links[0]), &form, body.as_bytes(), asked_ms + 2).await.unwrap();
        assert_eq!(answer.status_code, status, "{body}");
    }
    account.settle().await.unwrap();
    let retraining = registry.retrainings(MODEL).await.unwrap().pop().unwrap();
    assert_eq!(retraining.decisions.len(), 1);
    assert_eq!(retraining.state, RetrainingState::Requested, "{:?}", retraining.ending);
    let dataset = retraining.dataset.clone().unwrap();
    let asked = account.take_events().into_iter().find(|event| event["detail-type"] == "RetrainingRequested").unwrap();
    assert_eq!(asked["detail"]["dataset_version"], json!(dataset));
    assert_eq!(asked["detail"]["champion"], 1);
    let all = account.mail();
    assert!(!mails(&all, "-alerts", "drift in").is_empty(), "{:?}", all.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
    assert_eq!(mails(&all, "-alerts", "retraining is requested").len(), 1);
    // One message for an incident, however many windows show it.
    assert_eq!(mails(&all, "-alerts", "drift in").iter().filter(|mail| mail.subject.contains("(30d)")).count(), 1);

    // The training job answers; gate, link, promotion.
    let model = train(&account, &dataset).await;
    submit(&account, "retrained", model, &dataset).await;
    let candidate = version(&account, "retrained").await;
    assert_eq!(candidate.state, VersionState::PendingApproval, "{:?} {:?}", candidate.ending, candidate.gate);
    assert_eq!(registry.retrainings(MODEL).await.unwrap().pop().unwrap().state, RetrainingState::Answered);
    let all = account.mail();
    let links = mails(&all, "-decisions", "Your decision on version 2");
    assert_eq!(links.len(), 1);
    assert_eq!(approve(&account, links[0], 2).await, 200);
    account.settle().await.unwrap();
    assert_eq!(version(&account, "retrained").await.state, VersionState::Champion);
    assert_eq!(version(&account, "plain").await.state, VersionState::Retired);
    assert_eq!(champion()["version"], 2);

    // Somebody takes it back, by the queue; the one before serves again.
    let command = json!({ "command": "roll-back", "model": MODEL, "version": 2, "reason": "a drill", "by": "ops@example.com" });
    account.send_to_registry(&command.to_string()).await.unwrap();
    account.settle().await.unwrap();
    assert_eq!(champion()["version"], 1);
    let all = account.mail();
    assert_eq!(mails(&all, "-alerts", "was rolled back, v1 serves again").len(), 1);

    // With `--nocapture`, what people were told can be read.
    for mail in all.iter().filter(|mail| !mail.topic.ends_with("-chat")) {
        println!("── {} ──\n{}\n\n{}", mail.topic, mail.subject, mail.text);
    }
    // Never is a link in an alert or on a card, every subject short and plain.
    for mail in &all {
        assert!(mail.subject.is_ascii() && mail.subject.len() <= 100, "{}", mail.subject);
        assert_eq!(mail.link().is_some(), mail.topic.ends_with("-decisions"), "{}", mail.subject);
    }
    for queue in [account.collect_queue(), account.drift_queue(), account.validate_queue(), account.registry_queue()] {
        assert_eq!(account.dead_letters(queue).await.unwrap(), Vec::<String>::new());
    }
}
