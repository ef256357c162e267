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
    /// What a profile knows of the numbers beside its counts; `None` for raw rows, which tell it themselves.
    moments: Option<Moments>,
}

/// Moments of numbers, exact whatever became of the numbers themselves.
#[derive(Debug, Clone, Copy)]
struct Moments {
    mean: f64,
    /// Population standard deviation.
    deviation: f64,
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
                let moments = before.moments.zip(now.moments);
                let side = |rows, values: Values| NumericSide::new(rows, values.missing, values.numbers);
                let mut statistics = side(self.rows, before).compare(&side(current.rows, now));
                statistics.extend(moments.iter().flat_map(|(before, now)| by_moments(*before, *now)));
                statistics
            }
            FeatureKind::Categorical => {
                let side = |rows, values: Values| CategoricalSide::new(rows, values.missing, values.names);
                side(self.rows, before).compare(&side(current.rows, now))
            }
        }
    }
}

/// The statistics that moments alone make.
fn by_moments(before: Moments, now: Moments) -> [(String, Option<f64>); 2] {
    let in_deviations = |value: f64| (before.deviation > 0.0).then(|| value / before.deviation);
    [("smd.ref_std".to_owned(), in_deviations(now.mean - before.mean)), ("std_ratio".to_owned(), in_deviations(now.deviation))]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A statistic of a reference case: where it is, whether it is a number's, what was expected, what came out, and within what a sketch may err.
    struct Compared {
        place: String,
        is_numeric: bool,
        expected: Option<f64>,
        found: Option<f64>,
        sketch_tolerance: Option<f64>,
    }

    impl Compared {
        fn off(&self) -> f64 {
            match (self.expected, self.found) {
                (Some(expected), Some(found)) => (expected - found).abs(),
                (None, None) => 0.0,
                _ => f64::INFINITY,
            }
        }

        /// As `check.py` of the cases has it: `p`-values by size, Kolmogorov–Smirnov's as well as scipy computes them.
        fn is_exact(&self) -> bool {
            let size = self.expected.unwrap_or_default().abs();
            let statistic = self.place.rsplit('/').next().unwrap_or_default();
            let relative = if statistic.starts_with("ks.p_a") { 1e-4 } else { 1e-6 };
            let is_p = statistic.split(['.', '_']).any(|word| word == "p");
            self.off() <= 1e-9 * size.max(1.0) || (is_p && self.off() <= relative * size)
        }
    }

    /// Every statistic of the cases beside the project; `None` where there are none.
    fn compared(from_profiles: bool) -> Option<Vec<Compared>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
        let Ok(folders) = std::fs::read_dir(&root) else {
            println!("skipped: no reference cases beside the repository (../shared/cases)");
            return None;
        };
        let mut all = Vec::new();
        for folder in folders.map(|folder| folder.unwrap().path()).filter(|folder| folder.join("expected.json").is_file()) {
            let described: Value = serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
            let found = case(&folder, from_profiles).unwrap();
            for (name, feature) in described["features"].as_object().into_iter().flatten() {
                for (statistic, expected) in feature["stats"].as_object().unwrap() {
                    all.push(Compared {
                        place: format!("{}/{name}/{statistic}", folder.file_name().unwrap().display()),
                        is_numeric: feature["type"] == "numeric",
                        expected: expected.as_f64(),
                        found: found["features"][name]["stats"][statistic].as_f64(),
                        sketch_tolerance: feature["tol"]["kll200"][statistic].as_f64(),
                    });
                }
            }
        }
        Some(all)
    }

    #[test]
    fn raw_rows_give_what_the_reference_cases_expect() {
        let Some(all) = compared(false) else { return };
        let wrong: Vec<&str> = all.iter().filter(|one| !one.is_exact()).map(|one| one.place.as_str()).collect();
        assert!(all.len() > 4_000 && wrong.is_empty(), "{} of {}: {wrong:?}", wrong.len(), all.len());
    }

    #[test]
    fn profiles_give_the_same_as_far_as_their_cells_reach() {
        let Some(all) = compared(true) else { return };
        // Names: exact but where there are more of them than are counted one by one.
        let names: Vec<&str> = all.iter().filter(|one| !one.is_numeric && !one.is_exact()).map(|one| one.place.as_str()).collect();
        assert!(names.iter().all(|place| place.starts_with("skewed_cardinality/zipf5k/")), "{names:?}");
        // Numbers: a distribution function is off by a cell at most, moments by nothing but what the double mean of a million loses.
        for one in all.iter().filter(|one| one.is_numeric) {
            let off = match one.place.rsplit('/').next() {
                Some("ks.stat") => 0.01,
                Some("smd.ref_std" | "std_ratio") if !one.place.contains("/tiny_var/") => {
                    1e-9 * one.expected.unwrap_or_default().abs().max(1.0)
                }
                _ => continue,
            };
            assert!(one.off() <= off, "{}: {:?}, expected {:?}", one.place, one.found, one.expected);
        }
        let of_a_sketch: Vec<&Compared> = all.iter().filter(|one| one.sketch_tolerance.is_some()).collect();
        let within = of_a_sketch.iter().filter(|one| one.sketch_tolerance.is_some_and(|tolerance| one.off() <= tolerance)).count();
        assert!(within * 100 >= of_a_sketch.len() * 98, "{within} of {}", of_a_sketch.len());
    }
}
