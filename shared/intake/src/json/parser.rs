//! The grammar of RFC 8259, from a line to slots.

use super::scan;
use super::shape::{Meaning, NONE, Shapes};
use super::{Fault, JsonError};
use crate::limits::MAX_DEPTH;
use crate::row::{Cell, Row};
use crate::{Plan, ReasonKind};

/// Parses lines, one after the other, into the same slots.
#[derive(Debug)]
pub(crate) struct Parser {
    plan: Option<Plan>,
    shapes: Shapes,
    slots: Vec<Slot>,
    unexpected: Vec<Span>,
    /// Strings that had escapes, resolved.
    arena: String,
}

/// A value of the line.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Absent,
    Null,
    Bool(bool),
    Number { start: usize, end: usize, value: f64 },
    Text(Span),
    Nested(&'static str),
}

/// A string: a part of the line, or of the arena when it had escapes.
#[derive(Debug, Clone, Copy)]
enum Span {
    Line { start: usize, end: usize },
    Arena { start: usize, end: usize },
}

impl Span {
    #[inline]
    fn text<'a>(self, line: &'a str, arena: &'a str) -> &'a str {
        match self {
            Self::Line { start, end } => line.get(start..end),
            Self::Arena { start, end } => arena.get(start..end),
        }
        .unwrap_or_default()
    }
}

/// Where a value stands, and what is to become of it.
#[derive(Clone, Copy)]
struct Spot {
    /// The learned node and key that it stands at; [`NONE`] when that is not remembered.
    node: u32,
    key: u32,
    slot: Option<usize>,
    depth: usize,
}

