//! The gate on whole candidates: what each rule comes to, what the report says, and that it says it in the same bytes.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod world;

use tidegate_contract::{Contract, Metric, Sensitivity, Task};
use tidegate_statistics::random::Random;
use tidegate_validation::{
    Column, Contender, Evaluation, Facts, Finding, GateInput, GateReport, Latency, Outcome, Reading, Table, gate, seed_of,
};
use world::{World, shuffled};

const SET: &str = "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de";

fn contract(validation: &str) -> Contract {
    Contract::parse(&format!(
        "model: flight-delay
task: binary
features:
  - {{ name: origin, type: categorical, protected: true }}
  - {{ name: carrier, type: categorical }}
segments: [carrier]
validation:
{validation}"
    ))
    .unwrap()
}

const PLAIN: &str = "  primary: roc_auc
  minimum: 0.70
  non_inferiority: 0.01
  limits: [{ metric: recall, minimum: 0.5 }, { metric: ece, maximum: 0.25 }]
  fairness: { metric: equalized_odds_difference, maximum: 0.25 }
  latency_p99_ms: 50
  artifact_bytes: 1000000
";

fn facts() -> Facts {
    Facts {
        training_overlap: Some(0),
        latency: Some(Latency { p50_ms: 2.0, p99_ms: 12.5, rows: 1_000 }),
        artifact_bytes: Some(81_920),
        ..Facts::default()
    }
}

fn contender<'a>(version: &'a str, evaluation: &'a Evaluation) -> Contender<'a> {
    Contender { version, digest: version, evaluation_digest: SET, evaluation }
}

fn judge(contract: &Contract, candidate: &Evaluation, champion: Option<&Evaluation>, facts: Facts) -> GateReport {
    gate(&GateInput {
        contract,
        candidate: contender("v8", candidate),
        champion: champion.map(|champion| contender("v7", champion)),
        facts,
        seed: seed_of(SET),
    })
}

fn sentence<'r>(report: &'r GateReport, rule: &str) -> (Outcome, &'r str) {
    let rule = report.rules.iter().find(|found| found.name == rule).expect("the rule applies");
    (rule.outcome, &rule.sentence)
}

#[test]
fn a_better_candidate_passes_and_the_report_says_why() {
    let world = World::new(1, 4_000);
    let report = judge(&contract(PLAIN), &world.model(1.6, 2), Some(&world.model(1.2, 3)), facts());
    let all: Vec<String> = report.rules.iter().map(|rule| format!("{:?} {}: {}", rule.outcome, rule.name, rule.sentence)).collect();
    assert_eq!((report.outcome, report.finding), (Outcome::Pass, Finding::Better), "{}", all.join("\n"));
    assert_eq!(
        all.join("\n") + "\n" + &report.headline,
        "\
Pass rows: The candidate is judged by 4,000 rows; at least 200 were asked.
Pass complete: The candidate has a prediction for every row that is asked about.
Pass training_overlap: No row of the evaluation set was in the training set.
Pass limit:roc_auc: ROC AUC is 0.867 (0.854–0.878) on 4,000 rows; at least 0.70 was asked.
Pass limit:recall: Recall is 0.702 (0.675–0.727) on 1,197 rows; at least 0.50 was asked.
Pass limit:ece: Expected calibration error is 0.062 (0.051–0.073) on 4,000 rows; at most 0.25 was asked.
Pass champion: ROC AUC is 0.867 against the champion's 0.800: better by 0.066 (0.052 to 0.081) on the same 4,000 rows (DeLong's test, one-sided p below 0.001).
Pass segments:carrier: In none of 6 values of carrier is ROC AUC shown to be worse by more than its margin. The least improvement is that of \"C4\", 0.044 (0.005 to 0.083).
Pass fairness:origin:equalized_odds_difference: The equalized odds difference by origin is 0.021 (0.000–0.096) over 3 groups of 3,958 rows; at most 0.25 was asked. Groups of fewer than 100 rows are left out: \"TTN\".
Pass latency_p99_ms: 99 of 100 predictions took at most 12.5 ms, of 1,000 that were timed; at most 50 ms were asked.
Pass artifact_bytes: The artifact has 81,920 bytes; at most 1,000,000 were asked.
v8 may replace v7: it is better, and all 11 rules hold. ROC AUC is 0.867 against the champion's 0.800: better by 0.066 (0.052 to 0.081) on the same 4,000 rows (DeLong's test, one-sided p below 0.001)."
    );
}

