//! What `validate` does with a batch of messages: each names objects, and those that are manifests are judged.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use tidegate_contract::Contract;
use tidegate_lake::{Bucket, ContractBook, Lake, keys};
use tidegate_registry::{Command, ModelVersion, Order, Policy, Registry, RegistryError, VersionState};
use tidegate_runtime::{Deadline, ObjectName, objects_of, serve_batch};
use tracing::{info, warn};

use crate::candidate::{Candidate, Place, Submitted, Trouble};
use crate::{Endpoints, Settings, ValidateError};

/// How this function is called in the audit trail.
const BY: &str = "function:validate";

/// The function: built once per cold start, asked once per batch.
#[derive(Debug)]
pub struct Validator {
    pub(crate) settings: Settings,
    pub(crate) endpoints: Endpoints,
    pub(crate) models: Bucket,
    pub(crate) lake: Lake,
    pub(crate) registry: Registry,
    contracts: ContractBook,
}

impl Validator {
    /// A validator with these settings, reading and writing through these clients.
    #[must_use]
    pub fn new(settings: Settings, s3: aws_sdk_s3::Client, dynamodb: aws_sdk_dynamodb::Client, endpoints: Endpoints) -> Self {
        let models = Bucket::new(s3.clone(), &settings.models_bucket);
        Self {
            lake: Lake::new(s3, &settings.lake_bucket),
            registry: Registry::new(dynamodb, &settings.registry_table),
            contracts: ContractBook::new(models.clone()),
            models,
            endpoints,
            settings,
        }
    }

    /// Judges the candidates that a batch of messages names; the answer names the messages that failed.
    pub async fn handle(&self, event: SqsEvent, deadline: Deadline) -> SqsBatchResponse {
        // One at a time: each holds its rows in memory, and the second of two candidates of a model is compared with whoever won.
        serve_batch(&event, deadline, self.settings.reserve, 1, |body| self.validate(body)).await
    }

    /// Judges the candidates that one message names. All are tried, whatever becomes of the others.
    ///
    /// # Errors
    /// The first failure. The message is then delivered again, and its candidates are all judged again: that changes nothing.
    pub async fn validate(&self, body: &str) -> Result<(), ValidateError> {
        let mut first = Ok(());
        for object in objects_of(body)? {
            first = first.and(self.validate_object(&object).await);
        }
        first
    }

    async fn validate_object(&self, object: &ObjectName) -> Result<(), ValidateError> {
        let candidate = keys::candidate_of(&object.key).filter(|_| object.bucket == self.settings.models_bucket);
        let Some((model, run)) = candidate else {
            warn!(object.bucket = object.bucket, object.key = object.key, "this object is no candidate's manifest");
            return Ok(());
        };
        let place = Place { key: &object.key, model, run };
        let contract = self.contracts.load().await.and_then(|contracts| contracts.of_model(model)).map_err(place.lake())?;
        let contract = contract.ok_or_else(|| ValidateError::NoContract { candidate: place.name(), model: model.to_owned() })?;
        let Some(submitted) = self.submitted(place).await? else {
            info!(object.key = object.key, "the manifest is gone; what was registered stays");
            return Ok(());
        };
        match Box::pin(self.submit_and_judge(place, &contract, &submitted)).await {
            Ok(()) => Ok(()),
            Err(Trouble::Failed(failure)) => Err(failure),
            Err(Trouble::Refused(reason)) => self.refuse(place, &contract, &submitted, reason).await,
        }
    }

    async fn submit_and_judge(&self, place: Place<'_>, contract: &Contract, submitted: &Submitted) -> Result<(), Trouble> {
        let candidate = self.candidate(place, submitted).await?;
        self.keep(place, submitted, &candidate).await?;
        let Some(version) = self.register(place, contract, submitted, &candidate).await? else { return Ok(()) };
        let version = match version.state {
            VersionState::Submitted => self.order(place, contract, version.number, Command::StartValidation, submitted.at_ms).await?,
            _ => Some(version),
        };
        // Delivered again after it was decided: what is left to do is to let it serve, where nobody is asked.
        let Some(version) = version else { return Ok(()) };
        if version.state != VersionState::Validating {
            return self.promote(place, contract, submitted, &version).await;
        }
        match Box::pin(self.judge(place, contract, submitted, &candidate, &version)).await {
            Err(Trouble::Refused(reason)) => {
                warn!(model = place.model, run = place.run, reason, "the candidate cannot be judged");
                self.order(place, contract, version.number, Command::RejectSubmission { reason }, submitted.at_ms).await?;
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Registers the candidate, or finds it registered.
    async fn register(
        &self,
        place: Place<'_>,
        contract: &Contract,
        submitted: &Submitted,
        candidate: &Candidate,
    ) -> Result<Option<ModelVersion>, Trouble> {
        let order =
            Order { by: candidate.manifest.submitted_by.clone(), command: Command::Submit(Box::new(candidate.submission(submitted))) };
        let policy = Policy::of(contract, self.settings.stage);
        match self.registry.apply(place.model, None, &order, &policy, submitted.at_ms).await {
            Ok(applied) => Ok(applied.version),
            // What the registry does not take is the candidate's fault: the run is another candidate's, a name is too long.
            Err(RegistryError::Refused { refusal, .. }) => Err(Trouble::Refused(refusal.to_string())),
            Err(error) => Err(place.registry()(error).into()),
        }
    }

    /// Asks the registry for something about a version. What it refuses was decided otherwise meanwhile, and stays as it is.
    pub(crate) async fn order(
        &self,
        place: Place<'_>,
        contract: &Contract,
        number: u32,
        command: Command,
        at_ms: i64,
    ) -> Result<Option<ModelVersion>, ValidateError> {
        let order = Order { by: BY.to_owned(), command };
        let policy = Policy::of(contract, self.settings.stage);
        match self.registry.apply(place.model, Some(number), &order, &policy, at_ms).await {
            Ok(applied) => Ok(applied.version),
            Err(RegistryError::Refused { refusal, .. }) => {
                info!(model = place.model, version = number, refusal = %refusal, "left as it is");
                Ok(None)
            }
            Err(error) => Err(place.registry()(error)),
        }
    }

    async fn refuse(&self, place: Place<'_>, contract: &Contract, submitted: &Submitted, reason: String) -> Result<(), ValidateError> {
        warn!(model = place.model, run = place.run, reason, "the submission is refused");
        let reason = crate::judge::cut(&reason);
        let order = Order { by: BY.to_owned(), command: Command::Refuse(submitted.refused(place.run, reason)) };
        let policy = Policy::of(contract, self.settings.stage);
        self.registry.apply(place.model, None, &order, &policy, submitted.at_ms).await.map_err(place.registry())?;
        Ok(())
    }
}
