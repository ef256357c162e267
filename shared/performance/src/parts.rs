//! What came together, part by part: versions and groups by quality and coverage, scores by coverage.

use tidegate_contract::{Metric, Task};
use tidegate_statistics::bootstrap::Plan;
use tidegate_validation::Outcomes;
use tidegate_validation::metrics::measure;
use tidegate_validation::report::MetricValue;

use crate::coverage::{GroupCoverage, Missing};
use crate::joined::Joined;
use crate::measured::{Part, outcomes};
use crate::names::Names;
use crate::rows::Rows;

/// By what versions are parts, beside the features.
const VERSION: &str = "version";

/// Most groups of a feature that are named; the largest.
const MOST_GROUPS: usize = 30;

/// Groups of predictions by their scores, about tenths, among which truth may be missing.
const SCORE_GROUPS: u64 = 10;

/// A window, part by part.
pub(crate) struct Parts {
    pub(crate) versions: Vec<Part>,
    pub(crate) segments: Vec<Part>,
    pub(crate) missing: Vec<Missing>,
}

impl Parts {
    /// Of what came together and of what came of the predictions that served.
    pub(crate) fn of(joined: &Joined, served: Option<&Outcomes>, plan: Plan) -> Self {
        let by: Vec<&str> = joined.subject.groups.iter().map(String::as_str).chain([VERSION]).collect();
        let mut parts = Vec::new();
        let mut missing = Vec::new();
        for (place, (by, names)) in by.iter().zip(&joined.names).enumerate() {
            let counts = joined.covered.get(place).map_or(&[][..], Vec::as_slice);
            missing.extend(Missing::of(by, covered(counts, &[], names).into_iter().map(|group| group.coverage).collect()));
            let shadows = if *by == VERSION { joined.shadows.covered.as_slice() } else { &[] };
            for group in covered(counts, shadows, names) {
                parts.push(part(joined, served, plan, (by, place), group));
            }
        }
        missing.extend(by_score(joined));
        let (versions, segments) = parts.into_iter().partition(|part| part.by == VERSION);
        Self { versions, segments, missing }
    }
}

/// Metrics of a part: few, since there are many parts.
fn part_metrics(task: Task) -> &'static [Metric] {
    match task {
        Task::Binary => &[Metric::RocAuc, Metric::Accuracy, Metric::Precision, Metric::Recall, Metric::F1],
        Task::Multiclass => &[Metric::Accuracy, Metric::F1Macro],
        Task::Regression => &[Metric::Mae, Metric::Rmse, Metric::Bias],
    }
}

/// A group's predictions, shadows included.
struct Group {
    code: u32,
    coverage: GroupCoverage,
    /// Its shadows, and those of them whose truth is in.
    shadows: [u64; 2],
}

/// The groups of a column by name, the largest of them.
fn covered(served: &[[u64; 2]], shadows: &[[u64; 2]], names: &Names) -> Vec<Group> {
    let of = |counts: &[[u64; 2]], place: usize| counts.get(place).copied().unwrap_or_default();
    let group = |(place, code): (usize, u32)| {
        let ([predictions, labelled], shadows) = (of(served, place), of(shadows, place));
        let (predictions, labelled) = (predictions + shadows[0], labelled + shadows[1]);
        let name = names.name(code).filter(|_| predictions > 0)?.to_owned();
        Some(Group { code, coverage: GroupCoverage { name, predictions, labelled }, shadows })
    };
    let mut groups: Vec<Group> = (0..served.len().max(shadows.len())).zip(0..).filter_map(group).collect();
    groups.sort_by(|Group { coverage: a, .. }, Group { coverage: b, .. }| {
        b.predictions.cmp(&a.predictions).then_with(|| a.name.cmp(&b.name))
    });
    groups.truncate(MOST_GROUPS);
    groups.sort_by(|a, b| a.coverage.name.cmp(&b.coverage.name));
    groups
}

fn part(joined: &Joined, served: Option<&Outcomes>, plan: Plan, (by, place): (&str, usize), group: Group) -> Part {
    let Group { code, coverage: GroupCoverage { name, predictions, labelled }, shadows } = group;
    let own = || {
        let rows = joined.rows.of_group(place, code);
        if shadows[1] == 0 {
            return served.map(|outcomes| outcomes.select(&rows));
        }
        let beside = &joined.shadows.rows;
        outcomes(joined, &Rows::together(&[(&joined.rows, &rows), (beside, &beside.of_group(0, code))]))
    };
    let mut metrics = Vec::new();
    if let Some(own) = Some(labelled).filter(|labelled| *labelled >= joined.subject.minimum_group_rows).and_then(|_| own()) {
        let rows = own.rows() as u64;
        let value = |metric: &Metric| (*metric, MetricValue::of(&measure(&own, *metric, plan), rows));
        metrics = part_metrics(joined.subject.task).iter().map(value).collect();
    }
    Part { by: by.to_owned(), name, predictions, shadows: shadows[0], labelled, metrics }
}

/// Coverage by rising score, in about tenths of the predictions.
fn by_score(joined: &Joined) -> Option<Missing> {
    let scored: u64 = joined.cells.values().map(|cell| cell.rows).sum();
    let mut groups: Vec<GroupCoverage> = Vec::new();
    let mut below = 0;
    for cell in joined.cells.values() {
        // The tenth in which the middle of the cell lies.
        let tenth = ((below + cell.rows / 2) * SCORE_GROUPS).checked_div(scored)?.min(SCORE_GROUPS - 1);
        below += cell.rows;
        let name = format!("{}", tenth + 1);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => {
                group.predictions += cell.rows;
                group.labelled += cell.labelled;
            }
            None => groups.push(GroupCoverage { name, predictions: cell.rows, labelled: cell.labelled }),
        }
    }
    Missing::of("score", groups)
}
