//! Coarse cells: an anchor's own joined into a few, for counting by segment.
//!
//! They follow from the anchor alone, so counts in them add up exactly, whoever counted. What mass each cell holds is not
//! in the anchor, but nearly follows from it: a cell between atoms was cut to hold 1/256 of the baseline, and the atoms
//! hold the rest.

use std::collections::BTreeSet;

use crate::anchor::{OUTSIDE_CELLS, QUANTILE_CELLS};
use crate::{CategoricalAnchor, FieldAnchor, NumericAnchor};

/// At most so many coarse cells a field.
pub const COARSE_CELLS: usize = 16;

/// Units that the span of a numeric anchor is cut into for adding values up: a mean is then exact to a four-millionth
/// of that span, and the sum of 2⁴⁰ values within it still fits 63 bits.
const UNITS: f64 = 4_194_304.0;

/// A value counts as at most so many units from the middle, however far it lies: 2³⁶.
const FARTHEST: f64 = 68_719_476_736.0;

/// 1.5·2⁵²: a number near it has no digits after the point, so adding it to one below 2⁵¹ and taking it off again rounds.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

impl FieldAnchor {
    /// The coarse cell of each cell, in the order of a profile's cells; categorical: with one more at the end, for values
    /// that the anchor does not list. Coarse cells are numbered from 0 without a gap, at most [`COARSE_CELLS`] of them.
    #[must_use]
    pub fn coarse(&self) -> Vec<u8> {
        match self {
            Self::Numeric(anchor) => anchor.coarse(),
            Self::Categorical(anchor) => anchor.coarse(),
        }
    }

    /// Number of coarse cells.
    #[must_use]
    pub fn coarse_cells(&self) -> usize {
        self.coarse().last().map_or(0, |last| usize::from(*last) + 1)
    }
}

impl NumericAnchor {
    /// Neighbouring cells joined into runs of about equal baseline mass; an atom that alone holds more stays alone, and the gap
    /// between two atoms belongs to the lower one. What lies outside the baseline belongs to the outer runs.
    fn coarse(&self) -> Vec<u8> {
        let atoms: BTreeSet<usize> = self.atoms.iter().filter_map(|&atom| usize::try_from(atom).ok()).collect();
        let outside = OUTSIDE_CELLS as usize + 1;
        let inside = outside..self.cells().saturating_sub(outside);
        let is_gap = |cell: usize| !atoms.contains(&cell) && cell > 0 && atoms.contains(&(cell - 1)) && atoms.contains(&(cell + 1));
        let is_run = |cell: usize| inside.contains(&cell) && !atoms.contains(&cell) && !is_gap(cell);
        let runs = inside.clone().filter(|&cell| is_run(cell)).count();
        // An atom holds at least what a run does.
        let of_atom = ((QUANTILE_CELLS as f64 - runs as f64) / atoms.len().max(1) as f64).max(1.0);
        let mass = |cell: usize| match (atoms.contains(&cell), is_run(cell)) {
            (true, _) => of_atom,
            (false, true) => 1.0,
            (false, false) => 0.0,
        };
        let total: f64 = (0..self.cells()).map(mass).sum();
        let lowest = (0..self.cells()).map(mass).find(|mass| *mass > 0.0).unwrap_or(0.0);
        let (mut below, mut last) = (0.0, slot(lowest / 2.0 / total.max(1.0)));
        let slots = (0..self.cells()).map(|cell| {
            let middle = below + mass(cell) / 2.0;
            below += mass(cell);
            // A cell without mass must not open another run.
            if mass(cell) > 0.0 {
                last = slot(middle / total.max(1.0));
            }
            last
        });
        numbered(slots)
    }

    /// How many units (the span of the edges cut into 2²²) a value lies from the middle of that span, rounded.
    #[must_use]
    pub fn offset(&self, value: f64) -> i64 {
        self.ruler().offset(value)
    }

    /// The mean of `count` values from the sum of their offsets; `None` without values.
    #[must_use]
    pub fn mean_of_offsets(&self, sum: i64, count: u64) -> Option<f64> {
        let Ruler { middle, unit } = self.ruler();
        (count > 0).then(|| middle + unit * (sum as f64 / count as f64))
    }

    pub(crate) fn ruler(&self) -> Ruler {
        let low = self.edges.first().copied().unwrap_or(0.0);
        let high = self.edges.last().copied().unwrap_or(0.0);
        // Divided first, because the whole span may overflow.
        let unit = high / UNITS - low / UNITS;
        Ruler { middle: low / 2.0 + high / 2.0, unit: if unit.is_normal() { unit } else { f64::MIN_POSITIVE } }
    }
}

/// What values are measured with before they are added up, so that sums are whole numbers and do not depend on the order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ruler {
    middle: f64,
    unit: f64,
}

