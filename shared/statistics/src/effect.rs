//! How large a distance may really be: confidence intervals of the distances on cells.
//!
//! A distance of samples is larger than that of what they are drawn from: two samples of one distribution differ too. So these
//! intervals are those of the *true* distance, and may lie below the one that was measured; they begin at 0 as long as chance alone
//! explains it. Baseline and current counts are given cell by cell; `m` and `n` are their totals, `n_eff = mn/(m + n)`. The answer
//! is `None` where the distance's own is (an empty side, different cells), and unless `0 < confidence < 1`.

use crate::distance::{self, Base};
use crate::interval::Interval;
use crate::kolmogorov_smirnov::TwoSample;
use crate::power::effective_rows;
use crate::{critical, noncentral, normal};

/// Effective rows, and degrees of freedom: cells with any count, less one.
fn sizes(baseline: &[u64], current: &[u64]) -> (f64, f64) {
    let rows = effective_rows(baseline.iter().sum(), current.iter().sum());
    let cells = baseline.iter().zip(current).filter(|&(&b, &c)| b > 0 || c > 0).count();
    (rows, cells.saturating_sub(1) as f64)
}

/// The true value of a quadratic divergence whose estimate times `scale · n_eff` is about noncentral chi-squared.
fn quadratic(divergence: f64, scale: f64, baseline: &[u64], current: &[u64], confidence: f64) -> Option<Interval> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let (rows, dof) = sizes(baseline, current);
    if dof <= 0.0 {
        return Some(Interval { low: 0.0, high: 0.0 });
    }
    let (statistic, outside) = (divergence * scale * rows, (1.0 - confidence) / 2.0);
    let low = noncentral::noncentrality(statistic, dof, outside)?;
    let high = noncentral::noncentrality(statistic, dof, 1.0 - outside)?;
    Some(Interval { low: low / (scale * rows), high: high / (scale * rows) })
}

fn root(interval: Interval, most: f64) -> Interval {
    Interval { low: interval.low.sqrt().min(most), high: interval.high.sqrt().min(most) }
}

/// Interval of Cohen's w: `n_eff·w²` is Pearson's chi-squared, whose noncentrality is inverted.
///
/// # Source
/// Steiger (2004), *Beyond the F Test*; [`distance::cohens_w`] for w.
///
/// ```
/// use tidegate_statistics::effect::cohens_w;
/// let interval = cohens_w(&[500, 500], &[600, 400], 0.95).unwrap();
/// assert!(interval.low > 0.11 && interval.high < 0.29); // w = 0.201
/// assert_eq!(cohens_w(&[500, 500], &[510, 490], 0.95).unwrap().low, 0.0);
/// ```
#[must_use]
pub fn cohens_w(baseline: &[u64], current: &[u64], confidence: f64) -> Option<Interval> {
    let w = distance::cohens_w(baseline, current)?;
    Some(root(quadratic(w * w, 1.0, baseline, current, confidence)?, f64::INFINITY))
}

/// Interval of the population stability index: `n_eff·PSI` is about chi-squared to second order.
///
/// # Source
/// Yurdakul (2018), *Statistical Properties of Population Stability Index*, for the central case; the noncentral one after Steiger.
///
/// ```
/// use tidegate_statistics::effect::psi;
/// let interval = psi(&[500, 500], &[600, 400], 0.95).unwrap();
/// assert!(interval.low > 0.01 && interval.high < 0.09); // PSI = 0.040
/// ```
#[must_use]
pub fn psi(baseline: &[u64], current: &[u64], confidence: f64) -> Option<Interval> {
    quadratic(distance::psi_jeffreys(baseline, current)?, 1.0, baseline, current, confidence)
}

/// Interval of the Jensen-Shannon distance: `8·n_eff` times the divergence in nats is about chi-squared to second order.
///
/// # Source
/// Menéndez, Pardo, Pardo & Pardo (1997), *The Jensen-Shannon Divergence*, for the central case.
///
/// ```
/// use tidegate_statistics::distance::Base;
/// use tidegate_statistics::effect::jensen_shannon;
/// let interval = jensen_shannon(&[500, 500], &[600, 400], Base::Two, 0.95).unwrap();
/// assert!(interval.low > 0.04 && interval.high < 0.13); // 0.085
/// ```
#[must_use]
pub fn jensen_shannon(baseline: &[u64], current: &[u64], base: Base, confidence: f64) -> Option<Interval> {
    let distance = distance::jensen_shannon_distance(baseline, current, Base::E)?;
    let nats = root(quadratic(distance * distance, 8.0, baseline, current, confidence)?, std::f64::consts::LN_2.sqrt());
    let unit = if base == Base::Two { std::f64::consts::LN_2.sqrt() } else { 1.0 };
    Some(Interval { low: nats.low / unit, high: nats.high / unit })
}

