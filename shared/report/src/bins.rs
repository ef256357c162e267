//! From a baseline's hundreds of cells to the few dozen equal bins that a person can see.
//!
//! A cell's count is spread evenly over its interval, as far as the side has values there, an atom's count stays at its value, and what lies outside the
//! range shown is kept apart as `below` and `above`. Sums are made in `f64`: no count is too large.

use tidegate_profile::{NumericAnchor, NumericProfile};

use crate::plots::axis::round_step;

/// At most about so many bins are shown, and at least two fifths of them: widths step by 1, 2, 5.
const WANTED: f64 = 60.0;
/// Never more bins than this.
const MOST: usize = 80;

/// A field's values in equal bins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bins {
    /// Where the first bin begins.
    pub(crate) start: f64,
    /// How wide each bin is.
    pub(crate) width: f64,
    /// Whether the values are whole numbers, so that a bin of width 1 is one value.
    pub(crate) whole: bool,
    /// The baseline's shares.
    pub(crate) baseline: Shares,
    /// The window's shares.
    pub(crate) current: Shares,
}

/// Shares of one side, `0..=1`; together they are 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shares {
    /// Below the first bin.
    pub(crate) below: f64,
    /// In each bin.
    pub(crate) bins: Vec<f64>,
    /// Above the last bin.
    pub(crate) above: f64,
}

/// One cell with its count.
#[derive(Debug, Clone, Copy)]
struct Cell {
    low: f64,
    high: f64,
    count: f64,
}

impl Bins {
    /// Bins of what two sides counted in the same cells; `None` when they cannot be drawn: no counts, counts that do not
    /// belong to these cells, or numbers too large to subtract.
    pub(crate) fn new(anchor: &NumericAnchor, baseline: &NumericProfile, current: &NumericProfile) -> Option<Self> {
        let whole = are_whole(anchor);
        let sides = [cells(anchor, baseline, whole)?, cells(anchor, current, whole)?];
        let (first, last) = finite_ends(anchor)?;
        let quantile = |share: f64| sides.each_ref().map(|side| quantile(side, share));
        let [low, high] = [quantile(0.01), quantile(0.99)];
        let [lower, upper] = [quantile(0.1), quantile(0.9)];
        // A long tail may not squeeze the bulk into a corner: two and a half times the middle four fifths are enough to see.
        let (bulk_low, bulk_high) = (lower[0].min(lower[1]), upper[0].max(upper[1]));
        let reach = 2.5 * (bulk_high - bulk_low);
        let (mut low, mut high) = (low[0].min(low[1]).max(first), high[0].max(high[1]).min(last));
        if reach > 0.0 && reach.is_finite() {
            low = low.max(bulk_low - reach);
            high = high.min(bulk_high + reach);
        }
        let (start, width, count) = grid(low, high, whole)?;
        let [baseline, current] = sides.each_ref().map(|side| spread(side, start, width, count));
        Some(Self { start, width, whole, baseline, current })
    }

    /// Where the last bin ends.
    pub(crate) fn end(&self) -> f64 {
        self.start + self.width * self.baseline.bins.len() as f64
    }
}

/// Start, width and number of bins that cover a range.
fn grid(low: f64, high: f64, whole: bool) -> Option<(f64, f64, usize)> {
    let (low, high) = if high > low { (low, high) } else { single(low, whole) };
    let width = round_step((high - low) / WANTED);
    let width = if whole { width.max(1.0) } else { width };
    let start = (low / width).floor() * width;
    let reach = if whole { high.floor() + 1.0 } else { high };
    let bins = ((reach - start) / width - 1e-9).ceil();
    let drawable = bins.is_finite() && bins >= 1.0 && start + width > start && start + bins * width > start;
    let count = (1..=MOST).find(|count| *count as f64 >= bins)?;
    drawable.then_some((start, width, count))
}

/// A range around a single value.
fn single(value: f64, whole: bool) -> (f64, f64) {
    let half = if whole { 3.0 } else { (value.abs() * 0.1).max(f64::MIN_POSITIVE * 1e20) };
    (value - half, value + half)
}

/// Whether the values are whole numbers, told from the edges: each inner one is whole or follows a whole one.
fn are_whole(anchor: &NumericAnchor) -> bool {
    let inner = anchor.edges.get(1..anchor.edges.len().saturating_sub(1)).unwrap_or_default();
    let whole = |edge: &f64| edge.abs() < 1e15 && (edge.fract() == 0.0 || edge.next_down().fract() == 0.0);
    !inner.is_empty() && inner.iter().all(whole)
}

