//! Values that repeat, or that stop at a limit: placeholders, stuck sensors, defaults, clipped and rounded columns.

use tidegate_profile::{Counts, FieldProfile};

use super::distribution::Distribution;
use super::facts::{Both, Facts, share};
use super::suspicion::{DIRECT, LIKELY, POSSIBLE, Suspicion};
use crate::Fault;
use crate::words::{number, percent};

/// A value that gained less than this share of the values may well be new business: new planes, a new price.
pub(super) const STUCK: f64 = 0.05;

/// A cell that is wider than this, in standard deviations of the baseline, holds more than one value.
const ONE_VALUE: f64 = 0.3;

/// A stuck value holds at least so many times what it held before.
pub(super) const TIMES: f64 = 2.0;

/// A value that took over from another gained from it: when one other lost more than this part of the gain beyond its own part of it,
/// the value was not stuck but replaced.
const REPLACED: f64 = 0.6;

/// Beside a value in a wide cell its neighbours may have grown, beyond their part, by so much of what it gained.
const SPREAD: f64 = 0.25;

/// Part of a clipped tail that must lie on the limit.
const ON_THE_LIMIT: f64 = 0.6;

/// A tail of less than this is not told from chance.
const LEAST_TAIL: f64 = 0.015;

/// So much of a clipped tail may be left: the clipping may have begun within the window.
const LEFT_OF_THE_TAIL: f64 = 0.45;

/// A limit that more than this share of the values lay beyond is no limit any more.
const MOST_CLIPPED: f64 = 0.6;

/// A placeholder in less than this share of the values is not told from an odd value.
pub(super) const PLACEHOLDER: f64 = 0.003;

/// Fine cells differ from what their neighbourhood explains by at least so large a share of the values when values are rounded.
const ROUNDED: f64 = 0.25;

/// Rounded values are distributed as before, seen from far: their cumulative shares differ by no more than this.
const SAME_AS_A_WHOLE: f64 = 0.6;

/// Rounding empties cells that hold at least so much of the baseline; a mix of other values thins them out.
const EMPTIED: f64 = 0.2;

/// Fewer values do not tell whether they are rounded.
pub(super) const LEAST_VALUES: f64 = 100.0;

/// The neighbourhood: so many cells.
const NEIGHBOURS: usize = 12;

/// Longest spell, as a part of the hours or days before, in which a field may have held one value and still be called stuck.
const OFTEN_CONSTANT: f64 = 0.1;

/// What repeats in a field, when that explains its change.
pub(crate) fn suspicion(facts: &Facts<'_>, field: Both<'_>) -> Option<Suspicion> {
    let anchor = field.numeric_anchor()?;
    let before = Distribution::of(field.before, anchor)?;
    let now = Distribution::of(field.now, anchor)?;
    let counts = Cells::of(field)?;
    constant(facts, field, &before, &now)
        .or_else(|| clipped(field, &counts, &before))
        .or_else(|| stuck(field, &counts))
        .or_else(|| rounded(field, &counts))
}

/// Window's and baseline's counts cell by cell.
struct Cells<'a> {
    now: &'a [u64],
    before: &'a [u64],
    periods: &'a [Counts],
    all_now: u64,
    all_before: u64,
}

impl<'a> Cells<'a> {
    fn of(field: Both<'a>) -> Option<Self> {
        let (now, before) = (&field.now.numeric.as_ref()?.cells, &field.before.numeric.as_ref()?.cells);
        let (all_now, all_before) = (now.iter().sum(), before.iter().sum());
        let comparable = now.len() == before.len() && all_now > 0 && all_before > 0;
        comparable.then_some(Self { now, before, periods: &field.cells.periods, all_now, all_before })
    }

    fn now(&self, cell: usize) -> f64 {
        share(self.now.get(cell).copied().unwrap_or(0), self.all_now)
    }

    fn before(&self, cell: usize) -> f64 {
        share(self.before.get(cell).copied().unwrap_or(0), self.all_before)
    }

    fn gain(&self, cell: usize) -> f64 {
        self.now(cell) - self.before(cell)
    }

    fn cells(&self) -> std::ops::Range<usize> {
        0..self.now.len()
    }

    /// The cell that gained most.
    fn gainer(&self) -> Option<usize> {
        self.cells().max_by(|a, b| self.gain(*a).total_cmp(&self.gain(*b)))
    }

