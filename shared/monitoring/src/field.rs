//! One field, and every baseline that it can be compared with.

use std::collections::BTreeMap;

use tidegate_contract::{BaselineKind, Contract, FeatureKind, Field};
use tidegate_profile::{Baseline, FieldAnchor, FieldProfile, Profile};

use crate::contrast::Space;
use crate::evidence::{Side, cells_of, space_of};
use crate::history::History;
use crate::measure;
use crate::reference::{Reference, References, field_of};
use crate::rules::Rules;
use crate::{Evidence, FieldVerdict, State, Window};

/// Fewer usable values than this in the baseline's field, and nothing is tested against it.
const MIN_BASELINE_VALUES: u64 = 50;

/// A field with what it is compared with.
pub(crate) struct Prepared<'a> {
    pub(crate) rules: Rules,
    verdict: FieldVerdict,
    compared: Vec<Compared<'a>>,
}

/// What came before the window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past<'a> {
    pub(crate) history: History<'a>,
    /// The same hours of past weeks together.
    pub(crate) seasonal: Option<&'a Profile>,
}

/// The same hours of past weeks, added up as far as they were counted in the baseline's cells.
pub(crate) fn past_weeks(history: &History<'_>, baseline: Option<&Baseline>) -> Option<Profile> {
    let id = baseline?.id.as_str();
    let mut weeks = history.same_hours.iter().filter(|week| week.anchor.as_deref() == Some(id));
    let mut sum = weeks.next()?.clone();
    weeks.try_for_each(|week| sum.merge(week)).ok()?;
    Some(sum)
}

/// A field and one baseline.
struct Compared<'a> {
    kind: BaselineKind,
    now: &'a FieldProfile,
    before: &'a FieldProfile,
    anchor: &'a FieldAnchor,
    reference: Reference,
    space: Option<Space>,
    records: u64,
}

/// A field with its tests made, before the correction over all fields.
pub(crate) struct Tested {
    pub(crate) verdict: FieldVerdict,
    pub(crate) rules: Rules,
    /// What each baseline shows, in the order of authority; those with too few values are left out.
    pub(crate) against: Vec<Against>,
}

/// What one baseline shows of a field.
pub(crate) struct Against {
    pub(crate) kind: BaselineKind,
    /// Whether the field holds names, whose shifts are told in Cohen's w.
    pub(crate) of_names: bool,
    /// Every test, in a fixed order; where a method is named, its effect comes first.
    pub(crate) tests: Vec<Evidence>,
    pub(crate) distances: BTreeMap<String, f64>,
    /// Standard error of the location (numeric) or of a share of the mix, for the smallest visible shift.
    pub(crate) error: Option<f64>,
}

/// Finds what a field is compared with.
pub(crate) fn prepare<'a>(
    contract: &Contract,
    field: &Field,
    current: &'a Profile,
    baseline: Option<&'a Baseline>,
    past: Past<'a>,
    window: Window,
) -> Prepared<'a> {
    let rules = Rules::of(contract, field);
    let now = current.fields.iter().find(|profile| profile.name == field.name);
    let position = baseline.and_then(|baseline| baseline.position(&field.name));
    let before = baseline.zip(position).and_then(|(baseline, position)| baseline.profile.fields.get(position));
    let compared = || {
        let (now, before, baseline, position) = (now?, before?, baseline?, position?);
        if before.kind != field.kind || before.present < MIN_BASELINE_VALUES || current.records == 0 {
            return None;
        }
        let references = References::new(baseline, position, window)?;
        let anchor = baseline.fields.get(position)?.anchor.as_ref()?;
        let compare = |kind: &BaselineKind| {
            let (reference, before) = referred(*kind, &references, (before, &field.name), baseline, past)?;
            let space = space_of(anchor, &reference, now.present);
            Some(Compared { kind: *kind, now, before, anchor, reference, space, records: current.records })
        };
        Some(rules.baselines.iter().filter_map(compare).collect())
    };
    let compared = compared().unwrap_or_default();
    Prepared { verdict: blank(field, &rules, now, before, current.records), compared, rules }
}

/// The counts of one baseline, and its profile of the field for the words.
fn referred<'a>(
    kind: BaselineKind,
    references: &References<'_>,
    (whole, name): (&'a FieldProfile, &str),
    baseline: &Baseline,
    past: Past<'a>,
) -> Option<(Reference, &'a FieldProfile)> {
    match kind {
        BaselineKind::Training => {
            let reference = references.training();
            (reference.present() >= MIN_BASELINE_VALUES).then_some((reference, whole))
        }
        BaselineKind::Previous => {
            let before = field_of(past.history.previous?, baseline, name)?;
            Some((references.previous(before)?, before))
        }
        BaselineKind::Seasonal => {
            let weeks: Vec<&FieldProfile> = past.history.same_hours.iter().filter_map(|week| field_of(week, baseline, name)).collect();
            Some((references.seasonal(&weeks)?, field_of(past.seasonal?, baseline, name)?))
        }
    }
}

