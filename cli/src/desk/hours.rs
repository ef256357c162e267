//! The current records by the hour, and windows of them with their verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use tidegate_contract::Contract;
use tidegate_intake::{Layout, Partition, Plan, Sink, Summary};
use tidegate_monitoring::{History, Input, Verdict, Window, assess, spans};
use tidegate_profile::{Baseline, BatchFacts, Lines, Part, Profile, Profiler, Source, WindowProfile};

use super::{Batches, join, plan, read};
use crate::error::CliError;
use crate::files::Progress;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Windows longer than this show their trail by days, shorter ones by hours.
const LONGEST_BY_HOURS_MS: i64 = 2 * DAY_MS;
/// Most points of a trail.
const TRAIL_POINTS: usize = 90;

/// What was read of the current records, by the hour.
#[derive(Debug)]
pub(crate) struct Hours {
    /// Whether there are records that carry a time. Without one everything stands in one hour that means nothing.
    timed: bool,
    by_start: BTreeMap<i64, WindowProfile>,
    empty: Profile,
}

/// Reads the current records, counted in the baseline's cells where there is one.
pub(crate) fn current(contract: &Contract, paths: &[PathBuf], timed: bool, baseline: Option<&Baseline>) -> Result<Hours, CliError> {
    let first = paths.first().map_or(Path::new(""), PathBuf::as_path);
    let plan = plan(contract, if timed { Layout::Logs } else { Layout::Dataset }, first)?;
    let profiler = Profiler::new(plan.fields(), baseline);
    let mut hours = Hours { timed, by_start: BTreeMap::new(), empty: profiler.start() };
    let (mut contents, mut halves) = (BTreeSet::new(), Vec::new());
    let mut without_hour = WindowProfile::new(profiler.start());
    let progress = Progress::over("reading records", paths);
    for path in paths {
        // Each file is added at once, so that memory grows with the hours and not with the files.
        let (parts, mut alone) = read_parts(&plan, &profiler, path, &progress)?;
        let content = parts.first().map(|(_, part)| part.source.clone()).unwrap_or_default();
        let is_repeated = (content.lines.read > 0 || !alone.is_empty()) && !contents.insert(content.content);
        for (hour, part) in parts {
            let counted = if is_repeated {
                repeated(&part, &hours.empty)
            } else {
                WindowProfile::combine(hours.empty.clone(), vec![part], contract.monitoring.bad_lines)?
            };
            match hour {
                None if timed => without_hour.merge(&counted)?,
                _ => hours.at(hour.unwrap_or_default()).merge(&counted)?,
            }
        }
        if !is_repeated {
            halves.append(&mut alone);
        }
    }
    drop(progress);
    if !halves.is_empty() {
        let mut counter = Counter::new(&profiler);
        let summary = counter.count(|sink| join(&plan, halves, first, sink))?.0;
        for (hour, part) in counter.parts("requests and responses of several files", summary) {
            let joined = WindowProfile::combine(hours.empty.clone(), vec![part], contract.monitoring.bad_lines)?;
            hours.at(hour.unwrap_or_default()).merge(&joined)?;
        }
    }
    // Files of which no line could be read belong to no hour; the newest one answers for them.
    let newest = hours.by_start.keys().next_back().copied().unwrap_or_default();
    hours.at(newest).merge(&without_hour)?;
    // Without a single record there are no hours, whatever the records would have carried.
    hours.timed = timed && hours.by_start.values().any(|hour| hour.profile.records > 0);
    Ok(hours)
}

/// What a file whose content was counted already adds: that it was there.
fn repeated(part: &Part, empty: &Profile) -> WindowProfile {
    let mut window = WindowProfile::new(empty.clone());
    window.intake.files = 1;
    window.intake.repeated = 1;
    window.intake.notable.insert(part.source.location.clone(), "repeats another file, counted once".to_owned());
    window
}

