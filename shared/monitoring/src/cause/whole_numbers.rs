//! Fractions in a column of whole numbers: part of the records came in another unit, or were averaged on their way.

use super::facts::{Both, share};
use super::suspicion::{LIKELY, Suspicion};
use crate::Fault;
use crate::words::percent;

/// So much of the baseline must lie in cells of one whole number each.
const WHOLE: f64 = 0.5;

/// And no more than this where no whole number lies.
const HARDLY_ANY: f64 = 0.001;

/// Fractions in fewer of a window's values are not told.
const LEAST: f64 = 0.02;

/// Fractions where the baseline has none.
pub(crate) fn fractions(field: Both<'_>) -> Option<Suspicion> {
    let anchor = field.numeric_anchor()?;
    let (now, before) = (&field.now.numeric.as_ref()?.cells, &field.before.numeric.as_ref()?.cells);
    let is_between = |cell: usize| anchor.bounds(cell).is_some_and(|(low, high)| low.ceil() >= high);
    let is_whole = |cell: usize| anchor.bounds(cell).is_some_and(|(low, high)| low.fract() == 0.0 && low.next_up() >= high);
    let part = |cells: &[u64], is_meant: &dyn Fn(usize) -> bool| {
        let meant = cells.iter().enumerate().filter(|(cell, _)| is_meant(*cell)).map(|(_, count)| count).sum();
        share(meant, cells.iter().sum())
    };
    let fractions = part(now, &is_between);
    if part(before, &is_whole) < WHOLE || part(before, &is_between) > HARDLY_ANY || fractions < LEAST {
        return None;
    }
    let evidence = format!(
        "{} of the values of {} lie between whole numbers, where the baseline has none: part of the records is in another unit, or was averaged",
        percent(fractions),
        field.name
    );
    Some(Suspicion::of(field, Fault::Unit, fractions, LIKELY, evidence))
}
