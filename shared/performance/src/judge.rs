//! A window's quality, held against what it should be.

use tidegate_contract::{Contract, Direction, Metric};
use tidegate_monitoring::{CauseKind, State, Window};
use tidegate_statistics::{normal, student_t};

use crate::calibration::Basis;
use crate::estimate::Estimated;
use crate::findings::{of_coverage, of_fairness, of_health, of_segments};
use crate::measured::{Measured, rounded};
use crate::promise::Promise;
use crate::reference::{HALF_WIDTH, reference, with_error};
use crate::registered::Registered;
use crate::triage::triage;
use crate::verdict::{Check, Finding, FindingKind, Performance, Point, Reference, SCHEMA};
use crate::words::{count, value};

/// Most windows of the trail.
pub(crate) const TRAIL: usize = 31;

/// Chance of a false alarm in 30 days.
const LEVEL: f64 = 0.05;

const HOURS_OF_A_MONTH: f64 = 720.0;

/// A window, and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the team declared.
    pub contract: &'a Contract,
    /// The window.
    pub measured: &'a Measured,
    /// What it is held against.
    pub inputs: Inputs<'a>,
}

/// What a window is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    /// The champion's quality when it was registered.
    pub registered: Option<&'a Registered>,
    /// The first windows whose truth is in ([`Measured::is_reference`]), that end before this one begins and do not overlap; oldest first.
    pub first: &'a [Measured],
    /// The windows before this one, oldest first.
    pub before: &'a [Measured],
    /// The same hours of past weeks.
    pub weeks: &'a [Measured],
    /// What drift says of the inputs of the same window.
    pub drift: Option<(State, CauseKind)>,
}

/// Judges a window.
#[must_use]
pub fn judge(input: &Input<'_>) -> Performance {
    let Input { contract, measured, inputs } = *input;
    let metric = contract.validation.primary(contract.task);
    let promise = Promise::learn(contract, &inputs);
    let reference = reference(metric, &inputs);
    let check = reference.as_ref().filter(|_| measured.is_judged(contract)).and_then(|reference| {
        let (now, error) = with_error(measured.metric(metric)?)?;
        Some(hold(
            metric,
            (now, error),
            measured.metric(metric)?.interval?,
            reference,
            margin(contract, metric, reference.value),
            measured.window,
        ))
    });
    let estimated = promise.of(contract, measured);
    let realised = realised(measured, estimated.as_ref());
    let trail = trail(contract, metric, measured, inputs.before, &promise);

    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(check.as_ref().zip(reference.as_ref()).map(|(check, reference)| of_quality(metric, check, reference)));
    findings.extend(
        reference
            .as_ref()
            .zip(estimated.as_ref())
            .filter(|_| check.is_none())
            .and_then(|(reference, estimated)| of_estimate(metric, estimated, reference, margin(contract, metric, reference.value))),
    );
    findings.extend(of_segments(contract, metric, measured, inputs.first));
    findings.extend(of_fairness(contract, measured));
    findings.extend(of_coverage(measured));
    findings.extend(of_health(contract, measured, inputs.weeks));
    let severity = |state: State| match state {
        State::NoData | State::Drift => 3,
        State::Warning => 2,
        State::InsufficientData => 1,
        State::Ok => 0,
    };
    findings.sort_by(|a, b| severity(b.state).cmp(&severity(a.state)).then(a.kind.cmp(&b.kind)));

    let state = match (&check, findings.first()) {
        _ if measured.predictions.with_id == 0 && measured.health.records == 0 => State::NoData,
        (_, Some(worst)) if severity(worst.state) >= 2 => worst.state,
        (Some(_), _) => State::Ok,
        (None, _) => State::InsufficientData,
    };
    let headline = headline(input, metric, state, &findings, check.as_ref(), reference.as_ref());
    let (cause, action) = triage(input, metric, state, &findings, check.as_ref(), reference.as_ref(), &trail);
    Performance {
        schema: SCHEMA.to_owned(),
        model: measured.model.clone(),
        window: measured.window,
        state,
        headline,
        cause,
        action,
        metric,
        predictions: measured.predictions.with_id,
        labelled: measured.coverage.labelled,
        reference,
        check,
        estimated,
        realised,
        findings,
        trail,
    }
}

