//! Checks of single fields: whether they are there, of their type, in their range, and say anything.

use tidegate_contract::{Field, FieldRole};
use tidegate_profile::{FieldAnchor, FieldBaseline, FieldProfile, NumericProfile};

use super::{CheckFinding, CheckOutcome, DatasetCheck, DatasetFacts, by_share, check_of, in_rows, named, share};
use crate::rules::Rules;
use crate::words::percent;

/// A feature that is missing in more than this share of the rows is worth a look, where the contract does not say how many may be.
const MOSTLY_MISSING: f64 = 0.5;

/// A number is an outlier when it lies so many interquartile ranges outside of the middle half of the values. Tukey calls three *far out*;
/// amounts and delays have honest values there, sentinels and slipped units lie further.
const OUTLIER_RANGES: f64 = 10.0;

/// A field of the contract, and what the set has of it.
struct OneField<'a> {
    field: Field,
    found: Option<(&'a FieldProfile, &'a FieldBaseline)>,
    limit: Option<f64>,
}

impl OneField<'_> {
    fn finding(&self, outcome: CheckOutcome, count: u64, of: u64, limit: Option<f64>) -> CheckFinding {
        CheckFinding { field: Some(self.field.name.clone()), outcome, count, of, limit }
    }

    /// Whether not one row has a value of it, good or bad.
    fn is_absent(&self) -> bool {
        self.found.is_none_or(|(profile, _)| profile.present + profile.wrong_type + profile.infinite == 0)
    }
}

fn each<'a>(facts: &'a DatasetFacts<'_>) -> impl Iterator<Item = OneField<'a>> {
    let baseline = facts.baseline;
    facts.contract.fields().into_iter().map(move |field| {
        let position = baseline.position(&field.name);
        let found = position.and_then(|at| Some((baseline.profile.fields.get(at)?, baseline.fields.get(at)?)));
        let limit = Rules::of(facts.contract, &field).missing;
        OneField { field, found: found.filter(|(profile, _)| profile.records() > 0), limit }
    })
}

/// The features of the contract are there; what else there is, is named.
pub(super) fn schema(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let rows = facts.baseline.profile.records;
    // What another tool summed up need not be everything.
    let outcome = if facts.repeats.is_some() { CheckOutcome::Fail } else { CheckOutcome::Warn };
    let absent = each(facts).filter(|field| field.field.role == FieldRole::Feature && field.is_absent());
    let found: Vec<CheckFinding> = absent.map(|field| field.finding(outcome, rows, rows, None)).collect();
    let mut check = check_of("schema", found, "Every feature of the contract is there.", |finding| {
        format!("{} is in no row", finding.field.as_deref().unwrap_or_default())
    });
    let mut said = vec![check.says];
    if let Some(others) = facts.others.filter(|others| !others.is_empty()) {
        let named = named(others.iter());
        let more = others.len().saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        said.push(format!("Besides, it has {}{more}, which the contract does not read.", named.join(", ")));
    }
    let unexpected = named(facts.baseline.profile.unexpected.keys());
    if !unexpected.is_empty() {
        check.outcome = check.outcome.max(CheckOutcome::Warn);
        said.push(format!("Among its features are {}, which the contract does not know.", unexpected.join(", ")));
    }
    check.says = said.join(" ");
    check
}

/// Values are of the contract's types, and numbers are finite.
pub(super) fn types(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let found = each(facts).filter_map(|field| {
        let profile = field.found?.0;
        let (count, of) = (profile.wrong_type + profile.infinite, profile.records());
        Some(field.finding(by_share(count, of), count, of, Some(super::FAILS)))
    });
    check_of("types", found.collect(), "Values are of the types that the contract says.", |finding| {
        in_rows(finding, "is infinite or not of the contract's type")
    })
}

