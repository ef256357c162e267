//! Values in another unit: wholly, or in a part of the records.
//!
//! A change of unit maps the whole distribution: cells, mean, standard deviation and extremes agree on one factor. Real
//! drift seldom does that, so a map must explain nearly all of the change, and one with an odd factor all of it.

use super::distribution::{Distribution, Fit, Map};
use super::facts::Both;
use super::suspicion::{DIRECT, LIKELY, POSSIBLE, Suspicion};
use crate::Fault;
use crate::words::{number, percent};

/// A change of unit that people make.
struct Unit {
    map: Map,
    /// What it says about the values: "are … what they were".
    words: &'static str,
    /// Whether a part of the records may have it: a power of ten shows itself there, a factor of two is any drift.
    in_part: bool,
}

const fn times(scale: f64, words: &'static str, in_part: bool) -> Unit {
    Unit { map: Map { scale, offset: 0.0 }, words, in_part }
}

/// Known changes, the likelier first.
const UNITS: [Unit; 21] = [
    times(1000.0, "1,000 times what they were", true),
    times(0.001, "a thousandth of what they were", true),
    times(100.0, "100 times what they were", true),
    times(0.01, "a hundredth of what they were", true),
    times(10.0, "ten times what they were", true),
    times(0.1, "a tenth of what they were", true),
    times(-1.0, "what they were with the sign turned", true),
    Unit { map: Map { scale: 1.8, offset: 32.0 }, words: "in °F where they were in °C", in_part: true },
    Unit { map: Map { scale: 5.0 / 9.0, offset: -160.0 / 9.0 }, words: "in °C where they were in °F", in_part: true },
    times(60.0, "60 times what they were, as seconds are to minutes", true),
    times(1.0 / 60.0, "a sixtieth of what they were, as minutes are to seconds", true),
    times(1e6, "1,000,000 times what they were", true),
    times(1e-6, "a millionth of what they were", true),
    times(1.609_344, "in kilometres where they were in miles", false),
    times(1.0 / 1.609_344, "in miles where they were in kilometres", false),
    times(0.3048, "in metres where they were in feet", false),
    times(1.0 / 0.3048, "in feet where they were in metres", false),
    times(25.4, "in millimetres where they were in inches", false),
    times(1.0 / 25.4, "in inches where they were in millimetres", false),
    times(0.453_592_37, "in kilograms where they were in pounds", false),
    times(1.0 / 0.453_592_37, "in pounds where they were in kilograms", false),
];

/// A map must explain so much of the change.
const EXPLAINS: f64 = 0.85;

/// One with an odd factor so much.
const EXPLAINS_ALL: f64 = 0.93;

/// From this share on, the whole column is meant.
const WHOLE: f64 = 0.95;

/// A part smaller than this is not told.
const LEAST_PART: f64 = 0.005;

/// Where no value leaves the baseline's range, a part smaller than this is not told.
const LEAST_INSIDE: f64 = 0.1;

/// Both parts, changed and unchanged, may have moved by so many of their standard deviations as well.
const MOVED_AS_WELL: f64 = 0.4;

/// Or by so many times the spread of the baseline's periods, where those differ by more.
const MOVED_AT_MOST: f64 = 1.3;

/// Or by so many where all of them came to lie where no drift gets: a tenth and a hundredth are further apart.
const MOVED_ELSEWHERE: f64 = 1.5;

/// An odd factor as large is no season.
const FAR: f64 = 10.0;

/// And the mean be off by so many standard deviations of what the map expects.
const MEAN_OFF: f64 = 0.05;

/// Of the changed values outside the baseline's range, so many may lie elsewhere than the map expects.
const ASTRAY: f64 = 0.4;

/// The standard deviation may be off by this factor's logarithm.
const SPREAD_OFF: f64 = 0.45;

/// The same for an odd factor, whose neighbours are near.
const SPREAD_OFF_ODD: f64 = 0.25;

/// So many of the changed values lie beyond the mapped value that an extreme is compared with.
const FEW: f64 = 3.0;

/// The change that a unit makes: whose cumulative shares differ by less than this is not worth the name.
const LEAST_CHANGE: f64 = 0.004;

/// The unit that a field changed to, when that explains its change.
pub(crate) fn suspicion(field: Both<'_>) -> Option<Suspicion> {
    let anchor = field.numeric_anchor()?;
    let before = Distribution::of(field.before, anchor)?.varying(&field.cells.periods, &anchor.representatives());
    let now = Distribution::of(field.now, anchor)?;
    let fits = UNITS.iter().filter_map(|unit| Some((unit, fit(unit, &before, &now)?)));
    let (unit, fit) = fits.min_by(|a, b| misfit(&a.1).total_cmp(&misfit(&b.1)))?;
    let whole = fit.share >= WHOLE;
    let values = if whole { "the values".to_owned() } else { format!("about {} of the values", percent(fit.share)) };
    // What shows the change best: a part of the values leaves the range, the whole column takes the mean along.
    let seen = if whole || now.max <= before.max {
        format!("mean {}, was {}", number(now.mean), number(before.mean))
    } else {
        format!("up to {}, was {}", number(now.max), number(before.max))
    };
    let confidence = match (whole, unit.in_part) {
        (true, true) => DIRECT,
        (false, true) => LIKELY,
        _ => POSSIBLE,
    };
    let words = special(unit.map.scale, &before).unwrap_or(unit.words);
    let evidence = format!("{values} of {} are {words} ({seen}), as when a unit changes", field.name);
    Some(Suspicion::of(field, Fault::Unit, fit.share, confidence, evidence))
}

