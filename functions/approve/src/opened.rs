//! From a token to what it is about, and where that stands.

use std::sync::Arc;

use aws_sdk_kms::operation::verify_mac::VerifyMacError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use tidegate_approval::{Link, Mac, Subject, Token};
use tidegate_contract::Contract;
use tidegate_registry::{AliasName, Bound, Ending, LinkRecord, ModelVersion, Policy, Recorded, VersionState};

use crate::retraining::Proposed;
use crate::{ApproveError, Approver};

/// What a verified link is about.
pub(crate) enum Opening {
    /// A version that may become champion.
    Promotion(Box<Opened>),
    /// A model that may be retrained.
    Retraining(Box<Proposed>),
}

/// A link about a version, with everything that it is about.
pub(crate) struct Opened {
    pub(crate) link: Link,
    pub(crate) record: LinkRecord,
    pub(crate) version: ModelVersion,
    pub(crate) champion: Option<u32>,
    pub(crate) contract: Option<Arc<Contract>>,
    pub(crate) policy: Policy,
    /// The link's token as text, for the page's own addresses.
    pub(crate) token: String,
}

/// Where a decision stands for the person whom a link was mailed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can be decided.
    Open,
    /// The person has decided.
    Said(Recorded),
    /// Too many wrong codes were tried.
    Locked,
    /// Nobody may answer any more.
    Expired,
    /// People were asked again since.
    Superseded,
    /// What was asked about has changed.
    Stale(Vec<&'static str>),
    /// Others approved it.
    Approved,
    /// It ended otherwise.
    Ended(VersionState, Option<Ending>),
}

impl Approver {
    /// Opens a link: `None` for everything that is not one of ours, whatever it is.
    ///
    /// The token names the link; what the link says is rebuilt from the table, in this account and this stage. So the MAC fails for whatever
    /// was changed, in the token or in the table.
    pub(crate) async fn open(&self, token: &Token) -> Result<Option<Opening>, ApproveError> {
        let Some(key) = self.settings.link_keys.get(token.kid()) else { return Ok(None) };
        let found = self.registry.link(token.id()).await.map_err(ApproveError::registry("a look at a link"))?;
        let Some(record) = found else { return Ok(None) };
        let number = match record.link.subject {
            Subject::Promotion { version, .. } => version,
            Subject::Retraining { number, .. } => return self.open_proposal(token, key, record, number).await,
        };
        let what = format!("a look at version {number} of {}", record.link.model);
        let version = self.registry.version(&record.link.model, number).await.map_err(ApproveError::registry(&what))?;
        let Some(version) = version else { return Ok(None) };
        let is_current = version.request.as_ref().is_some_and(|request| request.id == record.link.request);
        let link = if is_current {
            version.decision_link(&record.link.approver, token.kid(), &self.settings.account)
        } else {
            let (kid, stage) = (token.kid().to_owned(), self.settings.stage.name().to_owned());
            Some(Link { kid, stage, account: self.settings.account.clone(), ..record.link.clone() })
        };
        let Some(link) = link.filter(|link| link.id() == token.id()) else { return Ok(None) };
        if !self.verify(key, link.message(), token.mac()).await? {
            return Ok(None);
        }
        let champion = self.registry.alias(&link.model, AliasName::Champion).await.map_err(ApproveError::registry(&what))?;
        let (contract, policy) = self.rules(&link.model).await?;
        let opened = Opened { link, record, version, champion, contract, policy, token: token.expose() };
        Ok(Some(Opening::Promotion(Box::new(opened))))
    }

    /// As [`Approver::open`], for a link about a retraining. Its request is made once, so there is no later one to tell it from.
    async fn open_proposal(&self, token: &Token, key: &str, record: LinkRecord, number: u32) -> Result<Option<Opening>, ApproveError> {
        let what = format!("a look at retraining {number} of {}", record.link.model);
        let found = self.registry.retraining(&record.link.model, number).await.map_err(ApproveError::registry(what))?;
        let Some(retraining) = found else { return Ok(None) };
        let link = retraining.decision_link(&record.link.approver, token.kid(), &self.settings.account);
        let Some(link) = link.filter(|link| link.id() == token.id()) else { return Ok(None) };
        if !self.verify(key, link.message(), token.mac()).await? {
            return Ok(None);
        }
        let (_, policy) = self.rules(&link.model).await?;
        Ok(Some(Opening::Retraining(Box::new(Proposed { link, record, retraining, policy, token: token.expose() }))))
    }

    /// A model's contract, and who decides by it. Without a contract that can be read nobody does, which is another policy than the one that people
    /// were asked under.
    async fn rules(&self, model: &str) -> Result<(Option<Arc<Contract>>, Policy), ApproveError> {
        let contracts = self.contracts.load().await.map_err(ApproveError::bucket("a look at the contracts"))?;
        let contract = contracts.of_model(model).ok().flatten();
        let stage = self.settings.stage;
        let policy = contract.as_ref().map_or_else(|| Policy::nobody(stage), |contract| Policy::of(contract, stage));
        Ok((contract, policy))
    }

    /// Whether a MAC is that of a message.
    pub(crate) async fn verify(&self, key: &str, message: Vec<u8>, mac: &Mac) -> Result<bool, ApproveError> {
        let call = self.kms.verify_mac().key_id(key).mac_algorithm(MacAlgorithmSpec::HmacSha256);
        let answer = call.message(Blob::new(message)).mac(Blob::new(mac.expose().as_slice())).send().await;
        match answer {
            Ok(answer) => Ok(answer.mac_valid()),
            Err(error) if error.as_service_error().is_some_and(VerifyMacError::is_kms_invalid_mac_exception) => Ok(false),
            Err(error) => Err(ApproveError::Verify { key: key.to_owned(), source: Box::new(error) }),
        }
    }
}

impl Opened {
    /// The same link, with the version and the champion as they are now.
    pub(crate) fn seen_again(&self, version: ModelVersion, champion: Option<u32>) -> Self {
        Self {
            link: self.link.clone(),
            record: self.record.clone(),
            version,
            champion,
            contract: self.contract.clone(),
            policy: self.policy.clone(),
            token: self.token.clone(),
        }
    }

    /// Where the decision stands at a moment, milliseconds since 1970.
    pub(crate) fn standing(&self, now_ms: i64) -> Standing {
        let (version, link) = (&self.version, &self.link);
        let said = version.decisions.iter().find(|said| said.request == link.request && said.person == link.approver);
        if let Some(said) = said {
            return Standing::Said(said.clone());
        }
        match (version.state, &version.request) {
            (VersionState::Approved | VersionState::Champion, Some(request)) if request.id == link.request => Standing::Approved,
            (VersionState::PendingApproval, Some(request)) if request.id == link.request => {
                let now = Bound::now(version, self.champion, &self.policy);
                let changed = now.map_or_else(|| vec!["the gate's report"], |now| request.about.changed(&now));
                match (link.is_expired(now_ms), changed.is_empty()) {
                    (true, _) => Standing::Expired,
                    (false, false) => Standing::Stale(changed),
                    (false, true) if self.record.is_locked() => Standing::Locked,
                    (false, true) => Standing::Open,
                }
            }
            (VersionState::Expired, _) => Standing::Expired,
            (state, _) if version.ending.is_some() => Standing::Ended(state, version.ending.clone()),
            _ => Standing::Superseded,
        }
    }
}
