//! Changes that came and went: a storm of two days is in a month's figures, and is not how the month was.
//!
//! Periods of the baseline tell how much days differ, but not of the days that come once a year. Where most of a change lies in few of a
//! window's own days, on either side of it, and the last day is not one of them, the window has shown that it does not last. It is said, and
//! nobody is alarmed: what a fault of the data left behind has findings of its own ([`crate::quality`]).

use tidegate_profile::{Baseline, FieldProfile, Profile};

use crate::decide::strength;
use crate::field::effects_against_training;
use crate::history::DAY_MS;
use crate::reference::field_of;
use crate::rules::Rules;
use crate::words::{date, list};
use crate::{Evidence, FieldVerdict, State, Window};

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

/// A field on one of them.
struct Day<'a> {
    window: Window,
    now: &'a FieldProfile,
    records: u64,
    /// How much of the change it shows.
    shown: f64,
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
        let day = |(window, profile): &&'a (Window, Profile)| {
            let now = field_of(profile, self.baseline, &field.name)?;
            let tests = effects_against_training(rules, now, profile.records, self.baseline)?;
            Some(Day { window: *window, now, records: profile.records, shown: shown(&tests, decisive)? })
        };
        let mut days: Vec<Day<'_>> = self.days.iter().filter_map(day).collect();
        days.sort_by(|a, b| b.shown.total_cmp(&a.shown));
        let left_out = days.len() / ONE_IN;
        let (most, others) = (days.get(..left_out)?, days.get(left_out..days.len() - left_out)?);
        let (last, _) = self.days.last()?;
        if most.is_empty() || most.iter().any(|day| day.window == *last) {
            return None;
        }
        let (now, records) = together(others)?;
        let tests = effects_against_training(rules, &now, records, self.baseline)?;
        let remains = |test: &Evidence| shown(&tests, test).is_none_or(|share| share >= REMAINS);
        if field.tests.iter().any(|test| strength(test, rate) == State::Drift && remains(test)) {
            return None;
        }
        let mut dates: Vec<String> = most.iter().map(|day| date(day.window.start_ms)).collect();
        dates.sort_unstable();
        let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
        Some(format!("most of it on {} of {} days ({}), and not since", dates.len(), self.days.len(), list(&dates)))
    }
}

/// A field's values of several days, and how many records those had.
fn together(days: &[Day<'_>]) -> Option<(FieldProfile, u64)> {
    let (first, others) = days.split_first()?;
    let mut sum = first.now.clone();
    for day in others {
        sum.merge(day.now);
    }
    Some((sum, days.iter().map(|day| day.records).sum()))
}

/// How much of a change some days' tests show: 1 for as much, negative for the opposite.
fn shown(tests: &[Evidence], change: &Evidence) -> Option<f64> {
    tests.iter().find(|test| test.test == change.test).map(|test| test.effect / change.effect)
}
