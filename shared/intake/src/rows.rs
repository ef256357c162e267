//! Rows on their way to the sink: judged, parted by version and hour, batched; and the count of what became of every line.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use tidegate_contract::RecordFormat;
use tidegate_profile::BatchFacts;

use crate::columns::{Columns, Identity};
use crate::events::{Events, LogKind};
use crate::limits::{MAX_CATEGORY_BYTES, MAX_ID_BYTES};
use crate::row::{Category, Cell, Row};
use crate::{IntakeError, Layout, Limits, Partition, Plan, Reason, ReasonKind, Rejected, Sink, Summary, plan, timestamp};

/// Takes the rows of one object.
#[derive(Debug)]
pub(crate) struct Rows {
    plan: Plan,
    limits: Limits,
    /// Counts so far.
    pub(crate) summary: Summary,
    open: Vec<Open>,
    last: usize,
    clock: u64,
    held_bytes: usize,
    watcher: Option<Box<dyn Watcher>>,
    /// Opens the events of a serving system's log, each into its records.
    events: Option<Box<Events>>,
}

/// Sees every row of valid form, before it is judged.
pub(crate) trait Watcher: std::fmt::Debug + Send {
    /// Looks at a row, and at its line where the format has lines.
    fn row(&mut self, row: &dyn Row, text: &[u8]);
}

/// A partition that is being built.
#[derive(Debug)]
struct Open {
    partition: Partition,
    columns: Columns,
    used: u64,
}

/// Where a row stands in its object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) text: &'a [u8],
}

impl Rows {
    pub(crate) fn new(plan: &Plan, limits: Limits) -> Self {
        Self {
            plan: plan.clone(),
            limits,
            summary: Summary::default(),
            open: Vec::new(),
            last: 0,
            clock: 0,
            held_bytes: 0,
            watcher: None,
            events: None,
        }
    }

    /// Rows that somebody watches.
    pub(crate) fn watched(plan: &Plan, limits: Limits, watcher: Box<dyn Watcher>) -> Self {
        Self { watcher: Some(watcher), ..Self::new(plan, limits) }
    }

    /// The plan by which the object's lines are read: that of events, when they hold the records.
    pub(crate) fn plan(&self) -> &Plan {
        self.events.as_ref().map_or(&self.plan, |events| events.plan())
    }

