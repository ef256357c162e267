//! What was rejected in its own registry is rejected here, by the ordinary commands: rejected while it is not decided, withdrawn once it is approved or
//! retired, rolled back while it serves.

use tidegate_registry::{Command, ModelVersion, Order, Policy, VersionState};
use tracing::info;

use super::note::Note;
use super::said::clean;
use super::taking::Folder;
use crate::RegistryFunctionError;
use crate::handler::RegistryFunction;

impl RegistryFunction {
    /// Rejects the version that another registry rejected, if it was ever submitted here.
    pub(super) async fn reject(
        &self,
        folder: Folder<'_>,
        note: &Note,
        why: Option<String>,
        by: Option<String>,
        sent_ms: i64,
    ) -> Result<(), RegistryFunctionError> {
        let (model, run) = (folder.model, folder.run);
        let Some(manifest) = self.models.get(&folder.key("manifest.json")).await.map_err(folder.failed())? else {
            info!(model, run, "rejected where it is registered, so it is not submitted");
            return Ok(());
        };
        let failed = RegistryFunctionError::registry(folder.what);
        let versions = self.registry.versions(model).await.map_err(&failed)?;
        let Some(version) = versions.into_iter().find(|version| version.lineage.run == run) else {
            if self.was_refused(folder, &manifest.bytes).await? {
                return Ok(());
            }
            return Err(RegistryFunctionError::NotYet { what: format!("the rejection of {}", folder.what) });
        };
        let registry = note.registry.words();
        let reason = clean(&format!("Rejected in {registry}{}", why.map_or_else(String::new, |why| format!(": {why}"))));
        let Some(command) = rejection(&version, reason) else {
            info!(model, run, model.version = version.number, "rejected where it is registered; here it is {} already", version.state);
            return Ok(());
        };
        let by = match by {
            Some(by) => format!("{registry} ({}, version {}, {})", note.name, note.version, by),
            None => format!("{registry} ({}, version {})", note.name, note.version),
        };
        let by: String = clean(&by).chars().take(100).collect();
        self.order(model, Some(version.number), Order { by, command }, &Policy::nobody(self.settings.stage), sent_ms).await
    }
}

/// What a rejection comes to in the state of a version; nothing where it has ended.
fn rejection(version: &ModelVersion, reason: String) -> Option<Command> {
    match version.state {
        VersionState::Submitted | VersionState::Validating | VersionState::PendingApproval => Some(Command::RejectOutside { reason }),
        VersionState::Approved => Some(Command::Retire { reason }),
        VersionState::Champion => Some(Command::RollBack { reason }),
        // It was replaced, and a rollback would bring it back.
        VersionState::Retired if version.successor.is_some() => Some(Command::Retire { reason }),
        VersionState::Retired | VersionState::Rejected | VersionState::Expired | VersionState::RolledBack => None,
    }
}