/// Interval of the Hellinger distance: the roots of shares have one variance whatever the share, so `8·n_eff·H²` is about noncentral
/// chi-squared for small and for large distances.
///
/// # Source
/// Bartlett (1936), *The Square Root Transformation in Analysis of Variance*.
///
/// ```
/// use tidegate_statistics::effect::hellinger;
/// let interval = hellinger(&[500, 500], &[600, 400], 0.95).unwrap();
/// assert!(interval.low > 0.03 && interval.high < 0.11); // 0.071
/// ```
#[must_use]
pub fn hellinger(baseline: &[u64], current: &[u64], confidence: f64) -> Option<Interval> {
    let distance = distance::hellinger(baseline, current)?;
    Some(root(quadratic(distance * distance, 8.0, baseline, current, confidence)?, 1.0))
}

/// Share of baseline and current per cell.
type Pairs = Vec<(f64, f64)>;

/// Share of each side per cell, with their totals.
fn shares(baseline: &[u64], current: &[u64]) -> Option<(Pairs, f64, f64)> {
    distance::l_infinity(baseline, current)?;
    let (m, n) = (baseline.iter().sum::<u64>() as f64, current.iter().sum::<u64>() as f64);
    Some((baseline.iter().zip(current).map(|(&b, &c)| (b as f64 / m, c as f64 / n)).collect(), m, n))
}

/// Two-sided normal quantile.
fn critical_z(confidence: f64) -> Option<f64> {
    if confidence > 0.0 && confidence < 1.0 { normal::quantile(f64::midpoint(1.0, confidence)) } else { None }
}

/// `distance` less what chance alone adds and the error, to `distance` and the error; within `0..=most`.
fn one_sided_bias(distance: f64, chance: f64, error: f64, most: f64) -> Interval {
    Interval { low: (distance - chance - error).clamp(0.0, most), high: (distance + error).clamp(0.0, most) }
}

/// What chance adds to the mean size of a difference of shares near `share`: `√(2·share·(1 − share)/(π·n_eff))`.
fn chance_size(share: f64, rows: f64) -> f64 {
    (2.0 * share * (1.0 - share) / (std::f64::consts::PI * rows)).max(0.0).sqrt()
}

/// The variance of a sum of scores over the rows of both sides: `Var_b/m + Var_c/n`.
fn variance_of_scores(shares: &[(f64, f64)], scores: &[f64], m: f64, n: f64) -> f64 {
    let moments = |share: fn(&(f64, f64)) -> f64| {
        let (mut mean, mut square) = (0.0, 0.0);
        for (shares, score) in shares.iter().zip(scores) {
            mean += share(shares) * score;
            square += share(shares) * score * score;
        }
        (square - mean * mean).max(0.0)
    };
    moments(|shares| shares.0) / m + moments(|shares| shares.1) / n
}

/// Interval of the total variation distance, by the delta method over the signs that were seen; the lower end is freed of all
/// that chance alone adds, so that it is never too high.
///
/// ```
/// use tidegate_statistics::effect::total_variation;
/// let interval = total_variation(&[500, 500], &[600, 400], 0.95).unwrap();
/// assert!(interval.low > 0.03 && interval.high < 0.15); // 0.1
/// ```
#[must_use]
pub fn total_variation(baseline: &[u64], current: &[u64], confidence: f64) -> Option<Interval> {
    let distance = distance::total_variation(baseline, current)?;
    let (shares, m, n) = shares(baseline, current)?;
    let rows = m * n / (m + n);
    let signs: Vec<f64> = shares.iter().map(|(b, c)| if c >= b { 0.5 } else { -0.5 }).collect();
    let error = critical_z(confidence)? * variance_of_scores(&shares, &signs, m, n).sqrt();
    let chance = shares.iter().map(|(b, c)| 0.5 * chance_size((m * b + n * c) / (m + n), rows)).sum();
    Some(one_sided_bias(distance, chance, error, 1.0))
}

