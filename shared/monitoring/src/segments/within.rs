//! One field within the records of one value of a segment: the window's against the baseline's.
//!
//! Tests, standard errors and effects are those of the fields themselves, on coarser cells, and with the ordinary variation that the
//! same value showed between the baseline's own periods. A value that is rare in a period is looked at over several together.

use tidegate_contract::FeatureKind;
use tidegate_profile::{Counts, FieldAnchor};

use crate::Evidence;
use crate::contrast::{Space, Z_95};
use crate::evidence::{SHARE_PER_SD, Side, absence};
use crate::reference::Reference;
use crate::share::{Tally, compare};
use crate::words::{moved, number, percent, quoted};

/// Neighbouring periods are joined until they hold about so many usable values each.
const VALUES_IN_PERIOD: u64 = 40;

/// A rest whose p-value without ordinary variation is above this cannot hide a direction that is evident with it.
const PERHAPS: f64 = 0.2;

/// A field of all records together.
#[derive(Debug, Clone)]
pub(super) struct Together {
    /// The baseline's counts in coarse cells.
    pub(super) before: Counts,
    /// The window's.
    pub(super) now: Counts,
    /// Mean in window and baseline, of numbers.
    pub(super) means: Option<(f64, f64)>,
    /// Whether all numbers of the baseline have the same sign, so that a factor between means says something.
    pub(super) have_one_sign: bool,
}

/// A field within the records of one value of a segment.
#[derive(Debug)]
pub(super) struct Within<'a> {
    /// The field's cells.
    pub(super) anchor: &'a FieldAnchor,
    /// The smallest effect that matters in this part of the records, standard deviations.
    pub(super) effect: f64,
    /// The window's counts in coarse cells.
    pub(super) now: Counts,
    /// The baseline's.
    pub(super) before: Counts,
    /// How many periods a window of this length spans.
    pub(super) periods_in_window: f64,
    /// Mean in window and baseline, of numbers.
    pub(super) means: Option<(f64, f64)>,
}

