//! Several troubles at once: which are one incident, which are two, which comes first, and when each began.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod support;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use support::learned;
use tidegate_contract::Contract;
use tidegate_monitoring::{ActionKind, CauseKind, Fault, History, Input, State, Verdict, Window, assess};
use tidegate_profile::{Baseline, BatchFacts, Profile, Profiler, WindowProfile};
use tidegate_statistics::random::Random;

const DAY_MS: i64 = 24 * 3_600_000;
const TODAY: i64 = 50;

#[derive(Clone)]
struct Record {
    time_ms: i64,
    amount: Option<f64>,
    weight: Option<f64>,
    age: Option<f64>,
    channel: String,
    score: f64,
}

/// A number in 0..1 that looks random and is the same for the same seed.
fn noise(seed: u64) -> f64 {
    Random::new(seed.wrapping_sub(1).wrapping_mul(support::STEP), "").uniform()
}

fn bell(seed: u64) -> f64 {
    (0..12).map(|k| noise(seed * 31 + k)).sum::<f64>() - 6.0
}

fn day(day: i64) -> Vec<Record> {
    (0..800)
        .map(|i| {
            let seed = day.unsigned_abs() * 1_000_003 + i * 7;
            let channel = ["Web shop", "Shop", "Phone"][if noise(seed + 3) < 0.6 { 0 } else { 1 + usize::from(noise(seed + 4) < 0.3) }];
            Record {
                time_ms: day * DAY_MS + (i.cast_signed() * DAY_MS / 800),
                amount: Some(100.0 + 15.0 * bell(seed)),
                weight: Some((2.0 + 0.5 * bell(seed + 1)).max(0.1)),
                age: Some((40.0 + 10.0 * bell(seed + 2)).round()),
                channel: channel.to_owned(),
                score: noise(seed + 5),
            }
        })
        .collect()
}

fn contract(text: &str) -> Contract {
    Contract::parse(&format!("model: churn\ntask: binary\nretraining: {{ mode: propose, minimum_records: 500 }}\nfeatures:\n{text}"))
        .unwrap()
}

const FEATURES: &str = "  - { name: amount, type: numeric, importance: 1 }
  - { name: weight, type: numeric, importance: 1 }
  - { name: age, type: numeric, importance: 0.02 }
  - { name: channel, type: categorical, importance: 1 }
";

fn batch(records: &[Record]) -> RecordBatch {
    let times: TimestampMillisecondArray = records.iter().map(|record| Some(record.time_ms)).collect();
    let numbers = |of: fn(&Record) -> Option<f64>| -> ArrayRef { Arc::new(records.iter().map(of).collect::<Float64Array>()) };
    let channels: DictionaryArray<Int32Type> = records.iter().map(|record| Some(record.channel.as_str())).collect();
    let none: DictionaryArray<Int32Type> = records.iter().map(|_| None::<&str>).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new(records.iter().map(|_| None::<&str>).collect::<StringArray>())),
        ("amount", numbers(|record| record.amount)),
        ("weight", numbers(|record| record.weight)),
        ("age", numbers(|record| record.age)),
        ("channel", Arc::new(channels)),
        ("score", numbers(|record| Some(record.score))),
        ("prediction", Arc::new(none)),
        ("latency_ms", numbers(|_| None)),
    ];
    support::batch(columns)
}

fn baseline(contract: &Contract) -> Baseline {
    let records: Vec<Record> = (0..28).flat_map(day).collect();
    learned(contract, &[batch(&records)])
}

/// Of records with two channels, a part of them by phone.
fn two_channels(record: &mut Record, index: usize, phones: usize) {
    let channel = if index % 10 < phones { "Phone" } else { "Shop" };
    channel.clone_into(&mut record.channel);
}

/// Judges three days after nine others, all of which `spoil` may change.
fn judge(contract: &Contract, facts: &BatchFacts, spoil: impl Fn(i64, usize, &mut Record)) -> Verdict {
    judge_by(&baseline(contract), contract, facts, spoil)
}

