//! A baseline that somebody stored, looked at before it is believed: whether its parts fit each other.

use std::collections::BTreeSet;

use tidegate_contract::FeatureKind;

use crate::baseline::{HOURS_OF_DAY, HOURS_OF_WEEK};
use crate::{Baseline, Counts, FieldAnchor, FieldBaseline, FieldProfile, ProfileError, RunVariation, SegmentGroup, SegmentProfile};

/// Greatest count that is believed: beyond it, shares lose digits.
pub(crate) const MAX_COUNT: u64 = 1 << 53;

impl Baseline {
    /// Whether the parts of the baseline fit each other, as those of every baseline do that this crate made.
    ///
    /// # Errors
    /// [`ProfileError::Contradiction`] with the first thing that does not fit.
    pub fn check(&self) -> Result<(), ProfileError> {
        let fault = |fault: String| Err(ProfileError::Contradiction { fault });
        let fields = &self.profile.fields;
        if fields.len() != self.fields.len() {
            return fault(format!("found {} fields with cells, expected {}, as many as with counts", self.fields.len(), fields.len()));
        }
        if self.profile.anchor.as_deref() != Some(&self.id) {
            return fault("found counts in the cells of another baseline, expected them in its own".to_owned());
        }
        let mut names = BTreeSet::new();
        for (field, cells) in fields.iter().zip(&self.fields) {
            if !names.insert(&field.name) {
                return fault(format!("found {} twice, expected every field once", field.name));
            }
            if let Some(wrong) = wrong_field(field, cells, self.periods.len()) {
                return fault(format!("{}: {wrong}", field.name));
            }
        }
        for segment in &self.profile.segments {
            if let Some(wrong) = self.wrong_segment(segment) {
                return fault(format!("segments of {}: {wrong}", segment.field));
            }
        }
        let is_like = |period: &Vec<SegmentProfile>| {
            period.len() == self.profile.segments.len() && period.iter().zip(&self.profile.segments).all(|(a, b)| a.is_like(b))
        };
        if ![0, self.periods.len()].contains(&self.segments.len()) || !self.segments.iter().all(is_like) {
            return fault("found periods by other segments than the whole, or another number of them".to_owned());
        }
        Ok(())
    }

    /// What does not fit about the counts by one segment.
    fn wrong_segment(&self, segment: &SegmentProfile) -> Option<String> {
        let Some(Some(FieldAnchor::Categorical(anchor))) =
            self.position(&segment.field).and_then(|position| self.fields.get(position)).map(|field| field.anchor.as_ref())
        else {
            return Some("found no such field with values of its own".to_owned());
        };
        if !anchor.values.starts_with(&segment.values) {
            return Some("found other values than the field's most frequent ones".to_owned());
        }
        if segment.groups.len() != segment.values.len() + 2 {
            return Some(format!("found {} groups, expected {}, two more than values", segment.groups.len(), segment.values.len() + 2));
        }
        let fits = |group: &SegmentGroup| {
            let width =
                |position: usize| self.fields.get(position).and_then(|field| field.anchor.as_ref()).map_or(0, FieldAnchor::coarse_cells);
            let fits = group
                .fields
                .iter()
                .enumerate()
                .all(|(position, field)| [0, width(position)].contains(&field.cells.len()) && sum(&field.cells) <= group.records);
            fits && (group.fields.len() == self.fields.len() || group.fields.is_empty() && group.records == 0)
        };
        if !segment.groups.iter().all(fits) {
            return Some("found a group whose counts are not one per coarse cell, or more than its records".to_owned());
        }
        let records = segment.groups.iter().fold(0, |records: u64, group| records.saturating_add(group.records));
        (records != self.profile.records).then(|| format!("found {records} records in groups, expected {}", self.profile.records))
    }
}

