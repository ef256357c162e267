//! The deployed functions: one warm instance of each, started again cold when it crashes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use tidegate_approve::Approver;
use tidegate_collect::Collector;
use tidegate_drift::DriftFunction;
use tidegate_notify::{Clients, Notifier};
use tidegate_performance_function::PerformanceFunction;
use tidegate_registry::Stage;
use tidegate_registry_function::RegistryFunction;
use tidegate_validate::{Endpoints, Validator};
use tidegate_webhook::Webhook;

use crate::LocalAccountError;
use crate::account::{ARTIFACTS, AUDIT, LAKE, LOGS, MODELS, TABLE};
use crate::events::ACCOUNT;
use crate::keys::{LINK_KEY, SIGNING_KEY};
use crate::services::REGION;

/// What the key of decision links is called in them.
pub const LINK_KID: &str = "k1";

/// The secret that MLflow signs with.
pub const MLFLOW_SECRET: &str = "tidegate-mlflow";

/// The port of the approver's page, for links: a [`Server`](crate::Server) that is started on it answers them.
pub const DECISION_PORT: u16 = 8461;

/// Where the approver's page is, for links.
pub const DECISION_URL: &str = "http://127.0.0.1:8461";

/// The topic of decision links of a stage.
#[must_use]
pub fn decision_topic(stage: Stage) -> String {
    topic(stage, "decisions")
}

fn topic(stage: Stage, name: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:tidegate-{stage}-{name}")
}

/// The queues that functions write to.
pub(crate) struct QueueUrls {
    pub(crate) collect: String,
    pub(crate) drift: String,
    pub(crate) performance: String,
    pub(crate) registry: String,
}

/// The deployed functions.
#[derive(Debug)]
pub(crate) struct Functions {
    config: SdkConfig,
    approve_settings: tidegate_approve::Settings,
    collect_settings: tidegate_collect::Settings,
    drift_settings: tidegate_drift::Settings,
    notify_settings: tidegate_notify::Settings,
    performance_settings: tidegate_performance_function::Settings,
    registry_settings: tidegate_registry_function::Settings,
    validate_settings: tidegate_validate::Settings,
    webhook_settings: tidegate_webhook::Settings,
    warm: Mutex<Warm>,
}

#[derive(Debug, Default)]
struct Warm {
    approve: Option<Arc<Approver>>,
    collect: Option<Arc<Collector>>,
    drift: Option<Arc<DriftFunction>>,
    notify: Option<Arc<Notifier>>,
    performance: Option<Arc<PerformanceFunction>>,
    registry: Option<Arc<RegistryFunction>>,
    validate: Option<Arc<Validator>>,
    webhook: Option<Arc<Webhook>>,
}

impl Functions {
    /// Deploys the functions with the settings that the template gives them. Each starts at its first event.
    pub(crate) fn deploy(config: SdkConfig, stage: Stage, endpoint_origins: &str, queues: &QueueUrls) -> Result<Self, LocalAccountError> {
        let setting = |name: &str| match name {
            "LOGS_BUCKET" => Some(LOGS.to_owned()),
            "MODELS_BUCKET" => Some(MODELS.to_owned()),
            "LAKE_BUCKET" => Some(LAKE.to_owned()),
            "REGISTRY_TABLE" => Some(TABLE.to_owned()),
            "AUDIT_BUCKET" => Some(AUDIT.to_owned()),
            "SIGNING_KEY" => Some(SIGNING_KEY.to_owned()),
            "STAGE" => Some(stage.name().to_owned()),
            "ENDPOINT_ORIGINS" => Some(endpoint_origins.to_owned()),
            "ACCOUNT_ID" => Some(ACCOUNT.to_owned()),
            "ARTIFACT_BUCKETS" => Some(ARTIFACTS.to_owned()),
            "MLFLOW_SECRET" => Some(MLFLOW_SECRET.to_owned()),
            "LINK_KEYS" => Some(format!("{LINK_KID}={LINK_KEY}")),
            "LINK_KEY" => Some(LINK_KEY.to_owned()),
            "LINK_KEY_ID" => Some(LINK_KID.to_owned()),
            "DECISION_URL" => Some(DECISION_URL.to_owned()),
            "ALERT_TOPIC_ARN" => Some(topic(stage, "alerts")),
            "CHAT_TOPIC_ARN" => Some(topic(stage, "chat")),
            "DECISION_TOPIC_ARN" => Some(decision_topic(stage)),
            "EVENT_BUS" => Some(format!("tidegate-{}", stage.name())),
            "DRIFT_QUEUE_URL" => Some(queues.drift.clone()),
            "COLLECT_QUEUE_URL" => Some(queues.collect.clone()),
            "REGISTRY_QUEUE_URL" => Some(queues.registry.clone()),
            "PERFORMANCE_QUEUE_URL" => Some(queues.performance.clone()),
            _ => None,
        };
        Ok(Self {
            config,
            approve_settings: tidegate_approve::Settings::from_lookup(setting)?,
            collect_settings: tidegate_collect::Settings::from_lookup(setting)?,
            drift_settings: tidegate_drift::Settings::from_lookup(setting)?,
            notify_settings: tidegate_notify::Settings::from_lookup(setting)?,
            performance_settings: tidegate_performance_function::Settings::from_lookup(setting)?,
            registry_settings: tidegate_registry_function::Settings::from_lookup(setting)?,
            validate_settings: tidegate_validate::Settings::from_lookup(setting)?,
            webhook_settings: tidegate_webhook::Settings::from_lookup(setting)?,
            warm: Mutex::default(),
        })
    }

