//! What came together: counts, scores and the rows whose truth is in, of what served; and apart from it those of its shadows.

use std::collections::BTreeMap;

use tidegate_contract::Task;
use tidegate_monitoring::Window;
use tidegate_validation::cell_of;

use crate::health::Health;
use crate::measured::ScoreCell;
use crate::names::{NONE, Names};
use crate::rows::{Held, Rows};
use crate::subject::Subject;
use crate::turn::{Best, Row};

/// Most predictions with truth that quality is measured on; of more, a share that is chosen by the ids' hashes. One takes about 40 bytes, and 4 for every group;
/// the metrics take as much again.
const MEASURED_ROWS: usize = 10_000_000;

/// What came together. Predictions are those that served, each request once; rows are those whose truth is in.
#[derive(Debug)]
pub struct Joined {
    pub(crate) subject: Subject,
    pub(crate) window: Window,
    /// Requests that truth can name.
    pub(crate) predictions: u64,
    /// Records that repeated the id of another of the same version.
    pub(crate) repeated: u64,
    /// Records without an id.
    pub(crate) without_id: u64,
    /// Predictions that have neither class nor number nor score.
    pub(crate) unanswered: u64,
    /// Predictions with a score that is no probability.
    pub(crate) odd_scores: u64,
    /// Predictions whose truth is in.
    pub(crate) labelled: u64,
    pub(crate) unreadable: u64,
    pub(crate) rows: Rows,
    /// Per group of the subject, then by version: predictions and labelled, by code.
    pub(crate) covered: Vec<Vec<[u64; 2]>>,
    pub(crate) cells: BTreeMap<(u16, bool), ScoreCell>,
    pub(crate) shadows: Shadows,
    pub(crate) health: Health,
    pub(crate) names: Vec<Names>,
    pub(crate) labels: Names,
}

/// Predictions of requests that another version served.
#[derive(Debug)]
pub(crate) struct Shadows {
    pub(crate) predictions: u64,
    /// By code of the version: predictions and labelled.
    pub(crate) covered: Vec<[u64; 2]>,
    /// Their rows, with the version as their only group.
    pub(crate) rows: Rows,
}

impl Joined {
    pub(crate) fn new(subject: Subject, window: Window) -> Self {
        let width = subject.groups.len() + 1;
        Self {
            subject,
            window,
            predictions: 0,
            repeated: 0,
            without_id: 0,
            unanswered: 0,
            odd_scores: 0,
            labelled: 0,
            unreadable: 0,
            rows: Rows::of_width(width),
            covered: vec![Vec::new(); width],
            cells: BTreeMap::new(),
            shadows: Shadows { predictions: 0, covered: Vec::new(), rows: Rows::of_width(1) },
            health: Health::default(),
            names: Vec::new(),
            labels: Names::default(),
        }
    }

    /// Counts a prediction that served, and keeps what is known of it.
    pub(crate) fn keep(&mut self, labels: &Names, row: &Row, best: &Best, groups: &[u32]) {
        let held = Held::of(&self.subject, labels, row, best);
        self.predictions += 1;
        self.unanswered += u64::from(held.predicted.is_none());
        self.unreadable += u64::from(best.label != NONE && held.actual.is_none());
        self.labelled += u64::from(held.is_labelled());
        for (counts, code) in self.covered.iter_mut().zip(groups.iter().chain([&row.version])) {
            count(counts, *code, held);
        }
        self.keep_score(row.score, held);
        self.rows.push(self.subject.task, held, (row, best), groups);
        self.thin_out();
    }

    /// Counts a prediction that another version's answer made a shadow, and keeps what is known of it.
    pub(crate) fn keep_shadow(&mut self, labels: &Names, row: &Row, best: &Best) {
        let held = Held::of(&self.subject, labels, row, best);
        self.shadows.predictions += 1;
        count(&mut self.shadows.covered, row.version, held);
        self.shadows.rows.push(self.subject.task, held, (row, best), &[]);
        self.thin_out();
    }

    fn keep_score(&mut self, score: f64, held: Held) {
        let Held { predicted, actual } = held;
        if self.subject.task == Task::Regression || predicted.is_none() || !score.is_finite() {
            return;
        }
        // Of several classes, the score is how sure the model was of the one that it predicted.
        let (is_chosen, came_true) = match self.subject.task {
            Task::Binary => (predicted == Some(1), actual == Some(1)),
            Task::Multiclass | Task::Regression => (true, actual == predicted),
        };
        let Some(cell) = cell_of(score) else {
            self.odd_scores += 1;
            return;
        };
        let empty = ScoreCell { cell, predicted: is_chosen, rows: 0, labelled: 0, positives: 0, sum: 0.0, sum_of_squares: 0.0 };
        let cell = self.cells.entry((cell, is_chosen)).or_insert(empty);
        cell.rows += 1;
        cell.labelled += u64::from(held.is_labelled());
        cell.positives += u64::from(held.is_labelled() && came_true);
        cell.sum += score;
        cell.sum_of_squares += score * score;
    }

    /// Keeps every second row where they are too many.
    fn thin_out(&mut self) {
        if self.rows.len() + self.shadows.rows.len() > MEASURED_ROWS {
            self.rows.thin_out();
            self.shadows.rows.thin_out();
        }
    }
}

/// Counts a prediction among those of a group.
fn count(counts: &mut Vec<[u64; 2]>, code: u32, held: Held) {
    let Some(place) = usize::try_from(code).ok().filter(|_| code != NONE) else { return };
    if counts.len() <= place {
        counts.resize(place + 1, [0; 2]);
    }
    if let Some([predictions, labelled]) = counts.get_mut(place) {
        *predictions += 1;
        *labelled += u64::from(held.is_labelled());
    }
}
