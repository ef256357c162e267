//! Changes that came and went: a storm of two days is in a month's figures, and is not how the month was.
//!
//! Periods of the baseline tell how much days differ, but not of the days that come once a year. Where most of a change lies in few of a
//! window's own days, on either side of it, and the last day is not one of them, the window has shown that it does not last. It is said, and
//! nobody is alarmed: what a fault of the data left behind has findings of its own ([`crate::quality`]).

use tidegate_profile::{Baseline, FieldProfile, Profile};

use crate::decide::strength;
use crate::field::effects_against_training;
use crate::reference::field_of;
use crate::rules::Rules;
use crate::words::{day, list};
use crate::{Evidence, FieldVerdict, State, Window};

const DAY_MS: i64 = 24 * 3_600_000;

/// Windows of fewer days tell nothing of what is usual for one of their days.
const LEAST_DAYS: usize = 7;

/// One day in so many is left out at either end: those that show most of the change, and those that show least of it.
const ONE_IN: usize = 7;

/// A change of which the other days together show less than this share was not theirs.
const REMAINS: f64 = 0.5;

/// A window's own days.
pub(crate) struct Days<'a> {
    baseline: &'a Baseline,
    days: Vec<&'a (Window, Profile)>,
}

impl<'a> Days<'a> {
    /// `None` where the trail does not cover the window day by day, or the window is too short.
    pub(crate) fn of(window: Window, whole: &Profile, baseline: &'a Baseline, trail: &'a [(Window, Profile)]) -> Option<Self> {
        let is_within = |day: &Window| day.start_ms >= window.start_ms && day.end_ms <= window.end_ms;
        let days: Vec<&(Window, Profile)> = trail.iter().filter(|(day, _)| is_within(day) && day.end_ms - day.start_ms == DAY_MS).collect();
        let records: u64 = days.iter().map(|(_, profile)| profile.records).sum();
        (days.len() >= LEAST_DAYS && records == whole.records).then_some(Self { baseline, days })
    }

    /// What is said of a field's drift against the training set when it has passed; `None` where it has not.
    pub(crate) fn passed(&self, field: &FieldVerdict, rules: &Rules, rate: f64) -> Option<String> {
        let decisive = field.decisive.as_ref()?;
        let of_field = |day: &'a (Window, Profile)| Some((field_of(&day.1, self.baseline, &field.name)?, day.1.records));
        let days: Vec<Option<(&FieldProfile, u64)>> = self.days.iter().map(|day| of_field(day)).collect();
        let size = |(now, records): (&FieldProfile, u64)| {
            let tests = effects_against_training(rules, now, records, self.baseline)?;
            shown(&tests, decisive)
        };
        let sized = days.iter().enumerate().filter_map(|(place, day)| Some((size((*day)?)?, place)));
        let mut sized: Vec<(f64, usize)> = sized.collect();
        sized.sort_by(|a, b| b.0.total_cmp(&a.0));
        let left_out = sized.len() / ONE_IN;
        let most = sized.get(..left_out).filter(|most| !most.is_empty())?;
        let others = sized.get(left_out..sized.len() - left_out)?;
        if most.iter().any(|(_, place)| place + 1 == self.days.len()) {
            return None;
        }
        let (others, records) = together(others.iter().filter_map(|(_, place)| *days.get(*place)?))?;
        let tests = effects_against_training(rules, &others, records, self.baseline)?;
        let remains = |test: &Evidence| shown(&tests, test).is_none_or(|share| share >= REMAINS);
        if field.tests.iter().any(|test| strength(test, rate) == State::Drift && remains(test)) {
            return None;
        }
        let mut places: Vec<usize> = most.iter().map(|(_, place)| *place).collect();
        places.sort_unstable();
        let dates: Vec<String> = places.iter().filter_map(|place| Some(day(self.days.get(*place)?.0.start_ms))).collect();
        let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
        Some(format!("most of it on {} of {} days ({}), and not since", dates.len(), self.days.len(), list(&dates)))
    }
}

/// A field's values of several days, and how many records those had.
fn together<'p>(mut days: impl Iterator<Item = (&'p FieldProfile, u64)>) -> Option<(FieldProfile, u64)> {
    let (first, records) = days.next()?;
    Some(days.fold((first.clone(), records), |(mut sum, all), (day, records)| {
        sum.merge(day);
        (sum, all + records)
    }))
}

/// How much of a change some days' tests show: 1 for as much, negative for the opposite.
fn shown(tests: &[Evidence], change: &Evidence) -> Option<f64> {
    tests.iter().find(|test| test.test == change.test).map(|test| test.effect / change.effect)
}
