//! The tables: every metric, how much truth is in, segments and versions, fairness, and the service's health.

use maud::{Markup, html};
use tidegate_contract::Metric;
use tidegate_performance::Part;
use tidegate_validation::report::MetricValue;

use super::{Sheet, basis};
use crate::words;

/// A value with its interval, or a dash.
fn valued(value: Option<f64>, interval: Option<[f64; 2]>) -> Markup {
    html! {
        @if let Some(value) = value {
            @let (value, interval) = words::estimate(value, interval);
            (value) @if let Some(interval) = interval { " " small.muted { (interval) } }
        } @else { (words::NONE) }
    }
}

/// Every metric, realised beside promised.
pub(super) fn metrics(sheet: &Sheet<'_>) -> Markup {
    let (measured, performance) = (sheet.page.measured, sheet.page.performance);
    let Some(quality) = &measured.quality else { return promised(sheet) };
    let lines: Vec<&(Metric, MetricValue)> = quality.metrics.iter().collect();
    html! {
        section #metrics aria-labelledby="metrics-h" {
            h2 #metrics-h { "Metrics" }
            table.lines.stacked {
                caption {
                    "On " (words::counted(quality.rows, "prediction", "predictions")) " whose truth is in, with 95% intervals"
                    @if quality.one_in > 1 { "; one in " (words::count(quality.one_in)) ", chosen by the hash of its id" }
                }
                thead { tr { th scope="col" { "Metric" } th scope="col" { "Realised" } @if performance.estimated.is_some() { th scope="col" { "Promised by the scores" } } } }
                tbody {
                    @for (metric, value) in lines {
                        tr {
                            th scope="row" { (words::sentence_start(metric.title())) }
                            td { (valued(value.value, value.interval)) @if let Some(reason) = &value.undefined { " " small.muted { (reason) } } }
                            @if let Some(estimated) = &performance.estimated {
                                td {
                                    @match estimated.metric(*metric) {
                                        Some((promised, interval)) => {
                                            (valued(Some(promised), Some(interval)))
                                            @if performance.realised.iter().any(|(found, _, within)| found == metric && !within) { " " small { "missed" } }
                                        }
                                        None => (words::NONE),
                                    }
                                }
                            }
                        }
                    }
                }
            }
            (confusion(sheet))
        }
    }
}

/// What the scores promise, while no truth is in.
fn promised(sheet: &Sheet<'_>) -> Markup {
    let Some(estimated) = &sheet.page.performance.estimated else { return html! {} };
    html! {
        section #metrics aria-labelledby="metrics-h" {
            h2 #metrics-h { "Metrics" }
            table.lines.stacked {
                caption { "No truth is in. What the scores of " (words::counted(estimated.rows, "prediction", "predictions")) " promise, with 95% intervals; learned from " (basis(&estimated.basis)) }
                thead { tr { th scope="col" { "Metric" } th scope="col" { "Promised by the scores" } } }
                tbody { @for (metric, value, interval) in &estimated.metrics { tr { th scope="row" { (words::sentence_start(metric.title())) } td { (valued(Some(*value), Some(*interval))) } } } }
            }
        }
    }
}

fn confusion(sheet: &Sheet<'_>) -> Markup {
    let cells = sheet.page.measured.quality.as_ref().map(|quality| quality.confusion.as_slice()).unwrap_or_default();
    // What the contract calls the positive outcome.
    let positive = sheet.page.contract.validation.positive.as_deref();
    let class = |name: &str, place| match (name, positive) {
        ("positive", Some(positive)) => sheet.value("class", positive, place),
        ("negative", Some(positive)) => sheet.value("class", &format!("not {positive}"), place),
        _ => sheet.value("class", name, place),
    };
    html! {
        @if !cells.is_empty() && cells.len() <= 25 {
            table.lines {
                caption { "What was, and what was predicted" }
                thead { tr { th scope="col" { "Was" } th scope="col" { "Predicted" } th.n scope="col" { "Number" } } }
                tbody {
                    @for (place, (actual, predicted, rows)) in cells.iter().enumerate() {
                        tr { td { (class(actual, place)) } td { (class(predicted, place)) } td.n { (words::count(*rows)) } }
                    }
                }
            }
        }
    }
}

