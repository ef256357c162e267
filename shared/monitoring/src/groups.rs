//! Groups of cells, coarse enough that each holds values, and their scores.

use tidegate_statistics::normal;

/// Joins neighbouring cells into runs of at least `least` baseline values; a cell that alone holds as much stays alone.
pub(crate) fn group_runs(cells: &[u64], least: f64) -> Vec<usize> {
    let mut groups = Vec::with_capacity(cells.len());
    let (mut group, mut held) = (0, 0.0);
    for &count in cells {
        if held > 0.0 && (held >= least || count as f64 >= least) {
            group += 1;
            held = 0.0;
        }
        groups.push(group);
        held += count as f64;
    }
    // What lies beyond the last baseline value belongs to the last group that holds any.
    if held <= 0.0 && group > 0 {
        for last in groups.iter_mut().filter(|last| **last == group) {
            *last -= 1;
        }
    }
    groups
}

/// Marks a cell that is in no group.
pub(crate) const NO_GROUP: usize = usize::MAX;

/// A group for each value that occurs at least `least` times, one for all rarer ones together (or, when even together
/// they are rare, with the rarest of the others). Values that the baseline never showed are in no group: they have a
/// test of their own.
pub(crate) fn group_names(cells: &[u64], least: f64) -> Vec<usize> {
    let kept = cells.iter().filter(|&&count| count as f64 >= least).count();
    let rare: u64 = cells.iter().filter(|&&count| (count as f64) < least).sum();
    let rare_group = if rare as f64 >= least { kept } else { kept.saturating_sub(1) };
    let mut next = 0;
    let mut group = |count: u64| {
        if count == 0 {
            NO_GROUP
        } else if (count as f64) < least {
            rare_group
        } else {
            next += 1;
            next - 1
        }
    };
    cells.iter().map(|&count| group(count)).collect()
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
