//! A short page: what was recorded, or why nothing was.

use maud::{Markup, html};

use super::{DECISION_STYLE, Voter, sections};
use crate::banner::{question, tick};
use crate::escape::Plain;
use crate::page::document_in;

/// How a page looks at what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Something was recorded, or had been.
    Recorded,
    /// There is nothing to do any more.
    Over,
    /// Something stands in the way.
    Refused,
}

impl Mood {
    const fn class(self) -> &'static str {
        match self {
            Self::Recorded => "s-ok",
            Self::Over => "s-few",
            Self::Refused => "s-warn",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Recorded => "Recorded",
            Self::Over => "Nothing to decide",
            Self::Refused => "Not recorded",
        }
    }

    fn symbol(self) -> Markup {
        html! {
            svg.icon viewBox="0 0 24 24" aria-hidden="true" {
                @match self {
                    Self::Recorded => (tick()),
                    Self::Over => (question()),
                    Self::Refused => { path.o d="M12 3.2L22 20.5H2z" {} path.o d="M12 9.5v5" {} circle.i cx="12" cy="17.4" r="1.2" {} }
                }
            }
        }
    }
}

/// What a short page is made from.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// How it looks at what it says.
    pub mood: Mood,
    /// What it is about, in a few words.
    pub about: &'a str,
    /// What happened, in a sentence.
    pub title: &'a str,
    /// More, a paragraph each.
    pub says: &'a [String],
    /// Facts, by name.
    pub facts: &'a [(&'a str, String)],
    /// Everybody who is asked; nobody is shown where nobody is given.
    pub voters: &'a [Voter<'a>],
    /// Who looks at it, among those.
    pub you: &'a str,
    /// What happens next.
    pub next: &'a str,
    /// Where the complete report lies.
    pub report: Option<&'a str>,
}

/// A short page as one HTML document.
#[must_use]
pub fn notice_page(notice: &Notice<'_>) -> String {
    let body = html! {
        header.banner.(notice.mood.class()) {
            p.eyebrow { "Decision" @if !notice.about.is_empty() { " · " bdi { (Plain::location(notice.about)) } } }
            p.state { span.badge.(notice.mood.class()) { (notice.mood.symbol()) (notice.mood.word()) } }
            h1 { (Plain::sentences(notice.title, 400)) }
            div.told {
                @for paragraph in notice.says { p { (Plain::sentences(paragraph, 1_200)) } }
                @if !notice.next.is_empty() { section.do aria-labelledby="next" { h2 #next { "What happens next" } p { (Plain::sentences(notice.next, 800)) } } }
            }
            @if !notice.facts.is_empty() {
                dl.facts.asked { @for (name, value) in notice.facts { div { dt { (name) } dd { bdi { (Plain::location(value)) } } } } }
            }
        }
        main {
            @if !notice.voters.is_empty() {
                section aria-labelledby="who-h" { h2 #who-h { "Who decides" } (sections::voters(notice.voters, notice.you)) }
            }
            @if let Some(report) = notice.report { section { p { a href=(report) { "The gate's complete report" } } } }
        }
        footer { p { "Made by Tidegate. Times are UTC." } }
    };
    document_in(DECISION_STYLE, notice.title, &body)
}
