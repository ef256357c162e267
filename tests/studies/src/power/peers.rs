//! Other tools' default alarms, restated from their published formulas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidegate_statistics::distance::{self, Base};
use tidegate_statistics::kolmogorov_smirnov::TwoSample;
use tidegate_statistics::moments::{mean, standard_deviation_population, standard_deviation_sample};
use tidegate_statistics::raw::{Binning, wasserstein};
use tidegate_statistics::test::{chi_squared_homogeneity, yates};

use crate::engine::Column;

/// Rules that are restated, in the order of [`Said::among`].
pub(crate) const RULES: [&str; 11] = [
    "Evidently",
    "NannyML",
    "Azure ML",
    "SageMaker robust",
    "deepchecks",
    "whylogs, KS p < .05",
    "alibi-detect, KS Bonferroni",
    "PSI > 0.1",
    "PSI > 0.25",
    "Vertex AI 0.3",
    "KS Bonferroni at 1.5 %",
];

/// The rule that the engine's power is compared with.
pub(crate) const CORRECTED_KS: usize = 6;

/// The same at the engine's own rate of false alarms: 1.5 %, the contract's default, where the usual one is 5 %.
pub(crate) const CORRECTED_KS_AT_OUR_RATE: usize = 10;

/// What the rules say of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Said {
    /// Whether each rule alarms; [`CORRECTED_KS`] and [`CORRECTED_KS_AT_OUR_RATE`] never do here.
    alarms: [bool; RULES.len()],
    /// The p-value of those two.
    p: f64,
}

impl Said {
    /// Whether each rule alarms when so many features share the error.
    pub(crate) fn among(self, features: usize) -> [bool; RULES.len()] {
        let mut alarms = self.alarms;
        for (rule, level) in [(CORRECTED_KS, 0.05), (CORRECTED_KS_AT_OUR_RATE, 0.015)] {
            if let Some(corrected) = alarms.get_mut(rule) {
                *corrected = self.p < level / features as f64;
            }
        }
        alarms
    }
}

/// A feature's reference, made once.
#[derive(Debug, Clone)]
pub(crate) enum Reference {
    /// A numeric feature's.
    Numbers(Box<Numbers>),
    /// A categorical feature's.
    Names(Names),
}

impl Reference {
    /// Learns from a column, in the order of its rows.
    pub(crate) fn new(column: &Column) -> Self {
        match column {
            Column::Numbers(values) => Self::Numbers(Box::new(Numbers::new(&values.iter().copied().flatten().collect::<Vec<_>>()))),
            Column::Names(values) => Self::Names(Names::new(values)),
        }
    }

    /// What the rules say of a window's column.
    pub(crate) fn say(&self, column: &Column) -> Said {
        match (self, column) {
            (Self::Numbers(reference), Column::Numbers(values)) => reference.say(values.iter().copied().flatten().collect()),
            (Self::Names(reference), Column::Names(values)) => reference.say(values),
            _ => Said { alarms: [false; RULES.len()], p: 1.0 },
        }
    }
}

/// Reference rows up to which Evidently tests, and above which it takes distances.
const EVIDENTLY_TESTS_UP_TO: usize = 1_000;

/// Chunks that `NannyML` cuts the reference into by default; rows that are left over make an eleventh, small one.
const NANNYML_CHUNKS: usize = 10;

/// A numeric feature's reference, made once.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    sorted: Vec<f64>,
    deviation: f64,
    sample_deviation: f64,
    doane: Vec<f64>,
    doane_shares: Vec<f64>,
    nannyml_threshold: f64,
}

impl Numbers {
    fn new(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let doane = doane_edges(&sorted);
        let doane_shares = shares_between(&doane, &sorted);
        let chunk = values.len() / NANNYML_CHUNKS;
        let distances = values.chunks(chunk.max(1)).map(|chunk| {
            let mut chunk = chunk.to_vec();
            chunk.sort_unstable_by(f64::total_cmp);
            jensen_shannon_bits(&doane_shares, &shares_between(&doane, &chunk))
        });
        let nannyml_threshold = three_deviations_above(&distances.collect::<Vec<_>>());
        Self {
            deviation: standard_deviation_population(&sorted).unwrap_or(0.0).max(0.001),
            sample_deviation: standard_deviation_sample(&sorted).unwrap_or(0.0).max(0.001),
            sorted,
            doane,
            doane_shares,
            nannyml_threshold,
        }
    }

