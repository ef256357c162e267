//! Several versions that answer the same requests under the same ids: each is measured by its own records, and the model by those of what served.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod batches;

use batches::{DAY_MS, Row, contract, day, dice, joined, measured, reported, world};
use proptest::prelude::*;
use tidegate_contract::Metric;
use tidegate_monitoring::{CauseKind, State};
use tidegate_performance::{Champion, Input, Inputs, Join, Measured, Part, Subject, judge};

/// Another version's answers to the same requests, so much later.
fn shadow(rows: &[Row], version: &'static str, later_ms: i64, score: impl Fn(&Row) -> f64) -> Vec<Row> {
    rows.iter().map(|row| Row { version, score: score(row), time_ms: row.time_ms + later_ms, ..row.clone() }).collect()
}

fn turned(row: &Row) -> f64 {
    1.0 - row.score
}

fn version<'m>(measured: &'m Measured, name: &str) -> &'m Part {
    measured.versions.iter().find(|part| part.name == name).unwrap()
}

fn auc(metrics: &[(Metric, tidegate_validation::report::MetricValue)]) -> f64 {
    metrics.iter().find(|(metric, _)| *metric == Metric::RocAuc).unwrap().1.value.unwrap()
}

/// What is measured where the registry says who was champion.
fn told(rows: &[Row], champions: Vec<Champion>) -> Measured {
    let join = Join::new(Subject::of(&contract("")), day(3)).served_by(champions);
    joined(join, rows, &[&reported(rows)])
}

fn champion(name: &str, from_ms: i64, until_ms: i64) -> Champion {
    Champion { names: vec![name.to_owned(), format!("v{name}")], from_ms, until_ms }
}

#[test]
fn a_shadow_is_measured_by_itself_and_changes_nothing_of_the_model() {
    let served = world(3, 600, "1", 0.0, 1);
    let beside = shadow(&served, "2", 5, turned);
    let truth = reported(&served[..400]);
    let alone = measured(&contract(""), day(3), &served, &[&truth], usize::MAX);
    let both = measured(&contract(""), day(3), &[served.clone(), beside].concat(), &[&truth], usize::MAX);
    assert_eq!((both.predictions.with_id, both.predictions.shadows, both.predictions.repeated), (600, 600, 0));
    let shadow = version(&both, "2");
    assert_eq!((shadow.predictions, shadow.shadows, shadow.labelled), (600, 600, 400));
    assert!((auc(&shadow.metrics) + auc(&version(&both, "1").metrics) - 1.0).abs() < 1e-8, "the truth reaches both");
    // All the rest, down to the score cells, the truth's coverage and the service's health, is as if there were no shadow.
    let mut without = both.clone();
    without.predictions.shadows = 0;
    without.versions.retain(|part| part.name == "1");
    assert_eq!(without, alone);
}

#[test]
fn of_one_version_the_earliest_record_of_an_id_is_kept_beside_that_of_another_version() {
    let served = world(3, 200, "1", 0.0, 2);
    let beside = shadow(&served, "2", 0, turned);
    let again = [shadow(&served[..30], "1", 60_000, |_| 0.5), shadow(&beside[..20], "2", 60_000, |_| 0.5)].concat();
    let truth = reported(&served);
    let once = measured(&contract(""), day(3), &[served.clone(), beside.clone()].concat(), &[&truth], usize::MAX);
    let found = measured(&contract(""), day(3), &[again, served, beside].concat(), &[&truth], usize::MAX);
    assert_eq!((found.predictions.with_id, found.predictions.shadows, found.predictions.repeated), (200, 200, 50));
    assert_eq!((&found.quality, &found.versions), (&once.quality, &once.versions));
    assert_eq!(found.health.records, 230, "records of what served, repeated ones included");
}

#[test]
fn a_split_has_no_shadows() {
    let rows = [world(3, 300, "1", 0.0, 3), world(3, 200, "2", 0.0, 4)].concat();
    let found = measured(&contract(""), day(3), &rows, &[&reported(&rows)], usize::MAX);
    assert_eq!((found.predictions.with_id, found.predictions.shadows), (500, 0));
    assert_eq!(found.quality.as_ref().unwrap().rows, 500);
    assert_eq!(found.versions.iter().map(|part| (part.predictions, part.shadows)).collect::<Vec<_>>(), [(300, 0), (200, 0)]);
}

