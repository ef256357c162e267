//! The difference between two sets of counts, taken apart into directions that mean something.
//!
//! With `p` the baseline's shares over groups of cells and `q` the window's, `r_g = (q_g − p_g)/√p_g` has variance
//! `1/n` in every direction orthogonal to `√p` when `n` independent values follow the baseline (Pearson, 1900). So a
//! unit direction `e` gives a test, `e·r` against its standard error, and what no direction explains gives another,
//! the squared length of the rest against chi-square (Neyman, 1937, *Smooth test for goodness of fit*). Each direction
//! carries its own ordinary variation, learned from the baseline's periods.

use std::rc::Rc;

use tidegate_statistics::moderation::prior;
use tidegate_statistics::test::chi_squared_homogeneity;
use tidegate_statistics::{chi_squared, critical, normal};

use crate::evidence::absence;
use crate::groups::{NO_GROUP, group_names, group_runs, normal_scores, shares, sum_groups, sum_shares};
use crate::reference::{Period, Reference};
use crate::resemblance::Resemblance;
use crate::share::Ordinary;
use crate::variation::{Variation, largest_deviation, level_of_each};
use crate::vectors::{dot, main_variation, orthonormal, residual, squared_length};
use crate::whole::{Way, Whole};

/// Groups of cells aimed at: fine enough for shape, coarse enough that each holds values.
const GROUPS: usize = 24;

/// Expected values a group on the smaller side that chi-square wants.
const LEAST_EXPECTED: f64 = 5.0;

/// Values a group of the baseline, where it is the smaller side: its shares stand in every denominator, and where one is small by chance,
/// chance looks like evidence.
const LEAST_HELD: f64 = 20.0;

/// Names that are rarer than this share of the values are compared together: a hundred of them would drown what the frequent ones show.
/// A rare name that alone grows or shrinks has a test of its own.
const LEADING_SHARE: f64 = 0.02;

/// A linear reading of a large shift can expect absurdly much of one cell; it is not believed beyond this factor.
const MOST_EXPECTED: f64 = 4.0;

/// A part of the day whose values scatter less than the whole day's shows the day's own ups and downs larger, in its standard
/// deviations; believed up to this factor of the variance.
const MOST_NARROW: f64 = 16.0;

/// Fewer fields than this have nothing in common.
const MIN_FAMILY: usize = 3;

/// Two-sided confidence of every interval: 95 %.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;

/// A signed difference along one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    /// Along which direction: `location`, `spread` or `pattern`.
    pub(crate) name: &'static str,
    /// Difference, in standard deviations of the direction's score in the baseline.
    pub(crate) size: f64,
    /// Its standard error, ordinary variation included.
    pub(crate) error: f64,
    /// Two-sided p-value.
    pub(crate) p: f64,
    /// The largest size that a period of the baseline showed, as a window of this length would show it.
    pub(crate) ordinary: f64,
}

/// A difference without direction: what is left when the directions are taken out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rest {
    /// Cohen's w of the rest, freed of what chance alone adds; at least 0.
    pub(crate) size: f64,
    /// Lower bound of its 95 % interval.
    pub(crate) low: f64,
    /// Upper bound of that interval.
    pub(crate) high: f64,
    /// p-value.
    pub(crate) p: f64,
    /// As [`Shift::ordinary`].
    pub(crate) ordinary: f64,
}

/// The space in which a field's counts are compared.
#[derive(Debug, Clone)]
pub(crate) struct Space {
    /// Group of each cell.
    group_of: Vec<usize>,
    /// Baseline share of each group, all positive.
    shares: Vec<f64>,
    /// Baseline values in each group.
    held: Vec<u64>,
    /// Baseline values.
    values: f64,
    /// Orthonormal directions, each orthogonal to `√shares`.
    directions: Vec<Direction>,
    /// Variation of the rest, per dimension.
    rest: Variation,
    /// The largest rest that a period showed, where it is more than chance.
    rest_ordinary: f64,
    /// The least variance between periods that the rest has, over all its dimensions: what the fields of this model vary by, less
    /// what this field's directions do. One field's periods cannot tell it from chance when the dimensions are many.
    rest_least: f64,
    /// How much the share of unusable values varies.
    absence: Ordinary,
    /// How much neighbouring records resemble each other.
    resemblance: Resemblance,
    periods_in_window: f64,
    /// The space that ordinary variation was learned in, when the reference has no periods of its own.
    ordinary: Option<Rc<Space>>,
}

