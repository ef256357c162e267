//! Ordinary variation: how much a quantity differs between periods of one and the same baseline, beyond chance.
//!
//! Real records are not independent: days differ, users repeat, weather lasts. A test that knows only the number of
//! records calls every such difference drift. The excess variance between the baseline's own periods, estimated by the
//! method of moments, goes into every test's standard error.

use tidegate_statistics::moderation::Prior;
use tidegate_statistics::normal;

use crate::reference::MIN_PERIODS;

/// Beyond so many degrees of freedom a variance counts as known.
const NEARLY_KNOWN: f64 = 1_000.0;

/// Points at which the average over unknown variances is taken.
const STEPS: u32 = 200;

/// Standard errors above none at which resemblance, of neighbouring periods or records, is sure.
pub(crate) const SURE: f64 = 2.0;

/// Neighbouring periods are not believed to be more alike than this.
const MOST_ALIKE: f64 = 0.9;

/// Where that average ends: so many standard deviations from its peak, where the density is e⁻³² of it.
const NEGLIGIBLE_DEVIATIONS: f64 = 8.0;

/// The logarithm of that, for the flat side.
const NEGLIGIBLE_LOGARITHM: f64 = 32.0;

/// Variance of a quantity between periods, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Variation {
    /// Variance between the periods' values, in the quantity's unit squared.
    observed: f64,
    /// Mean sampling variance within a period, in the same unit.
    sampling: f64,
    /// Degrees of freedom of `observed`; 0 when it could not be learned.
    freedom: f64,
    /// Number of periods behind the reference: those it was learned from, or as many as the reference spans.
    periods: f64,
    /// How many independent periods a run of neighbouring ones stands for, per period: `(1 − ρ)/(1 + ρ)`.
    independence: f64,
    /// Of a length over several dimensions: how many of them the excess over sampling spreads over at least, 1 where that is not known.
    breadth: f64,
}

impl Variation {
    /// Nothing is known: only sampling counts.
    pub(crate) const UNKNOWN: Self = Self { observed: 0.0, sampling: 0.0, freedom: 0.0, periods: 0.0, independence: 1.0, breadth: 1.0 };

    /// Learns from one value per period, in order of time, and each value's sampling variance.
    ///
    /// The excess over sampling is `τ² = max(0, s² − mean sampling variance)`, `s²` the sample variance of the values;
    /// neighbouring periods' correlation `ρ` (lag 1, at most 0.9) says how much less a run of periods tells than independent ones. One that
    /// chance hardly makes ([`SURE`] of its standard errors, `1/√k` for `k` periods) is believed; any other less its standard error.
    pub(crate) fn learn(values: &[f64], sampling: &[f64]) -> Self {
        if values.len() < MIN_PERIODS {
            return Self::UNKNOWN;
        }
        let periods = values.len() as f64;
        let mean = values.iter().sum::<f64>() / periods;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let products: f64 = values.windows(2).map(|pair| if let [a, b] = pair { (a - mean) * (b - mean) } else { 0.0 }).sum();
        let correlation = if squares > 0.0 { believed(products / squares, 1.0 / periods.sqrt()).min(MOST_ALIKE) } else { 0.0 };
        Self {
            observed: squares / (periods - 1.0),
            sampling: sampling.iter().sum::<f64>() / periods,
            freedom: periods - 1.0,
            periods,
            independence: (1.0 - correlation) / (1.0 + correlation),
            breadth: 1.0,
        }
    }

    /// Learns from squared lengths over several dimensions, one per period: the variance per dimension.
    ///
    /// Lengths that scatter more than their dimensions would make them are dominated by few dimensions; the degrees of
    /// freedom say so (`2·mean²/variance` a period, at most the dimensions).
    pub(crate) fn learn_lengths(lengths: &[f64], dimensions: f64, sampling: &[f64]) -> Self {
        if lengths.len() < MIN_PERIODS || dimensions < 1.0 {
            return Self::UNKNOWN;
        }
        let periods = lengths.len() as f64;
        let mean = lengths.iter().sum::<f64>() / periods;
        let scatter = lengths.iter().map(|length| (length - mean).powi(2)).sum::<f64>() / (periods - 1.0);
        let effective = if scatter > 0.0 { (2.0 * mean * mean / scatter).min(dimensions) } else { dimensions };
        Self {
            observed: mean / dimensions,
            sampling: sampling.iter().sum::<f64>() / periods,
            freedom: (periods - 1.0) * effective,
            periods,
            independence: 1.0,
            breadth: breadth(mean, scatter, sampling.iter().sum::<f64>() / periods, dimensions, periods),
        }
    }

