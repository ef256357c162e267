//! What a window's counts are compared with: the training set's, the window's before, or those of the same hours of past weeks, and
//! the ordinary variation between periods that belongs to each.

use std::cell::OnceCell;
use std::rc::Rc;

use chrono::{Datelike, NaiveDate};
use tidegate_profile::{Baseline, Counts, FieldBaseline, FieldProfile, Profile};

use crate::Window;
use crate::contrast::Space;
use crate::history::{DAY_MS, HOUR_MS};
use crate::resemblance::Resemblance;

const HOURS_OF_DAY: usize = 24;
const HOURS_OF_WEEK: usize = 7 * HOURS_OF_DAY;
const DAYS_OF_WEEK: usize = 7;

/// Fewer values than this, and a part of the baseline (the window's hours of the week or day), a window before or the past weeks are
/// not compared with.
const MIN_VALUES: u64 = 200;

/// A period with fewer usable values than this says nothing about ordinary variation.
const MIN_VALUES_IN_PERIOD: u64 = 20;

/// Fewer periods than this do not tell ordinary variation from chance.
pub(crate) const MIN_PERIODS: usize = 5;

/// Each day of the week must have been there so often before its own ups and downs are told from the week's.
const MIN_OF_EACH_WEEKDAY: usize = 3;

/// A field's counts on the baseline's side.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// Usable values per cell.
    pub(crate) cells: Vec<u64>,
    /// Values that were not usable.
    pub(crate) absent: u64,
    /// Its own periods that hold enough values; empty when there are fewer than [`MIN_PERIODS`].
    pub(crate) periods: Vec<Period>,
    /// How many periods a window of this length spans, at least 1.
    pub(crate) periods_in_window: f64,
    /// How many periods these counts span, at least 1.
    pub(crate) periods_behind: f64,
    /// How many expectations the periods were measured around, each learned from them: 1, or one per day of the week.
    pub(crate) expectations: f64,
    /// The training set as a whole, whose periods say how much this reference and a window differ anyway; `None` when its own periods do.
    pub(crate) ordinary: Option<Rc<Reference>>,
    /// How much neighbouring records resemble each other.
    pub(crate) resemblance: Resemblance,
    /// Its space, once others have borrowed from it.
    space: OnceCell<Option<Rc<Space>>>,
}

/// The counts of one period, and what they are measured around.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    /// What the period showed.
    pub(crate) counts: Counts,
    /// What was to be expected of it: the whole, or all days of the same weekday.
    pub(crate) expected: Rc<Counts>,
    /// By how much a deviation is larger than it looks because the period is part of what it is measured around:
    /// `√(k/(k − 1))` with `k` periods, and 1 where the degrees of freedom say it.
    pub(crate) stretch: f64,
}

impl Period {
    /// Whether enough values are there.
    fn tells(counts: &Counts) -> bool {
        counts.cells.iter().sum::<u64>() >= MIN_VALUES_IN_PERIOD
    }
}

/// Makes the references of one field, which share what the training set's periods say.
#[derive(Debug)]
pub(crate) struct References<'b> {
    baseline: &'b Baseline,
    field: &'b FieldBaseline,
    window: Window,
    whole: Rc<Reference>,
    by_weekday: OnceCell<Rc<Reference>>,
}

impl<'b> References<'b> {
    /// `None` when the baseline has no usable value of the field at `position`.
    pub(crate) fn new(baseline: &'b Baseline, position: usize, window: Window) -> Option<Self> {
        let whole = Rc::new(Reference::whole(baseline, position, window)?);
        Some(Self { baseline, field: baseline.fields.get(position)?, window, whole, by_weekday: OnceCell::new() })
    }

    /// The training set as a whole, with each day measured around the days of its weekday.
    fn by_weekday(&self) -> Rc<Reference> {
        let around = || {
            let around = Reference::clone(&self.whole).around_weekdays(&self.baseline.periods, &self.field.periods);
            Rc::new(Reference { space: OnceCell::new(), ..around })
        };
        Rc::clone(self.by_weekday.get_or_init(around))
    }