    fn say(&self, mut now: Vec<f64>) -> Said {
        now.sort_unstable_by(f64::total_cmp);
        let ks = TwoSample::of_sorted(&self.sorted, &now);
        let p = ks.and_then(|ks| ks.p_asymptotic()).unwrap_or(1.0);
        let moved = wasserstein(&self.sorted, &now).unwrap_or(0.0);
        let psi = Binning::Decile
            .count(&self.sorted, &now)
            .and_then(|cells| distance::psi_floored(&cells.baseline, &cells.current))
            .unwrap_or(0.0);
        let jensen_shannon = jensen_shannon_bits(&self.doane_shares, &shares_between(&self.doane, &now));
        let vertex = vertex_divergence(&self.sorted, &now);
        let evidently = if self.sorted.len() <= EVIDENTLY_TESTS_UP_TO { p <= 0.05 } else { moved / self.deviation >= 0.1 };
        let alarms = [
            evidently,
            jensen_shannon > self.nannyml_threshold,
            moved / self.sample_deviation > 0.1,
            ks.is_some_and(|ks| ks.robust_distance() > 0.1),
            ks.is_some_and(|ks| ks.distance() >= 0.2),
            p < 0.05,
            false,
            psi > 0.1,
            psi > 0.25,
            vertex > 0.3,
            false,
        ];
        Said { alarms, p }
    }
}

/// A categorical feature's reference: counts by name, in a fixed order.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    position: BTreeMap<Arc<str>, usize>,
    counts: Vec<u64>,
    nannyml_threshold: f64,
}

impl Names {
    fn new(values: &[Option<Arc<str>>]) -> Self {
        let distinct: BTreeSet<Arc<str>> = values.iter().flatten().cloned().collect();
        let names = distinct.into_iter().zip(0..).collect();
        let mut reference = Self { position: names, counts: Vec::new(), nannyml_threshold: 0.0 };
        reference.counts = reference.count(values);
        let chunk = (values.len() / NANNYML_CHUNKS).max(1);
        let distances = values
            .chunks(chunk)
            .map(|chunk| distance::jensen_shannon_distance(&reference.counts, &reference.count(chunk), Base::Two).unwrap_or(0.0));
        reference.nannyml_threshold = three_deviations_above(&distances.collect::<Vec<_>>());
        reference
    }

    /// Counts by name: the reference's names, then those that it lacks.
    fn count(&self, values: &[Option<Arc<str>>]) -> Vec<u64> {
        let mut counts = vec![0; self.position.len()];
        let mut unseen: BTreeMap<&str, u64> = BTreeMap::new();
        for name in values.iter().flatten() {
            match self.position.get(name).and_then(|&index| counts.get_mut(index)) {
                Some(count) => *count += 1,
                None => *unseen.entry(name).or_default() += 1,
            }
        }
        counts.extend(unseen.values());
        counts
    }

    fn say(&self, values: &[Option<Arc<str>>]) -> Said {
        let now = self.count(values);
        let mut before = self.counts.clone();
        before.resize(now.len(), 0);
        let bits = distance::jensen_shannon_distance(&before, &now, Base::Two).unwrap_or(0.0);
        let nats = distance::jensen_shannon_distance(&before, &now, Base::E).unwrap_or(0.0);
        let (m, n) = (before.iter().sum::<u64>() as f64, now.iter().sum::<u64>() as f64);
        let largest = distance::l_infinity(&before, &now).unwrap_or(0.0);
        let contingency = yates(&before, &now).map_or(1.0, |test| test.p);
        let fit = goodness_of_fit(&before, &now);
        let psi = distance::psi_floored(&before, &now).unwrap_or(0.0);
        let evidently = if m <= EVIDENTLY_TESTS_UP_TO as f64 { fit < 0.05 } else { nats >= 0.1 };
        let alarms = [
            evidently,
            bits > self.nannyml_threshold,
            bits > 0.1,
            largest - 1.8 * ((m + n) / (m * n)).sqrt() > 0.1,
            cramers_v_of_equal_sizes(&before, &now) >= 0.2,
            whylogs_fit(&before, &now) < 0.05,
            false,
            psi > 0.1,
            psi > 0.25,
            largest > 0.3,
            false,
        ];
        Said { alarms, p: contingency }
    }
}