#[test]
fn without_a_registry_one_version_served_whatever_record_came_first() {
    let served = world(3, 400, "b", 0.0, 5);
    // Of half of the requests the shadow's record comes first.
    let mut beside = shadow(&served, "a", 8, turned);
    for row in beside.iter_mut().step_by(2) {
        row.time_ms -= 15;
    }
    let serving = |rows: &[Vec<Row>]| {
        let found = measured(&contract(""), day(3), &rows.concat(), &[&reported(&served)], usize::MAX);
        assert_eq!((found.predictions.with_id, found.quality.as_ref().unwrap().rows), (400, 400));
        let names: Vec<String> = found.versions.iter().filter(|part| part.shadows == 0).map(|part| part.name.clone()).collect();
        assert_eq!(names.len(), 1, "no mixture");
        let quality = auc(&found.quality.as_ref().unwrap().metrics);
        assert!((quality - auc(&version(&found, &names[0]).metrics)).abs() < 1e-12);
        names[0].clone()
    };
    assert_eq!(serving(&[served.clone(), beside.clone()]), "b", "of as many records, those that came first on average");
    assert_eq!(serving(&[served.clone(), beside[1..].to_vec()]), "b", "a shadow answers fewer");
    for row in &mut beside {
        row.time_ms -= 30;
    }
    assert_eq!(serving(&[served.clone(), beside.clone()]), "a");
    assert_eq!(serving(&[served.clone(), beside[20..].to_vec()]), "b");
}

#[test]
fn the_registrys_champion_of_the_time_served() {
    let one = world(3, 400, "1", 0.0, 6);
    let noon = 3 * DAY_MS + DAY_MS / 2;
    // What the records alone would call the shadow, since they are fewer.
    let two = shadow(&one[1..], "v2", 5, turned);
    let rows = [one.clone(), two].concat();
    let (start, end) = (3 * DAY_MS, 4 * DAY_MS);
    let shadows = |found: &Measured| [version(found, "1").shadows, version(found, "v2").shadows];
    assert_eq!(shadows(&told(&rows, Vec::new())), [0, 399]);
    assert_eq!(shadows(&told(&rows, vec![champion("2", start, end)])), [399, 0]);
    let changed = told(&rows, vec![champion("1", start, noon), champion("2", noon, end)]);
    let [before, after] = [one.iter().filter(|row| row.time_ms < noon).count(), one.iter().filter(|row| row.time_ms >= noon).count()];
    assert_eq!(shadows(&changed), [after as u64, before as u64 - 1], "the one request that only version 1 answered was in the morning");
    assert_eq!(changed.quality.unwrap().rows, 400);
    // A champion that is not among the answers says nothing about them.
    assert_eq!(shadows(&told(&rows, vec![champion("7", start, end)])), [0, 399]);
}

#[test]
fn a_shadow_of_a_regression_or_without_an_answer_is_counted_alike() {
    let contract =
        tidegate_contract::Contract::parse("model: m\ntask: regression\nfeatures: [{ name: plan, type: categorical }]\n").unwrap();
    let served = world(3, 600, "1", 0.0, 7);
    let beside = shadow(&served, "2", 5, |row| if row.score > 0.5 { f64::NAN } else { row.score + 0.25 });
    let unanswered = beside.iter().filter(|row| row.score.is_nan()).count() as u64;
    let truth: Vec<_> = reported(&served)
        .into_iter()
        .zip(&served)
        .map(|(report, row)| batches::Report { actual: row.score.to_string(), ..report })
        .collect();
    let found = measured(&contract, day(3), &[served, beside].concat(), &[&truth], usize::MAX);
    let shadow = version(&found, "2");
    assert_eq!((shadow.predictions, shadow.labelled, found.predictions.unanswered), (600, 600 - unanswered, 0));
    assert_eq!(found.health.failed, 0, "nobody waited for the shadow");
    let value = |metric| shadow.metrics.iter().find(|(found, _)| *found == metric).unwrap().1.value.unwrap();
    assert!((value(Metric::Bias) - 0.25).abs() < 1e-8 && (value(Metric::Mae) - 0.25).abs() < 1e-8);
    assert!(found.metric(Metric::Mae).unwrap().value.unwrap() < 1e-12);
}

