//! What a verdict names as its baselines.

use chrono::{DateTime, SecondsFormat};
use tidegate_contract::{BaselineKind, Contract};
use tidegate_profile::{Baseline, Profile};

use crate::reference::MIN_PERIODS;
use crate::words::number;
use crate::{BaselineReference, FieldVerdict, History, Window, spans};

/// Every baseline that had an opinion on a field: the contract's in its order, then those that only features name. The training set is
/// always among them.
pub(crate) fn used(
    contract: &Contract,
    baseline: Option<&Baseline>,
    history: &History<'_>,
    window: Window,
    fields: &[FieldVerdict],
) -> Vec<BaselineReference> {
    let Some(baseline) = baseline else { return Vec::new() };
    let mut kinds = contract.monitoring.baselines.clone();
    kinds.extend(
        [BaselineKind::Training, BaselineKind::Seasonal, BaselineKind::Previous]
            .into_iter()
            .filter(|kind| !contract.monitoring.baselines.contains(kind)),
    );
    let had_opinion = |kind: BaselineKind| fields.iter().any(|field| field.opinions.iter().any(|opinion| opinion.baseline == kind));
    let named = |kind: BaselineKind| match kind {
        BaselineKind::Training => Some(training(baseline)),
        _ if !had_opinion(kind) => None,
        BaselineKind::Previous => Some(previous(baseline, history.previous?, window)),
        BaselineKind::Seasonal => Some(seasonal(baseline, history.same_hours, window)),
    };
    kinds.into_iter().filter_map(named).collect()
}

fn periods(baseline: &Baseline) -> u64 {
    baseline.periods.len().max(1) as u64
}

fn training(baseline: &Baseline) -> BaselineReference {
    BaselineReference {
        kind: BaselineKind::Training,
        id: baseline.id.clone(),
        location: baseline.source.location.clone(),
        records: baseline.profile.records,
        periods: periods(baseline),
    }
}

fn previous(baseline: &Baseline, profile: &Profile, window: Window) -> BaselineReference {
    BaselineReference {
        kind: BaselineKind::Previous,
        id: span(spans(window).previous),
        location: "the window before".to_owned(),
        records: profile.records,
        periods: periods(baseline),
    }
}

fn seasonal(baseline: &Baseline, weeks: &[Profile], window: Window) -> BaselineReference {
    let all = spans(window).same_hours;
    let reached =
        |span: &Window| weeks.iter().filter_map(|week| week.span_ms).any(|(first, last)| first < span.end_ms && last >= span.start_ms);
    let latest = all.first().copied().unwrap_or(window);
    let earliest = all.iter().copied().rfind(reached).unwrap_or(latest);
    let count = weeks.len() as u64;
    BaselineReference {
        kind: BaselineKind::Seasonal,
        id: span(Window { start_ms: earliest.start_ms, end_ms: latest.end_ms }),
        location: format!("the same hours of {} past {}", number(count as f64), if count == 1 { "week" } else { "weeks" }),
        records: weeks.iter().map(|week| week.records).sum(),
        periods: if weeks.len() >= MIN_PERIODS { count } else { periods(baseline) },
    }
}

/// A span of time as ISO 8601 writes it: start, slash, end.
fn span(window: Window) -> String {
    let time = |ms: i64| DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("{}/{}", time(window.start_ms), time(window.end_ms))
}
