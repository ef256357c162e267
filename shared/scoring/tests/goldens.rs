//! Models that scikit-learn, XGBoost and LightGBM trained and their exporters wrote: we answer what those libraries and ONNX Runtime answer.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]

use std::path::Path;

use serde_json::Value;
use tidegate_contract::{Contract, Feature, FeatureKind, Task};
use tidegate_scoring::{Column, Columns, Model, Predictions, Signature};

/// What 32-bit numbers may differ by, of 1 or of the number itself.
const TOLERANCE: f64 = 1e-5;

struct Golden {
    name: String,
    file: Vec<u8>,
    facts: Value,
}

fn goldens() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "onnx") {
            let facts = serde_json::from_slice(&std::fs::read(path.with_extension("json")).unwrap()).unwrap();
            all.push(Golden { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), file: std::fs::read(&path).unwrap(), facts });
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

impl Golden {
    fn contract(&self) -> Contract {
        let task = match self.facts["task"].as_str().unwrap() {
            "binary" => Task::Binary,
            "multiclass" => Task::Multiclass,
            _ => Task::Regression,
        };
        let mut contract = Contract::new("golden", task);
        for feature in self.facts["features"].as_array().unwrap() {
            let kind = if feature["kind"] == "numeric" { FeatureKind::Numeric } else { FeatureKind::Categorical };
            contract.features.push(Feature::new(feature["name"].as_str().unwrap(), kind));
        }
        contract
    }

    fn ask(&self, model: &Model) -> Predictions {
        let numbers =
            |values: &Value| values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect::<Vec<_>>();
        let columns = self.facts["columns"].as_object().unwrap();
        let names =
            columns.values().map(|values| values.as_array().unwrap().iter().map(Value::as_str).collect::<Vec<_>>()).collect::<Vec<_>>();
        let numbers = columns.values().map(numbers).collect::<Vec<_>>();
        let mut rows = Columns::new();
        for ((feature, names), numbers) in columns.keys().zip(&names).zip(&numbers) {
            let column = if names.iter().any(Option::is_some) { Column::Names(names) } else { Column::Numbers(numbers) };
            rows = rows.with(feature, column).unwrap();
        }
        model.score(&rows).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn numbers(values: &Value) -> Vec<f64> {
    match values {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

fn close(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{name}, number {place}: {found}, expected {expected}");
    }
}

#[test]
fn every_golden_model_answers_as_its_own_library_and_onnx_runtime_do() {
    let goldens = goldens();
    assert!(goldens.len() >= 25, "only {} golden models", goldens.len());
    for golden in goldens {
        let model =
            Model::load(&golden.file, &Signature::of(&golden.contract())).unwrap_or_else(|error| panic!("{}: {error}", golden.name));
        let predictions = golden.ask(&model);
        for side in ["original", "runtime"] {
            let (name, expected) = (format!("{} ({side})", golden.name), &golden.facts[side]);
            match &predictions {
                Predictions::Values(values) => close(&name, values, &numbers(&expected["values"])),
                Predictions::Classes(classes) => {
                    let labels = expected["labels"].as_array().unwrap().iter().map(|label| label.as_str().unwrap()).collect::<Vec<_>>();
                    assert_eq!(classes.labels.iter().map(|label| &**label).collect::<Vec<_>>(), labels, "{name}");
                    close(&name, classes.probabilities.as_ref().unwrap(), &numbers(&expected["probabilities"]));
                    if let Some(names) = expected["classes"].as_array() {
                        assert_eq!(classes.classes, names.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>(), "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_damaged_model_is_refused_or_scored_but_never_panics() {
    for golden in goldens().iter().filter(|golden| golden.file.len() < 4096) {
        let signature = Signature::of(&golden.contract());
        let whole = Model::load(&golden.file, &signature).unwrap();
        let step = (golden.file.len() / 300).max(1);
        for place in (0..golden.file.len()).step_by(step) {
            if let Ok(model) = Model::load(&golden.file[..place], &signature) {
                // Nothing was lost but a note: exporters write some things twice.
                assert_eq!(golden.ask(&model), golden.ask(&whole), "{} cut off at {place}", golden.name);
            }
            for damage in [0x01, 0x80, 0xff] {
                let mut file = golden.file.clone();
                file[place] ^= damage;
                if let Ok(model) = Model::load(&file, &signature) {
                    let numbers = [0.5, f64::NAN, -3.0];
                    let names = [Some("WN"), None, Some("?")];
                    let mut rows = Columns::new();
                    let contract = golden.contract();
                    for feature in &contract.features {
                        let column = if feature.kind == FeatureKind::Numeric { Column::Numbers(&numbers) } else { Column::Names(&names) };
                        rows = rows.with(&feature.name, column).unwrap();
                    }
                    // Either is fine; it must come back.
                    let answer = model.score(&rows);
                    assert!(answer.is_err() || answer.unwrap().rows() == 3);
                }
            }
        }
    }
}
