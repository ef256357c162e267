//! The same statistics from profiles: what is left of the rows once they are counts in the reference's cells.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use tidegate_contract::Contract;
use tidegate_intake::{Half, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError};
use tidegate_profile::{
    Baseline, BatchFacts, CategoricalProfile, FieldAnchor, NumericAnchor, NumericProfile, Profile, Profiler, Sampler, Source,
};

use super::{Moments, Rows, Values};

/// Gives every batch to a function.
struct Each<F>(F);

impl<F: FnMut(&RecordBatch, &BatchFacts) -> Result<(), SinkError>> Sink for Each<F> {
    fn batch(&mut self, _: Partition, batch: RecordBatch, facts: BatchFacts) -> Result<(), SinkError> {
        (self.0)(&batch, &facts)
    }

    fn rejected(&mut self, _: Rejected<'_>) -> Result<(), SinkError> {
        Ok(())
    }

    fn half(&mut self, _: Half<'_>) -> Result<(), SinkError> {
        Err("half a record is none of a case's".into())
    }
}

/// Profiles both files in the cells of the first, and gives back the values that the counts stand for.
pub(super) fn read(contract: &Contract, reference: &Path, current: &Path) -> anyhow::Result<(Rows, Rows)> {
    let plan = Plan::new(contract, Layout::Dataset)?;
    let through = |path: &Path, each: &mut dyn FnMut(&RecordBatch, &BatchFacts) -> Result<(), SinkError>| -> anyhow::Result<()> {
        tidegate_intake::read(&plan, Limits::default(), File::open(path)?, &mut Each(each))?;
        Ok(())
    };
    let mut sampler = Sampler::new(plan.fields());
    through(reference, &mut |batch, _| Ok(sampler.observe(batch)?))?;
    let mut builder = sampler.freeze("case", Source::default());
    through(reference, &mut |batch, facts| Ok(builder.observe(batch, facts)?))?;
    let baseline = builder.finish();
    let profiler = Profiler::new(plan.fields(), Some(&baseline));
    let mut profile = profiler.start();
    through(current, &mut |batch, facts| Ok(profiler.observe(&mut profile, batch, facts)?))?;
    Ok((rows(&baseline, &baseline.profile, "reference"), rows(&baseline, &profile, "current")))
}

fn rows(baseline: &Baseline, profile: &Profile, side: &str) -> Rows {
    let mut rows = Rows { rows: profile.records, ..Rows::default() };
    for field in &profile.fields {
        let mut values = Values { missing: field.missing, ..Values::default() };
        match (baseline.anchor_of(&field.name), &field.numeric, &field.categorical) {
            (Some(FieldAnchor::Numeric(anchor)), Some(numeric), _) => {
                values.numbers = spread(anchor, numeric);
                let deviation = (numeric.m2 / field.present.max(1) as f64).sqrt();
                values.moments = (field.present > 0).then_some(Moments { mean: numeric.mean, deviation });
            }
            (anchor, _, Some(categorical)) => values.names = names(anchor, categorical, side),
            _ => {}
        }
        rows.of.insert(field.name.clone(), values);
    }
    rows
}

/// Names with their counts. Those beyond what is counted by name are rare: each is taken for a row of its own, and for none of the other side's.
fn names(anchor: Option<&FieldAnchor>, categorical: &CategoricalProfile, side: &str) -> BTreeMap<String, u64> {
    let known = match anchor {
        Some(FieldAnchor::Categorical(anchor)) => anchor.values.as_slice(),
        _ => &[],
    };
    let of_anchor = known.iter().cloned().zip(categorical.cells.iter().copied());
    let uncounted = (0..categorical.remainder).map(|row| (format!("not counted by name, {side} {row}"), 1));
    of_anchor.chain(categorical.other.clone()).chain(uncounted).collect()
}

/// As many values as were counted, evenly spread over each cell, as far as the least and the greatest value reach.
fn spread(anchor: &NumericAnchor, numeric: &NumericProfile) -> Vec<f64> {
    let (Some(min), Some(max)) = (numeric.min, numeric.max) else { return Vec::new() };
    let lows = std::iter::once(min).chain(anchor.edges.iter().copied());
    let highs = anchor.edges.iter().copied().chain(std::iter::once(max));
    let within = lows.zip(highs).zip(&numeric.cells).flat_map(|((low, high), &count)| {
        let (low, high) = (low.max(min), high.min(max));
        let at = move |value: u64| if low.next_up() < high { (value as f64 + 0.5) / count as f64 } else { 0.0 };
        (0..count).map(move |value| low + (high - low) * at(value))
    });
    within.collect()
}
