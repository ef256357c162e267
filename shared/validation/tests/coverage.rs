//! Intervals hold the truth as often as they say: 95 of 100 times.

mod world;

use tidegate_contract::Metric;
use tidegate_statistics::bootstrap::Plan;
use tidegate_statistics::normal;
use tidegate_validation::metrics::{measure_all, value};
use world::World;

const WORLDS: u64 = 400;
const ROWS: usize = 400;
const STRENGTH: f64 = 1.4;

/// 400 worlds of 95 %: 380 ± 4.4. Fewer than 367 or more than 393 come once in 400 studies.
const HELD: std::ops::RangeInclusive<f64> = 0.9175..=0.9825;

#[test]
fn intervals_of_metrics_hold_the_truth() {
    // So many rows that their metrics are the truth.
    let large = World::new(u64::MAX, 400_000).model(STRENGTH, u64::MAX);
    let truth: Vec<(Metric, f64)> = [Metric::RocAuc, Metric::AveragePrecision, Metric::LogLoss, Metric::Brier, Metric::Accuracy]
        .into_iter()
        .chain([Metric::BalancedAccuracy, Metric::Precision, Metric::Recall, Metric::F1, Metric::Mcc])
        .map(|metric| (metric, value(large.outcomes(), metric).unwrap()))
        .collect();
    // Two bells that lie so far apart: Φ(d / √2).
    let auc = 1.0 - normal::sf(STRENGTH / 2.0_f64.sqrt());
    assert!((truth[0].1 - auc).abs() < 0.003, "{} {auc}", truth[0].1);
    let mut held = vec![0.0; truth.len()];
    for seed in 0..WORLDS {
        let evaluation = World::new(seed, ROWS).model(STRENGTH, seed + WORLDS);
        let measured = measure_all(evaluation.outcomes(), Plan { resamples: 500, ..Plan::new(seed) });
        for ((metric, truth), held) in truth.iter().zip(&mut held) {
            let found = measured.iter().find(|(found, _)| found == metric).unwrap().1.as_ref().unwrap();
            let interval = found.interval.unwrap();
            *held += if interval.low <= *truth && *truth <= interval.high { 1.0 / WORLDS as f64 } else { 0.0 };
        }
    }
    for ((metric, truth), held) in truth.iter().zip(held) {
        eprintln!("{}: {truth:.4}, held {held:.3}", metric.name());
        assert!(HELD.contains(&held), "{}: held {held}", metric.name());
    }
}
