//! From a field's tests to its verdict.

use std::collections::BTreeMap;

use tidegate_contract::{Contract, FeatureKind, FeatureMonitoring, Field, FieldRole};
use tidegate_profile::{Baseline, FieldAnchor, FieldProfile, Profile};
use tidegate_statistics::{correction, distance, normal};

use crate::contrast::Space;
use crate::evidence::{Side, cells_of, space_of};
use crate::reference::Reference;
use crate::words::number;
use crate::{Evidence, FieldVerdict, State, Window};

/// Power at which the smallest visible shift is stated.
const POWER: f64 = 0.8;

/// Fewer usable values than this in the baseline's field, and nothing is tested against it.
const MIN_BASELINE_VALUES: u64 = 50;

/// A window that could only have shown shifts larger than so many thresholds is called too small.
const BLIND_ABOVE: f64 = 10.0;

/// What the contract says about one field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) effect: f64,
    pub(crate) importance: f64,
    pub(crate) muted: bool,
    pub(crate) missing: Option<f64>,
}

impl Rules {
    pub(crate) fn of(contract: &Contract, field: &Field) -> Self {
        let feature = contract.features.iter().find(|feature| field.role == FieldRole::Feature && feature.name == field.name);
        let own = feature.and_then(|feature| feature.monitoring.clone()).unwrap_or(FeatureMonitoring::default());
        Self {
            effect: own.effect.unwrap_or(contract.monitoring.effect),
            // What the model says is worth as much as one of its features.
            importance: feature.map_or_else(|| mean_importance(contract), |feature| feature.importance),
            // How long a prediction took says nothing about the data; it is shown, and judged with the service's health.
            muted: own.mute || field.role == FieldRole::Latency,
            missing: own.missing,
        }
    }
}

fn mean_importance(contract: &Contract) -> f64 {
    contract.features.iter().map(|feature| feature.importance).sum::<f64>() / contract.features.len().max(1) as f64
}

/// A field with what it is compared with.
pub(crate) struct Prepared<'a> {
    rules: Rules,
    verdict: FieldVerdict,
    compared: Option<Compared<'a>>,
}

struct Compared<'a> {
    now: &'a FieldProfile,
    before: &'a FieldProfile,
    anchor: &'a FieldAnchor,
    reference: Reference,
    space: Option<Space>,
    records: u64,
}

/// A field with its tests made, before the correction over all fields.
pub(crate) struct Tested {
    pub(crate) verdict: FieldVerdict,
    pub(crate) rules: Rules,
    /// Standard error of the location (numeric) or of a share of the mix, for the smallest visible shift.
    error: Option<f64>,
}

/// Finds what a field is compared with.
pub(crate) fn prepare<'a>(
    contract: &Contract,
    field: &Field,
    current: &'a Profile,
    baseline: Option<&'a Baseline>,
    window: Window,
) -> Prepared<'a> {
    let rules = Rules::of(contract, field);
    let now = current.fields.iter().find(|profile| profile.name == field.name);
    let position = baseline.and_then(|baseline| baseline.position(&field.name));
    let before = baseline.zip(position).and_then(|(baseline, position)| baseline.profile.fields.get(position));
    let compared = || {
        let (now, before, baseline, position) = (now?, before?, baseline?, position?);
        let anchor = baseline.fields.get(position)?.anchor.as_ref()?;
        let reference = Reference::new(baseline, position, window)?;
        if reference.present() < MIN_BASELINE_VALUES || before.kind != field.kind || current.records == 0 {
            return None;
        }
        let space = space_of(field.kind, &reference, now.present);
        Some(Compared { now, before, anchor, reference, space, records: current.records })
    };
    Prepared { verdict: blank(field, &rules, now, before, current.records), compared: compared(), rules }
}

impl Prepared<'_> {
    /// The space in which the field is compared.
    pub(crate) fn space(&mut self) -> Option<&mut Space> {
        self.compared.as_mut()?.space.as_mut()
    }

    /// Makes every test of the field.
    pub(crate) fn test(self) -> Tested {
        let Self { rules, mut verdict, compared } = self;
        let mut error = None;
        if let Some(Compared { now, before, anchor, reference, space, records }) = compared {
            let side = Side { now, before, anchor, reference: &reference, effect: rules.effect, records };
            verdict.tests = side.tests(space.as_ref());
            verdict.distances = distances(anchor, &reference.cells, &side.cells());
            error = space.and_then(|space| visible_error(&space, &side.cells(), now.present));
        }
        Tested { verdict, rules, error }
    }
}

