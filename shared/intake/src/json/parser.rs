//! From a line to slots: the objects that the plan looks into, key by key.

use std::sync::Arc;

use super::scan;
use super::shape::{Meaning, NONE, Shape};
use super::{Fault, JsonError, skip};
use crate::ReasonKind;
use crate::row::Cell;
use crate::tree::{PathStep, Tree};

/// Parses lines, one after the other, into the same slots.
#[derive(Debug)]
pub(crate) struct Parser {
    tree: Arc<Tree>,
    /// One for every node of the tree.
    shapes: Vec<Shape>,
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
    Nested { what: &'static str, start: usize, end: usize },
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

impl Parser {
    pub(crate) fn new(tree: &Arc<Tree>) -> Self {
        let mut shapes = Vec::new();
        shapes.resize_with(tree.nodes().len(), Shape::default);
        Self { tree: Arc::clone(tree), shapes, slots: vec![Slot::Absent; tree.slots()], unexpected: Vec::new(), arena: String::new() }
    }

    fn begin(&mut self) {
        self.slots.fill(Slot::Absent);
        self.unexpected.clear();
        self.arena.clear();
    }

    /// Parses a text that is an object or an array.
    ///
    /// # Errors
    /// [`JsonError`] if it is neither.
    pub(crate) fn value_of<'a>(&'a mut self, text: &'a str) -> Result<Record<'a>, JsonError> {
        let start = scan::white_space(text.as_bytes(), 0);
        if text.as_bytes().get(start) != Some(&b'[') {
            return self.record(text);
        }
        self.begin();
        let end = self.array(text, start + 1, 0, 1)?;
        super::end(text.as_bytes(), end)?;
        Ok(Record { parser: self, line: text })
    }

    /// Parses a record.
    ///
    /// # Errors
    /// [`JsonError`] if the line is no JSON object.
    #[inline]
    pub(crate) fn record<'a>(&'a mut self, line: &'a str) -> Result<Record<'a>, JsonError> {
        self.begin();
        let text = line.as_bytes();
        let start = scan::white_space(text, 0);
        if text.get(start) == Some(&b'{') {
            let end = self.object(line, start + 1, 0, 1)?;
            super::end(text, end)?;
            return Ok(Record { parser: self, line });
        }
        super::end(text, skip::value(text, start, 0)?)?;
        Err(Fault { at: start, kind: ReasonKind::NotAnObject, text: "found another value, expected a JSON object" }.into())
    }

    /// Reads an object that the plan looks into, from behind its brace; returns where it ends.
    fn object(&mut self, line: &str, at: usize, node: usize, depth: usize) -> Result<usize, Fault> {
        let text = line.as_bytes();
        skip::check_depth(at, depth)?;
        let mut at = scan::white_space(text, at);
        if text.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        if let Some(shape) = self.shapes.get_mut(node) {
            shape.begin();
        }
        let mut last = NONE;
        loop {
            let start = at;
            let predicted = self.shapes.get_mut(node).and_then(|shape| {
                let (key, length) = shape.predict(last, text.get(at..)?)?;
                Some((key, length, shape.see(key)))
            });
            let meaning = if let Some((key, length, meaning)) = predicted {
                last = key;
                // The same key may come with white space behind its colon this time.
                at = scan::white_space(text, at + length);
                meaning
            } else {
                let (key, value, meaning) = self.key(line, at, node, last)?;
                last = key;
                at = value;
                meaning
            };
            let Some(Meaning { step, is_unexpected }) = meaning else {
                return Err(Fault {
                    at: start,
                    kind: ReasonKind::DuplicateKey,
                    text: "found a key for the second time, expected every key once",
                });
            };
            if is_unexpected {
                self.note_unexpected(line, start);
            }
            at = match step {
                PathStep { slot: None, node: None, .. } => skip::value(text, at, depth)?,
                step => self.value(line, at, step, depth)?,
            };
            match skip::separator(text, at, b'}')? {
                Ok(next) => at = next,
                Err(end) => return Ok(end),
            }
        }
    }

    /// Reads an array that the plan looks into, from behind its bracket; returns where it ends.
    fn array(&mut self, line: &str, at: usize, node: usize, depth: usize) -> Result<usize, Fault> {
        let text = line.as_bytes();
        skip::check_depth(at, depth)?;
        let mut at = scan::white_space(text, at);
        if text.get(at) == Some(&b']') {
            return Ok(at + 1);
        }
        let mut place = 0;
        loop {
            let step = self.tree.nodes().get(node).and_then(|node| node.items.get(place)).copied().unwrap_or_default();
            at = match step {
                PathStep { slot: None, node: None, .. } => skip::value(text, at, depth)?,
                step => self.value(line, at, step, depth)?,
            };
            place += 1;
            match skip::separator(text, at, b']')? {
                Ok(next) => at = next,
                Err(end) => return Ok(end),
            }
        }
    }

    /// Reads a value that the plan wants; returns where it ends.
    #[inline]
    fn value(&mut self, line: &str, at: usize, step: PathStep, depth: usize) -> Result<usize, Fault> {
        let text = line.as_bytes();
        let (end, slot) = match (text.get(at), step.node) {
            (Some(b'"'), _) => {
                let (end, has_escapes) = scan::string(text, at + 1)?;
                (end, Slot::Text(self.span(line, at + 1, end - 1, has_escapes)))
            }
            (Some(b'-' | b'0'..=b'9'), _) => {
                let (end, value) = scan::number(text, at)?;
                (end, Slot::Number { start: at, end, value })
            }
            (Some(b'{'), Some(node)) => {
                let end = self.object(line, at + 1, node, depth + 1)?;
                (end, Slot::Nested { what: "an object", start: at, end })
            }
            (Some(b'['), Some(node)) => {
                let end = self.array(line, at + 1, node, depth + 1)?;
                (end, Slot::Nested { what: "an array", start: at, end })
            }
            (Some(b't'), _) => (scan::literal(text, at, b"true")?, Slot::Bool(true)),
            (Some(b'f'), _) => (scan::literal(text, at, b"false")?, Slot::Bool(false)),
            (Some(b'n'), _) => (scan::literal(text, at, b"null")?, Slot::Null),
            (first, _) => {
                let end = skip::value(text, at, depth)?;
                (end, Slot::Nested { what: if first == Some(&b'{') { "an object" } else { "an array" }, start: at, end })
            }
        };
        if let Some(place) = step.slot.and_then(|slot| self.slots.get_mut(slot)) {
            *place = slot;
        }
        Ok(end)
    }

    /// Reads a key that was not predicted: its identifier (perhaps [`NONE`]), where its value begins, and what it means; no
    /// meaning if it is a duplicate.
    #[cold]
    fn key(&mut self, line: &str, start: usize, node: usize, last: u32) -> Result<(u32, usize, Option<Meaning>), Fault> {
        let text = line.as_bytes();
        let (end, has_escapes, value) = skip::key(text, start)?;
        let name = self.span(line, start + 1, end, has_escapes);
        let Self { tree, shapes, arena, .. } = self;
        let name = name.text(line, arena).as_bytes();
        let Some(shape) = shapes.get_mut(node) else { return Ok((NONE, value, Some(Meaning::default()))) };
        let meaning = || {
            let node = tree.nodes().get(node);
            let step = node.and_then(|node| node.keys.get(name)).copied();
            Meaning { step: step.unwrap_or_default(), is_unexpected: step.is_none() && node.is_some_and(|node| node.holds_features) }
        };
        let id = shape.find_or_learn(name, meaning);
        if id == NONE {
            let is_new = shape.see_stray(name);
            return Ok((NONE, value, is_new.then(meaning)));
        }
        // A key written with escapes is none that usually comes: its pattern would hide the plain one.
        if !has_escapes {
            shape.follow(last, id, text.get(start..value).unwrap_or_default());
        }
        Ok((id, value, shape.see(id)))
    }

    #[cold]
    fn note_unexpected(&mut self, line: &str, key: usize) {
        if let Ok((end, has_escapes, _)) = skip::key(line.as_bytes(), key) {
            let name = self.span(line, key + 1, end, has_escapes);
            self.unexpected.push(name);
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

/// A record that was parsed.
pub(crate) struct Record<'a> {
    parser: &'a Parser,
    line: &'a str,
}

impl<'a> Record<'a> {
    /// The value of a slot.
    #[inline]
    pub(crate) fn slot(&self, slot: usize) -> Cell<'a> {
        match self.parser.slots.get(slot) {
            Some(&Slot::Number { start, end, value }) => Cell::Number { text: self.line.get(start..end).unwrap_or_default(), value },
            Some(&Slot::Text(span)) => Cell::Text(span.text(self.line, &self.parser.arena)),
            Some(Slot::Null) => Cell::Null,
            Some(&Slot::Bool(value)) => Cell::Bool(value),
            Some(&Slot::Nested { what, .. }) => Cell::Nested(what),
            Some(Slot::Absent) | None => Cell::Absent,
        }
    }

    /// The first of these slots that is there.
    #[inline]
    pub(crate) fn first(&self, slots: &[usize]) -> Cell<'a> {
        for &slot in slots {
            match self.slot(slot) {
                Cell::Absent => {}
                cell => return cell,
            }
        }
        Cell::Absent
    }

    /// The text of an object or array in a slot.
    pub(crate) fn nested(&self, slot: usize) -> Option<&'a str> {
        match self.parser.slots.get(slot) {
            Some(&Slot::Nested { start, end, .. }) => self.line.get(start..end),
            _ => None,
        }
    }

    /// Calls back with the name of every unexpected feature.
    pub(crate) fn unexpected(&self, each: &mut dyn FnMut(&str)) {
        for span in &self.parser.unexpected {
            each(span.text(self.line, &self.parser.arena));
        }
    }
}
