//! A categorical field's values, baseline and window side by side: a table whose rows carry a pair of bars.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tidegate_profile::{CategoricalAnchor, CategoricalProfile};

use super::axis::Axis;
use super::canvas::{Frame, silent_figure};
use super::ink::Role;
use crate::escape::Plain;
use crate::words;

/// So many values have a row of their own.
const TOP: usize = 12;
/// So many new values keep their rows among them.
const NEW: usize = 3;

/// One value, or several together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    label: String,
    /// Whether the baseline never showed it.
    new: bool,
    /// Share in the baseline; `None` without one.
    baseline: Option<f64>,
    /// Share in the window.
    current: f64,
}

impl Bar {
    /// How much it is worth a row.
    fn weight(&self) -> f64 {
        self.baseline.unwrap_or(0.0).max(self.current)
    }
}

/// The values worth a row, in the order of the baseline, then new ones, then the rest together.
pub(crate) fn bars(anchor: Option<(&CategoricalAnchor, &CategoricalProfile)>, current: &CategoricalProfile, restricted: bool) -> Vec<Bar> {
    let sum = |counts: &[u64]| counts.iter().map(|count| *count as f64).sum::<f64>();
    let others = |profile: &CategoricalProfile| profile.other.values().map(|count| *count as f64).sum::<f64>() + profile.remainder as f64;
    let share = |count: f64, total: f64| if total > 0.0 { count / total } else { 0.0 };
    let current_total = sum(&current.cells) + others(current);
    let baseline_total = anchor.map_or(0.0, |(_, baseline)| sum(&baseline.cells) + others(baseline));
    let mut all = Vec::new();
    let open = anchor.is_some_and(|(anchor, _)| anchor.open);
    if let Some((anchor, baseline)) = anchor {
        for (index, value) in anchor.values.iter().enumerate() {
            let count = |profile: &CategoricalProfile| profile.cells.get(index).map_or(0.0, |count| *count as f64);
            let label = if restricted { format!("Value {}", index + 1) } else { value.clone() };
            all.push(Bar {
                label,
                new: false,
                baseline: Some(share(count(baseline), baseline_total)),
                current: share(count(current), current_total),
            });
        }
    }
    let new = anchor.is_some() && !open;
    let mut unlisted: Vec<(&String, f64)> = current.other.iter().map(|(value, count)| (value, *count as f64)).collect();
    unlisted.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    // What the baseline has beside its cells, until a value of the window is among it.
    let mut unnamed = anchor.map(|(_, baseline)| others(baseline));
    for (index, (value, count)) in unlisted.into_iter().enumerate() {
        let word = if new { "New value" } else { "Other value" };
        let label = if restricted { format!("{word} {}", index + 1) } else { value.clone() };
        let before = anchor.map(|(_, baseline)| baseline.other.get(value).map_or(0.0, |count| *count as f64));
        unnamed = unnamed.zip(before).map(|(unnamed, before)| unnamed - before);
        all.push(Bar { label, new, baseline: before.map(|before| share(before, baseline_total)), current: share(count, current_total) });
    }
    let mut kept = keep(all, anchor.is_some());
    let remainder = Bar {
        label: "values not counted by name".to_owned(),
        new: false,
        baseline: unnamed.map(|unnamed| share(unnamed, baseline_total)),
        current: share(current.remainder as f64, current_total),
    };
    kept.extend((remainder.weight() > 0.0).then_some(remainder));
    kept
}

/// Keeps the rows with the greatest share on either side, in their order, and adds the rest up. A few new values always
/// keep their rows, however rare: they are what a reader looks for.
fn keep(all: Vec<Bar>, compared: bool) -> Vec<Bar> {
    if all.len() <= TOP + 1 {
        return all;
    }
    let (new, known): (Vec<Bar>, Vec<Bar>) = all.into_iter().partition(|bar| bar.new);
    let room = TOP - new.len().min(NEW);
    let (mut kept, known_rest) = greatest(known, room);
    let (new, new_rest) = greatest(new, TOP - kept.len().min(room));
    kept.extend(rest(&known_rest, "others", compared));
    kept.extend(new);
    kept.extend(rest(&new_rest, "other new values", compared));
    kept
}

/// Splits off the bars with the greatest shares, earlier ones where they tie; both parts stay in order.
fn greatest(bars: Vec<Bar>, most: usize) -> (Vec<Bar>, Vec<Bar>) {
    let mut order: Vec<(usize, f64)> = bars.iter().map(Bar::weight).enumerate().collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1));
    let chosen: BTreeSet<usize> = order.into_iter().take(most).map(|(index, _)| index).collect();
    let (kept, left): (Vec<_>, Vec<_>) = bars.into_iter().enumerate().partition(|(index, _)| chosen.contains(index));
    let plain = |bars: Vec<(usize, Bar)>| bars.into_iter().map(|(_, bar)| bar).collect();
    (plain(kept), plain(left))
}