/// The fall that matters: what the contract lets a candidate be worse than the champion.
pub(crate) fn margin(contract: &Contract, metric: Metric, reference: f64) -> f64 {
    let [_, greatest] = metric.range();
    let default = if greatest <= 1.0 { 0.01 } else { reference.abs() / 100.0 };
    let own = contract.validation.non_inferiority.filter(|_| metric == contract.validation.primary(contract.task));
    own.unwrap_or(default)
}

/// By how much a value is worse than another.
pub(crate) fn fall_of(metric: Metric, now: f64, before: f64) -> f64 {
    match metric.direction() {
        Direction::Greater => before - now,
        Direction::Less => now - before,
        Direction::Zero => now.abs() - before.abs(),
    }
}

fn hold(metric: Metric, (now, error): (f64, f64), interval: [f64; 2], reference: &Reference, margin: f64, window: Window) -> Check {
    let fall = fall_of(metric, now, reference.value);
    let spread = (error.powi(2) + reference.error.powi(2) + reference.variation.powi(2)).sqrt();
    // A variation that was learned from few windows may be larger.
    let freedom = if reference.variation > 0.0 { (reference.variation_windows - 1) as f64 } else { f64::INFINITY };
    let half = student_t::quantile(0.975, freedom).unwrap_or(HALF_WIDTH) * spread;
    let two_sided = if spread > 0.0 { student_t::two_sided_p(fall / spread, freedom).unwrap_or(1.0) } else { 1.0 };
    let p = if fall > 0.0 { two_sided / 2.0 } else { 1.0 - two_sided / 2.0 };
    let hours = (window.end_ms - window.start_ms) as f64 / 3_600_000.0;
    let level = LEVEL / (HOURS_OF_A_MONTH / hours).max(1.0);
    let power = normal::quantile(0.9).unwrap_or_default();
    let rounded = |value: f64| rounded(value).unwrap_or_default();
    Check {
        value: now,
        interval,
        fall: rounded(fall),
        fall_interval: [rounded(fall - half), rounded(fall + half)],
        margin,
        p: rounded(p),
        level: rounded(level),
        visible_fall: rounded(margin + half + power * spread),
    }
}

impl Check {
    /// Both keys: more than chance explains, and surely more than what matters.
    #[must_use]
    pub fn is_fall(&self) -> bool {
        self.p < self.level && self.fall_interval[0] > self.margin
    }

    /// More than chance explains, and perhaps more than what matters.
    #[must_use]
    pub fn may_be_fall(&self) -> bool {
        self.p < self.level && self.fall > self.margin
    }
}

/// What the reference is, for people.
pub(crate) fn basis_says(basis: &Basis) -> String {
    match basis {
        Basis::Registered { version, .. } => format!("when version {version} was registered"),
        Basis::EvaluationSet { .. } => "on the evaluation set".to_owned(),
        Basis::FirstWindows { windows: 1, .. } => "in the first window whose truth is in".to_owned(),
        Basis::FirstWindows { windows, .. } => format!("in the first {windows} windows whose truth is in"),
        Basis::AsTheyAre => "as the scores say".to_owned(),
    }
}

fn of_quality(metric: Metric, check: &Check, reference: &Reference) -> Finding {
    let [low, high] = check.interval.map(value);
    let says = format!(
        "{} is {} ({low} to {high}); it was {} {}",
        metric.title(),
        value(check.value),
        value(reference.value),
        basis_says(&reference.basis)
    );
    let (state, rest) = if check.is_fall() {
        (State::Drift, format!(": worse by at least {}, and {} matters", value(check.fall_interval[0]), value(check.margin)))
    } else if check.may_be_fall() {
        (State::Warning, format!(": worse by more than chance, perhaps not by {}, which matters", value(check.margin)))
    } else {
        (State::Ok, format!(". A fall of {} would have been seen", value(check.visible_fall)))
    };
    Finding { kind: FindingKind::Quality, state, sentence: format!("{says}{rest}.") }
}

