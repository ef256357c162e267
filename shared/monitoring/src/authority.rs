//! Which baseline's opinion counts: the one place where it is decided.
//!
//! The contract lists baselines in order of authority. The first that can tell (it had enough values, and would have seen a shift of a size
//! to speak of) decides whether the field differs from what the model knows. Beside it two things are heard:
//!
//! - **A swing that comes every week is not an alarm.** The training set says that the field moved, but the same hours of past weeks
//!   look the same, and over the whole week before the field lies where the training set does: the ups and downs cancel. The past weeks then
//!   decide, the state is ok, and the sentence says that it moves like this every week.
//! - **A standing shift stays drift, however long it stands.** If the week before lies away from the training set too, what the past weeks
//!   share with the window is not a swing but a world that the model does not know; that it is not new is said.
//! - **What is unusual for the hour is drift**, also where it stays within all that the training set ever showed: the authority sees
//!   nothing, the past weeks do, by the same two keys. They then decide.
//!
//! The window before decides only where the contract names it first: a world that moves every hour differs from the hour before. It says
//! whether a move is new. As two baselines may raise the alarm, they share the field's error evenly (`decide::voices`).

use tidegate_contract::BaselineKind;

use crate::decide::{deciding, strength};
use crate::field::Tested;
use crate::{Evidence, Opinion, State};

/// A swing is one that cancels over the week: what is left of it then is at most this share of it.
const LEFT_OVER_THE_WEEK: f64 = 0.25;

/// What lies at most so far from the past weeks, relative to its distance from the training set, is clearly nearer to them.
const CLEARLY_LESS: f64 = 0.75;

/// What the opinions come to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ruling {
    /// Position of the opinion that decided.
    pub(crate) by: usize,
    pub(crate) state: State,
    pub(crate) sentence: String,
    /// Whether it moves like this every week.
    pub(crate) season: bool,
}

/// Rules on a field. `week` makes the tests of the week before the window against the training set; it is asked only when they matter.
/// `None` without any opinion.
pub(crate) fn rule(tested: &Tested, opinions: &[Opinion], rate: f64, week: impl FnOnce() -> Option<Vec<Evidence>>) -> Option<Ruling> {
    let can_tell = |opinion: &Opinion| opinion.state != State::InsufficientData;
    let has_a_say = |(position, opinion): &(usize, &Opinion)| *position == 0 || opinion.baseline != BaselineKind::Previous;
    let by = opinions.iter().enumerate().filter(has_a_say).find(|(_, opinion)| can_tell(opinion)).map_or(0, |(position, _)| position);
    let authority = opinions.get(by)?;
    let plain = Ruling { by, state: authority.state, sentence: authority.sentence.clone(), season: false };
    // Past weeks that would not have seen a shift of every size may still be sure that this one is theirs too.
    let seasonal = opinions.iter().enumerate().skip(by + 1).find(|(_, opinion)| opinion.baseline == BaselineKind::Seasonal);
    let Some((position, seasonal)) = seasonal else { return Some(plain) };
    let moved = |opinion: &Opinion| matches!(opinion.state, State::Warning | State::Drift);
    Some(match (moved(authority), moved(seasonal)) {
        (false, true) => Ruling {
            by: position,
            state: seasonal.state,
            sentence: format!("unusual for these hours of the week: {}", seasonal.sentence),
            season: false,
        },
        (true, false) if authority.baseline == BaselineKind::Training => {
            let told: Vec<Told<'_>> = told(tested, rate).collect();
            let is_usual = !told.is_empty() && told.iter().all(|told| told.is_usual(rate));
            if !is_usual {
                plain
            } else if week().is_some_and(|week| told.iter().all(|told| told.cancels_over(&week, rate))) {
                Ruling {
                    by: position,
                    state: State::Ok,
                    sentence: format!("{}, as at this time of every week", authority.sentence),
                    season: true,
                }
            } else {
                Ruling { sentence: format!("{}, as in the weeks before, so not new", plain.sentence), ..plain }
            }
        }
        _ => plain,
    })
}

/// A move that the training set tells of, and what the past weeks say of the same quantity.
struct Told<'t> {
    training: &'t Evidence,
    seasonal: Option<&'t Evidence>,
}

fn told(tested: &Tested, rate: f64) -> impl Iterator<Item = Told<'_>> {
    let of = |kind: BaselineKind| {
        let against = tested.against.iter().find(|against| against.kind == kind);
        against.map_or(&[][..], |against| deciding(&against.tests, &tested.rules))
    };
    let seasonal = of(BaselineKind::Seasonal);
    of(BaselineKind::Training)
        .iter()
        .filter(move |test| strength(test, rate) != State::Ok)
        .map(move |training| Told { training, seasonal: seasonal.iter().find(|test| test.test == training.test) })
}

impl Told<'_> {
    /// Whether the past weeks are sure that this window does not differ from them by as much as it does from the training set; or see
    /// no evidence that it differs at all, and clearly less of it. The bound alone would fail every twentieth window by chance.
    fn is_usual(&self, rate: f64) -> bool {
        self.seasonal.is_some_and(|seasonal| {
            let most = self.training.effect.abs();
            let is_sure = seasonal.effect_low.abs().max(seasonal.effect_high.abs()) < most;
            is_sure || (strength(seasonal, rate) == State::Ok && seasonal.effect.abs() <= CLEARLY_LESS * most)
        })
    }

    /// Whether little is left of the move over a whole week.
    fn cancels_over(&self, week: &[Evidence], rate: f64) -> bool {
        week.iter().find(|test| test.test == self.training.test).is_some_and(|test| {
            let left = Evidence { p_adjusted: test.p, ..test.clone() };
            strength(&left, rate) != State::Drift || test.effect.abs() <= LEFT_OVER_THE_WEEK * self.training.effect.abs()
        })
    }
}
