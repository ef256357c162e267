//! Values that suddenly repeat, tails that grow, and values outside all that the baseline showed: what stuck sensors, clipped columns,
//! sentinels and changed units look like.

use std::ops::Range;

use tidegate_profile::NumericAnchor;

use crate::Evidence;
use crate::contrast::Space;
use crate::evidence::Side;
use crate::reference::Period;
use crate::share::{Deviation, Ordinary, ShareChange, Tally, beyond_p, compare, pooled, resembling};
use crate::words::{in_the, number, percent};

/// So many cells with the largest plain difference are looked at closely.
const CANDIDATES: usize = 8;

/// A share on one value that matters, per standard deviation that matters: with a threshold of 0.04 sd, twelve in
/// a thousand. Single values come and go more than whole distributions do.
pub(crate) const SPIKE_PER_SD: f64 = 0.3;

/// The outermost values on either side, as a share of the baseline's, that at most make up a tail.
const TAIL: f64 = 0.005;

/// A share of values in a tail that matters, per standard deviation that matters: with a threshold of 0.04 sd, two in a thousand.
const TAIL_PER_SD: f64 = 0.05;

/// A share of values farther out than all of the baseline's that matters, per standard deviation that matters: with a threshold of 0.04 sd,
/// sixteen in ten thousand. Nothing is known of what a model answers there.
const BEYOND_PER_SD: f64 = 0.04;

/// Where all fields vary by chance alone, so do cells whose variance between periods is no more than this many times chance's.
const BY_CHANCE: f64 = 1.1;

/// Cells that hold fewer values than this in an average period do not tell how values clump.
pub(crate) const LEAST_IN_PERIOD: f64 = 0.5;

/// How much more the cells' shares differ between the baseline's periods than independent values would: weather lasts
/// for hours, a user sends the same value again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clumping {
    /// Variance between periods relative to sampling, at least 1.
    pub(crate) factor: f64,
    /// Mean number of values in a period.
    period: f64,
    /// One over the window's length in periods plus one over the baseline's.
    spread: f64,
    /// The most that a period's share of a cell exceeded what was expected of it.
    pub(crate) largest: f64,
    /// What location and spread make of each cell, per period (`Space::expected`).
    expected: Vec<Vec<f64>>,
}

impl Clumping {
    /// Independent values, and periods that differ by chance alone.
    pub(crate) const NONE: Self = Self { factor: 1.0, period: 1.0, spread: 0.0, largest: 0.0, expected: Vec::new() };

    /// Variance that clumping adds to the difference of a share near `share`.
    fn added(&self, share: f64) -> f64 {
        (self.factor - 1.0) * share * (1.0 - share) / self.period * self.spread
    }

    /// By how much clumping inflates the variance of a difference between `baseline` and `window` values, at least 1.
    fn design_effect(&self, baseline: u64, window: u64) -> f64 {
        1.0 + (self.factor - 1.0) / self.period * self.spread / (1.0 / baseline.max(1) as f64 + 1.0 / window.max(1) as f64)
    }
}

/// Values in a run of cells.
fn count(counts: &[u64], run: &Range<usize>) -> u64 {
    counts.get(run.clone()).map_or(0, |cells| cells.iter().sum())
}

/// A window's counts, and what was to be expected of them.
pub(crate) struct Seen<'c> {
    cells: &'c [u64],
    /// Values in all of them.
    values: u64,
    /// What the directions make of each cell (`Space::expected`).
    expected: Vec<f64>,
    /// What the baseline makes of each, changed as a whole (`Space::as_a_whole`).
    as_a_whole: Vec<Vec<f64>>,
}

impl<'c> Seen<'c> {
    /// Without a space, nothing is expected of any cell but its share.
    pub(crate) fn new(space: Option<&Space>, cells: &'c [u64]) -> Self {
        let expected = space.map_or_else(Vec::new, |space| space.expected(cells));
        Self { cells, values: cells.iter().sum(), expected, as_a_whole: Vec::new() }
    }

