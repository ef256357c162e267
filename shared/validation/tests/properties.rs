//! What holds for any rows.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use tidegate_contract::{FairnessMetric, Metric, Task};
use tidegate_statistics::bootstrap::Plan;
use tidegate_validation::comparison::{Standing, compare};
use tidegate_validation::fairness::Groups;
use tidegate_validation::metrics::{measure_all, value};
use tidegate_validation::{Column, Evaluation, Labels, Reading, Table};

/// Few resamples: properties do not depend on their number.
fn plan() -> Plan {
    Plan { resamples: 200, ..Plan::new(7) }
}

fn ids(rows: usize) -> Vec<String> {
    (0..rows).map(|row| format!("{row:05}")).collect()
}

fn binary(rows: &[(bool, f64)], order: &[usize]) -> Evaluation {
    let ids = ids(rows.len());
    let table = Table {
        ids: order.iter().map(|row| ids[*row].as_str()).collect(),
        actual: Some(Column::Numbers(order.iter().map(|row| f64::from(u8::from(rows[*row].0))).collect())),
        score: Some(order.iter().map(|row| rows[*row].1).collect()),
        groups: vec![("group".to_owned(), order.iter().map(|row| Some(["a", "b", "c"][row % 3])).collect::<Labels>())],
        ..Table::default()
    };
    table.read(&Reading::new(Task::Binary)).unwrap()
}

fn regression(rows: &[(f64, f64)]) -> Evaluation {
    let table = Table {
        ids: ids(rows.len()).into_iter().collect(),
        actual: Some(Column::Numbers(rows.iter().map(|row| row.0).collect())),
        prediction: Some(Column::Numbers(rows.iter().map(|row| row.1).collect())),
        ..Table::default()
    };
    table.read(&Reading::new(Task::Regression)).unwrap()
}

fn multiclass(rows: &[(u8, u8)]) -> Evaluation {
    let label = |code: u8| Some(["x", "y", "z"][usize::from(code % 3)]);
    let table = Table {
        ids: ids(rows.len()).into_iter().collect(),
        actual: Some(Column::Labels(rows.iter().map(|row| label(row.0)).collect())),
        prediction: Some(Column::Labels(rows.iter().map(|row| label(row.1)).collect())),
        ..Table::default()
    };
    table.read(&Reading::new(Task::Multiclass)).unwrap()
}

/// Scores with ties, the ends of the scale among them.
fn rows() -> impl Strategy<Value = Vec<(bool, f64)>> {
    prop::collection::vec((any::<bool>(), (0_u32..=40).prop_map(|score| f64::from(score) / 40.0)), 1..120)
}

fn in_order(rows: usize) -> Vec<usize> {
    (0..rows).collect()
}

