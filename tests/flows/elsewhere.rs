//! Versions that a team registers in SageMaker's Model Registry or in MLflow: each is judged here without a manifest that anybody wrote, and what is
//! rejected there is rejected here, whatever comes twice, late, or in another order.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tidegate_local_account::{ARTIFACTS, Fault, Faults, LocalAccount, MLFLOW_SECRET, MODELS, Moment, Setup};
use tidegate_registry::{Stage, VersionState};

use crate::candidates::{CONTRACT, Desk, EVALUATION, MODEL, MOST_CALLS, copied, onnx, people};

const SECRET: &str = "tide-and-gate";

/// 2 July 2013, 00:05:02.
const NOW_S: i64 = 1_372_723_502;

/// What the contract says more.
const REGISTERED: &str =
    "registered_in: { sagemaker: churn, mlflow: Churn model }\npromotion: { test: { approvals: 1, approvers: [lead@example.com] } }\n";

async fn desk(stage: Stage) -> Desk {
    let desk = Box::pin(Desk::set_up(Setup { stage, ..Setup::default() })).await;
    desk.account.s3.create_bucket().bucket(ARTIFACTS).send().await.unwrap();
    let evaluation = format!("validation: {{ primary: roc_auc, minimum: 0.60, evaluation: {{ key: {EVALUATION}, actual: left }} }}");
    let contract = CONTRACT.replace("validation: { primary: roc_auc, minimum: 0.60 }", &evaluation);
    desk.put("contracts/churn.yaml", format!("{contract}{REGISTERED}").as_bytes()).await;
    desk.account.put_secret(MLFLOW_SECRET, SECRET);
    desk.account.settle().await.unwrap();
    desk
}

impl Desk {
    /// Puts a file into the training system's bucket.
    async fn made(&self, key: &str, bytes: Vec<u8>) {
        self.account.s3.put_object().bucket(ARTIFACTS).key(key).body(bytes.into()).send().await.unwrap();
    }

