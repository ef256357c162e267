//! The data of the study: thirty independent features of one shape, with or without a shift in the first of them.

use std::sync::Arc;

use tidegate_contract::FeatureKind;

use crate::engine::{Column, Table};
use crate::random::{Random, cumulated};

/// Features of a window.
pub(crate) const FEATURES: usize = 30;

/// How much of a value in [`Shape::Autocorrelated`] is the value before it.
const AUTOCORRELATION: f64 = 0.7;

/// Rows that share an effect in [`Shape::Batches`].
const BATCH: usize = 25;

/// Share of the variance in [`Shape::Batches`] that rows of a batch share.
const SHARED: f64 = 0.1;

/// Shares of the names in [`Shape::Categorical`].
const NAMES: [f64; 5] = [0.4, 0.25, 0.2, 0.1, 0.05];

/// Names of [`Shape::ManyNames`].
const MANY: u32 = 3_000;

/// How values are distributed, and whether they are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Standard normal.
    Normal,
    /// Lognormal with σ = 1.
    Skewed,
    /// Poisson with mean 3.
    Discrete,
    /// Five names.
    Categorical,
    /// Three thousand names, the k-th `1/k` as frequent as the first, as shops, postal codes or products are: most are seen a few times, and
    /// many never in a baseline.
    ManyNames,
    /// Normal; each row resembles the one before it: AR(1), φ = 0.7. A mean of many rows knows as much as one of 18 % as many.
    Autocorrelated,
    /// Normal; runs of 25 rows share a tenth of their variance, as one user's or one upload's rows do.
    Batches,
}

impl Shape {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Normal, Self::Skewed, Self::Discrete, Self::Categorical, Self::ManyNames, Self::Autocorrelated, Self::Batches];

    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Skewed => "skewed",
            Self::Discrete => "discrete",
            Self::Categorical => "categorical",
            Self::ManyNames => "many names",
            Self::Autocorrelated => "autocorrelated",
            Self::Batches => "batches",
        }
    }

    /// What its values are.
    pub(crate) fn kind(self) -> FeatureKind {
        if matches!(self, Self::Categorical | Self::ManyNames) { FeatureKind::Categorical } else { FeatureKind::Numeric }
    }

    /// `rows` values, moved up by `shift` standard deviations (names: a mix that differs by Cohen's w of `shift`).
    pub(crate) fn draw(self, random: &mut Random, rows: usize, shift: f64) -> Column {
        match self {
            Self::Normal => numbers(rows, || random.normal() + shift),
            Self::Skewed => {
                // Standard deviation over mean of this lognormal is √(e − 1).
                let factor = 1.0 + shift * (std::f64::consts::E - 1.0).sqrt();
                numbers(rows, || random.normal().exp() * factor)
            }
            Self::Discrete => {
                let shares = poisson(3.0 + shift * 3.0_f64.sqrt());
                numbers(rows, || random.pick(&shares) as f64)
            }
            Self::Categorical => of_names(random, rows, &tilted(&NAMES, shift)),
            Self::ManyNames => {
                let all: f64 = (1..=MANY).map(|rank| f64::from(rank).recip()).sum();
                let shares: Vec<f64> = (1..=MANY).map(|rank| f64::from(rank).recip() / all).collect();
                of_names(random, rows, &tilted(&shares, shift))
            }
            Self::Autocorrelated => {
                let mut value = random.normal();
                let innovation = (1.0 - AUTOCORRELATION * AUTOCORRELATION).sqrt();
                numbers(rows, || {
                    value = AUTOCORRELATION * value + innovation * random.normal();
                    value + shift
                })
            }
            Self::Batches => {
                let (mut effect, mut row) = (0.0, 0_usize);
                numbers(rows, || {
                    if row.is_multiple_of(BATCH) {
                        effect = SHARED.sqrt() * random.normal();
                    }
                    row += 1;
                    effect + (1.0 - SHARED).sqrt() * random.normal() + shift
                })
            }
        }
    }

    /// A table of [`FEATURES`] features, the first of them shifted.
    pub(crate) fn table(self, random: &mut Random, rows: usize, shift: f64) -> Table {
        let columns = names().enumerate().map(|(index, name)| (name, self.draw(random, rows, if index == 0 { shift } else { 0.0 })));
        Table { records: rows, times_ms: Vec::new(), columns: columns.collect() }
    }
}

/// The features' names.
pub(crate) fn names() -> impl Iterator<Item = String> {
    (0..FEATURES).map(|index| format!("f{index:02}"))
}

fn numbers(rows: usize, mut draw: impl FnMut() -> f64) -> Column {
    Column::Numbers((0..rows).map(|_| Some(draw())).collect())
}

/// Cumulated Poisson shares, up to where nothing is left.
fn poisson(mean: f64) -> Vec<f64> {
    let mut share = (-mean).exp();
    let mut shares = Vec::new();
    for count in 0..60 {
        shares.push(share);
        share *= mean / f64::from(count + 1);
    }
    cumulated(&shares)
}

/// Names with these shares.
fn of_names(random: &mut Random, rows: usize, shares: &[f64]) -> Column {
    let names: Vec<Arc<str>> = (0..shares.len()).map(|index| Arc::from(format!("name {index}"))).collect();
    let shares = cumulated(shares);
    Column::Names((0..rows).map(|_| names.get(random.pick(&shares)).cloned()).collect())
}

/// The shares with every second one raised, so that they differ by Cohen's w of `w` from what they were.
fn tilted(shares: &[f64], w: f64) -> Vec<f64> {
    let alternating = |index: usize| if index.is_multiple_of(2) { 1.0 } else { -1.0 };
    let raised: Vec<f64> = shares.iter().enumerate().map(|(index, share)| alternating(index) * share).collect();
    let sum: f64 = raised.iter().sum();
    let moves: Vec<f64> = raised.iter().zip(shares).map(|(raised, share)| raised - share * sum).collect();
    let length = moves.iter().zip(shares).map(|(moved, share)| moved * moved / share).sum::<f64>().sqrt();
    shares.iter().zip(moves).map(|(share, moved)| share + w / length * moved).collect()
}