#[test]
fn an_equally_good_candidate_does_not_replace_the_champion_unless_that_is_asked() {
    let world = World::new(1, 20_000);
    let (candidate, champion) = (world.near(1.4, 2, 0.1), world.near(1.4, 3, 0.1));
    let report = judge(&contract(PLAIN), &candidate, Some(&champion), facts());
    assert_eq!((report.outcome, report.finding), (Outcome::CannotTell, Finding::AsGood), "{}", report.headline);
    assert_eq!(sentence(&report, "champion").0, Outcome::CannotTell);
    assert!(report.headline.starts_with("v8 is as good as v7, so v7 stays. ROC AUC is 0."), "{}", report.headline);
    let report = judge(&contract(&format!("{PLAIN}  replace: when-not-worse\n")), &candidate, Some(&champion), facts());
    assert_eq!((report.outcome, report.finding), (Outcome::Pass, Finding::AsGood), "{}", report.headline);
}

#[test]
fn a_worse_candidate_fails() {
    let world = World::new(1, 4_000);
    let report = judge(&contract(PLAIN), &world.model(1.1, 2), Some(&world.model(1.6, 3)), facts());
    assert_eq!((report.outcome, report.finding), (Outcome::Fail, Finding::Worse), "{}", report.headline);
    assert!(sentence(&report, "champion").1.contains("worse by 0.0"), "{}", sentence(&report, "champion").1);
}

#[test]
fn too_few_rows_cannot_tell_and_say_how_many_would() {
    let world = World::new(1, 120);
    let report = judge(&contract(PLAIN), &world.model(1.0, 2), Some(&world.model(1.0, 3)), facts());
    assert_eq!(report.outcome, Outcome::CannotTell, "{}", report.headline);
    assert_eq!(sentence(&report, "rows"), (Outcome::CannotTell, "The candidate is judged by 120 rows; at least 200 were asked."));
    let (outcome, says) = sentence(&report, "limit:roc_auc");
    assert!(outcome == Outcome::CannotTell && says.contains("chance could have put it on either side: about "), "{says}");
}

#[test]
fn no_champion_yet_is_a_case_of_its_own() {
    let world = World::new(1, 4_000);
    let candidate = world.model(1.6, 2);
    let report = judge(&contract(PLAIN), &candidate, None, facts());
    assert_eq!((report.outcome, report.finding), (Outcome::Pass, Finding::NoChampion), "{}", report.headline);
    assert!(report.headline.starts_with("v8 may become the first champion: all "), "{}", report.headline);
    assert_eq!(
        sentence(&report, "champion"),
        (Outcome::Pass, "There is no champion yet: the candidate is judged by its own limits alone.")
    );
    let report = judge(&contract("  primary: roc_auc\n"), &candidate, None, facts());
    assert_eq!(report.outcome, Outcome::CannotTell, "nothing that could fail is nothing that was passed");
}

#[test]
fn rows_that_were_trained_on_are_not_compared() {
    let world = World::new(1, 1_000);
    let facts = Facts { training_overlap: Some(3), ..facts() };
    let report = judge(&contract(PLAIN), &world.model(3.0, 2), Some(&world.model(1.0, 3)), facts);
    assert_eq!((report.outcome, report.finding), (Outcome::Fail, Finding::Refused));
    assert_eq!(
        sentence(&report, "training_overlap").1,
        "3 of 1,000 rows of the evaluation set were in the training set: the candidate has seen the answers, and is not compared."
    );
    let unknown =
        judge(&contract(PLAIN), &world.model(3.0, 2), Some(&world.model(1.0, 3)), Facts { training_overlap: None, ..self::facts() });
    assert_eq!(sentence(&unknown, "training_overlap").0, Outcome::CannotTell);
}

#[test]
fn different_evaluation_sets_are_not_compared() {
    let world = World::new(1, 1_000);
    let (candidate, champion) = (world.model(3.0, 2), world.model(1.0, 3));
    let contract = contract(PLAIN);
    let other = Contender { evaluation_digest: "ffff", ..contender("v7", &champion) };
    let report =
        gate(&GateInput { contract: &contract, candidate: contender("v8", &candidate), champion: Some(other), facts: facts(), seed: 1 });
    assert_eq!((report.outcome, report.finding), (Outcome::CannotTell, Finding::Refused));
    assert_eq!(
        sentence(&report, "champion").1,
        "Candidate and champion cannot be compared: they were evaluated on different sets: the candidate on 9b74c9897bac, the champion on ffff."
    );
}

