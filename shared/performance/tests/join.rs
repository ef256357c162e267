//! The join: every order, split, repetition and size of turns gives the same; corrections win by their own time; nothing is counted twice.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tests")]

mod batches;

use batches::{DAY_MS, Report, contract, day, dice, measured, reported, world};
use proptest::prelude::*;
use tidegate_contract::Metric;
use tidegate_performance::Measured;

fn value(measured: &Measured, metric: Metric) -> f64 {
    measured.metric(metric).unwrap().value.unwrap()
}

#[test]
fn quality_is_that_of_the_predictions_whose_truth_is_in() {
    let rows = world(3, 600, "1", 0.0, 1);
    let truth = reported(&rows[..400]);
    let found = measured(&contract(""), day(3), &rows, &[&truth], usize::MAX);
    assert_eq!((found.predictions.with_id, found.coverage.labelled, found.quality.as_ref().unwrap().rows), (600, 400, 400));
    let right = rows[..400].iter().filter(|row| (row.score >= 0.5) == row.actual).count();
    assert!((value(&found, Metric::Accuracy) - right as f64 / 400.0).abs() < 1e-9);
    // Every positive against every negative.
    let (mut above, mut pairs) = (0.0, 0.0);
    for one in rows[..400].iter().filter(|row| row.actual) {
        for other in rows[..400].iter().filter(|row| !row.actual) {
            pairs += 1.0;
            above += if one.score > other.score {
                1.0
            } else if one.score < other.score {
                0.0
            } else {
                0.5
            };
        }
    }
    assert!((value(&found, Metric::RocAuc) - above / pairs).abs() < 1e-8);
    let lag = found.coverage.lag.unwrap();
    assert_eq!((lag.p50_hours, lag.p99_hours), (24.0, 24.0));
    assert_eq!(
        found.versions.iter().map(|part| (part.name.as_str(), part.predictions, part.labelled)).collect::<Vec<_>>(),
        [("1", 600, 400)]
    );
    assert_eq!(found.segments.iter().map(|part| part.predictions).sum::<u64>(), 600);
}

#[test]
fn the_outcome_that_became_known_last_counts_and_a_repeat_counts_once() {
    let rows = world(3, 200, "1", 0.0, 2);
    let right = reported(&rows);
    let wrong: Vec<Report> =
        right.iter().map(|report| Report { actual: "1".to_owned(), time_ms: report.time_ms - 1, ..report.clone() }).collect();
    let stranger = vec![Report { id: "nobody".to_owned(), actual: "1".to_owned(), time_ms: 0 }];
    let plain = measured(&contract(""), day(3), &rows, &[&right], usize::MAX);
    let corrected = measured(&contract(""), day(3), &rows, &[&right, &wrong, &stranger, &right], usize::MAX);
    assert_eq!(plain, corrected);
    let only_wrong = measured(&contract(""), day(3), &rows, &[&wrong], usize::MAX);
    assert_ne!(plain.quality, only_wrong.quality);
}

#[test]
fn a_prediction_that_was_logged_twice_is_one_and_what_names_no_outcome_is_said() {
    let mut rows = world(3, 100, "1", 0.0, 3);
    let again = rows[..10].to_vec();
    rows.extend(again);
    let mut truth = reported(&rows[..50]);
    truth[0].actual = "perhaps".to_owned();
    let found = measured(&contract(""), day(3), &rows, &[&truth], usize::MAX);
    assert_eq!((found.predictions.with_id, found.predictions.repeated, found.health.records), (100, 10, 110));
    assert_eq!((found.coverage.labelled, found.coverage.unreadable), (49, 1));
}

#[test]
fn turns_of_every_size_give_the_same() {
    let rows = world(3, 700, "1", 0.1, 4);
    let truth = reported(&rows);
    let whole = measured(&contract(""), day(3), &rows, &[&truth], usize::MAX);
    for turn_rows in [500, 100, 20, 1] {
        assert_eq!(measured(&contract(""), day(3), &rows, &[&truth], turn_rows), whole, "turns of {turn_rows}");
    }
}

#[test]
fn truth_that_is_missing_where_scores_are_high_is_seen() {
    let rows = world(3, 2_000, "1", 0.0, 5);
    let low: Vec<_> = rows.iter().filter(|row| row.score < 0.8).cloned().collect();
    let biased = measured(&contract(""), day(3), &rows, &[&reported(&low)], usize::MAX);
    let of = |found: &Measured, by: &str| found.coverage.missing.iter().find(|missing| missing.by == by).unwrap().clone();
    let by_score = of(&biased, "score");
    assert!(by_score.p.unwrap() < 1e-6 && by_score.effect.unwrap() > 0.5, "{by_score:?}");
    assert!(of(&biased, "plan").p.unwrap() > 0.001);
    let mut roll = dice(6);
    let some: Vec<_> = rows.iter().filter(|_| roll() < 0.7).cloned().collect();
    let fair = measured(&contract(""), day(3), &rows, &[&reported(&some)], usize::MAX);
    assert!(of(&fair, "score").p.unwrap() > 0.001 && of(&fair, "plan").p.unwrap() > 0.001);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_split_order_and_repetition_of_truth_and_records_measures_the_same(seed in 0_u64..1_000_000, files in 1_usize..6, turn_rows in 1_usize..400) {
        let mut roll = dice(seed);
        let mut rows = world(3, 120, "1", 0.2, seed);
        // Truth that is corrected, some of it at the very time of what it corrects.
        let mut reports = reported(&rows);
        for row in &rows {
            if roll() < 0.4 {
                let (actual, hours) = ((roll() < 0.5).to_string(), (roll() * 3.0) as i64);
                reports.push(Report { id: row.id.clone(), actual, time_ms: row.time_ms + DAY_MS + hours });
            }
        }
        let expected = measured(&contract(""), day(3), &rows, &[&reports], usize::MAX);
        let mut split: Vec<Vec<Report>> = vec![Vec::new(); files];
        let mut shuffled: Vec<(f64, Report)> = reports.into_iter().map(|report| (roll(), report)).collect();
        shuffled.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, report) in shuffled {
            for copy in 0..=usize::from(roll() < 0.2) {
                let place = (roll() * files as f64) as usize + copy;
                split[place % files].push(report.clone());
            }
        }
        let mut order: Vec<(f64, _)> = rows.drain(..).map(|row| (roll(), row)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rows: Vec<_> = order.into_iter().map(|(_, row)| row).collect();
        let split: Vec<&[Report]> = split.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(measured(&contract(""), day(3), &rows, &split, turn_rows), expected);
    }
}
