//! Data with a weekly tide: what comes every week is no alarm, what does not belong to its hour is.

#![expect(clippy::unwrap_used, clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use support::{learned, noise};
use tidegate_contract::{BaselineKind, Contract};
use tidegate_monitoring::{CauseKind, History, Input, State, Verdict, Window, assess, spans};
use tidegate_profile::{Baseline, BatchFacts, Profile, Profiler, WindowProfile};

const HOUR_MS: i64 = 3_600_000;
const DAY: i64 = 24;
const WEEK: i64 = 7 * DAY;
/// Hour 0 is a Monday's first: 1970-01-05.
const MONDAY_MS: i64 = 4 * DAY * HOUR_MS;

fn bell(seed: u64) -> f64 {
    (0..12).map(|k| noise(seed.wrapping_mul(31).wrapping_add(k))).sum::<f64>() - 6.0
}

/// A world with a tide: the level of `amount`, the mix of `channel` and the number of records depend on the hour of the week, and days
/// have a common effect of their own that lasts from one day to the next.
#[derive(Debug, Clone, Copy)]
struct World {
    seed: u64,
    per_hour: u64,
    /// Whether the training set carries times; without them its rows lie in no order.
    is_training_timed: bool,
    /// By how much `amount` stands higher from the hour on that the training set ends, in standard deviations.
    standing_shift: f64,
}

/// Four weeks in a world of a hundred records an hour.
const QUIET: World = World { seed: 7919, per_hour: 100, is_training_timed: true, standing_shift: 0.0 };

impl World {
    /// The day's own effect, in standard deviations: autoregressive, `ρ = 0.5`, of standard deviation 0.05.
    fn weather(self, day: i64) -> f64 {
        let shock = |back: i64| 0.5_f64.powi(i32::try_from(back).unwrap()) * bell(self.seed ^ ((day - back + 1000) as u64) << 20);
        0.05 * 0.75_f64.sqrt() * (0..8).map(shock).sum::<f64>()
    }

    /// The records of an hour, as if it were the hour `as_of` of the week.
    fn hour(self, hour: i64, as_of: i64) -> Vec<Record> {
        let (of_day, day_of_week) = (as_of.rem_euclid(DAY) as f64, as_of.rem_euclid(WEEK) / DAY);
        let weekend = day_of_week >= 5;
        let tide = (std::f64::consts::TAU * (of_day - 8.0) / 24.0).sin();
        let level = if weekend { 0.8 - 0.4 * tide } else { 1.2 * tide };
        let web = if weekend { 0.8 } else { 0.5 + 0.2 * tide };
        let weather = self.weather(hour.div_euclid(DAY));
        let busy = if weekend { 0.8 } else { 1.0 + 0.3 * tide };
        #[expect(clippy::cast_possible_truncation, reason = "a few hundred records")]
        let count = (self.per_hour as f64 * busy) as u64;
        let record = |i: u64| {
            let seed = self.seed ^ ((hour + 100_000) as u64).wrapping_mul(1_000_003).wrapping_add(i * 7);
            let share = noise(seed.wrapping_add(3));
            let channel = if share < web {
                "web"
            } else if share < web + 0.15 {
                "shop"
            } else {
                "phone"
            };
            let time_ms = MONDAY_MS + hour * HOUR_MS + (i as i64 * HOUR_MS / count as i64);
            Record { time_ms, amount: 100.0 + 15.0 * (bell(seed) + level + weather), channel, score: noise(seed.wrapping_add(5)) }
        };
        (0..count).map(record).collect()
    }
}

#[derive(Debug, Clone)]
struct Record {
    time_ms: i64,
    amount: f64,
    channel: &'static str,
    score: f64,
}

fn contract() -> Contract {
    let text = "model: churn\ntask: binary\nfeatures:\n  - { name: amount, type: numeric }\n  - { name: channel, type: categorical }\n";
    Contract::parse(text).unwrap()
}

