//! What can be asked of the registry.

use serde::{Deserialize, Serialize};

use super::{Answer, Artifact, DatasetRecord, GateRecord, Lineage, RetrainingCall};

/// Something that is asked of the registry, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Who asks: a person, or a function (`function:validate`).
    pub by: String,
    /// What.
    pub command: Command,
}

/// Something that can be asked of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Register a candidate. The same run again changes nothing.
    Submit(Box<Submission>),
    /// Keep that a submission could not even be read as a candidate.
    Refuse(RefusedSubmission),
    /// Begin to gather evidence; or begin again, if what was decided on has changed.
    StartValidation,
    /// Keep what the gate said. It rejects by itself, and never approves.
    RecordGate(Box<GateRecord>),
    /// Reject a candidate that cannot be validated: a file is missing, a digest is wrong, a dataset unknown.
    RejectSubmission {
        /// Why, in words for the submitter.
        reason: String,
    },
    /// Reject a version that is not decided yet, because it was rejected in the registry from which it comes.
    RejectOutside {
        /// Why, in words.
        reason: String,
    },
    /// Ask people; where the policy asks nobody and the gate passed, approve.
    RequestApprovals {
        /// The request's name: 128 random bits as 32 hexadecimal digits.
        request: String,
    },
    /// Keep a person's answer ([`Order::by`] is that person's address).
    Decide {
        /// The request that is answered.
        request: String,
        /// What the person says.
        answer: Answer,
        /// Why; needed for a rejection.
        reason: String,
    },
    /// End a request that nobody answered in time.
    Expire,
    /// Remind those who have not answered.
    Remind,
    /// Ask others too, because nobody answered.
    Escalate,
    /// Make an approved version champion, in place of the one that is.
    Promote,
    /// Take the champion back; the version that it replaced is champion again.
    RollBack {
        /// Why.
        reason: String,
    },
    /// Withdraw a version: a candidate, the champion without a successor, or a retired one that shall never come back.
    Retire {
        /// Why.
        reason: String,
    },
    /// Let it run beside the champion.
    MarkChallenger,
    /// No longer.
    UnmarkChallenger,
    /// Keep a dataset version; a retraining that waits for it goes on.
    RecordDataset(Box<DatasetRecord>),
    /// There was nothing to publish under a name; a retraining that waits for it fails.
    RecordNoData {
        /// What the dataset version would be called.
        name: String,
    },
    /// Ask for retraining.
    Retrain(Box<RetrainingCall>),
    /// Keep a person's answer to a proposed retraining ([`Order::by`] is that person's address).
    DecideRetraining {
        /// The retraining's number.
        number: u32,
        /// The request that is answered.
        request: String,
        /// What the person says.
        answer: Answer,
        /// Why; needed for a rejection.
        reason: String,
    },
    /// End a retraining that nobody decided on, or that no candidate answered, in time.
    ExpireRetraining {
        /// The retraining's number.
        number: u32,
    },
}

/// A candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its files, digests computed from bytes that we read.
    pub artifact: Artifact,
    /// Where it comes from.
    pub lineage: Lineage,
}

/// A submission that could not be read as a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedSubmission {
    /// The run that it names, or that its key names.
    pub run: String,
    /// SHA-256 of the manifest's bytes: another manifest is another submission.
    pub manifest: String,
    /// Why, in words for the submitter.
    pub reason: String,
}

impl Command {
    /// As it stands in the audit chain: `record-gate`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Submit(_) => "submit",
            Self::Refuse(_) => "refuse",
            Self::StartValidation => "start-validation",
            Self::RecordGate(_) => "record-gate",
            Self::RejectSubmission { .. } => "reject-submission",
            Self::RejectOutside { .. } => "reject-outside",
            Self::RequestApprovals { .. } => "request-approvals",
            Self::Decide { answer: Answer::Approve, .. } => "approve",
            Self::Decide { answer: Answer::Reject, .. } => "reject",
            Self::Expire => "expire",
            Self::Promote => "promote",
            Self::RollBack { .. } => "roll-back",
            Self::Retire { .. } => "retire",
            Self::MarkChallenger => "mark-challenger",
            Self::UnmarkChallenger => "unmark-challenger",
            Self::Remind => "remind",
            Self::Escalate => "escalate",
            Self::RecordDataset(_) => "record-dataset",
            Self::RecordNoData { .. } => "record-no-data",
            Self::Retrain(_) => "retrain",
            Self::DecideRetraining { answer: Answer::Approve, .. } => "approve-retraining",
            Self::DecideRetraining { answer: Answer::Reject, .. } => "reject-retraining",
            Self::ExpireRetraining { .. } => "expire-retraining",
        }
    }

    /// In words, before the name of a version: `record the gate of`.
    #[must_use]
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::Submit(_) => "submit",
            Self::Refuse(_) => "refuse a submission of",
            Self::StartValidation => "start the validation of",
            Self::RecordGate(_) => "record the gate of",
            Self::RejectSubmission { .. } => "reject as unusable",
            Self::RejectOutside { .. } => "reject, as another registry did,",
            Self::RequestApprovals { .. } => "ask for approvals of",
            Self::Decide { answer: Answer::Approve, .. } => "approve",
            Self::Decide { answer: Answer::Reject, .. } => "reject",
            Self::Expire => "let expire",
            Self::Promote => "promote",
            Self::RollBack { .. } => "roll back",
            Self::Retire { .. } => "retire",
            Self::MarkChallenger => "mark as challenger",
            Self::UnmarkChallenger => "unmark as challenger",
            Self::Remind => "remind the approvers of",
            Self::Escalate => "ask others too about",
            Self::RecordDataset(_) => "keep a dataset version of",
            Self::RecordNoData { .. } => "keep that there are no records of",
            Self::Retrain(_) => "ask for retraining of",
            Self::DecideRetraining { answer: Answer::Approve, .. } => "approve a retraining of",
            Self::DecideRetraining { answer: Answer::Reject, .. } => "decline a retraining of",
            Self::ExpireRetraining { .. } => "let a retraining expire of",
        }
    }
}
