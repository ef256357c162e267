//! What moved together: the words that banner and cards share, and a short card for every incident beside the main one.

use maud::{Markup, html};
use tidegate_monitoring::{CarriedBy, Cause, Incident, Onset, Window};

use crate::banner::Badge;
use crate::escape::Plain;
use crate::page::Sheet;
use crate::{phrases, words};

/// At most so many incidents have a card.
const MOST_INCIDENTS: usize = 6;
/// At most so many fields of an incident are named.
const MOST_NAMES: usize = 4;

/// The incidents beside the main one, which the banner tells.
fn others<'a>(sheet: &Sheet<'a>) -> &'a [Incident] {
    sheet.page.verdict.incidents.get(1..).unwrap_or_default()
}

/// Whether [`also`] has anything to show.
pub(crate) fn has_others(sheet: &Sheet<'_>) -> bool {
    !others(sheet).is_empty()
}

/// What else happened.
pub(crate) fn also(sheet: &Sheet<'_>) -> Markup {
    let others = others(sheet);
    let more = others.len().saturating_sub(MOST_INCIDENTS);
    html! {
        @if !others.is_empty() {
            section #also aria-labelledby="also-h" {
                h2 #also-h { "Also happened" span.tally { (words::counted(others.len() as u64, "more incident", "more incidents")) } }
                p.key { "Apart from the above: each with a cause of its own." }
                div.incidents { @for incident in others.iter().take(MOST_INCIDENTS) { (card(sheet, incident)) } }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see verdict.json" } }
            }
        }
    }
}

fn card(sheet: &Sheet<'_>, incident: &Incident) -> Markup {
    let badge = Badge(incident.state);
    html! {
        article.card.(badge.class()) {
            header {
                h3 { @if incident.fields.is_empty() { "Files" } @else { (names(&incident.fields)) } }
                (badge)
            }
            @if incident.began.is_some() || incident.segment.is_some() {
                p.muted {
                    @if let Some(began) = incident.began { (since(began, sheet.page.verdict.window)) }
                    @if let Some(carried) = &incident.segment {
                        @if incident.began.is_some() { " · most of it in " } @else { "Most of it in " }
                        (self::carried(sheet, carried))
                    }
                }
            }
            p.lead { (why(sheet, &incident.cause)) }
            p.do { strong { "What to do: " } (sheet.statement(&incident.action.sentence)) }
        }
    }
}

/// The cause in one sentence, its kind and evidence, and how sure it is; evidence that the headline gave is not given again.
pub(crate) fn why(sheet: &Sheet<'_>, cause: &Cause) -> Markup {
    let named = phrases::cause(cause.kind, cause.fault);
    let sure = phrases::sureness(cause.confidence).filter(|_| named.is_some());
    html! {
        @if let Some(named) = named { strong { (named) ". " } }
        @if named.is_none() || !phrases::says_already(&sheet.page.verdict.headline, &cause.evidence) { (sheet.statement(&cause.evidence)) }
        @if let Some(sure) = sure { " " span.sure { (sure) " (" (words::share(cause.confidence)) ")." } }
    }
}

/// Since when, and between which hours or days.
pub(crate) fn since(began: Onset, judged: Window) -> Markup {
    let since = phrases::since(began, judged);
    html! { "Since " strong { (since.at) } @if let Some(range) = since.range { ", " (range) } }
}

/// The names of what moved together.
pub(crate) fn names(fields: &[String]) -> Markup {
    let more = fields.len().saturating_sub(MOST_NAMES);
    html! {
        @for (index, name) in fields.iter().take(MOST_NAMES).enumerate() {
            @if index > 0 { @if more == 0 && index + 1 == fields.len() { " and " } @else { ", " } }
            bdi { (Plain::name(name)) }
        }
        @if more > 0 { " and " (words::count(more as u64)) " more" }
    }
}

/// The segment that carries a move.
pub(crate) fn carried(sheet: &Sheet<'_>, carried: &CarriedBy) -> Markup {
    html! {
        bdi { (Plain::name(&carried.segment)) } " " bdi { (sheet.value(&carried.segment, &carried.value)) }
        span.muted { " (" (words::share(carried.share)) " of the move)" }
    }
}
