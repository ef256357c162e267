//! Limits of the candidate's own metrics.

use tidegate_contract::Metric;
use tidegate_statistics::interval::Interval;

use super::Hearing;
use crate::Undefined;
use crate::metrics::Measured;
use crate::report::{Outcome, Rule, finite};
use crate::words::{self, capitalised, estimate, rows_needed};

/// One rule for the primary metric's limits, and one for each further limit.
pub(super) fn rules(hearing: &Hearing<'_>, measured: &[(Metric, Result<Measured, Undefined>)]) -> Vec<Rule> {
    let validation = hearing.validation;
    let primary = (hearing.primary, validation.minimum, validation.maximum);
    let further = validation.limits.iter().map(|limit| (limit.metric, limit.minimum, limit.maximum));
    std::iter::once(primary)
        .chain(further)
        .filter(|(_, minimum, maximum)| minimum.is_some() || maximum.is_some())
        .map(|(metric, minimum, maximum)| {
            let found = measured.iter().find(|(other, _)| *other == metric).map_or(&Err(Undefined::OtherTask), |(_, measured)| measured);
            rule(hearing, metric, found, minimum, maximum)
        })
        .collect()
}

fn rule(hearing: &Hearing<'_>, metric: Metric, found: &Result<Measured, Undefined>, minimum: Option<f64>, maximum: Option<f64>) -> Rule {
    let name = format!("limit:{}", metric.name());
    let title = capitalised(metric.title());
    let asked = asked(minimum, maximum);
    let mut rule = match found {
        Err(reason) => {
            let rows = words::rows(hearing.input.candidate.evaluation.rows() as u64);
            Rule::new(name, Outcome::CannotTell, format!("{title} is undefined on {rows}: {reason}; {asked} was asked."))
        }
        Ok(Measured { value, interval, rows, .. }) => {
            let says = format!("{title} is {} on {}; {asked} was asked", estimate(*value, *interval), words::rows(*rows));
            let (outcome, sentence) = match interval {
                None => (Outcome::CannotTell, format!("{says}, and there are too few rows to know how sure that is.")),
                Some(interval) => match within(*interval, minimum, maximum) {
                    Outcome::CannotTell => {
                        let needed = needed(*value, *interval, *rows, minimum, maximum);
                        (Outcome::CannotTell, format!("{says}, and chance could have put it on either side: {needed} would tell."))
                    }
                    decided => (decided, format!("{says}.")),
                },
            };
            Rule::new(name, outcome, sentence).measured(*value, *interval, *rows)
        }
    };
    (rule.minimum, rule.maximum) = (minimum.and_then(finite), maximum.and_then(finite));
    rule
}

/// `at least 0.70`, `at most 0.05`, `0.2 to 0.8`.
pub(super) fn asked(minimum: Option<f64>, maximum: Option<f64>) -> String {
    match (minimum, maximum) {
        (Some(minimum), Some(maximum)) => format!("{} to {}", words::limit(minimum), words::limit(maximum)),
        (Some(minimum), None) => format!("at least {}", words::limit(minimum)),
        (None, Some(maximum)) => format!("at most {}", words::limit(maximum)),
        (None, None) => "nothing".to_owned(),
    }
}

/// Pass if the whole interval lies within the limits, fail if the whole interval lies outside.
pub(super) fn within(interval: Interval, minimum: Option<f64>, maximum: Option<f64>) -> Outcome {
    let minimum = minimum.unwrap_or(f64::NEG_INFINITY);
    let maximum = maximum.unwrap_or(f64::INFINITY);
    if interval.low >= minimum && interval.high <= maximum {
        Outcome::Pass
    } else if interval.high < minimum || interval.low > maximum {
        Outcome::Fail
    } else {
        Outcome::CannotTell
    }
}

/// How many rows would tell, if the value stays what it is.
pub(super) fn needed(value: f64, interval: Interval, rows: u64, minimum: Option<f64>, maximum: Option<f64>) -> String {
    let to = |limit: Option<f64>| limit.map_or(f64::INFINITY, |limit| (value - limit).abs());
    rows_needed(rows, (interval.high - interval.low) / 2.0, to(minimum).min(to(maximum)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_decides_only_as_a_whole() {
        let interval = Interval { low: 0.69, high: 0.73 };
        assert_eq!(within(interval, Some(0.68), None), Outcome::Pass);
        assert_eq!(within(interval, Some(0.70), None), Outcome::CannotTell);
        assert_eq!(within(interval, Some(0.74), None), Outcome::Fail);
        assert_eq!(within(interval, None, Some(0.73)), Outcome::Pass);
        assert_eq!(within(interval, None, Some(0.60)), Outcome::Fail);
        assert_eq!(within(interval, Some(0.5), Some(0.7)), Outcome::CannotTell);
    }
}
