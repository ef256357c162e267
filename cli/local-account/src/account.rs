//! One account's buckets, table and queues, and the clients that reach them.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification, StreamViewType,
};
use aws_sdk_sqs::types::QueueAttributeName;

use tidegate_registry::Stage;

use crate::dispatcher::Dispatcher;
use crate::faults::Faults;
use crate::functions::{Functions, QueueUrls};
use crate::services::Services;
use crate::topics::Mail;
use crate::{LocalAccountError, events};

/// Bucket of the scoring logs.
pub const LOGS: &str = "logs";

/// Bucket of contracts and training sets.
pub const MODELS: &str = "models";

/// Bucket of everything that Tidegate writes.
pub const LAKE: &str = "lake";

/// Bucket of signed checkpoints.
pub const AUDIT: &str = "audit";

/// Bucket of a training system's own, from which files of versions of other registries are taken; whoever needs it makes it.
pub const ARTIFACTS: &str = "artifacts";

/// The registry's table.
pub const TABLE: &str = "tidegate-registry";

/// How often a message is delivered before it goes to the dead-letter queue, as in the template.
pub const MAX_RECEIVES: u32 = 5;

/// How the account is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Tries that a function's SDK client makes for one call, the first included; 1 switches retries off.
    pub attempts: u32,
    /// Faults between the functions and the services.
    pub faults: Faults,
    /// Which of the accounts it is.
    pub stage: Stage,
    /// Where candidates may be served that are tested under load: schemes and hosts, separated by commas.
    pub endpoint_origins: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self { attempts: 3, faults: Faults::default(), stage: Stage::Dev, endpoint_origins: String::new() }
    }
}

/// An AWS account inside the process: S3 on a folder, DynamoDB on a file, SQS in memory, every function deployed.
#[derive(Debug)]
pub struct LocalAccount {
    folder: PathBuf,
    /// S3, as the team and its application see it.
    pub s3: aws_sdk_s3::Client,
    /// DynamoDB, as an operator sees it.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// SQS, as an operator sees it.
    pub sqs: aws_sdk_sqs::Client,
    /// KMS, as whoever mints links sees it.
    pub kms: aws_sdk_kms::Client,
    /// SNS, as whoever subscribes people sees it.
    pub sns: aws_sdk_sns::Client,
    pub(crate) dispatcher: Dispatcher,
}

/// A queue and the one for messages that kept failing.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Where messages go.
    pub url: String,
    /// Its name in events.
    pub arn: String,
    /// Where messages go that failed [`MAX_RECEIVES`] times.
    pub dead_letters: String,
}

impl LocalAccount {
    /// Opens the account in `folder`, which is made when it is not there. What an earlier run left in buckets and table is
    /// still there; queues are empty.
    ///
    /// # Errors
    /// [`LocalAccountError`] if the folder cannot be written or holds something else.
    pub async fn start(folder: &Path) -> Result<Self, LocalAccountError> {
        Self::start_with(folder, Setup::default()).await
    }

    /// As [`LocalAccount::start`], with retries and faults as told.
    ///
    /// # Errors
    /// [`LocalAccountError`] if the folder cannot be written or holds something else.
    pub async fn start_with(folder: &Path, setup: Setup) -> Result<Self, LocalAccountError> {
        Box::pin(Self::open(folder, setup)).await
    }

    async fn open(folder: &Path, setup: Setup) -> Result<Self, LocalAccountError> {
        let services = Services::open(folder)?;
        let outside = services.sdk_config(None, 1);
        let inside = services.sdk_config(Some(setup.faults.clone()), setup.attempts);
        let s3 = aws_sdk_s3::Client::new(&outside);
        let dynamodb = aws_sdk_dynamodb::Client::new(&outside);
        let sqs = aws_sdk_sqs::Client::new(&outside);
        let kms = aws_sdk_kms::Client::new(&outside);
        let sns = aws_sdk_sns::Client::new(&outside);

        make_table(&dynamodb).await?;
        let collect = make_queue(&sqs, "collect").await?;
        let drift = make_queue(&sqs, "drift").await?;
        let performance = make_queue(&sqs, "performance").await?;
        let registry = make_queue(&sqs, "registry").await?;
        let validate = make_queue(&sqs, "validate").await?;
        let mut messages = Vec::new();
        for bucket in [LOGS, MODELS, LAKE, AUDIT] {
            let is_new = s3.head_bucket().bucket(bucket).send().await.is_err();
            if is_new {
                s3.create_bucket().bucket(bucket).send().await.map_err(LocalAccountError::service(format!("make the bucket {bucket}")))?;
            }
            // The lake and the audit bucket wake nobody.
            if is_new && bucket != LAKE && bucket != AUDIT {
                messages.push(events::test_event(bucket)?);
            }
        }

        let queues = QueueUrls {
            collect: collect.url.clone(),
            drift: drift.url.clone(),
            performance: performance.url.clone(),
            registry: registry.url.clone(),
        };
        let functions = Functions::deploy(inside, setup.stage, &setup.endpoint_origins, &queues)?;
        let dispatcher =
            Dispatcher { services, sqs: sqs.clone(), faults: setup.faults, functions, collect, drift, performance, registry, validate };
        for message in messages {
            dispatcher.send(&dispatcher.collect, &message).await?;
        }
        Ok(Self { folder: folder.to_owned(), s3, dynamodb, sqs, kms, sns, dispatcher })
    }

