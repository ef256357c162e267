//! The distance that old alarms watch, on reference cases whose values were computed by Deequ's formula from the raw rows.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "tests")]

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use serde_json::Value;
use tidegate_contract::{Contract, SageMakerOutputs};
use tidegate_intake::{Half, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError};
use tidegate_interchange::sagemaker::metrics;
use tidegate_profile::{BatchFacts, Profiler, Sampler, Source};

/// Everything that intake reads.
#[derive(Default)]
struct Batches(Vec<(RecordBatch, BatchFacts)>);

impl Sink for Batches {
    fn batch(&mut self, _: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        self.0.push((batch, facts));
        Ok(())
    }

    fn rejected(&mut self, _: Rejected<'_>) -> Result<(), SinkError> {
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Err("the cases hold whole records".into())
    }
}

fn read(plan: &Plan, path: &Path) -> Vec<(RecordBatch, BatchFacts)> {
    let mut batches = Batches::default();
    tidegate_intake::read(plan, Limits::default(), File::open(path).unwrap(), &mut batches).unwrap();
    batches.0
}

/// Folder of the cases; absent outside the place where they are kept.
fn cases() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    if folder.is_dir() { Some(folder) } else { None }
}

/// The case's features with our distance and Deequ's.
fn compared(case: &str) -> Option<Vec<(String, f64, f64)>> {
    let Some(folder) = cases().map(|cases| cases.join(case)) else {
        println!("skipped: the reference cases are not here");
        return None;
    };
    let expected: Value = serde_json::from_reader(File::open(folder.join("expected.json")).unwrap()).unwrap();
    let features = expected["features"].as_object().unwrap();
    let listed: Vec<String> =
        features.iter().map(|(name, feature)| format!("{{ name: {name}, type: {} }}", feature["type"].as_str().unwrap())).collect();
    let text = format!("model: m\ntask: regression\nrecord: {{ features: \"\" }}\nfeatures: [{}]\n", listed.join(", "));
    let contract = Contract::parse(&text).unwrap();
    let plan = Plan::new(&contract, Layout::Dataset).unwrap();
    let side = |side: &str| read(&plan, &folder.join(expected["files"][side].as_str().unwrap()));
    let (reference, current) = (side("reference"), side("current"));
    let mut sampler = Sampler::new(plan.fields());
    for (batch, _) in &reference {
        sampler.observe(batch).unwrap();
    }
    let mut builder = sampler.freeze("b", Source::default());
    for (batch, facts) in &reference {
        builder.observe(batch, facts).unwrap();
    }
    let baseline = builder.finish();
    let profiler = Profiler::new(plan.fields(), Some(&baseline));
    let mut profile = profiler.start();
    for (batch, facts) in &current {
        profiler.observe(&mut profile, batch, facts).unwrap();
    }
    let outputs = SageMakerOutputs { metrics: true, schedule: Some("s".to_owned()), ..SageMakerOutputs::default() };
    let told = metrics(&profile, Some(&baseline), &outputs).unwrap();
    let ours = |name: &str| told.metrics.iter().find(|(metric, ..)| *metric == format!("feature_baseline_drift_{name}")).unwrap().1;
    let present = |field: &str| {
        let count = |profile: &tidegate_profile::Profile| profile.fields.iter().find(|found| found.name == field).unwrap().present as f64;
        (count(&baseline.profile), count(&profile))
    };
    let theirs = |name: &str, stats: &Value| {
        stats["ks.linf_robust_1.8"].as_f64().unwrap_or_else(|| {
            let (m, n) = present(name);
            (stats["linf.cat"].as_f64().unwrap() - 1.8 * ((m + n) / (m * n)).sqrt()).max(0.0)
        })
    };
    Some(features.iter().map(|(name, feature)| (name.clone(), ours(name), theirs(name, &feature["stats"]))).collect())
}

#[test]
fn values_that_repeat_give_deequs_distance_exactly() {
    for (name, ours, theirs) in compared("integers_ties").into_iter().flatten() {
        if ["poisson3", "dice", "binary"].contains(&name.as_str()) {
            assert!((ours - theirs).abs() < 1e-9, "{name}: {ours}, expected {theirs}");
        }
    }
}

#[test]
fn real_flights_give_deequs_distance_to_within_a_cell() {
    for (name, ours, theirs) in compared("nycflights_jan_jul").into_iter().flatten() {
        assert!((ours - theirs).abs() < 1.0 / 256.0, "{name}: {ours}, expected {theirs}");
        // What Model Monitor would have called drift at its threshold, we would.
        assert_eq!(ours > 0.1, theirs > 0.1, "{name}: {ours}, expected {theirs}");
    }
}
