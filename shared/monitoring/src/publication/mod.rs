//! What is looked at before a data set is used: the checks of a dataset version's publication.
//!
//! Every check ends in pass, warn or fail, with its numbers and a sentence. What fails is a set that teaches a model, or a baseline, something
//! that is not so: its publication is kept, marked, and no baseline by itself. What warns is for a person to look at. Whether the set moved
//! since the version before it is a warning at most: a moved world is why people retrain.

mod fields;
mod whole;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tidegate_contract::{BaselineKind, Contract};
use tidegate_profile::{Baseline, Lines, RepeatCounts, WindowProfile};

use crate::words::{list, percent};
use crate::{History, Input, State, Window, assess};

/// Name of the check that compares with the version before: the only one that depends on anything but the set itself.
pub const DRIFT_CHECK: &str = "drift";

/// A fault in more than this share of the rows fails.
pub(crate) const FAILS: f64 = 0.01;

/// A fault in more than this share of the rows is a warning.
pub(crate) const WARNS: f64 = 0.001;

/// What a dataset version came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetSource {
    /// Files that a team put below `datasets/<model>/`.
    TrainingSet,
    /// Records that were collected in a window of time.
    Window,
}

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// Nothing to see.
    Pass,
    /// Worth a look.
    Warn,
    /// The set should not be used as it is.
    Fail,
}

/// One check of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetCheck {
    /// `rows`, `unreadable`, `schema`, `types`, `missing`, `range`, `outliers`, `constant`, `duplicates`, `ids`, `outcome` or [`DRIFT_CHECK`].
    pub name: String,
    /// What it comes to.
    pub outcome: CheckOutcome,
    /// What was found, in one sentence.
    pub says: String,
    /// The numbers behind it, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<CheckFinding>,
}

/// A number of rows that a check found something in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckFinding {
    /// The field; `None` when the finding is about whole rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What it comes to.
    pub outcome: CheckOutcome,
    /// Rows, or values, in which it was found.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The share above which it fails, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

/// What a data set is checked by.
#[derive(Debug, Clone, Copy)]
pub struct DatasetFacts<'a> {
    /// What the team declared.
    pub contract: &'a Contract,
    /// The set in its own cells.
    pub baseline: &'a Baseline,
    /// What became of its rows.
    pub lines: Lines,
    /// Copies among its rows; `None` of a summary that came without the rows.
    pub repeats: Option<RepeatCounts>,
    /// Columns that the contract does not read; `None` where they are not known.
    pub others: Option<&'a BTreeSet<String>>,
    /// Whether the outcomes that a model learns from should be in the set: in one to train with, not in a window of collected records.
    pub wants_outcomes: bool,
}

/// Every check that depends on the set alone. Equal sets have equal checks.
#[must_use]
pub fn check_dataset(facts: &DatasetFacts<'_>) -> Vec<DatasetCheck> {
    let checks = [
        whole::rows(facts),
        whole::unreadable(facts),
        fields::schema(facts),
        fields::types(facts),
        fields::missing(facts),
        fields::range(facts),
        fields::outliers(facts),
        fields::constant(facts),
    ];
    let further = [whole::duplicates(facts), whole::ids(facts), whole::outcomes(facts)];
    checks.into_iter().chain(further.into_iter().flatten()).collect()
}

