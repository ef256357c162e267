//! What files hold: each is told by its content and read by the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use serde::Serialize;
use tidegate_contract::Contract;
use tidegate_intake::{Found, IntakeError, Layout, Plan};
use tidegate_interchange::sagemaker::Document;
use tidegate_profile::{Lines, Profile, Profiler};

use super::Item;
use super::truth::{Labels, Truth};
use crate::desk::{self, Batches};
use crate::error::CliError;
use crate::files::{self, Progress};
use crate::stored;

/// Files of Model Monitor are looked for among JSON documents up to this size, bytes.
const DOCUMENT_BYTES: u64 = 64 << 20;
/// At most so many files are named for a fault.
const NAMED: usize = 5;
const HOUR_MS: i64 = 3_600_000;

/// What files hold.
#[derive(Debug, Serialize)]
pub(super) struct Examination {
    /// Files that there are, and that were read.
    pub(super) files: usize,
    pub(super) read: usize,
    /// How many files are what.
    pub(super) kinds: BTreeMap<String, u64>,
    /// What became of the lines.
    pub(super) lines: Lines,
    /// Lines that could not be read, by reason.
    pub(super) reasons: BTreeMap<String, u64>,
    /// The first line that could not be read, with its file.
    pub(super) first_rejected: Option<String>,
    /// Files whose content is another's: file and the other.
    pub(super) repeated: Vec<(String, String)>,
    /// Files that could not be read at all, with the reason.
    pub(super) unreadable: Vec<(String, String)>,
    /// Files that are baselines or rules of other tools, with what to do with them.
    pub(super) documents: Vec<(String, String)>,
    /// Serving systems that wrote logs among them.
    pub(super) logs: BTreeSet<String>,
    /// Requests and responses that wait for their other half.
    pub(super) waiting: u64,
    /// Records with a usable time, the first and the last time, and hours between them without a record.
    pub(super) timed: u64,
    pub(super) span_ms: Option<(i64, i64)>,
    pub(super) empty_hours: u64,
    /// Records that carry an identifier, and how many different ones.
    pub(super) identified: u64,
    /// How labels match predictions, when there are labels.
    pub(super) truth: Option<Truth>,
    /// The summary of the records.
    pub(super) profile: Profile,
    /// What the first record maps to.
    #[serde(skip)]
    pub(super) first: Vec<Found>,
    #[serde(skip)]
    hours: BTreeSet<i64>,
    #[serde(skip)]
    contents: BTreeMap<String, String>,
    #[serde(skip)]
    labels: Labels,
}

impl Examination {
    /// Reads the files, of which there are `all`.
    pub(super) fn of(contract: &Contract, items: &[Item], all: usize) -> Result<Self, CliError> {
        let at = items.first().map_or(Path::new(""), |item| item.path.as_path());
        // A record without a time is told as one, not refused: so these are read as data sets are.
        let plan = desk::plan(contract, Layout::Dataset, at)?;
        let strict = desk::plan(contract, Layout::Logs, at)?;
        let profiler = Profiler::new(plan.fields(), None);
        let mut found = Self {
            files: all,
            read: items.len(),
            kinds: BTreeMap::new(),
            lines: Lines::default(),
            reasons: BTreeMap::new(),
            first_rejected: None,
            repeated: Vec::new(),
            unreadable: Vec::new(),
            documents: Vec::new(),
            logs: BTreeSet::new(),
            waiting: 0,
            timed: 0,
            span_ms: None,
            empty_hours: 0,
            identified: 0,
            truth: None,
            profile: profiler.start(),
            first: Vec::new(),
            hours: BTreeSet::new(),
            contents: BTreeMap::new(),
            labels: Labels::default(),
        };
        let paths: Vec<PathBuf> = items.iter().map(|item| item.path.clone()).collect();
        let progress = Progress::over("examining", &paths);
        for item in items {
            if let Some(bytes) = item.too_large {
                found.unreadable.push((item.name.clone(), format!("{bytes} bytes are too many to fetch for a look: name a copy of it")));
            } else if !found.document(item) && !found.labels(&item.path)? {
                found.file(&plan, &strict, &profiler, item, &progress)?;
            }
        }
        drop(progress);
        if let (Some(first), Some(last)) = (found.hours.first(), found.hours.last()) {
            let span = u64::try_from((last - first) / HOUR_MS + 1).unwrap_or_default();
            found.empty_hours = span.saturating_sub(found.hours.len() as u64);
        }
        found.truth = found.labels.matched();
        Ok(found)
    }

    /// Records that could be read.
    pub(super) fn records(&self) -> u64 {
        self.profile.records
    }

    fn kind(&mut self, kind: impl Into<String>) {
        *self.kinds.entry(kind.into()).or_default() += 1;
    }

    /// Whether a file is no log but a baseline or a file of another tool.
    fn document(&mut self, Item { path, name, .. }: &Item) -> bool {
        let name = name.clone();
        if stored::is_stored(path) {
            match stored::read(path) {
                Ok(baseline) => {
                    self.kind("stored baseline");
                    let what = format!("a baseline of {} records: tidegate drift --baseline {name}", baseline.profile.records);
                    self.documents.push((name, what));
                }
                Err(error) => self.unreadable.push((name, because(&error))),
            }
            return true;
        }
        let Some(document) = document_of(path) else { return false };
        self.kind("file of SageMaker Model Monitor");
        let next = match document {
            Document::Statistics(_) => format!(": tidegate import sagemaker --statistics {name}"),
            Document::Constraints(_) => format!(": tidegate import sagemaker --constraints {name}"),
            _ => String::new(),
        };
        self.documents.push((name, format!("{}{next}", document.name())));
        true
    }

