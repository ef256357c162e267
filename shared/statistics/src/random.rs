//! Numbers that look random and are the same for the same seed, everywhere: what resampling draws from.

use crate::normal;

/// A stream of numbers: `SplitMix64`, whose period is 2⁶⁴.
///
/// # Source
/// Steele, Lea and Flood (2014), *Fast Splittable Pseudorandom Number Generators*.
///
/// ```
/// use tidegate_statistics::random::Random;
/// let mut random = Random::new(7, "roc_auc");
/// let first = random.uniform();
/// assert!((0.0..1.0).contains(&first));
/// assert_eq!(Random::new(7, "roc_auc").uniform().to_bits(), first.to_bits());
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of a seed and of what it is for: streams of different purposes are as good as independent.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut random = Self { state: seed };
        for byte in purpose.bytes() {
            random.state = random.bits() ^ u64::from(byte);
        }
        random
    }

    /// 64 even bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0..1`, in steps of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Poisson with this mean: exact below 30 by inversion, above by the Cornish-Fisher expansion of its quantile, which is then within a
    /// few hundredths of a count. 0 for a mean that is not positive.
    ///
    /// # Source
    /// Johnson, Kemp & Kotz (2005), *Univariate Discrete Distributions*, 4.3.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        const LARGE: f64 = 30.0;
        let uniform = self.uniform();
        if mean >= LARGE {
            // A uniform number of exactly 0 has no quantile; half a step above it has.
            let Some(z) = normal::quantile(uniform.max(f64::EPSILON / 4.0)) else { return mean.round() };
            let root = mean.sqrt();
            return (mean + z * root + (z * z - 1.0) / 6.0 + (z - z.powi(3)) / (72.0 * root)).round().max(0.0);
        }
        let mut probability = (-mean).exp();
        let (mut count, mut below) = (0.0, probability);
        while uniform >= below && probability > 0.0 && mean > 0.0 {
            count += 1.0;
            probability *= mean / count;
            below += probability;
        }
        count
    }

    /// Exponential with mean 1: `−ln(1 − u)`, at least 0.
    pub fn exponential(&mut self) -> f64 {
        -libm::log1p(-self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_different_seeds_and_purposes_differ() {
        let first = |seed, purpose| Random::new(seed, purpose).bits();
        assert_ne!(first(1, "a"), first(2, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
        assert_ne!(first(1, "ab"), first(1, "ba"));
    }

    #[test]
    fn poisson_counts_have_their_mean_as_variance_and_a_skew() {
        for mean in [0.3, 5.0, 29.9, 30.0, 400.0] {
            let mut random = Random::new(11, "poisson");
            let counts: Vec<f64> = (0..200_000).map(|_| random.poisson(mean)).collect();
            let of = |power| counts.iter().map(|count| (count - mean).powi(power)).sum::<f64>() / counts.len() as f64;
            let error = (mean / 2e5).sqrt();
            assert!(of(1).abs() < 4.0 * error, "mean of {mean}: {}", of(1));
            assert!((of(2) / mean - 1.0).abs() < 0.02, "variance of {mean}: {}", of(2));
            assert!((of(3) / mean.powf(1.5) - mean.powf(-0.5)).abs() < 0.05, "skew of {mean}: {}", of(3));
        }
        assert!(Random::new(1, "").poisson(0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn exponential_numbers_have_mean_one_and_variance_one() {
        let mut random = Random::new(3, "");
        let values: Vec<f64> = (0..100_000).map(|_| random.exponential()).collect();
        let mean = values.iter().sum::<f64>() / 1e5;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.01 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }
}
