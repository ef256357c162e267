//! The way from profiles to a verdict.

use std::collections::BTreeMap;

use tidegate_contract::{BaselineKind, Contract, FieldRole};
use tidegate_profile::{Baseline, Profile, WindowProfile};

use crate::authority::rule;
use crate::baselines;
use crate::cause::Facts;
use crate::contrast::moderate;
use crate::decide::{Levels, correct, opinion, untold, windows_in_month};
use crate::field::{Past, Prepared, Tested, against_training, effect_of, past_weeks, prepare};
use crate::incidents::{Explained, explain};
use crate::passing::Days;
use crate::quality::findings;
use crate::segments;
use crate::versions::Versions;
use crate::words::{list, number};
use crate::{
    CauseKind, FieldVerdict, History, Incident, Opinion, QualityFinding, SCHEMA, SegmentFinding, State, TrailPoint, Verdict, Window, spans,
};

/// A feature that carries less than this share of an average feature's importance does not make the model drift: its own drift raises the
/// model to a warning. The model hardly listens to it, so what it says is hardly wrong.
const HARDLY_HEARD: f64 = 0.1;

/// A move of which the window before showed so much was there before.
const MOSTLY_THERE: f64 = 0.5;

/// A move of which the window before showed no more than this is new.
const HARDLY_THERE: f64 = 0.25;

/// At most so many fields are followed over time.
const TRAIL_FIELDS: usize = 6;

/// An hour or day with fewer usable values than this is left out of a field's trail.
const TRAIL_VALUES: u64 = 30;

/// What a verdict is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the team declared.
    pub contract: &'a Contract,
    /// The window to judge.
    pub window: Window,
    /// The training baseline; `None` when the model has none yet.
    pub baseline: Option<&'a Baseline>,
    /// The window's records and files.
    pub current: &'a WindowProfile,
    /// What came before it.
    pub history: History<'a>,
    /// Whether the window is one of a series that is judged one after the other. Evidence is then corrected over a month of
    /// such windows too, so that a month of windows is not a month of lotteries.
    pub in_series: bool,
}

/// Judges a window. Equal inputs give equal verdicts.
#[must_use]
pub fn assess(input: &Input<'_>) -> Verdict {
    let Input { contract, window, baseline, current, history, .. } = *input;
    let profile = &current.profile;
    let mut fields: Vec<FieldVerdict> = judge_fields(input).into_iter().filter(said_anything).collect();
    fields.sort_by(|a, b| weight(b).partial_cmp(&weight(a)).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.name.cmp(&b.name)));
    let quality = findings(contract, current, baseline, &fields);
    let is_season = |name: &str| fields.iter().any(|field| field.season && field.name == name);
    // What swings with the week as a whole also does within segments.
    let segments: Vec<SegmentFinding> =
        segments::findings(input, &fields).into_iter().filter(|finding| !is_season(&finding.field)).collect();
    let of_all = state(contract, baseline, profile, &fields, &quality);
    let state = raised(of_all, &segments);
    let facts =
        Facts { contract, window, baseline, current, history, fields: &fields, quality: &quality, segments: &segments, state: of_all };
    let Explained { cause, action, incidents } = explain(&facts, state);
    Verdict {
        schema: SCHEMA.to_owned(),
        model: contract.model.clone(),
        window,
        state,
        headline: headline(input, state, &fields, &quality, &segments, incidents.first()),
        action,
        cause,
        records: profile.records,
        versions: profile.versions.clone(),
        baselines: baselines::used(contract, baseline, &history, window, &fields),
        trail: trail(input, &fields),
        importance_moved: importance_moved(&fields),
        windows_corrected: windows_in_month(window, input.in_series),
        incidents,
        segments,
        fields,
        quality,
        intake: current.intake.clone(),
    }
}

