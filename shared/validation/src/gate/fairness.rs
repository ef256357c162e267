//! The fairness rule of every protected feature, and all fairness metrics beside it.

use super::limits::{asked, needed, within};
use super::{Hearing, protected};
use crate::fairness::{FairnessValue, Groups};
use crate::report::{FairnessLine, Outcome, Rule, ends, finite};
use crate::words::{self, estimate, list, quoted};
use tidegate_contract::{Fairness, FairnessMetric, Task};

/// Every fairness rule of the contract for every protected feature, and the lines of every feature and metric.
pub(super) fn rules(hearing: &Hearing<'_>) -> (Vec<Rule>, Vec<FairnessLine>) {
    let (mut rules, mut lines) = (Vec::new(), Vec::new());
    if hearing.input.contract.task != Task::Binary {
        return (rules, lines);
    }
    let evaluation = hearing.input.candidate.evaluation;
    for feature in protected(hearing.input.contract) {
        let groups = evaluation
            .group(feature)
            .and_then(|labels| Groups::new(evaluation.outcomes(), labels, hearing.validation.minimum_group_rows()));
        if let Some(groups) = &groups {
            lines.extend(FairnessMetric::ALL.map(|metric| line(hearing, feature, groups, metric)));
        }
        rules.extend(hearing.validation.fairness_rules().map(|fairness| rule(hearing, feature, groups.as_ref(), fairness)));
    }
    (rules, lines)
}

fn line(hearing: &Hearing<'_>, feature: &str, groups: &Groups, metric: FairnessMetric) -> FairnessLine {
    let found = groups.measure(metric, hearing.plan).ok();
    FairnessLine {
        feature: feature.to_owned(),
        metric,
        value: found.as_ref().and_then(|found| finite(found.value)),
        interval: found.as_ref().and_then(|found| found.interval).and_then(ends),
        groups: groups.compared.len() as u64,
        rows: groups.compared.iter().map(crate::fairness::Group::rows).sum(),
    }
}

fn rule(hearing: &Hearing<'_>, feature: &str, groups: Option<&Groups>, fairness: &Fairness) -> Rule {
    let name = format!("fairness:{feature}:{}", fairness.metric.name());
    let title = fairness.metric.name().replace('_', " ");
    let Some(groups) = groups else {
        return Rule::new(name, Outcome::CannotTell, format!("The evaluation set has no values of the protected feature {feature}."));
    };
    let least = words::count(hearing.validation.minimum_group_rows());
    let small: Vec<String> = groups.too_small.iter().map(|(name, _)| quoted(name)).collect();
    let left_out = match (small.len(), hearing.shows_values()) {
        (0, _) => String::new(),
        (_, true) => format!(" Groups of fewer than {least} rows are left out: {}.", list(&small)),
        (1, false) => format!(" A group of fewer than {least} rows is left out."),
        (several, false) => format!(" {several} groups of fewer than {least} rows are left out."),
    };
    let asked = asked(fairness.minimum, fairness.maximum);
    let mut rule = match groups.measure(fairness.metric, hearing.plan) {
        Err(_) => {
            let sentence = format!(
                "The {title} by {feature} is undefined: it takes two groups of {least} rows, with outcomes of both kinds.{left_out}"
            );
            Rule::new(name, Outcome::CannotTell, sentence)
        }
        Ok(FairnessValue { value, interval, rows }) => {
            let says = format!(
                "The {title} by {feature} is {} over {} groups of {}; {asked} was asked",
                estimate(value, interval),
                groups.compared.len(),
                words::rows(rows)
            );
            let (outcome, sentence) = match interval {
                None => (Outcome::CannotTell, format!("{says}, and there are too few rows to know how sure that is.{left_out}")),
                Some(interval) => match within(interval, fairness.minimum, fairness.maximum) {
                    Outcome::CannotTell => {
                        let needed = needed(value, interval, rows, fairness.minimum, fairness.maximum);
                        (
                            Outcome::CannotTell,
                            format!("{says}, and chance could have put it on either side: {needed} would tell.{left_out}"),
                        )
                    }
                    decided => (decided, format!("{says}.{left_out}")),
                },
            };
            Rule::new(name, outcome, sentence).measured(value, interval, rows)
        }
    };
    (rule.minimum, rule.maximum) = (fairness.minimum.and_then(finite), fairness.maximum.and_then(finite));
    rule
}
