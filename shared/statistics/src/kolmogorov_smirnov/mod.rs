//! The two-sample Kolmogorov-Smirnov test on raw values: its distance, and the p-values that go by its name.
//!
//! For counts in cells there is [`crate::distance::kolmogorov_smirnov_cells`]; its distance can be given to
//! [`p_asymptotic`], [`p_limit`] and [`p_stephens`] with [`crate::power::effective_rows`].

mod lattice;
mod one_sample;

use crate::power::effective_rows;

/// Up to so many values on the larger side, [`TwoSample::p_auto`] is exact (scipy's limit).
pub const LARGEST_EXACT_SIDE: u64 = 10_000;

/// Multiple of `√((m+n)/(mn))` that Deequ and SageMaker subtract from a distance to call it robust.
pub const ROBUST_ALLOWANCE: f64 = 1.8;

/// The distance of two samples, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoSample {
    /// Number of values in the baseline, at least 1.
    baseline: u64,
    /// Number of current values, at least 1.
    current: u64,
    /// `max |i·n − j·m|` over all values, `i` and `j` the numbers of values not above it: the distance in units of `1/(mn)`.
    numerator: u64,
}

impl TwoSample {
    /// Compares two samples, each in ascending order; `None` if one is empty, holds a NaN, or both are so large that `m·n`
    /// does not fit 64 bits.
    ///
    /// The distance is taken after all ties of a value, as the distribution functions are right-continuous.
    ///
    /// ```
    /// use tidegate_statistics::kolmogorov_smirnov::TwoSample;
    /// let test = TwoSample::of_sorted(&[1.0, 2.0, 2.0, 4.0], &[2.0, 3.0]).unwrap();
    /// assert_eq!(test.distance(), 0.25); // at 1, 2 and 3: |1/4 − 0|, |3/4 − 1/2|, |3/4 − 1|
    /// ```
    #[must_use]
    pub fn of_sorted(baseline: &[f64], current: &[f64]) -> Option<Self> {
        let (m, n) = (baseline.len() as u64, current.len() as u64);
        if m == 0 || n == 0 || m.checked_mul(n).is_none() || baseline.iter().chain(current).any(|value| value.is_nan()) {
            return None;
        }
        let mut left = baseline.iter().copied().peekable();
        let mut right = current.iter().copied().peekable();
        let (mut i, mut j, mut numerator) = (0_u64, 0_u64, 0_u64);
        while let (Some(&a), Some(&b)) = (left.peek(), right.peek()) {
            let value = a.min(b);
            while left.next_if(|&next| next <= value).is_some() {
                i += 1;
            }
            while right.next_if(|&next| next <= value).is_some() {
                j += 1;
            }
            // Once a side is used up, the distance can only shrink, so the loop may end there.
            numerator = numerator.max((i * n).abs_diff(j * m));
        }
        Some(Self { baseline: m, current: n, numerator })
    }

    /// The distance `D = sup |F − G|`, in `0..=1`.
    ///
    /// # Source
    /// Smirnov (1939), *On the Estimation of the Discrepancy between Empirical Curves of Distribution*.
    #[must_use]
    pub fn distance(&self) -> f64 {
        self.numerator as f64 / (self.baseline * self.current) as f64
    }

    /// The effective number of rows, `mn/(m + n)`.
    #[must_use]
    pub fn effective_rows(&self) -> f64 {
        effective_rows(self.baseline, self.current)
    }

    /// The exact p-value, in `0..=1`: the share of orderings of `m + n` distinct values with at least this distance.
    ///
    /// Conservative with ties. Takes time proportional to `m·n·D`: below a second for 10,000 against 10,000.
    ///
    /// # Source
    /// Hodges (1958), *The Significance Probability of the Smirnov Two-Sample Test*; counted as scipy does.
    ///
    /// ```
    /// use tidegate_statistics::kolmogorov_smirnov::TwoSample;
    /// // 3 against 3, entirely apart: 2 of the 20 orderings
    /// let test = TwoSample::of_sorted(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).unwrap();
    /// assert!((test.p_exact() - 0.1).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn p_exact(&self) -> f64 {
        lattice::p_value(self.baseline, self.current, self.numerator)
    }

    /// The exact p-value when neither side exceeds [`LARGEST_EXACT_SIDE`], else [`TwoSample::p_asymptotic`]: scipy's
    /// `ks_2samp(method="auto")`.
    ///
    /// ```
    /// use tidegate_statistics::kolmogorov_smirnov::TwoSample;
    /// let values: Vec<f64> = (0..5).map(f64::from).collect();
    /// let later: Vec<f64> = (3..8).map(f64::from).collect();
    /// let test = TwoSample::of_sorted(&values, &later).unwrap(); // 5 against 5, D = 0.6
    /// assert!((test.p_auto().unwrap() - 5.0 / 14.0).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn p_auto(&self) -> Option<f64> {
        if self.baseline.max(self.current) <= LARGEST_EXACT_SIDE {
            return Some(self.p_exact());
        }
        self.p_asymptotic()
    }

    /// [`p_asymptotic`] of this distance and effective size; `None` when the effective size rounds to 0 (one value on each side).
    #[must_use]
    pub fn p_asymptotic(&self) -> Option<f64> {
        p_asymptotic(self.distance(), self.effective_rows())
    }

    /// [`p_limit`] of this distance and effective size.
    #[must_use]
    pub fn p_limit(&self) -> Option<f64> {
        p_limit(self.distance(), self.effective_rows())
    }

    /// [`p_stephens`] of this distance and effective size.
    #[must_use]
    pub fn p_stephens(&self) -> Option<f64> {
        p_stephens(self.distance(), self.effective_rows())
    }

    /// Deequ's robust L∞ distance: `max(0, D − 1.8·√((m+n)/(mn)))`, in `0..=1`.
    ///
    /// # Source
    /// Deequ's `Distance.scala`; SageMaker alarms above 0.1.
    ///
    /// ```
    /// use tidegate_statistics::kolmogorov_smirnov::TwoSample;
    /// let test = TwoSample::of_sorted(&[1.0, 2.0], &[3.0, 4.0]).unwrap();
    /// assert_eq!(test.robust_distance(), 0.0); // 1 − 1.8·√(4/4)
    /// ```
    #[must_use]
    pub fn robust_distance(&self) -> f64 {
        (self.distance() - ROBUST_ALLOWANCE / self.effective_rows().sqrt()).max(0.0)
    }
}

