//! Candidate beside champion: of each metric a dot with its interval for both, on the metric's own scale.

use maud::{Markup, Render};
use tidegate_contract::{Direction, Metric};
use tidegate_validation::report::{MetricLine, MetricValue};

use super::axis::{Axis, round_ticks};
use super::canvas::{Canvas, Frame, figure};
use super::ink::Role;
use crate::words;

/// Height of a metric's name, pixels.
const NAME_PX: u32 = 18;
/// Height of one model's dot and whisker, pixels.
const MODEL_PX: u32 = 15;
/// Height of the scale with its numbers, pixels.
const SCALE_PX: u32 = 20;
/// Room between two metrics, pixels.
const GAP_PX: u32 = 12;
/// A limit further away than so many times what the two models span is not drawn: it would press them into a point.
const REACH: f64 = 8.0;

/// A metric with the contract's limits of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// The metric of both models.
    pub(crate) line: &'a MetricLine,
    /// The least and the greatest value that holds, where the contract says.
    pub(crate) limits: [Option<f64>; 2],
}

/// The figure; `None` where no metric has a value.
pub(crate) fn beside(lines: &[Beside<'_>], says: &dyn Render) -> Option<Markup> {
    let rows: Vec<Row> = lines.iter().filter_map(Row::of).collect();
    let height: u32 = rows.iter().map(Row::height).sum::<u32>().checked_sub(GAP_PX)?;
    let frame = Frame { height, top: 0, bottom: 0 };
    Some(figure(frame, says, Axis::new(0.0, 1.0), Axis::new(f64::from(height), 0.0), |canvas| {
        let mut top = 0;
        for row in &rows {
            row.draw(canvas, f64::from(top));
            top += row.height();
        }
    }))
}

/// A value with its interval, all of it finite.
#[derive(Clone, Copy)]
struct Dot {
    value: f64,
    interval: Option<[f64; 2]>,
}

impl Dot {
    fn of(found: &MetricValue) -> Option<Self> {
        let drawn = |value: f64| value.is_finite() && value.abs() < 1e100;
        let value = found.value.filter(|value| drawn(*value))?;
        let interval = found.interval.filter(|ends| ends.iter().all(|end| drawn(*end)));
        Some(Self { value, interval: interval.map(|[one, other]| [one.min(other), one.max(other)]) })
    }

    fn ends(self) -> [f64; 2] {
        self.interval.unwrap_or([self.value; 2])
    }
}

/// One metric: what is drawn of it, and its scale.
struct Row {
    metric: Metric,
    /// Each model with the role that it is drawn in.
    dots: Vec<(Dot, Role)>,
    limits: Vec<f64>,
    low: f64,
    high: f64,
}

impl Row {
    fn of(beside: &Beside<'_>) -> Option<Self> {
        let line = beside.line;
        let candidate = Dot::of(&line.candidate).map(|dot| (dot, Role::Current));
        let champion = line.champion.as_ref().and_then(Dot::of).map(|dot| (dot, Role::Baseline));
        let dots: Vec<(Dot, Role)> = candidate.into_iter().chain(champion).collect();
        let ends = || dots.iter().flat_map(|(dot, _)| dot.ends().into_iter().chain([dot.value]));
        let (low, high) = (ends().reduce(f64::min)?, ends().reduce(f64::max)?);
        let width = if high > low { high - low } else { (high.abs() * 0.1).max(1e-3) };
        let near = |limit: &f64| *limit >= low - REACH * width && *limit <= high + REACH * width;
        let limits: Vec<f64> = beside.limits.into_iter().flatten().filter(near).collect();
        let (low, high) = limits.iter().fold((low, high), |(low, high), limit| (low.min(*limit), high.max(*limit)));
        let room = (high - low).max(width) * 0.06;
        let [least, greatest] = line.metric.range();
        Some(Self { metric: line.metric, dots, limits, low: (low - room).max(least.min(low)), high: (high + room).min(greatest.max(high)) })
    }

    fn height(&self) -> u32 {
        NAME_PX + MODEL_PX * u32::try_from(self.dots.len()).unwrap_or(2) + SCALE_PX + GAP_PX
    }

    /// Where a value lies: 0 at the left end of the scale, 1 at the right.
    fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    fn draw(&self, canvas: &Canvas<'_>, top: f64) {
        let scale = top + f64::from(self.height() - GAP_PX - SCALE_PX);
        let name = top + f64::from(NAME_PX);
        canvas.title_at((0.0, name - 4.0), &words::sentence_start(self.metric.title()));
        canvas.label_before((1.0, name - 4.0), better(self.metric.direction()));
        let (ticks, step) = round_ticks(self.low, self.high, 5);
        for tick in ticks {
            canvas.line(vec![(self.place(tick), name), (self.place(tick), scale)], Role::Grid);
            canvas.label_under((self.place(tick), scale + 4.0), &words::tick(tick, step));
        }
        canvas.line(vec![(0.0, scale), (1.0, scale)], Role::Zero);
        for limit in &self.limits {
            canvas.line(vec![(self.place(*limit), name), (self.place(*limit), scale)], Role::Threshold);
        }
        let mut middle = name + f64::from(MODEL_PX) / 2.0;
        for (dot, role) in &self.dots {
            self.whisker(canvas, *dot, *role, middle);
            middle += f64::from(MODEL_PX);
        }
    }

    fn whisker(&self, canvas: &Canvas<'_>, dot: Dot, role: Role, middle: f64) {
        if let Some(ends) = dot.interval {
            let [low, high] = ends.map(|end| self.place(end));
            canvas.line(vec![(low, middle), (high, middle)], role);
            for end in [low, high] {
                canvas.line(vec![(end, middle - 4.0), (end, middle + 4.0)], role);
            }
        }
        // The candidate's dot is filled, the champion's is a ring.
        canvas.dot((self.place(dot.value), middle), 40, if role == Role::Current { Role::Body } else { role });
    }
}

/// Which way is better, with an arrow that points there; short, for it stands beside a long name on a phone.
fn better(direction: Direction) -> &'static str {
    match direction {
        Direction::Greater => "better →",
        Direction::Less => "← better",
        Direction::Zero => "better near 0",
    }
}
