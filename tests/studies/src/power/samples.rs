//! Samples with what the restated rules say of them, for `power_peers.py`, which asks the tools themselves.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use tidegate_contract::FeatureKind;

use super::peers::{RULES, Reference};
use super::shapes::Shape;
use crate::engine::Column;
use crate::random::Random;

/// Rows of the references: one that Evidently tests, one that `NannyML`'s ten chunks do not use up, and the study's own.
const REFERENCES: [usize; 3] = [1_000, 2_003, super::BASELINE];

/// Rows of the windows.
const WINDOWS: [usize; 3] = [100, 1_000, 5_000];

/// Shifts, in standard deviations (names: Cohen's w).
const SHIFTS: [f64; 4] = [0.0, 0.05, 0.15, 0.4];

/// Writes one sample of every shape, reference, window and shift as a line of JSON each:
/// `{"shape", "kind", "shift", "reference": […], "window": […], "said": {rule: whether it alarms}}`.
pub(super) fn write(path: &Path, seed: u64) -> anyhow::Result<String> {
    let file = std::fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    let mut file = BufWriter::new(file);
    let mut count = 0;
    for shape in Shape::ALL {
        for rows in REFERENCES {
            for window in WINDOWS {
                for shift in SHIFTS {
                    let mut random = Random::new(seed, &[shape as u64, rows as u64, window as u64, shift.to_bits()]);
                    let (reference, window) = (shape.draw(&mut random, rows, 0.0), shape.draw(&mut random, window, shift));
                    writeln!(file, "{}", sample(shape, shift, &reference, &window))?;
                    count += 1;
                }
            }
        }
    }
    file.flush()?;
    Ok(format!("{count} samples\n"))
}

fn sample(shape: Shape, shift: f64, reference: &Column, window: &Column) -> Value {
    let said = Reference::new(reference).say(window).among(1);
    json!({
        "shape": shape.name(),
        "kind": if shape.kind() == FeatureKind::Numeric { "numeric" } else { "categorical" },
        "shift": shift,
        "reference": values(reference),
        "window": values(window),
        "said": RULES.into_iter().zip(said).map(|(rule, alarms)| (rule.to_owned(), json!(alarms))).collect::<serde_json::Map<_, _>>(),
    })
}

fn values(column: &Column) -> Vec<Value> {
    match column {
        Column::Numbers(values) => values.iter().map(|value| json!(value)).collect(),
        Column::Names(values) => values.iter().map(|value| json!(value.as_deref())).collect(),
    }
}