/// Interval of the largest change of any cell's share: that of every cell at once (Bonferroni over the cells).
///
/// ```
/// use tidegate_statistics::effect::l_infinity;
/// let interval = l_infinity(&[500, 500], &[600, 400], 0.95).unwrap();
/// assert!(interval.low > 0.04 && interval.high < 0.16); // 0.1
/// ```
#[must_use]
pub fn l_infinity(baseline: &[u64], current: &[u64], confidence: f64) -> Option<Interval> {
    let (shares, m, n) = shares(baseline, current)?;
    let each = 1.0 - (1.0 - confidence) / shares.len() as f64;
    let z = critical_z(confidence).and(critical_z(each))?;
    let of_cell = |&(b, c): &(f64, f64)| ((c - b).abs(), z * (b * (1.0 - b) / m + c * (1.0 - c) / n).sqrt());
    let cells: Vec<(f64, f64)> = shares.iter().map(of_cell).collect();
    let low = cells.iter().map(|(size, error)| size - error).fold(0.0, f64::max);
    let high = cells.iter().map(|(size, error)| size + error).fold(0.0, f64::max);
    Some(Interval { low, high: high.min(1.0) })
}

/// Bounds of the Kolmogorov-Smirnov distance of the *values*, given their counts in cells: where within a cell they lie is not known.
///
/// At least the distance at the edges; at most the largest `|Fᵢ − Gᵢ₋₁|` or `|Fᵢ₋₁ − Gᵢ|`, as if one side's values lay at a cell's
/// beginning and the other's at its end. The two differ by at most the largest cell's share.
///
/// ```
/// use tidegate_statistics::effect::kolmogorov_smirnov_bounds;
/// let bounds = kolmogorov_smirnov_bounds(&[50, 50], &[60, 40]).unwrap();
/// assert!((bounds.low - 0.1).abs() < 1e-12);
/// assert!((bounds.high - 0.6).abs() < 1e-12);
/// ```
#[must_use]
pub fn kolmogorov_smirnov_bounds(baseline: &[u64], current: &[u64]) -> Option<Interval> {
    let low = distance::kolmogorov_smirnov_cells(baseline, current)?;
    let (shares, _, _) = shares(baseline, current)?;
    let (mut below, mut high) = ((0.0, 0.0), low);
    for (b, c) in shares {
        let with: (f64, f64) = (below.0 + b, below.1 + c);
        high = high.max((with.0 - below.1).abs()).max((with.1 - below.0).abs());
        below = with;
    }
    Some(Interval { low, high: high.min(1.0) })
}

/// Interval of the true Kolmogorov-Smirnov distance, from cells: [`kolmogorov_smirnov_bounds`], widened by the critical value at
/// `n_eff` on either side.
///
/// # Source
/// Smirnov (1939); the difference of the empirical distribution functions' errors is never farther than the critical value with the
/// given confidence, whatever the true distance.
///
/// ```
/// use tidegate_statistics::effect::kolmogorov_smirnov;
/// let cells = kolmogorov_smirnov(&[1000; 10], &[1000; 10], 0.95).unwrap();
/// assert_eq!(cells.low, 0.0);
/// assert!((cells.high - (0.1 + 1.358 / 5_000.0_f64.sqrt())).abs() < 1e-4);
/// ```
#[must_use]
pub fn kolmogorov_smirnov(baseline: &[u64], current: &[u64], confidence: f64) -> Option<Interval> {
    let bounds = kolmogorov_smirnov_bounds(baseline, current)?;
    let (rows, _) = sizes(baseline, current);
    Some(widened(bounds, critical::kolmogorov_smirnov(rows, 1.0 - confidence)?))
}

/// Interval of the true Kolmogorov-Smirnov distance, from the values themselves: the critical value at `n_eff` on either side.
///
/// ```
/// use tidegate_statistics::{effect::kolmogorov_smirnov_of_values, kolmogorov_smirnov::TwoSample};
/// let values: Vec<f64> = (0..2_000).map(f64::from).collect();
/// let later: Vec<f64> = values.iter().map(|value| value + 500.0).collect();
/// let interval = kolmogorov_smirnov_of_values(&TwoSample::of_sorted(&values, &later).unwrap(), 0.95).unwrap();
/// assert!((interval.low - (0.25 - 1.358 / 1_000.0_f64.sqrt())).abs() < 1e-4);
/// ```
#[must_use]
pub fn kolmogorov_smirnov_of_values(test: &TwoSample, confidence: f64) -> Option<Interval> {
    let distance = test.distance();
    let error = critical::kolmogorov_smirnov(test.effective_rows(), 1.0 - confidence)?;
    Some(widened(Interval { low: distance, high: distance }, error))
}

fn widened(bounds: Interval, error: f64) -> Interval {
    Interval { low: (bounds.low - error).max(0.0), high: (bounds.high + error).min(1.0) }
}