fn cells(anchor: &NumericAnchor, side: &NumericProfile, whole: bool) -> Option<Vec<Cell>> {
    let counts = &side.cells;
    if anchor.edges.is_empty() || counts.len() != anchor.edges.len() + 1 || counts.iter().all(|count| *count == 0) {
        return None;
    }
    let lows = std::iter::once(f64::NEG_INFINITY).chain(anchor.edges.iter().copied());
    let highs = anchor.edges.iter().copied().chain(std::iter::once(f64::INFINITY));
    let mut cells = Vec::with_capacity(counts.len());
    for (index, ((low, high), count)) in lows.zip(highs).zip(counts).enumerate() {
        let atom = u32::try_from(index).is_ok_and(|index| anchor.atoms.contains(&index)) || high <= low.next_up();
        // A cell of whole numbers begins at the first of them that it holds.
        let low = if whole && low.is_finite() { low.ceil() } else { low };
        let high = if whole && high.is_finite() { high.ceil() } else { high };
        // None of its values is less than the least, nor greater than the greatest.
        let low = side.min.map_or(low, |min| low.max(min).min(high));
        let high = side.max.map_or(high, |max| high.min(if whole { max + 1.0 } else { max }).max(low));
        cells.push(Cell { low, high: if atom { low } else { high }, count: *count as f64 });
    }
    Some(cells)
}

/// The least and the greatest finite edge.
fn finite_ends(anchor: &NumericAnchor) -> Option<(f64, f64)> {
    let first = anchor.edges.iter().copied().find(|edge| edge.is_finite())?;
    let last = anchor.edges.iter().copied().rev().find(|edge| edge.is_finite())?;
    Some((first, last))
}

/// The value below which this share of the counts lies, evenly within a cell; a cell without an end gives its other end.
fn quantile(cells: &[Cell], share: f64) -> f64 {
    let total: f64 = cells.iter().map(|cell| cell.count).sum();
    let mut left = total * share;
    let mut last = 0.0;
    for cell in cells.iter().filter(|cell| cell.count > 0.0) {
        let within = (left / cell.count).clamp(0.0, 1.0);
        last = match (cell.low.is_finite(), cell.high.is_finite()) {
            (true, true) => cell.low + (cell.high - cell.low) * within,
            (true, false) => cell.low,
            (false, true) => cell.high,
            (false, false) => 0.0,
        };
        if cell.count >= left {
            break;
        }
        left -= cell.count;
    }
    last
}

