//! How the verdict was made, in plain words, and the identifiers by which everything can be found again.

use maud::{Markup, html};
use tidegate_contract::{BaselineKind, Feature, FeatureKind, Method, Monitoring, RetrainingMode};

use crate::escape::Plain;
use crate::page::Sheet;
use crate::{dates, rows, words};

/// At most so many features with settings of their own are listed.
const MOST_OVERRIDES: usize = 12;

/// The method with the numbers that were used.
pub(crate) fn method(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    let monitoring = &sheet.page.contract.monitoring;
    let periods = verdict.baselines.iter().find(|baseline| baseline.kind == BaselineKind::Training).map_or(0, |baseline| baseline.periods);
    let own: Vec<&Feature> = sheet.page.contract.features.iter().filter(|feature| feature.monitoring.is_some()).collect();
    html! {
        section #method aria-labelledby="method-h" {
            h2 #method-h { "How this was judged" }
            (compared(sheet))
            p { "A field counts as " strong { "drift" } " only when two things hold at once:" }
            ol {
                li {
                    strong { "It is more than chance. " }
                    "The p-value knows how many records there are"
                    @if periods > 1 { " and how much the baseline's own " (words::count(periods)) " periods differ anyway" }
                    ". A field's tests speak together (by the harmonic mean of their p-values), and it is corrected for the number of fields (Benjamini–Hochberg), so that at most " (words::share(monitoring.false_discovery_rate)) " of the fields called drifted are expected to be false alarms."
                    @if let Some(windows) = in_month(sheet) { " " (windows) }
                    @if !sheet.page.contract.segments.is_empty() { " Segments are corrected by themselves, over every segment and field together: looking closer weakens no field's verdict." }
                }
                li {
                    strong { "It is large enough to matter. " }
                    "The effect is surely (at 95 %, towards zero alone, which is a little less than the line of its interval shows) beyond the threshold: " (words::number(monitoring.effect)) " standard deviations for numbers, " (words::number(monitoring.effect)) " of Cohen's w for categories, where the field's tests do not say otherwise."
                    @if !sheet.page.contract.segments.is_empty() { " Within a segment it must be larger, as the segment is but a part of the records: twice as large in a quarter of them." }
                    " And it is larger than anything that a single period of the baseline showed."
                }
            }
            p { "If only the first holds, or the effect may still lie below the threshold, it is a " strong { "warning" } "; so is a change that lies for the most part in few of the window's days, and not in its last. Below " (words::counted(monitoring.minimum_records, "record", "records")) ", or where a shift that matters could not have been seen, the answer is " strong { "not enough data" } ", not " strong { "OK" } "." }
            @if periods == 1 { p { "The training data have a single period, so their ordinary variation could not be learned: read small shifts with care." } }
            @if weighted(sheet) { p { "Drift of a feature that carries less than a tenth of an average feature's importance is shown, and counts for the model as a warning." } }
            (named_method(monitoring))
            (overrides(&own, monitoring))
            (glossary())
            (policy(sheet))
        }
    }
}

/// What the fields are compared with, and which comparison counts.
fn compared(sheet: &Sheet<'_>) -> Markup {
    let baselines = &sheet.page.verdict.baselines;
    let has = |kind: BaselineKind| baselines.iter().any(|baseline| baseline.kind == kind);
    let named: Vec<Plain> = baselines.iter().map(|baseline| sheet.against(baseline.kind)).collect();
    html! {
        p {
            @match named.as_slice() {
                [] => "There is nothing to compare this window with yet.",
                [only] => { "Every field of the window is compared with " (only) "." }
                several => {
                    "Every field of the window is compared with " (words::series(several)) ". The first of them that can tell decides."
                    @if has(BaselineKind::Training) && has(BaselineKind::Seasonal) {
                        " Two things are heard beside it. What differs from the training data, but not from past weeks, and cancels out over the whole week, is a season and no alarm. What lies within the training data, but is unusual for these hours of the week, is drift."
                    }
                    @if has(BaselineKind::Previous) && named.len() > 1 { " The window before says whether a move is new." }
                }
            }
        }
    }
}

/// The correction over time, where the window is one of a series.
fn in_month(sheet: &Sheet<'_>) -> Option<String> {
    let windows = sheet.page.verdict.windows_corrected;
    (windows.is_finite() && windows > 1.0).then(|| {
        format!(
            "As one of a series it is also corrected for the {} windows of its length in 30 days: without drift, a whole month of them raises a false alarm no more often than a single window might.",
            words::number(windows.round())
        )
    })
}

/// Whether some features matter more to the model than others.
fn weighted(sheet: &Sheet<'_>) -> bool {
    let mut importances = sheet.page.contract.features.iter().map(|feature| feature.importance);
    importances.next().is_some_and(|first| importances.any(|other| (other - first).abs() > 1e-9))
}