impl Parser {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { plan: Some(plan.clone()), shapes: Shapes::new(), slots: vec![Slot::Absent; plan.slots()], unexpected: Vec::new(), arena: String::new() }
    }

    /// A parser that only validates.
    pub(super) fn without_plan() -> Self {
        Self { plan: None, shapes: Shapes::new(), slots: Vec::new(), unexpected: Vec::new(), arena: String::new() }
    }

    /// Parses a record.
    ///
    /// # Errors
    /// [`JsonError`] if the line is no JSON object.
    #[inline]
    pub(crate) fn record<'a>(&'a mut self, line: &'a str) -> Result<Record<'a>, JsonError> {
        self.begin();
        let start = scan::white_space(line.as_bytes(), 0);
        let end = self.value(line, start, Spot { node: NONE, key: NONE, slot: None, depth: 0 })?;
        self.end(line, end)?;
        if line.as_bytes().get(start) != Some(&b'{') {
            return Err(Fault { at: start, kind: ReasonKind::NotAnObject, text: "found another value, expected a JSON object" }.into());
        }
        Ok(Record { parser: self, line })
    }

    /// Checks one value.
    pub(super) fn validate(&mut self, text: &str) -> Result<(), Fault> {
        self.begin();
        let start = scan::white_space(text.as_bytes(), 0);
        let end = self.value(text, start, Spot { node: NONE, key: NONE, slot: None, depth: 0 })?;
        self.end(text, end)
    }

    #[inline]
    fn begin(&mut self) {
        self.slots.fill(Slot::Absent);
        self.unexpected.clear();
        self.arena.clear();
        self.shapes.begin_line();
    }

    #[inline]
    fn end(&self, line: &str, at: usize) -> Result<(), Fault> {
        let end = scan::white_space(line.as_bytes(), at);
        if end == line.len() { Ok(()) } else { Err(Fault::json(end, "found more text, expected the end of the line")) }
    }

    /// Reads a value; returns where it ends.
    #[inline]
    fn value(&mut self, line: &str, at: usize, spot: Spot) -> Result<usize, Fault> {
        let text = line.as_bytes();
        let (end, slot) = match text.get(at) {
            Some(b'"') => {
                let (end, has_escapes) = scan::string(text, at + 1)?;
                if spot.slot.is_none() {
                    return Ok(end);
                }
                (end, Slot::Text(self.span(line, at + 1, end - 1, has_escapes)))
            }
            Some(b'-' | b'0'..=b'9') => {
                let (end, value) = scan::number(text, at)?;
                (end, Slot::Number { start: at, end, value })
            }
            Some(b'{') => {
                let node = if spot.depth == 0 { 0 } else { self.shapes.child(spot.node, spot.key, false) };
                (self.object(line, at + 1, node, spot.depth + 1)?, Slot::Nested("an object"))
            }
            Some(b'[') => (self.array(line, at + 1, spot)?, Slot::Nested("an array")),
            Some(b't') => (scan::literal(text, at, b"true")?, Slot::Bool(true)),
            Some(b'f') => (scan::literal(text, at, b"false")?, Slot::Bool(false)),
            Some(b'n') => (scan::literal(text, at, b"null")?, Slot::Null),
            Some(0xef) => return Err(Fault::json(at, "found a byte order mark or another character, expected a value")),
            Some(_) => return Err(Fault::json(at, "found another character, expected a value")),
            None => return Err(Fault::json(at, "found the end of the line, expected a value")),
        };
        if let Some(place) = spot.slot.and_then(|slot| self.slots.get_mut(slot)) {
            *place = slot;
        }
        Ok(end)
    }

    /// Reads an object from behind its brace.
    fn object(&mut self, line: &str, at: usize, node: u32, depth: usize) -> Result<usize, Fault> {
        let text = line.as_bytes();
        check_depth(at, depth)?;
        let object = self.shapes.begin_object();
        let mut at = scan::white_space(text, at);
        if text.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        let mut last = NONE;
        loop {
            let start = at;
            let known = self.shapes.predict(node, last, text.get(at..).unwrap_or_default());
            let (key, name) = match known {
                Some((key, length)) => {
                    at += length;
                    (key, None)
                }
                None => {
                    let (key, name, value) = self.key(line, at, node, last)?;
                    at = value;
                    (key, Some(name))
                }
            };
            let meaning = match (self.shapes.see(node, key, object), name) {
                (Some(meaning), _) => Some(meaning),
                (None, Some(name)) if key == NONE => self.stray(line, name, node, object),
                (None, _) => None,
            };
            let Some(meaning) = meaning else {
                return Err(Fault { at: start, kind: ReasonKind::DuplicateKey, text: "found a key for the second time, expected every key once" });
            };
            if meaning.is_unexpected {
                self.note_unexpected(line, start);
            }
            at = self.value(line, at, Spot { node, key, slot: meaning.slot, depth })?;
            last = key;
            at = scan::white_space(text, at);
            match text.get(at) {
                Some(b',') => at = scan::white_space(text, at + 1),
                Some(b'}') => return Ok(at + 1),
                Some(_) => return Err(Fault::json(at, "found another character, expected , or } after a value")),
                None => return Err(Fault::json(at, "found the end of the line, expected , or } after a value")),
            }
        }
    }

    /// Reads a key that was not predicted: its identifier (perhaps [`NONE`]), its name, and where its value begins.
    #[cold]
    fn key(&mut self, line: &str, start: usize, node: u32, last: u32) -> Result<(u32, Span, usize), Fault> {
        let text = line.as_bytes();
        if text.get(start) != Some(&b'"') {
            return Err(Fault::json(start, "found no key, expected one in double quotes"));
        }
        let (end, has_escapes) = scan::string(text, start + 1)?;
        let name = self.span(line, start + 1, end - 1, has_escapes);
        let colon = scan::white_space(text, end);
        if text.get(colon) != Some(&b':') {
            return Err(Fault::json(colon, "found no colon, expected one after a key"));
        }
        let value = scan::white_space(text, colon + 1);
        let Self { plan, shapes, arena, .. } = self;
        let bytes = name.text(line, arena).as_bytes();
        let plan_node = shapes.plan_node(node);
        let id = shapes.find_or_learn(node, bytes, || meaning_of(plan.as_ref(), plan_node, bytes)).unwrap_or(NONE);
        // A key written with escapes is none that usually comes: its pattern would hide the plain one.
        if id != NONE && !has_escapes {
            shapes.follow(node, last, id, text.get(start..value).unwrap_or_default());
        }
        Ok((id, name, value))
    }

    /// Marks a key that is not remembered; `None` if it is a duplicate.
    #[cold]
    fn stray(&mut self, line: &str, name: Span, node: u32, object: u64) -> Option<Meaning> {
        let name = name.text(line, &self.arena).as_bytes();
        let is_new = self.shapes.see_stray(name, object);
        is_new.then(|| meaning_of(self.plan.as_ref(), self.shapes.plan_node(node), name))
    }

    #[cold]
    fn note_unexpected(&mut self, line: &str, key: usize) {
        if let Ok((end, has_escapes)) = scan::string(line.as_bytes(), key + 1) {
            let name = self.span(line, key + 1, end - 1, has_escapes);
            self.unexpected.push(name);
        }
    }

    /// Reads an array from behind its bracket.
    fn array(&mut self, line: &str, at: usize, spot: Spot) -> Result<usize, Fault> {
        let text = line.as_bytes();
        let depth = spot.depth + 1;
        check_depth(at, depth)?;
        let mut at = scan::white_space(text, at);
        if text.get(at) == Some(&b']') {
            return Ok(at + 1);
        }
        loop {
            at = match text.get(at) {
                Some(b'{') => {
                    let node = self.shapes.child(spot.node, spot.key, true);
                    self.object(line, at + 1, node, depth + 1)?
                }
                _ => self.value(line, at, Spot { slot: None, depth, ..spot })?,
            };
            at = scan::white_space(text, at);
            match text.get(at) {
                Some(b',') => at = scan::white_space(text, at + 1),
                Some(b']') => return Ok(at + 1),
                Some(_) => return Err(Fault::json(at, "found another character, expected , or ] after a value")),
                None => return Err(Fault::json(at, "found the end of the line, expected , or ] after a value")),
            }
        }
    }

    #[inline]
    fn span(&mut self, line: &str, start: usize, end: usize, has_escapes: bool) -> Span {
        if !has_escapes {
            return Span::Line { start, end };
        }
        let from = self.arena.len();
        scan::unescape(line.get(start..end).unwrap_or_default(), &mut self.arena);
        Span::Arena { start: from, end: self.arena.len() }
    }
}

