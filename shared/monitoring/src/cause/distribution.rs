//! A numeric field's distribution as a profile tells it, what other distributions it could have come from, and how well
//! one of them explains how it changed.

use tidegate_profile::{Counts, FieldProfile, NumericAnchor};

use crate::counts::{cumulated, moments};
use crate::reference::MIN_PERIODS;

/// Variance of a share below an edge where nothing varies: a hundredth, squared.
const LEAST_VARIANCE: f64 = 1e-4;

/// Variance of such a share between periods, relative to that of one record, where the baseline has no periods.
const USUAL_VARIATION: f64 = 0.01;

/// A period narrower than this part of the whole counts as this wide.
const NARROW: f64 = 0.3;

/// Two numbers nearer than this, relative to their size, are the same number in another unit.
const SAME: f64 = 1e-9;

/// A cell is foreign to the baseline when it holds no more than this part of what the other values would put there.
const FOREIGN: f64 = 0.1;

/// Values are foreign when so many of them lie in foreign cells,
const MOSTLY: f64 = 0.5;

/// and the window shows them when it has so many of those that are expected there.
const SHOWN: f64 = 0.5;

/// So few values may lie further out than all others: in 53,940 diamonds two are five times as high as the next.
const OUTLIERS: f64 = 0.002;

/// A distribution: exact shares below frozen edges, moments and extremes.
#[derive(Debug, Clone)]
pub(crate) struct Distribution<'a> {
    edges: &'a [f64],
    /// Share of the values below each edge, then 1.
    below: Vec<f64>,
    /// How much each of these differs between periods, as a variance; at least [`LEAST_VARIANCE`].
    varies: Vec<f64>,
    pub(crate) count: f64,
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// By how many standard deviations the periods' means differ: their standard deviation.
    pub(crate) means_vary: f64,
    /// How narrow a period can be: logarithm of its standard deviation relative to that of all, at most 0.
    pub(crate) narrowest: f64,
}

/// How values change from one unit, or one sign, to another: `scale·x + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Map {
    pub(crate) scale: f64,
    pub(crate) offset: f64,
}

/// What a part of the values may have become.
#[derive(Debug, Clone)]
pub(crate) struct Alternative {
    /// Share of it below each edge of the field's own cells, then 1.
    below: Vec<f64>,
    mean: f64,
    sd: f64,
    min: f64,
    max: f64,
}

/// How well it explains a window that a part of the values became something else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit {
    /// The part that did, `0..=1`.
    pub(crate) share: f64,
    /// Share of the difference between window and baseline that it explains, at most 1; over the edges, each weighing as little as
    /// the baseline's own periods differ there.
    pub(crate) explained: f64,
    /// Largest difference of the cumulative shares that was to explain.
    pub(crate) before: f64,
    /// Largest part of the changed values that lies elsewhere outside the baseline's range than it expects; 0 where none lies outside.
    pub(crate) astray: f64,
    /// Difference of the means that it leaves, in standard deviations of what it expects.
    pub(crate) mean_off: f64,
    /// Logarithm of the standard deviation relative to what it expects.
    pub(crate) spread_off: f64,
    /// Standard deviations within the two parts, their mean relative to that of the whole: what the parts may well have moved by themselves
    /// counts for so much in `mean_off`.
    pub(crate) usual: f64,
    /// How far both are off, in standard deviations of the baseline: little where the other values are next to nothing beside it.
    pub(crate) nothing_off: f64,
}

impl<'a> Distribution<'a> {
    /// Reads a profile that was counted in the anchor's cells; `None` without values.
    pub(crate) fn of(field: &FieldProfile, anchor: &'a NumericAnchor) -> Option<Self> {
        let numeric = field.numeric.as_ref()?;
        let total: u64 = numeric.cells.iter().sum();
        if total == 0 || numeric.cells.len() != anchor.cells() {
            return None;
        }
        let below = cumulated(&numeric.cells);
        Some(Self {
            edges: &anchor.edges,
            varies: below.iter().map(|below| below * (1.0 - below) * USUAL_VARIATION + LEAST_VARIANCE).collect(),
            below,
            count: total as f64,
            mean: numeric.mean,
            sd: (numeric.m2 / total as f64).sqrt(),
            min: numeric.min?,
            max: numeric.max?,
            means_vary: 0.0,
            narrowest: 0.0,
        })
    }

