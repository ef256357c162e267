//! How much neighbouring rows of a data set resemble each other.
//!
//! Users repeat, uploads come in one piece, weather lasts: a hundred consecutive records know less than a hundred independent ones.
//! Periods tell how much days differ; what happens within a day, runs of a few rows tell. Neighbouring runs are compared with each
//! other, not with the whole, so that slow tides (the hours of a day) do not count as resemblance.

use serde::{Deserialize, Serialize};

use crate::FieldAnchor;
use crate::counter::ABSENT;

/// Lengths of the runs that are looked at.
pub const RUN_ROWS: [u32; 3] = [16, 64, 256];

/// Fewer pairs of neighbouring runs than this tell nothing.
const MIN_PAIRS: u64 = 20;

/// How much more neighbouring runs of one length differ than runs of independent rows would: 1 for independent rows, the number of rows
/// for rows that are all alike within a run.
///
/// `Σ(aᵢ₊₁ − aᵢ)² / (2·pairs·rows·variance of a row)`, `aᵢ` the sum over run `i` (von Neumann, 1941, *Distribution of the Ratio of the
/// Mean Square Successive Difference to the Variance*).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RunVariation {
    /// Rows in a run: of `absent` all rows, of the others usable values.
    pub rows: u32,
    /// Pairs of neighbouring runs that were compared.
    pub pairs: u64,
    /// Of the values' ranks, in coarse cells; that of the shares for names, which have no order.
    pub location: f64,
    /// Of the shares of the coarse cells, on average.
    pub shares: f64,
    /// Of the share of rows without a usable value.
    pub absent: f64,
}

/// Counts runs of one field, row by row in the order of the data set.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    /// Coarse cell of each cell.
    coarse: Vec<u8>,
    has_order: bool,
    scales: [Scale; RUN_ROWS.len()],
    rows: u64,
    absent: u64,
    /// Usable values by coarse cell.
    cells: Vec<u64>,
}

#[derive(Debug, Clone, Default)]
struct Scale {
    values: Run,
    present: Run,
    /// The run before, when there was one.
    before: Option<Vec<u32>>,
    absent_before: Option<u32>,
    pairs: u64,
    absent_pairs: u64,
    ranks_squared: u128,
    shares_squared: u128,
    absent_squared: u128,
}

/// The run that is being filled: counts by coarse cell; for `present`, one count of rows without a value.
#[derive(Debug, Clone, Default)]
struct Run {
    rows: u32,
    counts: Vec<u32>,
}

impl Runs {
    pub(crate) fn new(anchor: &FieldAnchor) -> Self {
        let cells = anchor.coarse_cells();
        let scale =
            Scale { values: Run { rows: 0, counts: vec![0; cells] }, present: Run { rows: 0, counts: vec![0] }, ..Scale::default() };
        Self {
            coarse: anchor.coarse(),
            has_order: !matches!(anchor, FieldAnchor::Categorical(_)),
            scales: std::array::from_fn(|_| scale.clone()),
            rows: 0,
            absent: 0,
            cells: vec![0; cells],
        }
    }

    /// Counts the next rows: the cell of each, or [`ABSENT`].
    pub(crate) fn observe(&mut self, cells: &[usize]) {
        for &cell in cells {
            self.rows += 1;
            let coarse = self.coarse.get(cell).map(|coarse| usize::from(*coarse)).filter(|_| cell != ABSENT);
            if let Some(count) = coarse.and_then(|coarse| self.cells.get_mut(coarse)) {
                *count += 1;
            } else {
                self.absent += 1;
            }
            for (scale, &length) in self.scales.iter_mut().zip(&RUN_ROWS) {
                scale.observe(coarse, length);
            }
        }
    }

