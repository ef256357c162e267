//! What the registry's commands say, on a demo's folder whose registry was filled through the store.

#![expect(clippy::unwrap_used, reason = "tests")]

mod desk;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use desk::{CONTRACT, Desk};
use serde_json::Value;
use tidegate_local_account::{LocalAccount, MODELS, TABLE};
use tidegate_registry::{
    Answer, Artifact, ArtifactFile, Command, GateOutcome, GateRecord, GateRule, Lineage, Order, Policy, RefusedSubmission, Registry, Stage,
    Submission,
};

const MODEL: &str = "late-trains";
const LEAD: &str = "lead@example.com";
/// 1 March 2024, and hours after it.
const START: i64 = 1_709_251_200_000;
const HOUR: i64 = 3_600_000;

fn policy(approvals: u32) -> Policy {
    let approvers = vec![LEAD.to_owned(), "risk@example.com".to_owned()];
    Policy { approvals, approvers, expires_ms: 72 * HOUR, ..Policy::nobody(Stage::Prod) }
}

fn submission(run: &str) -> Submission {
    Submission {
        artifact: Artifact::new(vec![ArtifactFile { name: "model.onnx".to_owned(), sha256: "1".repeat(64), bytes: 48_211 }]),
        lineage: Lineage {
            promoted_from: None,
            run: run.to_owned(),
            submitter: "ada@example.com".to_owned(),
            artifact_writer: "arn:aws:sts::111122223333:assumed-role/Training/job-7".to_owned(),
            dataset_version: Some("d".repeat(64)),
            evaluation_version: Some("e".repeat(64)),
            code_revision: Some("4f5c2a9".to_owned()),
            framework: Some("scikit-learn 1.9".to_owned()),
            parameters: BTreeMap::from([("C".to_owned(), "0.1".to_owned())]),
            manifest: None,
        },
    }
}

fn gate(champion: Option<u32>) -> GateRecord {
    GateRecord {
        outcome: GateOutcome::Pass,
        headline: "ROC AUC is 0.731 (0.722 to 0.740)".to_owned(),
        digest: "b".repeat(64),
        key: "gates/late-trains/1.json".to_owned(),
        champion,
        rules: vec![GateRule {
            name: "roc_auc.minimum".to_owned(),
            outcome: GateOutcome::Pass,
            says: "ROC AUC is 0.731 on 12,311 rows; at least 0.70 was asked.".to_owned(),
        }],
    }
}

/// Version 1 was champion for an hour, version 2 is; version 3 waits for people; a fourth submission could not be read. Signed.
fn fill(desk: &Desk) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&desk.path().join("state")).await.unwrap();
        let contract = account.s3.put_object().bucket(MODELS).key("contracts/late-trains.yaml").body(Vec::from(CONTRACT).into());
        contract.send().await.unwrap();
        let other = CONTRACT.replace("late-trains", "new-model");
        account.s3.put_object().bucket(MODELS).key("contracts/new-model.yaml").body(other.into_bytes().into()).send().await.unwrap();
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        let ask = async |number: u32, by: &str, command: Command, policy: &Policy, hours: i64| {
            let order = Order { by: by.to_owned(), command };
            registry.apply(MODEL, Some(number), &order, policy, START + hours * HOUR).await.unwrap()
        };
        for number in 1..=3_u32 {
            let (hours, rules) = (i64::from(number), policy(u32::from(number != 1)));
            ask(0, "function:validate", Command::Submit(Box::new(submission(&format!("run-{number}")))), &rules, hours).await;
            ask(number, "function:validate", Command::StartValidation, &rules, hours).await;
            let champion = (number > 1).then(|| number - 1);
            ask(number, "function:validate", Command::RecordGate(Box::new(gate(champion))), &rules, hours).await;
            let request = number.to_string().repeat(32);
            ask(number, "function:validate", Command::RequestApprovals { request: request.clone() }, &rules, hours).await;
            if number == 2 {
                let reason = "looks right".to_owned();
                ask(number, LEAD, Command::Decide { request, answer: Answer::Approve, reason }, &rules, hours).await;
            }
            if number < 3 {
                ask(number, "function:registry", Command::Promote, &rules, hours).await;
            }
        }
        let refused =
            RefusedSubmission { run: "run-4".to_owned(), manifest: "c".repeat(64), reason: "found no file model.onnx".to_owned() };
        ask(0, "function:validate", Command::Refuse(refused), &policy(1), 4).await;
        account.tick_registry("2024-03-01T05:00:00Z").await.unwrap();
    });
}

fn said(desk: &Desk, arguments: &[&str]) -> String {
    let mut all = arguments.to_vec();
    all.extend(["--state", "state"]);
    let answer = desk.tidegate(&all);
    assert_eq!(answer.code, Some(0), "{arguments:?}: {}{}", answer.out, answer.err);
    answer.out
}

