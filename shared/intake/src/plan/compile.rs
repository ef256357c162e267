//! From a contract to a plan: which keys and columns hold what the contract names, and what is taken when they do not.

use std::sync::Arc;

use hashbrown::HashSet;
use tidegate_contract::{Contract, Field, FieldRole, RecordFormat, Task};

use super::{FIELDS, INFERENCE_ID, Inner, Layout, Plan, TIMESTAMP, Target, VERSION, schema};
use crate::IntakeError;
use crate::limits::{MAX_CATEGORY_BYTES, MAX_FEATURES};
use crate::privacy::Privacy;
use crate::tree::Tree;

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

    /// The same contract for another format.
    pub(crate) fn for_format(&self, format: RecordFormat) -> Self {
        let plan = Self::compile(&self.inner.contract, self.inner.fields.clone(), self.inner.layout, format);
        Self { version: self.version.clone(), written_ms: self.written_ms, ..plan }
    }

    /// The target of every value that comes without a name.
    pub(crate) fn columns(&self) -> Vec<Option<usize>> {
        column_targets(&self.inner.contract, &self.inner.fields)
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

pub(super) fn distinct<'a>(names: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.iter().any(|known| known == name.as_ref()) {
            kept.push(name.as_ref().to_owned());
        }
    }
    kept
}