/// Mean and three population standard deviations.
fn three_deviations_above(values: &[f64]) -> f64 {
    mean(values).unwrap_or(0.0) + 3.0 * standard_deviation_population(values).unwrap_or(0.0)
}

/// numpy's `histogram_bin_edges(values, "doane")`.
fn doane_edges(sorted: &[f64]) -> Vec<f64> {
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    let (n, centre) = (sorted.len() as f64, mean(sorted).unwrap_or(0.0));
    let deviation = standard_deviation_population(sorted).unwrap_or(0.0);
    if deviation <= 0.0 || n < 3.0 {
        return vec![low - 0.5, high + 0.5];
    }
    let skewness = sorted.iter().map(|value| ((value - centre) / deviation).powi(3)).sum::<f64>() / n;
    let spread = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
    let bins = (1.0 + n.log2() + (1.0 + skewness.abs() / spread).log2()).ceil();
    let mut edge = 0.0;
    let mut edges = Vec::new();
    while edge <= bins {
        edges.push(low + (high - low) * edge / bins);
        edge += 1.0;
    }
    edges
}

/// Shares between the edges, the last cell closed; what lies outside all of them in one cell more, as `NannyML` has it.
fn shares_between(edges: &[f64], sorted: &[f64]) -> Vec<f64> {
    let n = sorted.len().max(1) as f64;
    let last = edges.len().saturating_sub(1);
    let below = |(index, edge): (usize, &f64)| {
        if index == last { sorted.partition_point(|value| value <= edge) } else { sorted.partition_point(|value| value < edge) }
    };
    let ends: Vec<usize> = edges.iter().enumerate().map(below).collect();
    let mut shares: Vec<f64> = ends.windows(2).map(|pair| if let [start, end] = pair { (end - start) as f64 / n } else { 0.0 }).collect();
    shares.push((1.0 - shares.iter().sum::<f64>()).max(0.0));
    shares
}

/// Jensen-Shannon distance of shares, in bits.
fn jensen_shannon_bits(before: &[f64], now: &[f64]) -> f64 {
    let term = |share: f64, both: f64| if share > 0.0 { share * (2.0 * share / both).log2() } else { 0.0 };
    let divergence = before.iter().zip(now).map(|(b, c)| 0.5 * (term(*b, b + c) + term(*c, b + c))).sum::<f64>();
    divergence.max(0.0).sqrt()
}

/// Jensen-Shannon *divergence* in bits over ten cells of equal width from the least to the greatest value of both sides.
fn vertex_divergence(before: &[f64], now: &[f64]) -> f64 {
    let ends = [before.first(), now.first(), before.last(), now.last()];
    let known: Vec<f64> = ends.into_iter().flatten().copied().collect();
    let (low, high) = known.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    let edges: Vec<f64> = (0..=10).map(|cell| low + (high - low) * f64::from(cell) / 10.0).collect();
    jensen_shannon_bits(&shares_between(&edges, before), &shares_between(&edges, now)).powi(2)
}

/// Pearson's goodness of fit against the reference's shares as if they were exact: 0 for one unseen name.
fn goodness_of_fit(before: &[u64], now: &[u64]) -> f64 {
    fit(before, now, |expected| expected, held(before).saturating_sub(1))
}

/// The same as whylogs has it: expected counts cut to whole numbers, 0 for one that is none, and the window's names less one as degrees of
/// freedom.
fn whylogs_fit(before: &[u64], now: &[u64]) -> f64 {
    fit(before, now, f64::floor, held(now).saturating_sub(1).max(1))
}

