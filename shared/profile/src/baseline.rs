//! A complete data set that windows are compared with: its frozen cells, and what it counts in them.

use std::collections::BTreeMap;

use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, DictionaryArray, PrimitiveArray, RecordBatch};
use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};
use tidegate_contract::{FeatureKind, Field};

use crate::counter::{ABSENT, Counter, names_of};
use crate::observe::timestamps;
use crate::room::add_capped;
use crate::runs::{RunVariation, Runs};
use crate::{BatchFacts, CategoricalAnchor, FieldAnchor, NumericAnchor, Profile, ProfileError, Profiler, SegmentProfile, Source};

/// A complete data set that windows are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Identifier: the digest of the dataset version.
    pub id: String,
    /// Where it came from.
    pub source: Source,
    /// The whole baseline, counted in its own cells.
    pub profile: Profile,
    /// Labels of the consecutive periods (`2013-01-01`, or `block 1`) by which ordinary variation was learned.
    pub periods: Vec<String>,
    /// One entry per field, in the order of `profile.fields`.
    pub fields: Vec<FieldBaseline>,
    /// The segments of each period, in the order of [`Baseline::periods`]; empty without segments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Vec<SegmentProfile>>,
}

/// The cells of one field, and how its counts vary within the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldBaseline {
    /// The field's cells; `None` when the baseline had no usable value of it.
    pub anchor: Option<FieldAnchor>,
    /// Counts per period, in the order of [`Baseline::periods`].
    pub periods: Vec<Counts>,
    /// Counts per hour of the week (UTC), 168 of them from Monday 00:00 on, when the records span four weeks; otherwise per hour of
    /// the day, 24 of them; empty when the records carried no time.
    pub hours: Vec<Counts>,
    /// How much neighbouring rows resemble each other, by length of run, shortest first; none longer than an hour's rows, and empty when
    /// there were too few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunVariation>,
}

/// Counts of one field in a part of the records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Values that were not usable.
    pub absent: u64,
    /// Usable values per cell; categorical: one cell more than the anchor has values, for all others together.
    pub cells: Vec<u64>,
}

impl Baseline {
    /// The position of a field by name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.profile.fields.iter().position(|field| field.name == name)
    }

    /// The cells of a field by name.
    #[must_use]
    pub fn anchor_of(&self, name: &str) -> Option<&FieldAnchor> {
        self.fields.get(self.position(name)?)?.anchor.as_ref()
    }
}

/// Values kept per numeric field to place edges by. Edges are frozen either way, and counting in them is exact; a larger
/// sample would only make the cells more even.
const SAMPLE: usize = 32_768;

/// Distinct values counted per categorical field; beyond it the rarest are not told from new ones.
const DISTINCT: usize = 100_000;

/// With records on at least so many days, the days are the periods.
const MIN_DAYS: usize = 8;

/// At most so many periods are kept; longer baselines join neighbouring days.
const MAX_PERIODS: usize = 62;

/// Without enough days, the rows are cut into this many blocks, in their order.
const BLOCKS: u64 = 20;

/// Fewer rows than this are not cut into blocks.
const MIN_ROWS_FOR_BLOCKS: u64 = 400;

/// Hours of a day.
pub(crate) const HOURS_OF_DAY: usize = 24;

/// Hours of a week.
pub(crate) const HOURS_OF_WEEK: usize = 7 * HOURS_OF_DAY;

/// With records over so many days, each hour of the week has been there four times, and the hours of the week are told apart.
const MIN_DAYS_FOR_WEEKS: i64 = 28;

/// A data set of so many features and cells that its hours of the week would be more counts than these keeps its hours of the day only
/// (160 MB).
const MOST_HOURLY_COUNTS: usize = 20_000_000;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// First pass over a data set: learns where the cells' edges lie, from a sample that is the same for the same rows.
#[derive(Debug)]
pub struct Sampler {
    fields: Vec<Field>,
    samples: Vec<FieldSample>,
    rows: u64,
    days: BTreeMap<i64, u64>,
    timed: u64,
}

#[derive(Debug)]
enum FieldSample {
    Numeric { kept: Vec<(u64, f64)>, threshold: u64, min: f64, max: f64 },
    Categorical { counts: BTreeMap<String, u64>, overflowed: bool },
}

