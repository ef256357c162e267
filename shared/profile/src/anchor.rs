//! The frozen cells that a baseline gives to each field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::MAX_OTHER_VALUES;

/// Quantile cells aimed at between atoms. `STATISTICS.md` of this project's design asks for 256 or more.
pub const QUANTILE_CELLS: usize = 256;

/// The cells of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldAnchor {
    /// Cells of a numeric field.
    Numeric(NumericAnchor),
    /// Cells of a categorical field.
    Categorical(CategoricalAnchor),
}

/// Cells of a numeric field: intervals between frozen edges, in order of value.
///
/// `edges` is strictly increasing; value `v` belongs to cell `#{e ≤ v}`, so cell `i` is `[edges[i-1], edges[i])` and
/// there is one cell more than edges. The outermost cells are what lies *far* outside the baseline, the next few what
/// lies outside it (all of these hold nothing of the baseline itself); a value that the baseline repeats often (an *atom*) has a cell of its own, `[a, next(a))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumericAnchor {
    /// Strictly increasing edges: far below, …, minimum, …, just above the maximum, …, far above.
    pub edges: Vec<f64>,
    /// Indices of the cells that hold one repeated value each.
    pub atoms: Vec<u32>,
}

/// The outermost quantile cell on either side is halved so many times toward the end: what goes wrong is often far out.
const HALVINGS: i32 = 3;

/// Cells on each side between the baseline's own values and what lies far outside, so that plots can show where values went.
pub(crate) const OUTSIDE_CELLS: u32 = 8;

/// Cells of a categorical field: one per value of the baseline, most frequent first (ties by bytes).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoricalAnchor {
    /// The values, at most [`MAX_OTHER_VALUES`].
    pub values: Vec<String>,
    /// Whether the baseline had more values than are listed, so that a value not listed need not be new.
    pub open: bool,
}

impl FieldAnchor {
    /// Number of cells that are counted: for names one more than there are values, for all others together.
    pub(crate) fn counted_cells(&self) -> usize {
        match self {
            Self::Numeric(anchor) => anchor.cells(),
            Self::Categorical(anchor) => anchor.values.len() + 1,
        }
    }
}

impl NumericAnchor {
    /// Cells from a sample of the baseline's values, and its least and greatest value.
    ///
    /// A value is an atom when it makes up at least 1/256 of the sample and occurs at least twice; the others are cut
    /// into runs of about 1/256 of the sample, and toward either end into a half, a quarter and an eighth of that. `None` for an empty sample.
    #[must_use]
    pub fn from_sample(sample: &[f64], min: f64, max: f64) -> Option<Self> {
        let mut weighted: Vec<(f64, u64)> = sample.iter().map(|value| (*value, 1)).collect();
        Self::from_weighted(&mut weighted, min, max)
    }

    /// As [`NumericAnchor::from_sample`], where each value stands for as many of the baseline's as its weight says, as
    /// the items of a quantile sketch do. Values outside `min..=max` are counted as if they lay on it.
    #[must_use]
    pub fn from_weighted(sample: &mut [(f64, u64)], min: f64, max: f64) -> Option<Self> {
        let share = weight_of(sample) / QUANTILE_CELLS as f64;
        if share <= 0.0 {
            return None;
        }
        sample.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut edges = vec![min, max.next_up()];
        let mut repeated = Vec::new();
        let mut run = 0.0;
        #[expect(clippy::float_cmp, reason = "equal values are what is being grouped")]
        let groups = || sample.chunk_by(|a, b| a.0 == b.0).filter_map(|group| Some((group.first()?.0, group.len(), weight_of(group))));
        for (value, length, count) in groups() {
            if count >= share && length >= 2 {
                edges.extend([value, value.next_up()]);
                repeated.push(value);
                run = 0.0;
            } else {
                if run >= share {
                    edges.push(value);
                    run = 0.0;
                }
                run += count;
            }
        }
        edges.extend(halved(groups().zip(groups().skip(1)).map(|((_, _, count), (next, ..))| (next, count)), share));
        edges.extend(halved(groups().rev().map(|(value, _, count)| (value, count)), share));
        let edges = with_outside(edges, min, max);
        let cell_of = |value: &f64| u32::try_from(edges.partition_point(|edge| edge <= value)).unwrap_or(u32::MAX);
        let atoms = repeated.iter().map(cell_of).collect();
        Some(Self { edges, atoms })
    }

