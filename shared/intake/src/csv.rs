//! CSV as RFC 4180 has it, with a header line, in blocks of any size.
//!
//! A quote that is never closed would swallow the lines behind it. When a row outgrows the longest line, the object ends inside
//! quotes, or text stands behind a closing quote, only the row's first line is put aside and reading goes on at the second, a limited
//! number of times.

use csv_core::{ReadRecordResult, Reader};

use crate::csv_header::Header;
use crate::row::{Cell, Row};
use crate::rows::{Place, Rows};
use crate::{IntakeError, Reason, ReasonKind, Sink, plan};

/// So many unclosed quotes of one object are mended; each costs reading at most one longest line again.
const MENDED_QUOTES: usize = 64;

/// Reads CSV that arrives in blocks.
#[derive(Debug)]
pub(crate) struct Csv {
    reader: Reader,
    header: Option<Header>,
    fields: Fields,
    /// The row so far, when it began in an earlier block.
    raw: Vec<u8>,
    /// Number of the line on which the next row begins, and where that is.
    line: u64,
    offset: u64,
    /// Whether the last byte was a carriage return that ended a row: a line feed belongs to it.
    after_return: bool,
    /// Whether the rest of an over-long line is being passed over.
    is_skipping: bool,
    mended: usize,
}

/// The fields of one row, as `csv_core` hands them out.
#[derive(Debug)]
struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
    text_used: usize,
    ends_used: usize,
}

/// How a row ended.
enum End {
    /// It is whole.
    Whole,
    /// The block ended first.
    Open,
    /// It is longer than a line may be.
    TooLong,
}

impl Csv {
    /// Reads on at an offset (behind a byte order mark).
    pub(crate) fn new(offset: u64) -> Self {
        Self {
            reader: Reader::new(),
            header: None,
            fields: Fields { text: vec![0; 4_096], ends: vec![0; 64], text_used: 0, ends_used: 0 },
            raw: Vec::new(),
            line: 1,
            offset,
            after_return: false,
            is_skipping: false,
            mended: 0,
        }
    }

    /// Where the unfinished row begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the next block.
    pub(crate) fn push(&mut self, block: &[u8], rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let mut at = 0;
        while let Some(&byte) = block.get(at).filter(|_| !rows.has_stopped()) {
            if self.is_skipping {
                at += self.skip(block.get(at..).unwrap_or_default());
                continue;
            }
            if self.raw.is_empty() && self.between_rows(byte, rows, sink)? {
                at += usize::from(!rows.has_stopped());
                continue;
            }
            let row = block.get(at..).unwrap_or_default();
            let (end, used) = self.feed(row, rows.limits().line_bytes);
            at += used;
            let part = row.get(..used).unwrap_or(row);
            match end {
                End::Whole if self.raw.is_empty() => self.end_row(part, rows, sink)?,
                End::Whole => {
                    let mut raw = std::mem::take(&mut self.raw);
                    raw.extend_from_slice(part);
                    self.end_row(&raw, rows, sink)?;
                    raw.clear();
                    self.raw = raw;
                }
                End::Open => self.raw.extend_from_slice(part),
                End::TooLong => {
                    let mut raw = std::mem::take(&mut self.raw);
                    raw.extend_from_slice(part);
                    self.mend(&raw, false, rows, sink)?;
                }
            }
        }
        Ok(())
    }

    /// The object has ended, perhaps without a last line break.
    pub(crate) fn finish(mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        while !self.raw.is_empty() && !rows.has_stopped() {
            let end = self.feed(b"\n", usize::MAX).0;
            let raw = std::mem::take(&mut self.raw);
            match end {
                End::Whole => self.end_row(&raw, rows, sink)?,
                End::Open | End::TooLong => self.mend(&raw, true, rows, sink)?,
            }
        }
        Ok(())
    }

    /// The rest of the object cannot be read.
    pub(crate) fn stop(&mut self, reason: Reason, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        rows.stop(Place { line: self.line, offset: self.offset, text: &self.raw }, reason, sink)
    }

    /// Deals with a byte between rows; whether it is none of a row's own.
    fn between_rows(&mut self, byte: u8, rows: &mut Rows, sink: &mut dyn Sink) -> Result<bool, IntakeError> {
        if byte == b'\n' && std::mem::take(&mut self.after_return) {
            self.offset += 1;
            return Ok(true);
        }
        self.after_return = false;
        if rows.is_full() {
            let reason = rows.too_many_lines();
            rows.stop(Place { line: self.line, offset: self.offset, text: &[] }, reason, sink)?;
            return Ok(true);
        }
        let is_break = matches!(byte, b'\n' | b'\r');
        if is_break {
            rows.blank();
            self.after_return = byte == b'\r';
            self.offset += 1;
            self.line += 1;
        }
        Ok(is_break)
    }

