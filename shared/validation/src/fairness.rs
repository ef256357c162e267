//! How alike a model treats the groups of a protected feature, in Fairlearn's definitions.
//!
//! Per group, of the rows that a binary model predicts positive: the selection rate among all rows, the true positive rate among the
//! positive ones, the false positive rate among the negative ones. Differences are greatest less smallest, ratios smallest by greatest.
//! Unlike Fairlearn, a group without positive rows has no true positive rate (there: 0) and is left out of it, and groups below a minimum
//! size are named and left out: a group of one row is always far from the others.
//!
//! # Source
//! Hardt, Price & Srebro (2016), *Equality of Opportunity in Supervised Learning*; Fairlearn, `fairlearn.metrics`.

use tidegate_contract::FairnessMetric;
use tidegate_statistics::bootstrap::Plan;
use tidegate_statistics::interval::Interval;

use crate::evaluation::Binary;
use crate::metrics::CONFIDENCE;
use crate::{Labels, Outcomes, Undefined};

/// The groups of a protected feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The groups that are compared, in the order of their names.
    pub compared: Vec<Group>,
    /// Groups with fewer rows than are needed: name and rows.
    pub too_small: Vec<(String, u64)>,
    /// Rows without a value.
    pub missing: u64,
}

/// What a model did with the rows of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The value of the protected feature.
    pub name: String,
    /// Rows that are positive and predicted positive.
    pub true_positives: u64,
    /// Rows that are negative and predicted positive.
    pub false_positives: u64,
    /// Positive rows.
    pub positives: u64,
    /// Negative rows.
    pub negatives: u64,
}

/// A fairness metric's value.
#[derive(Debug, Clone, PartialEq)]
pub struct FairnessValue {
    /// The value, `0..=1`.
    pub value: f64,
    /// Its 95 % interval: bootstrap within the groups. Chance widens differences, so the interval leans away from fairness.
    pub interval: Option<Interval>,
    /// The rows of the groups that are compared.
    pub rows: u64,
}

impl Groups {
    /// The groups of a binary model's rows; `None` of another task, or for a column of another length.
    #[must_use]
    pub fn new(outcomes: &Outcomes, labels: &Labels, minimum_rows: u64) -> Option<Self> {
        let Outcomes::Binary(Binary { actual, predicted, .. }) = outcomes else { return None };
        if labels.len() != actual.len() {
            return None;
        }
        let empty = |name: &String| Group { name: name.clone(), true_positives: 0, false_positives: 0, positives: 0, negatives: 0 };
        let mut groups: Vec<Group> = labels.names().iter().map(empty).collect();
        let mut missing = 0;
        for (code, (actual, predicted)) in labels.codes().zip(actual.iter().zip(predicted)) {
            let Some(group) = code.and_then(|code| groups.get_mut(usize::try_from(code).ok()?)) else {
                missing += 1;
                continue;
            };
            *(if *actual { &mut group.positives } else { &mut group.negatives }) += 1;
            if *predicted {
                *(if *actual { &mut group.true_positives } else { &mut group.false_positives }) += 1;
            }
        }
        groups.retain(|group| group.rows() > 0);
        let (compared, small): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(|group| group.rows() >= minimum_rows);
        Some(Self {
            compared,
            too_small: small.into_iter().map(|group| (group.rows(), group.name)).map(|(rows, name)| (name, rows)).collect(),
            missing,
        })
    }

    /// A fairness metric of the groups that are compared.
    ///
    /// # Errors
    /// [`Undefined`] with fewer than two groups, or where a rate is undefined in all but one.
    pub fn measure(&self, metric: FairnessMetric, plan: Plan) -> Result<FairnessValue, Undefined> {
        let counts: Vec<u64> = self.compared.iter().flat_map(Group::cells).collect();
        let value = of_cells(metric, counts.iter().map(|count| *count as f64)).ok_or(Undefined::NoPositives)?;
        let draws = plan.draw_counts(&counts, "fairness", &[value], |drawn, values| {
            if let Some(value) = values.first_mut() {
                *value = of_cells(metric, drawn.iter().copied());
            }
        });
        let interval = draws.first().and_then(|draws| draws.interval(CONFIDENCE));
        let interval = interval.map(|interval| Interval { low: interval.low.max(0.0), high: interval.high.min(1.0) });
        Ok(FairnessValue { value, interval, rows: counts.iter().sum() })
    }
}

impl Group {
    /// Rows of the group.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.positives + self.negatives
    }

    /// Share of the rows that is predicted positive.
    #[must_use]
    pub fn selection_rate(&self) -> Option<f64> {
        share((self.true_positives + self.false_positives) as f64, self.rows() as f64)
    }

    /// Share of the positive rows that is predicted positive.
    #[must_use]
    pub fn true_positive_rate(&self) -> Option<f64> {
        share(self.true_positives as f64, self.positives as f64)
    }

    /// Share of the negative rows that is predicted positive.
    #[must_use]
    pub fn false_positive_rate(&self) -> Option<f64> {
        share(self.false_positives as f64, self.negatives as f64)
    }

    /// True positives, false negatives, false positives, true negatives.
    fn cells(&self) -> [u64; 4] {
        [
            self.true_positives,
            self.positives.saturating_sub(self.true_positives),
            self.false_positives,
            self.negatives.saturating_sub(self.false_positives),
        ]
    }
}

fn share(of: f64, all: f64) -> Option<f64> {
    (all > 0.0).then(|| of / all)
}

/// Smallest and greatest of the rates that are defined, in at least two groups.
#[derive(Debug, Clone, Copy)]
struct Spread {
    groups: u32,
    least: f64,
    greatest: f64,
}

impl Spread {
    const NONE: Self = Self { groups: 0, least: f64::INFINITY, greatest: f64::NEG_INFINITY };

    fn note(&mut self, rate: Option<f64>) {
        if let Some(rate) = rate {
            *self = Self { groups: self.groups + 1, least: self.least.min(rate), greatest: self.greatest.max(rate) };
        }
    }

    fn difference(self) -> Option<f64> {
        (self.groups >= 2).then_some(self.greatest - self.least)
    }

    fn ratio(self) -> Option<f64> {
        (self.groups >= 2 && self.greatest > 0.0).then(|| self.least / self.greatest)
    }
}

fn of_cells(metric: FairnessMetric, cells: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut selected, mut found, mut alarmed) = (Spread::NONE, Spread::NONE, Spread::NONE);
    let mut cells = cells;
    while let (Some(true_positives), Some(missed), Some(false_positives), Some(left)) =
        (cells.next(), cells.next(), cells.next(), cells.next())
    {
        let (positives, negatives) = (true_positives + missed, false_positives + left);
        selected.note(share(true_positives + false_positives, positives + negatives));
        found.note(share(true_positives, positives));
        alarmed.note(share(false_positives, negatives));
    }
    match metric {
        FairnessMetric::DemographicParityDifference => selected.difference(),
        FairnessMetric::DemographicParityRatio => selected.ratio(),
        FairnessMetric::EqualOpportunityDifference => found.difference(),
        FairnessMetric::EqualOpportunityRatio => found.ratio(),
        FairnessMetric::EqualizedOddsDifference => Some(found.difference()?.max(alarmed.difference()?)),
        // Nobody alarmed in any group is no unequal alarm.
        FairnessMetric::EqualizedOddsRatio => match (found.ratio(), alarmed.ratio()) {
            (Some(found), Some(alarmed)) => Some(found.min(alarmed)),
            (found, alarmed) => found.or(alarmed),
        },
    }
}
