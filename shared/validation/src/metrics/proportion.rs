//! Metrics that are shares of independent rows: Wilson's interval is theirs, and McNemar's test.

use tidegate_contract::Metric;

use crate::Outcomes;
use crate::evaluation::{Binary, Multiclass};

/// A share of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proportion {
    pub(super) hits: u64,
    pub(super) rows: u64,
}

impl Proportion {
    pub(super) fn share(self) -> f64 {
        self.hits as f64 / self.rows as f64
    }
}

/// A metric that is a share of independent rows, as such.
pub(super) fn proportion(outcomes: &Outcomes, metric: Metric) -> Option<Proportion> {
    let count = |mut hits: Box<dyn Iterator<Item = Option<bool>> + '_>| {
        let all = hits.by_ref().flatten().fold((0, 0), |(hit, rows), is_hit| (hit + u64::from(is_hit), rows + 1));
        Some(Proportion { hits: all.0, rows: all.1 }).filter(|all| all.rows > 0)
    };
    match (metric, outcomes) {
        (Metric::Precision, Outcomes::Binary(Binary { actual, predicted, .. })) => {
            count(Box::new(actual.iter().zip(predicted).map(|(actual, predicted)| predicted.then_some(*actual))))
        }
        _ => count(hits(outcomes, metric)?),
    }
}

/// Row by row whether a prediction is right, of a metric whose rows do not depend on the predictions; `None` for rows that do not count.
pub(crate) fn hits(outcomes: &Outcomes, metric: Metric) -> Option<Box<dyn Iterator<Item = Option<bool>> + '_>> {
    match (metric, outcomes) {
        (Metric::Accuracy | Metric::Recall | Metric::Specificity, Outcomes::Binary(Binary { actual, predicted, .. })) => {
            let counts = move |actual: bool| match metric {
                Metric::Recall => actual,
                Metric::Specificity => !actual,
                _ => true,
            };
            Some(Box::new(actual.iter().zip(predicted).map(move |(actual, predicted)| counts(*actual).then_some(actual == predicted))))
        }
        (
            Metric::Accuracy | Metric::PrecisionMicro | Metric::RecallMicro | Metric::F1Micro,
            Outcomes::Multiclass(Multiclass { actual, predicted, .. }),
        ) => Some(Box::new(actual.iter().zip(predicted).map(|(actual, predicted)| Some(actual == predicted)))),
        (Metric::TopKAccuracy, Outcomes::Multiclass(Multiclass { classes, actual, probabilities: Some(table), .. })) => {
            Some(Box::new(actual.iter().zip(table.chunks_exact(classes.len())).map(|(actual, row)| Some(is_among_first(*actual, row)))))
        }
        _ => None,
    }
}

/// How many of the most probable classes `top_k_accuracy` looks at.
const TOP: usize = 2;

/// Whether fewer than [`TOP`] classes are more probable; of equal ones the later name comes first, as in scikit-learn.
fn is_among_first(actual: u32, probabilities: &[f64]) -> bool {
    let Some((place, own)) = usize::try_from(actual).ok().and_then(|place| Some((place, *probabilities.get(place)?))) else { return false };
    let before = probabilities.iter().enumerate().filter(|(class, value)| **value > own || (**value >= own && *class > place)).count();
    before < TOP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_among_the_first_two() {
        assert!(is_among_first(1, &[0.5, 0.3, 0.2]) && !is_among_first(2, &[0.5, 0.3, 0.2]));
        assert!(!is_among_first(0, &[0.25, 0.25, 0.25]) && is_among_first(1, &[0.25, 0.25, 0.25]));
    }
}