/// The parts of one file, one per version and hour; a file without records is one part without an hour. And its halves of records.
fn read_parts(plan: &Plan, profiler: &Profiler, path: &Path, progress: &Progress) -> Result<(Parts, Vec<String>), CliError> {
    let mut counter = Counter::new(profiler);
    let (summary, halves) = counter.count(|sink| read(plan, path, progress, sink))?;
    Ok((counter.parts(&path.display().to_string(), summary), halves))
}

/// The parts of one reading, each with its hour.
type Parts = Vec<(Option<i64>, Part)>;

/// Counts records by version and hour.
struct Counter<'a> {
    profiler: &'a Profiler,
    counted: BTreeMap<Partition, Profile>,
}

impl<'a> Counter<'a> {
    fn new(profiler: &'a Profiler) -> Self {
        Self { profiler, counted: BTreeMap::new() }
    }

    /// Counts what `reads` hands on: what became of it, and the halves that were left.
    fn count(&mut self, reads: impl FnOnce(&mut dyn Sink) -> Result<Summary, CliError>) -> Result<(Summary, Vec<String>), CliError> {
        let Self { profiler, counted } = self;
        let mut sink = Batches::new(|partition, batch: &RecordBatch, facts: &BatchFacts| {
            let profile = counted.entry(partition).or_insert_with(|| profiler.start());
            Ok(profiler.observe(profile, batch, facts)?)
        });
        let summary = reads(&mut sink)?;
        Ok((summary, sink.halves))
    }

    fn parts(mut self, location: &str, summary: Summary) -> Parts {
        if self.counted.is_empty() {
            self.counted.insert(Partition::default(), self.profiler.start());
        }
        let source =
            Source { id: location.to_owned(), location: location.to_owned(), content: summary.content_sha256, lines: summary.lines };
        // The first part answers for the lines that became no records.
        let Lines { quarantined, blank, .. } = summary.lines;
        let mut unread = Some((Lines { read: quarantined + blank, accepted: 0, quarantined, blank }, summary.reasons));
        let part = |(partition, profile): (Partition, Profile)| {
            let (mut lines, reasons) = unread.take().unwrap_or_default();
            lines.read += profile.records;
            lines.accepted += profile.records;
            (partition.hour_ms, Part { source: source.clone(), lines, reasons, profile })
        };
        self.counted.into_iter().map(part).collect()
    }
}

/// A window of the current records, ready to be judged.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// The window's records.
    pub(crate) current: WindowProfile,
}

/// What came before a window.
#[derive(Debug, Default)]
struct Past {
    previous: Option<Profile>,
    same_hours: Vec<Profile>,
    week: Option<Profile>,
    trail: Vec<(Window, Profile)>,
}

impl Hours {
    fn at(&mut self, start_ms: i64) -> &mut WindowProfile {
        self.by_start.entry(start_ms).or_insert_with(|| WindowProfile::new(self.empty.clone()))
    }

    /// The days that have records, with their dates.
    pub(crate) fn days(&self) -> Result<Vec<(String, Profile)>, CliError> {
        let mut days: BTreeMap<i64, Profile> = BTreeMap::new();
        for (hour, part) in self.by_start.iter().filter(|(_, hour)| self.timed && hour.profile.records > 0) {
            days.entry(hour.div_euclid(DAY_MS)).or_insert_with(|| self.empty.clone()).merge(&part.profile)?;
        }
        let date = |day: i64| chrono::DateTime::from_timestamp_millis(day * DAY_MS).map(|time| time.date_naive().to_string());
        Ok(days.into_iter().map(|(day, profile)| (date(day).unwrap_or_default(), profile)).collect())
    }

    /// Everything added up.
    pub(crate) fn all(&self) -> Result<WindowProfile, CliError> {
        self.sum(i64::MIN, i64::MAX)
    }

