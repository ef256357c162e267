//! How often the gate promotes a model that is no better, and how often one that is.
//!
//! "The greater number wins" lets one of two equal models replace the other half of the time, and a team that retrains weekly changes its
//! champion twenty-six times a year for nothing. Each study draws two models many times over, equal ones and one better than the other, and
//! counts how often the comparison says *better*.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod world;

use tidegate_contract::{Contract, Metric, Task};
use tidegate_statistics::bootstrap::Plan;
use tidegate_statistics::random::Random;
use tidegate_validation::comparison::{Standing, compare};
use tidegate_validation::{Column, Contender, Evaluation, Facts, GateInput, Labels, Outcome, Reading, Table, gate};
use world::{World, normal};

/// Pairs of models per study: 2.5 % of them are 10, and more than 5 % by chance once in 1,000 studies.
const PAIRS: u32 = 400;

/// Rows of an evaluation set of classes, and of one of numbers, whose bootstrap goes through every row.
const ROWS: usize = 500;
const NUMBERS: usize = 250;

/// Share of equal pairs in which the second replaces the first, at most.
const WRONG_PROMOTIONS: f64 = 0.05;

/// What a study counted.
#[derive(Debug, Default)]
struct Study {
    /// The gate said better.
    promoted: f64,
    /// The candidate's number was the greater.
    greater: f64,
    /// The gate said worse, of equal models or of a better candidate.
    refused: f64,
}

fn study(metric: Metric, pair: impl Fn(u64) -> (Evaluation, Evaluation)) -> Study {
    let mut study = Study::default();
    for seed in 0..u64::from(PAIRS) {
        let (candidate, champion) = pair(seed);
        let found = compare(candidate.outcomes(), champion.outcomes(), metric, Plan::new(seed)).unwrap();
        let standing = found.standing(0.0);
        let share = 1.0 / f64::from(PAIRS);
        study.promoted += if standing == Standing::Better { share } else { 0.0 };
        study.refused += if matches!(standing, Standing::Worse | Standing::WorseByMore) { share } else { 0.0 };
        study.greater += if found.improvement > 0.0 { share } else { 0.0 };
    }
    eprintln!("{}: {study:?}", metric.name());
    study
}

/// Two classifiers of these strengths on the same rows.
fn classifiers(strength: f64, other: f64) -> impl Fn(u64) -> (Evaluation, Evaluation) {
    move |seed| {
        let world = World::new(seed, ROWS);
        (world.model(strength, 2 * seed + 1), world.model(other, 2 * seed + 2))
    }
}

/// Two regressions on the same rows, whose errors have these standard deviations, in part in common, and heavy tails.
fn regressions(spread: f64, other: f64) -> impl Fn(u64) -> (Evaluation, Evaluation) {
    move |seed| {
        let mut random = Random::new(seed, "regression");
        let error = |random: &mut Random| normal(random) * if random.uniform() < 0.05 { 3.0 } else { 1.0 };
        let rows: Vec<[f64; 3]> = (0..NUMBERS)
            .map(|_| {
                let (actual, common) = (10.0 * normal(&mut random), error(&mut random));
                let [own, others] = [spread, other].map(|spread| actual + spread * (common + error(&mut random)) / 2.0_f64.sqrt());
                [actual, own, others]
            })
            .collect();
        let [candidate, champion] = [1, 2].map(|place| {
            let column = |column: usize| Some(Column::Numbers(rows.iter().map(|row| row[column]).collect()));
            let table = Table {
                ids: (0..NUMBERS).map(|row| format!("{row:04}")).collect(),
                actual: column(0),
                prediction: column(place),
                ..Table::default()
            };
            table.read(&Reading::new(Task::Regression)).unwrap()
        });
        (candidate, champion)
    }
}

fn equal_models_stay(metric: Metric, pair: impl Fn(u64) -> (Evaluation, Evaluation)) {
    let study = study(metric, pair);
    assert!(study.promoted <= WRONG_PROMOTIONS, "{study:?}");
    assert!(study.refused <= WRONG_PROMOTIONS, "{study:?}");
    assert!((study.greater - 0.5).abs() < 0.1, "the two models are not equal: {study:?}");
}

