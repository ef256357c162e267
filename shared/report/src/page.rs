//! The page: its frame, its order, and how it stays small.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tidegate_contract::{BaselineKind, FeatureKind, Sensitivity};
use tidegate_profile::{FieldAnchor, FieldBaseline, FieldProfile};

use crate::escape::{Censor, Plain};
use crate::{Page, banner, dates, features, files, incidents, method, over_time, phrases, quality, rows, segments, style};

/// A page is smaller than this, bytes.
pub const MAX_BYTES: usize = 200_000;

/// How much a page shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// At most so many cards with plots.
    pub(crate) cards: usize,
    /// At most so many lines of a table of fields.
    pub(crate) rows: usize,
}

/// From what fits nearly always to what fits whatever the names.
const ROOMS: [Room; 4] =
    [Room { cards: 12, rows: 60 }, Room { cards: 8, rows: 40 }, Room { cards: 3, rows: 30 }, Room { cards: 0, rows: 15 }];

/// What the parts of a page are made from.
pub(crate) struct Sheet<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) censor: Censor,
    pub(crate) room: Room,
}

impl<'a> Sheet<'a> {
    fn new(page: Page<'a>, room: Room) -> Self {
        let censor = if page.contract.sensitivity == Sensitivity::Restricted { censor(&page) } else { Censor::default() };
        Self { page, censor, room }
    }

    /// Whether category values may not be shown.
    pub(crate) fn restricted(&self) -> bool {
        self.page.contract.sensitivity == Sensitivity::Restricted
    }

    /// A verdict's words as a sentence, ready to show.
    pub(crate) fn statement(&self, text: &str) -> Plain {
        self.censor.sentence(&phrases::sentence(text, self.page.verdict))
    }

    /// What the window was compared with, ready to show.
    pub(crate) fn against(&self, kind: BaselineKind) -> Plain {
        Plain::location(&phrases::baseline(kind, self.page.verdict))
    }

    /// A value of a categorical field: its name, or its place among the baseline's values where it may not be shown.
    pub(crate) fn value(&self, field: &str, value: &str) -> Plain {
        if !self.restricted() {
            return Plain::name(value);
        }
        let place = self.baseline(field).and_then(|(_, cells)| match &cells.anchor {
            Some(FieldAnchor::Categorical(anchor)) => anchor.values.iter().position(|known| known == value),
            _ => None,
        });
        Plain::name(&place.map_or_else(|| "value withheld".into(), |place| format!("value {}", place + 1)))
    }

    /// What the window counted of a field.
    pub(crate) fn current(&self, name: &str) -> Option<&'a FieldProfile> {
        self.page.current.fields.iter().find(|field| field.name == name)
    }

    /// What the baseline counted of a field; `None` if the window was not counted in this baseline's cells.
    pub(crate) fn baseline(&self, name: &str) -> Option<(&'a FieldProfile, &'a FieldBaseline)> {
        let baseline = self.page.baseline.filter(|baseline| self.page.current.anchor.as_ref() == Some(&baseline.id))?;
        baseline.profile.fields.iter().zip(&baseline.fields).find(|(field, _)| field.name == name)
    }
}

/// A censor of every category value that window or baseline name.
fn censor(page: &Page<'_>) -> Censor {
    let baseline = page.baseline.map(|baseline| &baseline.fields);
    let listed = baseline.into_iter().flatten().filter_map(|field| match &field.anchor {
        Some(FieldAnchor::Categorical(anchor)) => Some(&anchor.values),
        _ => None,
    });
    let baseline_fields = page.baseline.into_iter().flat_map(|baseline| &baseline.profile.fields);
    let counted = page.current.fields.iter().chain(baseline_fields).filter(|field| field.kind == FeatureKind::Categorical);
    let other = counted.filter_map(|field| field.categorical.as_ref()).flat_map(|field| field.other.keys());
    let allowed = page.contract.features.iter().filter_map(|feature| feature.allowed.as_ref()).flatten();
    let segments = page.verdict.segments.iter().map(|finding| &finding.value);
    let carriers = page.verdict.incidents.iter().filter_map(|incident| incident.segment.as_ref()).map(|carried| &carried.value);
    let known: Vec<&str> = page.verdict.fields.iter().map(|field| field.name.as_str()).chain([page.verdict.model.as_str()]).collect();
    Censor::new(listed.flatten().chain(other).chain(allowed).chain(segments).chain(carriers).map(String::as_str), &known)
}

/// The report as one HTML document, smaller than [`MAX_BYTES`]. Equal inputs give equal bytes.
///
/// When everything does not fit, the least important fields lose their plots first.
#[must_use]
pub fn render(page: &Page<'_>) -> String {
    let mut html = String::new();
    for room in ROOMS {
        html = report(&Sheet::new(*page, room));
        if html.len() < MAX_BYTES {
            break;
        }
    }
    html
}

fn report(sheet: &Sheet<'_>) -> String {
    let verdict = sheet.page.verdict;
    let title =
        format!("{}: {}, {}", banner::Badge(verdict.state).word(), Plain::name(&verdict.model).as_str(), dates::window(verdict.window));
    let body = html! {
        (banner::banner(sheet))
        (contents(sheet))
        main {
            (incidents::also(sheet))
            (features::moved(sheet))
            (segments::segments(sheet))
            (features::still(sheet))
            (over_time::over_time(sheet))
            (quality::quality(sheet))
            (files::files(sheet))
            (method::method(sheet))
        }
        (method::footer(sheet))
    };
    document(&title, &body)
}

/// A whole HTML document around a body, with the stylesheet in it and nothing from elsewhere: the page itself forbids scripts and loading.
#[must_use]
pub fn document(title: &str, body: &Markup) -> String {
    document_in(style::STYLE, title, body)
}

/// As [`document`], with a stylesheet of one's own.
pub(crate) fn document_in(stylesheet: &str, title: &str, body: &Markup) -> String {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'";
                title { (Plain::location(title)) }
                style { (PreEscaped(stylesheet)) }
            }
            body { (body) }
        }
    };
    html.into_string()
}

/// Links to the parts of the page.
fn contents(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    let moved = verdict.fields.iter().filter(|field| rows::moved(field)).count();
    html! {
        nav aria-label="On this page" {
            @if incidents::has_others(sheet) { a href="#also" { "Also happened" } }
            @if moved > 0 { a href="#moved" { "What moved" } }
            @if !verdict.segments.is_empty() { a href="#segments" { "Segments" } }
            @if moved < verdict.fields.len() { a href="#still" { "What held still" } }
            @if over_time::has_trails(sheet) { a href="#time" { "Over time" } }
            a href="#quality" { "Data quality" }
            a href="#files" { "Files" }
            a href="#method" { "How judged" }
        }
    }
}
