//! Predictions of a window and the truth about them, brought together in bounded memory.
//!
//! The ids are parted by their hash into [`PARTITIONS`] parts. A *turn* takes as many parts at once as keep the predictions in memory below
//! [`TURN_ROWS`]: all of them in most windows. In every turn all predictions and then all truth are read once, and those of other parts are passed over;
//! truth about no prediction of the turn is never held. So memory depends on the turn, not on the window, and a window of `n` predictions is
//! read about `n / TURN_ROWS` times.
//!
//! What comes out does not depend on the order in which anything was read: of a prediction that was logged several times the earliest is kept, of several
//! outcomes the one that became known last (of those at the same time, the one whose digest is the greatest), and rows are in the order of their ids' hashes.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use sha2::{Digest, Sha256};
use tidegate_contract::Task;
use tidegate_monitoring::Window;
use tidegate_validation::cell_of;

use crate::columns::{Codes, Numbers, Texts, Times};
use crate::health::{Counter, Health};
use crate::measured::ScoreCell;
use crate::names::{NONE, Names};
use crate::subject::Subject;

/// Parts of the ids.
pub const PARTITIONS: u32 = 64;

/// Most predictions of a turn. One takes about 80 bytes, and 4 for every group.
pub const TURN_ROWS: usize = 4_000_000;

/// Most predictions with truth that quality is measured on; of more, a share that is chosen by the ids' hashes. One takes about 40 bytes, and 4 for every group;
/// the metrics take as much again.
const MEASURED_ROWS: usize = 10_000_000;

/// A prediction of the turn.
#[derive(Debug, Clone, Copy)]
struct Row {
    id: u128,
    time_ms: i64,
    /// NaN for none.
    score: f64,
    /// The number that was predicted; NaN for none.
    number: f64,
    /// The class that was predicted, or [`NONE`].
    label: u32,
    version: u32,
    /// Place of its groups.
    at: u32,
}

/// The outcome that counts so far.
#[derive(Debug, Clone, Copy)]
struct Best {
    time_ms: i64,
    digest: u64,
    /// The class, or [`NONE`] while nothing is known.
    label: u32,
    number: f64,
}

const UNKNOWN: Best = Best { time_ms: i64::MIN, digest: 0, label: NONE, number: f64::NAN };

/// Brings predictions and truth together.
#[derive(Debug)]
pub struct Join {
    subject: Subject,
    turn_rows: usize,
    /// Parts of this turn.
    from: u32,
    until: u32,
    rows: Vec<Row>,
    groups: Vec<u32>,
    best: Vec<Best>,
    is_sealed: bool,
    names: Vec<Names>,
    labels: Names,
    versions: Names,
    health: Counter,
    joined: Joined,
    /// Rows are measured whose hash ends in so many zeros.
    zeros: u32,
}

/// What came together. Rows are those whose truth is in.
#[derive(Debug)]
pub struct Joined {
    pub(crate) subject: Subject,
    pub(crate) window: Window,
    /// Predictions that truth can name: each id once.
    pub(crate) predictions: u64,
    /// Records that repeated the id of another.
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
    pub(crate) rows: Columns,
    /// One row in so many is measured.
    pub(crate) one_in: u64,
    /// Per group of the subject, then by version: predictions and labelled, by code.
    pub(crate) covered: Vec<Vec<[u64; 2]>>,
    pub(crate) cells: BTreeMap<(u16, bool), ScoreCell>,
    pub(crate) health: Health,
    pub(crate) names: Vec<Names>,
    pub(crate) labels: Names,
}

/// Columns of the measured rows.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// Last bits of the id's hash.
    low: Vec<u8>,
    pub(crate) actual: Vec<u32>,
    pub(crate) predicted: Vec<u32>,
    pub(crate) actual_numbers: Vec<f64>,
    pub(crate) predicted_numbers: Vec<f64>,
    /// NaN for none.
    pub(crate) scores: Vec<f64>,
    pub(crate) lags_ms: Vec<f64>,
    /// Row by row the codes of the groups, then of the version.
    pub(crate) groups: Vec<u32>,
}

