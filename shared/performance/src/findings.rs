//! What is found beside the metric that decides: segments, fairness, truth that is missing, and the service's health.

use tidegate_contract::{Contract, FairnessMetric, Metric};
use tidegate_monitoring::State;
use tidegate_statistics::{correction, interval, student_t};

use crate::coverage::GroupCoverage;
use crate::judge::{fall_of, margin};
use crate::measured::Measured;
use crate::reference::{HALF_WIDTH, with_error};
use crate::verdict::{Finding, FindingKind};
use crate::words::{count, percent, value};

/// Share of false discoveries among segments that are called worse.
const FALSE_DISCOVERIES: f64 = 0.02;

/// Chance below which truth is missing otherwise than at random, and Cramér's V from which on that matters.
const MISSING: (f64, f64) = (0.01, 0.1);

/// How many times more or fewer records than the most or the fewest of past weeks are a sudden change.
const VOLUME_FACTOR: f64 = 2.0;

/// Segments that are worse than they were in the first windows, corrected for their number (Benjamini-Hochberg).
pub(crate) fn of_segments(contract: &Contract, metric: Metric, measured: &Measured, first: &[Measured]) -> Vec<Finding> {
    let own = |window: &Measured, by: &str, name: &str| {
        let part = window.segments.iter().find(|part| part.by == by && part.name == name)?;
        with_error(part.metrics.iter().find(|(found, _)| *found == metric).map(|(_, value)| value)?)
    };
    let mut tests = Vec::new();
    for part in &measured.segments {
        let Some((now, error)) = own(measured, &part.by, &part.name) else { continue };
        let before: Vec<(f64, f64)> = first.iter().filter_map(|window| own(window, &part.by, &part.name)).collect();
        if before.len() < 3 {
            continue;
        }
        let count = before.len() as f64;
        let mean = before.iter().map(|(value, _)| value).sum::<f64>() / count;
        // The windows' own spread holds both their errors and how much the segment differs anyway.
        let spread = before.iter().map(|(value, _)| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let usual = before.iter().map(|(_, error)| error * error).sum::<f64>() / count;
        let spread = (error * error + (spread - usual).max(0.0) + spread.max(usual) / count).sqrt();
        let fall = fall_of(metric, now, mean);
        let p = student_t::two_sided_p(fall / spread, count - 1.0).unwrap_or(1.0);
        let p = if fall > 0.0 { p / 2.0 } else { 1.0 - p / 2.0 };
        let least = fall - student_t::quantile(0.975, count - 1.0).unwrap_or(HALF_WIDTH) * spread;
        tests.push((part, now, mean, least, p));
    }
    let adjusted = correction::benjamini_hochberg(&tests.iter().map(|(.., p)| *p).collect::<Vec<_>>());
    let worse = tests.into_iter().zip(adjusted).filter(|((_, _, mean, least, _), q)| {
        let allowed = contract.validation.segment_margin.unwrap_or(2.0 * margin(contract, metric, *mean));
        *q < FALSE_DISCOVERIES && *least > allowed
    });
    worse
        .map(|((part, now, mean, least, _), _)| Finding {
            kind: FindingKind::Segment,
            state: State::Warning,
            sentence: format!(
                "Of {} = {}, {} is {}; it was {} in the first windows: worse by at least {}.",
                part.by,
                part.name,
                metric.title(),
                value(now),
                value(mean),
                value(least)
            ),
        })
        .collect()
}

/// The contract's fairness rules, as the gate reads them: broken where the whole interval lies on the wrong side.
pub(crate) fn of_fairness(contract: &Contract, measured: &Measured) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in contract.validation.fairness_rules() {
        for line in measured.fairness.iter().filter(|line| line.metric == rule.metric) {
            let (Some(now), Some([low, high])) = (line.value, line.interval) else { continue };
            let is_over = rule.maximum.is_some_and(|maximum| low > maximum);
            let is_under = rule.minimum.is_some_and(|minimum| high < minimum);
            let limit = rule.maximum.filter(|_| is_over).map(|limit| ("at most", limit));
            let Some((words, limit)) = limit.or(rule.minimum.filter(|_| is_under).map(|limit| ("at least", limit))) else { continue };
            findings.push(Finding {
                kind: FindingKind::Fairness,
                state: State::Warning,
                sentence: format!(
                    "By {}, {} is {} ({} to {}) among {}; {words} {} is asked.",
                    line.feature,
                    fairness_title(line.metric),
                    value(now),
                    value(low),
                    value(high),
                    line.groups.join(", "),
                    value(limit)
                ),
            });
        }
    }
    findings
}

