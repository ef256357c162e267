//! What `notify` does with a batch of the table's stream, and with the daily look at subscriptions.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::DynamoDbEventResponse;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tidegate_lake::{Bucket, ContractBook, parse_time};
use tidegate_monitoring::{ActionKind, State, Verdict};
use tidegate_registry::Registry;
use tidegate_runtime::{Deadline, Schedule, serve_stream};
use tracing::{info, warn};

use crate::committed::{Committed, Judged};
use crate::incident::{Incident, Seen, Told, look};
use crate::news::{self, News, Outlet, Scene};
use crate::{NotifyError, Settings, words};

/// How long it is remembered that a piece of news went out, seconds: longer than a stream keeps its records (24 hours) and a dead letter
/// waits (14 days).
const REMEMBERED_S: i64 = 30 * 86_400;

/// An event of `notify`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum NotifyEvent {
    /// The schedule's daily look.
    Schedule(Schedule),
    /// The stream brings records.
    Stream(Event),
}

/// The answer to an event.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum NotifyAnswer {
    /// The records were told of, or not.
    Told(DynamoDbEventResponse),
    /// Subscriptions were looked at.
    Looked {
        /// Approvers who would get no mail.
        missing: usize,
    },
}

/// The function: built once per cold start, asked once per batch.
#[derive(Debug)]
pub struct Notifier {
    pub(crate) settings: Settings,
    pub(crate) scene: Scene,
    pub(crate) registry: Registry,
    pub(crate) contracts: ContractBook,
    pub(crate) lake: Bucket,
    pub(crate) kms: aws_sdk_kms::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) events: aws_sdk_eventbridge::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
}

/// The clients that it calls through.
#[derive(Debug, Clone)]
pub struct Clients {
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// `DynamoDB`.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// SNS.
    pub sns: aws_sdk_sns::Client,
    /// `EventBridge`.
    pub events: aws_sdk_eventbridge::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
}

impl Notifier {
    /// The function with these settings, calling through these clients.
    #[must_use]
    pub fn new(settings: Settings, clients: Clients) -> Self {
        let Clients { s3, dynamodb, kms, sns, events, sqs } = clients;
        let scene = Scene {
            stage: settings.stage,
            account: settings.account.clone(),
            lake_bucket: settings.lake_bucket.clone(),
            // `arn:aws:sns:eu-central-1:111122223333:tidegate-dev-alerts`
            region: settings.alert_topic.split(':').nth(3).unwrap_or_default().to_owned(),
        };
        Self {
            registry: Registry::new(dynamodb, &settings.registry_table),
            contracts: ContractBook::new(Bucket::new(s3.clone(), &settings.models_bucket)),
            lake: Bucket::new(s3, &settings.lake_bucket),
            kms,
            sns,
            events,
            sqs,
            scene,
            settings,
        }
    }

    /// Tells of what the stream brings, or looks whether approvers can be reached.
    ///
    /// # Errors
    /// [`NotifyError`] if the look failed; records fail one by one, in the answer.
    pub async fn handle(&self, event: NotifyEvent, deadline: Deadline) -> Result<NotifyAnswer, NotifyError> {
        match event {
            NotifyEvent::Schedule(schedule) => {
                let scheduled_ms = schedule.time_of("approvers")?;
                let missing = self.look_at_subscriptions(&schedule.scheduled_time, scheduled_ms).await?;
                Ok(NotifyAnswer::Looked { missing })
            }
            // In the stream's order. What lies behind a bad record is told all the same, and its second delivery finds it told.
            NotifyEvent::Stream(batch) => {
                Ok(NotifyAnswer::Told(serve_stream(&batch, deadline, self.settings.reserve, |record| self.tell(record)).await))
            }
        }
    }

    async fn tell(&self, record: &EventRecord) -> Result<(), NotifyError> {
        match Committed::read(record)? {
            Committed::Entry(entry, hash) => {
                let told = news::of_entry(&entry, &hash, &self.scene);
                for news in &told {
                    self.once(&entry.model, news, entry.at_ms).await?;
                }
                Ok(())
            }
            Committed::Judged(judged) => self.tell_of_window(&judged).await,
            Committed::Other => Ok(()),
        }
    }