    /// The training set: for windows shorter than a week its same hours of the week, or failing that of the day, where they hold enough
    /// values.
    ///
    /// Ordinary variation is that between the training set's periods. Where the window is compared with its own hours of the week, the
    /// week's ups and downs are not part of it: each day is then measured around the days of the same weekday.
    pub(crate) fn training(&self) -> Reference {
        let Some((counts, part)) = same_hours(&self.field.hours, self.window) else { return Reference::clone(&self.whole) };
        let kept = self.whole.periods.len().max(1) as f64;
        match part {
            Part::HoursOfDay => Reference::borrowing(counts, kept, Rc::clone(&self.whole)),
            Part::HoursOfWeek => {
                let weeks = kept / DAYS_OF_WEEK as f64;
                Reference::borrowing(counts, (weeks * days(self.window)).max(1.0), self.by_weekday())
            }
        }
    }

    /// The window before. Two windows differ by the ordinary variation of both.
    pub(crate) fn previous(&self, before: &FieldProfile) -> Option<Reference> {
        let counts = self.enough(counts_of(before)?)?;
        Some(Reference::borrowing(counts, self.whole.periods_in_window, Rc::clone(&self.whole)))
    }

    /// The same hours of past weeks together. How much one week differs from the next is told by the training set's periods and, when there
    /// are [`MIN_PERIODS`] weeks that hold enough values, by the weeks themselves: whichever differ more. Where the training set knows
    /// nothing of time, the weeks alone tell.
    pub(crate) fn seasonal(&self, weeks: &[&FieldProfile]) -> Option<Reference> {
        let cells = self.whole.cells.len();
        let weeks: Vec<Counts> = weeks.iter().filter_map(|week| counts_of(week)).filter(|week| week.cells.len() == cells).collect();
        let sum = self.enough(sum(&weeks)?)?;
        let expected = Rc::new(sum.clone());
        let period = |counts: &Counts| Period { counts: counts.clone(), expected: Rc::clone(&expected), stretch: 1.0 };
        let telling: Vec<Period> = weeks.iter().filter(|week| Period::tells(week)).map(period).collect();
        let count = telling.len().max(1) as f64;
        let periods = if telling.len() < MIN_PERIODS { Vec::new() } else { telling };
        if self.field.hours.is_empty() && !periods.is_empty() {
            return Some(Reference { periods_behind: count, periods, ..Reference::plain(sum) });
        }
        let behind = self.whole.periods_in_window * count;
        Some(Reference { periods, ..Reference::borrowing(sum, behind, self.by_weekday()) })
    }

    /// Counts in the training set's cells, when there are enough of them.
    fn enough(&self, counts: Counts) -> Option<Counts> {
        (counts.cells.len() == self.whole.cells.len() && counts.cells.iter().sum::<u64>() >= MIN_VALUES).then_some(counts)
    }
}

impl Reference {
    /// As [`References::training`], but knowing nothing of ordinary variation: enough to tell how far, not whether by chance.
    pub(crate) fn without_periods(baseline: &Baseline, position: usize, window: Window) -> Option<Self> {
        let field = baseline.fields.get(position)?;
        field.anchor.as_ref()?;
        let counts = match same_hours(&field.hours, window) {
            Some((counts, _)) => counts,
            None => whole_counts(baseline, position)?,
        };
        Some(Self::plain(counts))
    }

    /// The training set as a whole, knowing nothing of ordinary variation.
    pub(crate) fn whole_without_periods(baseline: &Baseline, position: usize) -> Option<Self> {
        baseline.fields.get(position)?.anchor.as_ref()?;
        whole_counts(baseline, position).map(Self::plain)
    }

    /// The training set as a whole, its periods measured around it.
    pub(crate) fn whole(baseline: &Baseline, position: usize, window: Window) -> Option<Self> {
        let field = baseline.fields.get(position)?;
        field.anchor.as_ref()?;
        let whole = whole_counts(baseline, position)?;
        // Blocks of rows have no length in time: a window then counts as one period, the cautious choice.
        let have_length = !field.hours.is_empty() || single_days(&baseline.periods).is_some();
        let periods_in_window = if have_length { days(window) } else { 1.0 };
        let whole = Self::with_periods(whole, &field.periods, periods_in_window);
        let resemblance = Resemblance::new(&field.runs, whole.present() as f64 / whole.periods_behind);
        Some(Self { resemblance, ..whole })
    }

    /// Counts with their own periods, measured around them all; those that hold too few values are left out.
    pub(crate) fn with_periods(whole: Counts, periods: &[Counts], periods_in_window: f64) -> Self {
        let expected = Rc::new(whole.clone());
        let period = |counts: &Counts| Period { counts: counts.clone(), expected: Rc::clone(&expected), stretch: 1.0 };
        let periods: Vec<Period> = periods.iter().filter(|counts| Period::tells(counts)).map(period).collect();
        let periods = if periods.len() < MIN_PERIODS { Vec::new() } else { periods };
        Self { periods_in_window, periods_behind: periods.len().max(1) as f64, periods, ..Self::plain(whole) }
    }

