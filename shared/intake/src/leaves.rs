//! The leaves of a sample's records: what values lie at every path.

use std::fmt;

use hashbrown::{HashMap, HashSet};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::infer::{INFERRED_DISTINCT, INFERRED_VALUES, InferredField, InferredKind};
use crate::json::first_value;
use crate::row::{Category, Cell, Numeric};
use crate::{timestamp, validate};

/// What was seen at every path.
#[derive(Debug, Default)]
pub(crate) struct Leaves {
    records: u64,
    seen: Vec<Leaf>,
    index: HashMap<String, usize>,
}

/// What was seen at one path.
#[derive(Debug, Default)]
struct Leaf {
    path: String,
    present: u64,
    numbers: u64,
    booleans: u64,
    times: u64,
    nested: u64,
    distinct: HashSet<String>,
    values: Vec<String>,
    range: Option<(f64, f64)>,
    is_whole: bool,
}

/// Fewer values than this do not tell an identifier from a category.
const IDENTIFIER_VALUES: u64 = 20;
/// From here on a number under a name of time is a time: 2000-01-01, milliseconds since 1970.
const RECENT_MS: i64 = 946_684_800_000;

/// Reads the valid lines of JSONL.
pub(crate) fn read_json(text: &[u8], most: u64) -> Leaves {
    let mut leaves = Leaves::default();
    for line in text.split(|byte| *byte == b'\n').filter(|line| line.trim_ascii_start().first() == Some(&b'{')) {
        if leaves.records == most {
            break;
        }
        if validate(line).is_ok() {
            leaves.read(line);
        }
    }
    leaves
}

/// Reads the records of an array, or records one after the other, up to the first fault.
pub(crate) fn read_document(text: &[u8], most: u64) -> Leaves {
    let mut leaves = Leaves::default();
    let text = text.trim_ascii_start();
    let mut rest = text.strip_prefix(b"[").unwrap_or(text);
    while leaves.records < most
        && let Some(value) = first_value(rest)
    {
        if value.first() == Some(&b'{') {
            leaves.read(value);
        }
        let white = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        rest = rest.get(white + value.len()..).unwrap_or_default().trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest);
    }
    leaves
}

impl Leaves {
    /// Records so far.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Reads a valid record of JSON.
    fn read(&mut self, record: &[u8]) {
        self.begin_record();
        let mut reader = serde_json::Deserializer::from_slice(record);
        // A number beyond the range of a double ends the record early: what came before it is kept.
        Value { path: String::new(), leaves: self }.deserialize(&mut reader).ok();
    }

    pub(crate) fn begin_record(&mut self) {
        self.records += 1;
    }

    /// Adds a value of the record.
    pub(crate) fn add(&mut self, path: &str, cell: Cell<'_>) {
        let next = self.seen.len();
        let at = *self.index.entry_ref(path).or_insert(next);
        if at == next {
            self.seen.push(Leaf { path: path.to_owned(), is_whole: true, ..Leaf::default() });
        }
        if let Some(leaf) = self.seen.get_mut(at) {
            leaf.add(cell);
        }
    }

    /// What the values look like.
    pub(crate) fn finish(self) -> Vec<InferredField> {
        self.seen.into_iter().map(|leaf| leaf.finish(self.records)).collect()
    }
}

impl Leaf {
    fn add(&mut self, cell: Cell<'_>) {
        if matches!(cell, Cell::Absent | Cell::Null | Cell::Text("")) {
            return;
        }
        self.present += 1;
        if let Cell::Nested(_) = cell {
            self.nested += 1;
            return;
        }
        if let Numeric::Value(value) = cell.numeric() {
            self.numbers += 1;
            self.is_whole &= value.fract() == 0.0;
            let (min, max) = self.range.unwrap_or((value, value));
            self.range = Some((min.min(value), max.max(value)));
        } else if timestamp::read(cell).is_some() {
            self.times += 1;
        }
        if matches!(cell, Cell::Bool(_) | Cell::Text("true" | "false" | "True" | "False" | "TRUE" | "FALSE")) {
            self.booleans += 1;
        }
        if let Category::Value(text) = cell.category()
            && self.distinct.len() < INFERRED_DISTINCT
            && self.distinct.insert(text.clone().into_owned())
            && self.values.len() < INFERRED_VALUES
        {
            self.values.push(text.into_owned());
        }
    }

    fn finish(self, records: u64) -> InferredField {
        let kind = self.kind();
        let range = self.range.filter(|_| kind == InferredKind::Numeric);
        InferredField {
            kind,
            missing: records.saturating_sub(self.present),
            distinct: self.distinct.len() as u64,
            path: self.path,
            values: self.values,
            min: range.map(|range| range.0),
            max: range.map(|range| range.1),
        }
    }

    fn kind(&self) -> InferredKind {
        let name = self.path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let says_id = name == "id" || name.ends_with("_id") || name.ends_with("-id") || name.contains("uuid");
        let says_time = name.contains("time") || name.contains("date") || name == "ts" || name.ends_with("_ts") || name.ends_with("_at");
        let is_own = self.distinct.len() as u64 == self.present.min(INFERRED_DISTINCT as u64);
        let is_nearly_own = self.distinct.len() as u64 * 10 > self.present.min(INFERRED_DISTINCT as u64) * 9;
        let recent = |value: f64| timestamp::read(Cell::Float(value)).is_some_and(|ms| ms >= RECENT_MS);
        match self.present {
            0 => InferredKind::Empty,
            present if self.nested == present => InferredKind::Nested,
            present if self.booleans == present => InferredKind::Boolean,
            present if self.times == present => InferredKind::Timestamp,
            present if self.numbers == present => match self.range {
                Some((min, max)) if says_time && recent(min) && recent(max) => InferredKind::Timestamp,
                _ if says_id && self.is_whole && is_own => InferredKind::Identifier,
                _ => InferredKind::Numeric,
            },
            _ if says_id && is_own => InferredKind::Identifier,
            present if present >= IDENTIFIER_VALUES && is_nearly_own && self.numbers == 0 => InferredKind::Identifier,
            // Mostly numbers with some garbage between: a numeric field that needs looking at.
            present if self.numbers * 10 > present * 9 => InferredKind::Numeric,
            _ => InferredKind::Categorical,
        }
    }
}

/// A JSON value at a path, read in the order in which it is written.
struct Value<'a> {
    path: String,
    leaves: &'a mut Leaves,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.leaves.add(&self.path, Cell::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.leaves.add(&self.path, Cell::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.leaves.add(&self.path, Cell::Int(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.leaves.add(&self.path, i64::try_from(value).map_or(Cell::Float(value as f64), Cell::Int));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.leaves.add(&self.path, Cell::Float(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.leaves.add(&self.path, Cell::Text(value));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.leaves.add(&self.path, Cell::Nested("an array"));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            // A key with a dot has no path of its own.
            if key.contains('.') || key.is_empty() {
                members.next_value::<IgnoredAny>()?;
            } else {
                let path = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
                members.next_value_seed(Value { path, leaves: self.leaves })?;
            }
        }
        Ok(())
    }
}
