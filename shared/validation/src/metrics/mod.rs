//! Metrics of one model's predictions, with 95 % intervals; usable apart from the gate.
//!
//! Values are scikit-learn's, except that *undefined is undefined*: where it warns and answers 0 (no row predicted positive, one class
//! only), the answer here is a reason. Within averages over classes a class that is never predicted counts 0, as there.
//!
//! With `TP`, `FP`, `FN`, `TN` rows of a binary table, outcomes `y`, scores or predictions `p`, and `n` rows:
//!
//! | Metric | Formula |
//! |---|---|
//! | `accuracy` | `(TP + TN) / n`; of several classes the share of right rows, as are the micro averages |
//! | `precision`, `recall`, `specificity` | `TP / (TP + FP)`, `TP / (TP + FN)`, `TN / (TN + FP)` |
//! | `f1` | `2·TP / (2·TP + FP + FN)` |
//! | `balanced_accuracy` | mean recall of the classes that have rows |
//! | `mcc` | `(TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))`, of several classes Gorodkin's |
//! | `…_macro`, `…_weighted` | mean over the classes, each once, or each as often as it has rows |
//! | `roc_auc` | chance that a positive row scores higher than a negative one, ties half; `roc_auc_ovr` its mean over the classes |
//! | `average_precision` | `Σ (Rₖ − Rₖ₋₁) Pₖ` over the distinct scores |
//! | `log_loss` | `−Σ ln p(y) / n`, in nats, `p` kept 2.2e-16 from 0 and 1 |
//! | `brier` | `Σ (p − y)² / n` |
//! | `ece` | `Σ over ten bins of width 0.1 of abs(Σ (p − y)) / n`, see [`calibration`] |
//! | `top_k_accuracy` | share of rows whose class is among the two most probable |
//! | `mae`, `mse`, `rmse`, `median_ae`, `bias` | mean of `abs(p − y)`, of `(p − y)²`, its root, median of `abs(p − y)`, mean of `p − y` |
//! | `mape` | mean of `abs((p − y) / y)` over the rows with `y ≠ 0` |
//! | `r2` | `1 − Σ (p − y)² / Σ (y − ȳ)²` |
//!
//! | Metrics | Interval |
//! |---|---|
//! | accuracy, precision, recall, specificity, micro averages, top-k | Wilson |
//! | ROC AUC | DeLong, on the logit scale |
//! | average precision, one-vs-rest ROC AUC | influence of each row, on the logit scale |
//! | every other | bootstrap: 2,000 seeded resamples |

mod calibration;
mod cells;
mod proportion;
mod ranking;
mod sample;

use serde::{Deserialize, Serialize};
use tidegate_contract::Metric;
use tidegate_statistics::auc::Auc;
use tidegate_statistics::bootstrap::{Draws, Plan};
use tidegate_statistics::interval::{self, Interval};

pub use calibration::{CALIBRATION_BINS, CalibrationBin, calibration};
pub use cells::Confusion;
pub(crate) use cells::{Marginals, is_of_cells};
pub(crate) use proportion::hits;
use proportion::{Proportion, proportion};
pub(crate) use ranking::influence;
pub(crate) use sample::Sample;

use crate::{Outcomes, Undefined};

/// The confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// A metric's value on the rows of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The value, in the metric's unit.
    pub value: f64,
    /// Its 95 % interval, which holds the value; `None` where there are too few rows for one.
    pub interval: Option<Interval>,
    /// How the interval was made.
    pub method: Method,
    /// The rows that the value rests on: of recall the positive ones, of precision those predicted positive.
    pub rows: u64,
}

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Wilson's score interval of a proportion.
    Wilson,
    /// DeLong's variance.
    Delong,
    /// The variance of each row's influence (the infinitesimal jackknife).
    Influence,
    /// Seeded resamples of the rows.
    Bootstrap,
    /// McNemar's exact test, with Tango's score interval.
    Mcnemar,
}

/// A metric's value, or why it has none.
///
/// # Errors
/// [`Undefined`] says why.
pub fn measure(outcomes: &Outcomes, metric: Metric, plan: Plan) -> Result<Measured, Undefined> {
    measure_these(outcomes, &[metric], plan).pop().unwrap_or(Err(Undefined::OtherTask))
}

/// Every metric of the task, in the order of [`Metric::of`].
#[must_use]
pub fn measure_all(outcomes: &Outcomes, plan: Plan) -> Vec<(Metric, Result<Measured, Undefined>)> {
    let metrics = Metric::of(outcomes.task());
    metrics.iter().copied().zip(measure_these(outcomes, metrics, plan)).collect()
}

