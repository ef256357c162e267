//! Two classifiers on the same rows: what the rows on which only one of them is right can prove.

use crate::interval::Interval;
use crate::{chi_squared, normal, special};

/// The rows on which exactly one of two classifiers is right, and all rows.
///
/// ```
/// use tidegate_statistics::test::Discordance;
/// let table = Discordance::new(15, 30, 185).unwrap();
/// assert!((table.mcnemar_exact() - 0.035_697_803_555_194_696).abs() < 1e-12);
/// assert!((table.mcnemar_mid_p() - 0.025_896_081_793_234_78).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discordance {
    first_only: u64,
    second_only: u64,
    rows: u64,
}

impl Discordance {
    /// `first_only` rows on which only the first is right, `second_only` on which only the second is, of `rows`; `None` if there are more
    /// of them than rows, or no rows.
    #[must_use]
    pub fn new(first_only: u64, second_only: u64, rows: u64) -> Option<Self> {
        (rows > 0 && first_only.checked_add(second_only)? <= rows).then_some(Self { first_only, second_only, rows })
    }

    /// Share of right predictions of the second less that of the first, in `−1..=1`.
    #[must_use]
    pub fn difference(&self) -> f64 {
        (self.second_only as f64 - self.first_only as f64) / self.rows as f64
    }

    /// McNemar's exact two-sided p-value: `min(1, 2 · P(X ≤ min(b, c)))`, `X ~ Binomial(b + c, ½)`; 1 without discordant rows.
    ///
    /// # Source
    /// McNemar (1947), *Note on the Sampling Error of the Difference between Correlated Proportions*.
    #[must_use]
    pub fn mcnemar_exact(&self) -> f64 {
        (2.0 * self.smaller_tail()).min(1.0)
    }

    /// McNemar's mid-p value: `2 · P(X ≤ k) − P(X = k)`; closer to its level than the exact one, which is conservative.
    ///
    /// # Source
    /// Fagerland, Lydersen & Laake (2013), *The McNemar Test for Binary Matched-Pairs Data*.
    #[must_use]
    pub fn mcnemar_mid_p(&self) -> f64 {
        let (fewer, all) = (self.first_only.min(self.second_only) as f64, (self.first_only + self.second_only) as f64);
        if all <= 0.0 {
            return 1.0;
        }
        (2.0 * self.smaller_tail() - special::binomial_density(fewer, all, 0.5, 0.5)).clamp(0.0, 1.0)
    }

    /// McNemar's chi-squared statistic and p-value; with `continuous`, Edwards' correction for continuity. `None` without discordant rows.
    #[must_use]
    pub fn mcnemar_chi_squared(&self, continuous: bool) -> Option<(f64, f64)> {
        let all = self.first_only + self.second_only;
        if all == 0 {
            return None;
        }
        let apart = self.first_only.abs_diff(self.second_only) as f64 - if continuous { 1.0 } else { 0.0 };
        let statistic = apart.max(0.0).powi(2) / all as f64;
        Some((statistic, chi_squared::sf(statistic, 1.0)?))
    }

    /// `P(X ≤ min(b, c))`; `P(X ≤ k) = I_½(n − k, k + 1)`.
    fn smaller_tail(&self) -> f64 {
        let (fewer, all) = (self.first_only.min(self.second_only), self.first_only + self.second_only);
        if fewer == all { 1.0 } else { special::incomplete_beta((all - fewer) as f64, (fewer + 1) as f64, 0.5, 0.5) }
    }

