//! The demo's team: it submits candidates and trains them, its approvers answer their mail, and it looks whether they were right.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use tidegate_contract::{Contract, FeatureKind, Metric};
use tidegate_lake::{Lake, keys, read_records};
use tidegate_local_account::{DECISION_URL, LAKE, LocalAccount, MODELS, Mail, TABLE};
use tidegate_registry::{ModelVersion, Registry, Retraining, VersionState};
use tidegate_scoring::{Column, Columns, Model, Predictions, Signature};
use tidegate_statistics::bootstrap::Plan;
use tidegate_trainer::{Classes, Table, fit};
use tidegate_validation::Outcomes;
use tidegate_validation::metrics::{Measured, measure};

use super::{MODEL, files};
use crate::error::CliError;
use crate::registry::now_ms;

/// The flights that candidates are judged by, and their key in the models bucket.
const EVALUATION: (&str, &str) = ("candidates/august.parquet", "evaluations/flight-delay/2013-august.parquet");

/// The flights of the month after.
const AFTERWARDS: &str = "candidates/september.parquet";

/// What counts as positive, and what does not.
const CLASSES: Classes<'static> = Classes { negative: "on-time", positive: "late" };

/// How often it is looked whether a person has decided.
const LOOK: Duration = Duration::from_millis(400);

/// The account, seen by a team and its approvers.
pub(super) struct Team {
    account: Arc<LocalAccount>,
    registry: Registry,
    contract: Contract,
    read: usize,
}

/// A decision that somebody is asked for.
pub(super) struct Asked {
    /// The mail that asks.
    pub(super) mail: Mail,
}

impl Team {
    pub(super) async fn of(account: Arc<LocalAccount>) -> Result<Self, CliError> {
        let contract = String::from_utf8_lossy(files::bytes(files::CONTRACT.0)?).into_owned();
        let contract = Contract::parse(&contract).map_err(CliError::demo)?;
        put(&account, EVALUATION.1, files::bytes(EVALUATION.0)?.to_vec()).await?;
        Ok(Self { registry: Registry::new(account.dynamodb.clone(), TABLE), account, contract, read: 0 })
    }

    /// Submits a candidate as a team does, files first and the manifest last, and lets the functions run.
    pub(super) async fn submit(&self, run: &str, model: Vec<u8>, words: &str, dataset: &str) -> Result<ModelVersion, CliError> {
        let folder = format!("candidates/{MODEL}/{run}");
        let manifest = json!({
            "format": tidegate_validate::FORMAT,
            "model": MODEL,
            "run": run,
            "submitted_by": "data-science@example.com",
            "artifact": [{ "file": "model.onnx" }],
            "training_set": dataset,
            "evaluation": { "key": EVALUATION.1, "actual": "outcome" },
            "code_revision": "demo",
            "parameters": { "model": words },
        });
        put(&self.account, &format!("{folder}/model.onnx"), model).await?;
        put(&self.account, &format!("{folder}/manifest.json"), manifest.to_string().into_bytes()).await?;
        self.account.settle().await.map_err(CliError::demo)?;
        self.version(run).await
    }

    pub(super) async fn version(&self, run: &str) -> Result<ModelVersion, CliError> {
        let versions = self.registry.versions(MODEL).await.map_err(CliError::demo)?;
        let found = versions.into_iter().find(|version| version.lineage.run == run);
        found.ok_or_else(|| CliError::demo(format!("the candidate {run} was refused")))
    }

    /// The dataset version that the January training set became.
    pub(super) async fn january(&self) -> Result<String, CliError> {
        let datasets = self.registry.datasets(MODEL).await.map_err(CliError::demo)?;
        datasets.into_iter().next().map(|dataset| dataset.version).ok_or_else(|| CliError::demo("its training set was not published"))
    }

    /// The retraining that was asked for last.
    pub(super) async fn retraining(&self) -> Result<Option<Retraining>, CliError> {
        Ok(self.registry.retrainings(MODEL).await.map_err(CliError::demo)?.pop())
    }

    /// Mails that came since the last call.
    pub(super) fn new_mail(&mut self) -> Vec<Mail> {
        let all = self.account.mail();
        let new = all.get(self.read..).unwrap_or_default().to_vec();
        self.read = all.len();
        new
    }

