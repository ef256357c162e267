//! Intervals hold the truth as often as they say.
#![expect(clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use tidegate_statistics::distance::{self, Base};
use tidegate_statistics::effect;
use tidegate_statistics::interval::Interval;

/// Evenly spread numbers in `0..1` that look random and are the same every time.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Counts of `rows` rows over cells with these shares.
    fn counts(&mut self, shares: &[f64], rows: u32) -> Vec<u64> {
        let mut counts = vec![0; shares.len()];
        for _ in 0..rows {
            let mut at = self.uniform();
            let cell = shares.iter().position(|share| {
                at -= share;
                at < 0.0
            });
            counts[cell.unwrap_or(shares.len() - 1)] += 1;
        }
        counts
    }
}

type Distance = fn(&[u64], &[u64]) -> Option<f64>;
type Effect = fn(&[u64], &[u64]) -> Option<Interval>;

const VALUES: [f64; 6] = [0.0, 1.0, 2.0, 3.0, 5.0, 9.0];

const INTERVALS: [(&str, Distance, Effect); 7] = [
    ("w", distance::cohens_w, |b, c| effect::cohens_w(b, c, 0.95)),
    ("PSI", distance::psi_floored, |b, c| effect::psi(b, c, 0.95)),
    ("Jensen-Shannon", |b, c| distance::jensen_shannon_distance(b, c, Base::Two), |b, c| effect::jensen_shannon(b, c, Base::Two, 0.95)),
    ("Hellinger", distance::hellinger, |b, c| effect::hellinger(b, c, 0.95)),
    ("total variation", distance::total_variation, |b, c| effect::total_variation(b, c, 0.95)),
    ("L∞", distance::l_infinity, |b, c| effect::l_infinity(b, c, 0.95)),
    ("Wasserstein", |b, c| distance::wasserstein_cells(b, c, &VALUES), |b, c| effect::wasserstein(b, c, &VALUES, 0.95)),
];

#[test]
fn intervals_hold_the_true_distance_from_no_change_to_a_large_one() {
    let before = [0.25, 0.2, 0.2, 0.15, 0.12, 0.08];
    for (strength, now) in
        [before, [0.26, 0.21, 0.2, 0.14, 0.12, 0.07], [0.3, 0.24, 0.2, 0.12, 0.09, 0.05], [0.1, 0.1, 0.15, 0.2, 0.2, 0.25]]
            .iter()
            .enumerate()
    {
        // Counts so large that they are the shares.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares of a milliard")]
        let exact = |shares: &[f64]| -> Vec<u64> { shares.iter().map(|share| (share * 1e9).round() as u64).collect() };
        let truth: Vec<f64> = INTERVALS.iter().map(|(_, of, _)| of(&exact(&before), &exact(now)).unwrap()).collect();
        let mut random = Random(strength as u64);
        let mut held = [0_u32; INTERVALS.len()];
        for _ in 0..400 {
            let (b, c) = (random.counts(&before, 800), random.counts(now, 500));
            for ((held, (_, _, effect)), truth) in held.iter_mut().zip(INTERVALS).zip(&truth) {
                let interval = effect(&b, &c).unwrap();
                *held += u32::from(interval.low <= truth + 1e-6 && *truth <= interval.high);
            }
        }
        for (held, (name, ..)) in held.iter().zip(INTERVALS) {
            // 95 % promised; three standard errors of 400 draws are 3 %.
            assert!(*held >= 367, "{name} at strength {strength}: {held} of 400");
        }
    }
}