    /// The same, with what the baseline makes of each cell, changed as a whole.
    pub(crate) fn beside(self, as_a_whole: Vec<Vec<f64>>) -> Self {
        Self { as_a_whole, ..self }
    }

    /// The window's share of a run of cells.
    fn share(&self, run: &Range<usize>) -> f64 {
        count(self.cells, run) as f64 / self.values.max(1) as f64
    }
}

impl Side<'_> {
    /// Learns how the field's values clump from the mean, over cells, of the variance between periods relative to sampling.
    pub(crate) fn clumping(&self, space: Option<&Space>) -> Clumping {
        let ordinary = self.reference.of_periods();
        let periods = &ordinary.periods;
        if periods.is_empty() {
            return Clumping::NONE;
        }
        let sizes: Vec<f64> = periods.iter().map(|period| period.counts.cells.iter().sum::<u64>() as f64).collect();
        let expected = |period: &Period| space.map_or_else(Vec::new, |space| space.of_periods().expected(&period.counts.cells));
        let expected: Vec<Vec<f64>> = periods.iter().map(expected).collect();
        let total = ordinary.present() as f64;
        let (mut ratios, mut cells, mut largest) = (0.0, 0.0, 0.0_f64);
        for (cell, &held) in ordinary.cells.iter().enumerate() {
            let share = held as f64 / total;
            if (held as f64) < LEAST_IN_PERIOD * periods.len() as f64 || share >= 1.0 {
                continue;
            }
            let squares = periods.iter().zip(&sizes).zip(&expected).map(|((period, size), expected)| {
                let was = share * expected.get(cell).copied().unwrap_or(1.0);
                let deviation = count(&period.counts.cells, &(cell..cell + 1)) as f64 / size - was;
                (deviation * deviation * size, deviation)
            });
            let (sum, most) = squares.fold((0.0, 0.0_f64), |(sum, most), (square, deviation)| (sum + square, most.max(deviation)));
            largest = largest.max(most);
            ratios += sum / (share * (1.0 - share)) / (periods.len() as f64 - 1.0);
            cells += 1.0;
        }
        let factor = if cells > 0.0 { (ratios / cells).max(1.0) } else { 1.0 };
        if space.is_some_and(Space::varies_by_chance) && factor < BY_CHANCE {
            return Clumping::NONE;
        }
        let spread = 1.0 / self.reference.periods_in_window + 1.0 / self.reference.periods_behind;
        Clumping { factor, period: sizes.iter().sum::<f64>() / sizes.len() as f64, spread, largest, expected }
    }

    /// A value, or narrow run of values, that holds much more or less than its neighbourhood explains: what location and
    /// spread make of the cell is taken out first.
    pub(crate) fn spike(&self, anchor: &NumericAnchor, clumping: &Clumping, seen: &Seen<'_>) -> Option<Evidence> {
        // The cells outside the baseline have a test of their own.
        let (cell, change) = self.one_cell(clumping, seen, self.inside())?;
        let value = anchor.representatives().get(cell).copied().unwrap_or(0.0);
        let is_atom = u32::try_from(cell).is_ok_and(|cell| anchor.atoms.contains(&cell));
        let around = if is_atom { "exactly" } else { "about" };
        let says = format!(
            "{} of the values are {around} {}, {} {}",
            percent(change.now),
            number(value),
            self.was(&(cell..cell + 1)),
            in_the(self.kind)
        );
        Some(Self::of_share("spike", change, change.p, self.effect * SPIKE_PER_SD, says))
    }

    /// The outermost values of the baseline, with what lies beyond them, that hold much more or less than location and spread
    /// explain, or the baseline changed as a whole: the end, and as much of it, that changed most surely.
    pub(crate) fn tail(&self, anchor: &NumericAnchor, clumping: &Clumping, seen: &Seen<'_>) -> Option<Evidence> {
        let tails = self.tails();
        let judged = tails.iter().filter_map(|tail| Some((tail, self.changed(clumping, seen, tail, self.nearest_expected(seen, tail))?)));
        let (tail, change) = judged.min_by(|a, b| a.1.p.total_cmp(&b.1.p))?;
        let edge = |cell: usize| anchor.edges.get(cell).copied().map_or_else(String::new, number);
        let place = if tail.start == 0 { format!("below {}", edge(tail.end - 1)) } else { format!("from {} up", edge(tail.start - 1)) };
        let says = format!("{} of the values lie {place}, {} {}", percent(change.now), self.was(tail), in_the(self.kind));
        let p = (tails.len() as f64 * change.p).min(1.0);
        Some(Self::of_share("tail", change, p, self.effect * TAIL_PER_SD, says))
    }

    /// The outermost cells below and above, more and more of them, that hold some of the baseline's values, but no more than [`TAIL`].
    fn tails(&self) -> Vec<Range<usize>> {
        let cells = &self.reference.cells;
        let most = TAIL * self.reference.present() as f64;
        // How many outermost cells hold some, each time that one more does.
        let lengths = |from_end: &mut dyn Iterator<Item = &u64>| -> Vec<usize> {
            let sums = from_end.enumerate().scan(0, |sum, (cell, count)| {
                *sum += count;
                Some((cell + 1, *sum, *count))
            });
            sums.take_while(|(_, sum, _)| *sum as f64 <= most).filter(|(_, _, count)| *count > 0).map(|(length, ..)| length).collect()
        };
        let below = lengths(&mut cells.iter()).into_iter().map(|length| 0..length);
        let above = lengths(&mut cells.iter().rev()).into_iter().map(|length| cells.len() - length..cells.len());
        below.chain(above).collect()
    }

    /// Of all that may be expected of a tail, and what lies between, what is nearest to the window's share. A line says too little of the
    /// outermost values: where a column moves by an ordinary tenth of a standard deviation, they may grow tenfold.
    fn nearest_expected(&self, seen: &Seen<'_>, tail: &Range<usize>) -> f64 {
        let by_directions = share_expected(&self.reference.cells, self.reference.present(), &seen.expected, tail);
        let as_a_whole = seen.as_a_whole.iter().map(|shares| shares.get(tail.clone()).map_or(0.0, |cells| cells.iter().sum()));
        let (least, most) =
            as_a_whole.fold((by_directions, by_directions), |(least, most), share: f64| (least.min(share), most.max(share)));
        seen.share(tail).max(least).min(most)
    }

    pub(crate) fn was(&self, run: &Range<usize>) -> String {
        percent(count(&self.reference.cells, run) as f64 / self.reference.present().max(1) as f64)
    }

    /// The cell whose share changed most surely, corrected for how many were looked at.
    pub(crate) fn one_cell(
        &self,
        clumping: &Clumping,
        seen: &Seen<'_>,
        tested: impl Iterator<Item = usize>,
    ) -> Option<(usize, ShareChange)> {
        let (m, n) = (self.reference.present(), seen.values);
        if m == 0 || n == 0 {
            return None;
        }
        // What is expected of a cell, and by how many standard errors it holds something else.
        let plain = |cell: usize| {
            let run = cell..cell + 1;
            let (was, is) = (share_expected(&self.reference.cells, m, &seen.expected, &run), seen.share(&run));
            let pooled = (was * m as f64 + is * n as f64) / (m + n) as f64;
            let error = (pooled * (1.0 - pooled) * (1.0 / m as f64 + 1.0 / n as f64)).sqrt();
            (cell, was, if error > 0.0 { (is - was).abs() / error } else { 0.0 })
        };
        let mut candidates: Vec<(usize, f64, f64)> = tested.map(plain).collect();
        candidates.sort_by(|a, b| b.2.total_cmp(&a.2));
        let cells_tested = candidates.len() as f64;
        let judged = candidates
            .into_iter()
            .take(CANDIDATES)
            .filter_map(|(cell, expected, _)| Some((cell, self.changed(clumping, seen, &(cell..cell + 1), expected)?)));
        let (cell, change) = judged.min_by(|a, b| a.1.p.total_cmp(&b.1.p))?;
        // Not this cell's largest deviation in a period, but any cell's: which value repeats is chance.
        let ordinary = clumping.largest / self.reference.periods_in_window.sqrt();
        Some((cell, ShareChange { ordinary, p: (change.p * cells_tested).min(1.0), ..change }))
    }

    /// By how much the share of a run of cells differs from the `expected` one; `None` without values on either side.
    fn changed(&self, clumping: &Clumping, seen: &Seen<'_>, run: &Range<usize>, expected: f64) -> Option<ShareChange> {
        let (m, n) = (self.reference.present(), seen.values);
        let ordinary = self.reference.of_periods();
        let present = ordinary.present();
        let deviation = |(period, expected): (&Period, &Vec<f64>)| {
            let all = period.counts.cells.iter().sum::<u64>();
            let was = share_expected(&ordinary.cells, present, expected, run);
            Deviation { share: count(&period.counts.cells, run) as f64 / all.max(1) as f64 - was, all }
        };
        // What location and spread make of a period is taken out; whatever else a weekday does counts as variation.
        let deviations: Vec<Deviation> = ordinary.periods.iter().zip(&clumping.expected).map(deviation).collect();
        let before = Tally { hits: rounded(expected * m as f64), all: m };
        let now = Tally { hits: count(seen.cells, run), all: n };
        let resembling = resembling(before, now, self.reference.resemblance.of(n as f64).shares);
        let added = clumping.added(pooled(before, now)) + resembling;
        let ordinary = Ordinary::of(self.reference, before, &deviations, 1.0).at_least(added);
        compare(before, now, &ordinary)
    }

    /// The cells between the baseline's least and greatest value.
    fn inside(&self) -> Range<usize> {
        let cells = self.before.numeric.as_ref().map_or(&[][..], |numeric| &numeric.cells);
        let first = cells.iter().position(|&count| count > 0).unwrap_or(0);
        let end = cells.iter().rposition(|&count| count > 0).map_or(cells.len(), |last| last + 1);
        first..end
    }

    /// Values below the baseline's least or above its greatest.
    pub(crate) fn beyond(&self, clumping: &Clumping, cells: &[u64]) -> Option<Evidence> {
        let (m, n) = (self.reference.present(), cells.iter().sum::<u64>());
        let inside = self.inside();
        let below: u64 = cells.iter().take(inside.start).sum();
        let above: u64 = cells.iter().skip(inside.end).sum();
        let change = compare(Tally { hits: 0, all: m }, Tally { hits: below + above, all: n }, &Ordinary::UNKNOWN)?;
        // Values that clump count as fewer independent ones.
        let effect = clumping.design_effect(m, n).max(self.reference.resemblance.of(n as f64).shares);
        let p = (2.0 * beyond_p(below, m, n).min(beyond_p(above, m, n)).powf(1.0 / effect)).min(1.0);
        let side = if above >= below { "above the baseline's greatest" } else { "below the baseline's least" };
        let says = format!("{} of the values lie {side}", percent(below.max(above) as f64 / n.max(1) as f64));
        Some(Self::of_share("beyond", change, p, self.effect * BEYOND_PER_SD, says))
    }
}

/// The share of a run of cells by a reference's counts, `present` in all, and what is expected of each cell relative to them; at most 1.
fn share_expected(cells: &[u64], present: u64, expected: &[f64], run: &Range<usize>) -> f64 {
    let of = |cell: usize| cells.get(cell).copied().unwrap_or(0) as f64 * expected.get(cell).copied().unwrap_or(1.0);
    (run.clone().map(of).sum::<f64>() / present.max(1) as f64).min(1.0)
}

/// An expected count as the whole number that it is nearest to.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share times a count, so between 0 and that count")]
fn rounded(count: f64) -> u64 {
    count.round().max(0.0) as u64
}
