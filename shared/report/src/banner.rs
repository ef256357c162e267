//! What happened and what to do, before anything else; and the badge that says a state.

use maud::{Markup, Render, html};
use tidegate_monitoring::{CauseKind, State, Verdict};

use crate::escape::Plain;
use crate::page::Sheet;
use crate::{dates, words};

/// A state as a word with a symbol of its own shape, so that no one needs to see its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge(pub State);

impl Badge {
    /// The state in words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self.0 {
            State::Ok => "OK",
            State::InsufficientData => "Not enough data",
            State::Warning => "Warning",
            State::Drift => "Drift",
            State::NoData => "No data",
        }
    }

    /// The class that carries the state's colours (see [`crate::STYLE`]).
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self.0 {
            State::Ok => "s-ok",
            State::InsufficientData => "s-few",
            State::Warning => "s-warn",
            State::Drift => "s-drift",
            State::NoData => "s-none",
        }
    }

    /// The state's symbol: tick in a circle, question mark in a dotted circle, triangle, diamond, empty circle with a bar.
    fn symbol(self) -> Markup {
        html! {
            svg.icon viewBox="0 0 24 24" aria-hidden="true" {
                @match self.0 {
                    State::Ok => { circle.o cx="12" cy="12" r="9.5" {} path.o d="M7.5 12.5l3 3 6-6.5" {} }
                    State::InsufficientData => {
                        circle.o cx="12" cy="12" r="9.5" stroke-dasharray="2.2 2.8" {}
                        path.o d="M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7" {}
                        circle.i cx="12" cy="16.8" r="1.2" {}
                    }
                    State::Warning => { path.o d="M12 3.2L22 20.5H2z" {} path.o d="M12 9.5v5" {} circle.i cx="12" cy="17.4" r="1.2" {} }
                    State::Drift => { path.i d="M12 .8L23.2 12 12 23.2.8 12z" {} path.k d="M6.5 12h10M12.8 8l4 4-4 4" {} }
                    State::NoData => { circle.o cx="12" cy="12" r="9.5" {} path.o d="M5.5 18.5l13-13" {} }
                }
            }
        }
    }
}

impl Render for Badge {
    fn render_to(&self, buffer: &mut String) {
        html! { span.badge.(self.class()) { (self.symbol()) (self.word()) } }.render_to(buffer);
    }
}

/// The banner: state, headline, cause, action, and the facts of the window.
pub(crate) fn banner(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    let badge = Badge(verdict.state);
    html! {
        header.banner.(badge.class()) {
            p.eyebrow { "Drift report · " bdi { (Plain::name(&verdict.model)) } }
            p.state { (badge) span.when { (dates::window(verdict.window)) " (UTC)" } }
            h1 { (sheet.statement(&verdict.headline)) }
            div.whys {
                section aria-labelledby="do" {
                    h2 #do { "What to do" }
                    p { (sheet.statement(&verdict.action.sentence)) }
                }
                section aria-labelledby="why" {
                    h2 #why { "Why" }
                    p {
                        strong { (cause(verdict.cause.kind)) ". " } (sheet.statement(&verdict.cause.evidence))
                        @if let Some(sure) = confidence(verdict) { " " span.muted { (sure) } }
                    }
                }
            }
            (facts(sheet))
        }
    }
}

fn facts(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    html! {
        dl.facts {
            div { dt { "Records judged" } dd { (words::count(verdict.records)) } }
            div { dt { @if verdict.versions.len() > 1 { "Model versions" } @else { "Model version" } } dd { (versions(verdict)) } }
            div {
                dt { "Compared with" }
                dd {
                    @match verdict.baselines.first() {
                        Some(baseline) => {
                            (words::counted(baseline.records, "baseline record", "baseline records"))
                            @if baseline.periods > 1 { span.muted { " over " (words::counted(baseline.periods, "period", "periods")) } }
                        }
                        None => "no baseline yet",
                    }
                }
            }
        }
    }
}

/// The versions with their records, most used first.
fn versions(verdict: &Verdict) -> Markup {
    const SHOWN: usize = 4;
    let mut versions: Vec<(&String, u64)> = verdict.versions.iter().map(|(name, records)| (name, *records)).collect();
    versions.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    html! {
        @match versions.as_slice() {
            [] => (words::NONE),
            [(only, _)] => bdi { (version(only)) },
            many => {
                @for (index, (name, records)) in many.iter().take(SHOWN).enumerate() {
                    @if index > 0 { ", " }
                    bdi { (version(name)) } span.muted { " (" (words::count(*records)) ")" }
                }
                @if many.len() > SHOWN { " and " (words::count((many.len() - SHOWN) as u64)) " more" }
            }
        }
    }
}

/// A version's name; records that say none have an empty one.
fn version(name: &str) -> Plain {
    if name.is_empty() { Plain::name("not said") } else { Plain::name(name) }
}

const fn cause(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::None => "Nothing to explain",
        CauseKind::DataFault => "The data are at fault",
        CauseKind::Season => "It moves like this every week",
        CauseKind::PopulationShift => "The population moved",
        CauseKind::CovariateDrift => "The inputs moved",
        CauseKind::PredictionDrift => "The predictions moved, the inputs did not",
        CauseKind::VersionChange => "It began with another model version",
        CauseKind::Unknown => "The data do not tell",
    }
}

/// How sure the cause is, in words; nothing where there is nothing to be sure of.
fn confidence(verdict: &Verdict) -> Option<String> {
    let sure = verdict.cause.confidence;
    let explains = !matches!(verdict.cause.kind, CauseKind::None | CauseKind::Unknown);
    let word = match sure {
        _ if sure >= 0.9 => "Very likely",
        _ if sure >= 0.7 => "Likely",
        _ if sure >= 0.4 => "Possible",
        _ => "A guess",
    };
    (explains && (0.0..=1.0).contains(&sure)).then(|| format!("{word} ({}).", words::share(sure)))
}
