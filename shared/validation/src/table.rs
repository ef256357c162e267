//! The plain columns that an evaluation is read from, and how they are read.

use tidegate_contract::{Contract, Task, Validation};

use crate::evaluation::{Binary, Multiclass, Regression};
use crate::{Evaluation, EvaluationError, Ids, Labels, Outcomes};

/// A column of outcomes or predictions.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Names of classes.
    Labels(Labels),
    /// Numbers; of a class, its name as a number (`0`, `1`).
    Numbers(Vec<f64>),
}

/// The columns of one model's predictions on one evaluation set, rows in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// What names a row, the same for every model that is evaluated on these rows.
    pub ids: Ids,
    /// What really was, from the evaluation set: a candidate does not say itself what is right.
    pub actual: Option<Column>,
    /// What the model answered: a class, or a number. A binary or multiclass model may give scores or probabilities only.
    pub prediction: Option<Column>,
    /// How sure a binary model was that the row is positive.
    pub score: Option<Vec<f64>>,
    /// How probable a multiclass model found each class.
    pub probabilities: Vec<(String, Vec<f64>)>,
    /// Segments and protected features, from the evaluation set too: name and values.
    pub groups: Vec<(String, Labels)>,
}

/// How columns are read: what a contract says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The task.
    pub task: Task,
    /// The outcome that counts as positive.
    pub positive: Option<String>,
    /// From which score on a row is predicted positive, where there are scores only.
    pub threshold: f64,
}

impl Reading {
    /// A task with the defaults.
    #[must_use]
    pub fn new(task: Task) -> Self {
        Self { task, positive: None, threshold: Validation::DEFAULT_THRESHOLD }
    }

    /// What a contract says.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let validation = &contract.validation;
        Self { task: contract.task, positive: validation.positive.clone(), threshold: validation.threshold() }
    }
}

/// Names of the positive outcome that need not be said.
pub const USUAL_POSITIVES: [&str; 6] = ["1", "1.0", "true", "True", "yes", "positive"];

/// How far from one a row's class probabilities may sum: rounded to two digits, those of ten classes do.
const SUM_TOLERANCE: f64 = 0.05;

impl Table {
    /// Reads the columns: rows in the order of their ids, so that an evaluation does not depend on the order in which they came.
    ///
    /// # Errors
    /// [`EvaluationError`] names the first column and row in which something else was found than expected.
    pub fn read(self, reading: &Reading) -> Result<Evaluation, EvaluationError> {
        if self.ids.is_empty() {
            return Err(EvaluationError::NoRows);
        }
        let order = self.ids.order();
        let rows = Rows { ids: self.ids.select(&order), order };
        for row in 1..rows.ids.len() {
            if rows.ids.get(row) == rows.ids.get(row - 1) {
                return Err(EvaluationError::SecondId { id: rows.ids.get(row).to_owned() });
            }
        }
        let actual = self.actual.ok_or(EvaluationError::NoPredictions { expected: "actual outcomes" })?;
        let outcomes = match reading.task {
            Task::Binary => Outcomes::Binary(rows.binary(&actual, self.prediction.as_ref(), self.score.as_deref(), reading)?),
            Task::Multiclass => Outcomes::Multiclass(rows.multiclass(&actual, self.prediction.as_ref(), &self.probabilities)?),
            Task::Regression => {
                let prediction = self.prediction.as_ref();
                // A number that the model answers is at times called its score.
                let predicted = match (prediction, &self.score) {
                    (Some(column), _) => rows.numbers("prediction", column)?,
                    (None, Some(score)) => rows.finite("score", score)?,
                    (None, None) => return Err(EvaluationError::NoPredictions { expected: "predicted numbers" }),
                };
                Outcomes::Regression(Regression { actual: rows.numbers("actual", &actual)?, predicted })
            }
        };
        let mut groups = Vec::with_capacity(self.groups.len());
        for (name, labels) in self.groups {
            rows.length(&name, labels.len())?;
            groups.push((name, labels.select(&rows.order)));
        }
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Evaluation { ids: rows.ids, outcomes, groups })
    }
}

/// The rows in the order of their ids, and where each stood.
struct Rows {
    ids: Ids,
    order: Vec<usize>,
}

impl Rows {
    fn length(&self, column: &str, found: usize) -> Result<(), EvaluationError> {
        let expected = self.ids.len();
        if found == expected { Ok(()) } else { Err(EvaluationError::Length { column: column.to_owned(), found, expected }) }
    }

    fn finite(&self, column: &str, values: &[f64]) -> Result<Vec<f64>, EvaluationError> {
        self.length(column, values.len())?;
        let sorted: Vec<f64> = self.order.iter().map(|row| values.get(*row).copied().unwrap_or(f64::NAN)).collect();
        match sorted.iter().position(|value| !value.is_finite()) {
            Some(row) => Err(EvaluationError::NotFinite {
                column: column.to_owned(),
                id: self.ids.get(row).to_owned(),
                value: sorted.get(row).copied().unwrap_or(f64::NAN),
            }),
            None => Ok(sorted),
        }
    }

    fn numbers(&self, column: &str, values: &Column) -> Result<Vec<f64>, EvaluationError> {
        let labels = match values {
            Column::Numbers(values) => return self.finite(column, values),
            Column::Labels(labels) => labels,
        };
        self.length(column, labels.len())?;
        let mut numbers = Vec::with_capacity(labels.len());
        for row in 0..labels.len() {
            let id = || self.ids.get(self.order.iter().position(|from| *from == row).unwrap_or(0)).to_owned();
            let name = labels.name(row).ok_or_else(|| EvaluationError::Missing { column: column.to_owned(), id: id() })?;
            let number = name.trim().parse().map_err(|_| EvaluationError::NotANumber {
                column: column.to_owned(),
                id: id(),
                value: name.chars().take(40).collect(),
            })?;
            numbers.push(number);
        }
        self.finite(column, &numbers)
    }

