//! A request for approvals: who is asked, about exactly what, until when; and what they said.

use serde::{Deserialize, Serialize};

use super::{ModelVersion, Policy};

/// Who is asked, about what, until when.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRequest {
    /// Its name: 128 random bits as 32 hexadecimal digits.
    pub id: String,
    /// How many of them must approve; 0 if nobody is asked.
    pub needed: u32,
    /// Who is asked: normalised, each person once, without those who may not decide.
    pub approvers: Vec<String>,
    /// What exactly they are asked about.
    pub about: Bound,
    /// When they were asked, milliseconds since 1970.
    pub asked_at_ms: i64,
    /// From when on an answer comes too late, milliseconds since 1970.
    pub expires_at_ms: i64,
    /// How long it waits between approval and promotion, milliseconds.
    pub hold_ms: i64,
    /// How often those who had not answered were reminded.
    #[serde(default, skip_serializing_if = "is_none")]
    pub reminders: u32,
    /// When others were asked too, because nobody answered; milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated_at_ms: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

impl ApprovalRequest {
    /// Who is asked and has not answered yet.
    #[must_use]
    pub fn silent<'a>(&'a self, decisions: &[Recorded]) -> Vec<&'a str> {
        let has_said = |person: &str| decisions.iter().any(|said| said.request == self.id && said.person == person);
        self.approvers.iter().map(String::as_str).filter(|person| !has_said(person)).collect()
    }
}

/// What a decision is about. If any of it changes, the decision is about something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Digest of the gate's report.
    pub evidence: String,
    /// The artifact.
    pub artifact: String,
    /// The champion that would be replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub champion: Option<u32>,
    /// Digest of the policy: who decides.
    pub policy: String,
}

impl Bound {
    /// What a decision on this version would be about now; `None` while it has no gate.
    #[must_use]
    pub fn now(version: &ModelVersion, champion: Option<u32>, policy: &Policy) -> Option<Self> {
        let gate = version.gate.as_ref()?;
        Some(Self { evidence: gate.digest.clone(), artifact: version.id.clone(), champion, policy: policy.digest() })
    }

    /// What is another now, in words; empty if nothing is.
    #[must_use]
    pub fn changed(&self, now: &Self) -> Vec<&'static str> {
        let parts = [
            ("the gate's report", self.evidence != now.evidence),
            ("the artifact", self.artifact != now.artifact),
            ("the champion", self.champion != now.champion),
            ("the policy", self.policy != now.policy),
        ];
        parts.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect()
    }
}

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Promote it.
    Approve,
    /// Do not.
    Reject,
}

impl Answer {
    /// `approved` or `rejected`.
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Reject => "rejected",
        }
    }
}

/// A decision that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The request that it answers.
    pub request: String,
    /// Who decided, normalised.
    pub person: String,
    /// What.
    pub answer: Answer,
    /// Why; a rejection always says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}
