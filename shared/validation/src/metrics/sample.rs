//! Metrics that are functions of what each row contributes, for any sample of the rows.

use tidegate_contract::Metric;

use super::calibration::{bin_of, gaps};
use crate::evaluation::{Binary, Multiclass, Regression};
use crate::{Outcomes, Undefined};

/// Probabilities are kept this far from 0 and 1 in logarithms: scikit-learn's, the machine epsilon.
const CLIP: f64 = f64::EPSILON;

/// What each row contributes to a metric.
#[derive(Debug)]
pub(crate) enum Sample {
    /// The metric is a mean of the rows.
    Mean(Vec<f64>),
    /// The square root of a mean.
    Root(Vec<f64>),
    /// A mean over the rows that have one.
    SomeMean(Vec<Option<f64>>),
    /// The median of the rows.
    Median(Vec<f64>),
    /// `1 − Σ e² / Σ (y − ȳ)²`: outcome (less the mean of all, so that large offsets keep their digits) and error.
    Explained(Vec<[f64; 2]>),
    /// `Σ over bins |Σ (p − y)| / n`: bin and gap.
    Bins(Vec<(u8, f64)>),
}

impl Sample {
    /// The contributions of the rows to a metric.
    pub(crate) fn of(outcomes: &Outcomes, metric: Metric) -> Result<Self, Undefined> {
        match (metric, outcomes) {
            (Metric::Ece, _) => Ok(Self::Bins(gaps(outcomes)?.into_iter().map(|(score, right)| (bin_of(score), score - right)).collect())),
            (Metric::LogLoss, Outcomes::Multiclass(of)) => log_losses(of).map(Self::Mean),
            (Metric::LogLoss, Outcomes::Binary(of)) => scored(of, |score, positive| {
                let score = score.clamp(CLIP, 1.0 - CLIP);
                if positive { -libm::log(score) } else { -libm::log1p(-score) }
            })
            .map(Self::Mean),
            (Metric::Brier, Outcomes::Binary(of)) => {
                scored(of, |score, positive| (score - f64::from(u8::from(positive))).powi(2)).map(Self::Mean)
            }
            (_, Outcomes::Regression(of)) => Self::of_errors(of, metric),
            _ => Err(Undefined::OtherTask),
        }
    }

    fn of_errors(of: &Regression, metric: Metric) -> Result<Self, Undefined> {
        let each = |error: fn(f64, f64) -> f64| {
            of.actual.iter().zip(&of.predicted).map(|(actual, predicted)| error(*actual, *predicted)).collect()
        };
        Ok(match metric {
            Metric::Mae => Self::Mean(each(|actual, predicted| (predicted - actual).abs())),
            Metric::Mse => Self::Mean(each(|actual, predicted| (predicted - actual).powi(2))),
            Metric::Rmse => Self::Root(each(|actual, predicted| (predicted - actual).powi(2))),
            Metric::Bias => Self::Mean(each(|actual, predicted| predicted - actual)),
            Metric::MedianAe => Self::Median(each(|actual, predicted| (predicted - actual).abs())),
            Metric::Mape => Self::SomeMean(
                of.actual
                    .iter()
                    .zip(&of.predicted)
                    .map(|(actual, predicted)| (actual.abs() > 0.0).then(|| ((predicted - actual) / actual).abs()))
                    .collect(),
            ),
            Metric::R2 => {
                let mean = of.actual.iter().sum::<f64>() / of.actual.len().max(1) as f64;
                Self::Explained(
                    of.actual.iter().zip(&of.predicted).map(|(actual, predicted)| [actual - mean, predicted - actual]).collect(),
                )
            }
            _ => return Err(Undefined::OtherTask),
        })
    }

