//! The form: an answer, what a mail scanner does not have, a reason.

use maud::{Markup, html};
use tidegate_approval::{Code, Demand};

use super::Decision;
use crate::escape::Plain;

/// Longest reason, characters; what is too long in bytes the registry says.
const MAX_REASON: usize = 1_000;

/// What the form is made from.
#[derive(Debug, Clone, Copy)]
pub struct DecisionForm<'a> {
    /// Where it is sent: a relative address with the link's token.
    pub action: &'a str,
    /// Where the complete report lies.
    pub report: &'a str,
    /// What must be shown beside the link.
    pub demand: Demand,
    /// What was wrong with what was sent before.
    pub complaint: Option<&'a str>,
    /// What was chosen before.
    pub approve: Option<bool>,
    /// The reason that was written before.
    pub reason: &'a str,
}

/// What the form asks, of whom.
pub(super) struct Asked<'a> {
    pub(super) question: Markup,
    /// What an approval means.
    pub(super) approve: &'a str,
    /// What a rejection means.
    pub(super) reject: &'a str,
    /// What is typed where that is demanded.
    pub(super) name_to_type: String,
    pub(super) you: &'a str,
}

impl<'a> Asked<'a> {
    pub(super) fn of(decision: &Decision<'a>) -> Self {
        Self {
            question: html! { "What do you decide about version " (decision.version) " of " bdi { (Plain::name(decision.model)) } "?" },
            approve: "It may become champion.",
            reject: "It ends here, whatever others say.",
            name_to_type: Demand::name_to_type(decision.model, decision.version),
            you: decision.you,
        }
    }
}

/// The form.
pub(super) fn form(asked: &Asked<'_>, form: &DecisionForm<'_>) -> Markup {
    html! {
        section #decide aria-labelledby="decide-h" {
            h2 #decide-h { "Your decision" }
            form.panel.decide method="post" action=(form.action) autocomplete="off" {
                @if let Some(complaint) = form.complaint {
                    div.complaint.s-drift role="alert" #complaint { p { strong { "Nothing was recorded yet. " } (Plain::sentences(complaint, 400)) } }
                }
                fieldset {
                    legend { (asked.question) }
                    div.choices {
                        label.choice.s-ok for="approve" {
                            input #approve type="radio" name="choice" value="approve" required checked[form.approve == Some(true)];
                            span { strong { "Approve" } small { (asked.approve) } }
                        }
                        label.choice.s-drift for="reject" {
                            input #reject type="radio" name="choice" value="reject" required checked[form.approve == Some(false)];
                            span { strong { "Reject" } small { (asked.reject) } }
                        }
                    }
                }
                (proof(&asked.name_to_type, form.demand))
                div.field {
                    label for="reason" { "Reason " span.muted { "(needed to reject)" } }
                    textarea #reason name="reason" rows="3" maxlength=(MAX_REASON) aria-describedby="reason-help" { (Plain::sentences(form.reason, MAX_REASON)) }
                    p.note #reason-help { "It is kept in the audit trail under your name, and the submitter reads it." }
                }
                button type="submit" { "Record my decision" }
                p.note { "You act as " strong { bdi { (Plain::location(asked.you)) } } ". A decision is final: it cannot be changed, and the same link decides once." }
            }
        }
    }
}

fn proof(name: &str, demand: Demand) -> Markup {
    html! {
        @match demand {
            Demand::Code => {
                div.field {
                    label for="code" { "Code from the mail" }
                    input.code #code type="text" name="code" required maxlength=(Code::LENGTH + 4) autocomplete="off" autocapitalize="characters"
                        spellcheck="false" aria-describedby="code-help";
                    p.note #code-help {
                        "Six letters and digits in the text of the mail that brought you here. They show that a person decides, and not a program that opens links. "
                        "After " (Demand::MAX_WRONG_TRIES) " wrong codes the link is locked."
                    }
                }
            }
            Demand::TypedName => {
                div.field {
                    label for="name" { "Type the model and the version: " code { (Plain::location(name)) } }
                    input #name type="text" name="name" required autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="name-help";
                    p.note #name-help { "It shows that a person decides, and not a program that opens links." }
                }
            }
            Demand::Button => {}
        }
    }
}
