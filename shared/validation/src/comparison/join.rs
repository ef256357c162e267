//! The rows that candidate and champion have in common, joined by their ids.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::{Evaluation, Outcomes};

/// Most ids that are named of rows that a side lacks.
const NAMED: usize = 5;

/// The rows that both sides have, in the order of their ids.
#[derive(Debug, Clone)]
pub struct Joined<'a> {
    /// The candidate's outcomes of these rows.
    pub candidate: Cow<'a, Outcomes>,
    /// The champion's.
    pub champion: Cow<'a, Outcomes>,
    /// The places of these rows in the candidate's evaluation; `None` if they are all of its rows.
    pub places: Option<Vec<usize>>,
    /// Rows that the candidate lacks.
    pub candidate_lacks: Lacking,
    /// Rows that the champion lacks.
    pub champion_lacks: Lacking,
}

/// Rows that one side has and the other lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacking {
    /// How many.
    pub rows: u64,
    /// The ids of the first five.
    pub first: Vec<String>,
}

impl Lacking {
    fn note(&mut self, id: &str) {
        self.rows += 1;
        if self.first.len() < NAMED {
            self.first.push(id.to_owned());
        }
    }
}

/// Why two evaluations cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotComparable {
    /// The tasks differ.
    #[error("one is a classification into other kinds of classes than the other, or a regression")]
    Task,
    /// No row is in both.
    #[error("no row is in both evaluations (one has \"{candidate}\", the other \"{champion}\")")]
    NoCommonRow {
        /// The candidate's first id.
        candidate: String,
        /// The champion's first id.
        champion: String,
    },
    /// The outcomes of the same rows differ.
    #[error("the actual {}", differing(*.rows, .first))]
    Outcomes {
        /// How many differ.
        rows: usize,
        /// The first of them.
        first: String,
    },
}

fn differing(rows: usize, first: &str) -> String {
    if rows == 1 {
        format!("outcome of 1 row differs, that of row \"{first}\"")
    } else {
        format!("outcomes of {rows} rows differ, that of row \"{first}\" first")
    }
}

/// Joins two evaluations by row id.
///
/// # Errors
/// [`NotComparable`] says why they cannot be compared.
pub fn join<'a>(candidate: &'a Evaluation, champion: &'a Evaluation) -> Result<Joined<'a>, NotComparable> {
    if candidate.outcomes.task() != champion.outcomes.task() {
        return Err(NotComparable::Task);
    }
    let (mut own, mut others) = (Vec::new(), Vec::new());
    let (mut candidate_lacks, mut champion_lacks) = (Lacking::default(), Lacking::default());
    let (mut left, mut right) = (0, 0);
    while left < candidate.rows() || right < champion.rows() {
        let order = if left >= candidate.rows() {
            Ordering::Greater
        } else if right >= champion.rows() {
            Ordering::Less
        } else {
            candidate.ids.get(left).cmp(champion.ids.get(right))
        };
        match order {
            Ordering::Less => champion_lacks.note(candidate.ids.get(left)),
            Ordering::Greater => candidate_lacks.note(champion.ids.get(right)),
            Ordering::Equal => {
                own.push(left);
                others.push(right);
            }
        }
        left += usize::from(order != Ordering::Greater);
        right += usize::from(order != Ordering::Less);
    }
    if own.is_empty() {
        return Err(NotComparable::NoCommonRow { candidate: candidate.ids.get(0).to_owned(), champion: champion.ids.get(0).to_owned() });
    }
    let pick = |of: &'a Evaluation, rows: &[usize]| {
        if rows.len() == of.rows() { Cow::Borrowed(&of.outcomes) } else { Cow::Owned(of.outcomes.select(rows)) }
    };
    let (first, second) = with_the_same_classes(pick(candidate, &own), pick(champion, &others));
    if let Some((row, rows)) = first.disagreement(&second) {
        let first = own.get(row).map(|row| candidate.ids.get(*row)).unwrap_or_default().to_owned();
        return Err(NotComparable::Outcomes { rows, first });
    }
    let places = Some(own).filter(|own| own.len() != candidate.rows());
    Ok(Joined { candidate: first, champion: second, places, candidate_lacks, champion_lacks })
}

/// Numbers the classes of both alike: a model may never answer a class that the other does.
fn with_the_same_classes<'a>(candidate: Cow<'a, Outcomes>, champion: Cow<'a, Outcomes>) -> (Cow<'a, Outcomes>, Cow<'a, Outcomes>) {
    let (Outcomes::Multiclass(first), Outcomes::Multiclass(second)) = (candidate.as_ref(), champion.as_ref()) else {
        return (candidate, champion);
    };
    if first.classes == second.classes {
        return (candidate, champion);
    }
    let mut classes: Vec<String> = first.classes.iter().chain(&second.classes).cloned().collect();
    classes.sort_unstable();
    classes.dedup();
    let [first, second] = [first, second].map(|side| Cow::Owned(Outcomes::Multiclass(side.with_classes(&classes))));
    (first, second)
}
