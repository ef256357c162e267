//! How good a model probably is, from its calibrated scores alone.
//!
//! Of predictions whose chances to be positive are `pᵢ`, `Σ pᵢ` over those predicted positive are expected to be true positives, `Σ (1 − pᵢ)` false ones, and
//! so on; every metric of the confusion matrix follows, and so does the area under the ROC curve. It holds as long as a score means what it meant where the
//! calibration was learned: it sees a change of the inputs, and cannot see a change of what follows from them (concept drift). That is what the truth
//! is for.
//!
//! Of several classes the score is how sure the model was of the class that it predicted; calibrated, it is the chance that the prediction comes true, and their
//! mean is the accuracy to expect. The other metrics would need the probabilities of all classes, which records do not hold. A regression's number promises
//! nothing.
//!
//! How far estimates missed in the first windows, beyond what their intervals explain, widens the interval ([`Misses`]): where days differ in what a score
//! means, an estimate is trusted less.
//!
//! The interval is that of 500 worlds: each draws how far the calibration may be off (its blocks' rates by their standard errors) and how the outcomes fall.
//!
//! # Source
//! Confidence-based performance estimation: `NannyML`'s documentation, *Estimation of Performance of the Monitored Model*; Białek et al. (2024), *Estimating Model
//! Performance Under Covariate Shift Without Labels*. The intervals are ours.

use serde::{Deserialize, Serialize};
use tidegate_contract::{Metric, Task};
use tidegate_statistics::random::Random;
use tidegate_statistics::{normal, student_t};

use crate::calibration::{Basis, Calibration};
use crate::measured::{ScoreCell, rounded};
use crate::reference::HALF_WIDTH;

/// Worlds that are drawn.
const WORLDS: usize = 500;

/// The metrics that are estimated.
const METRICS: [Metric; 8] =
    [Metric::RocAuc, Metric::Accuracy, Metric::Precision, Metric::Recall, Metric::F1, Metric::Specificity, Metric::Brier, Metric::LogLoss];

/// What quality probably is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimated {
    /// Where the meaning of scores was learned.
    pub basis: Basis,
    /// Predictions that it is estimated for.
    pub rows: u64,
    /// Each metric's estimate and the 95 % interval in which what is realised probably falls; those that are undefined are absent.
    pub metrics: Vec<(Metric, f64, [f64; 2])>,
}

impl Estimated {
    /// The estimate of a metric and its interval.
    #[must_use]
    pub fn metric(&self, metric: Metric) -> Option<(f64, [f64; 2])> {
        self.metrics.iter().find(|(found, ..)| *found == metric).map(|(_, value, interval)| (*value, *interval))
    }
}

/// How far estimates miss what is realised, beyond what their intervals explain: a standard deviation for each metric, learned from so many windows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Misses {
    beyond: Vec<(Metric, f64)>,
    windows: usize,
}

impl Misses {
    /// Learns from windows with both: an estimate and what was realised. Nothing from fewer than three.
    pub(crate) fn learn(known: &[(Estimated, Vec<(Metric, f64)>)]) -> Self {
        if known.len() < 3 {
            return Self::default();
        }
        let miss = |metric: Metric| {
            let both = known.iter().filter_map(|(estimated, realised)| {
                let (promised, [low, high]) = estimated.metric(metric)?;
                let (_, found) = realised.iter().find(|(name, _)| *name == metric)?;
                Some((found - promised, (high - low) / (2.0 * HALF_WIDTH)))
            });
            let (count, squares) = both.fold((0.0, 0.0), |(count, sum), (off, error)| (count + 1.0, sum + off * off - error * error));
            // The windows helped to make the curve that promised them.
            (count >= 3.0).then(|| (metric, (squares / (count - 1.0)).max(0.0).sqrt()))
        };
        Self { beyond: METRICS.into_iter().filter_map(miss).collect(), windows: known.len() }
    }

    /// The estimate with its intervals widened.
    pub(crate) fn widen(&self, mut estimated: Estimated) -> Estimated {
        let times = student_t::quantile(0.975, self.windows.saturating_sub(1) as f64).unwrap_or(0.0);
        for (metric, value, [low, high]) in &mut estimated.metrics {
            let Some((_, beyond)) = self.beyond.iter().find(|(name, _)| name == metric) else { continue };
            let [least, greatest] = metric.range();
            *low = rounded((*value - (*value - *low).hypot(times * beyond)).max(least)).unwrap_or(*low);
            *high = rounded((*value + (*high - *value).hypot(times * beyond)).min(greatest)).unwrap_or(*high);
        }
        estimated
    }
}