/// Whether a data set moved since the version before it. What it comes to is a warning at most.
#[must_use]
pub fn check_drift(contract: &Contract, previous: Option<&Baseline>, set: &Baseline) -> DatasetCheck {
    let check = |outcome, says| DatasetCheck { name: DRIFT_CHECK.to_owned(), outcome, says, found: Vec::new() };
    let Some(previous) = previous else {
        return check(CheckOutcome::Pass, "There is no version before it to compare with.".to_owned());
    };
    let mut contract = contract.clone();
    contract.monitoring.baselines = vec![BaselineKind::Training];
    for own in contract.features.iter_mut().filter_map(|feature| feature.monitoring.as_mut()) {
        own.baselines = None;
    }
    let (start_ms, end_ms) = set.profile.span_ms.unwrap_or_default();
    let verdict = assess(&Input {
        contract: &contract,
        window: Window { start_ms, end_ms },
        baseline: Some(previous),
        current: &WindowProfile::new(set.in_cells_of(previous)),
        history: History::default(),
        in_series: false,
    });
    let before = previous.id.get(..12).unwrap_or(&previous.id);
    let outcome = if matches!(verdict.state, State::Warning | State::Drift) { CheckOutcome::Warn } else { CheckOutcome::Pass };
    check(outcome, format!("Compared with version {before}: {}", verdict.headline))
}

/// What all checks come to together: the worst.
#[must_use]
pub fn outcome_of(checks: &[DatasetCheck]) -> CheckOutcome {
    checks.iter().map(|check| check.outcome).max().unwrap_or(CheckOutcome::Pass)
}

/// What all checks come to, in a sentence: those that failed, or else those that warn.
#[must_use]
pub fn sentence_of(checks: &[DatasetCheck]) -> String {
    let outcome = outcome_of(checks);
    let worst: Vec<&DatasetCheck> = checks.iter().filter(|check| check.outcome == outcome).collect();
    let said = || worst.iter().map(|check| check.says.as_str()).collect::<Vec<_>>().join(" ");
    match outcome {
        CheckOutcome::Pass => format!("All {} checks passed.", checks.len()),
        CheckOutcome::Warn => format!("{} of {} checks warn{}: {}", worst.len(), checks.len(), plural(worst.len()), said()),
        CheckOutcome::Fail => format!("{} of {} checks failed: {}", worst.len(), checks.len(), said()),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "s" } else { "" }
}

/// At most so many columns are named, each with so many characters: what a foreign file calls its columns is anything.
const NAMED: usize = 12;
const NAME_CHARACTERS: usize = 60;

/// The names of columns as a check says them.
pub(crate) fn named<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.take(NAMED).map(|name| name.chars().take(NAME_CHARACTERS).collect()).collect()
}

/// A share of rows held against the two limits of most checks.
pub(crate) fn by_share(count: u64, of: u64) -> CheckOutcome {
    match share(count, of) {
        share if share > FAILS => CheckOutcome::Fail,
        share if share > WARNS => CheckOutcome::Warn,
        _ => CheckOutcome::Pass,
    }
}

pub(crate) fn share(count: u64, of: u64) -> f64 {
    count as f64 / of.max(1) as f64
}

/// A check of its findings: `fine` when none is worth a word, otherwise the worst ones, each as `says` tells it.
pub(crate) fn check_of(name: &str, mut found: Vec<CheckFinding>, fine: &str, says: impl Fn(&CheckFinding) -> String) -> DatasetCheck {
    found.retain(|finding| finding.count > 0);
    found.sort_by(|a, b| {
        let share = |finding: &CheckFinding| share(finding.count, finding.of);
        b.outcome.cmp(&a.outcome).then_with(|| share(b).total_cmp(&share(a))).then_with(|| a.field.cmp(&b.field))
    });
    let outcome = found.first().map_or(CheckOutcome::Pass, |worst| worst.outcome);
    let told: Vec<String> = found.iter().filter(|finding| finding.outcome == outcome && outcome > CheckOutcome::Pass).map(says).collect();
    let says = if told.is_empty() { fine.to_owned() } else { format!("{}.", list(&told.iter().map(String::as_str).collect::<Vec<_>>())) };
    DatasetCheck { name: name.to_owned(), outcome, says, found }
}

/// `amount is missing in 12 of 480 rows (2.5 %)`.
pub(crate) fn in_rows(finding: &CheckFinding, says: &str) -> String {
    let CheckFinding { field, count, of, .. } = finding;
    format!("{} {says} in {count} of {of} rows ({})", field.as_deref().unwrap_or_default(), percent(share(*count, *of)))
}
