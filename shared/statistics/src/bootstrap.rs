//! The bootstrap: how far a statistic would stray if the rows had come out otherwise. Seeded, so the same rows give the same interval.
//!
//! Each row comes up as often as a Poisson count with mean 1 says, as it does in the classical bootstrap of many rows. The drawn rows come
//! in their order, so memory is read from one end to the other.
//!
//! # Source
//! Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, chapters 12 to 14; Hanley & MacGibbon (2006), *Creating non-parametric
//! bootstrap samples using Poisson frequencies*. Fewer rows than there are (`m` of `n`): Politis, Romano & Wolf (1999), *Subsampling*.

use crate::interval::Interval;
use crate::normal;
use crate::random::Random;

/// Chances of a Poisson count with mean 1 of at most 0, 1, 2 …
const POISSON: [f64; 16] = [
    0.367_879_441_171_442_33,
    0.735_758_882_342_884_7,
    0.919_698_602_928_605_8,
    0.981_011_843_123_846_2,
    0.996_340_153_172_656_3,
    0.999_405_815_182_418_3,
    0.999_916_758_850_712,
    0.999_989_750_803_325_3,
    0.999_998_874_797_402,
    0.999_999_888_574_521_7,
    0.999_999_989_952_233_6,
    0.999_999_999_168_389_2,
    0.999_999_999_936_402_2,
    0.999_999_999_995_480_2,
    0.999_999_999_999_7,
    0.999_999_999_999_981_3,
];

/// The rows of a resample of all rows: each row as often as a Poisson count with mean 1 says.
fn all_rows(random: &mut Random, rows: usize, resample: &mut Vec<usize>) {
    for row in 0..rows {
        let uniform = random.uniform();
        for _ in POISSON.iter().take_while(|below| uniform >= **below) {
            resample.push(row);
        }
    }
}

/// The rows of a resample of fewer rows: where a Poisson process that takes `step` rows at a time, on average, comes by.
fn some_rows(random: &mut Random, rows: usize, step: f64, resample: &mut Vec<usize>) {
    let mut at = 0.0;
    loop {
        at += random.exponential() * step;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and compared with the number of rows")]
        let row = at as usize;
        if row >= rows {
            return;
        }
        resample.push(row);
    }
}

/// How often and how large resamples are drawn, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Number of resamples.
    pub resamples: u32,
    /// Most rows of a resample, on average; of more rows than this, so many are drawn and the spread is scaled by `√(m/n)`.
    pub most_rows: usize,
    /// The seed.
    pub seed: u64,
}

impl Plan {
    /// 2,000 resamples of at most 20,000 rows: the ends of a 95 % interval are then known to about a fifteenth of its standard error.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { resamples: 2_000, most_rows: 20_000, seed }
    }

    /// What several statistics are in resamples of `rows` rows.
    ///
    /// `purpose` names the stream of random numbers: the same purpose draws the same rows, as a paired comparison needs. `statistics` gets the
    /// rows of a resample, in their order and each as often as it was drawn, and a place for each statistic; what it leaves `None` is undefined.
    pub fn draw(
        self,
        rows: usize,
        purpose: &str,
        estimates: &[f64],
        mut statistics: impl FnMut(&[usize], &mut [Option<f64>]),
    ) -> Vec<Draws> {
        let drawn = rows.min(self.most_rows).max(1);
        let step = rows as f64 / drawn as f64;
        let mut random = Random::new(self.seed, purpose);
        let mut resample = Vec::with_capacity(drawn + drawn / 8);
        self.collect(estimates, (1.0 / step).sqrt(), |values| {
            resample.clear();
            if drawn < rows {
                some_rows(&mut random, rows, step, &mut resample);
            } else {
                all_rows(&mut random, rows, &mut resample);
            }
            statistics(&resample, values);
        })
    }

    /// What several statistics of counts are when every count comes out otherwise: each is drawn from a Poisson distribution around itself.
    ///
    /// The bootstrap of all rows at the price of the cells, for statistics in which only the counts' proportions matter.
    pub fn draw_counts(
        self,
        counts: &[u64],
        purpose: &str,
        estimates: &[f64],
        mut statistics: impl FnMut(&[f64], &mut [Option<f64>]),
    ) -> Vec<Draws> {
        let mut random = Random::new(self.seed, purpose);
        let mut drawn = vec![0.0; counts.len()];
        self.collect(estimates, 1.0, |values| {
            for (drawn, count) in drawn.iter_mut().zip(counts) {
                *drawn = random.poisson(*count as f64);
            }
            statistics(&drawn, values);
        })
    }

    fn collect(self, estimates: &[f64], scale: f64, mut resample: impl FnMut(&mut [Option<f64>])) -> Vec<Draws> {
        let draws =
            |estimate: &f64| Draws { estimate: *estimate, values: Vec::with_capacity(self.resamples as usize), asked: self.resamples };
        let mut all: Vec<Draws> = estimates.iter().map(draws).collect();
        let mut values = vec![None; estimates.len()];
        for _ in 0..self.resamples {
            values.fill(None);
            resample(&mut values);
            for (draws, value) in all.iter_mut().zip(&values) {
                if let Some(value) = value.filter(|value| value.is_finite()) {
                    draws.values.push(draws.estimate + (value - draws.estimate) * scale);
                }
            }
        }
        for draws in &mut all {
            draws.values.sort_by(f64::total_cmp);
        }
        all
    }
}

/// A statistic and what it was in the resamples.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    estimate: f64,
    /// In ascending order.
    values: Vec<f64>,
    asked: u32,
}

impl Draws {
    /// Least share of the resamples in which the statistic must be defined.
    const LEAST_DEFINED: f64 = 0.9;

