//! The difference between two sets of counts, taken apart into directions that mean something.
//!
//! With `p` the baseline's shares over groups of cells and `q` the window's, `r_g = (q_g − p_g)/√p_g` has variance
//! `1/n` in every direction orthogonal to `√p` when `n` independent values follow the baseline (Pearson, 1900). So a
//! unit direction `e` gives a test, `e·r` against its standard error, and what no direction explains gives another,
//! the squared length of the rest against chi-square (Neyman, 1937, *Smooth test for goodness of fit*). Names have no directions, and
//! their differences count by how frequent they are (`Metric`). Each direction carries its own ordinary variation, learned from the
//! baseline's periods; of the rest, that in the very direction in which the window differs.

mod borrow;
mod compare;
mod family;
mod metric;

use std::rc::Rc;

use tidegate_statistics::critical;

use self::metric::Metric;
use crate::evidence::absence;
use crate::groups::{group_cells, group_runs, normal_scores, shares, sum_groups};
use crate::reference::{Period, Reference};
use crate::resemblance::Resemblance;
use crate::share::Ordinary;
use crate::variation::{Variation, largest_deviation, level_of_each};
use crate::vectors::{dot, orthonormal, residual, squared_length};
pub(crate) use compare::{Rest, Shift, Z_95};
pub(crate) use family::moderate;

/// Groups of cells aimed at: fine enough for shape, coarse enough that each holds values.
const GROUPS: usize = 24;

/// Expected values a group on the smaller side that chi-square wants.
const LEAST_EXPECTED: f64 = 5.0;

/// Values a group of the baseline, where it is the smaller side: its shares stand in every denominator, and where one is small by chance,
/// chance looks like evidence. Of many rare names, those that are seen most often are so by chance, and will be seen less.
const LEAST_HELD: f64 = 20.0;

/// A name rarer than this share of the values that alone grows or shrinks hardly shows in the mix, and has a test of its own.
const RARE: f64 = 0.02;

/// The space in which a field's counts are compared.
#[derive(Debug, Clone)]
pub(crate) struct Space {
    /// Group of each cell.
    group_of: Vec<usize>,
    /// Baseline share of each group, all positive.
    shares: Vec<f64>,
    /// Baseline values in each group.
    held: Vec<u64>,
    /// Baseline values in all groups.
    values: f64,
    /// How much each group's difference counts.
    metric: Metric,
    /// The power sums of the squared length by chance, for each unit of `1/m + 1/n`; where all groups count alike, its dimensions.
    chance: [f64; 3],
    /// Orthonormal directions, each orthogonal to `√shares`.
    directions: Vec<Direction>,
    /// Variation of the rest, per dimension, on average over all of them.
    rest: Variation,
    /// The largest rest that a period showed, where it is more than chance.
    rest_ordinary: f64,
    /// How each period differs from what was to be expected of it, and how many values it holds.
    periods: Vec<(Vec<f64>, f64)>,
    /// Whether the model as a whole says that its periods differ by chance alone.
    varies_by_chance: bool,
    /// How much the share of unusable values varies.
    absence: Ordinary,
    /// How much neighbouring records resemble each other.
    resemblance: Resemblance,
    periods_in_window: f64,
    periods_behind: f64,
    /// How many expectations the periods were measured around.
    expectations: f64,
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

impl Space {
    /// For a numeric field: runs of neighbouring cells of about equal baseline mass, with the directions *location* (normal scores) and
    /// *spread* (their squares). `None` when all values lie in one group.
    pub(crate) fn of_numbers(reference: &Reference, window_values: u64) -> Option<Self> {
        let total = reference.present() as f64;
        let least = least_in_group(total, window_values).max(LEAST_HELD);
        let group_of = group_runs(&reference.cells, (total / GROUPS as f64).max(least), least);
        let shares = shares(&sum_groups(&reference.cells, &group_of), total)?;
        let scores = normal_scores(&shares);
        let squares: Vec<f64> = scores.iter().map(|score| score * score).collect();
        let scores = [(LOCATION, scores), (SPREAD, squares)];
        Self::new(reference, group_of, shares, Metric::Even, &scores, &|ordinary| Self::of_numbers(ordinary, window_values))
    }

    /// For a categorical field: those of the first so many cells that the baseline showed often enough; they have no order and so no
    /// directions. `None` when there is one such cell only.
    pub(crate) fn of_names(reference: &Reference, cells: usize, window_values: u64) -> Option<Self> {
        let least = if window_values <= reference.present() { LEAST_EXPECTED } else { LEAST_HELD };
        let group_of = group_cells(&reference.cells, cells, least);
        let groups = sum_groups(&reference.cells, &group_of);
        let shares = shares(&groups, groups.iter().sum::<u64>() as f64)?;
        let metric = Metric::by_frequency(&shares);
        Self::new(reference, group_of, shares, metric, &[], &|ordinary| Self::of_names(ordinary, cells, window_values))
    }

