//! Candidate and champion in live traffic: as a shadow, on the same requests, or in a split, each on its own.

use tidegate_contract::{Contract, Metric, Replace};
use tidegate_statistics::bootstrap::Plan;
use tidegate_statistics::interval::Interval;

use super::champion::{margin, outcome, sentence};
use crate::comparison::{Standing, compare, join};
use crate::metrics::{Measured, measure};
use crate::report::{Outcome, Rule};
use crate::words::{self, capitalised, difference, limit, pair, rows_needed};
use crate::{Evaluation, Outcomes, Undefined};

const NAME: &str = "live";

/// What both did in live traffic, where the truth is in.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// The candidate's answers.
    pub candidate: &'a Evaluation,
    /// The champion's.
    pub champion: &'a Evaluation,
    /// When, in words: `from 2013-08-01 to 2013-08-08`.
    pub when: &'a str,
    /// Seed of a bootstrap.
    pub seed: u64,
}

/// Whether the candidate did as well as the champion where it counts: no more than `validation.non_inferiority` worse in the metric that decides.
///
/// Where both answered the same requests they are compared pair by pair; otherwise the requests of each were others, and the intervals of both
/// make that of the difference (MOVER).
///
/// # Source
/// Zou & Donner (2008), *Construction of confidence limits about effect measures*.
#[must_use]
pub fn live(contract: &Contract, live: Live<'_>) -> Rule {
    let metric = contract.validation.primary(contract.task);
    let least = contract.validation.minimum_rows();
    let fewest = live.candidate.rows().min(live.champion.rows()) as u64;
    let common = join(live.candidate, live.champion).ok().filter(|common| common.candidate.rows() as u64 >= least);
    let found = match common {
        Some(common) => paired(contract, metric, &common.candidate, &common.champion, live),
        None if fewest >= least => apart(contract, metric, live),
        None => {
            let says = format!(
                "In live traffic {}, the truth is in of {} of the candidate and of {} of the champion; {} each were asked.",
                live.when,
                words::rows(live.candidate.rows() as u64),
                words::rows(live.champion.rows() as u64),
                words::count(least)
            );
            return Rule::new(NAME, Outcome::CannotTell, says);
        }
    };
    found.unwrap_or_else(|reason| {
        let says = format!("In live traffic {}, the {} of candidate and champion cannot be compared: {reason}.", live.when, metric.title());
        Rule::new(NAME, Outcome::CannotTell, says)
    })
}

fn paired(contract: &Contract, metric: Metric, candidate: &Outcomes, champion: &Outcomes, live: Live<'_>) -> Result<Rule, Undefined> {
    let comparison = compare(candidate, champion, metric, Plan::new(live.seed))?;
    let margin = margin(&contract.validation, metric, comparison.champion);
    let standing = comparison.standing(margin);
    let p = comparison.p_of(standing, margin);
    let says = sentence(&comparison, standing, margin, p, Replace::WhenNotWorse);
    let says = format!("In live traffic {}, both on the same requests: {says}", live.when);
    let rule = Rule::new(NAME, outcome(standing, Replace::WhenNotWorse), says);
    Ok(rule.measured(comparison.improvement, Some(comparison.interval), comparison.rows))
}

fn apart(contract: &Contract, metric: Metric, live: Live<'_>) -> Result<Rule, Undefined> {
    let plan = Plan::new(live.seed);
    let (own, other) = (measure(live.candidate.outcomes(), metric, plan)?, measure(live.champion.outcomes(), metric, plan)?);
    let Some((improvement, interval)) = mover(metric, &own, &other) else { return Err(Undefined::Resamples) };
    let margin = margin(&contract.validation, metric, other.value);
    let standing = standing(interval, margin);
    let (candidate, champion) = pair(own.value, other.value, interval);
    let by = difference(improvement.abs(), if improvement < 0.0 { interval.negated() } else { interval });
    let comes_to = match standing {
        Standing::Better => format!("better by {by}"),
        Standing::AsGood => format!("no more than {} worse", limit(margin)),
        Standing::Worse => format!("worse by {by}"),
        Standing::WorseByMore => format!("worse by {by}, more than the {} that would count as equal", limit(margin)),
        Standing::Unknown => {
            let half = (interval.high - interval.low) / 2.0;
            let needed = rows_needed(own.rows.min(other.rows), half, improvement + margin);
            format!("the difference is {}, and {needed} of each would tell", difference(improvement, interval))
        }
    };
    let says = format!(
        "In live traffic {}, each on its own requests: {} is {candidate} on {} against the champion's {champion} on {}: {comes_to}.",
        live.when,
        capitalised(metric.title()),
        words::rows(own.rows),
        words::rows(other.rows),
    );
    let rule = Rule::new(NAME, outcome(standing, Replace::WhenNotWorse), says);
    Ok(rule.measured(improvement, Some(interval), own.rows.min(other.rows)))
}