    /// The statistic of the rows themselves.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// Whether there are enough resamples in which the statistic is defined.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.values.len() >= 2 && self.values.len() as f64 >= Self::LEAST_DEFINED * f64::from(self.asked)
    }

    /// Standard deviation of the resamples, in the statistic's unit; `None` without enough of them.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        if !self.is_usable() {
            return None;
        }
        let count = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / count;
        Some((self.values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt())
    }

    /// The percentile interval; `None` without enough resamples or unless `0 < confidence < 1`.
    ///
    /// Quantiles as NumPy's default takes them (type 7).
    #[must_use]
    pub fn percentile(&self, confidence: f64) -> Option<Interval> {
        if !(self.is_usable() && confidence > 0.0 && confidence < 1.0) {
            return None;
        }
        let tail = (1.0 - confidence) / 2.0;
        Some(Interval { low: self.quantile(tail)?, high: self.quantile(1.0 - tail)? })
    }

    /// The hull of the percentile interval and of `estimate ± z · standard error`, so that it is not too short where the statistic is
    /// skewed, and always holds the estimate.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        let percentile = self.percentile(confidence)?;
        let half = normal::quantile(f64::midpoint(1.0, confidence))? * self.standard_error()?;
        Some(Interval { low: percentile.low.min(self.estimate - half), high: percentile.high.max(self.estimate + half) })
    }

    /// One-sided p-value against "the true value is at most `bound`": the larger of the share of resamples at or below it and of the
    /// normal tail, so that it agrees with [`Draws::interval`]. 1 when the estimate is not above the bound.
    #[must_use]
    pub fn p_above(&self, bound: f64) -> Option<f64> {
        let at_or_below = self.values.partition_point(|value| *value <= bound);
        self.p(self.estimate - bound, at_or_below)
    }

    /// One-sided p-value against "the true value is at least `bound`".
    #[must_use]
    pub fn p_below(&self, bound: f64) -> Option<f64> {
        let below = self.values.partition_point(|value| *value < bound);
        self.p(bound - self.estimate, self.values.len() - below)
    }

    fn p(&self, distance: f64, beyond: usize) -> Option<f64> {
        let error = self.standard_error()?;
        if distance <= 0.0 {
            return Some(1.0);
        }
        let normal = if error > 0.0 { normal::sf(distance / error) } else { 0.0 };
        Some(normal.max(beyond as f64 / self.values.len() as f64))
    }

    fn quantile(&self, share: f64) -> Option<f64> {
        let place = share * (self.values.len().checked_sub(1)?) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of an index")]
        let below = place.floor() as usize;
        let low = *self.values.get(below)?;
        let high = self.values.get(below + 1).copied().unwrap_or(low);
        Some(low + (high - low) * (place - place.floor()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(values: &[f64], plan: Plan) -> Draws {
        let estimate = values.iter().sum::<f64>() / values.len() as f64;
        let draws = plan.draw(values.len(), "mean", &[estimate], |rows, answers| {
            answers[0] = (!rows.is_empty()).then(|| rows.iter().map(|row| values[*row]).sum::<f64>() / rows.len() as f64);
        });
        draws.into_iter().next().unwrap()
    }

    #[test]
    fn the_spread_of_a_mean_is_its_standard_error() {
        let values: Vec<f64> = (0..400).map(|value| f64::from(value % 20)).collect();
        let draws = mean_of(&values, Plan::new(1));
        // sd of 0..=19 is √(399/12) = 5.766; of a mean of 400, 0.2883
        assert!((draws.standard_error().unwrap() - 0.2883).abs() < 0.02, "{:?}", draws.standard_error());
        let interval = draws.interval(0.95).unwrap();
        assert!(interval.low < 9.5 && interval.high > 9.5 && (interval.high - interval.low - 1.13).abs() < 0.1, "{interval:?}");
    }

    #[test]
    fn resamples_of_fewer_rows_have_the_spread_of_all() {
        let values: Vec<f64> = (0..4_000).map(|value| f64::from(value % 20)).collect();
        let draws = mean_of(&values, Plan { resamples: 2_000, most_rows: 400, seed: 5 });
        assert!((draws.standard_error().unwrap() / 0.09117 - 1.0).abs() < 0.06, "{:?}", draws.standard_error());
    }

    #[test]
    fn p_values_agree_with_the_interval() {
        let values: Vec<f64> = (0..300).map(|value| f64::from((value * 7) % 31)).collect();
        let draws = mean_of(&values, Plan::new(2));
        let interval = draws.interval(0.95).unwrap();
        assert!((draws.p_above(interval.low).unwrap() - 0.025).abs() < 0.002);
        assert!((draws.p_below(interval.high).unwrap() - 0.025).abs() < 0.002);
        assert_eq!(draws.p_above(draws.estimate()), Some(1.0));
    }

    #[test]
    fn counts_stray_as_their_rows_do() {
        // 300 of 1,000: standard error √(0.3 · 0.7 / 1,000) = 0.01449
        let draws =
            Plan::new(4).draw_counts(&[300, 700], "", &[0.3], |counts, answers| answers[0] = Some(counts[0] / (counts[0] + counts[1])));
        assert!((draws[0].standard_error().unwrap() / 0.01449 - 1.0).abs() < 0.06, "{:?}", draws[0].standard_error());
    }

    #[test]
    fn a_statistic_that_is_often_undefined_has_no_interval() {
        let mut turn = 0;
        let draws = Plan::new(1).draw(50, "", &[1.0, 1.0], |_, answers| {
            turn += 1;
            answers[0] = (turn % 2 == 0).then_some(1.0);
            answers[1] = Some(1.0);
        });
        assert!(!draws[0].is_usable() && draws[1].is_usable());
        assert_eq!(draws[0].interval(0.95), None);
    }
}
