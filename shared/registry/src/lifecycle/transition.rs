//! The one place where it is decided what may happen to a model version.

use super::change::{Over, Write};
use super::{
    Alias, AliasName, Change, Command, Ending, ModelVersion, Order, Policy, Reason, Record, Refusal, RefusedSubmission, Reign, Snapshot,
    VersionState, bounds,
};

/// What comes of a command: the change to write, or why there is none.
///
/// A command that was done before is a change that [writes nothing](Change::is_nothing). Pure: the same arguments give the same
/// change, and `now_ms` (milliseconds since 1970) is the only time that it knows.
///
/// # Errors
/// [`Refusal`] says what was tried, where the version stands and what would be possible.
pub fn transition(snapshot: &Snapshot, order: &Order, policy: &Policy, now_ms: i64) -> Result<Change, Refusal> {
    let step = Step { snapshot, order, policy, at_ms: now_ms.max(snapshot.head.at_ms) };
    bounds::name("who asks", &order.by).map_err(|wrong| step.refusal(Reason::OutOfBounds(wrong)))?;
    match &order.command {
        Command::Submit(submission) => step.submit(submission),
        Command::Refuse(refused) => step.refuse(refused),
        Command::StartValidation => step.start_validation(),
        Command::RecordGate(gate) => step.record_gate(gate),
        Command::RejectSubmission { reason } => step.reject_submission(reason),
        Command::RejectOutside { reason } => step.reject_outside(reason),
        Command::RequestApprovals { request } => step.request_approvals(request),
        Command::Decide { request, answer, reason } => step.decide(request, *answer, reason),
        Command::Expire => step.expire(),
        Command::Promote => step.promote(),
        Command::RollBack { reason } => step.roll_back(reason),
        Command::Retire { reason } => step.retire(reason),
        Command::MarkChallenger => step.mark_challenger(),
        Command::UnmarkChallenger => step.unmark_challenger(),
        Command::Remind => step.remind(),
        Command::Escalate => step.escalate(),
        Command::RecordDataset(dataset) => step.record_dataset(dataset),
        Command::RecordNoData { name } => step.record_no_data(name),
        Command::Retrain(call) => step.retrain(call),
        Command::DecideRetraining { number, request, answer, reason } => step.decide_retraining(*number, request, *answer, reason),
        Command::ExpireRetraining { number } => step.expire_retraining(*number),
    }
}

/// One command on its way.
pub(super) struct Step<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) order: &'a Order,
    pub(super) policy: &'a Policy,
    pub(super) at_ms: i64,
}

pub(super) type Decided = Result<Change, Refusal>;

