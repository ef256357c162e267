//! Events of serving systems: one line holds a request, a response or both, and each of those one record or several.
//!
//! ```text
//! line, row ─▶ event (who, when, payloads) ─▶ rows of the request ─┐
//!                                          └▶ rows of the response ┴▶ record ─▶ Rows
//!                              a request or a response alone ─▶ pairs ─┘└─▶ Sink::half
//! ```
//!
//! The lines of any format are read by a plan of the event's own places ([`kind::paths`]); what they hold is read by the contract. Row `i` of a request
//! belongs to row `i` of its response, and when there are several, its id is the event's with `_i` behind, as Azure numbers them.

mod join;
mod kind;
mod pairs;
mod payload;
mod record;

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tidegate_contract::RecordFormat;

pub use join::join;
pub use kind::LogKind;
pub(crate) use kind::{IsTruth, Told, of_document, of_lines};
pub(crate) use payload::Side;

use crate::json::Parser;
use crate::plan::{self, Plan};
use crate::row::{Category, Cell, Row};
use crate::rows::{Place, Rows};
use crate::tree::Tree;
use crate::{IntakeError, Layout, Limits, Reason, ReasonKind, Sink};
use kind::place;
use pairs::Pairing;
use payload::RowTexts;
use record::{EventRow, Meanings};

/// Base64 as loggers write it, padded or not.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// The status of a call that was answered.
const ANSWERED: f64 = 200.0;

/// Opens the events of one object.
#[derive(Debug)]
pub(crate) struct Events {
    format: RecordFormat,
    /// Reads the events themselves.
    reading: Plan,
    /// Reads what they hold.
    record: Plan,
    meanings: Meanings,
    trees: [Arc<Tree>; 2],
    parsers: [Parser; 2],
    /// The rows of the request and of the response that are being looked at.
    texts: [RowTexts; 2],
    /// Names by which a header line in a CSV payload is told.
    names: Vec<String>,
    pairs: Pairing,
}

/// An event whose payloads were read.
struct Opened {
    /// The side that it is, when it is one of two.
    half: Option<Side>,
    rows: usize,
    id: Option<String>,
}

impl Events {
    pub(crate) fn new(record: &Plan, format: RecordFormat, limits: &Limits) -> Self {
        let meanings = Meanings::new(record);
        let mut paths: Vec<Vec<String>> =
            kind::paths(format).iter().map(|paths| paths.iter().map(|path| (*path).to_owned()).collect()).collect();
        paths.extend(meanings.own_paths().iter().map(|path| vec![path.clone()]));
        let names: Vec<&str> = paths.iter().skip(plan::FIELDS).map(|paths| paths.first().map_or("", String::as_str)).collect();
        let trees = meanings.trees();
        let contract = record.contract();
        Self {
            format,
            reading: Plan::of_places(&names, &paths),
            parsers: [Parser::new(&trees[0]), Parser::new(&trees[1])],
            trees,
            meanings,
            texts: Default::default(),
            names: contract.features.iter().flat_map(|feature| [feature.path().to_owned(), feature.name.clone()]).collect(),
            pairs: Pairing::new(record, limits.held_bytes),
            record: record.clone(),
        }
    }

    /// The plan by which the events are read.
    pub(crate) fn plan(&self) -> &Plan {
        &self.reading
    }

