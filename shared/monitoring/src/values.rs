//! How far values moved in the unit in which they are written.
//!
//! A location is tested by ranks: no single value can hide or make a shift. Ranks alone do not say how far: in a column of two narrow humps a
//! move of a fiftieth of its standard deviation passes as many values by as three times that does in a normal one. What matters is
//! told in standard deviations, so the values are asked too.

use tidegate_profile::NumericAnchor;

use crate::counts::{cumulated, mean, moments};

/// Values are taken no farther out than this share of the baseline's on either side: a single one far off moves no mean.
const OUTERMOST: f64 = 0.025;

/// Share of a normal distribution's values that lie more than one standard deviation below its mean, or above it.
const BEYOND_ONE_SD: f64 = 0.158_655_253_931_457;

/// The values of a baseline, told from its cells.
#[derive(Debug)]
pub(crate) struct Values {
    /// What stands for the values of each cell.
    of_cell: Vec<f64>,
    mean: f64,
    /// Standard deviation; where that is less, half of what the middle 68 % span, so that a long tail does not make moves of all the rest
    /// look small.
    deviation: f64,
}

impl Values {
    /// `None` where the baseline's values do not differ, or nearly all are the same.
    pub(crate) fn new(anchor: &NumericAnchor, baseline: &[u64]) -> Option<Self> {
        let all = anchor.representatives();
        let below = cumulated(baseline);
        let at = |share: f64| Some(*all.get(below.iter().position(|below| *below > share)?)?);
        let (lowest, highest) = (at(OUTERMOST)?, at(1.0 - OUTERMOST)?);
        let of_cell: Vec<f64> = all.iter().map(|value| value.clamp(lowest, highest)).collect();
        let (mean, deviation) = moments(baseline, &of_cell)?;
        let of_middle = (at(1.0 - BEYOND_ONE_SD)? - at(BEYOND_ONE_SD)?) / 2.0;
        let deviation = if of_middle > 0.0 { deviation.min(of_middle) } else { deviation };
        (deviation > 0.0 && deviation.is_finite()).then_some(Self { of_cell, mean, deviation })
    }

    /// By how much the mean of these cells' values lies above the baseline's, in its standard deviations; `None` without a value.
    pub(crate) fn moved(&self, cells: &[u64]) -> Option<f64> {
        Some((mean(cells, &self.of_cell)? - self.mean) / self.deviation)
    }
}

#[cfg(test)]
mod tests {
    use tidegate_statistics::normal;

    use super::*;

    /// As many quantiles of a normal distribution.
    fn normal_values(count: u32) -> Vec<f64> {
        (0..count).map(|rank| normal::quantile((f64::from(rank) + 0.5) / f64::from(count)).unwrap()).collect()
    }

    /// By how much `now` lies above `before`.
    fn moved(before: &[f64], now: &[f64]) -> Option<f64> {
        let (min, max) = before.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(*value), max.max(*value)));
        let anchor = NumericAnchor::from_sample(before, min, max).unwrap();
        let cells = |values: &[f64]| {
            let mut cells = vec![0; anchor.cells()];
            for value in values {
                cells[anchor.edges.partition_point(|edge| edge <= value)] += 1;
            }
            cells
        };
        Values::new(&anchor, &cells(before))?.moved(&cells(now))
    }

    fn each(values: &[f64], of: impl Fn(f64) -> f64) -> Vec<f64> {
        values.iter().map(|value| of(*value)).collect()
    }

    #[test]
    fn a_move_is_told_in_standard_deviations_whatever_the_humps() {
        let normal = normal_values(10_000);
        assert!((moved(&normal, &each(&normal, |value| value + 0.2)).unwrap() - 0.2).abs() < 0.02);
        let humps: Vec<f64> = each(&normal, |value| 50.0 + value).into_iter().chain(each(&normal, |value| 60.0 + value)).collect();
        // Their standard deviation is 5.1.
        assert!((moved(&humps, &each(&humps, |value| value - 1.0)).unwrap() + 0.196).abs() < 0.02);
    }

    #[test]
    fn a_long_tail_does_not_make_moves_of_all_the_rest_look_small() {
        let amounts = each(&normal_values(10_000), |value| (2.0 * value).exp());
        // The standard deviation of all is 54, nearly all of it in the last percent.
        assert!(moved(&amounts, &each(&amounts, |value| value + 0.5)).unwrap() > 0.1);
    }

    #[test]
    fn single_values_far_out_move_nothing() {
        let normal = normal_values(10_000);
        let mut now = normal.clone();
        now[..10].fill(1e300);
        assert!(moved(&normal, &now).unwrap().abs() < 0.01);
    }

    #[test]
    fn where_nothing_differs_there_is_no_unit() {
        assert_eq!(moved(&[3.0; 100], &[4.0; 100]), None);
        let mostly: Vec<f64> = std::iter::repeat_n(0.0, 990).chain((0..10).map(f64::from)).collect();
        assert_eq!(moved(&mostly, &mostly), None);
        let normal = normal_values(100);
        assert_eq!(moved(&normal, &[]), None);
    }
}
