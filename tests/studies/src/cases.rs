//! The statistics of reference cases, from their raw rows: what a comparison program reads.
//!
//! A case is a folder with `reference.jsonl` and `current.jsonl` (or `.gz`) and an `expected.json` that names its features.
//! The rows go through the product's intake, so bad lines, numbers in strings, NaN and infinity are read as logs are.

mod profiles;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use serde_json::Value;
use tidegate_contract::{Contract, FeatureKind};
use tidegate_intake::{Half, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError};
use tidegate_profile::BatchFacts;
use tidegate_statistics::raw::{CategoricalSide, NumericSide, Statistics};

use crate::engine::{self, Feature};

/// Print the statistics of reference cases as JSON: {case: {features: {feature: {stats: {...}}}}}
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the cases
    #[arg(value_name = "FOLDER")]
    cases: PathBuf,
    /// From profiles in the reference's cells, as windows are judged, instead of from the raw rows
    #[arg(long)]
    profiles: bool,
}

/// Every statistic of every feature of every case.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(&arguments.cases).with_context(|| format!("{} cannot be read", arguments.cases.display()))? {
        folders.push(entry?.path());
    }
    folders.retain(|folder| folder.join("expected.json").is_file());
    folders.sort();
    let mut all = serde_json::Map::new();
    for folder in folders {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        all.insert(name.clone(), case(&folder, arguments.profiles).with_context(|| format!("case {name}"))?);
    }
    Ok(format!("{}\n", Value::Object(all)))
}

fn case(folder: &Path, from_profiles: bool) -> anyhow::Result<Value> {
    let described: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json"))?)?;
    let kind = |feature: &Value| match feature.get("type").and_then(Value::as_str) {
        Some("numeric") => Ok(FeatureKind::Numeric),
        Some("categorical") => Ok(FeatureKind::Categorical),
        other => Err(anyhow::anyhow!("a feature is numeric or categorical, not {other:?}")),
    };
    let mut features = Vec::new();
    for (index, (name, feature)) in described.get("features").and_then(Value::as_object).into_iter().flatten().enumerate() {
        // The cases' names are anything; a contract's are not, but what they stand for may be.
        features.push(Feature { name: format!("f{index}"), path: name.clone(), kind: kind(feature)? });
    }
    if features.is_empty() {
        return Ok(serde_json::json!({ "features": {} }));
    }
    let contract = engine::contract(&features)?;
    let file = |side: &str| -> anyhow::Result<PathBuf> {
        let file = described.pointer(&format!("/files/{side}")).and_then(Value::as_str).context("a side has no file")?;
        Ok(folder.join(file))
    };
    let (reference, current) = if from_profiles {
        profiles::read(&contract, &file("reference")?, &file("current")?)?
    } else {
        (Rows::read(&contract, &file("reference")?)?, Rows::read(&contract, &file("current")?)?)
    };
    let compared = features
        .into_iter()
        .map(|feature| (feature.path, serde_json::json!({ "stats": reference.compare(&feature.name, feature.kind, &current) })));
    Ok(serde_json::json!({ "features": compared.collect::<serde_json::Map<_, _>>() }))
}

/// The rows of one file, by feature.
#[derive(Debug, Default)]
struct Rows {
    rows: u64,
    of: BTreeMap<String, Values>,
}

/// What a feature's values are in all rows of a file.
#[derive(Debug, Clone, Default)]
struct Values {
    missing: u64,
    numbers: Vec<f64>,
    names: BTreeMap<String, u64>,
}

impl Rows {
    fn read(contract: &Contract, path: &Path) -> anyhow::Result<Self> {
        let plan = Plan::new(contract, Layout::Dataset)?;
        let mut sink = Collecting { plan: plan.clone(), rows: Self::default() };
        let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
        tidegate_intake::read(&plan, Limits::default(), file, &mut sink).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(sink.rows)
    }

    fn compare(&self, feature: &str, kind: FeatureKind, current: &Self) -> Statistics {
        let values = |rows: &Self| rows.of.get(feature).cloned().unwrap_or_default();
        let (before, now) = (values(self), values(current));
        match kind {
            FeatureKind::Numeric => {
                let side = |rows, values: Values| NumericSide::new(rows, values.missing, values.numbers);
                side(self.rows, before).compare(&side(current.rows, now))
            }
            FeatureKind::Categorical => {
                let side = |rows, values: Values| CategoricalSide::new(rows, values.missing, values.names);
                side(self.rows, before).compare(&side(current.rows, now))
            }
        }
    }
}

/// Collects what intake reads.
struct Collecting {
    plan: Plan,
    rows: Rows,
}

impl Sink for Collecting {
    fn batch(&mut self, _: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        self.rows.rows += batch.num_rows() as u64;
        for (position, field) in self.plan.fields().iter().enumerate() {
            let column = batch.column_by_name(&field.name).ok_or_else(|| format!("{} is not in the batch", field.name))?;
            let values = self.rows.of.entry(field.name.clone()).or_default();
            let wrong_type = facts.wrong_type.get(position).copied().unwrap_or(0);
            values.missing += (column.null_count() as u64).saturating_sub(wrong_type);
            match field.kind {
                FeatureKind::Numeric => values.numbers.extend(column.as_primitive::<Float64Type>().iter().flatten()),
                FeatureKind::Categorical => {
                    let names = column.as_dictionary::<Int32Type>();
                    let names = names.downcast_dict::<arrow_array::StringArray>().ok_or("names are text")?;
                    for name in names.into_iter().flatten() {
                        *values.names.entry(name.to_owned()).or_default() += 1;
                    }
                }
            }
        }
        Ok(())
    }

    fn rejected(&mut self, _: Rejected<'_>) -> Result<(), SinkError> {
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Err("half a record is none of a study's".into())
    }
}