impl Prepared<'_> {
    /// The space in which the field is compared with one baseline.
    pub(crate) fn space(&mut self, kind: BaselineKind) -> Option<&mut Space> {
        self.compared.iter_mut().find(|compared| compared.kind == kind)?.space.as_mut()
    }

    /// Makes every test of the field against every baseline.
    pub(crate) fn test(self) -> Tested {
        let Self { rules, verdict, compared } = self;
        let against = compared.into_iter().map(|compared| compared.test(&rules)).collect();
        Tested { verdict, rules, against }
    }
}

impl Compared<'_> {
    fn test(&self, rules: &Rules) -> Against {
        let Self { kind, now, anchor, reference, space, .. } = self;
        let cells = cells_of(now);
        Against {
            kind: *kind,
            of_names: matches!(anchor, FieldAnchor::Categorical(_)),
            tests: self.tests(rules),
            distances: measure::distances(anchor, &reference.cells, &cells),
            error: space.as_ref().and_then(|space| space.error(&cells)),
        }
    }

    /// Every test, in a fixed order; where a method is named, its effect comes first.
    fn tests(&self, rules: &Rules) -> Vec<Evidence> {
        let Self { kind, now, before, anchor, reference, space, records } = self;
        let side = Side { now, before, anchor, reference, kind: *kind, effect: rules.effect, records: *records };
        let named = rules.method.and_then(|method| measure::effect(method, anchor, &reference.cells, &side.cells()));
        named.into_iter().chain(side.tests(space.as_ref())).collect()
    }
}

/// Every test of a field in some span against the training set as a whole: whether it differs over a whole week.
pub(crate) fn against_training(
    field: &FieldVerdict,
    rules: &Rules,
    profile: &Profile,
    baseline: &Baseline,
    span: Window,
) -> Option<Vec<Evidence>> {
    let reference = Reference::whole(baseline, baseline.position(&field.name)?, span)?;
    let now = field_of(profile, baseline, &field.name)?;
    tests_against(reference, rules, now, profile.records, baseline)
}

/// The same of so many records' values, where the effects count and not whether they are chance: nothing of the training set's periods is
/// asked.
pub(crate) fn effects_against_training(rules: &Rules, now: &FieldProfile, records: u64, baseline: &Baseline) -> Option<Vec<Evidence>> {
    let reference = Reference::whole_without_periods(baseline, baseline.position(&now.name)?)?;
    tests_against(reference, rules, now, records, baseline)
}

fn tests_against(reference: Reference, rules: &Rules, now: &FieldProfile, records: u64, baseline: &Baseline) -> Option<Vec<Evidence>> {
    let position = baseline.position(&now.name)?;
    let anchor = baseline.fields.get(position)?.anchor.as_ref()?;
    let compared = Compared {
        kind: BaselineKind::Training,
        now,
        before: baseline.profile.fields.get(position)?,
        anchor,
        space: space_of(anchor, &reference, now.present),
        reference,
        records,
    };
    Some(compared.tests(rules))
}

fn blank(field: &Field, rules: &Rules, now: Option<&FieldProfile>, before: Option<&FieldProfile>, records: u64) -> FieldVerdict {
    let records_of = |profile: &FieldProfile| profile.present + profile.missing + profile.wrong_type + profile.infinite;
    let share_missing = |profile: &FieldProfile, all: u64| (all > 0).then(|| profile.missing as f64 / all as f64);
    let mean = |profile: Option<&FieldProfile>| {
        profile.filter(|profile| profile.present > 0).and_then(|profile| profile.numeric.as_ref()).map(|numeric| numeric.mean)
    };
    FieldVerdict {
        name: field.name.clone(),
        role: field.role,
        kind: field.kind,
        state: State::Ok,
        sentence: String::new(),
        importance: rules.importance,
        muted: rules.muted,
        baseline: None,
        opinions: Vec::new(),
        season: false,
        decisive: None,
        tests: Vec::new(),
        distances: BTreeMap::new(),
        smallest_visible: None,
        present: now.map_or(0, |now| now.present),
        missing_baseline: before.and_then(|before| share_missing(before, records_of(before))),
        missing_current: now.and_then(|now| share_missing(now, records)),
        mean_baseline: mean(before),
        mean_current: mean(now),
    }
}

/// How far a profile's field lies from the baseline: location in standard deviations for numbers, signed; Cohen's w for
/// names. `None` with fewer than `least` values, or nothing to compare with.
pub(crate) fn effect_of(field: &str, profile: &Profile, baseline: &Baseline, window: Window, least: u64) -> Option<f64> {
    let now = profile.fields.iter().find(|now| now.name == field).filter(|now| now.present >= least)?;
    let reference = Reference::without_periods(baseline, baseline.position(field)?, window)?;
    let space = space_of(baseline.anchor_of(field)?, &reference, now.present)?;
    let cells = cells_of(now);
    match now.kind {
        FeatureKind::Numeric => space.shifts(&cells).first().map(|shift| shift.size),
        FeatureKind::Categorical => Some(space.total(&cells)),
    }
}
