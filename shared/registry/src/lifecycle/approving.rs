//! From the gate's report to an approval, a rejection or silence.

use super::transition::{Decided, Step};
use super::{Answer, ApprovalRequest, Bound, GateOutcome, GateRecord, ModelVersion, Reason, Recorded, Refusal, VersionState, bounds};

impl Step<'_> {
    pub(super) fn start_validation(&self) -> Decided {
        let version = self.version()?;
        let says = format!("the validation of {} began", version.name());
        match version.state {
            VersionState::Submitted => {
                Ok(self.change(vec![self.rewritten(version, |version| version.state = VersionState::Validating)], says))
            }
            VersionState::Validating => Ok(self.nothing(says + " before")),
            // What was decided on is not there any more: everything is looked at again.
            VersionState::PendingApproval | VersionState::Approved => {
                let changed = self.changed(version);
                if changed.is_empty() {
                    return Ok(self.nothing(format!("{} was validated before, and nothing changed since", version.name())));
                }
                let says = format!("the validation of {} began again, because {} changed", version.name(), changed.join(" and "));
                let again = self.rewritten(version, |version| {
                    version.state = VersionState::Validating;
                    version.gate = None;
                    version.request = None;
                    version.decisions.clear();
                    version.approved_at_ms = None;
                });
                Ok(self.change(vec![again], says))
            }
            VersionState::Champion => Ok(self.nothing(format!("{} was validated before", version.name()))),
            _ => self.refused(Reason::State),
        }
    }

    /// What has changed since people were asked about a version.
    pub(super) fn changed(&self, version: &ModelVersion) -> Vec<&'static str> {
        match (&version.request, Bound::now(version, self.champion(), self.policy)) {
            (Some(request), Some(now)) => request.about.changed(&now),
            _ => Vec::new(),
        }
    }

    pub(super) fn record_gate(&self, gate: &GateRecord) -> Decided {
        let version = self.version()?;
        if version.gate.as_ref() == Some(gate) {
            return Ok(self.nothing(format!("the gate of {} was recorded before", version.name())));
        }
        if !matches!(version.state, VersionState::Validating | VersionState::PendingApproval) {
            return self.refused(Reason::State);
        }
        bounds::gate(gate).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))?;
        if gate.champion != self.champion() {
            return self.refused(Reason::OtherChampion { compared: gate.champion, now: self.champion() });
        }
        let keep = |version: &mut ModelVersion| version.gate = Some(gate.clone());
        match gate.outcome {
            GateOutcome::Fail => Ok(self.rejected(version, gate.headline.clone(), keep)),
            GateOutcome::CannotTell if self.policy.approvals == 0 => {
                let nobody = format!("the gate cannot tell, and nobody is asked in {}: {}", self.policy.stage, gate.headline);
                let cut: String = nobody.chars().take(bounds::MAX_TEXT_BYTES / 4).collect();
                Ok(self.rejected(version, cut, keep))
            }
            GateOutcome::Pass | GateOutcome::CannotTell => {
                let says = format!("the gate of {} says {}: {}", version.name(), gate.outcome.name(), gate.headline);
                Ok(self.change(vec![self.rewritten(version, keep)], says))
            }
        }
    }

    pub(super) fn request_approvals(&self, id: &str) -> Decided {
        let version = self.version()?;
        if version.request.as_ref().is_some_and(|request| request.id == id) {
            return Ok(self.nothing(format!("people were asked about {} before", version.name())));
        }
        match version.state {
            VersionState::Validating => {}
            VersionState::PendingApproval if !self.changed(version).is_empty() => {}
            VersionState::PendingApproval => {
                return Ok(self.nothing(format!("people are being asked about {} already", version.name())));
            }
            _ => return self.refused(Reason::State),
        }
        bounds::request(id).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))?;
        let (Some(gate), Some(about)) = (&version.gate, Bound::now(version, self.champion(), self.policy)) else {
            return self.refused(Reason::NoGate);
        };
        if gate.champion != self.champion() {
            return self.refused(Reason::OtherChampion { compared: gate.champion, now: self.champion() });
        }
        // A gate that cannot tell never passes by itself: somebody must.
        let passed = gate.outcome == GateOutcome::Pass;
        let needed = if passed { self.policy.approvals } else { self.policy.approvals.max(1) };
        let approvers = self.electorate(version, needed)?;
        let request = ApprovalRequest {
            id: id.to_owned(),
            needed,
            approvers,
            about,
            asked_at_ms: self.at_ms,
            expires_at_ms: self.at_ms.saturating_add(self.policy.expires_ms),
            hold_ms: self.policy.hold_ms,
            reminders: 0,
            escalated_at_ms: None,
        };
        let says = if needed == 0 {
            format!("{} was approved by its gate: in {} nobody is asked", version.name(), self.policy.stage)
        } else {
            format!("{} of {} are asked to approve {}", needed, request.approvers.join(", "), version.name())
        };
        let write = self.rewritten(version, |version| {
            version.request = Some(request);
            version.decisions.clear();
            if needed == 0 {
                version.state = VersionState::Approved;
                version.approved_at_ms = Some(self.at_ms);
            } else {
                version.state = VersionState::PendingApproval;
            }
        });
        Ok(self.change(vec![write], says))
    }

    /// Who may decide about a version, each person once; or that they are too few.
    fn electorate(&self, version: &ModelVersion, needed: u32) -> Result<Vec<String>, Refusal> {
        let (mut may, may_not) = self.deciders(version, &self.policy.approvers);
        if usize::try_from(needed).is_ok_and(|needed| needed <= may.len()) {
            may.sort();
            Ok(may)
        } else {
            Err(self.refusal(Reason::Quorum { needed, may, may_not }))
        }
    }

    /// Of these people, each once: who may decide about a version, and who may not and why.
    pub(super) fn deciders(&self, version: &ModelVersion, people: &[String]) -> (Vec<String>, Vec<(String, &'static str)>) {
        let (mut may, mut may_not) = (Vec::new(), Vec::new());
        for approver in people {
            let person = self.policy.people.person(approver);
            if may.contains(&person) || may_not.iter().any(|(other, _)| *other == person) {
                continue;
            }
            match self.part_of(&person, version) {
                Some(part) => may_not.push((person, part)),
                None => may.push(person),
            }
        }
        (may, may_not)
    }

    /// What a person has done for a version that keeps them from deciding about it.
    fn part_of(&self, person: &str, version: &ModelVersion) -> Option<&'static str> {
        let people = &self.policy.people;
        if people.is_same(person, &version.lineage.submitter) {
            Some("submitted it")
        } else if people.is_same(person, &version.lineage.artifact_writer) {
            Some("wrote its files")
        } else {
            None
        }
    }

    pub(super) fn decide(&self, id: &str, answer: Answer, reason: &str) -> Decided {
        let version = self.version()?;
        let person = self.policy.people.person(&self.order.by);
        if let Some(said) = self.said_before(&version.decisions, id, &person, answer, &version.name()) {
            return said;
        }
        let (VersionState::PendingApproval, Some(request)) = (version.state, &version.request) else {
            return self.refused(match &version.ending {
                Some(ending) => Reason::Ended { how: format!("{} by {}", version.state, ending.by) },
                None => Reason::State,
            });
        };
        if request.id != id {
            return self.refused(Reason::OtherRequest);
        }
        if let Some(part) = self.part_of(&person, version) {
            return self.refused(Reason::OwnModel { person, part });
        }
        self.check_answer(request, &person, answer, reason, self.changed(version))?;
        let said = Recorded { request: id.to_owned(), person: person.clone(), answer, reason: reason.to_owned(), at_ms: self.at_ms };
        if answer == Answer::Reject {
            return Ok(self.rejected(version, reason.to_owned(), |version| version.decisions.push(said)));
        }
        let approvals = version.decisions.iter().filter(|said| said.request == id && said.answer == Answer::Approve).count() + 1;
        let enough = usize::try_from(request.needed).is_ok_and(|needed| approvals >= needed);
        let says = format!("{person} approved {} ({approvals} of {} needed)", version.name(), request.needed);
        let write = self.rewritten(version, |version| {
            version.decisions.push(said);
            if enough {
                version.state = VersionState::Approved;
                version.approved_at_ms = Some(self.at_ms);
            }
        });
        Ok(self.change(vec![write], says))
    }

    /// What a person said on this request stands, whatever has become of it.
    pub(super) fn said_before(&self, decisions: &[Recorded], id: &str, person: &str, answer: Answer, name: &str) -> Option<Decided> {
        let said = decisions.iter().find(|said| said.request == id && said.person == person)?;
        Some(if said.answer == answer {
            Ok(self.nothing(format!("{person} {} {name} before", answer.done())))
        } else {
            self.refused(Reason::SaidBefore { person: person.to_owned(), answer: said.answer })
        })
    }

    /// Whether a person may answer a request now: asked then, and still to be asked now (a policy that changed makes the request stale), in time,
    /// about what people were asked about, and with a reason where one is needed.
    pub(super) fn check_answer(
        &self,
        request: &ApprovalRequest,
        person: &str,
        answer: Answer,
        reason: &str,
        changed: Vec<&'static str>,
    ) -> Result<(), Refusal> {
        if !request.approvers.iter().any(|asked| asked == person) {
            return Err(self.refusal(Reason::NotAsked { person: person.to_owned() }));
        }
        if self.at_ms >= request.expires_at_ms {
            return Err(self.refusal(Reason::TooLate { since_ms: request.expires_at_ms }));
        }
        if !changed.is_empty() {
            return Err(self.refusal(Reason::Stale { changed }));
        }
        match answer {
            Answer::Approve => bounds::text("reason", reason).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong))),
            Answer::Reject => self.check_reason(reason),
        }
    }

    pub(super) fn expire(&self) -> Decided {
        let version = self.version()?;
        match (version.state, &version.request) {
            (VersionState::Expired, _) => Ok(self.nothing(format!("{} expired before", version.name()))),
            (VersionState::PendingApproval, Some(request)) if self.at_ms < request.expires_at_ms => {
                self.refused(Reason::TooEarly { until_ms: request.expires_at_ms })
            }
            (VersionState::PendingApproval, Some(request)) => {
                let said = version.decisions.iter().filter(|said| said.request == request.id).count();
                let reason = format!("{said} of {} needed approvals came in time", request.needed);
                let says = format!("{} expired: {reason}", version.name());
                let write = self.rewritten(version, |version| {
                    version.state = VersionState::Expired;
                    version.ending = Some(self.ending(reason));
                });
                Ok(self.change(std::iter::once(write).chain(self.end_of_challenge(version)).collect(), says))
            }
            _ => self.refused(Reason::State),
        }
    }
}
