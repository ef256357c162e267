//! When people are told of a window: one message for an incident, not one for each of its windows.

use serde::{Deserialize, Serialize};
use tidegate_contract::Alerts;
use tidegate_monitoring::{CauseKind, State};

/// What is remembered of a model's windows of one length.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// The last windows, by their ends (milliseconds since 1970), and whether each was bad. The newest last.
    pub windows: Vec<(i64, bool)>,
    /// What people were told, while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
}

/// What people were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// The state.
    pub state: State,
    /// The cause.
    pub cause: CauseKind,
    /// End of the first bad window, milliseconds since 1970.
    pub since_ms: i64,
    /// End of the window that was told, milliseconds since 1970.
    pub told_ms: i64,
}

/// A window as it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its end, milliseconds since 1970.
    pub end_ms: i64,
    /// What it came to.
    pub state: State,
    /// Why.
    pub cause: CauseKind,
}

/// What people are told of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nothing: it is fine, known, or not yet bad often enough.
    Nothing,
    /// That something is wrong, since the window that ended then (milliseconds since 1970).
    Alarm {
        /// End of the first bad window.
        since_ms: i64,
        /// Whether it was told before, and still lasts after the cooldown.
        again: bool,
    },
    /// That it is over; it had lasted since then.
    Recovered {
        /// End of the first bad window.
        since_ms: i64,
    },
}

/// Looks at a window, and says what is remembered afterwards and what people are told.
///
/// A window that comes again, judged anew, counts once. One that ended before the newest is old news: it is remembered, and
/// nobody is told. Another state or cause is another incident. Too few records end nothing: they do not show that it is over.
#[must_use]
pub fn look(known: &Incident, seen: Seen, alerts: &Alerts) -> (Incident, Told) {
    let mut next = known.clone();
    let is_bad = match seen.state {
        State::Drift | State::NoData => true,
        State::Warning => alerts.warnings,
        State::Ok | State::InsufficientData => false,
    };
    let is_newest = known.windows.iter().all(|(end_ms, _)| *end_ms <= seen.end_ms);
    next.windows.retain(|(end_ms, _)| *end_ms != seen.end_ms);
    next.windows.push((seen.end_ms, is_bad));
    next.windows.sort_unstable();
    let most = alerts.of() as usize;
    let surplus = next.windows.len().saturating_sub(most);
    next.windows.drain(..surplus);
    if !is_newest {
        return (next, Told::Nothing);
    }
    if !is_bad {
        // A state that is fine ends what was told; a warning that nobody wants to hear of does not, nor do too few records.
        return match next.open.take_if(|_| seen.state == State::Ok) {
            Some(open) => (next, Told::Recovered { since_ms: open.since_ms }),
            None => (next, Told::Nothing),
        };
    }
    let bad = || next.windows.iter().filter(|(_, is_bad)| *is_bad);
    if bad().count() < alerts.after as usize {
        return (next, Told::Nothing);
    }
    let first_ms = bad().map(|(end_ms, _)| *end_ms).min().unwrap_or(seen.end_ms);
    let cooldown_ms = i64::from(alerts.cooldown.as_hours()) * 3_600_000;
    let same = next.open.as_ref().filter(|open| open.state == seen.state && open.cause == seen.cause);
    let (since_ms, again) = match same {
        Some(open) if seen.end_ms < open.told_ms.saturating_add(cooldown_ms) => return (next, Told::Nothing),
        Some(open) => (open.since_ms, true),
        None => (first_ms, false),
    };
    next.open = Some(Open { state: seen.state, cause: seen.cause, since_ms, told_ms: seen.end_ms });
    (next, Told::Alarm { since_ms, again })
}

#[cfg(test)]
mod tests {
    use tidegate_contract::WindowLength;

    use super::*;

    const DAY: i64 = 86_400_000;

    fn told(alerts: &Alerts, states: &[(i64, State, CauseKind)]) -> Vec<Told> {
        let mut known = Incident::default();
        let mut all = Vec::new();
        for (day, state, cause) in states {
            let (next, told) = look(&known, Seen { end_ms: day * DAY, state: *state, cause: *cause }, alerts);
            known = serde_json::from_value(serde_json::to_value(next).unwrap()).unwrap();
            all.push(told);
        }
        all
    }

    const fn alarm(day: i64) -> Told {
        Told::Alarm { since_ms: day * DAY, again: false }
    }

    #[test]
    fn an_incident_is_told_once_again_after_its_cooldown_and_when_it_is_over() {
        use CauseKind::{CovariateDrift, DataFault, None};
        let alerts = Alerts { cooldown: WindowLength::hours(72), ..Alerts::default() };
        let days = [
            (1, State::Ok, None),
            (2, State::Drift, CovariateDrift),
            (3, State::Drift, CovariateDrift),
            (3, State::Drift, CovariateDrift), // judged again
            (4, State::Drift, DataFault),      // another cause
            (5, State::Warning, CovariateDrift),
            (6, State::InsufficientData, None),
            (7, State::Drift, DataFault),
            (8, State::Ok, None),
            (9, State::Ok, None),
        ];
        let again = Told::Alarm { since_ms: 2 * DAY, again: true };
        let over = Told::Recovered { since_ms: 2 * DAY };
        let said = told(&alerts, &days);
        assert_eq!(said[..4], [Told::Nothing, alarm(2), Told::Nothing, Told::Nothing]);
        // The second cause is an incident of its own; with after: 1 it begins with its own window.
        assert_eq!(said[4], alarm(4));
        assert_eq!(said[5..7], [Told::Nothing, Told::Nothing]);
        assert_eq!(said[7], Told::Alarm { since_ms: 4 * DAY, again: true });
        assert_eq!(said[8..], [Told::Recovered { since_ms: 4 * DAY }, Told::Nothing]);
        assert!(!said.contains(&again) && !said.contains(&over));
    }

    #[test]
    fn two_bad_windows_of_three_are_needed_where_the_contract_says_so() {
        use CauseKind::{CovariateDrift, None};
        let alerts = Alerts { after: 2, of: Some(3), ..Alerts::default() };
        let days =
            [(1, State::Drift, CovariateDrift), (2, State::Ok, None), (3, State::Drift, CovariateDrift), (4, State::Drift, CovariateDrift)];
        assert_eq!(told(&alerts, &days), [Told::Nothing, Told::Nothing, alarm(1), Told::Nothing]);
    }

    #[test]
    fn a_window_of_the_past_that_is_judged_late_tells_nobody() {
        let days = [(5, State::Ok, CauseKind::None), (3, State::Drift, CauseKind::CovariateDrift), (6, State::Ok, CauseKind::None)];
        assert_eq!(told(&Alerts::default(), &days), [Told::Nothing; 3]);
    }

    #[test]
    fn warnings_are_told_where_they_are_asked_for() {
        let days = [(1, State::Warning, CauseKind::CovariateDrift)];
        assert_eq!(told(&Alerts::default(), &days), [Told::Nothing]);
        assert_eq!(told(&Alerts { warnings: true, ..Alerts::default() }, &days), [alarm(1)]);
    }
}
