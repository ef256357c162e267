//! The tables and plots of the study.

use std::fmt::Write;
use std::path::Path;

use super::peers::{CORRECTED_KS, CORRECTED_KS_AT_OUR_RATE, RULES};
use super::shapes::Shape;
use super::{BASELINE, Counted, JUDGES, Kind, OF_ENGINE, POWER_SIZES, SHIFTS, SIZES, Tally};
use crate::plot::{self, Axes, Panel};

/// What the engine promises at most, in percent of windows.
const GOAL: f64 = 5.0;

/// The names of those who judge.
fn judges() -> Vec<&'static str> {
    ["Tidegate: drift", "Tidegate: drift or warning"].into_iter().chain(RULES).collect()
}

/// Writes everything; the answer is what a person wants to read first.
pub(super) fn write(folder: &Path, seed: u64, share: f64, counted: &[(Kind, Counted)]) -> anyhow::Result<String> {
    std::fs::create_dir_all(folder)?;
    let null: Vec<&(Kind, Counted)> = counted.iter().filter(|(kind, _)| kind.shift <= 0.0).collect();
    let mut text = String::from("# False alarms and power\n\n");
    write!(
        text,
        "Windows of thirty independent features against baselines of {BASELINE} records; seed {seed}. Percentages. Made by\n\
         `cargo run --release -p tidegate-studies -- power --seed {seed}{}`.\n\n{}\n\n",
        if share < 1.0 { format!(" --share {share}") } else { String::new() },
        summary(&null, counted)
    )?;
    text.push_str("## False alarms: windows of thirty features in which anything alarms though nothing changed\n\n");
    text.push_str("![Percentage of windows falsely alarmed, by size](power-false-alarms.svg)\n\n");
    for shape in Shape::ALL {
        let of = |tally: fn(&Counted) -> Tally| null_table(&null, shape, tally);
        write!(text, "### {}\n\nAny of thirty features:\n\n{}\nOne feature:\n\n{}\n", shape.name(), of(|c| c.any), of(|c| c.alone))?;
    }
    text.push_str("## Power: one feature of thirty shifted, how often it is called\n\n");
    text.push_str("![Percentage of shifted features called, by shift](power-by-shift.svg)\n\n");
    for shape in Shape::ALL {
        for (rows, _) in POWER_SIZES {
            write!(text, "### {}, {rows} records\n\n{}\n", shape.name(), power_table(counted, shape, rows))?;
        }
    }
    std::fs::write(folder.join("power.md"), &text)?;
    plots(folder, counted)?;
    Ok(format!("{}\n\nWritten to {}.\n", summary(&null, counted), folder.display()))
}

/// The worst false-alarm rate, and where power falls behind corrected KS.
fn summary(null: &[&(Kind, Counted)], counted: &[(Kind, Counted)]) -> String {
    let worst = |judge: usize| {
        let cells = null.iter().flat_map(|(kind, counted)| [(kind, counted.any), (kind, counted.alone)]);
        cells.max_by(|a, b| a.1.percent(judge).total_cmp(&b.1.percent(judge)))
    };
    let mut text = String::new();
    for (judge, name) in judges().into_iter().enumerate() {
        if let Some((kind, tally)) = worst(judge) {
            let (percent, shape, rows) = (tally.percent(judge), kind.shape.name(), kind.rows);
            text.push_str(&format!("- {name}: falsely alarmed at worst {percent:.1} % ({shape}, {rows} records)\n"));
        }
    }
    // Corrected KS does not keep its error where rows are dependent: power is compared where both rules are valid.
    let fair = |shape: Shape| !matches!(shape, Shape::Autocorrelated | Shape::Batches);
    for (kind, counted) in counted.iter().filter(|(kind, _)| kind.shift > 0.0 && fair(kind.shape)) {
        let own = counted.first.percent(1);
        // Three standard errors of the difference of two shares.
        let chance = 300.0 * (0.5 / f64::from(counted.first.asked.max(1))).sqrt();
        let (theirs, at_our_rate) =
            (counted.first.percent(OF_ENGINE + CORRECTED_KS), counted.first.percent(OF_ENGINE + CORRECTED_KS_AT_OUR_RATE));
        if own + chance.min(5.0) < theirs {
            let (shape, rows, shift) = (kind.shape.name(), kind.rows, kind.shift);
            text.push_str(&format!(
                "- behind corrected KS: {shape}, {rows} records, shift {shift}: {own:.0} % against {theirs:.0} % (at our rate {at_our_rate:.0} %)\n"
            ));
        }
    }
    text
}

