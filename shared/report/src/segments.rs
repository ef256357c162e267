//! What moved within one part of the records, even where the whole held still.

use maud::{Markup, html};
use tidegate_monitoring::SegmentFinding;

use crate::banner::Badge;
use crate::escape::Plain;
use crate::page::Sheet;
use crate::plots::interval;
use crate::{rows, words};

/// The findings, strongest first.
pub(crate) fn segments(sheet: &Sheet<'_>) -> Markup {
    let findings = &sheet.page.verdict.segments;
    let most = sheet.room.rows / 2;
    let more = findings.len().saturating_sub(most);
    html! {
        @if !findings.is_empty() {
            section #segments aria-labelledby="segments-h" {
                h2 #segments-h { "Within segments" span.tally { (words::counted(findings.len() as u64, "finding", "findings")) } }
                p.key { "What moved within one part of the records, even where the whole held still. Strongest first." }
                table.lines.segments {
                    caption { "Shaded: effects too small to matter. Dot: the effect; line: its interval." }
                    thead {
                        tr {
                            th scope="col" { "Segment" }
                            th scope="col" { "What moved" }
                            th.wide { span.hidden { "Effect drawn against its threshold" } }
                            th.n scope="col" { "By" }
                        }
                    }
                    tbody { @for finding in findings.iter().take(most) { (line(sheet, finding)) } }
                }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see verdict.json" } }
            }
        }
    }
}

fn line(sheet: &Sheet<'_>, finding: &SegmentFinding) -> Markup {
    let test = &finding.decisive;
    html! {
        tr.noted {
            th scope="row" {
                bdi { (Plain::name(&finding.segment)) } " " bdi.value { (sheet.value(&finding.segment, &finding.value)) }
                br; small { (words::counted(finding.records, "record", "records")) }
            }
            td { bdi { (Plain::name(&finding.field)) } br; small { (rows::test(&test.test)) } }
            td.wide { @if let Some(line) = interval::sparkline(test) { (line) } }
            td.n { (words::size(test.effect, &test.unit)) " " span.muted { (rows::short_unit(test)) } }
        }
        tr.note {
            td colspan="4" { (Badge(finding.state)) " " (sheet.statement(if sheet.restricted() { &test.says } else { &finding.sentence })) }
        }
    }
}
