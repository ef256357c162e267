//! What a field's change is made of, seen by one segment: another mix of the segment's values, or another behaviour within them.
//!
//! With `w` a value's share of the records and `p` the field's distribution within it, before and after (primed), the field's change
//! in every cell is exactly
//!
//! `Δ = Σ_s (w'_s − w_s)·(p_s + p'_s)/2 + Σ_s (w_s + w'_s)/2·(p'_s − p_s)`
//!
//! (Kitagawa, 1955, *Components of a difference between two rates*): the first sum lies *between* the values, the second *within*
//! them. As shares of records add up to one, the average distribution may be taken off `(p_s + p'_s)/2`, so that a value
//! which grew and is like the average carries nothing. Vectors over cells become numbers by their part along `Δ`, each cell weighed by
//! one over its mean share; a missing value is a cell too.

use tidegate_profile::{Baseline, Profile, SegmentGroup, SegmentProfile};

use crate::CarriedBy;

/// A value carries a move when at least this share of it is its own,
const CARRIES: f64 = 0.5;

/// and so many times as much as its share of the records.
const BEYOND_ITS_SIZE: f64 = 1.5;

/// A change is that of the mix when no more than this share of it lies within the values.
const WITHIN_MIX: f64 = 0.45;

/// Of a change that chance may have made to this share, the rest tells nothing.
const MOSTLY_CHANCE: f64 = 0.5;

/// What another mix of a segment makes of other fields did not come when no more than this part of it did.
const CAME: f64 = 0.4;

/// It is surely so when what did come is so many standard errors from all of it, or from none.
const SURE: f64 = 4.0;

/// A field's change, by one segment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decomposition {
    /// The segment's field.
    pub(crate) segment: String,
    /// Share of the change that is another mix of the segment's values; with `within` it makes 1. Either can be negative, and the
    /// other above 1, when the two work against each other.
    pub(crate) between: f64,
    /// Share of the change that is another behaviour within the values.
    pub(crate) within: f64,
    /// Share of the change that chance alone makes in so many records, `0..=1`. It looks like another behaviour within the values.
    pub(crate) chance: f64,
    /// What each of the segment's values contributes, most first; their shares make 1.
    pub(crate) values: Vec<Contribution>,
}

/// What one value of a segment contributes to a field's change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contribution {
    /// The value; `None` for all that are not counted one by one, and for records without one.
    pub(crate) value: Option<String>,
    /// Its share of the change, between and within together.
    pub(crate) share: f64,
    /// Its share of the records, mean of before and after, `0..=1`.
    pub(crate) weight: f64,
}

impl Decomposition {
    /// Share of the change beyond chance that is another mix of the segment's values, at most 1; 1 where chance alone may have made
    /// most of the change, so that nothing speaks for another behaviour.
    pub(crate) fn between_beyond_chance(&self) -> f64 {
        if self.chance >= MOSTLY_CHANCE { 1.0 } else { (self.between / (1.0 - self.chance)).min(1.0) }
    }
}

/// Takes a field's change from the baseline apart, by every segment but itself, the one with most of the change *between* its values first.
///
/// For fields that moved: of a change that is chance, the shares are chance too. Empty without segments.
pub(crate) fn decompose(field: &str, current: &Profile, baseline: &Baseline) -> Vec<Decomposition> {
    let of_segment = |segment: &SegmentProfile| {
        let (earlier, now) = tables(field, segment, current, baseline)?;
        let Split { between, within, chance, shares, weights } = split(&earlier, &now)?;
        let value = |index: usize| segment.values.get(index).cloned();
        let contribution = |(index, (share, weight)): (usize, (f64, f64))| Contribution { value: value(index), share, weight };
        let mut values: Vec<Contribution> = shares.into_iter().zip(weights).enumerate().map(contribution).collect();
        values.sort_by(|a, b| b.share.total_cmp(&a.share));
        Some(Decomposition { segment: segment.field.clone(), between, within, chance, values })
    };
    let mut all: Vec<Decomposition> = current.segments.iter().filter_map(of_segment).collect();
    all.sort_by(|a, b| b.between.total_cmp(&a.between));
    all
}

/// Counts: groups by cells.
type Table = Vec<Vec<f64>>;

