//! What serving reads: which version of a model is champion, and where its files lie.

use serde_json::json;
use tidegate_lake::{Condition, LakeError, keys};

use crate::NotifyError;
use crate::handler::Notifier;

/// How often it is written again because somebody else was faster.
const TRIES: usize = 5;

impl Notifier {
    /// Writes `models/<model>/champion.json` as the registry has it now. The registry is read after the file, and the file written over
    /// the very one that was read: of two writers the later reader wins.
    pub(crate) async fn write_champion(&self, model: &str) -> Result<(), NotifyError> {
        let what = format!("champion.json of {model}");
        let key = keys::champion(model);
        for _ in 0..TRIES {
            let there = self.lake.get(&key).await.map_err(NotifyError::bucket(&what))?;
            let champion = self.registry.champion(model).await.map_err(NotifyError::registry(&what))?;
            let file = match &champion {
                Some(version) => json!({
                    "schema": "tidegate.champion/1",
                    "model": model,
                    "version": version.number,
                    "artifact": version.id,
                    "bucket": self.settings.lake_bucket,
                    "files": version.artifact.files().iter().map(|file| json!({
                        "name": file.name,
                        "key": keys::artifact(model, &version.id, &file.name),
                        "sha256": file.sha256,
                        "bytes": file.bytes,
                    })).collect::<Vec<_>>(),
                    "run": version.lineage.run,
                    "dataset_version": version.lineage.dataset_version,
                    "since_ms": version.reigns.last().map(|reign| reign.from_ms),
                }),
                None => json!({ "schema": "tidegate.champion/1", "model": model, "version": null }),
            };
            let mut bytes = serde_json::to_vec_pretty(&file).map_err(|source| NotifyError::Json { what: "champion.json", source })?;
            bytes.extend_from_slice(b"\n");
            let condition = match &there {
                Some(there) if there.bytes == bytes => return Ok(()),
                Some(there) => Condition::Matches(&there.etag),
                None => Condition::Absent,
            };
            match self.lake.put(&key, bytes, "application/json", condition).await {
                Ok(_) => return Ok(()),
                Err(LakeError::Conflict { .. }) => {}
                Err(error) => return Err(NotifyError::Bucket { what, source: error }),
            }
        }
        Err(NotifyError::Bucket { what, source: LakeError::Conflict { bucket: self.lake.name().to_owned(), key } })
    }
}
