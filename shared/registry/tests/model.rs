//! Every order in which people, functions, clocks and a slow writer can act on two candidates, tried out on the very code.
//!
//! The oracle knows nothing of how [`transition`] decides: it looks at the records before and after and at who really is who. That it sees
//! enough is shown by taking the safeguards away one by one: each is missed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model, Property};
use support::{snapshot, submission};
use tidegate_contract::Person;
use tidegate_registry::audit::ModelRecords;
use tidegate_registry::*;

const ADA: &str = "ada@example.com";
const LEAD: &str = "lead@example.com";
/// Another name of the lead.
const BOSS: &str = "boss@example.com";
const RISK: &str = "risk@example.com";
/// Ticks that a request is open, and that an approved version waits.
const OPEN: i64 = 3;
const HOLD: i64 = 1;
const LAST_TICK: i64 = 4;

/// What can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Safeguard {
    OwnModel,
    OnePerson,
    Stale,
    Expiry,
    Hold,
    FinalStates,
    HeadCondition,
    OneTransaction,
    CannotTell,
}

const SAFEGUARDS: [Safeguard; 9] = [
    Safeguard::OwnModel,
    Safeguard::OnePerson,
    Safeguard::Stale,
    Safeguard::Expiry,
    Safeguard::Hold,
    Safeguard::FinalStates,
    Safeguard::HeadCondition,
    Safeguard::OneTransaction,
    Safeguard::CannotTell,
];