/// A metric's value alone, without an interval.
///
/// # Errors
/// [`Undefined`] says why there is none.
pub fn value(outcomes: &Outcomes, metric: Metric) -> Result<f64, Undefined> {
    if !metric.measures(outcomes.task()) {
        return Err(Undefined::OtherTask);
    }
    if outcomes.rows() == 0 {
        return Err(Undefined::NoRows);
    }
    match metric {
        Metric::TopKAccuracy => Ok(proportion(outcomes, metric).ok_or(Undefined::NoProbabilities)?.share()),
        Metric::RocAuc => Ok(auc(outcomes)?.0.area()),
        Metric::RocAucOvr | Metric::AveragePrecision => Ok(influence(outcomes, metric)?.value),
        _ if is_of_cells(metric) => Confusion::of(outcomes).ok_or(Undefined::OtherTask)?.value(metric),
        _ => {
            let sample = Sample::of(outcomes, metric)?;
            sample.value(0..outcomes.rows()).ok_or_else(|| sample.reason())
        }
    }
}

/// The area under the ROC curve of a binary task, and which rows are positive.
pub(crate) fn auc(outcomes: &Outcomes) -> Result<(Auc, &[bool]), Undefined> {
    let Outcomes::Binary(binary) = outcomes else { return Err(Undefined::OtherTask) };
    let score = binary.score.as_ref().ok_or(Undefined::NoScores)?;
    if !binary.actual.contains(&true) {
        return Err(Undefined::NoPositives);
    }
    let auc = Auc::new(&binary.actual, score).ok_or(Undefined::NoNegatives)?;
    Ok((auc, &binary.actual))
}

/// Several metrics at once: those that are bootstrapped share their resamples.
fn measure_these(outcomes: &Outcomes, metrics: &[Metric], plan: Plan) -> Vec<Result<Measured, Undefined>> {
    let mut answers: Vec<Result<Measured, Undefined>> = metrics.iter().map(|metric| by_formula(outcomes, *metric)).collect();
    // Place, metric and value of those that are left to the bootstrap.
    let mut of_cells: Vec<(usize, Metric, f64)> = Vec::new();
    let mut of_rows: Vec<(usize, Metric, f64)> = Vec::new();
    for (place, (metric, answer)) in metrics.iter().zip(&answers).enumerate() {
        if let Ok(Measured { value, method: Method::Bootstrap, .. }) = answer {
            if is_of_cells(*metric) { &mut of_cells } else { &mut of_rows }.push((place, *metric, *value));
        }
    }
    let mut put = |wanted: &[(usize, Metric, f64)], draws: Vec<Draws>| {
        for ((place, metric, _), draws) in wanted.iter().zip(draws) {
            if let Some(Ok(answer)) = answers.get_mut(*place) {
                answer.interval = draws.interval(CONFIDENCE).map(|interval| within(*metric, interval));
            }
        }
    };
    if let (Some(confusion), false) = (Confusion::of(outcomes), of_cells.is_empty()) {
        let (names, estimates): (Vec<Metric>, Vec<f64>) = of_cells.iter().map(|(_, metric, value)| (*metric, *value)).unzip();
        put(&of_cells, confusion.draw(&names, &estimates, plan));
    }
    let samples: Vec<Sample> = of_rows.iter().filter_map(|(_, metric, _)| Sample::of(outcomes, *metric).ok()).collect();
    if samples.len() == of_rows.len() && !of_rows.is_empty() {
        let estimates: Vec<f64> = of_rows.iter().map(|(_, _, value)| *value).collect();
        let draws = plan.draw(outcomes.rows(), "rows", &estimates, |rows, values| {
            for (value, sample) in values.iter_mut().zip(&samples) {
                *value = sample.value(rows.iter().copied());
            }
        });
        put(&of_rows, draws);
    }
    answers
}

/// A metric's value, with its interval where a formula gives it.
fn by_formula(outcomes: &Outcomes, metric: Metric) -> Result<Measured, Undefined> {
    let all = outcomes.rows() as u64;
    match metric {
        Metric::RocAuc => {
            let (auc, positive) = auc(outcomes)?;
            Ok(Measured { value: auc.area(), interval: auc.interval(positive, CONFIDENCE), method: Method::Delong, rows: all })
        }
        Metric::RocAucOvr | Metric::AveragePrecision => {
            let influence = influence(outcomes, metric)?;
            Ok(Measured { value: influence.value, interval: influence.interval(CONFIDENCE), method: Method::Influence, rows: all })
        }
        _ => {
            let value = value(outcomes, metric)?;
            Ok(match proportion(outcomes, metric) {
                Some(Proportion { hits, rows }) => {
                    Measured { value, interval: interval::wilson(hits, rows, CONFIDENCE), method: Method::Wilson, rows }
                }
                None => Measured { value, interval: None, method: Method::Bootstrap, rows: all },
            })
        }
    }
}

/// An interval cut to what the metric can be.
pub(crate) fn within(metric: Metric, interval: Interval) -> Interval {
    let [least, greatest] = metric.range();
    Interval { low: interval.low.max(least), high: interval.high.min(greatest) }
}
