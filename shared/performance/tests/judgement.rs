//! Judgements of small worlds whose trouble is known.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod batches;

use batches::{DAY_MS, contract, day, measured, reported, world};
use tidegate_contract::{Contract, Metric};
use tidegate_monitoring::{ActionKind, CauseKind, State};
use tidegate_performance::{Basis, FindingKind, Input, Inputs, Measured, Performance, Registered, estimate, judge};
use tidegate_validation::ScoreRows;

const HOLDS: Option<(State, CauseKind)> = Some((State::Ok, CauseKind::None));

/// Days of a sound model.
fn sound(contract: &Contract, days: std::ops::Range<i64>) -> Vec<Measured> {
    days.map(|number| whole(contract, number, "1", 0.0)).collect()
}

fn whole(contract: &Contract, number: i64, version: &'static str, wrong: f64) -> Measured {
    let rows = world(number, 1_000, version, wrong, u64::try_from(number).unwrap() + 100);
    measured(contract, day(number), &rows, &[&reported(&rows)], usize::MAX)
}

fn judged(contract: &Contract, now: &Measured, before: &[Measured], drift: Option<(State, CauseKind)>) -> Performance {
    let first = &before[..before.len().min(7)];
    let weeks: Vec<Measured> =
        before.iter().filter(|window| (now.window.end_ms - window.window.end_ms) % (7 * DAY_MS) == 0).cloned().collect();
    judge(&Input { contract, measured: now, inputs: Inputs { registered: None, first, before, weeks: &weeks, drift } })
}

#[test]
fn a_sound_model_is_as_good_as_it_was() {
    let contract = contract("");
    let before = sound(&contract, 0..20);
    let mut alarms = 0;
    for number in 20..50 {
        let found = judged(&contract, &whole(&contract, number, "1", 0.0), &before, HOLDS);
        assert!(matches!(found.state, State::Ok | State::Warning), "{}", found.headline);
        alarms += usize::from(found.state != State::Ok);
    }
    assert!(alarms <= 1, "{alarms} alarms in thirty days of nothing");
}

#[test]
fn inputs_that_hold_while_quality_falls_are_concept_drift() {
    let contract = contract("");
    let before = sound(&contract, 0..12);
    let found = judged(&contract, &whole(&contract, 12, "1", 0.25), &before, HOLDS);
    assert_eq!(
        (found.state, found.cause.kind, found.action.kind),
        (State::Drift, CauseKind::ConceptDrift, ActionKind::Retrain),
        "{}",
        found.headline
    );
    let check = found.check.unwrap();
    assert!(check.is_fall() && check.fall_interval[0] > check.margin && check.p < check.level);
    // The scores cannot know: they promise what they always did, and the truth misses it.
    assert!(found.realised.iter().any(|(metric, _, within)| *metric == Metric::RocAuc && !within));
    let never = Contract {
        retraining: tidegate_contract::Retraining { mode: tidegate_contract::RetrainingMode::Never, ..contract.retraining.clone() },
        ..contract
    };
    assert_eq!(judged(&never, &whole(&never, 12, "1", 0.25), &before, HOLDS).action.kind, ActionKind::Watch);
}

#[test]
fn a_fall_that_began_with_a_new_version_is_the_models_fault() {
    let contract = contract("");
    let before = sound(&contract, 0..12);
    let found = judged(&contract, &whole(&contract, 12, "2", 0.25), &before, HOLDS);
    assert_eq!((found.cause.kind, found.action.kind), (CauseKind::ModelFault, ActionKind::RollBack), "{}", found.cause.evidence);
    assert_eq!(found.trail.last().unwrap().new_versions, ["2"]);
    // It is still its fault on the days after.
    let mut later = before.clone();
    later.push(whole(&contract, 12, "2", 0.25));
    assert_eq!(judged(&contract, &whole(&contract, 13, "2", 0.25), &later, HOLDS).cause.kind, CauseKind::ModelFault);
    // Predictions that moved with the version are no move of the inputs.
    let moved = judged(&contract, &whole(&contract, 12, "2", 0.25), &before, Some((State::Drift, CauseKind::VersionChange)));
    assert_eq!(moved.cause.kind, CauseKind::ModelFault);
    // A version that came while all was well has nothing to do with a fall much later.
    let mut well: Vec<Measured> = before.clone();
    well.extend((12..15).map(|number| whole(&contract, number, "2", 0.0)));
    assert_eq!(judged(&contract, &whole(&contract, 15, "2", 0.25), &well, HOLDS).cause.kind, CauseKind::ConceptDrift);
}

