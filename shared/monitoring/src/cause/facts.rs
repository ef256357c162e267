//! What a cause is told from: the window, what it was compared with, and what was found in it.

use tidegate_contract::{Contract, FieldRole, Sensitivity};
use tidegate_profile::{
    Baseline, CategoricalAnchor, Counts, FieldAnchor, FieldBaseline, FieldProfile, NumericAnchor, Profile, WindowProfile,
};

use crate::assess::{moved, raises};
use crate::{FieldVerdict, History, QualityFinding, QualityKind, SegmentFinding, State, Window};

/// A feature that carries less than this share of an average feature's importance is of no account to the model.
const OF_ACCOUNT: f64 = 0.1;

/// Everything that a cause is told from.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) window: Window,
    pub(crate) baseline: Option<&'a Baseline>,
    pub(crate) current: &'a WindowProfile,
    pub(crate) history: History<'a>,
    /// What is said of each field, the most important first.
    pub(crate) fields: &'a [FieldVerdict],
    /// Faults that the data show directly, worst first.
    pub(crate) quality: &'a [QualityFinding],
    /// What moved within segments, strongest first.
    pub(crate) segments: &'a [SegmentFinding],
    /// What all records together come to.
    pub(crate) state: State,
}

/// One field on both sides.
#[derive(Clone, Copy)]
pub(crate) struct Both<'a> {
    pub(crate) name: &'a str,
    pub(crate) now: &'a FieldProfile,
    pub(crate) before: &'a FieldProfile,
    pub(crate) cells: &'a FieldBaseline,
}

impl<'a> Facts<'a> {
    /// The window's records.
    pub(crate) fn profile(&self) -> &'a Profile {
        &self.current.profile
    }

    /// A field on both sides; `None` when one of them lacks it.
    pub(crate) fn both(&self, name: &'a str) -> Option<Both<'a>> {
        let baseline = self.baseline?;
        let position = baseline.position(name)?;
        Some(Both {
            name,
            now: self.current.profile.fields.iter().find(|field| field.name == name)?,
            before: baseline.profile.fields.get(position)?,
            cells: baseline.fields.get(position)?,
        })
    }

    pub(crate) fn verdict(&self, name: &str) -> Option<&'a FieldVerdict> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields that the window's state is about, the most important first.
    pub(crate) fn moved(&self) -> impl Iterator<Item = &'a FieldVerdict> {
        moved(self.fields, self.state).into_iter()
    }

    /// The worst finding of one of these kinds about a field.
    pub(crate) fn finding(&self, name: &str, kinds: &[QualityKind]) -> Option<&'a QualityFinding> {
        self.quality.iter().find(|finding| finding.field.as_deref() == Some(name) && kinds.contains(&finding.kind))
    }

    /// What a field comes to, faults that the data show directly included.
    pub(crate) fn state_of(&self, name: &str) -> State {
        self.loudest(name, |field| if field.muted { State::Ok } else { field.state })
    }

    /// What a field counts for the model, faults that the data show directly included.
    pub(crate) fn raised_by(&self, name: &str) -> State {
        self.loudest(name, |field| raises(field, self.fields))
    }

    fn loudest(&self, name: &str, judged: impl Fn(&FieldVerdict) -> State) -> State {
        let found = self.quality.iter().filter(|finding| finding.field.as_deref() == Some(name)).map(|finding| finding.state);
        let judged = self.verdict(name).map(judged);
        found.chain(judged).filter(|state| matches!(state, State::Warning | State::Drift)).max().unwrap_or(State::Ok)
    }

    /// How much these fields matter to the model together.
    pub(crate) fn importance<'n>(&self, names: impl IntoIterator<Item = &'n String>) -> f64 {
        names.into_iter().filter_map(|name| self.verdict(name)).map(|field| field.importance).sum()
    }

    /// Whether these fields are of any account to the model. A fault of whole files always is.
    pub(crate) fn is_of_account(&self, names: &[String]) -> bool {
        let features = self.contract.features.len().max(1) as f64;
        let average = self.contract.features.iter().map(|feature| feature.importance).sum::<f64>() / features;
        names.is_empty() || self.importance(names) >= OF_ACCOUNT * average
    }

    pub(crate) fn role(&self, name: &str) -> Option<FieldRole> {
        self.verdict(name).map(|field| field.role)
    }

    /// Whether sentences may show values of names.
    pub(crate) fn may_show_names(&self) -> bool {
        self.contract.sensitivity != Sensitivity::Restricted
    }
}

impl<'a> Both<'a> {
    pub(crate) fn numeric_anchor(&self) -> Option<&'a NumericAnchor> {
        match &self.cells.anchor {
            Some(FieldAnchor::Numeric(anchor)) => Some(anchor),
            _ => None,
        }
    }

    pub(crate) fn names_anchor(&self) -> Option<&'a CategoricalAnchor> {
        match &self.cells.anchor {
            Some(FieldAnchor::Categorical(anchor)) => Some(anchor),
            _ => None,
        }
    }

    /// The largest share that a cell had in neighbouring periods of the baseline that together hold as many values as the window, or in one
    /// that holds more: a day is not held against a week.
    pub(crate) fn most_in_as_many(&self, cell: usize) -> f64 {
        let tally = |counts: &Counts| (counts.cells.get(cell).copied().unwrap_or(0), counts.cells.iter().sum::<u64>());
        let periods: Vec<(u64, u64)> = self.cells.periods.iter().map(tally).collect();
        let enough = self.now.present.min(periods.iter().map(|(_, all)| all).sum());
        let from = |start: usize| {
            let mut sums = periods.get(start..)?.iter().scan((0, 0), |sum, (held, all)| {
                *sum = (sum.0 + held, sum.1 + all);
                Some(*sum)
            });
            sums.find(|(_, all)| *all >= enough).map(|(held, all)| share(held, all))
        };
        (0..periods.len()).filter_map(from).fold(0.0, f64::max)
    }

    /// Share of the window's records that a count is.
    pub(crate) fn share_now(&self, count: u64) -> f64 {
        share(count, records_of(self.now))
    }

    /// Share of the baseline's records that a count is.
    pub(crate) fn share_before(&self, count: u64) -> f64 {
        share(count, records_of(self.before))
    }
}

fn records_of(field: &FieldProfile) -> u64 {
    field.present + field.missing + field.wrong_type + field.infinite
}

/// A part of a whole; 0 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