    /// Sends a piece of news, unless it went out before.
    pub(crate) async fn once(&self, model: &str, news: &News, at_ms: i64) -> Result<(), NotifyError> {
        let what = format!("the news {}", news.id);
        if self.registry.is_told(model, &news.id).await.map_err(NotifyError::registry(&what))? {
            return Ok(());
        }
        match &news.outlet {
            Outlet::Alert(message) => self.alert(message, &format!("{model}/{}", message.kind)).await?,
            Outlet::Link(link) => {
                if let Some(message) = self.decision(link).await? {
                    self.personal(&message, &link.approver).await?;
                }
            }
            Outlet::Event { kind, detail } => self.event(kind, detail).await?,
            Outlet::Command(command) => self.send(&self.settings.registry_queue, command).await?,
            Outlet::Publish(request) => self.send(&self.settings.collect_queue, request).await?,
            Outlet::Champion { model } => self.write_champion(model).await?,
        }
        let expires_at_s = at_ms.div_euclid(1_000).saturating_add(REMEMBERED_S);
        self.registry.mark_told(model, &news.id, expires_at_s).await.map_err(NotifyError::registry(&what))?;
        info!(model, news.id = news.id, "told");
        Ok(())
    }

    /// Tells of a window, if it begins, ends or goes on with an incident; and lets the registry act on it.
    async fn tell_of_window(&self, judged: &Judged) -> Result<(), NotifyError> {
        let model = &judged.model_name;
        let what = format!("the {} window of {model} that ended at {}", judged.window_length, judged.window_end);
        let contracts = self.contracts.load().await.and_then(|contracts| contracts.of_model(model));
        let Some(contract) = contracts.map_err(NotifyError::bucket(&what))? else {
            warn!(model, "the model has no contract any more: nobody is told of its window");
            return Ok(());
        };
        let end_ms = parse_time(&judged.window_end)
            .ok_or_else(|| NotifyError::Record { found: format!("window_end \"{}\"", judged.window_end), expected: "a time" })?;
        let acts = matches!(judged.verdict_action, ActionKind::Retrain | ActionKind::RollBack) && judged.verdict_state == State::Drift;
        if acts {
            let command = json!({
                "command": "act-on-window",
                "kind": judged.item_kind,
                "model": model,
                "length": judged.window_length,
                "end": judged.window_end,
                "cause": judged.verdict_cause,
                "action": judged.verdict_action,
                "headline": judged.headline,
                "report": judged.report_key,
                "digest": judged.verdict_digest,
            });
            let id = news::id(&judged.verdict_digest, "act");
            self.once(model, &News { id, outlet: Outlet::Command(command) }, end_ms).await?;
        }
        // Windows of one length are one story, those of quality another.
        let story = if judged.item_kind == "window" { judged.window_length.clone() } else { format!("{}-quality", judged.window_length) };
        let stored = self.registry.incident(model, &story).await.map_err(NotifyError::registry(&what))?;
        let known = match &stored {
            Some((text, _)) => serde_json::from_str(text).map_err(|source| NotifyError::Json { what: "an incident", source })?,
            None => Incident::default(),
        };
        let seen = Seen { end_ms, state: judged.verdict_state, cause: judged.verdict_cause };
        let (next, told) = look(&known, seen, &contract.alerts);
        if told != Told::Nothing {
            self.tell_of_incident(judged, told, end_ms).await?;
        }
        if next != known {
            let text = serde_json::to_string(&next).map_err(|source| NotifyError::Json { what: "an incident", source })?;
            let over = stored.map_or(0, |(_, revision)| revision);
            self.registry.put_incident(model, &story, &text, over).await.map_err(NotifyError::registry(&what))?;
        }
        Ok(())
    }

    async fn tell_of_incident(&self, judged: &Judged, told: Told, end_ms: i64) -> Result<(), NotifyError> {
        let Judged { model_name: model, window_length, window_end, verdict_digest, report_key, .. } = judged;
        let what = format!("the report {report_key}");
        let stored = self.lake.get(report_key).await.map_err(NotifyError::bucket(&what))?;
        // A report may be newer than the record that names it; then that record's own news is on its way.
        let verdict = stored.and_then(|stored| serde_json::from_slice::<Verdict>(&stored.bytes).ok());
        let message = match &verdict {
            Some(verdict) => words::window(verdict, window_length, told, &self.scene, report_key),
            None => words::judged(judged, told, &self.scene),
        };
        let id = |channel: &str| news::id(verdict_digest, channel);
        if let Some(message) = message {
            self.once(model, &News { id: id("alert"), outlet: Outlet::Alert(Box::new(message)) }, end_ms).await?;
        }
        if matches!(told, Told::Alarm { again: false, .. }) {
            let kind = if judged.item_kind == "window" { "DriftDetected" } else { "QualityDropped" };
            let detail = self.scene.event(
                kind,
                model,
                end_ms,
                json!({
                    "window": { "length": window_length, "end": window_end },
                    "state": judged.verdict_state,
                    "cause": judged.verdict_cause,
                    "action": judged.verdict_action,
                    "headline": judged.headline,
                    "lake_bucket": self.scene.lake_bucket,
                    "report": report_key,
                    "report_sha256": verdict_digest,
                }),
            );
            self.once(model, &News { id: id(kind), outlet: Outlet::Event { kind, detail } }, end_ms).await?;
        }
        Ok(())
    }
}