/// `SplitMix64`'s finaliser: spreads row numbers evenly, so that any threshold keeps an even sample.
/// Source: Steele, Lea and Flood (2014), *Fast splittable pseudorandom number generators*.
pub(crate) fn spread(row: u64) -> u64 {
    let mut z = row.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Sampler {
    /// A first pass over these fields (`Contract::fields`).
    #[must_use]
    pub fn new(fields: &[Field]) -> Self {
        let sample = |field: &Field| match field.kind {
            FeatureKind::Numeric => {
                FieldSample::Numeric { kept: Vec::new(), threshold: u64::MAX, min: f64::INFINITY, max: f64::NEG_INFINITY }
            }
            FeatureKind::Categorical => FieldSample::Categorical { counts: BTreeMap::new(), overflowed: false },
        };
        Self { fields: fields.to_vec(), samples: fields.iter().map(sample).collect(), rows: 0, days: BTreeMap::new(), timed: 0 }
    }

    /// Looks at a batch.
    ///
    /// # Errors
    /// [`ProfileError::Column`] if a field's column is absent or of another type.
    pub fn observe(&mut self, batch: &RecordBatch) -> Result<(), ProfileError> {
        for ms in timestamps(batch)?.iter().flatten() {
            *self.days.entry(ms.div_euclid(DAY_MS)).or_default() += 1;
            self.timed += 1;
        }
        for (field, learned) in self.fields.iter().zip(&mut self.samples) {
            let column = batch.column_by_name(&field.name);
            let wrong = || ProfileError::Column {
                column: field.name.clone(),
                found: column.map_or_else(|| "no such column".to_owned(), |array| array.data_type().to_string()),
                expected: if field.kind == FeatureKind::Numeric { "Float64" } else { "Dictionary(Int32, Utf8)" }.to_owned(),
            };
            let any = column.ok_or_else(wrong)?.as_any();
            match field.kind {
                FeatureKind::Numeric => learned.numbers(any.downcast_ref().ok_or_else(wrong)?, self.rows),
                FeatureKind::Categorical => learned.names(any.downcast_ref().ok_or_else(wrong)?, &field.name)?,
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Freezes the cells and starts the second pass.
    #[must_use]
    pub fn freeze(self, id: &str, source: Source) -> BaselineBuilder {
        let anchors: Vec<Option<FieldAnchor>> = self.samples.into_iter().map(FieldSample::anchor).collect();
        let periods = Periods::new(self.rows, self.timed, &self.days);
        let profiler = Profiler::with_anchors(id, &self.fields, &anchors, periods.labels.len());
        let have_times = self.rows > 0 && self.timed == self.rows;
        let cells: usize = profiler.counters().iter().map(Counter::cells).sum();
        let span = self.days.first_key_value().zip(self.days.last_key_value()).map_or(0, |(first, last)| last.0 - first.0 + 1);
        let tells_weeks = span >= MIN_DAYS_FOR_WEEKS && cells.saturating_mul(HOURS_OF_WEEK) <= MOST_HOURLY_COUNTS;
        let hours = if tells_weeks { HOURS_OF_WEEK } else { HOURS_OF_DAY };
        let runs = anchors.iter().map(|anchor| anchor.as_ref().map(Runs::new)).collect();
        let fields = profiler.counters().iter().zip(anchors).map(|(counter, anchor)| {
            let none = Counts { absent: 0, cells: vec![0; counter.cells()] };
            let times = |wanted: bool, count: usize| if wanted && anchor.is_some() { vec![none.clone(); count] } else { Vec::new() };
            FieldBaseline { periods: times(true, periods.labels.len()), hours: times(have_times, hours), runs: Vec::new(), anchor }
        });
        let fields = fields.collect();
        let profile = profiler.start();
        let segments = if profile.segments.is_empty() { Vec::new() } else { vec![profile.segments.clone(); periods.labels.len()] };
        BaselineBuilder {
            baseline: Baseline { id: id.to_owned(), source, profile, periods: periods.labels.clone(), fields, segments },
            profiler,
            periods,
            runs,
            rows: 0,
        }
    }
}

impl FieldSample {
    fn numbers(&mut self, values: &PrimitiveArray<Float64Type>, first_row: u64) {
        let Self::Numeric { kept, threshold, min: least, max: greatest } = self else { return };
        for (row, number) in (first_row..).zip(values.iter()) {
            let Some(value) = number.filter(|value| value.is_finite()) else { continue };
            *least = least.min(value);
            *greatest = greatest.max(value);
            let rank = spread(row);
            if rank > *threshold {
                continue;
            }
            kept.push((rank, value));
            if kept.len() >= 2 * SAMPLE {
                *threshold /= 2;
                let limit = *threshold;
                kept.retain(|(rank, _)| *rank <= limit);
            }
        }
    }

    fn names(&mut self, values: &DictionaryArray<Int32Type>, column: &str) -> Result<(), ProfileError> {
        let Self::Categorical { counts, overflowed } = self else { return Ok(()) };
        let dictionary = names_of(values, column)?;
        let mut of_code = vec![0_u64; dictionary.len()];
        for key in values.keys().iter().flatten() {
            if let Some(count) = usize::try_from(key).ok().and_then(|key| of_code.get_mut(key)) {
                *count += 1;
            }
        }
        for (name, count) in dictionary.iter().zip(of_code) {
            let Some(name) = name.filter(|_| count > 0) else { continue };
            *overflowed |= add_capped(counts, name, count, DISTINCT) > 0;
        }
        Ok(())
    }

    fn anchor(self) -> Option<FieldAnchor> {
        match self {
            Self::Numeric { kept, min, max, .. } => {
                let sample: Vec<f64> = kept.into_iter().map(|(_, value)| value).collect();
                NumericAnchor::from_sample(&sample, min, max).map(FieldAnchor::Numeric)
            }
            Self::Categorical { counts, overflowed } => {
                (!counts.is_empty()).then(|| FieldAnchor::Categorical(CategoricalAnchor::from_counts(&counts, overflowed)))
            }
        }
    }
}

/// Which period a record belongs to.
#[derive(Debug)]
struct Periods {
    labels: Vec<String>,
    /// First day of each period; empty when the rows are cut into blocks.
    days: Vec<i64>,
    rows: u64,
}

impl Periods {
    fn new(rows: u64, timed: u64, days: &BTreeMap<i64, u64>) -> Self {
        if timed == rows && days.len() >= MIN_DAYS {
            let first_days: Vec<i64> = days.keys().copied().step_by(days.len().div_ceil(MAX_PERIODS)).collect();
            let label = |day: &i64| {
                DateTime::from_timestamp_millis(day * DAY_MS)
                    .map_or_else(|| NaiveDate::default().to_string(), |time| time.date_naive().to_string())
            };
            return Self { labels: first_days.iter().map(label).collect(), days: first_days, rows };
        }
        let blocks = if rows >= MIN_ROWS_FOR_BLOCKS { BLOCKS } else { 0 };
        Self { labels: (1..=blocks).map(|block| format!("block {block}")).collect(), days: Vec::new(), rows }
    }

    fn of(&self, row: u64, time_ms: Option<i64>) -> Option<usize> {
        if self.labels.is_empty() {
            None
        } else if self.days.is_empty() {
            usize::try_from(u128::from(row) * self.labels.len() as u128 / u128::from(self.rows.max(1))).ok()
        } else {
            let day = time_ms?.div_euclid(DAY_MS);
            self.days.partition_point(|first| *first <= day).checked_sub(1)
        }
    }
}

/// Second pass over the same rows in the same order: counts them in the frozen cells.
#[derive(Debug)]
pub struct BaselineBuilder {
    baseline: Baseline,
    profiler: Profiler,
    periods: Periods,
    runs: Vec<Option<Runs>>,
    rows: u64,
}

impl BaselineBuilder {
    /// Counts a batch.
    ///
    /// # Errors
    /// As [`Sampler::observe`].
    pub fn observe(&mut self, batch: &RecordBatch, facts: &BatchFacts) -> Result<(), ProfileError> {
        self.profiler.observe(&mut self.baseline.profile, batch, facts)?;
        let times: Vec<Option<i64>> = timestamps(batch)?.iter().collect();
        let periods: Vec<Option<usize>> = (self.rows..).zip(&times).map(|(row, time)| self.periods.of(row, *time)).collect();
        let kept = self.baseline.fields.iter().map(|field| field.hours.len()).max().filter(|kept| *kept > 0).unwrap_or(HOURS_OF_WEEK);
        let hours: Vec<Option<usize>> = times.iter().map(|time| Some(hour_of_week((*time)?)? % kept)).collect();
        for ((counter, field), runs) in self.profiler.counters().iter().zip(&mut self.baseline.fields).zip(&mut self.runs) {
            let Some(runs) = runs else { continue };
            let cells = counter.cell_of_each(batch)?;
            runs.observe(&cells);
            count(&mut field.periods, &periods, &cells);
            count(&mut field.hours, &hours, &cells);
        }
        let mut spans: Vec<&mut [SegmentProfile]> = self.baseline.segments.iter_mut().map(Vec::as_mut_slice).collect();
        if !spans.is_empty() {
            let period = |row: usize| periods.get(row).copied().flatten();
            self.profiler.segmenter().observe_spans(&mut spans, period, self.profiler.counters(), batch)?;
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// The finished baseline.
    #[must_use]
    pub fn finish(mut self) -> Baseline {
        // A run longer than an hour differs from the next one by the tide of the day.
        let is_timed = self.baseline.fields.iter().any(|field| !field.hours.is_empty());
        let hours = self.baseline.profile.span_ms.filter(|_| is_timed).map(|(first, last)| (last - first) / HOUR_MS + 1);
        let longest = hours.map_or(f64::INFINITY, |hours| self.rows as f64 / hours as f64);
        for (field, runs) in self.baseline.fields.iter_mut().zip(&self.runs) {
            field.runs = runs.as_ref().map(Runs::finish).unwrap_or_default();
            field.runs.retain(|run| f64::from(run.rows) <= longest);
        }
        self.baseline
    }
}

/// The hour of the week (UTC) of a time in milliseconds since 1970, from Monday 00:00 on; its rest by 24 is the hour of the day.
fn hour_of_week(time_ms: i64) -> Option<usize> {
    // 1970 began on a Thursday.
    usize::try_from((time_ms.div_euclid(HOUR_MS) + 3 * 24).rem_euclid(7 * 24)).ok()
}

fn count(groups: &mut [Counts], group_of: &[Option<usize>], cells: &[usize]) {
    for (group, &cell) in group_of.iter().zip(cells) {
        let Some(counts) = group.and_then(|group| groups.get_mut(group)) else { continue };
        if cell == ABSENT {
            counts.absent += 1;
        } else if let Some(count) = counts.cells.get_mut(cell) {
            *count += 1;
        }
    }
}
