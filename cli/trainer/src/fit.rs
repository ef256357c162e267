//! From rows to a model.

use std::collections::BTreeMap;

use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression as Regression, LogisticRegressionParameters};
use tidegate_scoring::export::{LogisticRegression, NameTerm, NumberTerm};

use crate::{Column, Table, TrainError};

/// Fewest rows of each outcome.
const LEAST: usize = 50;

/// Categories of fewer rows are learned as all the others: their weight would be noise.
const LEAST_OF_CATEGORY: usize = 20;

/// How strongly weights are held towards zero (half of it times the sum of their squares is added to the loss).
const RIDGE: f64 = 1.0;

/// A weight below which a number says nothing that its absence could be told by.
const SMALL: f64 = 1e-3;

/// What the two outcomes are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classes<'a> {
    /// What does not count as positive.
    pub negative: &'a str,
    /// What does.
    pub positive: &'a str,
}

/// What one column of the design stands for.
enum Meaning {
    Number(usize),
    Missing(usize),
    Category(usize, usize),
}

/// Learns a logistic regression: numbers standardised, names as categories, and for each number whether it is missing, which may say
/// more than any value.
///
/// # Errors
/// [`TrainError`] if the rows do not suffice, or the optimiser fails.
pub fn fit(table: &Table, classes: Classes<'_>) -> Result<LogisticRegression, TrainError> {
    let rows = table.outcome.len();
    let positive = table.outcome.iter().filter(|outcome| **outcome).count();
    if positive < LEAST || rows - positive < LEAST {
        return Err(TrainError::Rows { rows, positive, least: LEAST });
    }
    let (mut numbers, mut names) = (Vec::new(), Vec::new());
    let (mut meanings, mut design): (Vec<Meaning>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
    for (feature, column) in &table.features {
        match column {
            Column::Numbers(values) => {
                let (mean, scale) = moments(values);
                meanings.push(Meaning::Number(numbers.len()));
                design.push(values.iter().map(|value| if value.is_finite() { (value - mean) / scale } else { 0.0 }).collect());
                if values.iter().any(|value| !value.is_finite()) {
                    meanings.push(Meaning::Missing(numbers.len()));
                    design.push(values.iter().map(|value| f64::from(u8::from(!value.is_finite()))).collect());
                }
                numbers.push(NumberTerm { feature: feature.clone(), fill: mean, mean, scale, weights: vec![0.0] });
            }
            Column::Names(values) => {
                let categories = categories(values);
                for (place, category) in categories.iter().enumerate() {
                    meanings.push(Meaning::Category(names.len(), place));
                    design.push(values.iter().map(|value| f64::from(u8::from(value.as_ref() == Some(category)))).collect());
                }
                let weights = vec![vec![0.0]; categories.len()];
                names.push(NameTerm { feature: feature.clone(), categories, weights });
            }
        }
    }
    let (weights, intercept) = regress(design, rows, &table.outcome)?;
    // Numbers first: what stands for a missing one depends on its weight.
    for (meaning, weight) in meanings.iter().zip(&weights) {
        match meaning {
            Meaning::Number(place) => set(numbers.get_mut(*place), |term| term.weights = vec![*weight]),
            Meaning::Category(place, category) => set(names.get_mut(*place), |term: &mut NameTerm| {
                set(term.weights.get_mut(*category), |own| *own = vec![*weight]);
            }),
            Meaning::Missing(_) => {}
        }
    }
    for (meaning, weight) in meanings.iter().zip(&weights) {
        let Meaning::Missing(place) = meaning else { continue };
        // A missing number adds its own weight: the same as the number would that lies so far from the mean.
        set(numbers.get_mut(*place), |term| {
            let own = term.weights.first().copied().unwrap_or(0.0);
            if own.abs() > SMALL {
                term.fill = term.mean + term.scale * weight / own;
            }
        });
    }
    let classes = vec![classes.negative.to_owned(), classes.positive.to_owned()];
    Ok(LogisticRegression { numbers, names, intercepts: vec![intercept], classes })
}

fn set<T>(place: Option<&mut T>, change: impl FnOnce(&mut T)) {
    if let Some(place) = place {
        change(place);
    }
}

/// Weights of the design's columns, and the intercept.
fn regress(design: Vec<Vec<f64>>, rows: usize, outcome: &[bool]) -> Result<(Vec<f64>, f64), TrainError> {
    let width = design.len();
    let values: Vec<f64> = design.into_iter().flatten().collect();
    let design = DenseMatrix::new(rows, width, values, true).map_err(TrainError::Fit)?;
    let outcome: Vec<u32> = outcome.iter().map(|outcome| u32::from(*outcome)).collect();
    let parameters = LogisticRegressionParameters::default().with_alpha(RIDGE);
    let fitted = Regression::fit(&design, &outcome, parameters).map_err(TrainError::Fit)?;
    let weights = fitted.coefficients().iterator(0).copied().collect();
    let intercept = fitted.intercept().iterator(0).copied().next().unwrap_or(0.0);
    Ok((weights, intercept))
}

/// Mean and standard deviation of what is there; 1 where nothing differs.
fn moments(values: &[f64]) -> (f64, f64) {
    let present: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if present.is_empty() {
        return (0.0, 1.0);
    }
    let count = present.len() as f64;
    let mean = present.iter().sum::<f64>() / count;
    let variance = present.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
}

/// Names that occur often enough, sorted.
fn categories(values: &[Option<String>]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values.iter().flatten() {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count >= LEAST_OF_CATEGORY).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 rows: positive where `x` is large, or missing, or the name is `late`.
    fn table() -> Table {
        let rows = 0..1_000_u32;
        let x = |row: u32| if row.is_multiple_of(10) { f64::NAN } else { f64::from(row % 37) };
        let name = |row: u32| if row.is_multiple_of(7) { "late" } else { "fine" };
        let outcome = |row: u32| x(row).is_nan() || x(row) + if name(row) == "late" { 20.0 } else { 0.0 } + f64::from(row % 5) > 24.0;
        let features = [
            ("x".to_owned(), Column::Numbers(rows.clone().map(x).collect())),
            ("name".to_owned(), Column::Names(rows.clone().map(|row| Some(name(row).to_owned())).collect())),
        ];
        Table { features: features.into(), outcome: rows.map(outcome).collect() }
    }

    const CLASSES: Classes<'_> = Classes { negative: "on-time", positive: "late" };

    #[test]
    fn what_decides_the_outcome_is_learned_and_what_is_missing_too() {
        let table = table();
        let model = fit(&table, CLASSES).unwrap();
        let score = |x: f64, name: &str| {
            let term = &model.numbers[0];
            let number = ((if x.is_nan() { term.fill } else { x }) - term.mean) / term.scale * term.weights[0];
            let place = model.names[0].categories.iter().position(|category| category == name);
            model.intercepts[0] + number + place.map_or(0.0, |place| model.names[0].weights[place][0])
        };
        let (Column::Numbers(x), Column::Names(names)) = (&table.features["x"], &table.features["name"]) else { panic!() };
        let right = |row: usize| (score(x[row], names[row].as_deref().unwrap()) > 0.0) == table.outcome[row];
        let share = (0..1_000).filter(|row| right(*row)).count();
        assert!(share > 930, "{share} of 1000 are right");
        assert!(score(f64::NAN, "fine") > 2.0, "a missing number is nearly always late: {}", score(f64::NAN, "fine"));
        model.to_onnx().unwrap();
    }

    #[test]
    fn the_same_rows_are_the_same_model() {
        assert_eq!(fit(&table(), CLASSES).unwrap(), fit(&table(), CLASSES).unwrap());
    }

    #[test]
    fn rows_of_one_outcome_teach_nothing() {
        let mut table = table();
        table.outcome.fill(false);
        assert!(matches!(fit(&table, CLASSES), Err(TrainError::Rows { rows: 1_000, positive: 0, .. })));
    }
}
