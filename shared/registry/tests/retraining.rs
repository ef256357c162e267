//! What happens while people do not answer, and how retraining is asked for, told as stories.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use support::*;
use tidegate_contract::RetrainingMode;
use tidegate_monitoring::DatasetSource;
use tidegate_registry::*;

const LEAD: &str = "lead@example.com";
const RISK: &str = "risk@example.com";
const HEAD: &str = "head@example.com";
const DAY: i64 = 24 * HOUR;

fn rules(mode: RetrainingMode) -> Policy {
    let retraining = RetrainingPolicy {
        mode,
        minimum_records: 1_000,
        cooldown_ms: 7 * DAY,
        window_ms: 30 * DAY,
        approvers: vec![LEAD.to_owned(), "Lead+x@example.com".to_owned(), RISK.to_owned()],
        on_new_dataset: false,
    };
    Policy { retraining, ..policy(1, &[LEAD, RISK]) }
}

fn call(trigger: &str) -> RetrainingCall {
    RetrainingCall {
        trigger: trigger.to_owned(),
        why: "temp moved".to_owned(),
        cause: Some("covariate-drift".to_owned()),
        report: None,
        evidence: "e".repeat(64),
        data: "2013-07-02_2013-08-01".to_owned(),
        dataset: None,
        records: None,
        by_hand: false,
    }
}

fn dataset(digit: &str, records: u64, passed: bool) -> Command {
    Command::RecordDataset(Box::new(DatasetRecord {
        version: digit.repeat(64),
        name: "2013-07-02_2013-08-01".to_owned(),
        source: DatasetSource::Window,
        records,
        passed,
        says: "looked at".to_owned(),
        at_ms: 0,
    }))
}

fn retrain(call: RetrainingCall) -> Command {
    Command::Retrain(Box::new(call))
}

fn last(desk: &Desk) -> &Retraining {
    desk.records.retrainings.values().next_back().unwrap()
}

fn says(result: Result<Change, Refusal>) -> String {
    result.map_or_else(|refusal| refusal.to_string(), |change| change.says().to_owned())
}

#[test]
fn those_who_do_not_answer_are_reminded_once_a_day_and_then_others_are_asked() {
    let escalate = Some(Escalate { after_ms: 2 * DAY, to: vec![HEAD.to_owned(), "ada@example.com".to_owned()] });
    let policy = Policy { remind_ms: DAY, escalate, ..policy(2, &[LEAD, RISK]) };
    let mut desk = Desk::default();
    let number = desk.pending("run-1", &policy, 0);
    let request = |desk: &Desk| desk.records.versions[&number].request.clone().unwrap();
    assert!(
        matches!(desk.ask(number, "f", Command::Remind, &policy, DAY - 1).unwrap_err().reason, Reason::TooEarly { until_ms } if until_ms == DAY)
    );
    desk.ask(number, LEAD, answer(Answer::Approve, ""), &policy, HOUR).unwrap();
    assert_eq!(says(desk.ask(number, "f", Command::Remind, &policy, DAY)), "risk@example.com were reminded of version 1 of flight-delay");
    assert_eq!(request(&desk).reminders, 1);
    assert!(desk.ask(number, "f", Command::Remind, &policy, DAY + HOUR).is_err(), "once a day");
    assert!(desk.ask(number, "f", Command::Escalate, &policy, 2 * DAY - 1).is_err());
    desk.ask(number, "f", Command::Escalate, &policy, 2 * DAY).unwrap();
    assert_eq!(request(&desk).approvers, [HEAD, LEAD, RISK], "whoever submitted it is not asked, whatever the contract says");
    assert!(desk.ask(number, "f", Command::Escalate, &policy, 2 * DAY + 1).unwrap().is_nothing());
    desk.ask(number, HEAD, answer(Answer::Approve, ""), &policy, 2 * DAY + 2).unwrap();
    assert_eq!(desk.state(number), VersionState::Approved);
    assert!(desk.ask(number, "f", Command::Remind, &policy, 3 * DAY).is_err(), "nobody is reminded of what is decided");
}

#[test]
fn data_that_do_not_exist_end_the_retraining_that_waits_for_them() {
    let (mut desk, policy) = (Desk::default(), rules(RetrainingMode::Propose));
    desk.promoted("run-1", 1);
    desk.ask(0, "f", retrain(call("window 30d a")), &policy, DAY).unwrap();
    let none = |name: &str| Command::RecordNoData { name: name.to_owned() };
    assert!(desk.ask(0, "function:collect", none("2013-01-01_2013-01-02"), &policy, DAY).unwrap().is_nothing(), "nobody waits for these");
    let told = says(desk.ask(0, "function:collect", none("2013-07-02_2013-08-01"), &policy, DAY + 1));
    assert_eq!(told, "retraining 1 of flight-delay failed: no record was collected in 2013-07-02_2013-08-01");
    assert_eq!(last(&desk).state, RetrainingState::Failed);
    assert!(desk.ask(0, "function:collect", none("2013-07-02_2013-08-01"), &policy, DAY + 2).unwrap().is_nothing(), "told before");
}