    /// The same, knowing how much its shares, means and widths differ between periods; `values` stand for the cells.
    pub(crate) fn varying(mut self, periods: &[Counts], values: &[f64]) -> Self {
        let shares: Vec<Vec<f64>> =
            periods.iter().filter(|period| period.cells.iter().any(|count| *count > 0)).map(|period| cumulated(&period.cells)).collect();
        if shares.len() < MIN_PERIODS {
            return self;
        }
        for (edge, varies) in self.varies.iter_mut().enumerate() {
            let here = || shares.iter().filter_map(|period| period.get(edge));
            let mean = here().sum::<f64>() / shares.len() as f64;
            *varies = here().map(|share| (share - mean).powi(2)).sum::<f64>() / (shares.len() as f64 - 1.0) + LEAST_VARIANCE;
        }
        let moments: Vec<(f64, f64)> = periods.iter().filter_map(|period| moments(&period.cells, values)).collect();
        if self.sd > 0.0 {
            let squares: f64 = moments.iter().map(|(mean, _)| ((mean - self.mean) / self.sd).powi(2)).sum();
            self.means_vary = (squares / moments.len().max(1) as f64).sqrt();
            self.narrowest = moments.iter().map(|(_, sd)| (sd / self.sd).max(NARROW).ln()).fold(0.0, f64::min);
        }
        self
    }

    /// Share of the values below `x`; between edges, evenly spread.
    fn share_below(&self, x: f64) -> f64 {
        let place = self.edges.partition_point(|edge| *edge <= x);
        let at = |index: usize| self.below.get(index).copied().unwrap_or(1.0);
        let Some(low) = place.checked_sub(1) else { return 0.0 };
        match (self.edges.get(low), self.edges.get(place)) {
            (Some(left), Some(right)) => {
                let part = ((x - left) / (right - left)).clamp(0.0, 1.0);
                at(low) + (at(place) - at(low)) * part
            }
            _ => 1.0,
        }
    }

    /// Share of the values that are at most `x`, or as good as `x`.
    fn share_up_to(&self, x: f64) -> f64 {
        self.share_below((x + SAME * x.abs()).next_up())
    }

    /// Share of the values that are less than `x`, and not as good as `x`.
    fn share_short_of(&self, x: f64) -> f64 {
        self.share_below(x - SAME * x.abs())
    }

