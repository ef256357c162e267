//! What happens while people do not answer.

use super::transition::{Decided, Step};
use super::{ApprovalRequest, ModelVersion, Reason, VersionState};

impl Step<'_> {
    /// Reminds those who have not answered, once for each span of the policy that has passed.
    pub(super) fn remind(&self) -> Decided {
        let (version, request) = self.pending()?;
        let every_ms = self.policy.remind_ms;
        let passed = if every_ms > 0 { (self.at_ms - request.asked_at_ms) / every_ms } else { 0 };
        let due = u32::try_from(passed).unwrap_or(u32::MAX);
        if due <= request.reminders {
            let until_ms = request.asked_at_ms.saturating_add(every_ms.saturating_mul(i64::from(request.reminders) + 1));
            return self.refused(Reason::TooEarly { until_ms });
        }
        let says = format!("{} were reminded of {}", request.silent(&version.decisions).join(", "), version.name());
        let write = self.rewritten(version, |version| {
            if let Some(request) = &mut version.request {
                request.reminders = due;
            }
        });
        Ok(self.change(vec![write], says))
    }

    /// Asks others too, beside those who were asked.
    pub(super) fn escalate(&self) -> Decided {
        let (version, request) = self.pending()?;
        let Some(escalate) = &self.policy.escalate else { return self.refused(Reason::State) };
        if request.escalated_at_ms.is_some() {
            return Ok(self.nothing(format!("others were asked about {} before", version.name())));
        }
        let until_ms = request.asked_at_ms.saturating_add(escalate.after_ms);
        if self.at_ms < until_ms {
            return self.refused(Reason::TooEarly { until_ms });
        }
        let (may, _) = self.deciders(version, &escalate.to);
        let added: Vec<String> = may.into_iter().filter(|person| !request.approvers.contains(person)).collect();
        let says = format!("{} are asked about {} too, because too few answered", added.join(", "), version.name());
        let write = self.rewritten(version, |version| {
            if let Some(request) = &mut version.request {
                request.escalated_at_ms = Some(self.at_ms);
                request.approvers.extend(added);
                request.approvers.sort();
            }
        });
        Ok(self.change(vec![write], says))
    }

    /// The version that waits for answers, and its request.
    fn pending(&self) -> Result<(&ModelVersion, &ApprovalRequest), super::Refusal> {
        let version = self.version()?;
        match (version.state, &version.request) {
            (VersionState::PendingApproval, Some(request)) if self.at_ms < request.expires_at_ms => Ok((version, request)),
            (VersionState::PendingApproval, Some(request)) => Err(self.refusal(Reason::TooLate { since_ms: request.expires_at_ms })),
            _ => Err(self.refusal(Reason::State)),
        }
    }
}