/// Names with any count.
fn held(counts: &[u64]) -> usize {
    counts.iter().filter(|count| **count > 0).count()
}

/// p-value of a goodness of fit to the reference's shares, with what is `made` of each expected count: 0 where nothing is expected of a name.
fn fit(before: &[u64], now: &[u64], made: impl Fn(f64) -> f64, freedom: usize) -> f64 {
    let (m, n) = (before.iter().sum::<u64>() as f64, now.iter().sum::<u64>() as f64);
    let either = before.iter().zip(now).filter(|(b, c)| **b > 0 || **c > 0);
    let terms = either.map(|(&b, &c)| {
        let expected = made(b as f64 / m * n);
        if expected > 0.0 { (c as f64 - expected).powi(2) / expected } else { f64::INFINITY }
    });
    tidegate_statistics::chi_squared::sf(terms.sum(), freedom as f64).unwrap_or(1.0)
}

/// Bias-corrected Cramér's V after the larger side is shrunk to the smaller one's size.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded counts")]
fn cramers_v_of_equal_sizes(before: &[u64], now: &[u64]) -> f64 {
    let size = before.iter().sum::<u64>().min(now.iter().sum::<u64>()) as f64;
    let shrunk = |counts: &[u64]| -> Vec<u64> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|count| (*count as f64 * size / total).round() as u64).collect()
    };
    let Some(test) = chi_squared_homogeneity(&shrunk(before), &shrunk(now)) else { return 0.0 };
    let total = 2.0 * size;
    let free = test.degrees_of_freedom as f64;
    let room = (free - free * free / (total - 1.0)).min(1.0 - 1.0 / (total - 1.0));
    ((test.statistic / total - free / (total - 1.0)).max(0.0) / room.max(f64::MIN_POSITIVE)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(factor: f64, plus: f64) -> Vec<f64> {
        (1..=100).map(|value| f64::from(value).powf(1.5) * factor + plus).collect()
    }

    #[test]
    fn cells_and_distance_are_those_of_numpy_and_scipy() {
        // numpy 2.4.6: histogram_bin_edges(x, "doane"); scipy 1.17.1: jensenshannon(…, base=2), with NannyML's cell for what lies outside
        let edges = doane_edges(&powers(1.0, 0.0));
        assert_eq!(edges.len(), 10);
        let distance = jensen_shannon_bits(&shares_between(&edges, &powers(1.0, 0.0)), &shares_between(&edges, &powers(1.1, 3.0)));
        assert!((distance - 0.191_515_570_481_972_4).abs() < 1e-9, "{distance}");
    }

    #[test]
    fn rules_say_what_their_tools_say_of_a_shift_of_half_a_deviation() {
        let reference = Numbers::new(&powers(1.0, 0.0));
        let said = reference.say(powers(1.0, 150.0)).among(1);
        // 100 reference rows: Evidently tests; the shift is half of a standard deviation of 296. The population stability index is 1.50: the
        // lowest two tenths are empty, and their shares are floored.
        let expected = [true, false, true, false, true, true, true, true, true, false, true];
        assert_eq!(said, expected);
    }

    #[test]
    fn names_that_the_reference_lacks_are_counted() {
        let names = |text: &str| text.split_whitespace().map(|name| Some(Arc::from(name))).collect::<Vec<_>>();
        assert_eq!(Names::new(&names("a b b")).count(&names("d b c d")), [0, 1, 1, 2]);
    }

    #[test]
    fn one_unseen_name_is_a_contradiction_to_a_goodness_of_fit() {
        assert!(goodness_of_fit(&[50, 0], &[49, 1]).abs() < 1e-12);
        assert!((goodness_of_fit(&[50, 50], &[50, 50]) - 1.0).abs() < 1e-12);
        assert!(whylogs_fit(&[99, 1], &[10, 0]).abs() < 1e-12 && (whylogs_fit(&[50, 50], &[50, 50]) - 1.0).abs() < 1e-12);
        assert!(cramers_v_of_equal_sizes(&[900, 100], &[10, 90]) > 0.7);
    }
}