#[test]
fn two_versions_of_one_window_tell_which_is_worse() {
    let contract = contract("");
    let before = sound(&contract, 0..12);
    let mut rows = world(12, 1_000, "1", 0.0, 7);
    rows.extend(world(12, 1_000, "2", 0.45, 8));
    let now = measured(&contract, day(12), &rows, &[&reported(&rows)], usize::MAX);
    let found = judged(&contract, &now, &before, HOLDS);
    assert_eq!(found.cause.kind, CauseKind::ModelFault, "{} {}", found.headline, found.cause.evidence);
    assert!(found.cause.evidence.contains("version 2 is worse than the one before in the same window"), "{}", found.cause.evidence);
}

#[test]
fn what_drift_says_of_the_inputs_decides_the_cause() {
    let contract = contract("");
    let before = sound(&contract, 0..12);
    let now = whole(&contract, 12, "1", 0.25);
    let cause = |drift| judged(&contract, &now, &before, drift).cause.kind;
    assert_eq!(cause(Some((State::Drift, CauseKind::CovariateDrift))), CauseKind::CovariateDrift);
    assert_eq!(cause(Some((State::Drift, CauseKind::DataFault))), CauseKind::DataFault);
    assert_eq!(cause(None), CauseKind::Unknown);
}

#[test]
fn no_truth_is_neither_good_nor_bad() {
    let contract = contract("");
    let before = sound(&contract, 0..12);
    let rows = world(12, 1_000, "1", 0.0, 9);
    let now = measured(&contract, day(12), &rows, &[], usize::MAX);
    let found = judged(&contract, &now, &before, HOLDS);
    assert_eq!((found.state, found.check), (State::InsufficientData, None));
    assert_eq!(found.headline, "No truth is in yet, of 1,000 that were made; 50 are needed.");
    let estimated = found.estimated.unwrap();
    assert_eq!(estimated.basis, Basis::FirstWindows { windows: 7, rows: 7_000 });
    // The first windows of a model have nothing to be held against.
    let first = judged(&contract, &before[0], &[], HOLDS);
    assert_eq!((first.state, first.reference), (State::InsufficientData, None));
}

#[test]
fn scores_that_promise_less_warn_before_the_truth_is_in() {
    let contract = contract("");
    let before = sound(&contract, 0..12);
    // Records about which the model is unsure: an area under the curve far below what it was.
    let mut rows = world(12, 2_000, "1", 0.0, 10);
    rows.retain(|row| (0.35..0.65).contains(&row.score));
    let found = judged(&contract, &measured(&contract, day(12), &rows, &[], usize::MAX), &before, HOLDS);
    assert_eq!(found.state, State::Warning, "{}", found.headline);
    assert_eq!(found.findings[0].kind, FindingKind::Estimate);
}

#[test]
fn an_estimate_holds_what_it_promises() {
    let contract = contract("");
    let before = sound(&contract, 0..7);
    let (mut within, mut all) = (0_u32, 0_u32);
    let mut missed: Vec<Metric> = Vec::new();
    for number in 7..47 {
        let found = judged(&contract, &whole(&contract, number, "1", 0.0), &before, HOLDS);
        for (metric, _, is_within) in &found.realised {
            if matches!(metric, Metric::RocAuc | Metric::Accuracy | Metric::Recall | Metric::Brier) {
                all += 1;
                within += u32::from(*is_within);
                missed.extend(Some(*metric).filter(|_| !is_within));
            }
        }
    }
    let share = f64::from(within) / f64::from(all);
    assert!((0.90..=1.0).contains(&share), "{within} of {all} realised values lie in their 95 % intervals: {missed:?}");
    assert!(estimate(tidegate_contract::Task::Binary, &[], &tidegate_performance::Calibration::as_they_are(), 1).is_none());
}

