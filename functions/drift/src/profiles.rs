//! Loading profiles: parts by the hour, whole days from a cache, all counted in the cells of one baseline.
//!
//! A day that was added up is kept under the digest of what it was added up from, so that a 30-day window costs about 60 reads
//! however many objects its days came from. The cache is never asked for anything else: deleting it changes no result. At most one
//! hour's parts and a few days are in memory at the same time.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use futures::{StreamExt, TryStreamExt, stream};
use tidegate_contract::{Contract, Field};
use tidegate_lake::{Condition, Lake, LakeError, ListedPart, PartKey, fits, fitted, read_records, rollup_digest};
use tidegate_monitoring::Window;
use tidegate_profile::{Baseline, Part, Profile, ProfileError, Profiler, WindowProfile};

use crate::{DriftError, grains::is_day, memory::Memory};

/// What results depend on beside their inputs. Raise it when a change of the program changes results, so that windows
/// within `late` are judged again.
const ENGINE: &str = "tidegate-drift/3";

/// Reads of one part that others keep writing, before the window starts over.
const TRIES: usize = 3;

/// Where what was worked out is kept for the next window: days that were added up, parts that were counted again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keep<'a> {
    /// In the lake.
    Lake,
    /// In memory: nothing is written. Whether every part is counted again from its records, because fields are read otherwise now.
    Memory(&'a Memory, Recount),
}

/// Which parts are counted again from their records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recount {
    /// Those that were counted in another baseline's cells, or by other segments.
    OtherCells,
    /// All.
    All,
}

/// Loads the profiles of one window.
#[derive(Debug)]
pub(crate) struct Loader<'a> {
    lake: &'a Lake,
    contract: &'a Contract,
    what: String,
    fields: Vec<Field>,
    profiler: Profiler,
    /// Identifier of the baseline in whose cells everything is counted.
    anchor: Option<String>,
    /// Digest of all that counts depend on beside the parts.
    counting: String,
    keep: Keep<'a>,
    reads: usize,
}

/// The parts that are there, with their entity tags.
type Parts = BTreeMap<PartKey, String>;

impl<'a> Loader<'a> {
    pub(crate) fn new(
        lake: &'a Lake,
        contract: &'a Contract,
        baseline: Option<&Baseline>,
        what: String,
        keep: Keep<'a>,
        reads: usize,
    ) -> Self {
        let fields = contract.fields();
        let profiler = Profiler::new(&fields, baseline);
        // Fields hold nothing that JSON cannot.
        let counting = serde_json::to_string(&(&fields, contract.monitoring.bad_lines)).unwrap_or_default();
        let anchor = baseline.map(|baseline| baseline.id.clone());
        Self { lake, contract, what, fields, profiler, anchor, counting, keep, reads }
    }

    /// Digest of everything that a verdict depends on, given these parts.
    pub(crate) fn digest(&self, parts: &[ListedPart]) -> String {
        rollup_digest(parts, &[ENGINE, &self.contract.digest(), self.anchor.as_deref().unwrap_or("none")])
    }

    /// Digest of everything that the counts of these parts depend on: less than a verdict does, so that another threshold or another
    /// mute does not cost every day of the past weeks.
    fn counts_digest(&self, parts: &[ListedPart]) -> String {
        rollup_digest(parts, &[ENGINE, &self.counting, self.anchor.as_deref().unwrap_or("none")])
    }

    /// A profile of nothing.
    pub(crate) fn nothing(&self) -> Profile {
        self.profiler.start()
    }

    /// Adds up hours and days from the listed parts, and gives each in which something arrived to `each`, in the order of `spans`.
    /// Returns the parts as they lie in the lake then.
    pub(crate) async fn load(
        &self,
        spans: &[Window],
        listed: Vec<ListedPart>,
        mut each: impl FnMut(Window, &WindowProfile) -> Result<(), ProfileError>,
    ) -> Result<Vec<ListedPart>, DriftError> {
        let mut parts: Parts = listed.into_iter().map(|part| (part.at, part.etag)).collect();
        for some in spans.chunks(self.reads) {
            let found: Vec<(Window, Vec<ListedPart>)> =
                some.iter().map(|span| (*span, inside(&parts, span))).filter(|(_, parts)| !parts.is_empty()).collect();
            let kept: Vec<Option<WindowProfile>> =
                stream::iter(&found).map(|(span, parts)| self.kept(span, parts)).buffered(self.reads).try_collect().await?;
            for ((span, _), kept) in found.into_iter().zip(kept) {
                let profile = if let Some(profile) = kept {
                    profile
                } else {
                    // As they lie there now: an hour before may have counted some of a day's parts again.
                    let (profile, now) = self.add_up(inside(&parts, &span)).await?;
                    self.keep(span, &now, &profile).await?;
                    parts.extend(now.into_iter().map(|part| (part.at, part.etag)));
                    profile
                };
                each(span, &profile).map_err(DriftError::profile(&self.what))?;
            }
        }
        Ok(parts.into_iter().map(|(at, etag)| ListedPart { at, etag }).collect())
    }

    /// What was added up before from these parts.
    async fn kept(&self, span: &Window, parts: &[ListedPart]) -> Result<Option<WindowProfile>, DriftError> {
        let digest = self.counts_digest(parts);
        let remembered = if let Keep::Memory(memory, _) = self.keep { memory.get(span, &digest) } else { None };
        if remembered.is_some() || !is_day(span) || matches!(self.keep, Keep::Memory(_, Recount::All)) {
            return Ok(remembered);
        }
        self.lake.rollup(&self.contract.model, span.start_ms, &digest).await.map_err(DriftError::lake(&self.what))
    }