/// A field's counts by a segment's values, in the baseline and now; `None` of the segment itself, and where the two were
/// not counted alike.
fn tables(field: &str, segment: &SegmentProfile, current: &Profile, baseline: &Baseline) -> Option<(Table, Table)> {
    let (now, before) = (current.fields.iter().position(|profile| profile.name == field)?, baseline.position(field)?);
    let earlier = baseline.profile.segments.iter().find(|earlier| earlier.field == segment.field)?;
    if segment.field == field || earlier.values != segment.values {
        return None;
    }
    let width = baseline.fields.get(before)?.anchor.as_ref()?.coarse_cells();
    let table = |profile: &SegmentProfile, position: usize| profile.groups.iter().map(|group| cells_of(group, position, width)).collect();
    Some((table(earlier, before), table(segment, now)))
}

/// Whether these fields moved as another mix of a segment's values would have them do, each of which behaves as before: they did when the mix
/// changed, and did not when records were merely put under another value. `None` where they do not tell.
pub(crate) fn followed(segment: &str, fields: &[&str], current: &Profile, baseline: &Baseline) -> Option<bool> {
    let segment = current.segments.iter().find(|profile| profile.field == segment)?;
    let (mut expected, mut came, mut records) = (0.0, 0.0, 0.0);
    for field in fields {
        let Some((earlier, now)) = tables(field, segment, current, baseline) else { continue };
        let (was, is) = (Side::new(&earlier)?, Side::new(&now)?);
        records = 1.0 / (1.0 / was.records + 1.0 / is.records);
        for (cell, share) in was.whole.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let within = |group: &Group| group.shares.as_ref().and_then(|shares| shares.get(cell)).map_or(0.0, |within| within - share);
            let by_mix: f64 = was.groups.iter().zip(&is.groups).map(|(was, is)| (is.weight - was.weight) * within(was)).sum();
            expected += by_mix * by_mix / share;
            came += by_mix * (is.whole.get(cell).copied().unwrap_or(0.0) - share) / share;
        }
    }
    let (part, certainty) = (came / expected, (expected * records).sqrt());
    let (did, did_not) = (part > CAME && part * certainty >= SURE, part <= CAME && (1.0 - part) * certainty >= SURE);
    (did || did_not).then_some(did)
}

/// The value that carries a change: at least half of it ([`CARRIES`]), and clearly more than its size would.
pub(crate) fn carried_by(decompositions: &[Decomposition]) -> Option<CarriedBy> {
    let carriers = decompositions.iter().flat_map(|decomposition| {
        let carries = |value: &&Contribution| value.share >= CARRIES && value.share >= BEYOND_ITS_SIZE * value.weight;
        let named = |value: &Contribution| {
            Some(CarriedBy { segment: decomposition.segment.clone(), value: value.value.clone()?, share: value.share.min(1.0) })
        };
        decomposition.values.iter().filter(carries).filter_map(named)
    });
    carriers.max_by(|a, b| a.share.total_cmp(&b.share).then_with(|| b.segment.cmp(&a.segment)))
}

/// Other fields moved because the mix of a segment did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mix {
    /// The segment's field.
    pub(crate) segment: String,
    /// The least share of a moved field's change that lies between the segment's values; 1 when nothing but the segment itself moved.
    pub(crate) between: f64,
}

/// The segment whose mix explains every one of the fields that moved: each lies between its values but for [`WITHIN_MIX`], and the segment
/// itself is among them.
pub(crate) fn mix_behind(moved: &[&str], current: &Profile, baseline: &Baseline) -> Option<Mix> {
    let of_fields: Vec<(&str, Vec<Decomposition>)> = moved.iter().map(|field| (*field, decompose(field, current, baseline))).collect();
    let segments = current.segments.iter().map(|segment| segment.field.as_str()).filter(|segment| moved.contains(segment));
    let behind = segments.filter_map(|segment| {
        let others = of_fields.iter().filter(|(field, _)| *field != segment);
        let between =
            others.map(|(_, all)| all.iter().find(|one| one.segment == segment).map_or(0.0, Decomposition::between_beyond_chance));
        let between = between.fold(1.0, f64::min);
        (between >= 1.0 - WITHIN_MIX).then(|| Mix { segment: segment.to_owned(), between })
    });
    behind.max_by(|a, b| a.between.total_cmp(&b.between).then_with(|| b.segment.cmp(&a.segment)))
}

