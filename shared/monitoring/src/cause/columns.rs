//! Columns that hold each other's values, and features that were given another name.

use std::collections::BTreeMap;

use tidegate_contract::{FeatureKind, FieldRole};

use super::distribution::{Distribution, Map};
use super::facts::{Both, Facts, share};
use super::suspicion::{DIRECT, LIKELY, POSSIBLE, Suspicion};
use crate::words::{list, percent};
use crate::{Fault, QualityKind, State};

/// Another column's values must explain so much of a field's change.
const EXPLAINS: f64 = 0.9;

/// A field of which no more values than this came from elsewhere is left out.
const LEAST_PART: f64 = 0.02;

/// The mean may be off by so many standard deviations of what the other column expects.
const MEAN_OFF: f64 = 0.3;

/// The standard deviation may be off by this factor's logarithm.
const SPREAD_OFF: f64 = 0.6;

/// Or both by so many standard deviations of the column's own: beside hours, two inches of rain are as good as one.
const NOTHING: f64 = 0.05;

/// So much of what is new in a column of names must be another column's.
const FOREIGN: f64 = 0.8;

/// Shares of the records in which one feature is missing and another is new may differ by this much and be one renaming.
const SAME_SHARE: f64 = 0.05;

/// A field that holds another's values, and in which part of the records.
#[derive(Debug, Clone, PartialEq)]
struct Held<'a> {
    by: &'a str,
    of: &'a str,
    part: f64,
}

/// Fields that hold each other's values: a shifted row, swapped columns.
///
/// One field alone may come to look like another; it takes two of them, or names where numbers were.
pub(crate) fn shifted(facts: &Facts<'_>) -> Option<Suspicion> {
    let features: Vec<Both<'_>> =
        facts.fields.iter().filter(|field| field.role == FieldRole::Feature).filter_map(|field| facts.both(&field.name)).collect();
    let moved: Vec<Both<'_>> = features.iter().filter(|field| facts.state_of(field.name) != State::Ok).copied().collect();
    let held: Vec<Held<'_>> = moved.iter().filter_map(|field| source(*field, &features)).collect();
    // Where numbers became names or nothing, there is no telling whose they are; they count when another's are found.
    let broken: Vec<&str> = moved
        .iter()
        .filter(|field| facts.finding(field.name, &[QualityKind::WrongType]).is_some_and(|finding| finding.state == State::Drift))
        .map(|field| field.name)
        .filter(|name| held.iter().all(|held| held.by != *name))
        .collect();
    let is_name = |name: &str| features.iter().any(|field| field.name == name && field.now.kind == FeatureKind::Categorical);
    let crossing = held.iter().any(|held| is_name(held.by));
    let first = held.first()?;
    let crossed = crossing && !broken.is_empty();
    if held.len() < 2 && !crossed {
        return None;
    }
    // In a row that slid, or a swap, the columns form a chain: somebody's values are found where another's are missing.
    let chained = held.iter().any(|one| held.iter().any(|other| one.of == other.by) || broken.contains(&one.of));
    if !chained {
        return None;
    }
    let pairs: Vec<String> = held.iter().map(|held| format!("{} holds what was {}", held.by, held.of)).collect();
    let part = held.iter().map(|held| held.part).fold(0.0, f64::max);
    let records = if part > 0.95 { "every record".to_owned() } else { format!("about {} of the records", percent(part)) };
    let mut fields: Vec<String> = held.iter().map(|held| held.by.to_owned()).collect();
    fields.extend(broken.iter().map(|name| (*name).to_owned()));
    Some(Suspicion {
        fault: Fault::ShiftedColumns,
        fields,
        evidence: format!(
            "in {records} {}: the columns are shifted or swapped",
            list(&pairs.iter().map(String::as_str).collect::<Vec<_>>())
        ),
        confidence: if held.len() + broken.len() > 2 || crossing || first.part > 0.95 { DIRECT } else { LIKELY },
        share: part,
    })
}

