//! From a reason to retrain to a request, and to the candidate that answers it.

use super::change::{Over, Write};
use super::transition::{Decided, Step};
use super::{
    Answer, ApprovalRequest, Bound, DatasetRecord, Ending, Reason, Record, Recorded, Retraining, RetrainingCall, RetrainingPolicy,
    RetrainingState, bounds,
};
use tidegate_contract::RetrainingMode;

/// The cause on which nothing is retrained, as verdicts name it.
const DATA_FAULT: &str = "data-fault";

impl Step<'_> {
    /// The retraining that is under way, if one is.
    pub(super) fn open_retraining(&self) -> Option<&Retraining> {
        self.snapshot.retraining.as_ref().filter(|retraining| retraining.state.is_open())
    }

    pub(super) fn retrain(&self, call: &RetrainingCall) -> Decided {
        bounds::retraining(call).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))?;
        let policy = &self.policy.retraining;
        let held = |says: String| self.refused(Reason::NoRetraining { says });
        let last = self.snapshot.retraining.as_ref();
        if let Some(last) = last.filter(|last| last.call.trigger == call.trigger) {
            return Ok(self.nothing(format!("{} was asked for before, by the same {}", last.name(), call.trigger)));
        }
        if let Some(open) = self.open_retraining() {
            return held(format!("{} is {}, and one at a time is enough", open.name(), open.state));
        }
        if call.cause.as_deref() == Some(DATA_FAULT) {
            return held("the data are at fault: a model that is trained on them learns the fault".to_owned());
        }
        if !call.by_hand {
            if policy.mode == RetrainingMode::Never {
                return held("the contract says never (retraining.mode)".to_owned());
            }
            if let Some(last) = last.filter(|last| self.at_ms < last.asked_at_ms.saturating_add(policy.cooldown_ms)) {
                let hours = policy.cooldown_ms / 3_600_000;
                return held(format!("{} was asked for less than {hours} h ago (retraining.cooldown)", last.name()));
            }
            if let Some(few) = call.records.filter(|records| *records < policy.minimum_records) {
                return held(format!("found {few} records, expected at least {} (retraining.minimum_records)", policy.minimum_records));
            }
        }
        let mut retraining = Retraining {
            model: self.snapshot.model.clone(),
            number: last.map_or(1, |last| last.number + 1),
            stage: self.policy.stage,
            state: RetrainingState::Preparing,
            revision: 1,
            asked_at_ms: self.at_ms,
            changed_at_ms: self.at_ms,
            call: call.clone(),
            automatic: call.by_hand || policy.mode == RetrainingMode::Automatic,
            champion: self.champion(),
            dataset: None,
            records: call.records,
            request: None,
            decisions: Vec::new(),
            candidate: None,
            ending: None,
        };
        let mut says = format!("{} was asked for by {}: {}", retraining.name(), call.trigger, call.why);
        if let Some(dataset) = &call.dataset {
            says = format!("{says}; {}", self.with_data(&mut retraining, dataset, call.records));
        }
        Ok(self.change(vec![Write { record: Record::Retraining(Box::new(retraining)), over: None }], says))
    }

    /// Keeps a dataset version, and goes on with the retraining that waits for it.
    pub(super) fn record_dataset(&self, dataset: &DatasetRecord) -> Decided {
        bounds::dataset(dataset).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))?;
        let waiting = self.retraining_waiting_for(&dataset.name);
        let is_known = self.snapshot.dataset.is_some();
        let mut says =
            format!("dataset version {} of {}, {}, was published: {}", dataset.version, self.snapshot.model, dataset.name, dataset.says);
        if is_known && waiting.is_none() {
            return Ok(self.nothing(says + " (told before)"));
        }
        let mut writes = Vec::new();
        if !is_known {
            writes.push(Write { record: Record::Dataset(DatasetRecord { at_ms: self.at_ms, ..dataset.clone() }), over: None });
        }
        if let Some(waiting) = waiting {
            writes.push(self.retraining(waiting, |retraining| {
                let then = if dataset.passed {
                    self.with_data(retraining, &dataset.version, Some(dataset.records))
                } else {
                    retraining.state = RetrainingState::Failed;
                    retraining.ending = Some(self.ending(format!("the data to train on failed their checks: {}", dataset.says)));
                    format!("{} failed: the data to train on did not pass their checks", retraining.name())
                };
                says = format!("{says}; {then}");
            }));
        }
        Ok(self.change(writes, says))
    }

    /// Ends the retraining that waits for data of which there are none.
    pub(super) fn record_no_data(&self, name: &str) -> Decided {
        bounds::name("the dataset version", name).map_err(|wrong| self.refusal(Reason::OutOfBounds(wrong)))?;
        let Some(waiting) = self.retraining_waiting_for(name) else {
            return Ok(self.nothing(format!("no record was collected in {name}, and nobody waits for them")));
        };
        let says = format!("no record was collected in {name}");
        let write = self.retraining(waiting, |retraining| {
            retraining.state = RetrainingState::Failed;
            retraining.ending = Some(self.ending(says.clone()));
        });
        Ok(self.change(vec![write], format!("{} failed: {says}", waiting.name())))
    }

    /// The retraining that waits for a dataset version of this name.
    fn retraining_waiting_for(&self, name: &str) -> Option<&Retraining> {
        self.open_retraining().filter(|open| open.state == RetrainingState::Preparing && open.call.data == name)
    }

    /// The data are there: the training job is told, or a person asked.
    fn with_data(&self, retraining: &mut Retraining, dataset: &str, records: Option<u64>) -> String {
        retraining.dataset = Some(dataset.to_owned());
        retraining.records = records.or(retraining.records);
        let fewest = self.policy.retraining.minimum_records;
        if let Some(few) = retraining.records.filter(|records| !retraining.call.by_hand && *records < fewest) {
            let says = format!("found {few} records, expected at least {fewest} (retraining.minimum_records)");
            retraining.state = RetrainingState::Failed;
            retraining.ending = Some(self.ending(says.clone()));
            return format!("{} failed: {says}", retraining.name());
        }
        if retraining.automatic {
            retraining.state = RetrainingState::Requested;
            return format!("{} is requested on {}", retraining.name(), retraining.call.data);
        }
        retraining.state = RetrainingState::Proposed;
        let mut approvers: Vec<String> =
            self.policy.retraining.approvers.iter().map(|approver| self.policy.people.person(approver)).collect();
        approvers.sort();
        approvers.dedup();
        let says = format!("{} are asked whether to retrain on {}", approvers.join(", "), retraining.call.data);
        retraining.request = Some(ApprovalRequest {
            id: RetrainingPolicy::request_id(&retraining.model, retraining.number, &retraining.call.evidence),
            needed: 1,
            approvers,
            about: self.about(retraining),
            asked_at_ms: self.at_ms,
            expires_at_ms: self.at_ms.saturating_add(self.policy.expires_ms),
            hold_ms: 0,
            reminders: 0,
            escalated_at_ms: None,
        });
        says
    }

    /// What a decision on a retraining would be about now.
    fn about(&self, retraining: &Retraining) -> Bound {
        Bound {
            evidence: retraining.call.evidence.clone(),
            artifact: retraining.dataset.clone().unwrap_or_default(),
            champion: self.champion(),
            policy: self.policy.retraining.digest(&self.policy.people),
        }
    }

    pub(super) fn decide_retraining(&self, number: u32, id: &str, answer: Answer, reason: &str) -> Decided {
        let Some(retraining) = self.snapshot.retraining.as_ref().filter(|retraining| retraining.number == number) else {
            return self.refused(Reason::Unknown);
        };
        let person = self.policy.people.person(&self.order.by);
        if let Some(said) = self.said_before(&retraining.decisions, id, &person, answer, &retraining.name()) {
            return said;
        }
        let (RetrainingState::Proposed, Some(request)) = (retraining.state, &retraining.request) else {
            return self.refused(Reason::Ended { how: retraining.state.name().to_owned() });
        };
        if request.id != id {
            return self.refused(Reason::OtherRequest);
        }
        self.check_answer(request, &person, answer, reason, request.about.changed(&self.about(retraining)))?;
        let said = Recorded { request: id.to_owned(), person: person.clone(), answer, reason: reason.to_owned(), at_ms: self.at_ms };
        let write = self.retraining(retraining, |retraining| {
            retraining.decisions.push(said);
            match answer {
                Answer::Approve => retraining.state = RetrainingState::Requested,
                Answer::Reject => {
                    retraining.state = RetrainingState::Declined;
                    retraining.ending = Some(Ending { reason: reason.to_owned(), by: person.clone(), at_ms: self.at_ms });
                }
            }
        });
        Ok(self.change(vec![write], format!("{person} {} {}", answer.done(), retraining.name())))
    }

    /// Ends a retraining that nobody decided on or answered in time.
    pub(super) fn expire_retraining(&self, number: u32) -> Decided {
        let Some(retraining) = self.snapshot.retraining.as_ref().filter(|retraining| retraining.number == number) else {
            return self.refused(Reason::Unknown);
        };
        if retraining.state == RetrainingState::Expired {
            return Ok(self.nothing(format!("{} expired before", retraining.name())));
        }
        let Some((until_ms, reason)) = retraining.over() else {
            return self.refused(Reason::Ended { how: retraining.state.name().to_owned() });
        };
        if self.at_ms < until_ms {
            return self.refused(Reason::TooEarly { until_ms });
        }
        let write = self.retraining(retraining, |retraining| {
            retraining.state = RetrainingState::Expired;
            retraining.ending = Some(self.ending(reason.to_owned()));
        });
        Ok(self.change(vec![write], format!("{} expired: {reason}", retraining.name())))
    }

    /// The retraining that a candidate answers, written again.
    pub(super) fn answered(&self, candidate: u32, dataset: Option<&String>) -> Option<Write> {
        let asked = |open: &&Retraining| open.state == RetrainingState::Requested && dataset.is_some() && open.dataset.as_ref() == dataset;
        let open = self.open_retraining().filter(asked)?;
        Some(self.retraining(open, |retraining| {
            retraining.state = RetrainingState::Answered;
            retraining.candidate = Some(candidate);
        }))
    }

    fn retraining(&self, retraining: &Retraining, change: impl FnOnce(&mut Retraining)) -> Write {
        let over = Over { revision: retraining.revision, state: None };
        let mut retraining = retraining.clone();
        retraining.revision += 1;
        retraining.changed_at_ms = self.at_ms;
        change(&mut retraining);
        Write { record: Record::Retraining(Box::new(retraining)), over: Some(over) }
    }
}