impl Within<'_> {
    fn kind(&self) -> FeatureKind {
        match self.anchor {
            FieldAnchor::Numeric(_) => FeatureKind::Numeric,
            FieldAnchor::Categorical(_) => FeatureKind::Categorical,
        }
    }

    /// Every test, with the ordinary variation between the baseline's periods; none when there are periods, and the value is too rare in
    /// them to tell.
    pub(super) fn tests(&self, periods: &[Counts]) -> Vec<Evidence> {
        if periods.is_empty() {
            return self.against(&self.reference());
        }
        let each = present(&self.before) / periods.len() as u64;
        let joined = usize::try_from(VALUES_IN_PERIOD.div_ceil(each.max(1))).unwrap_or(usize::MAX).min(periods.len());
        let periods: Vec<Counts> = periods.chunks_exact(joined).map(sum).collect();
        let reference = Reference::with_periods(self.before.clone(), &periods, (self.periods_in_window / joined as f64).max(1.0));
        if reference.periods.is_empty() { Vec::new() } else { self.against(&reference) }
    }

    /// The smallest p-value against chance alone, when a finding at this level can come of it: what is neither large nor evident
    /// against chance alone is not so against chance and ordinary variation.
    pub(super) fn may_tell(&self, level: f64) -> Option<f64> {
        let tests = self.against(&self.reference());
        let may = |test: &&Evidence| match test.unit.as_str() {
            "w" => test.p <= PERHAPS && test.effect_high >= test.threshold,
            _ => test.p <= level && test.effect.abs() >= test.threshold,
        };
        tests.iter().filter(may).map(|test| test.p).reduce(f64::min)
    }

    /// By how much the value moved otherwise than all records together did, in the test's unit, its sign left out.
    ///
    /// All records' move is a shift by the same amount or factor for numbers, and the same change of every cell's odds for names. How
    /// the shape of numbers would follow a move of the whole depends on where the value's own numbers lie: when the whole `moved`, nothing
    /// but location and missing values is compared.
    pub(super) fn beyond(&self, test: &Evidence, all: &Together, moved: bool) -> f64 {
        match (test.test.as_str(), self.means.zip(all.means)) {
            ("missing", _) => {
                let change = |now: &Counts, before: &Counts| missing(now).share() - missing(before).share();
                (change(&self.now, &self.before) - change(&all.now, &all.before)).abs()
            }
            ("location", Some((own, whole))) => test.effect.abs() * share_of_its_own(own, whole, all.have_one_sign),
            _ if moved && self.kind() == FeatureKind::Numeric => 0.0,
            _ => self.beyond_odds(all),
        }
    }

    /// Cohen's w, freed of chance, between the window's shares and those that the baseline's would be if every cell's odds had changed as
    /// in all records together.
    fn beyond_odds(&self, all: &Together) -> f64 {
        let (p, q, all_p, all_q) = (shares(&self.before), shares(&self.now), shares(&all.before), shares(&all.now));
        let changed: Vec<f64> = p
            .iter()
            .zip(all_p.iter().zip(&all_q))
            .map(|(p, (all_p, all_q))| if *all_p > 0.0 { p * all_q / all_p } else { *all_q })
            .collect();
        let total: f64 = changed.iter().sum();
        let apart = |(expected, q): (&f64, &f64)| {
            let expected = expected / total.max(f64::MIN_POSITIVE);
            let middle = f64::midpoint(expected, *q);
            if middle > 0.0 { (q - expected).powi(2) / middle } else { 0.0 }
        };
        let count = |counts: &Counts| present(counts).max(1) as f64;
        let chance = (p.len() as f64 - 1.0) * (1.0 / count(&self.now) + 1.0 / count(&self.before));
        (changed.iter().zip(&q).map(apart).sum::<f64>() - chance).max(0.0).sqrt()
    }

    fn reference(&self) -> Reference {
        Reference::plain(self.before.clone())
    }

    fn against(&self, reference: &Reference) -> Vec<Evidence> {
        let kind = self.kind();
        let mut tests: Vec<Evidence> = self.missing(reference).into_iter().collect();
        let values = present(&self.now);
        let space = match kind {
            FeatureKind::Numeric => Space::of_numbers(reference, values),
            FeatureKind::Categorical => Space::of_names(reference, self.before.cells.len(), values),
        };
        let Some(space) = space else { return tests };
        for shift in space.shifts(&self.now.cells) {
            let margin = Z_95 * shift.error;
            tests.push(Evidence {
                effect_low: shift.size - margin,
                effect_high: shift.size + margin,
                ordinary: shift.ordinary,
                says: self.says(shift.name, shift.size),
                ..self.evidence(shift.name, "sd", shift.p, shift.size)
            });
        }
        if let Some(rest) = space.rest(&self.now.cells, &[]) {
            let name = if kind == FeatureKind::Numeric { "shape" } else { "mix" };
            tests.push(Evidence {
                effect_low: rest.low,
                effect_high: rest.high,
                ordinary: rest.ordinary,
                says: self.says(name, rest.size),
                ..self.evidence(name, "w", rest.p, rest.size)
            });
        }
        tests
    }

    fn evidence(&self, test: &str, unit: &str, p: f64, effect: f64) -> Evidence {
        Evidence {
            test: test.to_owned(),
            p,
            p_adjusted: p,
            effect,
            effect_low: effect,
            effect_high: effect,
            threshold: self.effect,
            ordinary: 0.0,
            unit: unit.to_owned(),
            says: String::new(),
        }
    }

    fn missing(&self, reference: &Reference) -> Option<Evidence> {
        let change = compare(missing(&self.before), missing(&self.now), &absence(reference))?;
        let says = format!("{} of the values are missing, {} in the baseline", percent(change.now), percent(change.before));
        Some(Side::of_share("missing", change, change.p, self.effect * SHARE_PER_SD, says))
    }

    fn says(&self, test: &str, size: f64) -> String {
        match (test, self.means) {
            ("location", Some(means)) if (means.0 - means.1) * size > 0.0 => moved(size, Some(("mean", means))),
            _ => self.where_most(),
        }
    }

    /// The coarse cell whose share changed most, in words.
    fn where_most(&self) -> String {
        let total = |counts: &Counts| present(counts).max(1) as f64;
        let (m, n) = (total(&self.before), total(&self.now));
        let moves = self.before.cells.iter().zip(&self.now.cells).map(|(was, is)| (*was as f64 / m, *is as f64 / n)).enumerate();
        let largest = moves.max_by(|a, b| (a.1.1 - a.1.0).abs().total_cmp(&(b.1.1 - b.1.0).abs()));
        let Some((cell, (was, is))) = largest else { return String::new() };
        let shares = format!("{}, {} in the baseline", percent(is), percent(was));
        match self.anchor {
            FieldAnchor::Categorical(anchor) if cell + 1 < self.before.cells.len() => {
                let value = anchor.values.get(cell).map_or_else(String::new, |value| quoted(value));
                format!("its mix changed, most of all {value}: {}, was {}", percent(is), percent(was))
            }
            FieldAnchor::Categorical(_) => {
                format!("its mix changed, most of all rare and new values: {}, was {}", percent(is), percent(was))
            }
            FieldAnchor::Numeric(anchor) => {
                let coarse = self.anchor.coarse();
                let first = coarse.iter().position(|&of| usize::from(of) == cell).unwrap_or(0);
                let last = coarse.iter().rposition(|&of| usize::from(of) == cell).unwrap_or(0);
                let edge = |index: usize| anchor.edges.get(index).map(|edge| number(*edge));
                match (first.checked_sub(1).and_then(edge), edge(last)) {
                    (Some(low), Some(high)) => format!("its shape changed: from {low} to {high} lie {shares}"),
                    (None, Some(high)) => format!("its shape changed: below {high} lie {shares}"),
                    (Some(low), None) => format!("its shape changed: above {low} lie {shares}"),
                    (None, None) => "its shape changed".to_owned(),
                }
            }
        }
    }
}