fn json(desk: &Desk, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.push("--json");
    serde_json::from_str(&said(desk, &all)).unwrap()
}

#[test]
fn the_registry_is_read_at_a_desk() {
    let desk = Desk::new();
    fill(&desk);

    let models = said(&desk, &["models"]);
    assert!(models.contains("late-trains  version 2  2024-03-01T02:00:00Z  3         1 pending-approval"), "{models}");
    assert!(models.contains("new-model    –"), "a model without a version is one, too: {models}");
    assert_eq!(json(&desk, &["models"])[0]["champion"], 2);

    let versions = said(&desk, &["versions", MODEL]);
    let expected = [
        "3        pending-approval  passed  2024-03-01T03:00:00Z  run-3",
        "0 of 1 approvals; lead@example.com and risk@example.com are asked",
        "2        champion          passed",
        "1        retired           passed",
        "version 2 took its place",
        "1 submission could not be read as a candidate:\n  run run-4: found no file model.onnx",
    ];
    for line in expected {
        assert!(versions.contains(line), "{line} in\n{versions}");
    }
    assert_eq!(json(&desk, &["versions", MODEL])["versions"].as_array().unwrap().len(), 3);

    let card = said(&desk, &["show", MODEL, "champion"]);
    let expected = [
        "Version 2 of late-trains: champion since 2024-03-01T02:00:00Z, in place of version 1",
        "2024-03-01T02:00:00Z by ada@example.com",
        "The gate passed, against version 1: ROC AUC is 0.731 (0.722 to 0.740)",
        "ROC AUC is 0.731 on 12,311 rows; at least 0.70 was asked.",
        "1 of lead@example.com and risk@example.com had to approve",
        "lead@example.com approved: looks right",
        "scikit-learn 1.9",
        "48,211 bytes",
    ];
    for line in expected {
        assert!(card.contains(line), "{line} in\n{card}");
    }
    assert!(said(&desk, &["show", MODEL, "1"]).contains("Nobody: a passed gate is enough in prod"));

    let lineage = said(&desk, &["lineage", MODEL, "2"]);
    assert!(lineage.starts_with(&format!("data          dataset version {}\n", "d".repeat(64))), "{lineage}");
    assert_eq!(json(&desk, &["lineage", MODEL, "2"])["code"]["revision"], "4f5c2a9");

    let was = said(&desk, &["who-was", MODEL, "--at", "2024-03-01T01:59:59Z"]);
    assert!(
        was.starts_with("Version 1 of late-trains was champion at 2024-03-01T01:59:59Z: from 2024-03-01T01:00:00Z to 2024-03-01T02:00:00Z"),
        "{was}"
    );
    assert_eq!(json(&desk, &["who-was", MODEL, "--at", "2024-03-02"])["version"], 2);
    assert_eq!(said(&desk, &["who-was", MODEL, "--at", "2024-02-01"]), "No version of late-trains was champion at 2024-02-01T00:00:00Z.\n");

    let unknown = desk.tidegate(&["show", MODEL, "9", "--state", "state"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("found no version 9 of model \"late-trains\", expected one of: 1, 2, 3"), "{}", unknown.err);
}

#[test]
fn why_a_version_was_approved_or_not_is_told_from_what_was_recorded() {
    let desk = Desk::new();
    fill(&desk);
    let first = |version: &str| said(&desk, &["explain", MODEL, version]).lines().next().unwrap().to_owned();
    assert_eq!(
        first("2"),
        "Version 2 of late-trains was approved at 2024-03-01T02:00:00Z by lead@example.com; it has been champion since 2024-03-01T02:00:00Z."
    );
    assert_eq!(
        first("1"),
        "Version 1 of late-trains was approved at 2024-03-01T01:00:00Z by its gate alone: in prod nobody is asked; later version 2 took its place."
    );
    assert_eq!(
        first("3"),
        "Version 3 of late-trains is not approved yet: 0 of 1 needed approval came; lead@example.com and risk@example.com can still answer, until 2024-03-04T03:00:00Z."
    );
    let text = said(&desk, &["explain", MODEL, "champion"]);
    let expected = [
        "submitted by ada@example.com, files written by arn:aws:sts::111122223333:assumed-role/Training/job-7",
        "compared with version 1; report gates/late-trains/1.json (bbbbbbbbbbbb)",
        "passed: roc_auc.minimum: ROC AUC is 0.731 on 12,311 rows; at least 0.70 was asked.",
        "1 of lead@example.com and risk@example.com, until 2024-03-04T02:00:00Z",
        "lead@example.com approved version 2 of late-trains (1 of 1 needed)\n      asked by lead@example.com\n      reason: looks right",
        "version 2 of late-trains became champion, in place of version 1",
    ];
    for line in expected {
        assert!(text.contains(line), "{line} in\n{text}");
    }

    // Nobody answers, somebody is reminded, somebody says no.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&desk.path().join("state")).await.unwrap();
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        let patient = Policy { remind_ms: 24 * HOUR, ..policy(1) };
        let no = Command::Decide { request: "3".repeat(32), answer: Answer::Reject, reason: "worse on line blue".to_owned() };
        for (by, command, hours) in [("function:registry", Command::Remind, 28), ("risk@example.com", no, 30)] {
            let order = Order { by: by.to_owned(), command };
            registry.apply(MODEL, Some(3), &order, &patient, START + hours * HOUR).await.unwrap();
        }
    });
    assert_eq!(
        first("3"),
        "Version 3 of late-trains was not approved: risk@example.com rejected it at 2024-03-02T06:00:00Z: worse on line blue"
    );
    let told = json(&desk, &["explain", MODEL, "3"]);
    assert_eq!(told["approved"], false);
    let steps: Vec<&str> = told["steps"].as_array().unwrap().iter().map(|step| step["command"].as_str().unwrap()).collect();
    assert_eq!(steps, ["submit", "start-validation", "record-gate", "request-approvals", "remind", "reject"]);
    assert_eq!(told["steps"][4]["says"], "lead@example.com, risk@example.com were reminded of version 3 of late-trains");
    assert_eq!(told["steps"][5]["details"][0], "reason: worse on line blue");
}