/// The improvement of one of two independent values over the other, and its interval.
fn mover(metric: Metric, own: &Measured, other: &Measured) -> Option<(f64, Interval)> {
    let merit = |measured: &Measured| {
        let (value, interval) = (metric.merit(measured.value), measured.interval?);
        let ends = [metric.merit(interval.low), metric.merit(interval.high)];
        Some((value, ends[0].min(ends[1]), ends[0].max(ends[1])))
    };
    let ((own, own_low, own_high), (other, other_low, other_high)) = (merit(own)?, merit(other)?);
    let improvement = own - other;
    let low = improvement - (own - own_low).hypot(other_high - other);
    let high = improvement + (own_high - own).hypot(other - other_low);
    Some((improvement, Interval { low, high }))
}

const fn standing(interval: Interval, margin: f64) -> Standing {
    if interval.low > 0.0 {
        Standing::Better
    } else if interval.high < -margin {
        Standing::WorseByMore
    } else if interval.low > -margin {
        Standing::AsGood
    } else if interval.high < 0.0 {
        Standing::Worse
    } else {
        Standing::Unknown
    }
}

#[cfg(test)]
mod tests {
    use tidegate_contract::Task;
    use tidegate_statistics::interval::{newcombe_difference, wilson};
    use tidegate_statistics::random::Random;

    use super::*;
    use crate::metrics::Method;
    use crate::{Column, Reading, Table};

    fn contract() -> Contract {
        Contract::parse("model: m\ntask: binary\nfeatures: [{ name: x, type: numeric }]\nvalidation: { primary: roc_auc }\n").unwrap()
    }

    /// Scores of so much skill about requests from this one on.
    fn answers(from: usize, rows: usize, skill: f64, noise: u64) -> Evaluation {
        let (mut nature, mut noise) = (Random::new(u64::try_from(from).unwrap(), "nature"), Random::new(noise, "noise"));
        let drawn: Vec<(bool, f64)> = (0..rows)
            .map(|_| {
                let signal = nature.uniform();
                (nature.uniform() < signal, skill * signal + (1.0 - skill) * noise.uniform())
            })
            .collect();
        Table {
            ids: (from..from + rows).map(|row| format!("r{row:08}")).collect(),
            actual: Some(Column::Numbers(drawn.iter().map(|(is, _)| f64::from(u8::from(*is))).collect())),
            score: Some(drawn.iter().map(|(_, score)| *score).collect()),
            ..Table::default()
        }
        .read(&Reading { task: Task::Binary, positive: None, threshold: 0.5 })
        .unwrap()
    }

    fn rule(candidate: &Evaluation, champion: &Evaluation) -> Rule {
        live(&contract(), Live { candidate, champion, when: "from 2013-08-01 to 2013-08-08", seed: 1 })
    }

    #[test]
    fn a_shadow_is_compared_on_the_same_requests() {
        let (good, poor) = (answers(0, 3_000, 0.9, 1), answers(0, 3_000, 0.3, 2));
        let (better, worse, same) = (rule(&good, &poor), rule(&poor, &good), rule(&good, &good));
        assert_eq!([better.outcome, worse.outcome, same.outcome], [Outcome::Pass, Outcome::Fail, Outcome::Pass]);
        assert!(
            better.sentence.starts_with("In live traffic from 2013-08-01 to 2013-08-08, both on the same requests: ROC AUC is"),
            "{}",
            better.sentence
        );
        assert_eq!(better.rows, Some(3_000));
    }

    #[test]
    fn a_split_is_compared_request_for_its_own() {
        let (good, poor) = (answers(0, 3_000, 0.9, 1), answers(10_000, 3_000, 0.3, 2));
        let (better, worse) = (rule(&good, &poor), rule(&poor, &good));
        assert_eq!([better.outcome, worse.outcome], [Outcome::Pass, Outcome::Fail]);
        assert!(better.sentence.contains("each on its own requests: ROC AUC is"), "{}", better.sentence);
        let unsure = rule(&answers(0, 300, 0.6, 1), &answers(10_000, 300, 0.6, 2));
        assert_eq!(unsure.outcome, Outcome::CannotTell, "{}", unsure.sentence);
        assert!(unsure.sentence.contains("of each would tell"), "{}", unsure.sentence);
    }

    #[test]
    fn too_little_truth_cannot_tell() {
        let few = rule(&answers(0, 50, 0.9, 1), &answers(0, 3_000, 0.3, 2));
        assert_eq!(few.outcome, Outcome::CannotTell);
        assert!(few.sentence.contains("the truth is in of 50 rows of the candidate"), "{}", few.sentence);
    }

    #[test]
    fn of_shares_the_interval_is_newcombes() {
        let share = |hits: u64, rows: u64| Measured {
            value: hits as f64 / rows as f64,
            interval: wilson(hits, rows, 0.95),
            method: Method::Wilson,
            rows,
        };
        let (improvement, interval) = mover(Metric::Accuracy, &share(56, 70), &share(48, 80)).unwrap();
        let expected = newcombe_difference(48, 80, 56, 70, 0.95).unwrap();
        assert!((improvement - 0.2).abs() < 1e-12);
        assert!((interval.low - expected.low).abs() < 1e-12 && (interval.high - expected.high).abs() < 1e-12, "{interval:?} {expected:?}");
    }
}
