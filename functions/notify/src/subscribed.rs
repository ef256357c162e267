//! Whether every approver would get a mail: scanners follow the links of mails, the one that ends a subscription among them.

use std::collections::BTreeSet;

use tidegate_registry::{Policy, normalised};
use tracing::{info, warn};

use crate::NotifyError;
use crate::handler::Notifier;
use crate::message::{Message, NEXT, Severity};
use crate::news::{News, Outlet};

/// What SNS writes in place of the ARN of a subscription that nobody has confirmed.
const PENDING: &str = "PendingConfirmation";

impl Notifier {
    /// Looks at the subscriptions of the topic of links, and tells of approvers who have none; returns how many.
    pub(crate) async fn look_at_subscriptions(&self, scheduled_time: &str, at_ms: i64) -> Result<usize, NotifyError> {
        let what = "the look at approvers' subscriptions";
        let contracts = self.contracts.load().await.map_err(NotifyError::bucket(what))?;
        let (confirmed, pending) = self.subscribers().await?;
        let mut missing = 0;
        for contract in contracts.usable() {
            let people = Policy::of(contract, self.settings.stage).asked();
            let absent: Vec<&String> = people.iter().filter(|person| !confirmed.contains(*person)).collect();
            if absent.is_empty() {
                continue;
            }
            missing += absent.len();
            warn!(model = contract.model, approvers.missing = absent.len(), "approvers would get no mail");
            let lines: Vec<String> = absent
                .iter()
                .map(|person| {
                    format!("{person}{}", if pending.contains(*person) { " (has not confirmed yet)" } else { " (is not subscribed)" })
                })
                .collect();
            let subject = format!("[{}] {}: {} would get no decision link", self.settings.stage, contract.model, absent.len());
            let message =
                Message::new("approvers-missing", Severity::Warning, &contract.model, &subject, "These approvers would get no mail:")
                    .with("Who", &lines.join("\n"))
                    .with(NEXT, "Subscribe them with `tidegate approvers`, and let them confirm the mail that they get then.");
            let day = scheduled_time.get(..10).unwrap_or(scheduled_time);
            let news = News { id: format!("approvers/{day}"), outlet: Outlet::Alert(Box::new(message)) };
            self.once(&contract.model, &news, at_ms).await?;
        }
        info!(approvers.missing = missing, "subscriptions were looked at");
        Ok(missing)
    }

    /// Addresses that are subscribed, and those that have not confirmed.
    async fn subscribers(&self) -> Result<(BTreeSet<String>, BTreeSet<String>), NotifyError> {
        let topic = &self.settings.decision_topic;
        let (mut confirmed, mut pending) = (BTreeSet::new(), BTreeSet::new());
        let mut page = None;
        loop {
            let call = self.sns.list_subscriptions_by_topic().topic_arn(topic).set_next_token(page);
            let answer = call.send().await.map_err(NotifyError::channel(topic))?;
            for subscription in answer.subscriptions() {
                let Some(address) = subscription.endpoint() else { continue };
                let is_pending = subscription.subscription_arn() == Some(PENDING);
                if is_pending {
                    pending.insert(normalised(address))
                } else {
                    confirmed.insert(normalised(address))
                };
            }
            page = answer.next_token;
            if page.is_none() {
                return Ok((confirmed, pending));
            }
        }
    }
}