    /// The same variance before a reference that spans so many periods, when the periods were measured around so many `expectations`
    /// learned from themselves: each beyond the first takes a degree of freedom.
    pub(crate) fn before(mut self, periods_behind: f64, expectations: f64) -> Self {
        if self.freedom > 0.0 && self.periods > expectations {
            self.freedom *= (self.periods - expectations) / (self.periods - 1.0);
            self.periods = periods_behind;
        }
        self
    }

    /// The same variation where everything varies `factor` times as much (in variance) beyond chance.
    pub(crate) fn scaled(mut self, factor: f64) -> Self {
        self.observed += (factor - 1.0) * self.excess();
        self
    }

    /// The larger of this variation and that of a reference's `own` few periods, each as long as a window. Few periods may by chance differ
    /// little; they are believed where they differ more than these.
    pub(crate) fn or_larger(self, own: Self, periods_in_window: f64) -> Self {
        let own_added = own.excess() * (1.0 + 1.0 / own.periods.max(1.0));
        if own.freedom <= 0.0 || own_added <= self.added(periods_in_window) {
            return self;
        }
        // The same variance added, told in periods of the length that windows are counted in.
        let behind = if self.freedom > 0.0 { self.periods } else { own.periods };
        let told = Self { independence: 1.0, periods: behind, ..own };
        told.scaled(own_added / (own.excess() * told.spread(periods_in_window)))
    }

    /// See the field.
    pub(crate) fn breadth(&self) -> f64 {
        self.breadth
    }

    /// How many times sampling's variance the observed one is, with its degrees of freedom; `None` when unknown.
    pub(crate) fn ratio(&self) -> Option<(f64, f64)> {
        (self.freedom > 0.0 && self.sampling > 0.0 && self.observed > 0.0).then(|| (self.observed / self.sampling, self.freedom))
    }

    /// Helps this variance by what its family has in common.
    pub(crate) fn moderate(&mut self, family: &Prior) {
        if let Some((ratio, freedom)) = self.ratio() {
            let (moderated, freedom) = family.moderate(ratio, freedom);
            self.observed = moderated * self.sampling;
            self.freedom = freedom;
        }
    }

    /// Variance between periods beyond sampling.
    pub(crate) fn excess(&self) -> f64 {
        (self.observed - self.sampling).max(0.0)
    }

    /// By how much the excess enters a window's difference from the baseline: one over the independent periods that the
    /// window is long, plus one over those that the baseline has.
    pub(crate) fn spread(&self, periods_in_window: f64) -> f64 {
        1.0 / (periods_in_window * self.independence).max(1.0) + 1.0 / (self.periods * self.independence).max(1.0)
    }

    /// Variance that ordinary variation adds to a window's difference.
    pub(crate) fn added(&self, periods_in_window: f64) -> f64 {
        if self.freedom > 0.0 { self.excess() * self.spread(periods_in_window) } else { 0.0 }
    }

    /// The same, where the variance between periods is a standard error (`s²·√(2/d)`) larger than was observed.
    pub(crate) fn added_at_most(&self, periods_in_window: f64) -> f64 {
        if self.freedom <= 0.0 {
            return f64::INFINITY;
        }
        let most = self.observed * (1.0 + (2.0 / self.freedom).sqrt());
        (most - self.sampling).max(0.0) * self.spread(periods_in_window)
    }

    /// The standard error of a window's quantity against the baseline's.
    ///
    /// `sampling` is the variance that the numbers of values alone give; `periods_in_window` how many periods long the
    /// window is.
    pub(crate) fn error(&self, sampling: f64, periods_in_window: f64) -> f64 {
        (sampling + self.added(periods_in_window)).sqrt()
    }

