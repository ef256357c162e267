//! How fast intake reads: generates scoring logs (or reads a file) and prints MB/s, parse only and with the digest.
//!
//! `cargo run --release -p tidegate-intake --example throughput [-- FILE.jsonl]`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::fmt::Write as _;
use std::time::Instant;

use arrow_array::RecordBatch;
use tidegate_contract::Contract;
use tidegate_intake::{Flow, Half, Intake, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError};
use tidegate_profile::BatchFacts;

#[derive(Default)]
struct Counting {
    rows: u64,
    batches: u64,
}

impl Sink for Counting {
    fn batch(&mut self, _: Partition, batch: RecordBatch, _: BatchFacts) -> Result<(), SinkError> {
        self.rows += batch.num_rows() as u64;
        self.batches += 1;
        Ok(())
    }

    fn rejected(&mut self, _: Rejected<'_>) -> Result<(), SinkError> {
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}

const CONTRACT: &str = r#"{"model": "flight-delay", "task": "binary", "features": [
    {"name": "distance", "type": "numeric"}, {"name": "dep_delay", "type": "numeric"}, {"name": "hour", "type": "numeric"},
    {"name": "temp", "type": "numeric"}, {"name": "wind", "type": "numeric"}, {"name": "carrier", "type": "categorical"},
    {"name": "origin", "type": "categorical"}, {"name": "dest", "type": "categorical"}]}"#;

/// Scoring logs of about 270 bytes a line.
fn generate(lines: u64) -> String {
    let mut log = String::new();
    let (carriers, origins, dests) =
        (["UA", "AA", "B6", "DL", "EV"], ["EWR", "JFK", "LGA"], ["ORD", "ATL", "LAX", "BOS", "MCO", "CLT", "SFO"]);
    let mut state: u64 = 1;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for line in 0..lines {
        let pick = |names: &[&'static str], at: u64| names.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or_default();
        let (carrier, origin, dest) = (pick(&carriers, random(5)), pick(&origins, random(3)), pick(&dests, random(7)));
        let seconds = line * 3_600 / lines;
        let written = writeln!(
            log,
            r#"{{"timestamp":"2013-07-01T12:{:02}:{:02}.{:03}Z","inference_id":"{line:08x}-{:08x}","version":"2013.1","latency_ms":{}.{},"features":{{"distance":{},"dep_delay":{},"hour":{},"temp":{}.{:02},"wind":{}.{:05},"carrier":"{carrier}","origin":"{origin}","dest":"{dest}"}},"score":0.{:016},"prediction":{}}}"#,
            seconds / 60,
            seconds % 60,
            random(1_000),
            random(1 << 32),
            random(90),
            random(1_000),
            random(2_500),
            i64::try_from(random(120)).unwrap_or(0) - 20,
            random(24),
            random(99),
            random(100),
            random(30),
            random(100_000),
            random(10_000_000_000_000_000),
            random(2),
        );
        written.ok();
    }
    log
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = match std::env::args().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => generate(1_000_000).into_bytes(),
    };
    let contract: Contract = serde_json::from_str(CONTRACT)?;
    let plan = Plan::new(&contract, Layout::Logs)?;
    println!("{} bytes, {} bytes a line", log.len(), log.len() / memchr::memchr_iter(b'\n', &log).count().max(1));
    for round in 1..=5 {
        let mut sink = Counting::default();
        let started = Instant::now();
        let mut intake = Intake::new(&plan, Limits::default());
        for chunk in log.chunks(256 * 1024) {
            if intake.push(chunk, &mut sink)? != Flow::More {
                break;
            }
        }
        let summary = intake.finish(&mut sink)?;
        let seconds = started.elapsed().as_secs_f64();
        let rate = log.len() as f64 / seconds / 1e6;
        println!(
            "round {round}: {rate:.0} MB/s, {:.0} ns a line; {:?}, {} batches, {} rows",
            seconds * 1e9 / summary.lines.read.max(1) as f64,
            summary.lines,
            sink.batches,
            sink.rows
        );
    }
    Ok(())
}
