//! Metrics of the order that scores put rows in, other than one ROC curve, with the influence of every row on them.

use tidegate_contract::Metric;
use tidegate_statistics::auc::Auc;
use tidegate_statistics::interval::{self, Interval};

use crate::evaluation::{Binary, Multiclass};
use crate::{Outcomes, Undefined};

/// A metric and how much each row moves it: its variance, and that of its difference from another model's on the same rows.
///
/// # Source
/// Hampel (1974), *The Influence Curve and its Role in Robust Estimation*; Efron & Tibshirani (1993), chapter 21 (the infinitesimal
/// jackknife). Of one ROC curve this is DeLong's method.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Influence {
    pub(crate) value: f64,
    /// One per row; they sum to 0.
    pub(crate) rows: Vec<f64>,
    /// Rows of the smallest class that is ranked.
    smallest: u64,
}

impl Influence {
    pub(crate) fn variance(&self) -> f64 {
        variance(self.rows.iter().copied())
    }

    /// Variance of the difference of two metrics on the same rows.
    pub(crate) fn variance_of_difference(&self, other: &Self) -> f64 {
        variance(self.rows.iter().zip(&other.rows).map(|(a, b)| a - b))
    }

    /// On the logit scale. At a perfect value the influences are all 0 and say nothing: then Wilson's interval over the smallest class.
    pub(crate) fn interval(&self, confidence: f64) -> Option<Interval> {
        if self.value >= 1.0 {
            return interval::wilson(self.smallest, self.smallest, confidence);
        }
        interval::logit(self.value, self.variance(), confidence)
    }
}

/// `n/(n−1) · Σ influence²`.
fn variance(influences: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = influences.fold((0.0, 0.0), |(sum, count), influence| (sum + influence * influence, count + 1.0));
    if count > 1.0 { sum * count / (count - 1.0) } else { f64::INFINITY }
}

/// Average precision of a binary task, or the mean one-vs-rest ROC AUC of several classes.
pub(crate) fn influence(outcomes: &Outcomes, metric: Metric) -> Result<Influence, Undefined> {
    match (metric, outcomes) {
        (Metric::AveragePrecision, Outcomes::Binary(of)) => average_precision(of),
        (Metric::RocAucOvr, Outcomes::Multiclass(of)) => one_vs_rest(of),
        _ => Err(Undefined::OtherTask),
    }
}

/// `AP = Σ (Rₖ − Rₖ₋₁) Pₖ` over the distinct scores, descending: the mean over the positives of the precision at their score.
///
/// With `N(s)` rows and precision `P(s)` at scores of at least `s`, and `m` positives, row `j` has the influence
/// `(yⱼ (P(sⱼ) − AP) + Σ over positives i with sᵢ ≤ sⱼ of (yⱼ − P(sᵢ)) / N(sᵢ)) / m`.
fn average_precision(of: &Binary) -> Result<Influence, Undefined> {
    let score = of.score.as_ref().ok_or(Undefined::NoScores)?;
    let mut order: Vec<(f64, bool, usize)> =
        score.iter().zip(&of.actual).zip(0..).map(|((score, actual), row)| (*score, *actual, row)).collect();
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
    let positives = of.actual.iter().filter(|actual| **actual).count() as f64;
    if positives <= 0.0 {
        return Err(Undefined::NoPositives);
    }
    // Per distinct score, descending: its end among the rows, precision, and positives at this very score.
    let mut steps: Vec<(usize, f64, f64)> = Vec::new();
    let (mut end, mut found) = (0, 0.0);
    let mut precisions = 0.0;
    for ties in order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq() || a.0 - b.0 == 0.0) {
        let here = ties.iter().filter(|(_, actual, _)| *actual).count() as f64;
        end += ties.len();
        found += here;
        let precision = found / end as f64;
        precisions += here * precision;
        steps.push((end, precision, here));
    }
    // Divided once, so that a perfect order has 1 and not a share of it for each positive, rounded.
    let value = precisions / positives;
    let mut rows = vec![0.0; order.len()];
    let (mut inverse, mut precise) = (0.0, 0.0);
    for (place, (end, precision, here)) in steps.iter().enumerate().rev() {
        let start = place.checked_sub(1).and_then(|before| steps.get(before)).map_or(0, |(end, ..)| *end);
        inverse += here / *end as f64;
        precise += here * precision / *end as f64;
        for (_, actual, row) in order.get(start..*end).into_iter().flatten() {
            let own = if *actual { precision - value + inverse } else { 0.0 };
            if let Some(slot) = rows.get_mut(*row) {
                *slot = (own - precise) / positives;
            }
        }
    }
    Ok(Influence { value, rows, smallest: of.actual.iter().filter(|actual| **actual).count() as u64 })
}

