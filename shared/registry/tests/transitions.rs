//! What may happen to a model version, told as stories.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use support::*;
use tidegate_registry::*;

const LEAD: &str = "lead@example.com";
const RISK: &str = "risk@example.com";

fn two() -> Policy {
    policy(2, &[LEAD, RISK])
}

fn says(result: Result<Change, Refusal>) -> String {
    result.map_or_else(|refusal| refusal.to_string(), |change| change.says().to_owned())
}

#[test]
fn a_version_is_approved_by_two_people_and_becomes_champion() {
    let mut desk = Desk::default();
    let number = desk.pending("run-1", &two(), 1_000);
    assert_eq!(desk.state(number), VersionState::PendingApproval);
    let first = desk.ask(number, LEAD, answer(Answer::Approve, ""), &two(), 2_000);
    assert_eq!(says(first), "lead@example.com approved version 1 of flight-delay (1 of 2 needed)");
    assert_eq!(desk.state(number), VersionState::PendingApproval);
    desk.ask(number, RISK, answer(Answer::Approve, "fine"), &two(), 3_000).unwrap();
    assert_eq!(desk.state(number), VersionState::Approved);
    let promoted = desk.ask(number, "function:registry", Command::Promote, &two(), 4_000);
    assert_eq!(says(promoted), "version 1 of flight-delay became champion");
    assert_eq!(desk.champion(), Some(number));
    assert!(desk.records.versions[&number].reigned_at(4_000) && !desk.records.versions[&number].reigned_at(3_999));
}

#[test]
fn one_champion_at_a_time_and_the_way_back() {
    let mut desk = Desk::default();
    let one = desk.promoted("run-1", 1_000);
    let two = desk.promoted("run-2", 2_000);
    assert_eq!((desk.state(one), desk.state(two), desk.champion()), (VersionState::Retired, VersionState::Champion, Some(two)));
    let policy = policy(0, &[]);
    let back = || Command::RollBack { reason: "quality fell".to_owned() };
    assert_eq!(
        says(desk.ask(two, LEAD, back(), &policy, 3_000)),
        "version 2 of flight-delay was rolled back by lead@example.com: quality fell; version 1 is champion again"
    );
    assert_eq!((desk.state(one), desk.state(two), desk.champion()), (VersionState::Champion, VersionState::RolledBack, Some(one)));
    let was = |at| desk.records.versions.values().find(|version| version.reigned_at(at)).map(|version| version.number);
    assert_eq!([999, 1_000, 1_999, 2_000, 2_999, 3_000].map(was), [None, Some(1), Some(1), Some(2), Some(2), Some(1)]);

    // The same command, delivered again, must not go back by two.
    assert!(desk.ask(two, LEAD, back(), &policy, 4_000).unwrap().is_nothing());
    assert_eq!(desk.champion(), Some(one));
    assert_eq!(
        says(desk.ask(one, LEAD, back(), &policy, 5_000)),
        "could not roll back version 1 of flight-delay, which is champion: it replaced no version, so there is nothing to go back to; retire \
         it to serve nothing; possible are: roll it back, retire it, promote another version over it"
    );
}

#[test]
fn a_withdrawn_version_never_comes_back() {
    let mut desk = Desk::default();
    let (one, two, policy) = (desk.promoted("run-1", 1_000), desk.promoted("run-2", 2_000), policy(0, &[]));
    desk.ask(one, LEAD, Command::Retire { reason: "licence ended".to_owned() }, &policy, 3_000).unwrap();
    let refused = desk.ask(two, LEAD, Command::RollBack { reason: "slow".to_owned() }, &policy, 4_000).unwrap_err();
    assert_eq!(refused.reason, Reason::NothingBefore { withdrawn: Some(one) });
    desk.ask(two, LEAD, Command::Retire { reason: "slow".to_owned() }, &policy, 5_000).unwrap();
    assert_eq!((desk.state(two), desk.champion()), (VersionState::Retired, None));
    let three = desk.promoted("run-3", 6_000);
    assert_eq!((desk.champion(), desk.records.versions[&three].replaced), (Some(three), None));
}

