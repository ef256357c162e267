//! Candidate against champion: the rule that decides whether there is a reason to change anything.

use tidegate_contract::{Metric, Replace, Validation};

use super::Hearing;
use crate::comparison::{Comparison, Standing, compare};
use crate::metrics::Method;
use crate::report::{Finding, Outcome, Rule, finite};
use crate::words::{self, capitalised, difference, limit, pair, rows_needed};

const NAME: &str = "champion";

/// How much worse than the champion still counts as equal, where the contract does not say: of metrics that end at 1.
const DEFAULT_MARGIN: f64 = 0.01;

/// The same for metrics without an end, as a share of the champion's value.
const DEFAULT_RELATIVE_MARGIN: f64 = 0.01;

/// How much worse the candidate may be and still count as equal, in the primary metric's unit.
pub(super) fn margin(validation: &Validation, metric: Metric, champion: f64) -> f64 {
    validation.non_inferiority.unwrap_or_else(|| {
        let ends = metric.range().iter().any(|end| (end.abs() - 1.0).abs() < f64::EPSILON);
        if ends { DEFAULT_MARGIN } else { DEFAULT_RELATIVE_MARGIN * champion.abs() }
    })
}

/// The rule and how the candidate stands.
pub(super) fn rule(hearing: &Hearing<'_>) -> (Rule, Finding) {
    let joined = match &hearing.joined {
        None => return (without_champion(hearing), Finding::NoChampion),
        Some(Err(reason)) => {
            let sentence = format!("Candidate and champion cannot be compared: {reason}.");
            return (Rule::new(NAME, Outcome::CannotTell, sentence), Finding::Refused);
        }
        Some(Ok(joined)) => joined,
    };
    let title = hearing.primary.title();
    match compare(&joined.candidate, &joined.champion, hearing.primary, hearing.plan) {
        Err(reason) => {
            let rows = words::rows(joined.candidate.rows() as u64);
            let sentence = format!("The {title} of candidate and champion cannot be compared on {rows}: {reason}.");
            (Rule::new(NAME, Outcome::CannotTell, sentence), Finding::CannotTell)
        }
        Ok(comparison) => judged(hearing, &comparison),
    }
}

fn without_champion(hearing: &Hearing<'_>) -> Rule {
    let validation = hearing.validation;
    let has_limit = validation.minimum.is_some() || validation.maximum.is_some() || !validation.limits.is_empty();
    if has_limit {
        let sentence = "There is no champion yet: the candidate is judged by its own limits alone.";
        Rule::new(NAME, Outcome::Pass, sentence)
    } else {
        let sentence = format!(
            "There is no champion yet and the contract sets no limit, so there is nothing to judge the candidate by; set validation.minimum or validation.maximum of {}.",
            hearing.primary.name()
        );
        Rule::new(NAME, Outcome::CannotTell, sentence)
    }
}

fn judged(hearing: &Hearing<'_>, comparison: &Comparison) -> (Rule, Finding) {
    let margin = margin(hearing.validation, hearing.primary, comparison.champion);
    let standing = comparison.standing(margin);
    let outcome = outcome(standing, hearing.validation.replace);
    let p = comparison.p_of(standing, margin);
    let finding = match standing {
        Standing::Better => Finding::Better,
        Standing::AsGood => Finding::AsGood,
        Standing::Unknown => Finding::CannotTell,
        Standing::Worse | Standing::WorseByMore => Finding::Worse,
    };
    let mut rule = Rule::new(NAME, outcome, sentence(comparison, standing, margin, p, hearing.validation.replace)).measured(
        comparison.improvement,
        Some(comparison.interval),
        comparison.rows,
    );
    rule.p = finite(p);
    rule.minimum = match hearing.validation.replace {
        Replace::WhenBetter => Some(0.0),
        Replace::WhenNotWorse => finite(-margin),
    };
    (rule, finding)
}

/// The better it stands, the better the outcome: no standing passes where a better one does not.
pub(super) fn outcome(standing: Standing, replace: Replace) -> Outcome {
    match (standing, replace) {
        (Standing::Better, _) | (Standing::AsGood, Replace::WhenNotWorse) => Outcome::Pass,
        (Standing::AsGood, Replace::WhenBetter) | (Standing::Unknown, _) | (Standing::Worse, Replace::WhenNotWorse) => Outcome::CannotTell,
        (Standing::Worse, Replace::WhenBetter) | (Standing::WorseByMore, _) => Outcome::Fail,
    }
}

pub(super) fn sentence(comparison: &Comparison, standing: Standing, margin: f64, p: f64, replace: Replace) -> String {
    let Comparison { metric, candidate, champion, improvement, interval, rows, .. } = *comparison;
    let title = capitalised(metric.title());
    let (own, other) = pair(candidate, champion, interval);
    let by = difference(improvement.abs(), if improvement < 0.0 { interval.negated() } else { interval });
    let rows_said = words::rows(rows);
    let test = format!("{}, one-sided p {}", test(comparison.method, metric, standing), words::p(p));
    let margin_said = limit(margin);
    let half = (interval.high - interval.low) / 2.0;
    match standing {
        Standing::Better => format!("{title} is {own} against the champion's {other}: better by {by} on the same {rows_said} ({test})."),
        Standing::AsGood => {
            let stays = match replace {
                Replace::WhenBetter => "it is not shown to be better, so the champion stays",
                Replace::WhenNotWorse => "that is enough by the contract",
            };
            format!(
                "{title} is {own} against the champion's {other} on the same {rows_said}: as good as the champion, no more than {margin_said} worse ({test}); {stays}."
            )
        }
        Standing::Unknown => {
            let needed = match replace {
                Replace::WhenBetter if improvement > 0.0 => rows_needed(rows, half, improvement),
                _ => rows_needed(rows, half, improvement + margin),
            };
            format!(
                "{title} is {own} against the champion's {other} on the same {rows_said}: the improvement is {}, so it may be better, or worse by more than {margin_said}; {needed} would tell.",
                difference(improvement, interval)
            )
        }
        Standing::Worse => format!("{title} is {own} against the champion's {other}: worse by {by} on the same {rows_said} ({test})."),
        Standing::WorseByMore => format!(
            "{title} is {own} against the champion's {other}: worse by {by} on the same {rows_said}, more than the {margin_said} that would count as equal ({test})."
        ),
    }
}

/// The test that decided; of rows that are right or wrong, McNemar's knows no margin.
fn test(method: Method, metric: Metric, standing: Standing) -> &'static str {
    match method {
        Method::Mcnemar if matches!(standing, Standing::AsGood | Standing::WorseByMore) => "Tango's test",
        Method::Mcnemar => "McNemar's test",
        Method::Delong => "DeLong's test",
        Method::Influence if metric == Metric::RocAucOvr => "DeLong's test over all classes",
        Method::Influence => "by each row's influence",
        Method::Wilson | Method::Bootstrap => "paired bootstrap",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_better_standing_never_has_a_worse_outcome() {
        let ascending = [Standing::WorseByMore, Standing::Worse, Standing::Unknown, Standing::AsGood, Standing::Better];
        for replace in [Replace::WhenBetter, Replace::WhenNotWorse] {
            assert!(ascending.map(|standing| outcome(standing, replace)).is_sorted(), "{replace:?}");
        }
        assert_eq!(outcome(Standing::AsGood, Replace::WhenBetter), Outcome::CannotTell);
        assert_eq!(outcome(Standing::AsGood, Replace::WhenNotWorse), Outcome::Pass);
    }
}