/// What does not fit about one field.
fn wrong_field(field: &FieldProfile, baseline: &FieldBaseline, periods: usize) -> Option<String> {
    let ratios = |run: &RunVariation| [run.location, run.shares, run.absent].into_iter().all(|ratio| ratio.is_finite() && ratio >= 0.0);
    if !baseline.runs.iter().all(|run| ratios(run) && run.rows > 0 && run.pairs > 0) {
        return Some("found runs of rows that differ by less than nothing".to_owned());
    }
    let believed = [field.present, field.missing, field.wrong_type, field.infinite, field.out_of_range];
    if believed.iter().any(|count| *count > MAX_COUNT) {
        return Some(format!("found a count above {MAX_COUNT}"));
    }
    let (cells, counted) = match (&baseline.anchor, field.kind, &field.numeric, &field.categorical) {
        (None, ..) => return None,
        (Some(FieldAnchor::Numeric(anchor)), FeatureKind::Numeric, Some(numeric), None) => {
            let rises = anchor.edges.windows(2).all(|pair| matches!(pair, [low, high] if low < high));
            if anchor.edges.is_empty() || !rises || !anchor.edges.iter().all(|edge| edge.is_finite()) {
                return Some("found edges that do not rise, expected finite ones in order".to_owned());
            }
            if anchor.atoms.iter().any(|atom| usize::try_from(*atom).is_ok_and(|atom| atom >= anchor.cells())) {
                return Some("found a repeated value outside the cells".to_owned());
            }
            if !(numeric.mean.is_finite() && numeric.m2.is_finite() && numeric.m2 >= 0.0) {
                return Some("found moments that are no numbers".to_owned());
            }
            if numeric.cells.len() != anchor.cells() {
                return Some(format!("found {} counts, expected {}, one per cell", numeric.cells.len(), anchor.cells()));
            }
            (anchor.cells(), sum(&numeric.cells))
        }
        (Some(FieldAnchor::Categorical(anchor)), FeatureKind::Categorical, None, Some(categorical)) => {
            if anchor.values.iter().collect::<BTreeSet<_>>().len() != anchor.values.len() {
                return Some("found a value twice, expected every value once".to_owned());
            }
            if categorical.cells.len() != anchor.values.len() {
                return Some(format!("found {} counts, expected {}, one per value", categorical.cells.len(), anchor.values.len()));
            }
            let others = categorical.other.values().copied().chain([categorical.remainder]);
            (anchor.values.len() + 1, sum(&categorical.cells).saturating_add(others.fold(0, u64::saturating_add)))
        }
        _ => return Some("found cells of another type than the field's".to_owned()),
    };
    if counted != field.present {
        return Some(format!("found {counted} values in its cells, expected {}, as many as were present", field.present));
    }
    let fits = |counts: &Counts| counts.cells.len() == cells && sum(&counts.cells) <= MAX_COUNT && counts.absent <= MAX_COUNT;
    if ![0, periods].contains(&baseline.periods.len()) || ![0, HOURS_OF_DAY, HOURS_OF_WEEK].contains(&baseline.hours.len()) {
        return Some("found another number of periods or hours than the baseline has".to_owned());
    }
    let all = || baseline.periods.iter().chain(&baseline.hours);
    (!all().all(fits)).then(|| "found a period or hour whose counts are not one per cell".to_owned())
}

/// A sum that never overflows.
pub(crate) fn sum(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tidegate_contract::{Field, FieldRole};

    use super::*;
    use crate::{Outline, Source, Values};

    fn baseline() -> Baseline {
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            role: FieldRole::Feature,
            kind,
            path: name.to_owned(),
            range: None,
            allowed: None,
            is_segment: false,
        };
        let numbers = Values::Numbers { weighted: vec![(1.0, 3), (2.0, 2)], min: 1.0, max: 2.0, mean: 1.4, standard_deviation: 0.5 };
        let names = Values::Names(BTreeMap::from([("a".to_owned(), 4)]));
        let outlines = [
            Outline { field: field("x", FeatureKind::Numeric), present: 5, missing: 0, values: numbers },
            Outline { field: field("c", FeatureKind::Categorical), present: 5, missing: 0, values: names },
        ];
        Baseline::from_outlines(Source { content: "c".to_owned(), ..Source::default() }, 5, &outlines).unwrap()
    }

    #[test]
    fn a_baseline_that_was_made_here_fits() {
        baseline().check().unwrap();
    }

    type Break = fn(&mut Baseline);

    #[test]
    fn every_part_that_does_not_fit_is_named() {
        let broken: [(&str, Break); 8] = [
            ("edges", |b| {
                if let Some(FieldAnchor::Numeric(anchor)) = &mut b.fields[0].anchor {
                    anchor.edges.swap(0, 1);
                }
            }),
            ("per cell", |b| b.profile.fields[0].numeric.as_mut().unwrap().cells.push(0)),
            ("as many as were present", |b| b.profile.fields[0].present = 6),
            ("moments", |b| b.profile.fields[0].numeric.as_mut().unwrap().m2 = -1.0),
            ("twice", |b| b.profile.fields[1].name = "x".to_owned()),
            ("another baseline", |b| b.id = "d".to_owned()),
            ("periods or hours", |b| b.fields[1].hours = vec![Counts::default()]),
            ("another type", |b| b.fields.swap(0, 1)),
        ];
        for (expected, breaks) in broken {
            let mut baseline = baseline();
            breaks(&mut baseline);
            let said = baseline.check().unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
