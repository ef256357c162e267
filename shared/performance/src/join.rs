//! Predictions of a window and the truth about them, brought together in bounded memory.
//!
//! The ids are parted by their hash into [`PARTITIONS`] parts. A *turn* takes as many parts at once as keep the predictions in memory below
//! [`TURN_ROWS`]: all of them in most windows. In every turn all predictions and then all truth are read once, and those of other parts are passed over;
//! truth about no prediction of the turn is never held. So memory depends on the turn, not on the window, and a window of `n` predictions is
//! read about `n / TURN_ROWS` times.
//!
//! A prediction is known by its id and the version that made it. Of several versions that answered under one id, one served and the others are its shadows
//! ([`crate::served`]): the truth reaches all of them, and the model's own numbers are those of what served.
//!
//! What comes out does not depend on the order in which anything was read: of a prediction that was logged several times the earliest is kept, of several
//! outcomes the one that became known last (of those at the same time, the one whose digest is the greatest), and rows are in the order of their ids' hashes.

use arrow_array::RecordBatch;
use tidegate_contract::Task;
use tidegate_monitoring::Window;

use crate::columns::{Codes, Numbers, Texts, Times};
use crate::health::Counter;
use crate::ids::{PARTITIONS, digest, hash, partition};
use crate::joined::Joined;
use crate::names::{NONE, Names};
use crate::served::{Champion, Served};
use crate::subject::Subject;
use crate::turn::{Best, NO_TIME, Named, Row, Turn};

/// Most predictions of a turn. One takes about 80 bytes, and 4 for every group.
pub const TURN_ROWS: usize = 4_000_000;

/// Brings predictions and truth together.
#[derive(Debug)]
pub struct Join {
    subject: Subject,
    turn_rows: usize,
    /// Parts of this turn.
    from: u32,
    until: u32,
    turn: Turn,
    is_sealed: bool,
    served: Served,
    names: Vec<Names>,
    labels: Names,
    versions: Names,
    health: Counter,
    joined: Joined,
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
        Self {
            turn_rows: turn_rows.max(1),
            from: 0,
            until: PARTITIONS,
            turn: Turn::of_width(groups),
            is_sealed: false,
            served: Served::default(),
            names: vec![Names::default(); groups],
            labels: Names::default(),
            versions: Names::default(),
            health: Counter::new(window),
            joined: Joined::new(subject.clone(), window),
            subject,
        }
    }

    /// With what the registry says of who served when.
    #[must_use]
    pub fn served_by(self, champions: Vec<Champion>) -> Self {
        Self { served: Served::by(champions), ..self }
    }

    /// Whether another turn is needed: all predictions, then all truth, then [`Join::end_turn`].
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.from < PARTITIONS
    }

    /// Takes records of predictions that one version made, as they are stored (`timestamp`, `inference_id`, one column per field).
    #[expect(clippy::cast_possible_truncation, reason = "seven digits of a latency are more than the cells of health tell apart")]
    pub fn predictions(&mut self, version: &str, batch: &RecordBatch) {
        let is_first = self.from == 0;
        let version = self.versions.code(version);
        let (times, ids) = (Times::of(batch, "timestamp"), Texts::of(batch, "inference_id"));
        let (scores, latencies, numbers) =
            (Numbers::of(batch, "score"), Numbers::of(batch, "latency_ms"), Numbers::of(batch, "prediction"));
        let labels = Codes::of(batch, "prediction", &mut self.labels);
        let groups: Vec<Codes<'_>> =
            self.subject.groups.iter().zip(&mut self.names).map(|(name, names)| Codes::of(batch, name, names)).collect();
        for place in 0..batch.num_rows() {
            let time = times.at(place);
            let (score, number, label) = (scores.at(place), numbers.at(place), labels.at(place));
            let row = Row {
                id: ids.at(place).map_or(0, hash),
                time_ms: time.unwrap_or(NO_TIME),
                score: score.unwrap_or(f64::NAN),
                number: number.unwrap_or(f64::NAN),
                latency_ms: latencies.at(place).map_or(f32::NAN, |latency| latency as f32),
                label,
                version,
                records: 1,
                failed: u32::from(label == NONE && score.is_none() && number.is_none()),
                at: 0,
            };
            if ids.at(place).is_none() {
                if is_first {
                    self.joined.without_id += 1;
                    self.health.count(&row);
                }
                continue;
            }
            if is_first {
                self.served.see(version, time);
            }
            if !self.holds(row.id) {
                continue;
            }
            self.turn.push(row, groups.iter().map(|codes| codes.at(place)));
            while self.turn.len() > self.turn_rows && self.until - self.from > 1 {
                self.until = self.from + (self.until - self.from) / 2;
                self.turn.keep_parts(self.from..self.until);
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
            let Some(best) = self.turn.best_of(hashed) else { continue };
            matched += 1;
            let (time_ms, digest) = (times.at(row).unwrap_or(i64::MIN), digest(id, actual));
            if best.label != NONE && (best.time_ms, best.digest) >= (time_ms, digest) {
                continue;
            }
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
        let turn = std::mem::replace(&mut self.turn, Turn::of_width(self.subject.groups.len()));
        for answers in turn.requests() {
            let served = self.served.place(answers.rows);
            for (place, row) in answers.rows.iter().enumerate() {
                if place == served {
                    self.health.count(row);
                    self.joined.keep(&self.labels, row, answers.best, turn.groups_of(row));
                } else {
                    self.joined.keep_shadow(&self.labels, row, answers.best);
                }
            }
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
        Joined { health: self.health.finish(), names, labels: self.labels, ..self.joined }
    }

    fn holds(&self, id: u128) -> bool {
        (self.from..self.until).contains(&partition(id))
    }

    /// All predictions of the turn are there.
    fn seal(&mut self) {
        if std::mem::replace(&mut self.is_sealed, true) {
            return;
        }
        if self.from == 0 {
            self.served.settle(&self.versions);
        }
        let named = Named { versions: &self.versions, labels: &self.labels, groups: &self.names };
        self.joined.repeated += self.turn.seal(named);
    }
}
