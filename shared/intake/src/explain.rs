//! What one record maps to, said for people.

use std::sync::{Arc, Mutex, PoisonError};

use tidegate_contract::FeatureKind;

use crate::row::{Category, Cell, Numeric, Row};
use crate::rows::Watcher;
use crate::{IntakeError, Plan, intake, plan, timestamp};

/// What was found for one thing that the plan reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its name: `timestamp`, `inference_id`, `version` or a field's.
    pub name: String,
    /// Where it was looked for: the mapped path.
    pub path: String,
    /// The value as written in the record, strings without their quotes; `None` when nothing lies there.
    pub raw: Option<String>,
    /// What it is read as.
    pub value: FoundValue,
}

/// What a value is read as.
#[derive(Debug, Clone, PartialEq)]
pub enum FoundValue {
    /// A usable number.
    Number(f64),
    /// An infinite number: counted, not used.
    Infinite(f64),
    /// A category, an identifier or a version.
    Text(String),
    /// A time, milliseconds since 1970.
    Time(i64),
    /// Missing: null, absent, empty or not a number.
    Missing,
    /// Of another type than the contract says: what was found.
    WrongType(String),
}

/// One record before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The line that holds it as it was logged; a row of a format without lines as a JSON object.
    pub before: String,
    /// What it maps to.
    pub found: Vec<Found>,
}

impl Explained {
    /// The record as it is stored: a JSON object by the fields' names, without what is missing.
    #[must_use]
    pub fn after(&self) -> serde_json::Value {
        let value = |found: &Found| match &found.value {
            FoundValue::Number(value) => Some((*value).into()),
            FoundValue::Infinite(value) => Some(value.to_string().into()),
            FoundValue::Text(text) => Some(text.as_str().into()),
            FoundValue::Time(ms) => Some(timestamp::to_text(*ms).into()),
            FoundValue::Missing | FoundValue::WrongType(_) => None,
        };
        self.found.iter().filter_map(|found| Some((found.name.clone(), value(found)?))).collect::<serde_json::Map<_, _>>().into()
    }
}

/// Says what the first record of a sample maps to: `timestamp`, `inference_id`, `version`, then every field. The sample is JSONL, CSV
/// or Parquet, compressed or not; lines that are no records are passed over.
///
/// # Errors
/// [`IntakeError::Sample`] if the sample has no record that can be read.
pub fn explain(plan: &Plan, sample: &[u8]) -> Result<Vec<Found>, IntakeError> {
    explain_record(plan, sample).map(|explained| explained.found)
}

/// As [`explain`], with the record as it was logged.
///
/// # Errors
/// As [`explain`].
pub fn explain_record(plan: &Plan, sample: &[u8]) -> Result<Explained, IntakeError> {
    let first = Arc::new(Mutex::new(None));
    let watcher = First { plan: plan.clone(), found: Arc::clone(&first) };
    let fault = intake::watch(plan, sample, Box::new(watcher))?;
    let found = first.lock().unwrap_or_else(PoisonError::into_inner).take();
    found.ok_or(IntakeError::Sample(fault))
}

/// Keeps what the first row maps to.
#[derive(Debug)]
struct First {
    plan: Plan,
    found: Arc<Mutex<Option<Explained>>>,
}

impl Watcher for First {
    fn row(&mut self, row: &dyn Row, text: &[u8]) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_some() {
            return;
        }
        let places = self.plan.targets().iter().enumerate();
        let described = if text.is_empty() { row.describe() } else { Vec::new() };
        let before = String::from_utf8_lossy(if text.is_empty() { &described } else { text }).into_owned();
        let all = places.map(|(place, target)| {
            let cell = match row.cell(place) {
                Cell::Absent => self.plan.constant(place).map_or(Cell::Absent, Cell::Text),
                cell => cell,
            };
            let field = place.checked_sub(plan::FIELDS).and_then(|field| self.plan.fields().get(field));
            let name = match (place, field) {
                (_, Some(field)) => field.name.as_str(),
                (plan::TIMESTAMP, _) => "timestamp",
                (plan::INFERENCE_ID, _) => "inference_id",
                _ => "version",
            };
            let value = match (place, field.map(|field| field.kind)) {
                (_, Some(FeatureKind::Numeric)) => numeric(cell),
                (_, Some(FeatureKind::Categorical)) => category(cell, cell.category()),
                (plan::TIMESTAMP, _) => time(cell),
                _ => category(cell, cell.identity()),
            };
            Found { name: name.to_owned(), path: target.path.clone(), raw: raw(cell), value: self.stored(place, value) }
        });
        *found = Some(Explained { before, found: all.collect() });
    }
}

impl First {
    /// A value as it is stored.
    fn stored(&self, place: usize, value: FoundValue) -> FoundValue {
        match value {
            FoundValue::Text(text) if place == plan::INFERENCE_ID => FoundValue::Text(self.plan.stored_id(text.into()).into_owned()),
            FoundValue::Text(text) if place.checked_sub(plan::FIELDS).is_some_and(|field| self.plan.hides(field)) => {
                FoundValue::Text(self.plan.privacy().pseudonym(&text))
            }
            FoundValue::Missing if place == plan::VERSION => {
                self.plan.version().map_or(FoundValue::Missing, |version| FoundValue::Text(version.to_owned()))
            }
            value => value,
        }
    }
}

fn wrong(cell: Cell<'_>) -> FoundValue {
    FoundValue::WrongType(cell.kind().to_owned())
}

fn numeric(cell: Cell<'_>) -> FoundValue {
    match cell.numeric() {
        Numeric::Value(value) if value.is_finite() => FoundValue::Number(value),
        Numeric::Value(value) => FoundValue::Infinite(value),
        Numeric::Missing => FoundValue::Missing,
        Numeric::WrongType => wrong(cell),
    }
}

fn category(cell: Cell<'_>, category: Category<'_>) -> FoundValue {
    match category {
        Category::Value(text) => FoundValue::Text(text.into_owned()),
        Category::Missing => FoundValue::Missing,
        Category::WrongType => wrong(cell),
    }
}

fn time(cell: Cell<'_>) -> FoundValue {
    match (timestamp::read(cell), cell) {
        (Some(ms), _) => FoundValue::Time(ms),
        (None, Cell::Absent | Cell::Null | Cell::Text("")) => FoundValue::Missing,
        (None, _) => FoundValue::WrongType(format!("{} that is no time from 1970 to 2199", cell.kind())),
    }
}

/// The value as written.
fn raw(cell: Cell<'_>) -> Option<String> {
    match cell {
        Cell::Absent => None,
        Cell::Null => Some("null".to_owned()),
        Cell::Bool(value) => Some(value.to_string()),
        Cell::Number { text, .. } | Cell::Text(text) => Some(text.to_owned()),
        Cell::Int(value) => Some(value.to_string()),
        Cell::Float(value) => Some(value.to_string()),
        Cell::Time(ms) => Some(timestamp::to_text(ms)),
        Cell::Nested(what) => Some(format!("({what})")),
    }
}