#[test]
fn leaving_the_hard_rows_out_is_no_way_through() {
    let world = World::new(1, 1_000);
    let easy = world.some(2.0, 2, |row| row % 100 != 7);
    let report = judge(&contract(PLAIN), &easy, Some(&world.model(1.0, 3)), facts());
    assert_eq!(
        sentence(&report, "complete"),
        (
            Outcome::Fail,
            "The candidate has no prediction for 10 rows of the evaluation set, such as \"row-0007\", \"row-0107\", \"row-0207\" and 2 more."
        )
    );
    assert_eq!(report.rows.common, Some(990));
    let report = judge(&contract(PLAIN), &world.model(2.0, 2), Some(&easy), facts());
    assert_eq!(sentence(&report, "complete").0, Outcome::Pass, "what the champion lacks is not the candidate's fault");
    assert!(sentence(&report, "complete").1.ends_with("The champion has none for 10 rows: those are not compared."));
}

#[test]
fn a_segment_that_gets_worse_is_found_though_all_rows_together_get_better() {
    let world = World::new(1, 6_000);
    let candidate = world.model_by(2, |row| if row % 6 == 0 { 0.0 } else { 2.2 });
    let report = judge(&contract(PLAIN), &candidate, Some(&world.model(1.4, 3)), facts());
    assert_eq!(report.finding, Finding::Better, "{}", report.headline);
    let (outcome, says) = sentence(&report, "segments:carrier");
    assert_eq!((report.outcome, outcome), (Outcome::Fail, Outcome::Fail), "{says}");
    assert!(
        says.starts_with("ROC AUC is worse than the champion's in carrier \"C0\" by 0.") && says.contains("corrected for 6 segments"),
        "{says}"
    );
    let rule = report.rules.iter().find(|rule| rule.name == "segments:carrier").unwrap();
    assert_eq!(rule.parts.iter().filter(|part| part.outcome == Outcome::Fail).map(|part| part.name.as_str()).collect::<Vec<_>>(), ["C0"]);
}

#[test]
fn limits_of_size_and_time_hold_or_do_not() {
    let world = World::new(1, 1_000);
    let of = |facts: Facts| judge(&contract(PLAIN), &world.model(2.0, 2), None, facts);
    let slow = of(Facts { latency: Some(Latency { p50_ms: 2.0, p99_ms: 80.0, rows: 500 }), ..facts() });
    assert_eq!(
        sentence(&slow, "latency_p99_ms"),
        (Outcome::Fail, "99 of 100 predictions took at most 80 ms, of 500 that were timed; at most 50 ms were asked.")
    );
    let few = of(Facts { latency: Some(Latency { p50_ms: 2.0, p99_ms: 8.0, rows: 20 }), ..facts() });
    assert_eq!(sentence(&few, "latency_p99_ms").0, Outcome::CannotTell);
    let none = of(Facts { latency: None, artifact_bytes: None, ..facts() });
    assert_eq!(
        sentence(&none, "latency_p99_ms"),
        (Outcome::CannotTell, "How long predictions take was not measured; at most 50 ms were asked.")
    );
    assert_eq!(sentence(&none, "artifact_bytes").0, Outcome::CannotTell);
    let large = of(Facts { artifact_bytes: Some(1_000_001), ..facts() });
    assert_eq!(sentence(&large, "artifact_bytes"), (Outcome::Fail, "The artifact has 1,000,001 bytes; at most 1,000,000 were asked."));
}

