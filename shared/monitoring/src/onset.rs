//! When a move began: a change point in the hours or days up to the end of the window.
//!
//! A field's change is followed by how much of it each hour shows: every value scores `(q − p)/(q + p)`, with `p` its
//! cell's share in the baseline and `q` in the window, so that values the window has more of count up and those it has
//! less of count down, whatever the change is: a higher mean, missing values, one value that repeats. The mean score of
//! an hour, less what the baseline scores at that hour of the day, is about 0 before the change and about equal after it.
//! One step is fitted by least squares; where it may lie as well is told by likelihood.

use tidegate_profile::{Counts, FieldBaseline, FieldProfile, Profile};

use crate::counts::mean;
use crate::evidence::cells_of;
use crate::history::{DAY_MS, HOUR_MS};
use crate::{Onset, Window};

/// Fewer hours or days than this do not tell when.
const LEAST_POINTS: usize = 4;

/// An hour with fewer records than this is passed over.
const LEAST_RECORDS: u64 = 10;

/// By so much must a step raise the log-likelihood, beyond the logarithm of the number of places where it could lie.
const CLEAR: f64 = 6.0;

/// Half the 95 % point of chi-square with one degree of freedom: how much less likely a place may be and still be possible.
const POSSIBLE: f64 = 1.92;

/// A field that shows so much of the change in the earliest third of the trail moved before it.
const STANDING: f64 = 0.6;

/// How a change goes over the hours or days of a trail.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    /// How much of the change each point shows, and on how many records; `None` where there are too few.
    points: Vec<Option<(f64, f64)>>,
    /// What the window as a whole shows.
    whole: f64,
    /// Variance of one record's score.
    variance: f64,
}

/// When a change began, as far as the trail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Within the trail.
    At(Onset),
    /// Before the trail.
    Before,
    /// The trail does not tell.
    Unknown,
}

impl When {
    pub(crate) fn onset(self) -> Option<Onset> {
        match self {
            Self::At(onset) => Some(onset),
            Self::Before | Self::Unknown => None,
        }
    }

    /// Whether both may have begun at the same time, give or take one step of the trail.
    pub(crate) fn agrees_with(self, other: Self, step_ms: i64) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) | (Self::Before, Self::Before) => true,
            (Self::At(a), Self::At(b)) => a.earliest_ms <= b.latest_ms + step_ms && b.earliest_ms <= a.latest_ms + step_ms,
            (Self::At(_), Self::Before) | (Self::Before, Self::At(_)) => false,
        }
    }
}

impl Course {
    /// The course of a field's change from baseline to window; `None` when they have nothing to compare.
    pub(crate) fn of_field(now: &FieldProfile, before: &FieldProfile, cells: &FieldBaseline, trail: &[(Window, Profile)]) -> Option<Self> {
        let (window, baseline) = (counts_of(now), counts_of(before));
        let shares = (smoothed(&window)?, smoothed(&baseline)?);
        if shares.0.len() != shares.1.len() {
            return None;
        }
        let scores: Vec<f64> = shares.0.iter().zip(&shares.1).map(|(q, p)| (q - p) / (q + p)).collect();
        let expected = mean(&baseline, &scores)?;
        let by_hour: Vec<Option<f64>> = cells.hours.iter().map(|hour| mean(&in_one_list(hour), &scores)).collect();
        let point = |(span, profile): &(Window, Profile)| {
            let field = profile.fields.iter().find(|field| field.name == now.name)?;
            let counts = counts_of(field);
            let records = counts.iter().sum::<u64>();
            // A day has all hours; an hour is compared with its own.
            let of_hour = usize::try_from(span.start_ms.rem_euclid(DAY_MS) / HOUR_MS).ok();
            let usual = of_hour.filter(|_| span.end_ms - span.start_ms <= HOUR_MS).and_then(|hour| by_hour.get(hour).copied().flatten());
            (records >= LEAST_RECORDS).then_some((mean(&counts, &scores)? - usual.unwrap_or(expected), records as f64))
        };
        let variance = shares.1.iter().zip(&scores).map(|(share, score)| share * (score - expected).powi(2)).sum();
        Some(Self { points: trail.iter().map(point).collect(), whole: mean(&window, &scores)? - expected, variance })
    }

    /// The course of a share, such as that of a version, from nothing to what it is in the window.
    pub(crate) fn of_share(trail: &[(Window, Profile)], whole: f64, share: impl Fn(&Profile) -> f64) -> Self {
        let point = |(_, profile): &(Window, Profile)| (profile.records > 0).then(|| (share(profile), profile.records as f64));
        Self { points: trail.iter().map(point).collect(), whole, variance: (whole * (1.0 - whole)).max(1e-6) }
    }

