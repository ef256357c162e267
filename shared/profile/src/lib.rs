//! Mergeable summaries of records, counted in the baseline's own frozen cells.
//!
//! A [`Profile`] says everything that a verdict needs about a batch of records: how many values were present, missing
//! or unusable, their moments, and how many fell into each cell. Cells come from a [`Baseline`]: its quantile edges are
//! frozen before monitoring starts and every window is counted exactly into them, so counts merge exactly and carry no
//! sketch error. This room is pure: columns in, profiles out.
//!
//! A batch is an Arrow `RecordBatch` with these columns: `timestamp` (`Timestamp(Millisecond, "UTC")`, nullable) and
//! `inference_id` (`Utf8`, nullable), then one per field under the field's name: numeric ones `Float64` (null = missing
//! or of a wrong type, ±∞ kept, never NaN), categorical ones `Dictionary(Int32, Utf8)`.

mod anchor;
mod baseline;
mod cells;
mod coarse;
mod codec;
mod counter;
mod merge;
mod observe;
mod outline;
mod recast;
mod repeats;
mod room;
mod runs;
mod segmenter;
mod segments;
mod stored;
mod types;

pub use anchor::{CategoricalAnchor, FieldAnchor, NumericAnchor, QUANTILE_CELLS};
pub use baseline::{Baseline, BaselineBuilder, Counts, FieldBaseline, Sampler};
pub use coarse::COARSE_CELLS;
pub use codec::{ProfileError, decode, encode};
pub use merge::{Contents, Standing};
pub use observe::Profiler;
pub use outline::{Outline, Values};
pub use repeats::{Copies, MOST_KEPT, RepeatCounts, Repeats};
pub use runs::{RUN_ROWS, RunVariation};
pub use segments::{
    LEAST_SEGMENT_VALUES, SEGMENT_COUNTS, SEGMENT_PERIOD_COUNTS, SEGMENT_VALUES, SegmentGroup, SegmentProfile, ShallowProfile,
};
pub use types::*;