/// The part of a value's move that is its own: what is left when all records' move, as an amount or as a factor, whichever explains more,
/// is taken off; `0..=1`. Means are those of window and baseline.
fn share_of_its_own(own: (f64, f64), whole: (f64, f64), have_one_sign: bool) -> f64 {
    let left = |own: f64, whole: f64| if own == 0.0 { 1.0 } else { ((own - whole) / own).abs().min(1.0) };
    let by_amount = left(own.0 - own.1, whole.0 - whole.1);
    let factor = |(now, before): (f64, f64)| (have_one_sign && before != 0.0).then(|| now / before - 1.0);
    let by_factor = factor(own).zip(factor(whole)).map_or(1.0, |(own, whole)| left(own, whole));
    by_amount.min(by_factor)
}

fn shares(counts: &Counts) -> Vec<f64> {
    let total = present(counts).max(1) as f64;
    counts.cells.iter().map(|&count| count as f64 / total).collect()
}

/// How many of a group's records have no usable value.
fn missing(counts: &Counts) -> Tally {
    Tally { hits: counts.absent, all: counts.absent + present(counts) }
}

/// Usable values.
fn present(counts: &Counts) -> u64 {
    counts.cells.iter().sum()
}

fn sum(periods: &[Counts]) -> Counts {
    let mut sum = Counts::default();
    for period in periods {
        sum.absent += period.absent;
        sum.cells.resize(sum.cells.len().max(period.cells.len()), 0);
        for (cell, more) in sum.cells.iter_mut().zip(&period.cells) {
            *cell += more;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_records_show_as_amount_or_factor_is_not_its_own() {
        // Window and baseline mean of the value, then of all records.
        assert!(share_of_its_own((11.0, 10.0), (6.0, 5.0), true) < 1e-12, "one more everywhere");
        assert!(share_of_its_own((20.0, 10.0), (10.0, 5.0), true) < 1e-12, "twice as much everywhere");
        assert!((share_of_its_own((20.0, 10.0), (10.0, 5.0), false) - 0.5).abs() < 1e-12, "numbers of both signs have no factor");
        assert!((share_of_its_own((11.0, 10.0), (5.0, 5.0), true) - 1.0).abs() < 1e-12, "nothing elsewhere");
        assert!((share_of_its_own((11.0, 10.0), (4.0, 5.0), true) - 1.0).abs() < 1e-12, "the other way elsewhere");
    }
}