fn of_estimate(metric: Metric, estimated: &Estimated, reference: &Reference, margin: f64) -> Option<Finding> {
    let (now, [low, high]) = estimated.metric(metric)?;
    let best = if fall_of(metric, low, reference.value) < fall_of(metric, high, reference.value) { low } else { high };
    let falls = fall_of(metric, best, reference.value) > margin + HALF_WIDTH * reference.error.hypot(reference.variation);
    // Without a calibration an estimate alone moves nothing.
    let is_sure = falls && estimated.basis != Basis::AsTheyAre;
    let says = format!(
        "The scores promise {} of {} ({} to {}), before the truth is in; it was {} {}.",
        metric.title(),
        value(now),
        value(low),
        value(high),
        value(reference.value),
        basis_says(&reference.basis)
    );
    Some(Finding { kind: FindingKind::Estimate, state: if is_sure { State::Warning } else { State::Ok }, sentence: says })
}

fn realised(measured: &Measured, estimated: Option<&Estimated>) -> Vec<(Metric, f64, bool)> {
    let metrics = estimated.map_or(&[][..], |estimated| &estimated.metrics);
    let found = metrics.iter().filter_map(|(metric, _, [low, high])| {
        let value = measured.metric(*metric)?.value?;
        Some((*metric, value, (*low..=*high).contains(&value)))
    });
    found.collect()
}

/// The windows up to this one, the estimates of all made with the same calibration.
fn trail(contract: &Contract, metric: Metric, measured: &Measured, before: &[Measured], promise: &Promise) -> Vec<Point> {
    let mut known: Vec<&str> = Vec::new();
    let mut points = Vec::new();
    for window in before.iter().skip((before.len() + 1).saturating_sub(TRAIL)).chain([measured]) {
        let estimate = promise.of(contract, window).and_then(|estimated| estimated.metric(metric));
        let answered: Vec<&str> = window.versions.iter().filter(|part| part.served() > 0).map(|part| part.name.as_str()).collect();
        let new: Vec<String> =
            answered.iter().filter(|version| !known.contains(version) && !known.is_empty()).map(|v| (*v).to_owned()).collect();
        known.extend(answered);
        points.push(Point {
            window: window.window,
            predictions: window.predictions.with_id,
            labelled: window.coverage.labelled,
            value: window.metric(metric).and_then(|found| found.value),
            interval: window.metric(metric).and_then(|found| found.interval),
            estimated: estimate.map(|(value, _)| value),
            estimated_interval: estimate.map(|(_, interval)| interval),
            new_versions: new,
        });
    }
    points
}

fn headline(
    input: &Input<'_>,
    metric: Metric,
    state: State,
    findings: &[Finding],
    check: Option<&Check>,
    reference: Option<&Reference>,
) -> String {
    let measured = input.measured;
    let (labelled, predictions) = (measured.coverage.labelled, measured.predictions.with_id);
    match state {
        State::NoData => findings
            .iter()
            .find(|finding| finding.kind == FindingKind::Silence)
            .map_or_else(|| "No prediction was made.".to_owned(), |finding| finding.sentence.clone()),
        State::Warning | State::Drift => findings.first().map(|finding| finding.sentence.clone()).unwrap_or_default(),
        State::Ok => match (check, reference) {
            (Some(check), Some(reference)) => {
                let [low, high] = check.interval.map(value);
                format!(
                    "The model is as good as it was: {} is {} ({low} to {high}), and was {} {}.",
                    metric.title(),
                    value(check.value),
                    value(reference.value),
                    basis_says(&reference.basis)
                )
            }
            _ => String::new(),
        },
        State::InsufficientData if labelled < input.contract.monitoring.minimum_records => {
            let wait =
                if labelled == 0 { "No truth is in yet".to_owned() } else { format!("Truth of {} predictions is in", count(labelled)) };
            format!("{wait}, of {} that were made; {} are needed.", count(predictions), count(input.contract.monitoring.minimum_records))
        }
        State::InsufficientData => {
            let found = measured.metric(metric);
            match (found.and_then(|found| found.value), found.and_then(|found| found.undefined.as_ref())) {
                (Some(now), _) => format!("{} is {}; there is nothing to hold it against yet.", metric.title(), value(now)),
                (None, Some(reason)) => format!("{} cannot be measured: {reason}.", metric.title()),
                (None, None) => format!("{} cannot be measured.", metric.title()),
            }
        }
    }
}
