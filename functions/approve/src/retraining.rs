//! A proposed retraining: shown and decided by the same kind of link.

use tidegate_approval::{Demand, Link};
use tidegate_registry::{Answer, Command, LinkRecord, Order, Policy, Recorded, RegistryError, Retraining, RetrainingState};
use tidegate_report::{DecisionForm, Mood, Notice, Proposal, Said, Voter, notice_page, proposal_page};
use tidegate_runtime::HttpRequest;
use tracing::{info, warn};

use crate::code::Shown;
use crate::form::Form;
use crate::{ApproveError, Approver, HttpAnswer, pages};

/// A verified link about a retraining, with everything that it is about.
pub(crate) struct Proposed {
    pub(crate) link: Link,
    pub(crate) record: LinkRecord,
    pub(crate) retraining: Retraining,
    pub(crate) policy: Policy,
    pub(crate) token: String,
}

/// Where it stands for the person whom the link was mailed to.
enum Standing {
    Open,
    Said(Recorded),
    Locked,
    Over(String),
}

impl Approver {
    /// Shows or decides a proposed retraining.
    pub(crate) async fn proposal(&self, proposed: &Proposed, request: &HttpRequest) -> Result<HttpAnswer, ApproveError> {
        let now_ms = request.at_ms();
        let standing = proposed.standing(now_ms);
        if request.method() != "POST" {
            return Ok(match standing {
                Standing::Open => proposed.asked(now_ms, &pages::Sent::default()),
                standing => proposed.closed(standing),
            });
        }
        let Some(form) = Form::read(request) else { return Ok(pages::no_form()) };
        if !matches!(standing, Standing::Open) {
            return Ok(proposed.closed(standing));
        }
        let again = |complaint: &str| {
            let sent = pages::Sent { complaint: Some(complaint.to_owned()), answer: form.answer, reason: form.reason.clone() };
            Ok(proposed.asked(now_ms, &sent))
        };
        let Some(answer) = form.answer else { return again("Choose whether you approve or reject.") };
        if answer == Answer::Reject && form.reason.is_empty() {
            return again("Write a reason: whoever proposed it needs it.");
        }
        if demand(&proposed.link) == Demand::Code {
            match self.code(&proposed.link, &proposed.record, &form.code, now_ms).await? {
                Shown::Enough => {}
                Shown::Not(complaint) => return again(&complaint),
                Shown::Locked => return Ok(proposed.closed(Standing::Locked)),
            }
        }
        self.record(proposed, answer, form.reason, now_ms).await
    }

    async fn record(&self, proposed: &Proposed, answer: Answer, reason: String, now_ms: i64) -> Result<HttpAnswer, ApproveError> {
        let (model, number) = (&proposed.link.model, proposed.retraining.number);
        let command = Command::DecideRetraining { number, request: proposed.link.request.clone(), answer, reason };
        let order = Order { by: proposed.link.approver.clone(), command };
        match self.registry.apply(model, None, &order, &proposed.policy, now_ms).await {
            Ok(applied) => {
                info!(model, retraining = number, audit.entry = applied.entry, "a decision was recorded");
                let (title, next) = match answer {
                    Answer::Approve => {
                        ("Your approval is recorded.", "The training job is told within moments. What it makes must pass the gate.")
                    }
                    Answer::Reject => {
                        ("Your rejection is recorded.", "Nothing is trained now. It may be proposed again when something else moves.")
                    }
                };
                let facts = [
                    ("Recorded for", proposed.link.approver.clone()),
                    ("Audit entry", applied.entry.map_or_else(|| "it was recorded before".to_owned(), |entry| format!("number {entry}"))),
                ];
                Ok(proposed.notice(200, Mood::Recorded, title, &[], &facts, next))
            }
            Err(RegistryError::Refused { refusal, .. }) => {
                warn!(model, retraining = number, error.message = %refusal.reason, "a decision was refused");
                Ok(proposed.closed(Standing::Over(refusal.reason.to_string())))
            }
            Err(source) => {
                warn!(model, retraining = number, error.message = %source, "a decision was not recorded");
                Ok(pages::uncertain())
            }
        }
    }
}