#[test]
fn nobody_decides_about_their_own_model_under_whichever_name() {
    let everybody = policy(1, &["ada@example.com", LEAD, RISK]);
    for (who, part) in [("ada@example.com", "ada@example.com submitted it"), ("Ada+approver@Example.com", "ada@example.com submitted it")] {
        let mut desk = Desk::default();
        let number = desk.pending("run-1", &everybody, 1_000);
        assert_eq!(desk.records.versions[&number].request.as_ref().unwrap().approvers, [LEAD, RISK], "she is not even asked");
        let refused = says(desk.ask(number, who, answer(Answer::Approve, ""), &everybody, 2_000));
        assert!(refused.contains(&format!("{part}, and nobody decides about their own model")), "{refused}");
    }
    // Whoever wrote the files, known to the contract as the lead, under an address of the lead's that is not the lead's first.
    let mut desk = Desk::default();
    let mut written = submission("run-1");
    written.lineage.artifact_writer = "arn:aws:iam::111122223333:user/Lead".to_owned();
    let lead = policy(1, &[LEAD, RISK]);
    desk.ask(0, "f", Command::Submit(Box::new(written)), &lead, 1).unwrap();
    desk.ask(1, "f", Command::StartValidation, &lead, 1).unwrap();
    desk.ask(1, "f", Command::RecordGate(Box::new(gate(GateOutcome::Pass, None))), &lead, 1).unwrap();
    desk.ask(1, "f", Command::RequestApprovals { request: request('1') }, &lead, 1).unwrap();
    let refused = desk.ask(1, "BOSS@example.com", answer(Answer::Approve, ""), &lead, 2).unwrap_err();
    assert_eq!(refused.reason, Reason::OwnModel { person: LEAD.to_owned(), part: "wrote its files" });
}

#[test]
fn one_person_under_two_names_is_one_approval() {
    let mut desk = Desk::default();
    let policy = policy(2, &[LEAD, "boss@example.com", RISK]);
    let number = desk.pending("run-1", &policy, 1_000);
    desk.ask(number, LEAD, answer(Answer::Approve, ""), &policy, 2_000).unwrap();
    for again in [LEAD, "LEAD+x@example.com", "boss@example.com"] {
        assert!(desk.ask(number, again, answer(Answer::Approve, ""), &policy, 3_000).unwrap().is_nothing(), "{again}");
    }
    assert_eq!(desk.state(number), VersionState::PendingApproval);
    let opposite = desk.ask(number, "boss@example.com", answer(Answer::Reject, "no"), &policy, 3_000).unwrap_err();
    assert_eq!(opposite.reason, Reason::SaidBefore { person: LEAD.to_owned(), answer: Answer::Approve });
}

#[test]
fn a_quorum_that_cannot_be_reached_fails_at_creation_by_name() {
    let mut desk = Desk::default();
    let policy = policy(2, &["ada@example.com", LEAD, "boss@example.com"]);
    desk.ask(0, "f", Command::Submit(Box::new(submission("run-1"))), &policy, 1).unwrap();
    desk.ask(1, "f", Command::StartValidation, &policy, 1).unwrap();
    assert_eq!(
        desk.ask(1, "f", Command::RequestApprovals { request: request('1') }, &policy, 1).unwrap_err().reason,
        Reason::NoGate,
        "evidence first"
    );
    desk.ask(1, "f", Command::RecordGate(Box::new(gate(GateOutcome::Pass, None))), &policy, 1).unwrap();
    let refused = says(desk.ask(1, "f", Command::RequestApprovals { request: request('1') }, &policy, 1));
    assert!(
        refused.contains("2 must approve and 1 may (lead@example.com); ada@example.com may not: submitted it. Name more approvers"),
        "{refused}"
    );
    assert_eq!(desk.state(1), VersionState::Validating);
}