#[test]
fn a_proposal_is_prepared_asked_about_told_and_answered_by_its_candidate() {
    let (mut desk, policy) = (Desk::default(), rules(RetrainingMode::Propose));
    desk.promoted("run-1", 1);
    desk.ask(0, "f", retrain(call("window 30d a")), &policy, DAY).unwrap();
    assert_eq!((last(&desk).state, last(&desk).champion), (RetrainingState::Preparing, Some(1)));
    assert!(desk.ask(0, "f", retrain(call("window 30d a")), &policy, DAY).unwrap().is_nothing(), "the same reason asks once");
    let other = says(desk.ask(0, "f", retrain(call("window 7d b")), &policy, DAY));
    assert!(other.contains("retraining 1 of flight-delay is preparing, and one at a time is enough"), "{other}");

    desk.ask(0, "function:collect", dataset("a", 5_000, true), &policy, DAY + 1).unwrap();
    let asked = last(&desk).clone();
    let request = asked.request.clone().unwrap();
    assert_eq!((asked.state, asked.records), (RetrainingState::Proposed, Some(5_000)));
    assert_eq!(request.approvers, [LEAD, RISK], "each person once");
    let decide =
        |answer, reason: &str| Command::DecideRetraining { number: 1, request: request.id.clone(), answer, reason: reason.to_owned() };
    let refused = |desk: &mut Desk, by: &str| desk.ask(0, by, decide(Answer::Approve, ""), &policy, DAY + 2).unwrap_err().reason;
    assert!(matches!(refused(&mut desk, "eve@example.com"), Reason::NotAsked { .. }));
    assert!(desk.ask(0, RISK, decide(Answer::Reject, ""), &policy, DAY + 2).is_err(), "a rejection says why");
    desk.ask(0, "LEAD@example.com", decide(Answer::Approve, ""), &policy, DAY + 3).unwrap();
    assert_eq!(last(&desk).state, RetrainingState::Requested);
    assert!(desk.ask(0, LEAD, decide(Answer::Approve, ""), &policy, DAY + 4).unwrap().is_nothing());
    assert!(matches!(desk.ask(0, LEAD, decide(Answer::Reject, "no"), &policy, DAY + 4).unwrap_err().reason, Reason::SaidBefore { .. }));

    let mut candidate = submission("run-2");
    candidate.lineage.dataset_version = Some("a".repeat(64));
    desk.ask(0, "f", Command::Submit(Box::new(candidate)), &policy, 2 * DAY).unwrap();
    assert_eq!((last(&desk).state, last(&desk).candidate), (RetrainingState::Answered, Some(2)));
    let soon = says(desk.ask(0, "f", retrain(call("window 30d c")), &policy, 7 * DAY));
    assert!(soon.contains("less than 168 h ago (retraining.cooldown)"), "{soon}");
    desk.ask(0, "f", retrain(call("window 30d c")), &policy, 8 * DAY + 1).unwrap();
    assert_eq!(last(&desk).number, 2);
}

#[test]
fn nothing_is_retrained_on_a_fault_on_too_little_on_bad_data_or_against_the_contract() {
    let ask = |call: RetrainingCall, mode| says(Desk::default().ask(0, "f", retrain(call), &rules(mode), DAY));
    let fault = RetrainingCall { cause: Some("data-fault".to_owned()), by_hand: true, ..call("a person") };
    assert!(ask(fault, RetrainingMode::Automatic).contains("learns the fault"), "not even by hand");
    assert!(ask(call("w"), RetrainingMode::Never).contains("retraining.mode"));
    let few = RetrainingCall { records: Some(999), ..call("w") };
    assert!(ask(few, RetrainingMode::Automatic).contains("found 999 records, expected at least 1000"));
    for (records, passed, why) in [(999, true, "retraining.minimum_records"), (5_000, false, "failed their checks")] {
        let (mut desk, policy) = (Desk::default(), rules(RetrainingMode::Automatic));
        desk.ask(0, "f", retrain(call("w")), &policy, DAY).unwrap();
        desk.ask(0, "f", dataset("a", records, passed), &policy, DAY + 1).unwrap();
        assert_eq!(last(&desk).state, RetrainingState::Failed);
        assert!(last(&desk).ending.as_ref().unwrap().reason.contains(why));
    }
    let (mut desk, policy) = (Desk::default(), rules(RetrainingMode::Automatic));
    desk.ask(0, "f", retrain(call("w")), &policy, DAY).unwrap();
    desk.ask(0, "f", dataset("a", 5_000, true), &policy, DAY + 1).unwrap();
    assert_eq!(last(&desk).state, RetrainingState::Requested, "automatic: nobody is asked");
}

#[test]
fn a_champion_that_changes_makes_a_proposal_another_one_and_silence_ends_it() {
    let (mut desk, policy) = (Desk::default(), rules(RetrainingMode::Propose));
    desk.ask(0, "f", retrain(call("w")), &policy, DAY).unwrap();
    desk.ask(0, "f", dataset("a", 5_000, true), &policy, DAY).unwrap();
    let request = last(&desk).request.clone().unwrap();
    desk.promoted("run-1", DAY + 1);
    let decide = Command::DecideRetraining { number: 1, request: request.id, answer: Answer::Approve, reason: String::new() };
    let stale = desk.ask(0, LEAD, decide, &policy, DAY + 2).unwrap_err().reason;
    assert_eq!(stale, Reason::Stale { changed: vec!["the champion"] });
    let expire = || Command::ExpireRetraining { number: 1 };
    assert!(matches!(desk.ask(0, "f", expire(), &policy, request.expires_at_ms - 1).unwrap_err().reason, Reason::TooEarly { .. }));
    desk.ask(0, "f", expire(), &policy, request.expires_at_ms).unwrap();
    assert_eq!(last(&desk).state, RetrainingState::Expired);
    assert!(desk.ask(0, "f", expire(), &policy, request.expires_at_ms + 1).unwrap().is_nothing());
}
