//! Distances between two sets of counts over the same ordered cells: how different two distributions are, without asking
//! whether chance explains it.
//!
//! Every function takes the baseline's and the current counts, cell by cell. Below, `m` and `n` are their totals,
//! `bᵢ` and `cᵢ` their shares (counts divided by totals), `B` is the number of cells. The answer is `None`
//! when a side has no counts at all or the slices have different lengths: a distance to nothing is not zero.
//! One pass, no allocation.

use std::f64::consts::LN_2;

/// Share that stands for an empty cell in [`psi_floored`] and [`kullback_leibler`].
pub const SHARE_FLOOR: f64 = 1e-4;

/// What Jeffreys' prior adds to the count of every cell in [`psi_jeffreys`].
pub const JEFFREYS_COUNT: f64 = 0.5;

/// Logarithm that a Jensen-Shannon distance is expressed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Base 2: the distance lies in `0..=1`.
    Two,
    /// Base e: the distance lies in `0..=√(ln 2)`, 0.8326.
    E,
}

/// Totals of both sides; `None` if one is empty or the cells differ.
fn totals(baseline: &[u64], current: &[u64]) -> Option<(f64, f64)> {
    if baseline.len() != current.len() {
        return None;
    }
    let m: u64 = baseline.iter().sum();
    let n: u64 = current.iter().sum();
    (m > 0 && n > 0).then_some((m as f64, n as f64))
}

/// Sums `term(baseline share, current share)` over the cells.
fn sum_over_shares(baseline: &[u64], current: &[u64], term: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let (m, n) = totals(baseline, current)?;
    Some(baseline.iter().zip(current).map(|(&b, &c)| term(b as f64 / m, c as f64 / n)).sum())
}

/// Population stability index with Jeffreys' prior, at least 0, unbounded above, dimensionless.
///
/// `PSI = Σᵢ (c′ᵢ − b′ᵢ) · ln(c′ᵢ / b′ᵢ)` with `b′ᵢ = (countᵢ + ½) / (m + B/2)`, `c′ᵢ` likewise. The prior keeps empty
/// cells finite without the cliff of a floor. Under no change the value is about `χ²(B−1) · (1/m + 1/n)`.
///
/// # Source
/// Yurdakul (2018), *Statistical Properties of Population Stability Index*; the prior is Jeffreys' for a multinomial.
///
/// ```
/// use tidegate_statistics::distance::psi_jeffreys;
/// // shares 10.5/21 and 10.5/21 against 15.5/21 and 5.5/21: 5/21 · ln(15.5/10.5) − 5/21 · ln(5.5/10.5)
/// let psi = psi_jeffreys(&[10, 10], &[15, 5]).unwrap();
/// assert!((psi - 5.0 / 21.0 * (15.5_f64 / 5.5).ln()).abs() < 1e-15);
/// assert_eq!(psi_jeffreys(&[0, 0], &[1, 2]), None);
/// ```
#[must_use]
pub fn psi_jeffreys(baseline: &[u64], current: &[u64]) -> Option<f64> {
    let (m, n) = totals(baseline, current)?;
    let prior = JEFFREYS_COUNT * baseline.len() as f64;
    let term = |(&b, &c): (&u64, &u64)| {
        let b = (b as f64 + JEFFREYS_COUNT) / (m + prior);
        let c = (c as f64 + JEFFREYS_COUNT) / (n + prior);
        (c - b) * (c / b).ln()
    };
    Some(baseline.iter().zip(current).map(term).sum())
}

/// Population stability index with a floor, at least 0, dimensionless.
///
/// `PSI = Σᵢ (cᵢ − bᵢ) · ln(cᵢ / bᵢ)`; a share of zero is replaced by [`SHARE_FLOOR`], and nothing is normalised again.
/// A cell empty on both sides adds nothing.
///
/// # Source
/// Yurdakul (2018); the floor is the customary one (Evidently uses the same).
///
/// ```
/// use tidegate_statistics::distance::psi_floored;
/// let psi = psi_floored(&[1, 1], &[3, 1]).unwrap();
/// assert!((psi - 0.25 * 3.0_f64.ln()).abs() < 1e-15); // 0.25·ln 1.5 − 0.25·ln 0.5
/// ```
#[must_use]
pub fn psi_floored(baseline: &[u64], current: &[u64]) -> Option<f64> {
    sum_over_shares(baseline, current, |b, c| {
        let (b, c) = (floored(b), floored(c));
        (c - b) * (c / b).ln()
    })
}

