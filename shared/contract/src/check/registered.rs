//! Names in other registries that those registries could not have given.

use super::Check;
use crate::document::{Path, quoted};
use crate::{Contract, MAX_NAME};

impl Check<'_> {
    pub(super) fn registered_in(&mut self, contract: &Contract) {
        let path = Path::top("registered_in");
        if let Some(group) = &contract.registered_in.sagemaker
            && !is_package_group(group)
        {
            let expected = "expected the name of a model package group: letters and digits, joined by hyphens, at most 63 characters";
            self.report(&path.key("sagemaker"), format!("found {}, {expected}", quoted(group)));
        }
        if let Some(name) = &contract.registered_in.mlflow {
            let at = path.key("mlflow");
            self.text(&at, name);
            // MLflow's own names hold neither `/` nor `:`.
            if name.contains(':') || name.matches('/').count() > 1 || name.split('/').any(|part| part.trim().is_empty()) {
                let expected = "expected the name of a registered model, or workspace/name";
                self.report(&at, format!("found {}, {expected}", quoted(name)));
            }
        }
    }
}

/// As the API reference of `CreateModelPackageGroup` has it: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`.
fn is_package_group(text: &str) -> bool {
    let ends = |end: Option<char>| end.is_some_and(|end| end.is_ascii_alphanumeric());
    let is_known = |character: char| character.is_ascii_alphanumeric() || character == '-';
    text.len() <= MAX_NAME && ends(text.chars().next()) && ends(text.chars().last()) && text.chars().all(is_known)
}