    /// Largest difference of the cumulative shares.
    fn apart(&self) -> f64 {
        let sum = |sum: &mut f64, cell: usize| {
            *sum += self.gain(cell);
            Some(sum.abs())
        };
        self.cells().scan(0.0, sum).fold(0.0, f64::max)
    }

    /// What the other cells have beyond their part, where `gainer` took from all of them alike.
    fn beside(&self, gainer: usize) -> impl Iterator<Item = (usize, f64)> {
        let left = (1.0 - self.now(gainer)) / (1.0 - self.before(gainer)).max(f64::MIN_POSITIVE);
        self.cells().filter(move |cell| *cell != gainer).map(move |cell| (cell, self.now(cell) - self.before(cell) * left))
    }
}

/// A number that programs write where there is none.
///
/// Known when all values outside the baseline's range are one such number, or when zero came up where it never did.
pub(crate) fn placeholder(field: Both<'_>) -> Option<Suspicion> {
    let anchor = field.numeric_anchor()?;
    let (before, now) = (Distribution::of(field.before, anchor)?, Distribution::of(field.now, anchor)?);
    let cells = Cells::of(field)?;
    let values = anchor.representatives();
    let outside = |cell: &usize| cells.before.get(*cell) == Some(&0) && cells.now.get(*cell).is_some_and(|count| *count > 0);
    for value in [now.min, now.max].into_iter().filter(|value| is_placeholder(*value) && (*value < before.min || *value > before.max)) {
        let beyond = |cell: &usize| {
            let edge = values.get(*cell).copied().unwrap_or(0.0);
            if value < before.min { edge < before.min } else { edge > before.max }
        };
        let count: u64 = cells.cells().filter(|cell| outside(cell) && beyond(cell)).filter_map(|cell| cells.now.get(cell)).sum();
        let part = share(count, cells.all_now);
        if part < PLACEHOLDER {
            continue;
        }
        // What the values out there are on average, when those inside are what their cells say.
        let inside: f64 = cells
            .cells()
            .filter(|cell| !(outside(cell) && beyond(cell)))
            .map(|cell| cells.now(cell) * values.get(cell).copied().unwrap_or(0.0))
            .sum();
        let there = (now.mean - inside) / part;
        let room = (value - if value < before.min { before.min } else { before.max }).abs();
        if (there - value).abs() <= 0.05 * room + 0.02 * before.sd / part {
            let evidence = format!(
                "{} of the values of {} are {}, which the baseline never showed: a placeholder where there is no value",
                percent(part),
                field.name,
                number_plainly(value)
            );
            return Some(Suspicion::of(field, Fault::Range, part, DIRECT, evidence));
        }
    }
    None
}

/// Numbers that stand for "none": -1, ±9, ±99 …, the limits of machine integers, and round powers of ten.
fn is_placeholder(value: f64) -> bool {
    const LIMITS: [f64; 7] = [-1.0, 0.0, 32_767.0, 65_535.0, 2_147_483_647.0, 4_294_967_295.0, 9_223_372_036_854_775_807.0];
    let size = value.abs();
    let nines = (1..=9).map(|digits| 10_f64.powi(digits) - 1.0);
    let tens = (2..=9).map(|digits| 10_f64.powi(digits));
    let near = |known: f64| (size - known).abs() < 1e-6;
    LIMITS.iter().any(|limit| (value - limit).abs() < 1e-6 || (value + limit).abs() < 2.0 && limit.abs() > 1e4)
        || nines.chain(tens).any(near)
        || size >= 1e30
}

fn number_plainly(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { number(value) }
}

/// The same value in every record, where the baseline showed many.
fn constant(facts: &Facts<'_>, field: Both<'_>, before: &Distribution<'_>, now: &Distribution<'_>) -> Option<Suspicion> {
    let cells = Cells::of(field)?;
    let cell = cells.gainer()?;
    let one_value = now.min >= now.max && before.min < before.max;
    if !one_value || field.most_in_as_many(cell) >= 0.9 || was_often_constant(facts, field.name, |profile| only(profile, now.min)) {
        return None;
    }
    let evidence = format!(
        "{} is {} in every record, where the baseline showed {} to {}: it is stuck",
        field.name,
        number_plainly(now.min),
        number_plainly(before.min),
        number_plainly(before.max)
    );
    Some(Suspicion::of(field, Fault::Stuck, 1.0, DIRECT, evidence))
}

