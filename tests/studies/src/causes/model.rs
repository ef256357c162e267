//! A small model of a data set, so that predictions answer to features that are changed: least squares on standardised
//! numbers and on names replaced by their mean target.

use std::collections::BTreeMap;

use super::records::Record;

/// Standardised values are held to this, so that a value in a wrong unit does not outweigh everything.
const LIMIT: f64 = 6.0;

/// Added to the squares, so that features that repeat each other share their weight.
const RIDGE: f64 = 1.0;

/// A linear model of one target.
#[derive(Debug)]
pub(crate) struct Model {
    inputs: Vec<Input>,
    weights: Vec<f64>,
    mean: f64,
}

#[derive(Debug)]
enum Input {
    Number { mean: f64, sd: f64 },
    Name { effect: BTreeMap<String, f64> },
}

impl Input {
    fn value(&self, record: &Record, feature: usize) -> f64 {
        match self {
            Self::Number { mean, sd } => record.number(feature).map_or(0.0, |value| ((value - mean) / sd).clamp(-LIMIT, LIMIT)),
            Self::Name { effect } => record.name(feature).and_then(|name| effect.get(name)).copied().unwrap_or(0.0),
        }
    }
}

impl Model {
    /// Learns the targets of records.
    pub(crate) fn learn(records: &[Record], targets: &[f64]) -> Self {
        let features = records.first().map_or(0, |record| record.features.len());
        let mean = targets.iter().sum::<f64>() / targets.len().max(1) as f64;
        let inputs: Vec<Input> = (0..features).map(|feature| input(records, targets, mean, feature)).collect();
        let mut squares = vec![vec![0.0; features + 1]; features];
        for (record, target) in records.iter().zip(targets) {
            let values: Vec<f64> = inputs.iter().enumerate().map(|(feature, input)| input.value(record, feature)).collect();
            for (row, a) in squares.iter_mut().zip(&values) {
                for (cell, b) in row.iter_mut().zip(values.iter().chain(std::iter::once(&(target - mean)))) {
                    *cell += a * b;
                }
            }
        }
        for (index, row) in squares.iter_mut().enumerate() {
            if let Some(cell) = row.get_mut(index) {
                *cell += RIDGE;
            }
        }
        Self { inputs, weights: solve(squares), mean }
    }

    /// What the model says of a record.
    pub(crate) fn predict(&self, record: &Record) -> f64 {
        let parts =
            self.inputs.iter().enumerate().zip(&self.weights).map(|((feature, input), weight)| weight * input.value(record, feature));
        self.mean + parts.sum::<f64>()
    }
}

fn input(records: &[Record], targets: &[f64], mean: f64, feature: usize) -> Input {
    let numbers: Vec<f64> = records.iter().filter_map(|record| record.number(feature)).collect();
    if !numbers.is_empty() {
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let sd = (numbers.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        return Input::Number { mean, sd: sd.max(1e-9) };
    }
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (record, target) in records.iter().zip(targets) {
        if let Some(name) = record.name(feature) {
            let sum = sums.entry(name.to_owned()).or_default();
            *sum = (sum.0 + target - mean, sum.1 + 1.0);
        }
    }
    // Few records of a name say little: they are drawn to the mean.
    Input::Name { effect: sums.into_iter().map(|(name, (sum, count))| (name, sum / (count + 20.0))).collect() }
}

/// Gauss–Jordan elimination of a positive definite system whose last column is the right-hand side.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let size = rows.len();
    for pivot in 0..size {
        let Some(row) = rows.get(pivot).cloned() else { continue };
        let head = row.get(pivot).copied().unwrap_or(1.0);
        for (index, other) in rows.iter_mut().enumerate() {
            let factor = if index == pivot { 0.0 } else { other.get(pivot).copied().unwrap_or(0.0) / head };
            for (cell, part) in other.iter_mut().zip(&row) {
                *cell = if index == pivot { *cell / head } else { *cell - factor * part };
            }
        }
    }
    rows.iter().map(|row| row.last().copied().unwrap_or(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_linear_target_is_learned() {
        let record = |i: u32| Record {
            time_ms: 0,
            version: "1",
            features: vec![("a".into(), json!(f64::from(i % 17))), ("b".into(), json!(if i.is_multiple_of(3) { "x" } else { "y" }))],
            score: None,
            prediction: json!(null),
        };
        let records: Vec<Record> = (0..3000).map(record).collect();
        let targets: Vec<f64> =
            records.iter().map(|r| 2.0 * r.number(0).unwrap() + if r.name(1) == Some("x") { 5.0 } else { 0.0 }).collect();
        let model = Model::learn(&records, &targets);
        let worst = records.iter().zip(&targets).map(|(r, t)| (model.predict(r) - t).abs()).fold(0.0, f64::max);
        assert!(worst < 0.2, "{worst}");
    }
}
