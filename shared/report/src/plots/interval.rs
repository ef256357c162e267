//! An effect with its interval against the size from which it matters: dot, whisker, band.

use maud::{Markup, Render};
use tidegate_monitoring::Evidence;

use super::axis::Axis;
use super::canvas::{Canvas, Frame, figure, silent_figure};
use super::ink::Role;
use crate::words;

/// The interval of one test, with labels at no effect and at the threshold.
pub(crate) fn interval(evidence: &Evidence, says: &dyn Render) -> Option<Markup> {
    let Span { low, effect, high, threshold } = Span::of(evidence)?;
    let left = if low < 0.0 { low.min(-threshold) } else { 0.0 };
    let right = high.max(if effect < 0.0 && high <= 0.0 { 0.0 } else { threshold });
    let room = (right - left) * 0.08;
    let x = Axis::new(if left < 0.0 { left - room } else { left }, right + room);
    let frame = Frame { height: 56, top: 4, bottom: 22 };
    Some(figure(frame, says, x, Axis::new(0.0, 1.0), |canvas| {
        draw(canvas, &Span { low, effect, high, threshold }, left - room);
        canvas.label_below(0.0, "0");
        // A label so near to the zero that they would run into each other stays away; the text beside says it.
        if threshold / (right - left) > 0.12 {
            for edge in [threshold, -threshold] {
                if edge <= right && edge >= left {
                    canvas.label_below(edge, &words::size(edge, &evidence.unit));
                }
            }
        }
    }))
}

/// The same for a line of a table, on one scale for all lines: twice the threshold on either side.
pub(crate) fn sparkline(evidence: &Evidence) -> Option<Markup> {
    let span = Span::of(evidence)?;
    let reach = span.threshold * 2.0;
    let frame = Frame { height: 18, top: 1, bottom: 1 };
    (reach > 0.0).then(|| silent_figure(frame, Axis::new(-reach, reach), Axis::new(0.0, 1.0), |canvas| draw(canvas, &span, -reach)))
}

struct Span {
    low: f64,
    effect: f64,
    high: f64,
    threshold: f64,
}

impl Span {
    /// The finite interval of a test, in order; `None` when it has none.
    fn of(evidence: &Evidence) -> Option<Self> {
        let (one, effect, other) = (evidence.effect_low, evidence.effect, evidence.effect_high);
        let threshold = evidence.threshold.abs();
        let finite = [one, effect, other, threshold].iter().all(|value| value.is_finite() && value.abs() < 1e100);
        finite.then(|| Self { low: one.min(other).min(effect), effect, high: one.max(other).max(effect), threshold })
    }
}

fn draw(canvas: &Canvas<'_>, span: &Span, left: f64) {
    let &Span { low, effect, high, threshold } = span;
    canvas.block([((-threshold).max(left), 0.0), (threshold, 1.0)], Role::Band);
    canvas.line(vec![(threshold, 0.0), (threshold, 1.0)], Role::Threshold);
    if -threshold >= left {
        canvas.line(vec![(-threshold, 0.0), (-threshold, 1.0)], Role::Threshold);
    }
    canvas.line(vec![(0.0, 0.0), (0.0, 1.0)], Role::Zero);
    canvas.line(vec![(low, 0.5), (high, 0.5)], Role::Current);
    for end in [low, high] {
        canvas.line(vec![(end, 0.3), (end, 0.7)], Role::Current);
    }
    canvas.dot((effect, 0.5), 38, Role::Body);
}
