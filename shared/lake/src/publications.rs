//! What is known of a dataset version beside its bytes: where it came from, when, and what its checks found.
//!
//! It lies beside the manifest and is none of it: the same bytes have the same version whatever came before them, while the check of drift depends
//! on that.

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use tidegate_monitoring::{CheckOutcome, DRIFT_CHECK, DatasetCheck, DatasetSource, outcome_of, sentence_of};

use crate::{Condition, KeyRange, Lake, LakeError, keys};

/// Version of the publication's shape.
const SCHEMA: &str = "tidegate.publication/1";

/// Publications that are read at the same time.
const READS: usize = 16;

/// A dataset version as it was published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    schema: String,
    /// The dataset version.
    pub version: String,
    /// What it came from.
    pub source: DatasetSource,
    /// The file, the folder or the window.
    pub name: String,
    /// When its object was written last, or when its window ended, milliseconds since 1970: the order of versions.
    pub at_ms: i64,
    /// Its rows.
    pub records: u64,
    /// The version that the check of drift compares it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<String>,
    /// What was found.
    pub checks: Vec<DatasetCheck>,
}

impl Publication {
    /// A publication that was not compared with another one yet.
    #[must_use]
    pub fn new(version: &str, source: DatasetSource, name: &str, at_ms: i64, records: u64, checks: Vec<DatasetCheck>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: version.to_owned(),
            source,
            name: name.to_owned(),
            at_ms,
            records,
            compared_with: None,
            checks,
        }
    }

    /// What its checks come to.
    #[must_use]
    pub fn outcome(&self) -> CheckOutcome {
        outcome_of(&self.checks)
    }

    /// Whether it may be a baseline and teach a model: no check failed.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.outcome() != CheckOutcome::Fail
    }

    /// What its checks found, in a sentence.
    #[must_use]
    pub fn says(&self) -> String {
        sentence_of(&self.checks)
    }

    /// Whether its check of drift was made, and against the version that is before it among all of its model.
    #[must_use]
    pub fn is_compared_among(&self, all: &[Self]) -> bool {
        let is_made = self.checks.iter().any(|check| check.name == DRIFT_CHECK);
        is_made && self.compared_with.as_ref() == self.before(all).map(|before| &before.version)
    }

    /// The same publication over what is known already: the same bytes that are put again later count from then on, and what the check of drift
    /// found stays until it is made again.
    #[must_use]
    pub fn over(mut self, known: Option<&Self>) -> Self {
        if let Some(known) = known {
            self.compared_with.clone_from(&known.compared_with);
            self.checks.extend(known.checks.iter().filter(|check| check.name == DRIFT_CHECK).cloned());
            if known.at_ms > self.at_ms {
                self.at_ms = known.at_ms;
                self.name.clone_from(&known.name);
            }
        }
        self
    }

    /// The same publication with a check of drift against this version.
    #[must_use]
    pub fn compared(mut self, with: Option<String>, check: DatasetCheck) -> Self {
        self.checks.retain(|check| check.name != DRIFT_CHECK);
        self.checks.push(check);
        self.compared_with = with;
        self
    }

    /// The version before this one among all of its model: the latest earlier one that has passed.
    #[must_use]
    pub fn before<'a>(&self, all: &'a [Self]) -> Option<&'a Self> {
        fn rank(publication: &Publication) -> (i64, &str) {
            (publication.at_ms, &publication.version)
        }
        all.iter().filter(|other| other.has_passed() && rank(other) < rank(self)).max_by(|a, b| rank(a).cmp(&rank(b)))
    }
}

impl Lake {
    /// A publication and its entity tag, or `None` if there is none of this version.
    ///
    /// # Errors
    /// As the call fails, or [`LakeError::Json`] if something else lies there.
    pub async fn publication(&self, model: &str, version: &str) -> Result<Option<(Publication, String)>, LakeError> {
        self.bucket.get_json(&keys::publication(model, version)).await
    }

    /// Writes a publication over the one with this entity tag (over none, if there was none).
    ///
    /// # Errors
    /// [`LakeError::Conflict`] if somebody else wrote it in the meantime; others as the call fails.
    pub async fn put_publication(&self, model: &str, publication: &Publication, over: Option<&str>) -> Result<(), LakeError> {
        let key = keys::publication(model, &publication.version);
        self.bucket.put_json(&key, publication, Condition::over(over)).await.map(drop)
    }

    /// Every publication of a model, the oldest first.
    ///
    /// # Errors
    /// As a call fails, or [`LakeError::Json`] if something else lies there.
    pub async fn publications(&self, model: &str) -> Result<Vec<Publication>, LakeError> {
        let prefix = keys::datasets_of(model);
        let above_files = KeyRange { after: prefix.clone(), until: Some(format!("{prefix}{}", keys::FILES)) };
        let listed = self.bucket.list_ranges(&prefix, &[above_files]).await?;
        let keys = listed.into_iter().map(|object| object.key).filter(|key| key.ends_with(keys::PUBLICATION));
        let read = stream::iter(keys).map(async |key| self.bucket.get_json::<Publication>(&key).await).buffered(READS);
        let mut found: Vec<Publication> =
            read.try_filter_map(async |found| Ok(found.map(|(publication, _)| publication))).try_collect().await?;
        found.sort_by(|a, b| (a.at_ms, &a.version).cmp(&(b.at_ms, &b.version)));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(version: &str, at_ms: i64, outcome: CheckOutcome) -> Publication {
        let check = DatasetCheck { name: "rows".to_owned(), outcome, says: "It has rows.".to_owned(), found: Vec::new() };
        Publication::new(version, DatasetSource::TrainingSet, "june.csv", at_ms, 480, vec![check])
    }

    #[test]
    fn the_version_before_is_the_latest_earlier_one_that_passed() {
        let all = [
            publication("a", 1, CheckOutcome::Pass),
            publication("c", 2, CheckOutcome::Warn),
            publication("b", 3, CheckOutcome::Fail),
            publication("d", 4, CheckOutcome::Pass),
        ];
        let before = |at: usize| all[at].before(&all).map(|before| before.version.as_str());
        assert_eq!([before(0), before(1), before(2), before(3)], [None, Some("a"), Some("c"), Some("c")]);
    }

    #[test]
    fn bytes_that_are_put_again_later_count_from_then_on_in_any_order() {
        let drift =
            DatasetCheck { name: DRIFT_CHECK.to_owned(), outcome: CheckOutcome::Warn, says: "It moved.".to_owned(), found: Vec::new() };
        let first = publication("a", 1, CheckOutcome::Pass).compared(Some("z".to_owned()), drift);
        let later = publication("a", 5, CheckOutcome::Pass).over(Some(&first));
        assert_eq!((later.at_ms, later.compared_with.as_deref(), later.checks.len()), (5, Some("z"), 2));
        assert_eq!(publication("a", 1, CheckOutcome::Pass).over(Some(&later)), later);
        assert!(later.has_passed());
        let earlier = publication("z", 2, CheckOutcome::Pass);
        assert!(later.is_compared_among(&[earlier.clone(), later.clone()]));
        assert!(!later.is_compared_among(&[earlier, publication("y", 3, CheckOutcome::Pass), later.clone()]));
        assert!(!publication("a", 1, CheckOutcome::Pass).is_compared_among(&[]), "the first one's check says that it is the first");
    }
}
