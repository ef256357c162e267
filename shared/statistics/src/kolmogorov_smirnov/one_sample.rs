//! The distribution of the one-sample distance `Dₙ`, after Simard & L'Ecuyer (2011), *Computing the Two-Sided
//! Kolmogorov-Smirnov Distribution*: each method where it is the accurate one.

use std::f64::consts::{PI, TAU};

use crate::special::binomial_density;

/// Up to this size, and below [`MATRIX_LARGEST`], the matrix method is exact and quick.
const MATRIX_ROWS: u64 = 140;

/// `n·x²` up to which the matrix method serves small samples.
const MATRIX_LARGEST: f64 = 4.0;

/// Largest size, and largest `n·x^1.5`, at which the matrix method serves larger samples.
const MATRIX_ROWS_NEAR_ZERO: u64 = 100_000;
const MATRIX_NEAR_ZERO: f64 = 1.4;

/// `n·x²` from which twice the one-sided tail is the two-sided one to all digits that matter, for larger samples.
const ONE_SIDED_FROM: f64 = 2.2;

/// `n·x²` from which the tail is below the smallest number (1e-321).
const NOTHING_FROM: f64 = 370.0;

/// Probability that the distance of `rows ≥ 1` values from their own distribution is at least `x`; in `0..=1`.
pub(super) fn sf(rows: u64, x: f64) -> f64 {
    let n = rows as f64;
    let t = n * x;
    let square = t * x;
    let tail = if x >= 1.0 {
        0.0
    } else if t <= 0.5 {
        1.0
    } else if t <= 1.0 {
        1.0 - (ln_factorial_over_power(rows) + n * (2.0 * t - 1.0).ln()).exp()
    } else if t >= n - 1.0 {
        2.0 * (n * (-x).ln_1p()).exp()
    } else if x >= 0.5 || (rows <= MATRIX_ROWS && square > MATRIX_LARGEST) {
        2.0 * one_sided_sf(rows, x)
    } else if rows <= MATRIX_ROWS || (rows <= MATRIX_ROWS_NEAR_ZERO && n * x.powf(1.5) <= MATRIX_NEAR_ZERO) {
        1.0 - matrix_cdf(rows, x)
    } else if square >= NOTHING_FROM {
        0.0
    } else if square >= ONE_SIDED_FROM {
        2.0 * one_sided_sf(rows, x)
    } else {
        1.0 - pelz_good_cdf(n, x)
    };
    tail.clamp(0.0, 1.0)
}

/// `ln(n!/nⁿ)`.
fn ln_factorial_over_power(rows: u64) -> f64 {
    statrs::function::gamma::ln_gamma(rows as f64 + 1.0) - rows as f64 * (rows as f64).ln()
}

/// Smirnov's one-sided tail: `Σⱼ C(n,j) x (x + j/n)ʲ⁻¹ (1 − x − j/n)ⁿ⁻ʲ` over `j ≤ n(1−x)`, each term a binomial density.
fn one_sided_sf(rows: u64, x: f64) -> f64 {
    let n = rows as f64;
    (0..=rows)
        .map(|j| j as f64)
        .take_while(|&j| 1.0 - x - j / n >= 0.0)
        .map(|j| {
            let p = x + j / n;
            binomial_density(j, n, p, 1.0 - p) * (x / p)
        })
        .sum()
}

/// Durbin's matrix, in the form of Marsaglia, Tsang & Wang (2003), *Evaluating Kolmogorov's Distribution*: exact.
fn matrix_cdf(rows: u64, x: f64) -> f64 {
    let t = rows as f64 * x;
    let half = t.ceil().max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ceiled and positive, at most some 60")]
    let middle = half as usize - 1;
    let power = Matrix::of_durbin(2 * middle + 1, half - t).power(rows);
    let mut value = Scaled { factor: power.entry(middle, middle), exponent: power.exponent };
    for i in 1..=rows {
        value.factor *= i as f64 / rows as f64;
        value.rescale();
    }
    value.factor * 2_f64.powi(value.exponent)
}

/// A number times a power of two.
struct Scaled {
    factor: f64,
    exponent: i32,
}

