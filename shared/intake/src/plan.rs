//! Where things lie: a contract compiled into a tree of keys (JSONL) and a list of column names (CSV, Parquet).

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use hashbrown::{HashMap, HashSet};
use tidegate_contract::{Contract, FeatureKind, Field, FieldRole, RecordFormat};

use crate::IntakeError;
use crate::limits::{MAX_CATEGORY_BYTES, MAX_FEATURES};

/// What kind of file a plan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Scoring logs: fields at their mapped paths; a record without a readable timestamp is quarantined; records are
    /// parted by version and hour.
    Logs,
    /// Training sets and files at a desk: the timestamp is optional (an unreadable one is null), and a JSON field is found at its
    /// mapped path, else at the top of the record under its own path or its name. Records are parted by version only.
    Dataset,
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
}

#[derive(Debug)]
struct Inner {
    fields: Vec<Field>,
    layout: Layout,
    format: RecordFormat,
    schema: SchemaRef,
    features_root: String,
    targets: Vec<Target>,
    nodes: Vec<PathNode>,
    slots: usize,
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

/// One object of the tree of keys.
#[derive(Debug, Default)]
pub(crate) struct PathNode {
    /// What the known keys lead to.
    pub(crate) keys: HashMap<Box<[u8]>, PathStep>,
    /// Whether unknown keys of this object are unexpected features.
    pub(crate) holds_features: bool,
}

/// What a key leads to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathStep {
    /// The slot that its value goes to.
    pub(crate) slot: Option<usize>,
    /// The node of its value, when that is an object.
    pub(crate) node: Option<usize>,
}

impl Plan {
    /// Compiles a contract.
    ///
    /// # Errors
    /// [`IntakeError::TooManyFields`], [`IntakeError::DuplicateField`] or [`IntakeError::Name`] if its fields cannot be columns.
    pub fn new(contract: &Contract, layout: Layout) -> Result<Self, IntakeError> {
        if contract.features.len() > MAX_FEATURES {
            return Err(IntakeError::TooManyFields { found: contract.features.len(), expected: MAX_FEATURES });
        }
        let fields = contract.fields();
        let record = &contract.record;
        let mut names: HashSet<&str> = ["timestamp", "inference_id"].into();
        for field in &fields {
            for text in [&field.name, &field.path] {
                if text.is_empty() || text.len() > MAX_CATEGORY_BYTES || text.chars().any(char::is_control) {
                    return Err(IntakeError::Name { name: text.clone(), expected: MAX_CATEGORY_BYTES });
                }
            }
            if !names.insert(&field.name) {
                return Err(IntakeError::DuplicateField { name: field.name.clone() });
            }
        }

        drop(names);

        let mut tree = Tree { nodes: vec![PathNode::default()], slots: 0 };
        let mut targets: Vec<Target> =
            [(&record.timestamp, "timestamp"), (&record.inference_id, "inference_id"), (&record.version, "version")]
                .into_iter()
                .map(|(path, name)| Target { path: path.clone(), slots: vec![tree.slot(path)], columns: distinct([path, name]) })
                .collect();
        let below = if record.features.is_empty() { String::new() } else { format!("{}.", record.features) };
        for field in &fields {
            let own = field.path.strip_prefix(&below).unwrap_or(&field.path);
            let columns = distinct([&field.path, own, &field.name]);
            let paths = if layout == Layout::Dataset { columns.as_slice() } else { columns.get(..1).unwrap_or(&[]) };
            let slots = paths.iter().map(|path| tree.slot(path)).collect();
            targets.push(Target { path: field.path.clone(), slots, columns });
        }
        let features = if record.features.is_empty() { 0 } else { tree.node(&record.features) };
        if let Some(node) = tree.nodes.get_mut(features) {
            node.holds_features = true;
        }

        let schema = Arc::new(schema(&fields));
        let (nodes, slots) = (tree.nodes, tree.slots);
        let inner = Inner { fields, layout, format: record.format, schema, features_root: record.features.clone(), targets, nodes, slots };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A plan that reads every one of these columns of a CSV or Parquet file, to look at them.
    pub(crate) fn of_columns(names: &[String]) -> Self {
        let field = |name: &String| Field {
            name: name.clone(),
            role: FieldRole::Feature,
            kind: FeatureKind::Categorical,
            path: name.clone(),
            range: None,
            allowed: None,
            is_segment: false,
        };
        let fields: Vec<Field> = names.iter().map(field).collect();
        let nowhere = || Target { path: String::new(), slots: Vec::new(), columns: Vec::new() };
        let columns = names.iter().map(|name| Target { columns: vec![name.clone()], ..nowhere() });
        let targets = std::iter::repeat_with(nowhere).take(FIELDS).chain(columns).collect();
        let schema = Arc::new(schema(&fields));
        let nodes = vec![PathNode::default()];
        let inner = Inner {
            fields,
            layout: Layout::Dataset,
            format: RecordFormat::Auto,
            schema,
            features_root: "features".into(),
            targets,
            nodes,
            slots: 0,
        };
        Self { inner: Arc::new(inner) }
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

    /// The format that the contract names.
    pub(crate) fn format(&self) -> RecordFormat {
        self.inner.format
    }

    pub(crate) fn targets(&self) -> &[Target] {
        &self.inner.targets
    }

    pub(crate) fn nodes(&self) -> &[PathNode] {
        &self.inner.nodes
    }

    pub(crate) fn slots(&self) -> usize {
        self.inner.slots
    }

    /// The name under which an unknown column counts as an unexpected feature; `None` if it is none.
    pub(crate) fn unexpected_column<'a>(&self, column: &'a str) -> Option<&'a str> {
        let root = &self.inner.features_root;
        if root.is_empty() {
            (self.inner.layout == Layout::Logs).then_some(column)
        } else {
            column.strip_prefix(root.as_str())?.strip_prefix('.')
        }
    }
}

struct Tree {
    nodes: Vec<PathNode>,
    slots: usize,
}

impl Tree {
    /// The node of the object at a dotted path, made if need be.
    fn node(&mut self, path: &str) -> usize {
        let mut at = 0;
        for key in path.split('.') {
            let next = self.nodes.len();
            at = self.nodes.get_mut(at).map_or(at, |node| *node.keys.entry(key.as_bytes().into()).or_default().node.get_or_insert(next));
            if at == next {
                self.nodes.push(PathNode::default());
            }
        }
        at
    }

    /// The slot of the value at a dotted path, made if need be.
    fn slot(&mut self, path: &str) -> usize {
        let (parent, key) = path.rsplit_once('.').map_or((0, path), |(parent, key)| (self.node(parent), key));
        let next = self.slots;
        let slot =
            self.nodes.get_mut(parent).map_or(next, |node| *node.keys.entry(key.as_bytes().into()).or_default().slot.get_or_insert(next));
        self.slots = self.slots.max(slot + 1);
        slot
    }
}

fn distinct<'a>(names: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.iter().any(|known| known == name.as_ref()) {
            kept.push(name.as_ref().to_owned());
        }
    }
    kept
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
