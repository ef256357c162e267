//! How one field's effect moved over time: a line with the band of effects too small to matter; gaps stay gaps.

use maud::{Markup, Render, html};
use tidegate_monitoring::{Onset, TrailPoint, Window};

use super::axis::{Axis, round_ticks};
use super::canvas::{Canvas, Frame, figure};
use super::ink::Role;
use crate::escape::Plain;
use crate::{dates, words};

/// A line has at most about so many points; more are averaged, run by run.
const MOST_POINTS: usize = 200;
/// At most so many characters of a label fit.
const LONGEST_LABEL: usize = 24;
/// Up to so many points each has a dot.
const DOTTED: usize = 40;

/// What happened at a moment along the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The move began, in words.
    Began { onset: Onset, label: String },
    /// A model version answered for the first time.
    Version { at_ms: i64, name: Plain },
}

impl Mark {
    /// What it says to those who cannot see it.
    pub(crate) fn says(&self) -> Markup {
        match self {
            Self::Began { label, .. } => html! { "it began " (label) },
            Self::Version { name, .. } => html! { "version " (name) " answered first here" },
        }
    }

    /// The span of time in which the move may have begun, under everything else.
    fn ground(&self, canvas: &Canvas<'_>, (first, end): (f64, f64), (least, most): (f64, f64)) {
        if let Self::Began { onset, .. } = self {
            let (from, to) = ((onset.earliest_ms as f64).max(first), (onset.latest_ms as f64).min(end));
            if from < to {
                canvas.block([(from, least), (to, most)], Role::Onset);
            }
        }
    }

    /// The upright line and its label, which leans to where there is room.
    fn line(&self, canvas: &Canvas<'_>, (first, end): (f64, f64), (least, most): (f64, f64)) {
        let (at, role, height, label) = match self {
            Self::Began { onset, label } => (onset.at_ms as f64, Role::Began, most, format!("since {label}")),
            Self::Version { at_ms, name } => (*at_ms as f64, Role::Version, least, format!("version {}", name.as_str())),
        };
        if at < first || at > end {
            return;
        }
        canvas.line(vec![(at, least), (at, most)], role);
        let label: String = label.chars().take(LONGEST_LABEL).collect();
        if at < f64::midpoint(first, end) { canvas.label_at((at, height), &label) } else { canvas.label_before((at, height), &label) }
    }
}

/// One field's effects over time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trail {
    /// Runs of points without a gap between them: middle of the period in milliseconds, effect.
    runs: Vec<Vec<(f64, f64)>>,
    /// From the start of the first to the end of the last period of the whole trail.
    span: Window,
    /// Number of points before averaging.
    pub(crate) points: usize,
    /// Number of points whose effect is at least the threshold.
    pub(crate) beyond: usize,
    /// The last point's period and effect.
    pub(crate) last: (Window, f64),
}

impl Trail {
    /// A field's trail; `None` when it has no finite point.
    pub(crate) fn new(trail: &[TrailPoint], field: &str, threshold: f64) -> Option<Self> {
        let mut order: Vec<&TrailPoint> = trail.iter().collect();
        order.sort_by_key(|point| point.window);
        let span = Window { start_ms: order.first()?.window.start_ms, end_ms: order.iter().map(|point| point.window.end_ms).max()? };
        let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
        let (mut last, mut beyond, mut points) = (None, 0, 0);
        let mut joined_ms = None;
        for point in order {
            let effect = point.effects.get(field).copied().filter(|effect| effect.is_finite() && effect.abs() < 1e100);
            let Some(effect) = effect else {
                joined_ms = None;
                continue;
            };
            let middle = f64::midpoint(point.window.start_ms as f64, point.window.end_ms as f64);
            match runs.last_mut() {
                Some(run) if joined_ms.is_some_and(|end| point.window.start_ms <= end) => run.push((middle, effect)),
                _ => runs.push(vec![(middle, effect)]),
            }
            joined_ms = Some(point.window.end_ms);
            points += 1;
            beyond += usize::from(effect.abs() >= threshold);
            last = Some((point.window, effect));
        }
        let thinned = runs.into_iter().map(|run| thin(run, points)).collect();
        Some(Self { runs: thinned, span, points, beyond, last: last? })
    }