#[test]
fn what_has_changed_since_people_were_asked_is_not_decided() {
    let other = policy(2, &[LEAD, RISK, "third@example.com"]);
    let mut start = Desk::default();
    let number = start.pending("run-2", &two(), 2_000);

    let mut desk = start.clone();
    let refused = desk.ask(number, LEAD, answer(Answer::Approve, ""), &other, 3_000).unwrap_err();
    assert_eq!(refused.reason, Reason::Stale { changed: vec!["the policy"] });

    let mut desk = start.clone();
    desk.promoted("run-3", 2_500);
    let refused = desk.ask(number, LEAD, answer(Answer::Approve, ""), &two(), 3_000).unwrap_err();
    assert_eq!(refused.reason, Reason::Stale { changed: vec!["the champion"] });
    // It is looked at again: against the new champion.
    desk.ask(number, "f", Command::StartValidation, &two(), 3_000).unwrap();
    let old = desk.ask(number, "f", Command::RecordGate(Box::new(gate(GateOutcome::Pass, None))), &two(), 3_000).unwrap_err();
    assert_eq!(old.reason, Reason::OtherChampion { compared: None, now: Some(2) });
    desk.ask(number, "f", Command::RecordGate(Box::new(gate(GateOutcome::Pass, Some(2)))), &two(), 3_000).unwrap();

    let mut desk = start.clone();
    let another = GateRecord { digest: digest('c'), ..gate(GateOutcome::Pass, None) };
    desk.ask(number, "f", Command::RecordGate(Box::new(another)), &two(), 2_500).unwrap();
    let refused = desk.ask(number, LEAD, answer(Answer::Approve, ""), &two(), 3_000).unwrap_err();
    assert_eq!(refused.reason, Reason::Stale { changed: vec!["the gate's report"] });
    desk.ask(number, "f", Command::RequestApprovals { request: request('2') }, &two(), 3_000).unwrap();
    let old = desk.ask(number, LEAD, answer(Answer::Approve, ""), &two(), 4_000).unwrap_err();
    assert_eq!(old.reason, Reason::OtherRequest, "an old link decides nothing new");

    // Approved, and then another one became champion: promoting it now would replace what nobody compared it with.
    let mut desk = start;
    desk.ask(number, LEAD, answer(Answer::Approve, ""), &two(), 3_000).unwrap();
    desk.ask(number, RISK, answer(Answer::Approve, ""), &two(), 3_000).unwrap();
    desk.promoted("run-3", 4_000);
    let refused = desk.ask(number, "f", Command::Promote, &two(), 5_000).unwrap_err();
    assert_eq!(refused.reason, Reason::Stale { changed: vec!["the champion"] });
    desk.ask(number, "f", Command::StartValidation, &two(), 5_000).unwrap();
    assert!(desk.records.versions[&number].decisions.is_empty() && desk.records.versions[&number].gate.is_none());
}

#[test]
fn silence_is_a_no() {
    let mut desk = Desk::default();
    let number = desk.pending("run-1", &two(), 0);
    let end = 72 * HOUR;
    desk.ask(number, LEAD, answer(Answer::Approve, ""), &two(), 1).unwrap();
    let early = desk.ask(number, "f", Command::Expire, &two(), end - 1).unwrap_err();
    assert_eq!(early.reason, Reason::TooEarly { until_ms: end });
    assert!(desk.clone().ask(number, RISK, answer(Answer::Approve, ""), &two(), end - 1).is_ok());
    let late = desk.ask(number, RISK, answer(Answer::Approve, ""), &two(), end).unwrap_err();
    assert_eq!(late.reason, Reason::TooLate { since_ms: end });
    let expired = desk.ask(number, "f", Command::Expire, &two(), end);
    assert_eq!(says(expired), "version 1 of flight-delay expired: 1 of 2 needed approvals came in time");
    assert!(desk.ask(number, "f", Command::Expire, &two(), end + 1).unwrap().is_nothing());
    let refused = says(desk.ask(number, RISK, answer(Answer::Approve, ""), &two(), end + 1));
    assert!(refused.ends_with("which is expired: it was expired by f; expired is final"), "{refused}");
}

