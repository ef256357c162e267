//! JSONL: cuts blocks of bytes into lines and parses each where it lies. Only a line that two blocks share is copied.

use crate::json::{Parser, Record, utf8};
use crate::row::{Cell, Row};
use crate::rows::{Place, Rows};
use crate::{IntakeError, Plan, Reason, ReasonKind, Sink};

/// Reads lines that arrive in blocks.
#[derive(Debug)]
pub(crate) struct Lines {
    reader: RecordReader,
    /// The beginning of a line whose end is still to come, at most one byte more than a line may have.
    carry: Vec<u8>,
    /// How long that line is so far.
    carried: u64,
    /// Number of the line that comes next, from 1.
    line: u64,
    /// Where it begins.
    offset: u64,
}

impl Lines {
    /// Reads on at an offset (behind a byte order mark).
    pub(crate) fn new(rows: &Rows, offset: u64) -> Self {
        Self { reader: RecordReader::new(rows), carry: Vec::new(), carried: 0, line: 1, offset }
    }

    /// Where the unfinished line begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the next block. Stops where the object has more lines than may be.
    pub(crate) fn push(&mut self, mut block: &[u8], rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        if self.carried > 0 {
            let Some(end) = memchr::memchr(b'\n', block) else {
                self.keep(block, rows);
                return Ok(());
            };
            let (tail, rest) = block.split_at_checked(end).unwrap_or((block, &[]));
            self.keep(tail, rows);
            block = rest.get(1..).unwrap_or_default();
            self.end_carried(1, rows, sink)?;
        }
        let whole = memchr::memrchr(b'\n', block).map_or(0, |end| end + 1);
        let (lines, rest) = block.split_at_checked(whole).unwrap_or((block, &[]));
        // Checked in one go: only a block that has a fault somewhere is checked line by line.
        let text = simdutf8::basic::from_utf8(lines).ok();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            if self.is_refused(rows, sink)? {
                return Ok(());
            }
            let line = lines.get(start..end).unwrap_or_default();
            let known = text.and_then(|text| text.get(start..end));
            self.read(line, known, (end - start) as u64, rows, sink)?;
            self.offset += (end + 1 - start) as u64;
            self.line += 1;
            start = end + 1;
        }
        if !rest.is_empty() && !self.is_refused(rows, sink)? {
            self.keep(rest, rows);
        }
        Ok(())
    }

    /// The object has ended, perhaps without a last line break.
    pub(crate) fn finish(mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        if self.carried > 0 && !rows.has_stopped() { self.end_carried(0, rows, sink) } else { Ok(()) }
    }

    /// The rest of the object cannot be read.
    pub(crate) fn stop(&mut self, reason: Reason, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        rows.stop(Place { line: self.line, offset: self.offset, text: &self.carry }, reason, sink)
    }

    /// Stops before one line too many.
    fn is_refused(&mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<bool, IntakeError> {
        if rows.is_full() && !rows.has_stopped() {
            let reason = rows.too_many_lines();
            rows.stop(Place { line: self.line, offset: self.offset, text: &[] }, reason, sink)?;
        }
        Ok(rows.has_stopped())
    }

    fn keep(&mut self, part: &[u8], rows: &Rows) {
        let room = (rows.limits().line_bytes + 1).saturating_sub(self.carry.len());
        self.carry.extend_from_slice(part.get(..room).unwrap_or(part));
        self.carried += part.len() as u64;
    }

    /// The carried line is whole.
    fn end_carried(&mut self, line_break: u64, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let carry = std::mem::take(&mut self.carry);
        self.read(&carry, None, self.carried, rows, sink)?;
        self.offset += self.carried + line_break;
        self.line += 1;
        self.carry = carry;
        self.carry.clear();
        self.carried = 0;
        Ok(())
    }

    /// Reads one line of `length` bytes, of which `line` may be only the beginning; `known` is its text when it was checked.
    #[inline]
    fn read(&mut self, line: &[u8], known: Option<&str>, length: u64, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let most = rows.limits().line_bytes;
        let place = Place { line: self.line, offset: self.offset, text: line.strip_suffix(b"\r").unwrap_or(line) };
        if length > most as u64 {
            let reason = Reason::new(ReasonKind::LineTooLong, format!("found a line of {length} bytes, expected at most {most}"));
            return rows.reject(place, None, reason, sink);
        }
        if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            rows.blank();
            return Ok(());
        }
        self.reader.read(place, line, known, rows, sink)
    }
}

/// Parses the text of one record, and hands the record on.
#[derive(Debug)]
pub(crate) struct RecordReader {
    parser: Parser,
    plan: Plan,
}

impl RecordReader {
    pub(crate) fn new(rows: &Rows) -> Self {
        Self { parser: Parser::new(rows.plan().tree()), plan: rows.plan().clone() }
    }

    /// Reads `line`, which stands at `place`; `known` is its text when it was checked.
    #[inline]
    pub(crate) fn read(
        &mut self,
        place: Place<'_>,
        line: &[u8],
        known: Option<&str>,
        rows: &mut Rows,
        sink: &mut dyn Sink,
    ) -> Result<(), IntakeError> {
        let parsed = match known.map_or_else(|| utf8(line), Ok) {
            Ok(text) => self.parser.record(text),
            Err(error) => Err(error),
        };
        match parsed {
            Ok(record) => rows.take(&JsonRow { plan: &self.plan, record }, place, sink),
            Err(error) => rows.reject(place, Some(error.offset as u64 + 1), error.reason, sink),
        }
    }
}

/// One record of JSON.
pub(crate) struct JsonRow<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) record: Record<'a>,
}

impl Row for JsonRow<'_> {
    #[inline]
    fn cell(&self, target: usize) -> Cell<'_> {
        self.plan.targets().get(target).map_or(Cell::Absent, |target| self.record.first(&target.slots))
    }

    fn nested(&self, target: usize) -> Option<&str> {
        self.plan.targets().get(target)?.slots.iter().find_map(|slot| self.record.nested(*slot))
    }

    fn unexpected(&self, each: &mut dyn FnMut(&str)) {
        self.record.unexpected(each);
    }
}
