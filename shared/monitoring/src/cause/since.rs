//! A field's values since its change began: what began at noon of the window's first day is half of that day, and all of the days after it.

use tidegate_profile::FieldProfile;

use super::facts::{Both, Facts};
use crate::onset::{Course, began};

/// Fewer values than this do not tell what became of them.
const LEAST_VALUES: u64 = 200;

/// The values after the hour or day in which the change began; `None` when that is not within the window, or too few are left.
pub(crate) fn since(facts: &Facts<'_>, field: Both<'_>) -> Option<FieldProfile> {
    let trail = facts.history.trail;
    let course = Course::of_field(field.now, field.before, field.cells, trail)?;
    let onset = began(&[&course], trail).onset().filter(|onset| onset.at_ms >= facts.window.start_ms)?;
    let after = trail.iter().filter(|(step, _)| step.start_ms > onset.at_ms && step.end_ms <= facts.window.end_ms);
    let values = after.filter_map(|(_, profile)| profile.fields.iter().find(|values| values.name == field.name)).cloned();
    let sum = values.reduce(|mut sum, more| {
        sum.merge(&more);
        sum
    });
    sum.filter(|sum| (LEAST_VALUES..field.now.present).contains(&sum.present))
}