    /// Passes over the rest of a line; how many bytes of the block that takes.
    fn skip(&mut self, block: &[u8]) -> usize {
        let end = memchr::memchr(b'\n', block);
        let used = end.map_or(block.len(), |end| end + 1);
        self.offset += used as u64;
        if end.is_some() {
            self.is_skipping = false;
            self.line += 1;
        }
        used
    }

    /// Feeds the parser until the row ends, the block does, or the row is too long.
    fn feed(&mut self, block: &[u8], most: usize) -> (End, usize) {
        let mut used = 0;
        loop {
            let room = most.saturating_add(1).saturating_sub(self.raw.len() + used);
            let rest = block.get(used..).unwrap_or_default();
            let input = rest.get(..room).unwrap_or(rest);
            if input.is_empty() {
                // An empty input would tell the parser that all data has ended.
                return (if rest.is_empty() { End::Open } else { End::TooLong }, used);
            }
            let Fields { text, ends, text_used, ends_used } = &mut self.fields;
            let (result, read, wrote, ended) = self.reader.read_record(
                input,
                text.get_mut(*text_used..).unwrap_or_default(),
                ends.get_mut(*ends_used..).unwrap_or_default(),
            );
            used += read;
            *text_used += wrote;
            *ends_used += ended;
            match result {
                ReadRecordResult::Record => return (End::Whole, used),
                ReadRecordResult::OutputFull => text.resize(text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
    }

    /// A row with a quote that goes wrong, or one too long: puts its first line aside and reads on at the second. `is_whole` says whether
    /// `raw` is all of the row.
    fn mend(&mut self, raw: &[u8], is_whole: bool, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        self.reader.reset();
        (self.fields.text_used, self.fields.ends_used) = (0, 0);
        if self.header.is_none() {
            let reason = Reason::new(
                ReasonKind::Header,
                "found a first line that does not end or has a quote without its other half, expected a header line",
            );
            return rows.stop(Place { line: self.line, offset: self.offset, text: raw }, reason, sink);
        }
        let first_break = memchr::memchr(b'\n', raw);
        let most = rows.limits().line_bytes;
        let reason = if first_break.is_none() && !is_whole {
            Reason::new(ReasonKind::LineTooLong, format!("found a row of more than {most} bytes, expected at most that"))
        } else {
            Reason::new(ReasonKind::Quoting, "found a quote without its other half before a comma or the end of the line, expected one")
        };
        let has_room = self.mended < MENDED_QUOTES;
        let (row, rest) = match first_break {
            Some(end) if has_room || end + 1 == raw.len() => raw.split_at_checked(end + 1).unwrap_or((raw, &[])),
            _ => (raw, &[] as &[u8]),
        };
        rows.reject(Place { line: self.line, offset: self.offset, text: without_break(row) }, None, reason, sink)?;
        self.line += memchr::memchr_iter(b'\n', row).count() as u64;
        self.offset += row.len() as u64;
        self.is_skipping = !is_whole && row.len() == raw.len() && raw.last() != Some(&b'\n');
        if rest.is_empty() {
            return Ok(());
        }
        self.mended += 1;
        self.push(rest, rows, sink)
    }

    /// A row is whole: `raw` is all of it, its line break included.
    fn end_row(&mut self, raw: &[u8], rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let text = without_break(raw);
        if !is_well_quoted(text) {
            return self.mend(raw, true, rows, sink);
        }
        self.after_return = raw.last() == Some(&b'\r');
        let place = Place { line: self.line, offset: self.offset, text };
        self.line += memchr::memchr_iter(b'\n', raw).count() as u64 + u64::from(self.after_return);
        let start = self.offset;
        self.offset += raw.len() as u64;
        let result = match &self.header {
            None => {
                let header = self.fields.strings().and_then(|names| Header::new(names, rows.plan(), rows.summary.log));
                match header {
                    Ok(header) => {
                        let taken = if header.is_row { row(&header, &self.fields, place, rows, sink) } else { Ok(()) };
                        self.header = Some(header);
                        taken
                    }
                    Err(reason) => {
                        self.offset = start; // nothing was read
                        rows.stop(place, reason, sink)
                    }
                }
            }
            Some(header) => row(header, &self.fields, place, rows, sink),
        };
        (self.fields.text_used, self.fields.ends_used) = (0, 0);
        result
    }
}

/// A row without its line break.
fn without_break(raw: &[u8]) -> &[u8] {
    let text = raw.strip_suffix(b"\n").unwrap_or(raw);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Whether every quoted field ends at its closing quote. `csv_core` takes `"a"b` as `ab`, and so a quote that was never closed swallows the
/// lines up to the next one without a word.
fn is_well_quoted(row: &[u8]) -> bool {
    if memchr::memchr(b'"', row).is_none() {
        return true;
    }
    let mut rest = row;
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            rest = quoted;
            loop {
                let Some(quote) = memchr::memchr(b'"', rest) else { return false };
                rest = rest.get(quote + 1..).unwrap_or_default();
                match rest.strip_prefix(b"\"") {
                    Some(more) => rest = more,
                    None => break,
                }
            }
        } else {
            rest = memchr::memchr(b',', rest).and_then(|comma| rest.get(comma..)).unwrap_or_default();
        }
        match rest.split_first() {
            None => return true,
            Some((b',', more)) => rest = more,
            Some(_) => return false,
        }
    }
}

/// The names of a CSV's columns.
pub(crate) fn header_names(text: &[u8]) -> Result<Vec<String>, Reason> {
    let text = text.trim_ascii_start();
    let mut csv = Csv::new(0);
    match csv.feed(text, crate::limits::MAX_LINE_BYTES).0 {
        End::Whole => csv.fields.strings(),
        // The only line has no line break.
        End::Open if matches!(csv.feed(b"\n", usize::MAX).0, End::Whole) => csv.fields.strings(),
        End::Open | End::TooLong => Err(Reason::new(ReasonKind::Header, "found no first line that ends, expected a header line")),
    }
}

/// Takes one row.
fn row(header: &Header, fields: &Fields, place: Place<'_>, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let text = match crate::json::utf8(place.text) {
        // The fields are the row without some ASCII bytes, so they are UTF-8 as well.
        Ok(_) => simdutf8::basic::from_utf8(fields.bytes()).unwrap_or_default(),
        Err(error) => return rows.reject(place, Some(error.offset as u64 + 1), error.reason, sink),
    };
    let (found, expected) = (fields.ends_used, header.names.len());
    if found == expected {
        return rows.take(&CsvRow { header, text, ends: fields.ends() }, place, sink);
    }
    if place.text.trim_ascii().is_empty() {
        rows.blank();
        return Ok(());
    }
    rows.reject(place, None, Reason::new(ReasonKind::FieldCount, format!("found {found} fields, expected {expected}")), sink)
}

impl Fields {
    fn bytes(&self) -> &[u8] {
        self.text.get(..self.text_used).unwrap_or_default()
    }