fn spread(cells: &[Cell], start: f64, width: f64, count: usize) -> Shares {
    let total: f64 = cells.iter().map(|cell| cell.count).sum();
    let end = start + width * count as f64;
    let mut shares = Shares { below: 0.0, bins: vec![0.0; count], above: 0.0 };
    for cell in cells.iter().filter(|cell| cell.count > 0.0) {
        let share = cell.count / total;
        let length = cell.high - cell.low;
        if !cell.low.is_finite() || cell.high < start || (cell.high <= start && length > 0.0) {
            shares.below += share;
        } else if !cell.high.is_finite() || cell.low >= end {
            shares.above += share;
        } else if length <= 0.0 || !length.is_finite() {
            let place = (cell.low - start) / width + 1e-9;
            // The bin of a single value: the last one that does not begin after it.
            let index = (0..count).rev().find(|index| *index as f64 <= place).unwrap_or(0);
            if let Some(bin) = shares.bins.get_mut(index) {
                *bin += share;
            }
        } else {
            let part = |low: f64, high: f64| share * ((high.min(cell.high) - low.max(cell.low)).max(0.0) / length);
            shares.below += part(f64::NEG_INFINITY, start);
            shares.above += part(end, f64::INFINITY);
            for (index, bin) in shares.bins.iter_mut().enumerate() {
                let low = start + width * index as f64;
                *bin += part(low, low + width);
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(edges: &[f64], atoms: &[u32]) -> NumericAnchor {
        NumericAnchor { edges: edges.to_vec(), atoms: atoms.to_vec() }
    }

    fn counted(cells: &[u64]) -> NumericProfile {
        NumericProfile { mean: 0.0, m2: 0.0, min: None, max: None, cells: cells.to_vec() }
    }

    fn total(shares: &Shares) -> f64 {
        shares.below + shares.above + shares.bins.iter().sum::<f64>()
    }

    #[test]
    fn nothing_is_lost_between_cells_and_bins() {
        let edges: Vec<f64> = (0..=256).map(|index| f64::from(index * index) / 100.0 - 40.0).collect();
        let counts: Vec<u64> = (0..258).map(|index| (index * 7919) % 113).collect();
        let bins = Bins::new(&anchor(&edges, &[]), &counted(&counts), &counted(&counts)).unwrap();
        assert!((total(&bins.baseline) - 1.0).abs() < 1e-9);
        assert_eq!(bins.baseline, bins.current);
        assert!((15..=MOST).contains(&bins.baseline.bins.len()), "{}", bins.baseline.bins.len());
    }

    #[test]
    fn whole_numbers_get_whole_bins() {
        // Hours 5 to 9, each repeated often enough to have a cell of its own.
        let edges: Vec<f64> =
            std::iter::once(-100.0).chain((5..10).flat_map(|hour| [f64::from(hour), f64::from(hour).next_up()])).chain([100.0]).collect();
        let counts = [0, 0, 10, 0, 20, 0, 30, 0, 20, 0, 20, 0, 0];
        let bins = Bins::new(&anchor(&edges, &[2, 4, 6, 8, 10]), &counted(&counts), &counted(&counts)).unwrap();
        assert!(bins.whole);
        assert_eq!((bins.start, bins.width), (5.0, 1.0));
        let expected = [0.1, 0.2, 0.3, 0.2, 0.2];
        assert!(bins.current.bins.iter().zip(expected).all(|(bin, share)| (bin - share).abs() < 1e-12), "{:?}", bins.current.bins);
    }

    #[test]
    fn a_constant_value_and_a_current_far_outside_can_be_drawn() {
        let constant = anchor(&[-1.0, 0.5, 0.5_f64.next_up(), 2.0], &[2]);
        let bins = Bins::new(&constant, &counted(&[0, 0, 50, 0, 0]), &counted(&[0, 0, 50, 0, 0])).unwrap();
        assert!((total(&bins.current) - 1.0).abs() < 1e-12);
        let bins = Bins::new(&constant, &counted(&[0, 0, 50, 0, 0]), &counted(&[0, 0, 0, 0, 50])).unwrap();
        assert!((bins.current.above + bins.current.bins.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn values_beyond_the_baseline_lie_no_farther_out_than_they_are() {
        // Shares of a whole: the baseline's least is 0.02, the window's 0.001.
        let anchor = anchor(&[-1.0, 0.02, 0.5, 0.9_f64.next_up(), 2.0], &[]);
        let window = NumericProfile { min: Some(0.001), max: Some(0.95), ..counted(&[0, 10, 50, 30, 10, 0]) };
        let bins = Bins::new(&anchor, &counted(&[0, 0, 50, 50, 0, 0]), &window).unwrap();
        assert!(bins.start >= 0.0 && bins.end() < 1.0 + 1e-9, "{bins:?}");
        assert!(bins.current.below < 1e-12 && bins.current.above < 1e-12, "{bins:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_none_and_never_a_panic() {
        let inf = f64::INFINITY;
        assert_eq!(Bins::new(&anchor(&[], &[]), &counted(&[5]), &counted(&[5])), None);
        assert_eq!(Bins::new(&anchor(&[1.0], &[]), &counted(&[5]), &counted(&[5, 5])), None);
        assert_eq!(Bins::new(&anchor(&[1.0], &[]), &counted(&[0, 0]), &counted(&[0, 5])), None);
        assert_eq!(Bins::new(&anchor(&[-inf, inf], &[]), &counted(&[0, 5, 0]), &counted(&[0, 5, 0])), None);
        for edges in [
            [-inf, 0.0, inf],
            [-1e308, 0.0, 1e308],
            [1e300, 1.1e300, 1.2e300],
            [0.0, 5e-324, 1e-323],
            [1.0, 1.0_f64.next_up(), 1.0_f64.next_up().next_up()],
        ] {
            for counts in [[5, 5, 5, 5], [0, 5, 0, 0], [u64::MAX; 4], [u64::MAX, 0, 0, 0]] {
                if let Some(bins) = Bins::new(&anchor(&edges, &[]), &counted(&counts), &counted(&[1, 2, 3, 4])) {
                    assert!((total(&bins.current) - 1.0).abs() < 1e-6, "{edges:?} {counts:?} {bins:?}");
                }
            }
        }
    }
}
