//! Which baseline a model's windows are compared with.

use std::sync::Arc;

use tidegate_lake::Baselines;
use tidegate_profile::Baseline;
use tidegate_registry::Registry;

use crate::DriftError;

/// The baseline of the data that the champion was trained on; where there is no champion, or the lake has no baseline of its data, the newest of the model's
/// training sets whose checks did not fail. `None` if there is none at all.
///
/// What a model has never seen is what it may be wrong about, so its own training set is what its records are held against, however many
/// others were put since. `what` is what the baseline is wanted for.
///
/// # Errors
/// [`DriftError`] as a call fails.
pub async fn reference(baselines: &Baselines, registry: &Registry, model: &str, what: &str) -> Result<Option<Arc<Baseline>>, DriftError> {
    let champion = registry.champion(model).await.map_err(DriftError::registry(what))?;
    if let Some(version) = champion.and_then(|champion| champion.lineage.dataset_version)
        && let Some(baseline) = baselines.of_version(model, &version).await.map_err(DriftError::lake(what))?
    {
        return Ok(Some(baseline));
    }
    baselines.current(model).await.map_err(DriftError::lake(what))
}
