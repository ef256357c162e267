//! What candidate and champion did in live traffic: their scoring logs in the lake, and the truth about them.

use tidegate_contract::Contract;
use tidegate_lake::{Listed, keys, read_records};
use tidegate_performance::{Rival, Rivals};
use tidegate_validation::{Live, Outcome, Rule, live, seed_of};

use crate::candidate::{Place, Trouble};
use crate::manifest::CandidateManifest;
use crate::{ValidateError, Validator};

impl Validator {
    /// The rule of live traffic, where the manifest names some. What another account saw is not in this one's lake.
    pub(crate) async fn live(
        &self,
        place: Place<'_>,
        contract: &Contract,
        manifest: &CandidateManifest,
        evaluation_sha256: &str,
    ) -> Result<Option<Rule>, Trouble> {
        let Some(traffic) = manifest.live.as_ref().filter(|_| manifest.promoted_from.is_none()) else { return Ok(None) };
        let span = traffic.span().map_err(Trouble::Refused)?;
        let mut rivals = Rivals::new(contract);
        for part in self.lake.list_records(place.model, &[span]).await.map_err(place.lake())? {
            let version = keys::unhive(&part.at.version);
            let rival = match version.as_ref() {
                version if version == traffic.version => Rival::Candidate,
                version if version == traffic.champion => Rival::Champion,
                _ => continue,
            };
            self.each_batch(place, &part.at.records(place.model), |batch| rivals.predictions(rival, batch)).await?;
        }
        let truth = self.lake.list_truth(place.model, span, contract.truth.late_days).await.map_err(place.lake())?;
        for Listed { key, .. } in truth {
            self.each_batch(place, &key, |batch| rivals.truth(batch)).await?;
        }
        let when = format!("from {} to {}", traffic.from, traffic.to);
        let rule = match rivals.evaluations(contract) {
            Ok([candidate, champion]) => {
                live(contract, Live { candidate: &candidate, champion: &champion, when: &when, seed: seed_of(evaluation_sha256) })
            }
            Err(reason) => {
                let [candidate, champion] = rivals.predicted();
                let says = format!(
                    "In live traffic {when}, the logs have {candidate} predictions of {} and {champion} of {}, which cannot be compared: {reason}.",
                    traffic.version, traffic.champion
                );
                Rule::new("live", Outcome::CannotTell, says)
            }
        };
        Ok(Some(rule))
    }

    /// Reads a file of records or truth; one that is gone since it was listed was written anew under another name.
    async fn each_batch(&self, place: Place<'_>, key: &str, mut take: impl FnMut(&arrow_array::RecordBatch)) -> Result<(), ValidateError> {
        let Some(stored) = self.lake.bucket.get(key).await.map_err(place.lake())? else {
            return Err(ValidateError::Kept { candidate: place.name(), key: key.to_owned(), found: "nothing".to_owned() });
        };
        let (_, batches) = read_records(key, stored.bytes).map_err(place.lake())?;
        for batch in batches {
            take(&batch.map_err(place.lake())?);
        }
        Ok(())
    }
}
