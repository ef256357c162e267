//! What a rule came to: a word with a symbol of its own shape, so that no one needs to see its colour.

use maud::{Markup, Render, html};
use tidegate_validation::Outcome;

use crate::banner::{question, tick};

/// The mark of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(pub(crate) Outcome);

impl Mark {
    /// The outcome in words.
    pub(crate) const fn word(self) -> &'static str {
        match self.0 {
            Outcome::Fail => "Fail",
            Outcome::CannotTell => "Cannot tell",
            Outcome::Pass => "Pass",
        }
    }

    /// The class that carries its colours.
    pub(crate) const fn class(self) -> &'static str {
        match self.0 {
            Outcome::Fail => "s-drift",
            Outcome::CannotTell => "s-few",
            Outcome::Pass => "s-ok",
        }
    }

    /// Its symbol: cross in a diamond, question mark in a dotted circle, tick in a circle.
    fn symbol(self) -> Markup {
        html! {
            svg.icon viewBox="0 0 24 24" aria-hidden="true" {
                @match self.0 {
                    Outcome::Fail => { path.i d="M12 .8L23.2 12 12 23.2.8 12z" {} path.k d="M8.2 8.2l7.6 7.6M15.8 8.2l-7.6 7.6" {} }
                    Outcome::CannotTell => (question()),
                    Outcome::Pass => (tick()),
                }
            }
        }
    }
}

impl Render for Mark {
    fn render_to(&self, buffer: &mut String) {
        html! { span.badge.(self.class()) { (self.symbol()) (self.word()) } }.render_to(buffer);
    }
}
