//! A plotters backend that writes SVG for a page: class names instead of colours, per cent instead of pixels.
//!
//! plotters' own SVG backend writes `#RRGGBB` and a fixed `viewBox`. The first cannot follow a reader's dark mode or
//! printer; the second shrinks the text with the plot on a phone. Here a colour is only a number that stands for a
//! [`Role`], written as a class that the stylesheet paints; widths are per cent of the figure and heights are pixels,
//! so that a plot fills whatever column it stands in while its text keeps its size. Paths, which cannot be given in
//! per cent, lie in a nested `svg` that stretches; the stylesheet keeps their strokes from stretching with it.

use std::convert::Infallible;
use std::fmt::Write;

use maud::Escaper;
use plotters::style::{Color, RGBColor, ShapeStyle};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

/// What a shape stands for; the stylesheet says how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A grid line.
    Grid,
    /// The line that values grow from.
    Zero,
    /// The baseline: dashed.
    Baseline,
    /// The outline of the window's values: solid.
    Current,
    /// The body of the window's values: filled.
    Body,
    /// Where an effect is too small to matter.
    Band,
    /// From where on an effect matters: dotted.
    Threshold,
    /// The span of time that was judged.
    Span,
    /// The span of time in which a move may have begun.
    Onset,
    /// Where a move began.
    Began,
    /// Where a model version answered for the first time: dashed.
    Version,
    /// A label.
    Label,
    /// The name of what stands below it.
    Title,
}

/// Every role with its class, in the order of their numbers.
const CLASSES: [(Role, &str); 13] = [
    (Role::Grid, "g"),
    (Role::Zero, "z"),
    (Role::Baseline, "b"),
    (Role::Current, "c"),
    (Role::Body, "f"),
    (Role::Band, "d"),
    (Role::Threshold, "t"),
    (Role::Span, "s"),
    (Role::Onset, "o"),
    (Role::Began, "w"),
    (Role::Version, "v"),
    (Role::Label, "l"),
    (Role::Title, "h"),
];

impl Role {
    /// The colour that carries this role through plotters.
    pub(crate) fn colour(self) -> RGBColor {
        let number = CLASSES.iter().position(|(role, _)| *role == self).unwrap_or_default();
        RGBColor(0, 0, u8::try_from(number).unwrap_or_default())
    }

    /// A filled style that carries this role; the stylesheet decides between fill and stroke.
    pub(crate) fn style(self) -> ShapeStyle {
        self.colour().filled()
    }
}

fn class(colour: BackendColor) -> &'static str {
    CLASSES.get(usize::from(colour.rgb.2)).map_or("g", |(_, class)| class)
}

/// The canvas is so many units wide: tenths of a per cent.
pub(crate) const WIDTH: u32 = 1000;
/// So many units of height are one pixel.
pub(crate) const UNITS_PER_PIXEL: u32 = 10;

/// The backend. Its units are tenths: of a per cent across, of a pixel down.
pub(crate) struct Ink<'a> {
    out: &'a mut String,
    height: u32,
}

impl<'a> Ink<'a> {
    /// A canvas so many pixels high that writes to `out`.
    pub(crate) fn new(out: &'a mut String, height_px: u32) -> Self {
        Self { out, height: height_px * UNITS_PER_PIXEL }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        self.out.write_fmt(text).unwrap_or_default();
    }

    fn path(&mut self, tag: &str, class: &str, points: impl IntoIterator<Item = BackendCoord>) {
        let height = self.height;
        self.put(format_args!(
            "<svg viewBox=\"0 0 {WIDTH} {height}\" width=\"100%\" height=\"{}\" preserveAspectRatio=\"none\"><{tag} class=\"{class}\" points=\"",
            height / UNITS_PER_PIXEL
        ));
        for (index, (x, y)) in points.into_iter().enumerate() {
            self.put(format_args!("{}{x},{y}", if index == 0 { "" } else { " " }));
        }
        self.put(format_args!("\"/></svg>"));
    }
}

