//! The measures of a model's quality that a contract can name, and what is known of each without any data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Task;

/// A measure of how good predictions are, named as scikit-learn names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Area under the ROC curve.
    RocAuc,
    /// Area under the precision-recall curve, summed in steps.
    AveragePrecision,
    /// Mean negative log likelihood, in nats.
    LogLoss,
    /// Mean squared difference of score and outcome.
    Brier,
    /// Share of right predictions.
    Accuracy,
    /// Mean recall of the classes.
    BalancedAccuracy,
    /// Share of the predicted positives that are positive.
    Precision,
    /// Share of the positives that are found.
    Recall,
    /// Share of the negatives that are left alone.
    Specificity,
    /// Harmonic mean of precision and recall.
    F1,
    /// Matthews' correlation of prediction and outcome.
    Mcc,
    /// Expected calibration error over ten bins of equal width; of several classes that of the most probable one.
    Ece,
    /// Precision, each class with the same weight.
    PrecisionMacro,
    /// Recall, each class with the same weight.
    RecallMacro,
    /// F1, each class with the same weight.
    F1Macro,
    /// Precision, classes weighted by their rows.
    PrecisionWeighted,
    /// Recall, classes weighted by their rows.
    RecallWeighted,
    /// F1, classes weighted by their rows.
    F1Weighted,
    /// Precision over all classes' counts: with one class per row, the accuracy.
    PrecisionMicro,
    /// Recall over all classes' counts: with one class per row, the accuracy.
    RecallMicro,
    /// F1 over all classes' counts: with one class per row, the accuracy.
    F1Micro,
    /// Mean area under the ROC curve of each class against the rest.
    RocAucOvr,
    /// Share of rows whose class is among the two most probable.
    TopKAccuracy,
    /// Mean absolute error.
    Mae,
    /// Root of the mean squared error.
    Rmse,
    /// Mean squared error.
    Mse,
    /// Median absolute error.
    MedianAe,
    /// Mean absolute error as a share of the outcome, over the rows whose outcome is not zero.
    Mape,
    /// Share of the outcome's variance that is explained.
    R2,
    /// Mean of prediction less outcome.
    Bias,
}

/// Which value of a metric is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The greater.
    Greater,
    /// The less.
    Less,
    /// The one closer to zero.
    Zero,
}

use Metric::{
    Accuracy, AveragePrecision, BalancedAccuracy, Bias, Brier, Ece, F1, F1Macro, F1Micro, F1Weighted, LogLoss, Mae, Mape, Mcc, MedianAe,
    Mse, Precision, PrecisionMacro, PrecisionMicro, PrecisionWeighted, R2, Recall, RecallMacro, RecallMicro, RecallWeighted, Rmse, RocAuc,
    RocAucOvr, Specificity, TopKAccuracy,
};

const BINARY: &[Metric] =
    &[RocAuc, AveragePrecision, LogLoss, Brier, Ece, Accuracy, BalancedAccuracy, Precision, Recall, Specificity, F1, Mcc];
const MULTICLASS: &[Metric] = &[
    Accuracy,
    BalancedAccuracy,
    Mcc,
    PrecisionMacro,
    RecallMacro,
    F1Macro,
    PrecisionWeighted,
    RecallWeighted,
    F1Weighted,
    PrecisionMicro,
    RecallMicro,
    F1Micro,
    LogLoss,
    RocAucOvr,
    TopKAccuracy,
    Ece,
];
const REGRESSION: &[Metric] = &[Rmse, Mae, Mse, MedianAe, Mape, R2, Bias];