    /// Tango's score statistic of "the difference is `shift`": standard normal if it is, positive if the difference is greater.
    ///
    /// `z = (c − b − nΔ) / √(n(2q̃ + Δ(1−Δ)))` with `q̃` the share of the rows on which only the first is right that is likeliest
    /// under `Δ`: `q̃ = (√(B² − 4AC) − B) / 2A`, `A = 2n`, `B = −b − c + (2n − c + b)Δ`, `C = −bΔ(1−Δ)`.
    ///
    /// # Source
    /// Tango (1998), *Equivalence Test and Confidence Interval for the Difference in Proportions for the Paired-Sample Design*.
    #[must_use]
    pub fn tango_z(&self, shift: f64) -> f64 {
        let (worse, better, rows) = (self.first_only as f64, self.second_only as f64, self.rows as f64);
        let linear = -worse - better + (2.0 * rows - better + worse) * shift;
        let constant = -worse * shift * (1.0 - shift);
        let share = ((linear * linear - 8.0 * rows * constant).max(0.0).sqrt() - linear) / (4.0 * rows);
        let variance = rows * (2.0 * share + shift * (1.0 - shift));
        let apart = better - worse - rows * shift;
        if variance > 0.0 {
            apart / variance.sqrt()
        } else if apart.abs() < 1e-9 {
            0.0
        } else {
            apart.signum() * f64::INFINITY
        }
    }

    /// Tango's score interval of the difference, second less first; `None` unless `0 < confidence < 1`.
    ///
    /// It keeps its width when no row is discordant. Found by bisection on [`Discordance::tango_z`].
    #[must_use]
    pub fn tango_interval(&self, confidence: f64) -> Option<Interval> {
        let critical = normal::quantile(f64::midpoint(1.0, confidence)).filter(|z| *z > 0.0)?;
        let difference = self.difference();
        let end = |far: f64, sign: f64| {
            let (mut inside, mut outside) = (difference, far);
            for _ in 0..80 {
                let middle = f64::midpoint(inside, outside);
                if sign * self.tango_z(middle) <= critical {
                    inside = middle;
                } else {
                    outside = middle;
                }
            }
            inside
        };
        Some(Interval { low: end(-1.0, 1.0), high: end(1.0, -1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_discordant_row_proves_nothing_and_leaves_room_on_both_sides() {
        let table = Discordance::new(0, 0, 100).unwrap();
        assert!((table.mcnemar_exact() - 1.0).abs() < 1e-15 && (table.mcnemar_mid_p() - 1.0).abs() < 1e-15);
        let interval = table.tango_interval(0.95).unwrap();
        // z² / (n + z²)
        assert!((interval.high - 0.036_995).abs() < 1e-5 && (interval.low + interval.high).abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn the_statistic_against_no_difference_is_mcnemars() {
        let table = Discordance::new(12, 30, 500).unwrap();
        let (chi_squared, _) = table.mcnemar_chi_squared(false).unwrap();
        assert!((table.tango_z(0.0).powi(2) - chi_squared).abs() < 1e-9);
    }

    #[test]
    fn the_score_statistic_uses_the_likeliest_shares_under_the_shift() {
        let (worse, better, rows) = (7.0_f64, 12.0_f64, 80.0_f64);
        let table = Discordance::new(7, 12, 80).unwrap();
        for shift in [-0.2_f64, -0.03, 0.05, 0.3] {
            let likelihood = |share: f64| {
                worse * share.ln() + better * (share + shift).ln() + (rows - worse - better) * (1.0 - 2.0 * share - shift).ln()
            };
            let shares = (1..200_000).map(|step| f64::from(step) / 400_000.0);
            let share = shares.filter(|share| likelihood(*share).is_finite()).max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b)));
            let z = (better - worse - rows * shift) / (rows * (2.0 * share.unwrap() + shift * (1.0 - shift))).sqrt();
            assert!((table.tango_z(shift) - z).abs() < 1e-3, "{shift}: {} {z}", table.tango_z(shift));
        }
        let interval = table.tango_interval(0.95).unwrap();
        assert!((table.tango_z(interval.low) - 1.959_964).abs() < 1e-6 && (table.tango_z(interval.high) + 1.959_964).abs() < 1e-6);
    }

    #[test]
    fn more_discordant_rows_than_rows_are_refused() {
        assert_eq!(Discordance::new(3, 4, 6), None);
        assert_eq!(Discordance::new(0, 0, 0), None);
    }
}
