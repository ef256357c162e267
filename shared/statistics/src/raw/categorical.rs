//! The statistics of a categorical feature.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Statistics, cell_statistics, missing_statistics, named};
use crate::distance::cramers_v;
use crate::test::{ChiSquared, chi_squared_homogeneity, g_test, two_proportion_z, yates};

/// So many of the baseline's most frequent categories have a cell of their own in `top64.*`.
pub const TOP_CATEGORIES: usize = 64;

/// One side of a categorical feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoricalSide {
    rows: u64,
    missing: u64,
    counts: BTreeMap<String, u64>,
}

/// What categories came and went.
struct Turnover {
    new_categories: u64,
    new_rows: u64,
    gone_categories: u64,
    gone_rows: u64,
}

impl CategoricalSide {
    /// A side of `rows` rows, of which `missing` have no value, with the number of rows per category; categories are equal
    /// when their bytes are.
    #[must_use]
    pub fn new(rows: u64, missing: u64, mut counts: BTreeMap<String, u64>) -> Self {
        counts.retain(|_, count| *count > 0);
        Self { rows, missing, counts }
    }

    fn present(&self) -> u64 {
        self.counts.values().sum()
    }

    fn count(&self, category: &str) -> u64 {
        self.counts.get(category).copied().unwrap_or(0)
    }

    /// Every statistic of `current` against this side: `missing.*`, `new.*`, `gone.*`, `chi2*`, `g.*`, `cramers_v*`, `binary.*` (for two
    /// categories: the share of the later one by bytes), and the distances over all categories (`cat`) and over the baseline's
    /// [`TOP_CATEGORIES`], the others and the new (`top64`).
    ///
    /// ```
    /// use tidegate_statistics::raw::CategoricalSide;
    /// let side = |a, b| CategoricalSide::new(10, 0, [("a".to_owned(), a), ("b".to_owned(), b)].into());
    /// let statistics = side(5, 5).compare(&side(10, 0));
    /// assert_eq!(statistics["tv.cat"], Some(0.5));
    /// assert_eq!(statistics["gone.n_categories"], Some(1.0));
    /// assert_eq!(statistics["gone.ref_mass"], Some(0.5));
    /// ```
    #[must_use]
    pub fn compare(&self, current: &Self) -> Statistics {
        let categories: BTreeSet<&String> = self.counts.keys().chain(current.counts.keys()).collect();
        let cells: Vec<(u64, u64)> = categories.iter().map(|category| (self.count(category), current.count(category))).collect();
        let (baseline_cells, current_cells): (Vec<u64>, Vec<u64>) = cells.iter().copied().unzip();
        let (baseline_top, current_top) = self.top_cells(current);

        let mut statistics = missing_statistics((self.missing, self.rows), (current.missing, current.rows));
        statistics.extend(self.turnover_statistics(current, &cells));
        statistics.extend(cell_statistics("cat", &baseline_cells, &current_cells));
        statistics.extend(cell_statistics("top64", &baseline_top, &current_top));
        statistics.extend(table_statistics(&baseline_cells, &current_cells));
        let top = chi_squared_homogeneity(&baseline_top, &current_top);
        statistics.extend(named([
            ("top64.chi2.stat", top.map(|test| test.statistic)),
            ("top64.chi2.p", top.map(|test| test.p)),
            ("top64.chi2.dof", top.map(|test| test.degrees_of_freedom as f64)),
        ]));
        let binary = match cells.as_slice() {
            [_, (baseline, now)] => two_proportion_z(*baseline, self.present(), *now, current.present()),
            _ => None,
        };
        statistics.extend(named([("binary.z", binary.map(|test| test.z)), ("binary.z_p", binary.map(|test| test.p))]));
        statistics
    }

    fn turnover_statistics(&self, current: &Self, cells: &[(u64, u64)]) -> Statistics {
        let (m, n) = (self.present(), current.present());
        let mut turnover = Turnover { new_categories: 0, new_rows: 0, gone_categories: 0, gone_rows: 0 };
        for &(baseline, now) in cells {
            if baseline == 0 {
                turnover.new_categories += 1;
                turnover.new_rows += now;
            }
            if now == 0 {
                turnover.gone_categories += 1;
                turnover.gone_rows += baseline;
            }
        }
        let defined = |value: f64| (m > 0 && n > 0).then_some(value);
        named([
            ("new.n_categories", defined(turnover.new_categories as f64)),
            ("new.row_rate_nonnull", defined(turnover.new_rows as f64 / n as f64)),
            ("new.row_rate_all", defined(turnover.new_rows as f64 / current.rows as f64)),
            ("gone.n_categories", defined(turnover.gone_categories as f64)),
            ("gone.ref_mass", defined(turnover.gone_rows as f64 / m as f64)),
        ])
    }

