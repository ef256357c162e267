//! The tests of names: their mix, a name that alone grows or shrinks, and values that have no cell.

use tidegate_contract::BaselineKind;
use tidegate_profile::{CategoricalAnchor, CategoricalProfile};

use crate::Evidence;
use crate::contrast::Space;
use crate::evidence::Side;
use crate::reference::Reference;
use crate::share::{Ordinary, ShareChange, Tally, compare, resembling};
use crate::spike::{Clumping, LEAST_IN_PERIOD, SPIKE_PER_SD, Seen};
use crate::words::{in_the, number, percent, quoted};

/// A value without a cell that repeats is one of those that surely do when its own p-value, corrected for how many there are, is at most this.
const SURELY: f64 = 1e-3;

impl Side<'_> {
    /// Every test of names, in a fixed order.
    pub(crate) fn of_names(&self, anchor: &CategoricalAnchor, space: Option<&Space>, cells: &[u64]) -> Vec<Evidence> {
        let clumping = self.clumping(space);
        let mix = space.and_then(|space| self.mix(space, anchor, cells));
        let known = self.name(anchor, space, &clumping, &Seen::new(space, cells));
        let repeated = if anchor.open { self.repeated(&clumping) } else { None };
        mix.into_iter().chain(surer(known, repeated)).chain(self.unseen(anchor)).collect()
    }

    fn mix(&self, space: &Space, anchor: &CategoricalAnchor, cells: &[u64]) -> Option<Evidence> {
        space.rest(cells, &[]).map(|rest| self.of_w("mix", rest, self.largest_mover(anchor, cells)))
    }

    /// The value whose share changed most, in words.
    fn largest_mover(&self, anchor: &CategoricalAnchor, cells: &[u64]) -> String {
        let (m, n) = (self.reference.present().max(1) as f64, cells.iter().sum::<u64>().max(1) as f64);
        let moves = anchor.values.iter().zip(&self.reference.cells).zip(cells);
        let largest = moves
            .map(|((value, &before), &now)| (value, before as f64 / m, now as f64 / n))
            .max_by(|a, b| (a.2 - a.1).abs().total_cmp(&(b.2 - b.1).abs()));
        largest.map_or_else(String::new, |(value, before, now)| {
            format!("its mix changed, most of all {}: {}, was {}", quoted(value), percent(now), percent(before))
        })
    }

    /// A rare name that holds much more or less than before: the same as [`Side::spike`], for names that hardly show in the mix.
    fn name(&self, anchor: &CategoricalAnchor, space: Option<&Space>, clumping: &Clumping, seen: &Seen<'_>) -> Option<Evidence> {
        // Values that the baseline never showed have a test of their own.
        let names = (0..anchor.values.len()).filter(|cell| space.is_none_or(|space| space.is_rare(*cell)));
        let (cell, change) = self.one_cell(clumping, seen, names)?;
        let value = anchor.values.get(cell).map_or("", String::as_str);
        let was = self.was(&(cell..cell + 1));
        let says = format!("{} of the values are {}, {was} {}", percent(change.now), quoted(value), in_the(self.kind));
        Some(Self::of_share("name", change, change.p, self.effect * SPIKE_PER_SD, says))
    }

    /// Values without a cell that repeat far more than any of them did: a placeholder or a default in a column of identifiers, where nearly
    /// all values are others every time. All that surely do count together.
    fn repeated(&self, clumping: &Clumping) -> Option<Evidence> {
        let (now, before) = (self.now.categorical.as_ref()?, self.before.categorical.as_ref()?);
        let (in_all, in_window) = (|hits| Tally { hits, all: self.before.present }, |hits| Tally { hits, all: self.now.present });
        let bursts = Bursts::of(self.reference.of_periods());
        let at_once = clumping.factor.max(bursts.at_once);
        let unlisted = most_unlisted(before);
        let grown = now.other.iter().filter_map(|(name, &count)| {
            let (was, is) = (in_all(before.other.get(name).copied().unwrap_or(unlisted)), in_window(count));
            let change = (is.share() > was.share()).then(|| self.resembling(was, is))??;
            // As many values, each as frequent as this one was at most, are without a cell.
            let looks = in_window(now.outside()).share() * was.all as f64 / was.hits.max(1) as f64;
            Some(Repeated { name, was, is, p: (change.p.powf(1.0 / at_once) * looks.max(1.0)).min(1.0) })
        });
        let grown: Vec<Repeated<'_>> = grown.collect();
        let surest = grown.iter().min_by(|a, b| a.p.total_cmp(&b.p).then_with(|| b.is.hits.cmp(&a.is.hits)))?;
        let surely: Vec<&Repeated<'_>> = grown.iter().filter(|one| one.p <= SURELY).collect();
        let together = if surely.is_empty() { vec![surest] } else { surely };
        let (was, is) = together.iter().fold((0, 0), |(was, is), one| (was + one.was.hits, is + one.is.hits));
        let change = self.resembling(in_all(was), in_window(is))?;
        let most = together.iter().max_by_key(|one| one.is.hits)?;
        let (share, was, name) = (percent(change.now), percent(change.before), quoted(most.name));
        let says = match together.len() {
            1 => format!("{share} of the values are {name}, {was} {}", in_the(self.kind)),
            several => format!(
                "{share} of the values are {several} that repeat as none did, most often {name}; at most {was} {}",
                in_the(self.kind)
            ),
        };
        let ordinary = clumping.largest.max(bursts.largest) / self.reference.periods_in_window.sqrt();
        Some(Self::of_share("name", ShareChange { ordinary, ..change }, surest.p, self.effect * SPIKE_PER_SD, says))
    }

    /// Two shares of values of which neighbouring ones resemble each other.
    fn resembling(&self, before: Tally, now: Tally) -> Option<ShareChange> {
        let added = resembling(before, now, self.reference.resemblance.of(now.all as f64).shares);
        compare(before, now, &Ordinary::UNKNOWN.at_least(added))
    }

    /// Values that have no cell: the baseline never showed them, or, where it had more values than cells, seldom.
    fn unseen(&self, anchor: &CategoricalAnchor) -> Option<Evidence> {
        let categorical = self.now.categorical.as_ref()?;
        let (cells, outside) = self.reference.cells.split_at_checked(anchor.values.len())?;
        let all = self.reference.present();
        let (more, times) = if self.kind == BaselineKind::Training { self.moves_out(anchor, cells) } else { (0, 0) };
        let before = Tally { hits: (outside.iter().sum::<u64>() + more).min(all), all };
        // Values move as many at once as each was seen.
        let scatter = (more * times) as f64 / (all as f64).powi(2);
        let now = Tally { hits: categorical.outside(), all: self.now.present };
        let change = compare(before, now, &Ordinary::UNKNOWN.at_least(scatter))?;
        let first = categorical.other.iter().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        let such_as = first.map_or_else(String::new, |(value, _)| format!(", most often {}", quoted(value)));
        let (share, baseline) = (percent(change.now), in_the(self.kind));
        let says = if anchor.open {
            let (listed, before) = (number(cells.len() as f64), percent(change.before));
            format!("{share} of the values are none of its {listed} most frequent ones{such_as}; {before} {baseline}")
        } else {
            format!("{share} of the values never occurred {baseline}{such_as}")
        };
        Some(Self::of_share("unseen", change, change.p, self.share_threshold(), says))
    }

    /// How many values more will lie outside the training set's cells than did, of as many new ones, and how often each that does was seen:
    /// cells were given to the values that it showed most often, or at all, and some of those that hardly were among them were so by chance.
    ///
    /// Where `N_r` values were seen `r` times each, new ones among them are expected `(r + 1)·N_{r+1}` times, not `r·N_r` times (Good, 1953;
    /// Robbins, 1956). Over all values with cells, seen `c` times at least, the differences add up to `c·N_c`, the values seen once where
    /// all have cells; where only `k` of the values seen `c` times do, to `k·c + (c + 1)·N_{c+1}·(1 − k/N_c)`.
    fn moves_out(&self, anchor: &CategoricalAnchor, cells: &[u64]) -> (u64, u64) {
        let seen = |times: u64| cells.iter().filter(|count| **count == times).count() as u64;
        let least = if anchor.open { cells.iter().copied().filter(|count| *count > 0).min().unwrap_or(1) } else { 1 };
        let others = self.before.categorical.iter().flat_map(|before| before.other.values());
        let (with_cell, without) = (seen(least), others.filter(|count| **count == least).count() as u64);
        let of_others = (least + 1) * seen(least + 1) * without / (with_cell + without).max(1);
        (with_cell * least + of_others, least)
    }
}

