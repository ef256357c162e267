//! How good a model was when it was registered, or on an evaluation set at a desk.

use tidegate_contract::Metric;
use tidegate_validation::report::MetricValue;
use tidegate_validation::{GateReport, ScoreRows};

use crate::calibration::Basis;
use crate::measured::Measured;

/// A model's quality on an evaluation set.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// The number of the version that it was measured of; none at a desk.
    pub version: Option<u32>,
    /// Rows of the evaluation set.
    pub rows: u64,
    /// What was measured on them.
    pub metrics: Vec<(Metric, MetricValue)>,
    /// What its scores came to there; none where they are no probabilities.
    pub scores: Vec<ScoreRows>,
}

impl Registered {
    /// What the gate measured of a version.
    #[must_use]
    pub fn of_gate(version: u32, report: GateReport) -> Self {
        let metrics = report.metrics.into_iter().map(|line| (line.metric, line.candidate)).collect();
        Self { version: Some(version), rows: report.rows.candidate, metrics, scores: report.scores }
    }

    /// What was measured of predictions whose truth is known; `None` where there are none.
    #[must_use]
    pub fn of_set(measured: &Measured) -> Option<Self> {
        let quality = measured.quality.as_ref()?;
        Some(Self { version: None, rows: quality.rows, metrics: quality.metrics.clone(), scores: measured.score_rows() })
    }

    /// Where it comes from.
    pub(crate) fn basis(&self) -> Basis {
        match self.version {
            Some(version) => Basis::Registered { version, rows: self.rows },
            None => Basis::EvaluationSet { rows: self.rows },
        }
    }
}