/// How a named method measures the effect; the model's own tests need no words.
fn named_method(monitoring: &Monitoring) -> Markup {
    html! {
        // Every method can compare numbers.
        @match monitoring.named_method(None, FeatureKind::Numeric) {
            None => {}
            Some((Method::SagemakerRobust, threshold)) => {
                p { "The contract asks for SageMaker's robust distance as that tool uses it: above " (words::number(threshold)) " is drift, and no p-value is asked." }
            }
            Some((method, threshold)) => {
                p {
                    "The contract measures how large a change is by one number, the " strong { (rows::test(method.name())) } ", which matters from "
                    (words::number(threshold)) " on. That it is more than chance is asked as above."
                }
            }
        }
    }
}

fn overrides(features: &[&Feature], monitoring: &Monitoring) -> Markup {
    let more = features.len().saturating_sub(MOST_OVERRIDES);
    html! {
        @if !features.is_empty() {
            p { "The contract sets apart: "
                @for (index, feature) in features.iter().take(MOST_OVERRIDES).enumerate() {
                    @if index > 0 { "; " }
                    bdi { (Plain::name(&feature.name)) }
                    @if let Some(settings) = &feature.monitoring {
                        @if settings.method.is_some() || settings.threshold.is_some() { (own_method(monitoring.named_method(Some(settings), feature.kind))) }
                        @if let Some(effect) = settings.effect { ", matters from " (words::number(effect)) }
                        @if let Some(missing) = settings.missing { ", up to " (words::share(missing)) " missing is normal" }
                        @if settings.mute { ", never raises the state" }
                    }
                }
                @if more > 0 { "; and " (words::count(more as u64)) " more" }
                "."
            }
        }
    }
}

/// A feature's own method: `, Hellinger distance matters from 0.2`.
fn own_method(method: Option<(Method, f64)>) -> Markup {
    html! {
        @match method {
            Some((method, threshold)) => { ", " (rows::test(method.name())) " matters from " (words::number(threshold)) },
            None => ", judged by all tests",
        }
    }
}

fn glossary() -> Markup {
    html! {
        dl.glossary {
            div { dt { "Baseline" } dd { "The records that a window is compared with: the training data, past weeks, or the window before." } }
            div { dt { "Window" } dd { "The records that this report judges." } }
            div { dt { "sd" } dd { "Standard deviations of the baseline: 0.1 is a small shift, 0.5 a large one." } }
            div { dt { "w" } dd { "Cohen's w: how far a mix of categories moved, frequent ones counting for more than rare ones; 0.1 is small, 0.5 large." } }
            div { dt { "pp" } dd { "Percentage points: from 2% to 5% is 3 pp." } }
        }
    }
}

fn policy(sheet: &Sheet<'_>) -> Markup {
    let contract = sheet.page.contract;
    html! {
        p.muted {
            @match contract.retraining.mode {
                RetrainingMode::Never => "By the contract, drift never asks for retraining.",
                RetrainingMode::Propose => { "By the contract, retraining is proposed to a person, from " (words::counted(contract.retraining.minimum_records, "new record", "new records")) " on." }
                RetrainingMode::Automatic => { "By the contract, retraining starts by itself, from " (words::counted(contract.retraining.minimum_records, "new record", "new records")) " on." }
            }
            @if let Some(owner) = &contract.owners.monitoring { " Questions go to " bdi { (Plain::name(owner)) } "." }
        }
    }
}

const fn baseline_name(kind: BaselineKind) -> &'static str {
    match kind {
        BaselineKind::Training => "Baseline",
        BaselineKind::Seasonal => "Past weeks",
        BaselineKind::Previous => "Before",
    }
}

/// The identifiers.
pub(crate) fn footer(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    html! {
        footer {
            dl.ids {
                div { dt { "Model" } dd { bdi { (Plain::name(&verdict.model)) } } }
                div { dt { "Window" } dd { (dates::exact(verdict.window.start_ms)) " to " (dates::exact(verdict.window.end_ms)) } }
                @if let Some((first, last)) = sheet.page.current.span_ms { div { dt { "Records from" } dd { (dates::exact(first)) " to " (dates::exact(last)) } } }
                @for baseline in &verdict.baselines {
                    div { dt { (baseline_name(baseline.kind)) } dd { bdi { (Plain::location(&baseline.id)) } } }
                    @if !baseline.location.is_empty() { div { dt { "from" } dd { bdi { (Plain::location(&baseline.location)) } } } }
                }
                div { dt { "Verdict" } dd { (Plain::name(&verdict.schema)) ", the same facts for programs in verdict.json" } }
            }
            p { "Made by Tidegate. Times are UTC. The same records give the same report, byte for byte." }
        }
    }
}
