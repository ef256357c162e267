//! Where every audit chain ends, signed and written once to a bucket where nobody can change it.
//!
//! A checkpoint lies at a key made of its scheduled time, written under the condition that nothing lies there. An hour that is worked on
//! twice finds the first one's and keeps it; an hour in which no chain went on makes none.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use sha2::{Digest, Sha256};
use tidegate_lake::{Condition, rfc3339};
use tidegate_registry::LatestCheckpoint;
use tidegate_registry::audit::{Checkpoint, SignedCheckpoint};

use crate::{RegistryFunction, RegistryFunctionError};

/// The key of the checkpoint for a time: `checkpoints/2013/07/02/2013-07-02T00-05-00Z.json`.
fn key(at: &str) -> String {
    let day = at.split('T').next().unwrap_or_default().replace('-', "/");
    format!("checkpoints/{day}/{}.json", at.replace(':', "-"))
}

impl RegistryFunction {
    /// Writes the checkpoint of a time, unless no chain went on since the last. Returns its key.
    ///
    /// # Errors
    /// [`RegistryFunctionError`] says what failed; the same time can be worked on again.
    pub(crate) async fn checkpoint(&self, models: &[String], scheduled_ms: i64) -> Result<Option<String>, RegistryFunctionError> {
        let at = rfc3339(scheduled_ms);
        let what = format!("the checkpoint of {at}");
        let registry = |source| RegistryFunctionError::Registry { what: what.clone(), source };
        let mut heads = Vec::with_capacity(models.len());
        for model in models {
            if let Some(head) = self.registry.head(model).await.map_err(registry)? {
                heads.push((model.clone(), head));
            }
        }
        let checkpoint = Checkpoint::new(self.settings.stage.name(), &at, heads);
        let digest = checkpoint.heads_digest()?;
        let latest = self.registry.latest_checkpoint().await.map_err(registry)?;
        if checkpoint.heads.is_empty() || latest.is_some_and(|latest| latest.heads == digest) {
            return Ok(None);
        }
        let text = checkpoint.text()?;
        let signature = self.sign(&at, &text).await?;
        let (key, signed) = (key(&at), SignedCheckpoint::new(text, &signature, &self.settings.signing_key));
        let heads = match self.audit.put(&key, signed.to_bytes(), "application/json", Condition::Absent).await {
            Ok(_) => digest,
            Err(conflict) if conflict.is_conflict() => self.heads_of(&key).await?,
            Err(source) => return Err(RegistryFunctionError::Bucket { what, source }),
        };
        self.registry.remember_checkpoint(&LatestCheckpoint { key: key.clone(), heads }).await.map_err(registry)?;
        Ok(Some(key))
    }

    /// The ends that the checkpoint holds which was written for the same time before.
    async fn heads_of(&self, key: &str) -> Result<String, RegistryFunctionError> {
        let stored = self.audit.get(key).await.map_err(RegistryFunctionError::bucket(&format!("a look at \"{key}\"")))?;
        let bytes = stored.map(|stored| stored.bytes).unwrap_or_default();
        let wrong = |source| RegistryFunctionError::Checkpoint { key: key.to_owned(), source };
        let signed = SignedCheckpoint::read(&bytes).map_err(wrong)?;
        Ok(signed.unverified().map_err(wrong)?.heads_digest()?)
    }

    async fn sign(&self, at: &str, text: &str) -> Result<Vec<u8>, RegistryFunctionError> {
        let key = &self.settings.signing_key;
        let digest = Blob::new(Sha256::digest(text.as_bytes()).to_vec());
        let call = self.kms.sign().key_id(key).message(digest).message_type(MessageType::Digest);
        let answer = call.signing_algorithm(SigningAlgorithmSpec::EcdsaSha256).send().await;
        let failed = |retryable, source| RegistryFunctionError::Sign { at: at.to_owned(), key: key.clone(), retryable, source };
        let answer = answer.map_err(|error| {
            // What the service refuses it refuses again; everything else may pass.
            let retryable = error.raw_response().is_none_or(|response| response.status().as_u16() >= 500);
            failed(retryable, Box::new(error))
        })?;
        answer.signature.map(Blob::into_inner).ok_or_else(|| failed(false, "the answer holds no signature".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_lies_under_its_day() {
        assert_eq!(key("2013-07-02T00:05:00Z"), "checkpoints/2013/07/02/2013-07-02T00-05-00Z.json");
    }
}
