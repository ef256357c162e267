//! Where things lie: a contract compiled into a tree of keys (JSONL) and a list of column names (CSV, Parquet).

use std::borrow::Cow;
use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};
use hashbrown::HashSet;
use tidegate_contract::{Contract, FeatureKind, Field, FieldRole, RecordFormat, Task, Truth};

use crate::IntakeError;
use crate::limits::{MAX_CATEGORY_BYTES, MAX_FEATURES};
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
    /// Compiles a contract.
    ///
    /// # Errors
    /// [`IntakeError::TooManyFields`], [`IntakeError::DuplicateField`] or [`IntakeError::Name`] if its fields cannot be columns.
    pub fn new(contract: &Contract, layout: Layout) -> Result<Self, IntakeError> {
        if contract.features.len() > MAX_FEATURES {
            return Err(IntakeError::TooManyFields { found: contract.features.len(), expected: MAX_FEATURES });
        }
        let fields = contract.fields();
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
        Ok(Self::compile(&Arc::new(contract.clone()), fields, layout, contract.record.format))
    }

    fn compile(contract: &Arc<Contract>, fields: Vec<Field>, layout: Layout, format: RecordFormat) -> Self {
        let record = &contract.record;
        let mut tree = Tree::default();
        let is_transform = format == RecordFormat::SagemakerTransform;
        let mut target = |path: &str, paths: &[String], columns: Vec<String>| Target {
            path: path.to_owned(),
            slots: paths.iter().map(|path| tree.slot(path)).collect(),
            columns,
        };
        let mut targets = Vec::with_capacity(FIELDS + fields.len());
        for (path, name, appended) in [
            (&record.timestamp, "timestamp", "SageMakerInferenceTime"),
            (&record.inference_id, "inference_id", "SageMakerInferenceId"),
            (&record.version, "version", ""),
        ] {
            let mut paths = vec![path.clone()];
            if is_transform && !appended.is_empty() {
                paths.push(appended.to_owned());
            }
            targets.push(target(path, &paths, distinct([path, name])));
        }
        let below = if record.features.is_empty() { String::new() } else { format!("{}.", record.features) };
        for field in &fields {
            let own = field.path.strip_prefix(&below).unwrap_or(&field.path);
            let columns = distinct([&field.path, own, &field.name]);
            let mut paths = if layout == Layout::Dataset || is_transform { columns.clone() } else { vec![field.path.clone()] };
            if is_transform && is_answer(contract, field) {
                paths.extend(["output[0]", "output", "SageMakerOutput[0]", "SageMakerOutput"].map(str::to_owned));
            }
            targets.push(target(&field.path, &paths, columns));
        }
        tree.holds_features(&record.features);
        for path in &record.drop {
            tree.drop_path(path);
            tree.drop_path(&format!("{below}{path}"));
        }
        if !record.features.is_empty() {
            let targets = &targets;
            for (place, column) in column_targets(contract, &fields).into_iter().enumerate() {
                if let Some(slot) = column.and_then(|at| targets.get(at)).and_then(|target| target.slots.first()) {
                    tree.alias(&record.features, place, *slot);
                }
            }
        }
        let constants = (0..FIELDS + fields.len()).map(|target| constant(contract, &fields, target)).collect();
        let inner = Inner {
            schema: Arc::new(schema(&fields)),
            features_root: record.features.clone(),
            privacy: Privacy::new(contract, &fields),
            has_constants: !record.constants.is_empty(),
            constants,
            fields,
            layout,
            format,
            targets,
            tree: Arc::new(tree),
            contract: Arc::clone(contract),
        };
        Self { inner: Arc::new(inner), version: None, written_ms: None, is_stored: false }
    }

    /// The plan by which the model's ground truth is read, in whatever format: batches of `timestamp` (when it became known; null where a record does not
    /// say), `inference_id` as it is stored for predictions, and [`ACTUAL`], all of them text.
    #[must_use]
    pub fn truth(contract: &Contract) -> Self {
        let places = TruthPlaces::of(contract);
        let plan = Self::of_places(&[ACTUAL], &[places.times, places.ids, Vec::new(), places.actuals]);
        let mut inner = match Arc::try_unwrap(plan.inner) {
            Ok(inner) => inner,
            Err(shared) => return Self { inner: shared, ..plan },
        };
        (inner.layout, inner.privacy) = (Layout::Truth, Privacy::new(contract, &inner.fields));
        Self { inner: Arc::new(inner), ..plan }
    }

    /// Whether a record of these keys (or columns), found among scoring logs, is one of ground truth.
    pub(crate) fn is_truth(&self, names: &[&str]) -> bool {
        let contract = self.contract();
        if self.layout() != Layout::Logs || contract.features.is_empty() {
            return false;
        }
        let first = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
        let has = |paths: &[String]| paths.iter().any(|path| names.contains(&first(path).as_str()) || names.contains(&path.as_str()));
        let fields: Vec<String> = self.fields().iter().map(|field| field.path.clone()).collect();
        let places = TruthPlaces::of(contract);
        has(&places.ids) && has(&places.actuals) && !has(&fields)
    }

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

    /// Whether a column (of JSON, a dotted path) is one that the plan reads, or never looks at because the contract drops it.
    #[must_use]
    pub fn knows_column(&self, name: &str) -> bool {
        let record = &self.inner.contract.record;
        let own = name.strip_prefix(&self.inner.features_root).and_then(|own| own.strip_prefix('.')).unwrap_or(name);
        self.inner.targets.iter().any(|target| target.path == name || target.columns.iter().any(|column| column == name))
            || record.drop.iter().any(|dropped| dropped == name || dropped == own)
    }

    /// The same contract for another format.
    pub(crate) fn for_format(&self, format: RecordFormat) -> Self {
        let plan = Self::compile(&self.inner.contract, self.inner.fields.clone(), self.inner.layout, format);
        Self { version: self.version.clone(), written_ms: self.written_ms, ..plan }
    }

    /// A plan that reads values at fixed places: those of [`TIMESTAMP`], [`INFERENCE_ID`], [`VERSION`] and what follows, each at the first of
    /// its paths (JSON) or columns of those names (CSV, Parquet). `drop` is known and passed over.
    pub(crate) fn of_places(names: &[&str], paths: &[Vec<String>]) -> Self {
        let mut tree = Tree::default();
        let targets = paths
            .iter()
            .map(|paths| Target {
                path: paths.first().cloned().unwrap_or_default(),
                slots: paths.iter().map(|path| tree.slot(path)).collect(),
                columns: paths.clone(),
            })
            .collect();
        let fields = names.iter().map(|name| Field { path: (*name).to_owned(), ..any_field(name) }).collect();
        Self::bare(fields, targets, tree)
    }

    /// A plan that reads every one of these columns of a CSV or Parquet file, to look at them.
    pub(crate) fn of_columns(names: &[String]) -> Self {
        let fields: Vec<Field> = names.iter().map(|name| any_field(name)).collect();
        let nowhere = || Target { path: String::new(), slots: Vec::new(), columns: Vec::new() };
        let columns = names.iter().map(|name| Target { columns: vec![name.clone()], ..nowhere() });
        let targets = std::iter::repeat_with(nowhere).take(FIELDS).chain(columns).collect();
        Self::bare(fields, targets, Tree::default())
    }

    fn bare(fields: Vec<Field>, targets: Vec<Target>, tree: Tree) -> Self {
        let contract = Contract::new("none", Task::Regression);
        let inner = Inner {
            schema: Arc::new(schema(&fields)),
            features_root: "features".into(),
            privacy: Privacy::default(),
            constants: Vec::new(),
            has_constants: false,
            fields,
            layout: Layout::Dataset,
            format: RecordFormat::Auto,
            targets,
            tree: Arc::new(tree),
            contract: Arc::new(contract),
        };
        Self { inner: Arc::new(inner), version: None, written_ms: None, is_stored: false }
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

    /// Says whether values come as they are stored.
    pub(crate) fn set_stored(&mut self, is_stored: bool) {
        self.is_stored = is_stored;
    }

    /// The target of every value that comes without a name.
    pub(crate) fn columns(&self) -> Vec<Option<usize>> {
        column_targets(&self.inner.contract, &self.inner.fields)
    }

    /// The value of a target that a record lacks.
    #[inline]
    pub(crate) fn constant(&self, target: usize) -> Option<&str> {
        if !self.inner.has_constants {
            return None;
        }
        self.inner.constants.get(target)?.as_deref()
    }

    /// The format that the contract names.
    pub(crate) fn format(&self) -> RecordFormat {
        self.inner.format
    }

    pub(crate) fn targets(&self) -> &[Target] {
        &self.inner.targets
    }

    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.inner.tree
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
}