    /// A column of classes, every row with one.
    fn classes(&self, column: &str, values: &Column) -> Result<Labels, EvaluationError> {
        let labels = match values {
            Column::Labels(labels) => {
                self.length(column, labels.len())?;
                labels.select(&self.order)
            }
            // `1` for 1.0, as people write the name of a class.
            Column::Numbers(values) => self.finite(column, values)?.iter().map(|value| Some((value + 0.0).to_string())).collect(),
        };
        let missing = labels.codes().position(|code| code.is_none());
        match missing {
            Some(row) => Err(EvaluationError::Missing { column: column.to_owned(), id: self.ids.get(row).to_owned() }),
            None => Ok(labels),
        }
    }

    fn binary(
        &self,
        actual: &Column,
        prediction: Option<&Column>,
        score: Option<&[f64]>,
        reading: &Reading,
    ) -> Result<Binary, EvaluationError> {
        let actual = self.classes("actual", actual)?;
        let prediction = prediction.map(|prediction| self.classes("prediction", prediction)).transpose()?;
        let score = score.map(|score| self.finite("score", score)).transpose()?;
        let mut names: Vec<&str> = occurring(&actual);
        for name in prediction.iter().flat_map(occurring) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.sort_unstable();
        let found = || names.iter().take(6).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let positive = match &reading.positive {
            Some(positive) => positive.as_str(),
            None if names.len() > 2 => return Err(EvaluationError::Outcomes { column: "actual".to_owned(), found: found() }),
            None => match names.iter().find(|name| USUAL_POSITIVES.contains(name)) {
                Some(positive) => positive,
                // A single outcome that is called the negative one.
                None if names.iter().all(|name| ["0", "0.0", "false", "False", "no", "negative"].contains(name)) => "1",
                None => return Err(EvaluationError::NoPositive { found: found() }),
            },
        };
        if names.iter().filter(|name| **name != positive).count() > 1 {
            return Err(EvaluationError::Outcomes { column: "actual".to_owned(), found: found() });
        }
        let is_positive = |labels: &Labels| (0..labels.len()).map(|row| labels.name(row) == Some(positive)).collect::<Vec<bool>>();
        let predicted = match (&prediction, &score) {
            (Some(prediction), _) => is_positive(prediction),
            (None, Some(score)) => score.iter().map(|score| *score >= reading.threshold).collect(),
            (None, None) => return Err(EvaluationError::NoPredictions { expected: "predicted classes or of scores" }),
        };
        Ok(Binary { actual: is_positive(&actual), predicted, score })
    }

    fn multiclass(
        &self,
        actual: &Column,
        prediction: Option<&Column>,
        probabilities: &[(String, Vec<f64>)],
    ) -> Result<Multiclass, EvaluationError> {
        let actual = self.classes("actual", actual)?;
        let prediction = prediction.map(|prediction| self.classes("prediction", prediction)).transpose()?;
        let mut classes: Vec<String> = probabilities.iter().map(|(name, _)| name.clone()).collect();
        classes.extend(occurring(&actual).into_iter().chain(prediction.iter().flat_map(occurring)).map(str::to_owned));
        classes.sort_unstable();
        classes.dedup();
        let code = |labels: &Labels, row: usize| {
            labels.name(row).and_then(|name| classes.binary_search_by(|class| class.as_str().cmp(name)).ok()).unwrap_or(0)
        };
        let rows = self.ids.len();
        let mut table = Vec::new();
        if !probabilities.is_empty() {
            table = vec![0.0; rows * classes.len()];
            for (name, values) in probabilities {
                let values = self.finite(name, values)?;
                let class = classes.binary_search(name).unwrap_or(0);
                for (row, value) in table.chunks_exact_mut(classes.len()).zip(values) {
                    if let Some(slot) = row.get_mut(class) {
                        *slot = value;
                    }
                }
            }
            for (row, values) in table.chunks_exact(classes.len()).enumerate() {
                let sum: f64 = values.iter().sum();
                if (sum - 1.0).abs() > SUM_TOLERANCE || values.iter().any(|value| !(0.0..=1.0).contains(value)) {
                    return Err(EvaluationError::Probabilities { id: self.ids.get(row).to_owned(), sum });
                }
            }
        }
        let predicted: Vec<usize> = match &prediction {
            Some(prediction) => (0..rows).map(|row| code(prediction, row)).collect(),
            None if !table.is_empty() => table.chunks_exact(classes.len()).map(most_probable).collect(),
            None => return Err(EvaluationError::NoPredictions { expected: "predicted classes or of class probabilities" }),
        };
        let narrow = |code: usize| u32::try_from(code).unwrap_or(u32::MAX);
        let actual = (0..rows).map(|row| narrow(code(&actual, row))).collect();
        let predicted = predicted.into_iter().map(narrow).collect();
        Ok(Multiclass { classes, actual, predicted, probabilities: Some(table).filter(|table| !table.is_empty()) })
    }
}

fn occurring(labels: &Labels) -> Vec<&str> {
    let mut seen = vec![false; labels.names().len()];
    for code in labels.codes().flatten() {
        if let Some(seen) = usize::try_from(code).ok().and_then(|code| seen.get_mut(code)) {
            *seen = true;
        }
    }
    labels.names().iter().zip(seen).filter(|(_, seen)| *seen).map(|(name, _)| name.as_str()).collect()
}

/// The first of the most probable classes.
fn most_probable(probabilities: &[f64]) -> usize {
    let best = probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    probabilities.iter().position(|probability| *probability >= best).unwrap_or(0)
}