/// A group's records per coarse cell of a field, those without a usable value last.
fn cells_of(group: &SegmentGroup, position: usize, width: usize) -> Vec<f64> {
    let field = group.fields.get(position).filter(|field| field.cells.len() == width);
    let mut cells: Vec<f64> = field.map_or_else(|| vec![0.0; width], |field| field.cells.iter().map(|&cell| cell as f64).collect());
    cells.push((group.records as f64 - cells.iter().sum::<f64>()).max(0.0));
    cells
}

/// A change taken apart.
#[derive(Debug, Clone, PartialEq)]
struct Split {
    between: f64,
    within: f64,
    chance: f64,
    /// Each group's share of the change.
    shares: Vec<f64>,
    /// Each group's mean share of the records.
    weights: Vec<f64>,
}

/// Takes the change between two tables of counts (groups by cells) apart; `None` without records or without a change.
fn split(before: &[Vec<f64>], now: &[Vec<f64>]) -> Option<Split> {
    let (was, is) = (Side::new(before)?, Side::new(now)?);
    let middle: Vec<f64> = was.whole.iter().zip(&is.whole).map(|(was, is)| f64::midpoint(*was, *is)).collect();
    let change: Vec<f64> = was.whole.iter().zip(&is.whole).map(|(was, is)| is - was).collect();
    let along = |vector: &mut dyn Iterator<Item = f64>| -> f64 {
        let parts = vector.zip(&change).zip(&middle);
        parts.map(|((part, change), middle)| if *middle > 0.0 { part * change / middle } else { 0.0 }).sum()
    };
    let total = along(&mut change.iter().copied());
    if total <= 0.0 {
        return None;
    }
    // Σ (q − p)²/m has the mean (cells − 1)·(1/n + 1/n') when nothing but chance moved (Pearson, 1900).
    let filled = middle.iter().filter(|share| **share > 0.0).count() as f64;
    let by_chance = ((filled - 1.0) * (1.0 / was.records + 1.0 / is.records) / total).clamp(0.0, 1.0);
    let mut parts = Split { between: 0.0, within: 0.0, chance: by_chance, shares: Vec::new(), weights: Vec::new() };
    for (was, is) in was.groups.iter().zip(&is.groups) {
        // A value that is there on one side only behaves on the other as it does where it is.
        let p = was.shares.as_ref().or(is.shares.as_ref());
        let q = is.shares.as_ref().or(was.shares.as_ref());
        let (mut between, mut within) = (0.0, 0.0);
        if let (Some(p), Some(q)) = (p, q) {
            let grown = is.weight - was.weight;
            let weight = f64::midpoint(was.weight, is.weight);
            let pairs = || p.iter().zip(q);
            between = along(&mut pairs().zip(&middle).map(|((p, q), middle)| grown * (f64::midpoint(*p, *q) - middle))) / total;
            within = along(&mut pairs().map(|(p, q)| weight * (q - p))) / total;
        }
        parts.between += between;
        parts.within += within;
        parts.shares.push(between + within);
        parts.weights.push(f64::midpoint(was.weight, is.weight));
    }
    Some(parts)
}

/// A table of counts as shares.
struct Side {
    records: f64,
    /// Distribution over cells of all records.
    whole: Vec<f64>,
    groups: Vec<Group>,
}

struct Group {
    /// Share of all records.
    weight: f64,
    /// Distribution over cells within the group; `None` without records.
    shares: Option<Vec<f64>>,
}

