//! What the tests of verdicts are made of: numbers that look random, records, baselines.

#![allow(dead_code, reason = "each test file uses its own part of it")]

use arrow_array::{ArrayRef, RecordBatch};
use tidegate_contract::Contract;
use tidegate_profile::{Baseline, BatchFacts, Sampler, Source};
use tidegate_statistics::random::Random;

/// From one number of a stream to the next, its state grows by so much.
pub(crate) const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Evenly spread numbers in `0..1` that look random and are the same every time: those of one stream, by their place in it.
pub(crate) fn noise(seed: u64) -> f64 {
    Random::new(seed.wrapping_mul(STEP).wrapping_add(0x73FC_DCBF_1B72_62DC), "").uniform()
}

/// Records by their columns.
pub(crate) fn batch<N: AsRef<str>>(columns: Vec<(N, ArrayRef)>) -> RecordBatch {
    let nullable = columns.into_iter().map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(nullable).unwrap_or_else(|error| unreachable!("columns of one length: {error}"))
}

/// A baseline of these records.
pub(crate) fn learned(contract: &Contract, records: &[RecordBatch]) -> Baseline {
    let broken = |error| unreachable!("records of the contract's fields: {error}");
    let mut sampler = Sampler::new(&contract.fields());
    for records in records {
        sampler.observe(records).unwrap_or_else(broken);
    }
    let mut builder = sampler.freeze("b", Source::default());
    for records in records {
        builder.observe(records, &BatchFacts::default()).unwrap_or_else(broken);
    }
    builder.finish()
}
