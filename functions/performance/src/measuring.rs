//! What a window shows by itself: from its records and the truth about them to `measured.json`, as little of it anew as can be.
//!
//! Beside it lies `joined.json`: of which records it was made, which files of truth were looked at, and how many of their outcomes speak of the window.
//! New truth is first asked whether it speaks of the window at all, which takes the window's ids and the new files; only if it does is everything joined
//! again, from the files that are known to speak of it. What is reused is told by digests, so a `joined.json` of any age, or none, ends in the same bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_contract::Contract;
use tidegate_lake::{Listed, ListedPart, PerformanceFile, keys, read_records};
use tidegate_performance::{Champion, Join, MEASURED_FORMAT, Measured, Subject};
use tidegate_registry::WindowKey;
use tracing::debug;

use crate::champions::champions;
use crate::{PerformanceError, PerformanceFunction, message};

/// What a window is measured from.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The window's files of records.
    pub(crate) records: Vec<ListedPart>,
    /// Which versions were champion in the window; of a window that one version answered nobody asks.
    pub(crate) champions: Option<Vec<Champion>>,
    /// The files of truth that may speak of it.
    pub(crate) truth: Vec<Listed>,
}

/// `joined.json`.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Looked {
    /// Digest of what the predictions come from: the contract, the files of records, who was champion, and the format of what is measured.
    predictions: String,
    /// The files of truth that were looked at.
    truth: BTreeMap<String, File>,
    /// SHA-256 of the `measured.json` that came of it.
    measured: String,
}

/// A file of truth that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    etag: String,
    /// How many of its outcomes speak of predictions of the window.
    outcomes: u64,
}

impl Sources {
    /// Digest of what the predictions come from.
    pub(crate) fn predictions(&self, contract: &Contract) -> String {
        let mut pieces = vec![MEASURED_FORMAT.to_owned(), contract.digest()];
        for ListedPart { at, etag } in &self.records {
            pieces.extend([at.hour_ms.to_string(), at.version.clone(), at.source.clone(), etag.clone()]);
        }
        for Champion { names, from_ms, until_ms } in self.champions.iter().flatten() {
            pieces.extend([from_ms.to_string(), until_ms.to_string()]);
            pieces.extend_from_slice(names);
        }
        digest(&pieces)
    }
}

/// SHA-256 over texts, told apart by being written as JSON.
pub(crate) fn digest(pieces: &[String]) -> String {
    keys::sha256(serde_json::to_vec(pieces).unwrap_or_default())
}

impl PerformanceFunction {
    /// What a window is measured from, as it is now.
    pub(crate) async fn sources(&self, key: &WindowKey, what: &str, contract: &Contract) -> Result<Sources, PerformanceError> {
        let lake = PerformanceError::lake(what);
        let window = message::span(key);
        let span = (window.start_ms, window.end_ms);
        let records = self.lake.list_records(&key.model, &[span]).await.map_err(&lake)?;
        let truth = self.lake.list_truth(&key.model, span, contract.truth.late_days).await.map_err(&lake)?;
        let are_several = records.windows(2).any(|pair| matches!(pair, [a, b] if a.at.version != b.at.version));
        let champions = if are_several {
            let versions = self.registry.versions(&key.model).await.map_err(PerformanceError::registry(what))?;
            Some(champions(&versions, window))
        } else {
            None
        };
        Ok(Sources { records, champions, truth })
    }

    /// Measures a window, or finds it measured. Returns the entity tag of its `measured.json`, too.
    pub(crate) async fn measured(
        &self,
        key: &WindowKey,
        what: &str,
        contract: &Contract,
        sources: &Sources,
    ) -> Result<(Measured, String), PerformanceError> {
        let predictions = sources.predictions(contract);
        let looked = self.looked(key, what).await?.filter(|looked| looked.predictions == predictions);
        let known = |file: &Listed| {
            let found = looked.as_ref()?.truth.get(&file.key)?;
            (found.etag == file.etag).then_some(found.outcomes)
        };
        let (old, new): (Vec<&Listed>, Vec<&Listed>) = sources.truth.iter().partition(|file| known(file).is_some());
        let mut files: BTreeMap<String, File> = BTreeMap::new();
        let mut note = |file: &Listed, outcomes| files.insert(file.key.clone(), File { etag: file.etag.clone(), outcomes });
        for file in &old {
            note(file, known(file).unwrap_or_default());
        }
        if let Some(looked) = &looked {
            // A file that spoke of the window and changed or went took its outcomes along.
            let lost = looked.truth.iter().filter(|(_, file)| file.outcomes > 0).any(|(key, _)| !old.iter().any(|file| file.key == *key));
            let touched = if lost || new.is_empty() { Vec::new() } else { self.join(key, what, contract, sources, &new).await?.1 };
            if !lost
                && touched.iter().all(|outcomes| *outcomes == 0)
                && let Some((measured, bytes, etag)) = self.stored(key, what).await?
                && keys::sha256(&bytes) == looked.measured
            {
                debug!(window.end_ms = key.end_ms, truth.new = new.len(), "no new truth about the window");
                if !new.is_empty() {
                    for file in &new {
                        note(file, 0);
                    }
                    self.note(key, what, Looked { truth: files, ..looked.clone() }).await?;
                }
                return Ok((measured, etag));
            }
        }
        let wanted: Vec<&Listed> = sources.truth.iter().filter(|file| known(file) != Some(0)).collect();
        let (measured, outcomes) = self.join(key, what, contract, sources, &wanted).await?;
        for (file, outcomes) in wanted.iter().zip(outcomes) {
            note(file, outcomes);
        }
        let bytes = to_json(what, "measured.json", &measured)?;
        let sha256 = keys::sha256(&bytes);
        let etag = self.put(key, what, PerformanceFile::Measured, bytes).await?;
        self.note(key, what, Looked { predictions, truth: files, measured: sha256 }).await?;
        Ok((measured, etag))
    }

