//! The registry's side of a decision link: which link a request means for one approver, and what is kept of it.

use tidegate_approval::{Demand, Link, Mac, Subject};

use crate::{ModelVersion, Retraining};

/// What is kept of a link that was mailed: all of it but its secrets.
///
/// What was mailed is kept as it was, so that a link whose request is long over still says what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRecord {
    /// The link.
    pub link: Link,
    /// The MAC by which its code is told from a wrong one ([`Link::code_check_message`]); `None` where no code is demanded.
    pub code_check: Option<Mac>,
    /// How many wrong codes were tried.
    pub wrong_tries: u32,
    /// How often this record was written; 1 the first time.
    pub revision: u64,
}

impl LinkRecord {
    /// The record of a link that was not written before.
    #[must_use]
    pub fn new(link: Link, code_check: Option<Mac>) -> Self {
        Self { link, code_check, wrong_tries: 0, revision: 1 }
    }

    /// Whether too many wrong codes were tried.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.wrong_tries >= Demand::MAX_WRONG_TRIES
    }
}

impl ModelVersion {
    /// The link by which an approver answers the version's open request, rebuilt from the registry alone: always the same, for the one who
    /// mails it and the one who checks it. `None` if nobody is asked about the version, or not this person.
    ///
    /// The artifact's digest is computed from the files' names and digests, not taken from where it is kept.
    #[must_use]
    pub fn decision_link(&self, approver: &str, kid: &str, account: &str) -> Option<Link> {
        let request = self.request.as_ref().filter(|request| request.approvers.iter().any(|asked| asked == approver))?;
        Some(Link {
            kid: kid.to_owned(),
            request: request.id.clone(),
            stage: self.stage.name().to_owned(),
            account: account.to_owned(),
            model: self.model.clone(),
            subject: Subject::Promotion {
                version: self.number,
                artifact: self.artifact.id(),
                evidence: request.about.evidence.clone(),
                champion: request.about.champion,
                policy: request.about.policy.clone(),
            },
            approver: approver.to_owned(),
            issued_at_ms: request.asked_at_ms,
            expires_at_ms: request.expires_at_ms,
        })
    }
}

impl Retraining {
    /// The link by which an approver answers the proposal, rebuilt from the registry alone. `None` if nobody is asked, or not this person.
    #[must_use]
    pub fn decision_link(&self, approver: &str, kid: &str, account: &str) -> Option<Link> {
        let request = self.request.as_ref().filter(|request| request.approvers.iter().any(|asked| asked == approver))?;
        Some(Link {
            kid: kid.to_owned(),
            request: request.id.clone(),
            stage: self.stage.name().to_owned(),
            account: account.to_owned(),
            model: self.model.clone(),
            subject: Subject::Retraining {
                number: self.number,
                dataset: self.dataset.clone().unwrap_or_default(),
                evidence: request.about.evidence.clone(),
                champion: request.about.champion,
                policy: request.about.policy.clone(),
            },
            approver: approver.to_owned(),
            issued_at_ms: request.asked_at_ms,
            expires_at_ms: request.expires_at_ms,
        })
    }
}
