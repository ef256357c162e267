//! Values that have the right type and still cannot be meant: one file for each part of the contract's model.

mod compatibility;
mod decisions;
mod feature;
mod monitoring;
mod record;
mod registered;
mod truth;
mod validation;

pub use feature::{MAX_ALLOWED, MAX_ALLOWED_BYTES, MAX_FEATURES, MAX_SEGMENTS};

use crate::Contract;
use crate::document::{Node, Path, quoted};
use crate::error::Problem;
use crate::names::{self, MAX_NAME, is_hidden};

/// Longest prefix or free text, bytes.
const MAX_TEXT_BYTES: usize = 512;

/// Everything that is wrong with a contract whose shape is right.
pub(crate) fn problems(contract: &Contract, tree: &Node) -> Vec<Problem> {
    let mut check = Check { tree, problems: Vec::new() };
    check.model(contract);
    check.record(contract);
    check.truth(contract);
    check.features(contract);
    check.derivations(&contract.features);
    check.segments(contract);
    check.service(contract);
    check.monitoring(contract);
    check.compatibility(contract);
    check.registered_in(contract);
    check.validation(contract);
    check.promotion(contract);
    check.people(&Path::top("retraining").key("approvers"), &contract.retraining.approvers);
    check.alerts(contract);
    check.problems
}

/// What was found so far.
struct Check<'a> {
    tree: &'a Node,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn report(&mut self, path: &Path, message: impl Into<String>) {
        self.problems.push(Problem::new(self.tree.locate(path), path, message));
    }

    fn text(&mut self, path: &Path, text: &str) {
        if text.trim().is_empty() {
            self.report(path, "found empty text, expected some");
        } else if text.len() > MAX_TEXT_BYTES {
            self.report(path, format!("found {} bytes, expected at most {MAX_TEXT_BYTES}", text.len()));
        } else if text.contains(is_hidden) {
            self.report(path, format!("found {}, expected no control characters", quoted(text)));
        }
    }

    fn number(&mut self, path: &Path, value: f64, is_right: bool, expected: &str) {
        if !value.is_finite() || !is_right {
            self.report(path, format!("found {value}, expected {expected}"));
        }
    }

    fn share(&mut self, path: &Path, value: Option<f64>) {
        if let Some(value) = value {
            self.number(path, value, (0.0..=1.0).contains(&value), "a share from 0 to 1");
        }
    }

    fn positive(&mut self, path: &Path, value: Option<f64>) {
        if let Some(value) = value {
            self.number(path, value, value > 0.0, "a number above 0");
        }
    }

    fn unique<'t, T: PartialEq + ToString + 't>(&mut self, path: &Path, values: impl IntoIterator<Item = &'t T>) {
        let mut seen: Vec<&T> = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            if seen.contains(&value) {
                self.report(&path.item(index), format!("found {} a second time, expected it once", quoted(&value.to_string())));
            }
            seen.push(value);
        }
    }

    fn model(&mut self, contract: &Contract) {
        let name = &contract.model;
        if !names::is_model_name(name) {
            let near = names::model_name_from(name);
            let message = format!(
                "found {}, expected lower-case words joined by hyphens, at most {MAX_NAME} characters, such as {near}",
                quoted(name)
            );
            self.report(&Path::top("model"), message);
        }
        let owners = Path::top("owners");
        for (key, address) in [("business", &contract.owners.business), ("monitoring", &contract.owners.monitoring)] {
            if let Some(address) = address {
                self.text(&owners.key(key), address);
            }
        }
        let availability = Path::top("availability");
        self.share(&availability.key("target"), contract.availability.target);
        if let Some(hours) = &contract.availability.hours {
            self.text(&availability.key("hours"), hours);
        }
        if let Some(plan) = &contract.retraining.plan {
            self.text(&Path::top("retraining").key("plan"), plan);
        }
        self.logs(&contract.logs);
    }
}
