//! One window, from records and truth to judgement, report, record and metrics.
//!
//! # Why any number of workers at any time leaves the judgement of the newest truth
//!
//! As in `drift`: a pass reads the window's record, lists its inputs, writes what came of them, and then the record over the revision that was read, with the
//! digest of the inputs and the entity tags of what was written. Whoever loses that write starts over. A window counts as unchanged only if its record names
//! the digest of the inputs as they are listed *and* the files still have the entity tags of the record.
//!
//! What a window shows by itself (`measured.json`) depends on its records and truth alone and, where several versions answered, on which of them was champion
//! at the time; its judgement also on what other windows show, and never on how they were judged. So when the truth of an old window changes, those that are
//! held against it are judged anew by the next plan, and no judgement sets off another.

use std::sync::Arc;

use tidegate_contract::Contract;
use tidegate_lake::{PerformanceFile, keys, rfc3339};
use tidegate_monitoring::{CauseKind, State, Verdict};
use tidegate_performance::{Input, Inputs, Performance, Registered, SCHEMA, judge};
use tidegate_registry::{PerformanceRecord, WindowKey};
use tidegate_report::{PerformancePage, performance_page};
use tidegate_runtime::emit;
use tidegate_validation::GateReport;
use tracing::{info, warn};

use crate::measuring::{digest, to_json};
use crate::neighbours::Neighbours;
use crate::{PerformanceError, PerformanceFunction, message, metrics};

/// Passes over one window before the message is given back to the queue.
const TRIES: usize = 6;

/// What else a judgement depends on: the champion's registration, and what drift says.
struct Beside {
    registered: Option<(u32, String, String)>,
    drift_etag: Option<String>,
}

impl PerformanceFunction {
    /// Judges the window that a message names, by its records and truth as they are now.
    ///
    /// # Errors
    /// [`PerformanceError`]; the message is then delivered again.
    pub async fn judge(&self, body: &str) -> Result<(), PerformanceError> {
        let key = message::parse(body)?;
        let what = message::name(&key);
        let contract = self.contracts.load().await.and_then(|contracts| contracts.of_model(&key.model));
        let Some(contract) = contract.map_err(PerformanceError::lake(&what))? else {
            warn!(model = key.model, "the model has no contract any more: its window is not judged");
            return Ok(());
        };
        for _ in 0..TRIES {
            match Box::pin(self.pass(&key, &what, &contract)).await {
                Err(failure) if failure.is_conflict() => {
                    info!(model = key.model, "inputs or record changed in the meantime: starting over");
                }
                done => return done,
            }
        }
        Err(PerformanceError::Busy { what, tries: TRIES })
    }

    async fn pass(&self, key: &WindowKey, what: &str, contract: &Arc<Contract>) -> Result<(), PerformanceError> {
        let lake = PerformanceError::lake(what);
        let length = key.length.to_string();
        let before = self.registry.performance(key).await.map_err(PerformanceError::registry(what))?;
        let beside = self.beside(key, what).await?;
        let sources = self.sources(key, what, contract).await?;
        let files = self.lake.list_performance(&key.model, &length).await.map_err(&lake)?;
        let has_begun = before.is_some() || files.iter().any(|file| file.end_ms <= key.end_ms);
        if sources.records.is_empty() && !has_begun {
            info!(model = key.model, window.end = rfc3339(key.end_ms), "the model had not begun to predict");
            return Ok(());
        }
        let neighbours = Neighbours::of(key, &files);
        let mut pieces = vec![SCHEMA.to_owned(), sources.predictions(contract)];
        pieces.extend(sources.truth.iter().map(|file| format!("truth {} {}", file.key, file.etag)));
        pieces.extend(neighbours.pieces());
        pieces.push(format!("{:?} {:?}", beside.registered, beside.drift_etag));
        let inputs = digest(&pieces);
        if let Some(before) = before.as_ref().filter(|before| before.inputs == inputs) {
            let is_there =
                |file, etag: &String| files.iter().any(|found| found.end_ms == key.end_ms && found.file == file && found.etag == *etag);
            let [measured, performance, page] = &before.etags;
            if is_there(PerformanceFile::Measured, measured)
                && is_there(PerformanceFile::Performance, performance)
                && is_there(PerformanceFile::Page, page)
            {
                info!(model = key.model, window.length = length, window.end = rfc3339(key.end_ms), "unchanged");
                return Ok(());
            }
        }

        let (measured, measured_etag) = self.measured(key, what, contract, &sources).await?;
        let loaded = neighbours.load(self, key, what, contract).await?;
        let registered = self.registered(&beside, what).await?;
        let drift = self.drift(key, what, &beside).await?;
        let performance = judge(&Input {
            contract,
            measured: &measured,
            inputs: Inputs { registered: registered.as_ref(), first: &loaded.first, before: &loaded.before, weeks: &loaded.weeks, drift },
        });
        let json = to_json(what, "performance.json", &performance)?;
        let verdict_digest = keys::sha256(&json);
        let page = performance_page(&PerformancePage { contract, measured: &measured, performance: &performance });
        let etag = self.put(key, what, PerformanceFile::Performance, json).await?;
        let page_etag = self.put(key, what, PerformanceFile::Page, page).await?;
        let record = record(key, &performance, inputs, verdict_digest, [measured_etag, etag, page_etag], before.as_ref());
        // Written even when only the revision would differ: that this pass was not overtaken is known only then.
        self.registry.put_performance(&record).await.map_err(PerformanceError::registry(what))?;
        if before.is_none_or(|before| before.verdict_digest != record.verdict_digest) {
            let lines = metrics::lines(key, self.settings.stage, contract, &measured, &performance);
            for line in lines.map_err(|source| PerformanceError::Metrics { what: what.to_owned(), source })? {
                emit(&line);
            }
        }
        tell(key, &performance);
        Ok(())
    }

