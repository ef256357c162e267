//! A window's counts along a space's directions, and what is left when those are taken out.

use tidegate_statistics::{normal, quadratic};

use super::{Direction, LOCATION, Space};
use crate::groups::{sum_groups, sum_shares};
use crate::variation::Variation;
use crate::vectors::{dot, residual, squared_length};
use crate::whole::{Way, Whole};

/// A linear reading of a large shift can expect absurdly much of one cell; it is not believed beyond this factor.
const MOST_EXPECTED: f64 = 4.0;

/// Where chance makes up more than the remainder of a window's difference, it is not evidence anyway.
const LEAST_SEEN: f64 = 0.5;

/// Two-sided confidence of every interval: 95 %.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;

/// A signed difference along one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    /// Along which direction: `location` or `spread`.
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
    /// Cohen's w of the rest (names: as `Metric` counts them), freed of what chance alone adds; at least 0.
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

impl Space {
    /// The window's difference along the directions (numbers: location and spread; names have none). A direction that the baseline does not
    /// have is left out at the end.
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

    /// The standard error of the location (numbers) or of one dimension of the mix (names) of these cells; `None` without a value.
    pub(crate) fn error(&self, cells: &[u64]) -> Option<f64> {
        let count = sum_groups(cells, &self.group_of).iter().sum::<u64>() as f64;
        let resemblance = self.resemblance.of(count);
        let (variation, factor) =
            self.directions.first().map_or((&self.rest, resemblance.shares), |direction| (&direction.variation, resemblance.location));
        (count >= 1.0).then(|| variation.error(factor / count + 1.0 / self.values, self.periods_in_window))
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

    /// What the directions do not explain, nor the baseline changed [as a whole](Space::as_a_whole); `None` when they explain everything.
    pub(crate) fn rest(&self, cells: &[u64], as_a_whole: &[Vec<f64>]) -> Option<Rest> {
        let (difference, count) = self.differences(cells);
        if !self.has_rest() || count < 1.0 {
            return None;
        }
        let basis = self.basis();
        let rest = residual(&difference, &basis);
        let of_rest = squared_length(&rest);
        let length = of_rest - self.explained(as_a_whole, &rest, &basis);
        let sampling = self.resemblance.of(count).shares / count + 1.0 / self.values;
        let chance = self.rest_by_chance();
        let by_chance = sampling * chance[0];
        let chance_along = self.metric.by_chance_along(&rest, &self.shares) / of_rest.max(f64::MIN_POSITIVE);
        let along_by_chance = sampling * chance_along;
        let along = self.variation_along(&rest, chance_along, (1.0 - by_chance / length).max(LEAST_SEEN));
        // What moves periods in `breadth` directions lies elsewhere where they move less in the window's. Borrowed variation is not known
        // by direction.
        let breadth = self.rest.breadth();
        let everywhere = self.rest.added(self.periods_in_window) * chance[0];
        let here = along.added_at_most(self.periods_in_window) * breadth;
        let own = if self.ordinary.is_none() { everywhere.min(here) } else { everywhere };
        // Of the length: chance's, and in the directions in which periods move both together. They move in as many as their breadth says, and
        // this way by what more they do.
        let power_sums = |added: f64| {
            let (each, more) = (own / breadth, (added - own).max(0.0));
            let with_periods = |power: i32, chance: f64| {
                let moved = |by: f64| (along_by_chance + by).powi(power) - along_by_chance.powi(power);
                sampling.powi(power) * chance + (breadth - 1.0) * moved(each) + moved(each + more)
            };
            let [first, second, third] = chance;
            [with_periods(1, first), with_periods(2, second), with_periods(3, third)]
        };
        let tail = |added: f64| quadratic::sf(length, power_sums(added)).unwrap_or(1.0);
        // The baseline's shares stand in the denominators of `length`, and where few values make them small by chance, its tail is heavier
        // than it should be. The test of homogeneity has the pooled shares there: chance is not rarer than it says.
        let homogeneity = self.metric.homogeneity(&self.held, &sum_groups(cells, &self.group_of));
        let p = along.average_tail(self.periods_in_window, tail).max(homogeneity);
        let [mean, half_variance, _] = power_sums(along.added(self.periods_in_window));
        let beyond_chance = (length - mean).max(0.0);
        // The variance of a noncentral chi-square grows by four times its noncentrality; the root by the delta method.
        let of_direction = along_by_chance + (mean - by_chance) / self.rest_dimensions();
        let spread = (2.0 * half_variance + 4.0 * beyond_chance * of_direction).sqrt();
        let size = beyond_chance.sqrt();
        let low = (size - Z_95 * spread / (2.0 * length.sqrt().max(f64::MIN_POSITIVE))).max(0.0);
        // Near nothing the root is no line: the bound of the square is then taken first.
        let high = (beyond_chance + Z_95 * spread).sqrt();
        let ordinary = self.rest_ordinary / self.periods_in_window.sqrt();
        Some(Rest { size, low, high, p, ordinary })
    }

    /// How much the baseline's periods vary in the direction of `rest`, the very one in which a window differs: whatever moves periods at
    /// times moves them in a direction of its own, which few periods do not tell beforehand among many. Chance blurs the window's direction;
    /// only the part `seen` of its square is what moved, and catches so much of the periods' variance. `chance` is the variance that chance
    /// gives in that direction, for each unit of `1/m + 1/n`.
    fn variation_along(&self, rest: &[f64], chance: f64, seen: f64) -> Variation {
        let length = squared_length(rest).sqrt();
        if self.varies_by_chance || length <= 0.0 {
            return Variation::UNKNOWN;
        }
        let unit: Vec<f64> = rest.iter().map(|value| value / length).collect();
        let sampling: Vec<f64> = self.sampling().iter().map(|sampling| sampling * chance).collect();
        Variation::learn(&self.along(&unit), &sampling).before(self.periods_behind, self.expectations).scaled(1.0 / seen)
    }

    /// The baseline's shares of cells, changed as a whole until it lies where the window does: moved, and multiplied. Empty for names.
    pub(crate) fn as_a_whole(&self, whole: &Whole<'_>, cells: &[u64]) -> Vec<Vec<f64>> {
        let Some(location) = self.directions.iter().find(|direction| direction.name == LOCATION) else { return Vec::new() };
        let (difference, _) = self.differences(cells);
        let wanted = dot(&location.unit, &difference);
        let at = |cells: &[f64]| dot(&location.unit, &self.differences_of_cells(cells));
        [Way::Moved, Way::Multiplied].into_iter().filter_map(|way| whole.with_location(way, wanted, at)).collect()
    }

    /// By how much the squared length of the rest shrinks when the baseline is changed in the way of these that explains more. At most all of
    /// the change counts: half of it, where the half fits better.
    fn explained(&self, as_a_whole: &[Vec<f64>], rest: &[f64], basis: &[Vec<f64>]) -> f64 {
        let explained = |changed: &Vec<f64>| {
            let its_rest = residual(&self.differences_of_cells(changed), basis);
            let (along, length) = (dot(rest, &its_rest), squared_length(&its_rest));
            let counted = if length > 0.0 { (along / length).clamp(0.0, 1.0) } else { 0.0 };
            2.0 * counted * along - counted * counted * length
        };
        as_a_whole.iter().map(explained).fold(0.0, f64::max)
    }

    /// `r` of these shares of cells.
    fn differences_of_cells(&self, shares: &[f64]) -> Vec<f64> {
        self.differences_of_shares(&sum_shares(shares, &self.group_of, self.shares.len()))
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
        let chance = self.chance[0] * (1.0 / count.max(1.0) + 1.0 / self.values);
        (squared_length(&difference) - chance).max(0.0).sqrt()
    }
}