#[test]
fn silence_volume_and_latency_are_told_by_past_weeks_and_the_contract() {
    let contract = contract("service: { latency_p99_ms: 5 }\n");
    let before = sound(&contract, 0..21);
    let empty = measured(&contract, day(21), &[], &[], usize::MAX);
    let silent = judged(&contract, &empty, &before, None);
    assert_eq!((silent.state, silent.findings[0].kind), (State::NoData, FindingKind::Silence));
    assert!(silent.headline.starts_with("No record came; in the same hours of the past 3 weeks there were 1,000"), "{}", silent.headline);
    let few = world(21, 100, "1", 0.0, 11);
    let few = judged(&contract, &measured(&contract, day(21), &few, &[&reported(&few)], usize::MAX), &before, HOLDS);
    let kinds: Vec<FindingKind> = few.findings.iter().map(|finding| finding.kind).collect();
    assert!(kinds.contains(&FindingKind::Volume) && kinds.contains(&FindingKind::Latency), "{kinds:?}");
    assert_eq!((few.state, few.action.kind), (State::Warning, ActionKind::Investigate));
    // Without past weeks nothing was expected, and no data is never fine either.
    let unknown = judged(&contract, &empty, &before[20..], None);
    assert_eq!((unknown.state, unknown.findings.len()), (State::NoData, 0));
}

#[test]
fn a_fairness_rule_is_held_to_in_production() {
    let contract = contract("validation: { fairness: { metric: demographic_parity_difference, maximum: 0.2 } }\n");
    let mut rows = world(12, 4_000, "1", 0.0, 12);
    rows.retain(|row| row.group == "family" || row.score < 0.6);
    let found = judged(&contract, &measured(&contract, day(12), &rows, &[&reported(&rows)], usize::MAX), &sound(&contract, 0..7), HOLDS);
    let fairness = found.findings.iter().find(|finding| finding.kind == FindingKind::Fairness).unwrap();
    assert!(fairness.sentence.starts_with("By plan, demographic parity difference is 0."), "{}", fairness.sentence);
    assert_eq!(fairness.state, State::Warning);
}

#[test]
fn what_scores_mean_is_what_they_meant_at_registration_until_the_first_windows_contradict_it() {
    let contract = contract("");
    let before = sound(&contract, 0..7);
    let rows = world(30, 3_000, "1", 0.0, 77);
    let set = Registered::of_set(&measured(&contract, day(30), &rows, &[&reported(&rows)], usize::MAX)).unwrap();
    let right = Registered { version: Some(4), ..set.clone() };
    // The same evaluation set, but what came true did not, and the other way round.
    let turned = set.scores.iter().map(|cell| ScoreRows { positives: cell.rows - cell.positives, ..*cell }).collect();
    let wrong = Registered { version: Some(4), scores: turned, ..set };
    let now = whole(&contract, 12, "1", 0.0);
    let basis = |registered, first| {
        let inputs = Inputs { registered: Some(registered), first, before: &before, weeks: &[], drift: HOLDS };
        judge(&Input { contract: &contract, measured: &now, inputs }).estimated.unwrap().basis
    };
    let registered = Basis::Registered { version: 4, rows: 3_000 };
    assert_eq!(basis(&right, &[]), registered, "there before any truth is in");
    assert_eq!(basis(&right, &before), registered);
    assert_eq!(basis(&wrong, &[]), registered);
    assert_eq!(basis(&wrong, &before), Basis::FirstWindows { windows: 7, rows: 7_000 });
}

#[test]
fn requests_that_fail_more_often_than_the_contract_allows_are_told_when_it_is_sure() {
    let contract = contract("service: { error_rate: 0.01 }\n");
    let before = sound(&contract, 0..12);
    let failures = |failed: u64| {
        let mut now = whole(&contract, 12, "1", 0.0);
        now.health.failed = failed;
        let found = judged(&contract, &now, &before, HOLDS);
        let told = found.findings.iter().find(|finding| finding.kind == FindingKind::Failures).map(|finding| finding.sentence.clone());
        (found.action.kind, told)
    };
    assert_eq!(failures(0).1, None);
    assert_eq!(failures(13).1, None, "1.3 % of a thousand may be chance");
    let (action, told) = failures(50);
    assert_eq!(action, ActionKind::Investigate);
    assert_eq!(told.unwrap(), "50 of 1,000 records hold no answer: 3.8 % at least failed, and the contract allows 1 %.");
}