    /// SageMaker's event of a model package, by the example: which version, of which file, modified when, and what else of it is different.
    fn package(&self, version: u32, file: &str, second: u32, change: impl FnOnce(&mut Value)) -> String {
        let text = include_str!("../../events/eventbridge-model-package.json");
        let mut event: Value = serde_json::from_str(text).unwrap();
        let detail = &mut event["detail"];
        detail["ModelPackageGroupName"] = json!("churn");
        detail["ModelPackageVersion"] = json!(version);
        detail["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] = json!(format!("s3://{ARTIFACTS}/{file}"));
        detail["CustomerMetadataProperties"] = json!({ "tidegate.training_set": self.training_set });
        detail["LastModifiedTime"] = json!(format!("2013-07-02T00:05:{second:02}Z"));
        change(detail);
        event.to_string()
    }

    async fn tell(&self, events: &[&String]) {
        for event in events {
            self.account.send_to_registry(event).await.unwrap();
        }
        self.account.settle().await.unwrap();
    }

    /// Delivers an event of MLflow, as MLflow signs it: the status that comes back.
    async fn webhook(&self, kind: (&str, &str), second: i64, data: &Value) -> u16 {
        self.signed(SECRET, kind, NOW_S + second, data, NOW_S + second).await
    }

    async fn signed(&self, secret: &str, (entity, action): (&str, &str), signed_s: i64, data: &Value, now_s: i64) -> u16 {
        let time = format!("2013-07-02T00:05:{:02}.000000+00:00", 2 + (signed_s - NOW_S).clamp(0, 50));
        let body = json!({ "entity": entity, "action": action, "timestamp": time, "data": data }).to_string();
        let id = format!("delivery-{signed_s}");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{id}.{signed_s}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let timestamp = signed_s.to_string();
        let headers = [("X-MLflow-Delivery-Id", id.as_str()), ("X-MLflow-Timestamp", &timestamp), ("X-MLflow-Signature", &signature)];
        self.account.mlflow(&headers, body.as_bytes(), now_s * 1_000).await.unwrap().status_code
    }

    /// Nothing waits where an alarm would ring.
    async fn calm(&self) {
        self.check().await;
        assert_eq!(self.account.dead_letters(self.account.registry_queue()).await.unwrap(), Vec::<String>::new());
    }

    fn candidates(&self) -> Vec<String> {
        let folder = self.account.bucket_folder(MODELS).join("candidates/churn");
        let mut found: Vec<_> =
            std::fs::read_dir(folder).into_iter().flatten().map(|run| run.unwrap().file_name().into_string().unwrap()).collect();
        found.sort();
        found
    }
}

fn created(version: &str, source: &str, tags: &Value) -> Value {
    json!({ "name": "Churn model", "version": version, "source": source, "run_id": "5f2d1c0b", "tags": tags, "description": null })
}

fn tag(version: &str, key: &str, value: &str) -> Value {
    json!({ "name": "Churn model", "version": version, "key": key, "value": value })
}

const CREATED: (&str, &str) = ("model_version", "created");
const TAGGED: (&str, &str) = ("model_version_tag", "set");

fn rejected(why: &'static str) -> impl Fn(&mut Value) {
    move |detail| {
        detail["ModelApprovalStatus"] = json!("Rejected");
        detail["UpdatedModelPackageFields"] = json!(["ModelApprovalStatus"]);
        detail["ApprovalDescription"] = json!(why);
        detail["LastModifiedBy"] = json!({ "IamIdentity": { "Arn": "arn:aws:sts::111122223333:assumed-role/Lead/lead@example.com" } });
    }
}

#[tokio::test]
async fn a_model_package_is_judged_once_and_its_rejection_brings_the_version_before_back() {
    let desk = desk(Stage::Dev).await;
    desk.made("run-1/model.onnx", onnx(1.5, 0.0)).await;
    desk.made("run-2/model.onnx", onnx(1.5, 1.5)).await;
    let first = desk.package(1, "run-1/model.onnx", 2, |_| {});
    let metadata = desk.package(1, "run-1/model.onnx", 9, |detail| {
        detail["UpdatedModelPackageFields"] = json!(["CustomerMetadataProperties"]);
        detail["CustomerMetadataProperties"]["tidegate.code_revision"] = json!("another");
    });
    let stage = desk.package(1, "run-1/model.onnx", 10, |detail| detail["UpdatedModelPackageFields"] = json!(["ModelLifeCycle"]));
    let approved = desk.package(1, "run-1/model.onnx", 11, |detail| detail["ModelApprovalStatus"] = json!("Approved"));
    desk.tell(&[&first, &first]).await;
    desk.tell(&[&metadata, &stage, &approved, &first]).await;
    let version = desk.version("sagemaker-churn-1").await.unwrap();
    assert_eq!((version.number, version.state), (1, VersionState::Champion), "{:?}", version.ending);
    let lineage = &version.lineage;
    assert_eq!(lineage.submitter, "arn:aws:sagemaker:eu-central-1:111122223333:pipeline/flight-delay/execution/4r83jejmhorv");
    assert_eq!((lineage.code_revision.as_deref(), lineage.framework.as_deref()), (Some("4f5c2a9"), Some("XGBOOST 1.7")));
    assert_eq!(lineage.dataset_version.as_ref(), Some(&desk.training_set));
    assert_eq!(lineage.parameters["registered as"], "version 1 of churn in SageMaker");
    assert_eq!(version.artifact.files()[0].name, "model/model.onnx");

    desk.tell(&[&desk.package(2, "run-2/model.onnx", 20, |_| {})]).await;
    assert_eq!(desk.champion().await.as_deref(), Some("sagemaker-churn-2"));
    let no = desk.package(2, "run-2/model.onnx", 30, rejected("it leaks the label"));
    let late = desk.package(2, "run-2/model.onnx", 21, |_| {});
    desk.tell(&[&no, &late, &no]).await;
    desk.tell(&[&no]).await;
    assert_eq!(desk.champion().await.as_deref(), Some("sagemaker-churn-1"));
    let ending = desk.version("sagemaker-churn-2").await.unwrap().ending.unwrap();
    assert_eq!(ending.reason, "Rejected in SageMaker: it leaks the label");
    assert_eq!(ending.by, "SageMaker (churn, version 2, arn:aws:sts::111122223333:assumed-role/Lead/lead@example.com)");
    assert_eq!(desk.registry.versions(MODEL).await.unwrap().len(), 2);
    assert_eq!(desk.refusals().await, Vec::<String>::new());
    desk.calm().await;
}

#[tokio::test]
async fn what_was_rejected_first_is_not_submitted_by_an_older_event() {
    let desk = desk(Stage::Dev).await;
    desk.made("run-1/model.onnx", onnx(1.5, 1.5)).await;
    let (pending, no) = (desk.package(1, "run-1/model.onnx", 2, |_| {}), desk.package(1, "run-1/model.onnx", 3, rejected("no")));
    desk.tell(&[&no, &pending]).await;
    assert_eq!(desk.registry.versions(MODEL).await.unwrap(), []);
    // They think better of it.
    desk.tell(&[&desk.package(1, "run-1/model.onnx", 4, |detail| detail["ModelApprovalStatus"] = json!("Approved")), &no]).await;
    assert_eq!(desk.champion().await.as_deref(), Some("sagemaker-churn-1"));
    desk.calm().await;
}

#[tokio::test]
async fn a_rejection_waits_for_the_candidate_and_ends_what_people_are_asked_about() {
    let desk = desk(Stage::Test).await;
    desk.made("run-1/model.onnx", onnx(1.5, 1.5)).await;
    desk.account.send_to_registry(&desk.package(1, "run-1/model.onnx", 2, |_| {})).await.unwrap();
    desk.account.run_registry_once().await.unwrap();
    // The manifest is written, and nobody has looked at it.
    desk.account.send_to_registry(&desk.package(1, "run-1/model.onnx", 3, rejected("no"))).await.unwrap();
    assert_eq!(desk.account.run_registry_once().await.unwrap().map(|delivered| delivered.failed), Some(1), "it comes again");
    desk.account.settle().await.unwrap();
    let version = desk.version("sagemaker-churn-1").await.unwrap();
    assert_eq!(version.state, VersionState::Rejected);
    assert!(version.request.is_some() && version.decisions.is_empty(), "people were asked, and did not decide");
    let told: Vec<String> = desk.account.mail().into_iter().map(|mail| mail.subject).collect();
    assert!(told.iter().any(|subject| subject.contains("rejected by SageMaker (churn, version 1")), "{told:#?}");
    desk.calm().await;
}

#[tokio::test]
async fn an_mlflow_version_is_judged_whenever_all_of_it_is_known() {
    let desk = desk(Stage::Dev).await;
    for file in ["MLmodel", "conda.yaml", "model.onnx"] {
        let bytes = if file == "model.onnx" { onnx(1.5, 1.5) } else { file.as_bytes().to_vec() };
        desk.made(&format!("1/models/m-1/artifacts/{file}"), bytes).await;
    }
    desk.made("1/models/m-10/artifacts/other", b"of another version".to_vec()).await;
    let source = format!("s3://{ARTIFACTS}/1/models/m-1/artifacts");
    // A tag comes before the version that it is of.
    assert_eq!(desk.webhook(TAGGED, 3, &tag("1", "tidegate.submitted_by", "ana@example.com")).await, 202);
    assert_eq!(desk.webhook(CREATED, 1, &created("1", &source, &json!({ "team": "growth" }))).await, 202);
    desk.account.settle().await.unwrap();
    let refusals = desk.refusals().await;
    let expected = "found no tag tidegate.training_set (the dataset version that it was trained on) on version 1 of Churn model in MLflow; \
                    set it there, and it is submitted";
    assert_eq!(refusals, [expected]);
    assert_eq!(desk.webhook(TAGGED, 4, &tag("1", "stage", "staging")).await, 202);
    assert_eq!(desk.webhook(TAGGED, 5, &tag("1", "tidegate.code_revision", "4f5c2a9")).await, 202);
    desk.account.settle().await.unwrap();
    assert_eq!(desk.refusals().await.len(), 1, "what is still missing is not told again");
    for _ in 0..2 {
        assert_eq!(desk.webhook(TAGGED, 6, &tag("1", "tidegate.training_set", &desk.training_set)).await, 202);
        desk.account.settle().await.unwrap();
    }
    let run = desk.candidates().pop().unwrap();
    assert!(run.starts_with("mlflow-Churn-model-") && run.ends_with("-1"), "{run}");
    let version = desk.version(&run).await.unwrap();
    assert_eq!((version.number, version.state), (1, VersionState::Champion), "{:?}", version.ending);
    assert_eq!((version.lineage.submitter.as_str(), version.lineage.code_revision.as_deref()), ("ana@example.com", Some("4f5c2a9")));
    assert_eq!(version.lineage.parameters["mlflow run"], "5f2d1c0b");
    let names: Vec<_> = version.artifact.files().iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["model/MLmodel", "model/conda.yaml", "model/model.onnx"]);
    assert_eq!(desk.registry.versions(MODEL).await.unwrap().len(), 1);
    desk.calm().await;
}

