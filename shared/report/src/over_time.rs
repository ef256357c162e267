//! How the strongest fields moved over time, when it began, and which versions came in between.

use maud::{Markup, html};
use tidegate_contract::{FeatureKind, FieldRole};
use tidegate_monitoring::FieldVerdict;

use crate::escape::Plain;
use crate::page::Sheet;
use crate::plots::trail::{Mark, Trail};
use crate::{dates, phrases, rows, words};

/// At most so many versions are marked along a line.
const MOST_VERSIONS: usize = 4;
/// At most so many fields have a line.
const MOST_TRAILS: usize = 6;

/// The trails worth a line, most important field first.
fn trails<'a>(sheet: &Sheet<'a>) -> impl Iterator<Item = (&'a FieldVerdict, Scale, Trail)> {
    let verdict = sheet.page.verdict;
    let contract = sheet.page.contract.monitoring.effect;
    let most = if sheet.room.cards > 0 { MOST_TRAILS } else { 0 };
    verdict
        .fields
        .iter()
        .filter_map(move |field| {
            let scale = Scale::of(field, contract);
            Trail::new(&verdict.trail, &field.name, scale.threshold).map(|trail| (field, scale, trail))
        })
        .take(most)
}

/// Whether [`over_time`] has anything to show.
pub(crate) fn has_trails(sheet: &Sheet<'_>) -> bool {
    trails(sheet).next().is_some()
}

/// How the strongest fields moved up to the end of the window.
pub(crate) fn over_time(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    let trails: Vec<_> = trails(sheet).collect();
    let grain = verdict.trail.last().map_or("window", |point| dates::grain(point.window));
    html! {
        @if !trails.is_empty() {
            section #time aria-labelledby="time-h" {
                h2 #time-h { "Over time" }
                p.key {
                    "One point per " (grain) ", UTC: how far the field lay from the training data. Shaded: too small to matter. A gap: no records."
                    @if verdict.incidents.iter().any(|incident| incident.began.is_some()) { " The upright line: where the move began, and around it when it may have." }
                }
                div.trails { @for (field, scale, trail) in &trails { (trail_card(sheet, field, scale, trail)) } }
            }
        }
    }
}

fn trail_card(sheet: &Sheet<'_>, field: &FieldVerdict, scale: &Scale, trail: &Trail) -> Markup {
    let name = Plain::name(&field.name);
    let (window, last) = trail.last;
    let points = words::counted(trail.points as u64, "point", "points");
    let reach = html! { (words::count(trail.beyond as u64)) " of " (points) " at or beyond " (words::size(scale.threshold, &scale.unit)) };
    let marks = marks(sheet, field);
    let says = html! {
        (name) " over time: " (reach) ", last " (words::size(last, &scale.unit)) " on " (dates::last_day(window))
        @for mark in &marks { "; " (mark.says()) } "."
    };
    html! {
        figure.trail {
            figcaption {
                h3 { bdi { (name) } @if field.role != FieldRole::Feature { " " span.tag { (rows::role(field.role)) } } }
                span.n { "last " strong { (words::size(last, &scale.unit)) } " " (Plain::unit(words::unit(&scale.unit))) }
            }
            (trail.plot(scale.threshold, &scale.unit, sheet.page.verdict.window, &marks, &says))
        }
    }
}

/// What happened along a field's trail: versions that answered for the first time, and when the field's incident began.
fn marks(sheet: &Sheet<'_>, field: &FieldVerdict) -> Vec<Mark> {
    let verdict = sheet.page.verdict;
    let named = |version: &String| Plain::name(version);
    let versions = verdict
        .trail
        .iter()
        .flat_map(|point| point.new_versions.iter().map(|version| Mark::Version { at_ms: point.window.start_ms, name: named(version) }));
    let began = verdict.incidents.iter().find(|incident| incident.fields.contains(&field.name)).and_then(|incident| incident.began);
    let began = began.map(|onset| Mark::Began { onset, label: phrases::since(onset, verdict.window).at });
    versions.take(MOST_VERSIONS).chain(began).collect()
}

/// On which scale a field's trail is drawn.
struct Scale {
    threshold: f64,
    unit: String,
}

impl Scale {
    /// The scale of the test that the trail shows: location for numbers, mix for categories; else the contract's.
    fn of(field: &FieldVerdict, contract: f64) -> Self {
        let shown = if field.kind == FeatureKind::Numeric { "location" } else { "mix" };
        let test = field.tests.iter().chain(&field.decisive).find(|test| test.test == shown && test.threshold.is_finite());
        let unit = if field.kind == FeatureKind::Numeric { "sd" } else { "w" };
        test.map_or_else(
            || Self { threshold: contract.abs(), unit: unit.into() },
            |test| Self { threshold: test.threshold.abs(), unit: test.unit.clone() },
        )
    }
}
