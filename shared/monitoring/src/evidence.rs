//! The tests that are made on one field.

use tidegate_contract::BaselineKind;
use tidegate_profile::{Counts, FieldAnchor, FieldProfile, NumericAnchor};

use crate::Evidence;
use crate::contrast::{LOCATION, Shift, Space, Z_95};
use crate::counts::cumulated;
use crate::reference::{Period, Reference};
use crate::share::{Deviation, Ordinary, ShareChange, Tally, compare, resembling};
use crate::spike::{Clumping, Seen};
use crate::values::Values;
use crate::whole::Whole;
use crate::words::{in_the, moved, number, percent};

/// An effect in shares of records that matters, per standard deviation that matters: with a threshold of 0.04 sd, four
/// in a thousand of all records.
pub(crate) const SHARE_PER_SD: f64 = 0.1;

/// Ranks and values that moved alike are found to have moved alike up to this factor, by chance.
const AGREE: f64 = 1.25;

/// What a field's window counts are, in the anchor's cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    /// The window's profile of the field.
    pub(crate) now: &'a FieldProfile,
    /// The baseline's profile of the field, for the words.
    pub(crate) before: &'a FieldProfile,
    /// The field's cells.
    pub(crate) anchor: &'a FieldAnchor,
    /// The baseline's counts that the window is compared with.
    pub(crate) reference: &'a Reference,
    /// What those counts are called.
    pub(crate) kind: BaselineKind,
    /// The smallest effect that matters, in standard deviations.
    pub(crate) effect: f64,
    /// Records in the window.
    pub(crate) records: u64,
}

impl Side<'_> {
    /// The window's counts in the reference's cells.
    pub(crate) fn cells(&self) -> Vec<u64> {
        cells_of(self.now)
    }

    /// Every test of this field, in a fixed order. `p_adjusted` is still the plain p-value.
    pub(crate) fn tests(&self, space: Option<&Space>) -> Vec<Evidence> {
        let cells = self.cells();
        let mut tests: Vec<Evidence> = self.missing(space).into_iter().collect();
        match self.anchor {
            FieldAnchor::Numeric(anchor) => {
                let clumping = if space.is_some() { self.clumping(space) } else { Clumping::NONE };
                if let Some(space) = space {
                    let whole = Whole::new(&anchor.edges, &self.reference.cells);
                    let as_a_whole = whole.map_or_else(Vec::new, |whole| space.as_a_whole(&whole, &cells));
                    tests.extend(self.bulk(anchor, space, &cells, &as_a_whole));
                    let seen = Seen::new(Some(space), &cells).beside(as_a_whole);
                    tests.extend(self.spike(anchor, &clumping, &seen));
                    tests.extend(self.tail(anchor, &clumping, &seen));
                }
                tests.extend(self.beyond(&clumping, &cells));
            }
            FieldAnchor::Categorical(anchor) => tests.extend(self.of_names(anchor, space, &cells)),
        }
        tests
    }

    pub(crate) fn share_threshold(&self) -> f64 {
        self.effect * SHARE_PER_SD
    }

    pub(crate) fn of_share(test: &str, change: ShareChange, p: f64, threshold: f64, says: String) -> Evidence {
        Evidence {
            test: test.to_owned(),
            p,
            p_adjusted: p,
            effect: change.now - change.before,
            effect_low: change.low,
            effect_high: change.high,
            threshold,
            ordinary: change.ordinary,
            unit: "share".to_owned(),
            says,
        }
    }

    fn missing(&self, space: Option<&Space>) -> Option<Evidence> {
        let before = unusable(self.reference);
        let now = Tally { hits: self.records - self.now.present.min(self.records), all: self.records };
        let resembling = resembling(before, now, self.reference.resemblance.of(now.all as f64).absent);
        let ordinary = space.map_or_else(|| absence(self.reference), Space::absence).at_least(resembling);
        let change = compare(before, now, &ordinary)?;
        let says = if now.hits == now.all {
            format!("no usable value at all, {} were missing {}", percent(change.before), in_the(self.kind))
        } else {
            format!("{} of the values are missing, {} {}", percent(change.now), percent(change.before), in_the(self.kind))
        };
        Some(Self::of_share("missing", change, change.p, self.share_threshold(), says))
    }

    /// Location, spread, and the rest of the shape.
    fn bulk(&self, anchor: &NumericAnchor, space: &Space, cells: &[u64], as_a_whole: &[Vec<f64>]) -> Vec<Evidence> {
        let shifts = space.shifts(cells);
        let mut tests: Vec<Evidence> =
            shifts.iter().map(|shift| self.of_shift(shift.name, *shift, self.bulk_says(shift.name, shift.size))).collect();
        let of_values = Values::new(anchor, &self.reference.cells).and_then(|values| values.moved(cells));
        if let (Some(location), Some(of_values)) = (tests.iter_mut().find(|test| test.test == LOCATION), of_values) {
            location.limit(of_values * AGREE);
        }
        if let Some(rest) = space.rest(cells, as_a_whole) {
            let says = self.reshaped();
            tests.push(self.of_w("shape", rest, says));
        }
        tests
    }

    fn bulk_says(&self, name: &str, size: f64) -> String {
        if name != LOCATION {
            return self.reshaped();
        }
        let mean = |field: &FieldProfile| field.numeric.as_ref().map_or(0.0, |numeric| numeric.mean);
        // A mean that a few values far out make may move the other way than the values.
        let middles = [("mean", Some((mean(self.now), mean(self.before)))), ("median", self.medians())];
        moved(size, middles.into_iter().find_map(|(middle, pair)| Some((middle, pair.filter(|(is, was)| (is - was) * size > 0.0)?))))
    }

    /// The median of the window's and of the baseline's values, as near as their cells tell.
    fn medians(&self) -> Option<(f64, f64)> {
        let FieldAnchor::Numeric(anchor) = self.anchor else { return None };
        let values = anchor.representatives();
        let median = |cells: &[u64]| values.get(cumulated(cells).iter().position(|below| *below >= 0.5)?).copied();
        Some((median(&self.cells())?, median(&self.reference.cells)?))
    }

    /// Where the distribution changed most, in words: the tenth of the baseline's values whose share moved furthest.
    fn reshaped(&self) -> String {
        let FieldAnchor::Numeric(anchor) = self.anchor else { return String::new() };
        let cells = self.cells();
        let (m, n) = (self.reference.present().max(1) as f64, cells.iter().sum::<u64>().max(1) as f64);
        let least = m / 10.0;
        let mut bands: Vec<(usize, usize, f64, f64)> = Vec::new();
        let (mut start, mut before, mut now) = (0, 0.0, 0.0);
        for (cell, (was, is)) in self.reference.cells.iter().zip(&cells).enumerate() {
            before += *was as f64;
            now += *is as f64;
            if before >= least || cell + 1 == cells.len() {
                bands.push((start, cell, before / m, now / n));
                (start, before, now) = (cell + 1, 0.0, 0.0);
            }
        }
        let highest = bands.len().saturating_sub(1);
        let moved = |band: &(usize, usize, f64, f64)| (band.3 - band.2).abs();
        let Some((index, &(from, to, was, is))) = bands.iter().enumerate().max_by(|a, b| moved(a.1).total_cmp(&moved(b.1))) else {
            return String::new();
        };
        let edge = |cell: usize| anchor.edges.get(cell).copied().unwrap_or(0.0);
        let shares = format!("{}, {} {}", percent(is), percent(was), in_the(self.kind));
        match index {
            0 => format!("its shape changed: below {} lie {shares}", number(edge(to))),
            index if index == highest => format!("its shape changed: above {} lie {shares}", number(edge(from.saturating_sub(1)))),
            _ => format!("its shape changed: from {} to {} lie {shares}", number(edge(from.saturating_sub(1))), number(edge(to))),
        }
    }

    fn of_shift(&self, test: &str, shift: Shift, says: String) -> Evidence {
        // The interval is that of the size: its sign is in the words.
        let margin = Z_95 * shift.error;
        Evidence {
            test: test.to_owned(),
            p: shift.p,
            p_adjusted: shift.p,
            effect: shift.size,
            effect_low: shift.size - margin,
            effect_high: shift.size + margin,
            threshold: self.effect,
            ordinary: shift.ordinary,
            unit: "sd".to_owned(),
            says,
        }
    }

    pub(crate) fn of_w(&self, test: &str, rest: crate::contrast::Rest, says: String) -> Evidence {
        Evidence {
            test: test.to_owned(),
            p: rest.p,
            p_adjusted: rest.p,
            effect: rest.size,
            effect_low: rest.low,
            effect_high: rest.high,
            threshold: self.effect,
            ordinary: rest.ordinary,
            unit: "w".to_owned(),
            says,
        }
    }
}

