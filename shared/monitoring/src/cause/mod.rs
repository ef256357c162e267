//! Why the data moved, as far as the data tell: faults of the data first, each told by what only it does to the counts;
//! what no fault explains is a real move.

mod action;
mod columns;
mod direct;
mod distribution;
mod facts;
mod moves;
mod repeat;
mod since;
mod stand_in;
mod suspicion;
mod text;
mod unit;
mod whole_numbers;

pub(crate) use self::action::{action, calm_action};
pub(crate) use self::facts::Facts;
use self::facts::{Both, share};
pub(crate) use self::moves::{Moved, calm, novelty, of_move, of_side};
pub(crate) use self::suspicion::Suspicion;
use crate::State;

/// Every fault of the data that would explain what was found, each field in at most one, in the order of the fields.
///
/// What concerns several columns is told before what concerns one, and what says most before what says least: values
/// that are a thousand times too large also lie outside the contract's range.
pub(crate) fn faults(facts: &Facts<'_>) -> Vec<Suspicion> {
    let mut found: Vec<Suspicion> = columns::renamed(facts);
    let explained = |found: &[Suspicion], name: &str| found.iter().any(|suspicion| suspicion.fields.iter().any(|field| field == name));
    if let Some(shifted) = columns::shifted(facts).filter(|shifted| !shifted.fields.iter().any(|name| explained(&found, name))) {
        found.push(shifted);
    }
    for field in facts.fields.iter().filter(|field| !field.muted) {
        if explained(&found, &field.name) || facts.state_of(&field.name) == State::Ok {
            continue;
        }
        found.extend(one_field(facts, &field.name));
    }
    found.extend(direct::of_files(facts));
    found
}

/// The fault that explains one field best.
fn one_field(facts: &Facts<'_>, name: &str) -> Option<Suspicion> {
    let absent = || direct::absent(facts, name);
    let Some(both) = facts.verdict(name).and_then(|field| facts.both(&field.name)) else {
        return absent().or_else(|| direct::out_of_range(facts, name));
    };
    // An output that repeats or grows says something about the model, not about the data.
    let is_input = facts.role(name) == Some(tidegate_contract::FieldRole::Feature);
    let moved = facts.verdict(name).is_some_and(|field| field.state == State::Drift);
    let by_values = || {
        is_input.then_some(both).and_then(|both| {
            repeat::placeholder(both).or_else(|| stand_in::placeholder(facts, both)).or_else(|| {
                let of_names = || text::suspicion(facts, both).or_else(|| stand_in::stuck(facts, both));
                (moved || facts.state_of(name) == State::Drift).then(|| of_names().or_else(|| of_numbers(facts, both))).flatten()
            })
        })
    };
    absent().or_else(by_values).or_else(|| direct::out_of_range(facts, name))
}

/// What became of a field's numbers, in the whole window or in the part of it since they changed.
fn of_numbers(facts: &Facts<'_>, both: Both<'_>) -> Option<Suspicion> {
    let all = unit::suspicion(both);
    if all.as_ref().is_some_and(unit::is_whole) {
        return all;
    }
    let late = since::since(facts, both);
    let late = late.as_ref().map(|late| (Both { now: late, ..both }, share(late.present, both.now.present)));
    let late_unit = late.and_then(|(late, part)| Some((unit::suspicion(late)?, part)));
    let unit = match (all, late_unit) {
        // A unit is told more surely where all values have it.
        (Some(all), Some((late, _))) if !unit::is_whole(&late) => Some(all),
        (_, Some((late, part))) => Some(late.of_part(part)),
        (all, None) => all,
    };
    unit.or_else(|| repeat::suspicion(facts, both))
        .or_else(|| late.and_then(|(late, part)| Some(repeat::suspicion(facts, late)?.of_part(part))))
        .or_else(|| whole_numbers::fractions(both))
}
