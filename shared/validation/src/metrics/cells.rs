//! Metrics that are functions of the confusion matrix.

use std::collections::BTreeMap;

use tidegate_contract::Metric;
use tidegate_statistics::bootstrap::{Draws, Plan};

use crate::evaluation::{Binary, Multiclass};
use crate::{Outcomes, Undefined};

/// How many rows of each class were predicted to be of each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    /// Names of the classes; of a binary task `negative` and `positive`.
    classes: Vec<String>,
    /// Rows by actual and predicted class; pairs that do not occur are absent.
    cells: BTreeMap<(u32, u32), u64>,
}

impl Confusion {
    /// The confusion matrix of a classification; `None` of a regression.
    #[must_use]
    pub fn of(outcomes: &Outcomes) -> Option<Self> {
        let mut cells = BTreeMap::new();
        let classes = match outcomes {
            Outcomes::Binary(Binary { actual, predicted, .. }) => {
                for (actual, predicted) in actual.iter().zip(predicted) {
                    *cells.entry((u32::from(*actual), u32::from(*predicted))).or_default() += 1;
                }
                vec!["negative".to_owned(), "positive".to_owned()]
            }
            Outcomes::Multiclass(Multiclass { classes, actual, predicted, .. }) => {
                for (actual, predicted) in actual.iter().zip(predicted) {
                    *cells.entry((*actual, *predicted)).or_default() += 1;
                }
                classes.clone()
            }
            Outcomes::Regression(_) => return None,
        };
        Some(Self { classes, cells })
    }

    /// Names of the classes, in the order of their numbers.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Rows of class `actual` that were predicted to be of class `predicted`, by the classes' places.
    #[must_use]
    pub fn rows(&self, actual: usize, predicted: usize) -> u64 {
        let key = u32::try_from(actual).ok().zip(u32::try_from(predicted).ok());
        key.and_then(|key| self.cells.get(&key)).copied().unwrap_or(0)
    }

    /// The rows that occur: actual class, predicted class, number.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, u64)> + '_ {
        self.cells
            .iter()
            .filter_map(|(&(actual, predicted), &rows)| Some((usize::try_from(actual).ok()?, usize::try_from(predicted).ok()?, rows)))
    }

    pub(crate) fn value(&self, metric: Metric) -> Result<f64, Undefined> {
        let mut marginals = Marginals::new(self.classes.len());
        for (actual, predicted, rows) in self.cells() {
            marginals.add(actual, predicted, rows as f64);
        }
        marginals.value(metric)
    }

    /// The metrics when every cell comes out otherwise.
    pub(super) fn draw(&self, metrics: &[Metric], estimates: &[f64], plan: Plan) -> Vec<Draws> {
        let cells: Vec<(usize, usize, u64)> = self.cells().collect();
        let counts: Vec<u64> = cells.iter().map(|(.., rows)| *rows).collect();
        let mut marginals = Marginals::new(self.classes.len());
        plan.draw_counts(&counts, "cells", estimates, |drawn, values| {
            marginals.clear();
            for ((actual, predicted, _), rows) in cells.iter().zip(drawn) {
                marginals.add(*actual, *predicted, *rows);
            }
            for (value, metric) in values.iter_mut().zip(metrics) {
                *value = marginals.value(*metric).ok();
            }
        })
    }
}

/// What every metric of this kind needs of a confusion matrix: per class the rows that are right, actual and predicted.
#[derive(Debug)]
pub(crate) struct Marginals {
    classes: Vec<Class>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Class {
    right: f64,
    actual: f64,
    predicted: f64,
}

impl Class {
    /// Right rows of the predicted ones; 0 where it is never predicted, as within scikit-learn's averages.
    fn precision(self) -> f64 {
        if self.predicted > 0.0 { self.right / self.predicted } else { 0.0 }
    }

    fn recall(self) -> f64 {
        if self.actual > 0.0 { self.right / self.actual } else { 0.0 }
    }