/// Factors are brought back towards one by this power of two.
const RESCALE_EXPONENT: i32 = 450;

impl Scaled {
    fn rescale(&mut self) {
        if self.factor < 2_f64.powi(-RESCALE_EXPONENT) {
            self.factor *= 2_f64.powi(RESCALE_EXPONENT);
            self.exponent -= RESCALE_EXPONENT;
        }
    }
}

/// A square matrix, row after row, times a power of two.
#[derive(Clone)]
struct Matrix {
    size: usize,
    entries: Vec<f64>,
    exponent: i32,
}

impl Matrix {
    /// The matrix whose `n`-th power holds the probability; `h` is how far `n·x` lies below a whole number.
    fn of_durbin(size: usize, h: f64) -> Self {
        let exponent = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
        let entry = |row: usize, column: usize| {
            if row + 1 < column {
                return 0.0;
            }
            let mut value = 1.0;
            if column == 0 {
                value -= h.powi(exponent(row + 1));
            }
            if row + 1 == size {
                value -= h.powi(exponent(size - column));
            }
            if column == 0 && row + 1 == size {
                value += (2.0 * h - 1.0).max(0.0).powi(exponent(size));
            }
            (1..=row + 1 - column).fold(value, |quotient, divisor| quotient / divisor as f64)
        };
        let entries = (0..size).flat_map(|row| (0..size).map(move |column| entry(row, column))).collect();
        Self { size, entries, exponent: 0 }
    }

    fn entry(&self, row: usize, column: usize) -> f64 {
        self.entries.get(row * self.size + column).copied().unwrap_or(0.0)
    }

    fn times(&self, other: &Self) -> Self {
        let mut entries = vec![0.0; self.entries.len()];
        for (sums, row) in entries.chunks_exact_mut(self.size).zip(self.entries.chunks_exact(self.size)) {
            for (factor, other_row) in row.iter().zip(other.entries.chunks_exact(self.size)) {
                for (sum, entry) in sums.iter_mut().zip(other_row) {
                    *sum += factor * entry;
                }
            }
        }
        let mut product = Self { size: self.size, entries, exponent: self.exponent + other.exponent };
        if product.entry(self.size / 2, self.size / 2) > 2_f64.powi(RESCALE_EXPONENT) {
            product.entries.iter_mut().for_each(|entry| *entry *= 2_f64.powi(-RESCALE_EXPONENT));
            product.exponent += RESCALE_EXPONENT;
        }
        product
    }

    /// The matrix to the power `exponent ≥ 1`, by repeated squaring.
    fn power(&self, exponent: u64) -> Self {
        if exponent <= 1 {
            return self.clone();
        }
        let half = self.power(exponent / 2);
        let square = half.times(&half);
        if exponent.is_multiple_of(2) { square } else { square.times(self) }
    }
}

/// Pelz & Good's (1976) asymptotic expansion `K₀(z) + K₁(z)/√n + K₂(z)/n + K₃(z)/n^1.5`, `z = x√n`, in the form of theta
/// functions that converges for small `z`.
fn pelz_good_cdf(n: f64, x: f64) -> f64 {
    let z = x * n.sqrt();
    let (z2, z4, z6) = (z.powi(2), z.powi(4), z.powi(6));
    let (pi2, pi4, pi6) = (PI.powi(2), PI.powi(4), PI.powi(6));
    let root_tau = TAU.sqrt();
    let mut sums = [0.0_f64; 4];
    let mut extra = [0.0_f64; 2];
    for k in 1..=40 {
        let k = f64::from(k);
        let odd = (2.0 * k - 1.0).powi(2);
        let weight = (-pi2 * odd / (8.0 * z2)).exp();
        let coefficients = [
            1.0,
            -z2 + pi2 / 4.0 * odd,
            6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * pi2 / 4.0 * odd + pi4 * (1.0 - 2.0 * z2) / 16.0 * odd.powi(2),
            -30.0 * z6 - 90.0 * z.powi(8)
                + pi2 * (135.0 * z4 - 96.0 * z6) / 4.0 * odd
                + pi4 * (-60.0 * z2 + 212.0 * z4) / 16.0 * odd.powi(2)
                + pi6 * (5.0 - 30.0 * z2) / 64.0 * odd.powi(3),
        ];
        for (sum, coefficient) in sums.iter_mut().zip(coefficients) {
            *sum += weight * coefficient;
        }
        let weight = (-pi2 * k * k / (2.0 * z2)).exp() * k * k;
        for (sum, coefficient) in extra.iter_mut().zip([1.0, 3.0 * z2 - pi2 * k * k]) {
            *sum += weight * coefficient;
        }
    }
    let [k0, k1, k2, k3] = sums;
    let [extra2, extra3] = extra;
    let k2 = root_tau * (k2 / (72.0 * z.powi(7)) - pi2 * extra2 / (36.0 * z.powi(3)));
    let k3 = root_tau * (k3 / (6480.0 * z.powi(10)) + pi2 * extra3 / (216.0 * z6));
    root_tau * (k0 / z + k1 / (6.0 * z4 * n.sqrt())) + k2 / n + k3 / (n * n.sqrt())
}

