//! The promotion gate: every rule of the contract, what it comes to, and a report that says so.
//!
//! # What a rule needs to pass
//!
//! Evidence, not a number on the right side: the whole 95 % interval meets a limit, or the rule *cannot tell*, which never passes by itself.
//! A candidate replaces the champion only when it is *better* by a paired test at one-sided 2.5 %; one that is merely as good stays
//! outside (`validation.replace: when-not-worse` lets it in). So of two equal models one replaces the other in 2.5 % of the cases at most,
//! where "the greater number wins" lets it in half of the time; `tests/promotions.rs` counts them.

mod champion;
mod facts;
mod fairness;
mod limits;
mod live;
mod segments;
mod verdict;

pub use live::{Live, live};
use serde::Serialize;
use tidegate_contract::{Contract, Metric, Sensitivity, Task, Validation};
use tidegate_statistics::bootstrap::Plan;

use crate::comparison::{Joined, join};
use crate::metrics::{self, Measured};
use crate::report::{ComputedFrom, FORMAT, GateReport, MetricLine, MetricValue, RowCounts, Rule, sha256};
use crate::{Evaluation, Undefined, score_rows};

/// One model with its predictions on an evaluation set.
#[derive(Debug, Clone, Copy)]
pub struct Contender<'a> {
    /// The model version's name.
    pub version: &'a str,
    /// Digest of its manifest.
    pub digest: &'a str,
    /// Digest of the evaluation set.
    pub evaluation_digest: &'a str,
    /// Its predictions.
    pub evaluation: &'a Evaluation,
}

/// What others found out about the candidate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Rows of the evaluation set; the candidate must have predicted all of them.
    pub evaluation_rows: Option<u64>,
    /// Evaluation rows that were in the candidate's training set; `None` if nobody could look.
    pub training_overlap: Option<u64>,
    /// How long predictions took.
    pub latency: Option<Latency>,
    /// Size of the artifact's files together, bytes.
    pub artifact_bytes: Option<u64>,
    /// Rules that were judged elsewhere: answers of an endpoint under load, live comparisons.
    pub further: Vec<Rule>,
}

/// How long predictions took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// Median, milliseconds.
    pub p50_ms: f64,
    /// 99th percentile, milliseconds.
    pub p99_ms: f64,
    /// Predictions that were timed.
    pub rows: u64,
}

/// Everything that the gate judges by.
#[derive(Debug, Clone)]
pub struct GateInput<'a> {
    /// What the team declared.
    pub contract: &'a Contract,
    /// The candidate.
    pub candidate: Contender<'a>,
    /// The champion, if there is one.
    pub champion: Option<Contender<'a>>,
    /// What others found out.
    pub facts: Facts,
    /// The seed of every bootstrap. Take [`seed_of`] the evaluation set, which a candidate cannot choose.
    pub seed: u64,
}

/// A seed from the digest of an evaluation set: the same set, the same resamples, whoever is judged by it.
#[must_use]
pub fn seed_of(evaluation_digest: &str) -> u64 {
    u64::from_str_radix(sha256(evaluation_digest.as_bytes()).get(..16).unwrap_or_default(), 16).unwrap_or(0)
}

/// What the rules share.
struct Hearing<'a> {
    input: &'a GateInput<'a>,
    validation: &'a Validation,
    primary: Metric,
    plan: Plan,
    /// Candidate and champion on their common rows, or why not.
    joined: Option<Result<Joined<'a>, String>>,
}

impl Hearing<'_> {
    /// Whether a report may show the values of categorical features.
    fn shows_values(&self) -> bool {
        self.input.contract.sensitivity != Sensitivity::Restricted
    }
}