fn floored(share: f64) -> f64 {
    if share > 0.0 { share } else { SHARE_FLOOR }
}

/// Jensen-Shannon distance: the square root of the divergence, a metric.
///
/// `√(½ Σᵢ bᵢ log(bᵢ/hᵢ) + ½ Σᵢ cᵢ log(cᵢ/hᵢ))` with `h = (b + c)/2`. In `0..=1` in base 2, `0..=0.8326` in base e.
///
/// # Source
/// Lin (1991), *Divergence Measures Based on the Shannon Entropy*; Endres & Schindelin (2003) for the root. Each cell is
/// computed as `h · g((b−c)/(b+c))`, `g(δ) = ½[(1+δ)ln(1+δ) + (1−δ)ln(1−δ)]`, which does not cancel for small changes.
///
/// ```
/// use tidegate_statistics::distance::{jensen_shannon_distance, Base};
/// assert_eq!(jensen_shannon_distance(&[4, 0], &[0, 7], Base::Two), Some(1.0));
/// assert_eq!(jensen_shannon_distance(&[1, 3], &[2, 6], Base::E), Some(0.0));
/// ```
#[must_use]
pub fn jensen_shannon_distance(baseline: &[u64], current: &[u64], base: Base) -> Option<f64> {
    let divergence = sum_over_shares(baseline, current, |b, c| {
        let both = b + c;
        if both > 0.0 { 0.5 * both * entropy_gap((b - c) / both) } else { 0.0 }
    })?;
    let distance = match base {
        Base::Two => (divergence / LN_2).sqrt(),
        Base::E => divergence.sqrt(),
    };
    Some(distance.min(if base == Base::Two { 1.0 } else { LN_2.sqrt() }))
}

/// `½[(1+δ)ln(1+δ) + (1−δ)ln(1−δ)]` for `−1 ≤ δ ≤ 1`: `ln 2` less the entropy of a coin with bias `δ`, in nats.
fn entropy_gap(delta: f64) -> f64 {
    let square = delta * delta;
    if square < 0.01 {
        // Σ δ²ᵏ / (2k(2k−1)): the first term left out is below 1e-16 of the sum.
        let series = [182.0, 132.0, 90.0, 56.0, 30.0, 12.0, 2.0].iter().fold(0.0, |sum, divisor| sum * square + 1.0 / divisor);
        return square * series;
    }
    if square >= 1.0 {
        return LN_2;
    }
    0.5 * ((1.0 + delta) * delta.ln_1p() + (1.0 - delta) * (-delta).ln_1p())
}

/// Hellinger distance `√(½ Σᵢ (√bᵢ − √cᵢ)²)`, in `0..=1`.
///
/// # Source
/// Hellinger (1909); Le Cam & Yang (2000), *Asymptotics in Statistics*, part 3.
///
/// ```
/// use tidegate_statistics::distance::hellinger;
/// assert_eq!(hellinger(&[5, 0], &[0, 2]), Some(1.0));
/// ```
#[must_use]
pub fn hellinger(baseline: &[u64], current: &[u64]) -> Option<f64> {
    let sum = sum_over_shares(baseline, current, |b, c| (b.sqrt() - c.sqrt()).powi(2))?;
    Some((0.5 * sum).sqrt().min(1.0))
}

/// Total variation distance `½ Σᵢ |bᵢ − cᵢ|`: the share of rows that would have to move, in `0..=1`.
///
/// ```
/// use tidegate_statistics::distance::total_variation;
/// assert_eq!(total_variation(&[1, 3], &[2, 2]), Some(0.25));
/// ```
#[must_use]
pub fn total_variation(baseline: &[u64], current: &[u64]) -> Option<f64> {
    let sum = sum_over_shares(baseline, current, |b, c| (b - c).abs())?;
    Some((0.5 * sum).min(1.0))
}

