//! How often predictions of a score come true: learned where the truth is known, used where it is not yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_statistics::chi_squared;
use tidegate_validation::{CELLS, ScoreRows};

/// Fewest rows that a block of the curve rests on: of fewer, one surprise would bend it.
const BLOCK_ROWS: u64 = 30;

/// Groups in which a calibration is held against what came true.
const TENTHS: u64 = 10;

/// Fewest rows with truth from which a curve is learned.
const LEAST_ROWS: u64 = 200;

/// What a calibration was learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Basis {
    /// The evaluation set that the champion was registered with.
    Registered {
        /// The champion's number.
        version: u32,
        /// Rows.
        rows: u64,
    },
    /// An evaluation set that is no registered version's: at a desk.
    EvaluationSet {
        /// Rows.
        rows: u64,
    },
    /// The first windows whose truth is in.
    FirstWindows {
        /// How many.
        windows: u64,
        /// Their predictions with truth.
        rows: u64,
    },
    /// Nothing: scores are taken for probabilities as they are.
    AsTheyAre,
}

/// The chance that a prediction turns out positive, by its score; it rises with the score.
///
/// Isotonic regression over the cells of scores (pool adjacent violators), blocks of fewer than 30 rows merged with their neighbours, straight lines between the
/// blocks' middles. A block of `k` positives among `n` rows has rate `(k + ½) / (n + 1)`.
///
/// # Source
/// Zadrozny & Elkan (2002), *Transforming Classifier Scores into Accurate Multiclass Probability Estimates*. The lines between blocks are ours: steps would
/// lose the order of scores within a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// What it was learned from.
    pub basis: Basis,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Block {
    rows: u64,
    positives: u64,
    /// Sum over its rows of their cells' places.
    places: f64,
}

impl Block {
    fn rate(&self) -> f64 {
        (self.positives as f64 + 0.5) / (self.rows as f64 + 1.0)
    }

    fn middle(&self) -> f64 {
        self.places / self.rows as f64
    }

    fn take(&mut self, other: Self) {
        self.rows += other.rows;
        self.positives += other.positives;
        self.places += other.places;
    }
}

impl Calibration {
    /// Scores as they are.
    #[must_use]
    pub fn as_they_are() -> Self {
        Self { basis: Basis::AsTheyAre, blocks: Vec::new() }
    }

    /// Learns from the cells of an evaluation set, or of one or several windows; scores as they are with fewer than 200 rows whose truth is in.
    #[must_use]
    pub fn learn(cells: impl IntoIterator<Item = ScoreRows>, basis: impl FnOnce(u64) -> Basis) -> Self {
        let mut counts = vec![[0_u64; 2]; usize::from(CELLS)];
        for cell in cells {
            if let Some([rows, positives]) = counts.get_mut(usize::from(cell.cell)) {
                *rows += cell.rows;
                *positives += cell.positives;
            }
        }
        let total = counts.iter().map(|[rows, _]| rows).sum();
        if total < LEAST_ROWS {
            return Self::as_they_are();
        }
        let mut blocks: Vec<Block> = Vec::new();
        for ([rows, positives], place) in counts.into_iter().zip(0_u32..).filter(|([rows, _], _)| *rows > 0) {
            let mut block = Block { rows, positives, places: f64::from(place) * rows as f64 };
            while let Some(last) = blocks.last().filter(|last| last.rate() >= block.rate() || last.rows < BLOCK_ROWS).copied() {
                blocks.pop();
                let mut merged = last;
                merged.take(block);
                block = merged;
            }
            blocks.push(block);
        }
        // The last block may have remained small.
        if let [.., before, last] = blocks.as_mut_slice()
            && last.rows < BLOCK_ROWS
        {
            before.take(*last);
            blocks.pop();
        }
        Self { basis: basis(total), blocks }
    }

