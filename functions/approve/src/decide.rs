//! One decision: what must be shown beside the link, then the registry's transition, once.

use tidegate_approval::Demand;
use tidegate_registry::{Answer, Command, Order, Reason, Refusal, RegistryError};
use tidegate_runtime::{HttpRequest, chain};
use tracing::{error, info, warn};

use crate::code::Shown;
use crate::form::Form;
use crate::opened::{Opened, Standing};
use crate::pages::{self, Sent};
use crate::{ApproveError, Approver, HttpAnswer};

impl Approver {
    /// Decides, or says why not.
    pub(crate) async fn decide(&self, opened: Opened, request: &HttpRequest) -> Result<HttpAnswer, ApproveError> {
        let now_ms = request.at_ms();
        let Some(form) = Form::read(request) else { return Ok(pages::no_form()) };
        match (opened.standing(now_ms), form.answer) {
            (Standing::Open, _) => {}
            // What a person has said stands; the same again needs no code, for nothing is written.
            (Standing::Said(said), Some(answer)) if said.answer != answer => return Ok(pages::opposite(&opened, &said, now_ms)),
            (standing, _) => return Ok(pages::closed(&opened, &standing, now_ms)),
        }
        let sent = |complaint: String| Sent { complaint: Some(complaint), answer: form.answer, reason: form.reason.clone() };
        let Some(answer) = form.answer else {
            return self.ask(&opened, now_ms, sent("Choose whether you approve or reject.".to_owned())).await;
        };
        if answer == Answer::Reject && form.reason.is_empty() {
            return self.ask(&opened, now_ms, sent("Write a reason: the submitter needs it to mend what is wrong.".to_owned())).await;
        }
        match self.shown(&opened, &form, now_ms).await? {
            Shown::Enough => {}
            Shown::Not(complaint) => return self.ask(&opened, now_ms, sent(complaint)).await,
            Shown::Locked => return Ok(pages::closed(&opened, &Standing::Locked, now_ms)),
        }
        let (model, number) = (&opened.link.model, opened.version.number);
        let command = Command::Decide { request: opened.link.request.clone(), answer, reason: form.reason.clone() };
        let order = Order { by: opened.link.approver.clone(), command };
        match self.registry.apply(model, Some(number), &order, &opened.policy, now_ms).await {
            Ok(applied) => {
                info!(model, model.version = number, audit.entry = applied.entry, "a decision was recorded");
                Ok(pages::recorded(&opened, answer, &applied, now_ms))
            }
            Err(RegistryError::Refused { refusal, .. }) => {
                warn!(model, model.version = number, error.message = %refusal.reason, "a decision was refused");
                self.refused(&opened, &refusal, &form, now_ms).await
            }
            Err(source) => {
                let failure = ApproveError::Registry { what: format!("a decision about version {number} of {model}"), source };
                error!(model, error.message = chain(&failure), error.retryable = failure.is_retryable(), "a decision was not recorded");
                Ok(pages::uncertain())
            }
        }
    }

    /// Whether what the stage demands was shown. Only a wrong code is counted, not a missing one: a program that sends empty forms locks nobody out.
    async fn shown(&self, opened: &Opened, form: &Form, now_ms: i64) -> Result<Shown, ApproveError> {
        let (link, version) = (&opened.link, opened.version.number);
        match Demand::of(self.stage().name()) {
            Demand::Button => Ok(Shown::Enough),
            Demand::TypedName if Demand::is_typed(&form.name, &link.model, version) => Ok(Shown::Enough),
            Demand::TypedName => Ok(Shown::Not(format!(
                "Type the model and the version as they stand here: {}.",
                Demand::name_to_type(&link.model, version)
            ))),
            Demand::Code => self.code(link, &opened.record, &form.code, now_ms).await,
        }
    }

    /// What the registry refused, in the words of the page. What changed meanwhile is looked at again.
    async fn refused(&self, opened: &Opened, refusal: &Refusal, form: &Form, now_ms: i64) -> Result<HttpAnswer, ApproveError> {
        match &refusal.reason {
            Reason::OutOfBounds(wrong) => {
                let complaint = format!("{}: found {}, expected {}.", wrong.field, wrong.found, wrong.expected);
                self.ask(opened, now_ms, Sent { complaint: Some(complaint), answer: form.answer, reason: form.reason.clone() }).await
            }
            Reason::OwnModel { .. } | Reason::NotAsked { .. } => Ok(pages::not_yours(opened, &refusal.reason.to_string())),
            reason => {
                let what = format!("a second look at version {} of {}", opened.version.number, opened.link.model);
                let version =
                    self.registry.version(&opened.link.model, opened.version.number).await.map_err(ApproveError::registry(what))?;
                let champion = self.registry.alias(&opened.link.model, tidegate_registry::AliasName::Champion).await;
                let champion = champion.map_err(ApproveError::registry("a second look at the champion"))?;
                let again = opened.seen_again(version.unwrap_or_else(|| opened.version.clone()), champion);
                match again.standing(now_ms) {
                    Standing::Said(said) if form.answer != Some(said.answer) => Ok(pages::opposite(&again, &said, now_ms)),
                    Standing::Open => Ok(pages::not_yours(&again, &reason.to_string())),
                    standing => Ok(pages::closed(&again, &standing, now_ms)),
                }
            }
        }
    }
}
