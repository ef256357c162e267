//! A baseline from what is known of a data set without its records: another tool's sketches, buckets and counts.
//!
//! What such a summary does not know, the baseline does not claim: it has no periods and no hours of the day, so that a verdict
//! against it knows chance, and nothing of how much ordinary days differ.

use std::collections::BTreeMap;

use tidegate_contract::{FeatureKind, Field};

use crate::cells::CellIndex;
use crate::stored::{MAX_COUNT, sum};
use crate::{
    Baseline, CategoricalAnchor, Counts, FieldAnchor, FieldBaseline, FieldProfile, NumericAnchor, Profile, ProfileError, Profiler,
    QUANTILE_CELLS, Source,
};

/// What is known of one field of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// The field.
    pub field: Field,
    /// Values that were present.
    pub present: u64,
    /// Values that were missing.
    pub missing: u64,
    /// How the present values are distributed.
    pub values: Values,
}

/// How the values of a field are distributed.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Nothing is known: the field is not compared.
    Unknown,
    /// Values that each stand for a number of others: the items of a quantile sketch, or the middles of buckets.
    Numbers {
        /// Value and weight.
        weighted: Vec<(f64, u64)>,
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
        /// Mean.
        mean: f64,
        /// Standard deviation (divided by `n`).
        standard_deviation: f64,
    },
    /// Cells that were counted by whoever made the summary, in place of values: too few to be cut anew.
    Buckets {
        /// Lower and upper bound and count of each, in order of value; the upper bound of one is the lower bound of the next.
        buckets: Vec<(f64, f64, u64)>,
        /// Mean.
        mean: f64,
        /// Standard deviation (divided by `n`).
        standard_deviation: f64,
    },
    /// Values by name, as many as are listed. What is present beyond them had names that are not listed.
    Names(BTreeMap<String, u64>),
}

impl Baseline {
    /// The baseline of a data set of `records` records, of which only this much is known. Its identifier is the source's content.
    ///
    /// Counts come from the weights; where their sum is not the number of present values (a sketch that dropped an item, a
    /// bucket that was rounded), they are scaled to it, the largest remainders rounded up.
    ///
    /// # Errors
    /// [`ProfileError::Contradiction`] if the values of a field cannot be those of its kind, or are not finite.
    pub fn from_outlines(source: Source, records: u64, outlines: &[Outline]) -> Result<Self, ProfileError> {
        let anchors = outlines.iter().map(Outline::anchor).collect::<Result<Vec<_>, _>>()?;
        let fields: Vec<Field> = outlines.iter().map(|outline| outline.field.clone()).collect();
        let id = source.content.clone();
        let mut profile = Profiler::with_anchors(&id, &fields, &anchors, 0).start();
        profile.records = records;
        // A summary does not tell records apart: there is nothing that a segment could be compared with.
        profile.segments.clear();
        for (outline, anchor) in outlines.iter().zip(&anchors) {
            outline.count(&mut profile, anchor.as_ref(), records);
        }
        let field = |anchor| FieldBaseline { anchor, periods: Vec::new(), hours: Vec::new(), runs: Vec::new() };
        let fields = anchors.into_iter().map(field).collect();
        Ok(Self { id, source, profile, periods: Vec::new(), fields, segments: Vec::new() })
    }
}

impl Baseline {
    /// Learns how much ordinary days differ from the counts of some, each with its label (`2013-07-01`), in order of time. They must be
    /// counted in this baseline's cells.
    ///
    /// # Errors
    /// [`ProfileError::Anchor`] if a day was counted in the cells of another baseline.
    pub fn learn_ordinary_days(&mut self, days: &[(String, Profile)]) -> Result<(), ProfileError> {
        if let Some((_, foreign)) = days.iter().find(|(_, day)| day.anchor.as_ref() != Some(&self.id)) {
            let found = foreign.anchor.clone().unwrap_or_else(|| "none".to_owned());
            return Err(ProfileError::Anchor { found, expected: self.id.clone() });
        }
        self.periods = days.iter().map(|(label, _)| label.clone()).collect();
        for (field, learned) in self.profile.fields.iter().zip(&mut self.fields) {
            let Some(anchor) = &learned.anchor else { continue };
            let none = || Counts { absent: 0, cells: vec![0; anchor.counted_cells()] };
            let of = |day: &Profile| day.fields.iter().find(|counted| counted.name == field.name).and_then(counts).unwrap_or_else(none);
            learned.periods = days.iter().map(|(_, day)| of(day)).collect();
        }
        Ok(())
    }
}

