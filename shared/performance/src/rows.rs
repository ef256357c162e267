//! Predictions beside their truth, as columns: what quality is measured on.

use tidegate_contract::Task;

use crate::names::{NONE, Names};
use crate::subject::Subject;
use crate::turn::{Best, Row};

/// A prediction and its truth, as codes: of a binary task 1 for the positive outcome, of a regression 0 for any number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) predicted: Option<u32>,
    pub(crate) actual: Option<u32>,
}

/// Rows whose truth is in.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Groups of a row.
    width: usize,
    /// Rows are kept whose hash ends in so many zeros.
    zeros: u32,
    /// The zeros in which each row's hash ends.
    low: Vec<u8>,
    pub(crate) actual: Vec<u32>,
    pub(crate) predicted: Vec<u32>,
    pub(crate) actual_numbers: Vec<f64>,
    pub(crate) predicted_numbers: Vec<f64>,
    /// NaN for none.
    pub(crate) scores: Vec<f64>,
    pub(crate) lags_ms: Vec<f64>,
    /// Row by row the codes of the groups, the version's last.
    groups: Vec<u32>,
}

impl Held {
    /// How a prediction is held against what counts as its truth.
    pub(crate) fn of(subject: &Subject, labels: &Names, row: &Row, best: &Best) -> Self {
        let score = Some(row.score).filter(|score| score.is_finite());
        let outcome = |code: u32| labels.name(code).and_then(|name| subject.is_positive(name));
        let (predicted, actual) = match subject.task {
            Task::Binary => {
                let predicted = outcome(row.label).or_else(|| score.map(|score| score >= subject.threshold));
                (predicted.map(u32::from), outcome(best.label).map(u32::from))
            }
            Task::Multiclass => (Some(row.label).filter(|code| *code != NONE), Some(best.label).filter(|code| *code != NONE)),
            // A number that the model answers is at times called its score.
            Task::Regression => (row.number.is_finite().then_some(0).or(score.map(|_| 0)), best.number.is_finite().then_some(0)),
        };
        Self { predicted, actual }
    }

    pub(crate) fn is_labelled(self) -> bool {
        self.predicted.is_some() && self.actual.is_some()
    }
}

impl Rows {
    /// Rows with so many groups, the version among them.
    pub(crate) fn of_width(width: usize) -> Self {
        Self {
            width,
            zeros: 0,
            low: Vec::new(),
            actual: Vec::new(),
            predicted: Vec::new(),
            actual_numbers: Vec::new(),
            predicted_numbers: Vec::new(),
            scores: Vec::new(),
            lags_ms: Vec::new(),
            groups: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.low.len()
    }

    /// One row in so many is kept.
    pub(crate) fn one_in(&self) -> u64 {
        1 << self.zeros
    }

    /// Keeps a prediction whose truth is in, with the codes of its groups before that of its version.
    pub(crate) fn push(&mut self, task: Task, held: Held, (row, best): (&Row, &Best), groups: &[u32]) {
        let (Some(predicted), Some(actual), true) = (held.predicted, held.actual, row.id.trailing_zeros() >= self.zeros) else { return };
        self.low.push(u8::try_from(row.id.trailing_zeros()).unwrap_or(u8::MAX));
        self.scores.push(row.score);
        self.lags_ms.push((best.time_ms.saturating_sub(row.time_ms)) as f64);
        self.groups.extend(groups);
        self.groups.push(row.version);
        if task == Task::Regression {
            self.actual_numbers.push(best.number);
            self.predicted_numbers.push(if row.number.is_finite() { row.number } else { row.score });
        } else {
            self.actual.push(actual);
            self.predicted.push(predicted);
        }
    }

    /// The code of a row's group, the version's at the last place.
    pub(crate) fn group(&self, row: usize, place: usize) -> u32 {
        self.groups.get(row * self.width + place).copied().unwrap_or(NONE)
    }

    /// The places of the rows of a group.
    pub(crate) fn of_group(&self, place: usize, code: u32) -> Vec<usize> {
        (0..self.len()).filter(|row| self.group(*row, place) == code).collect()
    }

    /// Rows of several, in this order, without their groups.
    pub(crate) fn together(of: &[(&Self, &[usize])]) -> Self {
        fn picked<T: Copy>(column: &[T], places: &[usize]) -> impl Iterator<Item = T> {
            places.iter().filter_map(|place| column.get(*place).copied())
        }
        let mut all = Self::of_width(0);
        for (rows, places) in of {
            all.low.extend(picked(&rows.low, places));
            all.actual.extend(picked(&rows.actual, places));
            all.predicted.extend(picked(&rows.predicted, places));
            all.actual_numbers.extend(picked(&rows.actual_numbers, places));
            all.predicted_numbers.extend(picked(&rows.predicted_numbers, places));
            all.scores.extend(picked(&rows.scores, places));
            all.lags_ms.extend(picked(&rows.lags_ms, places));
        }
        all
    }

    /// Keeps every second row, by the hash of its id.
    pub(crate) fn thin_out(&mut self) {
        self.zeros += 1;
        let keeps: Vec<bool> = self.low.iter().map(|low| u32::from(*low) >= self.zeros).collect();
        let wide: Vec<bool> = keeps.iter().flat_map(|keeps| std::iter::repeat_n(*keeps, self.width)).collect();
        kept(&mut self.groups, &wide);
        kept(&mut self.low, &keeps);
        kept(&mut self.actual, &keeps);
        kept(&mut self.predicted, &keeps);
        kept(&mut self.actual_numbers, &keeps);
        kept(&mut self.predicted_numbers, &keeps);
        kept(&mut self.scores, &keeps);
        kept(&mut self.lags_ms, &keeps);
    }
}

/// Keeps the values of a column whose rows are kept.
fn kept<T: Copy>(column: &mut Vec<T>, keeps: &[bool]) {
    let mut keeps = keeps.iter();
    column.retain(|_| keeps.next().copied().unwrap_or(false));
}
