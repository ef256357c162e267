//! The checks of a data set: every one on a set that is fine, on one that it must find, and at its edges.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use tidegate_contract::Contract;
use tidegate_monitoring::{CheckOutcome, DatasetCheck, DatasetFacts, check_dataset, check_drift, outcome_of, sentence_of};
use tidegate_profile::{Baseline, BatchFacts, Lines, RepeatCounts, Repeats, Sampler, Source};

use CheckOutcome::{Fail, Pass, Warn};

const CONTRACT: &str = "\
model: churn
task: binary
features:
  - { name: amount, type: numeric }
  - { name: age, type: numeric, range: [0, 120], monitoring: { missing: 0.02 } }
  - { name: plan, type: categorical, allowed: [basic, family] }
monitoring: { bad_lines: 0.05, minimum_records: 100 }
";

#[derive(Clone)]
struct Row {
    id: Option<String>,
    amount: Option<f64>,
    age: Option<f64>,
    plan: Option<&'static str>,
}

/// Rows of eight days without a fault.
fn fine(count: usize) -> Vec<Row> {
    (0..count)
        .map(|at| Row {
            id: Some(format!("r{at}")),
            amount: Some((at * 7919 % 1000) as f64 / 10.0),
            age: Some((18 + at * 31 % 60) as f64),
            plan: Some(if at % 3 == 0 { "family" } else { "basic" }),
        })
        .collect()
}

struct Set {
    contract: Contract,
    baseline: Baseline,
    lines: Lines,
    repeats: RepeatCounts,
}

/// A data set of these rows, so many of whose amounts were of another type.
fn set(rows: &[Row], are_timed: bool, wrong_amounts: u64) -> Set {
    let contract = Contract::parse(CONTRACT).unwrap();
    let fields = contract.fields();
    let step = 8 * 86_400_000 / rows.len().max(1);
    let time = |at: usize| are_timed.then(|| i64::try_from(at * step).unwrap());
    let times: TimestampMillisecondArray = (0..rows.len()).map(time).collect();
    let numbers = |of: &dyn Fn(&Row) -> Option<f64>| Arc::new(rows.iter().map(of).collect::<Float64Array>()) as ArrayRef;
    let none: DictionaryArray<Int32Type> = rows.iter().map(|_| None::<&str>).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new(rows.iter().map(|row| row.id.as_deref()).collect::<StringArray>())),
        ("amount", numbers(&|row| row.amount)),
        ("age", numbers(&|row| row.age)),
        ("plan", Arc::new(rows.iter().map(|row| row.plan).collect::<DictionaryArray<Int32Type>>())),
        ("score", numbers(&|_| None)),
        ("prediction", Arc::new(none)),
        ("latency_ms", numbers(&|_| None)),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap();
    let mut repeats = Repeats::default();
    repeats.observe(&batch, "");
    let mut sampler = Sampler::new(&fields);
    sampler.observe(&batch).unwrap();
    let mut builder = sampler.freeze(&"ab".repeat(32), Source::default());
    let wrong_type = std::iter::once(wrong_amounts).chain(std::iter::repeat(0)).take(fields.len()).collect();
    builder.observe(&batch, &BatchFacts { wrong_type, ..BatchFacts::default() }).unwrap();
    let read = rows.len() as u64;
    Set { contract, baseline: builder.finish(), lines: Lines { read, accepted: read, ..Lines::default() }, repeats: repeats.counts() }
}

impl Set {
    fn checks(&self) -> Vec<DatasetCheck> {
        self.checks_with(Some(&["late"]))
    }

    fn checks_with(&self, others: Option<&[&str]>) -> Vec<DatasetCheck> {
        let others: Option<BTreeSet<String>> = others.map(|others| others.iter().map(|name| (*name).to_owned()).collect());
        check_dataset(&DatasetFacts {
            contract: &self.contract,
            baseline: &self.baseline,
            lines: self.lines,
            repeats: Some(self.repeats),
            others: others.as_ref(),
            wants_outcomes: true,
        })
    }
}

fn found<'a>(checks: &'a [DatasetCheck], name: &str) -> (CheckOutcome, &'a str) {
    let check = checks.iter().find(|check| check.name == name).unwrap();
    (check.outcome, &check.says)
}

/// The checks that are not passed.
fn faults(checks: &[DatasetCheck]) -> Vec<&str> {
    checks.iter().filter(|check| check.outcome > Pass).map(|check| check.name.as_str()).collect()
}

#[test]
fn a_set_without_a_fault_passes_every_check() {
    let checks = set(&fine(2_000), true, 0).checks();
    assert_eq!(faults(&checks), Vec::<&str>::new(), "{checks:#?}");
    assert_eq!(checks.len(), 11);
    assert_eq!((outcome_of(&checks), sentence_of(&checks).as_str()), (Pass, "All 11 checks passed."));
    assert_eq!(found(&checks, "rows").1, "It has 2,000 rows, in 8 periods that tell ordinary variation.");
}