    /// What the runs showed; a length of which there are too few pairs is left out.
    pub(crate) fn finish(&self) -> Vec<RunVariation> {
        let present = self.cells.iter().sum::<u64>() as f64;
        let share = |count: u64| count as f64 / present.max(1.0);
        let (mean, square, same) = self.cells.iter().zip(0_u32..).fold((0.0, 0.0, 0.0), |(mean, square, same), (&count, rank)| {
            let (rank, share) = (f64::from(rank), share(count));
            (mean + share * rank, square + share * rank * rank, same + share * share)
        });
        let missing = self.absent as f64 / (self.rows.max(1)) as f64;
        let ratio = |squares: u128, pairs: u64, rows: u32, variance: f64| {
            let expected = 2.0 * pairs as f64 * f64::from(rows) * variance;
            if expected > 0.0 { squares as f64 / expected } else { 1.0 }
        };
        let of_scale = |(scale, &rows): (&Scale, &u32)| {
            let shares = ratio(scale.shares_squared, scale.pairs, rows, 1.0 - same);
            let ranks = ratio(scale.ranks_squared, scale.pairs, rows, square - mean * mean);
            let location = if self.has_order { ranks } else { shares };
            let absent = ratio(scale.absent_squared, scale.absent_pairs, rows, missing * (1.0 - missing));
            (scale.pairs >= MIN_PAIRS).then_some(RunVariation { rows, pairs: scale.pairs, location, shares, absent })
        };
        self.scales.iter().zip(&RUN_ROWS).filter_map(of_scale).collect()
    }
}

impl Scale {
    fn observe(&mut self, coarse: Option<usize>, length: u32) {
        self.present.rows += 1;
        if let Some(count) = self.present.counts.first_mut() {
            *count += u32::from(coarse.is_none());
        }
        if self.present.rows == length {
            let absent = self.present.counts.first().copied().unwrap_or(0);
            if let Some(before) = self.absent_before.replace(absent) {
                self.absent_pairs += 1;
                self.absent_squared += u128::from(absent.abs_diff(before)).pow(2);
            }
            self.present = Run { rows: 0, counts: vec![0] };
        }
        let Some(count) = coarse.and_then(|coarse| self.values.counts.get_mut(coarse)) else { return };
        *count += 1;
        self.values.rows += 1;
        if self.values.rows < length {
            return;
        }
        let cells = self.values.counts.len();
        let now = std::mem::replace(&mut self.values, Run { rows: 0, counts: vec![0; cells] }).counts;
        if let Some(before) = &self.before {
            self.pairs += 1;
            let mut ranks = 0_i64;
            for ((now, before), rank) in now.iter().zip(before).zip(0_i64..) {
                let difference = i64::from(*now) - i64::from(*before);
                ranks += rank * difference;
                self.shares_squared += u128::from(difference.unsigned_abs()).pow(2);
            }
            self.ranks_squared += u128::from(ranks.unsigned_abs()).pow(2);
        }
        self.before = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NumericAnchor;

    fn anchor() -> FieldAnchor {
        let sample: Vec<f64> = (0..1_000).map(f64::from).collect();
        FieldAnchor::Numeric(NumericAnchor::from_sample(&sample, 0.0, 999.0).unwrap())
    }

    fn observed(rows: impl Iterator<Item = Option<u64>>) -> Vec<RunVariation> {
        let anchor = anchor();
        let FieldAnchor::Numeric(numeric) = &anchor else { unreachable!("made above") };
        let mut runs = Runs::new(&anchor);
        let cell = |value: Option<u64>| value.map_or(ABSENT, |value| numeric.edges.partition_point(|edge| *edge <= value as f64));
        runs.observe(&rows.map(cell).collect::<Vec<_>>());
        runs.finish()
    }

    /// Evenly spread whole numbers below a thousand that look random.
    fn noise(row: u64) -> u64 {
        let mut z = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % 1_000
    }

    #[test]
    fn independent_rows_differ_as_chance_makes_them() {
        for run in observed((1..40_000).map(|row| (!noise(row + 77_777).is_multiple_of(5)).then(|| noise(row)))) {
            for ratio in [run.location, run.shares, run.absent] {
                assert!((0.7..1.3).contains(&ratio), "{run:?}");
            }
        }
    }

    #[test]
    fn rows_that_come_in_eights_count_as_an_eighth() {
        for run in observed((0..40_000).map(|row| (!noise(row / 8 + 77_777).is_multiple_of(5)).then(|| noise(row / 8 + 1)))) {
            for ratio in [run.location, run.shares, run.absent] {
                assert!((5.5..10.5).contains(&ratio), "{run:?}");
            }
        }
    }

    #[test]
    fn a_slow_tide_is_no_resemblance_and_few_rows_tell_nothing() {
        let tide = |row: u64| Some((noise(row) / 2 + row * 500 / 40_000).min(999));
        for run in observed((0..40_000).map(tide)) {
            assert!(run.location < 1.3, "{run:?}");
        }
        assert!(observed((0..300).map(|row| Some(noise(row)))).is_empty());
    }
}
