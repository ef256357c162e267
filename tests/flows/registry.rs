//! The registry on the table: who races, who loses a reply, who writes what is not allowed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tempfile::TempDir;
use tidegate_local_account::{Fault, Faults, LocalAccount, Moment, Odds, Services, TABLE};
use tidegate_registry::audit::{rebuild, verify_to};
use tidegate_registry::{
    AliasName, Answer, Applied, Artifact, ArtifactFile, Command, GateOutcome, GateRecord, Lineage, Order, Policy, Reason,
    RefusedSubmission, Registry, RegistryError, Stage, Submission, VersionState,
};
use tidegate_tests::Overtaking;

const MODEL: &str = "flight-delay";
const LEAD: &str = "lead@example.com";
const RISK: &str = "risk@example.com";

/// A registry, and another client of the same table that faults befall.
struct Desk {
    folder: TempDir,
    account: LocalAccount,
    registry: Registry,
    faults: Faults,
    shaky: Registry,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let account = LocalAccount::start(folder.path()).await.unwrap();
        let registry = Registry::new(account.dynamodb.clone(), TABLE);
        let faults = Faults::default();
        let shaky = client(&folder, Some(faults.clone()), 3);
        Self { folder, account, registry, faults, shaky }
    }

    async fn ask(&self, number: u32, by: &str, command: Command, policy: &Policy, now_ms: i64) -> Result<Applied, RegistryError> {
        ask(&self.registry, number, by, command, policy, now_ms).await
    }

    async fn pending(&self, run: &str, policy: &Policy, now_ms: i64) -> u32 {
        pending(&self.registry, run, policy, now_ms).await
    }

    async fn promoted(&self, run: &str, now_ms: i64) -> u32 {
        let number = self.pending(run, &policy(0), now_ms).await;
        self.ask(number, "function:registry", Command::Promote, &policy(0), now_ms).await.unwrap();
        number
    }

    /// The chain is whole, and tells the table again.
    async fn check(&self) -> usize {
        let audited = self.registry.audited(MODEL).await.unwrap();
        verify_to(MODEL, &audited.entries, &audited.records.head, &[]).unwrap();
        let again = rebuild(&audited.entries).unwrap();
        assert_eq!(again.difference(&audited.records), None);
        assert_eq!(again, audited.records);
        audited.entries.len()
    }

    async fn state(&self, number: u32) -> VersionState {
        self.registry.version(MODEL, number).await.unwrap().unwrap().state
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn client(folder: &TempDir, faults: Option<Faults>, attempts: u32) -> Registry {
    let services = Services::open(folder.path()).unwrap();
    Registry::new(aws_sdk_dynamodb::Client::new(&services.sdk_config(faults, attempts)), TABLE)
}

async fn ask(registry: &Registry, number: u32, by: &str, command: Command, policy: &Policy, now_ms: i64) -> Result<Applied, RegistryError> {
    registry.apply(MODEL, Some(number), &Order { by: by.to_owned(), command }, policy, now_ms).await
}

pub(crate) async fn pending(registry: &Registry, run: &str, policy: &Policy, now_ms: i64) -> u32 {
    let submit = Command::Submit(Box::new(submission(run)));
    let number = ask(registry, 0, "function:validate", submit, policy, now_ms).await.unwrap().version.unwrap().number;
    let champion = registry.alias(MODEL, AliasName::Champion).await.unwrap();
    for command in
        [Command::StartValidation, Command::RecordGate(Box::new(gate(champion))), Command::RequestApprovals { request: "1".repeat(32) }]
    {
        ask(registry, number, "function:validate", command, policy, now_ms).await.unwrap();
    }
    number
}

fn submission(run: &str) -> Submission {
    Submission {
        artifact: Artifact::new(vec![ArtifactFile { name: "model.onnx".to_owned(), sha256: "1".repeat(64), bytes: 1_000 }]),
        lineage: Lineage {
            promoted_from: None,
            run: run.to_owned(),
            submitter: "ada@example.com".to_owned(),
            artifact_writer: "arn:aws:sts::111122223333:assumed-role/Training/job-7".to_owned(),
            dataset_version: Some("d".repeat(64)),
            evaluation_version: Some("e".repeat(64)),
            code_revision: Some("4f5c2a9".to_owned()),
            framework: None,
            parameters: BTreeMap::from([("C".to_owned(), "0.1".to_owned()), ("empty".to_owned(), String::new())]),
            manifest: None,
        },
    }
}

fn gate(champion: Option<u32>) -> GateRecord {
    GateRecord {
        outcome: GateOutcome::Pass,
        headline: "better".to_owned(),
        digest: "b".repeat(64),
        key: "gates/1.json".to_owned(),
        champion,
        rules: Vec::new(),
    }
}

pub(crate) fn policy(approvals: u32) -> Policy {
    Policy { approvals, approvers: [LEAD, RISK].map(str::to_owned).into(), expires_ms: 1_000_000, ..Policy::nobody(Stage::Prod) }
}

fn decide(answer: Answer) -> Command {
    Command::Decide { request: "1".repeat(32), answer, reason: "because".to_owned() }
}

fn rollback() -> Command {
    Command::RollBack { reason: "quality fell".to_owned() }
}

#[tokio::test]
async fn a_life_is_told_by_its_chain() {
    let desk = Desk::new().await;
    desk.promoted("run-1", 1_000).await;
    let two = desk.pending("run-2", &policy(2), 2_000).await;
    desk.ask(two, "function:validate", Command::MarkChallenger, &policy(2), 2_000).await.unwrap();
    desk.ask(two, LEAD, decide(Answer::Approve), &policy(2), 3_000).await.unwrap();
    desk.ask(two, RISK, decide(Answer::Approve), &policy(2), 4_000).await.unwrap();
    desk.ask(two, "function:registry", Command::Promote, &policy(2), 5_000).await.unwrap();
    desk.ask(two, "ops@example.com", rollback(), &policy(2), 6_000).await.unwrap();
    let refused = RefusedSubmission { run: "run-3".to_owned(), manifest: "c".repeat(64), reason: "the manifest breaks off".to_owned() };
    for _ in 0..2 {
        let command = Command::Refuse(refused.clone());
        let order = Order { by: "function:validate".to_owned(), command };
        desk.registry.apply(MODEL, None, &order, &policy(2), 7_000).await.unwrap();
    }
    assert_eq!(desk.registry.refused(MODEL).await.unwrap(), [refused]);
    assert_eq!(desk.check().await, 15);
    assert_eq!(desk.registry.models().await.unwrap(), [MODEL]);
    let was = async |at| desk.registry.champion_at(MODEL, at).await.unwrap().map(|version| version.number);
    assert_eq!([was(999).await, was(1_000).await, was(5_000).await, was(6_000).await], [None, Some(1), Some(2), Some(1)]);
    assert_eq!(desk.registry.champion(MODEL).await.unwrap().unwrap().number, 1);
    // Windows live beside versions, and are no part of the chain.
    assert_eq!(desk.registry.versions(MODEL).await.unwrap().len(), 2);
}

/// Two writers at one model, the second overtaking the first between its reading and its writing.
async fn race(desk: &Desk, slow: (u32, &str, Command), fast: (u32, &str, Command), rules: &Policy) -> [Result<Applied, RegistryError>; 2] {
    let services = Services::open(desk.folder.path()).unwrap();
    let (other, by, command, policy) = (desk.registry.clone(), fast.1.to_owned(), fast.2, rules.clone());
    let overtaking = Overtaking::new(&services.sdk_config(None, 1), "TransactWriteItems", async move {
        ask(&other, fast.0, &by, command, &policy, 9_000).await
    });
    let held = Registry::new(aws_sdk_dynamodb::Client::new(overtaking.config()), TABLE);
    let slow = ask(&held, slow.0, slow.1, slow.2, rules, 9_000).await;
    [slow, overtaking.outcome().unwrap()]
}

#[tokio::test]
async fn of_two_writers_one_wins_and_the_other_is_told_what_it_lost_against() {
    let two = policy(2);
    // Each is legal where both began; after the fast one the slow one is not.
    let retire = || Command::Retire { reason: "withdrawn".to_owned() };
    for (slow, fast, says) in [
        (
            (LEAD, decide(Answer::Approve)),
            (RISK, decide(Answer::Reject)),
            "version 1 of flight-delay was rejected: because (entry 5, by risk",
        ),
        ((LEAD, decide(Answer::Reject)), ("ops", retire()), "version 1 of flight-delay was withdrawn by ops: withdrawn (entry 5, by ops)"),
    ] {
        let desk = Desk::new().await;
        let number = desk.pending("run-1", &two, 1_000).await;
        let [lost, won] = race(&desk, (number, slow.0, slow.1), (number, fast.0, fast.1), &two).await;
        assert_eq!(won.unwrap().entry, Some(5));
        let error = lost.unwrap_err();
        assert!(error.to_string().contains(&format!(". In the meantime: {says}")), "{error}");
        assert!(!error.is_retryable(), "asking again changes nothing");
        assert_eq!(desk.check().await, 5);
    }
}

#[tokio::test]
async fn whoever_was_overtaken_and_still_may_goes_on_from_there() {
    let two = policy(2);
    let desk = Desk::new().await;
    let number = desk.pending("run-1", &two, 1_000).await;
    let (slow, fast) = ((number, LEAD, decide(Answer::Approve)), (number, RISK, decide(Answer::Approve)));
    let [slow, fast] = race(&desk, slow, fast, &two).await;
    assert_eq!((fast.unwrap().entry, desk.state(number).await), (Some(5), VersionState::Approved));
    let slow = slow.unwrap();
    assert_eq!((slow.entry, slow.meanwhile.len(), slow.meanwhile[0].by.as_str()), (Some(6), 1, RISK));

    // The same promotion twice is one promotion.
    let [slow, fast] = race(&desk, (number, "one", Command::Promote), (number, "two", Command::Promote), &two).await;
    assert_eq!((slow.unwrap().entry, fast.unwrap().entry), (None, Some(7)));

    // Two runs at once are two versions; one run at once is one.
    let submit = |run: &str| Command::Submit(Box::new(submission(run)));
    let [slow, fast] = race(&desk, (0, "f", submit("run-2")), (0, "f", submit("run-3")), &two).await;
    let number = |applied: Result<Applied, RegistryError>| applied.unwrap().version.unwrap().number;
    assert_eq!((number(slow), number(fast)), (3, 2));
    let [slow, fast] = race(&desk, (0, "f", submit("run-4")), (0, "f", submit("run-4")), &two).await;
    assert_eq!((number(slow), number(fast)), (4, 4));
    assert_eq!(desk.check().await, 10);
}

#[test]
fn many_writers_at_once_leave_one_story() {
    for _ in 0..5 {
        let (desk, number) = block_on(async {
            let desk = Desk::new().await;
            let number = desk.pending("run-1", &policy(1), 1_000).await;
            (desk, number)
        });
        let start = std::sync::Barrier::new(8);
        let results: Vec<Result<Applied, RegistryError>> = std::thread::scope(|scope| {
            let writers = (0..8).map(|writer| {
                let (who, answer) = if writer % 2 == 0 { (LEAD, Answer::Approve) } else { (RISK, Answer::Reject) };
                let (registry, start) = (desk.registry.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    block_on(ask(&registry, number, who, decide(answer), &policy(1), 2_000))
                })
            });
            writers.collect::<Vec<_>>().into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        // The same answer of the same person at the same moment is the same decision, whoever carried it.
        let won = results.iter().flatten().filter(|applied| applied.entry.is_some()).map(|applied| applied.entry);
        assert!(won.clone().all(|entry| entry == Some(5)) && won.count() >= 1);
        for error in results.into_iter().filter_map(Result::err) {
            assert!(matches!(error, RegistryError::Refused { .. }), "{error}");
        }
        block_on(async {
            assert_eq!(desk.check().await, 5);
        });
    }
}

#[tokio::test]
async fn an_illegal_move_cannot_be_written_whatever_the_caller_believes() {
    let desk = Desk::new().await;
    let number = desk.pending("run-1", &policy(1), 1_000).await;
    desk.ask(number, RISK, decide(Answer::Reject), &policy(1), 2_000).await.unwrap();
    let before = desk.registry.audited(MODEL).await.unwrap();
    // Somebody with the right to write changes the item behind the registry's back: the version claims to be approved, with the head as it was.
    let mut item = get(&desk, "VERSION#00000001").await;
    let mut body = item["record_body"].as_m().unwrap().clone();
    body.insert("state".to_owned(), AttributeValue::S("approved".to_owned()));
    body.insert("approved_at_ms".to_owned(), AttributeValue::N("1500".to_owned()));
    body.remove("ending");
    item.insert("record_body".to_owned(), AttributeValue::M(body));
    put(&desk, item.clone()).await;
    // The registry believes it, and its write still says from where it goes: the item is `rejected`.
    let error = desk.ask(number, "function:registry", Command::Promote, &policy(1), 3_000).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let after = desk.registry.audited(MODEL).await.unwrap();
    assert_eq!((after.entries.len(), desk.registry.champion(MODEL).await.unwrap()), (before.entries.len(), None));
    // And the chain tells that the table is not what was recorded.
    assert_eq!(rebuild(&after.entries).unwrap().difference(&after.records).unwrap(), "version 1");

    // Even an item that lies in every attribute meets the head: an entry that was added behind the registry's back is found.
    let mut head = get(&desk, "HEAD").await;
    head.insert("audit_seq".to_owned(), AttributeValue::N("9".to_owned()));
    put(&desk, head).await;
    let audited = desk.registry.audited(MODEL).await.unwrap();
    let fault = verify_to(MODEL, &audited.entries, &audited.records.head, &[]).unwrap_err();
    assert_eq!(fault.to_string(), "entry 6 of flight-delay: it is missing");
}

async fn get(desk: &Desk, sk: &str) -> std::collections::HashMap<String, AttributeValue> {
    let call = desk.account.dynamodb.get_item().table_name(TABLE).key("pk", AttributeValue::S(format!("MODEL#{MODEL}")));
    call.key("sk", AttributeValue::S(sk.to_owned())).send().await.unwrap().item.unwrap()
}

async fn put(desk: &Desk, item: std::collections::HashMap<String, AttributeValue>) {
    let put = Put::builder().table_name(TABLE).set_item(Some(item)).build().unwrap();
    let call = desk.account.dynamodb.transact_write_items().transact_items(TransactWriteItem::builder().put(put).build());
    call.send().await.unwrap();
}

#[tokio::test]
async fn a_crash_or_a_lost_answer_at_any_call_changes_a_version_once() {
    for attempts in [1, 3] {
        let clean = Desk::new().await;
        let story = async |registry: &Registry| -> Result<(), RegistryError> {
            let rules = policy(1);
            ask(registry, 0, "f", Command::Submit(Box::new(submission("run-1"))), &rules, 1_000).await?;
            for command in [Command::StartValidation, Command::RecordGate(Box::new(gate(None)))] {
                ask(registry, 1, "f", command, &rules, 1_000).await?;
            }
            ask(registry, 1, "f", Command::RequestApprovals { request: "1".repeat(32) }, &rules, 1_000).await?;
            ask(registry, 1, LEAD, decide(Answer::Approve), &rules, 2_000).await?;
            ask(registry, 1, "f", Command::Promote, &rules, 3_000).await?;
            Ok(())
        };
        story(&clean.registry).await.unwrap();
        let expected = clean.registry.audited(MODEL).await.unwrap();
        let count = {
            let desk = Desk::new().await;
            story(&desk.shaky).await.unwrap();
            desk.faults.calls().len() as u64
        };
        for call in 1..=count {
            let moments: &[Moment] = if attempts == 1 { &[Moment::Before, Moment::After] } else { &[Moment::Midway] };
            for &moment in moments {
                let desk = Desk::new().await;
                let shaky = client(&desk.folder, Some(desk.faults.clone()), attempts);
                desk.faults.plan(Fault { call, moment, deadly: attempts == 1 });
                let mut tries = 0;
                while story(&shaky).await.is_err() {
                    desk.faults.revive();
                    tries += 1;
                    assert!(tries < 5);
                }
                let found = desk.registry.audited(MODEL).await.unwrap();
                assert_eq!((&found.entries, &found.records), (&expected.entries, &expected.records), "call {call}, {moment:?}");
            }
        }
    }
}

#[tokio::test]
async fn faults_by_chance_lose_nothing_and_double_nothing() {
    for seed in 0..30 {
        let desk = Desk::new().await;
        desk.faults.roll(seed, Odds { lost_request: 0.05, lost_reply: 0.1, throttle: 0.05, crash: 0.0 });
        let rules = policy(1);
        let persist = async |number: u32, by: &str, command: Command| loop {
            match ask(&desk.shaky, number, by, command.clone(), &rules, 2_000).await {
                Ok(applied) => return applied,
                Err(error) if error.is_retryable() => {}
                Err(error) => panic!("seed {seed}: {error}"),
            }
        };
        for run in 1..=3_u32 {
            let number = persist(0, "f", Command::Submit(Box::new(submission(&format!("run-{run}"))))).await.version.unwrap().number;
            assert_eq!(number, run, "seed {seed}: one run is one version");
            persist(number, "f", Command::StartValidation).await;
            persist(number, "f", Command::RecordGate(Box::new(gate(desk.registry.alias(MODEL, AliasName::Champion).await.unwrap())))).await;
            persist(number, "f", Command::RequestApprovals { request: "1".repeat(32) }).await;
            persist(number, LEAD, decide(Answer::Approve)).await;
            persist(number, "f", Command::Promote).await;
        }
        if seed % 2 == 0 {
            persist(3, "ops", rollback()).await;
            persist(3, "ops", rollback()).await;
            assert_eq!(desk.registry.alias(MODEL, AliasName::Champion).await.unwrap(), Some(2), "seed {seed}");
        }
        let entries = desk.check().await;
        assert!(entries == 18 || entries == 19, "seed {seed}: {entries}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_was_tried_where_it_stands_and_what_would_be_possible() {
    let desk = Desk::new().await;
    let number = desk.pending("run-1", &policy(2), 1_000).await;
    let error = desk.ask(number, "f", Command::Promote, &policy(2), 2_000).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not promote version 1 of flight-delay, which is pending-approval: that is not done from there; possible are: approve it, \
         reject it, let it expire, record another gate, retire it"
    );
    assert!(!error.is_retryable());
    let unknown = desk.ask(7, "f", Command::Promote, &policy(2), 2_000).await.unwrap_err();
    assert_eq!(unknown.refusal().unwrap().reason, Reason::Unknown);
    assert_eq!(unknown.to_string(), "could not promote flight-delay: found no such version");
}

/// The function's hour and the queue's commands, whole.
mod function {
    use tidegate_local_account::{AUDIT, SIGNING_KEY};
    use tidegate_registry::audit::{PublicKey, SignedCheckpoint};

    use super::*;

    async fn checkpoints(desk: &Desk) -> Vec<(String, SignedCheckpoint)> {
        let mut found = Vec::new();
        for object in desk.account.s3.list_objects_v2().bucket(AUDIT).send().await.unwrap().contents.unwrap_or_default() {
            let key = object.key.unwrap();
            let body = desk.account.s3.get_object().bucket(AUDIT).key(&key).send().await.unwrap().body.collect().await.unwrap();
            found.push((key, SignedCheckpoint::read(&body.into_bytes()).unwrap()));
        }
        found
    }

    async fn public_key(desk: &Desk) -> PublicKey {
        let kms = aws_sdk_kms::Client::new(&Services::open(desk.folder.path()).unwrap().sdk_config(None, 1));
        let answer = kms.get_public_key().key_id(SIGNING_KEY).send().await.unwrap();
        PublicKey::read(&answer.public_key.unwrap().into_inner()).unwrap()
    }

    #[tokio::test]
    async fn an_hour_ends_what_nobody_answered_and_signs_where_the_chains_end() {
        let desk = Desk::new().await;
        assert_eq!(desk.account.tick_registry("1970-01-01T00:00:00Z").await.unwrap(), (0, None), "nothing to sign");
        let number = desk.pending("run-1", &policy(1), 1_000).await;
        // The request is open for 1,000 seconds.
        let (expired, first) = desk.account.tick_registry("1970-01-01T00:10:00Z").await.unwrap();
        assert_eq!((expired, first.as_deref()), (0, Some("checkpoints/1970/01/01/1970-01-01T00-10-00Z.json")));
        assert_eq!(desk.account.tick_registry("1970-01-01T00:15:00Z").await.unwrap(), (0, None), "nothing went on");
        let (expired, second) = desk.account.tick_registry("1970-01-01T01:00:00Z").await.unwrap();
        assert_eq!((expired, desk.state(number).await), (1, VersionState::Expired));
        assert!(second.is_some());
        // The same hour again keeps what was written.
        let kept = checkpoints(&desk).await;
        assert_eq!(desk.account.tick_registry("1970-01-01T01:00:00Z").await.unwrap(), (0, None));
        assert_eq!(checkpoints(&desk).await, kept);

        // Both are signed by the key, and agree with the chain.
        let key = public_key(&desk).await;
        let anchors: Vec<_> = kept.iter().map(|(_, signed)| signed.verified(&key).unwrap().anchor(MODEL).unwrap()).collect();
        assert_eq!(anchors.iter().map(|anchor| anchor.seq).collect::<Vec<_>>(), [4, 5]);
        let audited = desk.registry.audited(MODEL).await.unwrap();
        verify_to(MODEL, &audited.entries, &audited.records.head, &anchors).unwrap();
    }

    #[tokio::test]
    async fn an_hour_that_crashes_anywhere_is_done_when_it_comes_again() {
        let mut call: u64 = 0;
        loop {
            call += 1;
            let folder = tempfile::tempdir().unwrap();
            let faults = Faults::default();
            let setup = tidegate_local_account::Setup { attempts: 1, faults: faults.clone(), ..Default::default() };
            let account = LocalAccount::start_with(folder.path(), setup).await.unwrap();
            let registry = Registry::new(account.dynamodb.clone(), TABLE);
            let desk = Desk { shaky: registry.clone(), folder, account, registry, faults };
            let number = desk.pending("run-1", &policy(1), 1_000).await;
            desk.faults.reset();
            let moment = if call.is_multiple_of(2) { Moment::After } else { Moment::Before };
            desk.faults.plan(Fault { call: call.div_ceil(2), moment, deadly: true });
            desk.account.tick_registry("1970-01-01T01:00:00Z").await.unwrap();
            let struck = desk.faults.struck();
            desk.account.tick_registry("1970-01-01T01:00:00Z").await.unwrap();
            desk.account.tick_registry("1970-01-01T02:00:00Z").await.unwrap();
            assert_eq!(desk.state(number).await, VersionState::Expired, "call {call}");
            assert_eq!(desk.check().await, 5, "call {call}");
            let key = public_key(&desk).await;
            let kept = checkpoints(&desk).await;
            assert_eq!(kept.len(), 1, "call {call}: one hour, one checkpoint");
            assert_eq!(kept[0].1.verified(&key).unwrap().anchor(MODEL).unwrap().seq, 5, "call {call}");
            if struck == 0 {
                assert!(call > 16, "{call}");
                break;
            }
        }
    }

    #[tokio::test]
    async fn commands_of_the_queue_are_done_once_and_what_is_refused_lies_in_the_dead_letter_queue() {
        let desk = Desk::new().await;
        for run in ["run-1", "run-2", "run-3"] {
            desk.promoted(run, 1_000).await;
        }
        let command = |text: &str, version: u32| {
            format!(r#"{{"command":"{text}","model":"{MODEL}","version":{version},"reason":"quality fell","by":"ops@example.com"}}"#)
        };
        // Twice the same rollback, a poison message, and one that no longer holds when its turn comes.
        for body in [command("roll-back", 3), command("roll-back", 3), "{".to_owned(), command("roll-back", 1)] {
            desk.account.send_to_registry(&body).await.unwrap();
        }
        desk.account.settle().await.unwrap();
        assert_eq!(desk.registry.alias(MODEL, AliasName::Champion).await.unwrap(), Some(2));
        let letters = desk.account.dead_letters(desk.account.registry_queue()).await.unwrap();
        assert_eq!(letters, ["{".to_owned(), command("roll-back", 1)]);
        let rolled_back = desk.registry.version(MODEL, 3).await.unwrap().unwrap();
        assert_eq!(rolled_back.ending.unwrap().by, "ops@example.com (sent by AIDAJHIPRHEMV73VRJEBU)");
        desk.check().await;
    }
}
