//! Candidate beside champion: every metric with its interval and rows, as a table and as a picture.

use maud::{Markup, html};
use tidegate_contract::{Direction, Metric};
use tidegate_validation::GateReport;
use tidegate_validation::report::{MetricLine, MetricValue};

use super::Sheet;
use crate::escape::Plain;
use crate::plots::beside::{Beside, beside};
use crate::words;

/// The section.
pub(super) fn metrics(sheet: &Sheet<'_>) -> Markup {
    let report = sheet.report;
    let champion = sheet.champion();
    let lines = ordered(sheet);
    let drawn: Vec<Beside<'_>> = lines.iter().map(|line| Beside { line, limits: limits(report, line.metric) }).collect();
    let more = report.metrics.len().saturating_sub(lines.len());
    let says = format!(
        "{} with 95% intervals, for each metric on its own scale. The table above has the same numbers.",
        if champion.is_some() { "Candidate and champion" } else { "The candidate" }
    );
    html! {
        section #metrics aria-labelledby="metrics-h" {
            h2 #metrics-h { @if champion.is_some() { "Candidate beside champion" } @else { "The candidate's metrics" } }
            (rows(sheet))
            @if lines.is_empty() {
                p.empty { "No metric was measured." }
            } @else {
                table.lines.stacked.metrics {
                    caption { "On all rows that each has, with 95% intervals" }
                    thead {
                        tr {
                            th scope="col" { "Metric" }
                            th scope="col" { "Candidate" small { bdi { (sheet.candidate()) } } }
                            @if let Some(champion) = &champion { th scope="col" { "Champion" small { bdi { (champion) } } } }
                        }
                    }
                    tbody { @for line in &lines { (row(sheet, line, champion.is_some())) } }
                }
                @if more > 0 { p.more { "and " (words::count(more as u64)) " more, see gate.json" } }
                @if let Some(figure) = beside(&drawn, &Plain::location(&says)) {
                    figure.panel aria-labelledby="beside" {
                        figcaption.key #beside {
                            span.keys {
                                (key("c", "f")) span { "candidate" }
                                @if champion.is_some() { (key("b", "b")) span { "champion" } }
                            }
                            span { "Line: 95% interval. Dotted: the contract's limit. Each metric has its own scale." }
                        }
                        (figure)
                    }
                    @if champion.is_some() {
                        p.note { "Intervals that overlap are no test. Candidate and champion are compared on the same rows, in pairs: see the rule Against the champion." }
                    }
                }
            }
        }
    }
}

/// The metrics in the report's order, the one that decides first.
fn ordered<'a>(sheet: &Sheet<'a>) -> Vec<&'a MetricLine> {
    let decides = |line: &&MetricLine| Some(line.metric) == sheet.primary;
    let metrics = &sheet.report.metrics;
    let first = metrics.iter().filter(decides);
    first.chain(metrics.iter().filter(|line| !decides(line))).take(sheet.room.lines).collect()
}

/// The least and the greatest value of a metric that holds by the contract, as the rule about it says.
pub(crate) fn limits(report: &GateReport, metric: Metric) -> [Option<f64>; 2] {
    let rule = report.rules.iter().find(|rule| rule.name.strip_prefix("limit:") == Some(metric.name()));
    rule.map_or([None, None], |rule| [rule.minimum, rule.maximum])
}

fn row(sheet: &Sheet<'_>, line: &MetricLine, beside_champion: bool) -> Markup {
    let direction = match line.metric.direction() {
        Direction::Greater => "higher is better",
        Direction::Less => "lower is better",
        Direction::Zero => "closer to 0 is better",
    };
    let asked = match limits(sheet.report, line.metric) {
        [Some(least), Some(most)] => format!("; {} to {} asked", words::limit(least), words::limit(most)),
        [Some(least), None] => format!("; at least {} asked", words::limit(least)),
        [None, Some(most)] => format!("; at most {} asked", words::limit(most)),
        [None, None] => String::new(),
    };
    html! {
        tr {
            th scope="row" {
                (words::sentence_start(line.metric.title()))
                @if Some(line.metric) == sheet.primary { " " span.tag { "decides" } }
                small { (direction) (asked) }
            }
            td { (value(&line.candidate)) }
            @if beside_champion { td { @if let Some(champion) = &line.champion { (value(champion)) } @else { (words::NONE) } } }
        }
    }
}

/// A value over its interval and rows, or why there is none.
fn value(found: &MetricValue) -> Markup {
    let shown = found.value.map(|value| words::estimate(value, found.interval));
    html! {
        @match shown {
            Some((value, interval)) => {
                strong { (value) }
                small { @match interval { Some(interval) => (interval), None => "no interval: too few rows" } }
            }
            None => {
                span.muted { "no value" }
                @if let Some(reason) = &found.undefined { small { (Plain::unit(reason)) } }
            }
        }
        small { (words::counted(found.rows, "row", "rows")) }
    }
}

/// A dot on its line, as the figure draws them.
pub(crate) fn key(line: &str, dot: &str) -> Markup {
    html! {
        svg.p.whisker viewBox="0 0 38 16" aria-hidden="true" {
            line.(line) x1="3" y1="8" x2="35" y2="8" {}
            line.(line) x1="3" y1="4" x2="3" y2="12" {}
            line.(line) x1="35" y1="4" x2="35" y2="12" {}
            circle.(dot) cx="19" cy="8" r="4" {}
        }
    }
}

/// Which rows both were judged by, and those that one of them lacks.
fn rows(sheet: &Sheet<'_>) -> Markup {
    let rows = &sheet.report.rows;
    html! {
        p {
            "The candidate answered " (words::counted(rows.candidate, "row", "rows")) " of the evaluation set"
            @if let Some(champion) = rows.champion { ", the champion " (words::count(champion)) }
            @if let Some(common) = rows.common { "; they are compared on the " (words::count(common)) " that both answered" }
            "."
        }
        @for (who, lacking) in [("candidate", &rows.candidate_lacks), ("champion", &rows.champion_lacks)] {
            @if !lacking.is_empty() {
                @let shown: Vec<Plain> = lacking.iter().take(sheet.room.lines.min(12)).map(|id| Plain::name(id)).collect();
                @let more = lacking.len() - shown.len();
                details {
                    summary { "Rows that the " (who) " lacks" }
                    p.note {
                        @for (index, id) in shown.iter().enumerate() { @if index > 0 { ", " } bdi { (id) } }
                        @if more > 0 { " and " (words::count(more as u64)) " more" }
                        ", and others may follow: gate.json names the first."
                    }
                }
            }
        }
    }
}
