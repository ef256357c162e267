//! A baseline that comes as one, `datasets/<model>/<name>.profile`: what `tidegate import` makes of another tool's statistics, where the
//! records themselves are gone.
//!
//! It goes the training set's road: its dataset version is the digest of its manifest, and it counts as long as no later training set has
//! come. It is believed only when its parts fit each other and its contract.

use tidegate_contract::{Contract, FeatureKind};
use tidegate_lake::{Manifest, ManifestFile, Outcome, Publication, Receipt, dataset_version, keys};
use tidegate_monitoring::{DatasetFacts, DatasetSource, check_dataset};
use tidegate_profile::{Baseline, FieldAnchor, Lines, Source, decode};
use tracing::error;

use crate::{CollectError, Collector, publication::NewVersion, training::Named};

/// How the key of a stored baseline ends.
const SUFFIX: &str = ".profile";

/// Whether an object below `datasets/` is a stored baseline.
pub(crate) fn is_stored(key: &str) -> bool {
    key.ends_with(SUFFIX)
}

impl Collector {
    /// Takes a stored baseline over and writes everything but the receipt; `None` if the object is gone.
    pub(crate) async fn take_baseline(
        &self,
        named: Named<'_>,
        location: &str,
        contract: &Contract,
    ) -> Result<Option<Receipt>, CollectError> {
        let lake = CollectError::lake(location);
        let key = named.key;
        let model = &contract.model;
        let Some(stored) = self.models.get(key).await.map_err(&lake)? else { return Ok(None) };
        let sha256 = keys::sha256(&stored.bytes);
        let mut receipt = Receipt {
            model: Some(model.clone()),
            contract: Some(contract.digest()),
            etag: stored.etag,
            last_modified_ms: stored.last_modified_ms,
            bytes: stored.bytes.len() as u64,
            content: sha256.clone(),
            ..Receipt::new(self.models.name(), key, Outcome::Baseline)
        };
        let mut baseline = match believed(&stored.bytes, contract) {
            Ok(baseline) => baseline,
            Err(reason) => {
                error!(object.location = location, reason, "the stored baseline cannot be used: the model keeps the baseline that it had");
                (receipt.outcome, receipt.reason) = (Outcome::Unreadable, Some(reason));
                return Ok(Some(receipt));
            }
        };
        let records = baseline.profile.records;
        receipt.lines = Lines { read: records, accepted: records, ..Lines::default() };
        let file = ManifestFile { name: named.name.to_owned(), bytes: receipt.bytes, sha256 };
        let fields = baseline.profile.fields.iter().map(|field| (field.name.clone(), field.role, field.kind)).collect();
        let (version, manifest) = dataset_version(&Manifest::new(model, vec![file], records, 0, fields)).map_err(&lake)?;
        baseline.source =
            Source { id: receipt.source.clone(), location: location.to_owned(), content: receipt.content.clone(), lines: receipt.lines };
        baseline.profile.anchor = Some(version.clone());
        baseline.id.clone_from(&version);
        receipt.keys = [keys::dataset(model, &version), keys::publication(model, &version), keys::baseline(model, &version)].into();
        let lines = receipt.lines;
        let checks =
            check_dataset(&DatasetFacts { contract, baseline: &baseline, lines, repeats: None, others: None, wants_outcomes: false });
        let publication = Publication::new(&version, DatasetSource::TrainingSet, named.name, receipt.last_modified_ms, records, checks);
        self.publish_training_set(named, location, contract, NewVersion { manifest, baseline, publication }, &mut receipt).await?;
        Ok(Some(receipt))
    }
}

/// The baseline in these bytes, or why it cannot be used.
fn believed(bytes: &[u8], contract: &Contract) -> Result<Baseline, String> {
    let baseline: Baseline = decode(bytes).map_err(|failure| failure.to_string())?;
    baseline.check().map_err(|failure| failure.to_string())?;
    let knows = |name: &str, kind: FeatureKind| match baseline.anchor_of(name) {
        Some(FieldAnchor::Numeric(_)) => kind == FeatureKind::Numeric,
        Some(FieldAnchor::Categorical(_)) => kind == FeatureKind::Categorical,
        None => false,
    };
    if contract.features.iter().any(|feature| knows(&feature.name, feature.kind)) {
        Ok(baseline)
    } else {
        Err("found no feature of the contract in the stored baseline, expected their names and types".to_owned())
    }
}
