//! An object's content once it is inflated: its format is told from its first bytes, then its lines go to the reader of that format.

use tidegate_contract::RecordFormat;

use super::START;
use crate::csv::Csv;
use crate::detect::{self, SNIFF_BYTES};
use crate::elements::Elements;
use crate::events::{IsTruth, LogKind, Told, of_document, of_lines};
use crate::lines::Lines;
use crate::rows::{Place, Rows};
use crate::{Format, IntakeError, Plan, Reason, Sink, csv_header};

/// So much is looked at to tell the format when the first byte does not.
const UNDECIDED_BYTES: usize = 64 * 1024;

/// Content, whose format may still have to be told.
#[derive(Debug)]
pub(super) enum Text {
    /// What came so far: too little, or only white space.
    Undecided(Vec<u8>),
    Jsonl(Box<Lines>),
    Json(Box<Elements>),
    Csv(Box<Csv>),
    /// Content of a known kind that holds no records.
    Passed,
}

impl Text {
    pub(super) fn push(&mut self, block: &[u8], rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match self {
            Self::Jsonl(lines) => lines.push(block, rows, sink),
            Self::Json(elements) => elements.push(block, rows, sink),
            Self::Csv(csv) => csv.push(block, rows, sink),
            Self::Undecided(_) | Self::Passed => Ok(()),
        }
    }

    /// Tells the format from what came so far, if it can; those bytes still have to be pushed.
    pub(super) fn decide(head: &[u8], is_all: bool, rows: &mut Rows, sink: &mut dyn Sink) -> Result<Self, IntakeError> {
        let undecided = Ok(Self::Undecided(Vec::new()));
        if head.len() < SNIFF_BYTES && !is_all {
            return undecided;
        }
        if let Some(reason) = detect::refuse(head, rows.summary.compression) {
            rows.stop(START, reason, sink)?;
            return undecided;
        }
        let sample = detect::without_bom(head);
        let offset = (head.len() - sample.len()) as u64;
        let sample = sample.get(..UNDECIDED_BYTES).unwrap_or(sample);
        let is_enough = is_all || sample.len() == UNDECIDED_BYTES;
        let format = match (rows.plan().format(), detect::format_of(sample, is_enough)) {
            (RecordFormat::Jsonl, _) => Format::Jsonl,
            (RecordFormat::Json, _) => Format::Json,
            (RecordFormat::Csv, _) => Format::Csv,
            (_, Some(format)) => format,
            (_, None) => return undecided,
        };
        let kind = match kind_of(format, sample, is_enough, rows.plan()) {
            Told::More => return undecided,
            Told::Kind(kind) => Some(kind),
            Told::Plain => None,
        };
        rows.summary.format = Some(format);
        if let Some(kind) = kind {
            rows.read_as(kind);
            if !kind.holds_records() {
                return Ok(Self::Passed);
            }
        }
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(Csv::new(offset))),
            Format::Json => Self::Json(Box::new(Elements::new(rows, offset))),
            Format::Jsonl | Format::Parquet => Self::Jsonl(Box::new(Lines::new(rows, offset))),
        })
    }

    /// Where the unfinished line begins.
    pub(super) fn offset(&self) -> u64 {
        match self {
            Self::Undecided(_) => 0,
            Self::Jsonl(lines) => lines.offset(),
            Self::Json(elements) => elements.offset(),
            Self::Csv(csv) => csv.offset(),
            Self::Passed => u64::MAX,
        }
    }

    /// The rest of the object cannot be read.
    pub(super) fn stop(&mut self, reason: Reason, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match self {
            Self::Jsonl(lines) => lines.stop(reason, rows, sink),
            Self::Json(elements) => elements.stop(reason, rows, sink),
            Self::Csv(csv) => csv.stop(reason, rows, sink),
            Self::Passed => rows.stop(START, reason, sink),
            Self::Undecided(head) => rows.stop(Place { text: head, ..START }, reason, sink),
        }
    }
}

/// Which serving system wrote a text, if any is named or told.
fn kind_of(format: Format, sample: &[u8], is_enough: bool, plan: &Plan) -> Told {
    let is_truth: IsTruth<'_> = &|names| plan.is_truth(names);
    let told = match (plan.format(), format) {
        // A plan that only looks at columns reads them as they are.
        _ if plan.contract().features.is_empty() => Told::Plain,
        (RecordFormat::Jsonl | RecordFormat::Json | RecordFormat::Csv | RecordFormat::Parquet, _) => Told::Plain,
        (_, Format::Csv) => csv_header::told(sample, is_enough, is_truth),
        (_, Format::Json) => of_document(sample, is_enough, is_truth),
        (_, Format::Jsonl | Format::Parquet) => of_lines(sample, is_enough, is_truth),
    };
    match (LogKind::named(plan.format()), told) {
        // What has no records has none under another name either.
        (Some(named), Told::Plain) => Told::Kind(named),
        (Some(named), Told::Kind(kind)) if kind.holds_records() => Told::Kind(named),
        (_, told) => told,
    }
}
