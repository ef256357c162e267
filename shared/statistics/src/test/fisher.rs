//! Fisher's exact test of two proportions, for counts too small for a z-test.

use crate::special;

/// Outcomes at most this factor likelier than the observed one count as equally unlikely, so that rounding does not split
/// the two ends of a symmetric table (scipy's margin).
const EQUALLY_LIKELY: f64 = 1.0 + 1e-14;

/// Two-sided p-value of Fisher's exact test of `current_hits` in `current_rows` against `baseline_hits` in `baseline_rows`.
///
/// The sum of the hypergeometric probabilities of all tables with the same margins that are no likelier than the observed
/// one; in `0..=1`. 1 when nothing, or everything, is a hit. `None` if a side has no rows or more hits than rows. Takes time
/// proportional to the smaller margin.
///
/// # Source
/// Fisher (1935); the two-sided rule is that of scipy and R.
///
/// ```
/// use tidegate_statistics::test::fisher_exact;
/// // the lady tasting tea: 3 of 4 cups right
/// let p = fisher_exact(1, 4, 3, 4).unwrap();
/// assert!((p - 34.0 / 70.0).abs() < 1e-14);
/// ```
#[must_use]
pub fn fisher_exact(baseline_hits: u64, baseline_rows: u64, current_hits: u64, current_rows: u64) -> Option<f64> {
    if baseline_rows == 0 || current_rows == 0 || baseline_hits > baseline_rows || current_hits > current_rows {
        return None;
    }
    let hits = baseline_hits + current_hits;
    let rows = baseline_rows + current_rows;
    let least = hits.saturating_sub(current_rows);
    let most = hits.min(baseline_rows);
    let observed = hypergeometric(baseline_hits, baseline_rows, current_rows, hits, rows);
    let counts = |hit: u64| {
        let probability = hypergeometric(hit, baseline_rows, current_rows, hits, rows);
        if probability <= observed * EQUALLY_LIKELY { probability } else { 0.0 }
    };
    Some((least..=most).map(counts).sum::<f64>().min(1.0))
}

/// Hypergeometric probability that `hit` of the `hits` fall on the baseline's rows, as a ratio of binomial densities at the
/// pooled rate (Loader's form, which does not cancel).
fn hypergeometric(hit: u64, baseline_rows: u64, current_rows: u64, hits: u64, rows: u64) -> f64 {
    let (p, q) = (hits as f64 / rows as f64, (rows - hits) as f64 / rows as f64);
    let density = |x: u64, n: u64| special::binomial_density(x as f64, n as f64, p, q);
    density(hit, baseline_rows) * density(hits - hit, current_rows) / density(hits, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_meet_reference_values() {
        // scipy 1.17.1: fisher_exact
        for (a, m, c, n, expected) in
            [(5, 100, 20, 100, 0.002_197_232_551_984_906), (100, 100_000, 160, 100_000, 0.000_236_731_676_666_009_7), (0, 4, 0, 9, 1.0)]
        {
            let p = fisher_exact(a, m, c, n).unwrap();
            assert!((p / expected - 1.0).abs() < 1e-10, "{a}/{m} and {c}/{n}: {p}");
        }
    }

    #[test]
    fn impossible_counts_have_no_answer() {
        assert_eq!(fisher_exact(1, 0, 0, 4), None);
        assert_eq!(fisher_exact(0, 4, 5, 4), None);
    }
}