/// The bars that have no row of their own, together.
fn rest(bars: &[Bar], noun: &str, compared: bool) -> Option<Bar> {
    let (baseline, current) =
        bars.iter().fold((0.0, 0.0), |(baseline, current), bar| (baseline + bar.baseline.unwrap_or(0.0), current + bar.current));
    let label = format!("{} {noun}", words::count(bars.len() as u64));
    (!bars.is_empty()).then(|| Bar { label, new: false, baseline: compared.then_some(baseline), current })
}

/// The table of bars; `None` without a value to show.
pub(crate) fn table(name: &Plain, bars: &[Bar]) -> Option<Markup> {
    let most = bars.iter().fold(0.0_f64, |most, bar| most.max(bar.current).max(bar.baseline.unwrap_or(0.0)));
    let compared = bars.iter().any(|bar| bar.baseline.is_some());
    (most > 0.0).then(|| {
        html! {
            table.bars {
                caption.hidden { "Share of each value of " (name) }
                thead {
                    tr {
                        th scope="col" { "Value" }
                        th.wide { span.hidden { "Bars" } }
                        @if compared { th.n scope="col" { "Baseline" } }
                        th.n scope="col" { "Window" }
                    }
                }
                tbody {
                    @for bar in bars {
                        tr {
                            th scope="row" { bdi { (Plain::name(&bar.label)) } @if bar.new { " " span.tag { "new" } } }
                            td.wide { (pair(bar, most)) }
                            @if compared { td.n { (bar.baseline.map_or_else(|| words::NONE.into(), words::share)) } }
                            td.n { strong { (words::share(bar.current)) } }
                        }
                    }
                }
            }
        }
    })
}

/// Two bars: the baseline's hollow and dashed above, the window's filled below.
fn pair(bar: &Bar, most: f64) -> Markup {
    let frame = Frame { height: 22, top: 1, bottom: 1 };
    silent_figure(frame, Axis::new(0.0, most), Axis::new(0.0, 1.0), |canvas| {
        if let Some(baseline) = bar.baseline {
            canvas.block([(0.0, 0.58), (baseline, 0.98)], Role::Baseline);
        }
        canvas.block([(0.0, 0.04), (bar.current, 0.5)], Role::Body);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(cells: &[u64], other: &[(&str, u64)], remainder: u64) -> CategoricalProfile {
        CategoricalProfile {
            cells: cells.to_vec(),
            other: other.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect(),
            remainder,
        }
    }

    #[test]
    fn new_values_are_named_and_the_shares_of_a_side_sum_to_one() {
        let anchor = CategoricalAnchor { values: (0..40).map(|index| format!("v{index}")).collect(), open: false };
        let baseline = profile(&[5; 40], &[], 0);
        let current = profile(&[1; 40], &[("XX", 30), ("YY", 1)], 4);
        let bars = bars(Some((&anchor, &baseline)), &current, false);
        assert!(bars.iter().any(|bar| bar.label == "XX" && bar.new));
        assert!((bars.iter().map(|bar| bar.current).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((bars.iter().filter_map(|bar| bar.baseline).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(bars.len() <= TOP + 3);
    }

    #[test]
    fn what_the_baseline_has_beside_its_cells_is_shown() {
        let anchor = CategoricalAnchor { values: vec!["a".into(), "b".into()], open: true };
        let (baseline, current) = (profile(&[5, 4], &[("x", 3), ("y", 2)], 86), profile(&[1, 0], &[("x", 30), ("z", 2)], 67));
        let bars = bars(Some((&anchor, &baseline)), &current, false);
        let of = |label: &str| bars.iter().find(|bar| bar.label == label).map(|bar| (bar.baseline.unwrap(), bar.current));
        assert_eq!((of("x"), of("z")), (Some((0.03, 0.3)), Some((0.0, 0.02))));
        assert_eq!(of("values not counted by name"), Some((0.88, 0.67)), "y among them");
    }

    #[test]
    fn restricted_values_have_a_rank_and_no_name() {
        let anchor = CategoricalAnchor { values: vec!["secret".into()], open: false };
        let bars = bars(Some((&anchor, &profile(&[5], &[], 0))), &profile(&[5], &[("hidden", 1)], 0), true);
        assert_eq!(bars.iter().map(|bar| bar.label.as_str()).collect::<Vec<_>>(), ["Value 1", "New value 1"]);
    }

    #[test]
    fn nothing_to_show_is_no_table() {
        assert!(table(&Plain::name("x"), &bars(None, &profile(&[], &[], 0), false)).is_none());
    }
}
