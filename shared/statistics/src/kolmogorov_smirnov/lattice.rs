//! The exact two-sample p-value, by counting lattice paths: an ordering of both samples is a path from (0, 0) to (m, n), and the
//! distance is how far it strays from the diagonal.

/// Share of the paths that stray at least `numerator / (m·n)` from the diagonal.
pub(super) fn p_value(m: u64, n: u64, numerator: u64) -> f64 {
    let divisor = greatest_common_divisor(m, n);
    let height = numerator / divisor;
    let p = match height {
        0 => 1.0,
        _ if m == n => outside_square(n, height),
        _ => outside(m.max(n), m.min(n), divisor, height),
    };
    p.clamp(0.0, 1.0)
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Equal sizes, by reflection: `2 Σₖ (−1)ᵏ⁻¹ C(2n, n−kh) / C(2n, n)`, nested so that no term overflows.
fn outside_square(n: u64, height: u64) -> f64 {
    let mut sum = 0.0;
    for reflection in (0..=n / height).rev() {
        let mut ratio = 1.0;
        for step in 0..height {
            let down = n.saturating_sub(reflection * height + step);
            ratio *= down as f64 / (n + reflection * height + step + 1) as f64;
        }
        sum = ratio * (1.0 - sum);
    }
    2.0 * sum
}

/// Different sizes `m > n`: the share of paths to `(i, j)` that strayed is a weighted mean of that at `(i−1, j)` and
/// `(i, j−1)`, and 1 outside the band. Column after column, only the part within the band; all terms are positive, so small
/// p-values keep their digits.
fn outside(m: u64, n: u64, divisor: u64, height: u64) -> f64 {
    let (m_step, n_step) = (m / divisor, n / divisor);
    let last = index(n);
    let mut first_row = 0_u64;
    let mut column = vec![1.0; last + 2];
    let mut kept_before = index(height.div_ceil(m_step).min(n + 1));
    if let Some(inside) = column.get_mut(..kept_before) {
        inside.fill(0.0);
    }
    let mut answer = 1.0;
    for i in 1..=m {
        let diagonal = n_step * i;
        let next_first = diagonal.checked_sub(height).map_or(0, |below| below / m_step + 1).min(n);
        let end = (diagonal + height).div_ceil(m_step).min(n + 1);
        if end <= next_first {
            return 1.0;
        }
        let shift = index(next_first - first_row);
        let mut value = if next_first == 0 { 0.0 } else { 1.0 };
        let kept = index(end - next_first);
        for slot in 0..kept {
            let j = (next_first + slot as u64) as f64;
            let left = column.get(slot + shift).copied().unwrap_or(1.0);
            value = (left * i as f64 + value * j) / (i as f64 + j);
            if let Some(place) = column.get_mut(slot) {
                *place = value;
            }
        }
        // What the window left behind lies outside the band.
        if let Some(left_behind) = column.get_mut(kept..kept_before) {
            left_behind.fill(1.0);
        }
        (first_row, kept_before) = (next_first, kept);
        answer = value;
    }
    answer
}

/// A row number as an index; rows are at most [`super::LARGEST_EXACT_SIDE`] or what fits memory.
fn index(row: u64) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_paths_meet_reference_values() {
        // scipy 1.17.1: ks_2samp(method="exact")
        for (m, n, numerator, expected) in [
            (5, 7, 12, 0.737_373_737_373_737_5),
            (7, 5, 12, 0.737_373_737_373_737_5),
            (10, 10, 40, 0.417_523_652_817_770_43),
            (100, 90, 1_500, 0.126_096_429_328_245_63),
            (1_000, 999, 99_900, 8.076_849_810_581_865e-5),
            (10_000, 9_999, 3_000_000, 0.000_239_199_571_912_506_9),
        ] {
            let p = p_value(m, n, numerator);
            assert!((p / expected - 1.0).abs() < 1e-12, "{m} against {n}, {numerator}: {p}");
        }
    }

    #[test]
    fn every_ordering_of_small_samples_is_counted() {
        // Brute force: walk all orderings of m + n distinct values and count those that stray far enough.
        fn stray(m: u64, n: u64, at: (u64, u64), worst: u64) -> Vec<u64> {
            let worst = worst.max((at.0 * n).abs_diff(at.1 * m));
            if at == (m, n) {
                return vec![worst];
            }
            let right = if at.0 < m { stray(m, n, (at.0 + 1, at.1), worst) } else { Vec::new() };
            let up = if at.1 < n { stray(m, n, (at.0, at.1 + 1), worst) } else { Vec::new() };
            [right, up].concat()
        }
        for (m, n) in [(1, 1), (3, 3), (4, 2), (2, 5), (5, 4), (6, 6), (6, 4)] {
            let all = stray(m, n, (0, 0), 0);
            for &numerator in &all {
                let share = all.iter().filter(|&&worst| worst >= numerator).count() as f64 / all.len() as f64;
                let p = p_value(m, n, numerator);
                assert!((p - share).abs() < 1e-14, "{m} against {n}, {numerator}: {p}, counted {share}");
            }
        }
    }
}