    /// Ends the instances: the next event finds a cold one that knows nothing.
    pub(crate) fn end(&self) {
        *self.warm() = Warm::default();
    }

    /// The instance of `approve`, started if there is none.
    pub(crate) fn approve(&self) -> Arc<Approver> {
        let start = || {
            let (s3, dynamodb) = (aws_sdk_s3::Client::new(&self.config), aws_sdk_dynamodb::Client::new(&self.config));
            Arc::new(Approver::new(self.approve_settings.clone(), s3, dynamodb, aws_sdk_kms::Client::new(&self.config)))
        };
        Arc::clone(self.warm().approve.get_or_insert_with(start))
    }

    /// The instance of `collect`, started if there is none.
    pub(crate) fn collect(&self) -> Arc<Collector> {
        let start = || {
            let (s3, sqs) = (aws_sdk_s3::Client::new(&self.config), aws_sdk_sqs::Client::new(&self.config));
            Arc::new(Collector::new(self.collect_settings.clone(), s3, sqs))
        };
        Arc::clone(self.warm().collect.get_or_insert_with(start))
    }

    /// The instance of `drift`, started if there is none.
    pub(crate) fn drift(&self) -> Arc<DriftFunction> {
        let start = || {
            let dynamodb = aws_sdk_dynamodb::Client::new(&self.config);
            let sqs = aws_sdk_sqs::Client::new(&self.config);
            Arc::new(DriftFunction::new(self.drift_settings.clone(), aws_sdk_s3::Client::new(&self.config), dynamodb, sqs))
        };
        Arc::clone(self.warm().drift.get_or_insert_with(start))
    }

    /// The instance of `notify`, started if there is none.
    pub(crate) fn notify(&self) -> Arc<Notifier> {
        let start = || {
            let clients = Clients {
                s3: aws_sdk_s3::Client::new(&self.config),
                dynamodb: aws_sdk_dynamodb::Client::new(&self.config),
                kms: aws_sdk_kms::Client::new(&self.config),
                sns: aws_sdk_sns::Client::new(&self.config),
                events: aws_sdk_eventbridge::Client::new(&self.config),
                sqs: aws_sdk_sqs::Client::new(&self.config),
            };
            Arc::new(Notifier::new(self.notify_settings.clone(), clients))
        };
        Arc::clone(self.warm().notify.get_or_insert_with(start))
    }

    /// The instance of `performance`, started if there is none.
    pub(crate) fn performance(&self) -> Arc<PerformanceFunction> {
        let start = || {
            let dynamodb = aws_sdk_dynamodb::Client::new(&self.config);
            let sqs = aws_sdk_sqs::Client::new(&self.config);
            Arc::new(PerformanceFunction::new(self.performance_settings.clone(), aws_sdk_s3::Client::new(&self.config), dynamodb, sqs))
        };
        Arc::clone(self.warm().performance.get_or_insert_with(start))
    }

    /// The instance of `registry`, started if there is none.
    pub(crate) fn registry(&self) -> Arc<RegistryFunction> {
        let start = || {
            let (s3, dynamodb) = (aws_sdk_s3::Client::new(&self.config), aws_sdk_dynamodb::Client::new(&self.config));
            Arc::new(RegistryFunction::new(self.registry_settings.clone(), s3, dynamodb, aws_sdk_kms::Client::new(&self.config)))
        };
        Arc::clone(self.warm().registry.get_or_insert_with(start))
    }

    /// The instance of `validate`, started if there is none.
    pub(crate) fn validate(&self) -> Arc<Validator> {
        let start = || {
            let (s3, dynamodb) = (aws_sdk_s3::Client::new(&self.config), aws_sdk_dynamodb::Client::new(&self.config));
            let settings = self.validate_settings.clone();
            let endpoints = Endpoints::new(settings.endpoint_origins.clone(), self.config.clone());
            Arc::new(Validator::new(settings, s3, dynamodb, endpoints))
        };
        Arc::clone(self.warm().validate.get_or_insert_with(start))
    }

    /// The instance of `webhook`, started if there is none.
    pub(crate) fn webhook(&self) -> Arc<Webhook> {
        let start = || {
            let (secrets, sqs) = (aws_sdk_secretsmanager::Client::new(&self.config), aws_sdk_sqs::Client::new(&self.config));
            Arc::new(Webhook::new(self.webhook_settings.clone(), secrets, sqs))
        };
        Arc::clone(self.warm().webhook.get_or_insert_with(start))
    }

    fn warm(&self) -> MutexGuard<'_, Warm> {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
