//! Cells made from a baseline's raw values, by the conventions that monitoring tools and numpy use.

use crate::moments::{quantile_type1, quantile_type7};

/// How cells are made from a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// The nine type-7 deciles, duplicates removed; cells `[eᵢ, eᵢ₊₁)` with open ends.
    Decile,
    /// The same edges; cells `(eᵢ, eᵢ₊₁]` with open ends.
    DecileRight,
    /// The nine type-1 (inverted distribution function) deciles, duplicates removed; cells `[eᵢ, eᵢ₊₁)` with open ends.
    DecileType1,
    /// Ten cells of equal width from minimum to maximum, `[eᵢ, eᵢ₊₁)`, the outer ones open; one cell for a constant.
    Width10,
}

/// Counts of both sides in cells made from the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    /// The edges between cells, strictly increasing; one fewer than there are cells.
    pub edges: Vec<f64>,
    /// Counts of the baseline.
    pub baseline: Vec<u64>,
    /// Counts of the current values.
    pub current: Vec<u64>,
}

impl Binning {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Decile, Self::DecileRight, Self::DecileType1, Self::Width10];

    /// Its name in statistics: `decile`, `decile_right`, `decile_type1`, `width10`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Decile => "decile",
            Self::DecileRight => "decile_right",
            Self::DecileType1 => "decile_type1",
            Self::Width10 => "width10",
        }
    }

    /// The edges between the cells of a baseline in ascending order; `None` without values.
    ///
    /// Bit for bit those of numpy: `quantile(values, k/10)`, `linspace(minimum, maximum, 11)[1:-1]`.
    ///
    /// ```
    /// use tidegate_statistics::raw::Binning;
    /// let edges = Binning::Width10.edges(&[0.0, 3.0, 10.0]).unwrap();
    /// assert_eq!(edges, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    /// assert_eq!(Binning::Decile.edges(&[7.5, 7.5]), Some(vec![7.5]));
    /// assert_eq!(Binning::Decile.edges(&[]), None);
    /// ```
    #[must_use]
    pub fn edges(self, sorted: &[f64]) -> Option<Vec<f64>> {
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let interior = (1..10).map(f64::from);
        let mut edges: Vec<f64> = match self {
            Self::Decile | Self::DecileRight => interior.filter_map(|k| quantile_type7(sorted, k / 10.0)).collect(),
            Self::DecileType1 => interior.filter_map(|k| quantile_type1(sorted, k / 10.0)).collect(),
            Self::Width10 if low < high => interior.map(|k| k * ((high - low) / 10.0) + low).collect(),
            Self::Width10 => Vec::new(),
        };
        edges.dedup_by(|next, here| *next <= *here);
        Some(edges)
    }

    /// Counts both sides, each in ascending order, in the cells of the baseline; `None` if that has no values.
    ///
    /// ```
    /// use tidegate_statistics::raw::Binning;
    /// let binned = Binning::DecileRight.count(&[7.5, 7.5], &[7.5, 7.6]).unwrap();
    /// assert_eq!((binned.baseline, binned.current), (vec![2, 0], vec![1, 1]));
    /// ```
    #[must_use]
    pub fn count(self, baseline: &[f64], current: &[f64]) -> Option<Binned> {
        let edges = self.edges(baseline)?;
        Some(Binned { baseline: self.count_between(&edges, baseline), current: self.count_between(&edges, current), edges })
    }

    fn count_between(self, edges: &[f64], sorted: &[f64]) -> Vec<u64> {
        let below = |edge: &f64| match self {
            Self::DecileRight => sorted.partition_point(|value| value <= edge) as u64,
            Self::Decile | Self::DecileType1 | Self::Width10 => sorted.partition_point(|value| value < edge) as u64,
        };
        let mut before = 0;
        let ends = edges.iter().map(below).chain([sorted.len() as u64]);
        ends.map(|end| end - std::mem::replace(&mut before, end)).collect()
    }
}