fn fairness_title(metric: FairnessMetric) -> String {
    metric.name().replace('_', " ")
}

pub(crate) fn of_coverage(measured: &Measured) -> Vec<Finding> {
    let (level, least) = MISSING;
    let biased = measured
        .coverage
        .missing
        .iter()
        .filter(|missing| missing.p.is_some_and(|p| p < level) && missing.effect.is_some_and(|effect| effect >= least));
    biased
        .map(|missing| {
            let share = |group: &&GroupCoverage| group.labelled as f64 / group.predictions.max(1) as f64;
            let large = || missing.groups.iter().filter(|group| group.predictions >= 20);
            let least = large().min_by(|a, b| share(a).total_cmp(&share(b)));
            let most = large().max_by(|a, b| share(a).total_cmp(&share(b)));
            let named = |group: Option<&GroupCoverage>| {
                group.map(|group| format!("{} of {}", percent(share(&group)), group.name)).unwrap_or_default()
            };
            Finding {
                kind: FindingKind::Coverage,
                state: State::Ok,
                sentence: format!(
                    "Truth is missing, and not at random: by {}, {} is in and {}. Quality is that of the predictions whose truth is in.",
                    missing.by,
                    named(least),
                    named(most)
                ),
            }
        })
        .collect()
}

pub(crate) fn of_health(contract: &Contract, measured: &Measured, weeks: &[Measured]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let health = &measured.health;
    let finding = |kind, sentence| Finding { kind, state: State::Warning, sentence };
    let usual: Vec<u64> = weeks.iter().map(|week| week.health.records).collect();
    let (fewest, most) = (usual.iter().min().copied().unwrap_or(0), usual.iter().max().copied().unwrap_or(0));
    // Two weeks at least: one may have been the odd one.
    let is_expected = usual.len() >= 2 && fewest > 0;
    if is_expected && health.records == 0 {
        let sentence =
            format!("No record came; in the same hours of the past {} weeks there were {} to {}.", usual.len(), count(fewest), count(most));
        findings.push(Finding { kind: FindingKind::Silence, state: State::NoData, sentence });
    } else if let Some(limit) = contract.service.silence_minutes.map(u64::from).filter(|limit| health.silent_minutes > *limit) {
        let sentence = format!("No record came for {} minutes on end; the contract allows {}.", count(health.silent_minutes), count(limit));
        findings.push(finding(FindingKind::Silence, sentence));
    }
    let is_many = health.records as f64 > most as f64 * VOLUME_FACTOR;
    let is_few = (health.records as f64) < fewest as f64 / VOLUME_FACTOR;
    if is_expected && health.records > 0 && (is_many || is_few) {
        let sentence = format!(
            "{} records came; in the same hours of the past {} weeks there were {} to {}.",
            count(health.records),
            usual.len(),
            count(fewest),
            count(most)
        );
        findings.push(finding(FindingKind::Volume, sentence));
    }
    if let (Some(limit), Some(p99)) = (contract.service.latency_p99_ms, health.latency_p99_ms)
        && p99 > limit
    {
        let sentence = format!("One answer in a hundred took more than {} ms; the contract allows {} ms.", value(p99), value(limit));
        findings.push(finding(FindingKind::Latency, sentence));
    }
    // Surely more: of few requests, one that failed may have been the odd one.
    let failing = interval::wilson(health.failed, health.records, 0.95);
    if let (Some(limit), Some(share)) = (contract.service.error_rate, failing)
        && share.low > limit
    {
        let sentence = format!(
            "{} of {} records hold no answer: {} at least failed, and the contract allows {}.",
            count(health.failed),
            count(health.records),
            percent_of(share.low),
            percent_of(limit)
        );
        findings.push(finding(FindingKind::Failures, sentence));
    }
    findings
}

/// A small share in percent, with two digits: `0.1 %`, `3.8 %`, `12 %`.
fn percent_of(share: f64) -> String {
    let percent = share * 100.0;
    let digits = if percent < 1.0 { 2 } else { usize::from(percent < 10.0) };
    let text = format!("{percent:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}
