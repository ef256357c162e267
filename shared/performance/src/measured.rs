//! What a window shows by itself: a function of its own predictions and their truth, and of nothing else.

use serde::{Deserialize, Serialize};
use tidegate_contract::{FairnessMetric, Metric, Task};
use tidegate_monitoring::Window;
use tidegate_statistics::bootstrap::Plan;
use tidegate_validation::fairness::Groups;
use tidegate_validation::metrics::{Confusion, measure_all};
use tidegate_validation::report::MetricValue;
use tidegate_validation::{Labels, Outcomes, ScoreRows};

use crate::coverage::{Coverage, Lag};
use crate::health::Health;
use crate::joined::Joined;
use crate::names::NONE;
use crate::parts::Parts;
use crate::rows::Rows;

/// Version of the shape.
pub const FORMAT: &str = "tidegate.measured/2";

/// Resamples for intervals without a formula.
const RESAMPLES: u32 = 400;

/// What a window shows by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// [`FORMAT`].
    pub format: String,
    /// The model.
    pub model: String,
    /// The window.
    pub window: Window,
    /// The window's predictions.
    pub predictions: Predictions,
    /// How much truth is in.
    pub coverage: Coverage,
    /// Quality of the predictions whose truth is in; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// The same of each version that answered, of all that it answered.
    pub versions: Vec<Part>,
    /// The same of each segment and protected group.
    pub segments: Vec<Part>,
    /// The scores, from which quality is estimated before the truth is in.
    pub scores: Vec<ScoreCell>,
    /// How alike the groups of each protected feature are treated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fairness: Vec<Fairness>,
    /// Service health.
    pub health: Health,
}

/// Predictions of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predictions {
    /// Predictions that truth can name: each id once, answered by what served.
    pub with_id: u64,
    /// Predictions under the same ids by versions that served nobody: they count for their own version, and nowhere else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shadows: u64,
    /// Records that repeat the id of another one of the window and of the same version.
    pub repeated: u64,
    /// Records without an id.
    pub without_id: u64,
    /// Predictions with neither a class nor a number nor a score.
    pub unanswered: u64,
    /// Predictions whose score is no probability.
    pub odd_scores: u64,
}

/// Quality of predictions whose truth is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Rows that it is measured on.
    pub rows: u64,
    /// One prediction in so many was measured, chosen by the hash of its id: a window of more than ten million.
    pub one_in: u64,
    /// Every metric of the task, with its 95 % interval.
    pub metrics: Vec<(Metric, MetricValue)>,
    /// Rows by what was and what was predicted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<(String, String, u64)>,
}

/// The predictions whose scores lie in one cell and that were predicted alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreCell {
    /// The cell ([`tidegate_validation::cell_of`]).
    pub cell: u16,
    /// Whether they were predicted positive; of a multiclass task always so, since the score is that of the class that was predicted.
    pub predicted: bool,
    /// Predictions.
    pub rows: u64,
    /// Those whose truth is in.
    pub labelled: u64,
    /// Those that came true: the positive ones, or of a multiclass task those whose class was predicted.
    pub positives: u64,
    /// Sum of the scores.
    pub sum: f64,
    /// Sum of the squared scores.
    pub sum_of_squares: f64,
}

/// The predictions of a version or a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The feature, or `version`.
    pub by: String,
    /// Its value.
    pub name: String,
    /// Its predictions.
    pub predictions: u64,
    /// Of a version, those of them that served nobody, since another version served the same requests.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shadows: u64,
    /// Its predictions whose truth is in.
    pub labelled: u64,
    /// The metric that decides and the first ones of the task; none where there are too few rows.
    pub metrics: Vec<(Metric, MetricValue)>,
}

/// A fairness metric of one protected feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// The protected feature.
    pub feature: String,
    /// The metric.
    pub metric: FairnessMetric,
    /// The value; absent where it is undefined.
    pub value: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// Groups that are compared.
    pub groups: Vec<String>,
    /// Groups with too few rows to be compared: name and rows.
    pub too_small: Vec<(String, u64)>,
    /// Rows of the groups that are compared.
    pub rows: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Part {
    /// The predictions that served.
    pub(crate) fn served(&self) -> u64 {
        self.predictions - self.shadows.min(self.predictions)
    }
}

/// Nine significant digits, so that the last bits of another machine's logarithm do not make another file.
pub(crate) fn rounded(value: f64) -> Option<f64> {
    format!("{value:.8e}").parse().ok().filter(|value: &f64| value.is_finite()).map(|value| value + 0.0)
}