/// Below this argument the limit is summed as a theta function of `1/x`, above it as alternating exponentials.
const LIMIT_SWITCH: f64 = 0.82;

/// Kolmogorov's limit: the probability that `√n·Dₙ` is at least `x` for large `n`; in `0..=1`.
pub(super) fn limit_sf(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let tail = if x < LIMIT_SWITCH {
        let term = |k: i32| (-f64::from(2 * k - 1).powi(2) * PI * PI / (8.0 * x * x)).exp();
        1.0 - TAU.sqrt() / x * (1..=4).map(term).sum::<f64>()
    } else {
        let term = |k: i32| if k % 2 == 1 { 1.0 } else { -1.0 } * (-2.0 * f64::from(k * k) * x * x).exp();
        2.0 * (1..=6).map(term).sum::<f64>()
    };
    tail.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_meets_reference_values_in_every_regime() {
        // scipy 1.17.1: kstwo.sf(x, n)
        for (rows, x, expected) in [
            (2, 0.6, 0.32),
            (7, 0.12, 0.999_588_559_873_074),
            (10, 0.274, 0.371_520_384_543_495_7),
            (50, 0.1, 0.662_311_270_465_818_6),
            (140, 0.05, 0.857_648_029_765_611_4),
            (140, 0.19, 6.711_071_724_199_073e-5),
            (141, 0.08, 0.310_841_708_792_641_17),
            (1_000, 0.03, 0.322_690_214_391_463_6),
            (1_000, 0.0607, 0.001_205_637_643_031_986_5),
            (20_000, 0.004, 0.904_896_824_070_295_9),
            (250_000, 0.01, 3.827_782_382_946_494e-22),
        ] {
            let p = sf(rows, x);
            assert!((p / expected - 1.0).abs() < 1e-10, "n = {rows}, x = {x}: {p}");
        }
    }

    #[test]
    fn the_methods_agree_where_one_hands_over_to_the_next() {
        for rows in [140, 141, 1_000, 100_000] {
            let n = rows as f64;
            for square in [0.3, 0.754, 2.2, 4.0] {
                let at = (square / n).sqrt();
                let (before, after) = (sf(rows, at * (1.0 - 1e-9)), sf(rows, at * (1.0 + 1e-9)));
                assert!((before / after - 1.0).abs() < 3e-5, "n = {rows}, n·x² = {square}: {before} and {after}");
            }
        }
        assert!((sf(140, 0.1) - sf(141, 0.1)).abs() < 0.01);
    }

    #[test]
    fn edges_are_certain() {
        for rows in [1, 2, 140, 141, 1_000_000] {
            assert_eq!(sf(rows, 0.0).to_bits(), 1.0_f64.to_bits());
            assert_eq!(sf(rows, 1.0).to_bits(), 0.0_f64.to_bits());
        }
        assert_eq!(limit_sf(0.0).to_bits(), 1.0_f64.to_bits());
        assert!((limit_sf(0.819_999_999) - limit_sf(0.820_000_001)).abs() < 1e-8);
    }
}
