//! The two real data sets, each with a contract, a baseline, a model and days to plant trouble into.
//!
//! - *flights*: the demo's flights of 2013; January is the baseline, the logs of 10 to 28 February the days to plant into (nothing
//!   drifts in them beyond what days differ anyway), those of April and July the real drift.
//! - *diamonds*: 53,940 diamonds in an order drawn by the seed, half of them the baseline (four weeks of it), the other half
//!   what the days to plant into are drawn from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};
use tidegate_contract::{Contract, Feature, FeatureKind};
use tidegate_intake::Layout;
use tidegate_profile::Baseline;

use super::judge;
use super::model::Model;
use super::records::{DAY_MS, Record, by_hour, read};
use crate::random::Random;

/// A data set to plant trouble into.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) contract: Contract,
    pub(crate) baseline: Baseline,
    pub(crate) model: Model,
    /// Turns the model's answer into score and prediction.
    pub(crate) answer: fn(f64) -> (Option<f64>, Value),
    /// Calm days, one after the other, by their start.
    pub(crate) days: BTreeMap<i64, Vec<Record>>,
    /// First and last calm day that a window may begin with, days of `days` from 0.
    pub(crate) first_window: usize,
    /// Windows in which the data really drift.
    pub(crate) drifting: Vec<Vec<Record>>,
    /// A feature that is in °F.
    pub(crate) fahrenheit: Option<usize>,
    /// A feature that is in seconds since 1970.
    pub(crate) epoch: Option<usize>,
    /// Whether the calm days are whole weeks that a weekly swing can be put into.
    pub(crate) has_weeks: bool,
    /// The features by which the population is mixed.
    pub(crate) mixed_by: Vec<usize>,
}

/// So few records are enough for retraining, so that the policy never hides what the cause would ask for.
const FEWER_RECORDS: u64 = 500;

/// This crate's folder.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn path(relative: &str) -> PathBuf {
    Path::new(ROOT).join(relative)
}

/// Both data sets.
pub(crate) fn worlds(seed: u64) -> anyhow::Result<Vec<World>> {
    Ok(vec![flights()?, diamonds(seed)?])
}

/// The demo's flights.
fn flights() -> anyhow::Result<World> {
    let demo = path("../../cli/demo");
    let text = std::fs::read_to_string(demo.join("flight-delay.yaml"))?;
    let mut contract = Contract::parse(&text).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    let training = read(&contract, Layout::Dataset, &[std::fs::read(demo.join("training.parquet"))?])?;
    let month = |month: &str| -> anyhow::Result<Vec<Record>> {
        let mut files: Vec<PathBuf> = Vec::new();
        for day in std::fs::read_dir(demo.join("logs/flight-delay/2013").join(month))? {
            for hour in std::fs::read_dir(day?.path())? {
                files.push(hour?.path().join("scoring-1.jsonl.gz"));
            }
        }
        files.sort();
        let files: Vec<Vec<u8>> = files.iter().filter(|file| file.exists()).map(std::fs::read).collect::<Result<_, _>>()?;
        read(&contract, Layout::Logs, &files)
    };
    let (february, april, july) = (month("02")?, month("04")?, month("07")?);
    // The planes' age as the day they were built, in seconds since 1970: what a join with a register gives.
    let age = contract.features.iter().position(|feature| feature.name == "plane_age").context("plane_age")?;
    let mut built = Feature::new("plane_built", FeatureKind::Numeric);
    built.importance = 0.01;
    contract.features.push(built);
    contract.segments = vec!["origin".to_owned(), "carrier".to_owned()];
    contract.retraining.minimum_records = FEWER_RECORDS;
    let with_built = |mut records: Vec<Record>| {
        for record in &mut records {
            let seconds = record.number(age).map_or(Value::Null, |age| json!(1_356_998_400.0 - (age * 365.25).round() * 86_400.0));
            record.features.push(("plane_built".to_owned(), seconds));
        }
        records
    };
    let training = with_built(training);
    let logit = |score: f64| (score.clamp(1e-4, 1.0 - 1e-4) / (1.0 - score.clamp(1e-4, 1.0 - 1e-4))).ln();
    let targets: Vec<f64> = training.iter().map(|record| logit(record.score.unwrap_or(0.2))).collect();
    let model = Model::learn(&training, &targets);
    let answer = |logit: f64| {
        let score = 1.0 / (1.0 + (-logit).exp());
        (Some((score * 1e4).round() / 1e4), json!(if score >= 0.5 { "late" } else { "on-time" }))
    };
    let answered = |records: Vec<Record>| scored(records, &model, answer);
    let training = answered(training);
    let months = [with_built(april), with_built(july)].map(answered);
    let mut drifting = Vec::new();
    for month in &months {
        let days: Vec<Vec<Record>> = by_day(month).into_values().collect();
        drifting.extend(days.chunks(7).filter(|week| week.len() >= 5).map(<[Vec<Record>]>::concat));
    }
    let position = |name: &str| contract.features.iter().position(|feature| feature.name == name);
    Ok(World {
        name: "flights",
        has_weeks: false,
        baseline: judge::baseline(&contract, &training)?,
        days: by_day(&answered(with_built(february))),
        first_window: 10,
        drifting,
        fahrenheit: position("temp"),
        epoch: position("plane_built"),
        mixed_by: [position("origin"), position("carrier")].into_iter().flatten().collect(),
        contract,
        model,
        answer,
    })
}

