//! The page on which somebody decides whether a model is retrained.

use maud::html;

use super::form::{Asked, form};
use super::{DECISION_STYLE, DecisionForm, Voter, sections};
use crate::escape::Plain;
use crate::page::document_in;
use crate::{dates, words};

/// What the page is made from.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// The moment at which the page is shown, milliseconds since 1970.
    pub now_ms: i64,
    /// `dev`, `test` or `prod`.
    pub stage: &'a str,
    /// The model.
    pub model: &'a str,
    /// Who is asked: the person whom the link was mailed to.
    pub you: &'a str,
    /// Why retraining is proposed, in a sentence.
    pub why: &'a str,
    /// What the data to train on are called.
    pub data: &'a str,
    /// Their dataset version.
    pub dataset: &'a str,
    /// Their number of records.
    pub records: Option<u64>,
    /// The champion that a candidate would challenge.
    pub champion: Option<u32>,
    /// Everybody who is asked; one of them is enough.
    pub voters: &'a [Voter<'a>],
    /// From when on an answer comes too late, milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// The page as one HTML document.
#[must_use]
pub fn proposal_page(proposal: &Proposal<'_>, sent: &DecisionForm<'_>) -> String {
    let model = Plain::name(proposal.model);
    let title = format!("Decide: retrain {}", model.as_str());
    let until = format!("{} UTC", dates::instant(proposal.expires_at_ms));
    let asked = Asked {
        question: html! { "Shall " bdi { (Plain::name(proposal.model)) } " be retrained?" },
        approve: "The training job is told. What it makes must still pass the gate.",
        reject: "Nothing is trained now. It may be proposed again when something else moves.",
        name_to_type: String::new(),
        you: proposal.you,
    };
    let body = html! {
        header.banner.s-warn {
            p.eyebrow { "Your decision in " (Plain::name(proposal.stage)) " · " bdi { (Plain::name(proposal.model)) } }
            h1 { "Shall the model be retrained?" }
            div.whys {
                section aria-labelledby="why" { h2 #why { "Why it is proposed" } p { (Plain::sentences(proposal.why, 600)) } }
                section.do aria-labelledby="next" {
                    h2 #next { "If you approve" }
                    p { "The team's training job is told which data to train on. A candidate that comes of it is judged like every other, and serves only if it is better and approved." }
                }
            }
            dl.facts.asked {
                div { dt { "You act as" } dd { bdi { (Plain::location(proposal.you)) } } }
                div { dt { "Open until" } dd { (until) } }
                div { dt { "Approvals" } dd { "1 is enough" } }
            }
        }
        main {
            section #data aria-labelledby="data-h" {
                h2 #data-h { "On which data" }
                dl.facts {
                    div { dt { "Called" } dd { bdi { (Plain::location(&proposal.data.replace('_', " to "))) } } }
                    @if let Some(records) = proposal.records { div { dt { "How many" } dd { (words::counted(records, "record", "records")) } } }
                    div { dt { "Dataset version" } dd { code { (Plain::location(proposal.dataset)) } } }
                    div { dt { "To beat" } dd { @if let Some(champion) = proposal.champion { "version " (champion) ", the champion" } @else { "nobody: there is no champion" } } }
                }
            }
            section #who aria-labelledby="who-h" { h2 #who-h { "Who decides" } (sections::voters(proposal.voters, proposal.you)) }
            (form(&asked, sent))
        }
        footer { p { "Made by Tidegate. Times are UTC. Looking at this page records nothing." } }
    };
    document_in(DECISION_STYLE, &title, &body)
}