/// What must be shown beside the link. A retraining promotes nothing: only prod asks for the code.
fn demand(link: &Link) -> Demand {
    match Demand::of(&link.stage) {
        Demand::Code => Demand::Code,
        Demand::TypedName | Demand::Button => Demand::Button,
    }
}

impl Proposed {
    fn standing(&self, now_ms: i64) -> Standing {
        let (retraining, link) = (&self.retraining, &self.link);
        let said = retraining.decisions.iter().find(|said| said.request == link.request && said.person == link.approver);
        if let Some(said) = said {
            return Standing::Said(said.clone());
        }
        match (retraining.state, &retraining.ending) {
            (RetrainingState::Proposed, _) if link.is_expired(now_ms) => {
                Standing::Over("the time to decide is over, and silence is a no".to_owned())
            }
            (RetrainingState::Proposed, _) if self.record.is_locked() => Standing::Locked,
            (RetrainingState::Proposed, _) => Standing::Open,
            (RetrainingState::Requested | RetrainingState::Answered, _) => Standing::Over("somebody else approved it".to_owned()),
            (state, Some(ending)) => Standing::Over(format!("it is {state}: {}", ending.reason)),
            (state, None) => Standing::Over(format!("it is {state}")),
        }
    }

    fn voters(&self) -> Vec<Voter<'_>> {
        let approvers = self.retraining.request.iter().flat_map(|request| &request.approvers);
        let voters = approvers.map(|person| {
            let said = self.retraining.decisions.iter().find(|said| said.person == *person);
            Voter { person, said: said.map(|said| Said { approved: said.answer == Answer::Approve, at_ms: said.at_ms }) }
        });
        voters.collect()
    }

    fn asked(&self, now_ms: i64, sent: &pages::Sent) -> HttpAnswer {
        let action = format!("/decision?t={}", self.token);
        let form = DecisionForm {
            action: &action,
            report: "",
            demand: demand(&self.link),
            complaint: sent.complaint.as_deref(),
            approve: sent.answer.map(|answer| answer == Answer::Approve),
            reason: &sent.reason,
        };
        let proposal = Proposal {
            now_ms,
            stage: &self.link.stage,
            model: &self.link.model,
            you: &self.link.approver,
            why: &self.retraining.call.why,
            data: &self.retraining.call.data,
            dataset: self.retraining.dataset.as_deref().unwrap_or_default(),
            records: self.retraining.records,
            champion: self.retraining.champion,
            voters: &self.voters(),
            expires_at_ms: self.link.expires_at_ms,
        };
        HttpAnswer::new(if sent.complaint.is_some() { 422 } else { 200 }, proposal_page(&proposal, &form))
    }

    fn closed(&self, standing: Standing) -> HttpAnswer {
        match standing {
            Standing::Said(said) => {
                let title = format!("You {} it before, and a decision stands.", said.answer.done());
                self.notice(200, Mood::Recorded, &title, &[], &[("Recorded for", said.person)], "Nothing more is needed from you.")
            }
            Standing::Locked => {
                let says =
                    ["Nothing was decided. If it was not you who tried, somebody may have your mail: tell the people who run Tidegate."
                        .to_owned()];
                self.notice(
                    423,
                    Mood::Refused,
                    "This link is locked: too many wrong codes were tried.",
                    &says,
                    &[],
                    "The others who are asked can still decide.",
                )
            }
            Standing::Over(why) => {
                let says = [format!("This proposal cannot be decided any more: {why}.")];
                self.notice(410, Mood::Over, "There is nothing to decide any more.", &says, &[], "Nothing more is needed from you.")
            }
            Standing::Open => pages::unavailable(true),
        }
    }

    fn notice(&self, status: u16, mood: Mood, title: &str, says: &[String], facts: &[(&str, String)], next: &str) -> HttpAnswer {
        let about = format!("retraining of {} ({})", self.link.model, self.link.stage);
        let voters = self.voters();
        let notice = Notice { mood, about: &about, title, says, facts, voters: &voters, you: &self.link.approver, next, report: None };
        HttpAnswer::new(status, notice_page(&notice))
    }
}
