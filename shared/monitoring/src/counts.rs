//! What counts in cells come to: shares, and means by a number that stands for each cell.

/// Shares of the values up to and including each cell.
pub(crate) fn cumulated(cells: &[u64]) -> Vec<f64> {
    let total = cells.iter().sum::<u64>().max(1);
    let mut sum = 0;
    let up_to = |count: &u64| {
        sum += count;
        sum as f64 / total as f64
    };
    cells.iter().map(up_to).collect()
}

/// The mean of what stands for each cell; `None` without a value.
pub(crate) fn mean(cells: &[u64], of_cell: &[f64]) -> Option<f64> {
    let total = cells.iter().sum::<u64>();
    (total > 0 && cells.len() == of_cell.len())
        .then(|| cells.iter().zip(of_cell).map(|(count, value)| *count as f64 * value).sum::<f64>() / total as f64)
}

/// Mean and standard deviation of what stands for each cell; `None` with fewer than two values.
pub(crate) fn moments(cells: &[u64], of_cell: &[f64]) -> Option<(f64, f64)> {
    let centre = mean(cells, of_cell)?;
    let squares: Vec<f64> = of_cell.iter().map(|value| (value - centre).powi(2)).collect();
    (cells.iter().sum::<u64>() > 1).then_some((centre, mean(cells, &squares)?.sqrt()))
}