/// Features are missing no more than the contract allows; where it does not say, in less than half of the rows.
pub(super) fn missing(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let found = each(facts).filter(|field| field.field.role == FieldRole::Feature && !field.is_absent()).filter_map(|field| {
        let profile = field.found?.0;
        let (count, of) = (profile.missing, profile.records());
        let outcome = match field.limit {
            Some(limit) if share(count, of) > limit => CheckOutcome::Fail,
            None if share(count, of) > MOSTLY_MISSING => CheckOutcome::Warn,
            _ => CheckOutcome::Pass,
        };
        Some(field.finding(outcome, count, of, field.limit))
    });
    check_of("missing", found.collect(), "No feature is missing more than it may be.", |finding| {
        let allowed = finding.limit.map(|limit| format!(", the contract allows {}", percent(limit))).unwrap_or_default();
        format!("{}{allowed}", in_rows(finding, "is missing"))
    })
}

/// Values lie where the contract says that they make sense.
pub(super) fn range(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let found = each(facts).filter(|field| field.field.range.is_some() || field.field.allowed.is_some()).filter_map(|field| {
        let profile = field.found?.0;
        let (count, of) = (profile.out_of_range, profile.records());
        Some(field.finding(by_share(count, of), count, of, Some(super::FAILS)))
    });
    check_of("range", found.collect(), "Values lie in the ranges and among the values that the contract allows.", |finding| {
        in_rows(finding, "lies outside of what the contract allows")
    })
}

/// Numbers without a declared range have no values far from all others.
pub(super) fn outliers(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let found = each(facts).filter(|field| field.field.role == FieldRole::Feature && field.field.range.is_none()).filter_map(|field| {
        let (profile, own) = field.found?;
        let count = outlying(profile.numeric.as_ref()?, own.anchor.as_ref()?, profile.present)?;
        Some(field.finding(CheckOutcome::Warn, count, profile.present, None))
    });
    check_of("outliers", found.collect(), "No number lies far from all others.", |finding| {
        in_rows(finding, &format!("lies more than {OUTLIER_RANGES} interquartile ranges outside of its middle half"))
    })
}

/// How many values lie further out than [`OUTLIER_RANGES`], told from the cells; `None` where the middle half is one value.
fn outlying(numeric: &NumericProfile, anchor: &FieldAnchor, present: u64) -> Option<u64> {
    let FieldAnchor::Numeric(anchor) = anchor else { return None };
    let values = anchor.representatives();
    let quantile = |share: f64| {
        let mut below = 0;
        let cell = numeric.cells.iter().position(|count| {
            below += count;
            below as f64 >= share * present as f64
        })?;
        values.get(cell).copied()
    };
    let (low, high) = (quantile(0.25)?, quantile(0.75)?);
    let reach = OUTLIER_RANGES * (high - low);
    if reach <= 0.0 {
        return None;
    }
    // A cell that holds no more than its own extreme is stood for by its middle, which may lie within reach though the extreme does not.
    let far = |value: f64| value < low - reach || value > high + reach;
    let in_cells: u64 = values.iter().zip(&numeric.cells).filter(|(value, _)| far(**value)).map(|(_, count)| count).sum();
    let extremes = [numeric.min, numeric.max].into_iter().flatten().filter(|value| far(*value)).count() as u64;
    Some(in_cells.max(extremes))
}

/// Features take more than one value.
pub(super) fn constant(facts: &DatasetFacts<'_>) -> DatasetCheck {
    let found = each(facts).filter(|field| field.field.role == FieldRole::Feature).filter_map(|field| {
        let profile = field.found?.0;
        let is_constant = match (&profile.numeric, &profile.categorical) {
            (Some(numeric), _) => numeric.min.is_some() && numeric.min == numeric.max,
            (None, Some(names)) => names.cells.iter().filter(|count| **count > 0).count() + names.other.len() == 1 && names.remainder == 0,
            (None, None) => false,
        };
        (is_constant && profile.present > 1).then(|| field.finding(CheckOutcome::Warn, profile.present, profile.present, None))
    });
    check_of("constant", found.collect(), "Every feature takes more than one value.", |finding| {
        format!("{} has one value in all rows that have one", finding.field.as_deref().unwrap_or_default())
    })
}