    /// Takes an event: hands on its records, or puts it aside.
    pub(crate) fn take<R: Row>(&mut self, event: &R, at: Place<'_>, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match self.open(event) {
            Ok(opened) => self.hand_on(event, &opened, at, rows, sink),
            Err(reason) => rows.put_aside(event, at, reason, sink),
        }
    }

    /// The object has ended: halves without the other are handed on as such.
    pub(crate) fn finish(&mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        self.pairs.finish(rows, sink)
    }

    /// Reads an event's payloads into rows.
    fn open<R: Row>(&mut self, event: &R) -> Result<Opened, Reason> {
        let half = match self.format {
            RecordFormat::Azureml | RecordFormat::Kserve => self.half(event)?,
            _ => None,
        };
        let status = event.cell(place::STATUS);
        let is_elsewhere = self.format == RecordFormat::Azureml && matches!(status, Cell::Bool(true) | Cell::Text("true" | "True"));
        if is_elsewhere {
            let text = "found a payload that lies in a blob of its own (datainblob), expected it in the event";
            return Err(Reason::new(ReasonKind::Payload, text));
        }
        let is_answered = match status {
            _ if self.format == RecordFormat::Azureml => true,
            Cell::Number { value, .. } => value == ANSWERED,
            Cell::Int(value) => value as f64 == ANSWERED,
            Cell::Text(text) => text.trim().parse::<f64>().map_or(true, |status| status == ANSWERED),
            _ => true,
        };
        let mut is_there = [false, false];
        for (side, body, encoding) in
            [(Side::Input, place::INPUT, place::INPUT_ENCODING), (Side::Output, place::OUTPUT, place::OUTPUT_ENCODING)]
        {
            // An event of one side has its payload in one place, whichever side it is.
            let side = half.filter(|_| side == Side::Input).unwrap_or(side);
            if body == place::OUTPUT && (half.is_some() || !is_answered) {
                continue;
            }
            let Some(text) = self.body(event, body, encoding).map_err(|reason| of(side, &reason))? else { continue };
            let index = side as usize;
            let (Some(rows), Some(tree), Some(there)) = (self.texts.get_mut(index), self.trees.get(index), is_there.get_mut(index)) else {
                continue;
            };
            rows.read(&text, side, tree, &self.names).map_err(|reason| of(side, &reason))?;
            *there = rows.len() > 0;
        }
        let id = match identity(event.cell(place::ID))? {
            Some(id) => Some(id),
            None => identity(event.cell(place::OTHER_ID))?,
        };
        Ok(Opened { half, rows: self.align(is_there)?, id })
    }

    /// Which side an event is.
    fn half<R: Row>(&self, event: &R) -> Result<Option<Side>, Reason> {
        let kind = event.cell(place::TYPE);
        let side = kind::side_of(kind);
        // A collection of Azure's may have any name: one of both sides together holds whole records.
        if side.is_none() && self.format == RecordFormat::Kserve {
            let text = format!("found {} at \"reqType\" that is neither a request nor a response, expected one", kind.kind());
            return Err(Reason::new(ReasonKind::Payload, text));
        }
        Ok(side)
    }

    /// The text of a payload; `None` when it was not logged.
    fn body<R: Row>(&self, event: &R, body: usize, encoding: usize) -> Result<Option<String>, Reason> {
        if let Some(nested) = event.nested(body) {
            return Ok(Some(nested.to_owned()));
        }
        let text = match event.cell(body) {
            Cell::Absent | Cell::Null => return Ok(None),
            Cell::Text(text) => text,
            other => return Ok(Some(other.to_json().to_string())),
        };
        let is_text = text.trim_ascii_start().starts_with(['{', '[']);
        let says_base64 = matches!(event.cell(encoding), Cell::Text(encoding) if encoding.eq_ignore_ascii_case("base64"));
        if says_base64 || (self.format == RecordFormat::Kserve && !is_text) {
            let decoded = BASE64.decode(text.trim_ascii()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            return match decoded {
                Some(decoded) => Ok(Some(decoded)),
                None if says_base64 => {
                    Err(Reason::new(ReasonKind::Payload, "found what is no base64 of UTF-8 text, expected that by its encoding"))
                }
                None => Ok(Some(text.to_owned())),
            };
        }
        Ok(Some(text.to_owned()))
    }

    /// How many records there are, both sides brought to as many rows.
    fn align(&mut self, [has_input, has_output]: [bool; 2]) -> Result<usize, Reason> {
        let [input, output] = &mut self.texts;
        let width = self.meanings.width();
        if has_input && width == Some(1) {
            input.split(Some(input.values()))?;
        }
        match (has_input, has_output) {
            (true, true) => output.split(Some(input.len()))?,
            (false, true) => output.split(None)?,
            _ => {}
        }
        if !has_input {
            input.clear();
        }
        if !has_output {
            output.clear();
        }
        match (input.len(), output.len()) {
            (0, 0) => {
                Err(Reason::new(ReasonKind::Payload, "found an event without a request and without a response, expected one of them"))
            }
            (inputs, 0) => Ok(inputs),
            (0, outputs) => Ok(outputs),
            (inputs, outputs) if inputs == outputs => Ok(inputs),
            (inputs, outputs) => Err(Reason::new(
                ReasonKind::Payload,
                format!(
                    "found {inputs} rows in the request and {outputs} in the response, expected as many: record.outputs names several values of one row"
                ),
            )),
        }
    }

    fn hand_on<R: Row>(
        &mut self,
        event: &R,
        opened: &Opened,
        at: Place<'_>,
        rows: &mut Rows,
        sink: &mut dyn Sink,
    ) -> Result<(), IntakeError> {
        let whole = at;
        let Self { meanings, parsers: [input_parser, output_parser], texts: [inputs, outputs], pairs, record, .. } = self;
        for number in 0..opened.rows {
            if rows.has_stopped() {
                return Ok(());
            }
            if rows.is_full() {
                let reason = rows.too_many_lines();
                return rows.stop(at, reason, sink);
            }
            let (input, output) = (inputs.get(number), outputs.get(number));
            let own = [input.unwrap_or_default(), output.unwrap_or_default()].join(" ");
            // A record among several is put aside alone.
            let at = if opened.rows > 1 { Place { text: own.trim_ascii().as_bytes(), ..at } } else { at };
            let answer = match meanings.answer(input, output) {
                Ok(answer) => answer,
                Err(reason) => {
                    rows.put_aside(event, at, reason, sink)?;
                    continue;
                }
            };
            let parsed = input
                .map(|text| input_parser.value_of(text).map_err(|error| of(Side::Input, &error.reason)))
                .transpose()
                .and_then(|input| {
                    let output = output.map(|text| output_parser.value_of(text).map_err(|error| of(Side::Output, &error.reason)));
                    Ok((input, output.transpose()?))
                });
            let (input, output) = match parsed {
                Ok(parsed) => parsed,
                Err(reason) => {
                    rows.put_aside(event, at, reason, sink)?;
                    continue;
                }
            };
            let id = opened.id.as_ref().map(|id| if opened.rows > 1 { format!("{id}_{number}") } else { id.clone() });
            let row = EventRow { meanings, event, input, output, id: id.as_deref(), answer, written_ms: record.written_ms() };
            // The time is the event's: without one, the event is put aside whole.
            if number == 0
                && record.layout() == Layout::Logs
                && let Err(reason) = rows.time(row.cell(plan::TIMESTAMP))
            {
                return rows.put_aside(event, Place { text: whole.text, ..at }, reason, sink);
            }
            match opened.half {
                Some(side) if pairs.joins() => {
                    rows.show(&row, at);
                    pairs.take(side, &row, at, rows, sink)?;
                }
                _ => rows.take_record(&row, at, sink)?,
            }
        }
        Ok(())
    }
}

/// A reason, with the payload that it is about.
fn of(side: Side, reason: &Reason) -> Reason {
    Reason { text: format!("in the {}: {}", side.name(), reason.text), kind: reason.kind }
}

/// An event's id; `None` when it is missing.
fn identity(cell: Cell<'_>) -> Result<Option<String>, Reason> {
    match cell.identity() {
        Category::Missing => Ok(None),
        Category::Value(text) => Ok(Some(text.into_owned())),
        Category::WrongType => {
            Err(Reason::new(ReasonKind::Identity, format!("found {} as id of the event, expected a string", cell.kind())))
        }
    }
}