/// Compares every field with every baseline and rules on it.
fn judge_fields(input: &Input<'_>) -> Vec<FieldVerdict> {
    const KINDS: [BaselineKind; 3] = [BaselineKind::Training, BaselineKind::Seasonal, BaselineKind::Previous];
    let Input { contract, window, baseline, current, history, in_series } = *input;
    let profile = &current.profile;
    let seasonal = past_weeks(&history, baseline);
    let past = Past { history, seasonal: seasonal.as_ref() };
    let mut prepared: Vec<Prepared<'_>> =
        contract.fields().iter().map(|field| prepare(contract, field, profile, baseline, past, window)).collect();
    for kind in KINDS {
        moderate(prepared.iter_mut().filter_map(|field| field.space(kind)));
    }
    let mut tested: Vec<Tested> = prepared.into_iter().map(Prepared::test).collect();
    let windows = windows_in_month(window, in_series);
    let families = KINDS.map(|kind| (kind, correct(&mut tested, kind, windows)));
    let levels = |kind: BaselineKind| {
        let family = families.iter().find(|(family, _)| *family == kind).map_or(1, |(_, size)| *size);
        Levels { family, windows, records: profile.records }
    };
    let days = baseline.and_then(|baseline| Days::of(window, profile, baseline, history.trail));
    tested.into_iter().map(|field| settle(field, input, &levels, days.as_ref())).collect()
}

/// A field's verdict: each baseline's opinion, and what they come to.
fn settle(mut tested: Tested, input: &Input<'_>, levels: &dyn Fn(BaselineKind) -> Levels, days: Option<&Days<'_>>) -> FieldVerdict {
    let opinions: Vec<Opinion> =
        tested.against.iter().map(|against| opinion(&tested, against, input.contract, levels(against.kind))).collect();
    let week = || {
        let span = spans(input.window).week?;
        against_training(&tested.verdict, &tested.rules, input.history.week?, input.baseline?, span)
    };
    let ruling = rule(&tested, &opinions, input.contract.monitoring.false_discovery_rate, week);
    let verdict = &mut tested.verdict;
    if let Some(ruling) = ruling {
        let opinion = opinions.get(ruling.by);
        verdict.baseline = opinion.map(|opinion| opinion.baseline);
        verdict.smallest_visible = opinion.and_then(|opinion| opinion.smallest_visible);
        verdict.decisive = opinion.and_then(|opinion| opinion.decisive.clone());
        if ruling.by < tested.against.len() {
            let against = tested.against.swap_remove(ruling.by);
            (verdict.tests, verdict.distances) = (against.tests, against.distances);
        }
        (verdict.state, verdict.sentence, verdict.season) = (ruling.state, ruling.sentence, ruling.season);
        let is_drift = verdict.state == State::Drift && verdict.baseline == Some(BaselineKind::Training);
        let passed = |days: &Days<'_>| days.passed(verdict, &tested.rules, input.contract.monitoring.false_discovery_rate);
        if let Some(passed) = days.filter(|_| is_drift).and_then(passed) {
            (verdict.state, verdict.sentence) = (State::Warning, format!("{}, {passed}", verdict.sentence));
        }
    } else {
        (verdict.state, verdict.sentence) = untold(verdict, input.current.profile.records);
    }
    verdict.opinions = opinions;
    tested.verdict
}

/// What a field's state counts for the model: muted fields count for nothing, and the drift of a feature that the model hardly listens to
/// ([`HARDLY_HEARD`]) for a warning.
pub(crate) fn raises(field: &FieldVerdict, fields: &[FieldVerdict]) -> State {
    match field.state {
        _ if field.muted => State::Ok,
        State::Drift if is_hardly_heard(field, fields) => State::Warning,
        state => state,
    }
}

/// The fields that a model's state is about: all that drifted, or those that raise it to a warning.
pub(crate) fn moved(fields: &[FieldVerdict], state: State) -> Vec<&FieldVerdict> {
    let is_meant = |field: &&FieldVerdict| match state {
        State::Drift => !field.muted && field.state == State::Drift,
        _ => raises(field, fields) == state,
    };
    fields.iter().filter(is_meant).collect()
}