    /// Cells with these bounds, in any order, for values that were counted elsewhere; the greatest bound belongs to its cell.
    /// `None` without a bound.
    #[must_use]
    pub fn from_bounds(bounds: &[f64]) -> Option<Self> {
        let min = bounds.iter().copied().reduce(f64::min)?;
        let max = bounds.iter().copied().reduce(f64::max)?;
        let inner = bounds.iter().copied().filter(|bound| *bound < max).chain([max.next_up()]).collect();
        Some(Self { edges: with_outside(inner, min, max), atoms: Vec::new() })
    }

    /// Number of cells: one more than edges.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.edges.len() + 1
    }

    /// From where a cell reaches to just below where; `None` of the outermost, which reach without end.
    #[must_use]
    pub fn bounds(&self, cell: usize) -> Option<(f64, f64)> {
        Some((*self.edges.get(cell.checked_sub(1)?)?, *self.edges.get(cell)?))
    }

    /// A value that stands for each cell: an atom's own, else the middle; the outermost cells are stood for by their edge.
    #[must_use]
    pub fn representatives(&self) -> Vec<f64> {
        let middles = self.edges.windows(2).map(|pair| match pair {
            [low, high] if low.next_up() < *high => low / 2.0 + high / 2.0,
            [low, _] => *low,
            _ => 0.0,
        });
        let first = self.edges.first().copied().unwrap_or(0.0);
        let last = self.edges.last().copied().unwrap_or(0.0);
        std::iter::once(first).chain(middles).chain(std::iter::once(last)).collect()
    }
}

/// How many values these stand for.
fn weight_of(values: &[(f64, u64)]) -> f64 {
    values.iter().map(|(_, weight)| weight).sum::<u64>() as f64
}

/// The edges that halve an outermost cell toward its end, from those that could, beginning at the end, each with how much lies between it
/// and the one before.
fn halved(edges: impl Iterator<Item = (f64, f64)>, share: f64) -> Vec<f64> {
    let outside = edges.scan(0.0, |sum, (edge, count)| {
        *sum += count;
        Some((edge, *sum))
    });
    let outside: Vec<(f64, f64)> = outside.take_while(|(_, sum)| *sum <= share).collect();
    let halvings = (1..=HALVINGS).map(|halvings| share * 0.5_f64.powi(halvings));
    halvings.filter_map(|least| outside.iter().find(|(_, sum)| *sum >= least)).map(|(edge, _)| *edge).collect()
}

/// Edges in order, each once, with the cells outside the baseline's own values.
fn with_outside(mut edges: Vec<f64>, min: f64, max: f64) -> Vec<f64> {
    // Half the range, because the whole one may overflow.
    let half_range = if max > min { max / 2.0 - min / 2.0 } else { max.abs().max(1.0) / 2.0 };
    for cell in 1..=OUTSIDE_CELLS {
        let away = half_range * (f64::from(cell) / f64::from(OUTSIDE_CELLS) * 2.0);
        edges.extend([min - away, max + away]);
    }
    edges.retain(|edge| edge.is_finite());
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    edges
}

impl CategoricalAnchor {
    /// Cells from the baseline's counts by value.
    #[must_use]
    pub fn from_counts(counts: &BTreeMap<String, u64>, overflowed: bool) -> Self {
        let mut by_count: Vec<(&String, u64)> = counts.iter().map(|(value, count)| (value, *count)).collect();
        by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let open = overflowed || by_count.len() > MAX_OTHER_VALUES;
        Self { values: by_count.into_iter().take(MAX_OTHER_VALUES).map(|(value, _)| value.clone()).collect(), open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_halved_toward_the_ends() {
        let sample: Vec<f64> = (0..25_600).map(f64::from).collect();
        let anchor = NumericAnchor::from_sample(&sample, 0.0, 25_599.0).unwrap();
        // Cells of a hundred values, the outermost of 12 or 13, as many again, 25 and 50.
        let inside: Vec<f64> = anchor.edges.iter().copied().filter(|edge| (0.0..=25_600.0).contains(edge)).collect();
        assert_eq!(inside.get(..6).unwrap(), [0.0, 13.0, 25.0, 50.0, 100.0, 200.0]);
        assert_eq!(inside.get(inside.len() - 5..).unwrap(), [25_500.0, 25_550.0, 25_575.0, 25_587.0, 25_599.0_f64.next_up()]);
    }

    #[test]
    fn a_value_that_is_repeated_at_the_end_is_not_halved() {
        let sample: Vec<f64> = (0..1_000).map(|index| f64::from((index - 500).max(0))).collect();
        let anchor = NumericAnchor::from_sample(&sample, 0.0, 499.0).unwrap();
        let lowest: Vec<f64> = anchor.edges.iter().copied().filter(|edge| (0.0..10.0).contains(edge)).collect();
        assert_eq!(lowest.get(..3).unwrap(), [0.0, 0.0_f64.next_up(), 5.0]);
    }
}
