//! What is said of one field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_contract::{BaselineKind, FeatureKind, FieldRole};

use super::State;

/// The judgement of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldVerdict {
    /// The field's name.
    pub name: String,
    /// What it is to the model.
    pub role: FieldRole,
    /// What its values are.
    pub kind: FeatureKind,
    /// What it comes to.
    pub state: State,
    /// What happened to it, in one sentence.
    pub sentence: String,
    /// How much the feature matters to the model, relative to the others.
    pub importance: f64,
    /// Whether the contract keeps it out of the model's state.
    pub muted: bool,
    /// The baseline that decided: the first of the contract's that could tell.
    pub baseline: Option<BaselineKind>,
    /// What each baseline says, in the contract's order.
    pub opinions: Vec<Opinion>,
    /// Whether it differs from the training set as it does at this time of every week, and is ok for that reason.
    #[serde(default)]
    pub season: bool,
    /// The test that decided; `None` when nothing could be tested.
    pub decisive: Option<Evidence>,
    /// Every test that was made against the baseline that decided, in a fixed order; where the contract names a method, its effect first.
    pub tests: Vec<Evidence>,
    /// Distances between window and baseline by name (`psi`, `ks`, `jensen_shannon`, `wasserstein_normalised` …), for reading, not for deciding.
    pub distances: BTreeMap<String, f64>,
    /// The smallest shift that this window could have shown, in standard deviations of the baseline (categorical: Cohen's w).
    pub smallest_visible: Option<f64>,
    /// Usable values in the window, and their share of missing ones in baseline and window.
    pub present: u64,
    /// Share of missing values in the baseline, `0..=1`.
    pub missing_baseline: Option<f64>,
    /// Share of missing values in the window, `0..=1`.
    pub missing_current: Option<f64>,
    /// Mean in the baseline and in the window (numeric).
    pub mean_baseline: Option<f64>,
    /// Mean in the window (numeric).
    pub mean_current: Option<f64>,
}

/// Distance of a normal variable's 95 % bound on one side, relative to that of its 95 % interval: 1.645/1.960.
const ONE_SIDED: f64 = 0.839_230;

/// One test: how strong the evidence is, and how large the effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was tested: `location`, `spread`, `shape`, `spike`, `tail`, `beyond`, `missing`, `unseen`, `mix`, `name`; or the method
    /// that the contract names (`psi`).
    pub test: String,
    /// p-value, two-sided, ordinary variation included; `0..=1`.
    pub p: f64,
    /// p-value after correction over all tests, fields and baselines of the window, and over a month of windows where it is one of a series.
    pub p_adjusted: f64,
    /// Size of the effect. Signed where up and down differ (`sd`, `share`: positive = more than in the baseline); never negative for `w`.
    pub effect: f64,
    /// Lower bound of the effect's 95 % interval.
    pub effect_low: f64,
    /// Upper bound of the effect's 95 % interval.
    pub effect_high: f64,
    /// From where on the effect matters, in the same unit.
    pub threshold: f64,
    /// The largest size that an ordinary period of the baseline showed, as a window of this length would show it; what
    /// stays below it is never called drift. 0 where the baseline has no periods.
    #[serde(default)]
    pub ordinary: f64,
    /// The effect's unit: `sd` (standard deviations of the baseline; of a location in normal scores, or of the values where those moved
    /// distinctly less), `w` (Cohen's w; of a mix, with each value counted by the root of its share), `share`, `distance` (of the named method).
    pub unit: String,
    /// What was seen, in words.
    pub says: String,
}

impl Evidence {
    /// The part of the effect that is sure: its lower bound at 95 %, as a size; 0 when that includes no effect.
    ///
    /// A bound on one side only lies nearer than those of a 95 % interval, which leave 2.5 % on each: by 1.64/1.96 of the distance.
    #[must_use]
    pub fn sure_effect(&self) -> f64 {
        let bound = if self.effect >= 0.0 { self.effect_low } else { -self.effect_high };
        let size = self.effect.abs();
        (size - ONE_SIDED * (size - bound)).max(0.0)
    }

    /// Makes the effect as small as another measure of it, `size`, and 0 where that has another direction; with its interval, and what is ordinary.
    pub(crate) fn limit(&mut self, size: f64) {
        let part = if self.effect == 0.0 { 1.0 } else { (size / self.effect).clamp(0.0, 1.0) };
        for value in [&mut self.effect, &mut self.effect_low, &mut self.effect_high, &mut self.ordinary] {
            *value *= part;
        }
    }

    /// The effect as a multiple of what matters, whatever its direction.
    #[must_use]
    pub fn severity(&self) -> f64 {
        if self.threshold > 0.0 { self.effect.abs() / self.threshold } else { 0.0 }
    }

    /// How much of the field's distribution the effect is about, in standard deviations, so that tests in different
    /// units compare: a share of values counts as moved by two standard deviations.
    #[must_use]
    pub fn size(&self) -> f64 {
        match self.unit.as_str() {
            "share" if self.test == "missing" => 5.0 * self.effect.abs(),
            "share" => 2.0 * self.effect.abs(),
            // Cohen's w weighs what is rare: a tenth of the values piled up on one in twenty-five is a w of one half.
            "w" => 0.35 * self.effect.abs(),
            // A large move up or down also changes these; the move is then what to say.
            _ if self.test != "location" => 0.35 * self.effect.abs(),
            _ => self.effect.abs(),
        }
    }
}

/// What one baseline says of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// Which baseline.
    pub baseline: BaselineKind,
    /// What it comes to against this baseline alone.
    pub state: State,
    /// What happened, in one sentence.
    pub sentence: String,
    /// The test that decided; `None` when nothing could be tested.
    pub decisive: Option<Evidence>,
    /// The smallest shift that would have shown, in standard deviations (Cohen's w for names).
    pub smallest_visible: Option<f64>,
}

/// Something that moved within one segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentFinding {
    /// The segment's field.
    pub segment: String,
    /// Its value.
    pub value: String,
    /// Records of it in the window.
    pub records: u64,
    /// The field that moved.
    pub field: String,
    /// [`State::Warning`] or [`State::Drift`].
    pub state: State,
    /// The test that decided.
    pub decisive: Evidence,
    /// What happened, in one sentence.
    pub sentence: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_is_limited_with_its_interval_and_lost_where_the_other_measure_points_elsewhere() {
        let limited = |size: f64| {
            let mut test = Evidence {
                test: "location".to_owned(),
                p: 1e-9,
                p_adjusted: 1e-8,
                effect: -0.2,
                effect_low: -0.3,
                effect_high: -0.1,
                threshold: 0.04,
                ordinary: 0.02,
                unit: "sd".to_owned(),
                says: String::new(),
            };
            test.limit(size);
            [test.effect, test.effect_low, test.effect_high, test.ordinary]
        };
        let is = |found: [f64; 4], expected: [f64; 4]| found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12);
        assert!(is(limited(-0.1), [-0.1, -0.15, -0.05, 0.01]));
        assert!(is(limited(-0.5), [-0.2, -0.3, -0.1, 0.02]));
        assert!(is(limited(0.1), [0.0; 4]));
    }
}