impl Measured {
    /// Measures what came together.
    #[must_use]
    pub fn of(joined: Joined) -> Self {
        let plan = Plan { resamples: RESAMPLES, ..Plan::new(0) };
        let outcomes = outcomes(&joined, &joined.rows).filter(|outcomes| outcomes.rows() > 0);
        let Parts { versions, segments, missing } = Parts::of(&joined, outcomes.as_ref(), plan);
        let share = (joined.predictions > 0).then(|| joined.labelled as f64 / joined.predictions as f64);
        let scores = joined.cells.values().map(|cell| ScoreCell {
            sum: rounded(cell.sum).unwrap_or_default(),
            sum_of_squares: rounded(cell.sum_of_squares).unwrap_or_default(),
            ..cell.clone()
        });
        Self {
            format: FORMAT.to_owned(),
            model: joined.subject.model.clone(),
            window: joined.window,
            predictions: Predictions {
                with_id: joined.predictions,
                shadows: joined.shadows.predictions,
                repeated: joined.repeated,
                without_id: joined.without_id,
                unanswered: joined.unanswered,
                odd_scores: joined.odd_scores,
            },
            coverage: Coverage {
                labelled: joined.labelled,
                share: share.and_then(rounded),
                unreadable: joined.unreadable,
                lag: Lag::of(joined.rows.lags_ms.clone()),
                missing,
            },
            quality: outcomes.as_ref().map(|outcomes| quality(outcomes, joined.rows.one_in(), plan)),
            versions,
            segments,
            scores: scores.collect(),
            fairness: outcomes.as_ref().map(|outcomes| fairness(&joined, outcomes, plan)).unwrap_or_default(),
            health: joined.health,
        }
    }

    /// What came of the scores of the predictions whose truth is in.
    pub(crate) fn score_rows(&self) -> Vec<ScoreRows> {
        self.scores.iter().map(|cell| ScoreRows { cell: cell.cell, rows: cell.labelled, positives: cell.positives }).collect()
    }

    /// A metric of the whole window.
    #[must_use]
    pub fn metric(&self, metric: Metric) -> Option<&MetricValue> {
        self.quality.as_ref()?.metrics.iter().find(|(found, _)| *found == metric).map(|(_, value)| value)
    }
}

/// What came of these rows.
pub(crate) fn outcomes(joined: &Joined, rows: &Rows) -> Option<Outcomes> {
    match joined.subject.task {
        Task::Binary => {
            let flags = |codes: &[u32]| codes.iter().map(|code| *code == 1).collect();
            let scores = rows.scores.iter().all(|score| score.is_finite()).then(|| rows.scores.clone());
            Outcomes::binary(flags(&rows.actual), flags(&rows.predicted), scores)
        }
        Task::Multiclass => {
            // Classes in the order of their names, whichever came first.
            let mut used: Vec<(&str, u32)> = Vec::new();
            for (name, code) in joined.labels.all().iter().zip(0..) {
                if rows.actual.contains(&code) || rows.predicted.contains(&code) {
                    used.push((name, code));
                }
            }
            used.sort_unstable();
            let mut places = vec![NONE; joined.labels.all().len()];
            for ((_, code), place) in used.iter().zip(0..) {
                if let Some(slot) = usize::try_from(*code).ok().and_then(|code| places.get_mut(code)) {
                    *slot = place;
                }
            }
            let place = |code: &u32| usize::try_from(*code).ok().and_then(|code| places.get(code)).copied().unwrap_or(NONE);
            let classes = used.iter().map(|(name, _)| (*name).to_owned()).collect();
            Outcomes::multiclass(classes, rows.actual.iter().map(place).collect(), rows.predicted.iter().map(place).collect())
        }
        Task::Regression => Outcomes::regression(rows.actual_numbers.clone(), rows.predicted_numbers.clone()),
    }
}

fn quality(outcomes: &Outcomes, one_in: u64, plan: Plan) -> Quality {
    let rows = outcomes.rows() as u64;
    let metrics = measure_all(outcomes, plan).into_iter().map(|(metric, measured)| (metric, MetricValue::of(&measured, rows)));
    let confusion = Confusion::of(outcomes).map(|confusion| {
        let name = |class: usize| confusion.classes().get(class).cloned().unwrap_or_default();
        confusion.cells().map(|(actual, predicted, rows)| (name(actual), name(predicted), rows)).collect()
    });
    Quality { rows, one_in, metrics: metrics.collect(), confusion: confusion.unwrap_or_default() }
}

fn fairness(joined: &Joined, outcomes: &Outcomes, plan: Plan) -> Vec<Fairness> {
    use FairnessMetric::{
        DemographicParityDifference, DemographicParityRatio, EqualOpportunityDifference, EqualOpportunityRatio, EqualizedOddsDifference,
        EqualizedOddsRatio,
    };
    let mut lines = Vec::new();
    for (place, (feature, names)) in joined.subject.groups.iter().zip(&joined.names).enumerate() {
        if !joined.subject.protected.contains(feature) {
            continue;
        }
        let name = |row: usize| names.name(joined.rows.group(row, place));
        let labels: Labels = (0..joined.rows.len()).map(name).collect();
        let Some(groups) = Groups::new(outcomes, &labels, joined.subject.minimum_group_rows) else { continue };
        for metric in [
            DemographicParityDifference,
            DemographicParityRatio,
            EqualizedOddsDifference,
            EqualizedOddsRatio,
            EqualOpportunityDifference,
            EqualOpportunityRatio,
        ] {
            let measured = groups.measure(metric, plan).ok();
            lines.push(Fairness {
                feature: feature.clone(),
                metric,
                value: measured.as_ref().and_then(|measured| rounded(measured.value)),
                interval: measured.as_ref().and_then(|m| m.interval).and_then(|of| Some([rounded(of.low)?, rounded(of.high)?])),
                groups: groups.compared.iter().map(|group| group.name.clone()).collect(),
                too_small: groups.too_small.clone(),
                rows: groups.compared.iter().map(tidegate_validation::fairness::Group::rows).sum(),
            });
        }
    }
    lines
}
