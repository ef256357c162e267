//! What the report was computed from: enough to compute it again, and to prove that it is this one.

use maud::{Markup, html};
use tidegate_validation::metrics::Method;

use super::Sheet;
use crate::escape::Plain;
use crate::words;

/// The section.
pub(super) fn basis(sheet: &Sheet<'_>) -> Markup {
    let (report, card) = (sheet.report, sheet.card);
    let basis = &report.computed_from;
    let digests = [
        ("Candidate", Some(basis.candidate_digest.as_str())),
        ("Champion", basis.champion_digest.as_deref()),
        ("Evaluation", Some(basis.evaluation_digest.as_str())),
        ("Training", card.training_set),
        ("Artifact", Some(card.artifact).filter(|artifact| *artifact != basis.candidate_digest)),
        ("Manifest", card.manifest),
        ("Contract", Some(basis.contract_digest.as_str())),
        ("Policy", Some(basis.policy_digest.as_str())),
    ];
    let own_digest = report.digest();
    html! {
        section #basis aria-labelledby="basis-h" {
            h2 #basis-h { "What it was computed from" }
            p.note {
                "Digests are SHA-256. The policy is what of the contract the gate reads. "
                (intervals(sheet))
            }
            dl.ids.note {
                @for (name, digest) in digests {
                    @if let Some(digest) = digest { div { dt { (name) } dd { code { (Plain::location(digest)) } } } }
                }
                div { dt { "Resamples" } dd { (words::count(u64::from(basis.resamples))) } }
                div { dt { "Seed" } dd { (basis.seed) } }
                div { dt { "Report" } dd { code { (own_digest) } ", " (Plain::name(&report.format)) ": the same facts for programs in gate.json, which an approval is bound to" } }
            }
        }
    }
}

/// Which intervals were made how.
fn intervals(sheet: &Sheet<'_>) -> Markup {
    let made = |method: Method| {
        let by = |line: &&tidegate_validation::report::MetricLine| line.candidate.method == Some(method);
        let titles: Vec<&str> = sheet.report.metrics.iter().filter(by).map(|line| line.metric.title()).take(sheet.room.lines).collect();
        (!titles.is_empty()).then(|| words::series(&titles))
    };
    let kinds = [
        (Method::Wilson, "Wilson's score interval"),
        (Method::Delong, "DeLong's variance"),
        (Method::Influence, "the influence of each row"),
        (Method::Bootstrap, "seeded resampling"),
    ];
    let said: Vec<String> =
        kinds.into_iter().filter_map(|(method, name)| made(method).map(|titles| format!("{name} of {titles}"))).collect();
    html! { @if !said.is_empty() { "Intervals are made by " (said.join("; by ")) "." } }
}