impl Step<'_> {
    pub(super) fn refusal(&self, reason: Reason) -> Refusal {
        let version = self.snapshot.version.as_ref();
        Refusal {
            model: self.snapshot.model.clone(),
            version: version.map(|version| version.number),
            tried: self.order.command.words(),
            state: version.map(|version| version.state),
            reason,
        }
    }

    pub(super) fn refused(&self, reason: Reason) -> Decided {
        Err(self.refusal(reason))
    }

    /// The version that is meant.
    pub(super) fn version(&self) -> Result<&ModelVersion, Refusal> {
        self.snapshot.version.as_ref().ok_or_else(|| self.refusal(Reason::Unknown))
    }

    /// The number of the champion.
    pub(super) fn champion(&self) -> Option<u32> {
        self.snapshot.champion_alias.as_ref().and_then(|alias| alias.number)
    }

    /// A change of these records.
    pub(super) fn change(&self, writes: Vec<Write>, says: String) -> Change {
        let number = self.snapshot.version.as_ref().map(|version| version.number);
        let of_command = |write: &Write| match &write.record {
            Record::Version(version) if number.is_none_or(|number| number == version.number) => Some((**version).clone()),
            _ => None,
        };
        let versions = writes.iter().filter_map(|write| match &write.record {
            Record::Version(version) => Some(version.number),
            _ => None,
        });
        Change {
            model: self.snapshot.model.clone(),
            by: self.order.by.clone(),
            at_ms: self.at_ms,
            command: self.order.command.name(),
            version: writes.iter().find_map(of_command).or_else(|| self.snapshot.version.clone()),
            versions: versions.fold(self.snapshot.head.versions, u32::max),
            says,
            writes,
        }
    }

    /// Nothing to do: it was done before.
    pub(super) fn nothing(&self, says: String) -> Change {
        self.change(Vec::new(), says)
    }

    /// A version that is written again, changed.
    pub(super) fn rewritten(&self, version: &ModelVersion, change: impl FnOnce(&mut ModelVersion)) -> Write {
        let over = Over { revision: version.revision, state: Some(version.state) };
        let mut version = version.clone();
        version.revision += 1;
        version.changed_at_ms = self.at_ms;
        change(&mut version);
        Write { record: Record::Version(Box::new(version)), over: Some(over) }
    }

    /// A name that means another version from now on.
    pub(super) fn alias(&self, name: AliasName, number: Option<u32>) -> Write {
        let old = match name {
            AliasName::Champion => self.snapshot.champion_alias.as_ref(),
            AliasName::Challenger => self.snapshot.challenger_alias.as_ref(),
        };
        let revision = old.map_or(0, |alias| alias.revision);
        Write {
            record: Record::Alias(Alias { name, number, since_ms: self.at_ms, revision: revision + 1 }),
            over: old.map(|alias| Over { revision: alias.revision, state: None }),
        }
    }

    /// The end of the version's time as challenger, if it is that.
    pub(super) fn end_of_challenge(&self, version: &ModelVersion) -> Option<Write> {
        let challenger = self.snapshot.challenger_alias.as_ref().and_then(|alias| alias.number);
        (challenger == Some(version.number)).then(|| self.alias(AliasName::Challenger, None))
    }

    pub(super) fn ending(&self, reason: String) -> Ending {
        Ending { reason, by: self.order.by.clone(), at_ms: self.at_ms }
    }

    pub(super) fn check_reason(&self, reason: &str) -> Result<(), Refusal> {
        bounds::reason("reason", reason).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))
    }

    fn submit(&self, submission: &super::Submission) -> Decided {
        if let Some(known) = &self.snapshot.version {
            let same_artifact = known.artifact == submission.artifact;
            return if same_artifact && known.lineage == submission.lineage {
                Ok(self.nothing(format!("{} was submitted before", known.name())))
            } else {
                let differs = if same_artifact { "lineage" } else { "artifact" };
                self.refused(Reason::SameRun { number: known.number, differs })
            };
        }
        bounds::submission(submission).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))?;
        let version = ModelVersion {
            model: self.snapshot.model.clone(),
            number: self.snapshot.head.versions + 1,
            id: submission.artifact.id(),
            stage: self.policy.stage,
            state: VersionState::Submitted,
            revision: 1,
            submitted_at_ms: self.at_ms,
            changed_at_ms: self.at_ms,
            artifact: submission.artifact.clone(),
            lineage: submission.lineage.clone(),
            gate: None,
            request: None,
            decisions: Vec::new(),
            approved_at_ms: None,
            replaced: None,
            successor: None,
            reigns: Vec::new(),
            ending: None,
        };
        let says = format!("{} was submitted by {}, from run {}", version.name(), version.lineage.submitter, version.lineage.run);
        let answered = self.answered(version.number, version.lineage.dataset_version.as_ref());
        let write = Write { record: Record::Version(Box::new(version)), over: None };
        Ok(self.change(std::iter::once(write).chain(answered).collect(), says))
    }

    fn refuse(&self, refused: &RefusedSubmission) -> Decided {
        if self.snapshot.refused.is_some() {
            return Ok(self.nothing(format!("the submission of run {} was refused before", refused.run)));
        }
        bounds::refused(refused).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))?;
        let says = format!("a submission of run {} was refused: {}", refused.run, refused.reason);
        Ok(self.change(vec![Write { record: Record::RefusedSubmission(refused.clone()), over: None }], says))
    }

    fn reject_submission(&self, reason: &str) -> Decided {
        let version = self.version()?;
        match (version.state, &version.ending) {
            (VersionState::Submitted | VersionState::Validating, _) => {
                self.check_reason(reason)?;
                Ok(self.rejected(version, reason.to_owned(), |_| {}))
            }
            (VersionState::Rejected, Some(ending)) if ending.reason == reason => {
                Ok(self.nothing(format!("{} was rejected before", version.name())))
            }
            _ => self.refused(Reason::State),
        }
    }

    /// What is approved or serves is not rejected any more: it is withdrawn, or rolled back.
    fn reject_outside(&self, reason: &str) -> Decided {
        let version = self.version()?;
        match version.state {
            VersionState::Submitted | VersionState::Validating | VersionState::PendingApproval => {
                self.check_reason(reason)?;
                Ok(self.rejected(version, reason.to_owned(), |_| {}))
            }
            VersionState::Rejected => Ok(self.nothing(format!("{} was rejected before", version.name()))),
            _ => self.refused(Reason::State),
        }
    }

    /// The version, rejected, after another change of its record.
    pub(super) fn rejected(&self, version: &ModelVersion, reason: String, also: impl FnOnce(&mut ModelVersion)) -> Change {
        let says = format!("{} was rejected: {reason}", version.name());
        let write = self.rewritten(version, |version| {
            also(version);
            version.state = VersionState::Rejected;
            version.ending = Some(self.ending(reason));
        });
        self.change(std::iter::once(write).chain(self.end_of_challenge(version)).collect(), says)
    }

    fn retire(&self, reason: &str) -> Decided {
        let version = self.version()?;
        let retired = |version: &mut ModelVersion| {
            version.state = VersionState::Retired;
            version.successor = None;
            version.ending = Some(self.ending(reason.to_owned()));
        };
        match version.state {
            VersionState::Retired if version.successor.is_none() => Ok(self.nothing(format!("{} was withdrawn before", version.name()))),
            state if state.is_final() => self.refused(Reason::State),
            VersionState::Champion => {
                self.check_reason(reason)?;
                let write = self.rewritten(version, |version| {
                    close(&mut version.reigns, self.at_ms);
                    retired(version);
                });
                let says =
                    format!("{}, the champion, was retired by {}: {reason}; there is no champion now", version.name(), self.order.by);
                Ok(self.change(vec![write, self.alias(AliasName::Champion, None)], says))
            }
            _ => {
                self.check_reason(reason)?;
                let writes = std::iter::once(self.rewritten(version, retired)).chain(self.end_of_challenge(version)).collect();
                Ok(self.change(writes, format!("{} was withdrawn by {}: {reason}", version.name(), self.order.by)))
            }
        }
    }

    fn mark_challenger(&self) -> Decided {
        let version = self.version()?;
        let now = self.snapshot.challenger_alias.as_ref().and_then(|alias| alias.number);
        match now {
            Some(number) if number == version.number => Ok(self.nothing(format!("{} is the challenger already", version.name()))),
            _ if !version.state.is_candidate() => self.refused(Reason::State),
            _ => {
                let says = format!("{} runs beside the champion as challenger", version.name());
                Ok(self.change(vec![self.alias(AliasName::Challenger, Some(version.number))], says))
            }
        }
    }

    fn unmark_challenger(&self) -> Decided {
        let version = self.version()?;
        match self.snapshot.challenger_alias.as_ref().and_then(|alias| alias.number) {
            Some(number) if number == version.number => {
                let says = format!("{} is no challenger any more", version.name());
                Ok(self.change(vec![self.alias(AliasName::Challenger, None)], says))
            }
            Some(number) => self.refused(Reason::OtherChallenger { number }),
            None => Ok(self.nothing(format!("{} is no challenger", version.name()))),
        }
    }
}

/// Ends the open span.
pub(super) fn close(reigns: &mut [Reign], at_ms: i64) {
    if let Some(open) = reigns.last_mut().filter(|reign| reign.until_ms.is_none()) {
        open.until_ms = Some(at_ms);
    }
}