/// Name of the column of what really was.
pub const ACTUAL: &str = "actual";

/// Where a record of ground truth has what: the first path that is there counts.
struct TruthPlaces {
    times: Vec<String>,
    ids: Vec<String>,
    actuals: Vec<String>,
}

impl TruthPlaces {
    fn of(contract: &Contract) -> Self {
        let truth = &contract.truth;
        let said = |path: &Option<String>, usual: &[&str]| match path {
            Some(path) => vec![path.clone()],
            None => usual.iter().map(|path| (*path).to_owned()).collect(),
        };
        let mut ids = said(
            &truth.inference_id,
            &distinct([contract.record.inference_id.as_str(), "inference_id"]).iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let mut actuals = said(&truth.actual, &Truth::USUAL_ACTUALS);
        // Amazon SageMaker's.
        ids.push("eventMetadata.eventId".to_owned());
        actuals.push("groundTruthData.data".to_owned());
        Self { times: said(&truth.time, &Truth::USUAL_TIMES), ids, actuals }
    }
}

fn any_field(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        role: FieldRole::Feature,
        kind: FeatureKind::Categorical,
        path: name.to_owned(),
        range: None,
        allowed: None,
        is_segment: false,
    }
}

/// The target that a name of the contract means.
pub(crate) fn target_of(fields: &[Field], name: &str) -> Option<usize> {
    match name {
        "timestamp" => Some(TIMESTAMP),
        "inference_id" => Some(INFERENCE_ID),
        "version" => Some(VERSION),
        _ => fields.iter().position(|field| field.name == name).map(|place| FIELDS + place),
    }
}

/// The target of every value that comes without a name.
fn column_targets(contract: &Contract, fields: &[Field]) -> Vec<Option<usize>> {
    let columns = &contract.record.columns;
    if columns.is_empty() {
        return (0..contract.features.len()).map(|place| Some(FIELDS + place)).collect();
    }
    columns.iter().map(|name| target_of(fields, name)).collect()
}

/// Whether a field is what a single value of the model's answer means.
pub(crate) fn is_answer(contract: &Contract, field: &Field) -> bool {
    field.role == if contract.task == Task::Binary { FieldRole::Score } else { FieldRole::Prediction }
}

fn constant(contract: &Contract, fields: &[Field], target: usize) -> Option<String> {
    let constants = &contract.record.constants;
    constants.iter().find(|constant| target_of(fields, &constant.name) == Some(target)).map(|constant| constant.value.clone())
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