fn blank(field: &Field, rules: &Rules, now: Option<&FieldProfile>, before: Option<&FieldProfile>, records: u64) -> FieldVerdict {
    let records_of = |profile: &FieldProfile| profile.present + profile.missing + profile.wrong_type + profile.infinite;
    let share_missing = |profile: &FieldProfile, all: u64| (all > 0).then(|| profile.missing as f64 / all as f64);
    let mean = |profile: Option<&FieldProfile>| {
        profile.filter(|profile| profile.present > 0).and_then(|profile| profile.numeric.as_ref()).map(|numeric| numeric.mean)
    };
    FieldVerdict {
        name: field.name.clone(),
        role: field.role,
        kind: field.kind,
        state: State::Ok,
        sentence: String::new(),
        importance: rules.importance,
        muted: rules.muted,
        baseline: None,
        opinions: Vec::new(),
        decisive: None,
        tests: Vec::new(),
        distances: BTreeMap::new(),
        smallest_visible: None,
        present: now.map_or(0, |now| now.present),
        missing_baseline: before.and_then(|before| share_missing(before, records_of(before))),
        missing_current: now.and_then(|now| share_missing(now, records)),
        mean_baseline: mean(before),
        mean_current: mean(now),
    }
}

fn visible_error(space: &Space, cells: &[u64], present: u64) -> Option<f64> {
    match space.shifts(cells).first() {
        Some(shift) => Some(shift.error),
        None if present > 0 => Some((1.0 / present as f64).sqrt()),
        None => None,
    }
}

/// Distances for reading. Those of numbers over ten or so cells of equal mass would depend on the binning; these use
/// all the baseline's cells, save the population stability index, which everybody knows over deciles.
fn distances(anchor: &FieldAnchor, before: &[u64], now: &[u64]) -> BTreeMap<String, f64> {
    let mut named = BTreeMap::new();
    let mut add = |name: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            named.insert(name.to_owned(), value);
        }
    };
    add("jensen_shannon", distance::jensen_shannon_distance(before, now, distance::Base::Two));
    add("hellinger", distance::hellinger(before, now));
    add("total_variation", distance::total_variation(before, now));
    match anchor {
        FieldAnchor::Numeric(anchor) => {
            add("ks", distance::kolmogorov_smirnov_cells(before, now));
            let (tenths_before, tenths_now) = tenths(before, now);
            add("psi", distance::psi_jeffreys(&tenths_before, &tenths_now));
            let values = anchor.representatives();
            let total = before.iter().sum::<u64>() as f64;
            let mean = values.iter().zip(before).map(|(value, count)| value * *count as f64).sum::<f64>() / total;
            let variance = values.iter().zip(before).map(|(value, count)| (value - mean).powi(2) * *count as f64).sum::<f64>() / total;
            let moved = distance::wasserstein_cells(before, now, &values);
            add("wasserstein_normalised", moved.filter(|_| variance > 0.0).map(|moved| moved / variance.sqrt()));
        }
        FieldAnchor::Categorical(_) => {
            add("psi", distance::psi_jeffreys(before, now));
            add("l_infinity", distance::l_infinity(before, now));
        }
    }
    named
}

/// Cells joined into about ten of equal baseline mass.
fn tenths(before: &[u64], now: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let least = before.iter().sum::<u64>() as f64 / 10.0;
    let (mut joined, mut sum) = ((Vec::new(), Vec::new()), (0_u64, 0_u64));
    for (b, n) in before.iter().zip(now) {
        sum = (sum.0 + b, sum.1 + n);
        if sum.0 as f64 >= least {
            joined.0.push(sum.0);
            joined.1.push(sum.1);
            sum = (0, 0);
        }
    }
    if sum != (0, 0) {
        joined.0.push(sum.0);
        joined.1.push(sum.1);
    }
    joined
}

