//! What time alone does to requests: reminders, others who are asked too, the end; and the promotion after a hold.

use tidegate_registry::{Command, ModelVersion, Order, Policy, Registry, VersionState};
use tracing::{error, info};

use crate::RegistryFunctionError;
use crate::handler::BY;

/// Does what is due for a model at this time, and says how many requests it ended.
///
/// # Errors
/// As the registry fails. What was decided in the meantime is none of its business any more.
pub(crate) async fn look_after(registry: &Registry, model: &str, policy: &Policy, now_ms: i64) -> Result<usize, RegistryFunctionError> {
    let what = format!("the open requests of {model}");
    let failed = RegistryFunctionError::registry(&what);
    let versions = registry.versions(model).await.map_err(&failed)?;
    let mut ended = 0;
    for (number, command) in versions.iter().filter_map(|version| Some((version.number, due(version, policy, now_ms)?))) {
        let ends = command == Command::Expire;
        ended += usize::from(order(registry, model, Some(number), command, policy, now_ms).await? && ends);
    }
    let last = registry.retrainings(model).await.map_err(&failed)?.pop();
    if let Some(over) = last.filter(|last| last.over().is_some_and(|(until_ms, _)| until_ms <= now_ms)) {
        let command = Command::ExpireRetraining { number: over.number };
        ended += usize::from(order(registry, model, None, command, policy, now_ms).await?);
    }
    Ok(ended)
}

/// What is due for a version, if anything is.
fn due(version: &ModelVersion, policy: &Policy, now_ms: i64) -> Option<Command> {
    let request = version.request.as_ref()?;
    let passed_ms = now_ms - request.asked_at_ms;
    match version.state {
        VersionState::PendingApproval if request.expires_at_ms <= now_ms => Some(Command::Expire),
        VersionState::PendingApproval => {
            let escalates = policy.escalate.as_ref().is_some_and(|escalate| passed_ms >= escalate.after_ms);
            if escalates && request.escalated_at_ms.is_none() {
                return Some(Command::Escalate);
            }
            let reminded_ms = policy.remind_ms.saturating_mul(i64::from(request.reminders) + 1);
            (policy.remind_ms > 0 && passed_ms >= reminded_ms).then_some(Command::Remind)
        }
        VersionState::Approved => {
            let until_ms = version.approved_at_ms?.saturating_add(request.hold_ms);
            (until_ms <= now_ms).then_some(Command::Promote)
        }
        _ => None,
    }
}

/// Asks the registry; what it refuses was decided otherwise meanwhile. Says whether anything was done.
async fn order(
    registry: &Registry,
    model: &str,
    number: Option<u32>,
    command: Command,
    policy: &Policy,
    now_ms: i64,
) -> Result<bool, RegistryFunctionError> {
    let what = format!("{} of {model}", command.name());
    let order = Order { by: BY.to_owned(), command };
    match registry.apply(model, number, &order, policy, now_ms).await {
        Ok(applied) => {
            info!(model, model.version = number, "{}", applied.says);
            Ok(applied.entry.is_some())
        }
        Err(refused) if refused.refusal().is_some() => {
            error!(model, model.version = number, error.message = %refused, "what was due was not done");
            Ok(false)
        }
        Err(source) => Err(RegistryFunctionError::Registry { what, source }),
    }
}