#[tokio::test]
async fn another_format_brings_its_answers_and_its_rows_from_where_they_lie() {
    let desk = desk(Stage::Dev).await;
    let rows = people(10_000, 2);
    let mut answers = "inference_id,p\n".to_owned();
    for (id, amount, age, ..) in &rows {
        writeln!(answers, "{id},{:.6}", 1.0 / (1.0 + (-(1.5 * amount + 1.5 * age)).exp())).unwrap();
    }
    desk.made("run-1/model.tar.gz", b"a booster".to_vec()).await;
    desk.made("run-1/answers.csv", answers.into_bytes()).await;
    desk.made("rows/june.csv", crate::candidates::csv(&rows).into_bytes()).await;
    let event = desk.package(1, "run-1/model.tar.gz", 2, |detail| {
        let properties = &mut detail["CustomerMetadataProperties"];
        properties["tidegate.predictions"] = json!(format!("s3://{ARTIFACTS}/run-1/answers.csv"));
        properties["tidegate.predictions.score"] = json!("p");
        properties["tidegate.evaluation"] = json!(format!("s3://{ARTIFACTS}/rows/june.csv"));
        properties["tidegate.submitted_by"] = json!("ana@example.com");
    });
    desk.tell(&[&event]).await;
    let version = desk.version("sagemaker-churn-1").await.unwrap();
    assert_eq!(version.state, VersionState::Champion, "{:?}", version.gate);
    assert_eq!(version.lineage.submitter, "ana@example.com");
    assert!(version.lineage.artifact_writer.contains(":pipeline/"), "neither of them may approve it");
    desk.calm().await;
}

