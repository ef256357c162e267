//! Variances of many alike quantities, each learned from few values: what they have in common helps each of them.

use statrs::function::gamma::digamma;

/// What a family of variances has in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The variance that is typical of the family, in the variances' unit.
    pub variance: f64,
    /// How much the family knows, in degrees of freedom: infinite when the variances differ no more than chance makes
    /// them, near 0 when each is its own.
    pub freedom: f64,
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
    let more = spread - chance - error;
    if more <= 0.0 {
        return Some(Prior { variance: mean.exp(), freedom: f64::INFINITY });
    }
    let half = inverse_trigamma(more);
    Some(Prior { variance: (mean + digamma(half) - half.ln()).exp(), freedom: 2.0 * half })
}

impl Prior {
    /// A variance with its degrees of freedom, helped by the family: `(d₀·v₀ + d·s²)/(d₀ + d)`, `d₀ + d`.
    #[must_use]
    pub fn moderate(&self, variance: f64, freedom: f64) -> (f64, f64) {
        if self.freedom.is_infinite() {
            return (self.variance, f64::INFINITY);
        }
        let total = self.freedom + freedom;
        ((self.freedom * self.variance + freedom * variance) / total, total)
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
    fn too_few_variances_have_nothing_in_common() {
        assert_eq!(prior(&[(1.0, 5.0), (2.0, 5.0)]), None);
        assert_eq!(prior(&[(0.0, 5.0), (2.0, 5.0), (1.0, 5.0)]), None);
    }
}