    /// The step that explains it best at each place: by how much it raises the log-likelihood; `None` with too few points.
    fn steps(&self) -> Option<Vec<f64>> {
        let known: Vec<(usize, f64, f64)> =
            self.points.iter().enumerate().filter_map(|(index, point)| point.map(|(value, weight)| (index, value, weight))).collect();
        if known.len() < LEAST_POINTS {
            return None;
        }
        let total = Sums::of(&known);
        let mut before = Sums::default();
        let mut gains = vec![f64::NEG_INFINITY; self.points.len()];
        let mut best = (0.0, 0.0, 0.0);
        for (index, value, weight) in &known {
            if before.weight > 0.0 {
                let after = total.minus(&before);
                let step = after.mean() - before.mean();
                // Only a step towards what the window shows.
                let gain = if step > 0.0 { before.weight * after.weight / total.weight * step * step } else { 0.0 };
                if let Some(slot) = gains.get_mut(*index) {
                    *slot = gain;
                }
                if gain > best.0 {
                    best = (gain, before.mean(), after.mean());
                }
            }
            before.add(*value, *weight);
        }
        let place = gains.iter().position(|gain| *gain >= best.0 && best.0 > 0.0)?;
        // What the points differ by beyond the step, and how much neighbours differ alike.
        let rests: Vec<f64> =
            known.iter().map(|(index, value, weight)| (value - if *index < place { best.1 } else { best.2 }) * weight.sqrt()).collect();
        let squares: f64 = rests.iter().map(|rest| rest * rest).sum();
        let products: f64 = rests.windows(2).map(|pair| if let [a, b] = pair { a * b } else { 0.0 }).sum();
        let alike = if squares > 0.0 { (products / squares).clamp(0.0, 0.8) } else { 0.0 };
        let freedom = known.len() as f64 - 2.0;
        let variance = (squares / freedom).max(self.variance) * (1.0 + alike) / (1.0 - alike) * (1.0 + 4.0 / freedom);
        Some(gains.into_iter().map(|gain| gain / (2.0 * variance)).collect())
    }

    /// Whether the earliest third of the trail shows the change already.
    fn is_standing(&self) -> bool {
        let third = self.points.len().div_ceil(3);
        let (sum, weight) =
            self.points.iter().take(third).flatten().fold((0.0, 0.0), |(sum, all), (value, weight)| (sum + value * weight, all + weight));
        self.points.iter().flatten().count() >= LEAST_POINTS && weight > 0.0 && sum / weight >= STANDING * self.whole
    }

    /// How alike two courses are: their correlation over the points that both have; `None` with too few.
    pub(crate) fn likeness(&self, other: &Self) -> Option<f64> {
        let pairs: Vec<(f64, f64)> =
            self.points.iter().zip(&other.points).filter_map(|(a, b)| Some((a.as_ref()?.0, b.as_ref()?.0))).collect();
        let count = pairs.len() as f64;
        if pairs.len() < 2 * LEAST_POINTS {
            return None;
        }
        let (a, b) = (pairs.iter().map(|pair| pair.0).sum::<f64>() / count, pairs.iter().map(|pair| pair.1).sum::<f64>() / count);
        let products = pairs.iter().map(|pair| (pair.0 - a) * (pair.1 - b)).sum::<f64>();
        let squares =
            (pairs.iter().map(|pair| (pair.0 - a).powi(2)).sum::<f64>(), pairs.iter().map(|pair| (pair.1 - b).powi(2)).sum::<f64>());
        let scale = (squares.0 * squares.1).sqrt();
        (scale > 0.0).then_some(products / scale)
    }
}

/// When changes that go together began. Those that tell count alike, as if they all told the same: the cautious reading.
pub(crate) fn began(courses: &[&Course], trail: &[(Window, Profile)]) -> When {
    let is_clear = |steps: &Vec<f64>| {
        let places = steps.iter().filter(|step| step.is_finite()).count() as f64;
        steps.iter().copied().fold(0.0, f64::max) >= CLEAR + places.max(1.0).ln()
    };
    let telling: Vec<Vec<f64>> = courses.iter().filter_map(|course| course.steps()).filter(is_clear).collect();
    let joint = |place: usize| telling.iter().filter_map(|steps| steps.get(place)).sum::<f64>() / telling.len().max(1) as f64;
    let gains: Vec<(usize, f64)> = (0..trail.len()).map(|place| (place, joint(place))).filter(|(_, gain)| *gain > 0.0).collect();
    let best = gains.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best });
    let start = |place: usize| trail.get(place).map(|(window, _)| window.start_ms);
    let possible = |best: f64| gains.iter().filter(move |(_, gain)| *gain >= best - POSSIBLE).map(|(place, _)| *place);
    let onset = best.filter(|_| !telling.is_empty()).and_then(|(place, gain)| {
        Some(Onset { at_ms: start(place)?, earliest_ms: start(possible(gain).min()?)?, latest_ms: start(possible(gain).max()?)? })
    });
    match onset {
        Some(onset) => When::At(onset),
        None if !courses.is_empty() && courses.iter().all(|course| course.is_standing()) => When::Before,
        None => When::Unknown,
    }
}

