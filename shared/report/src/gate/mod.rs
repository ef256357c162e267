//! The page about a candidate: what the gate found, what the model is, how it stands beside the champion, and every rule.

mod banner;
mod basis;
mod card;
mod fairness;
mod mark;
mod metrics;
mod rules;

use std::collections::BTreeMap;

use maud::html;
use tidegate_contract::Metric;
use tidegate_validation::{GateReport, Outcome};

use crate::escape::Plain;
use crate::{MAX_BYTES, document};
pub(crate) use mark::Mark;
pub(crate) use metrics::{key as whisker, limits};
pub(crate) use rules::title as rule_title;

/// What a candidate's page is made from.
#[derive(Debug, Clone, Copy)]
pub struct GatePage<'a> {
    /// What the gate found.
    pub report: &'a GateReport,
    /// What the candidate is.
    pub card: &'a ModelCard<'a>,
    /// The metric that decides by the contract, where it is known: it is marked and comes first.
    pub primary: Option<Metric>,
}

/// What a candidate is and where it comes from: the registry's record of it, in plain facts. Its model, version and evaluation set are
/// the report's.
#[derive(Debug, Clone, Copy)]
pub struct ModelCard<'a> {
    /// The training run, as the team names it.
    pub run: &'a str,
    /// Who submitted it.
    pub submitter: &'a str,
    /// Who wrote the artifact's bytes, as the account saw it.
    pub artifact_writer: &'a str,
    /// When it was submitted, milliseconds since 1970, UTC.
    pub submitted_at_ms: i64,
    /// Revision of the code that trained it.
    pub code_revision: Option<&'a str>,
    /// What it was made with.
    pub framework: Option<&'a str>,
    /// Parameters of the training.
    pub parameters: &'a BTreeMap<String, String>,
    /// Digest of the training set.
    pub training_set: Option<&'a str>,
    /// Digest of the candidate's manifest.
    pub manifest: Option<&'a str>,
    /// Digest that names the artifact, all its files together.
    pub artifact: &'a str,
    /// The artifact's files.
    pub files: &'a [ModelFile<'a>],
}

/// One file of a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelFile<'a> {
    /// Its name, relative to the candidate's folder.
    pub name: &'a str,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: &'a str,
    /// Its size.
    pub bytes: u64,
}

/// How much a page shows.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// At most so many characters of a rule's sentence.
    characters: usize,
    /// At most so many rules.
    rules: usize,
    /// At most so many parts of a rule.
    parts: usize,
    /// At most so many lines of any other table.
    lines: usize,
}

/// From what fits nearly always to what fits whatever the names.
const ROOMS: [Room; 4] = [
    Room { characters: 2_000, rules: 200, parts: 60, lines: 60 },
    Room { characters: 1_000, rules: 120, parts: 20, lines: 40 },
    Room { characters: 400, rules: 60, parts: 6, lines: 20 },
    Room { characters: 300, rules: 30, parts: 2, lines: 8 },
];

/// What the parts of the page are made from.
struct Sheet<'a> {
    report: &'a GateReport,
    card: &'a ModelCard<'a>,
    primary: Option<Metric>,
    room: Room,
}

impl Sheet<'_> {
    /// A sentence of the gate, ready to show.
    fn sentence(&self, text: &str) -> Plain {
        Plain::sentences(text, self.room.characters)
    }

    /// The candidate as people call it.
    fn candidate(&self) -> Plain {
        version(&self.report.computed_from.candidate)
    }

    /// The champion as people call it.
    fn champion(&self) -> Option<Plain> {
        self.report.computed_from.champion.as_deref().map(version)
    }
}

/// A version as people call it: one that is only a number is a version.
fn version(name: &str) -> Plain {
    let is_number = !name.is_empty() && name.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { Plain::name(&format!("version {name}")) } else { Plain::name(name) }
}

/// A candidate's page as one HTML document, smaller than [`MAX_BYTES`]. Equal inputs give equal bytes.
///
/// When everything does not fit, the tables lose their last lines first; a rule that failed never stands behind one that passed.
#[must_use]
pub fn gate_page(page: &GatePage<'_>) -> String {
    let &GatePage { report, card, primary } = page;
    let mut html = String::new();
    for room in ROOMS {
        html = whole(&Sheet { report, card, primary, room });
        if html.len() < MAX_BYTES {
            break;
        }
    }
    html
}

fn whole(sheet: &Sheet<'_>) -> String {
    let report = sheet.report;
    let title = format!("{}: {}, {}", Mark(report.outcome).word(), Plain::name(&report.model).as_str(), sheet.candidate().as_str());
    let body = html! {
        (banner::banner(sheet))
        nav aria-label="On this page" {
            a href="#card" { "Model card" }
            a href="#metrics" { @if report.computed_from.champion.is_some() { "Beside the champion" } @else { "Metrics" } }
            a href="#rules" { "Rules" }
            @if !report.fairness.is_empty() { a href="#fairness" { "Fairness" } }
            a href="#basis" { "Computed from" }
        }
        main {
            (card::card(sheet))
            (metrics::metrics(sheet))
            (rules::rules(sheet))
            (fairness::fairness(sheet))
            (basis::basis(sheet))
        }
        footer { p { "Made by Tidegate. Times are UTC. The same predictions give the same report, byte for byte." } }
    };
    document(&title, &body)
}

/// How many rules came to each outcome: fail, cannot tell, pass.
fn tally(report: &GateReport) -> [u64; 3] {
    [Outcome::Fail, Outcome::CannotTell, Outcome::Pass]
        .map(|outcome| report.rules.iter().filter(|rule| rule.outcome == outcome).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_called_a_version() {
        let shown = ["8", "v8", "2013.1", "", "８"].map(|name| version(name).as_str().to_owned());
        assert_eq!(shown.each_ref().map(String::as_str), ["version 8", "v8", "2013.1", "(no name)", "８"]);
    }
}
