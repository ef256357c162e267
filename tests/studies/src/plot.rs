//! Plots of a study: small multiples of lines, as SVG.

use std::path::Path;

use anyhow::anyhow;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;

/// One panel.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    /// What it shows.
    pub(crate) title: String,
    /// Lines, in the order of the legend; the first is drawn last and thick.
    pub(crate) lines: Vec<Vec<(f64, f64)>>,
}

/// What all panels share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axes<'a> {
    /// The sentence above the panels.
    pub(crate) title: &'a str,
    /// What lies to the right.
    pub(crate) across: &'a str,
    /// Whether equal steps to the right are equal factors.
    pub(crate) by_factors: bool,
    /// The lines' names.
    pub(crate) legend: &'a [&'a str],
    /// A horizontal line to stay below or reach, in percent.
    pub(crate) goal: Option<f64>,
}

const PANEL: (u32, u32) = (420, 300);
const ACROSS: usize = 3;
const LEGEND_WIDTH: u32 = 230;
const TITLE_HEIGHT: u32 = 34;

/// Colours that are told apart without red and green (Okabe and Ito, 2008), then the same again, dashed by name only.
const COLOURS: [RGBColor; 11] = [
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(160, 160, 160),
    RGBColor(148, 103, 30),
    RGBColor(120, 94, 240),
    RGBColor(90, 140, 90),
];

fn colour(line: usize) -> RGBColor {
    COLOURS.get(line % COLOURS.len()).copied().unwrap_or(BLACK)
}

/// Draws percentages (0 to 100) against the values across.
pub(crate) fn percentages(path: &Path, axes: Axes<'_>, panels: &[Panel]) -> anyhow::Result<()> {
    let rows = u32::try_from(panels.len().div_ceil(ACROSS))?;
    let columns = u32::try_from(ACROSS.min(panels.len()))?;
    let size = (PANEL.0 * columns + LEGEND_WIDTH, PANEL.1 * rows + TITLE_HEIGHT);
    let text = |points: u32| ("sans-serif", points).into_font();
    let failed = |error: &dyn std::fmt::Display| anyhow!("{}: {error}", path.display());
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        root.draw(&Text::new(axes.title.to_owned(), (12, 10), text(17))).map_err(|error| failed(&error))?;
        let (_, below) = root.split_vertically(TITLE_HEIGHT);
        let (plots, legend) = below.split_horizontally(PANEL.0 * columns);
        for (area, panel) in plots.split_evenly((rows as usize, columns as usize)).iter().zip(panels) {
            draw(area, axes, panel).map_err(|error| failed(&error))?;
        }
        for (line, name) in axes.legend.iter().enumerate() {
            let y = 20 + 22 * i32::try_from(line)?;
            let width = if line == 0 { 4 } else { 2 };
            legend.draw(&PathElement::new(vec![(8, y), (32, y)], colour(line).stroke_width(width))).map_err(|error| failed(&error))?;
            legend.draw(&Text::new((*name).to_owned(), (40, y - 7), text(14))).map_err(|error| failed(&error))?;
        }
        root.present().map_err(|error| failed(&error))?;
    }
    std::fs::write(path, svg)?;
    Ok(())
}

fn draw<'a>(
    area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    axes: Axes<'_>,
    panel: &Panel,
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    let points = || panel.lines.iter().flatten().map(|point| point.0);
    let (low, high) = points().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).caption(&panel.title, ("sans-serif", 15)).x_label_area_size(36).y_label_area_size(40);
    if axes.by_factors {
        let chart = builder.build_cartesian_2d((low..high).log_scale(), 0.0..100.0)?;
        fill(chart, axes, panel, (low, high), &|x| if *x >= 1e6 { "10⁶".to_owned() } else { format!("{x:.0}") })
    } else {
        let chart = builder.build_cartesian_2d(low..high, 0.0..100.0)?;
        fill(chart, axes, panel, (low, high), &|x| format!("{x:.2}"))
    }
}

fn fill<'a, X: Ranged<ValueType = f64> + ValueFormatter<f64>>(
    mut chart: ChartContext<'_, SVGBackend<'a>, Cartesian2d<X, plotters::coord::types::RangedCoordf64>>,
    axes: Axes<'_>,
    panel: &Panel,
    (low, high): (f64, f64),
    label: &dyn Fn(&f64) -> String,
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_desc(axes.across)
        .x_labels(6)
        .y_labels(5)
        .x_label_formatter(label)
        .y_label_formatter(&|percent| format!("{percent:.0} %"))
        .draw()?;
    if let Some(goal) = axes.goal {
        chart.draw_series(std::iter::once(PathElement::new(vec![(low, goal), (high, goal)], RGBColor(150, 150, 150).stroke_width(1))))?;
    }
    for (line, points) in panel.lines.iter().enumerate().rev() {
        let width = if line == 0 { 4 } else { 2 };
        chart.draw_series(LineSeries::new(points.iter().copied(), colour(line).stroke_width(width)))?;
    }
    Ok(())
}