    /// Reads on as a log of this kind.
    pub(crate) fn read_as(&mut self, kind: LogKind) {
        self.summary.log = Some(kind);
        match kind.format() {
            Some(RecordFormat::SagemakerTransform) => self.plan = self.plan.for_format(RecordFormat::SagemakerTransform),
            Some(format) => self.events = Some(Box::new(Events::new(&self.plan, format, &self.limits))),
            None => {}
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the rest of the object is not read.
    pub(crate) fn has_stopped(&self) -> bool {
        self.summary.fault.is_some()
    }

    /// Whether as many lines were read as may be.
    pub(crate) fn is_full(&self) -> bool {
        self.summary.lines.read >= self.limits.lines
    }

    /// Why nothing is read beyond [`Rows::is_full`].
    pub(crate) fn too_many_lines(&self) -> Reason {
        Reason::new(ReasonKind::TooLarge, format!("found more than {0} lines, expected at most {0}: split the object", self.limits.lines))
    }

    pub(crate) fn blank(&mut self) {
        self.summary.lines.read += 1;
        self.summary.lines.blank += 1;
    }

    /// Puts a line aside.
    pub(crate) fn reject(&mut self, place: Place<'_>, column: Option<u64>, reason: Reason, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        self.summary.lines.read += 1;
        self.summary.lines.quarantined += 1;
        *self.summary.reasons.entry(reason.kind.name().to_owned()).or_insert(0) += 1;
        let text = place.text.get(..self.limits.line_bytes).unwrap_or(place.text);
        let truncated = reason.kind == ReasonKind::LineTooLong || text.len() < place.text.len();
        let withheld = self.plan.privacy().keeps_no_lines().then(|| crate::content::hex(&Sha256::digest(text)));
        let text = if withheld.is_some() { &[] } else { text };
        sink.rejected(Rejected { line: place.line, offset: place.offset, column, reason, text, truncated, withheld })
            .map_err(IntakeError::Sink)
    }

    /// Puts the rest of the object aside.
    pub(crate) fn stop(&mut self, place: Place<'_>, reason: Reason, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        self.summary.fault = Some(reason.clone());
        self.reject(place, None, reason, sink)
    }

    /// Puts a row aside whose line was valid.
    #[cold]
    pub(crate) fn put_aside<R: Row>(&mut self, row: &R, place: Place<'_>, reason: Reason, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let described = if place.text.is_empty() { row.describe() } else { Vec::new() };
        let text = if place.text.is_empty() { &described } else { place.text };
        self.reject(Place { text, ..place }, None, reason, sink)
    }

    /// Takes a row whose line was valid: a record, or an event that holds records.
    #[inline]
    pub(crate) fn take<R: Row>(&mut self, row: &R, place: Place<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match self.events.take() {
            None => self.take_record(row, place, sink),
            Some(mut events) => {
                let done = events.take(row, place, self, sink);
                self.events = Some(events);
                done
            }
        }
    }

    /// Shows a row to whoever watches.
    #[inline]
    pub(crate) fn show<R: Row>(&mut self, row: &R, place: Place<'_>) {
        if let Some(watcher) = &mut self.watcher {
            watcher.row(row, place.text);
        }
    }

    /// Takes a record whose values are as they are stored.
    pub(crate) fn take_stored<R: Row>(&mut self, row: &R, place: Place<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        self.plan.set_stored(true);
        let taken = self.take_record(row, place, sink);
        self.plan.set_stored(false);
        taken
    }

    /// Takes a record: adds it to its partition, or puts it aside.
    pub(crate) fn take_record<R: Row>(&mut self, row: &R, place: Place<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        self.show(row, place);
        let time = match self.time(row.cell(plan::TIMESTAMP)) {
            Ok(time) => time,
            Err(reason) => return self.put_aside(row, place, reason, sink),
        };
        let named = identity(row.cell(plan::INFERENCE_ID), "inference id", MAX_ID_BYTES)
            .and_then(|id| Ok((id, identity(row.cell(plan::VERSION), "version", MAX_CATEGORY_BYTES)?)))
            .and_then(|named| names_are_clean(row, named.1.as_deref()).map(|()| named));
        let named = named.and_then(|named| is_truth_whole(&self.plan, row, named.0.as_deref()).map(|()| named));
        let (inference_id, version) = match named {
            Ok((id, version)) => (id.map(|id| self.plan.stored_id(id)), version),
            Err(reason) => return self.put_aside(row, place, reason, sink),
        };
        let version =
            version.or_else(|| self.plan.version().or(self.plan.constant(plan::VERSION)).map(|version| version.to_owned().into()));
        let hour_ms = if self.plan.layout() == Layout::Logs { time.map(timestamp::hour) } else { None };
        let at = self.partition(version.as_deref().unwrap_or_default(), hour_ms, sink)?;
        let Some(open) = self.open.get_mut(at) else { return Ok(()) };
        let before = open.columns.held_bytes();
        open.columns.append(row, &Identity { timestamp_ms: time, inference_id: inference_id.as_deref() }, &self.plan);
        self.held_bytes += open.columns.held_bytes() - before;
        let is_whole = open.columns.rows() >= self.limits.batch_rows;

        self.summary.lines.read += 1;
        self.summary.lines.accepted += 1;
        if let Some(ms) = time {
            let (first, last) = self.summary.span_ms.unwrap_or((ms, ms));
            self.summary.span_ms = Some((first.min(ms), last.max(ms)));
        }
        if is_whole {
            self.flush(at, sink)?;
        } else if self.held_bytes > self.limits.held_bytes {
            let largest = (0..self.open.len()).max_by_key(|&at| self.open.get(at).map(|open| open.columns.held_bytes()));
            self.flush(largest.unwrap_or(at), sink)?;
        }
        Ok(())
    }

    /// Passes on what is left.
    pub(crate) fn finish(mut self, sink: &mut dyn Sink) -> Result<Summary, IntakeError> {
        if let Some(mut events) = self.events.take() {
            events.finish(&mut self, sink)?;
        }
        self.open.sort_by(|one, two| one.partition.cmp(&two.partition));
        for at in 0..self.open.len() {
            self.flush(at, sink)?;
        }
        Ok(self.summary)
    }

    pub(crate) fn time(&self, cell: Cell<'_>) -> Result<Option<i64>, Reason> {
        let time = timestamp::read(cell);
        let is_absent = matches!(cell, Cell::Absent | Cell::Null | Cell::Text(""));
        if time.is_some() || self.plan.layout() == Layout::Dataset || (self.plan.layout() == Layout::Truth && is_absent) {
            return Ok(time);
        }
        let path = self.plan.targets().get(plan::TIMESTAMP).map_or("timestamp", |target| target.path.as_str());
        Err(match cell {
            Cell::Absent | Cell::Null | Cell::Text("") => Reason::new(
                ReasonKind::TimestampMissing,
                format!("found {} at \"{path}\", expected the time of the prediction", cell.kind()),
            ),
            _ => Reason::new(
                ReasonKind::Timestamp,
                format!(
                    "found {} at \"{path}\" that is no time, expected RFC 3339 or a number since 1970, before the year 2200",
                    cell.kind()
                ),
            ),
        })
    }

    /// The place of a partition among the open ones.
    fn partition(&mut self, version: &str, hour_ms: Option<i64>, sink: &mut dyn Sink) -> Result<usize, IntakeError> {
        let is_it = |open: &Open| open.partition.hour_ms == hour_ms && open.partition.version == version;
        if self.open.get(self.last).is_some_and(is_it) {
            return Ok(self.last);
        }
        self.clock += 1;
        if let Some(at) = self.open.iter().position(is_it) {
            self.last = at;
        } else {
            let partition = Partition { version: version.to_owned(), hour_ms };
            if self.open.len() < self.limits.open_partitions.max(1) {
                self.last = self.open.len();
                self.open.push(Open { partition, columns: Columns::new(&self.plan), used: 0 });
            } else {
                // Too many at once: the one that was left alone longest makes room.
                self.last = (0..self.open.len()).min_by_key(|&at| self.open.get(at).map(|open| open.used)).unwrap_or(0);
                self.flush(self.last, sink)?;
                if let Some(open) = self.open.get_mut(self.last) {
                    open.partition = partition;
                }
            }
        }
        if let Some(open) = self.open.get_mut(self.last) {
            open.used = self.clock;
        }
        Ok(self.last)
    }

    fn flush(&mut self, at: usize, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let Some(open) = self.open.get_mut(at).filter(|open| open.columns.rows() > 0) else { return Ok(()) };
        self.held_bytes -= open.columns.held_bytes();
        let (batch, facts): (_, BatchFacts) = open.columns.take(&self.plan, &open.partition.version)?;
        sink.batch(open.partition.clone(), batch, facts).map_err(IntakeError::Sink)
    }
}

/// An inference id or a version; `None` when it is missing.
pub(crate) fn identity<'a>(cell: Cell<'a>, what: &str, most_bytes: usize) -> Result<Option<Cow<'a, str>>, Reason> {
    match cell.identity() {
        Category::Missing => Ok(None),
        Category::Value(text) if text.len() <= most_bytes => Ok(Some(text)),
        Category::Value(text) => {
            Err(Reason::new(ReasonKind::Identity, format!("found {what} of {} bytes, expected at most {most_bytes}", text.len())))
        }
        Category::WrongType => Err(Reason::new(ReasonKind::Identity, format!("found {} as {what}, expected a string", cell.kind()))),
    }
}

