//! From a field's tests against one baseline to that baseline's opinion: corrections for all that was tested, and the two keys.

use std::collections::BTreeMap;

use tidegate_contract::{BaselineKind, Contract, FeatureKind, Method};
use tidegate_statistics::{correction, normal};

use crate::field::{Against, Tested};
use crate::history::DAY_MS;
use crate::rules::Rules;
use crate::words::{in_the, number};
use crate::{Evidence, FieldVerdict, Opinion, State, Window};

/// Power at which the smallest visible shift is stated.
const POWER: f64 = 0.8;

/// A window that could only have shown shifts larger than so many thresholds is called too small.
const BLIND_ABOVE: f64 = 10.0;

/// How much a field's main test counts of all: a move up or down, or another mix of names.
const MAIN_WEIGHT: f64 = 0.4;

/// A series of windows is corrected over so long a time.
const MONTH_MS: i64 = 30 * DAY_MS;

/// Over how many windows the evidence is corrected: as many as fit into 30 days when the window is one of a series, at least 1.
///
/// Every p-value is multiplied by this number (Bonferroni over time). Without drift, a window then raises the alarm with a probability of
/// at most the false discovery rate divided by it, and a whole month of windows with at most the false discovery rate: an hourly
/// schedule cries wolf no more often than a monthly one. Windows longer than the schedule's step overlap and repeat one another's
/// evidence; they count by their length.
pub(crate) fn windows_in_month(window: Window, in_series: bool) -> f64 {
    let length = (window.end_ms - window.start_ms).max(1);
    if in_series { (MONTH_MS as f64 / length as f64).max(1.0) } else { 1.0 }
}

/// How many of a field's baselines may raise the alarm; its error is shared evenly among them.
///
/// Two may: the one in authority, and beside it the past weeks, which know what is unusual for the hour (see [`crate::authority`]).
fn voices(tested: &Tested) -> f64 {
    let seasonal = tested.against.iter().position(|against| against.kind == BaselineKind::Seasonal);
    if seasonal.is_some_and(|position| position > 0) { 2.0 } else { 1.0 }
}

/// Corrects the evidence against one baseline over all fields.
///
/// Within a field the tests speak together, each with a fixed weight ([`correction::harmonic_mean`]), and its baselines share the error
/// ([`voices`]); over time see [`windows_in_month`]; over fields the false discovery rate is controlled (Benjamini and
/// Hochberg, 1995), one family per baseline. Fields that do not raise the model's state do not weaken the others.
pub(crate) fn correct(fields: &mut [Tested], kind: BaselineKind, windows: f64) -> usize {
    let of_field = |tested: &Tested| {
        let against = tested.against.iter().find(|against| against.kind == kind)?;
        Some(together(&against.tests, tested.verdict.kind) * voices(tested) * windows)
    };
    let heard = fields.iter().enumerate().filter(|(_, tested)| !tested.rules.muted);
    let (family, p): (Vec<usize>, Vec<f64>) = heard.filter_map(|(index, tested)| Some((index, of_field(tested)?.min(1.0)))).unzip();
    let size = p.len();
    let adjusted: BTreeMap<usize, f64> = family.into_iter().zip(correction::benjamini_hochberg(&p)).collect();
    for (index, tested) in fields.iter_mut().enumerate() {
        let (shared, field_kind, named) = (voices(tested) * windows, tested.verdict.kind, tested.rules.method.is_some());
        let Some(against) = tested.against.iter_mut().find(|against| against.kind == kind) else { continue };
        let (alone, together) = (alone(&against.tests, field_kind), together(&against.tests, field_kind));
        // The strongest test has the field's p-value, any other as many times that as it is weaker.
        let strengthened = if alone > 0.0 { together / alone } else { 1.0 };
        // How much the correction over fields raised the field's p-value, applied to all its tests.
        let plain = (together * shared).min(1.0);
        let factor = adjusted.get(&index).filter(|_| plain > 0.0).map_or(1.0, |adjusted| adjusted / plain) * shared;
        let all = weights(&against.tests, field_kind);
        for test in &mut against.tests {
            test.p_adjusted = (test.p / weight(field_kind, test) * all * strengthened * factor).min(1.0);
        }
        // A named method measures the effect; the evidence is that of the tests together.
        let (p, p_adjusted) = against
            .tests
            .iter()
            .filter(|test| !is_named(test))
            .fold((1.0_f64, 1.0_f64), |(p, adjusted), test| (p.min(test.p), adjusted.min(test.p_adjusted)));
        if let Some(test) = against.tests.first_mut().filter(|test| named && is_named(test)) {
            (test.p, test.p_adjusted) = (p, p_adjusted);
        }
    }
    size
}