    /// The last link that was mailed and is about this.
    pub(super) fn asked(&self, about: &str) -> Option<Asked> {
        let all = self.account.mail();
        let of = |mail: &&Mail| mail.topic.ends_with("-decisions") && mail.subject.contains(about);
        all.iter().rev().find(of).map(|mail| Asked { mail: mail.clone() })
    }

    /// Answers as the approver would, by the page's own form: yes where there is no reason against it.
    pub(super) async fn answer(&self, asked: &Asked, version: Option<u32>, against: Option<&str>) -> Result<(), CliError> {
        let address = asked.mail.link().and_then(|link| link.strip_prefix(DECISION_URL));
        let address = address.ok_or_else(|| CliError::demo("a mail holds no link"))?;
        let name = version.map_or_else(String::new, |number| format!("{MODEL}+{number}"));
        let choice = if against.is_some() { "reject" } else { "approve" };
        let form = format!("choice={choice}&name={name}&reason={}", against.unwrap_or("demo").replace(' ', "+"));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.account.http("POST", address, &headers, form.as_bytes(), now_ms()).await.map_err(CliError::demo)?;
        if answer.status_code != 200 {
            return Err(CliError::demo(format!("the approver's page answered {}", answer.status_code)));
        }
        self.account.settle().await.map_err(CliError::demo)
    }

