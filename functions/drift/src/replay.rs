//! Past windows judged again, as they would be judged today, without writing anything: what a change of the contract would have
//! said. The same pieces, the same counts and the same verdict as in `judge.rs`; only what it keeps, it keeps in memory.

use tidegate_contract::Contract;
use tidegate_lake::Lake;
use tidegate_monitoring::Verdict;
use tidegate_profile::{Baseline, Profile};
use tidegate_report::{Page, render};

use crate::{
    DriftError, Gaps, Job,
    grains::Pieces,
    inputs::Inputs,
    judge::{TRIES, to_json},
    memory::Memory,
    profiles::{Keep, Loader, Recount},
};

/// Objects that are read at the same time.
const READS: usize = 16;

/// Judges past windows of one model under a contract. Ask for windows in the order of their ends: what no later window needs is forgotten.
#[derive(Debug)]
pub struct Replay<'a> {
    lake: &'a Lake,
    contract: &'a Contract,
    baseline: Option<&'a Baseline>,
    recount: Recount,
    memory: Memory,
}

/// A window that was judged again.
#[derive(Debug)]
pub struct Replayed {
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict as `drift` would write it to `verdict.json`.
    pub json: Vec<u8>,
    current: Profile,
}

impl<'a> Replay<'a> {
    /// Judges under `contract` against `baseline`. The parts in the lake were counted by the fields of `counted_by`, as far as is known: if the
    /// contract reads a field otherwise, everything is counted again from the records.
    #[must_use]
    pub fn new(lake: &'a Lake, contract: &'a Contract, baseline: Option<&'a Baseline>, counted_by: Option<&Contract>) -> Self {
        let is_counted_alike = counted_by.is_none_or(|other| other.fields() == contract.fields());
        let recount = if is_counted_alike { Recount::OtherCells } else { Recount::All };
        Self { lake, contract, baseline, recount, memory: Memory::default() }
    }

    /// Judges a window from its records as they are now.
    ///
    /// # Errors
    /// [`DriftError`] as a call fails, or if `collect` kept changing the window.
    pub async fn judge(&self, job: &Job) -> Result<Replayed, DriftError> {
        let what = job.to_string();
        for _ in 0..TRIES {
            match Box::pin(self.pass(job, &what)).await {
                Err(failure) if failure.is_conflict() => {}
                done => return done,
            }
        }
        Err(DriftError::Busy { what, tries: TRIES })
    }

    async fn pass(&self, job: &Job, what: &str) -> Result<Replayed, DriftError> {
        let keep = Keep::Memory(&self.memory, self.recount);
        let loader = Loader::new(self.lake, self.contract, self.baseline, what.to_owned(), keep, READS);
        let pieces = Pieces::of(job, self.contract);
        self.memory.forget_before(pieces.start_ms());
        let listed = self.lake.list_parts(&job.model, &pieces.spans()).await.map_err(DriftError::lake(what))?;
        let inputs = Box::pin(Inputs::load(job.window(), &pieces, &loader, listed)).await?;
        let verdict = inputs.verdict(self.contract, self.baseline);
        let json = to_json(&verdict).map_err(|source| DriftError::Verdict { what: what.to_owned(), source })?;
        Ok(Replayed { verdict, json, current: inputs.current.profile })
    }

    /// The report's page of a window.
    #[must_use]
    pub fn page(&self, replayed: &Replayed) -> String {
        let Replayed { verdict, current, .. } = replayed;
        render(&Page { contract: self.contract, verdict, current, baseline: self.baseline })
    }

    /// What was missing in the lake, so far.
    #[must_use]
    pub fn gaps(&self) -> Gaps {
        self.memory.gaps()
    }
}
