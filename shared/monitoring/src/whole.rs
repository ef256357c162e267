//! A baseline that moved, or was multiplied, as a whole: what its cells would hold then.
//!
//! Directions are linear: they say what a small move does to each cell. A column with two humps that moves by an ordinary tenth of a standard
//! deviation changes the cells between the humps by more than a line can say, and would look reshaped. So the move is made, cell by cell.

use crate::counts::cumulated;

/// Halvings of the interval in which the amount is looked for.
const HALVINGS: usize = 48;

/// A whole column is not taken as multiplied by more than this factor: it is another column then.
const LARGEST_FACTOR: f64 = 4.0;

/// A numeric baseline's distribution function at its cells' edges; straight in between, constant outside.
#[derive(Debug, Clone)]
pub(crate) struct Whole<'a> {
    edges: &'a [f64],
    /// Share of the values below each edge.
    below: Vec<f64>,
}

/// In which way a column changes as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Every value by the same amount.
    Moved,
    /// Every value by the same factor.
    Multiplied,
}

impl<'a> Whole<'a> {
    /// `None` when there are fewer than two edges or no values.
    pub(crate) fn new(edges: &'a [f64], cells: &[u64]) -> Option<Self> {
        if cells.iter().all(|count| *count == 0) || edges.len() < 2 || cells.len() != edges.len() + 1 {
            return None;
        }
        let mut below = cumulated(cells);
        below.truncate(edges.len());
        Some(Self { edges, below })
    }

    /// Share of the values below `value`.
    fn distribution(&self, value: f64) -> f64 {
        let next = self.edges.partition_point(|edge| *edge <= value);
        let at = |index: usize| Some((*self.edges.get(index)?, *self.below.get(index)?));
        match (next.checked_sub(1).and_then(at), at(next)) {
            (Some((from, below)), Some((to, until))) => below + (until - below) * ((value - from) / (to - from)).clamp(0.0, 1.0),
            (None, Some((_, until))) => until,
            (_, None) => 1.0,
        }
    }

    /// The share of each cell after the change.
    fn changed(&self, way: Way, amount: f64) -> Vec<f64> {
        let origin = |edge: &f64| match way {
            Way::Moved => edge - amount,
            Way::Multiplied => edge / amount,
        };
        let mut last = 0.0;
        let inner = self.edges.iter().map(|edge| self.distribution(origin(edge)));
        inner
            .chain(std::iter::once(1.0))
            .map(|below| {
                let share = below - last;
                last = below;
                share
            })
            .collect()
    }

    /// Whether no value lies on the other side of zero than another: only then does a factor move them all the same way.
    fn is_one_sided(&self) -> bool {
        let (to_zero, up_to_zero) = (self.distribution(0.0), self.distribution(0.0_f64.next_up()));
        to_zero <= 0.0 || up_to_zero >= 1.0
    }

    /// The cells' shares after the change of this way that gives `location` the value `wanted`; `None` when none does, or not just one.
    pub(crate) fn with_location(&self, way: Way, wanted: f64, location: impl Fn(&[f64]) -> f64) -> Option<Vec<f64>> {
        let (first, last) = (self.edges.first()?, self.edges.last()?);
        let (mut low, mut high) = match way {
            Way::Moved => (first - last, last - first),
            Way::Multiplied if !self.is_one_sided() => return None,
            Way::Multiplied => (1.0 / LARGEST_FACTOR, LARGEST_FACTOR),
        };
        let beyond = |amount: f64| location(&self.changed(way, amount)) > wanted;
        let at_low = beyond(low);
        if at_low == beyond(high) || !(high - low).is_finite() {
            return None;
        }
        for _ in 0..HALVINGS {
            let middle = low / 2.0 + high / 2.0;
            if beyond(middle) == at_low { low = middle } else { high = middle }
        }
        Some(self.changed(way, low / 2.0 + high / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten cells of width 1 from 0 to 10, and one outside on each side.
    fn edges() -> Vec<f64> {
        (0..=10).map(f64::from).collect()
    }

    #[test]
    fn a_moved_column_lies_where_it_was_moved_to() {
        let edges = edges();
        let cells = [0, 100, 0, 0, 300, 0, 0, 0, 0, 0, 0, 0];
        let whole = Whole::new(&edges, &cells).unwrap();
        let moved = whole.changed(Way::Moved, 2.0);
        assert!((moved[3] - 0.25).abs() < 1e-12 && (moved[6] - 0.75).abs() < 1e-12, "{moved:?}");
        let half = whole.changed(Way::Moved, 0.5);
        assert!((half[1] - 0.125).abs() < 1e-12 && (half[2] - 0.125).abs() < 1e-12, "{half:?}");
        let doubled = whole.changed(Way::Multiplied, 2.0);
        assert!((doubled[1] - 0.125).abs() < 1e-12 && (doubled[7] + doubled[8] - 0.75).abs() < 1e-12, "{doubled:?}");
        assert!((doubled.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_amount_is_found_by_the_location_it_gives() {
        let edges = edges();
        let cells = [0, 0, 0, 100, 300, 100, 0, 0, 0, 0, 0, 0];
        let whole = Whole::new(&edges, &cells).unwrap();
        let mean = |shares: &[f64]| shares.iter().zip(0..).map(|(share, cell)| share * f64::from(cell)).sum::<f64>();
        for way in [Way::Moved, Way::Multiplied] {
            let found = whole.with_location(way, mean(&[0.0, 0.0, 0.0, 0.2, 0.6, 0.2]) + 1.0, mean).unwrap();
            assert!((mean(&found) - 5.0).abs() < 1e-9, "{way:?}: {found:?}");
        }
        assert!(whole.with_location(Way::Moved, 1e9, mean).is_none());
        let around_zero: Vec<f64> = edges.iter().map(|edge| edge - 3.5).collect();
        let whole = Whole::new(&around_zero, &cells).unwrap();
        assert!(whole.with_location(Way::Multiplied, 4.0, mean).is_none());
        assert!(Whole::new(&edges, &[0; 12]).is_none());
    }
}
