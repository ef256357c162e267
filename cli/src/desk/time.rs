//! Whether records carry a time, and what else they must have where the contract looks for it.

use std::path::{Path, PathBuf};

use tidegate_contract::Contract;
use tidegate_intake::{Found, FoundValue, Layout, explain};

use super::{and_more, plan};
use crate::error::CliError;
use crate::files;

/// Whether the first file with records carries times; a set without any record counts as one with them.
pub(crate) fn any_has_time(contract: &Contract, paths: &[PathBuf]) -> Result<bool, CliError> {
    for path in paths {
        if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
            return has_time(contract, path);
        }
    }
    Ok(true)
}

/// Whether the records of a file carry the time that the contract says, so that they fall into hours. An error where their features stand
/// at the top and the contract looks for them elsewhere: all would be called missing.
pub(crate) fn has_time(contract: &Contract, path: &Path) -> Result<bool, CliError> {
    let sample = files::sample(path)?;
    // A file without a single record has no time either; what is wrong with it is told when it is read.
    let look = |contract: &Contract| Ok::<_, CliError>(explain(&plan(contract, Layout::Logs, path)?, &sample).unwrap_or_default());
    let found = look(contract)?;
    let timed = found.iter().any(|found| found.name == "timestamp" && matches!(found.value, FoundValue::Time(_)));
    if timed && !contract.record.features.is_empty() && features_in(contract, &found).is_empty() {
        let mut flat = contract.clone();
        flat.record.features.clear();
        let elsewhere = features_in(&flat, &look(&flat)?);
        if let [first, others @ ..] = elsewhere.as_slice() {
            let (found, expected) = (and_more(first, others.len()), contract.record.features.clone());
            return Err(CliError::FeaturesElsewhere { path: path.to_owned(), found, expected });
        }
    }
    Ok(timed)
}

/// The contract's features that a record has.
fn features_in(contract: &Contract, found: &[Found]) -> Vec<String> {
    let is_feature = |name: &str| contract.features.iter().any(|feature| feature.name == name);
    found.iter().filter(|found| found.raw.is_some() && is_feature(&found.name)).map(|found| found.name.clone()).collect()
}
