//! What must hold for any counts, any values and any p-values.

use proptest::prelude::*;
use tidegate_statistics::correction::{benjamini_hochberg, benjamini_yekutieli, bonferroni, holm};
use tidegate_statistics::distance::{
    Base, cohens_w, cramers_v, hellinger, jensen_shannon_distance, kolmogorov_smirnov_cells, kullback_leibler, l_infinity, psi_floored,
    psi_jeffreys, total_variation, wasserstein_cells,
};
use tidegate_statistics::interval::{newcombe_difference, wilson};
use tidegate_statistics::kolmogorov_smirnov::TwoSample;
use tidegate_statistics::raw::{Binning, CategoricalSide, NumericSide};
use tidegate_statistics::test::{
    ChiSquared, binomial_upper_tail, chi_squared_homogeneity, fisher_exact, g_test, poisson_upper_tail, two_proportion_z, yates,
};
use tidegate_statistics::{chi_squared, normal, student_t};

type Distance = fn(&[u64], &[u64]) -> Option<f64>;
type TableTest = fn(&[u64], &[u64]) -> Option<ChiSquared>;
type Correction = fn(&[f64]) -> Vec<f64>;

fn jensen_shannon(baseline: &[u64], current: &[u64]) -> Option<f64> {
    jensen_shannon_distance(baseline, current, Base::Two)
}

/// Symmetric distances that never exceed one.
const METRICS: [Distance; 6] = [jensen_shannon, hellinger, total_variation, l_infinity, kolmogorov_smirnov_cells, cramers_v];

/// Distances that do not care about the order of the cells.
const UNORDERED: [Distance; 9] =
    [jensen_shannon, hellinger, total_variation, l_infinity, cramers_v, cohens_w, psi_jeffreys, psi_floored, kullback_leibler];

const TESTS: [TableTest; 3] = [chi_squared_homogeneity, g_test, yates];

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// Both sides' counts over the same cells, often empty ones, sometimes a side without any.
fn cells() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let count = prop_oneof![2 => Just(0_u64), 4 => 0..20_u64, 2 => 0..1_000_000_u64];
    prop::collection::vec((count.clone(), count), 1..40)
}

fn sides(cells: &[(u64, u64)]) -> (Vec<u64>, Vec<u64>) {
    cells.iter().copied().unzip()
}

/// Values with ties, signs, wide scales.
fn values(least: usize) -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![(-5..5_i32).prop_map(f64::from), -1.0..1.0_f64, -1e12..1e12_f64];
    prop::collection::vec(value, least..60)
}

fn probability() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..=1.0_f64, Just(0.0), Just(1.0), (-300.0..0.0_f64).prop_map(|exponent| 10_f64.powf(exponent))]
}

