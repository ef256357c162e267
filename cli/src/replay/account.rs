//! A replay of a lake: a demo's on a folder, or one in an account, through the same clients. Only reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_s3::Client as S3;
use tidegate_contract::Contract;
use tidegate_drift::{Gaps, Job, Replay, reference};
use tidegate_lake::{Baselines, Bucket, ContractBook, Contracts, Lake};
use tidegate_local_account::{LAKE, MODELS, TABLE};
use tidegate_monitoring::Window;
use tidegate_profile::Baseline;
use tidegate_registry::{Registry, WindowKey};

use super::compare::Compared;
use super::said::{self, Said};
use super::{Arguments, Replayed, Task, bar, lengths, tasks, write};
use crate::error::CliError;
use crate::reach;
use crate::terminal::{line, series};

/// Where things lie.
struct Place {
    contracts: ContractBook,
    lake: Lake,
    registry: Registry,
}

impl Place {
    /// The demo's folder, or the account that the AWS command line would reach.
    async fn open(arguments: &Arguments) -> Result<Self, CliError> {
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        let config = reach::sdk_config(arguments.state.as_deref()).await?;
        let (models, lake, table) = match &arguments.state {
            Some(_) => (MODELS.to_owned(), LAKE.to_owned(), TABLE.to_owned()),
            None => (name(&arguments.models_bucket), name(&arguments.lake_bucket), name(&arguments.registry_table)),
        };
        let s3 = S3::new(&config);
        Ok(Self {
            contracts: ContractBook::new(Bucket::new(s3.clone(), &models)),
            lake: Lake::new(s3, &lake),
            registry: Registry::new(DynamoDb::new(&config), &table),
        })
    }

    /// What was recorded of these windows, and the training set that each was judged against: a new contract is compared with the old one,
    /// not with what was learned since. Where nothing was recorded, or the set is gone, it is the one that counts now.
    async fn windows(&self, model: &str, tasks: Vec<Task>) -> Result<Vec<RecordedWindow>, CliError> {
        let baselines = Baselines::new(self.lake.clone());
        let counts_now = reference(&baselines, &self.registry, model, "the replay").await.map_err(CliError::account)?;
        let bar = bar("reading what was said", tasks.len());
        let mut windows = Vec::with_capacity(tasks.len());
        for task in tasks {
            let said = self.recorded(model, &task).await?;
            let then = match said.as_ref().and_then(|said| said.baseline.as_deref()) {
                Some(version) => baselines.of_version(model, version).await.map_err(CliError::account)?,
                None => None,
            };
            windows.push(RecordedWindow { task, said, baseline: then.or_else(|| counts_now.clone()) });
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(windows)
    }

    /// What was recorded of a window, and whether its verdict is still there.
    async fn recorded(&self, model: &str, task: &Task) -> Result<Option<Said>, CliError> {
        let key = WindowKey { model: model.to_owned(), length: task.length, end_ms: task.window.end_ms };
        let Some(record) = self.registry.window(&key).await.map_err(CliError::account)? else { return Ok(None) };
        let verdict = self.lake.verdict(model, &task.length.to_string(), task.window.end_ms).await.map_err(CliError::account)?;
        // What lies there counts only if it is what was recorded.
        if let Some(json) = verdict.filter(|json| said::digest(json) == record.verdict_digest) {
            return Said::read(&json).map(Some).map_err(CliError::Verdict);
        }
        Ok(Some(Said {
            state: record.state,
            headline: record.headline,
            records: record.records,
            findings: None,
            muted: BTreeSet::new(),
            baseline: None,
            digest: record.verdict_digest,
        }))
    }
}

/// A window to judge again.
struct RecordedWindow {
    task: Task,
    said: Option<Said>,
    baseline: Option<Arc<Baseline>>,
}

/// What judges the windows of one training set.
struct Judges<'a> {
    now: Replay<'a>,
    /// Under the contract of `--recorded-contract`.
    before: Option<Replay<'a>>,
}