    /// The same periods, each measured around the days of its weekday, when they are single days and each weekday is there often enough.
    fn around_weekdays(self, labels: &[String], periods: &[Counts]) -> Self {
        let Some(days) = single_days(labels) else { return self };
        let mut groups: [Vec<&Counts>; DAYS_OF_WEEK] = Default::default();
        for (day, counts) in days.iter().zip(periods).filter(|(_, counts)| Period::tells(counts)) {
            if let Some(group) = groups.get_mut(weekday(*day)) {
                group.push(counts);
            }
        }
        // A weekday without records (a shop that is closed on Sundays) has no ups and downs to tell.
        if groups.iter().any(|group| !group.is_empty() && group.len() < MIN_OF_EACH_WEEKDAY) {
            return self;
        }
        let expected: Vec<Option<Rc<Counts>>> = groups.iter().map(|group| sum(group.iter().copied()).map(Rc::new)).collect();
        let around = |(day, counts): (&NaiveDate, &Counts)| {
            let (group, expected) = (groups.get(weekday(*day))?.len() as f64, expected.get(weekday(*day))?.as_ref()?);
            let period = Period { counts: counts.clone(), expected: Rc::clone(expected), stretch: (group / (group - 1.0)).sqrt() };
            Period::tells(counts).then_some(period)
        };
        let periods: Vec<Period> = days.iter().zip(periods).filter_map(around).collect();
        let expectations = expected.iter().flatten().count() as f64;
        if periods.len() < MIN_PERIODS { self } else { Self { periods, expectations, ..self } }
    }

    /// The space that others borrow ordinary variation from, made once.
    pub(crate) fn space(&self, of: &dyn Fn(&Self) -> Option<Space>) -> Option<Rc<Space>> {
        self.space.get_or_init(|| of(self).map(Rc::new)).clone()
    }

    /// Counts of which nothing more is known.
    pub(crate) fn plain(counts: Counts) -> Self {
        Self {
            cells: counts.cells,
            absent: counts.absent,
            periods: Vec::new(),
            periods_in_window: 1.0,
            periods_behind: 1.0,
            expectations: 1.0,
            ordinary: None,
            resemblance: Resemblance::default(),
            space: OnceCell::new(),
        }
    }

    fn borrowing(counts: Counts, periods_behind: f64, ordinary: Rc<Self>) -> Self {
        let resemblance = ordinary.resemblance.clone();
        Self { periods_in_window: ordinary.periods_in_window, periods_behind, resemblance, ordinary: Some(ordinary), ..Self::plain(counts) }
    }

    /// Number of usable values.
    pub(crate) fn present(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// The reference whose periods say what is ordinary: itself, or the training set.
    pub(crate) fn of_periods(&self) -> &Self {
        self.ordinary.as_deref().unwrap_or(self)
    }
}

/// Length in days, at least 1.
fn days(window: Window) -> f64 {
    ((window.end_ms - window.start_ms) as f64 / DAY_MS as f64).max(1.0)
}

fn weekday(day: NaiveDate) -> usize {
    day.weekday().num_days_from_monday() as usize
}

/// The periods' days, when each period is a day of its own: joined days are never neighbours by their first ones.
fn single_days(labels: &[String]) -> Option<Vec<NaiveDate>> {
    let days: Vec<NaiveDate> = labels.iter().map(|label| label.parse().ok()).collect::<Option<_>>()?;
    days.windows(2).any(|pair| matches!(pair, [first, second] if first.succ_opt() == Some(*second))).then_some(days)
}

fn sum<'a>(counts: impl IntoIterator<Item = &'a Counts>) -> Option<Counts> {
    let mut counts = counts.into_iter();
    let mut sum = counts.next()?.clone();
    for more in counts {
        sum.absent += more.absent;
        sum.cells.iter_mut().zip(&more.cells).for_each(|(cell, more)| *cell += more);
    }
    Some(sum)
}

/// A field's counts over the whole baseline.
fn whole_counts(baseline: &Baseline, position: usize) -> Option<Counts> {
    counts_of(baseline.profile.fields.get(position)?)
}