fn header(text: &mut String, columns: impl Iterator<Item = String>) {
    let columns: Vec<String> = columns.collect();
    text.push_str(&format!("| | {} |\n|---|{}\n", columns.join(" | "), "---:|".repeat(columns.len())));
}

fn row(text: &mut String, name: &str, cells: impl Iterator<Item = Option<f64>>) {
    let cells = cells.map(|cell| cell.map_or_else(|| "–".to_owned(), |percent| format!("{percent:.1}")));
    text.push_str(&format!("| {name} | {} |\n", cells.collect::<Vec<_>>().join(" | ")));
}

fn null_table(null: &[&(Kind, Counted)], shape: Shape, tally: fn(&Counted) -> Tally) -> String {
    let mut text = String::new();
    header(&mut text, SIZES.iter().map(|(rows, _)| rows.to_string()));
    for (judge, name) in judges().into_iter().enumerate() {
        let cell = |rows: usize| {
            let found = null.iter().find(|(kind, _)| kind.shape == shape && kind.rows == rows)?;
            Some(tally(&found.1).percent(judge))
        };
        row(&mut text, name, SIZES.iter().map(|(rows, _)| cell(*rows)));
    }
    text
}

fn power_table(counted: &[(Kind, Counted)], shape: Shape, rows: usize) -> String {
    let mut text = String::new();
    header(&mut text, SHIFTS.iter().map(f64::to_string));
    for (judge, name) in judges().into_iter().enumerate() {
        row(&mut text, name, SHIFTS.iter().map(|shift| power(counted, shape, rows, *shift, judge)));
    }
    text
}

fn power(counted: &[(Kind, Counted)], shape: Shape, rows: usize, shift: f64, judge: usize) -> Option<f64> {
    let is = |kind: &Kind| kind.shape == shape && kind.rows == rows && kind.shift.total_cmp(&shift).is_eq();
    counted.iter().find(|(kind, _)| is(kind)).map(|(_, counted)| counted.first.percent(judge))
}

/// The lines of the plots: "drift or warning" and corrected KS at our rate are in the tables only.
fn plots(folder: &Path, counted: &[(Kind, Counted)]) -> anyhow::Result<()> {
    let drawn: Vec<usize> = (0..JUDGES).filter(|judge| ![1, OF_ENGINE + CORRECTED_KS_AT_OUR_RATE].contains(judge)).collect();
    let names = judges();
    let legend: Vec<&str> = drawn.iter().filter_map(|judge| names.get(*judge).copied()).collect();
    let null = |shape: Shape, judge: usize| -> Vec<(f64, f64)> {
        let kinds = counted.iter().filter(|(kind, _)| kind.shift <= 0.0 && kind.shape == shape);
        kinds.map(|(kind, counted)| (kind.rows as f64, counted.any.percent(judge))).collect()
    };
    let panels =
        Shape::ALL.map(|shape| Panel { title: shape.name().to_owned(), lines: drawn.iter().map(|judge| null(shape, *judge)).collect() });
    let axes = Axes {
        title: "No change at all: windows of thirty features in which something alarms (grey line: 5 %)",
        across: "records in the window",
        by_factors: true,
        legend: &legend,
        goal: Some(GOAL),
    };
    plot::percentages(&folder.join("power-false-alarms.svg"), axes, &panels)?;
    let by_shift = |shape: Shape, judge: usize| -> Vec<(f64, f64)> {
        SHIFTS.iter().filter_map(|shift| Some((*shift, power(counted, shape, POWER_SIZES.first()?.0, *shift, judge)?))).collect()
    };
    let panels = Shape::ALL
        .map(|shape| Panel { title: shape.name().to_owned(), lines: drawn.iter().map(|judge| by_shift(shape, *judge)).collect() });
    let axes = Axes {
        title: "One feature of thirty shifted, 1,000 records: how often it is called",
        across: "shift in standard deviations (names: Cohen's w)",
        by_factors: false,
        legend: &legend,
        goal: None,
    };
    plot::percentages(&folder.join("power-by-shift.svg"), axes, &panels)
}