fn batch(records: &[Record]) -> RecordBatch {
    let times: TimestampMillisecondArray = records.iter().map(|record| Some(record.time_ms)).collect();
    let texts =
        |of: fn(&Record) -> Option<&'static str>| -> ArrayRef { Arc::new(records.iter().map(of).collect::<DictionaryArray<Int32Type>>()) };
    let numbers = |of: fn(&Record) -> Option<f64>| -> ArrayRef { Arc::new(records.iter().map(of).collect::<Float64Array>()) };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("timestamp", Arc::new(times.with_timezone("UTC"))),
        ("inference_id", Arc::new(records.iter().map(|_| None::<&str>).collect::<StringArray>())),
        ("amount", numbers(|record| Some(record.amount))),
        ("channel", texts(|record| Some(record.channel))),
        ("score", numbers(|record| Some(record.score))),
        ("prediction", texts(|_| None)),
        ("latency_ms", numbers(|_| None)),
    ];
    support::batch(columns)
}

/// A model with a training set of some weeks, and the hours after it.
struct Story {
    contract: Contract,
    world: World,
    baseline: Baseline,
    profiler: Profiler,
    /// First hour after the training set.
    first: i64,
    hours: Vec<Profile>,
}

impl Story {
    fn new(world: World, training_weeks: i64, weeks: i64) -> Self {
        let contract = contract();
        let mut records: Vec<Record> = (0..training_weeks * WEEK).flat_map(|hour| world.hour(hour, hour)).collect();
        if !world.is_training_timed {
            records.sort_by_key(|record| noise(record.score.to_bits()).to_bits());
        }
        let mut records = batch(&records);
        if !world.is_training_timed {
            let none: TimestampMillisecondArray = (0..records.num_rows()).map(|_| None::<i64>).collect();
            let mut columns = records.columns().to_vec();
            *columns.first_mut().unwrap() = Arc::new(none.with_timezone("UTC"));
            records = RecordBatch::try_new(records.schema(), columns).unwrap();
        }
        let baseline = learned(&contract, &[records]);
        let profiler = Profiler::new(&contract.fields(), Some(&baseline));
        let mut story = Self { contract, world, baseline, profiler, first: training_weeks * WEEK, hours: Vec::new() };
        story.hours = (story.first..story.first + weeks * WEEK).map(|hour| story.profile(&story.records(hour, hour))).collect();
        story
    }

    /// The records of an hour, as if it were another of the week; after the training set with what shifted since.
    fn records(&self, hour: i64, as_of: i64) -> Vec<Record> {
        let mut records = self.world.hour(hour, as_of);
        for record in &mut records {
            record.amount += 15.0 * self.world.standing_shift;
        }
        records
    }

    fn profile(&self, records: &[Record]) -> Profile {
        let mut profile = self.profiler.start();
        self.profiler.observe(&mut profile, &batch(records), &BatchFacts::default()).unwrap();
        profile
    }

    fn span(&self, from: i64, length: i64) -> Window {
        let start_ms = MONDAY_MS + (self.first + from) * HOUR_MS;
        Window { start_ms, end_ms: start_ms + length * HOUR_MS }
    }

    /// The sum of the hours of a span, as far as they lie after the training set; `None` without any.
    fn sum(&self, span: Window) -> Option<Profile> {
        let hour = |ms: i64| usize::try_from(((ms - MONDAY_MS) / HOUR_MS - self.first).max(0)).unwrap();
        let mut sum: Option<Profile> = None;
        for hour in self.hours.get(hour(span.start_ms)..hour(span.end_ms)).unwrap_or_default() {
            match &mut sum {
                Some(sum) => sum.merge(hour).unwrap(),
                None => sum = Some(hour.clone()),
            }
        }
        sum
    }

    /// Judges the window of `length` hours from the hour `from` after the training set on; `as_of` says which hours it pretends to be.
    fn judge(&self, from: i64, length: i64, as_of: Option<i64>) -> Verdict {
        self.judge_in(from, length, as_of, true)
    }