struct World {
    without: Option<Safeguard>,
    /// Whether time passes.
    clock: bool,
    /// Whether the contract changes.
    contract: bool,
    /// Whether there is a slow writer.
    slow: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    records: ModelRecords,
    now: i64,
    policy: u8,
    /// A writer that has read, and writes later.
    slow: Option<Box<(ModelRecords, u8, i64, Act)>>,
    /// What the oracle saw.
    broken: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Act {
    Submit(u8),
    Start(u32),
    Gate(u32, GateOutcome, char),
    Request(u32),
    Decide(u32, &'static str, Answer),
    Expire(u32),
    Promote(u32),
    RollBack(u32),
    Retire(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Do(Act),
    /// The slow writer reads.
    Read(Act),
    /// … and writes.
    Write,
    Tick,
    Policy(u8),
}

fn rules(kind: u8, has_aliases: bool) -> Policy {
    let approvers: &[&str] = match kind {
        0 => &[ADA, LEAD, BOSS, RISK],
        1 => &[LEAD],
        _ => &[],
    };
    let people = [Person { person: LEAD.to_owned(), also: vec![BOSS.to_owned()] }];
    Policy {
        stage: Stage::Prod,
        approvals: [2, 1, 0][usize::from(kind)],
        approvers: approvers.iter().map(|&approver| approver.to_owned()).collect(),
        expires_ms: OPEN,
        hold_ms: HOLD,
        people: if has_aliases { People::new(&people) } else { People::default() },
        ..Policy::nobody(Stage::Prod)
    }
}

/// Who somebody really is.
fn truly(name: &str) -> &str {
    if name == BOSS { LEAD } else { name }
}

impl World {
    /// What a writer would write after reading these records.
    fn decided(&self, records: &ModelRecords, kind: u8, now: i64, act: Act) -> Option<Change> {
        let gone = |safeguard| self.without == Some(safeguard);
        let mut policy = rules(kind, !gone(Safeguard::OnePerson));
        let (number, by, command) = match act {
            Act::Submit(run) => (None, ADA, Command::Submit(Box::new(submission(&format!("run-{run}"))))),
            Act::Start(number) => (Some(number), "f", Command::StartValidation),
            Act::Gate(number, outcome, digest) => {
                let champion = records.aliases.get(&AliasName::Champion).and_then(|alias| alias.number);
                let gate = GateRecord { digest: support::digest(digest), rules: vec![], ..support::gate(outcome, champion) };
                (Some(number), "f", Command::RecordGate(Box::new(gate)))
            }
            Act::Request(number) => (Some(number), "f", Command::RequestApprovals { request: format!("{:032x}", records.head.seq) }),
            Act::Decide(number, who, answer) => {
                let request = records.versions.get(&number)?.request.as_ref()?.id.clone();
                (Some(number), who, Command::Decide { request, answer, reason: "because".to_owned() })
            }
            Act::Expire(number) => (Some(number), "f", Command::Expire),
            Act::Promote(number) => (Some(number), "f", Command::Promote),
            Act::RollBack(number) => (Some(number), "f", Command::RollBack { reason: "slow".to_owned() }),
            Act::Retire(number) => (Some(number), "f", Command::Retire { reason: "old".to_owned() }),
        };
        let mut seen = snapshot(records, number);
        if let Act::Submit(run) = act {
            seen.version = records.versions.values().find(|version| version.lineage.run == format!("run-{run}")).cloned();
        }
        let mut now = now;
        if let Some(version) = &mut seen.version {
            // A safeguard is taken away by showing the code what would make it let go.
            if gone(Safeguard::OwnModel) {
                "somebody@example.com".clone_into(&mut version.lineage.submitter);
            }
            let about = Bound::now(version, seen.champion_alias.as_ref().and_then(|alias| alias.number), &policy);
            if let (true, Some(request), Some(about)) = (gone(Safeguard::Stale), &mut version.request, about) {
                request.about = about;
            }
            if let (true, Some(request), Act::Decide(..)) = (gone(Safeguard::Expiry), &version.request, act) {
                now = request.asked_at_ms;
                seen.head.at_ms = now;
            }
            if let (true, Some(request)) = (gone(Safeguard::Hold), &mut version.request) {
                request.hold_ms = 0;
            }
            if gone(Safeguard::FinalStates) && version.state.is_final() {
                version.state = VersionState::Submitted;
            }
            if let (true, Some(gate), Act::Request(_)) = (gone(Safeguard::CannotTell), &mut version.gate, act) {
                gate.outcome = if gate.outcome == GateOutcome::CannotTell { GateOutcome::Pass } else { gate.outcome };
            }
        }
        if let (true, Act::Gate(..)) = (gone(Safeguard::CannotTell), act) {
            policy.approvals = policy.approvals.max(1);
        }
        transition(&seen, &Order { by: by.to_owned(), command }, &policy, now).ok().filter(|change| !change.is_nothing())
    }

    /// Writes a change, over the head that its writer read.
    fn write(&self, state: &mut State, change: &Change, (kind, now, act): (u8, i64, Act), read: u64) {
        if state.records.head.seq != read && self.without != Some(Safeguard::HeadCondition) {
            return;
        }
        let before = state.records.clone();
        let writes = if self.without == Some(Safeguard::OneTransaction) { 1 } else { usize::MAX };
        for record in change.records().take(writes) {
            let mut record = record.clone();
            // What was shown to the code to make it let go is no part of the record.
            if let Record::Version(version) = &mut record {
                ADA.clone_into(&mut version.lineage.submitter);
                let known = before.versions.get(&version.number);
                if let (Act::Request(_), Some(gate), Some(was)) = (act, &mut version.gate, known.and_then(|known| known.gate.as_ref())) {
                    gate.outcome = was.outcome;
                }
                if let (Some(request), Some(was)) = (&mut version.request, known.and_then(|known| known.request.as_ref()))
                    && request.id == was.id
                {
                    request.about = was.about.clone();
                }
            }
            state.records.insert(record);
        }
        state.records.head.seq += 1;
        state.records.head.at_ms = state.records.head.at_ms.max(now);
        state.records.head.versions = u32::try_from(state.records.versions.len()).unwrap();
        state.broken =
            state.broken.or_else(|| oracle(&before, &state.records, &rules(kind, self.without != Some(Safeguard::OnePerson)), now, act));
    }
}

/// What must never be, whatever decided it.
fn oracle(before: &ModelRecords, after: &ModelRecords, policy: &Policy, now: i64, act: Act) -> Option<&'static str> {
    let alias = |records: &ModelRecords| records.aliases.get(&AliasName::Champion).and_then(|alias| alias.number);
    let champions: Vec<u32> = after.versions.values().filter(|version| version.state == VersionState::Champion).map(|v| v.number).collect();
    if champions != alias(after).into_iter().collect::<Vec<_>>() {
        return Some("the champion's name means another version than the one that is champion");
    }
    for (number, version) in &after.versions {
        let was = before.versions.get(number).map(|version| version.state);
        if was.is_some_and(VersionState::is_final) && before.versions.get(number) != Some(version) {
            return Some("what was final changed");
        }
        if version.reigns.iter().any(|reign| reign.until_ms.is_none()) != (version.state == VersionState::Champion) {
            return Some("a version reigns that is not champion");
        }
        let failed = version.gate.as_ref().is_some_and(|gate| gate.outcome == GateOutcome::Fail);
        if failed && version.state != VersionState::Rejected {
            return Some("a failed gate did not reject");
        }
        if was == Some(version.state) {
            continue;
        }
        let facts = |champion: Option<u32>| Bound::now(version, champion, policy);
        let request = version.request.as_ref();
        match version.state {
            VersionState::Approved => {
                let request = request?;
                let said = version.decisions.iter().filter(|said| said.request == request.id);
                let yes: BTreeSet<&str> = said.filter(|said| said.answer == Answer::Approve).map(|said| truly(&said.person)).collect();
                let passed = version.gate.as_ref().is_some_and(|gate| gate.outcome == GateOutcome::Pass);
                let needed = if passed { policy.approvals } else { policy.approvals.max(1) };
                if yes.contains(ADA) {
                    return Some("the submitter approved");
                }
                if yes.len() < usize::try_from(needed).unwrap() {
                    return Some("approved by too few people");
                }
                if !yes.iter().all(|person| policy.approvers.iter().any(|approver| truly(approver) == *person)) {
                    return Some("approved by somebody who may not");
                }
                if needed > 0 && now >= request.expires_at_ms {
                    return Some("approved too late");
                }
                if facts(alias(before)) != Some(request.about.clone()) {
                    return Some("approved is something else than what was asked about");
                }
            }
            VersionState::Champion if was == Some(VersionState::Retired) => {
                let Act::RollBack(back) = act else { return Some("a retired version came back without a rollback") };
                if before.versions.get(number).and_then(|version| version.successor) != Some(back) {
                    return Some("a rollback brought back another version than the one before");
                }
            }
            VersionState::Champion => {
                if was != Some(VersionState::Approved) {
                    return Some("promoted without approval");
                }
                if facts(alias(before)) != request.map(|request| request.about.clone()) {
                    return Some("promoted is something else than what was approved");
                }
                if version.approved_at_ms.is_none_or(|approved| now < approved + HOLD) {
                    return Some("promoted while it was held back");
                }
            }
            _ => {}
        }
    }
    None
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State { records: ModelRecords::default(), now: 0, policy: 0, slow: None, broken: None }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.broken.is_some() {
            return;
        }
        let versions = state.records.head.versions;
        let mut acts: Vec<Act> = (1..=2).filter(|run| u32::from(*run) == versions + 1).map(Act::Submit).collect();
        for (number, version) in &state.records.versions {
            let number = *number;
            match version.state {
                VersionState::Submitted => acts.push(Act::Start(number)),
                VersionState::Validating => {
                    acts.extend(
                        [GateOutcome::Pass, GateOutcome::Fail, GateOutcome::CannotTell].map(|outcome| Act::Gate(number, outcome, 'b')),
                    );
                    acts.push(Act::Request(number));
                }
                VersionState::PendingApproval => {
                    acts.extend([ADA, LEAD, BOSS, RISK].map(|who| Act::Decide(number, who, Answer::Approve)));
                    acts.extend([Act::Decide(number, RISK, Answer::Reject), Act::Expire(number), Act::Start(number), Act::Request(number)]);
                    acts.push(Act::Gate(number, GateOutcome::Pass, 'c'));
                }
                VersionState::Approved => acts.extend([Act::Promote(number), Act::Start(number)]),
                VersionState::Champion => acts.extend([Act::RollBack(number), Act::Retire(number)]),
                VersionState::Retired => acts.extend([Act::Promote(number), Act::Retire(number)]),
                VersionState::Rejected | VersionState::Expired | VersionState::RolledBack => {
                    acts.extend([Act::Start(number), Act::Promote(number), Act::Retire(number)]);
                }
            }
        }
        let is_held = |act: &Act| matches!(act, Act::Promote(_) | Act::RollBack(_) | Act::Decide(_, RISK, _) | Act::Expire(_));
        match state.slow {
            Some(_) => steps.push(Step::Write),
            None if !self.slow => {}
            None => steps.extend(acts.iter().filter(|act| is_held(act)).map(|act| Step::Read(*act))),
        }
        steps.extend(acts.into_iter().map(Step::Do));
        if self.clock && state.now < LAST_TICK {
            steps.push(Step::Tick);
        }
        steps.extend((0..3).filter(|kind| self.contract && *kind != state.policy).map(Step::Policy));
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Tick => state.now += 1,
            Step::Policy(kind) => state.policy = kind,
            Step::Read(act) => {
                self.decided(&last.records, last.policy, last.now, act)?;
                state.slow = Some(Box::new((last.records.clone(), last.policy, last.now, act)));
            }
            Step::Write => {
                let (records, kind, now, act) = *state.slow.take()?;
                let change = self.decided(&records, kind, now, act)?;
                self.write(&mut state, &change, (kind, now, act), records.head.seq);
            }
            Step::Do(act) => {
                let change = self.decided(&last.records, last.policy, last.now, act)?;
                self.write(&mut state, &change, (last.policy, last.now, act), last.records.head.seq);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing that must never be", |_, state: &State| state.broken.is_none()),
            Property::sometimes("a version is promoted, and goes back", |_, state: &State| {
                state.records.versions.values().any(|version| version.state == VersionState::RolledBack)
            }),
        ]
    }
}

#[test]
fn a_million_states_hold_no_harm() {
    let checker = World { without: None, clock: true, contract: true, slow: true }
        .checker()
        .threads(2)
        .target_state_count(1_000_000)
        .spawn_bfs()
        .join();
    assert!(checker.discovery("nothing that must never be").is_none(), "{:?}", checker.discovery("nothing that must never be"));
    println!("{} states, {} of them different", checker.state_count(), checker.unique_state_count());
    assert!(checker.state_count() >= 1_000_000, "{}", checker.state_count());
}

#[test]
fn every_safeguard_that_is_taken_away_is_missed() {
    for safeguard in SAFEGUARDS {
        // Only what it takes to miss it, so that it is missed soon.
        let world = World {
            without: Some(safeguard),
            clock: matches!(safeguard, Safeguard::Expiry | Safeguard::OneTransaction),
            contract: matches!(safeguard, Safeguard::Stale | Safeguard::CannotTell),
            slow: safeguard == Safeguard::HeadCondition,
        };
        let checker = world.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).target_state_count(1_000_000).spawn_bfs().join();
        let found = checker.discovery("nothing that must never be");
        let broken = found.map(|path| path.last_state().broken);
        println!("without {safeguard:?}: {broken:?} after {} states", checker.state_count());
        assert!(broken.is_some(), "nobody misses {safeguard:?}, in {} states", checker.state_count());
    }
}
