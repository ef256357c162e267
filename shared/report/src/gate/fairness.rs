//! How alike the candidate treats the groups of each protected feature.

use maud::{Markup, html};
use tidegate_validation::report::FairnessLine;

use super::Sheet;
use super::mark::Mark;
use crate::escape::Plain;
use crate::words;

/// The section; nothing where nothing is protected.
pub(super) fn fairness(sheet: &Sheet<'_>) -> Markup {
    let lines = &sheet.report.fairness;
    let shown = lines.get(..sheet.room.lines).unwrap_or(lines);
    let more = lines.len().saturating_sub(shown.len());
    html! {
        @if !lines.is_empty() {
            section #fairness aria-labelledby="fairness-h" {
                h2 #fairness-h { "Fairness" }
                p { "How alike the candidate treats the groups of each protected feature. A difference of 0 and a ratio of 1 are perfect." }
                @for group in shown.chunk_by(|one, other| one.feature == other.feature) { (feature(sheet, group)) }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see gate.json" } }
            }
        }
    }
}

fn feature(sheet: &Sheet<'_>, lines: &[FairnessLine]) -> Markup {
    let Some(first) = lines.first() else { return html! {} };
    let name = Plain::name(&first.feature);
    if lines.iter().all(|line| line.value.is_none()) {
        return html! {
            p.empty { "By " bdi { (name) } ": nothing to compare, too few of its groups have enough rows of either outcome." }
        };
    }
    html! {
        table.tests.stacked {
            caption {
                "By " bdi { (name) } ": "
                (words::counted(first.groups, "group", "groups")) " with " (words::counted(first.rows, "row", "rows"))
                "; intervals at 95%"
            }
            thead { tr { th scope="col" { "Measure" } th.n scope="col" { "Value" } } }
            tbody { @for line in lines { (row(sheet, line)) } }
        }
    }
}

fn row(sheet: &Sheet<'_>, line: &FairnessLine) -> Markup {
    let rule = sheet.report.rules.iter().find(|rule| rule.name == format!("fairness:{}:{}", line.feature, line.metric.name()));
    let (value, interval) = line.value.map_or_else(|| ("no value".to_owned(), None), |value| words::estimate(value, line.interval));
    html! {
        tr {
            th scope="row" {
                (words::sentence_start(&line.metric.name().replace('_', " ")))
                @if let Some(rule) = rule { small { (Mark(rule.outcome)) } }
            }
            td.n { (value) @if let Some(interval) = interval { small { (interval) } } }
        }
    }
}