    fn judge_in(&self, from: i64, length: i64, as_of: Option<i64>, in_series: bool) -> Verdict {
        let window = self.span(from, length);
        let current = match as_of {
            None => self.sum(window).unwrap(),
            Some(as_of) => {
                let records: Vec<Record> = (0..length).flat_map(|hour| self.records(self.first + from + hour, as_of + hour)).collect();
                self.profile(&records)
            }
        };
        let spans = spans(window);
        let previous = self.sum(spans.previous);
        let same_hours: Vec<Profile> = spans.same_hours.iter().filter_map(|span| self.sum(*span)).collect();
        let week = spans.week.filter(|_| from >= WEEK).and_then(|week| self.sum(week));
        let history = History { previous: previous.as_ref(), same_hours: &same_hours, week: week.as_ref(), trail: &[] };
        assess(&Input {
            contract: &self.contract,
            window,
            baseline: Some(&self.baseline),
            current: &WindowProfile::new(current),
            history,
            in_series,
        })
    }
}

/// The weeks after the training set that are judged.
const WEEKS: i64 = 8;

fn alarms(story: &Story, length: i64, step: usize) -> Vec<String> {
    let windows = (0..=WEEKS * WEEK - length).step_by(step);
    let verdicts = windows.map(|from| (from, story.judge(from, length, None)));
    verdicts
        .filter(|(_, verdict)| matches!(verdict.state, State::Drift | State::Warning))
        .map(|(from, verdict)| format!("{length} h from hour {from} on: {}", verdict.headline))
        .collect()
}

#[test]
fn eight_weeks_of_a_weekly_tide_are_no_alarm_whatever_the_window() {
    for (seed, training_weeks) in [(11, 4), (13, 8)] {
        let story = Story::new(World { seed, ..QUIET }, training_weeks, WEEKS);
        // Hours and quarters of a day are thinned so that every hour of the week has its turn.
        for (length, step) in [(1, 11), (6, 18), (24, 24)] {
            assert_eq!(alarms(&story, length, step), [""; 0], "training of {training_weeks} weeks");
        }
    }
}

#[test]
fn what_does_not_belong_to_its_hour_is_an_alarm_within_one_window() {
    let story = Story::new(QUIET, 4, WEEKS);
    let (tuesday, saturday) = (DAY, 5 * DAY);
    for week in [0, 1, 5, 7].map(|week| week * WEEK) {
        // All of these levels and mixes occur every week, at other hours.
        for (what, from, length, as_of) in [
            ("a Saturday on a Tuesday", week + tuesday, 24, saturday),
            ("night at noon", week + tuesday + 13, 1, 2),
            ("the small hours at midday", week + tuesday + 11, 6, 0),
            ("a weekday's night on a Saturday", week + saturday + 2, 1, tuesday + 2),
        ] {
            let verdict = story.judge(from, length, Some(as_of));
            assert_eq!(verdict.state, State::Drift, "{what} in week {}: {}", week / WEEK, verdict.headline);
        }
    }
}

#[test]
fn what_is_unusual_for_its_hour_is_told_by_past_weeks_where_the_training_set_shows_it_on_other_days() {
    // Three weeks do not tell the hours of the week apart, and their Saturdays make a Tuesday's Saturday ordinary.
    let story = Story::new(QUIET, 3, WEEKS);
    let verdict = story.judge(6 * WEEK + DAY, 24, Some(5 * DAY));
    let amount = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
    assert_eq!((verdict.state, amount.baseline), (State::Drift, Some(BaselineKind::Seasonal)), "{}", verdict.headline);
    assert_eq!(story.judge(6 * WEEK + DAY, 24, None).state, State::Ok);
    let seasonal = verdict.baselines.iter().find(|baseline| baseline.kind == BaselineKind::Seasonal).unwrap();
    assert_eq!((seasonal.id.as_str(), seasonal.periods), ("1970-01-27T00:00:00Z/1970-03-04T00:00:00Z", 6));
}

