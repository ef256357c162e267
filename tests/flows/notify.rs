//! What people and programs are told: once, of what was committed, whatever is delivered how often.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_local_account::{LAKE, LocalAccount, MODELS, Mail, TABLE, decision_topic};
use tidegate_monitoring::DatasetSource;
use tidegate_registry::{
    Answer, Artifact, ArtifactFile, Command, DatasetRecord, GateOutcome, GateRecord, Lineage, Order, Policy, Registry, RetrainingCall,
    Stage, Submission, VersionState,
};
use tidegate_tests::{check, event_faults, event_kinds, event_schema};

const MODEL: &str = "flight-delay";
const LEAD: &str = "lead@example.com";
const RISK: &str = "risk@example.com";
/// 2 July 2013.
const START: i64 = 1_372_723_200_000;

const CONTRACT: &str = "\
model: flight-delay
task: binary
features:
  - { name: dep_delay, type: numeric }
promotion:
  dev: { approvals: 1, approvers: [lead@example.com, Risk@example.com] }
";

struct Desk {
    _folder: TempDir,
    account: LocalAccount,
    registry: Registry,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = LocalAccount::start(folder.path()).await.unwrap();
        let body = Vec::from(CONTRACT).into();
        account.s3.put_object().bucket(MODELS).key("contracts/flight-delay.yaml").body(body).send().await.unwrap();
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        Self { _folder: folder, account, registry }
    }

    async fn ask(&self, number: Option<u32>, by: &str, command: Command, minutes: i64) {
        let order = Order { by: by.to_owned(), command };
        self.registry.apply(MODEL, number, &order, &policy(), START + minutes * 60_000).await.unwrap();
    }

    async fn dataset(&self, digit: char, minutes: i64) -> String {
        let version = digit.to_string().repeat(64);
        let record = DatasetRecord {
            version: version.clone(),
            name: format!("set-{digit}"),
            source: DatasetSource::TrainingSet,
            records: 16_150,
            passed: true,
            says: "every check passed".to_owned(),
            at_ms: 0,
        };
        self.ask(None, "function:collect", Command::RecordDataset(Box::new(record)), minutes).await;
        version
    }

    /// A version that people are asked about.
    async fn pending(&self, number: u32, champion: Option<u32>, minutes: i64) -> String {
        let validate = "function:validate";
        self.ask(None, validate, Command::Submit(Box::new(submission(number))), minutes).await;
        self.ask(Some(number), validate, Command::StartValidation, minutes).await;
        self.ask(Some(number), validate, Command::RecordGate(Box::new(gate(number, champion))), minutes).await;
        let request = number.to_string().repeat(32);
        self.ask(Some(number), validate, Command::RequestApprovals { request: request.clone() }, minutes).await;
        request
    }

    /// A window as `drift` (or `performance`) records it.
    async fn judged(&self, kind: &str, day: u32, state: &str, cause: &str, action: &str, digest: char) {
        let end = format!("2013-07-{day:02}T00:00:00Z");
        let folder = if kind == "window" { "reports" } else { "performance" };
        let (pk, sk) = (format!("MODEL#{MODEL}"), format!("{}#1d#{end}", kind.to_uppercase()));
        let attributes = [
            ("pk", pk.as_str()),
            ("sk", &sk),
            ("item_kind", kind),
            ("model_name", MODEL),
            ("window_length", "1d"),
            ("window_end", &end),
            ("verdict_state", state),
            ("verdict_cause", cause),
            ("verdict_action", action),
            ("headline", "3 of 14 fields moved"),
            ("report_key", &format!("{folder}/model={MODEL}/window=1d/end=2013-07-{day:02}T00/verdict.json")),
            ("verdict_digest", &digest.to_string().repeat(64)),
        ];
        self.put(&attributes).await;
    }

    async fn put(&self, attributes: &[(&str, &str)]) {
        let mut put = self.account.dynamodb.put_item().table_name(TABLE);
        for (name, value) in attributes {
            put = put.item(*name, AttributeValue::S((*value).to_owned()));
        }
        put.send().await.unwrap();
    }

    /// Tells until the stream holds nothing new.
    async fn tell(&self) {
        while let Some(told) = self.account.run_notify_once().await.unwrap() {
            assert_eq!(told.failed, 0);
        }
    }

    fn alerts(&self) -> Vec<Mail> {
        self.account.mail().into_iter().filter(|mail| mail.topic.ends_with("-alerts")).collect()
    }

    fn subjects(&self) -> Vec<String> {
        self.alerts().into_iter().map(|mail| mail.subject).collect()
    }
}