    /// The p-value of a window's difference: `tail` gives it for a variance that ordinary variation adds, and what is not
    /// known of that variance is averaged over.
    ///
    /// A few periods leave open how much they vary: a sample variance `s²` with `d` degrees of freedom stands for any true
    /// one `v` with weight `χ²_d(d·s²/v)`, save that no period varies less than chance alone makes it, `v ≥` sampling
    /// (Box and Tiao, 1973, *Bayesian Inference in Statistical Analysis*, 2.3, with a floor). Without the floor and when
    /// variation is all there is, the average of normal tails is Student's t with `d` degrees of freedom.
    pub(crate) fn average_tail(&self, periods_in_window: f64, tail: impl Fn(f64) -> f64) -> f64 {
        if self.freedom <= 0.0 || self.observed <= 0.0 {
            return tail(0.0);
        }
        let spread = self.spread(periods_in_window);
        let added = |variance: f64| (variance - self.sampling).max(0.0) * spread;
        if self.freedom > NEARLY_KNOWN {
            return tail(added(self.observed));
        }
        // In y = ln(χ²/d), whose density is exp(d/2·(y − eʸ)) with its peak at 0: v = s²·e⁻ʸ.
        let density = |y: f64| self.freedom / 2.0 * (y - y.exp());
        let deviation = (2.0 / self.freedom).sqrt();
        let highest = (self.observed / self.sampling).ln().min(NEGLIGIBLE_DEVIATIONS * deviation);
        let peak = highest.min(0.0);
        let lowest = peak - NEGLIGIBLE_DEVIATIONS * deviation - 2.0 * NEGLIGIBLE_LOGARITHM / self.freedom;
        let (mut weights, mut sum) = (0.0, 0.0);
        for step in 0..=STEPS {
            let y = lowest + (highest - lowest) * f64::from(step) / f64::from(STEPS);
            let ends = if step == 0 || step == STEPS { 0.5 } else { 1.0 };
            let weight = ends * (density(y) - density(peak)).exp();
            weights += weight;
            sum += weight * tail(added(self.observed * (-y).exp()));
        }
        (sum / weights).min(1.0)
    }
}

/// As much of a correlation as is believed, given its standard error.
fn believed(correlation: f64, error: f64) -> f64 {
    if correlation > SURE * error { correlation } else { (correlation - error).max(0.0) }
}

/// Over how many dimensions the excess of squared lengths spreads at least, from their mean and variance over periods.
///
/// A sum of `D` squares with sampling variance `s` each and an excess `E` spread evenly over `b` dimensions has the variance
/// `2Ds² + 4sE + 2E²/b`. The variance that was seen is taken two of its own standard errors, `√(2/(k − 1))` for `k` periods, too large.
fn breadth(mean: f64, scatter: f64, sampling: f64, dimensions: f64, periods: f64) -> f64 {
    let excess = mean - sampling * dimensions;
    if excess <= 0.0 {
        return 1.0;
    }
    let scatter = scatter * (1.0 + 2.0 * (2.0 / (periods - 1.0)).sqrt());
    let of_excess = scatter - 2.0 * dimensions * sampling * sampling - 4.0 * sampling * excess;
    if of_excess <= 0.0 { dimensions } else { (2.0 * excess * excess / of_excess).clamp(1.0, dimensions.max(1.0)) }
}

/// Chance that of all periods looked at together any is taken to differ from the others when none does.
const ORDINARY_LEVEL: f64 = 0.05;

/// The level at which each of so many periods is looked at.
pub(crate) fn level_of_each(periods: usize) -> f64 {
    ORDINARY_LEVEL / periods.max(1) as f64
}