/// Unusable values of a reference.
fn unusable(reference: &Reference) -> Tally {
    Tally { hits: reference.absent, all: reference.absent + reference.present() }
}

/// How much the share of unusable values differs between the periods of a reference.
pub(crate) fn absence(reference: &Reference) -> Ordinary {
    let tally = |counts: &Counts| Tally { hits: counts.absent, all: counts.absent + counts.cells.iter().sum::<u64>() };
    let deviation = |period: &Period| {
        let (is, was) = (tally(&period.counts), tally(&period.expected));
        Deviation { share: (is.share() - was.share()) * period.stretch, all: is.all }
    };
    let of_periods = reference.of_periods();
    let deviations: Vec<Deviation> = of_periods.periods.iter().map(deviation).collect();
    Ordinary::of(reference, unusable(reference), &deviations, of_periods.expectations)
}

/// A field's counts in its cells; categorical: with one more for all other values.
pub(crate) fn cells_of(field: &FieldProfile) -> Vec<u64> {
    match (&field.numeric, &field.categorical) {
        (Some(numeric), _) => numeric.cells.clone(),
        (None, Some(categorical)) => categorical.cells.iter().copied().chain(std::iter::once(categorical.outside())).collect(),
        (None, None) => Vec::new(),
    }
}

/// The space to compare a field's counts in. Names without a cell of their own are in none: they have a test of theirs.
pub(crate) fn space_of(anchor: &FieldAnchor, reference: &Reference, window_values: u64) -> Option<Space> {
    match anchor {
        FieldAnchor::Numeric(_) => Space::of_numbers(reference, window_values),
        FieldAnchor::Categorical(anchor) => Space::of_names(reference, anchor.values.len(), window_values),
    }
}
