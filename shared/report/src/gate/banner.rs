//! What the gate came to, before anything else: the outcome, why, what comes next.

use maud::{Markup, html};
use tidegate_validation::{Finding, Outcome};

use super::mark::Mark;
use super::{Sheet, tally};
use crate::escape::Plain;
use crate::words;

/// The banner.
pub(super) fn banner(sheet: &Sheet<'_>) -> Markup {
    let report = sheet.report;
    let mark = Mark(report.outcome);
    // The first sentence says what becomes of the candidate, what follows says why.
    let (what, why) = match report.headline.split_once(". ") {
        Some((what, why)) => (format!("{what}."), why.trim()),
        None => (report.headline.clone(), ""),
    };
    html! {
        header.banner.(mark.class()) {
            p.eyebrow { "Gate report · " bdi { (Plain::name(&report.model)) } }
            p.state {
                (mark)
                span.when {
                    bdi { (sheet.candidate()) }
                    @if let Some(champion) = sheet.champion() { " against " bdi { (champion) } ", the champion" }
                }
            }
            h1 { (sheet.sentence(&what)) }
            div.whys {
                @if !why.is_empty() {
                    section aria-labelledby="why" { h2 #why { "Why" } p { (sheet.sentence(why)) } }
                }
                section.do aria-labelledby="next" { h2 #next { "What comes next" } p { (next(report.outcome)) } }
            }
            dl.facts {
                div.two { dt { "Rules" } dd { (rules(tally(report))) } }
                div.two { dt { "Against the champion" } dd { (finding(report.finding)) } }
                div { dt { "Rows judged" } dd { (words::count(report.rows.candidate)) } }
            }
        }
    }
}

fn next(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "It goes to the people who approve it. Where the stage asks nobody, it may take over without them.",
        Outcome::Fail => "It is rejected and cannot become champion. Mend what failed and submit another run.",
        Outcome::CannotTell => {
            "It never passes by itself: people decide it, and where the stage asks nobody it is rejected. Each rule that cannot be told says what is missing."
        }
    }
}

/// `1 failed, 2 cannot be told, 8 passed`, without those that are none.
fn rules([failed, unclear, passed]: [u64; 3]) -> String {
    let said: Vec<String> = [(failed, "failed"), (unclear, "cannot be told"), (passed, "passed")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, says)| format!("{} {says}", words::count(count)))
        .collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}

fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::NoChampion => "no champion yet",
        Finding::Better => "shown to be better",
        Finding::AsGood => "as good, not shown to be better",
        Finding::Worse => "shown to be worse",
        Finding::CannotTell => "cannot be told",
        Finding::Refused => "the two cannot be compared",
    }
}