    fn ends(&self) -> &[usize] {
        self.ends.get(..self.ends_used).unwrap_or_default()
    }

    fn strings(&self) -> Result<Vec<String>, Reason> {
        let text =
            crate::json::utf8(self.bytes()).map_err(|error| Reason::new(ReasonKind::Header, format!("in the header: {}", error.reason)))?;
        let mut start = 0;
        let names = self.ends().iter().map(|&end| text.get(std::mem::replace(&mut start, end)..end).unwrap_or_default().trim().to_owned());
        Ok(names.collect())
    }
}

/// One row.
struct CsvRow<'a> {
    header: &'a Header,
    text: &'a str,
    ends: &'a [usize],
}

impl CsvRow<'_> {
    fn field(&self, at: usize) -> Option<&str> {
        let start = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        self.text.get(start..*self.ends.get(at)?)
    }
}

impl Row for CsvRow<'_> {
    #[inline]
    fn cell(&self, target: usize) -> Cell<'_> {
        match self.header.columns.get(target).copied().flatten().and_then(|column| self.field(column)) {
            Some("") => Cell::Null,
            Some(text) if target == plan::INFERENCE_ID => Cell::Text(text.trim_ascii()),
            Some(text) => Cell::Text(text),
            None => Cell::Absent,
        }
    }

    fn unexpected(&self, each: &mut dyn FnMut(&str)) {
        for (column, name) in &self.header.unexpected {
            if self.field(*column).is_some_and(|text| !text.is_empty()) {
                each(name);
            }
        }
    }
}
