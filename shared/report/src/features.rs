//! The fields: a card for each that moved, and one table for the others.

use maud::{Markup, html};
use tidegate_contract::FeatureKind;
use tidegate_monitoring::{Evidence, FieldVerdict, State};
use tidegate_profile::{CategoricalAnchor, CategoricalProfile, FieldAnchor};

use crate::banner::Badge;
use crate::bins::Bins;
use crate::escape::Plain;
use crate::page::Sheet;
use crate::plots::{bars, interval, overlay};
use crate::{rows, words};

/// At most so many tests of a field are listed.
const MOST_TESTS: usize = 10;
/// At most so many distances of a field are listed.
const MOST_DISTANCES: usize = 8;

/// What moved: cards for the first ones, a table for the others.
pub(crate) fn moved(sheet: &Sheet<'_>) -> Markup {
    let moved: Vec<&FieldVerdict> = sheet.page.verdict.fields.iter().filter(|field| rows::moved(field)).collect();
    let (cards, others) = moved.split_at(moved.len().min(sheet.room.cards));
    html! {
        @if !moved.is_empty() {
            section #moved aria-labelledby="moved-h" {
                h2 #moved-h { "What moved" span.tally { (tally(&moved, sheet.page.verdict.fields.len())) } }
                p.key { "Most important first." span.keys { span.swatch.base {} "baseline" span.swatch.now {} "this window" } }
                @for field in cards { (card(sheet, field)) }
                @if !others.is_empty() { (rows::table(sheet, "These moved too", others, sheet.room.rows)) }
            }
        }
    }
}

/// `7 of 14, and 1 that may have`: as the headline counts them.
fn tally(moved: &[&FieldVerdict], fields: usize) -> String {
    let surely = moved.iter().filter(|field| field.state == State::Drift).count();
    let count = |fields: usize| words::count(fields as u64);
    match moved.len() - surely {
        0 => format!("{} of {}", count(surely), count(fields)),
        maybe if surely == 0 => format!("{} of {} may have", count(maybe), count(fields)),
        maybe => format!("{} of {}, and {} that may have", count(surely), count(fields), count(maybe)),
    }
}

/// What did not move, or could not be judged.
pub(crate) fn still(sheet: &Sheet<'_>) -> Markup {
    let fields = &sheet.page.verdict.fields;
    let still: Vec<&FieldVerdict> = fields.iter().filter(|field| !rows::moved(field)).collect();
    let judged = still.iter().all(|field| field.state == State::Ok);
    html! {
        @if !still.is_empty() {
            section #still aria-labelledby="still-h" {
                h2 #still-h {
                    @if judged { "What held still" } @else { "What held still or could not be judged" }
                    span.tally { (words::count(still.len() as u64)) " of " (words::count(fields.len() as u64)) }
                }
                (rows::table(sheet, "Shaded: effects too small to matter. Dot: the effect; line: its interval.", &still, sheet.room.rows))
            }
        }
    }
}

fn card(sheet: &Sheet<'_>, field: &FieldVerdict) -> Markup {
    let name = Plain::name(&field.name);
    html! {
        article.card.(Badge(field.state).class()) {
            header {
                h3 { bdi { (name) } }
                span.tag { (rows::role(field.role)) }
                @if weighty(field.importance) { span.tag { "importance " (words::number(field.importance)) } }
                @if field.muted { span.tag { "muted: does not raise the state" } }
                (Badge(field.state))
            }
            p.lead { (sheet.statement(&field.sentence)) }
            (rows::opinions(sheet, field))
            div.duo {
                div.plot { (distribution(sheet, field, &name)) }
                div.side {
                    @if let Some(evidence) = &field.decisive { (decisive(evidence, &name)) }
                    (figures(field))
                }
            }
            (tests(sheet, field))
        }
    }
}

/// Whether an importance says something: it is not the default.
fn weighty(importance: f64) -> bool {
    importance.is_finite() && (importance - 1.0).abs() > 1e-9
}

/// Baseline and window over each other, as far as the counts allow.
fn distribution(sheet: &Sheet<'_>, field: &FieldVerdict, name: &Plain) -> Markup {
    let drawn = match field.kind {
        FeatureKind::Numeric => numeric(sheet, field, name),
        FeatureKind::Categorical => categorical(sheet, field, name),
    };
    drawn.unwrap_or_else(|| html! { p.empty { "No distribution to draw: the window's values were not counted in this baseline's cells." } })
}

fn numeric(sheet: &Sheet<'_>, field: &FieldVerdict, name: &Plain) -> Option<Markup> {
    let current = sheet.current(&field.name)?.numeric.as_ref()?;
    let (profile, baseline) = sheet.baseline(&field.name)?;
    let Some(FieldAnchor::Numeric(anchor)) = &baseline.anchor else { return None };
    let bins = Bins::new(anchor, profile.numeric.as_ref()?, current)?;
    Some(overlay::overlay(name, &bins))
}

