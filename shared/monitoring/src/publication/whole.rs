//! Checks of whole rows: how many, how many could not be read, copies, and whether the outcomes are among the columns.

use super::{CheckFinding, CheckOutcome, DatasetCheck, DatasetFacts, by_share, check_of, named, share};
use crate::words::{number, percent};

/// Copies above this share of the rows fail, where an id or a time tells the rows apart: a training set with every twentieth row twice
/// counts these twice, and rows that are in both halves of a split flatter the model.
const COPIES_FAIL: f64 = 0.05;

/// Copies above this share are a warning where nothing tells rows apart: of few features, many rows are alike by chance.
const ALIKE_WARNS: f64 = 0.5;

fn check(name: &str, outcome: CheckOutcome, says: String, finding: Option<CheckFinding>) -> DatasetCheck {
    DatasetCheck { name: name.to_owned(), outcome, says, found: finding.into_iter().filter(|finding| finding.count > 0).collect() }
}

/// Enough rows to be a baseline.
pub(super) fn rows(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let (rows, least) = (facts.baseline.profile.records, facts.contract.monitoring.minimum_records);
    let shown = number(rows as f64);
    let (outcome, says) = if rows < least {
        (
            CheckOutcome::Fail,
            format!("It has {shown} rows, the contract judges none below {} (monitoring.minimum_records).", number(least as f64)),
        )
    } else if facts.baseline.periods.is_empty() {
        (
            CheckOutcome::Warn,
            format!("Its {shown} rows are too few to learn how much ordinary days differ, or are a summary that does not say."),
        )
    } else {
        (CheckOutcome::Pass, format!("It has {shown} rows, in {} periods that tell ordinary variation.", facts.baseline.periods.len()))
    };
    check("rows", outcome, says, None)
}

/// Rows that could not be read.
pub(super) fn unreadable(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let (bad, limit) = (facts.lines.quarantined, facts.contract.monitoring.bad_lines);
    let of = facts.lines.read.saturating_sub(facts.lines.blank);
    let outcome = match share(bad, of) {
        share if share > limit => CheckOutcome::Fail,
        share if share > 0.0 => CheckOutcome::Warn,
        _ => CheckOutcome::Pass,
    };
    let allowed = percent(limit);
    let says = match outcome {
        CheckOutcome::Pass => "Every row could be read.".to_owned(),
        CheckOutcome::Warn => format!("{bad} of {of} rows could not be read ({}).", percent(share(bad, of))),
        CheckOutcome::Fail => format!(
            "{bad} of {of} rows could not be read ({}), the contract allows {allowed} (monitoring.bad_lines): a set with holes would call the holes normal.",
            percent(share(bad, of))
        ),
    };
    check("unreadable", outcome, says, Some(CheckFinding { field: None, outcome, count: bad, of, limit: Some(limit) }))
}

/// Rows that are copies of others.
pub(super) fn duplicates(facts: &DatasetFacts<'_>) -> Option<DatasetCheck> {
    let repeats = facts.repeats?;
    let (copies, of) = (repeats.rows.copies, repeats.rows.of);
    let are_told_apart = repeats.told_apart * 2 > of;
    let about = if repeats.rows.is_estimate { "about " } else { "" };
    let shown = format!("{about}{} of {} rows ({})", number(copies as f64), number(of as f64), percent(share(copies, of)));
    let (outcome, says) = match (share(copies, of), are_told_apart) {
        (0.0, _) => (CheckOutcome::Pass, "No row is a copy of another.".to_owned()),
        (share, true) if share > COPIES_FAIL => {
            (CheckOutcome::Fail, format!("{shown} are copies of others, id and time included; at most {} may be.", percent(COPIES_FAIL)))
        }
        (_, true) => (CheckOutcome::Warn, format!("{shown} are copies of others, id and time included.")),
        (share, false) if share > ALIKE_WARNS => {
            (CheckOutcome::Warn, format!("{shown} are like others in every column that is read, and neither id nor time tells them apart."))
        }
        (_, false) => {
            (CheckOutcome::Pass, format!("{shown} are like others in every column that is read; without id or time that is no fault."))
        }
    };
    let limit = are_told_apart.then_some(COPIES_FAIL);
    Some(check("duplicates", outcome, says, Some(CheckFinding { field: None, outcome, count: copies, of, limit })))
}

/// Inference ids that name several rows.
pub(super) fn ids(facts: &DatasetFacts<'_>) -> Option<DatasetCheck> {
    let ids = facts.repeats?.ids;
    if ids.of == 0 {
        return None;
    }
    let finding = CheckFinding {
        field: Some("inference_id".to_owned()),
        outcome: by_share(ids.copies, ids.of),
        count: ids.copies,
        of: ids.of,
        limit: Some(super::FAILS),
    };
    let about = if ids.is_estimate { "About " } else { "" };
    Some(check_of("ids", vec![finding], "Hardly any inference id comes twice.", |found| {
        format!("{about}{} of {} inference ids were there before ({})", found.count, found.of, percent(share(found.count, found.of)))
    }))
}

/// Whether there is a column that could hold what really was.
pub(super) fn outcomes(facts: &DatasetFacts<'_>) -> Option<DatasetCheck> {
    let others = facts.others.filter(|_| facts.wants_outcomes)?;
    let named = named(others.iter());
    let (outcome, says) = if named.is_empty() {
        (
            CheckOutcome::Warn,
            "It has no column but those that the contract reads: what the model learns from, the outcome, is not in it.".to_owned(),
        )
    } else {
        (CheckOutcome::Pass, format!("The outcome can be in {}.", named.join(", ")))
    };
    Some(check("outcome", outcome, says, None))
}