#[derive(Debug, Clone)]
struct Direction {
    name: &'static str,
    unit: Vec<f64>,
    variation: Variation,
    /// The largest size that a period showed, where it is more than chance.
    ordinary: f64,
}

impl Direction {
    fn learn(name: &'static str, unit: Vec<f64>, along: &[f64], sampling: &[f64]) -> Self {
        let deviations: Vec<(f64, f64)> = along.iter().copied().zip(sampling.iter().copied()).collect();
        let ordinary = largest_deviation(&deviations);
        Self { name, unit, variation: Variation::learn(along, sampling), ordinary }
    }
}

impl Space {
    /// For a numeric field: runs of neighbouring cells of about equal baseline mass, with directions *location*
    /// (normal scores), *spread* (their squares), and the way in which the baseline's periods differ most.
    /// `None` when all values lie in one group.
    pub(crate) fn of_numbers(reference: &Reference, window_values: u64) -> Option<Self> {
        let total = reference.present() as f64;
        let group_of = group_runs(&reference.cells, (total / GROUPS as f64).max(least_in_group(total, window_values)).max(LEAST_HELD));
        let shares = shares(&sum_groups(&reference.cells, &group_of), total)?;
        let scores = normal_scores(&shares);
        let squares: Vec<f64> = scores.iter().map(|score| score * score).collect();
        Self::new(reference, group_of, shares, &[(LOCATION, scores), ("spread", squares)], &|ordinary| {
            Self::of_numbers(ordinary, window_values)
        })
    }

    /// For a categorical field: the values, rare ones together, with the way in which the baseline's periods differ most.
    /// `None` when there is one value only.
    pub(crate) fn of_names(reference: &Reference, window_values: u64) -> Option<Self> {
        let total = reference.present() as f64;
        let group_of = group_names(&reference.cells, least_in_group(total, window_values).max(LEADING_SHARE * total));
        let shares = shares(&sum_groups(&reference.cells, &group_of), total)?;
        Self::new(reference, group_of, shares, &[], &|ordinary| Self::of_names(ordinary, window_values))
    }