    /// The value that a share of the values does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let place = self.below.partition_point(|below| *below < share);
        self.edges.get(place).copied().unwrap_or(self.max).clamp(self.min, self.max)
    }

    /// What these values are in another unit, seen at the edges of `cells`.
    pub(crate) fn mapped(&self, map: Map, cells: &Self) -> Alternative {
        let inverse = |edge: f64| (edge - map.offset) / map.scale;
        let share_below = |index: usize, edge: f64| {
            // The upper edge of a cell that holds one value is a hair above that value: "at most the value" is meant.
            let value = index.checked_sub(1).and_then(|low| cells.edges.get(low)).filter(|low| low.next_up() >= edge);
            match (value, map.scale > 0.0) {
                (Some(value), true) => self.share_up_to(inverse(*value)),
                (None, true) => self.share_short_of(inverse(edge)),
                (Some(value), false) => 1.0 - self.share_short_of(inverse(*value)),
                (None, false) => 1.0 - self.share_up_to(inverse(edge)),
            }
        };
        let ends = [map.scale * self.min + map.offset, map.scale * self.max + map.offset];
        Alternative {
            below: cells.edges.iter().enumerate().map(|(index, edge)| share_below(index, *edge)).chain([1.0]).collect(),
            mean: map.scale * self.mean + map.offset,
            sd: map.scale.abs() * self.sd,
            min: ends[0].min(ends[1]),
            max: ends[0].max(ends[1]),
        }
    }

    /// Whether `other`, as a part of these values, lies where the baseline has hardly any, and is found there, cell by cell: tenths between
    /// whole numbers, or a tenth of what is never small. No drift of sound values gets there.
    pub(crate) fn shows_foreign(&self, baseline: &Self, other: &Alternative, part: f64) -> bool {
        let (mut expected, mut found) = (0.0, 0.0);
        let shares = in_cells(&self.below).zip(in_cells(&baseline.below)).zip(in_cells(&other.below));
        for ((now, was), other) in shares.filter(|((_, was), other)| *was <= FOREIGN * other) {
            expected += part * other;
            found += (now - (1.0 - part) * was).clamp(0.0, part * other);
        }
        expected >= MOSTLY * part && found >= SHOWN * expected
    }

    /// Share of these values that lie beyond either end, as far as the cells tell; beyond all cells, whatever is there may be further out.
    fn share_beyond(&self, low: f64, high: f64) -> f64 {
        let (Some(first), Some(last)) = (self.edges.first(), self.edges.last()) else { return 1.0 };
        let below = if self.min < low { self.share_below(low.max(*first)) } else { 0.0 };
        let above = if self.max > high { 1.0 - self.share_below(high.min(last.next_down())) } else { 0.0 };
        below + above
    }

    /// How well it explains this window that a part of the baseline's values became `other`; `None` when nothing changed or the
    /// two cannot be told apart.
    pub(crate) fn explained_by(&self, baseline: &Self, other: &Alternative) -> Option<Fit> {
        let (mut products, mut squares, mut changes, mut before) = (0.0, 0.0, 0.0, 0.0_f64);
        let edges = || {
            let shares = self.below.iter().zip(&baseline.below).zip(&other.below).zip(&baseline.varies);
            shares.map(|(((now, was), other), varies)| (*now, *was, *other, 1.0 / varies))
        };
        for (now, was, other, weight) in edges() {
            products += weight * (now - was) * (other - was);
            squares += weight * (other - was).powi(2);
            changes += weight * (now - was).powi(2);
            before = before.max((now - was).abs());
        }
        if squares <= 0.0 || changes <= 0.0 {
            return None;
        }
        let share = (products / squares).clamp(0.0, 1.0);
        let (mut rest, mut astray) = (0.0, 0.0_f64);
        for (now, was, other, weight) in edges() {
            let off = now - was - share * (other - was);
            rest += weight * off * off;
            if was <= 0.0 || was >= 1.0 {
                astray = astray.max(off.abs());
            }
        }
        let mean = (1.0 - share) * baseline.mean + share * other.mean;
        let square = (1.0 - share) * (baseline.sd.powi(2) + (baseline.mean - mean).powi(2))
            + share * (other.sd.powi(2) + (other.mean - mean).powi(2));
        let sd = square.sqrt();
        Some(Fit {
            share,
            explained: 1.0 - rest / changes,
            before,
            astray: if share > 0.0 { astray / share } else { 1.0 },
            mean_off: if sd > 0.0 { (self.mean - mean).abs() / sd } else { f64::INFINITY },
            spread_off: if sd > 0.0 && self.sd > 0.0 { (self.sd / sd).ln() } else { f64::INFINITY },
            usual: if sd > 0.0 { ((1.0 - share) * baseline.sd + share * other.sd) / sd } else { 0.0 },
            nothing_off: (self.mean - mean).abs().max((self.sd - sd).abs()) / baseline.sd.max(f64::MIN_POSITIVE),
        })
    }
}

/// The share in each cell, from the shares up to and including each.
fn in_cells(below: &[f64]) -> impl Iterator<Item = f64> {
    std::iter::once(0.0).chain(below.iter().copied()).zip(below).map(|(low, high)| high - low)
}

impl Alternative {
    /// Whether the window's extremes can be these values': no value lies further out than they and the baseline reach, give or
    /// take half of their range.
    pub(crate) fn reaches(&self, window: &Distribution<'_>, baseline: &Distribution<'_>) -> bool {
        let (low, high) = (self.min.min(baseline.min), self.max.max(baseline.max));
        let slack = 0.5 * (self.max - self.min);
        window.share_beyond(low - slack, high + slack) <= OUTLIERS
    }
}

#[cfg(test)]
mod tests {
    use tidegate_contract::{FeatureKind, FieldRole};
    use tidegate_profile::NumericProfile;

    use super::*;

    /// Values 0.5, 1.5 … 99.5 in cells of width 1, and a profile of them after a change.
    fn anchor() -> NumericAnchor {
        NumericAnchor { edges: (0..=100).map(f64::from).chain([200.0, 400.0]).collect(), atoms: Vec::new() }
    }

