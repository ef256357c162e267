//! Decision links: made with a key that no function can read, by the only one that may use it to make them.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use tidegate_approval::{Code, Demand, Link, Mac};
use tidegate_registry::LinkRecord;

use crate::handler::Notifier;
use crate::message::Message;
use crate::news::{LinkFor, Subject};
use crate::{NotifyError, words};

impl Notifier {
    /// The message with an approver's link; `None` if the person is asked no more. The link's item is in the table before anybody can follow it.
    pub(crate) async fn decision(&self, link_for: &LinkFor) -> Result<Option<Message>, NotifyError> {
        let (kid, account) = (&self.settings.link_key_id, &self.settings.account);
        let link = match &link_for.subject {
            Subject::Promotion(version) => version.decision_link(&link_for.approver, kid, account),
            Subject::Retraining(retraining) => retraining.decision_link(&link_for.approver, kid, account),
        };
        let Some(link) = link else { return Ok(None) };
        let token = link.token(self.mac(&link.message()).await?);
        let code = match Demand::of(&link.stage) {
            Demand::Code => Some(Code::of(&self.mac(&link.code_message()).await?)),
            Demand::TypedName | Demand::Button => None,
        };
        let check = match &code {
            Some(code) => Some(self.mac(&link.code_check_message(code)).await?),
            None => None,
        };
        self.keep(link, check).await?;
        let printed = code.as_ref().map(Code::printed);
        let message = words::decision(link_for, printed.as_deref(), self.settings.stage);
        Ok(Some(message.linked(Some(format!("{}/decision?t={}", self.settings.decision_url, token.expose())))))
    }

    async fn keep(&self, link: Link, check: Option<Mac>) -> Result<(), NotifyError> {
        let what = format!("the link of {} about {}", link.approver, link.model);
        self.registry.put_link(&LinkRecord::new(link, check)).await.map_err(NotifyError::registry(&what))
    }

    async fn mac(&self, message: &[u8]) -> Result<Mac, NotifyError> {
        let key = &self.settings.link_key;
        let call = self.kms.generate_mac().key_id(key).mac_algorithm(MacAlgorithmSpec::HmacSha256).message(Blob::new(message));
        let answer = call.send().await.map_err(NotifyError::channel(&format!("key \"{key}\"")))?;
        let mac = answer.mac.map(Blob::into_inner).unwrap_or_default();
        let found = mac.len();
        let bytes: [u8; 32] = mac.try_into().map_err(|_| NotifyError::Mac { key: key.clone(), found })?;
        Ok(Mac::from(bytes))
    }
}
