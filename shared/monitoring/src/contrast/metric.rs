//! How much each group's difference counts.

use tidegate_statistics::quadratic;
use tidegate_statistics::test::{chi_squared_homogeneity, homogeneity_by_frequency};

/// What stretches the differences of groups' shares into coordinates whose squared length is the size of a change: Cohen's w squared.
#[derive(Debug, Clone)]
pub(super) enum Metric {
    /// Every group counts as much as any other, in standard errors: `(q − p)/√p` (Pearson, 1900).
    Even,
    /// Groups count by the root of their shares, `c·(q − p)/p^¼`: what frequent names show is not drowned by rare ones.
    ///
    /// The constant `c` makes the length Cohen's w where every share grows or shrinks by a factor of its own, whatever its size.
    ByFrequency {
        /// The constant.
        factor: f64,
    },
}

impl Metric {
    pub(super) fn by_frequency(shares: &[f64]) -> Self {
        let squares: f64 = shares.iter().map(|share| share * share).sum();
        // Of independent relative changes of one variance: the mean of w², and of Σ (q − p)²/√p.
        let of_w = 1.0 - squares;
        let of_length: f64 = shares.iter().map(|share| share.powf(1.5) * (1.0 - 2.0 * share + squares)).sum();
        Self::ByFrequency { factor: if of_length > 0.0 { (of_w / of_length).sqrt() } else { 1.0 } }
    }

    /// What a group's difference is multiplied by.
    pub(super) fn stretch(&self, share: f64) -> f64 {
        match self {
            Self::Even => 1.0 / share.sqrt(),
            Self::ByFrequency { factor } => factor / share.sqrt().sqrt(),
        }
    }

    /// The power sums of the squared length between two samples from one distribution, for each unit of `1/m + 1/n`.
    pub(super) fn by_chance(&self, shares: &[f64]) -> [f64; 3] {
        let weights: Vec<f64> = shares.iter().map(|share| self.stretch(*share).powi(2)).collect();
        quadratic::of_shares(shares, &weights)
    }

    /// The variance that chance gives the inner product with a vector, for each unit of `1/m + 1/n`.
    pub(super) fn by_chance_along(&self, vector: &[f64], shares: &[f64]) -> f64 {
        let (mean, square) = vector.iter().zip(shares).fold((0.0, 0.0), |(mean, square), (value, share)| {
            let stretched = value * self.stretch(*share);
            (mean + stretched * share, square + stretched * stretched * share)
        });
        square - mean * mean
    }

    /// p-value of a test of homogeneity in which the groups count as much; 0 where there is none.
    pub(super) fn homogeneity(&self, baseline: &[u64], now: &[u64]) -> f64 {
        match self {
            Self::Even => chi_squared_homogeneity(baseline, now).map(|test| test.p),
            Self::ByFrequency { .. } => homogeneity_by_frequency(baseline, now),
        }
        .unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_groups_both_are_the_same() {
        let shares = [0.9, 0.1];
        let length = |metric: &Metric| shares.iter().map(|share| (0.01 * metric.stretch(*share)).powi(2)).sum::<f64>();
        let by_frequency = Metric::by_frequency(&shares);
        assert!((length(&by_frequency) / length(&Metric::Even) - 1.0).abs() < 1e-12);
        let sums = by_frequency.by_chance(&shares);
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-12), "{sums:?}");
    }

    #[test]
    fn shares_that_all_change_by_a_like_factor_have_the_length_of_cohens_w() {
        let all: f64 = (1..=100).map(|rank| f64::from(rank).recip()).sum();
        let shares: Vec<f64> = (1..=100).map(|rank| f64::from(rank).recip() / all).collect();
        // Every second share a tenth up, the others down.
        let changes = shares.iter().enumerate().map(|(index, share)| share * if index % 2 == 0 { 0.1 } else { -0.1 });
        let surplus: f64 = changes.clone().sum();
        let changes: Vec<f64> = changes.zip(&shares).map(|(change, share)| change - share * surplus).collect();
        let length = |metric: &Metric| {
            changes.iter().zip(&shares).map(|(change, share)| (change * metric.stretch(*share)).powi(2)).sum::<f64>().sqrt()
        };
        let (ours, w) = (length(&Metric::by_frequency(&shares)), length(&Metric::Even));
        assert!((ours / w - 1.0).abs() < 0.1, "{ours} {w}");
    }

    #[test]
    fn chance_along_any_direction_of_the_even_metric_is_one() {
        let shares = [0.5_f64, 0.3, 0.2];
        let unit = [0.3_f64.sqrt() / 0.8_f64.sqrt(), -(0.5_f64.sqrt()) / 0.8_f64.sqrt(), 0.0];
        assert!((Metric::Even.by_chance_along(&unit, &shares) - 1.0).abs() < 1e-12);
    }
}
