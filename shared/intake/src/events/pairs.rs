//! Requests and responses that were logged apart, brought together within one object.
//!
//! A half is kept as one line of JSON with only what the contract reads, as it may be stored: the same line that goes to the lake when the other half
//! lies in another object. Memory is bounded: beyond it the oldest half is handed on as one that waits.

use std::collections::VecDeque;

use hashbrown::HashMap;
use tidegate_contract::Pairs;

use super::payload::{Side, quoted};
use crate::json::{Parser, Record};
use crate::plan::{self, Plan};
use crate::row::{Category, Cell, Row};
use crate::rows::{Place, Rows, identity};
use crate::sink::Half;
use crate::tree::Tree;
use crate::{IntakeError, Reason, ReasonKind, Sink, limits};

/// Keys of a half besides its fields.
const SIDE: &str = "side";
const TIME: &str = "time";
const ID: &str = "id";
const VERSION: &str = "version";
const FIELDS: &str = "fields";
const UNEXPECTED: &str = "unexpected";

/// Brings the halves of one object together.
#[derive(Debug)]
pub(super) struct Pairing {
    joins: bool,
    plan: Plan,
    held: HashMap<String, Held>,
    order: VecDeque<(u64, String)>,
    next: u64,
    bytes: usize,
    most_bytes: usize,
    merger: Merger,
}

/// A half that waits within the object.
#[derive(Debug)]
struct Held {
    number: u64,
    side: Side,
    time_ms: i64,
    text: String,
}

impl Pairing {
    pub(super) fn new(plan: &Plan, most_bytes: usize) -> Self {
        Self {
            joins: plan.contract().record.pairs == Pairs::Required,
            plan: plan.clone(),
            held: HashMap::new(),
            order: VecDeque::new(),
            next: 0,
            bytes: 0,
            most_bytes,
            merger: Merger::new(plan),
        }
    }

    /// Whether halves wait for each other.
    pub(super) fn joins(&self) -> bool {
        self.joins
    }

    /// Takes half a record: hands the record on when the other half is there.
    pub(super) fn take<R: Row>(
        &mut self,
        side: Side,
        row: &R,
        at: Place<'_>,
        rows: &mut Rows,
        sink: &mut dyn Sink,
    ) -> Result<(), IntakeError> {
        let known = rows.time(row.cell(plan::TIMESTAMP)).and_then(|time| {
            let id = identity(row.cell(plan::INFERENCE_ID), "inference id", limits::MAX_ID_BYTES)?;
            let id = id.ok_or_else(|| {
                Reason::new(ReasonKind::Identity, "found no id, expected the one that request and response have in common")
            })?;
            Ok((time, self.plan.stored_id(id).into_owned()))
        });
        let (time, id) = match known {
            Ok((time, id)) => (time.unwrap_or_default(), id),
            Err(reason) => return rows.put_aside(row, at, reason, sink),
        };
        let text = half_text(side, time, &id, row, &self.plan);
        if self.held.get(&id).is_some_and(|held| held.side != side) {
            let Some(other) = self.held.remove(&id) else { return Ok(()) };
            self.bytes -= other.text.len();
            let (input, output) = if side == Side::Input { (&text, &other.text) } else { (&other.text, &text) };
            return match self.merger.merge(input, output) {
                Ok(merged) => rows.take_stored(&merged, at, sink),
                Err(reason) => rows.put_aside(row, at, reason, sink),
            };
        }
        let held = Held { number: self.next, side, time_ms: time, text };
        self.next += 1;
        self.bytes += held.text.len();
        self.order.push_back((held.number, id.clone()));
        if let Some(before) = self.held.insert(id.clone(), held) {
            // The same side twice: the first is not forgotten.
            self.bytes -= before.text.len();
            waits(&id, &before, rows, sink)?;
        }
        while self.bytes > self.most_bytes {
            let Some((number, id)) = self.order.pop_front() else { break };
            if self.held.get(&id).is_some_and(|held| held.number == number)
                && let Some(held) = self.held.remove(&id)
            {
                self.bytes -= held.text.len();
                waits(&id, &held, rows, sink)?;
            }
        }
        Ok(())
    }

    /// Hands on what has no other half in the object, in its order.
    pub(super) fn finish(&mut self, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        let mut left: Vec<(String, Held)> = self.held.drain().collect();
        left.sort_by_key(|(_, held)| held.number);
        left.iter().try_for_each(|(id, held)| waits(id, held, rows, sink))
    }
}

