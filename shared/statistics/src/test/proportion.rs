//! The pooled z-test of two proportions.

use crate::normal;

/// Outcome of a z-test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZTest {
    /// Current less baseline, in standard errors; the sign tells the direction.
    pub z: f64,
    /// Two-sided p-value, `0..=1`.
    pub p: f64,
}

/// Pooled two-proportion z-test of `current_hits` in `current_rows` against `baseline_hits` in `baseline_rows`.
///
/// `z = (c − b) / √(π(1−π)(1/m + 1/n))` with `b`, `c` the shares and `π` the pooled share. A pooled share of 0 or 1 is
/// no difference at all: `z = 0`, `p = 1` (statsmodels answers nan). `None` if a side has no rows or more hits than rows.
///
/// # Source
/// Fleiss, Levin & Paik (2003), *Statistical Methods for Rates and Proportions*, 3.1; without continuity correction.
///
/// ```
/// use tidegate_statistics::test::two_proportion_z;
/// let test = two_proportion_z(10, 100, 20, 100).unwrap();
/// assert!((test.z - 0.1 / (0.15_f64 * 0.85 * 0.02).sqrt()).abs() < 1e-12); // 1.98
/// assert_eq!(two_proportion_z(0, 100, 0, 5).unwrap().p, 1.0);
/// assert_eq!(two_proportion_z(0, 100, 0, 0), None);
/// ```
#[must_use]
pub fn two_proportion_z(baseline_hits: u64, baseline_rows: u64, current_hits: u64, current_rows: u64) -> Option<ZTest> {
    if baseline_rows == 0 || current_rows == 0 || baseline_hits > baseline_rows || current_hits > current_rows {
        return None;
    }
    let (m, n) = (baseline_rows as f64, current_rows as f64);
    let hits = baseline_hits as f64 + current_hits as f64;
    let misses = (baseline_rows - baseline_hits) as f64 + (current_rows - current_hits) as f64;
    if hits <= 0.0 || misses <= 0.0 {
        return Some(ZTest { z: 0.0, p: 1.0 });
    }
    let pooled_variance = hits / (m + n) * (misses / (m + n));
    let difference = current_hits as f64 / n - baseline_hits as f64 / m;
    let z = difference / (pooled_variance * (1.0 / m + 1.0 / n)).sqrt();
    Some(ZTest { z, p: normal::two_sided_p(z) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z_is_signed_towards_the_current_side() {
        let rise = two_proportion_z(0, 300, 250, 250).unwrap();
        // the shared case all_null/cur_null: z 23.452, p 1.26e-121
        assert!((rise.z - 23.452_078_799_117_146).abs() < 1e-12);
        assert!((rise.p / 1.258_896_785_018_779_4e-121 - 1.0).abs() < 1e-9);
        assert!((two_proportion_z(250, 250, 0, 300).unwrap().z + rise.z).abs() < 1e-12);
    }

    #[test]
    fn impossible_counts_have_no_answer() {
        assert_eq!(two_proportion_z(5, 4, 0, 4), None);
        assert_eq!(two_proportion_z(0, 0, 0, 4), None);
        assert_eq!(two_proportion_z(4, 4, 9, 9), Some(ZTest { z: 0.0, p: 1.0 }));
    }
}
