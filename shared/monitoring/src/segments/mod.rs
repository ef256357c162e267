//! What moves within segments, and what a field's change owes to them.
//!
//! A field can look as before while one carrier's flights do not. So each value of a segment is compared with itself: every field of
//! its records in the window against the same in the baseline, with two keys as for the whole. A finding must also be more than what
//! all records together show: it says something that the field's own verdict does not.
//!
//! All values of all segments and all fields are one family of tests, apart from that of the fields themselves, each at the contract's
//! false discovery rate: a segment more weakens no field's verdict, and a field's drift lowers no segment's bar.
//!
//! Not judged: windows shorter than a day (the baseline keeps no hours of the day by segment), values with few records on either side, and
//! the values that are not counted one by one ([`tidegate_profile::SEGMENT_VALUES`]).

mod decomposition;
mod within;

use std::rc::Rc;

use tidegate_contract::{Contract, FeatureKind, FieldRole};
use tidegate_profile::{Baseline, Counts, FieldAnchor, Profile, SegmentGroup, SegmentProfile};
use tidegate_statistics::correction;

pub(crate) use self::decomposition::{carried_by, decompose, followed, mix_behind};
use self::within::{Together, Within};
use crate::assess::is_hardly_heard;
use crate::decide::{strength, weight, windows_in_month};
use crate::history::DAY_MS;
use crate::rules::Rules;
use crate::words::{list, percent, quoted};
use crate::{CarriedBy, Cause, CauseKind, Evidence, Fault, FieldVerdict, Input, SegmentFinding, State, Window};

/// Fewer records of a value in the baseline, and it is not compared.
const MIN_BASELINE_RECORDS: u64 = 200;

/// A value of at least this share of the records makes the model drift, if it drifted in a field that the model listens to and not in the
/// mere shape of numbers, which a few unusual days can bend; otherwise it is a warning.
const OF_ACCOUNT: f64 = 0.1;

/// At most so many findings are told, the strongest.
const MAX_FINDINGS: usize = 20;

/// At most so many pairs of value and field, those that stand out most from chance, are compared with their ordinary variation.
const MAX_COMPARED: usize = 2_000;

/// Confidence in a population shift when all of the change lies in the mix.
const LIKELY: f64 = 0.8;

/// Confidence in a cause that only some records show.
const CONFIDENCE: f64 = 0.6;

/// One field within one value of a segment.
struct Candidate<'a> {
    segment: &'a SegmentProfile,
    value: &'a str,
    records: u64,
    field: &'a FieldVerdict,
    within: Within<'a>,
    all: Together,
    /// The value among the segment's, and the groups of the baseline's periods.
    position: usize,
    periods: Rc<[&'a SegmentProfile]>,
    /// The field among the baseline's.
    field_at: usize,
}

