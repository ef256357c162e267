//! What came before a window, and which spans of time tell it.

use tidegate_profile::Profile;

use crate::Window;

pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;

/// So many past weeks at most tell what is usual for an hour of the week: more would remember a season that is over.
pub const PAST_WEEKS: usize = 8;

/// What came before a window, and how it went within it.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    /// The window before, of the same length; `None` when nothing arrived in it.
    pub previous: Option<&'a Profile>,
    /// The same span of the week in the weeks before, the latest first; those without records are left out.
    pub same_hours: &'a [Profile],
    /// The seven days before the window; `None` when nothing arrived in them.
    pub week: Option<&'a Profile>,
    /// Consecutive hours or days up to the end of the window, oldest first; those without records are left out.
    pub trail: &'a [(Window, Profile)],
}

/// The spans of time that a window's [`History`] is summed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans {
    /// The window before, of the same length.
    pub previous: Window,
    /// The same span of the week in the [`PAST_WEEKS`] weeks before, the latest first; empty for a window longer than a week, which has
    /// no place in the week.
    pub same_hours: Vec<Window>,
    /// The seven days before the window; `None` for a window of a week or more, in which a week's ups and downs cancel anyway.
    pub week: Option<Window>,
}

/// The spans of time that the history of a window is summed over.
///
/// ```
/// use tidegate_monitoring::{Window, spans};
/// const HOUR: i64 = 3_600_000;
/// let spans = spans(Window { start_ms: 1000 * HOUR, end_ms: 1006 * HOUR });
/// assert_eq!(spans.previous, Window { start_ms: 994 * HOUR, end_ms: 1000 * HOUR });
/// assert_eq!(spans.same_hours[1], Window { start_ms: (1000 - 2 * 168) * HOUR, end_ms: (1006 - 2 * 168) * HOUR });
/// assert_eq!(spans.week, Some(Window { start_ms: (1000 - 168) * HOUR, end_ms: 1000 * HOUR }));
/// ```
#[must_use]
pub fn spans(window: Window) -> Spans {
    let length = window.end_ms - window.start_ms;
    let earlier = |ms: i64| Window { start_ms: window.start_ms - ms, end_ms: window.end_ms - ms };
    let weeks = if length <= WEEK_MS { PAST_WEEKS } else { 0 };
    Spans {
        previous: earlier(length),
        same_hours: std::iter::successors(Some(earlier(WEEK_MS)), |later| {
            Some(Window { start_ms: later.start_ms - WEEK_MS, end_ms: later.end_ms - WEEK_MS })
        })
        .take(weeks)
        .collect(),
        week: (length < WEEK_MS).then_some(Window { start_ms: window.start_ms - WEEK_MS, end_ms: window.start_ms }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(hours: i64) -> Window {
        Window { start_ms: 10_000 * HOUR_MS, end_ms: (10_000 + hours) * HOUR_MS }
    }

    #[test]
    fn a_whole_week_is_compared_with_the_weeks_before_it() {
        let spans = spans(window(168));
        assert_eq!((spans.same_hours.len(), spans.same_hours.first(), spans.week), (PAST_WEEKS, Some(&spans.previous), None));
    }

    #[test]
    fn a_month_has_no_place_in_the_week() {
        let spans = spans(window(720));
        assert!(spans.same_hours.is_empty() && spans.week.is_none());
        assert_eq!(spans.previous.end_ms, 10_000 * HOUR_MS);
    }
}
