//! What follows from what was said: a note of it, and then a candidate, a refusal, or a rejection.

use std::sync::Arc;

use tidegate_contract::Contract;
use tidegate_lake::{Condition, LakeError, keys};
use tidegate_registry::{Command, Order, Policy, RefusedSubmission};
use tracing::info;

use super::note::Note;
use super::plan::Standing;
use super::said::{Said, clean};
use super::taking::{Folder, Trouble};
use crate::RegistryFunctionError;
use crate::handler::{BY, RegistryFunction};

/// How often a note is tried to be written that somebody else writes, too.
const TRIES: usize = 5;

/// The file of the note, beside the candidate's manifest.
const NOTE: &str = "registered.json";

impl RegistryFunction {
    /// Does what follows from what another registry says of a version.
    ///
    /// # Errors
    /// As a bucket or the registry fails. What is wrong with the version is no error: that is kept in the registry.
    pub(crate) async fn heed(&self, said: &Said, sent_ms: i64) -> Result<(), RegistryFunctionError> {
        let Some(contract) = self.contract_of(said).await? else {
            info!(registered = said.what(), "no contract names it (registered_in): nothing follows");
            return Ok(());
        };
        let what = said.what();
        let run = Note::of(said).run();
        let folder = Folder { what: &what, model: &contract.model, run: &run };
        let note = self.note(folder, said).await?;
        match Box::pin(self.judge(folder, said, &note, &contract)).await {
            Ok(()) => {}
            Err(Trouble::Failed(failure)) => return Err(failure),
            Err(Trouble::Refused(reason)) => return self.refuse(folder, &note, &reason, &contract, sent_ms).await,
        }
        // Looked at again: it may have been rejected there while its files were taken over.
        if let Some(Standing::Rejected { why, by }) = self.noted(folder, said).await?.map(|(note, _)| note.standing(&contract)) {
            return self.reject(folder, &note, why, by, sent_ms).await;
        }
        Ok(())
    }

    /// Makes the candidate, unless it is made, rejected there, or not yet known well enough. What `validate` refused is made again.
    async fn judge(&self, folder: Folder<'_>, said: &Said, note: &Note, contract: &Contract) -> Result<(), Trouble> {
        let (model, run) = (folder.model, folder.run);
        let standing = note.standing(contract);
        if matches!(standing, Standing::Rejected { .. }) {
            return Ok(());
        }
        let made = self.models.get(&folder.key("manifest.json")).await.map_err(|error| Trouble::Failed(folder.failed()(error)))?;
        if let Some(made) = &made
            && !self.was_refused(folder, &made.bytes).await.map_err(Trouble::Failed)?
        {
            info!(model, run, "submitted before; an approval elsewhere is none here, and what is edited there changes nothing");
            return Ok(());
        }
        let over = Condition::over(made.as_ref().map(|made| made.etag.as_str()));
        match standing {
            Standing::Complete(plan) => self.take(folder, &plan, over).await,
            Standing::Faulty(says) => Err(Trouble::Refused(says)),
            Standing::Incomplete(says) if said.is_whole => Err(Trouble::Refused(says)),
            // It was told when the version was heard of; what was missing then may come one by one.
            Standing::Incomplete(says) => {
                info!(model, run, "not complete yet: {says}");
                Ok(())
            }
            Standing::Unheard | Standing::Rejected { .. } => Ok(()),
        }
    }

    /// Whether `validate` could not even register what this manifest describes. Then another may take its place.
    pub(super) async fn was_refused(&self, folder: Folder<'_>, manifest: &[u8]) -> Result<bool, RegistryFunctionError> {
        let refused = self.registry.refused(folder.model).await.map_err(RegistryFunctionError::registry(folder.what))?;
        let manifest = keys::sha256(manifest);
        Ok(refused.iter().any(|refused| refused.run == folder.run && refused.manifest == manifest))
    }

    /// The contract that names what the event is about, if one does.
    async fn contract_of(&self, said: &Said) -> Result<Option<Arc<Contract>>, RegistryFunctionError> {
        let what = said.what();
        let failed = RegistryFunctionError::bucket(&what);
        let contracts = self.contracts.load().await.map_err(&failed)?;
        let mut naming = contracts.usable().filter(|contract| said.registry.named_in(&contract.registered_in) == Some(said.name.as_str()));
        match (naming.next(), naming.next()) {
            (Some(one), Some(other)) => {
                let says = format!("found it in the contracts of {} and {}, expected one (registered_in)", one.model, other.model);
                Err(RegistryFunctionError::Takeover { what: what.clone(), says })
            }
            (Some(one), None) => Ok(Some(Arc::clone(one))),
            // One that cannot be read may be the one.
            (None, _) => contracts.unusable().first().map_or(Ok(None), |unusable| Err(failed(unusable.error()))),
        }
    }

    /// Everything that was said, this event included, as it is kept now.
    async fn note(&self, folder: Folder<'_>, said: &Said) -> Result<Note, RegistryFunctionError> {
        let key = folder.key(NOTE);
        for _ in 0..TRIES {
            let known = self.noted(folder, said).await?;
            let mut note = known.as_ref().map_or_else(|| Note::of(said), |(note, _)| note.clone());
            note.add(said);
            if known.as_ref().is_some_and(|(known, _)| *known == note) {
                return Ok(note);
            }
            let bytes = serde_json::to_vec_pretty(&note)
                .map_err(|error| RegistryFunctionError::Takeover { what: folder.what.to_owned(), says: error.to_string() })?;
            let over = Condition::over(known.as_ref().map(|(_, etag)| etag.as_str()));
            match self.models.put(&key, bytes, "application/json", over).await {
                Ok(_) => return Ok(note),
                Err(LakeError::Conflict { .. }) => {}
                Err(error) => return Err(folder.failed()(error)),
            }
        }
        Err(folder.failed()(LakeError::Conflict { bucket: self.models.name().to_owned(), key }))
    }

    /// The note as it lies there, and its entity tag.
    async fn noted(&self, folder: Folder<'_>, said: &Said) -> Result<Option<(Note, String)>, RegistryFunctionError> {
        let stored = self.models.get(&folder.key(NOTE)).await.map_err(folder.failed())?;
        let Some(stored) = stored else { return Ok(None) };
        let note = Note::read(&stored.bytes, said).map_err(|says| RegistryFunctionError::Takeover {
            what: folder.what.to_owned(),
            says: format!("\"{}\": {says}", folder.key(NOTE)),
        })?;
        Ok(Some((note, stored.etag)))
    }

    /// Keeps that no candidate can be made. The same version with the same things said of it is refused once.
    async fn refuse(
        &self,
        folder: Folder<'_>,
        note: &Note,
        reason: &str,
        contract: &Contract,
        sent_ms: i64,
    ) -> Result<(), RegistryFunctionError> {
        let refused = RefusedSubmission { run: folder.run.to_owned(), manifest: note.digest(), reason: clean(reason) };
        let order = Order { by: BY.to_owned(), command: Command::Refuse(refused) };
        self.order(folder.model, None, order, &Policy::of(contract, self.settings.stage), sent_ms).await
    }
}