#[inline]
fn check_depth(at: usize, depth: usize) -> Result<(), Fault> {
    if depth > MAX_DEPTH { Err(Fault { at: at - 1, kind: ReasonKind::TooDeep, text: "found a value nested too deep, expected at most 32 levels" }) } else { Ok(()) }
}

fn meaning_of(plan: Option<&Plan>, node: Option<usize>, name: &[u8]) -> Meaning {
    let node = plan.zip(node).and_then(|(plan, node)| plan.nodes().get(node));
    let step = node.and_then(|node| node.keys.get(name)).copied();
    Meaning::new(step, step.is_none() && node.is_some_and(|node| node.holds_features))
}

/// A record that was parsed.
pub(crate) struct Record<'a> {
    parser: &'a Parser,
    line: &'a str,
}

impl Record<'_> {
    #[inline]
    fn slot(&self, slot: usize) -> Cell<'_> {
        match self.parser.slots.get(slot) {
            Some(&Slot::Number { start, end, value }) => Cell::Number { text: self.line.get(start..end).unwrap_or_default(), value },
            Some(&Slot::Text(span)) => Cell::Text(span.text(self.line, &self.parser.arena)),
            Some(Slot::Null) => Cell::Null,
            Some(&Slot::Bool(value)) => Cell::Bool(value),
            Some(&Slot::Nested(what)) => Cell::Nested(what),
            Some(Slot::Absent) | None => Cell::Absent,
        }
    }
}

impl Row for Record<'_> {
    #[inline]
    fn cell(&self, target: usize) -> Cell<'_> {
        let Some(target) = self.parser.plan.as_ref().and_then(|plan| plan.targets().get(target)) else { return Cell::Absent };
        for &slot in &target.slots {
            match self.slot(slot) {
                Cell::Absent => {}
                cell => return cell,
            }
        }
        Cell::Absent
    }

    fn unexpected(&self, each: &mut dyn FnMut(&str)) {
        for span in &self.parser.unexpected {
            each(span.text(self.line, &self.parser.arena));
        }
    }
}
