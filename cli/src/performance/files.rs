//! Plain files: predictions and truth go through the functions' own intake and join, cut into windows.
//!
//! The predictions are read once to see which hours there are, and once more for every turn of the join: memory is that of one turn of all windows together, and
//! of the rows whose truth is in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, TimestampMillisecondArray};
use tidegate_contract::{Contract, WindowLength};
use tidegate_intake::{Layout, Partition, Plan};
use tidegate_lake::{DAY_MS, HOUR_MS};
use tidegate_monitoring::Window;
use tidegate_performance::{
    BEFORE, FIRST_WINDOWS, Input, Inputs, Join, Measured, Registered, Subject, TURN_ROWS, judge as judge_window, same_hours,
};
use tidegate_profile::BatchFacts;

use super::{Arguments, Judged};
use crate::desk::{self, Batches};
use crate::error::CliError;
use crate::files::{self, Progress};
use crate::terminal::{count, counted};

/// The files of predictions, and what the first look at them showed.
struct Predictions<'a> {
    contract: &'a Contract,
    plan: Plan,
    /// Each content once.
    paths: Vec<PathBuf>,
    hours: BTreeSet<i64>,
    notes: Vec<String>,
}

/// Reads, joins and judges.
pub(super) fn judge(arguments: &Arguments, contract: &Contract) -> Result<Judged, CliError> {
    let predictions = Predictions::look(contract, &files::expand(&arguments.predictions)?)?;
    let truth = files::expand(&arguments.truth)?;
    let evaluation = if arguments.evaluation.is_empty() { None } else { Some(evaluation(contract, &arguments.evaluation)?) };
    let mut notes = predictions.notes.clone();
    let mut windows = predictions.measure(&truth, &predictions.windows(arguments.window), &mut notes)?;
    // There is one at least, be it empty.
    let measured = windows.pop().ok_or_else(|| CliError::NoPrediction { path: predictions.first().to_owned() })?;
    let before = windows.get(windows.len().saturating_sub(BEFORE)..).unwrap_or_default();
    let first: Vec<Measured> = windows.iter().filter(|window| window.is_reference(contract)).take(FIRST_WINDOWS).cloned().collect();
    let weeks: Vec<Measured> = windows.iter().filter(|past| same_hours(measured.window, past.window.end_ms)).cloned().collect();
    let inputs = Inputs { registered: evaluation.as_ref(), first: &first, before, weeks: &weeks, drift: None };
    let performance = judge_window(&Input { contract, measured: &measured, inputs });
    Ok(Judged { measured, performance, notes })
}

/// What a model was worth on an evaluation set, whose files hold predictions and what really was.
fn evaluation(contract: &Contract, arguments: &[String]) -> Result<Registered, CliError> {
    let paths = files::expand(arguments)?;
    let first = paths.first().cloned().unwrap_or_default();
    let plan = desk::plan(contract, Layout::Dataset, &first)?;
    let set = Predictions { contract, plan, paths: paths.clone(), hours: BTreeSet::new(), notes: Vec::new() };
    let measured = set.measure(&paths, &[ALL], &mut Vec::new())?.pop();
    measured.as_ref().and_then(Registered::of_set).ok_or(CliError::NoEvaluation { path: first })
}

/// The window of records that carry no time.
const ALL: Window = Window { start_ms: 0, end_ms: 0 };

impl<'a> Predictions<'a> {
    /// Looks through the files for their hours.
    fn look(contract: &'a Contract, paths: &[PathBuf]) -> Result<Self, CliError> {
        let first = paths.first().cloned().unwrap_or_default();
        let timed = desk::any_has_time(contract, paths)?;
        let plan = desk::plan(contract, if timed { Layout::Logs } else { Layout::Dataset }, &first)?;
        let (mut hours, mut contents, mut kept, mut notes) = (BTreeSet::new(), BTreeSet::new(), Vec::new(), Vec::new());
        let (mut repeated, mut quarantined, mut fault) = (0_u64, 0, None);
        let progress = Progress::over("looking at predictions", paths);
        for path in paths {
            let mut sink = Batches::new(|partition: Partition, _: &RecordBatch, _: &BatchFacts| {
                hours.extend(partition.hour_ms);
                Ok(())
            });
            let summary = desk::read(&plan, path, &progress, &mut sink)?;
            fault = fault.or(sink.first_rejected.map(|says| format!("{}, {says}", path.display())));
            quarantined += summary.lines.quarantined;
            if summary.lines.read == 0 || contents.insert(summary.content_sha256) {
                kept.push(path.clone());
            } else {
                repeated += 1;
            }
        }
        drop(progress);
        if repeated > 0 {
            notes.push(format!("{} repeat another one and count once.", counted(repeated, "file of predictions")));
        }
        if let Some(fault) = fault {
            notes.push(format!("{} of predictions could not be read; the first: {fault}.", counted(quarantined, "line")));
        }
        Ok(Self { contract, plan, paths: kept, hours, notes })
    }

