//! One model's predictions on one evaluation set, in columns, rows in the order of their ids.

use tidegate_contract::Task;

use crate::{Ids, Labels};

/// One model's predictions on one evaluation set. Made by [`crate::Table::read`].
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    pub(crate) ids: Ids,
    pub(crate) outcomes: Outcomes,
    /// In the order of their names.
    pub(crate) groups: Vec<(String, Labels)>,
}

/// What really was and what the model answered, one value per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcomes {
    /// Of a binary task.
    Binary(Binary),
    /// Of a multiclass task.
    Multiclass(Multiclass),
    /// Of a regression task.
    Regression(Regression),
}

/// Outcomes and answers of a binary task.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    pub(crate) actual: Vec<bool>,
    pub(crate) predicted: Vec<bool>,
    pub(crate) score: Option<Vec<f64>>,
}

/// Outcomes and answers of a multiclass task; classes are numbered in the order of their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Multiclass {
    pub(crate) classes: Vec<String>,
    pub(crate) actual: Vec<u32>,
    pub(crate) predicted: Vec<u32>,
    /// Row by row, one number per class; as the model gave them.
    pub(crate) probabilities: Option<Vec<f64>>,
}

/// Outcomes and answers of a regression task.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    pub(crate) actual: Vec<f64>,
    pub(crate) predicted: Vec<f64>,
}

impl Evaluation {
    /// The rows' ids, ascending.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Outcomes and answers.
    #[must_use]
    pub fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// The values of a segment or protected feature, if the evaluation has it.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Labels> {
        self.groups.iter().find(|(group, _)| group == name).map(|(_, labels)| labels)
    }
}

fn picked<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row)).copied().collect()
}

impl Outcomes {
    /// The task.
    #[must_use]
    pub fn task(&self) -> Task {
        match self {
            Self::Binary(_) => Task::Binary,
            Self::Multiclass(_) => Task::Multiclass,
            Self::Regression(_) => Task::Regression,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Binary(binary) => binary.actual.len(),
            Self::Multiclass(multiclass) => multiclass.actual.len(),
            Self::Regression(regression) => regression.actual.len(),
        }
    }

    /// Of a binary task: what really was and what was predicted (positive or not), and the scores. `None` unless all have as many rows, and every score is
    /// a number.
    #[must_use]
    pub fn binary(actual: Vec<bool>, predicted: Vec<bool>, score: Option<Vec<f64>>) -> Option<Self> {
        let is_whole = score.iter().all(|score| score.len() == actual.len() && score.iter().all(|score| score.is_finite()));
        (is_whole && predicted.len() == actual.len()).then_some(Self::Binary(Binary { actual, predicted, score }))
    }

    /// Of a multiclass task: rows as places among the classes, whose names are ascending. `None` unless they are, and both columns have as many rows and
    /// name classes only.
    #[must_use]
    pub fn multiclass(classes: Vec<String>, actual: Vec<u32>, predicted: Vec<u32>) -> Option<Self> {
        let is_class = |code: &u32| usize::try_from(*code).is_ok_and(|code| code < classes.len());
        let is_whole = actual.len() == predicted.len() && actual.iter().chain(&predicted).all(is_class);
        let is_ascending = classes.iter().zip(classes.iter().skip(1)).all(|(one, next)| one < next);
        (is_whole && is_ascending).then_some(Self::Multiclass(Multiclass { classes, actual, predicted, probabilities: None }))
    }

    /// Of a regression task. `None` unless both columns have as many rows, all of them numbers.
    #[must_use]
    pub fn regression(actual: Vec<f64>, predicted: Vec<f64>) -> Option<Self> {
        let is_whole = actual.len() == predicted.len() && actual.iter().chain(&predicted).all(|value| value.is_finite());
        is_whole.then_some(Self::Regression(Regression { actual, predicted }))
    }

    /// The outcomes of these rows alone.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Binary(of) => Self::Binary(Binary {
                actual: picked(&of.actual, rows),
                predicted: picked(&of.predicted, rows),
                score: of.score.as_ref().map(|score| picked(score, rows)),
            }),
            Self::Multiclass(of) => {
                let width = of.classes.len();
                let probabilities = of
                    .probabilities
                    .as_ref()
                    .map(|table| rows.iter().filter_map(|row| table.get(row * width..(row + 1) * width)).flatten().copied().collect());
                Self::Multiclass(Multiclass {
                    classes: of.classes.clone(),
                    actual: picked(&of.actual, rows),
                    predicted: picked(&of.predicted, rows),
                    probabilities,
                })
            }
            Self::Regression(of) => {
                Self::Regression(Regression { actual: picked(&of.actual, rows), predicted: picked(&of.predicted, rows) })
            }
        }
    }

    /// Rows on which two models were told different outcomes, given the rows of both in the same order; the first of them and their number.
    pub(crate) fn disagreement(&self, other: &Self) -> Option<(usize, usize)> {
        fn differing<T>(a: &[T], b: &[T], differs: impl Fn(&T, &T) -> bool) -> Option<(usize, usize)> {
            let mut rows = a.iter().zip(b).enumerate().filter(|(_, (a, b))| differs(a, b)).map(|(row, _)| row);
            let first = rows.next()?;
            Some((first, 1 + rows.count()))
        }
        match (self, other) {
            (Self::Binary(a), Self::Binary(b)) => differing(&a.actual, &b.actual, |a, b| a != b),
            (Self::Multiclass(a), Self::Multiclass(b)) => differing(&a.actual, &b.actual, |a, b| a != b),
            (Self::Regression(a), Self::Regression(b)) => {
                differing(&a.actual, &b.actual, |a, b| (a - b).abs() > 1e-9 * a.abs().max(b.abs()))
            }
            _ => Some((0, self.rows().max(1))),
        }
    }
}

impl Multiclass {
    /// Number of classes.
    pub(crate) fn width(&self) -> usize {
        self.classes.len()
    }

    /// The same with these classes, of which its own are a part.
    pub(crate) fn with_classes(&self, classes: &[String]) -> Self {
        if self.classes == classes {
            return self.clone();
        }
        let places: Vec<usize> = self.classes.iter().map(|class| classes.binary_search(class).unwrap_or(0)).collect();
        let moved = |codes: &[u32]| {
            let place = |code: &u32| usize::try_from(*code).ok().and_then(|code| places.get(code)).copied().unwrap_or(0);
            codes.iter().map(|code| u32::try_from(place(code)).unwrap_or(u32::MAX)).collect()
        };
        let widened = |table: &Vec<f64>| {
            let mut wide = vec![0.0; self.actual.len() * classes.len()];
            for (from, to) in table.chunks_exact(self.classes.len()).zip(wide.chunks_exact_mut(classes.len())) {
                for (value, place) in from.iter().zip(&places) {
                    if let Some(slot) = to.get_mut(*place) {
                        *slot = *value;
                    }
                }
            }
            wide
        };
        Self {
            classes: classes.to_vec(),
            actual: moved(&self.actual),
            predicted: moved(&self.predicted),
            probabilities: self.probabilities.as_ref().map(widened),
        }
    }
}
