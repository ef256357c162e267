//! The parts of the page above the form.

use maud::{Markup, html};
use tidegate_contract::Direction;
use tidegate_validation::report::{MetricLine, MetricValue};
use tidegate_validation::{Outcome, Rule};

use super::{Decision, DecisionPage, Voter, first_metrics, says};
use crate::escape::Plain;
use crate::gate::{Mark, limits, rule_title, whisker};
use crate::plots::beside::{Beside, beside};
use crate::{dates, words};

/// At most so many metrics: what decides, and what stands beside it on one screen.
const METRICS: usize = 5;
/// At most so many rules that passed are listed; those that did not always are.
const PASSED: usize = 12;
/// At most so many rules that did not pass.
const OTHERS: usize = 30;

/// The candidate beside the champion: figures and one picture.
pub(super) fn beside_champion(page: &DecisionPage<'_>) -> Markup {
    let report = page.report;
    let champion = page.decision.champion;
    let lines: Vec<&MetricLine> = first_metrics(report, page.primary).take(METRICS).collect();
    let drawn: Vec<Beside<'_>> = lines.iter().map(|line| Beside { line, limits: limits(report, line.metric) }).collect();
    let says = Plain::location("The same figures as in the table above, with 95% intervals, for each metric on its own scale.");
    html! {
        section #beside aria-labelledby="beside-h" {
            h2 #beside-h { @if champion.is_some() { "Beside the champion" } @else { "How good it is" } }
            @if lines.is_empty() {
                p.empty { "No metric was measured." }
            } @else {
                table.lines.stacked.metrics {
                    caption { "On " (words::counted(report.rows.candidate, "row", "rows")) " of the evaluation set, with 95% intervals" }
                    thead {
                        tr {
                            th scope="col" { "Metric" }
                            th scope="col" { "Version " (page.decision.version) small { "the candidate" } }
                            @if let Some(champion) = champion { th scope="col" { "Version " (champion) small { "the champion" } } }
                        }
                    }
                    tbody {
                        @for line in &lines {
                            tr {
                                th scope="row" {
                                    (words::sentence_start(line.metric.title()))
                                    @if Some(line.metric) == page.primary { " " span.tag { "decides" } }
                                    small { (direction(line.metric.direction())) }
                                }
                                td { (value(&line.candidate)) }
                                @if champion.is_some() { td { @if let Some(found) = &line.champion { (value(found)) } @else { (words::NONE) } } }
                            }
                        }
                    }
                }
                @if let Some(figure) = beside(&drawn, &says) {
                    figure.panel aria-labelledby="drawn" {
                        figcaption.key #drawn {
                            span.keys {
                                (whisker("c", "f")) span { "version " (page.decision.version) }
                                @if let Some(champion) = champion { (whisker("b", "b")) span { "version " (champion) } }
                            }
                            span { "Line: 95% interval. Dotted: the contract's limit." }
                        }
                        (figure)
                    }
                }
            }
        }
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Greater => "higher is better",
        Direction::Less => "lower is better",
        Direction::Zero => "closer to 0 is better",
    }
}

fn value(found: &MetricValue) -> Markup {
    html! {
        @match found.value.map(|value| words::estimate(value, found.interval)) {
            Some((value, interval)) => { strong { (value) } @if let Some(interval) = interval { small { (interval) } } },
            None => span.muted { "no value" },
        }
    }
}

/// What the gate checked, in its own sentences: what did not pass first.
pub(super) fn checked(page: &DecisionPage<'_>) -> Markup {
    let of = |passed: bool| page.report.rules.iter().filter(move |rule| (rule.outcome == Outcome::Pass) == passed);
    let (open, passed): (Vec<&Rule>, Vec<&Rule>) = (of(false).collect(), of(true).collect());
    let more = open.len().saturating_sub(OTHERS) + passed.len().saturating_sub(PASSED);
    html! {
        section #gate aria-labelledby="gate-h" {
            h2 #gate-h { "What the gate checked" span.tally { (words::counted(page.report.rules.len() as u64, "rule", "rules")) ", " (words::count(passed.len() as u64)) " passed" } }
            @if !open.is_empty() {
                ul.findings.verdicts { @for rule in open.iter().take(OTHERS) { (entry(rule)) } }
            }
            ul.passed {
                @for rule in passed.iter().take(PASSED) {
                    li { h3 { (Mark(rule.outcome)) " " bdi { (Plain::location(&rule_title(&rule.name))) } } p { (Plain::sentences(&rule.sentence, 400)) } }
                }
            }
            @if more > 0 { p.more { "and " (words::count(more as u64)) " more in the complete report" } }
            p.note.after { a href=(page.form.report) { "The complete report" } ": every metric, segment and group, and what all of it was computed from." }
        }
    }
}