/// The p-value of a field by all its tests together.
fn together(tests: &[Evidence], kind: FeatureKind) -> f64 {
    correction::harmonic_mean(tests.iter().filter(|test| !is_named(test)).map(|test| (weight(kind, test), test.p)))
}

/// The p-value of a field by the strongest of its tests alone (weighted Bonferroni; Genovese, Roeder and Wasserman, 2006).
fn alone(tests: &[Evidence], kind: FeatureKind) -> f64 {
    let smallest = tests.iter().filter(|test| !is_named(test)).map(|test| test.p / weight(kind, test)).fold(f64::INFINITY, f64::min);
    smallest * weights(tests, kind)
}

/// The weights of the tests that were made: what the others would have had is shared among these.
fn weights(tests: &[Evidence], kind: FeatureKind) -> f64 {
    tests.iter().filter(|test| !is_named(test)).map(|test| weight(kind, test)).sum()
}

/// Whether this is the effect by a named method rather than a test.
fn is_named(test: &Evidence) -> bool {
    test.unit == "distance"
}

/// How much a test counts in its field, relative to the others that were made.
pub(crate) fn weight(kind: FeatureKind, test: &Evidence) -> f64 {
    match (kind, test.test.as_str()) {
        (FeatureKind::Numeric, "location") | (FeatureKind::Categorical, "mix") => MAIN_WEIGHT,
        // What lies outside the baseline is part of its tail.
        (FeatureKind::Numeric, "tail" | "beyond") => 0.05,
        _ => 0.1,
    }
}

/// The tests that may decide: the effect by the named method alone, or all.
pub(crate) fn deciding<'t>(tests: &'t [Evidence], rules: &Rules) -> &'t [Evidence] {
    if rules.method.is_some() && tests.first().is_some_and(is_named) { tests.get(..1).unwrap_or(tests) } else { tests }
}

/// What one test comes to by the two keys. `SageMaker`'s rule has only one of them.
pub(crate) fn strength(test: &Evidence, rate: f64) -> State {
    if test.test == Method::SagemakerRobust.name() {
        return if test.effect > test.threshold { State::Drift } else { State::Ok };
    }
    if test.p_adjusted > rate || test.severity() < 1.0 || test.effect.abs() <= test.ordinary {
        State::Ok
    } else if test.sure_effect() >= test.threshold {
        State::Drift
    } else {
        State::Warning
    }
}

/// Where a field's opinions stand in their families.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    /// Number of fields in the family.
    pub(crate) family: usize,
    /// Number of windows corrected over.
    pub(crate) windows: f64,
    /// Records in the window.
    pub(crate) records: u64,
}