    /// Cells of the most frequent categories of the baseline (ties by bytes), then of its other ones and of new ones where there
    /// are any.
    fn top_cells(&self, current: &Self) -> (Vec<u64>, Vec<u64>) {
        let mut ranked: Vec<(&String, u64)> = self.counts.iter().map(|(category, count)| (category, *count)).collect();
        ranked.sort_by_key(|&(category, count)| (Reverse(count), category));
        let split = ranked.len().min(TOP_CATEGORIES);
        let (top, others) = ranked.split_at(split);
        let now = |ranked: &[(&String, u64)]| ranked.iter().map(|(category, _)| current.count(category)).collect::<Vec<u64>>();
        let mut baseline_cells: Vec<u64> = top.iter().map(|(_, count)| *count).collect();
        let mut current_cells = now(top);
        let known: u64 = current_cells.iter().sum();
        let other: u64 = now(others).iter().sum();
        let rest = [(others.iter().map(|(_, count)| *count).sum(), other), (0, current.present() - known - other)];
        for (baseline, now) in rest.into_iter().filter(|&(baseline, now)| baseline > 0 || now > 0) {
            baseline_cells.push(baseline);
            current_cells.push(now);
        }
        (baseline_cells, current_cells)
    }
}

/// The tests on the table of both sides, and the strength of association.
fn table_statistics(baseline: &[u64], current: &[u64]) -> Statistics {
    let pearson = chi_squared_homogeneity(baseline, current);
    let likelihood = g_test(baseline, current);
    let total = baseline.iter().chain(current).sum::<u64>() as f64;
    named([
        ("chi2.stat", pearson.map(|test| test.statistic)),
        ("chi2.p", pearson.map(|test| test.p)),
        ("chi2.dof", pearson.map(|test| test.degrees_of_freedom as f64)),
        ("chi2.min_expected", pearson.map(|test| test.min_expected)),
        ("chi2_yates.p", yates(baseline, current).map(|test| test.p)),
        ("g.stat", likelihood.map(|test| test.statistic)),
        ("g.p", likelihood.map(|test| test.p)),
        ("cramers_v", cramers_v(baseline, current)),
        ("cramers_v_bias_corrected", pearson.and_then(|test| bias_corrected_cramers_v(&test, total))),
    ])
}

/// Cramér's V without its upward bias in small tables.
///
/// `√(φ̃² / min(k̃ − 1, r̃ − 1))` with `φ̃² = max(0, χ²/N − (k−1)(r−1)/(N−1))`, `k̃ = k − (k−1)²/(N−1)`, `r̃` likewise, two rows.
/// `None` where the denominator is not positive: fewer than two categories, or as many as rows.
///
/// # Source
/// Bergsma (2013), *A Bias-Correction for Cramér's V and Tschuprow's T*.
fn bias_corrected_cramers_v(test: &ChiSquared, total: f64) -> Option<f64> {
    let free = test.degrees_of_freedom as f64;
    let strength = (test.statistic / total - free / (total - 1.0)).max(0.0);
    let columns = free - free.powi(2) / (total - 1.0);
    let rows = 1.0 - 1.0 / (total - 1.0);
    let room = columns.min(rows);
    (room > 0.0).then(|| (strength / room).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(counts: &[(&str, u64)]) -> CategoricalSide {
        let counts: BTreeMap<String, u64> = counts.iter().map(|(category, count)| ((*category).to_owned(), *count)).collect();
        CategoricalSide::new(counts.values().sum(), 0, counts)
    }

    #[test]
    fn one_new_row_is_no_contradiction() {
        let statistics = side(&[("a", 500), ("b", 500)]).compare(&side(&[("a", 100), ("b", 99), ("c", 1)]));
        assert_eq!(statistics["new.n_categories"], Some(1.0));
        assert_eq!(statistics["new.row_rate_nonnull"], Some(1.0 / 200.0));
        assert!(statistics["chi2.p"].unwrap() > 0.05);
        assert_eq!(statistics["binary.z"], None);
    }

    #[test]
    fn a_single_category_differs_in_nothing() {
        let statistics = side(&[("a", 5)]).compare(&side(&[("a", 9)]));
        assert_eq!(statistics["chi2.p"], Some(1.0));
        assert_eq!(statistics["psi.cat.jeffreys"], Some(0.0));
        assert_eq!(statistics["cramers_v_bias_corrected"], None);
    }

    #[test]
    fn an_empty_side_has_no_statistics() {
        let statistics = side(&[("a", 5)]).compare(&side(&[]));
        let defined: Vec<&String> = statistics.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect();
        assert_eq!(defined, ["missing.rate_ref"]);
    }

    #[test]
    fn the_sixty_fifth_category_is_among_the_others() {
        let names: Vec<String> = (0..70).map(|index| format!("c{index:02}")).collect();
        let counts: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 10)).collect();
        let (baseline, current) = side(&counts).top_cells(&side(&[("c63", 1), ("c64", 2), ("new", 4)]));
        assert_eq!(baseline.len(), 66);
        assert_eq!(baseline[63..], [10, 60, 0]);
        assert_eq!(current[63..], [1, 2, 4]);
    }
}