fn entry(rule: &Rule) -> Markup {
    let mark = Mark(rule.outcome);
    html! {
        li.(mark.class()) {
            div.what { (mark) h3 { bdi { (Plain::location(&rule_title(&rule.name))) } } }
            p { (Plain::sentences(&rule.sentence, 400)) }
        }
    }
}

/// What monitoring saw before.
pub(super) fn led(page: &DecisionPage<'_>) -> Markup {
    html! {
        @if let Some(seen) = &page.drift {
            section #led aria-labelledby="led-h" {
                h2 #led-h { "What monitoring saw before" }
                p { (Plain::sentences(seen.headline, 400)) }
                p.note { "In the window that ended " (dates::instant(seen.end_ms)) " UTC, the last one before this version was submitted that was more than ordinary." }
            }
        }
    }
}

/// Who decides, and what they have said.
pub(super) fn who(decision: &Decision<'_>) -> Markup {
    let needed = words::counted(decision.needed.into(), "approval is", "approvals are");
    html! {
        section #who aria-labelledby="who-h" {
            h2 #who-h { "Who decides" }
            p {
                (needed) " needed, and one rejection ends it. Whoever submitted the version or wrote its files is not asked. "
                "Silence is a no: what is not approved by " (dates::instant(decision.expires_at_ms)) " UTC expires."
            }
            (voters(decision.voters, decision.you))
        }
    }
}

/// The people who are asked, as a list.
pub(super) fn voters(voters: &[Voter<'_>], you: &str) -> Markup {
    html! {
        ul.voters {
            @for voter in voters {
                li {
                    span { bdi { (Plain::location(voter.person)) } @if voter.person == you { " " span.tag { "you" } } }
                    @match voter.said {
                        None => span.muted { "has not decided yet" },
                        Some(said) => span.(if said.approved { "s-ok" } else { "s-drift" }) {
                            strong { @if said.approved { "approved" } @else { "rejected" } } " " small { (dates::instant(said.at_ms)) }
                        },
                    }
                }
            }
        }
    }
}

/// Exactly what is decided about: what the link is bound to.
pub(super) fn about(decision: &Decision<'_>) -> Markup {
    let card = decision.card;
    let said =
        |text: Option<&str>| html! { @match text { Some(text) => bdi { (Plain::location(text)) }, None => span.muted { "not said" } } };
    html! {
        section #about aria-labelledby="about-h" {
            h2 #about-h { "What exactly you decide about" }
            dl.panel.sheet {
                div { dt { "Model" } dd { bdi { (Plain::name(decision.model)) } } }
                div { dt { "Version" } dd { (decision.version) } }
                div { dt { "Stage" } dd { (Plain::name(decision.stage)) } }
                div { dt { "Replaces" } dd { @match decision.champion { Some(champion) => { "version " (champion) }, None => "nothing: it would be the first champion" } } }
                div.two { dt { "Submitted by" } dd { bdi { (Plain::location(card.submitter)) } } }
                div.two { dt { "Files written by" } dd { bdi { (Plain::location(card.artifact_writer)) } } }
                div.two { dt { "Training run" } dd { bdi { (Plain::location(card.run)) } } }
                div.two { dt { "Submitted" } dd { (dates::instant(card.submitted_at_ms)) " UTC" } }
                div.two { dt { "Code revision" } dd { (said(card.code_revision)) } }
                div.two { dt { "Framework" } dd { (said(card.framework)) } }
            }
            dl.ids.note {
                div { dt { "Artifact" } dd { code { (Plain::location(card.artifact)) } } }
                div { dt { "Report" } dd { code { (Plain::location(decision.evidence)) } } }
                @if let Some(set) = card.training_set { div { dt { "Training" } dd { code { (Plain::location(set)) } } } }
            }
            p.note {
                "SHA-256 digests. You were asked " (dates::instant(decision.asked_at_ms)) " UTC; if files, report, champion or approvers change, this link decides nothing any more. "
                @if decision.hold_ms > 0 { "After the last approval it is held back for " (says::length(decision.hold_ms)) "." }
            }
        }
    }
}