#[test]
fn too_few_rows_fail_and_rows_without_periods_are_told() {
    let says = "It has 99 rows, the contract judges none below 100 (monitoring.minimum_records).";
    assert_eq!(found(&set(&fine(99), false, 0).checks(), "rows"), (Fail, says));
    assert_eq!(found(&set(&fine(100), false, 0).checks(), "rows").0, Warn);
    assert_eq!(found(&set(&fine(400), false, 0).checks(), "rows").0, Pass, "blocks of rows tell variation without times");
}

#[test]
fn unreadable_rows_fail_above_what_the_contract_allows() {
    let mut set = set(&fine(950), true, 0);
    for (quarantined, outcome) in [(0, Pass), (1, Warn), (50, Warn), (51, Fail)] {
        set.lines = Lines { read: 950 + quarantined + 7, accepted: 950, quarantined, blank: 7 };
        assert_eq!(found(&set.checks(), "unreadable").0, outcome, "{quarantined}");
    }
    assert!(found(&set.checks(), "unreadable").1.starts_with("51 of 1001 rows could not be read (5.1 %), the contract allows 5.0 %"));
}

#[test]
fn a_feature_that_is_in_no_row_fails_and_other_columns_are_named() {
    let mut rows = fine(500);
    for row in &mut rows {
        row.age = None;
    }
    let set = set(&rows, true, 0);
    let checks = set.checks();
    let says = "age is in no row. Besides, it has late, which the contract does not read.";
    assert_eq!((found(&checks, "schema"), faults(&checks)), ((Fail, says), vec!["schema"]));
    // A summary that somebody else made need not hold everything.
    let facts = DatasetFacts {
        contract: &set.contract,
        baseline: &set.baseline,
        lines: set.lines,
        repeats: None,
        others: None,
        wants_outcomes: false,
    };
    let checks = check_dataset(&facts);
    assert_eq!(found(&checks, "schema").0, Warn);
    assert!(!checks.iter().any(|check| ["duplicates", "ids", "outcome"].contains(&check.name.as_str())));
}

#[test]
fn values_of_another_type_and_without_end_fail_above_a_hundredth() {
    for (wrong, outcome) in [(0, Pass), (1, Pass), (2, Warn), (10, Warn), (11, Fail)] {
        let mut rows = fine(1_000);
        rows.iter_mut().take(wrong).for_each(|row| row.amount = None);
        let checks = set(&rows, true, wrong as u64).checks();
        assert_eq!(found(&checks, "types").0, outcome, "{wrong}");
    }
    let mut rows = fine(1_000);
    rows.iter_mut().take(20).for_each(|row| row.amount = Some(f64::INFINITY));
    let says = "amount is infinite or not of the contract's type in 20 of 1000 rows (2.0 %).";
    assert_eq!(found(&set(&rows, true, 0).checks(), "types"), (Fail, says));
}

#[test]
fn missing_values_fail_by_the_contract_and_without_its_word_half_of_them_warn() {
    for (missing, outcome) in [(20, Pass), (21, Fail)] {
        let mut rows = fine(1_000);
        rows.iter_mut().take(missing).for_each(|row| row.age = None);
        assert_eq!(found(&set(&rows, true, 0).checks(), "missing").0, outcome, "{missing}");
    }
    for (missing, outcome) in [(500, Pass), (501, Warn)] {
        let mut rows = fine(1_000);
        rows.iter_mut().take(missing).for_each(|row| row.amount = None);
        assert_eq!(found(&set(&rows, true, 0).checks(), "missing").0, outcome, "{missing}");
    }
}

#[test]
fn values_outside_of_the_contract_fail_above_a_hundredth() {
    for (odd, outcome) in [(1, Pass), (2, Warn), (10, Warn), (11, Fail)] {
        let mut rows = fine(1_000);
        rows.iter_mut().take(odd).for_each(|row| row.age = Some(999.0));
        assert_eq!(found(&set(&rows, true, 0).checks(), "range").0, outcome, "{odd} ages");
        let mut rows = fine(1_000);
        rows.iter_mut().take(odd).for_each(|row| row.plan = Some("gold"));
        assert_eq!(found(&set(&rows, true, 0).checks(), "range").0, outcome, "{odd} plans");
    }
}