impl Join {
    /// Of the predictions of a window.
    #[must_use]
    pub fn new(subject: Subject, window: Window) -> Self {
        Self::in_turns_of(subject, window, TURN_ROWS)
    }

    /// With turns of another size than [`TURN_ROWS`].
    #[must_use]
    pub fn in_turns_of(subject: Subject, window: Window, turn_rows: usize) -> Self {
        let groups = subject.groups.len();
        let joined = Joined {
            subject: subject.clone(),
            window,
            predictions: 0,
            repeated: 0,
            without_id: 0,
            unanswered: 0,
            odd_scores: 0,
            labelled: 0,
            unreadable: 0,
            rows: Columns::default(),
            one_in: 1,
            covered: vec![Vec::new(); groups + 1],
            cells: BTreeMap::new(),
            health: Health::default(),
            names: Vec::new(),
            labels: Names::default(),
        };
        Self {
            turn_rows: turn_rows.max(1),
            from: 0,
            until: PARTITIONS,
            rows: Vec::new(),
            groups: Vec::new(),
            best: Vec::new(),
            is_sealed: false,
            names: vec![Names::default(); groups],
            labels: Names::default(),
            versions: Names::default(),
            health: Counter::new(window),
            joined,
            zeros: 0,
            subject,
        }
    }

