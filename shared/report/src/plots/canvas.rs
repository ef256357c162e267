//! What every plot draws on: plotters' drawing area with two straight axes over our own [`Ink`].

use maud::{Markup, PreEscaped, Render, html};
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TextStyle};
use plotters_backend::BackendCoord;

use super::axis::Axis;
use super::ink::{Ink, Role, UNITS_PER_PIXEL, WIDTH};

/// Where a plot's parts lie, in pixels from the top; the plot is as wide as its column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Height of the whole figure.
    pub(crate) height: u32,
    /// Room above the plotting area.
    pub(crate) top: u32,
    /// Room below the plotting area, for the labels of the axis.
    pub(crate) bottom: u32,
}

/// A plotting area with two axes.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<Ink<'a>, Cartesian2d<Axis, Axis>>,
    /// The pixel row below the plotting area, in units.
    floor: i32,
}

/// Draws an SVG figure; `says` is what it shows, for those who cannot see it.
pub(crate) fn figure(frame: Frame, says: &dyn Render, x: Axis, y: Axis, draw: impl FnOnce(&Canvas<'_>)) -> Markup {
    let body = body(frame, x, y, draw);
    html! { svg.p role="img" aria-label=(says) width="100%" height=(frame.height) { (body) } }
}

/// Draws an SVG figure beside text that says the same, so that it is silent.
pub(crate) fn silent_figure(frame: Frame, x: Axis, y: Axis, draw: impl FnOnce(&Canvas<'_>)) -> Markup {
    let body = body(frame, x, y, draw);
    html! { svg.p aria-hidden="true" width="100%" height=(frame.height) { (body) } }
}

fn body(frame: Frame, x: Axis, y: Axis, draw: impl FnOnce(&Canvas<'_>)) -> Markup {
    let units = |pixels: u32| i32::try_from(pixels.saturating_mul(UNITS_PER_PIXEL)).unwrap_or(i32::MAX);
    let width = i32::try_from(WIDTH).unwrap_or(i32::MAX);
    let floor = units(frame.height.saturating_sub(frame.bottom));
    let mut out = String::new();
    {
        let axes = Cartesian2d::new(x, y, (0..width, floor..units(frame.top)));
        let area = Ink::new(&mut out, frame.height).into_drawing_area().apply_coord_spec(axes);
        draw(&Canvas { area, floor });
    }
    PreEscaped(out)
}

impl<'a> Canvas<'a> {
    fn draw<'b, E>(&self, element: &'b E)
    where
        &'b E: PointCollection<'b, (f64, f64)>,
        E: Drawable<Ink<'a>>,
    {
        // Ink writes to a string, which cannot fail, so there is no error to hand on.
        self.area.draw(element).unwrap_or_default();
    }

    /// A line through points.
    pub(crate) fn line(&self, points: Vec<(f64, f64)>, role: Role) {
        self.draw(&PathElement::new(points, role.style()));
    }

    /// A filled shape.
    pub(crate) fn shape(&self, points: Vec<(f64, f64)>, role: Role) {
        self.draw(&Polygon::new(points, role.style()));
    }

    /// A box between two corners.
    pub(crate) fn block(&self, corners: [(f64, f64); 2], role: Role) {
        self.draw(&Rectangle::new(corners, role.style()));
    }

    /// A dot, its radius in tenths of a pixel.
    pub(crate) fn dot(&self, at: (f64, f64), radius: u32, role: Role) {
        self.draw(&Circle::new(at, radius, role.style()));
    }

    /// Grid lines at the ticks of the y axis.
    pub(crate) fn rows(&self) {
        self.area
            .draw_mesh(
                |ink, line| {
                    if let plotters::coord::cartesian::MeshLine::YMesh(..) = line { line.draw(ink, &Role::Grid.style()) } else { Ok(()) }
                },
                0,
                0,
            )
            .unwrap_or_default();
    }

    /// A label to the right of a point, sitting on it.
    pub(crate) fn label_at(&self, at: (f64, f64), text: &str) {
        self.draw(&Text::new(text.to_owned(), at, text_style(Role::Label, HPos::Left, VPos::Bottom)));
    }

    /// A label to the left of a point, sitting on it.
    pub(crate) fn label_before(&self, at: (f64, f64), text: &str) {
        self.draw(&Text::new(text.to_owned(), at, text_style(Role::Label, HPos::Right, VPos::Bottom)));
    }

    /// A name to the right of a point, sitting on it.
    pub(crate) fn title_at(&self, at: (f64, f64), text: &str) {
        self.draw(&Text::new(text.to_owned(), at, text_style(Role::Title, HPos::Left, VPos::Bottom)));
    }

    /// A label hanging from a point.
    pub(crate) fn label_under(&self, at: (f64, f64), text: &str) {
        self.draw(&Text::new(text.to_owned(), at, text_style(Role::Label, HPos::Center, VPos::Top)));
    }

    /// A label below the plotting area, under a value of the x axis.
    pub(crate) fn label_below(&self, x: f64, text: &str) {
        let (column, _) = self.area.map_coordinate(&(x, 0.0));
        let at: BackendCoord = (column, self.floor + 60);
        let area = self.area.strip_coord_spec();
        let (left, top) = area.get_base_pixel();
        area.draw(&Text::new(text.to_owned(), (at.0 - left, at.1 - top), text_style(Role::Label, HPos::Center, VPos::Top)))
            .unwrap_or_default();
    }
}

/// Size and font are the stylesheet's; plotters only carries the place.
fn text_style(role: Role, h_pos: HPos, v_pos: VPos) -> TextStyle<'static> {
    let mut style = TextStyle::from(("sans-serif", 1).into_font()).pos(Pos::new(h_pos, v_pos));
    style.color = role.colour().to_backend_color();
    style
}