fn one_vs_rest(of: &Multiclass) -> Result<Influence, Undefined> {
    let table = of.probabilities.as_ref().ok_or(Undefined::NoProbabilities)?;
    let classes = of.classes.len();
    let mut rows = vec![0.0; of.actual.len()];
    let (mut areas, mut smallest) = (0.0, u64::MAX);
    for (class, name) in of.classes.iter().enumerate() {
        let positive: Vec<bool> = of.actual.iter().map(|actual| usize::try_from(*actual) == Ok(class)).collect();
        let scores: Vec<f64> = table.chunks_exact(classes).filter_map(|row| row.get(class)).copied().collect();
        let auc = Auc::new(&positive, &scores).ok_or_else(|| Undefined::Class(name.clone()))?;
        areas += auc.area();
        for (row, influence) in rows.iter_mut().zip(auc.influence(&positive)) {
            *row += influence / classes as f64;
        }
        smallest = smallest.min(positive.iter().filter(|positive| **positive).count() as u64);
    }
    Ok(Influence { value: areas / classes as f64, rows, smallest })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weighted by how often each row is there.
    fn weighted(actual: &[bool], score: &[f64], weights: &[f64]) -> f64 {
        let positives: f64 = actual.iter().zip(weights).filter(|(actual, _)| **actual).map(|(_, weight)| weight).sum();
        let precision = |at: f64| {
            let above = |row: &usize| score[*row] >= at;
            let all: f64 = (0..score.len()).filter(above).map(|row| weights[row]).sum();
            (0..score.len()).filter(above).filter(|row| actual[*row]).map(|row| weights[row]).sum::<f64>() / all
        };
        (0..score.len()).filter(|row| actual[*row]).map(|row| weights[row] * precision(score[row])).sum::<f64>() / positives
    }

    #[test]
    fn an_influence_is_what_a_little_more_of_a_row_changes() {
        let actual = [true, false, true, false, true, false, false, true];
        let score = [0.9, 0.8, 0.8, 0.7, 0.5, 0.5, 0.3, 0.1];
        let of = Binary { actual: actual.to_vec(), predicted: vec![true; 8], score: Some(score.to_vec()) };
        let influence = average_precision(&of).unwrap();
        assert!((influence.value - weighted(&actual, &score, &[1.0; 8])).abs() < 1e-12);
        for row in 0..8 {
            let mut weights = [1.0; 8];
            weights[row] += 1e-6;
            let slope = (weighted(&actual, &score, &weights) - influence.value) / 1e-6;
            assert!((influence.rows[row] - slope).abs() < 1e-5, "row {row}: {} {slope}", influence.rows[row]);
        }
        assert!(influence.rows.iter().sum::<f64>().abs() < 1e-12);
    }
    /// However many shares of one it is the sum of: its interval rests on that.
    #[test]
    fn a_perfect_order_is_one() {
        for positives in 1..200 {
            let actual: Vec<bool> = (0..positives + 3).map(|row| row < positives).collect();
            let score: Vec<f64> = (0..positives + 3).map(|row| -f64::from(row)).collect();
            let influence = average_precision(&Binary { predicted: actual.clone(), actual, score: Some(score) }).unwrap();
            assert_eq!(influence.value.to_bits(), 1.0_f64.to_bits(), "{positives} positives");
            assert_eq!(influence.interval(0.95), interval::wilson(influence.smallest, influence.smallest, 0.95));
        }
    }

    #[test]
    fn classes_told_apart_everywhere_have_one() {
        for classes in 2..30_u32 {
            let names = (0..classes).map(|class| format!("{class}")).collect();
            let table = (0..classes).flat_map(|row| (0..classes).map(move |class| f64::from(u8::from(row == class)))).collect();
            let (actual, predicted) = ((0..classes).collect(), (0..classes).collect());
            let of = Multiclass { classes: names, actual, predicted, probabilities: Some(table) };
            assert_eq!(one_vs_rest(&of).unwrap().value.to_bits(), 1.0_f64.to_bits(), "{classes} classes");
        }
    }
}
