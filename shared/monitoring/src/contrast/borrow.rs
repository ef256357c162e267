//! Ordinary variation of one space taken over by another: a window before, the same hours of past weeks, or a part of the day has too few
//! periods of its own.

use super::{Direction, Space};
use crate::groups::normal_scores;
use crate::reference::Reference;
use crate::variation::Variation;
use crate::vectors::dot;

/// A part of the day whose values scatter less than the whole day's shows the day's own ups and downs larger, in its standard
/// deviations; believed up to this factor of the variance.
const MOST_NARROW: f64 = 16.0;

impl Space {
    /// Takes over what the training set's periods say: how much each direction varies in standard deviations of the baseline.
    pub(super) fn borrow(&mut self, ordinary: &Self, reference: &Reference, units: &[Vec<f64>], names: &[&'static str]) {
        let narrow = if names.is_empty() { 1.0 } else { self.narrowness(ordinary) };
        let before = |variation: Variation| variation.before(reference.periods_behind, 1.0).scaled(narrow);
        let direction = |(unit, name): (&Vec<f64>, &&'static str)| {
            let theirs = ordinary.directions.iter().find(|direction| direction.name == *name)?;
            let (variation, ordinary) = (before(theirs.variation), theirs.ordinary * narrow.sqrt());
            Some(Direction { name, unit: unit.clone(), variation, ordinary })
        };
        self.directions = units.iter().zip(names).filter_map(direction).collect();
        self.rest = before(ordinary.rest);
        self.rest_ordinary = ordinary.rest_ordinary * narrow.sqrt();
    }

    /// Where the reference's own periods differ more than was borrowed, they are believed.
    pub(super) fn widen(&mut self, reference: &Reference) {
        if reference.periods.is_empty() {
            return;
        }
        let periods: Vec<(Vec<f64>, f64)> = reference.periods.iter().map(|period| self.deviations(period)).collect();
        let sampling: Vec<f64> = periods.iter().map(|(_, count)| 1.0 / count).collect();
        for direction in &mut self.directions {
            let along: Vec<f64> = periods.iter().map(|(difference, _)| dot(&direction.unit, difference)).collect();
            let own = Variation::learn(&along, &sampling);
            direction.variation = direction.variation.or_larger(own, self.periods_in_window);
        }
        let own = Variation::learn_lengths(&self.rest_lengths(&periods), self.rest_dimensions(), &sampling);
        self.rest = self.rest.or_larger(own, self.periods_in_window);
    }

    /// One over the variance of this reference's values in the scores of `whole`, `1..=`[`MOST_NARROW`].
    fn narrowness(&self, whole: &Self) -> f64 {
        let scores = normal_scores(&whole.shares);
        let score = |group: &usize| scores.get(*group).copied().unwrap_or(0.0);
        let mean = self.mean_over_cells(whole, &score);
        let variance = self.mean_over_cells(whole, &|group| (score(group) - mean).powi(2));
        let own = normal_scores(&whole.shares).iter().zip(&whole.shares).map(|(score, share)| score * score * share).sum::<f64>();
        if variance > 0.0 { (own / variance).clamp(1.0, MOST_NARROW) } else { MOST_NARROW }
    }

    /// The mean over this reference's values of a function of their group in `whole`, each of this space's groups spread over its cells evenly.
    fn mean_over_cells(&self, whole: &Self, of: &dyn Fn(&usize) -> f64) -> f64 {
        let mut sums = vec![(0.0, 0.0); self.shares.len()];
        for (own, theirs) in self.group_of.iter().zip(&whole.group_of) {
            if let Some((sum, cells)) = sums.get_mut(*own) {
                *sum += of(theirs);
                *cells += 1.0;
            }
        }
        sums.iter().zip(&self.shares).map(|((sum, cells), share)| if *cells > 0.0 { sum / cells * share } else { 0.0 }).sum()
    }
}