fn waits(id: &str, held: &Held, rows: &mut Rows, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    rows.summary.waiting += 1;
    sink.half(Half { id, time_ms: held.time_ms, text: &held.text }).map_err(IntakeError::Sink)
}

/// A half as one line of JSON.
fn half_text<R: Row>(side: Side, time: i64, id: &str, row: &R, plan: &Plan) -> String {
    let mut text = format!("{{\"{ID}\":{},\"{SIDE}\":\"{}\",\"{TIME}\":{time}", quoted(id), side.name());
    if let Category::Value(version) = row.cell(plan::VERSION).identity() {
        text.extend([",\"", VERSION, "\":", &quoted(&version)]);
    }
    text.extend([",\"", FIELDS, "\":{"]);
    let mut is_first = true;
    for (place, field) in plan.fields().iter().enumerate() {
        let cell = row.cell(plan::FIELDS + place);
        let Some(value) = stored(cell, place, plan) else { continue };
        text.extend([if is_first { "" } else { "," }, &quoted(&field.name), ":", &value]);
        is_first = false;
    }
    text.extend(["},\"", UNEXPECTED, "\":{"]);
    let mut is_first = true;
    row.unexpected(&mut |name| {
        text.extend([if is_first { "" } else { "," }, &quoted(name), ":0"]);
        is_first = false;
    });
    text.push_str("}}");
    text
}

/// A value as it is stored, as JSON; `None` when it is not there.
fn stored(cell: Cell<'_>, place: usize, plan: &Plan) -> Option<String> {
    match cell {
        Cell::Absent => None,
        _ if plan.hides(place) => Some(plan.privacy().hidden(cell).map_or("null".to_owned(), |hidden| quoted(&hidden))),
        Cell::Number { text, .. } => Some(text.to_owned()),
        // Only its kind counts.
        Cell::Nested(_) => Some("[]".to_owned()),
        other => Some(other.to_json().to_string()),
    }
}

/// Makes one record of two halves.
#[derive(Debug)]
pub(super) struct Merger {
    input: Parser,
    output: Parser,
    known: Known,
}

/// Where a half keeps things.
#[derive(Debug)]
struct Known {
    targets: Vec<usize>,
    side: usize,
}

impl Merger {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut tree = Tree::default();
        let mut targets = vec![tree.slot(TIME), tree.slot(ID), tree.slot(VERSION)];
        targets.extend(plan.fields().iter().map(|field| tree.key_slot(FIELDS, &field.name)));
        let side = tree.slot(SIDE);
        tree.holds_features(UNEXPECTED);
        let tree = std::sync::Arc::new(tree);
        Self { input: Parser::new(&tree), output: Parser::new(&tree), known: Known { targets, side } }
    }

    /// The record of two halves.
    pub(super) fn merge<'a>(&'a mut self, input: &'a str, output: &'a str) -> Result<Merged<'a>, Reason> {
        let input = self.input.record(input).map_err(|error| error.reason)?;
        let output = self.output.record(output).map_err(|error| error.reason)?;
        Ok(Merged { input, output: Some(output), known: &self.known })
    }

    /// What a half says of itself: its side, its time and its id.
    pub(super) fn head(&mut self, text: &str) -> Option<(Side, i64, String)> {
        let record = self.input.record(text).ok()?;
        let slot = |target: usize| self.known.targets.get(target).map_or(Cell::Absent, |slot| record.slot(*slot));
        let side = match record.slot(self.known.side) {
            Cell::Text("request") => Side::Input,
            Cell::Text("response") => Side::Output,
            _ => return None,
        };
        let Cell::Text(id) = slot(plan::INFERENCE_ID) else { return None };
        Some((side, crate::timestamp::read(slot(plan::TIMESTAMP))?, id.to_owned()))
    }
}

/// A record of two halves: what the request has counts, then what the response has.
pub(super) struct Merged<'a> {
    input: Record<'a>,
    output: Option<Record<'a>>,
    known: &'a Known,
}

impl Row for Merged<'_> {
    fn cell(&self, target: usize) -> Cell<'_> {
        let Some(slot) = self.known.targets.get(target) else { return Cell::Absent };
        match (self.input.slot(*slot), &self.output) {
            (Cell::Absent | Cell::Null, Some(output)) => output.slot(*slot),
            (cell, _) => cell,
        }
    }

    fn unexpected(&self, each: &mut dyn FnMut(&str)) {
        self.input.unexpected(each);
    }
}
