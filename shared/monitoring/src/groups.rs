//! Groups of cells, coarse enough that each holds values, and their scores.

use tidegate_statistics::normal;

/// Joins neighbouring cells into runs of about `aim` baseline values; a cell that alone holds as much stays alone. What would hold fewer than
/// `least` (the end of a tail, or what lies between two values that repeat) joins its neighbour.
pub(crate) fn group_runs(cells: &[u64], aim: f64, least: f64) -> Vec<usize> {
    let mut runs: Vec<(usize, u64)> = Vec::new();
    for &count in cells {
        match runs.last_mut() {
            Some((length, held)) if (*held as f64) < aim && (*held == 0 || (count as f64) < aim) => {
                *length += 1;
                *held += count;
            }
            _ => runs.push((1, count)),
        }
    }
    let mut joined: Vec<(usize, u64)> = Vec::with_capacity(runs.len());
    for (length, held) in runs {
        match joined.last_mut() {
            Some((before, held_before)) if (held as f64) < least || (*held_before as f64) < least => {
                *before += length;
                *held_before += held;
            }
            _ => joined.push((length, held)),
        }
    }
    joined.into_iter().enumerate().flat_map(|(group, (length, _))| std::iter::repeat_n(group, length)).collect()
}

/// Marks a cell that is in no group.
pub(crate) const NO_GROUP: usize = usize::MAX;

/// A group for each of the first so many cells that holds at least `least` values.
pub(crate) fn group_cells(cells: &[u64], first: usize, least: f64) -> Vec<usize> {
    let mut next = 0;
    let group = |(cell, count): (usize, &u64)| {
        let is_grouped = cell < first && *count as f64 >= least;
        next += usize::from(is_grouped);
        if is_grouped { next - 1 } else { NO_GROUP }
    };
    cells.iter().enumerate().map(group).collect()
}

pub(crate) fn sum_groups(cells: &[u64], group_of: &[usize]) -> Vec<u64> {
    let mut sums = vec![0; group_of.iter().filter(|group| **group != NO_GROUP).max().map_or(0, |last| last + 1)];
    for (count, &group) in cells.iter().zip(group_of) {
        if let Some(sum) = sums.get_mut(group) {
            *sum += count;
        }
    }
    sums
}

/// As [`sum_groups`], of shares: one sum for each of so many groups.
pub(crate) fn sum_shares(cells: &[f64], group_of: &[usize], groups: usize) -> Vec<f64> {
    let mut sums = vec![0.0; groups];
    for (share, &group) in cells.iter().zip(group_of) {
        if let Some(sum) = sums.get_mut(group) {
            *sum += share;
        }
    }
    sums
}

/// Shares of groups; groups without a baseline value cannot be in the space, and there is at most one: none.
pub(crate) fn shares(groups: &[u64], total: f64) -> Option<Vec<f64>> {
    let held: Vec<f64> = groups.iter().map(|&count| count as f64 / total).collect();
    (total > 0.0 && held.iter().all(|share| *share > 0.0)).then_some(held)
}

/// The normal score of each group: the standard normal quantile at the middle of its ranks.
pub(crate) fn normal_scores(shares: &[f64]) -> Vec<f64> {
    let mut below = 0.0;
    shares
        .iter()
        .map(|share| {
            let middle = below + share / 2.0;
            below += share;
            normal::quantile(middle.clamp(1e-9, 1.0 - 1e-9)).unwrap_or(0.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_hold_about_as_much_as_aimed_at_and_none_holds_too_little() {
        assert_eq!(group_runs(&[5, 5, 5, 5, 30, 5, 5], 10.0, 4.0), [0, 0, 1, 1, 2, 3, 3]);
        assert_eq!(group_runs(&[0, 10, 10, 1, 0], 10.0, 4.0), [0, 0, 1, 1, 1], "the end of a tail joins its neighbour");
        assert_eq!(group_runs(&[2, 30, 2, 30], 10.0, 4.0), [0, 0, 0, 1], "and so does what lies between two values that repeat");
        assert_eq!(group_runs(&[3], 10.0, 4.0), [0]);
    }

    #[test]
    fn cells_that_hold_enough_have_groups() {
        assert_eq!(group_cells(&[50, 4, 30, 90], 3, 10.0), [0, NO_GROUP, 1, NO_GROUP]);
        assert_eq!(group_cells(&[], 3, 10.0), [0; 0]);
    }
}