/// The predictions of one cell and side, with the chance or number of positives among them.
struct Cell<'c> {
    of: &'c ScoreCell,
    positives: f64,
}

/// Estimates quality from a window's scores; `None` if it has none. Of a multiclass task only accuracy.
#[must_use]
pub fn estimate(task: Task, cells: &[ScoreCell], calibration: &Calibration, seed: u64) -> Option<Estimated> {
    let rows: u64 = cells.iter().map(|cell| cell.rows).sum();
    if rows == 0 {
        return None;
    }
    let rates = calibration.rates();
    let mean = |cell: &ScoreCell| cell.sum / cell.rows as f64;
    let expected: Vec<f64> = rates.iter().map(|(rate, _)| *rate).collect();
    let cell = |of| Cell { of, positives: of.rows as f64 * calibration.chance(of.cell, mean(of), &expected) };
    let values = values(&cells.iter().map(cell).collect::<Vec<_>>());

    let mut random = Random::new(seed, "estimate");
    let mut drawn: Vec<Vec<f64>> = vec![Vec::with_capacity(WORLDS); METRICS.len()];
    for _ in 0..WORLDS {
        let rates: Vec<f64> = rates.iter().map(|(rate, error)| (rate + error * normal_draw(&mut random)).clamp(0.0, 1.0)).collect();
        let world = cells.iter().map(|of| Cell {
            of,
            positives: binomial_draw(&mut random, of.rows, calibration.chance(of.cell, mean(of), &rates).clamp(0.0, 1.0)),
        });
        for (drawn, value) in drawn.iter_mut().zip(self::values(&world.collect::<Vec<_>>())) {
            drawn.extend(value);
        }
    }
    // That a prediction comes true is all that the score of a predicted class promises.
    let is_promised = |metric: Metric| task == Task::Binary || metric == Metric::Accuracy;
    let promised = METRICS.into_iter().zip(values).zip(drawn).filter(|((metric, _), _)| is_promised(*metric));
    let metrics = promised.filter_map(|((metric, value), mut drawn)| {
        drawn.sort_unstable_by(f64::total_cmp);
        let quantile = |q| tidegate_statistics::moments::quantile_type7(&drawn, q);
        let value = rounded(value?)?;
        let (low, high) = (rounded(quantile(0.025)?)?, rounded(quantile(0.975)?)?);
        Some((metric, value, [low.min(value), high.max(value)]))
    });
    Some(Estimated { basis: calibration.basis.clone(), rows, metrics: metrics.collect() })
}

/// How many of so many rows turn out positive: exact for few, by the normal distribution for many.
fn binomial_draw(random: &mut Random, rows: u64, chance: f64) -> f64 {
    const FEW: u64 = 40;
    if rows <= FEW {
        return (0..rows).filter(|_| random.uniform() < chance).count() as f64;
    }
    let rows = rows as f64;
    (rows * chance + (rows * chance * (1.0 - chance)).sqrt() * normal_draw(random)).clamp(0.0, rows)
}

fn normal_draw(random: &mut Random) -> f64 {
    normal::quantile(random.uniform().max(f64::EPSILON / 4.0)).unwrap_or(0.0)
}