    fn first(&self) -> &Path {
        self.paths.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// The windows that the records fall into, oldest first: of this length, ending where the functions' windows end; or all of them as one.
    fn windows(&self, length: Option<WindowLength>) -> Vec<Window> {
        let (Some(first), Some(last)) = (self.hours.first(), self.hours.last()) else { return vec![ALL] };
        let Some(length) = length else { return vec![Window { start_ms: *first, end_ms: last + HOUR_MS }] };
        let length_ms = i64::from(length.as_hours()) * HOUR_MS;
        let step = if length_ms % DAY_MS == 0 { DAY_MS } else { length_ms };
        let newest = (last.div_euclid(step) + 1) * step;
        let ends = std::iter::successors(Some(newest), |end| Some(end - length_ms)).take_while(|end| end > first);
        let mut windows: Vec<Window> = ends.map(|end_ms| Window { start_ms: end_ms - length_ms, end_ms }).collect();
        windows.reverse();
        windows
    }

    /// Joins the windows' predictions with the truth.
    fn measure(&self, truth: &[PathBuf], windows: &[Window], notes: &mut Vec<String>) -> Result<Vec<Measured>, CliError> {
        let turn_rows = TURN_ROWS / windows.len().max(1);
        let join = |window: &Window| Join::in_turns_of(Subject::of(self.contract), *window, turn_rows);
        let mut joins: BTreeMap<i64, Join> = windows.iter().map(|window| (window.end_ms, join(window))).collect();
        let (mut is_dated, mut is_first) = (true, true);
        while joins.values().any(Join::is_open) {
            self.predict(&mut joins)?;
            for path in truth {
                is_dated &= self.tell(path, &mut joins, is_first.then_some(&mut *notes))?;
            }
            for join in joins.values_mut().filter(|join| join.is_open()) {
                join.end_turn();
            }
            is_first = false;
        }
        if !is_dated {
            notes.push(
                "Some of the truth does not say when it became known: it counts from when its file was written, and no lag is told."
                    .to_owned(),
            );
        }
        let measured = joins.into_values().map(|join| {
            let mut measured = Measured::of(join.finish());
            measured.coverage.lag = measured.coverage.lag.filter(|_| is_dated && !self.hours.is_empty());
            measured
        });
        Ok(measured.collect())
    }

    /// Gives every record to the window of its hour.
    fn predict(&self, joins: &mut BTreeMap<i64, Join>) -> Result<(), CliError> {
        let mut halves = Vec::new();
        let mut take = |partition: Partition, batch: &RecordBatch, _: &BatchFacts| {
            let after = partition.hour_ms.unwrap_or(i64::MIN);
            let window = joins.range_mut(after.saturating_add(1)..).next().map(|(_, join)| join);
            if let Some(join) = window.filter(|join| join.is_open()) {
                join.predictions(&partition.version, batch);
            }
            Ok(())
        };
        let progress = Progress::over("reading predictions", &self.paths);
        for path in &self.paths {
            let mut sink = Batches::new(&mut take);
            desk::read(&self.plan, path, &progress, &mut sink)?;
            halves.append(&mut sink.halves);
        }
        drop(progress);
        desk::join(&self.plan, halves, self.first(), &mut Batches::new(&mut take)).map(drop)
    }

    /// Gives a file of truth to all windows; whether all of its outcomes say when they became known.
    fn tell(&self, path: &Path, joins: &mut BTreeMap<i64, Join>, notes: Option<&mut Vec<String>>) -> Result<bool, CliError> {
        let written_ms = std::fs::metadata(path).and_then(|file| file.modified()).ok();
        let written_ms =
            written_ms.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).and_then(|age| i64::try_from(age.as_millis()).ok());
        let mut is_dated = true;
        let mut sink = Batches::new(|_, batch: &RecordBatch, _: &BatchFacts| {
            let batch = dated(batch, written_ms.unwrap_or_default(), &mut is_dated);
            for join in joins.values_mut().filter(|join| join.is_open()) {
                join.truth(&batch);
            }
            Ok(())
        });
        let summary = desk::read(&Plan::truth(self.contract), path, &Progress::over("reading truth", [&path.to_owned()]), &mut sink)?;
        let (lines, fault) = (summary.lines, sink.first_rejected);
        if let (Some(notes), Some(fault)) = (notes, fault) {
            notes.push(format!(
                "{}: {} of {} hold no outcome; the first: {fault}.",
                path.display(),
                count(lines.quarantined),
                counted(lines.read, "line")
            ));
        }
        Ok(is_dated)
    }
}

/// The batch with a time in every row: where one has none, when its file was written, as an object's in an account.
fn dated(batch: &RecordBatch, written_ms: i64, is_dated: &mut bool) -> RecordBatch {
    let times = batch.columns().first().and_then(|times| times.as_primitive_opt::<TimestampMillisecondType>());
    let Some(times) = times.filter(|times| times.null_count() > 0) else { return batch.clone() };
    *is_dated = false;
    let filled: Vec<i64> = times.iter().map(|time| time.unwrap_or(written_ms)).collect();
    let mut columns = batch.columns().to_vec();
    if let Some(first) = columns.first_mut() {
        *first = Arc::new(TimestampMillisecondArray::from(filled).with_timezone("UTC")) as ArrayRef;
    }
    // The same columns under their own types: this cannot fail.
    RecordBatch::try_new(batch.schema(), columns).unwrap_or_else(|_| batch.clone())
}