    /// Everything that was published to topics so far, the oldest first: mails to people, cards for a chat.
    #[must_use]
    pub fn mail(&self) -> Vec<Mail> {
        self.dispatcher.services.topics().mail()
    }

    /// Events that the account's bus took since the last call, as rules see them.
    #[must_use]
    pub fn take_events(&self) -> Vec<serde_json::Value> {
        self.dispatcher.services.topics().take_events()
    }

    /// Confirms every subscription of an address, as its owner does by the mail of SNS.
    pub fn confirm(&self, address: &str) {
        self.dispatcher.services.confirm(address);
    }

    /// Keeps a secret in Secrets Manager.
    pub fn put_secret(&self, name: &str, text: &str) {
        self.dispatcher.services.secrets().put(name, text);
    }

    /// The folder that holds a bucket's objects as files.
    #[must_use]
    pub fn bucket_folder(&self, bucket: &str) -> PathBuf {
        self.folder.join("s3").join(bucket)
    }

    /// The queue of `collect`.
    #[must_use]
    pub fn collect_queue(&self) -> &Queue {
        &self.dispatcher.collect
    }

    /// The queue of `drift`.
    #[must_use]
    pub fn drift_queue(&self) -> &Queue {
        &self.dispatcher.drift
    }

    /// The queue of `performance`.
    #[must_use]
    pub fn performance_queue(&self) -> &Queue {
        &self.dispatcher.performance
    }

    /// The queue of `validate`.
    #[must_use]
    pub fn validate_queue(&self) -> &Queue {
        &self.dispatcher.validate
    }

    /// The queue of `registry`: commands that people and pipelines send.
    #[must_use]
    pub fn registry_queue(&self) -> &Queue {
        &self.dispatcher.registry
    }
}

/// Makes the registry's table with the keys of the template, unless it is there.
async fn make_table(dynamodb: &aws_sdk_dynamodb::Client) -> Result<(), LocalAccountError> {
    if dynamodb.describe_table().table_name(TABLE).send().await.is_ok() {
        return Ok(());
    }
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    let stream = stream.build().map_err(LocalAccountError::service("describe its table"))?;
    let mut request = dynamodb.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest).stream_specification(stream);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        request = request
            .attribute_definitions(attribute.map_err(LocalAccountError::service("describe its table"))?)
            .key_schema(key.map_err(LocalAccountError::service("describe its table"))?);
    }
    request.send().await.map_err(LocalAccountError::service(format!("make the table {TABLE}")))?;
    Ok(())
}

async fn make_queue(sqs: &aws_sdk_sqs::Client, name: &str) -> Result<Queue, LocalAccountError> {
    let url = |reply: Option<String>| reply.ok_or_else(|| LocalAccountError::Example { file: "create-queue", part: "QueueUrl".to_owned() });
    let arn_of = async |url: &str| {
        let reply = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn).send().await;
        let reply = reply.map_err(LocalAccountError::service(format!("look at the queue {name}")))?;
        let arn = reply.attributes().and_then(|all| all.get(&QueueAttributeName::QueueArn)).cloned();
        Ok::<_, LocalAccountError>(arn.unwrap_or_default())
    };
    let failed = || LocalAccountError::service(format!("make the queue {name}"));
    let dead_letters = sqs.create_queue().queue_name(format!("tidegate-{name}-dead-letters")).send().await.map_err(failed())?;
    let dead_letters = url(dead_letters.queue_url)?;
    let policy = serde_json::json!({ "deadLetterTargetArn": arn_of(&dead_letters).await?, "maxReceiveCount": MAX_RECEIVES });
    let queue = sqs.create_queue().queue_name(format!("tidegate-{name}")).attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    let queue_url = url(queue.send().await.map_err(failed())?.queue_url)?;
    Ok(Queue { arn: arn_of(&queue_url).await?, url: queue_url, dead_letters })
}