    /// How far what came of these predictions contradicts it: the chance of so many positives, or so few, in about tenths of them by rising score; and the share
    /// of the predictions by which these are off.
    ///
    /// `χ² = Σ (k − Σp)² / (Σp(1 − p) + (Σs)²)` over the tenths, with as many degrees of freedom, where `k` of a tenth's predictions came true, and each had a
    /// chance of `p` with standard error `s`.
    ///
    /// # Source
    /// Hosmer & Lemeshow (1980), *Goodness of Fit Tests for the Multiple Logistic Regression Model*. The calibration's own error is ours.
    pub(crate) fn contradiction(&self, cells: &[ScoreRows]) -> Option<(f64, f64)> {
        let (rates, errors): (Vec<f64>, Vec<f64>) = self.rates().into_iter().unzip();
        let mut rising: Vec<ScoreRows> = cells.iter().filter(|cell| cell.rows > 0).copied().collect();
        rising.sort_unstable_by_key(|cell| cell.cell);
        let all: u64 = rising.iter().map(|cell| cell.rows).sum();
        // By tenth: how far off, its variance, and the calibration's error.
        let mut tenths: BTreeMap<u64, [f64; 3]> = BTreeMap::new();
        let mut below = 0;
        for cell in rising {
            let [off, variance, error] = tenths.entry((below * TENTHS).checked_div(all)?).or_default();
            below += cell.rows;
            let (rows, chance) = (cell.rows as f64, self.chance(cell.cell, 0.5, &rates));
            *off += cell.positives as f64 - rows * chance;
            *variance += rows * chance * (1.0 - chance);
            *error += rows * self.chance(cell.cell, 0.0, &errors);
        }
        let chi = tenths.values().map(|[off, variance, error]| off * off / (variance + error * error)).sum();
        let off: f64 = tenths.values().map(|[off, ..]| off.abs()).sum();
        Some((chi_squared::sf(chi, tenths.len() as f64)?, off / all as f64))
    }

    /// Number of blocks.
    #[cfg(test)]
    fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Rate and standard error of each block.
    pub(crate) fn rates(&self) -> Vec<(f64, f64)> {
        self.blocks.iter().map(|block| (block.rate(), (block.rate() * (1.0 - block.rate()) / (block.rows as f64 + 1.0)).sqrt())).collect()
    }

    /// The chance in a cell of this mean score, the blocks having these rates.
    pub(crate) fn chance(&self, cell: u16, mean_score: f64, rates: &[f64]) -> f64 {
        let place = f64::from(cell);
        let after = self.blocks.partition_point(|block| block.middle() <= place);
        let point = |at: usize| Some((self.blocks.get(at)?.middle(), *rates.get(at)?));
        let (before, next) = (after.checked_sub(1).and_then(point), point(after));
        match (before, next) {
            (Some((from, low)), Some((to, high))) => low + (high - low) * (place - from) / (to - from),
            (Some((_, rate)), None) | (None, Some((_, rate))) => rate,
            (None, None) => mean_score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(cell: u16, rows: u64, positives: u64) -> ScoreRows {
        ScoreRows { cell, rows, positives }
    }

    fn basis(rows: u64) -> Basis {
        Basis::FirstWindows { windows: 1, rows }
    }

    fn chance(calibration: &Calibration, cell: u16) -> f64 {
        let rates: Vec<f64> = calibration.rates().into_iter().map(|(rate, _)| rate).collect();
        calibration.chance(cell, 0.123, &rates)
    }

    #[test]
    fn rates_rise_and_cells_that_contradict_each_other_are_one() {
        let calibration = Calibration::learn([cell(100, 100, 10), cell(110, 100, 40), cell(120, 100, 20), cell(300, 100, 90)], basis);
        assert_eq!((calibration.blocks(), &calibration.basis), (3, &basis(400)));
        assert!((chance(&calibration, 50) - 10.5 / 101.0).abs() < 1e-12, "below the first block its rate");
        assert!((chance(&calibration, 115) - 60.5 / 201.0).abs() < 1e-12);
        assert!((chance(&calibration, 399) - 90.5 / 101.0).abs() < 1e-12);
        let between = chance(&calibration, 200);
        assert!(60.5 / 201.0 < between && between < 90.5 / 101.0, "{between}");
    }

    #[test]
    fn outcomes_contradict_a_calibration_that_promised_others() {
        let calibration = Calibration::learn([cell(100, 1_000, 100), cell(300, 1_000, 800)], basis);
        let found = |low, high| calibration.contradiction(&[cell(100, 500, low), cell(300, 500, high)]).unwrap();
        assert!(found(52, 395).0 > 0.5, "{:?}", found(52, 395));
        // By hand: off by 100 of 1,000 rows; 500 · 0.1 · 0.9 + (500 · 0.0095)² = 67.6 is the variance: 12 standard deviations.
        assert!(found(150, 400).0 < 1e-9 && (found(150, 400).1 - 0.1).abs() < 0.002, "{:?}", found(150, 400));
    }

    #[test]
    fn few_rows_bend_nothing() {
        let calibration = Calibration::learn([cell(100, 200, 20), cell(200, 5, 5), cell(300, 200, 150), cell(399, 3, 3)], basis);
        assert_eq!(calibration.blocks(), 2);
        assert_eq!(Calibration::learn([cell(100, 199, 20)], basis), Calibration::as_they_are());
        assert!((chance(&Calibration::as_they_are(), 7) - 0.123).abs() < 1e-12);
    }
}
