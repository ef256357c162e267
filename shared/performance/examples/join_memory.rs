//! Joins a window of synthetic predictions with as many outcomes, and says how long it took and how much memory the process held at most.
//!
//! ```text
//! cargo run --release --example join_memory -- 3000000
//! ```
//!
//! Records are made batch by batch as they are read from the lake, so the process holds what the join holds. The peak is `VmHWM` of `/proc/self/status` (Linux).

#![expect(clippy::print_stdout, reason = "a program for a desk")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use tidegate_contract::Contract;
use tidegate_monitoring::Window;
use tidegate_performance::{Join, Measured, Subject, TURN_ROWS};
use tidegate_statistics::random::Random;

const BATCH: u64 = 8_192;
const DAY_MS: i64 = 86_400_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().as_deref().unwrap_or("1000000").parse()?;
    let turn_rows: usize = arguments.next().map_or(Ok(TURN_ROWS), |text| text.parse())?;
    let contract =
        Contract::parse("model: m\ntask: binary\nfeatures: [{ name: plan, type: categorical, protected: true }]\nsegments: [plan]\n")?;
    let begun = Instant::now();
    let mut join = Join::in_turns_of(Subject::of(&contract), Window { start_ms: 0, end_ms: DAY_MS }, turn_rows);
    let mut turns = 0;
    while join.is_open() {
        turns += 1;
        for first in (0..rows).step_by(usize::try_from(BATCH)?) {
            join.predictions("1", &records(first, (first + BATCH).min(rows))?);
        }
        for first in (0..rows).step_by(usize::try_from(BATCH)?) {
            join.truth(&truth(first, (first + BATCH).min(rows))?);
        }
        join.end_turn();
    }
    let joined = join.finish();
    let (join_seconds, join_peak) = (begun.elapsed().as_secs_f64(), peak()?);
    let measured = Measured::of(joined);
    println!(
        "{rows} predictions × {rows} outcomes, {turns} turns: joined in {join_seconds:.1} s with {join_peak} MiB at most, measured after {:.1} s with {} MiB; {} labelled",
        begun.elapsed().as_secs_f64(),
        peak()?,
        measured.coverage.labelled
    );
    Ok(())
}

/// The most memory that the process held, MiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<u64>()? / 1024)
}

/// An id as long as a UUID, in no order.
fn id(place: u64) -> String {
    let mut random = Random::new(place, "id");
    format!("{:016x}-{:016x}-id", random.bits(), random.bits())
}

fn score(place: u64) -> f64 {
    Random::new(place, "score").uniform()
}

fn times(first: u64, end: u64, later_ms: i64) -> ArrayRef {
    let times = (first..end).map(|place| i64::try_from(place % 86_400_000).unwrap_or_default() + later_ms);
    Arc::new(TimestampMillisecondArray::from_iter_values(times).with_timezone("UTC"))
}

fn records(first: u64, end: u64) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let plan = |place: u64| if place.is_multiple_of(3) { "basic" } else { "family" };
    RecordBatch::try_from_iter([
        ("timestamp", times(first, end, 0)),
        ("inference_id", Arc::new(StringArray::from_iter_values((first..end).map(id))) as ArrayRef),
        ("score", Arc::new(Float64Array::from_iter_values((first..end).map(score)))),
        ("plan", Arc::new((first..end).map(plan).collect::<DictionaryArray<Int32Type>>())),
    ])
}

fn truth(first: u64, end: u64) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let actual = |place: u64| if Random::new(place, "actual").uniform() < score(place) { "1" } else { "0" };
    RecordBatch::try_from_iter([
        ("timestamp", times(first, end, DAY_MS)),
        ("inference_id", Arc::new(StringArray::from_iter_values((first..end).map(id))) as ArrayRef),
        ("actual", Arc::new((first..end).map(actual).collect::<DictionaryArray<Int32Type>>())),
    ])
}
