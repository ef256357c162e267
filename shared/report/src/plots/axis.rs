//! A straight axis whose ticks we choose ourselves, as a plotters coordinate.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};

/// A straight axis from `low` to `high`, with grid lines at `ticks`.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    /// An axis; when `high` is not above `low` everything lies in its middle.
    pub(crate) fn new(low: f64, high: f64) -> Self {
        Self { low, high, ticks: Vec::new() }
    }

    /// The same axis with grid lines.
    pub(crate) fn with_ticks(mut self, ticks: impl IntoIterator<Item = f64>) -> Self {
        self.ticks = ticks.into_iter().collect();
        self
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "the fraction is clamped and the canvas is a few thousand units")]
    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let fraction = (value - self.low) / (self.high - self.low);
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.5 };
        (f64::from(start) + fraction * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

/// The smallest of 1, 2, 5 × 10ⁿ that is at least `raw`; 1 when `raw` is no positive number.
pub(crate) fn round_step(raw: f64) -> f64 {
    if !raw.is_normal() || raw < 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * power);
    if step.is_normal() { step } else { 1.0 }
}

/// Multiples of a round step between `low` and `high`, about `wanted` of them, and the step.
pub(crate) fn round_ticks(low: f64, high: f64, wanted: u32) -> (Vec<f64>, f64) {
    let step = round_step((high - low) / f64::from(wanted.max(1)));
    let first = (low / step).ceil();
    let ticks = (0..=2 * wanted).map(|index| (first + f64::from(index)) * step).take_while(|tick| *tick <= high + step * 1e-6).collect();
    (ticks, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let close = |raw: f64, expected: f64| assert!((round_step(raw) / expected - 1.0).abs() < 1e-12, "{raw}");
        close(0.07, 0.1);
        close(1.2, 2.0);
        close(3.0, 5.0);
        close(5.1, 10.0);
        close(f64::NAN, 1.0);
        close(0.0, 1.0);
        close(f64::INFINITY, 1.0);
    }

    #[test]
    fn a_point_off_the_axis_is_drawn_at_its_end_and_an_empty_axis_has_one_place() {
        let axis = Axis::new(0.0, 10.0);
        assert_eq!([axis.map(&-1e300, (0, 1000)), axis.map(&5.0, (0, 1000)), axis.map(&1e300, (0, 1000))], [0, 500, 1000]);
        assert_eq!(Axis::new(1.0, 1.0).map(&1.0, (0, 1000)), 500);
    }

    #[test]
    fn ticks_stay_few_whatever_the_range() {
        for (low, high) in [(0.0, 1.0), (-1e300, 1e300), (1e17, 1e17), (3.0, -3.0), (f64::NAN, 1.0), (f64::NEG_INFINITY, f64::INFINITY)] {
            assert!(round_ticks(low, high, 5).0.len() <= 11, "{low} to {high}");
        }
    }
}
