//! Numbers that look random and are the same for the same seed, everywhere.

use std::f64::consts::TAU;

/// A stream of numbers: `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The stream of a seed and of what it is for: streams of different purposes do not overlap in any way that shows.
    pub(crate) fn new(seed: u64, purpose: &[u64]) -> Self {
        let mut random = Self { state: seed };
        for part in purpose {
            random.state = random.next() ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0..1`.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }

    /// Uniform in `low..high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// An index below `count`; 0 of none.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count is not negative and below it")]
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Another order, each as likely (Fisher and Yates, 1938).
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }

    /// The first index whose cumulated share exceeds a uniform number.
    pub(crate) fn pick(&mut self, cumulated: &[f64]) -> usize {
        let at = self.uniform();
        cumulated.partition_point(|share| *share <= at).min(cumulated.len().saturating_sub(1))
    }
}

/// Shares cumulated, for [`Random::pick`].
pub(crate) fn cumulated(shares: &[f64]) -> Vec<f64> {
    let total: f64 = shares.iter().sum();
    let mut sum = 0.0;
    shares
        .iter()
        .map(|share| {
            sum += share / total;
            sum
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut random = Random::new(1, &[2, 3]);
        let values: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let mean = values.iter().sum::<f64>() / 1e5;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn streams_of_different_purposes_differ() {
        let first = |purpose: &[u64]| Random::new(7, purpose).uniform();
        assert!((first(&[1, 2]) - first(&[2, 1])).abs() > 1e-9);
        assert!((first(&[1]) - first(&[1])).abs() < f64::EPSILON);
    }
}
