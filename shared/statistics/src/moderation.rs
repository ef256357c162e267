//! Variances of many alike quantities, each learned from few values: what they have in common helps each of them.

use statrs::function::gamma::digamma;

use crate::fisher_f;

/// What a family of variances has in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The variance that is typical of the family, in the variances' unit.
    pub variance: f64,
    /// How much the family knows, in degrees of freedom: infinite when the variances differ no more than chance makes
    /// them, near 0 when each is its own.
    pub freedom: f64,
    /// The degrees of freedom of all the variances that it was learned from.
    learned_from: f64,
    /// How many variances those were.
    members: f64,
}

/// Fewer variances than this say nothing in common.
const MIN_FAMILY: usize = 3;

/// Learns what sample variances with these degrees of freedom have in common.
///
/// The variances are taken as `s² ~ v₀·F(d, d₀)`. With `e = ln s² − ψ(d/2) + ln(d/2)`, `ψ′(d₀/2)` is the sample
/// variance of `e` less the mean of `ψ′(d/2)`, and less the standard error that the former has when chance is all there is (`√(2/(k − 1))`
/// of the latter, for `k` variances), so that alike variances seldom look different; `d₀` is infinite where that is not positive. And
/// `v₀ = exp(mean e + ψ(d₀/2) − ln(d₀/2))`. Variances and degrees of freedom that are not positive are left out; `None`
/// when fewer than three remain.
///
/// # Source
/// Smyth (2004), *Linear Models and Empirical Bayes Methods for Assessing Differential Expression in Microarray
/// Experiments*, section 6.2; the standard error is an addition.
///
/// ```
/// use tidegate_statistics::moderation::prior;
/// // Equal variances: the family knows everything.
/// let prior = prior(&[(2.0, 9.0), (2.0, 9.0), (2.0, 9.0)]).unwrap();
/// assert!(prior.freedom.is_infinite());
/// assert_eq!(prior.moderate(1.0, 9.0).0, prior.variance);
/// ```
#[must_use]
pub fn prior(variances: &[(f64, f64)]) -> Option<Prior> {
    let usable: Vec<(f64, f64)> =
        variances.iter().copied().filter(|(variance, freedom)| *variance > 0.0 && *freedom > 0.0 && variance.is_finite()).collect();
    if usable.len() < MIN_FAMILY {
        return None;
    }
    let count = usable.len() as f64;
    let centred: Vec<f64> =
        usable.iter().map(|(variance, freedom)| variance.ln() - digamma(freedom / 2.0) + (freedom / 2.0).ln()).collect();
    let mean = centred.iter().sum::<f64>() / count;
    let spread = centred.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let chance = usable.iter().map(|(_, freedom)| trigamma(freedom / 2.0)).sum::<f64>() / count;
    let error = chance * (2.0 / (count - 1.0)).sqrt();
    let learned_from = usable.iter().map(|(_, freedom)| freedom).sum();
    let family = |variance: f64, freedom: f64| Prior { variance, freedom, learned_from, members: count };
    let more = spread - chance - error;
    if more <= 0.0 {
        return Some(family(mean.exp(), f64::INFINITY));
    }
    let half = inverse_trigamma(more);
    Some(family((mean + digamma(half) - half.ln()).exp(), 2.0 * half))
}

impl Prior {
    /// What is certain of every member.
    #[must_use]
    pub const fn certain(variance: f64) -> Self {
        Self { variance, freedom: f64::INFINITY, learned_from: f64::INFINITY, members: f64::INFINITY }
    }