#[test]
fn unequal_treatment_fails_and_small_groups_are_named() {
    let world = World::new(1, 6_000);
    let unfair = world.biased(1.6, 2, 1.5);
    let report = judge(&contract(PLAIN), &unfair, None, facts());
    let (outcome, says) = sentence(&report, "fairness:origin:equalized_odds_difference");
    assert_eq!(outcome, Outcome::Fail, "{says}");
    assert!(
        says.starts_with("The equalized odds difference by origin is 0.")
            && says.ends_with("Groups of fewer than 100 rows are left out: \"TTN\"."),
        "{says}"
    );
    assert_eq!(report.fairness.len(), 6, "every fairness metric of the protected feature is told");
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_the_order_of_rows_does_not_matter() {
    let world = World::new(1, 2_000);
    let (candidate, champion) = (world.model(1.6, 2), world.model(1.2, 3));
    let contract = contract(PLAIN);
    let report = judge(&contract, &candidate, Some(&champion), facts());
    let again = judge(&contract, &shuffled(&world, 1.6, 2, 99), Some(&shuffled(&world, 1.2, 3, 98)), facts());
    assert_eq!(report.to_json(), again.to_json());
    assert_eq!(report.digest(), again.digest());
    let read: GateReport = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(read, report);
    assert!(!report.to_json().contains("null"), "what is not there is left out");
    let stricter = judge(&self::contract(&PLAIN.replace("0.70", "0.71")), &candidate, Some(&champion), facts());
    assert_ne!(stricter.computed_from.policy_digest, report.computed_from.policy_digest);
    assert_ne!(stricter.digest(), report.digest());
}

#[test]
fn rules_judged_elsewhere_count() {
    let world = World::new(1, 2_000);
    let further = vec![tidegate_validation::Rule::new("endpoint_errors", Outcome::Fail, "The endpoint failed 12 of 1,000 requests.")];
    let report = judge(&contract(PLAIN), &world.model(1.6, 2), None, Facts { further, ..facts() });
    assert_eq!(report.outcome, Outcome::Fail);
    assert!(report.headline.ends_with("The endpoint failed 12 of 1,000 requests."), "{}", report.headline);
}

/// A model of three classes that is right on this share of the rows.
fn of_three_classes(seed: u64, right: f64) -> Evaluation {
    let names = ["cat", "cow", "dog"];
    let mut random = Random::new(9, "truth");
    let truth: Vec<usize> = (0..3_000).map(|_| if random.uniform() < 0.5 { 0 } else { 1 + usize::from(random.uniform() < 0.3) }).collect();
    let mut random = Random::new(seed, "answers");
    let answers: Vec<usize> = truth.iter().map(|truth| if random.uniform() < right { *truth } else { (truth + 1) % 2 }).collect();
    let column = |codes: &[usize]| Some(Column::Labels(codes.iter().map(|code| names.get(*code)).collect()));
    let ids = (0..truth.len()).map(|row| format!("{row:05}")).collect();
    let table = Table { ids, actual: column(&truth), prediction: column(&answers), ..Table::default() };
    table.read(&Reading::new(Task::Multiclass)).unwrap()
}

#[test]
fn several_classes_are_judged_as_two_are() {
    let contract = Contract::parse(
        "model: animals\ntask: multiclass\nfeatures: [{ name: legs, type: numeric }]\nvalidation: { primary: f1_macro, minimum: 0.5, limits: [{ metric: accuracy, minimum: 0.8 }] }\n",
    )
    .unwrap();
    let (good, better) = (of_three_classes(1, 0.85), of_three_classes(2, 0.9));
    let facts = || Facts { training_overlap: Some(0), ..Facts::default() };
    let report = judge(&contract, &better, Some(&good), facts());
    assert_eq!((report.outcome, report.finding), (Outcome::Pass, Finding::Better), "{}", report.headline);
    assert!(
        report.headline.contains("Macro F1 is 0.") && report.headline.contains("(paired bootstrap, one-sided p "),
        "{}",
        report.headline
    );
    let report = judge(&contract, &good, Some(&better), facts());
    assert_eq!((report.outcome, report.finding), (Outcome::Fail, Finding::Worse), "{}", report.headline);
    let log_loss = report.metrics.iter().find(|line| line.metric == Metric::LogLoss).unwrap();
    assert_eq!(log_loss.candidate.undefined.as_deref(), Some("the model gave no class probabilities"));
}

#[test]
fn rows_whose_outcomes_differ_are_not_compared() {
    let world = World::new(1, 1_000);
    let other = World {
        positive: world.positive.iter().enumerate().map(|(row, positive)| *positive != (row == 17)).collect(),
        ..World::new(1, 1_000)
    };
    let report = judge(&contract(PLAIN), &world.model(1.6, 2), Some(&other.model(1.2, 3)), facts());
    assert_eq!(
        sentence(&report, "champion"),
        (Outcome::CannotTell, "Candidate and champion cannot be compared: the actual outcome of 1 row differs, that of row \"row-0017\".")
    );
}

#[test]
fn a_report_about_restricted_records_shows_no_values() {
    let world = World::new(1, 6_000);
    let candidate = world.model_by(2, |row| if row % 6 == 0 { 0.0 } else { 2.2 });
    let restricted = Contract { sensitivity: Sensitivity::Restricted, ..contract(PLAIN) };
    let report = judge(&restricted, &candidate, Some(&world.model(1.4, 3)), facts());
    let (outcome, says) = sentence(&report, "segments:carrier");
    assert!(outcome == Outcome::Fail && says.contains("in carrier \"value 1\" by 0."), "{says}");
    assert!(sentence(&report, "fairness:origin:equalized_odds_difference").1.ends_with(" A group of fewer than 100 rows is left out."));
    for value in ["C0", "C5", "TTN", "JFK"] {
        assert!(!report.to_json().contains(value), "{value}");
    }
}