fn categorical(sheet: &Sheet<'_>, field: &FieldVerdict, name: &Plain) -> Option<Markup> {
    let current = sheet.current(&field.name)?.categorical.as_ref()?;
    let compared: Option<(&CategoricalAnchor, &CategoricalProfile)> =
        sheet.baseline(&field.name).and_then(|(profile, baseline)| match &baseline.anchor {
            Some(FieldAnchor::Categorical(anchor)) => profile.categorical.as_ref().map(|profile| (anchor, profile)),
            _ => None,
        });
    bars::table(name, &bars::bars(compared, current, sheet.restricted()))
}

/// The test that decided: its effect, drawn and in words.
fn decisive(evidence: &Evidence, name: &Plain) -> Markup {
    let size = |value| words::size(value, &evidence.unit);
    let says = html! { "Effect on " (name) ": " (rows::range(evidence)) "; it matters from " (size(evidence.threshold)) "." };
    html! {
        div.effect {
            p.big { (size(evidence.effect)) " " small { (Plain::unit(words::unit(&evidence.unit))) } }
            p.muted {
                (rows::test(&evidence.test)) ": between " (size(evidence.effect_low)) " and " (size(evidence.effect_high))
                "; matters from " (size(evidence.threshold))
                @if evidence.ordinary.is_finite() && evidence.ordinary > 0.0 { "; the baseline's own periods reach " (size(evidence.ordinary)) }
            }
            @if let Some(plot) = interval::interval(evidence, &says) { (plot) }
        }
    }
}

fn figures(field: &FieldVerdict) -> Markup {
    html! {
        dl.figures {
            @if field.mean_baseline.is_some() || field.mean_current.is_some() {
                div { dt { "Mean" } dd { (rows::change(field.mean_baseline, field.mean_current, words::number)) } }
            }
            div { dt { "Missing" } dd { (rows::change(field.missing_baseline, field.missing_current, words::share)) } }
            div { dt { "Values" } dd { (words::count(field.present)) } }
        }
    }
}

fn tests(sheet: &Sheet<'_>, field: &FieldVerdict) -> Markup {
    let more = field.tests.len().saturating_sub(MOST_TESTS);
    let distances: Vec<String> = field
        .distances
        .iter()
        .filter(|(_, value)| value.is_finite())
        .take(MOST_DISTANCES)
        .map(|(name, value)| format!("{} {}", Plain::name(&name.replace('_', " ")).as_str(), words::number(*value)))
        .collect();
    html! {
        @if !field.tests.is_empty() {
            details {
                summary { @if field.tests.len() == 1 { "The test" } @else { "All " (words::count(field.tests.len() as u64)) " tests" } }
                div.scroll tabindex="0" role="region" aria-label="Tests" {
                    table.tests {
                        caption.hidden { "Tests of " (Plain::name(&field.name)) }
                        thead {
                            tr {
                                th scope="col" { "Test" }
                                @for head in ["Effect (interval)", "Matters from", "Corrected p"] { th.n scope="col" { (head) } }
                            }
                        }
                        tbody {
                            @for test in field.tests.iter().take(MOST_TESTS) {
                                tr {
                                    th scope="row" { (rows::test(&test.test)) @if !test.says.is_empty() { p.note { (sheet.statement(&test.says)) } } }
                                    td.n { (rows::range(test)) }
                                    td.n { (words::size(test.threshold, &test.unit)) }
                                    td.n { (words::p_value(test.p_adjusted)) }
                                }
                            }
                        }
                    }
                }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see verdict.json" } }
                (compared(sheet, field))
                @if !distances.is_empty() { p.note { "Distances, for reading and not for deciding: " (distances.join(", ")) "." } }
            }
        }
    }
}

/// What each baseline found, with its effect; nothing where only one could tell.
fn compared(sheet: &Sheet<'_>, field: &FieldVerdict) -> Markup {
    html! {
        @if field.opinions.len() > 1 {
            div.scroll tabindex="0" role="region" aria-label="Baselines" {
                table.tests {
                    caption.hidden { "What each baseline says of " (Plain::name(&field.name)) }
                    thead {
                        tr {
                            th scope="col" { "Against" }
                            @for head in ["Effect (interval)", "Matters from", "Corrected p"] { th.n scope="col" { (head) } }
                        }
                    }
                    tbody {
                        @for opinion in &field.opinions {
                            tr {
                                th scope="row" {
                                    (sheet.against(opinion.baseline))
                                    @if !opinion.sentence.is_empty() { p.note { (sheet.statement(&opinion.sentence)) } }
                                }
                                @if let Some(test) = &opinion.decisive {
                                    td.n { (rows::range(test)) }
                                    td.n { (words::size(test.threshold, &test.unit)) }
                                    td.n { (words::p_value(test.p_adjusted)) }
                                } @else {
                                    td.n colspan="3" { span.muted { "not tested" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