impl Side {
    fn new(table: &[Vec<f64>]) -> Option<Self> {
        let total: f64 = table.iter().flatten().sum();
        if total <= 0.0 {
            return None;
        }
        let mut whole = vec![0.0; table.first()?.len()];
        for group in table {
            for (sum, cell) in whole.iter_mut().zip(group) {
                *sum += cell / total;
            }
        }
        let group = |cells: &Vec<f64>| {
            let records: f64 = cells.iter().sum();
            let shares = (records > 0.0).then(|| cells.iter().map(|cell| cell / records).collect());
            Group { weight: records / total, shares }
        };
        Some(Self { records: total, whole, groups: table.iter().map(group).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn another_mix_of_groups_that_behave_as_before_lies_between_them() {
        // Two groups: one always in the first cell, one always in the second; from half and half to a quarter and three.
        let parts = split(&[vec![50.0, 0.0], vec![0.0, 50.0]], &[vec![25.0, 0.0], vec![0.0, 75.0]]).unwrap();
        assert!(near(parts.between, 1.0) && near(parts.within, 0.0), "{parts:?}");
        // Middle distribution (3/8, 5/8): the first group lies 5/8 from it and shrank by 1/4, the second 3/8 and grew by 1/4.
        assert!(near(parts.shares[0], 5.0 / 8.0) && near(parts.shares[1], 3.0 / 8.0), "{parts:?}");
        assert_eq!(parts.weights, [0.375, 0.625]);
    }

    #[test]
    fn another_behaviour_of_one_group_lies_within_it() {
        let parts = split(&[vec![30.0, 30.0], vec![20.0, 20.0]], &[vec![30.0, 30.0], vec![40.0, 0.0]]).unwrap();
        assert!(near(parts.between, 0.0) && near(parts.within, 1.0), "{parts:?}");
        assert!(near(parts.shares[0], 0.0) && near(parts.shares[1], 1.0), "{parts:?}");
    }

    #[test]
    fn both_at_once_as_worked_by_hand() {
        // Shares of records 1/2, 1/2 → 1/4, 3/4; within the second group the first cell falls from 1/2 to 1/4.
        // First cell: 3/4 → 1/4·1 + 3/4·1/4 = 7/16, a change of −5/16.
        // Between: −1/4·1 + 1/4·3/8 = −5/32; within: 5/8·(−1/4) = −5/32: half and half.
        let parts = split(&[vec![40.0, 0.0], vec![20.0, 20.0]], &[vec![20.0, 0.0], vec![15.0, 45.0]]).unwrap();
        assert!(near(parts.between, 0.5) && near(parts.within, 0.5), "{parts:?}");
    }

    #[test]
    fn a_group_that_appears_or_goes_is_another_mix() {
        let parts = split(&[vec![50.0, 50.0], vec![0.0, 0.0]], &[vec![50.0, 50.0], vec![100.0, 0.0]]).unwrap();
        assert!(near(parts.between, 1.0) && near(parts.within, 0.0), "{parts:?}");
        let gone = split(&[vec![50.0, 50.0], vec![100.0, 0.0]], &[vec![50.0, 50.0], vec![0.0, 0.0]]).unwrap();
        assert!(near(gone.between, 1.0), "{gone:?}");
    }

    #[test]
    fn the_parts_make_the_whole_whatever_the_tables() {
        let mut state = 7_u64;
        let mut draw = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % (most + 1)) as f64
        };
        for groups in 1..20 {
            let mut table = |scale: u64| -> Vec<Vec<f64>> { (0..groups).map(|_| (0..7).map(|_| draw(scale)).collect()).collect() };
            let (before, now) = (table(1_000), table(30));
            let parts = split(&before, &now).unwrap();
            assert!((parts.between + parts.within - 1.0).abs() < 1e-9, "{parts:?}");
            assert!((parts.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{parts:?}");
            assert!((parts.weights.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{parts:?}");
            let mut reversed: (Vec<_>, Vec<_>) = (before, now);
            reversed.0.reverse();
            reversed.1.reverse();
            let again = split(&reversed.0, &reversed.1).unwrap();
            assert!((again.between - parts.between).abs() < 1e-9, "the order of groups does not matter");
        }
    }

    #[test]
    fn no_change_and_no_records_have_no_parts() {
        assert_eq!(split(&[vec![10.0, 20.0]], &[vec![20.0, 40.0]]), None);
        assert_eq!(split(&[vec![0.0, 0.0]], &[vec![1.0, 1.0]]), None);
        assert_eq!(split(&[], &[]), None);
    }

    #[test]
    fn a_value_carries_a_move_when_it_is_more_than_its_size() {
        let value = |value: &str, share, weight| Contribution { value: Some(value.to_owned()), share, weight };
        let of = |values| vec![Decomposition { segment: "origin".to_owned(), between: 0.0, within: 1.0, chance: 0.0, values }];
        let carried = carried_by(&of(vec![value("JFK", 0.9, 0.3), value("EWR", 0.1, 0.7)])).unwrap();
        assert_eq!((carried.segment.as_str(), carried.value.as_str()), ("origin", "JFK"));
        assert!(near(carried.share, 0.9));
        assert_eq!(carried_by(&of(vec![value("JFK", 0.7, 0.7), value("EWR", 0.3, 0.3)])), None, "as much as its size");
        assert_eq!(carried_by(&of(vec![value("JFK", 0.4, 0.1), value("EWR", 0.3, 0.1)])), None, "less than half");
        let others = Contribution { value: None, share: 0.9, weight: 0.1 };
        assert_eq!(carried_by(&of(vec![others])), None, "all others together are no value");
    }
}
