//! Two versions in the same span: whose answers meet whose, and what of the truth counts.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(dead_code, reason = "shared with other tests")]

mod batches;

use batches::{Report, Row, contract, outcomes, records, reported, world};
use tidegate_performance::{Rival, Rivals};
use tidegate_validation::metrics::value;

fn auc(evaluation: &tidegate_validation::Evaluation) -> f64 {
    value(evaluation.outcomes(), tidegate_contract::Metric::RocAuc).unwrap()
}

/// A shadow's answers to the same requests.
fn shadow(rows: &[Row], score: impl Fn(&Row) -> f64) -> Vec<Row> {
    rows.iter().map(|row| Row { score: score(row), ..row.clone() }).collect()
}

#[test]
fn a_shadow_meets_the_champion_under_the_same_ids_whatever_the_order() {
    let champion = world(1, 500, "a", 0.0, 7);
    let candidate = shadow(&champion, |row| 1.0 - row.score);
    let truth = reported(&champion);
    let run = |backwards: bool| {
        let mut rivals = Rivals::new(&contract(""));
        let mut feed = vec![(Rival::Champion, &champion), (Rival::Candidate, &candidate), (Rival::Champion, &champion)];
        if backwards {
            feed.reverse();
        }
        for (rival, rows) in feed {
            rivals.predictions(rival, &records(rows));
        }
        rivals.truth(&outcomes(&truth));
        rivals.evaluations(&contract("")).unwrap()
    };
    let [candidate, champion] = run(false);
    assert_eq!((candidate.rows(), champion.rows()), (500, 500));
    assert!((auc(&candidate) + auc(&champion) - 1.0).abs() < 1e-12);
    assert_eq!(run(true), [candidate, champion]);
}

#[test]
fn the_outcome_that_became_known_last_counts_and_strangers_do_not() {
    let rows = world(1, 300, "a", 0.0, 7);
    let wrong: Vec<Report> = reported(&rows)
        .into_iter()
        .map(|report| Report { actual: if report.actual == "1" { "0" } else { "1" }.to_owned(), time_ms: report.time_ms - 1, ..report })
        .collect();
    let stranger = Report { id: "nobody".to_owned(), actual: "1".to_owned(), time_ms: 0 };
    let mut rivals = Rivals::new(&contract(""));
    rivals.predictions(Rival::Candidate, &records(&rows[..200]));
    rivals.predictions(Rival::Champion, &records(&rows[200..]));
    for truth in [&reported(&rows)[..250], &wrong, &[stranger]] {
        rivals.truth(&outcomes(truth));
    }
    assert_eq!(rivals.predicted(), [200, 100]);
    let [candidate, champion] = rivals.evaluations(&contract("")).unwrap();
    assert_eq!((candidate.rows(), champion.rows()), (200, 100));
    let right = auc(&candidate);
    assert!(right > 0.7, "{right}");
}

#[test]
fn a_version_that_never_answered_is_an_error() {
    let rows = world(1, 50, "a", 0.0, 7);
    let mut rivals = Rivals::new(&contract(""));
    rivals.predictions(Rival::Champion, &records(&rows));
    rivals.truth(&outcomes(&reported(&rows)));
    assert!(rivals.evaluations(&contract("")).is_err());
}
