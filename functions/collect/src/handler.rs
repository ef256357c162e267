//! What `collect` does with a batch of messages: each names objects, and each object goes the way of its bucket.

use std::{collections::BTreeMap, sync::Arc};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_s3::Client;
use tidegate_lake::{Bucket, ContractBook, Lake, LakeError, keys};
use tidegate_profile::Baseline;
use tidegate_runtime::{Deadline, serve_batch};
use tokio::sync::Mutex;
use tracing::{info, warn};

use crate::{CollectError, ObjectName, Settings, objects_of};

/// The function: built once per cold start, asked once per batch.
#[derive(Debug)]
pub struct Collector {
    pub(crate) settings: Settings,
    pub(crate) logs: Bucket,
    pub(crate) models: Bucket,
    pub(crate) lake: Lake,
    pub(crate) contracts: ContractBook,
    baselines: Mutex<BTreeMap<String, Arc<Baseline>>>,
}

impl Collector {
    /// A collector with these settings, reading and writing through this client.
    #[must_use]
    pub fn new(settings: Settings, s3: Client) -> Self {
        let models = Bucket::new(s3.clone(), &settings.models_bucket);
        Self {
            logs: Bucket::new(s3.clone(), &settings.logs_bucket),
            contracts: ContractBook::new(models.clone()),
            models,
            lake: Lake::new(s3, &settings.lake_bucket),
            baselines: Mutex::default(),
            settings,
        }
    }

    /// Collects the objects that a batch of messages names; the answer names the messages that failed.
    pub async fn handle(&self, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
        serve_batch(&event, deadline, self.settings.reserve, self.settings.concurrency, |body| self.collect(body)).await
    }

    /// Collects the objects that one message names. All are tried, whatever becomes of the others.
    ///
    /// # Errors
    /// The first failure. The message is then delivered again, and its objects are all collected again: that changes nothing.
    pub async fn collect(&self, body: &str) -> Result<(), CollectError> {
        let mut first = Ok(());
        for object in objects_of(body)? {
            first = first.and(self.collect_object(&object).await);
        }
        first
    }

    async fn collect_object(&self, object: &ObjectName) -> Result<(), CollectError> {
        let ObjectName { bucket, key } = object;
        if *bucket == self.settings.logs_bucket {
            return self.collect_log(key).await;
        }
        if *bucket == self.settings.models_bucket {
            if let Some(model) = keys::model_of_training_set(key) {
                return self.collect_training_set(key, model).await;
            }
            if key.starts_with(keys::CONTRACTS) {
                info!(object.key = key, "a contract changed: it is read when it is needed");
                return Ok(());
            }
        }
        warn!(object.bucket = bucket, object.key = key, "nothing is to be done with this object");
        Ok(())
    }

    /// The baseline that a model has now. Its bytes are kept between invocations.
    pub(crate) async fn baseline(&self, model: &str) -> Result<Option<Arc<Baseline>>, LakeError> {
        let Some(current) = self.lake.current_baseline(model).await? else { return Ok(None) };
        let mut kept = self.baselines.lock().await;
        if let Some(baseline) = kept.get(model).filter(|baseline| baseline.id == current.version) {
            return Ok(Some(Arc::clone(baseline)));
        }
        let read = self.lake.baseline(model, &current.version).await?.map(Arc::new);
        match &read {
            Some(baseline) => drop(kept.insert(model.to_owned(), Arc::clone(baseline))),
            None => warn!(
                model = model,
                dataset.version = current.version,
                "the current baseline is not there: records are counted without cells"
            ),
        }
        Ok(read)
    }
}
