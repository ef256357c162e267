//! The page on which somebody decides.

use maud::{Markup, html};
use tidegate_contract::Metric;
use tidegate_validation::GateReport;

use super::form::{Asked, form};
use super::{DECISION_STYLE, Decision, DecisionForm, Seen, says, sections};
use crate::escape::Plain;
use crate::gate::Mark;
use crate::page::document_in;

/// What the page is made from.
#[derive(Debug, Clone, Copy)]
pub struct DecisionPage<'a> {
    /// What is asked.
    pub decision: &'a Decision<'a>,
    /// What the gate found.
    pub report: &'a GateReport,
    /// The metric that decides by the contract, where it is known.
    pub primary: Option<Metric>,
    /// What monitoring saw before the candidate came.
    pub drift: Option<Seen<'a>>,
    /// The form.
    pub form: &'a DecisionForm<'a>,
}

/// The page on which somebody decides, as one HTML document. Equal inputs give equal bytes.
#[must_use]
pub fn decision_page(page: &DecisionPage<'_>) -> String {
    let decision = page.decision;
    let title = format!("Decide: version {} of {}", decision.version, Plain::name(decision.model).as_str());
    let body = html! {
        (banner(page))
        nav aria-label="On this page" {
            a href="#beside" { @if decision.champion.is_some() { "Beside the champion" } @else { "Metrics" } }
            a href="#gate" { "What the gate checked" }
            a href="#who" { "Who decides" }
            a href="#about" { "What exactly" }
            a href="#decide" { strong { "Your decision" } }
        }
        main {
            (sections::beside_champion(page))
            (sections::checked(page))
            (sections::led(page))
            (sections::who(decision))
            (sections::about(decision))
            (form(&Asked::of(decision), page.form))
        }
        footer { p { "Made by Tidegate. Times are UTC. Looking at this page records nothing." } }
    };
    document_in(DECISION_STYLE, &title, &body)
}

fn banner(page: &DecisionPage<'_>) -> Markup {
    let (decision, report) = (page.decision, page.report);
    let mark = Mark(report.outcome);
    html! {
        header.banner.(mark.class()) {
            p.eyebrow { "Your decision in " (Plain::name(decision.stage)) " · " bdi { (Plain::name(decision.model)) } }
            p.state { (mark) span.when { "is what the gate says of it" } }
            h1 {
                "Should version " (decision.version) " become champion"
                @if let Some(champion) = decision.champion { ", in place of version " (champion) } "?"
            }
            div.whys {
                section aria-labelledby="why" { h2 #why { "What the gate found" } p { (Plain::sentences(&report.headline, 600)) } }
                section.do aria-labelledby="next" { h2 #next { "If you approve" } p { (says::after_approval(decision, 1)) } }
            }
            dl.facts.asked {
                div { dt { "You act as" } dd { bdi { (Plain::location(decision.you)) } } }
                div { dt { "Open until" } dd { (says::expiry(decision)) } }
                div { dt { "Approvals" } dd { (decision.approvals()) " of " (decision.needed) " given" } }
            }
        }
    }
}