/// What a profile counted of one field, with one cell more for the values that its anchor does not list.
fn counts(field: &FieldProfile) -> Option<Counts> {
    let absent = field.missing + field.wrong_type + field.infinite;
    let cells = match (&field.numeric, &field.categorical) {
        (Some(numeric), _) => numeric.cells.clone(),
        (None, Some(categorical)) => categorical.cells.iter().copied().chain([categorical.outside()]).collect(),
        (None, None) => return None,
    };
    Some(Counts { absent, cells })
}

impl Outline {
    fn anchor(&self) -> Result<Option<FieldAnchor>, ProfileError> {
        let name = &self.field.name;
        let contradiction = |fault: String| Err(ProfileError::Contradiction { fault });
        let weights: Vec<u64> = match &self.values {
            Values::Unknown => Vec::new(),
            Values::Numbers { weighted, .. } => weighted.iter().map(|(_, weight)| *weight).collect(),
            Values::Buckets { buckets, .. } => buckets.iter().map(|(.., count)| *count).collect(),
            Values::Names(counts) => counts.values().copied().collect(),
        };
        if sum(&weights).max(self.present).max(self.missing) > MAX_COUNT {
            return contradiction(format!("{name} counts more than {MAX_COUNT} values"));
        }
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        match (&self.values, self.field.kind) {
            (Values::Unknown, _) => Ok(None),
            (Values::Numbers { weighted, min, max, mean, standard_deviation }, FeatureKind::Numeric) => {
                let values: Vec<f64> = weighted.iter().map(|(value, _)| *value).collect();
                if !finite(&values) || !finite(&[*min, *max, *mean, *standard_deviation]) || min > max {
                    return contradiction(format!("the numbers of {name} are not finite, or lie from {min} to {max}"));
                }
                let mut sample: Vec<(f64, u64)> = weighted.iter().map(|(value, weight)| (value.clamp(*min, *max), *weight)).collect();
                Ok(NumericAnchor::from_weighted(&mut sample, *min, *max).map(FieldAnchor::Numeric))
            }
            (Values::Buckets { buckets, mean, standard_deviation }, FeatureKind::Numeric) => {
                let rises = buckets.windows(2).all(|pair| matches!(pair, [(_, high, _), (low, ..)] if high <= low));
                let bounds: Vec<f64> = buckets.iter().flat_map(|(low, high, _)| [*low, *high]).collect();
                if !finite(&bounds) || !finite(&[*mean, *standard_deviation]) || !rises || buckets.len() > QUANTILE_CELLS {
                    return contradiction(format!("the buckets of {name} do not follow each other, or are more than {QUANTILE_CELLS}"));
                }
                Ok(NumericAnchor::from_bounds(&bounds).map(FieldAnchor::Numeric))
            }
            (Values::Names(counts), FeatureKind::Categorical) => {
                let listed: u64 = counts.values().sum();
                let anchor = || FieldAnchor::Categorical(CategoricalAnchor::from_counts(counts, listed < self.present));
                Ok((!counts.is_empty()).then(anchor))
            }
            (_, kind) => contradiction(format!("the values of {name} are not {kind:?}, as the field is")),
        }
    }

