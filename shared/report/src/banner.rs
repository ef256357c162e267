//! What happened and what to do, before anything else; and the badge that says a state.

use maud::{Markup, Render, html};
use tidegate_contract::BaselineKind;
use tidegate_monitoring::{State, Verdict};

use crate::escape::Plain;
use crate::page::Sheet;
use crate::{dates, incidents, phrases, words};

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
                    State::Ok => (tick()),
                    State::InsufficientData => (question()),
                    State::Warning => { path.o d="M12 3.2L22 20.5H2z" {} path.o d="M12 9.5v5" {} circle.i cx="12" cy="17.4" r="1.2" {} }
                    State::Drift => { path.i d="M12 .8L23.2 12 12 23.2.8 12z" {} path.k d="M6.5 12h10M12.8 8l4 4-4 4" {} }
                    State::NoData => { circle.o cx="12" cy="12" r="9.5" {} path.o d="M5.5 18.5l13-13" {} }
                }
            }
        }
    }
}

/// A tick in a circle: what was looked at is as it should be.
pub(crate) fn tick() -> Markup {
    html! { circle.o cx="12" cy="12" r="9.5" {} path.o d="M7.5 12.5l3 3 6-6.5" {} }
}

/// A question mark in a dotted circle: there is too little to tell.
pub(crate) fn question() -> Markup {
    html! {
        circle.o cx="12" cy="12" r="9.5" stroke-dasharray="2.2 2.8" {}
        path.o d="M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7" {}
        circle.i cx="12" cy="16.8" r="1.2" {}
    }
}

impl Render for Badge {
    fn render_to(&self, buffer: &mut String) {
        html! { span.badge.(self.class()) { (self.symbol()) (self.word()) } }.render_to(buffer);
    }
}

/// The banner: the verdict, its cause and what to do, a sentence each; then since when, and the facts of the window.
pub(crate) fn banner(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    let badge = Badge(verdict.state);
    html! {
        header.banner.(badge.class()) {
            p.eyebrow { "Drift report · " bdi { (Plain::name(&verdict.model)) } }
            p.state { (badge) span.when { (dates::window(verdict.window)) " (UTC)" } }
            h1 { (sheet.statement(&verdict.headline)) }
            @if let Some(bearing) = bearing(sheet) { p.bearing { (bearing) } }
            div.whys {
                section aria-labelledby="why" {
                    h2 #why { "Why" }
                    p { (incidents::why(sheet, &verdict.cause)) }
                }
                section.do aria-labelledby="do" {
                    h2 #do { "What to do" }
                    p { (sheet.statement(&verdict.action.sentence)) }
                }
            }
            (facts(sheet))
        }
    }
}

/// How the verdict bears on the model, in one line: since when, against what, how much of the model; or, where nothing
/// could be told, what would have shown.
fn bearing(sheet: &Sheet<'_>) -> Option<Markup> {
    let verdict = sheet.page.verdict;
    let matters = matches!(verdict.state, State::Warning | State::Drift);
    let mut parts: Vec<Markup> = Vec::new();
    if matters {
        parts.extend(verdict.incidents.first().and_then(|main| main.began).map(|began| incidents::since(began, verdict.window)));
        let against: Vec<Plain> = phrases::deciding(verdict).into_iter().map(|kind| sheet.against(kind)).collect();
        if !against.is_empty() {
            let word = if parts.is_empty() { "Against " } else { "against " };
            parts.push(html! { (word) strong { (words::series(&against)) } });
        }
        parts.extend(phrases::moved(verdict, words::share).map(|moved| html! { (moved) }));
    } else if verdict.state == State::InsufficientData {
        parts.extend(phrases::visible(verdict).map(|visible| html! {
            "This window would have shown " strong { (visible) } "; what matters begins at " (words::number(sheet.page.contract.monitoring.effect)) "."
        }));
    }
    (!parts.is_empty())
        .then(|| html! { @for (index, part) in parts.iter().enumerate() { @if index > 0 { span.dot { " · " } } span { (part) } } })
}

fn facts(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    let main = verdict.incidents.first();
    html! {
        dl.facts {
            @if let Some(main) = main.filter(|main| main.fields.len() > 1) {
                div.two { dt { "Moved together" } dd { (incidents::names(&main.fields)) } }
            }
            @if let Some(carried) = main.and_then(|main| main.segment.as_ref()) {
                div.two { dt { "Most of it in" } dd { (incidents::carried(sheet, carried)) } }
            }
            div { dt { "Records judged" } dd { (words::count(verdict.records)) } }
            div { dt { @if verdict.versions.len() > 1 { "Model versions" } @else { "Model version" } } dd { (versions(verdict)) } }
            div.wide {
                dt { "Compared with" }
                dd { @if verdict.baselines.is_empty() { "no baseline yet" } @else { (baselines(sheet)) } }
            }
        }
    }
}

/// Every baseline with its records.
fn baselines(sheet: &Sheet<'_>) -> Markup {
    html! {
        ul.plain {
            @for baseline in &sheet.page.verdict.baselines {
                li {
                    (sheet.against(baseline.kind)) span.muted {
                        ": " (words::counted(baseline.records, "record", "records"))
                        @if baseline.kind == BaselineKind::Training && baseline.periods > 1 { " over " (words::counted(baseline.periods, "period", "periods")) }
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