/// Corrects the evidence over all fields, and decides each field.
///
/// Within a field the tests share the error by fixed weights (weighted Bonferroni; Genovese, Roeder and Wasserman, 2006);
/// over fields the false discovery rate is
/// controlled (Benjamini and Hochberg, 1995). Fields that do not raise the model's state do not weaken the others.
pub(crate) fn decide(fields: &mut [Tested], contract: &Contract, window_records: u64) {
    let smallest =
        |tested: &Tested| tested.verdict.tests.iter().map(|test| test.p / weight(tested.verdict.kind, test)).fold(f64::INFINITY, f64::min);
    let family: Vec<usize> = fields
        .iter()
        .enumerate()
        .filter(|(_, tested)| !tested.rules.muted && !tested.verdict.tests.is_empty())
        .map(|(index, _)| index)
        .collect();
    let of_family: Vec<f64> = family.iter().filter_map(|&index| fields.get(index)).map(|tested| smallest(tested).min(1.0)).collect();
    let adjusted: BTreeMap<usize, f64> = family.into_iter().zip(correction::benjamini_hochberg(&of_family)).collect();
    let family_size = of_family.len();
    for (index, tested) in fields.iter_mut().enumerate() {
        let plain = smallest(tested);
        // How much the correction over fields raised this field's smallest p-value, applied to all its tests.
        let factor = adjusted.get(&index).filter(|_| plain > 0.0).map_or(1.0, |adjusted| adjusted / plain.min(1.0));
        let kind = tested.verdict.kind;
        for test in &mut tested.verdict.tests {
            test.p_adjusted = (test.p / weight(kind, test) * factor).min(1.0);
        }
        let level = contract.monitoring.false_discovery_rate * MAIN_WEIGHT / family_size.max(1) as f64;
        tested.verdict.smallest_visible =
            tested.error.and_then(|error| Some((normal::quantile(1.0 - level / 2.0)? + normal::quantile(POWER)?) * error));
        settle(&mut tested.verdict, tested.rules.effect, contract, window_records);
    }
}

/// Share of a field's error that its main test gets: a move up or down, or another mix of names.
const MAIN_WEIGHT: f64 = 0.4;

/// Share of a field's error that a test gets; they sum to at most 1 for either kind of field.
///
/// A field of two names has one way to change its mix, and it is the way in which its periods differ most.
fn weight(kind: FeatureKind, test: &Evidence) -> f64 {
    match (kind, test.test.as_str()) {
        (FeatureKind::Numeric, "location") | (FeatureKind::Categorical, "pattern" | "mix") => MAIN_WEIGHT,
        _ => 0.1,
    }
}

fn strength(test: &Evidence, rate: f64) -> State {
    if test.p_adjusted > rate || test.severity() < 1.0 || test.effect.abs() <= test.ordinary {
        State::Ok
    } else if test.sure_effect() >= test.threshold {
        State::Drift
    } else {
        State::Warning
    }
}

fn settle(verdict: &mut FieldVerdict, effect: f64, contract: &Contract, window_records: u64) {
    let rate = contract.monitoring.false_discovery_rate;
    let rank = |test: &&Evidence| (strength(test, rate), test.size() * f64::from(u8::from(test.p_adjusted <= rate)), -test.p);
    let decisive = verdict.tests.iter().max_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal)).cloned();
    let (state, sentence) = match &decisive {
        None if window_records == 0 => (State::NoData, "no record arrived".to_owned()),
        None if verdict.present == 0
            && verdict.mean_baseline.is_none()
            && verdict.missing_baseline.is_none_or(|missing| missing >= 1.0) =>
        {
            (State::Ok, "neither the baseline nor this window has a value".to_owned())
        }
        None => (State::InsufficientData, "not compared: the baseline has too few values of it".to_owned()),
        Some(_) if window_records < contract.monitoring.minimum_records => (
            State::InsufficientData,
            format!("too few records to judge ({window_records}, at least {} are needed)", contract.monitoring.minimum_records),
        ),
        Some(test) => match strength(test, rate) {
            State::Ok if verdict.smallest_visible.is_some_and(|visible| visible > BLIND_ABOVE * effect) => {
                let visible = number(verdict.smallest_visible.unwrap_or(0.0));
                let why = "its periods in the baseline differ as much, or its values here are few";
                (State::InsufficientData, format!("only a shift above {visible} sd would show: {why}"))
            }
            State::Ok => (State::Ok, "as in the baseline".to_owned()),
            State::Warning => (State::Warning, format!("{}; perhaps not by as much as matters", test.says)),
            state => (state, test.says.clone()),
        },
    };
    verdict.state = state;
    verdict.sentence = sentence;
    verdict.decisive = decisive;
}

/// How far a profile's field lies from the baseline: location in standard deviations for numbers, signed; Cohen's w for
/// names. `None` with fewer than `least` values, or nothing to compare with.
pub(crate) fn effect_of(field: &str, profile: &Profile, baseline: &Baseline, window: Window, least: u64) -> Option<f64> {
    let now = profile.fields.iter().find(|now| now.name == field).filter(|now| now.present >= least)?;
    let reference = Reference::without_periods(baseline, baseline.position(field)?, window)?;
    let space = space_of(now.kind, &reference, now.present)?;
    let cells = cells_of(now);
    match now.kind {
        FeatureKind::Numeric => space.shifts(&cells).first().map(|shift| shift.size),
        FeatureKind::Categorical => Some(space.total(&cells)),
    }
}
