//! JSON that is no lines: an array of records, or records one after the other over any number of lines. Cuts blocks of bytes into records.
//!
//! A record ends where its brackets do, so one with a fault inside costs no other. Where brackets themselves are wrong, nothing tells where the next record
//! begins: the rest of the object is put aside as one.

use crate::lines::RecordReader;
use crate::rows::{Place, Rows};
use crate::{IntakeError, Reason, ReasonKind, Sink};

/// Reads records that arrive in blocks.
#[derive(Debug)]
pub(crate) struct Elements {
    reader: RecordReader,
    /// What is open around the next byte.
    state: State,
    /// Whether the records stand in an array.
    in_array: bool,
    /// The record so far, at most one byte more than a line may have.
    carry: Vec<u8>,
    /// How long it is so far.
    carried: u64,
    /// Number of the line that the next byte stands on, and where that byte is.
    line: u64,
    offset: u64,
    /// Line on which the unfinished record begins.
    first_line: u64,
}

/// What stands around the next byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing yet: an array may begin.
    Start,
    /// A record may begin; a comma must have come before the next one in an array.
    Between { after_record: bool },
    /// A record of brackets.
    Inside { depth: u32, in_string: bool, escaped: bool },
    /// A value without brackets, which is none of a record.
    Scalar { in_string: bool, escaped: bool },
    /// The array has ended.
    End,
}

impl Elements {
    /// Reads on at an offset (behind a byte order mark).
    pub(crate) fn new(rows: &Rows, offset: u64) -> Self {
        Self {
            reader: RecordReader::new(rows),
            state: State::Start,
            in_array: false,
            carry: Vec::new(),
            carried: 0,
            line: 1,
            offset,
            first_line: 1,
        }
    }

    /// Where the unfinished record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset - self.carried
    }

    /// Takes the next block.
    pub(crate) fn push(&mut self, block: &[u8], rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        for &byte in block {
            if rows.has_stopped() {
                return Ok(());
            }
            self.take(byte, rows, sink)?;
        }
        Ok(())
    }

    fn take(&mut self, byte: u8, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let is_space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        match self.state {
            State::Inside { depth, in_string, escaped } => {
                self.keep(byte, rows);
                let (depth, in_string, escaped) = within(byte, depth, in_string, escaped);
                self.state = State::Inside { depth, in_string, escaped };
                self.pass(byte);
                if depth == 0 {
                    self.end_record(rows, sink)?;
                }
                return Ok(());
            }
            State::Scalar { in_string, .. } if !in_string && (is_space || matches!(byte, b',' | b']' | b'{' | b'[')) => {
                self.end_record(rows, sink)?;
                return if rows.has_stopped() { Ok(()) } else { self.take(byte, rows, sink) };
            }
            State::Scalar { in_string, escaped } => {
                self.keep(byte, rows);
                let (_, in_string, escaped) = within(byte, 1, in_string, escaped);
                self.state = State::Scalar { in_string, escaped };
            }
            _ if is_space => {}
            State::Start if byte == b'[' => {
                self.in_array = true;
                self.state = State::Between { after_record: false };
            }
            State::Between { after_record: true } if self.in_array && byte == b',' => self.state = State::Between { after_record: false },
            State::Between { .. } if self.in_array && byte == b']' => self.state = State::End,
            State::Between { after_record } if self.in_array && after_record => {
                return self.fault("found another character behind a record of the array, expected a comma or its end", rows, sink);
            }
            State::Start | State::Between { .. } => {
                if rows.is_full() {
                    let reason = rows.too_many_lines();
                    return rows.stop(Place { line: self.line, offset: self.offset, text: &[] }, reason, sink);
                }
                self.first_line = self.line;
                self.keep(byte, rows);
                self.state = match byte {
                    b'{' | b'[' => State::Inside { depth: 1, in_string: false, escaped: false },
                    b'}' | b']' | b',' | b':' => {
                        return self.fault("found a bracket or separator where a record should begin, expected a JSON object", rows, sink);
                    }
                    _ => State::Scalar { in_string: byte == b'"', escaped: false },
                };
            }
            State::End => return self.fault("found more text behind the end of the array, expected none", rows, sink),
        }
        self.pass(byte);
        Ok(())
    }

    /// The object has ended.
    pub(crate) fn finish(mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match self.state {
            _ if rows.has_stopped() => Ok(()),
            State::Inside { .. } => self.fault("found the end of the object, expected the end of a record", rows, sink),
            State::Scalar { .. } => self.end_record(rows, sink),
            State::Between { .. } if self.in_array => self.fault("found the end of the object, expected the end of its array", rows, sink),
            _ => Ok(()),
        }
    }

    /// The rest of the object cannot be read.
    pub(crate) fn stop(&mut self, reason: Reason, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        rows.stop(Place { line: self.first_line, offset: self.offset(), text: &self.carry }, reason, sink)
    }

    fn fault(&mut self, text: &'static str, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        if self.carried == 0 {
            self.first_line = self.line;
        }
        self.stop(Reason::new(ReasonKind::Json, text), rows, sink)
    }

    fn keep(&mut self, byte: u8, rows: &Rows) {
        if self.carry.len() <= rows.limits().line_bytes {
            self.carry.push(byte);
        }
        self.carried += 1;
    }

    fn pass(&mut self, byte: u8) {
        self.offset += 1;
        self.line += u64::from(byte == b'\n');
    }

    fn end_record(&mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let most = rows.limits().line_bytes;
        let carry = std::mem::take(&mut self.carry);
        let place = Place { line: self.first_line, offset: self.offset(), text: &carry };
        if self.carried > most as u64 {
            let reason = Reason::new(ReasonKind::LineTooLong, format!("found a record of {} bytes, expected at most {most}", self.carried));
            rows.reject(place, None, reason, sink)?;
        } else {
            self.reader.read(place, &carry, None, rows, sink)?;
        }
        self.carry = carry;
        self.carry.clear();
        self.carried = 0;
        self.state = State::Between { after_record: true };
        Ok(())
    }
}

/// How a byte of a value changes what is open around the next one.
fn within(byte: u8, depth: u32, in_string: bool, escaped: bool) -> (u32, bool, bool) {
    match byte {
        _ if escaped => (depth, in_string, false),
        b'\\' if in_string => (depth, true, true),
        b'"' => (depth, !in_string, false),
        _ if in_string => (depth, true, false),
        b'{' | b'[' => (depth.saturating_add(1), false, false),
        b'}' | b']' => (depth.saturating_sub(1), false, false),
        _ => (depth, false, false),
    }
}