/// Whether a field also held one value in many of the hours or days before (clear sky, no rain): this one, or any when the window is no
/// longer than one of them: a station reports one temperature an hour. `only` says of a profile with one value whether it is this one.
pub(super) fn was_often_constant(facts: &Facts<'_>, name: &str, only: impl Fn(&FieldProfile) -> Option<bool>) -> bool {
    let before: Vec<Option<bool>> = facts
        .history
        .trail
        .iter()
        .filter(|(window, _)| window.end_ms <= facts.window.start_ms)
        .filter_map(|(_, profile)| profile.fields.iter().find(|field| field.name == name))
        .filter(|field| field.present > 1)
        .map(only)
        .collect();
    let step = facts.history.trail.last().map_or(0, |(window, _)| window.end_ms - window.start_ms);
    let is_short = facts.window.end_ms - facts.window.start_ms <= step;
    let constant = before.iter().flatten().filter(|same| is_short || **same).count();
    constant as f64 > OFTEN_CONSTANT * before.len() as f64
}

/// Whether all of a field's numbers are this one; `None` where there are several.
fn only(field: &FieldProfile, value: f64) -> Option<bool> {
    let numeric = field.numeric.as_ref()?;
    let min = numeric.min.filter(|min| numeric.max.is_some_and(|max| *min >= max))?;
    Some((min - value).abs() <= f64::EPSILON * value.abs())
}

/// A tail that piled up on a limit, and nothing on the other side of it.
fn clipped(field: Both<'_>, cells: &Cells<'_>, before: &Distribution<'_>) -> Option<Suspicion> {
    let anchor = field.numeric_anchor()?;
    let limit = cells.gainer()?;
    let gain = cells.gain(limit);
    let sides = [(0..limit, "below", before.min), (limit + 1..cells.now.len(), "above", before.max)];
    for (index, (beyond, direction, reached)) in sides.iter().enumerate() {
        let sum = |range: &std::ops::Range<usize>, of: &dyn Fn(usize) -> f64| range.clone().map(of).sum::<f64>();
        let (tail, kept) = (sum(beyond, &|cell| cells.before(cell)), sum(beyond, &|cell| cells.now(cell)));
        let other = sides.get(1 - index).map_or(0.0, |(other, ..)| sum(other, &|cell| -cells.gain(cell)));
        // The limit gained what the tail lost; some more when the tail had grown before it was clipped.
        let is_the_tail = (ON_THE_LIMIT * (tail - kept)..=3.0 * tail + 0.12).contains(&gain);
        if !(LEAST_TAIL..=MOST_CLIPPED).contains(&tail) || kept > LEFT_OF_THE_TAIL * tail || !is_the_tail {
            continue;
        }
        if other > 0.5 * gain || cells.now(limit) <= field.most_in_as_many(limit) {
            continue;
        }
        let value = anchor.representatives().get(limit).copied()?;
        let lie = if kept > 0.0 { format!("only {} lie", percent(kept)) } else { "none lies".to_owned() };
        let evidence = format!(
            "{} of the values of {} are about {} and {lie} {direction} it, where the baseline reached {}: the column is clipped",
            percent(cells.now(limit)),
            field.name,
            number_plainly(value),
            number_plainly(*reached)
        );
        return Some(Suspicion::of(field, Fault::Stuck, gain, LIKELY, evidence));
    }
    None
}