    /// `2·TP / (2·TP + FP + FN)`.
    fn f1(self) -> f64 {
        let both = self.actual + self.predicted;
        if both > 0.0 { 2.0 * self.right / both } else { 0.0 }
    }

    fn occurs(self) -> bool {
        self.actual > 0.0 || self.predicted > 0.0
    }
}

impl Marginals {
    pub(crate) fn new(classes: usize) -> Self {
        Self { classes: vec![Class::default(); classes] }
    }

    pub(crate) fn clear(&mut self) {
        self.classes.fill(Class::default());
    }

    pub(crate) fn add(&mut self, actual: usize, predicted: usize, rows: f64) {
        if let Some(class) = self.classes.get_mut(actual) {
            class.actual += rows;
            class.right += if actual == predicted { rows } else { 0.0 };
        }
        if let Some(class) = self.classes.get_mut(predicted) {
            class.predicted += rows;
        }
    }

    pub(crate) fn value(&self, metric: Metric) -> Result<f64, Undefined> {
        let rows: f64 = self.classes.iter().map(|class| class.actual).sum();
        let right: f64 = self.classes.iter().map(|class| class.right).sum();
        if rows <= 0.0 {
            return Err(Undefined::NoRows);
        }
        let mean = |of: fn(Class) -> f64| {
            let (sum, count) =
                self.classes.iter().filter(|class| class.occurs()).fold((0.0, 0.0), |(sum, count), class| (sum + of(*class), count + 1.0));
            Ok(sum / count)
        };
        let weighted = |of: fn(Class) -> f64| Ok(self.classes.iter().map(|class| of(*class) * class.actual).sum::<f64>() / rows);
        match metric {
            Metric::Accuracy | Metric::PrecisionMicro | Metric::RecallMicro | Metric::F1Micro => Ok(right / rows),
            Metric::BalancedAccuracy => self.balanced_accuracy(),
            Metric::Precision | Metric::Recall | Metric::Specificity | Metric::F1 => self.of_the_positive(metric),
            Metric::Mcc => self.matthews(rows, right),
            Metric::PrecisionMacro => mean(Class::precision),
            Metric::RecallMacro => mean(Class::recall),
            Metric::F1Macro => mean(Class::f1),
            Metric::PrecisionWeighted => weighted(Class::precision),
            Metric::RecallWeighted => weighted(Class::recall),
            Metric::F1Weighted => weighted(Class::f1),
            _ => Err(Undefined::OtherTask),
        }
    }

    fn of_the_positive(&self, metric: Metric) -> Result<f64, Undefined> {
        let (Some(negative), Some(positive)) = (self.classes.first(), self.classes.get(1)) else { return Err(Undefined::OtherTask) };
        let share = |of: f64, all: f64, undefined| if all > 0.0 { Ok(of / all) } else { Err(undefined) };
        match metric {
            Metric::Precision => share(positive.right, positive.predicted, Undefined::NothingPredicted),
            Metric::Recall => share(positive.right, positive.actual, Undefined::NoPositives),
            Metric::Specificity => share(negative.right, negative.actual, Undefined::NoNegatives),
            _ => share(2.0 * positive.right, positive.actual + positive.predicted, Undefined::NoPositives),
        }
    }

    /// Mean recall of the classes that have rows; one class alone has nothing to balance.
    fn balanced_accuracy(&self) -> Result<f64, Undefined> {
        let (sum, count) = self
            .classes
            .iter()
            .filter(|class| class.actual > 0.0)
            .fold((0.0, 0.0), |(sum, count), class| (sum + class.recall(), count + 1.0));
        if count >= 2.0 { Ok(sum / count) } else { Err(Undefined::Constant) }
    }