/// A field's counts, with one cell more than the anchor lists for a categorical field.
fn counts_of(profile: &FieldProfile) -> Option<Counts> {
    let absent = profile.missing + profile.wrong_type + profile.infinite;
    if let Some(numeric) = &profile.numeric {
        return Some(Counts { absent, cells: numeric.cells.clone() });
    }
    let categorical = profile.categorical.as_ref()?;
    let mut cells = categorical.cells.clone();
    cells.push(categorical.outside());
    Some(Counts { absent, cells })
}

/// A field of a profile that was counted in the baseline's cells.
pub(crate) fn field_of<'p>(profile: &'p Profile, baseline: &Baseline, name: &str) -> Option<&'p FieldProfile> {
    (profile.anchor.as_deref() == Some(baseline.id.as_str())).then(|| profile.fields.iter().find(|field| field.name == name))?
}

/// Which hours of the training set a window is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    HoursOfWeek,
    HoursOfDay,
}

/// The counts of the window's hours of the week where they hold enough values, or failing that of its hours of the day; `None` when the
/// window covers them all, or neither holds enough.
fn same_hours(hours: &[Counts], window: Window) -> Option<(Counts, Part)> {
    let length = usize::try_from((window.end_ms - window.start_ms) / HOUR_MS).ok()?.max(1);
    // 1970 began on a Thursday.
    let first = usize::try_from((window.start_ms.div_euclid(HOUR_MS) + 3 * 24).rem_euclid(7 * 24)).ok()?;
    let tried = [(Part::HoursOfWeek, HOURS_OF_WEEK), (Part::HoursOfDay, HOURS_OF_DAY)].into_iter();
    tried.filter(|(_, cycle)| length < *cycle && hours.len() >= *cycle).find_map(|(part, cycle)| {
        let is_meant = |hour: usize| (hour + cycle - first % cycle) % cycle < length;
        let meant = hours.iter().enumerate().filter(|(hour, _)| is_meant(hour % cycle)).map(|(_, counts)| counts);
        let counts = sum(meant).filter(|counts| counts.cells.iter().sum::<u64>() >= MIN_VALUES)?;
        Some((counts, part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(count: usize, each: u64) -> Vec<Counts> {
        (0..count).map(|hour| Counts { absent: 0, cells: vec![each, u64::from(hour == 25)] }).collect()
    }

    /// Tuesday 1970-01-06, from one o'clock on.
    fn tuesday(length: i64) -> Window {
        let start_ms = (5 * 24 + 1) * HOUR_MS;
        Window { start_ms, end_ms: start_ms + length * HOUR_MS }
    }

    #[test]
    fn a_short_window_is_compared_with_its_hours_of_the_week() {
        let (counts, part) = same_hours(&hours(168, 100), tuesday(3)).unwrap();
        assert_eq!((counts.cells, part), (vec![300, 1], Part::HoursOfWeek));
    }

    #[test]
    fn hours_of_the_week_with_few_values_give_way_to_hours_of_the_day_and_those_to_the_whole() {
        let (counts, part) = same_hours(&hours(168, 50), tuesday(3)).unwrap();
        assert_eq!((counts.cells, part), (vec![3 * 7 * 50, 1], Part::HoursOfDay));
        assert!(same_hours(&hours(168, 5), tuesday(3)).is_none());
        assert!(same_hours(&hours(24, 100), tuesday(24)).is_none(), "a day covers all hours of the day");
        assert_eq!(same_hours(&hours(168, 100), tuesday(24)).unwrap().1, Part::HoursOfWeek);
        assert!(same_hours(&hours(168, 100), tuesday(168)).is_none());
    }

    #[test]
    fn hours_wrap_around_midnight_and_the_end_of_the_week() {
        let night = Window { start_ms: 95 * HOUR_MS, end_ms: 97 * HOUR_MS };
        let marked: Vec<Counts> = (0..168).map(|hour| Counts { absent: 0, cells: vec![hour * 1000] }).collect();
        assert_eq!(same_hours(&marked, night).unwrap().0.cells, [167 * 1000], "Sunday's last hour and Monday's first");
    }

    #[test]
    fn joined_days_are_not_taken_for_single_ones() {
        let labels = |days: &[&str]| days.iter().map(|day| (*day).to_owned()).collect::<Vec<_>>();
        assert!(single_days(&labels(&["2013-01-01", "2013-01-02", "2013-01-04"])).is_some());
        assert!(single_days(&labels(&["2013-01-01", "2013-01-03", "2013-01-05"])).is_none());
        assert!(single_days(&labels(&["block 1", "block 2"])).is_none());
    }
}