/// Largest change of any cell's share, `maxᵢ |bᵢ − cᵢ|`, in `0..=1`.
///
/// ```
/// use tidegate_statistics::distance::l_infinity;
/// assert_eq!(l_infinity(&[2, 1, 1], &[1, 1, 2]), Some(0.25));
/// ```
#[must_use]
pub fn l_infinity(baseline: &[u64], current: &[u64]) -> Option<f64> {
    let (m, n) = totals(baseline, current)?;
    Some(baseline.iter().zip(current).map(|(&b, &c)| (b as f64 / m - c as f64 / n).abs()).fold(0.0, f64::max))
}

/// Kolmogorov-Smirnov distance at the cells' edges: `max |F − G|` over the cumulated shares, in `0..=1`.
///
/// Never above the distance of the raw values, and below it by at most the largest cell's share.
///
/// # Source
/// Smirnov (1939); see [`crate::kolmogorov_smirnov`] for raw values.
///
/// ```
/// use tidegate_statistics::distance::kolmogorov_smirnov_cells;
/// assert_eq!(kolmogorov_smirnov_cells(&[1, 1, 2], &[2, 1, 1]), Some(0.25));
/// ```
#[must_use]
pub fn kolmogorov_smirnov_cells(baseline: &[u64], current: &[u64]) -> Option<f64> {
    let (m, n) = totals(baseline, current)?;
    let mut below = (0_u64, 0_u64);
    let mut largest = 0.0_f64;
    for (&b, &c) in baseline.iter().zip(current) {
        below = (below.0 + b, below.1 + c);
        largest = largest.max((below.0 as f64 / m - below.1 as f64 / n).abs());
    }
    Some(largest)
}

/// What Deequ, and `SageMaker` Model Monitor with it, takes for chance: the Kolmogorov-Smirnov critical value at a level of 0.003.
const ROBUST_CHANCE: f64 = 1.8;

/// Deequ's robust distance: a largest difference `D` between samples of `m` and `n` values (Kolmogorov-Smirnov's for numbers, that of shares
/// for names), less what chance explains: `max(0, D − 1.8·√((m + n)/(m·n)))`. `None` if a side is empty.
///
/// # Source
/// Deequ, `Distance.selectMetrics` with its default `cAlpha`.
///
/// ```
/// use tidegate_statistics::distance::robust;
/// assert!((robust(0.3, 200, 200).unwrap() - 0.12).abs() < 1e-12);
/// assert_eq!(robust(0.1, 200, 200), Some(0.0));
/// ```
#[must_use]
pub fn robust(distance: f64, m: u64, n: u64) -> Option<f64> {
    let (m, n) = (m as f64, n as f64);
    (m > 0.0 && n > 0.0).then(|| (distance - ROBUST_CHANCE * ((m + n) / (m * n)).sqrt()).max(0.0))
}

/// Kullback-Leibler divergence of `from` to `to` in nats, at least 0.
///
/// `Σᵢ fᵢ ln(fᵢ / tᵢ)`, shares of zero replaced by [`SHARE_FLOOR`] and then normalised to sum to one. Not symmetric:
/// give the baseline first for "how badly the current data code the baseline" (Evidently's direction).
///
/// # Source
/// Kullback & Leibler (1951). The floor is ours.
///
/// ```
/// use tidegate_statistics::distance::kullback_leibler;
/// let kl = kullback_leibler(&[1, 1], &[3, 1]).unwrap();
/// assert!((kl - 0.5 * (4.0_f64 / 3.0).ln()).abs() < 1e-15); // ½ ln(½/¾) + ½ ln(½/¼)
/// ```
#[must_use]
pub fn kullback_leibler(from: &[u64], to: &[u64]) -> Option<f64> {
    let from_sum = sum_over_shares(from, to, |f, _| floored(f))?;
    let to_sum = sum_over_shares(from, to, |_, t| floored(t))?;
    let sum = sum_over_shares(from, to, |f, t| {
        let (f, t) = (floored(f) / from_sum, floored(t) / to_sum);
        f * (f / t).ln()
    })?;
    Some(sum.max(0.0))
}