/// A record of ground truth must say about which prediction it is, and what really was.
fn is_truth_whole<R: Row>(plan: &Plan, row: &R, id: Option<&str>) -> Result<(), Reason> {
    if plan.layout() != Layout::Truth {
        return Ok(());
    }
    let path = |target: usize| plan.targets().get(target).map_or("", |target| target.path.as_str());
    let cell = row.cell(plan::FIELDS);
    match cell.category() {
        _ if id.is_none() => {
            let found = row.cell(plan::INFERENCE_ID).kind();
            let text = format!("found {found} at \"{}\", expected the id of a prediction", path(plan::INFERENCE_ID));
            Err(Reason::new(ReasonKind::Identity, text))
        }
        Category::Value(text) if !text.trim_ascii().is_empty() => Ok(()),
        _ => {
            let text = format!("found {} at \"{}\", expected what really was", cell.kind(), path(plan::FIELDS));
            Err(Reason::new(ReasonKind::Actual, text))
        }
    }
}

/// The version becomes part of a key and unexpected names are printed: neither may carry control characters.
fn names_are_clean<R: Row>(row: &R, version: Option<&str>) -> Result<(), Reason> {
    let is_dirty = |text: &str| text.chars().any(char::is_control);
    let mut what = version.filter(|version| is_dirty(version)).map(|_| "the version");
    row.unexpected(&mut |name| {
        if what.is_none() && is_dirty(name) {
            what = Some("a feature's name");
        }
    });
    what.map_or(Ok(()), |what| Err(Reason::new(ReasonKind::ControlCharacter, format!("found a control character in {what}"))))
}