/// The largest deviation that a period showed, of those that are more than chance where so many are looked at; 0 without any. Each comes
/// with its sampling variance.
pub(crate) fn largest_deviation(deviations: &[(f64, f64)], looked_at: usize) -> f64 {
    let critical = normal::quantile(1.0 - level_of_each(looked_at) / 2.0).unwrap_or(0.0);
    let telling = deviations.iter().filter(|(size, variance)| size.abs() > critical * variance.sqrt());
    telling.map(|(size, _)| size.abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_that_differ_no_more_than_chance_add_nothing() {
        let variation = Variation::learn(&[0.1, -0.1, 0.1, -0.1, 0.1, -0.1], &[0.05; 6]);
        assert!((variation.error(0.01, 1.0) - 0.1).abs() < 1e-15);
    }

    #[test]
    fn periods_that_differ_widen_the_error_and_a_longer_window_narrows_it() {
        let variation = Variation::learn(&[1.0, -1.0, 1.0, -1.0, 1.0, -1.0], &[0.01; 6]);
        let (day, month) = (variation.error(1e-6, 1.0), variation.error(1e-6, 30.0));
        // s² = 6/5, excess = 1.19; one window period plus the mean of six.
        assert!((day - (1e-6_f64 + 1.19 * (1.0 + 1.0 / 6.0)).sqrt()).abs() < 1e-12);
        assert!(month < day / 2.0);
    }

    #[test]
    fn a_run_of_alike_periods_counts_as_fewer_independent_ones() {
        let alternating = Variation::learn(&[1.0, -1.0].repeat(8), &[0.0; 16]);
        let lasting = Variation::learn(&[[1.0; 8], [-1.0; 8]].concat(), &[0.0; 16]);
        assert!(lasting.error(0.0, 30.0) > 1.5 * alternating.error(0.0, 30.0));
    }

    #[test]
    fn a_correlation_that_may_be_chance_is_believed_less_its_error() {
        assert!((believed(0.6, 0.25) - 0.6).abs() < 1e-12, "more than two standard errors");
        assert!((believed(0.4, 0.25) - 0.15).abs() < 1e-12);
        assert!((believed(0.2, 0.25)).abs() < 1e-12);
    }

    #[test]
    fn few_periods_are_believed_where_they_differ_more() {
        let days = Variation::learn(&[0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5], &[0.0; 8]).before(35.0, 1.0);
        let calm = Variation::learn(&[0.1, -0.1, 0.1, -0.1, 0.1], &[0.0; 5]);
        let wild = Variation::learn(&[2.0, -2.0, 2.0, -2.0, 2.0], &[0.0; 5]);
        assert_eq!(days.or_larger(calm, 7.0), days);
        // Mean 0.4, s² = 4.8; a window as long as one of the five weeks, and their mean: 4.8 · (1 + 1/5).
        let error = days.or_larger(wild, 7.0).error(0.0, 7.0);
        assert!((error * error - 4.8 * 1.2).abs() < 1e-9, "{error}");
    }

    #[test]
    fn too_few_periods_teach_nothing() {
        assert!((Variation::learn(&[5.0, -5.0], &[0.0; 2]).error(0.04, 1.0) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn variation_that_is_all_there_is_makes_the_normal_test_a_t_test() {
        let values: Vec<f64> = (0..11).map(|i| f64::from(i * 7 % 11) - 5.0).collect();
        let variation = Variation::learn(&values, &[1e-9; 11]);
        let scale = variation.error(0.0, 1.0);
        for t in [0.5, 2.0, 4.0, 7.0] {
            let p = variation.average_tail(1.0, |added| normal::two_sided_p(t * scale / added.sqrt()));
            let expected = tidegate_statistics::student_t::two_sided_p(t, 10.0).unwrap();
            assert!((p / expected - 1.0).abs() < 1e-3, "t = {t}: {p}, not {expected}");
        }
    }

    #[test]
    fn periods_that_differ_less_than_chance_still_leave_room_for_variation() {
        let variation = Variation::learn(&[0.1, -0.1, 0.1, -0.1, 0.1, -0.1], &[0.05; 6]);
        let p = |difference: f64| variation.average_tail(1.0, |added| normal::two_sided_p(difference / (0.01 + added).sqrt()));
        assert!(p(0.5) > 10.0 * normal::two_sided_p(5.0), "{}", p(0.5));
        assert!(p(2.0) < 0.01, "{}", p(2.0));
        assert!((p(0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_variance_that_many_fields_share_counts_as_known() {
        let mut variation = Variation::learn(&[1.0, -1.0, 1.0, -1.0, 1.0, -1.0], &[1.0; 6]);
        variation.moderate(&Prior::certain(1.0));
        let p = variation.average_tail(1.0, |added| normal::two_sided_p(3.0 / (1.0 + added).sqrt()));
        assert!((p - normal::two_sided_p(3.0)).abs() < 1e-12);
    }

    #[test]
    fn what_a_period_showed_counts_in_full_or_not_at_all() {
        let calm: Vec<(f64, f64)> = (0..20).map(|i| (f64::from(i % 5 - 2), 1.0)).collect();
        assert!(largest_deviation(&calm, calm.len()).abs() < 1e-12);
        let with_a_holiday: Vec<(f64, f64)> = calm.into_iter().chain([(-4.0, 1.0)]).collect();
        assert!((largest_deviation(&with_a_holiday, with_a_holiday.len()) - 4.0).abs() < 1e-12);
    }
}