/// What moved within segments, strongest first.
pub(crate) fn findings(input: &Input<'_>, fields: &[FieldVerdict]) -> Vec<SegmentFinding> {
    let Input { contract, window, current, in_series, .. } = *input;
    // Records without times are one window of no length.
    let is_long = window.end_ms - window.start_ms >= DAY_MS || window.end_ms == window.start_ms;
    let Some(baseline) = input.baseline.filter(|_| is_long) else { return Vec::new() };
    let current = &current.profile;
    let candidates: Vec<Candidate<'_>> =
        current.segments.iter().flat_map(|segment| candidates(contract, window, baseline, current, segment, fields)).collect();
    let rate = contract.monitoring.false_discovery_rate;
    let windows = windows_in_month(window, in_series);
    let level = rate / windows;
    let may_tell = |(index, candidate): (usize, &Candidate<'_>)| Some((candidate.within.may_tell(level)?, index));
    let mut told: Vec<(f64, usize)> = candidates.iter().enumerate().filter_map(may_tell).collect();
    told.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let mut tests: Vec<Vec<Evidence>> = vec![Vec::new(); candidates.len()];
    for (_, index) in told.into_iter().take(MAX_COMPARED) {
        if let (Some(tests), Some(candidate)) = (tests.get_mut(index), candidates.get(index)) {
            *tests = candidate.within.tests(&candidate.periods());
        }
    }
    correct(&candidates, &mut tests, windows);
    let mut findings: Vec<SegmentFinding> =
        candidates.iter().zip(&tests).filter_map(|(candidate, tests)| candidate.finding(tests, rate, fields, current.records)).collect();
    let weight = |finding: &SegmentFinding| (finding.state, finding.records as f64 * finding.decisive.size());
    findings.sort_by(|a, b| {
        let order = weight(b).partial_cmp(&weight(a)).unwrap_or(std::cmp::Ordering::Equal);
        order.then_with(|| (&a.segment, &a.value, &a.field).cmp(&(&b.segment, &b.value, &b.field)))
    });
    findings.truncate(MAX_FINDINGS);
    findings
}

/// Corrects over a month of windows, the tests of each field and all candidates (Benjamini and Hochberg, 1995), as the fields' own
/// evidence is corrected; what was not tested has a p-value of 1.
fn correct(candidates: &[Candidate<'_>], tests: &mut [Vec<Evidence>], windows: f64) {
    let shared = |candidate: &Candidate<'_>, test: &Evidence| test.p / weight(candidate.field.kind, test) * windows;
    let each = candidates.iter().zip(tests.iter());
    let plain: Vec<f64> = each.map(|(candidate, tests)| tests.iter().map(|test| shared(candidate, test)).fold(1.0, f64::min)).collect();
    let adjusted = correction::benjamini_hochberg(&plain);
    for (((candidate, tests), plain), adjusted) in candidates.iter().zip(tests).zip(&plain).zip(adjusted) {
        let factor = if *plain > 0.0 { adjusted / plain } else { 1.0 };
        for test in tests {
            test.p_adjusted = (shared(candidate, test) * factor).min(1.0);
        }
    }
}

impl Candidate<'_> {
    /// The baseline's periods.
    fn periods(&self) -> Vec<Counts> {
        let width = self.within.before.cells.len();
        let groups = self.periods.iter().filter_map(|period| period.groups.get(self.position));
        groups.map(|group| part(group, self.field_at, width).counts).collect()
    }

    fn finding(&self, tests: &[Evidence], rate: f64, fields: &[FieldVerdict], all_records: u64) -> Option<SegmentFinding> {
        let moved = matches!(self.field.state, State::Warning | State::Drift);
        let drifted = |test: &&Evidence| {
            let beyond = || self.within.beyond(test, &self.all, moved);
            let unsure = test.effect.abs() - test.sure_effect();
            strength(test, rate) == State::Drift && beyond() - unsure >= test.threshold && beyond() > test.ordinary
        };
        let decisive = tests.iter().filter(drifted).max_by(|a, b| a.size().total_cmp(&b.size()))?;
        let is_shape = matches!(decisive.test.as_str(), "spread" | "shape") && self.field.kind == FeatureKind::Numeric;
        let is_large = self.records as f64 >= OF_ACCOUNT * all_records as f64;
        let is_of_account = is_large && !is_shape && !is_hardly_heard(self.field, fields);
        let state = if is_of_account { State::Drift } else { State::Warning };
        Some(SegmentFinding {
            segment: self.segment.field.clone(),
            value: self.value.to_owned(),
            records: self.records,
            field: self.field.name.clone(),
            state,
            sentence: decisive.says.clone(),
            decisive: decisive.clone(),
        })
    }
}

/// Everything that can be compared by one segment.
fn candidates<'a>(
    contract: &Contract,
    window: Window,
    baseline: &'a Baseline,
    current: &'a Profile,
    segment: &'a SegmentProfile,
    fields: &'a [FieldVerdict],
) -> Vec<Candidate<'a>> {
    let Some(index) = baseline.profile.segments.iter().position(|earlier| earlier.field == segment.field) else { return Vec::new() };
    let Some(earlier) = baseline.profile.segments.get(index).filter(|earlier| earlier.values == segment.values) else {
        return Vec::new();
    };
    let periods: Rc<[&SegmentProfile]> = baseline.segments.iter().filter_map(|period| period.get(index)).collect();
    let heard = fields.iter().filter(|field| !field.muted && field.role != FieldRole::Latency && field.name != segment.field);
    let declared = contract.fields();
    let mut candidates = Vec::new();
    for field in heard {
        let now_at = current.fields.iter().position(|profile| profile.name == field.name);
        let before_at = baseline.position(&field.name);
        let (Some(now_at), Some(before_at)) = (now_at, before_at) else { continue };
        let Some(cells) = baseline.fields.get(before_at) else { continue };
        let Some(anchor) = &cells.anchor else { continue };
        let Some(rules) = declared.iter().find(|declared| declared.name == field.name).map(|declared| Rules::of(contract, declared)) else {
            continue;
        };
        let days = (window.end_ms - window.start_ms) as f64 / DAY_MS as f64;
        // Blocks of rows have no length in time: a window then counts as one period, the cautious choice.
        let periods_in_window = if cells.hours.is_empty() { 1.0 } else { days.max(1.0) };
        let width = anchor.coarse_cells();
        let (before_all, now_all) = (total(&earlier.groups, before_at, width), total(&segment.groups, now_at, width));
        let numeric = baseline.profile.fields.get(before_at).and_then(|field| field.numeric.as_ref());
        let have_one_sign = numeric.is_some_and(|numeric| numeric.min >= Some(0.0) || numeric.max.is_some_and(|max| max <= 0.0));
        let all = Together { have_one_sign, means: means(&now_all, &before_all, anchor), before: before_all.counts, now: now_all.counts };
        for (position, value) in segment.values.iter().enumerate() {
            let (Some(now), Some(before)) = (segment.groups.get(position), earlier.groups.get(position)) else { continue };
            if now.records < contract.monitoring.minimum_records || before.records < MIN_BASELINE_RECORDS {
                continue;
            }
            let (now_part, before_part) = (part(now, now_at, width), part(before, before_at, width));
            let means = means(&now_part, &before_part, anchor);
            // A part with a share `s` of the records adds `s·w²` to what all records together show.
            let effect = rules.effect / (now.records as f64 / current.records.max(1) as f64).sqrt();
            let within = Within { anchor, effect, now: now_part.counts, before: before_part.counts, periods_in_window, means };
            candidates.push(Candidate {
                segment,
                value,
                records: now.records,
                field,
                within,
                all: all.clone(),
                position,
                periods: Rc::clone(&periods),
                field_at: before_at,
            });
        }
    }
    candidates
}