    /// `(c·s − Σ pₖtₖ) / √((s² − Σ pₖ²)(s² − Σ tₖ²))`: Gorodkin (2004), *Comparing two K-category assignments by a K-category
    /// correlation coefficient*.
    fn matthews(&self, rows: f64, right: f64) -> Result<f64, Undefined> {
        let sum = |of: fn(&Class) -> f64| self.classes.iter().map(of).sum::<f64>();
        let both = sum(|class| class.predicted * class.actual);
        let predicted = rows * rows - sum(|class| class.predicted * class.predicted);
        let actual = rows * rows - sum(|class| class.actual * class.actual);
        if predicted <= 0.0 || actual <= 0.0 {
            return Err(Undefined::Constant);
        }
        // One root of the product: that of a square is exact, two roots of the same number are not. The sums round beyond 2⁵³.
        Ok(((right * rows - both) / (predicted * actual).sqrt()).clamp(-1.0, 1.0))
    }
}

/// Whether a metric is a function of the confusion matrix.
pub(crate) fn is_of_cells(metric: Metric) -> bool {
    use Metric::{
        Accuracy, BalancedAccuracy, F1, F1Macro, F1Micro, F1Weighted, Mcc, Precision, PrecisionMacro, PrecisionMicro, PrecisionWeighted,
        Recall, RecallMacro, RecallMicro, RecallWeighted, Specificity,
    };
    matches!(
        metric,
        Accuracy
            | BalancedAccuracy
            | Precision
            | Recall
            | Specificity
            | F1
            | Mcc
            | PrecisionMacro
            | RecallMacro
            | F1Macro
            | PrecisionWeighted
            | RecallWeighted
            | F1Weighted
            | PrecisionMicro
            | RecallMicro
            | F1Micro
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[(usize, usize, f64)], classes: usize) -> Marginals {
        let mut marginals = Marginals::new(classes);
        for &(actual, predicted, rows) in cells {
            marginals.add(actual, predicted, rows);
        }
        marginals
    }

    #[test]
    fn a_worked_binary_table() {
        // 50 negatives, 10 of them alarmed; 40 positives, 30 of them found.
        let table = table(&[(0, 0, 40.0), (0, 1, 10.0), (1, 0, 10.0), (1, 1, 30.0)], 2);
        for (metric, expected) in [
            (Metric::Accuracy, 70.0 / 90.0),
            (Metric::Precision, 0.75),
            (Metric::Recall, 0.75),
            (Metric::Specificity, 0.8),
            (Metric::F1, 0.75),
            (Metric::BalancedAccuracy, 0.775),
            (Metric::Mcc, (30.0 * 40.0 - 100.0) / 2_000.0),
        ] {
            assert!((table.value(metric).unwrap() - expected).abs() < 1e-12, "{}", metric.name());
        }
    }

    /// Two roots of six multiplied are more than six.
    #[test]
    fn right_everywhere_is_one_and_no_more() {
        for classes in 2..60 {
            for rows in [1.0, 3.0, 1e8 + 1.0] {
                let cells: Vec<(usize, usize, f64)> = (0..classes).map(|class| (class, class, rows + class as f64)).collect();
                let value = table(&cells, classes).value(Metric::Mcc).unwrap();
                assert!(value <= 1.0 && value > 1.0 - 1e-15, "{classes} classes of {rows}: {value}");
            }
            let even: Vec<(usize, usize, f64)> = (0..classes).map(|class| (class, class, 1.0)).collect();
            assert_eq!(table(&even, classes).value(Metric::Mcc), Ok(1.0), "{classes} classes");
        }
        assert_eq!(table(&[(0, 1, 3.0), (1, 0, 4.0)], 2).value(Metric::Mcc), Ok(-1.0));
    }

    #[test]
    fn what_has_no_denominator_is_undefined() {
        let nothing_predicted = table(&[(0, 0, 5.0), (1, 0, 5.0)], 2);
        assert_eq!(nothing_predicted.value(Metric::Precision), Err(Undefined::NothingPredicted));
        assert_eq!(nothing_predicted.value(Metric::Mcc), Err(Undefined::Constant));
        assert_eq!(nothing_predicted.value(Metric::F1), Ok(0.0));
        let negatives = table(&[(0, 0, 5.0)], 2);
        assert_eq!(negatives.value(Metric::Recall), Err(Undefined::NoPositives));
        assert_eq!(negatives.value(Metric::BalancedAccuracy), Err(Undefined::Constant));
    }
}
