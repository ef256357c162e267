//! What `export` writes, the engine reads, and says what the formula says.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use tidegate_contract::{Contract, Feature, FeatureKind, Task};
use tidegate_scoring::export::{LogisticRegression, NameTerm, NumberTerm};
use tidegate_scoring::{Column, Columns, Model, Predictions, Signature};

fn contract(task: Task) -> Contract {
    let mut contract = Contract::new("exported", task);
    contract.features.push(Feature::new("distance", FeatureKind::Numeric));
    contract.features.push(Feature::new("load", FeatureKind::Numeric));
    contract.features.push(Feature::new("carrier", FeatureKind::Categorical));
    contract
}

fn model(classes: &[&str]) -> LogisticRegression {
    let scores = if classes.len() == 2 { 1 } else { classes.len() };
    let weights = |start: f64| (0..u8::try_from(scores).unwrap()).map(|score| start + 0.7 * f64::from(score)).collect::<Vec<_>>();
    LogisticRegression {
        numbers: vec![
            NumberTerm { feature: "distance".into(), fill: 600.0, mean: 700.0, scale: 250.0, weights: weights(-0.4) },
            NumberTerm { feature: "load".into(), fill: 0.6, mean: 0.65, scale: 0.2, weights: weights(1.3) },
        ],
        names: vec![NameTerm {
            feature: "carrier".into(),
            categories: vec!["AA".into(), "Zürich".into()],
            weights: vec![weights(0.25), weights(-0.5)],
        }],
        intercepts: weights(0.1),
        classes: classes.iter().map(|class| (*class).to_owned()).collect(),
    }
}

const DISTANCE: [f64; 4] = [100.0, 700.0, f64::NAN, 2500.0];
const LOAD: [f64; 4] = [0.9, f64::NAN, 0.4, 0.65];
const CARRIER: [Option<&str>; 4] = [Some("AA"), Some("Zürich"), None, Some("??")];

/// The documented formula.
fn by_hand(model: &LogisticRegression, row: usize) -> Vec<f64> {
    let score = |score: usize| {
        let number =
            |term: &NumberTerm, value: f64| (if value.is_nan() { term.fill } else { value } - term.mean) / term.scale * term.weights[score];
        let category = model.names[0].categories.iter().position(|category| Some(category.as_str()) == CARRIER[row]);
        model.intercepts[score]
            + number(&model.numbers[0], DISTANCE[row])
            + number(&model.numbers[1], LOAD[row])
            + category.map_or(0.0, |category| model.names[0].weights[category][score])
    };
    if model.classes.len() == 2 {
        let p = 1.0 / (1.0 + (-score(0)).exp());
        return vec![1.0 - p, p];
    }
    let powers = (0..model.classes.len()).map(|class| score(class).exp()).collect::<Vec<_>>();
    powers.iter().map(|power| power / powers.iter().sum::<f64>()).collect()
}

#[test]
fn an_exported_regression_answers_what_its_formula_says() {
    for (classes, task) in [(&["no", "yes"][..], Task::Binary), (&["a", "b", "c"], Task::Multiclass)] {
        let exported = model(classes);
        let file = exported.to_onnx().unwrap();
        assert_eq!(file, exported.to_onnx().unwrap());
        let loaded = Model::load(&file, &Signature::of(&contract(task))).unwrap();
        assert_eq!(loaded.features().collect::<Vec<_>>(), ["distance", "load", "carrier"]);
        assert_eq!(loaded.producer(), "tidegate");
        let columns = Columns::new().with("distance", Column::Numbers(&DISTANCE)).unwrap().with("load", Column::Numbers(&LOAD)).unwrap();
        let columns = columns.with("carrier", Column::Names(&CARRIER)).unwrap();
        let Predictions::Classes(answers) = loaded.score(&columns).unwrap() else { panic!("classes") };
        assert_eq!(answers.classes, classes);
        for row in 0..4 {
            let expected = by_hand(&exported, row);
            for (class, expected) in classes.iter().zip(&expected) {
                let found = answers.probabilities_of(class).unwrap()[row];
                assert!((found - expected).abs() < 1e-6, "row {row}, {class}: {found}, expected {expected}");
            }
            let best = (0..classes.len()).max_by(|one, other| expected[*one].total_cmp(&expected[*other])).unwrap();
            assert_eq!(&*answers.labels[row], classes[best]);
        }
    }
}

#[test]
fn a_regression_that_makes_no_sense_is_not_written() {
    let with = |change: fn(&mut LogisticRegression)| {
        let mut model = model(&["no", "yes"]);
        change(&mut model);
        model.to_onnx().unwrap_err().to_string()
    };
    assert!(with(|model| model.numbers[0].scale = 0.0).contains("\"distance\""));
    assert!(with(|model| model.numbers[1].weights.clear()).contains("found 0 weights of \"load\", expected 1"));
    assert!(with(|model| model.names[0].categories.clear()).contains("\"carrier\""));
    assert!(with(|model| model.intercepts[0] = f64::NAN).contains("intercept"));
    assert!(with(|model| model.classes.truncate(1)).contains("at least two classes"));
}