#[tokio::test]
async fn what_cannot_be_made_a_candidate_is_refused_once_in_words_and_told() {
    let desk = desk(Stage::Dev).await;
    desk.made("run-1/model.tar.gz", b"a booster".to_vec()).await;
    desk.made("run-2/model.onnx", onnx(1.5, 1.5)).await;
    for file in 0..101 {
        desk.made(&format!("many/{file}.onnx"), b"x".to_vec()).await;
    }
    let property =
        |name: &'static str, value: &'static str| move |detail: &mut Value| detail["CustomerMetadataProperties"][name] = json!(value);
    let events = [
        (desk.package(1, "run-1/model.tar.gz", 2, |_| {}), "found no single ONNX file among 1 (model/model.tar.gz …)"),
        (desk.package(2, "nowhere/model.onnx", 2, |_| {}), "found nothing at s3://artifacts/nowhere/model.onnx"),
        (
            desk.package(3, "run-2/model.onnx", 2, property("tidegate.training_set", "latest")),
            "found \"latest\", expected a dataset version",
        ),
        (
            desk.package(4, "run-2/model.onnx", 2, property("tidegate.artifact", "s3://lake/artifacts")),
            "in a bucket that nothing is taken from",
        ),
        (desk.package(5, "run-2/model.onnx", 2, property("tidegate.artifact", "s3://artifacts/")), "expected an address in S3"),
        (
            desk.package(6, "run-2/model.onnx", 2, property("tidegate.predictions", "s3://artifacts/many")),
            "expected one file for tidegate.predictions",
        ),
        (
            desk.package(7, "many", 2, property("tidegate.predictions", "s3://artifacts/run-2/model.onnx")),
            "in 101 files, expected at most 536870912 in 100",
        ),
        (
            desk.package(8, "run-2/model.onnx", 2, |detail| detail["CustomerMetadataProperties"] = json!({ "tidegate.trainingset": "x" })),
            "though tidegate.trainingset, which means nothing here",
        ),
        (desk.package(9, "run-2/model.onnx", 2, property("tidegate.evaluation", "lake/../secret")), "evaluation.key: found"),
    ];
    for _ in 0..2 {
        desk.tell(&events.iter().map(|(event, _)| event).collect::<Vec<_>>()).await;
    }
    let refusals = desk.refusals().await;
    assert_eq!(refusals.len(), events.len(), "{refusals:#?}");
    for (_, expected) in &events {
        assert!(refusals.iter().any(|reason| reason.contains(expected)), "{expected}\n{refusals:#?}");
    }
    assert_eq!(desk.registry.versions(MODEL).await.unwrap(), []);
    let told =
        desk.account.mail().into_iter().filter(|mail| mail.subject.contains("sagemaker-churn-") && mail.topic.ends_with("-alerts")).count();
    assert_eq!(told, events.len());
    desk.calm().await;

    // What was wrong with a manifest that was written already is mended as well.
    let unknown = desk.package(10, "run-2/model.onnx", 2, |detail| {
        detail["CustomerMetadataProperties"]["tidegate.training_set"] = json!("f".repeat(64));
    });
    desk.tell(&[&unknown, &unknown]).await;
    assert!(desk.refusals().await.iter().any(|reason| reason.contains("expected a dataset version of churn")));
    assert_eq!(desk.registry.versions(MODEL).await.unwrap(), []);
    let known = desk.package(10, "run-1/model.tar.gz", 3, |detail| {
        detail["CustomerMetadataProperties"]["tidegate.artifact"] = json!("s3://artifacts/run-2");
    });
    desk.tell(&[&known, &unknown, &known]).await;
    assert_eq!(desk.champion().await.as_deref(), Some("sagemaker-churn-10"));

    // What was missing is said: judged as if nothing had been.
    let mended =
        desk.package(8, "run-2/model.onnx", 5, |detail| detail["UpdatedModelPackageFields"] = json!(["CustomerMetadataProperties"]));
    desk.tell(&[&mended]).await;
    assert_eq!(desk.version("sagemaker-churn-8").await.unwrap().state, VersionState::Rejected, "as good as the champion, which stays");
    // A model that no contract names is nobody's business here.
    desk.tell(&[&desk.package(1, "run-2/model.onnx", 2, |detail| detail["ModelPackageGroupName"] = json!("another"))]).await;
    desk.calm().await;
}