/// How much truth is in.
pub(super) fn truth(sheet: &Sheet<'_>) -> Markup {
    let measured = sheet.page.measured;
    let coverage = &measured.coverage;
    html! {
        section #truth aria-labelledby="truth-h" {
            h2 #truth-h { "Truth" }
            dl.facts.figures {
                div { dt { "Share that is in" } dd { @if let Some(share) = coverage.share { (words::share(share)) } @else { (words::NONE) } } }
                @if let Some(lag) = coverage.lag {
                    div { dt { "Half came within" } dd { (words::number(lag.p50_hours)) " h" } }
                    div { dt { "Nine of ten within" } dd { (words::number(lag.p90_hours)) " h" } }
                    div { dt { "99 of 100 within" } dd { (words::number(lag.p99_hours)) " h" } }
                }
                @if coverage.unreadable > 0 { div { dt { "No outcome of the task" } dd { (words::count(coverage.unreadable)) } } }
                @if measured.predictions.without_id > 0 { div { dt { "Records without an id" } dd { (words::count(measured.predictions.without_id)) } } }
                @if measured.predictions.shadows > 0 { div { dt { "Shadow predictions, apart" } dd { (words::count(measured.predictions.shadows)) } } }
                @if measured.predictions.repeated > 0 { div { dt { "Repeated records" } dd { (words::count(measured.predictions.repeated)) } } }
            }
            @for missing in &coverage.missing {
                details {
                    summary {
                        "By " (crate::escape::Plain::name(&missing.by))
                        @if let Some(p) = missing.p { ": " @if p < 0.01 { "missing more in some groups than chance explains" } @else { "missing at random, as far as can be told" } }
                    }
                    table.lines {
                        caption { @if let (Some(p), Some(effect)) = (missing.p, missing.effect) { "p " (words::p_value(p)) ", Cramér's V " (words::number(effect)) } @else { "All or none of it is in" } }
                        thead { tr { th scope="col" { "Group" } th.n scope="col" { "Predictions" } th.n scope="col" { "Truth is in" } } }
                        tbody {
                            @for (place, group) in missing.groups.iter().enumerate().take(sheet.lines) {
                                tr { th scope="row" { (sheet.value(&missing.by, &group.name, place)) } td.n { (words::count(group.predictions)) } td.n { (words::share(group.labelled as f64 / group.predictions.max(1) as f64)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Versions and segments.
pub(super) fn parts(sheet: &Sheet<'_>) -> Markup {
    let measured = sheet.page.measured;
    let parts: Vec<&Part> = measured.versions.iter().chain(&measured.segments).collect();
    let names: Vec<Metric> = parts
        .iter()
        .find(|part| !part.metrics.is_empty())
        .map(|part| part.metrics.iter().map(|(metric, _)| *metric).take(3).collect())
        .unwrap_or_default();
    html! {
        @if !parts.is_empty() {
            section #parts aria-labelledby="parts-h" {
                h2 #parts-h { "Versions and segments" }
                // Four columns: more do not fit on a phone.
                table.lines.stacked {
                    caption { "With 95% intervals; a dash: too few predictions whose truth is in" }
                    thead { tr { th scope="col" { "Part" } @for name in &names { th scope="col" { (words::sentence_start(name.title())) } } } }
                    tbody {
                        @for (place, part) in parts.iter().enumerate().take(sheet.lines) {
                            tr {
                                th scope="row" {
                                    (sheet.value(&part.by, &part.name, place))
                                    small.muted { (crate::escape::Plain::name(&part.by)) }
                                    small.muted {
                                        (words::counted(part.predictions, "prediction", "predictions"))
                                        @if part.shadows == part.predictions { " as a shadow" } @else if part.shadows > 0 { ", " (words::count(part.shadows)) " as a shadow" }
                                        @if part.labelled < part.predictions { ", truth of " (words::count(part.labelled)) }
                                    }
                                }
                                @for name in &names {
                                    @let found = part.metrics.iter().find(|(metric, _)| metric == name).map(|(_, value)| value);
                                    td { (valued(found.and_then(|found| found.value), found.and_then(|found| found.interval))) }
                                }
                            }
                        }
                    }
                }
                @if parts.len() > sheet.lines { p.more { "and " (words::count((parts.len() - sheet.lines) as u64)) " more, see measured.json" } }
                @if measured.predictions.shadows > 0 {
                    p.note { "A shadow answers requests that another version serves. It counts for its own version alone; all else on this page is of what served." }
                }
            }
        }
    }
}

/// How alike groups are treated.
pub(super) fn fairness(sheet: &Sheet<'_>) -> Markup {
    let lines = &sheet.page.measured.fairness;
    html! {
        @if !lines.is_empty() {
            section #fairness aria-labelledby="fairness-h" {
                h2 #fairness-h { "Fairness" }
                table.lines.stacked {
                    caption { "Differences are greatest less least, ratios least by greatest; with 95% intervals" }
                    thead { tr { th scope="col" { "Feature" } th scope="col" { "Metric" } th scope="col" { "Value" } } }
                    tbody {
                        @for line in lines.iter().take(sheet.lines) {
                            tr {
                                th scope="row" {
                                    (crate::escape::Plain::name(&line.feature))
                                    small.muted { (words::counted(line.groups.len() as u64, "group", "groups")) ", " (words::counted(line.rows, "prediction", "predictions")) }
                                    @if !line.too_small.is_empty() { small.muted { (words::counted(line.too_small.len() as u64, "group is", "groups are")) " too small" } }
                                }
                                td { (words::sentence_start(&line.metric.name().replace('_', " "))) }
                                td { (valued(line.value, line.interval)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The service's health.
pub(super) fn health(sheet: &Sheet<'_>) -> Markup {
    let health = &sheet.page.measured.health;
    let window = sheet.page.measured.window;
    let hours = (window.end_ms - window.start_ms) as f64 / 3_600_000.0;
    html! {
        section #health aria-labelledby="health-h" {
            h2 #health-h { "Service" }
            dl.facts.figures {
                div { dt { "Records" } dd { (words::count(health.records)) } }
                @if hours > 0.0 { div { dt { "Per hour" } dd { (words::number(health.records as f64 / hours)) } } }
                @if health.failed > 0 { div { dt { "Without an answer" } dd { (words::count(health.failed)) " (" (words::share(health.failed as f64 / health.records as f64)) ")" } } }
                div { dt { "Longest silence" } dd { (words::counted(health.silent_minutes, "minute", "minutes")) } }
                @for (name, value) in [("Half answered within", health.latency_p50_ms), ("Nine of ten within", health.latency_p90_ms), ("99 of 100 within", health.latency_p99_ms)] {
                    @if let Some(value) = value { div { dt { (name) } dd { (words::number(value)) " ms" } } }
                }
            }
            @if health.timed == 0 && health.records > 0 { p.note { "The records do not say how long answers took." } }
        }
    }
}
