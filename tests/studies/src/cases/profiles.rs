//! The same statistics from profiles: what is left of the rows once they are counts in the reference's cells.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use tidegate_contract::Contract;
use tidegate_intake::{Half, Layout, Limits, Partition, Plan, Rejected, Sink, SinkError};
use tidegate_profile::{Baseline, BatchFacts, FieldAnchor, NumericAnchor, Profile, Profiler, Sampler, Source};

use super::{Rows, Values};

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
    Ok((rows(&baseline, &baseline.profile), rows(&baseline, &profile)))
}

fn rows(baseline: &Baseline, profile: &Profile) -> Rows {
    let mut rows = Rows { rows: profile.records, ..Rows::default() };
    for field in &profile.fields {
        let mut values = Values { missing: field.missing, ..Values::default() };
        match (baseline.anchor_of(&field.name), &field.numeric, &field.categorical) {
            (Some(FieldAnchor::Numeric(anchor)), Some(numeric), _) => values.numbers = spread(anchor, &numeric.cells),
            (Some(FieldAnchor::Categorical(anchor)), _, Some(categorical)) => {
                let of_anchor = anchor.values.iter().cloned().zip(categorical.cells.iter().copied());
                values.names = of_anchor.chain(categorical.other.clone()).collect();
            }
            (None, _, Some(categorical)) => values.names = categorical.other.clone().into_iter().collect(),
            _ => {}
        }
        rows.of.insert(field.name.clone(), values);
    }
    rows
}

/// As many values as were counted, evenly spread over each cell; those far outside at its edge.
fn spread(anchor: &NumericAnchor, cells: &[u64]) -> Vec<f64> {
    let (first, last) = (anchor.edges.first().copied().unwrap_or(0.0), anchor.edges.last().copied().unwrap_or(0.0));
    let lows = std::iter::once(first).chain(anchor.edges.iter().copied());
    let highs = anchor.edges.iter().copied().chain(std::iter::once(last));
    let within = lows.zip(highs).zip(cells).flat_map(|((low, high), &count)| {
        let at = move |value: u64| if low.next_up() < high { (value as f64 + 0.5) / count as f64 } else { 0.0 };
        (0..count).map(move |value| low + (high - low) * at(value))
    });
    within.collect()
}