    fn profile(anchor: &NumericAnchor, values: &[f64]) -> FieldProfile {
        let mut cells = vec![0; anchor.cells()];
        for value in values {
            cells[anchor.edges.partition_point(|edge| edge <= value)] += 1;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let m2 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let min = values.iter().copied().reduce(f64::min);
        let max = values.iter().copied().reduce(f64::max);
        FieldProfile {
            name: "x".into(),
            role: FieldRole::Feature,
            kind: FeatureKind::Numeric,
            present: values.len() as u64,
            missing: 0,
            wrong_type: 0,
            infinite: 0,
            out_of_range: 0,
            numeric: Some(NumericProfile { mean, m2, min, max, cells }),
            categorical: None,
        }
    }

    fn even() -> Vec<f64> {
        (0..100).map(|i| f64::from(i) + 0.5).collect()
    }

    #[test]
    fn a_map_explains_what_it_made_whole_or_in_part() {
        let anchor = anchor();
        let before = profile(&anchor, &even());
        let before = Distribution::of(&before, &anchor).unwrap();
        for (each, share) in [(1, 1.0), (5, 0.2)] {
            let values: Vec<f64> = even().into_iter().enumerate().map(|(i, x)| if i % each == 0 { x / 10.0 } else { x }).collect();
            let now = profile(&anchor, &values);
            let now = Distribution::of(&now, &anchor).unwrap();
            let tenth = before.mapped(Map { scale: 0.1, offset: 0.0 }, &before);
            let fit = now.explained_by(&before, &tenth).unwrap();
            assert!((fit.share - share).abs() < 0.02 && fit.explained > 0.98 && fit.mean_off < 0.05, "{fit:?}");
            assert!(tenth.reaches(&now, &before));
            let turned = now.explained_by(&before, &before.mapped(Map { scale: -1.0, offset: 0.0 }, &before)).unwrap();
            assert!(turned.explained < 0.8, "{turned:?}");
        }
    }

    #[test]
    fn tenths_of_what_is_never_small_are_foreign_and_small_values_of_all_sizes_are_not() {
        // Some zeros, as where nobody measured, put all that is small inside the baseline's range.
        let large: Vec<f64> = (0..1000).map(|i| if i < 3 { 0.0 } else { 50.0 + f64::from(i % 50) }).collect();
        let anchor =
            NumericAnchor { edges: [0.0].into_iter().chain((50..=100).map(f64::from)).chain([200.0, 400.0]).collect(), atoms: Vec::new() };
        let before = profile(&anchor, &large);
        let before = Distribution::of(&before, &anchor).unwrap();
        let tenth = before.mapped(Map { scale: 0.1, offset: 0.0 }, &before);
        let with = |change: fn(usize, f64) -> f64| -> Vec<f64> { large.iter().enumerate().map(|(i, x)| change(i, *x)).collect() };
        let in_part = profile(&anchor, &with(|i, x| if i % 4 == 0 { x / 10.0 } else { x }));
        assert!(Distribution::of(&in_part, &anchor).unwrap().shows_foreign(&before, &tenth, 0.25));
        let drifted = profile(&anchor, &with(|i, x| if i % 4 == 0 { 50.0 + x / 10.0 } else { x }));
        assert!(!Distribution::of(&drifted, &anchor).unwrap().shows_foreign(&before, &tenth, 0.25));
    }

    #[test]
    fn an_outlier_or_two_do_not_say_that_the_values_are_others() {
        let anchor = anchor();
        let before = profile(&anchor, &even());
        let before = Distribution::of(&before, &anchor).unwrap();
        let half = before.mapped(Map { scale: 0.5, offset: 0.0 }, &before);
        let far = |count: usize| profile(&anchor, &even().repeat(10).into_iter().chain(vec![300.0; count]).collect::<Vec<_>>());
        assert!(half.reaches(&Distribution::of(&far(2), &anchor).unwrap(), &before));
        assert!(!half.reaches(&Distribution::of(&far(10), &anchor).unwrap(), &before));
        // Beyond all cells as well.
        let further = |count: usize| profile(&anchor, &even().repeat(10).into_iter().chain(vec![900.0; count]).collect::<Vec<_>>());
        assert!(half.reaches(&Distribution::of(&further(2), &anchor).unwrap(), &before));
        assert!(!half.reaches(&Distribution::of(&further(10), &anchor).unwrap(), &before));
    }

    #[test]
    fn a_value_of_its_own_cell_keeps_it_when_it_is_scaled_onto_another() {
        let anchor = NumericAnchor { edges: vec![0.0, 0.0_f64.next_up(), 1.0, 1.0_f64.next_up(), 2.0], atoms: vec![1, 3] };
        let before = profile(&anchor, &[0.0, 0.0, 0.0, 1.0]);
        let before = Distribution::of(&before, &anchor).unwrap();
        let same = before.mapped(Map { scale: 1.0, offset: 0.0 }, &before);
        assert_eq!(same.below, before.below);
        let turned = before.mapped(Map { scale: -1.0, offset: 0.0 }, &before);
        assert_eq!(turned.below, [0.25, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }
}
