//! Names that stand in for others: what programs write where there is no name, and one name in the place of many.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_contract::FieldRole;
use tidegate_profile::{CategoricalAnchor, FieldProfile};

use super::facts::{Both, Facts, share};
use super::repeat::{LEAST_VALUES, PLACEHOLDER, STUCK, TIMES, was_often_constant};
use super::suspicion::{DIRECT, LIKELY, POSSIBLE, Suspicion};
use crate::history::DAY_MS;
use crate::segments::followed;
use crate::words::{percent, quoted};
use crate::{Fault, FieldVerdict, State};

/// What programs write where there is no name: letters and digits alone, in lower case.
const NO_NAME: [&str; 18] = [
    "",
    "blank",
    "empty",
    "missing",
    "na",
    "nan",
    "nil",
    "none",
    "notavailable",
    "notset",
    "novalue",
    "null",
    "objectobject",
    "tbd",
    "undefined",
    "unk",
    "unknown",
    "unspecified",
];

/// One name that holds at least so much of the values was there all the time when it did so before.
const ALL: f64 = 0.9;

/// A known name that gained less than this share, and is no [`MANY_TIMES`] as frequent as it ever was, may well have grown by itself.
const GROWN: f64 = 0.15;

/// So many times as frequent as it ever was, a name is no longer the same customers'.
const MANY_TIMES: f64 = 4.0;

/// Where the other features tell that nobody came with it, this much is enough.
const GROWN_ALONE: f64 = 0.1;

/// A name that a baseline of very many never showed is no new customer when it holds so many times what the most frequent one did.
const FAR_ABOVE: f64 = 10.0;

/// The mix of all other names is as before when no more than this share of them would have to change.
const SAME_MIX: f64 = 0.1;

/// A name that holds this share of the values is frequent.
const FREQUENT: f64 = 0.01;

/// So many other frequent names tell that one took from all alike: of two names, one takes from the other in any case.
const LEAST_OTHERS: usize = 2;

/// So many other features must be as ever where one name stands in for others: if more customers of one kind came, others would have moved.
const LEAST_CALM: usize = 3;

/// Whether a text says that there is none: a word for it, signs alone, or nothing but zeros, as the empty UUID.
fn says_none(text: &str) -> bool {
    let core: String = text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NO_NAME.contains(&core.as_str()) || core.len() >= 8 && core.chars().all(|letter| letter == '0')
}

/// A word for no value among the names, which the baseline never had.
pub(crate) fn placeholder(facts: &Facts<'_>, field: Both<'_>) -> Option<Suspicion> {
    let anchor = field.names_anchor()?;
    let (now, before) = (field.now.categorical.as_ref()?, field.before.categorical.as_ref()?);
    let known = |word: &str| anchor.values.iter().chain(before.other.keys()).any(|name| name.trim().eq_ignore_ascii_case(word.trim()));
    // NA is Namibia among countries.
    let codes = anchor.values.iter().filter(|name| name.chars().count() == 2).count();
    let may_be_code = |word: &str| word.len() == 2 && 2 * codes > anchor.values.len();
    let words = now.other.iter().filter(|(name, _)| says_none(name) && !known(name) && !may_be_code(name));
    let (count, most) = words.fold((0, None), |(sum, most), (name, count)| (sum + count, most.max(Some((count, name)))));
    let (part, (_, word)) = (share(count, field.now.present), most?);
    let word = if facts.may_show_names() { quoted(word) } else { "a word for no value".to_owned() };
    let evidence = format!(
        "{} of the values of {} are {word}, which the baseline never showed: a placeholder where there is no value",
        percent(part),
        field.name
    );
    (part >= PLACEHOLDER).then(|| Suspicion::of(field, Fault::Range, part, DIRECT, evidence))
}

/// One name in the place of all others, or of a part of each.
pub(crate) fn stuck(facts: &Facts<'_>, field: Both<'_>) -> Option<Suspicion> {
    let names = Names::of(field)?;
    if (field.now.present as f64) < LEAST_VALUES {
        return None;
    }
    let name = names.gainer()?;
    let (is, was, most) = (names.now(name), names.before(name), names.most_in_as_many(field, name));
    let gain = is - was;
    if gain < STUCK {
        return None;
    }
    let shown = if facts.may_show_names() { quoted(name) } else { "one name".to_owned() };
    let followed = followed_by(facts, field.name, name);
    let only_this = |profile: &FieldProfile| Some(only(names.anchor, profile)? == name);
    if only(names.anchor, field.now).is_some() {
        // Hours are not told by the baseline's days.
        let is_short = facts.window.end_ms - facts.window.start_ms < DAY_MS;
        let ordinary = names.most() >= ALL || most >= ALL || is_short && was_often_constant(facts, field.name, only_this);
        let evidence = format!("{} is {shown} in every record, {} in the baseline: it is stuck", field.name, percent(was));
        let is_stuck = !ordinary && followed != Some(true);
        return is_stuck.then(|| Suspicion::of(field, Fault::Stuck, 1.0, DIRECT, evidence));
    }
    let has_grown = gain >= GROWN && is >= TIMES * was.max(most) || is >= MANY_TIMES * was.max(most);
    let took_from_all = || was > 0.0 && names.are_as_before_without(name);
    let (confidence, beside) = match followed {
        _ if names.anchor.open && is >= FAR_ABOVE * names.most() => (LIKELY, "where no value had so many"),
        Some(false) if gain >= GROWN_ALONE && is > most && took_from_all() => (LIKELY, "and the others are as before"),
        None if has_grown && names.without(name) >= LEAST_OTHERS && took_from_all() && all_calm(facts, field.name) => {
            (POSSIBLE, "and the others are as before")
        }
        _ => return None,
    };
    let (is, was, name) = (percent(is), percent(was), field.name);
    let evidence =
        format!("{is} of the values of {name} are {shown}, {was} in the baseline, {beside}: a value is stuck or a default stands in");
    Some(Suspicion::of(field, Fault::Stuck, gain, confidence, evidence))
}