fn judge_by(baseline: &Baseline, contract: &Contract, facts: &BatchFacts, spoil: impl Fn(i64, usize, &mut Record)) -> Verdict {
    let profiler = Profiler::new(&contract.fields(), Some(baseline));
    let of_day = |number: i64| -> Profile {
        let mut records = day(number);
        for (index, record) in records.iter_mut().enumerate() {
            spoil(number, index, record);
        }
        let mut profile = profiler.start();
        profiler.observe(&mut profile, &batch(&records), if number > TODAY - 3 { facts } else { &NO_FACTS }).unwrap();
        profile
    };
    let window = |number: i64| Window { start_ms: number * DAY_MS, end_ms: (number + 1) * DAY_MS };
    let trail: Vec<(Window, Profile)> = (TODAY - 11..=TODAY).map(|number| (window(number), of_day(number))).collect();
    let mut current = profiler.start();
    trail.iter().skip(9).for_each(|(_, profile)| current.merge(profile).unwrap());
    assess(&Input {
        contract,
        window: Window { start_ms: (TODAY - 2) * DAY_MS, end_ms: (TODAY + 1) * DAY_MS },
        baseline: Some(baseline),
        current: &WindowProfile::new(current),
        history: History { trail: &trail, ..History::default() },
        in_series: false,
    })
}

static NO_FACTS: BatchFacts = BatchFacts { version: String::new(), wrong_type: Vec::new(), unexpected: Vec::new() };

fn judged(spoil: impl Fn(i64, usize, &mut Record)) -> Verdict {
    judge(&contract(FEATURES), &NO_FACTS, spoil)
}

/// Kind and fault of each incident, with its fields.
fn incidents(verdict: &Verdict) -> Vec<(CauseKind, Option<Fault>, Vec<&str>)> {
    verdict
        .incidents
        .iter()
        .map(|incident| (incident.cause.kind, incident.cause.fault, incident.fields.iter().map(String::as_str).collect()))
        .collect()
}

#[test]
fn a_fault_comes_first_and_real_drift_beside_it_waits_until_it_is_mended() {
    let verdict = judged(|day, _, record| {
        if day > TODAY - 2 {
            record.weight = record.weight.map(|weight| weight * 1000.0);
        }
        if day > TODAY - 6 {
            record.amount = record.amount.map(|amount| amount + 12.0);
        }
    });
    let expected = [(CauseKind::DataFault, Some(Fault::Unit), vec!["weight"]), (CauseKind::CovariateDrift, None, vec!["amount"])];
    assert_eq!(incidents(&verdict), expected, "{:#?}", verdict.incidents);
    assert_eq!(
        verdict.headline,
        "Since it began, the values of weight are 1,000 times what they were (mean 1,970, was 2.00), as when a unit changes."
    );
    let actions: Vec<ActionKind> = verdict.incidents.iter().map(|incident| incident.action.kind).collect();
    assert_eq!(actions, [ActionKind::MendData, ActionKind::MendData], "never retrain while a fault of account stands");
    assert!(verdict.incidents[1].action.sentence.starts_with("First mend weight"), "{}", verdict.incidents[1].action.sentence);
    let began: Vec<i64> = verdict.incidents.iter().map(|incident| incident.began.unwrap().at_ms / DAY_MS).collect();
    assert_eq!(began, [TODAY - 1, TODAY - 5]);
}

#[test]
fn a_fault_of_no_account_does_not_hide_real_drift_and_holds_it_up_only_where_it_is_everywhere() {
    let judged = |in_each: usize| {
        judged(|_, index, record| {
            record.amount = record.amount.map(|amount| amount + 12.0);
            if index % in_each == 0 {
                record.age = Some(-999.0);
            }
        })
    };
    let verdict = judged(2);
    let mut found = incidents(&verdict);
    found.sort_by_key(|incident| incident.1.is_some());
    let expected = [(CauseKind::CovariateDrift, None, vec!["amount"]), (CauseKind::DataFault, Some(Fault::Range), vec!["age"])];
    assert_eq!(found, expected, "{:#?}", verdict.incidents);
    let drift = verdict.incidents.iter().find(|incident| incident.cause.kind == CauseKind::CovariateDrift).unwrap();
    assert_eq!((verdict.cause.kind, drift.action.kind), (CauseKind::CovariateDrift, ActionKind::Retrain));
    assert!(judged(1).incidents.iter().all(|incident| incident.action.kind == ActionKind::MendData), "nobody can learn from such a column");
}

#[test]
fn columns_that_break_together_are_one_incident_and_apart_two() {
    let empty = |record: &mut Record| (record.amount, record.weight) = (None, None);
    let together = judged(|day, index, record| {
        if day > TODAY - 3 && index % 2 == 0 {
            empty(record);
        }
    });
    assert_eq!(together.incidents.len(), 1, "{:#?}", together.incidents);
    assert!(together.cause.evidence.contains("; the same happened to"), "{}", together.cause.evidence);
    let apart = judged(|day, index, record| {
        if day > TODAY - 8 && index % 2 == 0 {
            record.amount = None;
        }
        if day > TODAY - 2 && index % 3 != 0 {
            record.weight = None;
        }
    });
    assert_eq!(apart.incidents.len(), 2, "{:#?}", apart.incidents);
    assert!(apart.incidents.iter().all(|incident| incident.cause.fault == Some(Fault::Missing)));
}