/// A number of tenths: `12.3`, `12`.
struct Tenths(i32);

impl std::fmt::Display for Tenths {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, tenth) = (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10);
        if tenth == 0 { write!(out, "{sign}{whole}") } else { write!(out, "{sign}{whole}.{tenth}") }
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Ink<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (WIDTH, self.height)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        self.draw_circle((x, y), UNITS_PER_PIXEL / 2, &colour, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        let class = class(style.color());
        let (x1, y1, x2, y2) = (Tenths(from.0), Tenths(from.1), Tenths(to.0), Tenths(to.1));
        self.put(format_args!("<line class=\"{class}\" x1=\"{x1}%\" y1=\"{y1}\" x2=\"{x2}%\" y2=\"{y2}\"/>"));
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, upper_left: BackendCoord, bottom_right: BackendCoord, style: &S, _fill: bool) -> Drawn {
        let class = class(style.color());
        let (x, y) = (upper_left.0.min(bottom_right.0), upper_left.1.min(bottom_right.1));
        let (width, height) = ((bottom_right.0 - upper_left.0).abs(), (bottom_right.1 - upper_left.1).abs());
        let (x, y, width, height) = (Tenths(x), Tenths(y), Tenths(width), Tenths(height));
        self.put(format_args!("<rect class=\"{class}\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{height}\"/>"));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let mut points: Vec<BackendCoord> = path.into_iter().collect();
        points.dedup();
        if let [from, to] = points.as_slice() {
            return self.draw_line(*from, *to, style);
        }
        self.path("polyline", class(style.color()), points);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let mut points: Vec<BackendCoord> = path.into_iter().collect();
        points.dedup();
        self.path("polygon", class(style.color()), points);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, _fill: bool) -> Drawn {
        let class = class(style.color());
        let (x, y, radius) = (Tenths(centre.0), Tenths(centre.1), Tenths(i32::try_from(radius).unwrap_or(i32::MAX)));
        self.put(format_args!("<circle class=\"{class}\" cx=\"{x}%\" cy=\"{y}\" r=\"{radius}\"/>"));
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        let anchor = match style.anchor().h_pos {
            // A label centred on the very edge would be cut off.
            HPos::Center if x < 40 => "start",
            HPos::Center if x > 960 => "end",
            HPos::Center => "middle",
            HPos::Left => "start",
            HPos::Right => "end",
        };
        let lower = match style.anchor().v_pos {
            VPos::Top => ".8em",
            VPos::Center => ".35em",
            VPos::Bottom => "-.2em",
        };
        let (class, x, y) = (class(style.color()), Tenths(x), Tenths(y));
        self.put(format_args!("<text class=\"{class}\" x=\"{x}%\" y=\"{y}\" dy=\"{lower}\" text-anchor=\"{anchor}\">"));
        Escaper::new(self.out).write_str(text).unwrap_or_default();
        self.put(format_args!("</text>"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_carry_classes_and_per_cent_and_no_colour() {
        let mut out = String::new();
        let mut ink = Ink::new(&mut out, 50);
        ink.draw_line((0, 5), (1000, 500), &Role::Threshold.style()).unwrap();
        ink.draw_path([(0, 0), (10, 10), (10, 10), (20, 0)], &Role::Baseline.style()).unwrap();
        assert_eq!(
            out,
            "<line class=\"t\" x1=\"0%\" y1=\"0.5\" x2=\"100%\" y2=\"50\"/>\
             <svg viewBox=\"0 0 1000 500\" width=\"100%\" height=\"50\" preserveAspectRatio=\"none\"><polyline class=\"b\" points=\"0,0 10,10 20,0\"/></svg>"
        );
    }

    #[test]
    fn every_role_has_its_own_class() {
        for (number, (role, expected)) in CLASSES.iter().enumerate() {
            assert_eq!(usize::from(role.colour().2), number);
            assert_eq!(CLASSES.iter().filter(|(_, class)| class == expected).count(), 1);
        }
    }
}