#[test]
fn a_swing_that_comes_every_week_is_said_to_and_is_no_alarm() {
    // A training set without times: every quarter of a day is far from the whole.
    let story = Story::new(World { is_training_timed: false, ..QUIET }, 4, 6);
    let verdicts: Vec<Verdict> = (5 * WEEK..6 * WEEK).step_by(6).map(|from| story.judge(from, 6, None)).collect();
    let alarms: Vec<&Verdict> = verdicts.iter().filter(|verdict| matches!(verdict.state, State::Drift | State::Warning)).collect();
    // A small swing of which the past weeks cannot be sure is still a move.
    assert!(alarms.len() <= 1, "{:#?}", alarms.iter().map(|verdict| (&verdict.headline, &verdict.fields[0].opinions)).collect::<Vec<_>>());
    let swings: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.cause.kind == CauseKind::Season).collect();
    assert!(swings.len() > 20, "{}", swings.len());
    for swing in swings {
        assert!(swing.headline.ends_with("look as at this time of every week."), "{}", swing.headline);
        let field = swing.fields.iter().find(|field| field.season).unwrap();
        let training = field.opinions.first().unwrap();
        assert_eq!((training.baseline, field.baseline), (BaselineKind::Training, Some(BaselineKind::Seasonal)));
        assert!(matches!(training.state, State::Drift | State::Warning), "{training:?}");
        assert!(field.sentence.ends_with(", as at this time of every week"), "{}", field.sentence);
    }
    let anomaly = story.judge(5 * WEEK + DAY + 11, 6, Some(0));
    assert_eq!(anomaly.state, State::Drift, "the small hours at midday: {}", anomaly.headline);
}

#[test]
fn a_standing_shift_stays_drift_and_is_said_to_be_no_news() {
    let story = Story::new(World { standing_shift: 0.5, ..QUIET }, 4, 7);
    let verdict = story.judge(6 * WEEK + DAY, 24, None);
    let amount = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
    assert_eq!((amount.state, amount.baseline), (State::Drift, Some(BaselineKind::Training)), "{}", amount.sentence);
    assert!(verdict.headline.ends_with(", as in the weeks before, so not new."), "{}", verdict.headline);
}

#[test]
fn a_window_of_a_series_is_corrected_over_a_month_of_them() {
    let story = Story::new(QUIET, 4, 2);
    let p = |in_series: bool| -> Vec<(f64, f64, f64)> {
        let verdict = story.judge_in(DAY, 24, Some(5 * DAY), in_series);
        let amount = verdict.fields.iter().find(|field| field.name == "amount").unwrap();
        amount.tests.iter().map(|test| (test.p, test.p_adjusted, amount.smallest_visible.unwrap())).collect()
    };
    let (alone, series) = (p(false), p(true));
    let both = || alone.iter().zip(&series);
    assert!(
        both().all(|(alone, series)| alone.0.to_bits() == series.0.to_bits() && series.2 > alone.2),
        "the test is the same, the level stricter"
    );
    assert!(both().any(|(alone, series)| series.1 < 1.0 && (series.1 / alone.1 / 30.0 - 1.0).abs() < 1e-9), "{alone:?} {series:?}");
}

#[test]
fn months_of_daily_windows_without_drift_hardly_ever_raise_an_alarm() {
    // A false discovery rate of 0.015 allows one month in sixty-seven; these are twenty, of three fields, with days that differ anyway.
    let alarms: Vec<String> = (0..20)
        .flat_map(|seed| {
            let story = Story::new(World { seed: 1000 + seed, per_hour: 15, ..QUIET }, 4, 4);
            (0..28).map(|day| story.judge(day * DAY, 24, None)).collect::<Vec<_>>()
        })
        .filter(|verdict| matches!(verdict.state, State::Drift | State::Warning))
        .map(|verdict| verdict.headline)
        .collect();
    assert!(alarms.len() <= 1, "{alarms:#?}");
}
