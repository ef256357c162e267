//! Where things lie: a contract compiled into a tree of keys (JSONL) and a list of column names (CSV, Parquet).

mod compile;
mod places;
mod truth;

use std::borrow::Cow;
use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use tidegate_contract::{Contract, FeatureKind, Field, RecordFormat};

pub(crate) use compile::{is_answer, target_of};
pub use truth::ACTUAL;

use crate::privacy::Privacy;
use crate::tree::Tree;

/// What kind of file a plan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Scoring logs: fields at their mapped paths; a record without a readable timestamp is quarantined; records are
    /// parted by version and hour.
    Logs,
    /// Training sets and files at a desk: the timestamp is optional (an unreadable one is null), and a JSON field is found at its
    /// mapped path, else at the top of the record under its own path or its name. Records are parted by version only.
    Dataset,
    /// Ground truth: an inference id, what really was, and perhaps when it became known. A record without one of the first two, or with a time that
    /// cannot be read, is quarantined; records are not parted.
    Truth,
}

/// Index of a target: [`TIMESTAMP`], [`INFERENCE_ID`], [`VERSION`], then [`FIELDS`] + the field's place.
pub(crate) const TIMESTAMP: usize = 0;
/// The target that holds the inference id.
pub(crate) const INFERENCE_ID: usize = 1;
/// The target that holds the version.
pub(crate) const VERSION: usize = 2;
/// The target that holds the first field.
pub(crate) const FIELDS: usize = 3;

/// A compiled contract. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Plan {
    inner: Arc<Inner>,
    /// The version of records that do not say it.
    version: Option<Arc<str>>,
    /// The time of events that carry none, milliseconds since 1970.
    written_ms: Option<i64>,
    /// Whether values come as they are stored: pseudonyms are not made again.
    is_stored: bool,
}

#[derive(Debug)]
struct Inner {
    contract: Arc<Contract>,
    fields: Vec<Field>,
    layout: Layout,
    format: RecordFormat,
    schema: SchemaRef,
    features_root: String,
    targets: Vec<Target>,
    tree: Arc<Tree>,
    privacy: Privacy,
    /// The value of every target that a record may lack.
    constants: Vec<Option<String>>,
    has_constants: bool,
}

/// One thing that is read from a record, and where it may lie.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its path as mapped.
    pub(crate) path: String,
    /// JSON slots, the first that is there counts.
    pub(crate) slots: Vec<usize>,
    /// Names of CSV and Parquet columns, the first that is there counts.
    pub(crate) columns: Vec<String>,
}

impl Plan {
    /// The same plan for one object: `version` is that of records that do not say it (see `Logs::layout` of the contract), `written_ms` the
    /// time of logged events that carry none (milliseconds since 1970; only `KServe`'s may).
    #[must_use]
    pub fn of_object(&self, version: Option<&str>, written_ms: Option<i64>) -> Self {
        Self { inner: Arc::clone(&self.inner), version: version.map(Arc::from), written_ms, is_stored: false }
    }

    /// The same plan for records as the lake keeps them: what is stored as a pseudonym is one already.
    #[must_use]
    pub fn of_stored(&self) -> Self {
        Self { is_stored: true, ..self.clone() }
    }

    /// Says whether values come as they are stored.
    pub(crate) fn set_stored(&mut self, is_stored: bool) {
        self.is_stored = is_stored;
    }

    /// Whether a column (of JSON, a dotted path) is one that the plan reads, or never looks at because the contract drops it.
    #[must_use]
    pub fn knows_column(&self, name: &str) -> bool {
        let record = &self.inner.contract.record;
        let own = name.strip_prefix(&self.inner.features_root).and_then(|own| own.strip_prefix('.')).unwrap_or(name);
        self.inner.targets.iter().any(|target| target.path == name || target.columns.iter().any(|column| column == name))
            || record.drop.iter().any(|dropped| dropped == name || dropped == own)
    }

    /// The name under which an unknown column counts as an unexpected feature; `None` if it is none.
    pub(crate) fn unexpected_column<'a>(&self, column: &'a str) -> Option<&'a str> {
        let root = &self.inner.features_root;
        let drop = &self.inner.contract.record.drop;
        let own = column.strip_prefix(root.as_str()).and_then(|own| own.strip_prefix('.')).unwrap_or(column);
        if drop.iter().any(|dropped| dropped == column || dropped == own) {
            return None;
        }
        if root.is_empty() {
            (self.inner.layout == Layout::Logs).then_some(column)
        } else {
            column.strip_prefix(root.as_str())?.strip_prefix('.')
        }
    }

    /// The fields, in the order of their columns (`Contract::fields`).
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.inner.fields
    }

    /// The layout that the plan was made for.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.inner.layout
    }

    /// The schema of every batch: `timestamp`, `inference_id`, then one column per field.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.inner.schema
    }

    /// The contract.
    pub(crate) fn contract(&self) -> &Contract {
        &self.inner.contract
    }

    /// The format that the contract names.
    pub(crate) fn format(&self) -> RecordFormat {
        self.inner.format
    }

    /// The version of records that do not say it.
    pub(crate) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The time of events that carry none.
    pub(crate) fn written_ms(&self) -> Option<i64> {
        self.written_ms
    }

    /// What is stored as a pseudonym, and whether lines may be kept as they were.
    pub(crate) fn privacy(&self) -> &Privacy {
        &self.inner.privacy
    }

    /// Whether a field is stored as a pseudonym that has to be made.
    #[inline]
    pub(crate) fn hides(&self, place: usize) -> bool {
        !self.is_stored && self.inner.privacy.hides(place)
    }

    /// An inference id as it is stored.
    pub(crate) fn stored_id<'a>(&self, id: Cow<'a, str>) -> Cow<'a, str> {
        if self.is_stored { id } else { self.inner.privacy.id(id) }
    }

    /// The value of a target that a record lacks.
    #[inline]
    pub(crate) fn constant(&self, target: usize) -> Option<&str> {
        if !self.inner.has_constants {
            return None;
        }
        self.inner.constants.get(target)?.as_deref()
    }

    pub(crate) fn targets(&self) -> &[Target] {
        &self.inner.targets
    }

    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.inner.tree
    }
}

fn schema(fields: &[Field]) -> Schema {
    let mut columns = vec![
        ArrowField::new("timestamp", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), true),
        ArrowField::new("inference_id", DataType::Utf8, true),
    ];
    columns.extend(fields.iter().map(|field| {
        let kind = match field.kind {
            FeatureKind::Numeric => DataType::Float64,
            FeatureKind::Categorical => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        };
        ArrowField::new(&field.name, kind, true)
    }));
    Schema::new(columns)
}