#[tokio::test]
async fn a_forged_an_old_and_a_foreign_delivery_have_no_effect() {
    let desk = desk(Stage::Dev).await;
    let data = created("1", "s3://artifacts/x", &json!({ "tidegate.submitted_by": "eve@example.com" }));
    assert_eq!(desk.signed("another-secret", CREATED, NOW_S, &data, NOW_S).await, 401, "foreign");
    assert_eq!(desk.signed(SECRET, CREATED, NOW_S, &data, NOW_S + 301).await, 401, "old");
    assert_eq!(desk.signed(SECRET, CREATED, NOW_S, &data, NOW_S - 301).await, 401, "of the future");
    // The example is good as it is, and with nothing of it changed, left out or added.
    let example: Value = serde_json::from_str(include_str!("../../events/apigw-mlflow-webhook.json")).unwrap();
    let text = |place: &str| example.pointer(place).unwrap().as_str().unwrap();
    let all = ["x-mlflow-delivery-id", "x-mlflow-timestamp", "x-mlflow-signature"].map(|name| (name, text(&format!("/headers/{name}"))));
    let body = text("/body");
    for left_out in 0..all.len() {
        let headers: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, header)| *header).collect();
        assert_eq!(desk.account.mlflow(&headers, body.as_bytes(), NOW_S * 1_000).await.unwrap().status_code, 401);
    }
    for forged in [body.replace("flight_delay", "Churn model"), format!("{body} "), String::new()] {
        assert_eq!(desk.account.mlflow(&all, forged.as_bytes(), NOW_S * 1_000).await.unwrap().status_code, 401);
    }
    let huge = vec![b'x'; 300 * 1_024];
    assert_eq!(desk.account.mlflow(&all, &huge, NOW_S * 1_000).await.unwrap().status_code, 413);
    assert_eq!(desk.account.run_registry_once().await.unwrap(), None, "nothing reached the queue");
    assert_eq!(desk.candidates(), Vec::<String>::new());
    assert_eq!(desk.account.mlflow(&all, body.as_bytes(), NOW_S * 1_000).await.unwrap().status_code, 202);
    assert_eq!(desk.account.run_registry_once().await.unwrap().map(|delivered| (delivered.messages, delivered.failed)), Some((1, 0)));
    // Events of other kinds are verified, and nothing follows from them.
    assert_eq!(desk.webhook(("prompt", "created"), 1, &json!({ "name": "p" })).await, 202);
    assert_eq!(desk.account.run_registry_once().await.unwrap(), None);

    // The secret changes: the new one is good a minute later, the old one no more.
    desk.account.put_secret(MLFLOW_SECRET, "another-secret");
    assert_eq!(
        desk.signed("another-secret", ("prompt", "created"), NOW_S + 2, &json!({ "name": "p" }), NOW_S + 2).await,
        401,
        "not yet looked at again"
    );
    assert_eq!(desk.signed("another-secret", ("prompt", "created"), NOW_S + 90, &json!({ "name": "p" }), NOW_S + 90).await, 202);
    assert_eq!(desk.webhook(("prompt", "created"), 91, &json!({ "name": "p" })).await, 401);
    desk.calm().await;
}