#[test]
fn who_would_get_no_decision_link_is_named() {
    let desk = Desk::new();
    fill(&desk);
    let answer = desk.tidegate(&["approvers", "--check", "--state", "state"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.contains("late-trains  on-call@example.com  is not subscribed"), "{}", answer.out);
    let answer = desk.tidegate(&["approvers", "--check", "--json", "--state", "state"]);
    let told: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(told["models"][0]["approvers"][0]["standing"], "missing");
    // A demo sends no mail, so nobody can be subscribed to it.
    assert_eq!(desk.tidegate(&["approvers", "--state", "state"]).code, Some(2));
}

#[test]
fn a_rollback_is_one_command_and_the_audit_trail_tells_it() {
    let desk = Desk::new();
    fill(&desk);
    let back = ["rollback", MODEL, "--reason", "AUC fell to 0.61", "--by", "ops@example.com"];
    let says = "Version 2 of late-trains was rolled back by ops@example.com: AUC fell to 0.61; version 1 is champion again.\n";
    assert_eq!(said(&desk, &back), says);
    assert_eq!(json(&desk, &["versions", MODEL])["champion"], 1);
    // Once more, and there is nothing to go back to.
    let mut all = back.to_vec();
    all.extend(["--state", "state"]);
    let answer = desk.tidegate(&all);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("it replaced no version, so there is nothing to go back to"), "{}", answer.err);
    let verified = said(&desk, &["verify"]);
    assert_eq!(verified, "● late-trains: 17 entries, whole; the table is what they tell; 1 checkpoint agrees\n");
}

#[test]
fn what_was_changed_behind_the_registrys_back_is_named() {
    let desk = Desk::new();
    fill(&desk);
    assert_eq!(json(&desk, &["verify"])["whole"], true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&desk.path().join("state")).await.unwrap();
        let key = |sk: &str| {
            [("pk", format!("MODEL#{MODEL}")), ("sk", sk.to_owned())].map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
        };
        let get = account.dynamodb.get_item().table_name(TABLE).set_key(Some(key("AUDIT#000000000007").into()));
        let mut item = get.send().await.unwrap().item.unwrap();
        let text = item["audit_entry"].as_s().unwrap().replace("function:validate", "function:nobody");
        item.insert("audit_entry".to_owned(), AttributeValue::S(text));
        account.dynamodb.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    });
    let answer = desk.tidegate(&["verify", MODEL, "--state", "state"]);
    assert_eq!(answer.code, Some(1));
    assert_eq!(answer.out, "◆ entry 7 of late-trains: its text was changed: its digest is another one\n");

    // The chain as it was, and another state of a version than it tells.
    let desk = Desk::new();
    fill(&desk);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let account = LocalAccount::start(&desk.path().join("state")).await.unwrap();
        let keys = [("pk", format!("MODEL#{MODEL}")), ("sk", "VERSION#00000003".to_owned())];
        let mut item = account.dynamodb.get_item().table_name(TABLE);
        for (name, value) in keys {
            item = item.key(name, AttributeValue::S(value));
        }
        let mut item = item.send().await.unwrap().item.unwrap();
        let mut body = item["record_body"].as_m().unwrap().clone();
        body.insert("state".to_owned(), AttributeValue::S("approved".to_owned()));
        item.insert("record_body".to_owned(), AttributeValue::M(body));
        account.dynamodb.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    });
    let answer = desk.tidegate(&["verify", "--state", "state"]);
    assert_eq!(
        (answer.code, answer.out.as_str()),
        (Some(1), "◆ version 3 of late-trains is not in the table as the audit chain recorded it\n")
    );
}