    /// Joins a window's records with these files of truth, and says how many outcomes of each speak of it.
    async fn join(
        &self,
        key: &WindowKey,
        what: &str,
        contract: &Contract,
        sources: &Sources,
        truth: &[&Listed],
    ) -> Result<(Measured, Vec<u64>), PerformanceError> {
        let join = Join::in_turns_of(Subject::of(contract), message::span(key), self.settings.turn_rows);
        let mut join = join.served_by(sources.champions.clone().unwrap_or_default());
        let mut outcomes = vec![0; truth.len()];
        while join.is_open() {
            for part in &sources.records {
                let version = keys::unhive(&part.at.version);
                let file = Listed { key: part.at.records(&key.model), etag: part.etag.clone(), bytes: 0 };
                self.read(&file, what, |batch| join.predictions(&version, batch)).await?;
            }
            for (file, outcomes) in truth.iter().zip(&mut outcomes) {
                self.read(file, what, |batch| *outcomes += join.truth(batch)).await?;
            }
            join.end_turn();
        }
        Ok((Measured::of(join.finish()), outcomes))
    }

    /// Reads a file of records or truth, exactly as it was listed.
    async fn read(&self, file: &Listed, what: &str, mut take: impl FnMut(&arrow_array::RecordBatch)) -> Result<(), PerformanceError> {
        let lake = PerformanceError::lake(what);
        let replaced = || PerformanceError::Replaced { what: what.to_owned(), file: file.key.clone() };
        let stored =
            self.lake.bucket.get(&file.key).await.map_err(&lake)?.filter(|stored| stored.etag == file.etag).ok_or_else(replaced)?;
        let (_, batches) = read_records(&file.key, stored.bytes).map_err(&lake)?;
        for batch in batches {
            take(&batch.map_err(&lake)?);
        }
        // Others of the batch get their turn, and the deadline is looked at.
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn looked(&self, key: &WindowKey, what: &str) -> Result<Option<Looked>, PerformanceError> {
        let found = self.file(key, what, PerformanceFile::Joined).await?;
        // Something unreadable counts as absent: it only saves work.
        Ok(found.and_then(|(bytes, _)| serde_json::from_slice(&bytes).ok()))
    }

    async fn note(&self, key: &WindowKey, what: &str, looked: Looked) -> Result<(), PerformanceError> {
        self.put(key, what, PerformanceFile::Joined, to_json(what, "joined.json", &looked)?).await.map(drop)
    }

    /// A window's `measured.json` as it lies in the lake: read, its bytes, and its entity tag. `None` if there is none of this format.
    pub(crate) async fn stored(&self, key: &WindowKey, what: &str) -> Result<Option<(Measured, bytes::Bytes, String)>, PerformanceError> {
        let Some((bytes, etag)) = self.file(key, what, PerformanceFile::Measured).await? else { return Ok(None) };
        let measured: Option<Measured> = serde_json::from_slice(&bytes).ok();
        Ok(measured.filter(|measured| measured.format == MEASURED_FORMAT).map(|measured| (measured, bytes, etag)))
    }

    async fn file(&self, key: &WindowKey, what: &str, file: PerformanceFile) -> Result<Option<(bytes::Bytes, String)>, PerformanceError> {
        let found = self.lake.performance_file(&key.model, &key.length.to_string(), key.end_ms, file).await;
        found.map_err(PerformanceError::lake(what))
    }

    pub(crate) async fn put(
        &self,
        key: &WindowKey,
        what: &str,
        file: PerformanceFile,
        bytes: impl Into<bytes::Bytes>,
    ) -> Result<String, PerformanceError> {
        let put = self.lake.put_performance_file(&key.model, &key.length.to_string(), key.end_ms, file, bytes).await;
        put.map_err(PerformanceError::lake(what))
    }
}

/// JSON as it is written: on one line, for Athena reads files of JSON line by line.
pub(crate) fn to_json(what: &str, file: &str, value: &impl Serialize) -> Result<Vec<u8>, PerformanceError> {
    let mut json = serde_json::to_vec(value).map_err(PerformanceError::file(what, file))?;
    json.push(b'\n');
    Ok(json)
}