#[test]
fn one_no_ends_it_and_needs_a_reason() {
    let mut desk = Desk::default();
    let number = desk.pending("run-1", &two(), 0);
    let refused = says(desk.ask(number, LEAD, answer(Answer::Reject, " "), &two(), 1));
    assert!(refused.contains("reason: found none, expected a reason in words"), "{refused}");
    desk.ask(number, LEAD, answer(Answer::Reject, "bias in EWR"), &two(), 1).unwrap();
    assert_eq!(desk.state(number), VersionState::Rejected);
    assert!(desk.ask(number, LEAD, answer(Answer::Reject, "bias in EWR"), &two(), 2).unwrap().is_nothing());
    for command in [Command::StartValidation, Command::Promote, Command::Expire, Command::Retire { reason: "x".to_owned() }] {
        let refused = desk.ask(number, "f", command, &two(), 3).unwrap_err();
        assert!(refused.to_string().ends_with("rejected is final"), "{refused}");
    }
}

#[test]
fn what_another_registry_rejects_is_rejected_until_it_is_decided() {
    let no = || Command::RejectOutside { reason: "rejected there".to_owned() };
    let mut desk = Desk::default();
    let number = desk.pending("run-1", &two(), 0);
    desk.ask(number, "SageMaker", no(), &two(), 1).unwrap();
    assert_eq!(desk.state(number), VersionState::Rejected);
    assert!(desk.ask(number, "SageMaker", no(), &two(), 2).unwrap().is_nothing());
    let late = says(desk.ask(number, LEAD, answer(Answer::Approve, ""), &two(), 3));
    assert!(late.contains("it was rejected by SageMaker"), "{late}");
    let other = desk.pending("run-2", &two(), 10);
    for person in [LEAD, RISK] {
        desk.ask(other, person, answer(Answer::Approve, ""), &two(), 11).unwrap();
    }
    assert_eq!(desk.state(other), VersionState::Approved);
    assert!(says(desk.ask(other, "SageMaker", no(), &two(), 12)).contains("retire it"), "it is withdrawn instead");
}

#[test]
fn a_gate_rejects_by_itself_and_never_passes_when_it_cannot_tell() {
    for (outcome, policy, expected) in [
        (GateOutcome::Fail, two(), VersionState::Rejected),
        (GateOutcome::CannotTell, two(), VersionState::PendingApproval),
        (GateOutcome::CannotTell, policy(0, &[]), VersionState::Rejected),
        (GateOutcome::Pass, policy(0, &[]), VersionState::Approved),
    ] {
        let mut desk = Desk::default();
        desk.ask(0, "f", Command::Submit(Box::new(submission("run-1"))), &policy, 1).unwrap();
        desk.ask(1, "f", Command::StartValidation, &policy, 1).unwrap();
        desk.ask(1, "f", Command::RecordGate(Box::new(gate(outcome, None))), &policy, 1).unwrap();
        drop(desk.ask(1, "f", Command::RequestApprovals { request: request('1') }, &policy, 1));
        assert_eq!(desk.state(1), expected, "{outcome:?}");
    }
    // People were to be asked when the gate could not tell, and now nobody is: still, somebody must.
    let mut desk = Desk::default();
    desk.ask(0, "f", Command::Submit(Box::new(submission("run-1"))), &two(), 1).unwrap();
    desk.ask(1, "f", Command::StartValidation, &two(), 1).unwrap();
    desk.ask(1, "f", Command::RecordGate(Box::new(gate(GateOutcome::CannotTell, None))), &two(), 1).unwrap();
    let refused = desk.ask(1, "f", Command::RequestApprovals { request: request('1') }, &policy(0, &[]), 1).unwrap_err();
    assert!(matches!(refused.reason, Reason::Quorum { needed: 1, .. }), "{refused}");
}

