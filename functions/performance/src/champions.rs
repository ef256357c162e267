//! What the registry says of who served in a window, under the names that records may give its versions.

use tidegate_monitoring::Window;
use tidegate_performance::Champion;
use tidegate_registry::ModelVersion;

/// Who was champion when, cut to the window: that an open reign ends later changes nothing of a window that was before.
pub(crate) fn champions(versions: &[ModelVersion], window: Window) -> Vec<Champion> {
    let spans = versions.iter().flat_map(|version| version.reigns.iter().map(move |reign| (version, reign)));
    let cut = spans.filter_map(|(version, reign)| {
        let from_ms = reign.from_ms.max(window.start_ms);
        let until_ms = reign.until_ms.unwrap_or(i64::MAX).min(window.end_ms);
        (from_ms < until_ms).then(|| Champion { names: names(version), from_ms, until_ms })
    });
    cut.collect()
}

/// What applications call a version in their logs: its number, its training run, or its artifact's digest.
fn names(version: &ModelVersion) -> Vec<String> {
    vec![version.number.to_string(), format!("v{}", version.number), version.lineage.run.clone(), version.id.clone()]
}