#[test]
fn a_version_that_ran_as_a_shadow_before_is_new_when_it_serves() {
    let contract = contract("");
    let with_shadow = |number: i64| {
        let served = world(number, 1_000, "1", 0.0, u64::try_from(number).unwrap() + 100);
        let rows = [served.clone(), shadow(&served, "2", 5, turned)].concat();
        measured(&contract, day(number), &rows, &[&reported(&served)], usize::MAX)
    };
    let before: Vec<Measured> = (0..12).map(with_shadow).collect();
    let judged = |now: &Measured| {
        let inputs =
            Inputs { registered: None, first: &before[..7], before: &before, weeks: &[], drift: Some((State::Ok, CauseKind::None)) };
        judge(&Input { contract: &contract, measured: now, inputs })
    };
    let sound = judged(&with_shadow(12));
    assert_eq!((sound.state, sound.predictions), (State::Ok, 1_000), "{}", sound.headline);
    assert!(sound.trail.iter().all(|point| point.new_versions.is_empty()), "a shadow answers nobody");
    // It takes over, and is what the shadow's numbers said.
    let rows = world(12, 1_000, "2", 0.3, 400);
    let fallen = judged(&measured(&contract, day(12), &rows, &[&reported(&rows)], usize::MAX));
    assert_eq!(fallen.cause.kind, CauseKind::ModelFault, "{}", fallen.cause.evidence);
    assert_eq!(fallen.trail.last().unwrap().new_versions, ["2"]);
    // The one before runs on as its shadow, and tells that the world did not change.
    let old = shadow(&rows, "1", 5, |row| if row.actual { 0.9 } else { 0.1 });
    let fallen = judged(&measured(&contract, day(12), &[rows.clone(), old[1..].to_vec()].concat(), &[&reported(&rows)], usize::MAX));
    assert!(fallen.cause.evidence.contains("version 2 is worse than the one before in the same window"), "{}", fallen.cause.evidence);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shadows_measure_the_same_in_any_order_and_turns_of_any_size(seed in 0_u64..1_000_000, turn_rows in 1_usize..300, is_told in any::<bool>()) {
        let mut roll = dice(seed);
        let served = world(3, 120, "1", 0.2, seed);
        let truth = reported(&served);
        let mut rows = served.clone();
        for (version, share) in [("2", 0.7), ("3", 0.5)] {
            let answered: Vec<Row> = served.iter().filter(|_| roll() < share).cloned().collect();
            rows.extend(shadow(&answered, version, 0, |row| row.score * 0.5));
            // Some of them twice, at the same time and with another group.
            rows.extend(answered.iter().filter(|row| row.score < 0.3).map(|row| Row { version, group: "other", score: row.score * 0.5, ..row.clone() }));
        }
        rows.extend(served.iter().filter(|row| row.score > 0.7).map(|row| Row { group: "other", ..row.clone() }));
        let champions = if is_told { vec![champion("3", 3 * DAY_MS, 3 * DAY_MS + DAY_MS / 3)] } else { Vec::new() };
        let of = |rows: &[Row], turn_rows| {
            let join = Join::in_turns_of(Subject::of(&contract("")), day(3), turn_rows).served_by(champions.clone());
            joined(join, rows, &[&truth])
        };
        let expected = of(&rows, usize::MAX);
        prop_assert_eq!(expected.predictions.with_id, 120);
        let mut order: Vec<(f64, Row)> = rows.into_iter().map(|row| (roll(), row)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let shuffled: Vec<Row> = order.into_iter().map(|(_, row)| row).collect();
        prop_assert_eq!(of(&shuffled, turn_rows), expected);
    }
}
