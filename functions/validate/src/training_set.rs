//! The training set that a candidate names: whether its publication passed, and its rows once more.

use bytes::Bytes;
use tidegate_contract::Contract;
use tidegate_lake::{FilePlace, Manifest, ManifestFile, Publication, keys};
use tidegate_monitoring::{CheckOutcome, DRIFT_CHECK, DatasetCheck};
use tidegate_validation::{Outcome, Rule};
use tracing::warn;

use crate::candidate::Place;
use crate::rows::Rows;
use crate::{ValidateError, Validator};

/// The gate's rule about the training set. A set whose checks failed fails every candidate that was trained on it; of one without checks the gate cannot tell.
///
/// The check of drift is left out: a training set that moved is what a candidate is for.
pub(crate) fn rule(publication: Option<&Publication>) -> Rule {
    const NAME: &str = "training_set";
    let Some(publication) = publication else {
        let says = "Nothing is known of the training set's checks: it was published without; put it again below datasets/.";
        return Rule::new(NAME, Outcome::CannotTell, says);
    };
    let told = |outcome: CheckOutcome| -> Vec<&DatasetCheck> {
        publication.checks.iter().filter(|check| check.name != DRIFT_CHECK && check.outcome == outcome).collect()
    };
    let sentences = |checks: &[&DatasetCheck]| checks.iter().map(|check| check.says.as_str()).collect::<Vec<_>>().join(" ");
    let (failed, warned) = (told(CheckOutcome::Fail), told(CheckOutcome::Warn));
    if !failed.is_empty() {
        return Rule::new(NAME, Outcome::Fail, format!("The training set {} failed its checks: {}", publication.name, sentences(&failed)));
    }
    let says = match warned.as_slice() {
        [] => format!("The training set {} passed its checks.", publication.name),
        warned => format!("The training set {} passed its checks, with a word on some: {}", publication.name, sentences(warned)),
    };
    Rule::new(NAME, Outcome::Pass, says)
}

impl Validator {
    /// The rows of a training set's file; `None` if its bytes are not those of the version any more, or too large to look at.
    pub(crate) async fn training_rows(
        &self,
        place: Place<'_>,
        contract: &Contract,
        set: &Manifest,
        file: &ManifestFile,
    ) -> Result<Option<Rows>, ValidateError> {
        let (bucket, key) = match set.place_of(file) {
            FilePlace::Models(key) => (&self.models, key),
            FilePlace::Lake(key) => (&self.lake.bucket, key),
        };
        let bytes: Bytes = match bucket.get(&key).await {
            Ok(Some(stored)) if file.sha256 == keys::sha256(&stored.bytes) => stored.bytes,
            Err(error) if error.is_retryable() => return Err(place.lake()(error)),
            _ => {
                warn!(object.key = key, "a file of the training set cannot be looked at again");
                return Ok(None);
            }
        };
        // Records of the lake hold pseudonyms already.
        let rows = if set.window.is_some() { Rows::read_stored(contract, bytes) } else { Rows::read(contract, bytes) };
        rows.map(Some).map_err(|source| ValidateError::Plan { candidate: place.name(), source })
    }
}

#[cfg(test)]
mod tests {
    use tidegate_monitoring::DatasetSource;

    use super::*;

    fn published(checks: &[(&str, CheckOutcome)]) -> Publication {
        let check = |(name, outcome): &(&str, CheckOutcome)| DatasetCheck {
            name: (*name).to_owned(),
            outcome: *outcome,
            says: format!("It says {name}."),
            found: Vec::new(),
        };
        Publication::new("0", DatasetSource::TrainingSet, "june.csv", 0, 480, checks.iter().map(check).collect())
    }

    #[test]
    fn a_training_set_that_failed_fails_its_candidates_and_one_that_only_moved_does_not() {
        use CheckOutcome::{Fail, Pass, Warn};
        let failed = rule(Some(&published(&[("rows", Pass), ("types", Fail), ("ids", Warn)])));
        assert_eq!(
            (failed.outcome, failed.sentence.as_str()),
            (Outcome::Fail, "The training set june.csv failed its checks: It says types.")
        );
        let warned = rule(Some(&published(&[("ids", Warn), (DRIFT_CHECK, Warn)])));
        assert_eq!(warned.sentence, "The training set june.csv passed its checks, with a word on some: It says ids.");
        assert_eq!(rule(Some(&published(&[(DRIFT_CHECK, Warn)]))).sentence, "The training set june.csv passed its checks.");
        assert_eq!(rule(None).outcome, Outcome::CannotTell);
    }
}