    async fn beside(&self, key: &WindowKey, what: &str) -> Result<Beside, PerformanceError> {
        let champion = self.registry.champion(&key.model).await.map_err(PerformanceError::registry(what))?;
        let registered = champion.and_then(|champion| champion.gate.map(|gate| (champion.number, gate.key, gate.digest)));
        let drift_etag = self.lake.report_file_etag(&key.model, &key.length.to_string(), key.end_ms, "verdict.json").await;
        Ok(Beside { registered, drift_etag: drift_etag.map_err(PerformanceError::lake(what))? })
    }

    /// The champion's quality as the gate measured it. A report that is gone or of another format counts as none.
    async fn registered(&self, beside: &Beside, what: &str) -> Result<Option<Registered>, PerformanceError> {
        let Some((version, key, sha256)) = &beside.registered else { return Ok(None) };
        let stored = self.lake.bucket.get(key).await.map_err(PerformanceError::lake(what))?;
        let report: Option<GateReport> =
            stored.filter(|stored| keys::sha256(&stored.bytes) == *sha256).and_then(|stored| serde_json::from_slice(&stored.bytes).ok());
        Ok(report.map(|report| Registered::of_gate(*version, report)))
    }

    /// What drift says of the inputs of the same window, if it has judged them.
    async fn drift(&self, key: &WindowKey, what: &str, beside: &Beside) -> Result<Option<(State, CauseKind)>, PerformanceError> {
        if beside.drift_etag.is_none() {
            return Ok(None);
        }
        let bytes = self.lake.verdict(&key.model, &key.length.to_string(), key.end_ms).await.map_err(PerformanceError::lake(what))?;
        let verdict: Option<Verdict> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(verdict.map(|verdict| (verdict.state, verdict.cause.kind)))
    }
}

/// A line of the log.
fn tell(key: &WindowKey, performance: &Performance) {
    info!(
        model = key.model,
        window.length = %key.length,
        window.end = rfc3339(key.end_ms),
        verdict.state = ?performance.state,
        predictions = performance.predictions,
        predictions.labelled = performance.labelled,
        "judged"
    );
}

fn record(
    key: &WindowKey,
    performance: &Performance,
    inputs: String,
    verdict_digest: String,
    etags: [String; 3],
    before: Option<&PerformanceRecord>,
) -> PerformanceRecord {
    PerformanceRecord {
        key: key.clone(),
        state: performance.state,
        headline: performance.headline.clone(),
        cause: performance.cause.kind,
        action: performance.action.kind,
        predictions: performance.predictions,
        labelled: performance.labelled,
        inputs,
        report_key: PerformanceFile::Performance.key(&key.model, &key.length.to_string(), key.end_ms),
        verdict_digest,
        etags,
        revision: before.map_or(0, |before| before.revision) + 1,
    }
}
