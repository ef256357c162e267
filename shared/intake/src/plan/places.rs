//! Plans that read values at fixed places, whatever a contract says: of logged events, and of files that are only looked at.

use std::sync::Arc;

use tidegate_contract::{Contract, FeatureKind, Field, FieldRole, RecordFormat, Task};

use super::{FIELDS, Inner, Layout, Plan, Target, schema};
use crate::privacy::Privacy;
use crate::tree::Tree;

impl Plan {
    /// A plan that reads values at fixed places: those of [`TIMESTAMP`](super::TIMESTAMP), [`INFERENCE_ID`](super::INFERENCE_ID),
    /// [`VERSION`](super::VERSION) and what follows, each at the first of its paths (JSON) or columns of those names (CSV, Parquet). `drop` is known and passed over.
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
