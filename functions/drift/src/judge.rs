//! One window, from the lake's profiles to verdict, report, record and metrics.
//!
//! # Why any number of workers at any time leaves the report of the newest records
//!
//! A pass reads the window's record, lists and loads its inputs, writes the report, and then the record over the revision that
//! was read, with the digest of the inputs and the entity tags of the report. Whoever loses that write starts over. A window counts
//! as unchanged only if its record names the digest of the inputs as they are *and* the report still has the entity tags of the record:
//! a report that a slower worker wrote over a newer one is noticed by that worker itself, whose record is refused, or, if it died in
//! between, by the delivery that comes instead.

use std::sync::Arc;

use tidegate_contract::Contract;
use tidegate_lake::{ReportEtags, keys, rfc3339};
use tidegate_monitoring::Verdict;
use tidegate_registry::{WindowKey, WindowRecord};
use tidegate_report::{Page, render};
use tidegate_runtime::emit;
use tracing::{info, warn};

use crate::{
    DriftError, DriftFunction, Job,
    compatible::Compatible,
    grains::Pieces,
    inputs::Inputs,
    metrics,
    profiles::{Keep, Loader},
    reference::reference,
};

/// Passes over one window before the message is given back to the queue.
pub(crate) const TRIES: usize = 6;

impl DriftFunction {
    /// Judges the window that a message names, as its records are now.
    ///
    /// # Errors
    /// [`DriftError`]; the message is then delivered again.
    pub async fn judge(&self, body: &str) -> Result<(), DriftError> {
        let job = Job::parse(body)?;
        let what = job.to_string();
        let contract = self.contracts.load().await.and_then(|contracts| contracts.of_model(&job.model));
        let Some(contract) = contract.map_err(DriftError::lake(&what))? else {
            warn!(model = job.model, "the model has no contract any more: its window is not judged");
            return Ok(());
        };
        for _ in 0..TRIES {
            match Box::pin(self.pass(&job, &what, &contract)).await {
                Err(failure) if failure.is_conflict() => {
                    info!(model = job.model, "inputs or record changed in the meantime: starting over");
                }
                done => return done,
            }
        }
        Err(DriftError::Busy { what, tries: TRIES })
    }

    async fn pass(&self, job: &Job, what: &str, contract: &Arc<Contract>) -> Result<(), DriftError> {
        let lake = DriftError::lake(what);
        let key = WindowKey { model: job.model.clone(), length: job.length, end_ms: job.end_ms };
        let length = job.length.to_string();
        let before = self.registry.window(&key).await.map_err(DriftError::registry(what))?;
        let baseline = reference(&self.baselines, &self.registry, &job.model, what).await?;
        let compatible = Compatible::begin(&self.lake, contract, job).await.map_err(&lake)?;
        let loader = Loader::new(&self.lake, contract, baseline.as_deref(), what.to_owned(), Keep::Lake, self.settings.reads);
        let pieces = Pieces::of(job, contract);
        let listed = self.lake.list_parts(&job.model, &pieces.spans()).await.map_err(&lake)?;
        if let Some(before) = before.as_ref().filter(|before| before.inputs == loader.digest(&listed)) {
            let found = self.lake.report_etags(&job.model, &length, job.end_ms).await.map_err(&lake)?;
            if found == Some(ReportEtags { verdict: before.verdict_etag.clone(), page: before.page_etag.clone() }) {
                info!(model = job.model, window.length = length, window.end = rfc3339(job.end_ms), "unchanged");
                return Ok(());
            }
        }

        let inputs = Box::pin(Inputs::load(job.window(), &pieces, &loader, listed)).await?;
        let verdict = inputs.verdict(contract, baseline.as_deref());
        let page = render(&Page { contract, verdict: &verdict, current: &inputs.current.profile, baseline: baseline.as_deref() });
        let json = to_json(&verdict).map_err(|source| DriftError::Verdict { what: what.to_owned(), source })?;
        let digest = keys::sha256(&json);
        compatible.write(&verdict, &inputs.current.profile, baseline.as_deref()).await.map_err(&lake)?;
        let etags = self.lake.put_report(&job.model, &length, job.end_ms, json, page).await.map_err(&lake)?;
        let record = record(&key, &verdict, inputs.digest, (digest, etags), before.as_ref());
        // Written even when only the revision would differ: that this pass was not overtaken is known only then.
        self.registry.put_window(&record).await.map_err(DriftError::registry(what))?;
        if before.as_ref().is_none_or(|before| before.verdict_digest != record.verdict_digest) {
            let failed = |source| DriftError::Metrics { what: what.to_owned(), source };
            emit(&metrics::line(job, &verdict).map_err(failed)?);
            compatible.emit(&inputs.current.profile, baseline.as_deref()).map_err(failed)?;
        }
        info!(
            model = job.model,
            window.length = length,
            window.end = rfc3339(job.end_ms),
            verdict.state = ?verdict.state,
            verdict.records = verdict.records,
            verdict.drifted_fields = record.drifted_fields,
            "judged"
        );
        Ok(())
    }
}

/// A verdict as it is written: on one line, for Athena reads files of JSON line by line.
pub(crate) fn to_json(verdict: &Verdict) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = serde_json::to_vec(verdict)?;
    json.push(b'\n');
    Ok(json)
}

fn record(
    key: &WindowKey,
    verdict: &Verdict,
    inputs: String,
    (verdict_digest, etags): (String, ReportEtags),
    before: Option<&WindowRecord>,
) -> WindowRecord {
    WindowRecord {
        key: key.clone(),
        state: verdict.state,
        cause: verdict.cause.kind,
        action: verdict.action.kind,
        headline: verdict.headline.clone(),
        records: verdict.records,
        drifted_fields: metrics::drifted_fields(verdict),
        quarantined_lines: verdict.intake.lines.quarantined,
        inputs,
        report_key: keys::report(&key.model, &key.length.to_string(), key.end_ms, "verdict.json"),
        verdict_digest,
        verdict_etag: etags.verdict,
        page_etag: etags.page,
        revision: before.map_or(0, |before| before.revision) + 1,
    }
}
