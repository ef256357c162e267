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
