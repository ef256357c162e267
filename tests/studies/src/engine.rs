//! The product's own engine on columns in memory: what a study draws goes through intake's batches, the profiler, a frozen
//! baseline and `assess`, as a log does.

use std::sync::Arc;

use anyhow::Context;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use tidegate_contract::{Contract, FeatureKind, FieldRole};
use tidegate_monitoring::{History, Input, Verdict, Window, assess};
use tidegate_profile::{Baseline, BatchFacts, FieldProfile, Profile, Profiler, Sampler, Source, WindowProfile};

/// The values of one field; `None` is missing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Column {
    /// A numeric field's.
    Numbers(Vec<Option<f64>>),
    /// A categorical field's.
    Names(Vec<Option<Arc<str>>>),
}

/// Records in columns, by field. A field of the contract that has no column here is missing throughout.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Table {
    /// Number of records.
    pub(crate) records: usize,
    /// Times of the records, milliseconds since 1970; empty when they carry none.
    pub(crate) times_ms: Vec<i64>,
    /// The columns, by the name of their field.
    pub(crate) columns: Vec<(String, Column)>,
}

/// A feature of a study's contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feature {
    /// Its name in the contract.
    pub(crate) name: String,
    /// Where it lies in a record.
    pub(crate) path: String,
    /// What its values are.
    pub(crate) kind: FeatureKind,
}

/// A contract of these features and nothing else.
pub(crate) fn contract(features: &[Feature]) -> anyhow::Result<Contract> {
    let kind = |kind| if kind == FeatureKind::Numeric { "numeric" } else { "categorical" };
    let features: Vec<serde_json::Value> = features
        .iter()
        .map(|feature| serde_json::json!({ "name": feature.name, "path": feature.path, "type": kind(feature.kind) }))
        .collect();
    // JSON is YAML.
    let text = serde_json::json!({ "model": "study", "task": "regression", "features": features }).to_string();
    Contract::parse(&text).map_err(|faults| anyhow::anyhow!("the study's contract is refused: {faults:?}"))
}

impl Table {
    fn batch(&self, contract: &Contract) -> anyhow::Result<RecordBatch> {
        let times: TimestampMillisecondArray = (0..self.records).map(|record| self.times_ms.get(record).copied()).collect();
        let ids: StringArray = (0..self.records).map(|_| None::<&str>).collect();
        let mut columns: Vec<(String, ArrayRef)> =
            vec![("timestamp".to_owned(), Arc::new(times.with_timezone("UTC"))), ("inference_id".to_owned(), Arc::new(ids))];
        for field in contract.fields() {
            let own = self.columns.iter().find(|(name, _)| *name == field.name).map(|(_, column)| column);
            let column: ArrayRef = match (own, field.kind) {
                (Some(Column::Numbers(values)), FeatureKind::Numeric) => Arc::new(values.iter().copied().collect::<Float64Array>()),
                (Some(Column::Names(values)), FeatureKind::Categorical) => {
                    Arc::new(values.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())
                }
                (None, FeatureKind::Numeric) => Arc::new((0..self.records).map(|_| None::<f64>).collect::<Float64Array>()),
                (None, FeatureKind::Categorical) => {
                    Arc::new((0..self.records).map(|_| None::<&str>).collect::<DictionaryArray<Int32Type>>())
                }
                _ => anyhow::bail!("the column of {} does not hold what the contract says", field.name),
            };
            columns.push((field.name.clone(), column));
        }
        let columns = columns.into_iter().map(|(name, column)| (name, column, true));
        RecordBatch::try_from_iter_with_nullable(columns).context("the columns differ in length")
    }

    /// Freezes cells on these records and counts them.
    pub(crate) fn baseline(&self, contract: &Contract) -> anyhow::Result<Baseline> {
        let batch = self.batch(contract)?;
        let mut sampler = Sampler::new(&contract.fields());
        sampler.observe(&batch)?;
        let mut builder = sampler.freeze("study", Source::default());
        builder.observe(&batch, &BatchFacts::default())?;
        Ok(builder.finish())
    }

    /// Counts these records in a baseline's cells.
    pub(crate) fn profile(&self, contract: &Contract, baseline: &Baseline) -> anyhow::Result<Profile> {
        let profiler = Profiler::new(&contract.fields(), Some(baseline));
        let mut profile = profiler.start();
        profiler.observe(&mut profile, &self.batch(contract)?, &BatchFacts::default())?;
        Ok(profile)
    }
}

/// Judges a profile as one window, without a history.
pub(crate) fn judge(contract: &Contract, baseline: &Baseline, window: Window, profile: Profile) -> Verdict {
    judge_after(contract, baseline, window, profile, History::default())
}

/// Judges the days of a window together.
pub(crate) fn judge_days(contract: &Contract, baseline: &Baseline, window: Window, days: &[(Window, Profile)]) -> anyhow::Result<Verdict> {
    let ((_, first), others) = days.split_first().context("a window has no day")?;
    let mut whole = first.clone();
    others.iter().try_for_each(|(_, day)| whole.merge(day))?;
    Ok(judge_after(contract, baseline, window, whole, History { trail: days, ..History::default() }))
}

fn judge_after(contract: &Contract, baseline: &Baseline, window: Window, profile: Profile, history: History<'_>) -> Verdict {
    let mut current = WindowProfile::new(profile);
    current.intake.files = 1;
    assess(&Input { contract, window, baseline: Some(baseline), current: &current, history, in_series: false })
}

/// Records without a time stand in a window without a length.
pub(crate) const UNTIMED: Window = Window { start_ms: 0, end_ms: 0 };

/// A baseline that knows one feature only.
pub(crate) fn only(baseline: &Baseline, feature: &str) -> Baseline {
    let kept = |field: &FieldProfile| field.role != FieldRole::Feature || field.name == feature;
    let fields = baseline.fields.iter().zip(&baseline.profile.fields).filter(|(_, profile)| kept(profile));
    Baseline {
        id: baseline.id.clone(),
        source: baseline.source.clone(),
        profile: only_profile(&baseline.profile, feature),
        periods: baseline.periods.clone(),
        fields: fields.map(|(field, _)| field.clone()).collect(),
        segments: Vec::new(),
    }
}

/// A profile of one feature only.
pub(crate) fn only_profile(profile: &Profile, feature: &str) -> Profile {
    let mut only = profile.clone();
    only.fields.retain(|field| field.role != FieldRole::Feature || field.name == feature);
    only
}
