//! How fast a model is scored: rows per second in batches, and the time of one row asked about alone.
//!
//! `cargo run --release -p tidegate-scoring --example rows_per_second -- MODEL.onnx FEATURES`
//!
//! The model reads one tensor of FEATURES numbers. `tests/data/rows_per_second.py` trains one of 200 trees and asks ONNX Runtime the same.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints")]

use std::process::ExitCode;
use std::time::Instant;

use tidegate_contract::{Contract, Feature, FeatureKind, Task};
use tidegate_scoring::{Column, Columns, Model, ScoringError, Signature};

const ROWS: usize = 100_000;
const SINGLE_ROWS: usize = 5_000;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(features)) = (arguments.next(), arguments.next().and_then(|count| count.parse().ok())) else {
        eprintln!("rows_per_second MODEL.onnx FEATURES");
        return ExitCode::FAILURE;
    };
    let measured =
        std::fs::read(path).map_err(|error| error.to_string()).and_then(|file| measure(&file, features).map_err(|error| error.to_string()));
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(file: &[u8], features: u32) -> Result<(), ScoringError> {
    let mut contract = Contract::new("measured", Task::Binary);
    contract.features.extend((0..features).map(|feature| Feature::new(&format!("f{feature}"), FeatureKind::Numeric)));
    let start = Instant::now();
    let model = Model::load(file, &Signature::of(&contract))?;
    println!("loaded {} bytes in {:.1} ms", file.len(), start.elapsed().as_secs_f64() * 1e3);

    // Evenly spread over −3 to 3, without a random generator.
    let value = |place: usize| ((place as f64 * 0.618_033_988_749_895).fract() - 0.5) * 6.0;
    let columns = contract.features.iter().enumerate().map(|(feature, _)| (0..ROWS).map(|row| value(row * 31 + feature * 7)).collect());
    let columns = columns.collect::<Vec<Vec<f64>>>();
    let mut rows = Columns::new();
    for (feature, column) in contract.features.iter().zip(&columns) {
        rows = rows.with(&feature.name, Column::Numbers(column))?;
    }
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        model.score(&rows)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{:.0} rows per second (the best of three times {ROWS} rows)", ROWS as f64 / best);

    let clock = Instant::now();
    let mut times = model.time_rows(&rows, 0..SINGLE_ROWS, || clock.elapsed())?;
    times.sort_unstable();
    let share = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1e6;
    println!("one row: p50 {:.1} µs, p99 {:.1} µs ({SINGLE_ROWS} rows)", share(50), share(99));
    Ok(())
}