#[tokio::test]
async fn without_a_secret_nothing_is_taken() {
    let desk = Desk::new().await;
    assert_eq!(desk.webhook(CREATED, 0, &created("1", "s3://artifacts/x", &json!({}))).await, 503);
    for empty in ["", "short", "{}"] {
        desk.account.put_secret(MLFLOW_SECRET, empty);
        assert_eq!(desk.signed(empty, CREATED, NOW_S, &json!({}), NOW_S).await, 503);
    }
    assert_eq!(desk.account.run_registry_once().await.unwrap(), None);
}

#[tokio::test]
async fn whatever_call_fails_the_candidate_is_made_of_the_same_files() {
    let desk = desk(Stage::Dev).await;
    desk.made("run-1/model.onnx", onnx(1.5, 1.5)).await;
    let event = desk.package(1, "run-1/model.onnx", 2, |_| {});
    let made = async |fault: Option<Fault>| {
        let folder = copied(desk.folder.path());
        let faults = Faults::default();
        let account =
            LocalAccount::start_with(folder.path(), Setup { attempts: 1, faults: faults.clone(), ..Setup::default() }).await.unwrap();
        account.send_to_registry(&event).await.unwrap();
        if let Some(fault) = fault {
            faults.plan(fault);
        }
        while account.run_registry_once().await.unwrap().is_some() {}
        let run = account.bucket_folder(MODELS).join("candidates/churn/sagemaker-churn-1");
        let files = ["manifest.json", "registered.json", "model/model.onnx"].map(|file| std::fs::read(run.join(file)).ok());
        (files, faults.struck())
    };
    let (expected, _) = made(None).await;
    assert!(expected.iter().all(Option::is_some));
    let mut points = 0;
    for moment in [Moment::Before, Moment::After] {
        for call in 1..MOST_CALLS {
            let (files, struck) = made(Some(Fault { call, moment, deadly: true })).await;
            assert!(files == expected, "{moment:?}, call {call}");
            if struck == 0 {
                break;
            }
            points += 1;
        }
    }
    assert!(points > 14, "{points}");
}
