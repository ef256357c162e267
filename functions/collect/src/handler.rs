//! What `collect` does with a batch of messages: each names objects, and each object goes the way of its bucket.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_s3::Client;
use tidegate_lake::{Baselines, Bucket, ContractBook, Lake, TrainingKey, keys};
use tidegate_runtime::{Deadline, ObjectName, objects_of, serve_batch};
use tracing::{info, warn};

use crate::training::Named;
use crate::{CollectError, PublishRequest, Settings};

/// The function: built once per cold start, asked once per batch.
#[derive(Debug)]
pub struct Collector {
    pub(crate) settings: Settings,
    pub(crate) logs: Bucket,
    pub(crate) models: Bucket,
    pub(crate) lake: Lake,
    pub(crate) contracts: ContractBook,
    pub(crate) baselines: Baselines,
    pub(crate) sqs: aws_sdk_sqs::Client,
}

impl Collector {
    /// A collector with these settings, reading and writing through these clients.
    #[must_use]
    pub fn new(settings: Settings, s3: Client, sqs: aws_sdk_sqs::Client) -> Self {
        let models = Bucket::new(s3.clone(), &settings.models_bucket);
        let lake = Lake::new(s3.clone(), &settings.lake_bucket);
        Self {
            logs: Bucket::new(s3, &settings.logs_bucket),
            contracts: ContractBook::new(models.clone()),
            models,
            baselines: Baselines::new(lake.clone()),
            lake,
            sqs,
            settings,
        }
    }

    /// Collects the objects that a batch of messages names; the answer names the messages that failed.
    pub async fn handle(&self, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
        serve_batch(&event, deadline, self.settings.reserve, self.settings.concurrency, |body| self.collect(body)).await
    }

    /// Collects the objects that one message names, or publishes the window that it asks for. All objects are tried, whatever becomes of the others.
    ///
    /// # Errors
    /// The first failure. The message is then delivered again, and its objects are all collected again: that changes nothing.
    pub async fn collect(&self, body: &str) -> Result<(), CollectError> {
        if let Some(request) = PublishRequest::read(body) {
            return self.publish_window(&request?).await.map(drop);
        }
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
            match keys::training_key(key) {
                Some(TrainingKey::File { model, name }) => {
                    return self.collect_training_set(Named { key, model, name, is_folder: false }).await;
                }
                Some(TrainingKey::Complete { model, name }) => {
                    return self.collect_training_set(Named { key, model, name, is_folder: true }).await;
                }
                Some(TrainingKey::Piece) => {
                    info!(object.key = key, "a file of a folder: it is read when the folder's _SUCCESS or manifest.json is written");
                    return Ok(());
                }
                None => {}
            }
            if key.starts_with(keys::CONTRACTS) {
                info!(object.key = key, "a contract changed: it is read when it is needed");
                return Ok(());
            }
        }
        warn!(object.bucket = bucket, object.key = key, "nothing is to be done with this object");
        Ok(())
    }
}