fn better_models_pass(metric: Metric, power: f64, pair: impl Fn(u64) -> (Evaluation, Evaluation)) {
    let study = study(metric, pair);
    assert!(study.promoted >= power, "{study:?}");
    assert!(study.refused <= f64::EPSILON, "{study:?}");
}

#[test]
fn equal_models_do_not_replace_each_other_by_roc_auc() {
    equal_models_stay(Metric::RocAuc, classifiers(1.4, 1.4));
}

#[test]
fn equal_models_do_not_replace_each_other_by_accuracy() {
    equal_models_stay(Metric::Accuracy, classifiers(1.4, 1.4));
}

#[test]
fn equal_models_do_not_replace_each_other_by_f1() {
    equal_models_stay(Metric::F1, classifiers(1.4, 1.4));
}

#[test]
fn equal_models_do_not_replace_each_other_by_average_precision() {
    equal_models_stay(Metric::AveragePrecision, classifiers(1.4, 1.4));
}

#[test]
fn equal_models_do_not_replace_each_other_by_rmse() {
    equal_models_stay(Metric::Rmse, regressions(3.0, 3.0));
}

#[test]
fn a_better_model_passes_by_roc_auc() {
    better_models_pass(Metric::RocAuc, 0.8, classifiers(1.9, 1.4));
}

#[test]
fn a_better_model_passes_by_accuracy() {
    better_models_pass(Metric::Accuracy, 0.8, classifiers(2.3, 1.4));
}

#[test]
fn a_better_model_passes_by_f1() {
    better_models_pass(Metric::F1, 0.8, classifiers(2.1, 1.4));
}

#[test]
fn a_better_model_passes_by_rmse() {
    better_models_pass(Metric::Rmse, 0.8, regressions(2.3, 3.0));
}

/// A contract of twenty-four segments would refuse more than every second equal candidate for one of them, were the p-values not corrected.
#[test]
fn equal_models_are_not_refused_for_one_of_many_segments() {
    const GATES: u64 = 200;
    let contract = Contract::parse(
        "model: m\ntask: binary\nfeatures: [{ name: shop, type: categorical }]\nsegments: [shop]\nvalidation: { primary: accuracy, segment_margin: 0 }\n",
    )
    .unwrap();
    let mut refused = 0;
    for seed in 0..GATES {
        let mut random = Random::new(seed, "segments");
        let rows: Vec<[bool; 3]> = (0..24 * 120)
            .map(|_| {
                let actual = random.uniform() < 0.4;
                let answer = |random: &mut Random| actual == (random.uniform() < 0.8);
                [actual, answer(&mut random), answer(&mut random)]
            })
            .collect();
        let [candidate, champion] = [1, 2].map(|place| {
            let column = |place: usize| Some(Column::Numbers(rows.iter().map(|row| f64::from(u8::from(row[place]))).collect()));
            let shops: Labels = (0..rows.len()).map(|row| Some(format!("shop {}", row % 24))).collect();
            let ids = (0..rows.len()).map(|row| format!("{row:05}")).collect();
            let table =
                Table { ids, actual: column(0), prediction: column(place), groups: vec![("shop".to_owned(), shops)], ..Table::default() };
            table.read(&Reading::new(Task::Binary)).unwrap()
        });
        let contender = |version, evaluation| Contender { version, digest: version, evaluation_digest: "", evaluation };
        let (candidate, champion) = (contender("candidate", &candidate), Some(contender("champion", &champion)));
        let report = gate(&GateInput { contract: &contract, candidate, champion, facts: Facts::default(), seed });
        let rule = report.rules.iter().find(|rule| rule.name == "segments:shop").unwrap();
        assert_eq!(rule.parts.len(), 24);
        refused += u64::from(rule.outcome == Outcome::Fail);
    }
    eprintln!("segments: {refused} of {GATES} refused");
    assert!(refused <= GATES / 20, "{refused} of {GATES}");
}