fn policy() -> Policy {
    Policy::of(&tidegate_contract::Contract::parse(CONTRACT).unwrap(), Stage::Dev)
}

fn submission(number: u32) -> Submission {
    let file = ArtifactFile { name: "model.onnx".to_owned(), sha256: number.to_string().repeat(64), bytes: 48_211 };
    let lineage = json!({ "run": format!("run-{number}"), "submitter": "ada@example.com", "artifact_writer": "job-7" });
    let lineage: Lineage = serde_json::from_value(lineage).unwrap();
    Submission { artifact: Artifact::new(vec![file]), lineage }
}

fn gate(number: u32, champion: Option<u32>) -> GateRecord {
    GateRecord {
        outcome: GateOutcome::Pass,
        headline: "it is better".to_owned(),
        digest: number.to_string().repeat(64),
        key: format!("gates/model={MODEL}/{number}/gate.json"),
        champion,
        rules: Vec::new(),
    }
}

#[tokio::test]
async fn a_bad_record_is_reported_alone_and_what_went_out_goes_out_once_though_the_batch_comes_twice() {
    let desk = Desk::new().await;
    desk.dataset('a', 0).await;
    desk.put(&[("pk", "MODEL#flight-delay"), ("sk", "AUDIT#9"), ("item_kind", "audit"), ("audit_entry", "{"), ("audit_hash", "0")]).await;
    desk.judged("window", 2, "drift", "covariate-drift", "watch", 'c').await;

    let told = desk.account.run_notify_once().await.unwrap().unwrap();
    assert_eq!(told.failed, 1, "{told:?}");
    let kinds = |events: Vec<Value>| events.into_iter().map(|event| event["detail-type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(desk.account.take_events()), ["DatasetPublished", "DriftDetected"], "what lies behind the bad one is told");
    let mail = desk.account.mail();
    assert_eq!(desk.alerts().len(), 1, "{mail:?}");

    // The stream brings the bad record again, and everything behind it.
    let again = desk.account.run_notify_once().await.unwrap().unwrap();
    assert_eq!(again.failed, 1, "{again:?}");
    assert_eq!(desk.account.mail(), mail);
    assert!(desk.account.take_events().is_empty());

    // Given up, the rest passes.
    desk.account.skip_stream_record().unwrap();
    desk.tell().await;
    assert_eq!(desk.account.mail(), mail);
}

#[tokio::test]
async fn an_incident_is_told_when_it_begins_and_when_it_is_over_and_not_in_between() {
    let desk = Desk::new().await;
    desk.judged("window", 2, "ok", "none", "none", '1').await;
    desk.tell().await;
    assert!(desk.account.mail().is_empty());

    desk.judged("window", 3, "drift", "covariate-drift", "watch", '2').await;
    desk.tell().await;
    assert_eq!(desk.alerts().len(), 1);
    let alert = desk.alerts()[0].clone();
    assert_eq!((alert.attributes["kind"].as_str(), alert.attributes["severity"].as_str()), ("drift", "warning"));

    // The same again, the same judged anew, and the day after: nobody needs to hear of it.
    desk.judged("window", 3, "drift", "covariate-drift", "watch", '3').await;
    desk.judged("window", 4, "drift", "covariate-drift", "watch", '4').await;
    desk.tell().await;
    assert_eq!(desk.alerts().len(), 1, "{:?}", desk.subjects());

    desk.judged("window", 5, "ok", "none", "none", '5').await;
    desk.tell().await;
    assert_eq!(desk.alerts().len(), 2, "{:?}", desk.subjects());
    assert_eq!(desk.alerts()[1].attributes["kind"], "recovered");
    // Quality is another story.
    desk.judged("performance", 5, "drift", "concept-drift", "watch", '6').await;
    desk.tell().await;
    assert_eq!(desk.alerts()[2].attributes["kind"], "quality-drop");
}

#[tokio::test]
async fn approvers_who_would_get_no_link_are_named_once_a_day() {
    let desk = Desk::new().await;
    let topic = decision_topic(Stage::Dev);
    let subscribe = async |who: &str| {
        desk.account.sns.subscribe().topic_arn(&topic).protocol("email").endpoint(who).send().await.unwrap();
    };
    subscribe(LEAD).await;
    desk.account.confirm(LEAD);
    assert_eq!(desk.account.tick_notify("2013-07-02T06:00:00Z").await.unwrap(), 1);
    assert_eq!(desk.account.tick_notify("2013-07-02T06:00:00Z").await.unwrap(), 1);
    let alerts = desk.alerts();
    assert_eq!(alerts.len(), 1, "once, though the schedule fired twice");
    assert!(alerts[0].text.contains("risk@example.com (is not subscribed)") && !alerts[0].text.contains(LEAD), "{}", alerts[0].text);

    subscribe(RISK).await;
    desk.account.tick_notify("2013-07-03T06:00:00Z").await.unwrap();
    assert!(desk.alerts()[1].text.contains("risk@example.com (has not confirmed yet)"));
    desk.account.confirm(RISK);
    assert_eq!(desk.account.tick_notify("2013-07-04T06:00:00Z").await.unwrap(), 0);
    assert_eq!(desk.alerts().len(), 2);
}

#[tokio::test]
async fn every_event_of_the_bus_is_what_its_schema_says() {
    let desk = Desk::new().await;
    let dataset = desk.dataset('a', 0).await;
    for number in [1, 2] {
        let minutes = i64::from(number) * 10;
        let request = desk.pending(number, (number > 1).then_some(1), minutes).await;
        let decide = Command::Decide { request, answer: Answer::Approve, reason: "looks right".to_owned() };
        desk.ask(Some(number), LEAD, decide, minutes + 1).await;
        // `notify` asks for the promotion, `registry` does it.
        desk.account.settle().await.unwrap();
        assert_eq!(desk.registry.champion(MODEL).await.unwrap().unwrap().number, number);
    }
    let champion = || -> Value {
        let path = desk.account.bucket_folder(LAKE).join("models/flight-delay/champion.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    assert_eq!(champion()["version"], 2);
    // What `registry` does itself is done now, and the trail's time does not run backwards.
    let back = json!({ "command": "roll-back", "model": MODEL, "version": 2, "reason": "worse", "by": "ops@example.com" });
    desk.account.send_to_registry(&back.to_string()).await.unwrap();
    desk.account.settle().await.unwrap();
    assert_eq!(desk.registry.version(MODEL, 2).await.unwrap().unwrap().state, VersionState::RolledBack);
    assert_eq!(champion()["version"], 1);
    let call = RetrainingCall {
        trigger: "ops@example.com".to_owned(),
        why: "a drill".to_owned(),
        cause: None,
        report: None,
        evidence: "e".repeat(64),
        data: "set-a".to_owned(),
        dataset: Some(dataset),
        records: Some(16_150),
        by_hand: true,
    };
    desk.ask(None, "ops@example.com", Command::Retrain(Box::new(call)), 60).await;
    desk.judged("window", 3, "drift", "covariate-drift", "watch", 'c').await;
    desk.judged("performance", 3, "drift", "concept-drift", "watch", 'd').await;
    desk.account.settle().await.unwrap();

    let events = desk.account.take_events();
    let faults: Vec<String> = events.iter().flat_map(event_faults).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let seen: BTreeSet<String> = events.iter().map(|event| event["detail-type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), event_kinds(), "a schema for each kind, and each kind was sent");
}

#[test]
fn the_examples_are_what_their_schemas_say_and_a_schema_refuses() {
    for kind in event_kinds() {
        let schema = event_schema(&kind);
        let example = &schema["examples"][0];
        let faults = |value: &Value| {
            let mut faults = Vec::new();
            check(&schema, value, &kind, &mut faults);
            faults
        };
        assert_eq!(faults(example), Vec::<String>::new());
        for name in schema["properties"].as_object().unwrap().keys() {
            let mut less = example.clone();
            less.as_object_mut().unwrap().remove(name);
            assert_eq!(faults(&less).len(), 1, "{kind} without {name}");
            let mut other = example.clone();
            other[name] = json!(-0.5);
            assert!(!faults(&other).is_empty(), "{kind} with another {name}");
        }
    }
}

#[tokio::test]
async fn of_the_example_in_events_only_the_broken_record_is_reported_however_often_it_comes() {
    let desk = Desk::new().await;
    let text = std::fs::read_to_string(format!("{}/../events/dynamodb-registry-stream.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let batch: Value = serde_json::from_str(&text).unwrap();
    for _ in 0..2 {
        let failed = desk.account.hand_to_notify(batch.clone()).await.unwrap();
        assert_eq!(failed, ["49580100000000000000003"]);
    }
    let events = desk.account.take_events();
    let kinds: Vec<&str> = events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["DatasetPublished", "DriftDetected"], "once, though it came twice");
    assert_eq!(events[0]["detail"]["audit"]["sha256"], batch["Records"][0]["dynamodb"]["NewImage"]["audit_hash"]["S"]);
}
