//! The model card: what the candidate is, who made it from what.

use maud::{Markup, html};

use super::Sheet;
use crate::escape::Plain;
use crate::{dates, words};

/// A digest is shown by so many of its first digits; the whole stands where the page says what it was computed from.
const DIGEST_SHOWN: usize = 12;

/// The card.
pub(super) fn card(sheet: &Sheet<'_>) -> Markup {
    let (report, card) = (sheet.report, sheet.card);
    let size = card.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
    let named =
        |text: Option<&str>| text.map_or_else(|| html! { span.muted { "not said" } }, |text| html! { bdi { (Plain::location(text)) } });
    html! {
        section #card aria-labelledby="card-h" {
            h2 #card-h { "Model card" }
            dl.panel.sheet {
                div { dt { "Model" } dd { bdi { (Plain::name(&report.model)) } } }
                div { dt { "Version" } dd { bdi { (Plain::name(&report.computed_from.candidate)) } } }
                div.two { dt { "Run" } dd { bdi { (Plain::location(card.run)) } } }
                div.two { dt { "Submitted by" } dd { bdi { (Plain::location(card.submitter)) } } }
                div.two { dt { "Artifact written by" } dd { bdi { (Plain::location(card.artifact_writer)) } } }
                div.two { dt { "Submitted" } dd { (dates::instant(card.submitted_at_ms)) " UTC" } }
                div { dt { "Code revision" } dd { (named(card.code_revision)) } }
                div { dt { "Framework" } dd { (named(card.framework)) } }
                div { dt { "Training set" } dd { (card.training_set.map_or_else(|| named(None), digest)) } }
                div { dt { "Evaluation set" } dd { (digest(&report.computed_from.evaluation_digest)) } }
                div { dt { "Artifact" } dd { (digest(card.artifact)) } }
                div {
                    dt { "Artifact's size" }
                    dd { (words::bytes(size)) span.muted { " in " (words::counted(card.files.len() as u64, "file", "files")) } }
                }
            }
            (parameters(sheet))
            (files(sheet))
        }
    }
}

/// A digest by its first digits, the whole of it on pointing.
fn digest(digest: &str) -> Markup {
    let whole = Plain::location(digest);
    let short: String = whole.as_str().chars().take(DIGEST_SHOWN).collect();
    let more = whole.as_str().chars().nth(DIGEST_SHOWN).is_some();
    html! { code title=(whole) { (Plain::name(&short)) @if more { "…" } } }
}

fn parameters(sheet: &Sheet<'_>) -> Markup {
    let parameters = sheet.card.parameters;
    let more = parameters.len().saturating_sub(sheet.room.lines);
    html! {
        @if !parameters.is_empty() {
            details {
                summary { "Training parameters (" (words::count(parameters.len() as u64)) ")" }
                table.tests {
                    caption { "As the team wrote them" }
                    thead { tr { th scope="col" { "Parameter" } th scope="col" { "Value" } } }
                    tbody {
                        @for (name, value) in parameters.iter().take(sheet.room.lines) {
                            tr { th scope="row" { bdi { (Plain::name(name)) } } td { bdi { (Plain::location(value)) } } }
                        }
                    }
                }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more in the registry" } }
            }
        }
    }
}

fn files(sheet: &Sheet<'_>) -> Markup {
    let files = sheet.card.files;
    let more = files.len().saturating_sub(sheet.room.lines);
    html! {
        @if !files.is_empty() {
            details {
                summary { "Artifact's files (" (words::count(files.len() as u64)) ")" }
                table.tests.stacked {
                    caption { "Each with the SHA-256 of its bytes" }
                    thead { tr { th scope="col" { "File" } th.n scope="col" { "Bytes" } } }
                    tbody {
                        @for file in files.iter().take(sheet.room.lines) {
                            tr {
                                th scope="row" { bdi { (Plain::location(file.name)) } small { code { (Plain::location(file.sha256)) } } }
                                td.n { (words::count(file.bytes)) }
                            }
                        }
                    }
                }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more in the registry" } }
            }
        }
    }
}
