//! A numeric field's values, baseline and window over each other: the share of values per equal bin.

use maud::{Markup, html};

use super::axis::{Axis, round_ticks};
use super::canvas::{Canvas, Frame, figure};
use super::ink::Role;
use crate::bins::{Bins, Shares};
use crate::escape::Plain;
use crate::words;

/// A share below this outside the range shown is not worth a line.
const WORTH_SAYING: f64 = 0.000_5;

/// The overlay with the shares that lie outside the range shown.
pub(crate) fn overlay(name: &Plain, bins: &Bins) -> Markup {
    let tallest = bins.baseline.bins.iter().chain(&bins.current.bins).fold(0.0_f64, |most, share| most.max(*share)).max(1e-9);
    let (rows, _) = round_ticks(0.0, tallest, 5);
    let rows: Vec<f64> = rows.into_iter().filter(|row| *row > 0.0).collect();
    let (columns, step) = round_ticks(bins.start, bins.end(), 5);
    // A bin of one whole number is labelled in its middle.
    let middle = if bins.whole && bins.width <= 1.0 { 0.5 } else { 0.0 };
    let says = html! { "Distribution of " (name) ", baseline against this window, from " (words::number(bins.start)) " to " (words::number(bins.end())) "." };
    let frame = Frame { height: 190, top: 14, bottom: 24 };
    let y = Axis::new(0.0, tallest).with_ticks(rows.iter().copied());
    let plot = figure(frame, &says, Axis::new(bins.start, bins.end()), y, |canvas| {
        canvas.rows();
        canvas.shape(steps(bins, &bins.current, true), Role::Body);
        canvas.line(steps(bins, &bins.current, false), Role::Current);
        canvas.line(steps(bins, &bins.baseline, false), Role::Baseline);
        canvas.line(vec![(bins.start, 0.0), (bins.end(), 0.0)], Role::Zero);
        labels(canvas, bins, &rows, &columns, step, middle);
    });
    html! { (plot) (tails(bins)) }
}

fn labels(canvas: &Canvas<'_>, bins: &Bins, rows: &[f64], columns: &[f64], step: f64, middle: f64) {
    let right = quieter_right(bins);
    for row in rows {
        let text = words::share(*row);
        if right { canvas.label_before((bins.end(), *row), &text) } else { canvas.label_at((bins.start, *row), &text) }
    }
    for column in columns.iter().filter(|column| **column + middle <= bins.end()) {
        // Whole numbers have no label between them.
        if !bins.whole || column.fract() == 0.0 {
            canvas.label_below(column + middle, &words::tick(*column, step));
        }
    }
}

/// Whether the right end has more room for labels than the left one.
fn quieter_right(bins: &Bins) -> bool {
    let edge = bins.current.bins.len() / 8 + 1;
    let both = || bins.baseline.bins.iter().zip(&bins.current.bins).map(|(baseline, current)| baseline.max(*current));
    let most = |most: f64, share: f64| most.max(share);
    both().rev().take(edge).fold(0.0, most) <= both().take(edge).fold(0.0, most)
}

/// The outline of the bins; `closed` goes down to zero at both ends.
fn steps(bins: &Bins, shares: &Shares, closed: bool) -> Vec<(f64, f64)> {
    let mut points = Vec::with_capacity(shares.bins.len() * 2 + 2);
    if closed {
        points.push((bins.start, 0.0));
    }
    for (index, share) in shares.bins.iter().enumerate() {
        let low = bins.start + bins.width * index as f64;
        points.push((low, *share));
        points.push((low + bins.width, *share));
    }
    if closed {
        points.push((bins.end(), 0.0));
    }
    points
}

/// What lies outside the range shown, in words.
fn tails(bins: &Bins) -> Markup {
    let worth = |baseline: f64, current: f64| baseline >= WORTH_SAYING || current >= WORTH_SAYING;
    let below = worth(bins.baseline.below, bins.current.below);
    let above = worth(bins.baseline.above, bins.current.above);
    let side = |word: &str, edge: f64, baseline: f64, current: f64| {
        html! { span { (word) " " (words::number(edge)) ": " (words::share(baseline)) " → " strong { (words::share(current)) } } }
    };
    html! {
        @if below || above {
            p.tails {
                @if below { (side("below", bins.start, bins.baseline.below, bins.current.below)) } @else { span {} }
                @if above { (side("above", bins.end(), bins.baseline.above, bins.current.above)) }
            }
        }
    }
}