/// Interval of the Wasserstein-1 distance of cells that stand for one value each, in the values' unit; by the delta method as
/// [`total_variation`]. Divided by a standard deviation it is the interval of the normalised distance.
///
/// ```
/// use tidegate_statistics::effect::wasserstein;
/// let interval = wasserstein(&[500, 500], &[600, 400], &[0.0, 10.0], 0.95).unwrap();
/// assert!(interval.low > 0.3 && interval.high < 1.5); // 1.0
/// ```
#[must_use]
pub fn wasserstein(baseline: &[u64], current: &[u64], values: &[f64], confidence: f64) -> Option<Interval> {
    let distance = distance::wasserstein_cells(baseline, current, values)?;
    let (shares, m, n) = shares(baseline, current)?;
    let rows = m * n / (m + n);
    let (mut below, mut chance) = ((0.0, 0.0), 0.0);
    // What a row in each cell adds to the integral: the signed steps above it.
    let mut steps = Vec::with_capacity(values.len());
    for ((b, c), pair) in shares.iter().zip(values.windows(2)) {
        below = (below.0 + b, below.1 + c);
        if let [here, next] = pair {
            steps.push(if below.1 >= below.0 { next - here } else { here - next });
            chance += chance_size((m * below.0 + n * below.1) / (m + n), rows) * (next - here);
        }
    }
    let mut above = 0.0;
    let mut scores: Vec<f64> = vec![0.0];
    for step in steps.iter().rev() {
        above += step;
        scores.push(above);
    }
    scores.reverse();
    let error = critical_z(confidence)? * variance_of_scores(&shares, &scores, m, n).sqrt();
    Some(one_sided_bias(distance, chance, error, f64::INFINITY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cell_differs_in_nothing_and_an_empty_side_has_no_interval() {
        for interval in [psi(&[5], &[9], 0.95), hellinger(&[5], &[9], 0.95), cohens_w(&[5], &[9], 0.95), total_variation(&[5], &[9], 0.95)]
        {
            assert_eq!(interval, Some(Interval { low: 0.0, high: 0.0 }));
        }
        assert_eq!(psi(&[5, 1], &[0, 0], 0.95), None);
        assert_eq!(l_infinity(&[5, 1], &[1], 0.95), None);
        assert_eq!(kolmogorov_smirnov(&[5, 1], &[1, 5], 1.0), None);
        assert_eq!(wasserstein(&[5, 1], &[1, 5], &[0.0, 1.0], 0.0), None);
    }

    #[test]
    fn different_supports_are_as_far_apart_as_can_be() {
        let (before, now) = ([400, 0], [0, 400]);
        assert!((hellinger(&before, &now, 0.95).unwrap().high - 1.0).abs() < 1e-12);
        assert!(jensen_shannon(&before, &now, Base::Two, 0.95).unwrap().low > 0.8);
        assert!((total_variation(&before, &now, 0.95).unwrap().high - 1.0).abs() < 1e-12);
        assert!((l_infinity(&before, &now, 0.95).unwrap().low - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_row_on_each_side_says_nothing() {
        assert!(psi(&[1, 0], &[0, 1], 0.95).unwrap().low.abs() < 1e-12);
        assert_eq!(kolmogorov_smirnov(&[1, 0], &[0, 1], 0.95), Some(Interval { low: 0.0, high: 1.0 }));
        assert!(total_variation(&[1, 0], &[0, 1], 0.95).unwrap().high > 0.99);
    }

    #[test]
    fn the_bounds_of_cells_hold_the_distance_of_the_values() {
        // The same rows in cells of ten and as values.
        let before: Vec<f64> = (0..100).map(f64::from).collect();
        let now: Vec<f64> = (0..80).map(|value| f64::from(value) * 1.2 + 0.5).collect();
        let cells = |values: &[f64]| -> Vec<u64> {
            let held =
                |cell: i32| values.iter().filter(|value| (10.0 * f64::from(cell)..10.0 * f64::from(cell + 1)).contains(*value)).count();
            (0..10).map(|cell| held(cell) as u64).collect()
        };
        let distance = TwoSample::of_sorted(&before, &now).unwrap().distance();
        let bounds = kolmogorov_smirnov_bounds(&cells(&before), &cells(&now)).unwrap();
        assert!(bounds.low <= distance && distance <= bounds.high, "{distance} in {bounds:?}");
        assert!(bounds.high - bounds.low <= 0.125 + 1e-12, "{bounds:?}");
    }
}
