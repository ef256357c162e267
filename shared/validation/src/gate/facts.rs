//! Rules about the rows, and about what others measured: overlap with the training set, latency, size.

use super::{Hearing, Latency};
use crate::report::{Outcome, Rule, finite};
use crate::words::{count, limit, list, quoted, rows as rows_said};

/// Fewest timed predictions that a 99th percentile can be read from.
const LEAST_TIMED: u64 = 100;

/// Rules about the evaluation set's rows: enough of them, all of them predicted, none of them known from training.
pub(super) fn rows(hearing: &Hearing<'_>) -> Vec<Rule> {
    vec![enough(hearing), complete(hearing), unseen(hearing)]
}

fn enough(hearing: &Hearing<'_>) -> Rule {
    let rows = hearing.input.candidate.evaluation.rows() as u64;
    let least = hearing.validation.minimum_rows();
    let outcome = if rows >= least { Outcome::Pass } else { Outcome::CannotTell };
    let sentence = format!("The candidate is judged by {}; at least {} were asked.", rows_said(rows), count(least));
    let mut rule = Rule::new("rows", outcome, sentence);
    rule.rows = Some(rows);
    rule.minimum = finite(least as f64);
    rule
}

/// Every row of the evaluation set has a prediction of the candidate: leaving out the hard ones is no way through the gate.
fn complete(hearing: &Hearing<'_>) -> Rule {
    let rows = hearing.input.candidate.evaluation.rows() as u64;
    let joined = hearing.joined.as_ref().and_then(|joined| joined.as_ref().ok());
    let asked = hearing.input.facts.evaluation_rows;
    let lacking = joined.map_or(0, |joined| joined.candidate_lacks.rows).max(asked.unwrap_or(0).saturating_sub(rows));
    let first: Vec<String> = joined.map(|joined| joined.candidate_lacks.first.iter().map(|id| quoted(id)).collect()).unwrap_or_default();
    let named = if first.is_empty() { String::new() } else { format!(", such as {}", list(&first)) };
    let other = joined
        .map(|joined| joined.champion_lacks.rows)
        .filter(|rows| *rows > 0)
        .map_or_else(String::new, |lacking| format!(" The champion has none for {}: those are not compared.", rows_said(lacking)));
    let surplus = asked.filter(|asked| rows > *asked);
    let (outcome, sentence) = if lacking > 0 {
        (Outcome::Fail, format!("The candidate has no prediction for {} of the evaluation set{named}.{other}", rows_said(lacking)))
    } else if let Some(asked) = surplus {
        let sentence =
            format!("The candidate has predictions for {}, and the evaluation set has only {}.{other}", rows_said(rows), count(asked));
        (Outcome::Fail, sentence)
    } else {
        (Outcome::Pass, format!("The candidate has a prediction for every row that is asked about.{other}"))
    };
    let mut rule = Rule::new("complete", outcome, sentence);
    rule.rows = Some(rows);
    rule
}

fn unseen(hearing: &Hearing<'_>) -> Rule {
    let rows = hearing.input.candidate.evaluation.rows() as u64;
    let (outcome, sentence) = match hearing.input.facts.training_overlap {
        None => (Outcome::CannotTell, "Whether rows of the evaluation set were in the training set is not known.".to_owned()),
        Some(0) => (Outcome::Pass, "No row of the evaluation set was in the training set.".to_owned()),
        Some(overlap) => {
            let sentence = format!(
                "{} of {} of the evaluation set {} in the training set: the candidate has seen the answers, and is not compared.",
                count(overlap),
                rows_said(rows),
                if overlap == 1 { "was" } else { "were" }
            );
            (Outcome::Fail, sentence)
        }
    };
    let mut rule = Rule::new("training_overlap", outcome, sentence);
    rule.value = hearing.input.facts.training_overlap.and_then(|overlap| finite(overlap as f64));
    rule.maximum = Some(0.0);
    rule.rows = Some(rows);
    rule
}

/// Rules about speed and size.
pub(super) fn service(hearing: &Hearing<'_>) -> Vec<Rule> {
    let validation = hearing.validation;
    let latency = hearing.input.facts.latency;
    let median = validation
        .latency_p50_ms
        .map(|most| timed("latency_p50_ms", "half of the predictions", 1, most, latency, |latency| latency.p50_ms));
    let slow = validation
        .latency_p99_ms
        .map(|most| timed("latency_p99_ms", "99 of 100 predictions", LEAST_TIMED, most, latency, |latency| latency.p99_ms));
    let size = validation.artifact_bytes.map(|most| {
        let (outcome, sentence) = match hearing.input.facts.artifact_bytes {
            None => (Outcome::CannotTell, format!("The artifact's size is not known; at most {} bytes were asked.", count(most))),
            Some(bytes) => {
                let outcome = if bytes <= most { Outcome::Pass } else { Outcome::Fail };
                (outcome, format!("The artifact has {} bytes; at most {} were asked.", count(bytes), count(most)))
            }
        };
        let mut rule = Rule::new("artifact_bytes", outcome, sentence);
        rule.value = hearing.input.facts.artifact_bytes.and_then(|bytes| finite(bytes as f64));
        rule.maximum = finite(most as f64);
        rule
    });
    median.into_iter().chain(slow).chain(size).collect()
}

fn timed(name: &str, share: &str, least: u64, most: f64, latency: Option<Latency>, of: fn(Latency) -> f64) -> Rule {
    let asked = format!("at most {} ms were asked", limit(most));
    let mut rule = match latency.filter(|latency| of(*latency).is_finite()) {
        None => Rule::new(name, Outcome::CannotTell, format!("How long predictions take was not measured; {asked}.")),
        Some(latency) => {
            let value = of(latency);
            let says = format!(
                "{} took at most {} ms, of {} that were timed; {asked}",
                crate::words::capitalised(share),
                milliseconds(value),
                count(latency.rows)
            );
            let (outcome, sentence) = if latency.rows < least {
                (Outcome::CannotTell, format!("{says}, and it takes {} timings to tell.", count(least)))
            } else if value <= most {
                (Outcome::Pass, format!("{says}."))
            } else {
                (Outcome::Fail, format!("{says}."))
            };
            Rule::new(name, outcome, sentence).measured(value, None, latency.rows)
        }
    };
    rule.maximum = finite(most);
    rule
}

/// Three digits that count: `0.123`, `12.5`, `80`.
fn milliseconds(value: f64) -> String {
    let decimals = [(100.0, 0), (10.0, 1), (1.0, 2)].into_iter().find(|(from, _)| value >= *from).map_or(3, |(_, decimals)| decimals);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