/// Pearson's chi-squared of the 2 × `B` table of both sides: `Σ (observed − expected)² / expected`.
fn pearson(baseline: &[u64], current: &[u64]) -> Option<(f64, f64)> {
    let (m, n) = totals(baseline, current)?;
    // (b − c)² · mn / ((mb + nc)) per cell, in shares: the two rows' terms in one.
    let sum = sum_over_shares(baseline, current, |b, c| {
        let pooled = m * b + n * c;
        if pooled > 0.0 { (b - c).powi(2) / pooled } else { 0.0 }
    })?;
    Some((sum * m * n, m + n))
}

/// Cramér's V of side against cell, `√(χ² / (m + n))`, in `0..=1`.
///
/// The table has two rows, so the smaller dimension less one is 1. Depends on how unequal `m` and `n` are; [`cohens_w`] does not.
///
/// # Source
/// Cramér (1946), *Mathematical Methods of Statistics*, 21.9.
///
/// ```
/// use tidegate_statistics::distance::cramers_v;
/// assert_eq!(cramers_v(&[5, 0], &[0, 5]), Some(1.0));
/// ```
#[must_use]
pub fn cramers_v(baseline: &[u64], current: &[u64]) -> Option<f64> {
    let (statistic, total) = pearson(baseline, current)?;
    Some((statistic / total).sqrt().min(1.0))
}

/// Cohen's w of the current shares against the baseline's: `√(Σᵢ (cᵢ − bᵢ)² / pᵢ)` with `pᵢ` the pooled share
/// `(m bᵢ + n cᵢ)/(m + n)`; at least 0.
///
/// By Cohen's reading .1 is small, .3 medium, .5 large. Pooling keeps cells finite that the baseline never saw.
///
/// # Source
/// Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, 7.2.
///
/// ```
/// use tidegate_statistics::distance::cohens_w;
/// // shares ½, ½ against ¾, ¼; pooled ⅝, ⅜
/// let w = cohens_w(&[2, 2], &[3, 1]).unwrap();
/// assert!((w - (0.0625_f64 / 0.625 + 0.0625 / 0.375).sqrt()).abs() < 1e-15);
/// ```
#[must_use]
pub fn cohens_w(baseline: &[u64], current: &[u64]) -> Option<f64> {
    let (m, n) = totals(baseline, current)?;
    let sum = sum_over_shares(baseline, current, |b, c| {
        let pooled = (m * b + n * c) / (m + n);
        if pooled > 0.0 { (c - b).powi(2) / pooled } else { 0.0 }
    })?;
    Some(sum.sqrt())
}

