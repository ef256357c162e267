//! Finding the cell of a number in constant time on average.

use crate::NumericAnchor;

/// Number of equal-width buckets that narrow the search before edges are compared.
const BUCKETS: usize = 1_024;

/// An index over an anchor's edges.
///
/// The edges' span is cut into equal buckets. A value and an edge are only compared when they share a bucket: the
/// bucket of a number never decreases with the number, so edges of lower buckets are below it and edges of higher
/// buckets above it, whatever the rounding.
#[derive(Debug, Clone)]
pub(crate) struct CellIndex {
    edges: Vec<f64>,
    low: f64,
    scale: f64,
    /// `starts[b]` = number of edges in buckets below `b`.
    starts: Vec<usize>,
}

impl CellIndex {
    pub(crate) fn new(anchor: &NumericAnchor) -> Self {
        let edges = anchor.edges.clone();
        let inner = edges.as_slice();
        let low = inner.first().copied().unwrap_or(0.0);
        let width = inner.last().copied().unwrap_or(0.0) - low;
        let scale = if width > 0.0 && (BUCKETS as f64 / width).is_finite() { BUCKETS as f64 / width } else { 0.0 };
        let mut index = Self { edges, low, scale, starts: Vec::with_capacity(BUCKETS + 2) };
        let buckets: Vec<usize> = index.edges.iter().map(|&edge| index.bucket(edge)).collect();
        index.starts = (0..=BUCKETS + 1).map(|bucket| buckets.partition_point(|&b| b < bucket)).collect();
        index
    }

    /// Number of cells: one more than edges.
    pub(crate) fn len(&self) -> usize {
        self.edges.len() + 1
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the buckets first")]
    fn bucket(&self, value: f64) -> usize {
        ((value - self.low) * self.scale).clamp(0.0, BUCKETS as f64) as usize
    }

    /// The cell of a finite value: the number of edges that are not above it.
    pub(crate) fn locate(&self, value: f64) -> usize {
        let bucket = self.bucket(value);
        let start = self.starts.get(bucket).copied().unwrap_or(0);
        let end = self.starts.get(bucket + 1).copied().unwrap_or(self.edges.len());
        let shared = self.edges.get(start..end).unwrap_or_default();
        start + shared.partition_point(|&edge| edge <= value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_definition(edges: &[f64], value: f64) -> usize {
        edges.iter().filter(|&&edge| edge <= value).count()
    }

    #[test]
    fn every_value_lies_in_the_cell_of_the_definition() {
        let shapes: Vec<Vec<f64>> = vec![
            vec![],
            vec![0.0],
            vec![-1.0, 0.0, 1.0f64.next_up(), 5.0],
            (0..700).map(|i| f64::from(i).exp2().min(1e300) + f64::from(i)).collect(),
            (0..700).map(|i| (f64::from(i) * 0.01).sin().mul_add(1e-9, f64::from(i))).collect(),
            vec![-f64::MAX, -1e308, 0.0, 1e308, f64::MAX],
        ];
        for edges in shapes {
            let index = CellIndex::new(&NumericAnchor { edges: edges.clone(), atoms: vec![] });
            let mut probes = vec![0.0, -0.0, 1.0, -1.0, 1e-300, f64::MAX, -f64::MAX, 3.5, 699.0];
            for &edge in &edges {
                probes.extend([edge, edge.next_up(), edge.next_down()]);
            }
            for value in probes.into_iter().filter(|v| v.is_finite()) {
                assert_eq!(index.locate(value), by_definition(&edges, value), "{value} among {} edges", edges.len());
            }
        }
    }
}