    fn count(&self, profile: &mut Profile, anchor: Option<&FieldAnchor>, records: u64) {
        let Some(field) = profile.fields.iter_mut().find(|field| field.name == self.field.name) else { return };
        let Some(anchor) = anchor else {
            field.missing = records;
            return;
        };
        field.present = self.present;
        field.missing = self.missing;
        let moments = |mean: f64, deviation: f64| (mean, (deviation * deviation * self.present as f64).min(f64::MAX));
        match (&self.values, anchor) {
            (Values::Numbers { weighted, min, max, mean, standard_deviation }, FieldAnchor::Numeric(anchor)) => {
                let Some(numeric) = &mut field.numeric else { return };
                let index = CellIndex::new(anchor);
                let mut cells = vec![0; anchor.cells()];
                for (value, weight) in weighted {
                    if let Some(cell) = cells.get_mut(index.locate(value.clamp(*min, *max))) {
                        *cell += weight;
                    }
                }
                numeric.cells = apportioned(&cells, self.present);
                (numeric.mean, numeric.m2) = moments(*mean, *standard_deviation);
                (numeric.min, numeric.max) = (Some(*min), Some(*max));
            }
            (Values::Buckets { buckets, mean, standard_deviation }, FieldAnchor::Numeric(anchor)) => {
                let Some(numeric) = &mut field.numeric else { return };
                let index = CellIndex::new(anchor);
                let mut cells = vec![0; anchor.cells()];
                for (low, _, count) in buckets {
                    if let Some(cell) = cells.get_mut(index.locate(*low)) {
                        *cell += count;
                    }
                }
                numeric.cells = apportioned(&cells, self.present);
                (numeric.mean, numeric.m2) = moments(*mean, *standard_deviation);
                (numeric.min, numeric.max) = (buckets.first().map(|(low, ..)| *low), buckets.last().map(|(_, high, _)| *high));
            }
            (Values::Names(counts), FieldAnchor::Categorical(anchor)) => {
                let Some(categorical) = &mut field.categorical else { return };
                let of = |name: &String| counts.get(name).copied().unwrap_or_default();
                let listed: u64 = anchor.values.iter().map(of).sum();
                let cells: Vec<u64> = anchor.values.iter().map(of).collect();
                categorical.cells = if listed > self.present { apportioned(&cells, self.present) } else { cells };
                categorical.remainder = self.present.saturating_sub(listed);
                if let Some(allowed) = &self.field.allowed {
                    let odd = counts.iter().filter(|(name, _)| !allowed.contains(name));
                    field.out_of_range = odd.map(|(_, count)| count).sum::<u64>().min(self.present);
                }
            }
            _ => {}
        }
    }
}

/// Counts scaled so that they add up to `total`: each rounded down, and the largest remainders (the first of equal ones) up.
fn apportioned(counts: &[u64], total: u64) -> Vec<u64> {
    let sum: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    if sum == 0 || sum == u128::from(total) {
        return counts.to_vec();
    }
    let share = |count: u64| u128::from(count) * u128::from(total);
    let mut scaled: Vec<u64> = counts.iter().map(|count| u64::try_from(share(*count) / sum).unwrap_or(u64::MAX)).collect();
    let mut by_remainder: Vec<(usize, u128)> = counts.iter().map(|count| share(*count) % sum).enumerate().collect();
    by_remainder.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let left = total - scaled.iter().sum::<u64>().min(total);
    for (cell, _) in by_remainder.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        if let Some(count) = scaled.get_mut(cell) {
            *count += 1;
        }
    }
    scaled
}

#[cfg(test)]
mod tests {
    use tidegate_contract::FieldRole;

    use super::*;
    use crate::{decode, encode};

    fn field(name: &str, kind: FeatureKind) -> Field {
        Field { name: name.into(), role: FieldRole::Feature, kind, path: name.into(), range: None, allowed: None, is_segment: false }
    }

    fn source() -> Source {
        Source { content: "c0ffee".into(), ..Source::default() }
    }

    fn numbers(weighted: Vec<(f64, u64)>, present: u64) -> Outline {
        let values = Values::Numbers { weighted, min: 0.0, max: 1000.0, mean: 500.0, standard_deviation: 288.0 };
        Outline { field: field("x", FeatureKind::Numeric), present, missing: 0, values }
    }

    #[test]
    fn weights_fall_into_cells_of_even_shares_and_add_up_to_what_was_present() {
        // 500 items of weight 4 and 100 of weight 1 stand for 2,100 values; the sketch lost three more.
        let weighted = (0..500).map(|i| (f64::from(i) * 2.0, 4)).chain((0..100).map(|i| (f64::from(i) * 10.0 + 1.0, 1))).collect();
        let baseline = Baseline::from_outlines(source(), 2_103, &[numbers(weighted, 2_103)]).unwrap();
        let numeric = baseline.profile.fields[0].numeric.as_ref().unwrap();
        assert_eq!(numeric.cells.iter().sum::<u64>(), 2_103);
        assert_eq!(baseline.id, "c0ffee");
        let filled = numeric.cells.iter().filter(|count| **count > 0).count();
        assert!((150..=QUANTILE_CELLS + 2).contains(&filled), "{filled}");
        assert!(numeric.cells.iter().all(|count| *count <= 30), "{:?}", numeric.cells);
        assert_eq!(decode::<Baseline>(&encode(&baseline).unwrap()).unwrap(), baseline);
        baseline.check().unwrap();
    }