/// The metrics of so many positives in each cell, in the order of [`METRICS`]. Cells are in the order of their scores.
fn values(cells: &[Cell<'_>]) -> [Option<f64>; METRICS.len()] {
    let sum = |of: &dyn Fn(&Cell<'_>) -> f64| cells.iter().map(of).sum::<f64>();
    let rows = sum(&|cell| cell.of.rows as f64);
    let positives = sum(&|cell| cell.positives);
    let selected = sum(&|cell| if cell.of.predicted { cell.of.rows as f64 } else { 0.0 });
    let hits = sum(&|cell| if cell.of.predicted { cell.positives } else { 0.0 });
    let negatives = rows - positives;
    let rejected = negatives - (selected - hits);
    let share = |of: f64, all: f64| (all > 0.0).then(|| of / all);
    // Positives of a cell against the negatives below it, and half of those in the same cell.
    let (mut below, mut pairs) = (0.0, 0.0);
    for same in cells.chunk_by(|a, b| a.of.cell == b.of.cell) {
        let own_positives: f64 = same.iter().map(|cell| cell.positives).sum();
        let own_negatives = same.iter().map(|cell| cell.of.rows as f64).sum::<f64>() - own_positives;
        pairs += own_positives * (below + own_negatives / 2.0);
        below += own_negatives;
    }
    let mean = |cell: &Cell<'_>| cell.of.sum / cell.of.rows as f64;
    let brier = sum(&|cell| cell.of.sum_of_squares - 2.0 * mean(cell) * cell.positives + cell.positives);
    let log_loss = sum(&|cell| {
        let score = mean(cell).clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        -cell.positives * libm::log(score) - (cell.of.rows as f64 - cell.positives) * libm::log1p(-score)
    });
    [
        share(pairs, positives * negatives),
        share(hits + rejected, rows),
        share(hits, selected),
        share(hits, positives),
        share(2.0 * hits, selected + positives),
        share(rejected, negatives),
        share(brier, rows),
        share(log_loss, rows),
    ]
}

#[cfg(test)]
mod tests {
    use tidegate_validation::cell_of;

    use super::*;

    fn cells(scores: &[(f64, u64)]) -> Vec<ScoreCell> {
        let cell = |(score, rows): &(f64, u64)| {
            let count = *rows as f64;
            let (sum, sum_of_squares) = (score * count, score * score * count);
            let cell = cell_of(*score).unwrap();
            ScoreCell { cell, predicted: *score >= 0.5, rows: *rows, labelled: 0, positives: 0, sum, sum_of_squares }
        };
        scores.iter().map(cell).collect()
    }

    #[test]
    fn an_estimate_is_what_the_scores_promise() {
        // By hand: of 60 at 0.1 and 40 at 0.8, 6 and 32 are expected to be positive.
        let estimated = estimate(Task::Binary, &cells(&[(0.1, 60), (0.8, 40)]), &Calibration::as_they_are(), 1).unwrap();
        let of = |metric| estimated.metric(metric).unwrap().0;
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-8, "{found} is not {expected}");
        close(of(Metric::Accuracy), (54.0 + 32.0) / 100.0);
        close(of(Metric::Precision), 0.8);
        close(of(Metric::Recall), 32.0 / 38.0);
        close(of(Metric::F1), 64.0 / 78.0);
        close(of(Metric::Specificity), 54.0 / 62.0);
        // 32 positives above 54 negatives, half of 6 · 54 and of 32 · 8.
        close(of(Metric::RocAuc), (32.0 * 54.0 + f64::midpoint(6.0 * 54.0, 32.0 * 8.0)) / (38.0 * 62.0));
        close(of(Metric::Brier), (60.0 * 0.09 + 40.0 * 0.16) / 100.0);
        for (metric, value, [low, high]) in &estimated.metrics {
            assert!(low < value && value < high, "{metric:?}");
        }
        assert_eq!(estimate(Task::Binary, &[], &Calibration::as_they_are(), 1), None);
    }

    #[test]
    fn of_several_classes_the_share_that_comes_true_is_promised() {
        let mut sure = cells(&[(0.6, 50), (0.9, 50)]);
        for cell in &mut sure {
            cell.predicted = true;
        }
        let estimated = estimate(Task::Multiclass, &sure, &Calibration::as_they_are(), 1).unwrap();
        assert_eq!(estimated.metrics.iter().map(|(metric, ..)| *metric).collect::<Vec<_>>(), [Metric::Accuracy]);
        assert!((estimated.metric(Metric::Accuracy).unwrap().0 - 0.75).abs() < 1e-8);
    }

    #[test]
    fn more_predictions_are_surer() {
        let width = |rows: u64| {
            let [low, high] = estimate(Task::Binary, &cells(&[(0.1, 3 * rows), (0.8, 2 * rows)]), &Calibration::as_they_are(), 1)
                .unwrap()
                .metric(Metric::Accuracy)
                .unwrap()
                .1;
            high - low
        };
        let ratio = width(20) / width(2_000);
        assert!((8.0..12.0).contains(&ratio), "ten times narrower with a hundred times as many: {ratio}");
    }
}