#[test]
fn one_value_far_from_all_others_is_found_where_no_range_is_declared() {
    let mut rows = fine(1_000);
    // The middle half of the amounts reaches from 25 to 75.
    rows[7].amount = Some(560.0);
    assert_eq!(found(&set(&rows, true, 0).checks(), "outliers").0, Pass);
    rows[7].amount = Some(600.0);
    let says = "amount lies more than 10 interquartile ranges outside of its middle half in 1 of 1000 rows (0.10 %).";
    assert_eq!(found(&set(&rows, true, 0).checks(), "outliers"), (Warn, says));
    rows[7].amount = Some(-1e12);
    assert_eq!(found(&set(&rows, true, 0).checks(), "outliers").0, Warn);
    // Ages have a range: it says what is wrong.
    rows[7].amount = Some(50.0);
    rows[7].age = Some(-1e12);
    let checks = set(&rows, true, 0).checks();
    assert_eq!((found(&checks, "outliers").0, found(&checks, "range").0), (Pass, Pass), "one in a thousand");
}

#[test]
fn a_feature_with_one_value_is_told() {
    let mut rows = fine(500);
    for row in &mut rows {
        (row.amount, row.plan) = (Some(5.0), Some("basic"));
    }
    assert_eq!(
        found(&set(&rows, true, 0).checks(), "constant"),
        (Warn, "amount has one value in all rows that have one and plan has one value in all rows that have one.")
    );
}

#[test]
fn copies_fail_where_rows_are_told_apart_and_only_then() {
    for (copies, outcome) in [(0, Pass), (1, Warn), (50, Warn), (60, Fail)] {
        let mut rows = fine(1_000);
        for at in 0..copies {
            rows[at] = rows[at + 500].clone();
        }
        let set = set(&rows, false, 0);
        assert_eq!(found(&set.checks(), "duplicates").0, outcome, "{copies}: {:?}", set.repeats);
    }
    // Without ids and times, many rows may be alike by chance.
    let alike = |kinds: usize| -> Vec<Row> {
        (0..1_000).map(|at| Row { id: None, amount: Some((at % kinds) as f64), age: Some(30.0), plan: Some("basic") }).collect()
    };
    assert_eq!(found(&set(&alike(600), false, 0).checks(), "duplicates").0, Pass);
    assert_eq!(found(&set(&alike(10), false, 0).checks(), "duplicates").0, Warn);
}

#[test]
fn an_id_that_comes_twice_with_other_values_is_found() {
    for (twice, outcome) in [(0, Pass), (1, Pass), (2, Warn), (11, Fail)] {
        let mut rows = fine(1_000);
        for at in 0..twice {
            rows[at].id = rows[at + 500].id.clone();
        }
        let checks = set(&rows, true, 0).checks();
        assert_eq!((found(&checks, "ids").0, found(&checks, "duplicates").0), (outcome, Pass), "{twice}");
    }
}

#[test]
fn a_set_without_a_column_that_could_be_the_outcome_is_told() {
    let set = set(&fine(500), true, 0);
    assert_eq!(found(&set.checks_with(Some(&[])), "outcome").0, Warn);
    assert_eq!(found(&set.checks_with(Some(&["late"])), "outcome"), (Pass, "The outcome can be in late."));
    let long = "x".repeat(100_000);
    assert!(found(&set.checks_with(Some(&[&long])), "schema").1.len() < 200, "what a file calls its columns is not told at any length");
    assert!(!set.checks_with(None).iter().any(|check| check.name == "outcome"), "what is not known is not said");
}

#[test]
fn a_set_that_moved_warns_the_same_set_does_not_and_the_first_has_none_before_it() {
    let (before, same) = (set(&fine(2_000), true, 0), set(&fine(2_000), true, 0));
    assert_eq!(check_drift(&before.contract, None, &before.baseline).outcome, Pass);
    let check = check_drift(&before.contract, Some(&before.baseline), &same.baseline);
    assert_eq!(check.outcome, Pass, "{}", check.says);
    assert!(check.says.starts_with("Compared with version abababababab: "), "{}", check.says);
    let mut rows = fine(2_000);
    for row in &mut rows {
        row.amount = row.amount.map(|amount| amount * 1.5 + 20.0);
    }
    let moved = check_drift(&before.contract, Some(&before.baseline), &set(&rows, true, 0).baseline);
    assert_eq!(moved.outcome, Warn, "a moved training set is a warning, never a failure");
    assert!(moved.says.contains("amount"), "{}", moved.says);
}

#[test]
fn the_worst_is_told_first_and_the_sentence_names_what_failed() {
    let mut rows = fine(1_000);
    rows.iter_mut().take(5).for_each(|row| row.age = Some(999.0));
    rows.iter_mut().take(300).for_each(|row| row.plan = Some("gold"));
    let checks = set(&rows, true, 0).checks();
    let range = checks.iter().find(|check| check.name == "range").unwrap();
    let fields: Vec<(Option<&str>, u64)> = range.found.iter().map(|found| (found.field.as_deref(), found.count)).collect();
    assert_eq!(fields, [(Some("plan"), 300), (Some("age"), 5)]);
    assert_eq!(sentence_of(&checks), "1 of 11 checks failed: plan lies outside of what the contract allows in 300 of 1000 rows (30 %).");
}