/// p-value by the exact one-sample distribution at the effective size rounded to a whole number (half to even).
///
/// `P(Dₙ ≥ distance)`, `n = round(m·n/(m+n))`, in `0..=1`: what scipy calls asymptotic, and Evidently, Azure, whylogs and
/// alibi-detect use. Good to 3e-5 relative (beyond 140 rows, near `n·D²` of 2; elsewhere far better). `None` unless the distance is a number and the size rounds to 1 or more. Takes
/// time proportional to the size.
///
/// # Source
/// Simard & L'Ecuyer (2011), *Computing the Two-Sided Kolmogorov-Smirnov Distribution*.
///
/// ```
/// use tidegate_statistics::kolmogorov_smirnov::p_asymptotic;
/// let p = p_asymptotic(0.6, 2.5).unwrap(); // n = 2: 2·(1 − 0.6)²
/// assert!((p - 0.32).abs() < 1e-15);
/// assert_eq!(p_asymptotic(0.6, 0.5), None);
/// ```
#[must_use]
pub fn p_asymptotic(distance: f64, effective_rows: f64) -> Option<f64> {
    let rows = effective_rows.round_ties_even();
    if distance.is_nan() || !(rows >= 1.0 && rows < 2_f64.powi(53)) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number, checked just above")]
    Some(one_sample::sf(rows as u64, distance))
}

/// p-value by Kolmogorov's limit at `√n_eff · distance`: `2 Σ (−1)ᵏ⁻¹ exp(−2k²x²)`, in `0..=1`. Cheap; too large for small samples.
/// `None` unless the distance is a number and the size positive and finite.
///
/// # Source
/// Kolmogorov (1933), *Sulla determinazione empirica di una legge di distribuzione*.
///
/// ```
/// use tidegate_statistics::kolmogorov_smirnov::p_limit;
/// assert!((p_limit(0.6, 2.5).unwrap() - 0.329_104_789_097_815).abs() < 1e-12);
/// ```
#[must_use]
pub fn p_limit(distance: f64, effective_rows: f64) -> Option<f64> {
    usable(distance, effective_rows).then(|| one_sample::limit_sf(effective_rows.sqrt() * distance))
}

/// p-value by Stephens' modification: Kolmogorov's limit at `(√n_eff + 0.12 + 0.11/√n_eff) · distance`. Cheap, and the closest
/// of the cheap ones. `None` as for [`p_limit`].
///
/// # Source
/// Stephens (1970), *Use of the Kolmogorov-Smirnov, Cramér-Von Mises and Related Statistics without Extensive Tables*.
///
/// ```
/// use tidegate_statistics::kolmogorov_smirnov::p_stephens;
/// assert!((p_stephens(0.6, 2.5).unwrap() - 0.208_984_830_575_167).abs() < 1e-12);
/// ```
#[must_use]
pub fn p_stephens(distance: f64, effective_rows: f64) -> Option<f64> {
    let root = effective_rows.sqrt();
    usable(distance, effective_rows).then(|| one_sample::limit_sf((root + 0.12 + 0.11 / root) * distance))
}

fn usable(distance: f64, effective_rows: f64) -> bool {
    !distance.is_nan() && effective_rows > 0.0 && effective_rows.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_once_and_samples_may_end_early() {
        let test = TwoSample::of_sorted(&[1.0, 1.0, 1.0], &[1.0]).unwrap();
        assert_eq!(test.distance().to_bits(), 0.0_f64.to_bits());
        assert_eq!(test.p_exact().to_bits(), 1.0_f64.to_bits());
        let apart = TwoSample::of_sorted(&[5.0, 6.0], &[-1.0, 0.0, 1.0]).unwrap();
        assert_eq!(apart.distance().to_bits(), 1.0_f64.to_bits());
        assert!((apart.p_exact() - 0.2).abs() < 1e-15); // 2 of 10 orderings
    }

    #[test]
    fn nothing_to_compare_has_no_answer() {
        assert_eq!(TwoSample::of_sorted(&[], &[1.0]), None);
        assert_eq!(TwoSample::of_sorted(&[1.0], &[f64::NAN]), None);
        assert_eq!(p_asymptotic(f64::NAN, 10.0), None);
        assert_eq!(p_limit(0.1, 0.0), None);
        assert_eq!(p_stephens(0.1, f64::INFINITY), None);
        let singles = TwoSample::of_sorted(&[1.0], &[2.0]).unwrap();
        assert_eq!(singles.p_asymptotic(), None);
        assert_eq!(singles.p_auto(), Some(1.0));
    }

    #[test]
    fn large_samples_leave_the_exact_count() {
        let values: Vec<f64> = (0..10_001).map(f64::from).collect();
        let test = TwoSample::of_sorted(&values, &[5_000.0, 20_000.0]).unwrap();
        assert_eq!(test.p_auto(), test.p_asymptotic());
        let test = TwoSample::of_sorted(&values[1..], &[5_000.0, 20_000.0]).unwrap();
        assert_eq!(test.p_auto(), Some(test.p_exact()));
    }
}