/// Wasserstein-1 (earth mover's) distance of cells that stand for one value each, in the values' unit.
///
/// `Σᵢ |Fᵢ − Gᵢ| · (vᵢ₊₁ − vᵢ)`, with `values` not decreasing and one per cell. `None` also if their number differs from
/// that of the cells, or one of them is not finite.
///
/// # Source
/// Vallender (1974) for the one-dimensional form.
///
/// ```
/// use tidegate_statistics::distance::wasserstein_cells;
/// // half of the rows move from 0 to 10
/// assert_eq!(wasserstein_cells(&[2, 2], &[0, 4], &[0.0, 10.0]), Some(5.0));
/// ```
#[must_use]
pub fn wasserstein_cells(baseline: &[u64], current: &[u64], values: &[f64]) -> Option<f64> {
    let (m, n) = totals(baseline, current)?;
    if values.len() != baseline.len() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut below = (0_u64, 0_u64);
    let mut sum = 0.0;
    for ((&b, &c), step) in baseline.iter().zip(current).zip(values.windows(2)) {
        below = (below.0 + b, below.1 + c);
        if let [here, next] = step {
            sum += (below.0 as f64 / m - below.1 as f64 / n).abs() * (next - here);
        }
    }
    sum.is_finite().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Distance = fn(&[u64], &[u64]) -> Option<f64>;

    const BASELINE: [u64; 4] = [30, 20, 0, 50];
    const CURRENT: [u64; 4] = [25, 30, 5, 40];

    fn assert_close(actual: Option<f64>, expected: f64) {
        let actual = actual.unwrap();
        assert!((actual - expected).abs() < 1e-14, "{actual}, not {expected}");
    }

    #[test]
    fn distances_meet_reference_values() {
        // scipy 1.17.1 on the shares: jensenshannon, entropy, wasserstein_distance; the others by numpy
        assert_close(jensen_shannon_distance(&BASELINE, &CURRENT, Base::Two), 0.194_730_111_443_941_28);
        assert_close(jensen_shannon_distance(&BASELINE, &CURRENT, Base::E), 0.162_123_452_213_905_7);
        assert_close(hellinger(&BASELINE, &CURRENT), 0.184_326_209_392_861_96);
        assert_close(psi_floored(&BASELINE, &CURRENT), 0.382_085_887_893_202_4);
        assert_close(psi_jeffreys(&BASELINE, &CURRENT), 0.186_906_363_898_186_52);
        assert_close(kullback_leibler(&BASELINE, &CURRENT), 0.084_445_310_732_909_5);
        assert_close(wasserstein_cells(&BASELINE, &CURRENT, &[1.0, 2.0, 4.0, 8.0]), 0.55);
        assert_close(total_variation(&BASELINE, &CURRENT), 0.15);
        assert_close(l_infinity(&BASELINE, &CURRENT), 0.1);
        assert_close(kolmogorov_smirnov_cells(&BASELINE, &CURRENT), 0.1);
        // χ² = 8.565 656… over 200 rows; w is twice that for sides of equal size
        assert_close(cramers_v(&BASELINE, &CURRENT), (8.565_656_565_656_566_f64 / 200.0).sqrt());
        assert_close(cohens_w(&BASELINE, &CURRENT), (4.0 * 8.565_656_565_656_566_f64 / 200.0).sqrt());
    }

    #[test]
    fn tiny_changes_of_huge_counts_do_not_cancel() {
        let billion = 1_000_000_000_u64;
        let distance = jensen_shannon_distance(&[billion, billion], &[billion + 1, billion - 1], Base::E).unwrap();
        // Two cells of ½ · δ²/2 each, with δ = 5e-10.
        assert!((distance / (5e-10 / 2_f64.sqrt()) - 1.0).abs() < 1e-6, "{distance}");
    }

    #[test]
    fn a_distance_to_nothing_is_undefined() {
        let all: [Distance; 8] =
            [psi_jeffreys, psi_floored, hellinger, total_variation, l_infinity, kolmogorov_smirnov_cells, kullback_leibler, cohens_w];
        for distance in all {
            assert_eq!(distance(&[], &[]), None);
            assert_eq!(distance(&[0, 0], &[1, 2]), None);
            assert_eq!(distance(&[1, 2], &[0, 0]), None);
            assert_eq!(distance(&[1, 2], &[1, 2, 3]), None);
        }
        assert_eq!(wasserstein_cells(&[1, 1], &[2, 0], &[1.0]), None);
        assert_eq!(wasserstein_cells(&[1, 1], &[2, 0], &[1.0, f64::INFINITY]), None);
    }

    #[test]
    fn one_cell_and_entirely_new_cells_are_defined() {
        assert_eq!(psi_jeffreys(&[5], &[9]), Some(0.0));
        assert_eq!(cohens_w(&[5], &[9]), Some(0.0));
        assert_eq!(cohens_w(&[5, 0], &[0, 5]), Some(2.0));
        assert_eq!(total_variation(&[5, 0], &[0, 9]), Some(1.0));
        assert!(psi_jeffreys(&[5, 0], &[0, 9]).unwrap().is_finite());
    }
}
