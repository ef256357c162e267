//! A baseline that lies in a file of its own: what `tidegate import` writes, and what an account keeps under `baselines/`.

use std::path::Path;

use tidegate_contract::{Contract, FeatureKind};
use tidegate_profile::{Baseline, FieldAnchor, decode};

use crate::error::CliError;

/// How the name of a stored baseline ends.
const EXTENSION: &str = "profile";

/// Whether a file is called a stored baseline.
pub(crate) fn is_stored(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == EXTENSION)
}

/// Reads a stored baseline.
pub(crate) fn read(path: &Path) -> Result<Baseline, CliError> {
    let bytes = std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    let baseline: Baseline = decode(&bytes)
        .and_then(|baseline: Baseline| baseline.check().map(|()| baseline))
        .map_err(|source| CliError::StoredBaseline { path: path.to_owned(), source })?;
    Ok(baseline)
}

/// Reads a stored baseline for a contract, of whose features it must know one at least. Cells of a field that the contract knows as
/// another type are not counted in.
pub(crate) fn read_for(contract: &Contract, path: &Path) -> Result<Baseline, CliError> {
    let baseline = read(path)?;
    if contract.features.iter().any(|feature| fits(feature.kind, baseline.anchor_of(&feature.name))) {
        Ok(baseline)
    } else {
        Err(CliError::ForeignBaseline { path: path.to_owned() })
    }
}

fn fits(kind: FeatureKind, anchor: Option<&FieldAnchor>) -> bool {
    matches!(
        (kind, anchor),
        (FeatureKind::Numeric, Some(FieldAnchor::Numeric(_))) | (FeatureKind::Categorical, Some(FieldAnchor::Categorical(_)))
    )
}