fn intervals_hold(evaluation: &Evaluation) -> Result<(), TestCaseError> {
    for (metric, measured) in measure_all(evaluation.outcomes(), plan()) {
        let Ok(measured) = measured else { continue };
        let [least, greatest] = metric.range();
        prop_assert!(measured.value.is_finite() && (least..=greatest).contains(&measured.value), "{}: {measured:?}", metric.name());
        if let Some(interval) = measured.interval {
            prop_assert!(interval.low <= measured.value && measured.value <= interval.high, "{}: {measured:?}", metric.name());
            prop_assert!(least <= interval.low && interval.high <= greatest, "{}: {measured:?}", metric.name());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn intervals_contain_their_estimates(rows in rows()) {
        intervals_hold(&binary(&rows, &in_order(rows.len())))?;
    }

    #[test]
    fn intervals_of_numbers_contain_their_estimates(rows in prop::collection::vec((-50_i32..50, -50_i32..50), 1..80)) {
        let rows: Vec<(f64, f64)> = rows.into_iter().map(|(actual, predicted)| (f64::from(actual), f64::from(predicted))).collect();
        intervals_hold(&regression(&rows))?;
    }

    #[test]
    fn intervals_of_classes_contain_their_estimates(rows in prop::collection::vec((0_u8..3, 0_u8..3), 1..80)) {
        intervals_hold(&multiclass(&rows))?;
    }

    #[test]
    fn the_order_of_rows_changes_nothing(rows in rows(), seed in any::<u64>()) {
        let mut order: Vec<(u64, usize)> = in_order(rows.len()).into_iter().map(|row| (seed.wrapping_mul(row as u64 * 2 + 1).rotate_left(17), row)).collect();
        order.sort_unstable();
        let order: Vec<usize> = order.into_iter().map(|(_, row)| row).collect();
        let (one, other) = (binary(&rows, &in_order(rows.len())), binary(&rows, &order));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(measure_all(one.outcomes(), plan()), measure_all(other.outcomes(), plan()));
    }

    #[test]
    fn a_model_is_never_better_than_itself(rows in rows(), numbers in prop::collection::vec((-9_i32..9, -9_i32..9), 2..60)) {
        let evaluation = binary(&rows, &in_order(rows.len()));
        let numbers: Vec<(f64, f64)> = numbers.into_iter().map(|(actual, predicted)| (f64::from(actual), f64::from(predicted))).collect();
        let numbers = regression(&numbers);
        for (evaluation, task) in [(&evaluation, Task::Binary), (&numbers, Task::Regression)] {
            for metric in Metric::of(task) {
                if let Ok(found) = compare(evaluation.outcomes(), evaluation.outcomes(), *metric, plan()) {
                    let standing = found.standing(0.01);
                    prop_assert!(matches!(standing, Standing::AsGood | Standing::Unknown), "{}: {standing:?} {found:?}", metric.name());
                }
            }
        }
    }

    #[test]
    fn comparing_the_other_way_round_turns_the_improvement_around(rows in rows(), others in rows()) {
        let length = rows.len().min(others.len());
        let rows: Vec<(bool, f64)> = rows.into_iter().take(length).collect();
        let others: Vec<(bool, f64)> = rows.iter().zip(&others).map(|(row, other)| (row.0, other.1)).collect();
        let (one, other) = (binary(&rows, &in_order(length)), binary(&others, &in_order(length)));
        for metric in Metric::of(Task::Binary) {
            if let (Ok(there), Ok(back)) = (compare(one.outcomes(), other.outcomes(), *metric, plan()), compare(other.outcomes(), one.outcomes(), *metric, plan())) {
                prop_assert!((there.improvement + back.improvement).abs() < 1e-12);
                prop_assert!(there.interval.low <= there.improvement && there.improvement <= there.interval.high, "{}: {there:?}", metric.name());
                let both_better = there.standing(0.0) == Standing::Better && back.standing(0.0) == Standing::Better;
                prop_assert!(!both_better, "{}", metric.name());
            }
        }
    }

    /// A candidate that is wrong on more rows than another never stands better: flips of right predictions, one after the other.
    #[test]
    fn a_worse_candidate_never_stands_better(rows in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>()), 60..200), flips in 1_usize..20) {
        let score = |positive: bool, right: bool| if positive == right { 0.9 } else { 0.1 };
        let champion: Vec<(bool, f64)> = rows.iter().map(|row| (row.0, score(row.0, row.1))).collect();
        let mut candidate: Vec<(bool, f64)> = rows.iter().map(|row| (row.0, score(row.0, row.2))).collect();
        let champion = binary(&champion, &in_order(rows.len()));
        for metric in [Metric::Accuracy, Metric::Recall, Metric::RocAuc] {
            let mut last = None;
            for flip in 0..flips {
                let evaluation = binary(&candidate, &in_order(rows.len()));
                let Ok(found) = compare(evaluation.outcomes(), champion.outcomes(), metric, plan()) else { break };
                let rank = [Standing::WorseByMore, Standing::Worse, Standing::Unknown, Standing::AsGood, Standing::Better].iter().position(|standing| *standing == found.standing(0.02));
                if let Some(last) = last {
                    prop_assert!(metric == Metric::RocAuc || rank <= last, "{} after {flip} flips", metric.name());
                }
                last = Some(rank);
                let Some(row) = (0..rows.len()).find(|row| (candidate[*row].1 > 0.5) == candidate[*row].0) else { break };
                candidate[row].1 = 1.0 - candidate[row].1;
            }
        }
    }

    #[test]
    fn fairness_lies_between_none_and_all_and_ignores_the_names_of_groups(rows in rows()) {
        let evaluation = binary(&rows, &in_order(rows.len()));
        let renamed: Labels = (0..rows.len()).map(|row| Some(["z", "y", "x"][row % 3])).collect();
        let groups = Groups::new(evaluation.outcomes(), evaluation.group("group").unwrap(), 1).unwrap();
        let other = Groups::new(evaluation.outcomes(), &renamed, 1).unwrap();
        for metric in FairnessMetric::ALL {
            let (one, other) = (groups.measure(metric, plan()), other.measure(metric, plan()));
            prop_assert_eq!(one.as_ref().map(|one| one.value).ok(), other.map(|other| other.value).ok());
            if let Ok(found) = one {
                prop_assert!((0.0..=1.0).contains(&found.value), "{metric:?}: {found:?}");
                if let Some(interval) = found.interval {
                    prop_assert!(interval.low <= found.value && found.value <= interval.high, "{metric:?}: {found:?}");
                }
            }
        }
    }

    /// Wrong answers for right ones never raise accuracy; an error that grows never lowers the mean error.
    #[test]
    fn metrics_go_the_way_that_they_say(numbers in prop::collection::vec((-20_i32..20, -20_i32..20), 1..40), at in any::<prop::sample::Index>(), by in 1_i32..50) {
        let rows: Vec<(f64, f64)> = numbers.iter().map(|(actual, predicted)| (f64::from(*actual), f64::from(*predicted))).collect();
        let mut worse = rows.clone();
        let row = &mut worse[at.index(rows.len())];
        row.1 += if row.1 >= row.0 { f64::from(by) } else { -f64::from(by) };
        for metric in [Metric::Mae, Metric::Mse, Metric::Rmse, Metric::MedianAe, Metric::Mape, Metric::R2] {
            let [better, worse] = [&rows, &worse].map(|rows| value(regression(rows).outcomes(), metric).ok());
            if let (Some(better), Some(worse)) = (better, worse) {
                prop_assert!(metric.merit(worse) <= metric.merit(better) + 1e-9, "{}: {better} became {worse}", metric.name());
            }
        }
    }
}
