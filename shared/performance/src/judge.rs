//! A window's quality, held against what it should be.

use tidegate_contract::{Contract, Direction, FairnessMetric, Metric, Task};
use tidegate_monitoring::{CauseKind, State, Window};
use tidegate_statistics::{correction, normal, student_t};
use tidegate_validation::report::MetricValue;

use crate::calibration::{Basis, Calibration};
use crate::estimate::{Estimated, Misses, estimate};
use crate::measured::{Measured, rounded};
use crate::reference::{HALF_WIDTH, reference, with_error};
use crate::triage::triage;
use crate::verdict::{Check, Finding, FindingKind, Performance, Point, Reference, SCHEMA};
use crate::words::{count, percent, value};

/// Most windows of the trail.
pub(crate) const TRAIL: usize = 31;

/// Chance of a false alarm in 30 days.
const LEVEL: f64 = 0.05;

/// Share of false discoveries among segments that are called worse.
const FALSE_DISCOVERIES: f64 = 0.02;

/// Chance below which truth is missing otherwise than at random, and Cramér's V from which on that matters.
const MISSING: (f64, f64) = (0.01, 0.1);

/// How many times more or fewer records than the most or the fewest of past weeks are a sudden change.
const VOLUME_FACTOR: f64 = 2.0;

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

/// A champion's quality when it was registered.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// Its number.
    pub version: u32,
    /// Rows of the evaluation set.
    pub rows: u64,
    /// What the gate measured.
    pub metrics: Vec<(Metric, MetricValue)>,
}

/// Judges a window.
#[must_use]
pub fn judge(input: &Input<'_>) -> Performance {
    let Input { contract, measured, inputs } = *input;
    let metric = contract.validation.primary(contract.task);
    let promise = Promise::learn(contract, inputs.first);
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

/// What scores mean: as the first windows show it.
fn calibration(first: &[Measured]) -> Calibration {
    let windows = first.len() as u64;
    Calibration::learn(first.iter().flat_map(|window| &window.scores), |rows| Basis::FirstWindows { windows, rows })
}

/// The seed of a window's random numbers.
fn seed(window: Window) -> u64 {
    window.end_ms.unsigned_abs()
}

/// What a window's scores promise: what they mean, and how far they missed before.
struct Promise {
    calibration: Calibration,
    misses: Misses,
}

impl Promise {
    fn learn(contract: &Contract, first: &[Measured]) -> Self {
        let calibration = calibration(first);
        let known = first.iter().filter_map(|window| {
            let realised = window.quality.as_ref()?.metrics.iter().filter_map(|(metric, found)| Some((*metric, found.value?)));
            Some((estimated(contract, window, &calibration)?, realised.collect()))
        });
        let misses = Misses::learn(&known.collect::<Vec<_>>());
        Self { calibration, misses }
    }

    fn of(&self, contract: &Contract, measured: &Measured) -> Option<Estimated> {
        estimated(contract, measured, &self.calibration).map(|estimated| self.misses.widen(estimated))
    }
}

/// An estimate, of a binary model whose scores are probabilities.
fn estimated(contract: &Contract, measured: &Measured, calibration: &Calibration) -> Option<Estimated> {
    let can_be = contract.task == Task::Binary && measured.predictions.odd_scores == 0;
    can_be.then(|| estimate(&measured.scores, calibration, seed(measured.window))).flatten()
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

/// Segments that are worse than they were in the first windows, corrected for their number (Benjamini-Hochberg).
fn of_segments(contract: &Contract, metric: Metric, measured: &Measured, first: &[Measured]) -> Vec<Finding> {
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
fn of_fairness(contract: &Contract, measured: &Measured) -> Vec<Finding> {
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

fn of_coverage(measured: &Measured) -> Vec<Finding> {
    let (level, least) = MISSING;
    let biased = measured
        .coverage
        .missing
        .iter()
        .filter(|missing| missing.p.is_some_and(|p| p < level) && missing.effect.is_some_and(|effect| effect >= least));
    biased
        .map(|missing| {
            let share = |group: &&crate::GroupCoverage| group.labelled as f64 / group.predictions.max(1) as f64;
            let large = || missing.groups.iter().filter(|group| group.predictions >= 20);
            let least = large().min_by(|a, b| share(a).total_cmp(&share(b)));
            let most = large().max_by(|a, b| share(a).total_cmp(&share(b)));
            let named = |group: Option<&crate::GroupCoverage>| {
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

fn of_health(contract: &Contract, measured: &Measured, weeks: &[Measured]) -> Vec<Finding> {
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
    findings
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
        let answered: Vec<&str> = window.versions.iter().map(|part| part.name.as_str()).collect();
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