    /// Waits until a person has decided on the page.
    pub(super) async fn wait_for_version(&self, run: &str) -> Result<ModelVersion, CliError> {
        loop {
            self.account.settle().await.map_err(CliError::demo)?;
            let version = self.version(run).await?;
            if version.state != VersionState::PendingApproval && version.state != VersionState::Approved {
                return Ok(version);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a person has decided about the proposed retraining.
    pub(super) async fn wait_for_retraining(&self) -> Result<(), CliError> {
        loop {
            self.account.settle().await.map_err(CliError::demo)?;
            match self.retraining().await? {
                Some(open) if open.state == tidegate_registry::RetrainingState::Proposed => tokio::time::sleep(LOOK).await,
                _ => return Ok(()),
            }
        }
    }

    /// What the team's training job does: reads the named dataset version, joins what really was, and learns from the flights that it is to.
    pub(super) async fn train(&self, dataset: &str, takes: impl Fn(&str) -> bool) -> Result<(Vec<u8>, usize), CliError> {
        let lake = Lake::new(self.account.s3.clone(), LAKE);
        let manifest = lake.manifest(MODEL, dataset).await.map_err(CliError::demo)?;
        let manifest = manifest.ok_or_else(|| CliError::demo(format!("dataset version {dataset} is missing")))?;
        let truth = truth()?;
        let of = |kind: FeatureKind| {
            self.contract.features.iter().filter(move |feature| feature.kind == kind).map(|feature| feature.name.as_str())
        };
        let mut table = Table::new(of(FeatureKind::Numeric), of(FeatureKind::Categorical));
        for file in &manifest.files {
            let key = keys::dataset_file(MODEL, &file.sha256);
            let stored = lake.bucket.get(&key).await.map_err(CliError::demo)?;
            let stored = stored.ok_or_else(|| CliError::demo(format!("{key} is missing")))?;
            for batch in read_records(&key, stored.bytes).map_err(CliError::demo)?.1 {
                table.add(&batch.map_err(CliError::demo)?, |id| truth.get(id).copied().filter(|_| takes(id))).map_err(CliError::demo)?;
            }
        }
        let model = fit(&table, CLASSES).map_err(CliError::demo)?;
        Ok((model.to_onnx().map_err(CliError::demo)?, table.outcome.len()))
    }

    /// How good a model is on the flights of the month after: ROC AUC, and log loss.
    pub(super) fn afterwards(&self, model: &[u8]) -> Result<[Measured; 2], CliError> {
        let bytes = Bytes::from_static(files::bytes(AFTERWARDS)?);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).and_then(ParquetRecordBatchReaderBuilder::build);
        let batches: Result<Vec<RecordBatch>, _> = reader.map_err(CliError::demo)?.collect();
        let batches = batches.map_err(CliError::demo)?;
        let missing = |name: &str| CliError::demo(format!("{AFTERWARDS} has no column {name}"));
        let texts = |name: &str| -> Result<Vec<Option<String>>, CliError> {
            let mut all = Vec::new();
            for batch in &batches {
                let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>()).ok_or_else(|| missing(name))?;
                all.extend(column.iter().map(|value| value.map(str::to_owned)));
            }
            Ok(all)
        };
        let (mut numbers, mut names) = (Vec::new(), Vec::new());
        for feature in &self.contract.features {
            let name = feature.name.as_str();
            if feature.kind == FeatureKind::Categorical {
                names.push((name, texts(name)?));
                continue;
            }
            let mut all = Vec::new();
            for batch in &batches {
                let column = batch.column_by_name(name).ok_or_else(|| missing(name))?;
                match (column.as_primitive_opt::<Float64Type>(), column.as_primitive_opt::<Int32Type>()) {
                    (Some(numbers), _) => all.extend(numbers.iter().map(|value| value.unwrap_or(f64::NAN))),
                    (_, Some(whole)) => all.extend(whole.iter().map(|value| value.map_or(f64::NAN, f64::from))),
                    _ => return Err(missing(name)),
                }
            }
            numbers.push((name, all));
        }
        let names: Vec<(&str, Vec<Option<&str>>)> =
            names.iter().map(|(name, values)| (*name, values.iter().map(Option::as_deref).collect())).collect();
        let mut columns = Columns::new();
        for (name, values) in &numbers {
            columns = columns.with(name, Column::Numbers(values)).map_err(CliError::demo)?;
        }
        for (name, values) in &names {
            columns = columns.with(name, Column::Names(values)).map_err(CliError::demo)?;
        }
        let model = Model::load(model, &Signature::of(&self.contract)).map_err(CliError::demo)?;
        let Predictions::Classes(classes) = model.score(&columns).map_err(CliError::demo)? else {
            return Err(CliError::demo("a model answers no classes"));
        };
        let score = classes.probabilities_of(CLASSES.positive).ok_or_else(|| CliError::demo("a model knows no late flights"))?;
        let actual: Vec<bool> = texts("outcome")?.iter().map(|outcome| outcome.as_deref() == Some(CLASSES.positive)).collect();
        let predicted = score.iter().map(|score| *score >= 0.5).collect();
        let outcomes = Outcomes::binary(actual, predicted, Some(score)).ok_or_else(|| CliError::demo("nothing was scored"))?;
        let of = |metric| measure(&outcomes, metric, Plan::new(1)).map_err(|undefined| CliError::demo(undefined.to_string()));
        Ok([of(Metric::RocAuc)?, of(Metric::LogLoss)?])
    }

    /// A model's file, as it was registered.
    pub(super) async fn file_of(&self, version: &ModelVersion) -> Result<Vec<u8>, CliError> {
        let key = keys::artifact(MODEL, &version.id, "model.onnx");
        let stored = Lake::new(self.account.s3.clone(), LAKE).bucket.get(&key).await.map_err(CliError::demo)?;
        stored.map(|stored| stored.bytes.to_vec()).ok_or_else(|| CliError::demo(format!("{key} is missing")))
    }

    /// The page of a version's gate.
    pub(super) fn page(&self, version: &ModelVersion) -> std::path::PathBuf {
        let digest = version.gate.as_ref().map(|gate| gate.digest.clone()).unwrap_or_default();
        self.account.bucket_folder(LAKE).join(keys::gate(MODEL, &digest, "index.html"))
    }
}

/// What really was, by inference id, as it arrived in the logs bucket.
fn truth() -> Result<BTreeMap<String, bool>, CliError> {
    let mut known = BTreeMap::new();
    for (_, bytes) in files::below("truth/") {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(bytes), &mut text).map_err(CliError::demo)?;
        for line in text.lines() {
            let outcome: Value = serde_json::from_str(line).map_err(CliError::demo)?;
            if let (Some(id), Some(actual)) = (outcome.get("inference_id").and_then(Value::as_str), outcome.get("actual")) {
                known.insert(id.to_owned(), actual == CLASSES.positive);
            }
        }
    }
    Ok(known)
}

async fn put(account: &LocalAccount, key: &str, bytes: Vec<u8>) -> Result<(), CliError> {
    account.s3.put_object().bucket(MODELS).key(key).body(bytes.into()).send().await.map_err(CliError::demo)?;
    Ok(())
}
