//! A baseline's records in the cells of another baseline, so that two data sets can be compared when their records are no longer at hand.

use std::collections::{BTreeMap, HashMap};

use crate::cells::CellIndex;
use crate::room::add_frequent;
use crate::{
    Baseline, CategoricalAnchor, CategoricalProfile, FieldAnchor, FieldBaseline, FieldProfile, MAX_OTHER_VALUES, NumericAnchor, Profile,
};

impl Baseline {
    /// The records of this baseline, counted in the cells of another.
    ///
    /// Names and repeated values come out exactly. The other numbers of a cell are counted where its middle lies: at each edge of the other
    /// baseline a part of one cell, below 1/256 of the records, may be counted on its wrong side. A field that either of them has no cells of is not
    /// counted in cells. Segments are left out.
    #[must_use]
    pub fn in_cells_of(&self, other: &Self) -> Profile {
        let recast = |(field, own): (&FieldProfile, &FieldBaseline)| {
            let mut field = field.clone();
            let anchors = (own.anchor.as_ref(), other.anchor_of(&field.name));
            match anchors {
                (Some(FieldAnchor::Numeric(from)), Some(FieldAnchor::Numeric(to))) => {
                    if let Some(numeric) = &mut field.numeric {
                        numeric.cells = numbers(&numeric.cells, from, to);
                    }
                }
                (Some(FieldAnchor::Categorical(from)), Some(FieldAnchor::Categorical(to))) => {
                    field.categorical = field.categorical.map(|categorical| names(&categorical, from, to));
                }
                _ => {
                    field.numeric.iter_mut().for_each(|numeric| numeric.cells.clear());
                    field.categorical.iter_mut().for_each(|categorical| categorical.cells.clear());
                }
            }
            field
        };
        let fields = self.profile.fields.iter().zip(&self.fields).map(recast).collect();
        Profile {
            anchor: Some(other.id.clone()),
            records: self.profile.records,
            span_ms: self.profile.span_ms,
            versions: self.profile.versions.clone(),
            fields,
            unexpected: self.profile.unexpected.clone(),
            segments: Vec::new(),
        }
    }
}

fn numbers(counts: &[u64], from: &NumericAnchor, to: &NumericAnchor) -> Vec<u64> {
    let index = CellIndex::new(to);
    let mut cells = vec![0; index.len()];
    for (value, count) in from.representatives().into_iter().zip(counts) {
        if let Some(cell) = cells.get_mut(index.locate(value)) {
            *cell += count;
        }
    }
    cells
}

fn names(counts: &CategoricalProfile, from: &CategoricalAnchor, to: &CategoricalAnchor) -> CategoricalProfile {
    let places: HashMap<&str, usize> = to.values.iter().enumerate().map(|(place, value)| (value.as_str(), place)).collect();
    let mut recast = CategoricalProfile { cells: vec![0; to.values.len()], other: BTreeMap::new(), remainder: counts.remainder };
    let mut others: Vec<(&str, u64)> = Vec::new();
    for (name, count) in counts.named(&from.values) {
        match places.get(name).and_then(|place| recast.cells.get_mut(*place)) {
            Some(cell) => *cell += count,
            None => others.push((name, count)),
        }
    }
    recast.remainder += add_frequent(&mut recast.other, others.into_iter(), MAX_OTHER_VALUES);
    recast
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_places_to_within_a_cell_and_repeated_ones_exactly() {
        // Thirds of nothing but zeros among numbers that are all different.
        let sample = |shift: f64| -> Vec<f64> {
            (0..6_000_u32).map(|row| if row % 3 == 0 { 0.0 } else { f64::from(row) / 6_000.0 + shift }).collect()
        };
        let anchor = |values: &[f64]| {
            let (min, max) = values.iter().fold((f64::MAX, f64::MIN), |(min, max), value| (min.min(*value), max.max(*value)));
            NumericAnchor::from_sample(values, min, max).unwrap()
        };
        let count = |values: &[f64], anchor: &NumericAnchor| {
            let mut cells = vec![0_u64; anchor.cells()];
            for value in values {
                cells[CellIndex::new(anchor).locate(*value)] += 1;
            }
            cells
        };
        let (one, other) = (sample(0.0), sample(0.5));
        let (from, to) = (anchor(&one), anchor(&other));
        let (recast, counted) = (numbers(&count(&one, &from), &from, &to), count(&one, &to));
        assert_eq!(recast.iter().sum::<u64>(), 6_000);
        let atom = usize::try_from(to.atoms[0]).unwrap();
        assert_eq!((recast[atom], counted[atom]), (2_000, 2_000));
        let (mut sum, mut expected) = (0, 0);
        for (cell, exactly) in recast.iter().zip(counted) {
            (sum, expected) = (sum + cell, expected + exactly);
            assert!(expected.abs_diff(sum) <= 6_000 / 256 + 1, "{expected} values lie below, found {sum}");
        }
    }

    #[test]
    fn names_come_out_exactly_and_new_ones_by_name() {
        let anchor = |values: &[&str]| CategoricalAnchor { values: values.iter().map(|name| (*name).to_owned()).collect(), open: false };
        let counts = CategoricalProfile { cells: vec![5, 3, 1], other: BTreeMap::new(), remainder: 2 };
        let recast = names(&counts, &anchor(&["a", "b", "c"]), &anchor(&["c", "d", "a"]));
        assert_eq!((recast.cells, recast.other, recast.remainder), (vec![1, 0, 5], [("b".to_owned(), 3)].into(), 2));
    }
}