proptest! {
    #[test]
    fn distances_are_undefined_without_counts_and_bounded_with_them(cells in cells()) {
        let (baseline, current) = sides(&cells);
        let defined = baseline.iter().sum::<u64>() > 0 && current.iter().sum::<u64>() > 0;
        for distance in UNORDERED.into_iter().chain(METRICS) {
            let value = distance(&baseline, &current);
            prop_assert_eq!(value.is_some(), defined);
            prop_assert!(value.is_none_or(|value| value >= 0.0 && value.is_finite()));
        }
        for metric in METRICS {
            prop_assert!(metric(&baseline, &current).is_none_or(|value| value <= 1.0));
        }
    }

    #[test]
    fn metrics_are_symmetric_and_zero_for_equal_shares(cells in cells(), factor in 1..50_u64) {
        let (baseline, current) = sides(&cells);
        let scaled: Vec<u64> = baseline.iter().map(|count| count * factor).collect();
        for metric in METRICS.into_iter().chain([psi_jeffreys as Distance, psi_floored, cohens_w]) {
            match (metric(&baseline, &current), metric(&current, &baseline)) {
                (Some(there), Some(back)) => prop_assert!(close(there, back), "{there} and {back}"),
                (there, back) => prop_assert_eq!(there, back),
            }
        }
        for metric in METRICS {
            prop_assert!(metric(&baseline, &scaled).is_none_or(|value| value < 1e-7));
        }
    }

    #[test]
    fn the_order_of_unordered_cells_does_not_matter(cells in cells(), seed in 0..1000_usize) {
        let (baseline, current) = sides(&cells);
        let mut turned = cells.clone();
        turned.rotate_left(seed % cells.len());
        turned.reverse();
        let (turned_baseline, turned_current) = sides(&turned);
        for distance in UNORDERED {
            match (distance(&baseline, &current), distance(&turned_baseline, &turned_current)) {
                (Some(value), Some(turned)) => prop_assert!(close(value, turned), "{value} and {turned}"),
                (value, turned) => prop_assert_eq!(value, turned),
            }
        }
    }

    #[test]
    fn known_inequalities_between_distances_hold(cells in cells()) {
        let (baseline, current) = sides(&cells);
        let Some(variation) = total_variation(&baseline, &current) else { return Ok(()) };
        let hellinger = hellinger(&baseline, &current).unwrap();
        let divergence = jensen_shannon(&baseline, &current).unwrap().powi(2);
        prop_assert!(hellinger.powi(2) <= variation + 1e-12);
        prop_assert!(variation <= hellinger * 2_f64.sqrt() + 1e-12);
        prop_assert!(divergence <= variation + 1e-12);
        prop_assert!(kolmogorov_smirnov_cells(&baseline, &current).unwrap() <= variation + 1e-12);
        prop_assert!(l_infinity(&baseline, &current).unwrap() <= variation + 1e-12);
    }

    #[test]
    fn an_empty_cell_more_changes_nothing_but_priors(cells in cells()) {
        let (mut baseline, mut current) = sides(&cells);
        let all = METRICS.into_iter().chain([psi_floored as Distance, cohens_w]);
        let before: Vec<Option<f64>> = all.clone().map(|distance| distance(&baseline, &current)).collect();
        baseline.push(0);
        current.push(0);
        let after: Vec<Option<f64>> = all.map(|distance| distance(&baseline, &current)).collect();
        prop_assert_eq!(before, after);
    }

    #[test]
    fn tests_on_tables_give_probabilities_or_nothing(cells in cells()) {
        let (baseline, current) = sides(&cells);
        for test in TESTS {
            if let Some(result) = test(&baseline, &current) {
                prop_assert!((0.0..=1.0).contains(&result.p) && result.statistic >= 0.0, "{result:?}");
                prop_assert!(result.min_expected > 0.0);
            }
        }
        let plain = chi_squared_homogeneity(&baseline, &current);
        let corrected = yates(&baseline, &current);
        prop_assert!(plain.zip(corrected).is_none_or(|(plain, corrected)| corrected.p >= plain.p));
    }

    #[test]
    fn two_proportions_agree_with_the_table_of_two_columns(a in 0..500_u64, b in 0..500_u64, c in 0..500_u64, d in 0..500_u64) {
        let z = two_proportion_z(a, a + b, c, c + d);
        let table = chi_squared_homogeneity(&[a, b], &[c, d]);
        prop_assert_eq!(z.is_some(), table.is_some());
        if let (Some(z), Some(table)) = (z, table) {
            prop_assert!(close(z.z.powi(2), table.statistic), "{z:?} and {table:?}");
            prop_assert!((z.p - table.p).abs() < 1e-9);
        }
        if let Some(p) = fisher_exact(a, a + b, c, c + d) {
            prop_assert!((0.0..=1.0).contains(&p) && p > 0.0);
            prop_assert!(close(p, fisher_exact(c, c + d, a, a + b).unwrap()));
        }
    }

    #[test]
    fn tails_of_events_fall_with_the_number_of_events(events in 0..2_000_u64, more in 1..50_u64, rate in 0.0..=1.0_f64) {
        let rows = 3_000;
        let expected = rate * 3_000.0;
        prop_assert!(poisson_upper_tail(events + more, expected) <= poisson_upper_tail(events, expected));
        prop_assert!(binomial_upper_tail(events + more, rows, rate) <= binomial_upper_tail(events, rows, rate));
    }

    #[test]
    fn tails_of_distributions_are_probabilities_that_fall(x in 0.0..1e6_f64, step in 0.0..1e6_f64, dof in 0.1..1e9_f64) {
        prop_assert!(normal::sf(x + step) <= normal::sf(x));
        let tails = [chi_squared::sf(x, dof), chi_squared::sf(x + step, dof), student_t::two_sided_p(x, dof), student_t::two_sided_p(-x - step, dof)];
        prop_assert!(tails.iter().all(|tail| tail.is_some_and(|tail| (0.0..=1.0).contains(&tail))), "{tails:?}");
        prop_assert!(tails[1].unwrap() <= tails[0].unwrap() + 1e-9);
        prop_assert!(tails[3].unwrap() <= tails[2].unwrap() + 1e-9);
    }

    #[test]
    fn corrections_keep_order_and_bounds(p in prop::collection::vec(probability(), 0..40)) {
        let corrections: [Correction; 4] = [benjamini_hochberg, benjamini_yekutieli, bonferroni, holm];
        for correct in corrections {
            let adjusted = correct(&p);
            prop_assert_eq!(adjusted.len(), p.len());
            for (i, a) in p.iter().enumerate() {
                prop_assert!(adjusted[i] >= a * (1.0 - 1e-12) && adjusted[i] <= 1.0);
                prop_assert!(p.iter().enumerate().all(|(j, b)| a > b || adjusted[i] <= adjusted[j]));
            }
        }
        let (hochberg, yekutieli, strict, stepped) = (benjamini_hochberg(&p), benjamini_yekutieli(&p), bonferroni(&p), holm(&p));
        for i in 0..p.len() {
            prop_assert!(hochberg[i] <= yekutieli[i] * (1.0 + 1e-12));
            prop_assert!(hochberg[i] <= stepped[i] * (1.0 + 1e-12) && stepped[i] <= strict[i] * (1.0 + 1e-12));
        }
    }

    #[test]
    fn intervals_hold_their_estimate(hits in 0..1_000_u64, misses in 0..1_000_u64, other_hits in 0..1_000_u64, other_misses in 0..1_000_u64, confidence in 0.01..0.999_f64) {
        let (rows, other_rows) = (hits + misses, other_hits + other_misses);
        if let Some(interval) = wilson(hits, rows, confidence) {
            let share = hits as f64 / rows as f64;
            prop_assert!(0.0 <= interval.low && interval.low <= share + 1e-12 && share <= interval.high + 1e-12 && interval.high <= 1.0);
        }
        if let Some(interval) = newcombe_difference(hits, rows, other_hits, other_rows, confidence) {
            let difference = other_hits as f64 / other_rows as f64 - hits as f64 / rows as f64;
            prop_assert!(-1.0 <= interval.low && interval.high <= 1.0);
            prop_assert!(interval.low <= difference + 1e-12 && difference <= interval.high + 1e-12);
        }
    }

    #[test]
    fn kolmogorov_smirnov_is_symmetric_and_never_below_its_cells(baseline in values(1), current in values(1)) {
        let (baseline, current) = (NumericSide::new(0, 0, baseline), NumericSide::new(0, 0, current));
        let there = TwoSample::of_sorted(baseline.values(), current.values()).unwrap();
        let back = TwoSample::of_sorted(current.values(), baseline.values()).unwrap();
        prop_assert_eq!(there.distance().to_bits(), back.distance().to_bits());
        prop_assert_eq!(there.p_exact().to_bits(), back.p_exact().to_bits());
        for p in [Some(there.p_exact()), there.p_auto(), there.p_limit(), there.p_stephens()] {
            prop_assert!(p.is_some_and(|p| (0.0..=1.0).contains(&p)));
        }
        for binning in Binning::ALL {
            let binned = binning.count(baseline.values(), current.values()).unwrap();
            prop_assert!(binned.edges.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(binned.baseline.iter().sum::<u64>(), baseline.values().len() as u64);
            prop_assert_eq!(binned.current.iter().sum::<u64>(), current.values().len() as u64);
            prop_assert!(kolmogorov_smirnov_cells(&binned.baseline, &binned.current).unwrap() <= there.distance() + 1e-12);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(baseline in values(0), current in values(0), turn in 0..60_usize) {
        let statistics = NumericSide::new(70, 3, baseline.clone()).compare(&NumericSide::new(80, 9, current.clone()));
        let turned = |mut values: Vec<f64>| { let turn = turn.min(values.len()); values.rotate_left(turn); values.reverse(); values };
        let again = NumericSide::new(70, 3, turned(baseline)).compare(&NumericSide::new(80, 9, turned(current)));
        prop_assert_eq!(&statistics, &again);
        prop_assert!(statistics.values().flatten().all(|value| value.is_finite()), "{statistics:?}");
    }

    #[test]
    fn shifting_every_value_moves_the_earth_by_the_shift(baseline in values(1), shift in -100..100_i32) {
        let moved: Vec<f64> = baseline.iter().map(|value| value + f64::from(shift)).collect();
        let statistics = NumericSide::new(1, 0, baseline).compare(&NumericSide::new(1, 0, moved));
        prop_assert!((statistics["w1"].unwrap() - f64::from(shift.abs())).abs() < 0.01, "{:?}", statistics["w1"]);
    }

    #[test]
    fn cells_of_one_value_each_move_the_earth_as_values_do(cells in prop::collection::vec((0..9_u64, 0..9_u64), 1..12)) {
        let (baseline, current) = sides(&cells);
        let at: Vec<f64> = (0_i32..).map(|cell| 0.5 * f64::from(cell)).take(cells.len()).collect();
        let spread = |counts: &[u64]| counts.iter().zip(&at).flat_map(|(&count, &value)| (0..count).map(move |_| value)).collect::<Vec<f64>>();
        let exact = NumericSide::new(0, 0, spread(&baseline)).compare(&NumericSide::new(0, 0, spread(&current)))["w1"];
        match (wasserstein_cells(&baseline, &current, &at), exact) {
            (Some(cells), Some(exact)) => prop_assert!(close(cells, exact)),
            (cells, exact) => prop_assert_eq!(cells, exact),
        }
    }

    #[test]
    fn categories_may_be_named_anything(baseline in prop::collection::btree_map(".{0,3}", 0..50_u64, 0..80), current in prop::collection::btree_map(".{0,3}", 0..50_u64, 0..80)) {
        let statistics = CategoricalSide::new(5_000, 0, baseline).compare(&CategoricalSide::new(5_000, 0, current));
        prop_assert!(statistics.values().flatten().all(|value| value.is_finite()), "{statistics:?}");
    }
}
