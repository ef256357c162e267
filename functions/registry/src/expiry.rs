//! Requests that nobody answered in time are ended: silence is a no.

use tidegate_registry::{Command, Order, Policy, Registry, VersionState};
use tracing::{error, info};

use crate::RegistryFunctionError;

/// Who ends them, in the audit chain.
const BY: &str = "function:registry";

/// Ends every request of a model that is over at this time, and says how many.
///
/// # Errors
/// As the registry fails. A request that was answered in the meantime is none of its business any more.
pub(crate) async fn expire(registry: &Registry, model: &str, policy: &Policy, now_ms: i64) -> Result<usize, RegistryFunctionError> {
    let what = format!("the expiries of {model}");
    let versions = registry.versions(model).await.map_err(RegistryFunctionError::registry(&what))?;
    let over = versions.iter().filter(|version| {
        version.state == VersionState::PendingApproval && version.request.as_ref().is_some_and(|request| request.expires_at_ms <= now_ms)
    });
    let mut ended = 0;
    for version in over {
        let order = Order { by: BY.to_owned(), command: Command::Expire };
        match registry.apply(model, Some(version.number), &order, policy, now_ms).await {
            Ok(applied) => {
                info!(model, model.version = version.number, "{}", applied.says);
                ended += usize::from(applied.entry.is_some());
            }
            Err(refused) if refused.refusal().is_some() => {
                error!(model, model.version = version.number, error.message = %refused, "a request was not ended");
            }
            Err(source) => return Err(RegistryFunctionError::Registry { what, source }),
        }
    }
    Ok(ended)
}