    /// Whether a file holds true outcomes and no predictions.
    fn labels(&mut self, path: &Path) -> Result<bool, CliError> {
        let is_labels = self.labels.read(path)?;
        if is_labels {
            self.kind("SageMaker ground truth (labels, no predictions)");
        }
        Ok(is_labels)
    }

    fn file(&mut self, plan: &Plan, strict: &Plan, profiler: &Profiler, item: &Item, progress: &Progress) -> Result<(), CliError> {
        let (path, name) = (&item.path, item.name.clone());
        let (mut profile, mut hours) = (profiler.start(), BTreeSet::new());
        let (mut timed, mut identified, mut ids) = (0, 0, Vec::new());
        let mut sink = Batches::new(|_, batch: &RecordBatch, facts| {
            profiler.observe(&mut profile, batch, facts)?;
            timed += times(batch, &mut hours);
            identified += identifiers(batch, &mut ids);
            Ok(())
        });
        let read = desk::read(plan, path, progress, &mut sink);
        let rejected = sink.first_rejected.take();
        let summary = match read {
            Ok(summary) => summary,
            Err(error) => {
                self.unreadable.push((name, because(&error)));
                return Ok(());
            }
        };
        let Some(format) = summary.format.filter(|_| summary.lines.read > summary.lines.blank) else {
            self.waiting += summary.waiting;
            self.kind(summary.log.map_or("empty", tidegate_intake::LogKind::says));
            return Ok(());
        };
        let log = summary.log.map(|log| format!("{}, ", log.says())).unwrap_or_default();
        self.kind(format!("{log}{}, {}", format_in_words(format.name()), summary.compression.name()));
        self.logs.extend(summary.log.map(|log| log.says().to_owned()));
        self.waiting += summary.waiting;
        add(&mut self.lines, summary.lines);
        for (reason, count) in summary.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        if let (None, Some(rejected)) = (&self.first_rejected, rejected) {
            self.first_rejected = Some(format!("{name}, {rejected}"));
        }
        if let Some(first) = self.contents.get(&summary.content_sha256) {
            self.repeated.push((name, first.clone()));
            return Ok(());
        }
        self.contents.insert(summary.content_sha256, name);
        self.profile.merge(&profile)?;
        self.hours.extend(hours);
        (self.timed, self.identified) = (self.timed + timed, self.identified + identified);
        self.span_ms = self.profile.span_ms;
        self.labels.predictions(ids);
        if self.first.is_empty() && profile.records > 0 {
            let found: Result<Vec<Found>, IntakeError> = tidegate_intake::explain(strict, &files::sample(path)?);
            self.first = found.unwrap_or_default();
        }
        Ok(())
    }
}

/// The file of another tool that a JSON document is.
fn document_of(path: &Path) -> Option<Document> {
    let is_small = std::fs::metadata(path).is_ok_and(|file| file.len() <= DOCUMENT_BYTES);
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let text = (is_small && is_json).then(|| std::fs::read_to_string(path).ok()).flatten()?;
    Document::parse(&text).ok()
}

/// Whether a file may be a log of predictions: no baseline, no file of another tool, no labels.
pub(super) fn may_be_log(path: &Path) -> bool {
    !stored::is_stored(path) && document_of(path).is_none() && !Labels::default().read(path).unwrap_or(true)
}

/// Files of a list, named as far as there is room.
pub(super) fn named(files: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = files.collect();
    let shown = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Counts the records with a time, and keeps their hours.
fn times(batch: &RecordBatch, hours: &mut BTreeSet<i64>) -> u64 {
    let Some(times) =
        batch.column_by_name("timestamp").and_then(|column| column.as_primitive_opt::<arrow_array::types::TimestampMillisecondType>())
    else {
        return 0;
    };
    hours.extend(times.iter().flatten().map(|time| time.div_euclid(HOUR_MS) * HOUR_MS));
    (times.len() - times.null_count()) as u64
}

/// Counts the records with an identifier, and keeps the identifiers.
fn identifiers(batch: &RecordBatch, ids: &mut Vec<String>) -> u64 {
    let Some(column) = batch.column_by_name("inference_id").and_then(|column| column.as_string_opt::<i32>()) else { return 0 };
    ids.extend(column.iter().flatten().map(str::to_owned));
    (column.len() - column.null_count()) as u64
}

fn add(sum: &mut Lines, lines: Lines) {
    sum.read += lines.read;
    sum.accepted += lines.accepted;
    sum.quarantined += lines.quarantined;
    sum.blank += lines.blank;
}

fn format_in_words(name: &str) -> &str {
    match name {
        "jsonl" => "JSON lines",
        "json" => "JSON document",
        "csv" => "CSV",
        "parquet" => "Parquet",
        other => other,
    }
}

/// A failure with what it comes from.
fn because(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(because) = cause {
        text.push_str(": ");
        text.push_str(&because.to_string());
        cause = because.source();
    }
    text
}
