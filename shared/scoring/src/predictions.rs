//! What a model answered.

use std::sync::Arc;

/// What a model answered, in the order of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Of a binary or multiclass task.
    Classes(ClassPredictions),
    /// Of a regression: one number for each row.
    Values(Vec<f64>),
}

/// Labels and probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassPredictions {
    /// The classes' names, in the order of the probabilities' columns; empty if the model gives labels alone and names none.
    pub classes: Vec<String>,
    /// One label for each row. A whole number is its digits: `1` is `"1"`.
    pub labels: Vec<Arc<str>>,
    /// Row by row, one number for each class; absent if the model gives labels alone. What the model says is kept as it is: the margins of a
    /// machine without probabilities may lie outside `0..=1`.
    pub probabilities: Option<Vec<f64>>,
}

impl ClassPredictions {
    /// The probability of one class, row by row; `None` if the model gives none or knows no such class.
    #[must_use]
    pub fn probabilities_of(&self, class: &str) -> Option<Vec<f64>> {
        let place = self.classes.iter().position(|name| name == class)?;
        let rows = self.probabilities.as_ref()?.chunks_exact(self.classes.len());
        Some(rows.filter_map(|row| row.get(place).copied()).collect())
    }
}

impl Predictions {
    /// How many rows were answered.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.labels.len(),
            Self::Values(values) => values.len(),
        }
    }
}
