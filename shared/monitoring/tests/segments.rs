//! What verdicts say about segments: a drift that all records together hide is told, and nothing is told without one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

mod support;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use support::{learned, noise};
use tidegate_contract::Contract;
use tidegate_monitoring::{CauseKind, Fault, History, Input, State, Verdict, Window, assess};
use tidegate_profile::{Baseline, BatchFacts, Profiler, WindowProfile};

const DAY_MS: i64 = 86_400_000;

/// Days of the training set.
const DAYS: i64 = 28;

/// A model with so many numeric fields, and records in so many regions.
#[derive(Debug, Clone, Copy)]
struct Model {
    fields: usize,
    regions: u64,
    /// Records a day.
    records: u64,
}

/// One record: numbers, a region, a channel.
type Record = (Vec<Option<f64>>, String, &'static str);

fn bell(seed: u64) -> f64 {
    let (a, b) = (noise(seed.wrapping_mul(2)).max(1e-12), noise(seed.wrapping_mul(2) + 1));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

impl Model {
    fn contract(self) -> Contract {
        let fields: Vec<String> = (0..self.fields).map(|field| format!("  - {{ name: x{field}, type: numeric }}\n")).collect();
        let text = format!(
            "model: churn\ntask: binary\nfeatures:\n{}  - {{ name: region, type: categorical }}\n  - {{ name: channel, type: categorical }}\nsegments: [region]\n",
            fields.concat()
        );
        Contract::parse(&text).unwrap()
    }

    /// A day's records. Each region has its own level, and its own ups and downs from day to day.
    fn day(self, world: u64, day: i64) -> Vec<Record> {
        let record = |i: u64| {
            let seed = (world * 4_096 + day as u64) * 1_000_003 + i;
            // The first region holds two fifths of the records, the others share the rest.
            let region = if noise(seed) < 0.4 { 0 } else { 1 + (noise(seed + 1) * (self.regions - 1) as f64) as u64 };
            let number = |field: usize| {
                let own = world.wrapping_mul(31) + region * 97 + field as u64;
                let level = bell(own);
                let weather = 0.1 * bell(own.wrapping_mul(1_009) + day as u64 * 7_919);
                (noise(seed * 77 + field as u64) > 0.02).then(|| level + weather + bell(seed.wrapping_mul(131) + field as u64))
            };
            let channel = ["web", "shop", "phone"][(noise(seed + 2) * 3.0) as usize];
            ((0..self.fields).map(number).collect(), format!("R{region:02}"), channel)
        };
        (0..self.records).map(record).collect()
    }

    fn batch(self, day: i64, records: &[Record]) -> RecordBatch {
        let times: TimestampMillisecondArray = (0..records.len() as i64).map(|i| Some(day * DAY_MS + i)).collect();
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("timestamp".into(), Arc::new(times.with_timezone("UTC"))),
            ("inference_id".into(), Arc::new(records.iter().map(|_| None::<&str>).collect::<StringArray>())),
            ("region".into(), Arc::new(records.iter().map(|record| Some(record.1.as_str())).collect::<DictionaryArray<Int32Type>>())),
            ("channel".into(), Arc::new(records.iter().map(|record| Some(record.2)).collect::<DictionaryArray<Int32Type>>())),
            ("prediction".into(), Arc::new(records.iter().map(|_| None::<&str>).collect::<DictionaryArray<Int32Type>>())),
        ];
        for field in 0..self.fields {
            columns.push((
                format!("x{field}"),
                Arc::new(records.iter().map(|record| record.0.get(field).copied().flatten()).collect::<Float64Array>()),
            ));
        }
        for name in ["score", "latency_ms"] {
            columns.push((name.into(), Arc::new(records.iter().map(|_| None::<f64>).collect::<Float64Array>())));
        }
        support::batch(columns)
    }

    fn baseline(self, world: u64) -> Baseline {
        let days: Vec<RecordBatch> = (0..DAYS).map(|day| self.batch(day, &self.day(world, day))).collect();
        learned(&self.contract(), &days)
    }

    fn judge(self, baseline: &Baseline, day: i64, records: &[Record]) -> Verdict {
        let contract = self.contract();
        let profiler = Profiler::new(&contract.fields(), Some(baseline));
        let mut profile = profiler.start();
        profiler.observe(&mut profile, &self.batch(day, records), &BatchFacts::default()).unwrap();
        let current = WindowProfile::new(profile);
        let window = Window { start_ms: day * DAY_MS, end_ms: (day + 1) * DAY_MS };
        assess(&Input {
            contract: &contract,
            window,
            baseline: Some(baseline),
            current: &current,
            history: History::default(),
            in_series: false,
        })
    }
}

const SMALL: Model = Model { fields: 3, regions: 6, records: 2_400 };

/// A later day with the records of a region changed.
fn spoilt(region: &str, mut spoil: impl FnMut(usize, &mut Record)) -> Vec<Record> {
    let mut records = SMALL.day(1, 40);
    records.iter_mut().filter(|record| record.1 == region).enumerate().for_each(|(index, record)| spoil(index, record));
    records
}

fn told(verdict: &Verdict) -> Vec<(&str, &str, &str)> {
    verdict.segments.iter().map(|finding| (finding.value.as_str(), finding.field.as_str(), finding.decisive.test.as_str())).collect()
}

#[test]
fn a_small_regions_drift_is_told_and_raises_a_warning() {
    // R05 holds one record in twenty.
    let model = Model { regions: 13, ..SMALL };
    let mut records = model.day(1, 40);
    for record in records.iter_mut().filter(|record| record.1 == "R05") {
        record.0[1] = record.0[1].map(|x| x + 1.2);
    }
    let verdict = model.judge(&model.baseline(1), 40, &records);
    assert_eq!(told(&verdict), [("R05", "x1", "location")]);
    let finding = &verdict.segments[0];
    assert_eq!((finding.segment.as_str(), finding.state), ("region", State::Warning));
    assert!(finding.sentence.starts_with("its values are higher: mean "), "{}", finding.sentence);
    let hidden = verdict.fields.iter().all(|field| !matches!(field.state, State::Warning | State::Drift));
    assert!(hidden, "all records together hide it");
    assert_eq!(verdict.state, State::Warning);
    assert!(verdict.headline.starts_with("x1 moved where region is \"R05\" ("), "{}", verdict.headline);
    assert_eq!(verdict.incidents[0].segment.as_ref().unwrap().value, "R05");
    assert_eq!(verdict.incidents[0].fields, ["x1"]);
}

#[test]
fn regions_that_move_apart_are_drift_although_the_whole_stands_still() {
    let mut records = spoilt("R00", |_, record| record.0[0] = record.0[0].map(|x| x + 1.0));
    let others = records.iter().filter(|record| record.1 != "R00").count() as f64;
    let moved = (records.len() as f64 - others) / others;
    for record in records.iter_mut().filter(|record| record.1 != "R00") {
        record.0[0] = record.0[0].map(|x| x - moved);
    }
    let verdict = SMALL.judge(&SMALL.baseline(1), 40, &records);
    assert!(verdict.segments.iter().any(|finding| finding.value == "R00" && finding.state == State::Drift), "{:?}", told(&verdict));
    assert!(verdict.segments.iter().all(|finding| finding.field == "x0"), "{:?}", told(&verdict));
    assert_eq!(verdict.state, State::Drift);
}

#[test]
fn values_that_go_missing_in_one_region_are_told() {
    let verdict = SMALL.judge(
        &SMALL.baseline(1),
        40,
        &spoilt("R03", |index, record| {
            if index % 3 == 0 {
                record.0[2] = None;
            }
        }),
    );
    assert!(told(&verdict).contains(&("R03", "x2", "missing")), "{:?}", told(&verdict));
}

#[test]
fn another_mix_of_names_within_one_region_is_told() {
    let verdict = SMALL.judge(
        &SMALL.baseline(1),
        40,
        &spoilt("R02", |index, record| {
            if index % 2 == 0 {
                record.2 = "web";
            }
        }),
    );
    let finding = verdict.segments.iter().find(|finding| finding.field == "channel").unwrap();
    assert_eq!(finding.value, "R02");
    assert!(finding.sentence.contains("most of all \"web\""), "{}", finding.sentence);
}

#[test]
fn what_moves_everywhere_alike_is_the_fields_affair() {
    let mut records = SMALL.day(1, 40);
    for record in &mut records {
        record.0[0] = record.0[0].map(|x| x + 1.0);
    }
    let verdict = SMALL.judge(&SMALL.baseline(1), 40, &records);
    assert_eq!(verdict.state, State::Drift);
    assert!(verdict.segments.is_empty(), "{:?}", told(&verdict));
}

#[test]
fn another_mix_of_regions_is_no_drift_within_them() {
    let mut records = SMALL.day(1, 40);
    let mut index = 0;
    records.retain(|record| {
        record.1 != "R00" || {
            index += 1;
            index % 3 == 0
        }
    });
    let verdict = SMALL.judge(&SMALL.baseline(1), 40, &records);
    assert!(verdict.fields.iter().any(|field| field.name == "region" && field.state == State::Drift));
    assert!(verdict.segments.is_empty(), "{:?}", told(&verdict));
    assert_eq!(verdict.cause.kind, CauseKind::PopulationShift, "{:?}", verdict.cause);
}

#[test]
fn records_that_were_put_under_another_region_are_no_other_mix() {
    let baseline = SMALL.baseline(1);
    let mut records = SMALL.day(1, 40);
    records.iter_mut().enumerate().filter(|(index, _)| index % 2 == 0).for_each(|(_, record)| record.1 = "R03".to_owned());
    let verdict = SMALL.judge(&baseline, 40, &records);
    assert_eq!((verdict.cause.kind, verdict.cause.fault), (CauseKind::DataFault, Some(Fault::Stuck)), "{:#?}", verdict.incidents);
    assert!(verdict.cause.evidence.contains("\"R03\""), "{}", verdict.cause.evidence);
    let all =
        |records: Vec<Record>| records.into_iter().map(|(numbers, _, channel)| (numbers, "R03".to_owned(), channel)).collect::<Vec<_>>();
    let verdict = SMALL.judge(&baseline, 40, &all(SMALL.day(1, 40)));
    assert_eq!((verdict.cause.kind, verdict.cause.fault), (CauseKind::DataFault, Some(Fault::Stuck)), "{:#?}", verdict.incidents);
    let only: Vec<Record> = SMALL.day(1, 40).into_iter().filter(|record| record.1 == "R03").collect();
    let verdict = SMALL.judge(&baseline, 40, &only);
    assert_ne!(verdict.cause.kind, CauseKind::DataFault, "no other region sent any: {:#?}", verdict.incidents);
}

#[test]
fn a_move_that_one_region_makes_names_it() {
    let records = spoilt("R00", |_, record| record.0[0] = record.0[0].map(|x| x + 3.0));
    let verdict = SMALL.judge(&SMALL.baseline(1), 40, &records);
    assert_eq!((verdict.state, verdict.cause.kind), (State::Drift, CauseKind::CovariateDrift), "{:?}", verdict.cause);
    let carried = verdict.incidents[0].segment.as_ref().unwrap();
    assert_eq!((carried.segment.as_str(), carried.value.as_str()), ("region", "R00"));
    assert!(carried.share > 0.7, "{carried:?}");
}

#[test]
fn windows_shorter_than_a_day_are_not_judged_by_segment() {
    let baseline = SMALL.baseline(1);
    let contract = SMALL.contract();
    let profiler = Profiler::new(&contract.fields(), Some(&baseline));
    let mut profile = profiler.start();
    let records = spoilt("R00", |_, record| record.0[0] = record.0[0].map(|x| x + 1.0));
    profiler.observe(&mut profile, &SMALL.batch(40, &records), &BatchFacts::default()).unwrap();
    let current = WindowProfile::new(profile);
    let judge = |hours: i64| {
        let window = Window { start_ms: 40 * DAY_MS, end_ms: 40 * DAY_MS + hours * 3_600_000 };
        assess(&Input {
            contract: &contract,
            window,
            baseline: Some(&baseline),
            current: &current,
            history: History::default(),
            in_series: false,
        })
    };
    assert!(judge(23).segments.is_empty());
    assert!(!judge(24).segments.is_empty());
}

#[test]
fn thirty_fields_by_twenty_regions_without_drift_raise_no_alarm() {
    // Each region has its own weather in each field, which its own days of the training set tell.
    let model = Model { fields: 30, regions: 20, records: 1_500 };
    let baseline = model.baseline(9);
    for day in 30..50 {
        let verdict = model.judge(&baseline, day, &model.day(9, day));
        assert!(verdict.segments.is_empty(), "day {day}: {:?}", told(&verdict));
    }
}
