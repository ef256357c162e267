//! Quality over time: what was realised with its intervals, what the scores promised before, and where versions changed.

use maud::{Markup, html};
use tidegate_performance::{Point, unestimated};

use super::{Sheet, basis};
use crate::escape::Plain;
use crate::plots::axis::{Axis, round_ticks};
use crate::plots::canvas::{Canvas, Frame, figure};
use crate::plots::ink::Role;
use crate::{dates, words};

/// At most so many characters of a version's label fit.
const LONGEST_LABEL: usize = 24;

/// A point's middle, value and interval.
type Placed = (f64, f64, Option<[f64; 2]>);

/// The section.
pub(super) fn course(sheet: &Sheet<'_>) -> Markup {
    let performance = sheet.page.performance;
    let trail = &performance.trail;
    let realised = placed(trail, |point| Some((point.value?, point.interval)));
    let promised = placed(trail, |point| Some((point.estimated?, point.estimated_interval)));
    let (with_both, within) = kept(trail);
    html! {
        section #time aria-labelledby="time-h" {
            h2 #time-h { (performance.metric.title()) " over time" }
            @if realised.is_empty() && promised.is_empty() {
                p.empty { "No window has a value yet." }
            } @else {
                figure.panel aria-labelledby="course" {
                    figcaption.key #course {
                        span.keys {
                            span.swatch.now {} span { "realised, with 95% intervals" }
                            @if !promised.is_empty() { span.swatch.base {} span { "promised by the scores; shaded, its 95% interval" } }
                        }
                        span { "One point per window, UTC. Dotted: what it is held against. Dashed and upright: a new version." }
                    }
                    (plot(sheet, &realised, &promised))
                }
                @if let Some(says) = unestimated(sheet.page.contract.task) { p.note { (says) } }
                @if trail.len() > 1 {
                    p.note {
                        "Earlier windows are shown by what was known when this page was made"
                        @if promised.is_empty() { ", truth that came late included" } @else { ": with truth that came late, and with promises from all that had been learned by then" }
                        ". Their own pages may say otherwise."
                    }
                }
                @if with_both > 0 {
                    p.note {
                        "Of " (words::counted(with_both, "window", "windows")) " with both, the truth fell into the promised interval in " (words::count(within)) "."
                        @if let Some(estimated) = &performance.estimated { " The promise is learned from: " (basis(&estimated.basis)) "." }
                    }
                }
            }
        }
    }
}

/// How many windows have both values, and in how many the realised one lies in the promised interval.
fn kept(trail: &[Point]) -> (u64, u64) {
    let both = trail.iter().filter_map(|point| Some((point.value?, point.estimated_interval?)));
    both.fold((0, 0), |(all, within), (value, [low, high])| (all + 1, within + u64::from((low..=high).contains(&value))))
}

fn placed(trail: &[Point], of: impl Fn(&Point) -> Option<(f64, Option<[f64; 2]>)>) -> Vec<Placed> {
    let middle = |point: &Point| f64::midpoint(point.window.start_ms as f64, point.window.end_ms as f64);
    trail.iter().filter_map(|point| of(point).map(|(value, interval)| (middle(point), value, interval))).collect()
}

fn plot(sheet: &Sheet<'_>, realised: &[Placed], promised: &[Placed]) -> Markup {
    let performance = sheet.page.performance;
    let trail = &performance.trail;
    let reference = performance.reference.as_ref().map(|reference| reference.value);
    let values = || {
        let all = realised.iter().chain(promised);
        all.flat_map(|(_, value, interval)| interval.unwrap_or([*value; 2]).into_iter().chain([*value])).chain(reference)
    };
    let (least, most) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
    let room = ((most - least) * 0.08).max(1e-6);
    let (least, most) = (least - room, most + room);
    let first = trail.iter().map(|point| point.window.start_ms).min().unwrap_or_default() as f64;
    let end = trail.iter().map(|point| point.window.end_ms).max().unwrap_or_default() as f64;
    // The labels of the rows stand before the first point.
    let start = first - (end - first) * 0.1;
    let (rows, step) = round_ticks(least, most, 5);
    let y = Axis::new(least, most).with_ticks(rows.iter().copied());
    let says = Plain::sentences(
        &format!(
            "{} of {} windows, realised beside promised; the trail in performance.json has the same numbers.",
            performance.metric.title(),
            trail.len()
        ),
        300,
    );
    figure(Frame { height: 220, top: 14, bottom: 24 }, &says, Axis::new(start, end), y, |canvas| {
        band(canvas, promised);
        canvas.rows();
        if let Some(reference) = reference {
            canvas.line(vec![(start, reference), (end, reference)], Role::Threshold);
        }
        for point in trail.iter().filter(|point| !point.new_versions.is_empty()) {
            let at = point.window.start_ms as f64;
            canvas.line(vec![(at, least), (at, most)], Role::Version);
            let label: String =
                format!("version {}", Plain::name(&point.new_versions.join(", ")).as_str()).chars().take(LONGEST_LABEL).collect();
            if at < f64::midpoint(first, end) { canvas.label_at((at, least), &label) } else { canvas.label_before((at, least), &label) }
        }
        if promised.len() > 1 {
            canvas.line(promised.iter().map(|(at, value, _)| (*at, *value)).collect(), Role::Baseline);
        }
        for (at, _, interval) in realised {
            if let Some([low, high]) = interval {
                canvas.line(vec![(*at, *low), (*at, *high)], Role::Current);
            }
        }
        if realised.len() > 1 {
            canvas.line(realised.iter().map(|(at, value, _)| (*at, *value)).collect(), Role::Current);
        }
        for (at, value, _) in realised {
            canvas.dot((*at, *value), 30, Role::Body);
        }
        for row in &rows {
            canvas.label_at((start, *row), &words::tick(*row, step));
        }
        for (at, label) in
            dates::ticks(trail.first().map_or(0, |point| point.window.start_ms), trail.last().map_or(0, |point| point.window.end_ms))
        {
            canvas.label_below(at as f64, &label);
        }
    })
}

/// The promised intervals as one shape.
fn band(canvas: &Canvas<'_>, promised: &[Placed]) {
    let ends: Vec<(f64, [f64; 2])> = promised.iter().filter_map(|(at, _, interval)| Some((*at, (*interval)?))).collect();
    if ends.len() > 1 {
        let upper = ends.iter().map(|(at, [_, high])| (*at, *high));
        let lower = ends.iter().rev().map(|(at, [low, _])| (*at, *low));
        canvas.shape(upper.chain(lower).collect(), Role::Band);
    }
}