/// A field within a group, or within several.
struct Part {
    counts: Counts,
    offsets: i64,
}

/// A field within a group, in so many coarse cells.
fn part(group: &SegmentGroup, position: usize, width: usize) -> Part {
    let field = group.fields.get(position).filter(|field| field.cells.len() == width);
    let cells = field.map_or_else(|| vec![0; width], |field| field.cells.clone());
    let absent = group.records.saturating_sub(cells.iter().sum());
    Part { counts: Counts { absent, cells }, offsets: field.map_or(0, |field| field.offsets) }
}

/// A field over all groups.
fn total(groups: &[SegmentGroup], position: usize, width: usize) -> Part {
    let mut sum = Part { counts: Counts { absent: 0, cells: vec![0; width] }, offsets: 0 };
    for group in groups {
        let more = part(group, position, width);
        sum.counts.absent += more.counts.absent;
        sum.offsets = sum.offsets.saturating_add(more.offsets);
        for (cell, more) in sum.counts.cells.iter_mut().zip(more.counts.cells) {
            *cell += more;
        }
    }
    sum
}

/// Means of a numeric field in window and baseline.
fn means(now: &Part, before: &Part, anchor: &FieldAnchor) -> Option<(f64, f64)> {
    let FieldAnchor::Numeric(anchor) = anchor else { return None };
    let mean = |part: &Part| anchor.mean_of_offsets(part.offsets, part.counts.cells.iter().sum());
    Some((mean(now)?, mean(before)?))
}

/// What to say first when something moved within segments only.
pub(crate) fn headline(finding: &SegmentFinding, records: u64) -> String {
    format!(
        "{} moved where {} is {} ({} of the records): {}. All records together do not show it.",
        finding.field,
        finding.segment,
        quoted(&finding.value),
        percent(finding.records as f64 / records.max(1) as f64),
        finding.sentence
    )
}

/// Why, when something moved within segments only.
pub(crate) fn cause(findings: &[SegmentFinding], contract: &Contract) -> Option<Cause> {
    let first = findings.first()?;
    let is_input = contract.features.iter().any(|feature| feature.name == first.field);
    let (kind, fault) = match (first.decisive.test.as_str(), is_input) {
        ("missing", true) if first.decisive.effect > 0.0 => (CauseKind::DataFault, Some(Fault::Missing)),
        (_, true) => (CauseKind::CovariateDrift, None),
        (_, false) => (CauseKind::PredictionDrift, None),
    };
    let moved = if fault.is_some() { "is missing more often" } else { "moved" };
    let evidence = format!("{} {moved} where {} is {}, and not elsewhere", first.field, first.segment, quoted(&first.value));
    Some(Cause { kind, evidence, confidence: CONFIDENCE, fault })
}

/// A population shift, when the mix of a segment explains every input that moved, and nothing moved within its values.
pub(crate) fn population_shift(
    moved: &[&str],
    findings: &[SegmentFinding],
    current: &Profile,
    baseline: Option<&Baseline>,
) -> Option<Cause> {
    let mix = mix_behind(moved, current, baseline?)?;
    if findings.iter().any(|finding| finding.segment == mix.segment) {
        return None;
    }
    let others: Vec<&str> = moved.iter().copied().filter(|field| *field != mix.segment).collect();
    let evidence = if others.is_empty() {
        format!("the mix of {} moved, and within each of its values nothing did", mix.segment)
    } else {
        format!("the mix of {} moved, and {} of what {} shows comes of it", mix.segment, percent(mix.between), list(&others))
    };
    Some(Cause { kind: CauseKind::PopulationShift, evidence, confidence: mix.between * LIKELY, fault: None })
}

/// The segment that carries the first finding.
pub(crate) fn carrier(findings: &[SegmentFinding]) -> Option<CarriedBy> {
    findings.first().map(|finding| CarriedBy { segment: finding.segment.clone(), value: finding.value.clone(), share: 1.0 })
}