#[test]
fn names_that_are_spelt_another_way_are_no_new_customers() {
    type Spell = fn(&str) -> String;
    let faults: [(Spell, Fault); 4] = [
        (|name| name.to_lowercase(), Fault::Encoding),
        (|name| format!(" {name}"), Fault::Encoding),
        (|name| name.replace(' ', "_").to_uppercase(), Fault::Encoding),
        (|name| name.chars().take(3).collect(), Fault::Truncated),
    ];
    for (spell, fault) in faults {
        let verdict = judged(|_, index, record| {
            if index % 3 == 0 {
                record.channel = spell(&record.channel);
            }
        });
        assert_eq!((verdict.state, verdict.cause.fault), (State::Drift, Some(fault)), "{}", verdict.headline);
        assert_eq!(verdict.action.kind, ActionKind::MendData);
    }
    let new = judged(|_, index, record| {
        if index % 3 == 0 {
            record.channel = "Chat".to_owned();
        }
    });
    assert_eq!((new.cause.kind, new.cause.fault), (CauseKind::CovariateDrift, None), "{}", new.headline);
}

#[test]
fn words_for_no_name_are_no_new_customers() {
    for word in ["N/A", "unknown", "00000000-0000-0000-0000-000000000000"] {
        let verdict = judged(|day, index, record| {
            if day > TODAY - 3 && index % 5 == 0 {
                record.channel = word.to_owned();
            }
        });
        assert_eq!(incidents(&verdict), [(CauseKind::DataFault, Some(Fault::Range), vec!["channel"])], "{word}: {:#?}", verdict.incidents);
        assert_eq!(verdict.action.kind, ActionKind::MendData);
    }
    let verdict = judged(|day, index, record| {
        if day > TODAY - 3 && index % 5 == 0 {
            record.channel = "App".to_owned();
        }
    });
    assert_eq!(verdict.cause.kind, CauseKind::CovariateDrift, "a new channel is business: {:#?}", verdict.incidents);
}

#[test]
fn one_name_in_the_place_of_others_is_stuck() {
    for (part, days) in [(10, 3), (10, 9), (4, 3)] {
        let verdict = judged(|day, index, record| {
            if day > TODAY - days && index % 10 < part {
                record.channel = "Phone".to_owned();
            }
        });
        let stuck = (CauseKind::DataFault, Some(Fault::Stuck), vec!["channel"]);
        assert_eq!(incidents(&verdict), [stuck], "{part} of 10 for {days} days: {:#?}", verdict.incidents);
    }
}

#[test]
fn more_customers_of_one_kind_are_not() {
    // They are older, too; or the others have changed places among themselves.
    let older = judged(|day, index, record| {
        if day > TODAY - 3 && index % 10 < 4 {
            (record.channel, record.weight) = ("Phone".to_owned(), record.weight.map(|weight| weight + 0.4));
        }
    });
    let others = judged(|day, index, record| {
        if day > TODAY - 3 && record.channel == "Web shop" && index % 10 < 7 {
            record.channel = if index % 10 < 5 { "Phone" } else { "Shop" }.to_owned();
        }
    });
    // Of two channels one takes from the other in any case.
    let contract = contract(FEATURES);
    let mut records: Vec<Record> = (0..28).flat_map(day).collect();
    records.iter_mut().enumerate().for_each(|(index, record)| two_channels(record, index, 3));
    let baseline = learned(&contract, &[batch(&records)]);
    let two =
        judge_by(&baseline, &contract, &NO_FACTS, |day, index, record| two_channels(record, index, if day > TODAY - 3 { 8 } else { 3 }));
    for verdict in [older, others, two] {
        assert_eq!(verdict.cause.kind, CauseKind::CovariateDrift, "{:#?}", verdict.incidents);
    }
}

#[test]
fn swapped_columns_are_seen_to_hold_each_others_values() {
    let verdict = judged(|_, _, record| std::mem::swap(&mut record.amount, &mut record.weight));
    assert_eq!(verdict.cause.fault, Some(Fault::ShiftedColumns), "{}", verdict.headline);
    assert!(verdict.cause.evidence.contains("amount holds what was weight"), "{}", verdict.cause.evidence);
}

