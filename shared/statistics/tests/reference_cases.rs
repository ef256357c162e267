//! Every statistic of the shared reference cases, computed from their raw rows and compared in exact mode.
//!
//! The cases lie beside the repository; without them the test says so and passes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod cases;

use std::collections::BTreeMap;

use cases::{Case, FeatureKind, categorical_side, numeric_side};
use serde_json::Value;
use tidegate_statistics::correction;
use tidegate_statistics::moments;
use tidegate_statistics::raw::{Binning, NumericSide, Statistics};

/// Names that stand for p-values, which are compared by ratio (those of the cases' own comparison program).
const P_NAMES: [&str; 8] = ["p_auto", "p_asymp", "p_kolmogorov_limit", "p_stephens", ".p", "z_p", "fisher_p", "exact_p"];

/// Whether `actual` answers `expected`, in exact mode: within 1e-9, p-values within 1e-6 relative (Kolmogorov-Smirnov 1e-4).
fn agrees(name: &str, expected: Option<f64>, actual: Option<f64>) -> bool {
    let (expected, actual) = match (expected, actual) {
        (None, None) => return true,
        (Some(expected), Some(actual)) => (expected, actual),
        _ => return false,
    };
    if P_NAMES.iter().any(|ending| name.ends_with(ending)) {
        let tolerance = if matches!(name, "ks.p_auto" | "ks.p_asymp") { 1e-4 } else { 1e-6 };
        return (actual - expected).abs() <= 1e-9 || (expected > 1e-300 && actual > 0.0 && (actual / expected - 1.0).abs() <= tolerance);
    }
    (actual - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

/// What was compared, by statistic, and what was wrong.
#[derive(Default)]
struct Comparison {
    compared: BTreeMap<String, u64>,
    unsupported: BTreeMap<String, u64>,
    wrong: Vec<String>,
}

impl Comparison {
    fn value(&mut self, place: &str, name: &str, expected: Option<f64>, actual: Option<f64>) {
        *self.compared.entry(name.to_owned()).or_default() += 1;
        if !agrees(name, expected, actual) {
            self.wrong.push(format!("{place}/{name}: expected {expected:?}, found {actual:?}"));
        }
    }

    fn statistics(&mut self, place: &str, expected: &Value, actual: &Statistics) {
        for (name, value) in expected["stats"].as_object().unwrap() {
            match actual.get(name) {
                Some(answer) => self.value(place, name, value.as_f64(), *answer),
                None => *self.unsupported.entry(name.clone()).or_default() += 1,
            }
        }
    }

    fn binnings(&mut self, place: &str, expected: &Value, baseline: &NumericSide, current: &NumericSide) {
        for binning in Binning::ALL {
            let wanted = &expected["binnings"][binning.name()];
            let Some(edges) = wanted["interior_edges"].as_array() else { continue };
            *self.compared.entry(format!("binnings.{}", binning.name())).or_default() += 1;
            let binned = binning.count(baseline.values(), current.values()).unwrap();
            let edges: Vec<f64> = edges.iter().map(|edge| edge.as_f64().unwrap()).collect();
            let counts = |side: &str| wanted[side].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect::<Vec<u64>>();
            if binned.edges != edges || binned.baseline != counts("reference_counts") || binned.current != counts("current_counts") {
                self.wrong.push(format!("{place}/{}: expected {wanted}, found {binned:?}", binning.name()));
            }
        }
    }

    fn moments(&mut self, place: &str, expected: &Value, sorted: &[f64]) {
        if sorted.is_empty() {
            return;
        }
        let own = [
            ("mean", moments::mean(sorted)),
            ("std_pop", moments::standard_deviation_population(sorted)),
            ("std_sample", moments::standard_deviation_sample(sorted)),
        ];
        for (name, actual) in own {
            self.value(place, name, expected[name].as_f64(), actual);
        }
        for (name, quantile) in [
            ("quantiles_type7_linear", moments::quantile_type7 as fn(&[f64], f64) -> Option<f64>),
            ("quantiles_type1_inverted_cdf", moments::quantile_type1),
        ] {
            for (q, value) in expected[name].as_object().unwrap() {
                self.value(&format!("{place}/{q}"), name, value.as_f64(), quantile(sorted, q.parse().unwrap()));
            }
        }
    }

    fn multiple_testing(&mut self, case: &Case) {
        let Some(results) = case.expected["multiple_testing"]["results"].as_object() else { return };
        let p: Vec<f64> = results.values().map(|result| result["p"].as_f64().unwrap()).collect();
        for (name, correct) in [
            ("bh_adj", correction::benjamini_hochberg as fn(&[f64]) -> Vec<f64>),
            ("bonferroni_adj", correction::bonferroni),
            ("holm_adj", correction::holm),
            ("by_adj", correction::benjamini_yekutieli),
        ] {
            for ((feature, result), actual) in results.iter().zip(correct(&p)) {
                self.value(&format!("{}/{feature}", case.name), name, result[name].as_f64(), Some(actual));
            }
        }
    }

    fn case(&mut self, case: &Case) {
        let (baseline_rows, current_rows) = (case.rows("reference"), case.rows("current"));
        for (feature, kind) in case.features() {
            let place = format!("{}/{feature}", case.name);
            let expected = &case.expected["features"][&feature];
            match kind {
                FeatureKind::Numeric => {
                    let (baseline, current) = (numeric_side(&baseline_rows, &feature), numeric_side(&current_rows, &feature));
                    self.statistics(&place, expected, &baseline.compare(&current));
                    self.binnings(&place, expected, &baseline, &current);
                    self.moments(&place, &expected["moments"]["reference"], baseline.values());
                    self.moments(&place, &expected["moments"]["current"], current.values());
                }
                FeatureKind::Categorical => {
                    let (baseline, current) = (categorical_side(&baseline_rows, &feature), categorical_side(&current_rows, &feature));
                    self.statistics(&place, expected, &baseline.compare(&current));
                }
            }
        }
        self.multiple_testing(case);
    }
}

#[test]
fn every_statistic_of_every_case_is_met() {
    let Some(cases) = Case::all() else {
        println!("skipped: no reference cases beside the repository (../shared/cases)");
        return;
    };
    let mut comparison = Comparison::default();
    for case in &cases {
        comparison.case(case);
    }
    for (name, count) in &comparison.compared {
        println!("{name}: {count} compared");
    }
    for (name, count) in &comparison.unsupported {
        println!("{name}: {count} not supported");
    }
    let total: u64 = comparison.compared.values().sum();
    println!("{} cases, {total} values compared, {} wrong", cases.len(), comparison.wrong.len());
    assert!(total > 0, "{} cases held nothing to compare", cases.len());
    assert!(comparison.wrong.is_empty(), "{} values differ:\n{}", comparison.wrong.len(), comparison.wrong.join("\n"));
}