/// Diamonds a day.
const A_DAY: usize = 900;

/// Calm days of diamonds.
const DAYS: usize = 28;

fn diamonds(seed: u64) -> anyhow::Result<World> {
    let text = "model: diamond-price
task: regression
features:
  - { name: carat, type: numeric, range: [0.1, 6], importance: 0.4 }
  - { name: cut, type: categorical, importance: 0.05 }
  - { name: color, type: categorical, importance: 0.1 }
  - { name: clarity, type: categorical, importance: 0.15 }
  - { name: depth, type: numeric, range: [40, 80], importance: 0.05 }
  - { name: table, type: numeric, range: [40, 100], importance: 0.05 }
  - { name: x, type: numeric, range: [0, 12], importance: 0.1 }
  - { name: y, type: numeric, range: [0, 60], importance: 0.05 }
  - { name: z, type: numeric, range: [0, 40], importance: 0.05 }
segments: [cut, color, clarity]
retraining: { mode: propose, minimum_records: 500 }
";
    let parse = |text: &str| Contract::parse(text).map_err(|faults| anyhow::anyhow!("{faults:?}"));
    let contract = parse(text)?;
    let with_price = parse(&text.replace("segments:", "  - { name: price, type: numeric }\nsegments:"))?;
    let file = std::fs::read(path("data/diamonds.parquet"))?;
    let mut records = read(&with_price, Layout::Dataset, &[file])?;
    let mut random = Random::new(seed, &[0xD1A]);
    random.shuffle(&mut records);
    let mut prices = Vec::new();
    for (index, record) in records.iter_mut().enumerate() {
        prices.push(record.features.pop().and_then(|(_, price)| price.as_f64()).unwrap_or(0.0).max(1.0).ln());
        record.time_ms = START_MS + (index as i64 * DAY_MS) / (27_000 / 28);
    }
    let pool = records.split_off(26_970);
    let model = Model::learn(&records, prices.get(..records.len()).unwrap_or_default());
    let answer = |log_price: f64| (None, json!(log_price.exp().round()));
    let training = scored(records, &model, answer);
    let mut days = BTreeMap::new();
    for day in 0..DAYS {
        let start = START_MS + (28 + day as i64) * DAY_MS;
        let drawn = (0..A_DAY).filter_map(|index| {
            let mut record = pool.get(random.below(pool.len()))?.clone();
            record.time_ms = start + index as i64 * DAY_MS / A_DAY as i64;
            Some(record)
        });
        days.insert(start, scored(drawn.collect(), &model, answer));
    }
    let position = |name: &str| contract.features.iter().position(|feature| feature.name == name);
    Ok(World {
        name: "diamonds",
        has_weeks: true,
        baseline: judge::baseline(&contract, &training)?,
        days,
        first_window: 10,
        drifting: Vec::new(),
        fahrenheit: None,
        epoch: None,
        mixed_by: [position("cut"), position("clarity"), position("color")].into_iter().flatten().collect(),
        contract,
        model,
        answer,
    })
}

/// 7 January 2013, a Monday, 00:00 UTC.
const START_MS: i64 = 1_357_516_800_000;

/// Records with what the model says of them.
pub(crate) fn scored(mut records: Vec<Record>, model: &Model, answer: fn(f64) -> (Option<f64>, Value)) -> Vec<Record> {
    for record in &mut records {
        (record.score, record.prediction) = answer(model.predict(record));
    }
    records
}

fn by_day(records: &[Record]) -> BTreeMap<i64, Vec<Record>> {
    let mut days: BTreeMap<i64, Vec<Record>> = BTreeMap::new();
    for (hour, records) in by_hour(records) {
        days.entry(hour.div_euclid(DAY_MS) * DAY_MS).or_default().extend(records.into_iter().cloned());
    }
    days
}