/// Whether the whole column changed its unit.
pub(crate) fn is_whole(suspicion: &Suspicion) -> bool {
    suspicion.share >= WHOLE
}

/// How the map explains the change; `None` when it does not.
fn fit(unit: &Unit, before: &Distribution<'_>, now: &Distribution<'_>) -> Option<Fit> {
    if unit.map.offset != 0.0 && !are_temperatures(unit.map, before) {
        return None;
    }
    if before.sd <= 0.0 {
        return constant(unit, before, now);
    }
    let other = before.mapped(unit.map, before);
    let fit = now.explained_by(before, &other)?;
    let foreign = now.shows_foreign(before, &other, fit.share);
    // An odd factor has neighbours that may be drift: from January to July degrees double. Only a far one brings values where no drift gets.
    let odd = !(unit.in_part || foreign && is_far(unit.map));
    let whole = fit.share >= WHOLE;
    let least = if odd { EXPLAINS_ALL } else { EXPLAINS };
    // A few days of weather are narrower than a month of it, and lie elsewhere; for an odd factor that would be too much freedom.
    let (narrower, wider, moved) = if odd {
        (-SPREAD_OFF_ODD, SPREAD_OFF_ODD, MOVED_AS_WELL)
    } else {
        let least = if foreign && whole && unit.in_part && unit.map.offset == 0.0 { MOVED_ELSEWHERE } else { MOVED_AS_WELL };
        (before.narrowest - SPREAD_OFF, SPREAD_OFF, least.max(MOVED_AT_MOST * before.means_vary))
    };
    // A few values that came to lie where hardly any lay, but inside the range, may as well be new planes.
    let is_apart = leaves(before, now) || (foreign && fit.share >= LEAST_INSIDE);
    let holds = fit.before >= LEAST_CHANGE
        && fit.explained >= least
        && fit.mean_off <= moved * fit.usual + MEAN_OFF
        && (narrower..=wider).contains(&fit.spread_off)
        && fit.astray <= ASTRAY
        && other.reaches(now, before)
        && (whole || (unit.in_part && fit.share >= LEAST_PART && is_apart && goes_as_far(unit.map, &fit, before, now)));
    holds.then_some(fit)
}

/// Whether values become [`FAR`] times what they were, or less than that part of it.
fn is_far(map: Map) -> bool {
    map.scale.abs().max(1.0 / map.scale.abs()) >= FAR
}

/// Whether the window has values outside the baseline's range. A part of the values that came to lie among the others may as well be
/// younger planes or smaller orders.
fn leaves(before: &Distribution<'_>, now: &Distribution<'_>) -> bool {
    now.min < before.min || now.max > before.max
}

/// Whether the window's extremes lie about where the map would bring a part of so many values: at least halfway from the
/// baseline's extreme to the mapped value that a few of them should reach.
fn goes_as_far(map: Map, fit: &Fit, before: &Distribution<'_>, now: &Distribution<'_>) -> bool {
    let rare = FEW / (fit.share * now.count).max(2.0 * FEW);
    let ends = [before.quantile(rare), before.quantile(1.0 - rare)].map(|value| map.scale * value + map.offset);
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    (high <= before.max || now.max >= f64::midpoint(high, before.max)) && (low >= before.min || now.min <= f64::midpoint(low, before.min))
}

/// A column of one value: only the value can tell.
fn constant(unit: &Unit, before: &Distribution<'_>, now: &Distribution<'_>) -> Option<Fit> {
    let expected = unit.map.scale * before.mean + unit.map.offset;
    let same = (now.mean - expected).abs() <= 1e-9 * expected.abs()
        && now.sd <= 1e-9 * expected.abs()
        && (expected - before.mean).abs() > 1e-9 * expected.abs();
    same.then_some(Fit {
        share: 1.0,
        explained: 1.0,
        before: 1.0,
        astray: 0.0,
        mean_off: 0.0,
        spread_off: 0.0,
        usual: 1.0,
        nothing_off: 0.0,
    })
}

/// How far a map is from explaining everything.
fn misfit(fit: &Fit) -> f64 {
    (1.0 - fit.explained) + fit.mean_off + fit.spread_off.abs()
}

/// Whether the baseline's values can be temperatures of the air or of a body in the unit that the map starts from.
fn are_temperatures(map: Map, before: &Distribution<'_>) -> bool {
    const CELSIUS: [f64; 2] = [-90.0, 110.0];
    let [low, high] = if map.scale > 1.0 { CELSIUS } else { CELSIUS.map(|celsius| 1.8 * celsius + 32.0) };
    before.min >= low && before.max <= high
}

/// Units that the values themselves suggest.
fn special(scale: f64, before: &Distribution<'_>) -> Option<&'static str> {
    /// Seconds since 1970, from 2001 to 2096.
    const SECONDS: std::ops::Range<f64> = 1e9..4e9;
    let is = |value: f64| (scale - value).abs() < 1e-9 * value;
    if is(1000.0) && SECONDS.contains(&before.mean) {
        Some("milliseconds since 1970 where they were seconds")
    } else if is(0.001) && SECONDS.contains(&(before.mean / 1000.0)) {
        Some("seconds since 1970 where they were milliseconds")
    } else if is(100.0) && before.min >= 0.0 && before.max <= 1.0 {
        Some("percentages where they were shares")
    } else if is(0.01) && before.min >= 0.0 && before.max <= 100.0 && before.max > 1.0 {
        Some("shares where they were percentages")
    } else {
        None
    }
}