/// One baseline's opinion of a field.
pub(crate) fn opinion(tested: &Tested, against: &Against, contract: &Contract, levels: Levels) -> Opinion {
    let rate = contract.monitoring.false_discovery_rate;
    let level = rate * MAIN_WEIGHT / (levels.family.max(1) as f64 * voices(tested) * levels.windows);
    let visible = against.error.and_then(|error| Some((normal::quantile(1.0 - level / 2.0)? + normal::quantile(POWER)?) * error));
    let named = tested.rules.method.is_some();
    let rank = |test: &&Evidence| (strength(test, rate), test.size() * f64::from(u8::from(test.p_adjusted <= rate)), -test.p);
    let strongest =
        |tests: &[Evidence]| tests.iter().max_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal)).cloned();
    let mut decisive = strongest(deciding(&against.tests, &tested.rules));
    // A distance says how far; what moved is in the words of the strongest test.
    if let (true, Some(test)) = (named, decisive.as_mut().filter(|test| is_named(test))) {
        let tests: Vec<Evidence> = against.tests.iter().filter(|test| !is_named(test)).cloned().collect();
        if let Some(words) = strongest(&tests) {
            test.says = format!("{} ({})", words.says, test.says);
        }
    }
    let (state, sentence) = match &decisive {
        None => (State::InsufficientData, "not compared: there are too few values of it".to_owned()),
        Some(_) if levels.records < contract.monitoring.minimum_records => (
            State::InsufficientData,
            format!("too few records to judge ({}, at least {} are needed)", levels.records, contract.monitoring.minimum_records),
        ),
        Some(test) => match strength(test, rate) {
            State::Ok if !named && visible.is_some_and(|visible| visible > BLIND_ABOVE * tested.rules.effect) => {
                let shown = number(visible.unwrap_or(0.0));
                let unit = if against.of_names { "w" } else { "sd" };
                (State::InsufficientData, format!("only a shift above {shown} {unit} would show: {}", too_blind(against.kind)))
            }
            State::Ok => (State::Ok, format!("as {}", in_the(against.kind))),
            State::Warning => (State::Warning, format!("{}; perhaps not by as much as matters", test.says)),
            state => (state, test.says.clone()),
        },
    };
    Opinion { baseline: against.kind, state, sentence, decisive, smallest_visible: visible }
}

fn too_blind(kind: BaselineKind) -> &'static str {
    match kind {
        BaselineKind::Training => "its periods in the baseline differ as much, or its values here are few",
        BaselineKind::Seasonal => "past weeks differ as much, or their values are few",
        BaselineKind::Previous => "neighbouring windows differ as much, or their values are few",
    }
}

/// What is said of a field that no baseline tells anything about.
pub(crate) fn untold(verdict: &FieldVerdict, records: u64) -> (State, String) {
    if records == 0 {
        return (State::NoData, "no record arrived".to_owned());
    }
    let nothing_before = verdict.mean_baseline.is_none() && verdict.missing_baseline.is_none_or(|missing| missing >= 1.0);
    if verdict.present == 0 && nothing_before {
        return (State::Ok, "neither the baseline nor this window has a value".to_owned());
    }
    (State::InsufficientData, "not compared: the baseline has too few values of it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str, p: f64) -> Evidence {
        let (test, unit, says) = (name.to_owned(), "sd".to_owned(), String::new());
        let (effect, effect_low, effect_high, threshold, ordinary) = (0.1, 0.05, 0.15, 0.04, 0.0);
        Evidence { test, p, p_adjusted: p, effect, effect_low, effect_high, threshold, ordinary, unit, says }
    }

    #[test]
    fn tests_that_say_the_same_are_more_evidence_than_one() {
        let (one, two) = ([test("location", 0.008), test("shape", 0.9)], [test("location", 0.008), test("shape", 0.002)]);
        let of = |tests: &[Evidence]| (alone(tests, FeatureKind::Numeric), together(tests, FeatureKind::Numeric));
        // Of weights 0.4 and 0.1, which make 0.5: 0.008 · 0.5 / 0.4, and 0.5 / (0.4/0.008 + 0.1/0.002).
        let ((first, hardly_less), (second, half)) = (of(&one), of(&two));
        assert!((first - 0.01).abs() < 1e-12 && (second - 0.01).abs() < 1e-12, "{first} {second}");
        assert!((hardly_less / 0.01 - 1.0).abs() < 0.01 && (half - 0.005).abs() < 1e-12, "{hardly_less} {half}");
    }

    #[test]
    fn a_month_holds_720_hours_30_days_and_at_least_one_window() {
        let window = |hours: i64| Window { start_ms: 0, end_ms: hours * 3_600_000 };
        let counted: Vec<f64> = [1, 6, 24, 720, 1000].map(|hours| windows_in_month(window(hours), true)).to_vec();
        assert_eq!(counted, [720.0, 120.0, 30.0, 1.0, 1.0]);
        assert!((windows_in_month(window(1), false) - 1.0).abs() < 1e-12);
    }
}
