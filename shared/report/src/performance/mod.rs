//! The page about a window's quality: what it comes to, quality over time beside what the scores promised, how much truth is in, segments, fairness and the
//! service's health.

mod course;
mod tables;

use maud::{Markup, html};
use tidegate_contract::{Contract, Sensitivity};
use tidegate_monitoring::State;
use tidegate_performance::{Basis, Finding, Measured, Performance};

use crate::escape::Plain;
use crate::{Badge, MAX_BYTES, dates, document, phrases, words};

/// What a page about quality is made from.
#[derive(Debug, Clone, Copy)]
pub struct PerformancePage<'a> {
    /// What the team declared.
    pub contract: &'a Contract,
    /// What the window shows by itself.
    pub measured: &'a Measured,
    /// What that comes to.
    pub performance: &'a Performance,
}

/// Most characters of a sentence.
const SENTENCE: usize = 600;

/// Most lines of a table, from what fits nearly always to what fits whatever the names.
const LINES: [usize; 3] = [60, 20, 6];

/// What the parts of the page are made from.
struct Sheet<'a> {
    page: PerformancePage<'a>,
    lines: usize,
}

impl Sheet<'_> {
    /// A value of a feature, unless the contract keeps values back.
    fn value(&self, by: &str, name: &str, place: usize) -> Plain {
        let is_withheld = self.page.contract.sensitivity == Sensitivity::Restricted && by != "version" && by != "score";
        if is_withheld { Plain::name(&format!("value {}", place + 1)) } else { Plain::name(name) }
    }

    /// A sentence of the judgement. One that names values of a restricted contract is cut to what it is about.
    fn sentence(&self, finding: &Finding) -> Plain {
        use tidegate_performance::FindingKind::{Coverage, Fairness, Segment};
        let names_values = matches!(finding.kind, Coverage | Fairness | Segment);
        if names_values && self.page.contract.sensitivity == Sensitivity::Restricted {
            let about = match finding.kind {
                Segment => "A segment is worse than it was; performance.json says which.",
                Fairness => "A fairness rule is broken; performance.json says which.",
                _ => "Truth is missing, and not at random; performance.json says where.",
            };
            return Plain::sentences(about, SENTENCE);
        }
        Plain::sentences(&finding.sentence, SENTENCE)
    }

    /// The judgement in one sentence: as a finding, where it is one.
    fn headline(&self) -> Plain {
        let performance = self.page.performance;
        let finding = performance.findings.first().filter(|finding| finding.sentence == performance.headline);
        finding.map_or_else(|| Plain::sentences(&performance.headline, SENTENCE), |finding| self.sentence(finding))
    }
}

/// A window's page as one HTML document, smaller than [`MAX_BYTES`]. Equal inputs give equal bytes.
#[must_use]
pub fn performance_page(page: &PerformancePage<'_>) -> String {
    let mut html = String::new();
    for lines in LINES {
        html = whole(&Sheet { page: *page, lines });
        if html.len() < MAX_BYTES {
            break;
        }
    }
    html
}

fn whole(sheet: &Sheet<'_>) -> String {
    let PerformancePage { performance, measured, .. } = sheet.page;
    let model = Plain::name(&performance.model);
    let title = format!("{}: quality of {}, {}", word(performance.state), model.as_str(), dates::window(performance.window));
    let body = html! {
        (banner(sheet))
        nav aria-label="On this page" {
            a href="#findings" { "Findings" }
            a href="#time" { "Over time" }
            @if measured.quality.is_some() || performance.estimated.is_some() { a href="#metrics" { "Metrics" } }
            a href="#truth" { "Truth" }
            @if !measured.segments.is_empty() { a href="#parts" { "Segments and versions" } }
            @if !measured.fairness.is_empty() { a href="#fairness" { "Fairness" } }
            a href="#health" { "Service" }
        }
        main {
            (findings(sheet))
            (course::course(sheet))
            (tables::metrics(sheet))
            (tables::truth(sheet))
            (tables::parts(sheet))
            (tables::fairness(sheet))
            (tables::health(sheet))
        }
        footer { p { "Made by Tidegate. Times are UTC. The same predictions and the same truth give the same page, byte for byte." } }
    };
    document(&title, &body)
}

/// A state in words: drift is said of data, here a model got worse.
fn word(state: State) -> &'static str {
    if state == State::Drift { "Worse" } else { Badge(state).word() }
}

fn banner(sheet: &Sheet<'_>) -> Markup {
    let performance = sheet.page.performance;
    let badge = Badge(performance.state);
    let cause = phrases::cause(performance.cause.kind, performance.cause.fault);
    html! {
        header.banner.(badge.class()) {
            p.eyebrow { "Quality report · " bdi { (Plain::name(&performance.model)) } }
            p.state { (badge) span.when { (dates::window(performance.window)) " (UTC)" } }
            h1 { (sheet.headline()) }
            div.whys {
                section aria-labelledby="why" {
                    h2 #why { "Why" }
                    p { @if let Some(cause) = cause { (cause) ". " } (Plain::sentences(&performance.cause.evidence, SENTENCE)) }
                }
                section.do aria-labelledby="do" {
                    h2 #do { "What to do" }
                    p { (Plain::sentences(&performance.action.sentence, SENTENCE)) }
                }
            }
            dl.facts {
                div { dt { "Predictions" } dd { (words::count(performance.predictions)) } }
                div { dt { "Truth is in of" } dd { (words::count(performance.labelled)) } }
                @if let Some(check) = &performance.check {
                    div { dt { (performance.metric.title()) } dd { (words::estimate(check.value, Some(check.interval)).0) } }
                    div { dt { "A fall that would be seen" } dd { (words::number(check.visible_fall)) } }
                }
                @if let Some(reference) = &performance.reference {
                    div.wide { dt { "Held against" } dd { (words::number(reference.value)) span.muted { ", " (basis(&reference.basis)) } } }
                }
            }
        }
    }
}

/// Where a reference or a calibration comes from.
fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Registered { version, rows } => {
            format!("version {version} when it was registered, {}", words::counted(*rows, "row", "rows"))
        }
        Basis::EvaluationSet { rows } => format!("the evaluation set, {}", words::counted(*rows, "row", "rows")),
        Basis::FirstWindows { windows, rows } => {
            format!(
                "the first {} whose truth is in, {}",
                words::counted(*windows, "window", "windows"),
                words::counted(*rows, "prediction", "predictions")
            )
        }
        Basis::AsTheyAre => "scores taken for probabilities as they are".to_owned(),
    }
}

fn findings(sheet: &Sheet<'_>) -> Markup {
    let findings = &sheet.page.performance.findings;
    html! {
        section #findings aria-labelledby="findings-h" {
            h2 #findings-h { "Findings" }
            @if findings.is_empty() {
                p.empty { "Nothing was found." }
            } @else {
                ul.findings {
                    @for finding in findings.iter().take(sheet.lines) {
                        li { p.what { (Badge(finding.state)) strong { (words::sentence_start(finding.kind.name())) } } p { (sheet.sentence(finding)) } }
                    }
                }
                @if findings.len() > sheet.lines { p.more { "and " (words::count((findings.len() - sheet.lines) as u64)) " more, see performance.json" } }
            }
        }
    }
}
