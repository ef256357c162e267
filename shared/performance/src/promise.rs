//! What a window's scores promise: what scores mean, and how far such promises missed before.
//!
//! What a score means is learned from the evaluation set that the model was registered with: it is there before the first prediction. Once the truth of
//! the first windows is in, and contradicts that, what happened in production counts.

use tidegate_contract::{Contract, Task};
use tidegate_monitoring::Window;
use tidegate_validation::ScoreRows;

use crate::calibration::{Basis, Calibration};
use crate::estimate::{Estimated, Misses, estimate};
use crate::judge::Inputs;
use crate::measured::Measured;

/// Chance of what came of the first windows below which it contradicts the evaluation set, and the share of predictions by which both must differ.
const CONTRADICTED: (f64, f64) = (0.001, 0.02);

/// Why the quality of a task is never estimated from its answers alone; `None` where it may be.
#[must_use]
pub fn unestimated(task: Task) -> Option<&'static str> {
    (task == Task::Regression)
        .then_some("A predicted number does not say how far off it may be, so quality is not estimated before the truth is in.")
}

/// What a window's scores promise.
pub(crate) struct Promise {
    calibration: Calibration,
    misses: Misses,
}

impl Promise {
    pub(crate) fn learn(contract: &Contract, inputs: &Inputs<'_>) -> Self {
        let calibration = calibration(inputs);
        let known = inputs.first.iter().filter_map(|window| {
            let realised = window.quality.as_ref()?.metrics.iter().filter_map(|(metric, found)| Some((*metric, found.value?)));
            Some((estimated(contract, window, &calibration)?, realised.collect()))
        });
        let misses = Misses::learn(&known.collect::<Vec<_>>());
        Self { calibration, misses }
    }

    pub(crate) fn of(&self, contract: &Contract, measured: &Measured) -> Option<Estimated> {
        estimated(contract, measured, &self.calibration).map(|estimated| self.misses.widen(estimated))
    }
}

/// What scores mean.
fn calibration(inputs: &Inputs<'_>) -> Calibration {
    let happened: Vec<ScoreRows> = inputs.first.iter().flat_map(Measured::score_rows).collect();
    let registered = inputs.registered.map(|registered| Calibration::learn(registered.scores.iter().copied(), |_| registered.basis()));
    if let Some(registered) = registered.filter(|registered| registered.basis != Basis::AsTheyAre) {
        let (chance, share) = CONTRADICTED;
        let is_contradicted = registered.contradiction(&happened).is_some_and(|(p, off)| p < chance && off > share);
        if !is_contradicted {
            return registered;
        }
    }
    let windows = inputs.first.len() as u64;
    Calibration::learn(happened, |rows| Basis::FirstWindows { windows, rows })
}

/// The seed of a window's random numbers.
fn seed(window: Window) -> u64 {
    window.end_ms.unsigned_abs()
}

/// An estimate, where all scores are probabilities.
fn estimated(contract: &Contract, measured: &Measured, calibration: &Calibration) -> Option<Estimated> {
    let can_be = unestimated(contract.task).is_none() && measured.predictions.odd_scores == 0;
    can_be.then(|| estimate(contract.task, &measured.scores, calibration, seed(measured.window))).flatten()
}
