//! Faults of the data themselves: findings in words, and the counts behind them.

use maud::{Markup, html};
use tidegate_monitoring::{QualityFinding, QualityKind};
use tidegate_profile::FieldProfile;

use crate::banner::Badge;
use crate::escape::Plain;
use crate::page::Sheet;
use crate::words;

/// At most so many findings are shown.
const MOST_FINDINGS: usize = 20;
/// At most so many fields have a line in the table of counts.
const MOST_COUNTS: usize = 40;

/// Findings and counts.
pub(crate) fn quality(sheet: &Sheet<'_>) -> Markup {
    let findings = &sheet.page.verdict.quality;
    let more = findings.len().saturating_sub(MOST_FINDINGS);
    html! {
        section #quality aria-labelledby="quality-h" {
            h2 #quality-h { "Data quality" @if !findings.is_empty() { span.tally { (words::counted(findings.len() as u64, "finding", "findings")) } } }
            @if findings.is_empty() {
                p {
                    @if sheet.page.verdict.records == 0 { "There were no records to look at." }
                    @else { "No fault found: nothing is missing, of the wrong type, out of range or new beyond what is ordinary." }
                }
            } @else {
                ul.findings { @for finding in findings.iter().take(MOST_FINDINGS) { (item(sheet, finding)) } }
            }
            @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see verdict.json" } }
            (counts(&sheet.page.current.fields, sheet.page.current.records))
        }
    }
}

fn item(sheet: &Sheet<'_>, finding: &QualityFinding) -> Markup {
    html! {
        li {
            p.what {
                (Badge(finding.state)) strong { (kind(finding.kind)) }
                @if let Some(field) = &finding.field { " in " strong { bdi { (Plain::name(field)) } } }
            }
            p { (sheet.statement(&finding.sentence)) }
            p.muted.n {
                (words::share(finding.share)) " affected"
                @if let Some(before) = finding.share_baseline { ", " (words::share(before)) " in the baseline" }
            }
        }
    }
}

const fn kind(kind: QualityKind) -> &'static str {
    match kind {
        QualityKind::Missing => "Missing values",
        QualityKind::WrongType => "Values of the wrong type",
        QualityKind::OutOfRange => "Values out of range",
        QualityKind::UnseenCategory => "Values never seen before",
        QualityKind::Infinite => "Infinite numbers",
        QualityKind::AbsentFeature => "A feature that no record carries",
        QualityKind::UnexpectedFeature => "A feature that the contract does not know",
        QualityKind::BadLines => "Lines that could not be read",
    }
}

/// What became of every value, per field; only fields with something to tell.
fn counts(fields: &[FieldProfile], records: u64) -> Markup {
    let telling: Vec<&FieldProfile> = fields
        .iter()
        .filter(|field| [field.missing, field.wrong_type, field.infinite, field.out_of_range].iter().any(|count| *count > 0))
        .collect();
    let more = telling.len().saturating_sub(MOST_COUNTS);
    let cell = |count: u64| if count == 0 { words::NONE.to_owned() } else { words::count(count) };
    html! {
        @if !telling.is_empty() {
            details {
                summary { "Counts per field" }
                div.scroll tabindex="0" role="region" aria-label="Counts per field" {
                    table.tests {
                        caption { "Of " (words::counted(records, "record", "records")) ". Fields without such values are left out." }
                        thead {
                            tr {
                                th scope="col" { "Field" }
                                @for head in ["Usable", "Missing", "Wrong type", "Infinite", "Out of range"] { th.n scope="col" { (head) } }
                            }
                        }
                        tbody {
                            @for field in telling.iter().take(MOST_COUNTS) {
                                tr {
                                    th scope="row" { bdi { (Plain::name(&field.name)) } }
                                    @for count in [field.present, field.missing, field.wrong_type, field.infinite, field.out_of_range] { td.n { (cell(count)) } }
                                }
                            }
                        }
                    }
                }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more" } }
            }
        }
    }
}