/// One value that took from all others alike.
fn stuck(field: Both<'_>, cells: &Cells<'_>) -> Option<Suspicion> {
    let cell = cells.gainer()?;
    let gain = cells.gain(cell);
    let is_one = gain >= STUCK
        && cells.now(cell) >= TIMES * cells.before(cell)
        && cells.now(cell) >= 1.5 * field.most_in_as_many(cell)
        && cells.beside(cell).all(|(_, beyond)| -beyond <= REPLACED * gain);
    let others_gained: f64 = cells.cells().filter(|other| *other != cell).map(|other| cells.gain(other)).filter(|gain| *gain > 0.0).sum();
    if !is_one || others_gained > gain {
        return None;
    }
    let anchor = field.numeric_anchor()?;
    let value = anchor.representatives().get(cell).copied()?;
    let numeric = field.now.numeric.as_ref()?;
    // A cell outside the baseline is wide: it is one value only when the extreme says so.
    let outside = cells.before.get(cell) == Some(&0);
    let value = match (outside, numeric.min, numeric.max) {
        (true, Some(min), _) if value < 0.0_f64.max(min) => min,
        (true, _, Some(max)) => max,
        _ => value,
    };
    let sd = field.before.numeric.as_ref()?.variance(field.before.present)?.sqrt();
    let is_wide = anchor.bounds(cell).is_none_or(|(low, high)| {
        // A cell of the baseline's own tail is wide as well: values that moved there are no one value.
        if outside { high - low > 0.01 * (high.abs() + low.abs()) } else { high - low > ONE_VALUE * sd }
    });
    // Values that moved together spread over neighbours; what gained alone among them is one value in however wide a cell.
    let near = cell.saturating_sub(NEIGHBOURS)..=cell + NEIGHBOURS;
    let spread: f64 = cells.beside(cell).filter(|(other, _)| near.contains(other)).map(|(_, beyond)| beyond.max(0.0)).sum();
    if is_wide && (outside || spread > SPREAD * gain) {
        return None;
    }
    let evidence = format!(
        "{} of the values of {} are about {}, {} in the baseline, and the others are as before: a value is stuck or a default stands in",
        percent(cells.now(cell)),
        field.name,
        number(value),
        percent(cells.before(cell))
    );
    Some(Suspicion::of(field, Fault::Stuck, gain, if gain >= 0.15 { LIKELY } else { POSSIBLE }, evidence))
}

/// Cells that differ from what their neighbourhood explains, up and down all along: values were rounded.
fn rounded(field: Both<'_>, cells: &Cells<'_>) -> Option<Suspicion> {
    if cells.apart() > SAME_AS_A_WHOLE {
        return None;
    }
    let beyond_usual = |of: fn(&[u64], &[u64]) -> Option<f64>, least: f64| {
        let usual = cells.periods.iter().filter_map(|counts| of(&counts.cells, cells.before)).fold(0.0, f64::max);
        of(cells.now, cells.before).filter(|now| *now >= least && *now >= 1.5 * usual + 0.05)
    };
    let lumps = beyond_usual(lumpiness, ROUNDED)?;
    beyond_usual(emptied, EMPTIED)?;
    let evidence = format!(
        "{} of the values of {} lie closer together than the baseline's while the distribution as a whole is the same: the values are rounded",
        percent(lumps),
        field.name
    );
    Some(Suspicion::of(field, Fault::Stuck, lumps, LIKELY, evidence))
}

/// Share of the values that lie in other cells than those of their neighbourhood would tell, beyond chance; `None` with too few.
fn lumpiness(now: &[u64], before: &[u64]) -> Option<f64> {
    let all = now.iter().sum::<u64>() as f64;
    let (mut fine, mut chance, mut filled) = (0.0, 0.0, 0_u32);
    for (now, before) in now.chunks(NEIGHBOURS).zip(before.chunks(NEIGHBOURS)) {
        let (here, there) = (now.iter().sum::<u64>() as f64, before.iter().sum::<u64>() as f64);
        if there <= 0.0 {
            continue;
        }
        for (now, before) in now.iter().zip(before) {
            let part = *before as f64 / there;
            fine += (*now as f64 - here * part).abs();
            // The mean deviation of a binomial count about its expectation.
            chance += (2.0 / std::f64::consts::PI * here * part * (1.0 - part)).sqrt();
            filled += u32::from(*before > 0);
        }
    }
    (filled >= 24 && all >= LEAST_VALUES).then(|| ((fine - chance) / (2.0 * all)).max(0.0))
}

/// Share of the baseline's values in cells that now hold none, beyond what chance leaves empty; `None` with too few values.
fn emptied(now: &[u64], before: &[u64]) -> Option<f64> {
    let (n, m) = (now.iter().sum::<u64>() as f64, before.iter().sum::<u64>() as f64);
    let cells = now.iter().zip(before).map(|(now, before)| (*now == 0, *before as f64 / m));
    let beyond_chance: f64 = cells.map(|(is_empty, share)| share * (f64::from(u8::from(is_empty)) - (-share * n).exp())).sum();
    (n >= LEAST_VALUES && m > 0.0).then(|| beyond_chance.max(0.0))
}