    /// Judges the newest window of that length, or all records.
    pub(crate) fn judge(&self, contract: &Contract, baseline: &Baseline, window_hours: Option<u32>) -> Result<Judged, CliError> {
        let first = self.by_start.keys().next().copied().unwrap_or_default();
        let end_ms = self.by_start.keys().next_back().map(|hour| hour + HOUR_MS).unwrap_or_default();
        let start_ms = window_hours.map_or(first, |hours| end_ms - i64::from(hours) * HOUR_MS);
        let window = if self.timed { Window { start_ms, end_ms } } else { Window { start_ms: 0, end_ms: 0 } };
        // A window of a length that the contract may name is one of a series, as in an account; all records at once are one comparison.
        self.judge_window(contract, baseline, window, window_hours.is_some())
    }

    /// From the start of the first hour with records to the end of the last one; `None` without any.
    pub(crate) fn span(&self) -> Option<Window> {
        let mut hours = self.by_start.iter().filter(|(_, hour)| self.timed && hour.profile.records > 0).map(|(start_ms, _)| *start_ms);
        let first = hours.next()?;
        Some(Window { start_ms: first, end_ms: hours.next_back().unwrap_or(first) + HOUR_MS })
    }

    /// Judges one window.
    pub(crate) fn judge_window(
        &self,
        contract: &Contract,
        baseline: &Baseline,
        window: Window,
        in_series: bool,
    ) -> Result<Judged, CliError> {
        let current = if self.timed { self.sum(window.start_ms, window.end_ms)? } else { self.all()? };
        let past = if self.timed { self.past(window)? } else { Past::default() };
        let history =
            History { previous: past.previous.as_ref(), same_hours: &past.same_hours, week: past.week.as_ref(), trail: &past.trail };
        let input = Input { contract, window, baseline: Some(baseline), current: &current, history, in_series };
        Ok(Judged { verdict: assess(&input), current })
    }

    /// What came before a window, as far as the records reach back. A span that they only reach into is told by what is there of it, save
    /// the week before: half a week's ups and downs do not cancel.
    fn past(&self, window: Window) -> Result<Past, CliError> {
        let spans = spans(window);
        let held = |span: Window| -> Result<Option<Profile>, CliError> {
            Ok(Some(self.sum(span.start_ms, span.end_ms)?.profile).filter(|profile| profile.records > 0))
        };
        let mut same_hours = Vec::new();
        for span in spans.same_hours {
            same_hours.extend(held(span)?);
        }
        let first = self.by_start.keys().next().copied().unwrap_or(i64::MAX);
        let week = spans.week.filter(|week| week.start_ms >= first);
        Ok(Past { previous: held(spans.previous)?, same_hours, week: week.map(held).transpose()?.flatten(), trail: self.trail(window)? })
    }

    fn sum(&self, start_ms: i64, end_ms: i64) -> Result<WindowProfile, CliError> {
        let mut sum = WindowProfile::new(self.empty.clone());
        for hour in self.by_start.range(start_ms..end_ms).map(|(_, hour)| hour) {
            sum.merge(hour)?;
        }
        Ok(sum)
    }

    /// The hours, or for a long window the days, up to its end.
    fn trail(&self, window: Window) -> Result<Vec<(Window, Profile)>, CliError> {
        let step = if window.end_ms - window.start_ms > LONGEST_BY_HOURS_MS { DAY_MS } else { HOUR_MS };
        let mut points: BTreeMap<i64, Profile> = BTreeMap::new();
        for (hour, part) in self.by_start.range(..window.end_ms) {
            let start = hour.div_euclid(step) * step;
            points.entry(start).or_insert_with(|| self.empty.clone()).merge(&part.profile)?;
        }
        points.retain(|_, profile| profile.records > 0);
        let skip = points.len().saturating_sub(TRAIL_POINTS);
        Ok(points.into_iter().skip(skip).map(|(start_ms, profile)| (Window { start_ms, end_ms: start_ms + step }, profile)).collect())
    }
}