impl Ruler {
    #[expect(clippy::cast_possible_truncation, reason = "clamped first")]
    pub(crate) fn offset(self, value: f64) -> i64 {
        let units = ((value - self.middle) / self.unit).clamp(-FARTHEST, FARTHEST);
        // Rounds to the nearest whole number, without the call that `round` is on older processors.
        ((units + ROUNDING) - ROUNDING) as i64
    }
}

impl CategoricalAnchor {
    /// The most frequent values each for themselves, all others together.
    fn coarse(&self) -> Vec<u8> {
        numbered((0..=self.values.len()).map(|cell| cell.min(COARSE_CELLS - 1)))
    }
}

/// The coarse cell that a share of the mass falls into.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
fn slot(share: f64) -> usize {
    (share * COARSE_CELLS as f64).clamp(0.0, COARSE_CELLS as f64 - 1.0) as usize
}

/// Slots that never decrease, renumbered from 0 without a gap.
fn numbered(slots: impl Iterator<Item = usize>) -> Vec<u8> {
    let (mut number, mut last) = (0_u8, None);
    let renumber = |slot: usize| {
        if last.is_some_and(|last| last != slot) {
            number = number.saturating_add(1);
        }
        last = Some(slot);
        number
    };
    slots.map(renumber).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(sample: &mut [f64]) -> NumericAnchor {
        let (min, max) = sample.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (v.min(low), v.max(high)));
        NumericAnchor::from_sample(sample, min, max).unwrap()
    }

    /// Values of the sample in each coarse cell.
    fn masses(anchor: &NumericAnchor, sample: &[f64]) -> Vec<usize> {
        let coarse = anchor.coarse();
        let mut masses = vec![0; usize::from(*coarse.last().unwrap()) + 1];
        for value in sample {
            masses[usize::from(coarse[anchor.edges.partition_point(|edge| edge <= value)])] += 1;
        }
        masses
    }

    #[test]
    fn a_smooth_field_falls_into_sixteen_cells_of_about_equal_mass() {
        let mut sample: Vec<f64> = (0..10_000).map(|i| (f64::from(i) / 1_000.0).exp()).collect();
        let masses = masses(&numeric(&mut sample), &sample);
        assert_eq!(masses.len(), COARSE_CELLS);
        assert!(masses.iter().all(|mass| (500..750).contains(mass)), "{masses:?}");
    }

    #[test]
    fn a_value_that_holds_most_of_the_mass_stays_alone() {
        let mut sample: Vec<f64> = (0..10_000_u32).map(|i| if i % 10 < 7 { 0.0 } else { f64::from(i) - 5_000.0 }).collect();
        let masses = masses(&numeric(&mut sample), &sample);
        assert!(masses.contains(&7_000), "{masses:?}");
        assert!(masses.len() >= 5, "{masses:?}");
    }

    #[test]
    fn few_values_have_a_cell_each_and_one_value_has_one() {
        let mut hours: Vec<f64> = (0..2_400).map(|i| f64::from(i % 12)).collect();
        assert_eq!(masses(&numeric(&mut hours), &hours), [200; 12]);
        assert_eq!(masses(&numeric(&mut [5.0; 40]), &[5.0; 40]), [40]);
    }

    #[test]
    fn the_most_frequent_names_have_a_cell_each() {
        let anchor = |count: usize| FieldAnchor::Categorical(CategoricalAnchor { values: vec![String::new(); count], open: false });
        assert_eq!(anchor(2).coarse(), [0, 1, 2]);
        let many = anchor(100).coarse();
        assert_eq!((many.len(), many[14], many[15], many[100]), (101, 14, 15, 15));
    }

    #[test]
    fn means_come_out_of_whole_sums() {
        let anchor = numeric(&mut (0..1_000).map(|i| 1.7e12 + f64::from(i)).collect::<Vec<_>>());
        let values = [1.7e12, 1.7e12 + 333.0, 1.7e12 + 999.0];
        let sum = values.iter().map(|value| anchor.offset(*value)).sum();
        assert!((anchor.mean_of_offsets(sum, 3).unwrap() - (1.7e12 + 444.0)).abs() < 1e-3);
        assert_eq!(anchor.mean_of_offsets(0, 0), None);
    }

    #[test]
    fn extreme_values_neither_overflow_nor_outweigh_all_others() {
        let anchor = numeric(&mut [-f64::MAX, 0.0, f64::MAX]);
        assert!(anchor.offset(f64::MAX) > 0 && anchor.offset(-f64::MAX) < 0);
        let small = numeric(&mut [0.0, 1.0]);
        assert_eq!(small.offset(1e300), small.offset(1e200));
        assert!(small.mean_of_offsets(small.offset(f64::MAX), 1).unwrap().is_finite());
    }
}