/// Judges a candidate by its contract.
#[must_use]
pub fn gate(input: &GateInput<'_>) -> GateReport {
    let (contract, candidate) = (input.contract, input.candidate);
    let validation = &contract.validation;
    let hearing = Hearing {
        input,
        validation,
        primary: validation.primary(contract.task),
        plan: Plan::new(input.seed),
        joined: input.champion.map(|champion| comparable(input, champion)),
    };
    let measured = metrics::measure_all(candidate.evaluation.outcomes(), hearing.plan);
    let of_champion = input.champion.map(|champion| metrics::measure_all(champion.evaluation.outcomes(), hearing.plan));

    let mut rules = facts::rows(&hearing);
    rules.extend(limits::rules(&hearing, &measured));
    let (champion, finding) = champion::rule(&hearing);
    rules.push(champion);
    rules.extend(segments::rules(&hearing));
    let (of_fairness, fairness) = fairness::rules(&hearing);
    rules.extend(of_fairness);
    rules.extend(facts::service(&hearing));
    rules.extend(input.facts.further.iter().cloned());

    let outcome = verdict::outcome(&rules);
    let headline = verdict::headline(&hearing, outcome, finding, &rules);
    GateReport {
        format: FORMAT.to_owned(),
        model: contract.model.clone(),
        outcome,
        finding,
        headline,
        rules,
        metrics: metric_lines(&measured, of_champion.as_deref(), candidate.evaluation.rows() as u64),
        fairness,
        rows: row_counts(&hearing),
        scores: score_rows(candidate.evaluation.outcomes()),
        computed_from: computed_from(&hearing),
    }
}

/// Candidate and champion on their common rows, or why they cannot be compared.
fn comparable<'a>(input: &'a GateInput<'a>, champion: Contender<'a>) -> Result<Joined<'a>, String> {
    if champion.evaluation_digest != input.candidate.evaluation_digest {
        return Err(format!(
            "they were evaluated on different sets: the candidate on {}, the champion on {}",
            short(input.candidate.evaluation_digest),
            short(champion.evaluation_digest)
        ));
    }
    if let Some(overlap) = input.facts.training_overlap.filter(|overlap| *overlap > 0) {
        return Err(format!("the candidate was trained on {} of the evaluation set", crate::words::rows(overlap)));
    }
    join(input.candidate.evaluation, champion.evaluation).map_err(|reason| reason.to_string())
}

/// The first digits of a digest, enough to tell two apart.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

fn metric_lines(
    candidate: &[(Metric, Result<Measured, Undefined>)],
    champion: Option<&[(Metric, Result<Measured, Undefined>)]>,
    rows: u64,
) -> Vec<MetricLine> {
    let line = |(metric, own): &(Metric, Result<Measured, Undefined>)| {
        let other = champion.into_iter().flatten().find(|(other, _)| other == metric);
        MetricLine {
            metric: *metric,
            candidate: MetricValue::of(own, rows),
            champion: other.map(|(_, other)| MetricValue::of(other, rows)),
        }
    };
    candidate.iter().map(line).collect()
}

fn row_counts(hearing: &Hearing<'_>) -> RowCounts {
    let joined = hearing.joined.as_ref().and_then(|joined| joined.as_ref().ok());
    RowCounts {
        candidate: hearing.input.candidate.evaluation.rows() as u64,
        champion: hearing.input.champion.map(|champion| champion.evaluation.rows() as u64),
        common: joined.map(|joined| joined.candidate.rows() as u64),
        candidate_lacks: joined.map(|joined| joined.candidate_lacks.first.clone()).unwrap_or_default(),
        champion_lacks: joined.map(|joined| joined.champion_lacks.first.clone()).unwrap_or_default(),
    }
}

/// What of a contract the gate reads.
#[derive(Serialize)]
struct Policy<'a> {
    task: Task,
    segments: &'a [String],
    protected: Vec<&'a str>,
    validation: &'a Validation,
}

fn computed_from(hearing: &Hearing<'_>) -> ComputedFrom {
    let (contract, candidate) = (hearing.input.contract, hearing.input.candidate);
    let policy = Policy {
        task: contract.task,
        segments: &contract.segments,
        protected: protected(contract).collect(),
        validation: hearing.validation,
    };
    ComputedFrom {
        candidate: candidate.version.to_owned(),
        candidate_digest: candidate.digest.to_owned(),
        champion: hearing.input.champion.map(|champion| champion.version.to_owned()),
        champion_digest: hearing.input.champion.map(|champion| champion.digest.to_owned()),
        evaluation_digest: candidate.evaluation_digest.to_owned(),
        contract_digest: contract.digest(),
        policy_digest: sha256(&serde_json::to_vec(&policy).unwrap_or_default()),
        resamples: hearing.plan.resamples,
        seed: hearing.plan.seed,
    }
}

/// Names of the protected features, in the contract's order.
fn protected(contract: &Contract) -> impl Iterator<Item = &str> {
    contract.features.iter().filter(|feature| feature.protected).map(|feature| feature.name.as_str())
}