/// Weighted sums of points.
#[derive(Debug, Default, Clone, Copy)]
struct Sums {
    weight: f64,
    value: f64,
}

impl Sums {
    fn of(points: &[(usize, f64, f64)]) -> Self {
        let mut sums = Self::default();
        for (_, value, weight) in points {
            sums.add(*value, *weight);
        }
        sums
    }

    fn add(&mut self, value: f64, weight: f64) {
        self.weight += weight;
        self.value += value * weight;
    }

    fn minus(&self, other: &Self) -> Self {
        Self { weight: self.weight - other.weight, value: self.value - other.value }
    }

    fn mean(&self) -> f64 {
        self.value / self.weight
    }
}

/// A field's counts in its cells, with one more for records without a usable value.
fn counts_of(field: &FieldProfile) -> Vec<u64> {
    let mut counts = cells_of(field);
    counts.push(field.missing + field.wrong_type + field.infinite);
    counts
}

fn in_one_list(counts: &Counts) -> Vec<u64> {
    counts.cells.iter().copied().chain(std::iter::once(counts.absent)).collect()
}

/// Shares of counts, each with half a record more, so that what one side lacks does not count without bound.
fn smoothed(counts: &[u64]) -> Option<Vec<f64>> {
    let total = counts.iter().sum::<u64>();
    let all = total as f64 + 0.5 * counts.len() as f64;
    (total > 0).then(|| counts.iter().map(|count| (*count as f64 + 0.5) / all).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(values: &[f64]) -> Course {
        Course { points: values.iter().map(|value| Some((*value, 100.0))).collect(), whole: 1.0, variance: 0.5 }
    }

    /// Hours without records; only their times matter here.
    fn trail(hours: i64) -> Vec<(Window, Profile)> {
        let empty = tidegate_profile::Profiler::new(&[], None).start();
        (0..hours).map(|hour| (Window { start_ms: hour * HOUR_MS, end_ms: (hour + 1) * HOUR_MS }, empty.clone())).collect()
    }

    fn at(hour: i64, earliest: i64, latest: i64) -> When {
        When::At(Onset { at_ms: hour * HOUR_MS, earliest_ms: earliest * HOUR_MS, latest_ms: latest * HOUR_MS })
    }

    #[test]
    fn a_clear_step_is_found_at_its_hour() {
        let course = course(&[0.0, 0.1, -0.1, 0.0, 0.05, 1.0, 0.9, 1.1]);
        assert_eq!(began(&[&course], &trail(8)), at(5, 5, 5));
    }

    #[test]
    fn a_step_that_began_within_an_hour_may_be_either_side_of_it() {
        let course = course(&[0.0, 0.3, -0.3, 0.2, 0.5, 1.0, 0.7, 1.2, 0.9, 1.1, 0.8, 1.0]);
        let When::At(onset) = began(&[&course], &trail(12)) else { panic!("it is clear") };
        assert!(onset.earliest_ms <= 4 * HOUR_MS && onset.latest_ms >= 5 * HOUR_MS && onset.latest_ms <= 6 * HOUR_MS, "{onset:?}");
    }

    #[test]
    fn what_was_there_all_along_began_before_and_noise_tells_nothing() {
        let there = course(&[1.0, 0.9, 1.1, 1.0, 0.95, 1.0, 0.9, 1.1]);
        assert_eq!(began(&[&there], &trail(8)), When::Before);
        let noise = Course { variance: 50.0, ..course(&[0.1, 0.9, 0.0, 1.0, 0.3, 0.7, 0.2, 0.8]) };
        assert_eq!(began(&[&noise], &trail(8)), When::Unknown);
        assert_eq!(began(&[], &trail(8)), When::Unknown);
        assert_eq!(began(&[&course(&[0.0, 1.0])], &trail(2)), When::Unknown);
    }

    #[test]
    fn courses_that_step_together_are_told_together() {
        let (a, b) = (course(&[0.0, 0.1, 0.0, 0.1, 1.0, 1.1, 0.9, 1.0]), course(&[0.1, 0.0, 0.1, 0.0, 0.9, 1.0, 1.0, 1.1]));
        assert_eq!(began(&[&a, &b], &trail(8)), at(4, 4, 4));
        assert!(a.likeness(&b).unwrap() > 0.9);
        assert!(at(4, 4, 4).agrees_with(at(5, 5, 6), HOUR_MS) && !at(4, 4, 4).agrees_with(at(7, 6, 8), HOUR_MS));
        assert!(!at(4, 4, 4).agrees_with(When::Before, HOUR_MS) && at(4, 4, 4).agrees_with(When::Unknown, HOUR_MS));
    }
}
