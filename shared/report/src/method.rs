//! How the verdict was made, in plain words, and the identifiers by which everything can be found again.

use maud::{Markup, html};
use tidegate_contract::{BaselineKind, Feature, RetrainingMode};

use crate::escape::Plain;
use crate::page::Sheet;
use crate::{dates, phrases, words};

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
                    ". It is corrected for the number of fields and tests (Benjamini–Hochberg), so that at most " (words::share(monitoring.false_discovery_rate)) " of the fields called drifted are expected to be false alarms."
                    @if !sheet.page.contract.segments.is_empty() { " Segments are corrected by themselves, over every segment and field together: looking closer makes no alarm more likely." }
                }
                li {
                    strong { "It is large enough to matter. " }
                    "The whole interval of the effect lies beyond the threshold: " (words::number(monitoring.effect)) " standard deviations for numbers, " (words::number(monitoring.effect)) " of Cohen's w for categories, where the field's tests do not say otherwise. And it is larger than anything that a single period of the baseline showed."
                }
            }
            p { "If only the first holds, or the interval still reaches below the threshold, it is a " strong { "warning" } ". Below " (words::counted(monitoring.minimum_records, "record", "records")) ", or where a shift that matters could not have been seen, the answer is " strong { "not enough data" } ", not " strong { "OK" } "." }
            @if periods == 1 { p { "The training data have a single period, so their ordinary variation could not be learned: read small shifts with care." } }
            (overrides(&own))
            (glossary())
            (policy(sheet))
        }
    }
}

/// What the fields are compared with, and which comparison counts.
fn compared(sheet: &Sheet<'_>) -> Markup {
    let verdict = sheet.page.verdict;
    let named: Vec<String> = verdict.baselines.iter().map(|baseline| phrases::baseline(baseline.kind, verdict.window)).collect();
    html! {
        p {
            @match named.as_slice() {
                [] => "There is nothing to compare this window with yet.",
                [only] => { "Every field of the window is compared with " (only) "." }
                several => {
                    "Every field of the window is compared with " (words::series(several)) ", and the first of them that can tell decides. "
                    "What differs from the training data but comes back every week is a season and no alarm; what fits them but is unusual for its hour of the week is one."
                }
            }
        }
    }
}

fn overrides(features: &[&Feature]) -> Markup {
    let more = features.len().saturating_sub(MOST_OVERRIDES);
    html! {
        @if !features.is_empty() {
            p { "The contract sets apart: "
                @for (index, feature) in features.iter().take(MOST_OVERRIDES).enumerate() {
                    @if index > 0 { "; " }
                    bdi { (Plain::name(&feature.name)) }
                    @if let Some(settings) = &feature.monitoring {
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

fn glossary() -> Markup {
    html! {
        dl.glossary {
            div { dt { "Baseline" } dd { "The records that a window is compared with: the training data, past weeks, or the window before." } }
            div { dt { "Window" } dd { "The records that this report judges." } }
            div { dt { "sd" } dd { "Standard deviations of the baseline: 0.1 is a small shift, 0.5 a large one." } }
            div { dt { "w" } dd { "Cohen's w: how far a mix of categories moved; 0.1 is small, 0.5 large." } }
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
