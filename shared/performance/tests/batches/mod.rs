//! Records and truth of small worlds, as the lake keeps them.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use tidegate_contract::Contract;
use tidegate_monitoring::Window;
use tidegate_performance::{Join, Measured, Subject};

pub(crate) const DAY_MS: i64 = 86_400_000;

/// A prediction and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) time_ms: i64,
    pub(crate) score: f64,
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) actual: bool,
}

/// An outcome that somebody reported.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) id: String,
    pub(crate) actual: String,
    pub(crate) time_ms: i64,
}

pub(crate) fn contract(more: &str) -> Contract {
    let text = "model: m\ntask: binary\nfeatures: [{ name: plan, type: categorical, protected: true }]\nsegments: [plan]\n";
    Contract::parse(&format!("{text}{more}")).unwrap()
}

pub(crate) fn day(number: i64) -> Window {
    Window { start_ms: number * DAY_MS, end_ms: (number + 1) * DAY_MS }
}

fn dictionary<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(values.collect::<DictionaryArray<Int32Type>>())
}

pub(crate) fn records(rows: &[Row]) -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(TimestampMillisecondArray::from_iter_values(rows.iter().map(|row| row.time_ms)).with_timezone("UTC"))),
        ("inference_id", Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.id)))),
        ("score", Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.score)))),
        ("plan", dictionary(rows.iter().map(|row| row.group))),
        ("latency_ms", Arc::new(Float64Array::from_iter_values(rows.iter().map(|_| 10.0)))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

pub(crate) fn outcomes(reports: &[Report]) -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(TimestampMillisecondArray::from_iter_values(reports.iter().map(|r| r.time_ms)).with_timezone("UTC"))),
        ("inference_id", Arc::new(StringArray::from_iter_values(reports.iter().map(|report| &report.id)))),
        ("actual", dictionary(reports.iter().map(|report| report.actual.as_str()))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The truth about rows, a day after each.
pub(crate) fn reported(rows: &[Row]) -> Vec<Report> {
    let report = |row: &Row| Report { id: row.id.clone(), actual: u8::from(row.actual).to_string(), time_ms: row.time_ms + DAY_MS };
    rows.iter().map(report).collect()
}

/// Joins and measures, in turns of so many predictions; records in batches per version.
pub(crate) fn measured(contract: &Contract, window: Window, rows: &[Row], truth: &[&[Report]], turn_rows: usize) -> Measured {
    joined(Join::in_turns_of(Subject::of(contract), window, turn_rows), rows, truth)
}

/// Brings together and measures.
pub(crate) fn joined(mut join: Join, rows: &[Row], truth: &[&[Report]]) -> Measured {
    while join.is_open() {
        for same in rows.chunk_by(|a, b| a.version == b.version) {
            join.predictions(same[0].version, &records(same));
        }
        for reports in truth {
            join.truth(&outcomes(reports));
        }
        join.end_turn();
    }
    Measured::of(join.finish())
}

/// Numbers that look random, in `0..1`.
pub(crate) fn dice(seed: u64) -> impl FnMut() -> f64 {
    let mut random = tidegate_statistics::random::Random::new(seed, "world");
    move || random.uniform()
}

/// So many predictions of a day whose scores are right: positive as often as they say. `wrong` of the outcomes are the other way round.
pub(crate) fn world(number: i64, count: usize, version: &'static str, wrong: f64, seed: u64) -> Vec<Row> {
    let mut roll = dice(seed);
    let row = |place: usize| {
        let score = (roll() * 0.98 + 0.01).clamp(0.0, 1.0);
        let actual = (roll() < score) != (roll() < wrong);
        let group = if roll() < 0.3 { "basic" } else { "family" };
        let time_ms = number * DAY_MS + i64::try_from(place).unwrap() * DAY_MS / i64::try_from(count).unwrap();
        Row { id: format!("{number}-{seed}-{place}"), time_ms, score, group, version, actual }
    };
    (0..count).map(row).collect()
}