/// Whose values a field holds.
fn source<'a>(field: Both<'a>, features: &[Both<'a>]) -> Option<Held<'a>> {
    match field.now.kind {
        FeatureKind::Numeric => numbers_of(field, features),
        FeatureKind::Categorical => names_of(field, features),
    }
}

fn numbers_of<'a>(field: Both<'a>, features: &[Both<'a>]) -> Option<Held<'a>> {
    let anchor = field.numeric_anchor()?;
    let (now, own) = (
        Distribution::of(field.now, anchor)?,
        Distribution::of(field.before, anchor)?.varying(&field.cells.periods, &anchor.representatives()),
    );
    let others = features.iter().filter(|other| other.name != field.name).filter_map(|other| {
        let there = Distribution::of(other.before, other.numeric_anchor()?)?;
        let alternative = there.mapped(Map { scale: 1.0, offset: 0.0 }, &own);
        let fit = now.explained_by(&own, &alternative)?;
        let holds = fit.explained >= EXPLAINS
            && fit.share >= LEAST_PART
            && ((fit.mean_off <= MEAN_OFF && fit.spread_off.abs() <= SPREAD_OFF) || fit.nothing_off <= NOTHING)
            && alternative.reaches(&now, &own);
        holds.then_some((other.name, fit))
    });
    let (of, fit) = others.min_by(|a, b| b.1.explained.total_cmp(&a.1.explained).then_with(|| a.0.cmp(b.0)))?;
    Some(Held { by: field.name, of, part: fit.share })
}

/// A column of names that holds another's names, or numbers that lie where another column's do.
fn names_of<'a>(field: Both<'a>, features: &[Both<'a>]) -> Option<Held<'a>> {
    let now = field.now.categorical.as_ref()?;
    let new: u64 = now.other.values().sum();
    let part = share(now.outside(), field.now.present);
    if part < LEAST_PART || new == 0 {
        return None;
    }
    let foreign = |other: &Both<'_>| -> f64 { share(belonging(&now.other, *other), new) };
    let best = features.iter().filter(|other| other.name != field.name).map(|other| (other.name, foreign(other), spread_of(*other)));
    // Among columns in whose range they all lie, the narrowest.
    let (of, _, _) = best.filter(|(_, foreign, _)| *foreign >= FOREIGN).min_by(|a, b| a.2.total_cmp(&b.2).then_with(|| a.0.cmp(b.0)))?;
    Some(Held { by: field.name, of, part })
}

/// How many of these values another column of the baseline has, or could have.
fn belonging(values: &BTreeMap<String, u64>, other: Both<'_>) -> u64 {
    let counted = |is_its: &dyn Fn(&str) -> bool| values.iter().filter(|(value, _)| is_its(value)).map(|(_, count)| count).sum();
    if let Some(anchor) = other.names_anchor() {
        return counted(&|value| anchor.values.iter().any(|known| known == value));
    }
    let numeric = other.before.numeric.as_ref();
    let Some((min, max)) = numeric.and_then(|numeric| numeric.min.zip(numeric.max)) else { return 0 };
    counted(&|value| value.parse::<f64>().is_ok_and(|number| (min..=max).contains(&number)))
}

/// How wide a column's values lie; names before numbers.
fn spread_of(field: Both<'_>) -> f64 {
    field.before.numeric.as_ref().map_or(0.0, |numeric| numeric.m2.sqrt())
}

/// Features that arrive under another name: as many records lack the one as carry the other, which is new.
pub(crate) fn renamed(facts: &Facts<'_>) -> Vec<Suspicion> {
    let profile = facts.profile();
    let known = |name: &str| {
        let before =
            facts.baseline.and_then(|baseline| baseline.profile.unexpected.get(name).map(|count| share(*count, baseline.profile.records)));
        before.unwrap_or(0.0)
    };
    let mut new: Vec<(&str, f64)> = profile
        .unexpected
        .iter()
        .map(|(name, count)| (name.as_str(), share(*count, profile.records) - known(name)))
        .filter(|(_, share)| *share >= LEAST_PART)
        .collect();
    let mut lacking: Vec<(&str, f64)> = facts
        .fields
        .iter()
        .filter(|field| field.role == FieldRole::Feature)
        .filter_map(|field| {
            let both = facts.both(&field.name)?;
            let more = both.share_now(both.now.missing) - both.share_before(both.before.missing);
            (more >= LEAST_PART).then_some((field.name.as_str(), more))
        })
        .collect();
    lacking.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let mut suspicions = Vec::new();
    for (name, more) in lacking {
        let already_missing = facts.both(name).map_or(0.0, |both| both.share_before(both.before.missing));
        // Where the value is missing anyway, the new name may be written with nothing or not at all.
        let is_near = |share: f64| (share - more).abs() <= SAME_SHARE.max(0.1 * more);
        let near = |candidate: f64| is_near(candidate) || is_near(candidate * (1.0 - already_missing));
        let best = new
            .iter()
            .enumerate()
            .filter(|(_, (_, candidate))| near(*candidate))
            .max_by(|a, b| likeness(a.1.0, name).total_cmp(&likeness(b.1.0, name)).then_with(|| b.1.0.cmp(a.1.0)));
        let Some((index, _)) = best else { continue };
        let (as_name, part) = new.remove(index);
        let records = if part > 0.95 { "every record carries".to_owned() } else { format!("{} of the records carry", percent(part)) };
        suspicions.push(Suspicion {
            fault: Fault::Renamed,
            fields: vec![name.to_owned()],
            evidence: format!("{name} is missing where {records} {as_name}, which the contract does not know: it was renamed"),
            confidence: if likeness(as_name, name) >= 0.3 { DIRECT } else { POSSIBLE },
            share: part,
        });
    }
    suspicions
}

/// How alike two names are: share of their letter pairs in common (Dice), `0..=1`.
fn likeness(a: &str, b: &str) -> f64 {
    let pairs = |text: &str| -> Vec<(char, char)> {
        let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        letters.windows(2).filter_map(|pair| if let [a, b] = pair { Some((*a, *b)) } else { None }).collect()
    };
    let (left, mut right) = (pairs(a), pairs(b));
    let all = left.len() + right.len();
    let mut common = 0;
    for pair in left {
        if let Some(place) = right.iter().position(|other| *other == pair) {
            right.swap_remove(place);
            common += 1;
        }
    }
    share(2 * common, all as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_by_their_letter_pairs() {
        assert!(likeness("dep_delay", "departure_delay") > 0.5);
        assert!(likeness("depDelay", "dep_delay") > 0.99);
        assert!(likeness("dep_delay", "colour") < 0.1);
        assert!((likeness("", "") - 0.0).abs() < 1e-12);
    }
}
