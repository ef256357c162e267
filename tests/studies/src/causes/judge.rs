//! The product's own road on records in memory: intake, hourly profiles, a frozen baseline, `assess`.

use std::collections::BTreeMap;

use tidegate_contract::Contract;
use tidegate_intake::{Layout, Limits, Plan};
use tidegate_monitoring::{History, Input, Verdict, Window, assess, spans};
use tidegate_profile::{Baseline, Lines, Part, Profile, Profiler, Sampler, Source, WindowProfile};

use super::records::{Batches, DAY_MS, HOUR_MS, Record, by_hour, lines};

/// The baseline of a training set.
pub(crate) fn baseline(contract: &Contract, training: &[Record]) -> anyhow::Result<Baseline> {
    let with_times = training.iter().collect::<Vec<_>>();
    let batches = read(contract, Layout::Dataset, &lines(&with_times))?.0;
    let mut sampler = Sampler::new(&contract.fields());
    for (_, batch, _) in &batches.read {
        sampler.observe(batch)?;
    }
    let mut builder = sampler.freeze("training", Source::default());
    for (_, batch, facts) in &batches.read {
        builder.observe(batch, facts)?;
    }
    Ok(builder.finish())
}

fn read(contract: &Contract, layout: Layout, log: &[u8]) -> anyhow::Result<(Batches, tidegate_intake::Summary)> {
    let plan = Plan::new(contract, layout)?;
    let mut batches = Batches::default();
    let summary = tidegate_intake::read(&plan, Limits::default(), bytes::Bytes::copy_from_slice(log), &mut batches)?;
    Ok((batches, summary))
}

/// One file per hour, counted as `collect` counts it.
fn part(contract: &Contract, profiler: &Profiler, hour: i64, log: &[u8]) -> anyhow::Result<Part> {
    let (batches, summary) = read(contract, Layout::Logs, log)?;
    let mut profile = profiler.start();
    for (_, batch, facts) in &batches.read {
        profiler.observe(&mut profile, batch, facts)?;
    }
    let name = format!("hour-{hour}");
    let source = Source { id: name.clone(), location: name, content: summary.content_sha256, lines: summary.lines };
    Ok(Part { source, lines: Lines { ..summary.lines }, reasons: summary.reasons, profile })
}

/// Files with damaged lines: which hours' files, and which part of their lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Damage {
    pub(crate) hours: Vec<i64>,
    pub(crate) part: f64,
}

impl Damage {
    /// The log with a part of its lines cut off in the middle.
    fn done_to(&self, hour: i64, log: Vec<u8>) -> Vec<u8> {
        if !self.hours.contains(&hour) {
            return log;
        }
        let mut broken = Vec::new();
        for (index, line) in log.split(|byte| *byte == b'\n').enumerate() {
            let is_bad = (index as f64 * self.part).fract() < self.part;
            broken.extend_from_slice(if is_bad { line.get(..line.len() / 2).unwrap_or_default() } else { line });
            broken.push(b'\n');
        }
        broken
    }
}

/// Judges a window of records that come with the days before them.
pub(crate) fn judge(
    contract: &Contract,
    baseline: &Baseline,
    records: &[Record],
    window: Window,
    damage: &Damage,
) -> anyhow::Result<Verdict> {
    let profiler = Profiler::new(&contract.fields(), Some(baseline));
    let mut parts: BTreeMap<i64, Part> = BTreeMap::new();
    for (hour, records) in by_hour(records) {
        let log = damage.done_to(hour, lines(&records));
        parts.insert(hour, part(contract, &profiler, hour, &log)?);
    }
    let sum = |from: i64, to: i64| -> anyhow::Result<WindowProfile> {
        let parts = parts.range(from..to).map(|(_, part)| part.clone()).collect();
        Ok(WindowProfile::combine(profiler.start(), parts, contract.monitoring.bad_lines)?)
    };
    let length = window.end_ms - window.start_ms;
    let current = sum(window.start_ms, window.end_ms)?;
    let spans = spans(window);
    let begins = parts.keys().next().copied().unwrap_or(window.start_ms);
    let past = |span: Window| -> anyhow::Result<Option<Profile>> {
        let profile = sum(span.start_ms, span.end_ms)?.profile;
        Ok((profile.records > 0 && span.start_ms >= begins).then_some(profile))
    };
    let previous = past(spans.previous)?;
    let week = spans.week.map(past).transpose()?.flatten();
    let same_hours: Vec<Option<Profile>> = spans.same_hours.into_iter().map(past).collect::<Result<_, _>>()?;
    let same_hours: Vec<Profile> = same_hours.into_iter().flatten().collect();
    // As at a desk and in an account: the hours of a short window, the days of a long one.
    let step = if length > 2 * DAY_MS { DAY_MS } else { HOUR_MS };
    let mut trail: BTreeMap<i64, Profile> = BTreeMap::new();
    for (hour, part) in parts.range(..window.end_ms) {
        let start = hour.div_euclid(step) * step;
        trail.entry(start).or_insert_with(|| profiler.start()).merge(&part.profile)?;
    }
    let trail: Vec<(Window, Profile)> =
        trail.into_iter().map(|(start_ms, profile)| (Window { start_ms, end_ms: start_ms + step }, profile)).collect();
    let history = History { previous: previous.as_ref(), same_hours: &same_hours, week: week.as_ref(), trail: &trail };
    Ok(assess(&Input { contract, window, baseline: Some(baseline), current: &current, history, in_series: true }))
}