/// Judges every window of the period under the contract, beside what was recorded, or what the recorded contract says.
pub(super) async fn replay(arguments: &Arguments, contract: Option<Contract>, recorded: Option<Contract>) -> Result<Replayed, CliError> {
    let place = Place::open(arguments).await?;
    let contracts = place.contracts.load().await.map_err(CliError::account)?;
    let model = model(arguments, contract.as_ref(), &contracts)?;
    if let Some(other) = recorded.as_ref().filter(|other| other.model != model) {
        return Err(CliError::OtherModel { found: other.model.clone(), expected: model });
    }
    // A contract that cannot be used is no hindrance when another one is judged under.
    let in_bucket = match contracts.of_model(&model) {
        Err(failure) if contract.is_none() => return Err(CliError::account(failure)),
        found => found.unwrap_or_default(),
    };
    let Some(contract) = contract.or_else(|| in_bucket.as_deref().cloned()) else {
        return Err(CliError::NoModel { model, found: models(&contracts) });
    };
    let (from_ms, to_ms) = (arguments.from.map_or(0, |from| from.0), arguments.to.map_or(0, |to| to.0));
    let tasks = tasks(&lengths(arguments, &contract), |_| from_ms, to_ms);
    let windows = place.windows(&model, tasks).await?;
    let mut by_training_set: BTreeMap<Option<&str>, Judges<'_>> = BTreeMap::new();
    for baseline in windows.iter().map(|window| window.baseline.as_deref()) {
        let replay = |contract| Replay::new(&place.lake, contract, baseline, in_bucket.as_deref());
        let judge = || Judges { now: replay(&contract), before: recorded.as_ref().map(replay) };
        by_training_set.entry(baseline.map(|baseline| baseline.id.as_str())).or_insert_with(judge);
    }
    let bar = bar("judging again", windows.len());
    let mut compared = Vec::with_capacity(windows.len());
    for RecordedWindow { task, said, baseline } in &windows {
        let Some(Judges { now, before }) = by_training_set.get(&baseline.as_ref().map(|baseline| baseline.id.as_str())) else { continue };
        let job = Job { model: model.clone(), length: task.length, end_ms: task.window.end_ms };
        let judged = now.judge(&job).await.map_err(CliError::account)?;
        let said = match before {
            Some(before) => {
                let judged = before.judge(&job).await.map_err(CliError::account)?;
                Some(Said::read(&judged.json).map_err(CliError::Verdict)?)
            }
            None => said.clone(),
        };
        if let Some(folder) = &arguments.report {
            write(folder, &model, task, &judged.json, &now.page(&judged))?;
        }
        compared.push(Compared::new(*task, said, Said::read(&judged.json).map_err(CliError::Verdict)?));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut notes = Vec::new();
    if by_training_set.contains_key(&None) {
        notes.push(format!("{model} has no baseline in this lake: nothing can be compared."));
    }
    notes.extend(older_baseline(&compared));
    notes.extend(in_bucket.as_deref().into_iter().flat_map(|in_bucket| read_otherwise(in_bucket, &contract)));
    notes.extend(by_training_set.values().flat_map(|judges| in_words(&judges.now.gaps())));
    notes.dedup();
    Ok(Replayed { model, compared, notes })
}

/// The model that is meant.
fn model(arguments: &Arguments, contract: Option<&Contract>, contracts: &Contracts) -> Result<String, CliError> {
    match (&arguments.model, contract) {
        (Some(model), Some(contract)) if *model != contract.model => {
            Err(CliError::OtherModel { found: contract.model.clone(), expected: model.clone() })
        }
        (Some(model), _) => Ok(model.clone()),
        (None, Some(contract)) => Ok(contract.model.clone()),
        (None, None) => match models(contracts).as_slice() {
            [one] => Ok(one.clone()),
            several => Err(CliError::WhichModel { found: several.to_vec() }),
        },
    }
}

fn models(contracts: &Contracts) -> Vec<String> {
    let unusable = contracts.unusable().iter().map(|unusable| unusable.model.clone());
    let models: BTreeSet<String> = contracts.usable().map(|contract| contract.model.clone()).chain(unusable).collect();
    models.into_iter().collect()
}

/// That some of the windows were compared with another training set when they were recorded, which is no longer there.
fn older_baseline(compared: &[Compared]) -> Option<String> {
    let differs =
        |compared: &&Compared| match (compared.before.as_ref().and_then(|before| before.baseline.as_ref()), &compared.now.baseline) {
            (Some(then), Some(now)) => then != now,
            _ => false,
        };
    match compared.iter().filter(differs).count() {
        0 => None,
        windows => Some(format!(
            "{windows} of {} recorded verdicts were judged against a training set that is gone: they are compared with the one that counts now, and may differ for that alone.",
            compared.len()
        )),
    }
}

/// What the contract reads from records otherwise than the one in the bucket, under which they arrived.
fn read_otherwise(in_bucket: &Contract, contract: &Contract) -> Vec<String> {
    let mut notes = Vec::new();
    let old = in_bucket.fields();
    let moved: Vec<String> = contract
        .fields()
        .into_iter()
        .filter(|field| old.iter().any(|old| old.name == field.name && old.path != field.path))
        .map(|field| line(&field.name, 60))
        .collect();
    if !moved.is_empty() {
        notes.push(format!(
            "The lake keeps what was read when records arrived: {} count as read from the old place, not from the one that the contract names.",
            series(&moved)
        ));
    }
    let only_features = |contract: &Contract| tidegate_contract::RecordMapping { features: String::new(), ..contract.record.clone() };
    if only_features(in_bucket) != only_features(contract) {
        notes.push(
            "The contract maps records otherwise (record): that takes effect on records to come, not on those in the lake.".to_owned(),
        );
    }
    let segments: Vec<String> =
        contract.segments.iter().filter(|segment| !in_bucket.segments.contains(segment)).map(|segment| line(segment, 60)).collect();
    if !segments.is_empty() {
        notes.push(format!(
            "The training set was not counted by {}: nothing can be said of what moved within it before the set is put again under this contract.",
            series(&segments)
        ));
    }
    let ruled: Vec<String> = contract
        .fields()
        .into_iter()
        .filter(|field| old.iter().any(|old| old.name == field.name && (old.range != field.range || old.allowed != field.allowed)))
        .map(|field| line(&field.name, 60))
        .collect();
    if !ruled.is_empty() {
        notes.push(format!(
            "{}: counted again from the records by the new range or values; the training set's share outside of them is still by the old ones.",
            series(&ruled)
        ));
    }
    notes
}

/// What the lake does not hold, in words.
fn in_words(gaps: &Gaps) -> Vec<String> {
    let hours = |span: &Window| format!("{} to {}", super::moment(span.start_ms), super::moment(span.end_ms));
    let never = |(name, span): (&String, &Window)| {
        let name = line(name, 60);
        format!(
            "{name} cannot be judged on records from {}: they were not read for it, or not as this type, and the lake keeps no more than was read.",
            hours(span)
        )
    };
    let mut notes: Vec<String> = gaps.never_read.iter().map(never).collect();
    if let Some(span) = &gaps.not_kept {
        notes.push(format!("Records from {} are no longer kept: they count as they were counted then.", hours(span)));
    }
    notes
}