    /// `of` makes the space of the training set as a whole, for a reference that borrows its ordinary variation.
    fn new(
        reference: &Reference,
        group_of: Vec<usize>,
        shares: Vec<f64>,
        metric: Metric,
        scores: &[(&'static str, Vec<f64>)],
        of: &dyn Fn(&Reference) -> Option<Self>,
    ) -> Option<Self> {
        if shares.len() < 2 {
            return None;
        }
        let roots: Vec<f64> = shares.iter().map(|share| share.sqrt()).collect();
        // All differences are orthogonal to the roots: shares sum to 1.
        let mut basis = vec![roots.clone()];
        let mut names = Vec::new();
        for (name, score) in scores {
            let weighted: Vec<f64> = score.iter().zip(&roots).map(|(score, root)| score * root).collect();
            if let Some(unit) = orthonormal(&weighted, &basis) {
                basis.push(unit);
                names.push(*name);
            }
        }
        let units = basis.split_off(1);
        let held = sum_groups(&reference.cells, &group_of);
        let mut space = Self {
            values: held.iter().sum::<u64>() as f64,
            held,
            group_of,
            chance: metric.by_chance(&shares),
            metric,
            shares,
            directions: Vec::new(),
            rest: Variation::UNKNOWN,
            rest_ordinary: 0.0,
            periods: Vec::new(),
            varies_by_chance: false,
            absence: absence(reference),
            resemblance: reference.resemblance.clone(),
            periods_in_window: reference.periods_in_window,
            periods_behind: reference.periods_behind,
            expectations: reference.of_periods().expectations,
            ordinary: reference.ordinary.as_ref().and_then(|ordinary| ordinary.space(of)),
        };
        space.periods = reference.of_periods().periods.iter().map(|period| space.deviations(period)).collect();
        match space.ordinary.clone() {
            Some(ordinary) => {
                space.borrow(&ordinary, reference, &units, &names);
                space.widen(reference);
            }
            None => space.learn(reference, &units, &names),
        }
        Some(space)
    }

    /// The space that the periods were measured in.
    pub(crate) fn of_periods(&self) -> &Self {
        self.ordinary.as_deref().unwrap_or(self)
    }

    /// Learns the ordinary variation along each direction and of the rest.
    fn learn(&mut self, reference: &Reference, units: &[Vec<f64>], names: &[&'static str]) {
        let sampling = self.sampling();
        let before = |variation: Variation| variation.before(reference.periods_behind, reference.expectations);
        let direction = |(unit, name): (&Vec<f64>, &&'static str)| {
            let variation = before(Variation::learn(&self.along(unit), &sampling));
            Direction { name, unit: unit.clone(), variation, ordinary: 0.0 }
        };
        self.directions = units.iter().zip(names).map(direction).collect();
        self.rest = before(Variation::learn_lengths(&self.rest_lengths(&self.periods), self.rest_dimensions(), &sampling));
        self.note_ordinary(1);
    }

    /// Notes the largest differences that periods showed, of those that are more than chance among all periods of so many fields: of
    /// enough of them, some stand out by chance.
    fn note_ordinary(&mut self, fields: usize) {
        let sampling = self.sampling();
        let looked_at = sampling.len() * fields;
        let along: Vec<Vec<f64>> = self.directions.iter().map(|direction| self.along(&direction.unit)).collect();
        for (direction, along) in self.directions.iter_mut().zip(along) {
            direction.ordinary = largest_deviation(&along.into_iter().zip(sampling.iter().copied()).collect::<Vec<_>>(), looked_at);
        }
        let dimensions = self.rest_dimensions();
        let critical = critical::chi_squared(dimensions, level_of_each(looked_at)).unwrap_or(0.0);
        let lengths = self.rest_lengths(&self.periods);
        let telling = lengths.iter().zip(&sampling).filter(|(length, sampling)| **length > critical * **sampling);
        let largest = telling.map(|(length, sampling)| length - dimensions * sampling).fold(0.0, f64::max);
        self.rest_ordinary = (largest * self.chance_per_dimension()).sqrt();
    }

    /// The squared lengths of periods outside the directions, such that chance gives each dimension the variance that sampling says.
    fn rest_lengths(&self, periods: &[(Vec<f64>, f64)]) -> Vec<f64> {
        let (basis, each) = (self.basis(), self.chance_per_dimension());
        periods.iter().map(|(difference, _)| squared_length(&residual(difference, &basis)) / each).collect()
    }

    /// The periods' deviations in one direction.
    fn along(&self, unit: &[f64]) -> Vec<f64> {
        self.periods.iter().map(|(difference, _)| dot(unit, difference)).collect()
    }

    /// The variance that chance alone gives the periods' deviations in any direction.
    fn sampling(&self) -> Vec<f64> {
        self.periods.iter().map(|(_, count)| 1.0 / count).collect()
    }

    /// The power sums of what no direction covers.
    fn rest_by_chance(&self) -> [f64; 3] {
        self.chance.map(|sum| sum - self.directions.len() as f64)
    }

    /// Whether there are more dimensions than directions.
    fn has_rest(&self) -> bool {
        self.shares.len() > 1 + self.directions.len()
    }

    /// Number of dimensions that no direction covers: of the chi-square whose mean and variance are to each other as the rest's.
    fn rest_dimensions(&self) -> f64 {
        let [mean, square, _] = self.rest_by_chance();
        if self.has_rest() { (mean * mean / square).max(1.0) } else { 0.0 }
    }

    /// The variance that chance gives each of them, for each unit of `1/m + 1/n`; 1 where all groups count alike.
    fn chance_per_dimension(&self) -> f64 {
        let [mean, square, _] = self.rest_by_chance();
        if self.has_rest() { square / mean } else { 1.0 }
    }

    /// Whether there is an order of the values, and so a location.
    fn is_of_numbers(&self) -> bool {
        !self.directions.is_empty()
    }

    /// What tells most of how the field varies: its directions, or, where it has none, all of it.
    fn main_variations(&self) -> impl Iterator<Item = &Variation> {
        let of_names = (!self.is_of_numbers()).then_some(&self.rest);
        self.directions.iter().map(|direction| &direction.variation).chain(of_names)
    }

    /// Whether a name is too rare to show in the mix.
    pub(crate) fn is_rare(&self, cell: usize) -> bool {
        let share = self.group_of.get(cell).and_then(|group| self.shares.get(*group));
        share.is_none_or(|share| *share < RARE)
    }

    /// See the field.
    pub(crate) fn varies_by_chance(&self) -> bool {
        self.varies_by_chance
    }

    /// How much the share of unusable values varies.
    pub(crate) fn absence(&self) -> Ordinary {
        self.absence
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
        self.shares.iter().zip(is).map(|(share, is)| (is - share) * self.metric.stretch(*share)).collect()
    }

    /// By how much a period differs from what was to be expected of it, and how many values it holds.
    fn deviations(&self, period: &Period) -> (Vec<f64>, f64) {
        let (is, count) = self.differences(&period.counts.cells);
        let (was, _) = self.differences(&period.expected.cells);
        (is.iter().zip(&was).map(|(is, was)| (is - was) * period.stretch).collect(), count)
    }

    fn basis(&self) -> Vec<Vec<f64>> {
        self.directions.iter().map(|direction| direction.unit.clone()).collect()
    }
}

/// Baseline values that a group needs so that [`LEAST_EXPECTED`] are expected in it on the smaller side.
fn least_in_group(total: f64, window_values: u64) -> f64 {
    (LEAST_EXPECTED * total / (window_values.max(1) as f64).min(total)).max(LEAST_EXPECTED)
}

/// The name of the direction in which a column moves.
pub(crate) const LOCATION: &str = "location";

/// The name of the direction in which a column spreads.
const SPREAD: &str = "spread";

#[cfg(test)]
mod tests {
    use tidegate_profile::Counts;
    use tidegate_statistics::normal;

    use super::*;

    fn reference(cells: Vec<u64>) -> Reference {
        Reference::plain(Counts { absent: 0, cells })
    }

    #[test]
    fn equal_counts_show_no_difference() {
        let space = Space::of_numbers(&reference(vec![0, 100, 200, 300, 200, 100, 0]), 1000).unwrap();
        let cells = [0, 10, 20, 30, 20, 10, 0];
        assert!(space.shifts(&cells).iter().all(|shift| shift.size.abs() < 1e-12 && shift.p > 0.999));
        assert!(space.rest(&cells, &[]).unwrap().p > 0.999);
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
        let mut basis = space.basis();
        basis.push(space.shares.iter().map(|share| share.sqrt()).collect());
        assert_eq!(basis.len(), 3);
        for (i, a) in basis.iter().enumerate() {
            for (j, b) in basis.iter().enumerate() {
                assert!((dot(a, b) - f64::from(u8::from(i == j))).abs() < 1e-9, "{i} {j}");
            }
        }
    }

    #[test]
    fn rare_and_new_values_do_not_break_the_space_of_names() {
        let space = Space::of_names(&reference(vec![500, 300, 2, 2, 0]), 4, 1000).unwrap();
        assert_eq!(space.shares.len(), 2);
        assert!(space.rest(&[500, 300, 2, 2, 900], &[]).unwrap().p > 0.99, "new values have a test of their own");
        assert!(space.rest(&[300, 500, 2, 2, 0], &[]).unwrap().p < 1e-9);
    }

    /// Names of which the first two change places from one of twenty periods to the next, by up to so many of a thousand.
    fn names_that_move(by: u64) -> Reference {
        let cells = |size: u64| vec![3_000 - size * 10, 2_500 + size * 10, 2_000, 1_500, 1_000];
        let all = (0..5)
            .map(|part| cells(by * part))
            .fold(vec![0; 5], |sum, cells| sum.iter().zip(cells).map(|(sum, count)| sum + 4 * count).collect());
        let mut reference = reference(all);
        let expected = Rc::new(Counts { absent: 0, cells: reference.cells.clone() });
        let period =
            |k: u64| Period { counts: Counts { absent: 0, cells: cells(by * (k % 5)) }, expected: Rc::clone(&expected), stretch: 1.0 };
        reference.periods = (0..20).map(period).collect();
        reference
    }

    #[test]
    fn names_that_often_change_places_do_not_hide_that_others_do() {
        let space = Space::of_names(&names_that_move(10), 5, 10_000).unwrap();
        let p = |cells: &[u64]| space.rest(cells, &[]).unwrap().p;
        let usual = p(&[2_600, 2_900, 2_000, 1_500, 1_000]);
        let others = p(&[2_800, 2_700, 2_000, 1_300, 1_200]);
        assert!(usual > 0.02 && others < 1e-3, "{usual} {others}");
    }

    #[test]
    fn two_names_that_vary_are_judged_as_two_numbers_that_do() {
        let mut reference = reference(vec![14_000, 6_000]);
        let expected = Rc::new(Counts { absent: 0, cells: reference.cells.clone() });
        let period = |k: u64| Period {
            counts: Counts { absent: 0, cells: vec![660 + 20 * k, 340 - 20 * k] },
            expected: Rc::clone(&expected),
            stretch: 1.0,
        };
        reference.periods = (0..20).map(|k| period(k % 5)).collect();
        let window = [175, 125];
        let as_names = Space::of_names(&reference, 2, 300).unwrap().rest(&window, &[]).unwrap().p;
        let as_numbers = Space::of_numbers(&reference, 300).unwrap().shifts(&window)[0].p;
        assert!((0.8..1.25).contains(&(as_names / as_numbers)), "{as_names} {as_numbers}");
        assert!((1e-3..0.02).contains(&as_names), "{as_names}");
    }

    #[test]
    fn of_many_fields_the_period_that_stands_out_by_chance_is_nothing_to_stay_below_and_a_holiday_is() {
        // Twenty fields by chance alone, two of them with a period three and six standard errors off.
        let field = |first: u64| {
            let mut reference = reference(vec![0, 10_000, 10_000, 0]);
            let expected = Rc::new(Counts { absent: 0, cells: reference.cells.clone() });
            let counts = (0..20).map(|k: u64| if k == 0 { 500 + first } else { 490 + 20 * (k % 2) });
            let period = |up: u64| Period {
                counts: Counts { absent: 0, cells: vec![0, 1_000 - up, up, 0] },
                expected: Rc::clone(&expected),
                stretch: 1.0,
            };
            reference.periods = counts.map(period).collect();
            Space::of_numbers(&reference, 1_000).unwrap()
        };
        let mut spaces: Vec<Space> = [49, 98].into_iter().chain([10; 18]).map(field).collect();
        let ordinary = |spaces: &[Space]| [&spaces[0], &spaces[1]].map(|space| space.directions[0].ordinary);
        assert!(ordinary(&spaces).iter().all(|size| *size > 0.09));
        moderate(spaces.iter_mut());
        let [by_chance, holiday] = ordinary(&spaces);
        assert!(by_chance.abs() < f64::EPSILON && holiday > 0.19, "{by_chance} {holiday}");
    }

    #[test]
    fn one_value_has_no_space() {
        assert!(Space::of_numbers(&reference(vec![0, 0, 500, 0]), 1000).is_none());
        assert!(Space::of_names(&reference(vec![500, 0]), 1, 100).is_none());
    }

    #[test]
    fn values_beyond_the_baseline_fall_into_its_outer_groups() {
        let space = Space::of_numbers(&reference(vec![0, 0, 50, 50, 50, 0, 0]), 1000).unwrap();
        let shifts = space.shifts(&[0, 0, 0, 0, 0, 0, 30]);
        assert!(shifts[0].size > 1.0, "{shifts:?}");
    }
}