    /// `of` makes the space of the training set as a whole, for a reference that borrows its ordinary variation.
    fn new(
        reference: &Reference,
        group_of: Vec<usize>,
        shares: Vec<f64>,
        scores: &[(&'static str, Vec<f64>)],
        of: &dyn Fn(&Reference) -> Option<Self>,
    ) -> Option<Self> {
        if shares.len() < 2 {
            return None;
        }
        let roots: Vec<f64> = shares.iter().map(|share| share.sqrt()).collect();
        let mut basis = vec![roots.clone()];
        let mut names = Vec::new();
        for (name, score) in scores {
            let weighted: Vec<f64> = score.iter().zip(&roots).map(|(score, root)| score * root).collect();
            if let Some(unit) = orthonormal(&weighted, &basis) {
                basis.push(unit);
                names.push(*name);
            }
        }
        let mut space = Self {
            held: sum_groups(&reference.cells, &group_of),
            group_of,
            shares,
            values: reference.present() as f64,
            directions: Vec::new(),
            rest: Variation::UNKNOWN,
            rest_ordinary: 0.0,
            rest_least: 0.0,
            absence: absence(reference),
            resemblance: reference.resemblance.clone(),
            periods_in_window: reference.periods_in_window,
            ordinary: reference.ordinary.as_ref().and_then(|ordinary| ordinary.space(of)),
        };
        match space.ordinary.clone() {
            Some(ordinary) => {
                space.borrow(&ordinary, reference, basis, names);
                space.widen(reference);
            }
            None => space.learn(reference, basis, &names),
        }
        Some(space)
    }

    /// Takes over what the training set's periods say: how much each direction varies in standard deviations of the baseline, and the
    /// direction in which its periods differ most.
    fn borrow(&mut self, ordinary: &Self, reference: &Reference, mut basis: Vec<Vec<f64>>, mut names: Vec<&'static str>) {
        let narrow = if names.is_empty() { 1.0 } else { self.narrowness(ordinary) };
        if let Some(main) = ordinary.directions.iter().find(|direction| direction.name == PATTERN)
            && let Some(unit) = orthonormal(&self.translated(ordinary, &main.unit), &basis)
        {
            basis.push(unit);
            names.push(PATTERN);
        }
        let before = |variation: Variation| variation.before(reference.periods_behind, 1.0).scaled(narrow);
        let direction = |(unit, name): (&Vec<f64>, &&'static str)| {
            let theirs = ordinary.directions.iter().find(|direction| direction.name == *name)?;
            let (variation, ordinary) = (before(theirs.variation), theirs.ordinary * narrow.sqrt());
            Some(Direction { name, unit: unit.clone(), variation, ordinary })
        };
        self.directions = basis.iter().skip(1).zip(&names).filter_map(direction).collect();
        self.rest = before(ordinary.rest);
        self.rest_ordinary = ordinary.rest_ordinary * narrow.sqrt();
    }

    /// Where the reference's own periods differ more than was borrowed, they are believed.
    fn widen(&mut self, reference: &Reference) {
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
        let (basis, dimensions) = (self.basis(), self.rest_dimensions() as f64);
        let lengths: Vec<f64> = periods.iter().map(|(difference, _)| squared_length(&residual(difference, &basis))).collect();
        self.rest = self.rest.or_larger(Variation::learn_lengths(&lengths, dimensions, &sampling), self.periods_in_window);
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

    /// A direction of `whole` in this space's groups: the change of each group's share relative to itself, averaged over its cells.
    fn translated(&self, whole: &Self, unit: &[f64]) -> Vec<f64> {
        let relative: Vec<f64> = unit.iter().zip(&whole.shares).map(|(unit, share)| unit / share.sqrt()).collect();
        let mut sums = vec![(0.0, 0.0); self.shares.len()];
        for (own, theirs) in self.group_of.iter().zip(&whole.group_of) {
            if let (Some((sum, cells)), Some(change)) = (sums.get_mut(*own), relative.get(*theirs)) {
                *sum += change;
                *cells += 1.0;
            }
        }
        sums.iter().zip(&self.shares).map(|((sum, cells), share)| sum / f64::max(*cells, 1.0) * share.sqrt()).collect()
    }

    /// The space that the periods were measured in.
    pub(crate) fn of_periods(&self) -> &Self {
        self.ordinary.as_deref().unwrap_or(self)
    }

    /// Learns the ordinary variation along each direction of the basis and of the rest, and adds the direction in which
    /// the baseline's periods differ most.
    ///
    /// A direction fitted to the periods explains them better than it will explain a window. So each period is measured
    /// against the direction that the *other* periods give.
    fn learn(&mut self, reference: &Reference, mut basis: Vec<Vec<f64>>, names: &[&'static str]) {
        let periods: Vec<(Vec<f64>, f64)> = reference.periods.iter().map(|period| self.deviations(period)).collect();
        let sampling: Vec<f64> = periods.iter().map(|(_, count)| 1.0 / count).collect();
        let along = |unit: &Vec<f64>| -> Vec<f64> { periods.iter().map(|(difference, _)| dot(unit, difference)).collect() };
        let direction = |(unit, name): (&Vec<f64>, &&'static str)| Direction::learn(name, unit.clone(), &along(unit), &sampling);
        self.directions = basis.iter().skip(1).zip(names).map(direction).collect();
        let rests: Vec<Vec<f64>> = periods.iter().map(|(difference, _)| residual(difference, &basis)).collect();
        let mut lengths: Vec<f64> = rests.iter().map(|rest| squared_length(rest)).collect();
        if let Some(main) = main_variation(&rests, None, &basis) {
            let parts: Vec<f64> = rests
                .iter()
                .enumerate()
                .map(|(index, rest)| {
                    let others = main_variation(&rests, Some(index), &basis).unwrap_or_else(|| main.clone());
                    dot(rest, &others) * dot(&others, &main).signum()
                })
                .collect();
            lengths.iter_mut().zip(&parts).for_each(|(length, part)| *length -= part * part);
            self.directions.push(Direction::learn(PATTERN, main.clone(), &parts, &sampling));
            basis.push(main);
        }
        let before = |variation: Variation| variation.before(reference.periods_behind, reference.expectations);
        for direction in &mut self.directions {
            direction.variation = before(direction.variation);
        }
        let dimensions = self.rest_dimensions() as f64;
        self.rest = before(Variation::learn_lengths(&lengths, dimensions, &sampling));
        let critical = critical::chi_squared(dimensions, level_of_each(lengths.len())).unwrap_or(0.0);
        let telling = lengths.iter().zip(&sampling).filter(|(length, sampling)| **length > critical * **sampling);
        self.rest_ordinary = telling.map(|(length, sampling)| length - dimensions * sampling).fold(0.0, f64::max).sqrt();
    }

    /// Number of dimensions that no direction covers.
    fn rest_dimensions(&self) -> usize {
        self.shares.len().saturating_sub(1 + self.directions.len())
    }

    /// Whether there is an order of the values, and so a location.
    fn is_of_numbers(&self) -> bool {
        self.directions.iter().any(|direction| direction.name == "location")
    }

    /// Whether a cell that the baseline filled is compared together with others only.
    pub(crate) fn is_joined(&self, cell: usize) -> bool {
        let group = self.group_of.get(cell).filter(|group| **group != NO_GROUP);
        group.is_some_and(|group| self.group_of.iter().filter(|other| *other == group).nth(1).is_some())
    }

    /// How much the share of unusable values varies.
    pub(crate) fn absence(&self) -> Ordinary {
        self.absence
    }

    /// How much the field varies between periods beyond chance, over all directions and the rest, as it was learned; and the
    /// variance of that estimate if chance is all there is. `None` when unknown.
    fn plain_excess(&self) -> Option<(f64, f64)> {
        let dimensions = self.rest_dimensions() as f64;
        let (rest, rest_variance) = if dimensions < 1.0 { (0.0, 0.0) } else { self.rest.plain_excess()? };
        let mut sum = (rest * dimensions, rest_variance * dimensions * dimensions);
        for direction in &self.directions {
            let (excess, variance) = direction.variation.plain_excess()?;
            sum = (sum.0 + excess, sum.1 + variance);
        }
        Some(sum)
    }

    /// `r` of these cells, and how many values they hold.
    fn differences(&self, cells: &[u64]) -> (Vec<f64>, f64) {
        let groups = sum_groups(cells, &self.group_of);
        let count = groups.iter().sum::<u64>() as f64;
        let is: Vec<f64> = groups.iter().map(|group| *group as f64 / count.max(1.0)).collect();
        (self.differences_of_shares(&is), count)
    }

    /// `r` of these groups' shares.
    fn differences_of_shares(&self, is: &[f64]) -> Vec<f64> {
        self.shares.iter().zip(is).map(|(share, is)| (is - share) / share.sqrt()).collect()
    }

    /// By how much a period differs from what was to be expected of it, and how many values it holds.
    fn deviations(&self, period: &Period) -> (Vec<f64>, f64) {
        let (is, count) = self.differences(&period.counts.cells);
        let (was, _) = self.differences(&period.expected.cells);
        (is.iter().zip(&was).map(|(is, was)| (is - was) * period.stretch).collect(), count)
    }

    fn basis(&self) -> Vec<Vec<f64>> {
        let roots = self.shares.iter().map(|share| share.sqrt()).collect();
        std::iter::once(roots).chain(self.directions.iter().map(|direction| direction.unit.clone())).collect()
    }

    /// The window's difference along the directions (numeric: location, spread, main variation; categorical: main
    /// variation). A direction that the baseline does not have is left out at the end.
    pub(crate) fn shifts(&self, cells: &[u64]) -> Vec<Shift> {
        let (difference, count) = self.differences(cells);
        if count < 1.0 {
            return Vec::new();
        }
        let sampling = self.resemblance.of(count).location / count + 1.0 / self.values;
        let shift = |direction: &Direction| {
            let size = dot(&direction.unit, &difference);
            let error = direction.variation.error(sampling, self.periods_in_window);
            let under_chance = sampling * self.pooled_variance(&direction.unit, &difference, count);
            let tail = |added: f64| normal::two_sided_p(size / (under_chance + added).sqrt());
            let p = direction.variation.average_tail(self.periods_in_window, tail);
            Shift { name: direction.name, size, error, p, ordinary: direction.ordinary / self.periods_in_window.sqrt() }
        };
        self.directions.iter().map(shift).collect()
    }

    /// Variance of a direction's score over the values of both sides together, at least 1.
    ///
    /// It is 1 over the baseline's values alone. Where the baseline shows few values of a group by chance, its score is too large, and chance
    /// would look like evidence.
    fn pooled_variance(&self, unit: &[f64], difference: &[f64], count: f64) -> f64 {
        let on_window = count / (count + self.values);
        let pooled = self.shares.iter().zip(difference).map(|(share, difference)| share + on_window * difference * share.sqrt());
        let moments = pooled.zip(unit).zip(&self.shares).fold((0.0, 0.0), |(mean, square), ((pooled, unit), share)| {
            let score = unit / share.sqrt();
            (mean + pooled * score, square + pooled * score * score)
        });
        (moments.1 - moments.0 * moments.0).max(1.0)
    }

    /// What the directions do not explain, nor the baseline moved or multiplied as a whole; `None` when they explain everything.
    pub(crate) fn rest(&self, cells: &[u64], whole: Option<&Whole<'_>>) -> Option<Rest> {
        let (difference, count) = self.differences(cells);
        let dimensions = self.rest_dimensions() as f64;
        if dimensions < 1.0 || count < 1.0 {
            return None;
        }
        let rest = residual(&difference, &self.basis());
        let length = squared_length(&rest) - whole.map_or(0.0, |whole| self.explained(whole, &difference, &rest));
        let sampling = self.resemblance.of(count).shares / count + 1.0 / self.values;
        // What periods add may all lie in one dimension (a day's mix tilts one way): the cautious reading of its total, unless they show
        // that it spreads over more.
        let least = self.rest_least * self.rest.spread(self.periods_in_window);
        let moments = |added: f64| {
            let own = added * dimensions;
            let unseen = (least - own).max(0.0);
            let of_periods = own * own / self.rest.breadth() + unseen * unseen;
            (sampling * dimensions + own + unseen, 2.0 * sampling * sampling * dimensions + 2.0 * of_periods)
        };
        // Mean and variance of the length are then matched by a scaled chi-square (Satterthwaite).
        let tail = |added: f64| {
            let (mean, variance) = moments(added);
            let freedom = 2.0 * mean * mean / variance;
            chi_squared::sf(length / mean * freedom, freedom).unwrap_or(1.0)
        };
        let (mean, variance) = moments(self.rest.added(self.periods_in_window));
        // The baseline's shares stand in the denominators of `length`, and where few values make them small by chance, its tail is heavier
        // than chi-square's. The test of homogeneity has the pooled shares there: chance is not rarer than it says.
        let homogeneous = chi_squared_homogeneity(&self.held, &sum_groups(cells, &self.group_of)).map_or(0.0, |test| test.p);
        let p = self.rest.average_tail(self.periods_in_window, tail).max(homogeneous);
        let beyond_chance = (length - mean).max(0.0);
        // The variance of a noncentral chi-square grows by four times its noncentrality; the root by the delta method.
        let spread = (variance + 4.0 * beyond_chance * mean / dimensions).sqrt();
        let size = beyond_chance.sqrt();
        let low = (size - Z_95 * spread / (2.0 * length.sqrt().max(f64::MIN_POSITIVE))).max(0.0);
        // Near nothing the root is no line: the bound of the square is then taken first.
        let high = (beyond_chance + Z_95 * spread).sqrt();
        let ordinary = self.rest_ordinary / self.periods_in_window.sqrt();
        Some(Rest { size, low, high, p, ordinary })
    }

    /// By how much the squared length of the rest shrinks when the baseline is changed as a whole until it lies where the window does, in
    /// the way that explains more. At most all of the change counts: half of it, where the half fits better.
    fn explained(&self, whole: &Whole<'_>, difference: &[f64], rest: &[f64]) -> f64 {
        let Some(location) = self.directions.iter().find(|direction| direction.name == LOCATION) else { return 0.0 };
        let of = |cells: &[f64]| self.differences_of_shares(&sum_shares(cells, &self.group_of, self.shares.len()));
        let basis = self.basis();
        let explained = |way| {
            let changed = whole.with_location(way, dot(&location.unit, difference), |cells| dot(&location.unit, &of(cells)))?;
            let its_rest = residual(&of(&changed), &basis);
            let (along, length) = (dot(rest, &its_rest), squared_length(&its_rest));
            let counted = if length > 0.0 { (along / length).clamp(0.0, 1.0) } else { 0.0 };
            Some(2.0 * counted * along - counted * counted * length)
        };
        [Way::Moved, Way::Multiplied].into_iter().filter_map(explained).fold(0.0, f64::max)
    }

    /// What the directions make of each cell's share: the window's expected count relative to the baseline's, per cell.
    pub(crate) fn expected(&self, cells: &[u64]) -> Vec<f64> {
        let (difference, _) = self.differences(cells);
        let mut fitted = vec![0.0; self.shares.len()];
        for direction in &self.directions {
            let size = dot(&direction.unit, &difference);
            for (sum, unit) in fitted.iter_mut().zip(&direction.unit) {
                *sum += size * unit;
            }
        }
        let of_group: Vec<f64> =
            fitted.iter().zip(&self.shares).map(|(fitted, share)| (1.0 + fitted / share.sqrt()).clamp(0.0, MOST_EXPECTED)).collect();
        self.group_of.iter().map(|&group| of_group.get(group).copied().unwrap_or(1.0)).collect()
    }

    /// Cohen's w between window and baseline over all groups, freed of what chance alone adds; at least 0.
    pub(crate) fn total(&self, cells: &[u64]) -> f64 {
        let (difference, count) = self.differences(cells);
        let chance = (self.shares.len() as f64 - 1.0) * (1.0 / count.max(1.0) + 1.0 / self.values);
        (squared_length(&difference) - chance).max(0.0).sqrt()
    }
}

/// Baseline values that a group needs so that [`LEAST_EXPECTED`] are expected in it on the smaller side.
fn least_in_group(total: f64, window_values: u64) -> f64 {
    (LEAST_EXPECTED * total / (window_values.max(1) as f64).min(total)).max(LEAST_EXPECTED)
}

/// The name of the direction in which a column moves.
const LOCATION: &str = "location";

/// The name of the direction in which the baseline's periods differ most.
const PATTERN: &str = "pattern";

/// Lets the spaces of a model's fields help each other to know ordinary variation.
///
/// Twenty periods tell little about one field's variation and much about that of twenty fields. Where fields vary
/// alike, all are judged by what they have in common; where they differ, each keeps its own.
pub(crate) fn moderate<'s>(spaces: impl Iterator<Item = &'s mut Space>) {
    let mut spaces: Vec<&mut Space> = spaces.collect();
    let totals = totals(&spaces);
    // Like with like: the same direction of fields of the same kind; names have no location.
    for (name, of_numbers) in [(LOCATION, true), ("spread", true), (PATTERN, true), (PATTERN, false)] {
        let alike = spaces.iter_mut().filter(|space| space.is_of_numbers() == of_numbers);
        let directions = alike.flat_map(|space| space.directions.iter_mut()).filter(|direction| direction.name == name);
        moderate_family(&mut directions.map(|direction| &mut direction.variation).collect::<Vec<_>>());
    }
    moderate_family(&mut spaces.iter_mut().map(|space| &mut space.rest).collect::<Vec<_>>());
    moderate_family(&mut spaces.iter_mut().map(|space| &mut space.absence.variation).collect::<Vec<_>>());
    for (space, total) in spaces.iter_mut().zip(totals) {
        let explained: f64 = space.directions.iter().map(|direction| direction.variation.excess()).sum();
        space.rest_least = (total - explained).max(0.0);
    }
}

/// Each field's variance between periods over all dimensions, helped by what the fields have in common: the mean of all,
/// and of a field's own distance from it the part that the estimates' own error does not explain.
///
/// Source: Efron and Morris (1973), *Stein's Estimation Rule and its Competitors*; the variance between fields by the method of moments
/// (`DerSimonian` and Laird, 1986, *Meta-analysis in Clinical Trials*).
fn totals(spaces: &[&mut Space]) -> Vec<f64> {
    let plain: Vec<Option<(f64, f64)>> = spaces.iter().map(|space| space.plain_excess().filter(|(_, variance)| *variance > 0.0)).collect();
    let known = || plain.iter().flatten();
    let count = known().count();
    if count < MIN_FAMILY {
        return vec![0.0; plain.len()];
    }
    let weights: f64 = known().map(|(_, variance)| 1.0 / variance).sum();
    let weights_squared: f64 = known().map(|(_, variance)| 1.0 / (variance * variance)).sum();
    let mean = known().map(|(excess, variance)| excess / variance).sum::<f64>() / weights;
    let squares: f64 = known().map(|(excess, variance)| (excess - mean).powi(2) / variance).sum();
    let between = ((squares - (count as f64 - 1.0)) / (weights - weights_squared / weights)).max(0.0);
    let helped = |(excess, variance): (f64, f64)| mean + (excess - mean) * between / (between + variance);
    plain.iter().map(|excess| excess.map_or(0.0, helped)).collect()
}

fn moderate_family(variations: &mut [&mut Variation]) {
    let ratios: Vec<(f64, f64)> = variations.iter().filter_map(|variation| variation.ratio()).collect();
    if let Some(family) = prior(&ratios) {
        for variation in variations {
            variation.moderate(&family);
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_profile::Counts;

    use super::*;

    fn reference(cells: Vec<u64>) -> Reference {
        Reference::plain(Counts { absent: 0, cells })
    }

    #[test]
    fn equal_counts_show_no_difference() {
        let space = Space::of_numbers(&reference(vec![0, 100, 200, 300, 200, 100, 0]), 1000).unwrap();
        let cells = [0, 10, 20, 30, 20, 10, 0];
        assert!(space.shifts(&cells).iter().all(|shift| shift.size.abs() < 1e-12 && shift.p > 0.999));
        assert!(space.rest(&cells, None).unwrap().p > 0.999);
        assert!(space.total(&cells).abs() < 1e-12);
    }

    #[test]
    fn a_move_up_is_a_positive_location_shift_of_the_size_that_was_planted() {
        // A standard normal in cells of a tenth, and the same moved up by 0.2.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of a known size")]
        let cells = |mean: f64| -> Vec<u64> {
            let mass = |edge: f64| normal::sf(mean - edge);
            (-40..40).map(|i| ((mass(f64::from(i + 1) / 10.0) - mass(f64::from(i) / 10.0)) * 1e6).round() as u64).collect()
        };
        let space = Space::of_numbers(&reference(cells(0.0)), 1000).unwrap();
        let shifts = space.shifts(&cells(0.2));
        assert!((shifts[0].size - 0.2).abs() < 0.01, "{shifts:?}");
        assert!(shifts[1].size.abs() < 0.05, "moving does not spread: {shifts:?}");
        assert!(shifts[0].p < 1e-100);
    }

    #[test]
    fn directions_are_orthonormal_and_leave_the_total_alone() {
        let cells: Vec<u64> = (1..200).map(|i| i * 37 % 91 + 5).collect();
        let mut reference = reference(cells.clone());
        let expected = Rc::new(Counts { absent: 0, cells: cells.clone() });
        let period =
            |k: u64| Counts { absent: 0, cells: cells.iter().enumerate().map(|(i, c)| c / 10 + if i % 50 < 25 { k } else { 0 }).collect() };
        reference.periods = (0..10).map(|k| Period { counts: period(k), expected: Rc::clone(&expected), stretch: 1.0 }).collect();
        let space = Space::of_numbers(&reference, 1000).unwrap();
        let basis = space.basis();
        assert_eq!(basis.len(), 4);
        for (i, a) in basis.iter().enumerate() {
            for (j, b) in basis.iter().enumerate() {
                assert!((dot(a, b) - f64::from(u8::from(i == j))).abs() < 1e-9, "{i} {j}");
            }
        }
    }

    #[test]
    fn rare_and_new_values_do_not_break_the_space_of_names() {
        let space = Space::of_names(&reference(vec![500, 300, 2, 2, 0]), 1000).unwrap();
        assert_eq!(space.shares.len(), 2);
        assert!(space.rest(&[500, 300, 2, 2, 900], None).unwrap().p > 0.99, "new values have a test of their own");
        assert!(space.rest(&[300, 500, 2, 2, 0], None).unwrap().p < 1e-9);
    }

    #[test]
    fn one_value_has_no_space() {
        assert!(Space::of_numbers(&reference(vec![0, 0, 500, 0]), 1000).is_none());
        assert!(Space::of_names(&reference(vec![500, 0]), 100).is_none());
    }

    #[test]
    fn values_beyond_the_baseline_fall_into_its_outer_groups() {
        let space = Space::of_numbers(&reference(vec![0, 0, 50, 50, 50, 0, 0]), 1000).unwrap();
        let shifts = space.shifts(&[0, 0, 0, 0, 0, 0, 30]);
        assert!(shifts[0].size > 1.0, "{shifts:?}");
    }
}
