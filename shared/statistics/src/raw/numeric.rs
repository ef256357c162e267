//! The statistics of a numeric feature.

use super::{Binning, Statistics, cell_statistics, missing_statistics, named};
use crate::kolmogorov_smirnov::TwoSample;
use crate::moments::{exact_sum, finite, mean, standard_deviation_population, standard_deviation_sample};

/// Least standard deviation that a Wasserstein distance is divided by (Evidently's and Azure's floor).
pub const LEAST_DEVIATION: f64 = 0.001;

/// One side of a numeric feature.
#[derive(Debug, Clone, PartialEq)]
pub struct NumericSide {
    rows: u64,
    missing: u64,
    values: Vec<f64>,
}

impl NumericSide {
    /// A side of `rows` rows, of which `missing` have no value. Infinite values and NaN are left out of `values`; the rest is
    /// put in order.
    #[must_use]
    pub fn new(rows: u64, missing: u64, mut values: Vec<f64>) -> Self {
        values.retain(|value| value.is_finite());
        values.sort_unstable_by(f64::total_cmp);
        Self { rows, missing, values }
    }

    /// The usable values in ascending order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Every statistic of `current` against this side: `missing.*`, `ks.*`, `w1*`, `smd.ref_std`, `std_ratio`, and `psi.*`, `js.*`,
    /// `hellinger.*`, `tv.*`, `linf.*`, `kl_*` over the cells of each [`Binning`].
    ///
    /// ```
    /// use tidegate_statistics::raw::NumericSide;
    /// let baseline = NumericSide::new(4, 0, vec![1.0, 2.0, 3.0, 4.0]);
    /// let current = NumericSide::new(5, 1, vec![2.0, 3.0, 4.0, 5.0]);
    /// let statistics = baseline.compare(&current);
    /// assert_eq!(statistics["w1"], Some(1.0));
    /// assert_eq!(statistics["ks.stat"], Some(0.25));
    /// assert_eq!(statistics["missing.rate_cur"], Some(0.2));
    /// ```
    #[must_use]
    pub fn compare(&self, current: &Self) -> Statistics {
        let mut statistics = missing_statistics((self.missing, self.rows), (current.missing, current.rows));
        statistics.extend(self.kolmogorov_smirnov(current));
        statistics.extend(self.moves(current));
        for binning in Binning::ALL {
            let counts = binning.count(&self.values, &current.values);
            let (baseline, current) = counts.map_or((Vec::new(), Vec::new()), |counts| (counts.baseline, counts.current));
            statistics.extend(cell_statistics(binning.name(), &baseline, &current));
        }
        statistics
    }

    fn kolmogorov_smirnov(&self, current: &Self) -> Statistics {
        let test = TwoSample::of_sorted(&self.values, &current.values);
        named([
            ("ks.stat", test.map(|test| test.distance())),
            ("ks.p_auto", test.and_then(|test| test.p_auto())),
            ("ks.p_asymp", test.and_then(|test| test.p_asymptotic())),
            ("ks.p_kolmogorov_limit", test.and_then(|test| test.p_limit())),
            ("ks.p_stephens", test.and_then(|test| test.p_stephens())),
            ("ks.linf_robust_1.8", test.map(|test| test.robust_distance())),
        ])
    }

    /// How far values moved: Wasserstein distances, difference of means, ratio of spreads.
    fn moves(&self, current: &Self) -> Statistics {
        let w1 = wasserstein(&self.values, &current.values);
        let deviation = standard_deviation_population(&self.values);
        let over_floor = |deviation: Option<f64>| Some(w1? / deviation?.max(LEAST_DEVIATION));
        let positive = deviation.filter(|deviation| *deviation > 0.0);
        let shift = || Some((mean(&current.values)? - mean(&self.values)?) / positive?);
        let ratio = || Some(standard_deviation_population(&current.values)? / positive?);
        named([
            ("w1", w1),
            ("w1.norm_pop", over_floor(deviation)),
            ("w1.norm_sample", over_floor(standard_deviation_sample(&self.values))),
            ("smd.ref_std", shift()),
            ("std_ratio", ratio()),
        ])
    }
}

/// Wasserstein-1 distance of two samples in ascending order, `∫ |F − G|`, in the values' unit; `None` if one is empty.
///
/// [`crate::distance::wasserstein_cells`] with a cell per distinct value, without making the cells.
#[must_use]
pub fn wasserstein(baseline: &[f64], current: &[f64]) -> Option<f64> {
    if baseline.is_empty() || current.is_empty() {
        return None;
    }
    let (m, n) = (baseline.len() as f64, current.len() as f64);
    let mut left = baseline.iter().copied().peekable();
    let mut right = current.iter().copied().peekable();
    let (mut baseline_below, mut current_below) = (0.0_f64, 0.0_f64);
    let mut here: Option<f64> = None;
    let steps = std::iter::from_fn(|| {
        let next = match (left.peek(), right.peek()) {
            (Some(&a), Some(&b)) => a.min(b),
            (Some(&only), None) | (None, Some(&only)) => only,
            (None, None) => return None,
        };
        let area = here.map_or(0.0, |here| (baseline_below / m - current_below / n).abs() * (next - here));
        here = Some(next);
        while left.next_if(|&value| value <= next).is_some() {
            baseline_below += 1.0;
        }
        while right.next_if(|&value| value <= next).is_some() {
            current_below += 1.0;
        }
        Some(area)
    });
    finite(exact_sum(steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_samples_is_that_of_cells_of_one_value_each() {
        let distance_of_cells = crate::distance::wasserstein_cells(&[2, 1, 0, 1], &[0, 1, 2, 1], &[-1.0, 0.5, 2.0, 7.0]);
        let distance_of_values = wasserstein(&[-1.0, -1.0, 0.5, 7.0], &[0.5, 2.0, 2.0, 7.0]);
        assert_eq!(distance_of_cells, distance_of_values);
    }

    #[test]
    fn one_value_against_another_is_defined_where_it_can_be() {
        let side = |value| NumericSide::new(1, 0, vec![value]);
        let statistics = side(1.0).compare(&side(3.0));
        assert_eq!(statistics["ks.stat"], Some(1.0));
        assert_eq!(statistics["ks.p_auto"], Some(1.0));
        assert_eq!(statistics["ks.p_asymp"], None);
        assert_eq!(statistics["w1"], Some(2.0));
        assert_eq!(statistics["w1.norm_sample"], None);
        assert_eq!(statistics["smd.ref_std"], None);
    }

    #[test]
    fn infinite_values_are_not_used_and_an_empty_side_has_no_statistics() {
        let baseline = NumericSide::new(3, 0, vec![1.0, f64::INFINITY, f64::NAN]);
        assert_eq!(baseline.values(), [1.0]);
        let statistics = baseline.compare(&NumericSide::new(2, 2, vec![]));
        assert!(statistics.iter().all(|(name, value)| value.is_none() || name.starts_with("missing.")), "{statistics:?}");
        assert!(statistics["missing.z"].is_some());
    }
}