/// Window's and baseline's counts by name.
struct Names<'a> {
    anchor: &'a CategoricalAnchor,
    now: BTreeMap<&'a str, u64>,
    before: BTreeMap<&'a str, u64>,
    present: (u64, u64),
}

impl<'a> Names<'a> {
    fn of(field: Both<'a>) -> Option<Self> {
        let anchor = field.names_anchor()?;
        let [now, before] = [field.now, field.before].map(|profile| held(anchor, profile).collect());
        Some(Self { anchor, now, before, present: (field.now.present, field.before.present) })
    }

    fn now(&self, name: &str) -> f64 {
        share(self.now.get(name).copied().unwrap_or(0), self.present.0)
    }

    fn before(&self, name: &str) -> f64 {
        share(self.before.get(name).copied().unwrap_or(0), self.present.1)
    }

    /// The name whose share grew most.
    fn gainer(&self) -> Option<&'a str> {
        let gain = |name: &str| self.now(name) - self.before(name);
        self.now.keys().copied().max_by(|a, b| gain(a).total_cmp(&gain(b)))
    }

    /// The share of the baseline's most frequent name.
    fn most(&self) -> f64 {
        share(self.before.values().copied().max().unwrap_or(0), self.present.1)
    }

    /// The largest share that as many values of the baseline had of a name.
    fn most_in_as_many(&self, field: Both<'_>, name: &str) -> f64 {
        self.anchor.values.iter().position(|known| known == name).map_or(0.0, |cell| field.most_in_as_many(cell))
    }

    /// How many other names are frequent enough to tell whether one took from all alike.
    fn without(&self, name: &str) -> usize {
        self.before.keys().filter(|other| **other != name && self.before(other) >= FREQUENT).count()
    }

    /// Whether the mix of all other names is what it was, as far as chance allows.
    fn are_as_before_without(&self, name: &str) -> bool {
        let (left, were) = (1.0 - self.now(name), 1.0 - self.before(name));
        let others: BTreeSet<&str> = self.before.keys().chain(self.now.keys()).copied().filter(|other| *other != name).collect();
        let moves = others.iter().map(|other| (self.now(other) / left.max(f64::MIN_POSITIVE), self.before(other) / were));
        let rest = (left * self.present.0 as f64).max(1.0);
        // The mean deviation of a share by chance.
        let chance = |share: f64| (2.0 / std::f64::consts::PI * share * (1.0 - share) / rest).sqrt();
        moves.map(|(now, before)| ((now - before).abs() - chance(before)) / 2.0).sum::<f64>() <= SAME_MIX
    }
}

/// A field's only name; `None` where there are several, or none.
fn only<'n>(anchor: &'n CategoricalAnchor, field: &'n FieldProfile) -> Option<&'n str> {
    let mut held = held(anchor, field);
    held.next()
        .map(|(name, _)| name)
        .filter(|_| held.next().is_none() && field.categorical.as_ref().is_some_and(|names| names.remainder == 0))
}

/// The names that a field has, as far as they are listed, and how often.
fn held<'n>(anchor: &'n CategoricalAnchor, field: &'n FieldProfile) -> impl Iterator<Item = (&'n str, u64)> {
    field.categorical.iter().flat_map(|names| names.named(&anchor.values))
}

/// Whether the other features moved as another mix of this field would have them do, of which one value grew. They did not, either, where one
/// of them moved among that value's records and not among all. `None` where the field is no segment, or nothing tells.
fn followed_by(facts: &Facts<'_>, name: &str, value: &str) -> Option<bool> {
    let others: Vec<&str> = others(facts, name).map(|field| field.name.as_str()).collect();
    let as_expected = followed(name, &others, facts.profile(), facts.baseline?);
    let is_calm = |name: &str| facts.verdict(name).is_some_and(|field| field.state == State::Ok);
    let moved_within = || facts.segments.iter().any(|found| found.segment == name && found.value == value && is_calm(&found.field));
    as_expected.or_else(|| moved_within().then_some(false))
}

/// Whether all other features are as ever, and enough of them to tell, where the field is no segment: of a segment, what came with it tells.
fn all_calm(facts: &Facts<'_>, name: &str) -> bool {
    let is_segment = facts.profile().segments.iter().any(|segment| segment.field == name);
    let calm = others(facts, name).filter(|field| field.state == State::Ok).count();
    !is_segment && calm >= LEAST_CALM && others(facts, name).all(|field| field.state != State::Drift)
}

fn others<'a>(facts: &Facts<'a>, name: &str) -> impl Iterator<Item = &'a FieldVerdict> {
    facts.fields.iter().filter(move |field| field.role == FieldRole::Feature && field.name != name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_no_name_are_told_from_names() {
        for word in
            ["N/A", "#N/A", " unknown ", "(null)", "Not Available", "-", "??", "00000000-0000-0000-0000-000000000000", "[object Object]"]
        {
            assert!(says_none(word), "{word}");
        }
        for word in ["Nan Elmoth", "0", "10001", "Unknown Pleasures", "é", "noon", "20000000"] {
            assert!(!says_none(word), "{word}");
        }
    }
}
