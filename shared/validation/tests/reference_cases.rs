//! Every metric, paired test and fairness measure of the shared reference cases, computed from their raw rows: scikit-learn's, SciPy's,
//! statsmodels' and Fairlearn's values.
//!
//! The cases lie beside the repository; without them the test says so and passes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tidegate_contract::{Contract, FairnessMetric, Metric, Task};
use tidegate_statistics::auc::{Auc, AucDifference};
use tidegate_statistics::bootstrap::Plan;
use tidegate_statistics::test::Discordance;
use tidegate_validation::comparison::compare;
use tidegate_validation::fairness::Groups;
use tidegate_validation::metrics::{self, Confusion, calibration};
use tidegate_validation::{
    Column, Contender, Evaluation, Facts, Finding, GateInput, GateReport, Labels, Outcome, Outcomes, Reading, Table, gate, seed_of,
};

fn case(name: &str) -> Option<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases").join(name);
    let Ok(expected) = std::fs::read_to_string(folder.join("expected.json")) else {
        eprintln!("skipped: no reference cases at {}", folder.display());
        return None;
    };
    Some((folder, serde_json::from_str(&expected).unwrap()))
}

fn rows(folder: &Path, side: &str) -> Vec<Value> {
    let plain = folder.join(format!("{side}.jsonl"));
    let text = std::fs::read_to_string(&plain).unwrap_or_else(|_| {
        let mut text = String::new();
        let file = std::fs::File::open(folder.join(format!("{side}.jsonl.gz"))).unwrap();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        text
    });
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(rows: &[Value], column: &str) -> Vec<f64> {
    rows.iter().map(|row| row[column].as_f64().unwrap()).collect()
}

fn table(rows: &[Value]) -> Table {
    Table { ids: rows.iter().map(|row| format!("{}{}", row["sub"].as_str().unwrap_or_default(), row["id"])).collect(), ..Table::default() }
}

fn scored(rows: &[Value], column: &str, task: Task) -> Evaluation {
    let table = Table {
        actual: Some(Column::Numbers(numbers(rows, "y_true"))),
        score: Some(numbers(rows, column)),
        groups: rows
            .iter()
            .map(|row| row["group"].as_str())
            .next()
            .flatten()
            .map_or_else(Vec::new, |_| vec![("group".to_owned(), rows.iter().map(|row| row["group"].as_str()).collect::<Labels>())]),
        ..table(rows)
    };
    table.read(&Reading::new(task)).unwrap()
}

/// Rows by their `sub` column.
fn by_sub(rows: Vec<Value>) -> BTreeMap<String, Vec<Value>> {
    let mut subs: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in rows {
        subs.entry(row["sub"].as_str().unwrap().to_owned()).or_default().push(row);
    }
    subs
}

/// What was compared and what was wrong.
#[derive(Default)]
struct Comparison {
    compared: usize,
    wrong: Vec<String>,
}

impl Comparison {
    fn value(&mut self, place: &str, expected: &Value, actual: Option<f64>) {
        self.near(place, expected, actual, 1e-9);
    }

    /// A p-value: within 1e-9, or a millionth of itself.
    fn p(&mut self, place: &str, expected: &Value, actual: Option<f64>) {
        let tolerance = expected.as_f64().map_or(0.0, |p| (p * 1e-6).max(1e-9));
        self.near(place, expected, actual, tolerance);
    }

    fn near(&mut self, place: &str, expected: &Value, actual: Option<f64>, tolerance: f64) {
        self.compared += 1;
        let agrees = match (expected.as_f64(), actual) {
            (Some(expected), Some(actual)) => (actual - expected).abs() <= tolerance * expected.abs().max(1.0),
            (None, None) => expected.is_null(),
            _ => false,
        };
        if !agrees {
            self.wrong.push(format!("{place}: expected {expected}, found {actual:?}"));
        }
    }

    fn finish(self, at_least: usize) {
        assert!(self.wrong.is_empty(), "{} of {} are wrong:\n{}", self.wrong.len(), self.compared, self.wrong.join("\n"));
        assert!(self.compared >= at_least, "only {} values were compared", self.compared);
    }
}

fn metric(evaluation: &Evaluation, metric: Metric) -> Option<f64> {
    metrics::value(evaluation.outcomes(), metric).ok()
}

#[test]
fn binary_metrics_are_scikit_learns() {
    let Some((folder, expected)) = case("mq_breast_cancer") else { return };
    let mut comparison = Comparison::default();
    for side in ["reference", "current"] {
        let rows = rows(&folder, side);
        for (model, column) in [("champion", "score"), ("challenger", "score_b")] {
            let expected = &expected["model"][side][model];
            let evaluation = scored(&rows, column, Task::Binary);
            for (name, of) in [
                ("roc_auc", Metric::RocAuc),
                ("average_precision", Metric::AveragePrecision),
                ("log_loss", Metric::LogLoss),
                ("brier", Metric::Brier),
                ("accuracy", Metric::Accuracy),
                ("balanced_accuracy", Metric::BalancedAccuracy),
                ("precision", Metric::Precision),
                ("recall", Metric::Recall),
                ("f1", Metric::F1),
                ("mcc", Metric::Mcc),
                ("ece_width10", Metric::Ece),
            ] {
                comparison.value(&format!("{side}/{model}/{name}"), &expected[name], metric(&evaluation, of));
            }
            let confusion = Confusion::of(evaluation.outcomes()).unwrap();
            for (name, actual, predicted) in [("tp", 1, 1), ("fn", 1, 0), ("fp", 0, 1), ("tn", 0, 0)] {
                comparison.value(&format!("{side}/{model}/{name}"), &expected[name], Some(confusion.rows(actual, predicted) as f64));
            }
            let bins = calibration(evaluation.outcomes()).unwrap();
            let reliability = expected["reliability_width10"].as_array().unwrap();
            assert_eq!(bins.len(), reliability.len());
            for (bin, expected) in bins.iter().zip(reliability) {
                comparison.value("reliability/mean_p", &expected["mean_p"], Some(bin.mean_score));
                comparison.value("reliability/frac_pos", &expected["frac_pos"], Some(bin.share_positive));
            }
        }
    }
    comparison.finish(60);
}

#[test]
fn multiclass_metrics_are_scikit_learns() {
    let Some((folder, expected)) = case("mq_multiclass_digits") else { return };
    let mut comparison = Comparison::default();
    for side in ["reference", "current"] {
        let expected = &expected["model"][side];
        let rows = rows(&folder, side);
        let text = |column: &str| Some(Column::Labels(rows.iter().map(|row| row[column].as_str()).collect()));
        let table = Table {
            actual: text("y_true"),
            prediction: text("pred"),
            probabilities: (0..10).map(|class| (class.to_string(), numbers(&rows, &format!("p{class}")))).collect(),
            ..table(&rows)
        };
        let evaluation = table.read(&Reading::new(Task::Multiclass)).unwrap();
        for (name, of) in [
            ("accuracy", Metric::Accuracy),
            ("log_loss_renormalised", Metric::LogLoss),
            ("precision_macro", Metric::PrecisionMacro),
            ("recall_macro", Metric::RecallMacro),
            ("recall_macro", Metric::BalancedAccuracy),
            ("f1_macro", Metric::F1Macro),
            ("precision_micro", Metric::PrecisionMicro),
            ("recall_micro", Metric::RecallMicro),
            ("f1_micro", Metric::F1Micro),
            ("precision_weighted", Metric::PrecisionWeighted),
            ("recall_weighted", Metric::RecallWeighted),
            ("f1_weighted", Metric::F1Weighted),
            ("roc_auc_ovr_macro", Metric::RocAucOvr),
            ("ece_top_label_width10", Metric::Ece),
        ] {
            comparison.value(&format!("{side}/{name}"), &expected[name], metric(&evaluation, of));
        }
        let confusion = Confusion::of(evaluation.outcomes()).unwrap();
        for (actual, row) in expected["confusion"].as_array().unwrap().iter().enumerate() {
            for (predicted, count) in row.as_array().unwrap().iter().enumerate() {
                assert_eq!(count.as_u64(), Some(confusion.rows(actual, predicted)), "{side}: {actual} as {predicted}");
            }
        }
    }
    comparison.finish(28);
}

#[test]
fn regression_metrics_are_scikit_learns() {
    let Some((folder, expected)) = case("reg_diabetes") else { return };
    let mut comparison = Comparison::default();
    for side in ["reference", "current"] {
        let rows = rows(&folder, side);
        for (model, column) in [("champion", "score"), ("challenger", "score_b")] {
            let evaluation = scored(&rows, column, Task::Regression);
            for (name, of) in [
                ("rmse", Metric::Rmse),
                ("mse", Metric::Mse),
                ("mae", Metric::Mae),
                ("median_ae", Metric::MedianAe),
                ("mape_nonzero_targets", Metric::Mape),
                ("r2_raw", Metric::R2),
                ("bias_mean_error", Metric::Bias),
            ] {
                comparison.value(&format!("{side}/{model}/{name}"), &expected["model"][side][model][name], metric(&evaluation, of));
            }
        }
    }
    comparison.finish(28);
}

fn delong(comparison: &mut Comparison, place: &str, rows: &[Value], expected: &Value) {
    let positive: Vec<bool> = numbers(rows, "y_true").iter().map(|actual| *actual > 0.5).collect();
    let of = |column: &str| Auc::new(&positive, &numbers(rows, column));
    let (Some(champion), Some(challenger)) = (of("score"), of("score_b")) else {
        comparison.value(&format!("{place}/diff"), &expected["diff"], None);
        return;
    };
    let Some(difference) = AucDifference::new(&champion, &challenger, &positive) else {
        comparison.value(&format!("{place}/diff"), &expected["diff"], Some(champion.area() - challenger.area()));
        comparison.value(&format!("{place}/p"), &expected["p"], None);
        return;
    };
    let interval = difference.interval(0.95).unwrap();
    for (name, actual) in [
        ("auc_a", champion.area()),
        ("auc_b", challenger.area()),
        ("diff", difference.difference),
        ("var_a", champion.variance(&positive).unwrap()),
        ("var_b", challenger.variance(&positive).unwrap()),
        ("cov_ab", champion.covariance(&challenger, &positive).unwrap()),
        ("var_diff", difference.variance),
        ("z", difference.z(0.0)),
    ] {
        comparison.value(&format!("{place}/{name}"), &expected[name], Some(actual));
    }
    comparison.p(&format!("{place}/p"), &expected["p"], Some(difference.p()));
    comparison.value(&format!("{place}/low"), &expected["ci95"][0], Some(interval.low));
    comparison.value(&format!("{place}/high"), &expected["ci95"][1], Some(interval.high));
}

fn mcnemar(comparison: &mut Comparison, place: &str, rows: &[Value], expected: &Value) {
    let right = |row: &Value, column: &str| (row[column].as_f64().unwrap() >= 0.5) == (row["y_true"].as_f64().unwrap() > 0.5);
    let count = |champion: bool, challenger: bool| {
        rows.iter().filter(|row| right(row, "score") == champion && right(row, "score_b") == challenger).count() as u64
    };
    let (first, second) = (count(true, false), count(false, true));
    assert_eq!((Some(first), Some(second)), (expected["b_champion_only"].as_u64(), expected["c_challenger_only"].as_u64()), "{place}");
    let table = Discordance::new(first, second, rows.len() as u64).unwrap();
    comparison.p(&format!("{place}/exact_p"), &expected["exact_p"], Some(table.mcnemar_exact()));
    comparison.p(&format!("{place}/mid_p"), &expected["mid_p"], Some(table.mcnemar_mid_p()));
    for (continuous, statistic, p) in [(false, "chi2", "chi2_p"), (true, "chi2_cc", "chi2_cc_p")] {
        if let Some((value, tail)) = table.mcnemar_chi_squared(continuous) {
            comparison.value(&format!("{place}/{statistic}"), &expected[statistic], Some(value));
            comparison.p(&format!("{place}/{p}"), &expected[p], Some(tail));
        }
    }
}

#[test]
fn paired_tests_are_those_of_scipy_and_statsmodels() {
    let mut comparison = Comparison::default();
    for name in ["paired_delong_sizes", "paired_mcnemar_tables"] {
        let Some((folder, expected)) = case(name) else { return };
        for (sub, rows) in by_sub(rows(&folder, "reference")) {
            let expected = &expected["model"]["reference"][&sub];
            assert!(expected.is_object(), "{sub}");
            delong(&mut comparison, &format!("{name}/{sub}"), &rows, &expected["delong"]);
            if expected["mcnemar"].is_object() {
                mcnemar(&mut comparison, &format!("{name}/{sub}"), &rows, &expected["mcnemar"]);
            }
        }
    }
    let Some((folder, expected)) = case("mq_breast_cancer") else { return };
    for side in ["reference", "current"] {
        let rows = rows(&folder, side);
        let expected = &expected["model"][side]["paired"];
        delong(&mut comparison, side, &rows, &expected["delong"]);
        mcnemar(&mut comparison, side, &rows, &expected["mcnemar"]);
    }
    comparison.finish(200);
}

/// The interval of the improvement lies where 4,000 ordinary resamples put it, within four Monte-Carlo standard errors, or is a little
/// wider: it is the hull of the percentile and the normal interval.
#[test]
fn paired_bootstraps_have_the_spread_of_ordinary_ones() {
    let mut compared = 0;
    for (name, task, of) in [
        ("mq_breast_cancer", Task::Binary, &[("log_loss", Metric::LogLoss), ("brier", Metric::Brier)] as &[_]),
        ("reg_diabetes", Task::Regression, &[("rmse", Metric::Rmse), ("mae", Metric::Mae)]),
    ] {
        let Some((folder, expected)) = case(name) else { return };
        for side in ["reference", "current"] {
            let rows = rows(&folder, side);
            let [champion, challenger] = ["score", "score_b"].map(|column| scored(&rows, column, task));
            for (name, metric) in of {
                let expected = &expected["model"][side]["paired"]["paired_bootstrap_champion_minus_challenger"][name];
                let tolerance = expected["tolerance_endpoint"].as_f64().unwrap();
                let found = compare(challenger.outcomes(), champion.outcomes(), *metric, Plan::new(1)).unwrap();
                // Less is better of all four, so champion minus challenger is the improvement.
                assert!((found.improvement - expected["estimate"].as_f64().unwrap()).abs() < 1e-9, "{name}: {}", found.improvement);
                for (at, end) in [found.interval.low, found.interval.high].into_iter().enumerate() {
                    let wanted = expected["percentile_ci95"][at].as_f64().unwrap();
                    assert!((end - wanted).abs() <= tolerance, "{side} {name}: {end}, expected {wanted} ± {tolerance}");
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 16);
}

/// The reference tells Fairlearn's answer, 0, for a group without positive rows; ours leaves the group out.
#[test]
fn fairness_is_fairlearns_where_rates_are_defined() {
    let Some((folder, expected)) = case("fair_edge") else { return };
    let mut comparison = Comparison::default();
    for (sub, rows) in by_sub(rows(&folder, "reference")) {
        let expected = &expected["model"]["reference"][&sub];
        let evaluation = scored(&rows, "score", Task::Binary);
        let groups = Groups::new(evaluation.outcomes(), evaluation.group("group").unwrap(), 1).unwrap();
        for group in &groups.compared {
            let by_group = &expected["by_group"][&group.name];
            comparison.value(&format!("{sub}/{}/selection_rate", group.name), &by_group["selection_rate"], group.selection_rate());
            match group.true_positive_rate() {
                Some(rate) => comparison.value(&format!("{sub}/{}/tpr", group.name), &by_group["tpr"], Some(rate)),
                None => assert_eq!(by_group["positives"], 0, "{sub}"),
            }
        }
        let all_defined = groups.compared.iter().all(|group| group.positives > 0 && group.negatives > 0);
        for metric in FairnessMetric::ALL {
            let is_of_rates = !metric.name().starts_with("demographic_parity");
            // A single group has nothing to be unlike; Fairlearn calls that perfect.
            if groups.compared.len() >= 2 && (all_defined || !is_of_rates) {
                let found = groups.measure(metric, Plan::new(1)).ok().map(|found| found.value);
                comparison.value(&format!("{sub}/{}", metric.name()), &expected[metric.name()], found);
            }
        }
    }
    comparison.finish(25);
}

#[test]
fn intervals_hold_their_estimates_on_real_rows() {
    let Some((folder, _)) = case("mq_breast_cancer") else { return };
    let evaluation = scored(&rows(&folder, "current"), "score_b", Task::Binary);
    let Outcomes::Binary(_) = evaluation.outcomes() else { panic!("a binary task") };
    for (metric, measured) in metrics::measure_all(evaluation.outcomes(), Plan::new(3)) {
        let measured = measured.unwrap();
        let interval = measured.interval.unwrap();
        assert!(interval.low <= measured.value && measured.value <= interval.high, "{}: {measured:?}", metric.name());
    }
}

/// The challenger of a case against its champion, by this contract.
fn judged(contract: &str, rows: &[Value], task: Task) -> GateReport {
    let contract = Contract::parse(contract).unwrap();
    let [champion, challenger] = ["score", "score_b"].map(|column| scored(rows, column, task));
    let contender = |version, evaluation| Contender { version, digest: version, evaluation_digest: "case", evaluation };
    let facts = Facts { training_overlap: Some(0), ..Facts::default() };
    gate(&GateInput {
        contract: &contract,
        candidate: contender("challenger", &challenger),
        champion: Some(contender("champion", &champion)),
        facts,
        seed: seed_of("case"),
    })
}

fn said(report: &GateReport) -> Vec<&str> {
    report.rules.iter().map(|rule| rule.sentence.as_str()).collect()
}

#[test]
fn a_forest_replaces_a_regression_of_four_features_on_real_rows() {
    let Some((folder, _)) = case("mq_breast_cancer") else { return };
    let contract = "
model: tumour
task: binary
features: [{ name: radius, type: numeric }]
validation: { primary: accuracy, minimum: 0.9, minimum_rows: 150, limits: [{ metric: log_loss, maximum: 0.3 }, { metric: ece, maximum: 0.1 }] }
";
    let report = judged(contract, &rows(&folder, "reference"), Task::Binary);
    assert_eq!((report.outcome, report.finding), (Outcome::Pass, Finding::Better), "{:#?}", said(&report));
    assert_eq!(
        report.headline,
        "challenger may replace champion: it is better, and all 7 rules hold. Accuracy is 0.95 against the champion's 0.85: better by 0.10 (0.05 to 0.16) on the same 185 rows (McNemar's test, one-sided p below 0.001)."
    );
}

#[test]
fn neighbours_do_not_replace_a_ridge_regression_on_real_rows() {
    let Some((folder, _)) = case("reg_diabetes") else { return };
    let contract = "
model: progression
task: regression
features: [{ name: bmi, type: numeric }]
validation: { primary: rmse, maximum: 80, minimum_rows: 100 }
";
    for side in ["reference", "current"] {
        let report = judged(contract, &rows(&folder, side), Task::Regression);
        assert_eq!((report.outcome, report.finding), (Outcome::CannotTell, Finding::CannotTell), "{:#?}", said(&report));
        let says = &report.rules.iter().find(|rule| rule.name == "champion").unwrap().sentence;
        assert!(says.contains("so it may be better, or worse by more than 0."), "{says}");
        assert!(says.ends_with(" rows would tell."), "{says}");
    }
}