#[test]
fn a_hold_leaves_time_to_stop_it() {
    let mut desk = Desk::default();
    let held = Policy { hold_ms: 2 * HOUR, ..policy(1, &[LEAD]) };
    let number = desk.pending("run-1", &held, 0);
    desk.ask(number, LEAD, answer(Answer::Approve, ""), &held, HOUR).unwrap();
    let refused = desk.ask(number, "f", Command::Promote, &held, 3 * HOUR - 1).unwrap_err();
    assert_eq!(refused.reason, Reason::OnHold { until_ms: 3 * HOUR });
    let mut other = desk.clone();
    assert!(desk.ask(number, "f", Command::Promote, &held, 3 * HOUR).is_ok());
    other.ask(number, RISK, Command::Retire { reason: "second thoughts".to_owned() }, &held, 2 * HOUR).unwrap();
    assert!(other.ask(number, "f", Command::Promote, &held, 3 * HOUR).is_err());
}

#[test]
fn a_run_is_one_version_however_often_it_is_submitted() {
    let mut desk = Desk::default();
    let submit = |submission: Submission| Command::Submit(Box::new(submission));
    desk.ask(0, "f", submit(submission("run-1")), &two(), 1).unwrap();
    assert!(desk.ask(0, "f", submit(submission("run-1")), &two(), 2).unwrap().is_nothing());
    let mut other = submission("run-1");
    other.lineage.code_revision = None;
    let refused = says(desk.ask(0, "f", submit(other), &two(), 3));
    assert!(refused.contains("its run is version 1 already, with another lineage; expected a new run"), "{refused}");
    assert_eq!(desk.records.versions.len(), 1);
}

#[test]
fn what_is_out_of_bounds_is_refused_with_what_was_found() {
    let refused = |change: &dyn Fn(&mut Submission)| {
        let mut wrong = submission("run-1");
        change(&mut wrong);
        says(Desk::default().ask(0, "f", Command::Submit(Box::new(wrong)), &two(), 1))
    };
    let file = |name: &str| ArtifactFile { name: name.to_owned(), sha256: digest('1'), bytes: 1 };
    for (says, expected) in [
        (refused(&|s| s.artifact = Artifact::new(vec![])), "artifact: found 0 files, expected 1 to 100"),
        (
            refused(&|s| s.artifact = Artifact::new(vec![file("../x")])),
            "found a file \"../x\", expected names inside the candidate's folder",
        ),
        (refused(&|s| s.artifact = Artifact::new(vec![file("x"), file("x")])), "found \"x\" twice"),
        (refused(&|s| s.lineage.submitter = " ".to_owned()), "submitter: found nothing, expected a name"),
        (refused(&|s| s.lineage.run = "a\nb".to_owned()), "run: found characters that cannot be seen"),
        (refused(&|s| s.lineage.manifest = Some("12".to_owned())), "manifest: found \"12\", expected a SHA-256"),
        (
            refused(&|s| s.lineage.parameters = (0..101).map(|n| (n.to_string(), String::new())).collect()),
            "parameters: found 101 of them, expected at most 100",
        ),
    ] {
        assert!(says.contains(expected), "{says}");
    }
}

#[test]
fn the_challenger_steps_back_when_it_is_no_candidate_any_more() {
    let mut desk = Desk::default();
    let number = desk.pending("run-1", &two(), 0);
    desk.ask(number, "f", Command::MarkChallenger, &two(), 1).unwrap();
    let challenger = |desk: &Desk| desk.records.aliases[&AliasName::Challenger].number;
    assert_eq!(challenger(&desk), Some(number));
    desk.ask(number, LEAD, answer(Answer::Reject, "no"), &two(), 2).unwrap();
    assert_eq!(challenger(&desk), None);
    assert!(desk.ask(number, "f", Command::MarkChallenger, &two(), 3).is_err());
}

#[test]
fn times_of_a_chain_never_run_backwards() {
    let mut desk = Desk::default();
    desk.pending("run-1", &two(), 5_000);
    let change = desk.ask(1, LEAD, answer(Answer::Approve, ""), &two(), 4_000).unwrap();
    assert_eq!(change.at_ms(), 5_000);
}