    /// The metric of these rows, each as often as it is named.
    pub(crate) fn value(&self, rows: impl Iterator<Item = usize>) -> Option<f64> {
        match self {
            Self::Mean(values) => mean(rows.filter_map(|row| values.get(row).copied())),
            Self::Root(values) => mean(rows.filter_map(|row| values.get(row).copied())).map(f64::sqrt),
            Self::SomeMean(values) => mean(rows.filter_map(|row| values.get(row).copied().flatten())),
            Self::Median(values) => median(rows.filter_map(|row| values.get(row).copied()).collect()),
            Self::Explained(values) => {
                let (mut count, mut sum, mut squares, mut errors) = (0.0, 0.0, 0.0, 0.0);
                for [outcome, error] in rows.filter_map(|row| values.get(row).copied()) {
                    count += 1.0;
                    sum += outcome;
                    squares += outcome * outcome;
                    errors += error * error;
                }
                let total = squares - sum * sum / count;
                (count >= 2.0 && total > 1e-12 * squares).then(|| 1.0 - errors / total)
            }
            Self::Bins(values) => {
                let mut sums = [0.0; super::CALIBRATION_BINS];
                let mut count = 0.0;
                for (bin, gap) in rows.filter_map(|row| values.get(row).copied()) {
                    count += 1.0;
                    if let Some(sum) = sums.get_mut(usize::from(bin)) {
                        *sum += gap;
                    }
                }
                (count > 0.0).then(|| sums.iter().map(|sum| sum.abs()).sum::<f64>() / count)
            }
        }
    }

    /// Why all rows together have no value.
    pub(super) fn reason(&self) -> Undefined {
        match self {
            Self::SomeMean(_) => Undefined::OnlyZeros,
            Self::Explained(_) => Undefined::Constant,
            _ => Undefined::NoRows,
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The middle value, or the mean of the two middle ones.
fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    let lower = if is_even { below.iter().copied().max_by(f64::total_cmp)? } else { upper };
    Some(f64::midpoint(lower, upper))
}

fn scored(of: &Binary, contribution: impl Fn(f64, bool) -> f64) -> Result<Vec<f64>, Undefined> {
    let score = of.score.as_ref().ok_or(Undefined::NoScores)?;
    if score.iter().any(|score| !(0.0..=1.0).contains(score)) {
        return Err(Undefined::NotProbabilities);
    }
    Ok(score.iter().zip(&of.actual).map(|(score, positive)| contribution(*score, *positive)).collect())
}

/// `−ln` of the actual class's probability, each row's probabilities divided by their sum.
fn log_losses(of: &Multiclass) -> Result<Vec<f64>, Undefined> {
    let table = of.probabilities.as_ref().ok_or(Undefined::NoProbabilities)?;
    let loss = |(row, actual): (&[f64], &u32)| {
        let own = usize::try_from(*actual).ok().and_then(|class| row.get(class)).copied().unwrap_or(0.0);
        -libm::log((own / row.iter().sum::<f64>()).clamp(CLIP, 1.0 - CLIP))
    };
    Ok(table.chunks_exact(of.classes.len()).zip(&of.actual).map(loss).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples_of_errors() {
        let of = Regression { actual: vec![1.0, 2.0, 0.0, 4.0], predicted: vec![2.0, 2.0, -1.0, 2.0] };
        let value = |metric| Sample::of_errors(&of, metric).unwrap().value(0..4).unwrap();
        for (metric, expected) in [
            (Metric::Mae, 1.0),
            (Metric::Mse, 1.5),
            (Metric::Rmse, 1.5_f64.sqrt()),
            (Metric::Bias, -0.5),
            (Metric::MedianAe, 1.0),
            (Metric::Mape, (1.0 + 0.0 + 0.5) / 3.0),
            (Metric::R2, 1.0 - 6.0 / 8.75),
        ] {
            assert!((value(metric) - expected).abs() < 1e-12, "{}", metric.name());
        }
    }

    #[test]
    fn a_constant_outcome_explains_nothing() {
        let of = Regression { actual: vec![5.0; 4], predicted: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(Sample::of_errors(&of, Metric::R2).unwrap().value(0..4), None);
        let zeros = Regression { actual: vec![0.0; 2], predicted: vec![1.0; 2] };
        assert_eq!(Sample::of_errors(&zeros, Metric::Mape).unwrap().value(0..2), None);
    }
}
