//! One window, as it was judged and as it is judged now.

use std::collections::BTreeSet;

use serde::Serialize;
use tidegate_monitoring::State;

use super::Task;
use super::said::Said;
use crate::terminal::{counted, line, series};

/// Most names in a phrase.
const NAMED: usize = 4;

/// One window, as it was judged and as it is judged now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compared {
    pub(crate) task: Task,
    /// `None` when it was never judged.
    pub(crate) before: Option<Said>,
    pub(crate) now: Said,
    pub(crate) change: Change,
    /// What changed, in one phrase.
    pub(crate) phrase: String,
}

/// What became of a window's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    /// The same, to the last byte.
    Identical,
    /// State and findings are the same, some number is not.
    Alike,
    /// It alarms now and did not before.
    AlarmsNow,
    /// It alarmed before and does not now.
    AlarmsNoMore,
    /// State or findings changed, but not whether it alarms.
    Otherwise,
    /// It was never judged before.
    New,
}

/// Whether a state is an alarm.
pub(crate) fn is_alarm(said: &Said) -> bool {
    said.state == State::Drift
}

impl Compared {
    pub(crate) fn new(task: Task, before: Option<Said>, now: Said) -> Self {
        let change = before.as_ref().map_or(Change::New, |before| change(before, &now));
        let phrase = match &before {
            None => "never judged before".to_owned(),
            Some(before) => phrase(change, before, &now),
        };
        Self { task, before, now, change, phrase }
    }

    /// Whether it is worth a row of its own: it alarms, or its verdict changed.
    pub(crate) fn is_telling(&self) -> bool {
        let alarms = |said: &Said| matches!(said.state, State::Drift | State::Warning);
        !matches!(self.change, Change::Identical | Change::Alike) || alarms(&self.now) || self.before.as_ref().is_some_and(alarms)
    }
}

fn change(before: &Said, now: &Said) -> Change {
    // What only the registry remembers has no findings to compare.
    let are_findings_alike = before.findings.is_none() || before.findings == now.findings;
    match (is_alarm(before), is_alarm(now)) {
        _ if before.digest == now.digest => Change::Identical,
        (false, true) => Change::AlarmsNow,
        (true, false) => Change::AlarmsNoMore,
        _ if before.state == now.state && are_findings_alike => Change::Alike,
        _ => Change::Otherwise,
    }
}

fn phrase(change: Change, before: &Said, now: &Said) -> String {
    match change {
        Change::Identical => return "the same".to_owned(),
        Change::New => return "never judged before".to_owned(),
        _ => {}
    }
    let mut said = Vec::new();
    if let (Some(then), Some(today)) = (&before.findings, &now.findings) {
        let names: BTreeSet<&String> = then.keys().chain(today.keys()).collect();
        let mut of = |then_was: &[Option<State>], is_now: Option<State>, is_muted: bool, words: &str| {
            let found = |name: &&&String| {
                then_was.contains(&then.get(**name).copied())
                    && today.get(**name).copied() == is_now
                    && now.muted.contains(**name) == is_muted
            };
            let found: Vec<String> = names.iter().filter(found).map(|name| (*name).clone()).collect();
            if !found.is_empty() {
                said.push(format!("{words}: {}", listed(&found)));
            }
        };
        let (drift, warning) = (Some(State::Drift), Some(State::Warning));
        of(&[None, warning], drift, false, "drift now");
        of(&[drift], warning, false, "only a warning now");
        of(&[drift], None, false, "no drift any more");
        of(&[drift, warning], None, true, "muted now");
        of(&[None], warning, false, "warning now");
        of(&[warning], None, false, "no warning any more");
    }
    if before.records != now.records {
        let (more, word) =
            if now.records > before.records { (now.records - before.records, "more") } else { (before.records - now.records, "fewer") };
        said.push(format!("{} {word}", counted(more, "record")));
    }
    match (said.is_empty(), change) {
        (true, Change::Alike) => "the same findings, other numbers".to_owned(),
        (true, _) => line(&now.headline, 160),
        (false, _) => said.join("; "),
    }
}

fn listed(names: &[String]) -> String {
    let mut listed: Vec<String> = names.iter().take(NAMED).map(|name| line(name, 60)).collect();
    if names.len() > NAMED {
        listed.push(format!("{} more", names.len() - NAMED));
    }
    series(&listed)
}

#[cfg(test)]
mod tests {
    use tidegate_contract::WindowLength;
    use tidegate_monitoring::Window;

    use super::*;

    fn said(state: State, findings: &[(&str, State)], muted: &[&str]) -> Said {
        let findings: std::collections::BTreeMap<String, State> =
            findings.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect();
        Said {
            state,
            headline: "As it is.".to_owned(),
            records: 100,
            digest: format!("{state:?} {findings:?} {muted:?}"),
            findings: Some(findings),
            muted: muted.iter().map(|name| (*name).to_owned()).collect(),
            baseline: None,
        }
    }

    fn compared(before: Said, now: Said) -> (Change, String) {
        let task = Task { length: WindowLength::hours(1), window: Window { start_ms: 0, end_ms: 3_600_000 } };
        let compared = Compared::new(task, Some(before), now);
        (compared.change, compared.phrase)
    }

    #[test]
    fn a_mute_is_named_as_the_reason() {
        let before = said(State::Drift, &[("temp", State::Drift), ("dest", State::Warning)], &[]);
        let now = said(State::Warning, &[("dest", State::Warning)], &["temp"]);
        assert_eq!(compared(before, now), (Change::AlarmsNoMore, "muted now: temp".to_owned()));
    }

    #[test]
    fn a_finding_that_grows_is_said_once() {
        let before = said(State::Warning, &[("temp", State::Warning)], &[]);
        let now = said(State::Drift, &[("temp", State::Drift)], &[]);
        assert_eq!(compared(before, now), (Change::AlarmsNow, "drift now: temp".to_owned()));
    }

    #[test]
    fn late_records_are_told_from_other_numbers() {
        let before = said(State::Ok, &[], &[]);
        let later = Said { records: 107, digest: "later".to_owned(), ..before.clone() };
        assert_eq!(compared(before.clone(), later), (Change::Alike, "7 records more".to_owned()));
        let other = Said { digest: "other".to_owned(), ..before.clone() };
        assert_eq!(compared(before.clone(), other), (Change::Alike, "the same findings, other numbers".to_owned()));
        assert_eq!(compared(before.clone(), before), (Change::Identical, "the same".to_owned()));
    }

    #[test]
    fn what_only_the_registry_remembers_is_compared_by_its_state() {
        let before = Said { findings: None, digest: "lost".to_owned(), ..said(State::Drift, &[], &[]) };
        assert_eq!(compared(before.clone(), said(State::Drift, &[("temp", State::Drift)], &[])).0, Change::Alike);
        assert_eq!(compared(before, said(State::Ok, &[], &[])), (Change::AlarmsNoMore, "As it is.".to_owned()));
    }
}