/// Whether the model hardly listens to a feature ([`HARDLY_HEARD`]).
pub(crate) fn is_hardly_heard(field: &FieldVerdict, fields: &[FieldVerdict]) -> bool {
    let importances = || fields.iter().filter(|field| field.role == FieldRole::Feature).map(|field| field.importance);
    let mean = importances().sum::<f64>() / importances().count().max(1) as f64;
    field.role == FieldRole::Feature && field.importance < HARDLY_HEARD * mean
}

/// The state of the whole, raised by what moved within segments.
fn raised(state: State, segments: &[SegmentFinding]) -> State {
    let loudest = segments.iter().map(|finding| finding.state).max();
    loudest.filter(|loudest| !matters(state) || *loudest > state).unwrap_or(state)
}

fn matters(state: State) -> bool {
    matches!(state, State::Warning | State::Drift)
}

/// An output that neither baseline nor window has is not a field of this model.
fn said_anything(field: &FieldVerdict) -> bool {
    field.role == FieldRole::Feature
        || (field.present > 0 && !field.tests.is_empty())
        || field.missing_baseline.is_some_and(|missing| missing < 1.0)
}

/// Fields that matter come first: by state, then by how much they matter to the model times how far they moved.
fn weight(field: &FieldVerdict) -> (bool, State, f64) {
    let size = field.decisive.as_ref().map_or(0.0, crate::Evidence::size);
    let state = if matters(field.state) { field.state } else { State::Ok };
    (!field.muted, state, field.importance * size)
}

/// Share of the features' importance that lies on those that drifted.
fn importance_moved(fields: &[FieldVerdict]) -> f64 {
    let of = |heard: &dyn Fn(&FieldVerdict) -> bool| {
        fields.iter().filter(|field| field.role == FieldRole::Feature && heard(field)).map(|field| field.importance).sum::<f64>()
    };
    let all = of(&|_| true);
    if all > 0.0 { of(&|field| !field.muted && field.state == State::Drift) / all } else { 0.0 }
}

fn state(
    contract: &Contract,
    baseline: Option<&Baseline>,
    profile: &Profile,
    fields: &[FieldVerdict],
    quality: &[QualityFinding],
) -> State {
    if profile.records == 0 {
        return State::NoData;
    }
    let heard: Vec<&FieldVerdict> = fields.iter().filter(|field| !field.muted).collect();
    let raised = heard.iter().map(|field| raises(field, fields));
    let loudest = raised.chain(quality.iter().map(|finding| finding.state)).filter(|state| matters(*state)).max();
    match loudest {
        Some(state) => state,
        None if baseline.is_none() || profile.records < contract.monitoring.minimum_records => State::InsufficientData,
        None if !heard.is_empty() && heard.iter().all(|field| field.state == State::InsufficientData) => State::InsufficientData,
        None => State::Ok,
    }
}