    /// A variance with its degrees of freedom, helped by the family: `(d₀·v₀ + d·s²)/(d₀ + d)`, `d₀ + d`.
    ///
    /// A variance that stands out of the family is no member of it, and is helped less: `d₀` (at most the degrees of freedom that the family
    /// was learned from) counts only as far as it is probable that the largest of its members is as large.
    ///
    /// # Source
    /// Smyth (2004); what stands out: Phipson et al. (2016), *Robust Hyperparameter Estimation Protects Against Hypervariable Genes*,
    /// with Bonferroni's bound for the probability.
    #[must_use]
    pub fn moderate(&self, variance: f64, freedom: f64) -> (f64, f64) {
        let belongs = self.belongs(variance, freedom);
        if belongs >= 1.0 && self.freedom.is_infinite() {
            return (self.variance, f64::INFINITY);
        }
        let helped = belongs * self.freedom.min(self.learned_from);
        let total = helped + freedom;
        ((helped * self.variance + freedom * variance) / total, total)
    }

    /// At most how probable it is that any of the family's sample variances is so large, `0..=1`.
    fn belongs(&self, variance: f64, freedom: f64) -> f64 {
        if self.members.is_infinite() {
            return 1.0;
        }
        let tail = fisher_f::sf(variance / self.variance, freedom, self.freedom).unwrap_or(1.0);
        (self.members * tail).min(1.0)
    }
}

/// The second derivative of the logarithm of the gamma function, for positive `x`.
///
/// Recurrence up to 10, then the asymptotic series; relative error below 1e-12.
/// Source: Abramowitz and Stegun (1964), 6.4.6 and 6.4.12.
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 10.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = square * (1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square * (1.0 / 30.0 - square * 5.0 / 66.0))));
    sum + 1.0 / x + square / 2.0 + series / x
}

/// The positive `x` whose trigamma is `y`, for positive `y`: Newton's method on its reciprocal, which converges from
/// below (Smyth 2004, appendix).
fn inverse_trigamma(y: f64) -> f64 {
    if y > 1e7 {
        return 1.0 / y.sqrt();
    }
    if y < 1e-6 {
        return 1.0 / y;
    }
    let mut x = 0.5 + 1.0 / y;
    for _ in 0..50 {
        let at = trigamma(x);
        let slope = (trigamma(x * (1.0 + 1e-5)) - at) / (x * 1e-5);
        let step = at * (1.0 - at / y) / slope;
        x += step;
        if -step / x < 1e-10 {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trigamma_has_its_known_values() {
        let pi = std::f64::consts::PI;
        assert!((trigamma(1.0) - pi * pi / 6.0).abs() < 1e-12);
        assert!((trigamma(0.5) - pi * pi / 2.0).abs() < 1e-11);
        for x in [0.01, 0.3, 1.0, 4.5, 80.0] {
            assert!((inverse_trigamma(trigamma(x)) / x - 1.0).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn variances_that_differ_widely_keep_their_own() {
        let variances: Vec<(f64, f64)> = (0..12).map(|i| (10_f64.powi(i - 6), 19.0)).collect();
        let prior = prior(&variances).unwrap();
        assert!(prior.freedom < 1.0, "{prior:?}");
        assert!((prior.moderate(1e3, 19.0).0 / 1e3 - 1.0).abs() < 0.05);
    }

    #[test]
    fn a_variance_that_stands_out_keeps_its_own() {
        let with = |odd: f64| {
            let variances: Vec<(f64, f64)> = std::iter::repeat_n((1.0, 19.0), 13).chain([(odd, 19.0)]).collect();
            prior(&variances).unwrap().moderate(odd, 19.0)
        };
        let (moderated, freedom) = with(1.5);
        assert!(moderated < 1.2 && freedom.is_infinite(), "{moderated} {freedom}");
        let (moderated, freedom) = with(6.0);
        assert!(moderated > 5.5 && freedom < 25.0, "{moderated} {freedom}");
        assert_eq!(Prior::certain(1.0).moderate(6.0, 19.0), (1.0, f64::INFINITY));
    }

    #[test]
    fn too_few_variances_have_nothing_in_common() {
        assert_eq!(prior(&[(1.0, 5.0), (2.0, 5.0)]), None);
        assert_eq!(prior(&[(0.0, 5.0), (2.0, 5.0), (1.0, 5.0)]), None);
    }
}