    /// Whether another turn is needed: all predictions, then all truth, then [`Join::end_turn`].
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.from < PARTITIONS
    }

    /// Takes records of predictions that one version made, as they are stored (`timestamp`, `inference_id`, one column per field).
    pub fn predictions(&mut self, version: &str, batch: &RecordBatch) {
        let is_first = self.from == 0;
        let version = self.versions.code(version);
        let (times, ids) = (Times::of(batch, "timestamp"), Texts::of(batch, "inference_id"));
        let (scores, latencies, numbers) =
            (Numbers::of(batch, "score"), Numbers::of(batch, "latency_ms"), Numbers::of(batch, "prediction"));
        let labels = Codes::of(batch, "prediction", &mut self.labels);
        let groups: Vec<Codes<'_>> =
            self.subject.groups.iter().zip(&mut self.names).map(|(name, names)| Codes::of(batch, name, names)).collect();
        for row in 0..batch.num_rows() {
            let time = times.at(row);
            if is_first {
                let is_answered = labels.at(row) != NONE || scores.at(row).is_some() || numbers.at(row).is_some();
                self.health.count(time, latencies.at(row), is_answered);
            }
            let Some(id) = ids.at(row) else {
                self.joined.without_id += u64::from(is_first);
                continue;
            };
            let id = hash(id);
            if !self.holds(id) {
                continue;
            }
            let at = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            self.groups.extend(groups.iter().map(|codes| codes.at(row)));
            self.rows.push(Row {
                id,
                time_ms: time.unwrap_or(i64::MIN),
                score: scores.at(row).unwrap_or(f64::NAN),
                number: numbers.at(row).unwrap_or(f64::NAN),
                label: labels.at(row),
                version,
                at,
            });
            while self.rows.len() > self.turn_rows && self.until - self.from > 1 {
                self.until = self.from + (self.until - self.from) / 2;
                self.forget_others();
            }
        }
    }

    /// Takes outcomes as they are stored (`timestamp`, `inference_id`, `actual`). Returns how many are about predictions of this turn.
    pub fn truth(&mut self, batch: &RecordBatch) -> u64 {
        self.seal();
        let (times, ids) = (Times::of(batch, "timestamp"), Texts::of(batch, "inference_id"));
        let mut found = Names::default();
        let actuals = Codes::of(batch, "actual", &mut found);
        let mut matched = 0;
        for row in 0..batch.num_rows() {
            let (Some(id), Some(actual)) = (ids.at(row), actuals.text(row, &found)) else { continue };
            let hashed = hash(id);
            if !self.holds(hashed) {
                continue;
            }
            let Ok(place) = self.rows.binary_search_by(|known| known.id.cmp(&hashed)) else { continue };
            matched += 1;
            let (time_ms, digest) = (times.at(row).unwrap_or(i64::MIN), digest(id, actual));
            let Some(best) = self.best.get_mut(place).filter(|best| (best.time_ms, best.digest) < (time_ms, digest) || best.label == NONE)
            else {
                continue;
            };
            let number = if self.subject.task == Task::Regression { actual.trim_ascii().parse().unwrap_or(f64::NAN) } else { f64::NAN };
            // Of a number only whether it is there: there are as many numbers as rows.
            let label = if self.subject.task == Task::Regression { 0 } else { self.labels.code(actual.trim_ascii()) };
            *best = Best { time_ms, digest, label, number };
        }
        matched
    }

    /// Ends a turn: what came together is kept, the rest forgotten.
    pub fn end_turn(&mut self) {
        self.seal();
        let (rows, best, groups) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.best), std::mem::take(&mut self.groups));
        let width = self.subject.groups.len();
        for (row, best) in rows.iter().zip(&best) {
            let start = usize::try_from(row.at).unwrap_or(usize::MAX).saturating_mul(width);
            let own = groups.get(start..start.saturating_add(width)).unwrap_or_default();
            self.keep(row, best, own);
        }
        let width = self.until - self.from;
        (self.from, self.until) = (self.until, (self.until + width).min(PARTITIONS));
        self.is_sealed = false;
    }

    /// Everything that came together.
    #[must_use]
    pub fn finish(self) -> Joined {
        let mut names = self.names;
        names.push(self.versions);
        Joined { health: self.health.finish(), names, labels: self.labels, one_in: 1 << self.zeros, ..self.joined }
    }

    fn holds(&self, id: u128) -> bool {
        (self.from..self.until).contains(&partition(id))
    }

    /// Drops the rows that the turn no longer takes.
    fn forget_others(&mut self) {
        let (from, until, width) = (self.from, self.until, self.subject.groups.len());
        let mut kept = Vec::with_capacity(self.groups.len() / 2);
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|row| (from..until).contains(&partition(row.id)));
        for (row, at) in rows.iter_mut().zip(0..) {
            let start = usize::try_from(row.at).unwrap_or(usize::MAX).saturating_mul(width);
            kept.extend_from_slice(self.groups.get(start..start.saturating_add(width)).unwrap_or_default());
            row.at = at;
        }
        (self.rows, self.groups) = (rows, kept);
    }

    /// All predictions of the turn are there: each id once, in order.
    fn seal(&mut self) {
        if std::mem::replace(&mut self.is_sealed, true) {
            return;
        }
        let name = |names: &'_ Names, code: u32| names.name(code).unwrap_or_default().to_owned();
        let (versions, labels) = (&self.versions, &self.labels);
        self.rows.sort_unstable_by(|a, b| {
            let same = || {
                name(versions, a.version).cmp(&name(versions, b.version)).then_with(|| name(labels, a.label).cmp(&name(labels, b.label)))
            };
            a.id.cmp(&b.id)
                .then(a.time_ms.cmp(&b.time_ms))
                .then_with(|| a.score.total_cmp(&b.score))
                .then_with(|| a.number.total_cmp(&b.number))
                .then_with(same)
        });
        let before = self.rows.len();
        self.rows.dedup_by(|later, first| later.id == first.id);
        self.joined.repeated += (before - self.rows.len()) as u64;
        self.best = vec![UNKNOWN; self.rows.len()];
    }

    /// Counts a prediction, and keeps what is known of it.
    fn keep(&mut self, row: &Row, best: &Best, groups: &[u32]) {
        let joined = &mut self.joined;
        joined.predictions += 1;
        let score = Some(row.score).filter(|score| score.is_finite());
        let outcome = |code: u32| self.labels.name(code).and_then(|name| self.subject.is_positive(name));
        // Both as codes: of a binary task 1 for the positive outcome.
        let (predicted, actual) = match self.subject.task {
            Task::Binary => {
                let predicted = outcome(row.label).or_else(|| score.map(|score| score >= self.subject.threshold));
                (predicted.map(u32::from), outcome(best.label).map(u32::from))
            }
            Task::Multiclass => (Some(row.label).filter(|code| *code != NONE), Some(best.label).filter(|code| *code != NONE)),
            // A number that the model answers is at times called its score.
            Task::Regression => (row.number.is_finite().then_some(0).or(score.map(|_| 0)), best.number.is_finite().then_some(0)),
        };
        let is_in = best.label != NONE;
        joined.unanswered += u64::from(predicted.is_none());
        joined.unreadable += u64::from(is_in && actual.is_none());
        let is_labelled = predicted.is_some() && actual.is_some();
        joined.labelled += u64::from(is_labelled);
        for (counts, code) in joined.covered.iter_mut().zip(groups.iter().chain([&row.version])) {
            let Some(place) = usize::try_from(*code).ok().filter(|_| *code != NONE) else { continue };
            if counts.len() <= place {
                counts.resize(place + 1, [0; 2]);
            }
            if let Some([predictions, labelled]) = counts.get_mut(place) {
                *predictions += 1;
                *labelled += u64::from(is_labelled);
            }
        }
        // Of several classes, the score is how sure the model was of the one that it predicted.
        let (is_chosen, came_true) = match self.subject.task {
            Task::Binary => (predicted == Some(1), actual == Some(1)),
            Task::Multiclass | Task::Regression => (true, actual == predicted),
        };
        if let (true, Some(score), Some(_)) = (self.subject.task != Task::Regression, score, predicted) {
            match cell_of(score) {
                Some(cell) => {
                    let empty = ScoreCell { cell, predicted: is_chosen, rows: 0, labelled: 0, positives: 0, sum: 0.0, sum_of_squares: 0.0 };
                    let cell = joined.cells.entry((cell, is_chosen)).or_insert(empty);
                    cell.rows += 1;
                    cell.labelled += u64::from(is_labelled);
                    cell.positives += u64::from(is_labelled && came_true);
                    cell.sum += score;
                    cell.sum_of_squares += score * score;
                }
                None => joined.odd_scores += 1,
            }
        }
        let (Some(predicted), Some(actual), true) = (predicted, actual, row.id.trailing_zeros() >= self.zeros) else { return };
        let rows = &mut joined.rows;
        rows.low.push(u8::try_from(row.id.trailing_zeros()).unwrap_or(u8::MAX));
        rows.scores.push(row.score);
        rows.lags_ms.push((best.time_ms.saturating_sub(row.time_ms)) as f64);
        rows.groups.extend(groups);
        rows.groups.push(row.version);
        if self.subject.task == Task::Regression {
            rows.actual_numbers.push(best.number);
            rows.predicted_numbers.push(if row.number.is_finite() { row.number } else { row.score });
        } else {
            rows.actual.push(actual);
            rows.predicted.push(predicted);
        }
        if rows.low.len() > MEASURED_ROWS {
            self.zeros += 1;
            rows.thin_out(self.zeros, groups.len() + 1);
        }
    }
}

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.low.len()
    }

    /// Keeps the rows whose hash ends in so many zeros.
    fn thin_out(&mut self, zeros: u32, width: usize) {
        let keeps: Vec<bool> = self.low.iter().map(|low| u32::from(*low) >= zeros).collect();
        let wide: Vec<bool> = keeps.iter().flat_map(|keeps| std::iter::repeat_n(*keeps, width)).collect();
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

/// Names a prediction: the first 128 bits of SHA-256 over its id as it is stored.
pub(crate) fn hash(id: &str) -> u128 {
    Sha256::digest(id.as_bytes()).first_chunk().map_or(0, |first| u128::from_be_bytes(*first))
}

/// The part of an id: the first six bits of its hash.
fn partition(id: u128) -> u32 {
    u32::try_from(id >> (u128::BITS - PARTITIONS.trailing_zeros())).unwrap_or(0)
}

/// Tells outcomes apart that became known at the same time. It covers the id, so that no outcome wins everywhere.
pub(crate) fn digest(id: &str, actual: &str) -> u64 {
    let mut digest = Sha256::new();
    digest.update((id.len() as u64).to_be_bytes());
    digest.update(id.as_bytes());
    digest.update(actual.trim_ascii().as_bytes());
    digest.finalize().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
