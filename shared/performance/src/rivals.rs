//! Two versions that answered in the same span, and the truth about their answers: what a comparison of live traffic rests on.
//!
//! A shadow answers the requests that the champion answers, under the same ids; in a split each answers its own. Which it was shows in the ids.
//! Of more predictions than fit, those are kept whose ids have the least hashes: the same ids of both versions.

use std::collections::{BTreeMap, HashMap};

use arrow_array::RecordBatch;
use tidegate_contract::{Contract, Task};
use tidegate_validation::{Column, Evaluation, EvaluationError, Reading, Table};

use crate::columns::{Codes, Numbers, Texts, Times};
use crate::ids::{digest, hash};
use crate::names::{NONE, Names};
use crate::subject::Subject;

/// Most predictions of a version that are held.
const MOST_ROWS: usize = 200_000;

/// Outcomes of a binary task, whatever their sources call them.
const POSITIVE: &str = "1";
const NEGATIVE: &str = "0";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// The candidate.
    Candidate,
    /// The champion.
    Champion,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Answer {
    time_ms: i64,
    score: f64,
    number: f64,
    label: u32,
}

#[derive(Debug, Clone, PartialEq)]
struct Outcome {
    time_ms: i64,
    digest: u64,
    actual: String,
}

/// Brings the predictions of two versions together with their truth: first all predictions, then all truth.
#[derive(Debug)]
pub struct Rivals {
    subject: Subject,
    answers: [BTreeMap<u128, Answer>; 2],
    outcomes: HashMap<u128, Outcome>,
    labels: Names,
    most: usize,
}

impl Rivals {
    /// Of a model.
    #[must_use]
    pub fn new(contract: &Contract) -> Self {
        Self {
            subject: Subject::of(contract),
            answers: Default::default(),
            outcomes: HashMap::new(),
            labels: Names::default(),
            most: MOST_ROWS,
        }
    }

    /// Takes records of predictions, as they are stored. Of a prediction that was logged several times the earliest counts.
    pub fn predictions(&mut self, of: Rival, batch: &RecordBatch) {
        let (times, ids) = (Times::of(batch, "timestamp"), Texts::of(batch, "inference_id"));
        let (scores, numbers) = (Numbers::of(batch, "score"), Numbers::of(batch, "prediction"));
        let labels = Codes::of(batch, "prediction", &mut self.labels);
        let [candidate, champion] = &mut self.answers;
        let answers = if of == Rival::Candidate { candidate } else { champion };
        for row in 0..batch.num_rows() {
            let Some(id) = ids.at(row) else { continue };
            let answer = Answer {
                time_ms: times.at(row).unwrap_or(i64::MIN),
                score: scores.at(row).unwrap_or(f64::NAN),
                number: numbers.at(row).unwrap_or(f64::NAN),
                label: labels.at(row),
            };
            let known = answers.entry(hash(id)).or_insert(answer);
            if (answer.time_ms, answer.score.to_bits()) < (known.time_ms, known.score.to_bits()) {
                *known = answer;
            }
            if answers.len() > self.most {
                answers.pop_last();
            }
        }
    }

    /// Takes outcomes as they are stored. The one that became known last counts.
    pub fn truth(&mut self, batch: &RecordBatch) {
        let (times, ids) = (Times::of(batch, "timestamp"), Texts::of(batch, "inference_id"));
        let mut found = Names::default();
        let actuals = Codes::of(batch, "actual", &mut found);
        for row in 0..batch.num_rows() {
            let (Some(id), Some(actual)) = (ids.at(row), actuals.text(row, &found)) else { continue };
            let hashed = hash(id);
            if self.answers.iter().all(|answers| !answers.contains_key(&hashed)) {
                continue;
            }
            let outcome =
                Outcome { time_ms: times.at(row).unwrap_or(i64::MIN), digest: digest(id, actual), actual: actual.trim_ascii().to_owned() };
            let known = self.outcomes.entry(hashed).or_insert_with(|| outcome.clone());
            if (outcome.time_ms, outcome.digest) > (known.time_ms, known.digest) {
                *known = outcome;
            }
        }
    }

    /// How many predictions each made: candidate, champion.
    #[must_use]
    pub fn predicted(&self) -> [usize; 2] {
        self.answers.each_ref().map(BTreeMap::len)
    }

    /// What each predicted where the truth is in: candidate, champion.
    ///
    /// # Errors
    /// [`EvaluationError`] of a version without any, or of answers that are none of the task's.
    pub fn evaluations(&self, contract: &Contract) -> Result<[Evaluation; 2], EvaluationError> {
        let [candidate, champion] = self.answers.each_ref().map(|answers| self.table(answers));
        let mut reading = Reading::of(contract);
        if self.subject.task == Task::Binary {
            reading.positive = Some(POSITIVE.to_owned());
        }
        Ok([candidate.read(&reading)?, champion.read(&reading)?])
    }

    fn table(&self, answers: &BTreeMap<u128, Answer>) -> Table {
        // Half of the last id may have been let go by one of them.
        let rows: Vec<(u128, Answer, &Outcome)> = answers
            .iter()
            .filter(|(_, answer)| self.answered(answer))
            .filter_map(|(id, answer)| Some((*id, *answer, self.outcomes.get(id)?)))
            .filter(|(_, _, outcome)| self.is_readable(outcome))
            .collect();
        let ids = rows.iter().map(|(id, _, _)| format!("{id:032x}")).collect();
        if self.subject.task == Task::Regression {
            let actual = rows.iter().map(|(_, _, outcome)| outcome.actual.parse().unwrap_or(f64::NAN)).collect();
            let predicted =
                rows.iter().map(|(_, answer, _)| if answer.number.is_finite() { answer.number } else { answer.score }).collect();
            return Table { ids, actual: Some(Column::Numbers(actual)), prediction: Some(Column::Numbers(predicted)), ..Table::default() };
        }
        let is_binary = self.subject.task == Task::Binary;
        let actual = rows.iter().map(|(_, _, outcome)| {
            let positive = if is_binary { self.subject.is_positive(&outcome.actual) } else { None };
            Some(positive.map_or(outcome.actual.as_str(), |positive| if positive { POSITIVE } else { NEGATIVE }))
        });
        let predicted = rows.iter().map(|(_, answer, _)| {
            let name = self.labels.name(answer.label)?;
            let positive = if is_binary { self.subject.is_positive(name) } else { None };
            Some(positive.map_or(name, |positive| if positive { POSITIVE } else { NEGATIVE }))
        });
        let has_labels = rows.iter().all(|(_, answer, _)| answer.label != NONE);
        let has_scores = is_binary && rows.iter().all(|(_, answer, _)| answer.score.is_finite());
        Table {
            ids,
            actual: Some(Column::Labels(actual.collect())),
            prediction: has_labels.then(|| Column::Labels(predicted.collect())),
            score: has_scores.then(|| rows.iter().map(|(_, answer, _)| answer.score).collect()),
            ..Table::default()
        }
    }

    fn answered(&self, answer: &Answer) -> bool {
        match self.subject.task {
            Task::Binary => answer.score.is_finite() || answer.label != NONE,
            Task::Multiclass => answer.label != NONE,
            Task::Regression => answer.number.is_finite() || answer.score.is_finite(),
        }
    }

    fn is_readable(&self, outcome: &Outcome) -> bool {
        match self.subject.task {
            Task::Binary => self.subject.is_positive(&outcome.actual).is_some(),
            Task::Multiclass => true,
            Task::Regression => outcome.actual.parse().is_ok_and(f64::is_finite),
        }
    }
}