    #[test]
    fn one_heavy_item_is_no_repeated_value_and_two_are() {
        let anchor = |weighted: Vec<(f64, u64)>| match numbers(weighted, 300).anchor().unwrap() {
            Some(FieldAnchor::Numeric(anchor)) => anchor,
            other => panic!("{other:?}"),
        };
        let spread = || (0..200).map(|i| (f64::from(i) * 5.0, 1));
        assert_eq!(anchor(spread().chain([(7.0, 64)]).collect()).atoms.len(), 0, "a sketch's item stands for its neighbours too");
        assert_eq!(anchor(spread().chain([(7.0, 32), (7.0, 32)]).collect()).atoms.len(), 1);
    }

    #[test]
    fn buckets_keep_their_bounds_and_counts() {
        let values = Values::Buckets { buckets: vec![(0.0, 1.0, 3), (1.0, 2.0, 5)], mean: 1.1, standard_deviation: 0.5 };
        let outline = Outline { field: field("x", FeatureKind::Numeric), present: 8, missing: 2, values };
        let baseline = Baseline::from_outlines(source(), 10, &[outline]).unwrap();
        let FieldAnchor::Numeric(anchor) = baseline.fields[0].anchor.as_ref().unwrap() else { panic!("numeric") };
        let counted: Vec<(f64, u64)> = anchor
            .edges
            .iter()
            .zip(baseline.profile.fields[0].numeric.as_ref().unwrap().cells.iter().skip(1))
            .map(|(edge, count)| (*edge, *count))
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(counted, [(0.0, 3), (1.0, 5)]);
        assert_eq!(baseline.profile.fields[0].missing, 2);
    }

    #[test]
    fn names_beyond_the_listed_ones_leave_the_anchor_open() {
        let counts = BTreeMap::from([("a".to_owned(), 6), ("b".to_owned(), 2)]);
        let outline = Outline { field: field("c", FeatureKind::Categorical), present: 10, missing: 0, values: Values::Names(counts) };
        let baseline = Baseline::from_outlines(source(), 10, &[outline]).unwrap();
        let categorical = baseline.profile.fields[0].categorical.as_ref().unwrap();
        assert_eq!((categorical.cells.as_slice(), categorical.remainder), ([6, 2].as_slice(), 2));
        assert!(matches!(&baseline.fields[0].anchor, Some(FieldAnchor::Categorical(anchor)) if anchor.open));
    }

    #[test]
    fn values_of_another_kind_and_numbers_that_are_none_are_refused() {
        let mut wrong = numbers(vec![(1.0, 1)], 1);
        wrong.field.kind = FeatureKind::Categorical;
        assert!(Baseline::from_outlines(source(), 1, &[numbers(vec![(1.0, u64::MAX), (2.0, 2)], 1)]).is_err());
        assert!(Baseline::from_outlines(source(), 1, &[wrong]).is_err());
        assert!(Baseline::from_outlines(source(), 1, &[numbers(vec![(f64::NAN, 1)], 1)]).is_err());
    }

    #[test]
    fn ordinary_days_are_learned_from_counts_in_the_same_cells() {
        let mut baseline = Baseline::from_outlines(source(), 300, &[numbers((0..300).map(|i| (f64::from(i), 1)).collect(), 300)]).unwrap();
        let mut day = baseline.profile.clone();
        day.fields[0].missing = 7;
        baseline.learn_ordinary_days(&[("2013-07-01".to_owned(), day.clone()), ("2013-07-02".to_owned(), day.clone())]).unwrap();
        baseline.check().unwrap();
        assert_eq!(baseline.periods, ["2013-07-01", "2013-07-02"]);
        assert_eq!(baseline.fields[0].periods[1].absent, 7);
        assert_eq!(baseline.fields[0].periods[0].cells, baseline.profile.fields[0].numeric.as_ref().unwrap().cells);
        day.anchor = Some("other".to_owned());
        assert!(baseline.learn_ordinary_days(&[("2013-07-03".to_owned(), day)]).is_err());
    }

    #[test]
    fn largest_remainders_are_rounded_up() {
        assert_eq!(apportioned(&[1, 1, 1], 100), [34, 33, 33]);
        assert_eq!(apportioned(&[0, 5], 0), [0, 0]);
        assert_eq!(apportioned(&[2, 3], 5), [2, 3]);
        assert_eq!(apportioned(&[u64::MAX / 2, 1], 3), [3, 0]);
    }
}