impl Metric {
    /// The metrics of a task, in the order in which reports show them.
    #[must_use]
    pub fn of(task: Task) -> &'static [Self] {
        match task {
            Task::Binary => BINARY,
            Task::Multiclass => MULTICLASS,
            Task::Regression => REGRESSION,
        }
    }

    /// The metric that decides where a contract names none: `roc_auc`, `accuracy`, `rmse`.
    #[must_use]
    pub fn default_of(task: Task) -> Self {
        match task {
            Task::Binary => RocAuc,
            Task::Multiclass => Accuracy,
            Task::Regression => Rmse,
        }
    }

    /// The name in contracts and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RocAuc => "roc_auc",
            AveragePrecision => "average_precision",
            LogLoss => "log_loss",
            Brier => "brier",
            Accuracy => "accuracy",
            BalancedAccuracy => "balanced_accuracy",
            Precision => "precision",
            Recall => "recall",
            Specificity => "specificity",
            F1 => "f1",
            Mcc => "mcc",
            Ece => "ece",
            PrecisionMacro => "precision_macro",
            RecallMacro => "recall_macro",
            F1Macro => "f1_macro",
            PrecisionWeighted => "precision_weighted",
            RecallWeighted => "recall_weighted",
            F1Weighted => "f1_weighted",
            PrecisionMicro => "precision_micro",
            RecallMicro => "recall_micro",
            F1Micro => "f1_micro",
            RocAucOvr => "roc_auc_ovr",
            TopKAccuracy => "top_k_accuracy",
            Mae => "mae",
            Rmse => "rmse",
            Mse => "mse",
            MedianAe => "median_ae",
            Mape => "mape",
            R2 => "r2",
            Bias => "bias",
        }
    }

    /// The name in a sentence.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            RocAuc => "ROC AUC",
            AveragePrecision => "average precision",
            LogLoss => "log loss",
            Brier => "Brier score",
            Accuracy => "accuracy",
            BalancedAccuracy => "balanced accuracy",
            Precision => "precision",
            Recall => "recall",
            Specificity => "specificity",
            F1 => "F1",
            Mcc => "Matthews correlation",
            Ece => "expected calibration error",
            PrecisionMacro => "macro precision",
            RecallMacro => "macro recall",
            F1Macro => "macro F1",
            PrecisionWeighted => "weighted precision",
            RecallWeighted => "weighted recall",
            F1Weighted => "weighted F1",
            PrecisionMicro => "micro precision",
            RecallMicro => "micro recall",
            F1Micro => "micro F1",
            RocAucOvr => "one-vs-rest ROC AUC",
            TopKAccuracy => "top-2 accuracy",
            Mae => "mean absolute error",
            Rmse => "RMSE",
            Mse => "mean squared error",
            MedianAe => "median absolute error",
            Mape => "mean absolute percentage error",
            R2 => "R²",
            Bias => "bias",
        }
    }

    /// Which value is the better one.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            LogLoss | Brier | Ece | Mae | Rmse | Mse | MedianAe | Mape => Direction::Less,
            Bias => Direction::Zero,
            _ => Direction::Greater,
        }
    }

    /// The least and the greatest value that the metric can take.
    #[must_use]
    pub fn range(self) -> [f64; 2] {
        match self {
            LogLoss | Mae | Rmse | Mse | MedianAe | Mape => [0.0, f64::INFINITY],
            R2 => [f64::NEG_INFINITY, 1.0],
            Bias => [f64::NEG_INFINITY, f64::INFINITY],
            Mcc => [-1.0, 1.0],
            _ => [0.0, 1.0],
        }
    }

    /// How good a value is: the greater the better, whatever the metric's direction.
    #[must_use]
    pub fn merit(self, value: f64) -> f64 {
        match self.direction() {
            Direction::Greater => value,
            Direction::Less => -value,
            Direction::Zero => -value.abs(),
        }
    }

    /// Whether a model of this task has it.
    #[must_use]
    pub fn measures(self, task: Task) -> bool {
        Self::of(task).contains(&self)
    }
}

/// A measure of how alike a model treats the groups of a protected feature, in Fairlearn's definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FairnessMetric {
    /// Greatest less smallest share of predicted positives.
    DemographicParityDifference,
    /// Smallest divided by greatest share of predicted positives.
    DemographicParityRatio,
    /// The larger of the differences of true and of false positive rates.
    EqualizedOddsDifference,
    /// The smaller of the ratios of true and of false positive rates.
    EqualizedOddsRatio,
    /// Greatest less smallest true positive rate.
    EqualOpportunityDifference,
    /// Smallest divided by greatest true positive rate.
    EqualOpportunityRatio,
}

impl FairnessMetric {
    /// All of them, in the order in which reports show them.
    pub const ALL: [Self; 6] = [
        Self::DemographicParityDifference,
        Self::DemographicParityRatio,
        Self::EqualizedOddsDifference,
        Self::EqualizedOddsRatio,
        Self::EqualOpportunityDifference,
        Self::EqualOpportunityRatio,
    ];

    /// The name in contracts and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DemographicParityDifference => "demographic_parity_difference",
            Self::DemographicParityRatio => "demographic_parity_ratio",
            Self::EqualizedOddsDifference => "equalized_odds_difference",
            Self::EqualizedOddsRatio => "equalized_odds_ratio",
            Self::EqualOpportunityDifference => "equal_opportunity_difference",
            Self::EqualOpportunityRatio => "equal_opportunity_ratio",
        }
    }

    /// Whether it is a ratio, of which 1 is perfect; of a difference, 0 is.
    #[must_use]
    pub fn is_ratio(self) -> bool {
        matches!(self, Self::DemographicParityRatio | Self::EqualizedOddsRatio | Self::EqualOpportunityRatio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_called_the_same_in_code_and_in_files() {
        for metric in [Task::Binary, Task::Multiclass, Task::Regression].into_iter().flat_map(Metric::of) {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
        for metric in FairnessMetric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
    }

    #[test]
    fn the_better_value_has_the_greater_merit() {
        assert!(Metric::RocAuc.merit(0.8) > Metric::RocAuc.merit(0.7));
        assert!(Metric::Rmse.merit(3.0) > Metric::Rmse.merit(4.0));
        assert!(Metric::Bias.merit(-0.1) > Metric::Bias.merit(0.2));
    }
}