    /// Keeps what was added up: days in the lake, or everything in memory.
    async fn keep(&self, span: Window, parts: &[ListedPart], profile: &WindowProfile) -> Result<(), DriftError> {
        let digest = self.counts_digest(parts);
        match self.keep {
            Keep::Memory(memory, _) => memory.put(span, digest, profile).map_err(DriftError::profile(&self.what)),
            Keep::Lake if is_day(&span) => {
                let put = self.lake.put_rollup(&self.contract.model, span.start_ms, &digest, profile);
                put.await.map_err(DriftError::lake(&self.what))
            }
            Keep::Lake => Ok(()),
        }
    }

    /// Adds up parts, hour by hour, and says how they lie in the lake now.
    async fn add_up(&self, listed: Vec<ListedPart>) -> Result<(WindowProfile, Vec<ListedPart>), DriftError> {
        let mut sum: Option<WindowProfile> = None;
        let mut now = Vec::with_capacity(listed.len());
        for hour in listed.chunk_by(|a, b| a.at.hour_ms == b.at.hour_ms) {
            let read: Vec<(ListedPart, Part)> = stream::iter(hour).map(|part| self.part(part)).buffered(self.reads).try_collect().await?;
            let (listed, parts): (Vec<_>, Vec<_>) = read.into_iter().unzip();
            now.extend(listed);
            let profile = WindowProfile::combine(self.nothing(), parts, self.contract.monitoring.bad_lines)
                .map_err(DriftError::profile(&self.what))?;
            match &mut sum {
                Some(sum) => sum.merge(&profile).map_err(DriftError::profile(&self.what))?,
                none => *none = Some(profile),
            }
        }
        Ok((sum.unwrap_or_else(|| WindowProfile::new(self.nothing())), now))
    }

    /// Reads a part as it lies there now, counted in the baseline's cells. Workers whose windows overlap count the same parts again at the same time: who
    /// comes second takes what the first one wrote.
    async fn part(&self, listed: &ListedPart) -> Result<(ListedPart, Part), DriftError> {
        let mut tries = 1;
        loop {
            match self.counted(&listed.at).await {
                Err(failure) if failure.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn counted(&self, at: &PartKey) -> Result<(ListedPart, Part), DriftError> {
        let model = &self.contract.model;
        let Some((part, etag)) = self.lake.part(model, at).await.map_err(DriftError::lake(&self.what))? else {
            let conflict = LakeError::Conflict { bucket: self.lake.bucket.name().to_owned(), key: at.profile(model) };
            return Err(DriftError::lake(&self.what)(conflict));
        };
        let listed = ListedPart { at: at.clone(), etag };
        let is_to_recount = !self.profiler.has_counted(&part.profile) || matches!(self.keep, Keep::Memory(_, Recount::All));
        if !is_to_recount {
            return Ok((listed, part));
        }
        let part = self.recounted(&listed, part).await?;
        match self.keep {
            Keep::Memory(..) => Ok((listed, part)),
            Keep::Lake => {
                // Only over the part that was read: `collect` may have written a newer one.
                let put = self.lake.put_part(model, &listed.at, &part, Condition::Matches(&listed.etag));
                let etag = put.await.map_err(DriftError::lake(&self.what))?;
                Ok((ListedPart { etag, ..listed }, part))
            }
        }
    }

    /// Counts a part again, from its records, in the cells of the baseline that is current now.
    async fn recounted(&self, listed: &ListedPart, part: Part) -> Result<Part, DriftError> {
        let model = &self.contract.model;
        let unsettled = || DriftError::Unsettled { what: self.what.clone(), key: listed.at.profile(model) };
        if part.profile.records == 0 {
            let profile =
                self.profiler.recount(&part.profile, std::iter::empty::<RecordBatch>()).map_err(DriftError::profile(&self.what))?;
            return Ok(Part { profile, ..part });
        }
        let lake = DriftError::lake(&self.what);
        let Some(records) = self.lake.part_records(model, &listed.at).await.map_err(&lake)? else {
            return match self.keep {
                // Nothing but the rules for single values can have changed: better judged by the old ones than not at all.
                Keep::Memory(memory, _) if self.profiler.has_counted(&part.profile) => {
                    memory.note(|gaps| gaps.add_not_kept(listed.at.hour_ms));
                    Ok(part)
                }
                _ => Err(unsettled()),
            };
        };
        let (content, batches) = read_records(&listed.at.records(model), records).map_err(&lake)?;
        if content != part.source.content {
            return Err(unsettled());
        }
        let mut failure = None;
        let batches = batches.map_while(|batch| batch.map_err(|error| failure = Some(error)).ok()).map(|batch| {
            if let Keep::Memory(memory, _) = self.keep {
                let lacking = self.fields.iter().filter(|field| !fits(&batch, field));
                memory.note(|gaps| lacking.for_each(|field| gaps.add_never_read(&field.name, listed.at.hour_ms)));
            }
            fitted(batch, &self.fields)
        });
        let profile = self.profiler.recount(&part.profile, batches).map_err(DriftError::profile(&self.what))?;
        if let Some(failure) = failure {
            return Err(lake(failure));
        }
        if profile.records == part.profile.records { Ok(Part { profile, ..part }) } else { Err(unsettled()) }
    }
}

/// The parts of a span.
fn inside(parts: &Parts, span: &Window) -> Vec<ListedPart> {
    let first = |hour_ms| PartKey { hour_ms, version: String::new(), source: String::new() };
    let range = parts.range(first(span.start_ms)..first(span.end_ms));
    range.map(|(at, etag)| ListedPart { at: at.clone(), etag: etag.clone() }).collect()
}