/// A value without a cell that shows more often than before.
struct Repeated<'n> {
    name: &'n str,
    was: Tally,
    is: Tally,
    /// Corrected for how many values there are of its kind.
    p: f64,
}

/// How often a profile had a value without a cell that it does not list, at most: none was more frequent than those it lists.
fn most_unlisted(profile: &CategoricalProfile) -> u64 {
    if profile.remainder > 0 { profile.other.values().copied().min().unwrap_or(profile.remainder) } else { 0 }
}

/// How rare values come: a user's records follow one another, so that in one period there are several of them and in most there is none.
struct Bursts {
    /// How many come at once, on average, at least 1.
    at_once: f64,
    /// The most that a period's share of one exceeded its share of all.
    largest: f64,
}

impl Bursts {
    /// Of the values that are too rare to tell how the others clump (`Side::clumping`).
    fn of(ordinary: &Reference) -> Self {
        let all = ordinary.present().max(1) as f64;
        let sizes: Vec<f64> = ordinary.periods.iter().map(|period| period.counts.cells.iter().sum::<u64>() as f64).collect();
        // The chance that two values are of the same period.
        let same_period: f64 = sizes.iter().map(|size| (size / all).powi(2)).sum();
        let (mut pairs, mut by_chance, mut values, mut largest) = (0.0, 0.0, 0.0, 0.0_f64);
        let named = ordinary.cells.len().saturating_sub(1);
        for (cell, &held) in ordinary.cells.iter().take(named).enumerate() {
            let held = held as f64;
            if held < 2.0 || held >= LEAST_IN_PERIOD * sizes.len() as f64 {
                continue;
            }
            for (period, size) in ordinary.periods.iter().zip(&sizes) {
                let count = period.counts.cells.get(cell).copied().unwrap_or(0) as f64;
                pairs += count * (count - 1.0);
                largest = largest.max(count / size.max(1.0) - held / all);
            }
            by_chance += held * (held - 1.0) * same_period;
            values += held;
        }
        let at_once = if values > 0.0 { (1.0 + (pairs - by_chance) / values).max(1.0) } else { 1.0 };
        Self { at_once, largest }
    }
}

/// The surer of two, each having been one of two.
fn surer(one: Option<Evidence>, other: Option<Evidence>) -> Option<Evidence> {
    let looks = 1.0 + f64::from(u8::from(one.is_some() && other.is_some()));
    let surer = one.into_iter().chain(other).min_by(|a, b| a.p.total_cmp(&b.p))?;
    let p = (surer.p * looks).min(1.0);
    Some(Evidence { p, p_adjusted: p, ..surer })
}