fn headline(
    input: &Input<'_>,
    state: State,
    fields: &[FieldVerdict],
    quality: &[QualityFinding],
    segments: &[SegmentFinding],
    main: Option<&Incident>,
) -> String {
    let model = &input.contract.model;
    let records = number(input.current.profile.records as f64);
    let moved = moved(fields, state);
    let names: Vec<&str> = moved.iter().map(|field| field.name.as_str()).collect();
    match state {
        State::NoData => {
            let refused = input.current.intake.refused;
            let files = if refused > 0 { format!(" ({refused} files arrived, but none could be used)") } else { String::new() };
            format!("No record of {model} arrived{files}.")
        }
        State::Ok if fields.iter().any(|field| field.season && !field.muted) => {
            format!("The {records} records of {model} look as at this time of every week.")
        }
        State::Ok => format!("The {records} records of {model} look like its baseline."),
        State::InsufficientData if input.baseline.is_none() => {
            format!("{records} records of {model} arrived, and there is no baseline to compare them with yet.")
        }
        State::InsufficientData => format!("{records} records of {model} are too few to tell whether anything that matters moved."),
        State::Warning | State::Drift => match (quality.first().filter(|finding| finding.state == state), moved.as_slice()) {
            // What is wrong with the data is the first thing to say.
            _ if main.is_some_and(|main| main.cause.kind == CauseKind::DataFault) => {
                main.map_or_else(String::new, |main| format!("{}.", capitalised(&main.cause.evidence)))
            }
            (Some(fault), _) if state == State::Drift || moved.is_empty() => format!("{}.", capitalised(&fault.sentence)),
            (None, []) if let Some(finding) = segments.first() => segments::headline(finding, input.current.profile.records),
            (_, [first]) if state != first.state => {
                format!("{} moved, but the model hardly listens to it: {}.", first.name, first.sentence)
            }
            (_, [first, ..]) if state != first.state => {
                format!("{} moved, but the model hardly listens to them; {} most of all: {}.", list(&names), first.name, first.sentence)
            }
            (_, [first]) => format!("{} moved: {}{}.", first.name, first.sentence, since(input, first)),
            (_, [first, ..]) if state == State::Drift => {
                let (moved, all) = (moved.len(), fields.len());
                format!("{moved} of {all} fields moved, {} most of all: {}{}.", first.name, first.sentence, since(input, first))
            }
            (_, [first, ..]) => format!("{} may have moved: {}, {}.", list(&names), first.name, first.sentence),
            (fault, []) => {
                fault.map_or_else(|| format!("Something in {model} moved."), |fault| format!("{}.", capitalised(&fault.sentence)))
            }
        },
    }
}

/// Whether the window before showed the same, where it can be told.
fn since(input: &Input<'_>, field: &FieldVerdict) -> &'static str {
    let length = input.window.end_ms - input.window.start_ms;
    let before = Window { start_ms: input.window.start_ms - length, end_ms: input.window.start_ms };
    let (Some(previous), Some(baseline), Some(test)) = (input.history.previous, input.baseline, &field.decisive) else { return "" };
    let Some(effect) = effect_of(&field.name, previous, baseline, before, input.contract.monitoring.minimum_records) else { return "" };
    let is_old = field.opinions.iter().any(|opinion| opinion.baseline == BaselineKind::Seasonal && opinion.state == State::Ok);
    if is_old || field.baseline != Some(BaselineKind::Training) || !matches!(test.test.as_str(), "location" | "mix") {
        ""
    } else if effect / test.effect >= MOSTLY_THERE {
        ", as in the window before"
    } else if effect / test.effect <= HARDLY_THERE {
        ", which is new since the window before"
    } else {
        ""
    }
}

fn capitalised(sentence: &str) -> String {
    // A sentence that opens with a field's name keeps the name as it is written.
    if sentence.split(' ').next().is_some_and(|word| word.contains('_')) {
        return sentence.to_owned();
    }
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn trail<'a>(input: &Input<'a>, fields: &[FieldVerdict]) -> Vec<TrailPoint> {
    let Some(baseline) = input.baseline else { return Vec::new() };
    let followed: Vec<&str> = fields
        .iter()
        .filter(|field| !field.muted && field.decisive.is_some())
        .take(TRAIL_FIELDS)
        .map(|field| field.name.as_str())
        .collect();
    let mut versions = Versions::default();
    let point = |(window, profile): &'a (Window, Profile)| {
        let effect = |name: &&str| Some(((*name).to_owned(), effect_of(name, profile, baseline, *window, TRAIL_VALUES)?));
        let effects: BTreeMap<String, f64> = followed.iter().filter_map(effect).collect();
        TrailPoint { window: *window, records: profile.records, effects, new_versions: versions.new_in(profile) }
    };
    input.history.trail.iter().map(point).collect()
}