#[test]
fn a_feature_that_arrives_under_another_name_was_renamed() {
    let facts = BatchFacts { unexpected: vec![("amountEur".to_owned(), 800)], ..NO_FACTS.clone() };
    let verdict = judge(&contract(FEATURES), &facts, |day, _, record| {
        if day > TODAY - 3 {
            record.amount = None;
        }
    });
    assert_eq!(verdict.cause.fault, Some(Fault::Renamed), "{}", verdict.headline);
    assert!(verdict.cause.evidence.contains("amountEur"), "{}", verdict.cause.evidence);
}

#[test]
fn scores_that_move_with_a_new_version_are_laid_at_its_door_and_others_are_not() {
    let facts = BatchFacts { version: "2".to_owned(), ..NO_FACTS.clone() };
    let with = judge(&contract(FEATURES), &facts, |day, _, record| {
        if day > TODAY - 3 {
            record.score *= record.score;
        }
    });
    assert_eq!((with.cause.kind, with.action.kind), (CauseKind::VersionChange, ActionKind::Investigate), "{}", with.cause.evidence);
    let before = judge(&contract(FEATURES), &facts, |day, _, record| {
        if day > TODAY - 8 {
            record.score *= record.score;
        }
    });
    assert_eq!((before.cause.kind, before.action.kind), (CauseKind::PredictionDrift, ActionKind::Investigate), "{}", before.cause.evidence);
}

#[test]
fn a_unit_that_changed_at_noon_is_told_by_the_days_after_it() {
    let verdict = judged(|day, index, record| {
        // An odd factor: in a part of the values it may be anything, in all of the last two days' it is a unit.
        if day > TODAY - 2 || (day == TODAY - 2 && index >= 400) {
            record.weight = record.weight.map(|weight| weight / 25.4);
        }
    });
    assert_eq!((verdict.cause.fault, verdict.action.kind), (Some(Fault::Unit), ActionKind::MendData), "{:#?}", verdict.cause);
    assert!(
        verdict.cause.evidence.contains("since it began, the values of weight are in inches where they were in millimetres"),
        "{}",
        verdict.cause.evidence
    );
}

#[test]
fn what_doubles_and_more_may_be_summer_and_is_no_unit() {
    // From a mean of 2 to one of 4.4, as pounds are to kilograms, but less spread than they would be.
    let verdict = judged(|day, _, record| {
        if day > TODAY - 3 {
            record.weight = record.weight.map(|weight| 4.4 + 1.6 * (weight - 2.0));
        }
    });
    assert!(verdict.incidents.iter().all(|incident| incident.cause.fault != Some(Fault::Unit)), "{:#?}", verdict.incidents);
}

#[test]
fn a_row_that_slid_is_no_other_mix_though_the_segment_is_in_it() {
    let facts = BatchFacts { wrong_type: vec![320, 0, 0, 0, 0, 0, 0], ..NO_FACTS.clone() };
    let segmented = contract(&format!("{FEATURES}segments: [channel]\n"));
    let verdict = judge(&segmented, &facts, |day, index, record| {
        if day > TODAY - 3 && index % 5 < 2 {
            record.channel = record.amount.take().map_or_else(String::new, |amount| amount.to_string());
        }
    });
    assert_eq!((verdict.cause.fault, verdict.action.kind), (Some(Fault::ShiftedColumns), ActionKind::MendData), "{:#?}", verdict.incidents);
    assert!(verdict.incidents.iter().all(|incident| incident.action.kind != ActionKind::Retrain), "{:#?}", verdict.incidents);
}

#[test]
fn a_value_that_took_from_all_alike_is_stuck_in_however_wide_a_cell() {
    let verdict = judged(|day, index, record| {
        if day > TODAY - 3 && index % 2 == 0 {
            record.weight = Some(3.7);
        }
    });
    let stuck = verdict.incidents.iter().find(|incident| incident.fields == ["weight"]);
    assert_eq!(stuck.and_then(|incident| incident.cause.fault), Some(Fault::Stuck), "{:#?}", verdict.incidents);
}

#[test]
fn fractions_among_whole_numbers_are_a_fault_of_the_data() {
    let contract = contract(&FEATURES.replace("importance: 0.02", "importance: 1"));
    let verdict = judge(&contract, &NO_FACTS, |day, index, record| {
        if day > TODAY - 3 && index % 25 == 0 {
            record.age = Some(39.5);
        }
    });
    assert_eq!((verdict.cause.kind, verdict.action.kind), (CauseKind::DataFault, ActionKind::MendData), "{}", verdict.headline);
    assert!(verdict.cause.evidence.contains("of the values of age lie between whole numbers"), "{}", verdict.cause.evidence);
}