    /// The plot; `threshold` and effects are in `unit`, `judged` is the window that the verdict is about.
    pub(crate) fn plot(&self, threshold: f64, unit: &str, judged: Window, marks: &[Mark], says: &dyn Render) -> Markup {
        let all = || self.runs.iter().flatten();
        let signed = all().any(|(_, effect)| *effect < 0.0);
        let most = all().fold(threshold * 1.6, |most, (_, effect)| most.max(effect.abs())).max(1e-9) * 1.08;
        let least = if signed { -all().fold(threshold * 1.6, |most, (_, effect)| most.max(-effect)).max(1e-9) * 1.08 } else { 0.0 };
        let (first, end) = (self.span.start_ms as f64, self.span.end_ms as f64);
        // The labels of the rows stand before the first point.
        let start = first - (end - first) * 0.1;
        let (rows, step) = round_ticks(least, most, 5);
        let y = Axis::new(least, most).with_ticks(rows.iter().copied());
        let frame = Frame { height: 132, top: 14, bottom: 24 };
        figure(frame, says, Axis::new(start, end), y, |canvas| {
            let (from, to) = (judged.start_ms as f64, judged.end_ms as f64);
            if from < end && to > first && (from > first || to < end) {
                canvas.block([(from.max(first), least), (to.min(end), most)], Role::Span);
            }
            canvas.block([(start, (-threshold).max(least)), (end, threshold)], Role::Band);
            for mark in marks {
                mark.ground(canvas, (first, end), (least, most));
            }
            canvas.rows();
            for edge in [threshold, -threshold] {
                if edge > least && edge < most {
                    canvas.line(vec![(start, edge), (end, edge)], Role::Threshold);
                }
            }
            canvas.line(vec![(start, 0.0), (end, 0.0)], Role::Zero);
            self.draw(canvas);
            for mark in marks {
                mark.line(canvas, (first, end), (least, most));
            }
            let scale = if unit == "share" { 100.0 } else { 1.0 };
            for row in rows.iter().filter(|row| row.abs() > step * 0.5) {
                canvas.label_at((start, *row), &words::tick(row * scale, step * scale));
            }
            for (at, label) in dates::ticks(self.span.start_ms, self.span.end_ms) {
                canvas.label_below(at as f64, &label);
            }
        })
    }

    fn draw(&self, canvas: &Canvas<'_>) {
        let dotted = self.points <= DOTTED;
        for run in &self.runs {
            if let [only] = run.as_slice() {
                canvas.dot(*only, 25, Role::Body);
                continue;
            }
            canvas.line(run.clone(), Role::Current);
            if dotted {
                for point in run {
                    canvas.dot(*point, 22, Role::Body);
                }
            }
        }
        if let Some(last) = self.runs.last().and_then(|run| run.last()) {
            canvas.dot(*last, 45, Role::Body);
        }
    }
}

/// Averages neighbours when the whole trail has too many points for its width.
fn thin(run: Vec<(f64, f64)>, points: usize) -> Vec<(f64, f64)> {
    let group = points.div_ceil(MOST_POINTS).max(1);
    if group == 1 {
        return run;
    }
    run.chunks(group)
        .map(|chunk| {
            let count = chunk.len() as f64;
            (chunk.iter().map(|point| point.0 / count).sum(), chunk.iter().map(|point| point.1 / count).sum())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(hour: i64, effect: Option<f64>) -> TrailPoint {
        let window = Window { start_ms: hour * 3_600_000, end_ms: (hour + 1) * 3_600_000 };
        TrailPoint {
            window,
            records: 100,
            effects: effect.map(|effect| ("x".to_owned(), effect)).into_iter().collect(),
            new_versions: vec![],
        }
    }

    #[test]
    fn hours_without_a_value_are_gaps() {
        let trail = [point(0, Some(0.1)), point(1, Some(0.2)), point(2, None), point(3, Some(0.3)), point(7, Some(-0.4))];
        let trail = Trail::new(&trail, "x", 0.25).unwrap();
        assert_eq!(trail.runs.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!((trail.points, trail.beyond), (4, 2));
    }

    #[test]
    fn long_trails_are_thinned_and_keep_their_gaps() {
        let points: Vec<TrailPoint> = (0..10_000).filter(|hour| *hour != 500).map(|hour| point(hour, Some(0.1))).collect();
        let trail = Trail::new(&points, "x", 0.25).unwrap();
        assert_eq!(trail.runs.len(), 2);
        assert!(trail.runs.iter().map(Vec::len).sum::<usize>() <= MOST_POINTS + 2);
    }

    #[test]
    fn no_point_no_trail_and_one_point_one_dot() {
        assert_eq!(Trail::new(&[], "x", 0.1), None);
        assert_eq!(Trail::new(&[point(0, Some(f64::NAN))], "x", 0.1), None);
        let one = Trail::new(&[point(0, Some(0.3))], "x", 0.1).unwrap();
        let svg = one.plot(0.1, "sd", Window { start_ms: 0, end_ms: 3_600_000 }, &[], &"one point").into_string();
        assert_eq!(svg.matches("<polyline").count(), 0);
        assert!(svg.contains("<circle"));
    }
}
